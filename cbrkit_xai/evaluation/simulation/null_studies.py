"""Studies in which nothing is to be found: votes that no photo has a say in, predicted from its neighbours.

They are drawn as arrays, and predicted from one ordering per set of features, so that thousands are quick.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import attrs
import numpy as np

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.holding_out.dealing import deal, strata_of
from cbrkit_xai.evaluation.holding_out.folds import Folds, Split
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.predicting.inner_errors import inner_errors
from cbrkit_xai.evaluation.predicting.orderings import Orderings, running_means
from cbrkit_xai.evaluation.results import Evaluation, Run
from cbrkit_xai.evaluation.scoring.null_law import vote_variance
from cbrkit_xai.evaluation.scoring.vote_errors import squared_error
from cbrkit_xai.evaluation.simulation.world import World
from cbrkit_xai.features import Array


@attrs.frozen(kw_only=True, eq=False)
class NullStudy:
    """One base without signal, and several descriptions of its photos that know nothing of each other.

    Parameters
    ----------
    cases : Cases
        n cases, each photo a group of its own; their features are the first description.
    orderings : tuple of Orderings
        The cases' neighbours, by each description.
    protocol : Protocol
        How the folds were dealt.
    groups : Groups
        Each photo by itself.
    folds : Folds
        When each case is held out.
    variance : float
        Of a number of votes, mean over the methods: true, or of those handed out.
    """

    cases: Cases
    orderings: tuple[Orderings, ...]
    protocol: Protocol
    groups: Groups
    folds: Folds
    variance: float

    def neighbours(self, k: int) -> Array:
        """Return the rows of the k nearest training cases, `(descriptions, repeats, n, k)`."""
        nearest = np.empty((len(self.orderings), *self.folds.fold_of.shape, k), dtype=np.int32)
        for split in self.folds.splits():
            for description, ordering in enumerate(self.orderings):
                nearest[description, split.repeat, split.held_out] = ordering.nearest(split, k)
        return nearest

    def squared_errors(self, ks: Sequence[int]) -> Array:
        """Return each held-out case's squared error, `(descriptions, repeats, n, ks)`.

        Parameters
        ----------
        ks : sequence of int
            Numbers of neighbours, at least 1 each and at most the training cases of a fold.
        """
        predicted = means_of_nearest(self.neighbours(max(ks)), ks, self.cases.votes)
        return squared_error(predicted, self.cases.votes[:, None])

    def inner_errors(self, description: int, k: int) -> Array:
        """Return the mean error inside each fold's training cases, `(repeats, folds)`."""

        def predict(split: Split) -> Array:
            return means_of_nearest(self.orderings[description].nearest(split, k), (k,), self.cases.votes)

        return inner_errors(predict, self.folds, self.groups, self.cases.votes)[..., 0]

    def evaluation(self, ks: Sequence[int]) -> Evaluation:
        """Return the study as an evaluation, each description a configuration: `description-0` and so on."""
        nearest = self.neighbours(max(ks))
        predicted = means_of_nearest(nearest, ks, self.cases.votes)
        runs = [
            Run(
                label=f"description-{number}",
                role="configuration",
                ks=ks,
                predicted=one,
                weight_squares=np.broadcast_to(1 / np.array(ks), one.shape[:3]),
                entries=np.zeros((self.folds.repeats, self.folds.per_repeat)),
                nearest=nearest[number, :, :, 0],
            )
            for number, one in enumerate(predicted)
        ]
        return Evaluation(
            name="simulated",
            provenance="votes: simulated",
            is_automatic=True,
            cases=self.cases,
            effective_voters=np.nansum(self.cases.votes, axis=1),
            classes=(),
            protocol=self.protocol,
            groups=self.groups,
            folds=self.folds,
            runs=runs,
            versions={},
            hashes={},
        )


def means_of_nearest(nearest: Array, ks: Sequence[int], votes: Array) -> Array:
    """Return the mean votes of the first k of each row of neighbours, `(..., ks, methods)`.

    Parameters
    ----------
    nearest : array of shape (..., k)
        Rows of cases, nearest first.
    votes : array of shape (n, methods)
        Of the cases.
    """
    means = running_means(votes[nearest].reshape(-1, nearest.shape[-1], votes.shape[1]), ks)
    return means.reshape(*nearest.shape[:-1], *means.shape[1:])


def null_study(
    world: World, seed: int, *, descriptions: int = 2, repeats: int = 10, stratified: bool = True
) -> NullStudy:
    """Draw a base without signal, independent descriptions of its photos, and 5 folds.

    Parameters
    ----------
    world : World
        Its signal is "none".
    seed : int
        Of all that is drawn.
    descriptions : int
        How many sets of features.
    repeats : int
        How often the cases are dealt into folds.
    stratified : bool
        Whether by the winning method, as an evaluation does; else by luck alone, and held-out votes then
        know nothing at all of the training cases' votes.

    Raises
    ------
    ParameterError
        The world has a signal.
    """
    if world.signal != "none":
        raise ParameterError(f"signal is {world.signal!r}", where="signal", allowed="none, as the name says")
    samples = [attrs.evolve(world, seed=seed).sample(stream=stream) for stream in range(descriptions)]
    cases = Cases(
        ids=[f"case-{row:05d}" for row in range(world.n)],
        features=samples[0].features,
        votes=samples[0].votes,
        methods=world.methods,
    )
    orderings = [_ordering(sample.features, cases.ids) for sample in samples]
    variance = float(samples[0].truth.variances.mean())
    return _dealt(cases, orderings, variance, Protocol(repeats=repeats, seed=seed), stratified)


def study_of_shuffled_photos(seed: int) -> NullStudy:
    """Hand the votes of the bundled base out at random to its photos, and describe these in two ways.

    The descriptions are LF-COS and HIST-COS: latent vectors and colour histograms, compared by cosine. With
    votes so handed out the same number of neighbours errs equally in both.

    Parameters
    ----------
    seed : int
        Of the shuffle and of the folds.
    """
    cases, orderings = _photos()
    order = np.random.default_rng([seed, 3]).permutation(len(cases))
    shuffled = attrs.evolve(cases, votes=cases.votes[order])
    return _dealt(shuffled, orderings, vote_variance(cases.votes), Protocol(seed=seed), True)


@functools.lru_cache(maxsize=1)
def _photos() -> tuple[Cases, tuple[Orderings, ...]]:
    base = CaseBase.bundled()
    made_by = {use.name: fingerprint for fingerprint, use in base.representations.items()}
    described = [
        np.array([base.features[made_by[name]][case.image_sha256] for case in base.cases], dtype=np.float64)
        for name in ("latent", "histogram")
    ]
    units = [one / np.linalg.norm(one, axis=1, keepdims=True) for one in described]
    cases = Cases(ids=base.ids, features=units[0], votes=base.votes, methods=base.methods)
    return cases, tuple(_ordering(one, base.ids) for one in units)


def _dealt(
    cases: Cases, orderings: Sequence[Orderings], variance: float, protocol: Protocol, stratified: bool
) -> NullStudy:
    groups = Groups(labels=np.arange(len(cases)))
    strata = strata_of(cases, protocol.folds) if stratified else [""] * len(cases)
    return NullStudy(
        cases=cases,
        orderings=tuple(orderings),
        protocol=protocol,
        groups=groups,
        folds=deal(groups, strata, protocol),
        variance=variance,
    )


def _ordering(vectors: Array, ids: Sequence[str]) -> Orderings:
    """Order by Euclidean distance, which for units is the order of the cosine."""
    vectors = vectors.astype(np.float64)
    squares = (vectors**2).sum(axis=1)
    return Orderings.of(squares[:, None] + squares - 2 * vectors @ vectors.T, ids)
