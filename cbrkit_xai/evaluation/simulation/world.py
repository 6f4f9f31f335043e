"""A made-up world: what its photos look like, who votes, and what the votes depend on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, TypeAlias

import attrs
import numpy as np

from cbrkit_xai.case import method_name
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.parameter_bounds import number_between, one_of, whole_number
from cbrkit_xai.evaluation.simulation.sample import Sample
from cbrkit_xai.evaluation.simulation.truth import Truth
from cbrkit_xai.evaluation.simulation.vectors import MOST_DIMENSIONS
from cbrkit_xai.evaluation.simulation.voting import cast, chances_of_a_vote, variances
from cbrkit_xai.features import Array

if TYPE_CHECKING:
    from cbrkit_xai.case_base import CaseBase

Signal: TypeAlias = Literal["none", "features", "class", "cluster"]
Adversary: TypeAlias = Literal["worst", "constant", "random"]

_BETWEEN_CLUSTERS = 2.0
_LEAST_ASKED = 2


def _sorted_methods(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({method_name(value) for value in values}))


def _are_several(
    instance: object, attribute: attrs.Attribute[tuple[str, ...]], value: tuple[str, ...]
) -> None:
    if len(value) < _LEAST_ASKED or "" in value:
        raise ParameterError(f"methods are {value!r}", where="methods", allowed="two names or more")


@attrs.frozen(kw_only=True)
class World:
    r"""The parameters of a world whose truth is known; everything in it follows from `seed`.

    A photo lies in one of `clusters` clouds and shows a thing of one of `classes` classes, which says
    nothing about where it lies. A vote goes to a method with a chance proportional to

    .. math:: \exp(\text{sharpness} \cdot (\log p_j + \text{strength} \cdot a_j))

    where the popularities p fall linearly in the methods' alphabetical order (.4, .3, .2, .1 of four),
    and the leaning a of the photo is standard normal over the photos: linear in its features, or one row
    of numbers per class or per cluster, as `signal` says.

    Parameters
    ----------
    n : int
        Cases of a base.
    methods : tuple of str
        Two or more; kept in alphabetical order, as case bases have them.
    dimensions : int
        Width of the features.
    clusters : int
        Clouds that photos lie in.
    spread : float
        Standard deviation within a cloud in each dimension; that of the clouds' centres is 2.
    classes : int
        Classes that photos show; 0 for none known.
    voters : int
        Votes that each photo gets.
    families : int
        0 for people, each independent; else the voters are judges in so many families, in turn.
    agreement : float
        Chance that a judge repeats its family's vote instead of casting its own.
    sharpness : float
        0: all methods are alike; the larger, the more a photo's voters agree.
    scatter : float, optional
        Concentration of the Dirichlet distribution around those chances that each photo's own are drawn
        from, by nothing that can be seen; by default they don't scatter, and votes are multinomial.
    signal : {"none", "features", "class", "cluster"}
        What the votes depend on.
    strength : float
        How strongly.
    missing : float
        Chance that nobody is asked about a method, of each photo; two methods at least are asked about,
        among which all votes are cast.
    adversarial : float
        Share of the votes that are cast by adversaries.
    adversary : {"worst", "constant", "random"}
        Whether these take the method that the others like least, the last of those asked about on
        every photo, or any.
    seed : int
        Of the world and all samples of it.
    """

    n: int = attrs.field(default=200, validator=whole_number(1, 1_000_000))
    methods: tuple[str, ...] = attrs.field(
        default=("anchors", "ig", "lime", "xrai"), converter=_sorted_methods, validator=_are_several
    )
    dimensions: int = attrs.field(default=6, validator=whole_number(1, MOST_DIMENSIONS))
    clusters: int = attrs.field(default=6, validator=whole_number(1, 10_000))
    spread: float = attrs.field(default=0.5, validator=number_between(0, 1000))
    classes: int = attrs.field(default=0, validator=whole_number(0, 10_000))
    voters: int = attrs.field(default=10, validator=whole_number(1, 10_000))
    families: int = attrs.field(default=0, validator=whole_number(0, 10_000))
    agreement: float = attrs.field(default=1.0, validator=number_between(0, 1))
    sharpness: float = attrs.field(default=1.0, validator=number_between(0, 1000))
    scatter: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(number_between(0.01, 1e6))
    )
    signal: Signal = attrs.field(default="none", validator=one_of(("none", "features", "class", "cluster")))
    strength: float = attrs.field(default=1.0, validator=number_between(0, 100))
    missing: float = attrs.field(default=0.0, validator=number_between(0, 0.9))
    adversarial: float = attrs.field(default=0.0, validator=number_between(0, 1))
    adversary: Adversary = attrs.field(default="random", validator=one_of(("worst", "constant", "random")))
    seed: int = attrs.field(default=0, validator=whole_number(0, 2**32 - 1))

    def __attrs_post_init__(self) -> None:
        if self.families > self.voters:
            raise ParameterError(
                f"families is {self.families}", where="families", allowed=f"at most the {self.voters} voters"
            )
        if self.signal == "class" and not self.classes:
            raise ParameterError(
                "classes is 0", where="classes", allowed="1 or more where votes depend on them"
            )

    def sample(self, n: int | None = None, *, stream: int = 0) -> Sample:
        """Draw photos and let them be voted on.

        Parameters
        ----------
        n : int, optional
            How many; by default the world's own number.
        stream : int
            Samples of different streams are independent: 0 to learn from, 1 to ask about.
        """
        number = self.n if n is None else n
        fixed = np.random.default_rng([self.seed, 0])  # the world itself, which all samples share
        centres = _BETWEEN_CLUSTERS * fixed.standard_normal((self.clusters, self.dimensions))
        rng = np.random.default_rng([self.seed, 1 + stream])
        aside = np.random.default_rng([self.seed, 1 + stream, 1])  # what few worlds have disturbs no other
        clusters = rng.integers(0, self.clusters, number)
        vectors = centres[clusters] + self.spread * rng.standard_normal((number, self.dimensions))
        features = vectors.astype(np.float32)
        classes = aside.integers(0, self.classes, number) if self.classes else np.full(number, -1)
        leaning = self._leaning(features, clusters, classes, fixed)
        honest = self._honest_chances(leaning, self._asked(number, aside))
        votes, choices = cast(self, honest, rng)
        return Sample(
            world=self,
            stream=stream,
            features=features,
            clusters=clusters,
            classes=classes,
            honest=honest,
            votes=votes,
            choices=choices,
            truth=Truth(
                voters=self.voters, chances=chances_of_a_vote(self, honest), variances=variances(self, honest)
            ),
        )

    def base(self, n: int | None = None, *, stream: int = 0) -> CaseBase:
        """Return a case base of such a sample; see `Sample.base`."""
        return self.sample(n, stream=stream).base()

    def _leaning(self, features: Array, clusters: Array, classes: Array, rng: np.random.Generator) -> Array:
        """How each photo leans to each method, `(n, methods)`, by what the votes depend on."""
        of_clusters, of_classes, slopes = (
            rng.standard_normal((rows, len(self.methods)))
            for rows in (self.clusters, self.classes, self.dimensions)
        )
        if self.signal == "cluster":
            return of_clusters[clusters]
        if self.signal == "class":
            return of_classes[classes]
        if self.signal == "features":
            unit = np.sqrt(self.dimensions * (_BETWEEN_CLUSTERS**2 + self.spread**2))
            return features @ slopes / unit
        return np.zeros((len(features), len(self.methods)))

    def _asked(self, number: int, rng: np.random.Generator) -> Array:
        """Which methods each photo's voters choose among, `(n, methods)`."""
        luck = rng.random((number, len(self.methods)))
        surely = np.argsort(np.argsort(-luck, axis=1), axis=1) < _LEAST_ASKED
        return (luck >= self.missing) | surely

    def _honest_chances(self, leaning: Array, asked: Array) -> Array:
        """Chance of each method for a vote that no adversary casts, `(n, methods)`; NaN if not asked."""
        popularity = np.arange(len(self.methods), 0, -1.0)
        logits = self.sharpness * (np.log(popularity / popularity.sum()) + self.strength * leaning)
        logits = np.where(asked, logits, -np.inf)
        chances = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.where(asked, chances / chances.sum(axis=1, keepdims=True), np.nan)
