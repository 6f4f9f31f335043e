"""Photos of a simulated world with their votes, as arrays or as a case base, and with their truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import numpy as np

from cbrkit_xai.case import Ballot, Case, Target
from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.choice import use
from cbrkit_xai.evaluation.simulation.truth import Truth
from cbrkit_xai.evaluation.simulation.vectors import NAME, SimulatedVectors, photo_hash, photo_of
from cbrkit_xai.evaluation.simulation.voting import cast
from cbrkit_xai.features import Array, frozen, frozen_floats, frozen_integers
from cbrkit_xai.images import Image

if TYPE_CHECKING:
    from cbrkit_xai.evaluation.simulation.world import World

_ROWS_AT_ONCE = 100_000


@attrs.frozen(kw_only=True, eq=False)
class Sample:
    """n photos of a world.

    Parameters
    ----------
    world : World
        What they are drawn from.
    stream : int
        Which of its samples this is.
    features : array of shape (n, dimensions)
        float32.
    clusters : array of shape (n,)
        int64 cloud of each photo.
    classes : array of shape (n,)
        int64 class that each photo shows; -1 where none is known.
    honest : array of shape (n, methods)
        Chance of each method for a vote that no adversary casts; NaN where nobody is asked.
    votes : array of shape (n, methods)
        float64 counts; NaN where nobody is asked.
    choices : array of shape (n, voters), optional
        int64 method of each judge, in the order of the judges; None for people.
    truth : Truth
        What is true of the votes.
    """

    world: World
    stream: int
    features: Array = attrs.field(converter=frozen)
    clusters: Array = attrs.field(converter=frozen_integers)
    classes: Array = attrs.field(converter=frozen_integers)
    honest: Array = attrs.field(converter=frozen_floats)
    votes: Array = attrs.field(converter=frozen_floats)
    choices: Array | None = attrs.field(converter=attrs.converters.optional(frozen_integers))
    truth: Truth

    def __len__(self) -> int:
        return len(self.votes)

    def p_best(self, draws: int = 4000) -> Array:
        """Return the chance that each method gets most votes of each photo, `(n, methods)`.

        Counted over so many votings of the same photos, ties shared: the standard error is at most
        .5 / sqrt(draws). 0 where nobody is asked.
        """
        rng = np.random.default_rng([self.world.seed, 1 + self.stream, 2])
        at_once = max(1, _ROWS_AT_ONCE // max(1, len(self)))
        won = np.zeros(self.votes.shape)
        for start in range(0, draws, at_once):
            times = min(at_once, draws - start)
            votes, _ = cast(self.world, np.tile(self.honest, (times, 1)), rng)
            won += winning_credit(votes).reshape(times, *self.votes.shape).sum(axis=0)
        return won / draws

    def base(self) -> CaseBase:
        """Return the case base of these photos: votes, stored vectors, no pixels."""
        vectors = SimulatedVectors(dimensions=self.world.dimensions)
        names = self._names
        cases = [self._case(row, name) for row, name in enumerate(names)]
        features = {photo_hash(name): self.features[row] for row, name in enumerate(names)}
        return CaseBase(
            name=f"simulated-{self.world.seed}",
            cases=cases,
            features={vectors.fingerprint: features},
            representations={vectors.fingerprint: use(NAME, dimensions=vectors.dimensions)},
            about="Simulated votes on simulated photos.",
        )

    def photos(self) -> list[Image]:
        """Return the photos, whose first pixels carry the vectors, so that a recommender can be asked."""
        return [photo_of(vector, name) for vector, name in zip(self.features, self._names, strict=True)]

    @property
    def _names(self) -> list[str]:
        return [f"photo-{self.world.seed}-{self.stream}-{row:04d}" for row in range(len(self))]

    def _case(self, row: int, name: str) -> Case:
        shown = int(self.classes[row])
        target = None if shown < 0 else Target(classifier="simulated", index=shown, label=f"class-{shown}")
        return Case(
            id=f"case-{row:04d}",
            image_sha256=photo_hash(name),
            image_name=f"{name}.png",
            ballots=self._ballots(row),
            target=target,
        )

    def _ballots(self, row: int) -> list[Ballot]:
        asked = {
            method: votes
            for method, votes in zip(self.world.methods, self.votes[row].tolist(), strict=True)
            if not np.isnan(votes)
        }
        if self.choices is None:
            return [Ballot(votes=asked, source="human")]
        return [
            Ballot(
                votes={method: float(method == self.world.methods[choice]) for method in asked},
                source="automatic",
                voter=f"judge-{judge}",
                family=f"family-{judge % self.world.families}",
            )
            for judge, choice in enumerate(self.choices[row])
        ]


def winning_credit(votes: Array) -> Array:
    """Return each method's part in having won, `(n, methods)`: level methods share; 0 where not asked."""
    level = votes == np.nanmax(votes, axis=1, keepdims=True)
    return level / level.sum(axis=1, keepdims=True)
