"""What each kind of component must be able to do; structural, so nobody has to inherit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    from numpy.random import Generator

    from cbrkit_xai.case import Case
    from cbrkit_xai.cases import Cases
    from cbrkit_xai.explaining.explanation import Explanation
    from cbrkit_xai.features import Array, Features
    from cbrkit_xai.neighbours import Entries, Neighbours
    from cbrkit_xai.retaining import Verdict

Progress: TypeAlias = "Callable[[int, int], None]"
"""Called with (steps done, steps in all) while something takes long."""


@runtime_checkable
class Representation(Protocol):
    """Describes photos by numbers.

    Two optional members, `stored_as` (another representation, or None) and `derive(stored)`,
    say that the features are a cheap row-wise function of features that are stored already.
    A third, `runs`, names the file or address of somebody's program (a model) that describing
    would run, or is empty: a case base's own `use` of such a one is not resolved. Making the
    component must not open it.

    A fourth, `pixels`, is "stored" for one that is to be given the colours as the photo's file
    stores them, instead of "srgb", what its ICC profile makes of them; its fingerprint says so.

    One that is made of other representations has two more: `made_of`, those by name, and
    `joined(features)`, which takes the features of each by the same names and gives what
    `describe` would. A case base then looks for, and keeps, the features of each by itself.
    Configurations name them in its parameter `parts`, a table by name or a list, in which the
    name is the place ("0" and up). Whatever any of them has in `runs` must be in its own.
    A metric for several arrays at once names the metrics of the arrays in `parts`, too.
    """

    @property
    def fingerprint(self) -> str:
        """What changes the numbers: weights, preprocessing, layer, decoding; not the backend."""

    def describe(self, images: Array) -> Features:
        """Map `(n, h, w, 3)` uint8 images to `(n, d)` float32 or `(n, h, w, 3)` features."""


@runtime_checkable
class Metric(Protocol):
    """A distance: smaller is nearer.

    Optional: `prepare(references)` returns a callable of queries that gives what `pairwise`
    gives, faster; `embed(features)` maps rows so that their Euclidean order is the metric's.
    """

    def pairwise(self, queries: Features, references: Features) -> Array:
        """Distances `(q, n)`: finite, at least 0, each row independent of the other queries."""


@runtime_checkable
class Aggregator(Protocol):
    """Reduces several rows to one: the paper's script A, eq. 3."""

    def aggregate(self, stack: Array, weights: Array | None = None) -> Array:
        """Reduce `(n, ...)`, n >= 1, to `(...)` without writing to the input."""


@runtime_checkable
class Index(Protocol):
    """An organised case base. Optional: `added(cases)` and `removed(ids)`, each a new index."""

    @property
    def entries(self) -> Entries:
        """What can be retrieved: cases, or prototypes standing for their members."""

    def nearest(
        self, queries: Features, k: int, exclude: Sequence[Sequence[str]] | None = None
    ) -> Neighbours:
        """Return the k nearest entries per query, sorted by (distance, id).

        `exclude` holds, per query, ids of cases that must not speak: neither as an entry nor
        as a member of a prototype.
        """


@runtime_checkable
class Organizer(Protocol):
    """Turns cases into an index.

    Optional: an index with `state()` (JSON values) and an organizer with
    `restore(cases, metric, aggregator, state)` let a finished organisation be cached.
    """

    def organize(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, progress: Progress | None = None
    ) -> Index:
        """Organise the cases; the same input gives the same index."""


@runtime_checkable
class ReuseStrategy(Protocol):
    """Turns the neighbours' votes into predicted votes.

    Optional: `weights(neighbours)`, `(q, k)` rows summing to 1: how much each neighbour counts.
    """

    def reuse(self, neighbours: Neighbours) -> Array:
        """Return predicted votes `(q, methods)`, NaN where no neighbour was asked."""


@runtime_checkable
class RetentionPolicy(Protocol):
    """Judges whether a case is worth keeping."""

    def keeps(self, case: Case, neighbours: Neighbours) -> Verdict:
        """Return a verdict with its reason; `neighbours` are the case's own (one query)."""


@runtime_checkable
class Classifier(Protocol):
    """The model being explained.

    Optional members: `image_size`, height and width of the photos it takes where they are not
    224 x 224; `features(images)`; `gradient(images, target)`, from `(n, h, w, 3)` floats on the
    scale of the pixels (0 to 255) to the derivatives of the target's probability, of the same
    shape; `feature_maps(images, target)`, the last convolution's `(n, h', w', c)` maps and the
    derivatives of the target's score before softmax with respect to them. Without a gradient,
    the member is absent or None.
    """

    @property
    def fingerprint(self) -> str:
        """What changes the probabilities: weights and preprocessing."""

    @property
    def labels(self) -> Sequence[str]:
        """A name for each class."""

    def predict(self, images: Array) -> Array:
        """Map `(n, h, w, 3)` uint8 images to `(n, classes)` probabilities."""


@runtime_checkable
class Explainer(Protocol):
    """Explains one prediction by a picture."""

    def explain(
        self,
        image: Array,
        classifier: Classifier,
        target: int,
        rng: Generator,
        progress: Progress | None = None,
    ) -> Explanation:
        """Return an `Explanation` with an attribution `(h, w)`, a mask `(h, w)`, or both.

        `image` is `(h, w, 3)` uint8. When the classifier raises `BudgetSpentError`, an explainer
        that has something to show returns it, with the reason in `stopped`.
        """


@runtime_checkable
class Judge(Protocol):
    """Scores explanations automatically."""

    def score(
        self, explanations: Sequence[Explanation], image: Array, classifier: Classifier, target: int
    ) -> Array:
        """Return one number per explanation, higher is better, NaN to abstain."""


class Learns(Protocol):
    """Any component may offer `fitted`, called once by `fit` with training cases alone.

    Metrics, aggregators and organizers are given the `Cases`; reuse strategies and retention
    policies the `Cases` and their leave-one-out `Neighbours`.
    The answer is a new frozen component.
    """

    def fitted(self, cases: Cases, neighbours: Neighbours | None = None) -> Any:
        """Return a component that has learnt from the training cases."""
