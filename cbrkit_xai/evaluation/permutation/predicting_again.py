"""Predicts the held-out cases again and again from other votes, organising once where votes have no say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.configurations import Components
from cbrkit_xai.evaluation.holding_out.folds import Folds, Split
from cbrkit_xai.evaluation.permutation.fixed_neighbours import FixedNeighbours
from cbrkit_xai.evaluation.permutation.mean_again import MeanAgain
from cbrkit_xai.evaluation.permutation.permutation_null import Predict
from cbrkit_xai.evaluation.predicting.fold_predictions import FoldPredictor
from cbrkit_xai.evaluation.predicting.measured_once import MeasuredOnce, measured_in_parts
from cbrkit_xai.features import Array
from cbrkit_xai.learning import fitted_to, organize
from cbrkit_xai.neighbours import Neighbours
from cbrkit_xai.organizers.agglomerative_prototypes import AgglomerativePrototypes
from cbrkit_xai.organizers.ball_tree import BallTree
from cbrkit_xai.organizers.dbscan_prototypes import DbscanPrototypes
from cbrkit_xai.organizers.hdbscan_prototypes import HdbscanPrototypes
from cbrkit_xai.organizers.k_means_prototypes import KMeansPrototypes
from cbrkit_xai.organizers.k_medoids import KMedoids
from cbrkit_xai.organizers.kd_tree import KdTree
from cbrkit_xai.organizers.linear import Linear
from cbrkit_xai.organizers.random_prototypes import RandomPrototypes
from cbrkit_xai.organizers.two_stage import TwoStage
from cbrkit_xai.protocols import Index
from cbrkit_xai.reuse.mean import Mean

_IGNORE_VOTES = (
    AgglomerativePrototypes,
    BallTree,
    DbscanPrototypes,
    HdbscanPrototypes,
    KMeansPrototypes,
    KMedoids,
    KdTree,
    Linear,
    RandomPrototypes,
)
"""Organizers to which votes are nothing but what their entries say, as each one's tests hold."""


def predict_again(predictor: FoldPredictor, folds: Folds) -> Predict:
    """Return what predicts every held-out case from given votes, as the predictor would.

    Where votes have no say in who is whose neighbour, each fold is organised once, which makes a draw some
    thousand times cheaper. That is so only if `ignores_votes` says it of the configuration; anything else
    is organised anew for each table of votes. It is not tried out: an organizer that looks at votes in few
    worlds alone would pass any number of trials.

    Parameters
    ----------
    predictor : FoldPredictor
        Of n cases.
    folds : Folds
        Of n cases, such as `folds_that_count` gives.

    Raises
    ------
    CbrkitXaiError
        A fold cannot be organised.
    """
    finder = _Finder.of(predictor)
    splits = list(folds.splits())
    shape = (folds.repeats, folds.cases, len(predictor.ks), len(predictor.cases.methods))
    fixed = ignores_votes(predictor.components)
    once = [_fixed(finder, split) for split in splits] if fixed else []

    def predict(votes: Array) -> Array:
        predicted = np.full(shape, np.nan)
        each = once if fixed else _anew(predictor, splits, votes)
        for split, of_fold in zip(splits, each, strict=True):
            found = of_fold(votes)
            if np.isnan(found).all():  # an error over the other folds would be one of other cases
                return np.full(shape, np.nan)
            predicted[split.repeat, split.held_out] = found
        return predicted

    return predict


def ignores_votes(components: Components) -> bool:
    """Say whether votes have no say in who is whose neighbour, whatever the cases.

    A metric and an aggregator are handed features alone, and see votes only if they offer `fitted`. An
    organizer is handed the votes too, without which it could not say what its entries say, and no law of the
    conformance kit holds that it looks at them for nothing else: the core's own supervised organizers choose
    by them. So an organizer counts only if it is one of the core's that do not, exactly, with all that it is
    composed of; of any other nobody knows.
    """
    parts = (components.metric, components.aggregator, components.organizer)
    return not any(hasattr(part, "fitted") for part in parts) and _is_known(components.organizer)


def _is_known(organizer: Any) -> bool:
    if type(organizer) is TwoStage:
        return _is_known(organizer.prototypes)
    return type(organizer) in _IGNORE_VOTES


def _anew(predictor: FoldPredictor, splits: Sequence[Split], votes: Array) -> list[Callable[[Array], Array]]:
    # One predictor for all folds: where all cases are organised at once, that is done once a draw.
    told = attrs.evolve(predictor, cases=attrs.evolve(predictor.cases, votes=votes))
    return [lambda _, split=split: told.predict(split).predicted for split in splits]  # type: ignore[misc]


@attrs.frozen(kw_only=True, eq=False)
class _Finder:
    """Organises the training cases of a fold, and finds neighbours."""

    predictor: FoldPredictor
    components: Components  # with a metric that measures known cases once

    @classmethod
    def of(cls, predictor: FoldPredictor) -> _Finder:
        components, features = predictor.components, predictor.cases.features
        if predictor.distances is None:
            known = measured_in_parts(components.metric, features)
        else:
            known = MeasuredOnce(metric=components.metric, features=features, distances=predictor.distances)
        return cls(predictor=predictor, components=attrs.evolve(components, metric=known))

    @property
    def needs_own(self) -> bool:
        """Whether reuse learns from the training cases' own neighbours."""
        reuse = self.predictor.components.reuse
        if type(reuse) is Mean:
            return reuse.shrinkage == "fitted"
        return hasattr(reuse, "fitted")

    def index(self, split: Split, votes: Array) -> Index:
        cases = attrs.evolve(self.predictor.cases, votes=votes)
        return organize(
            self.components, cases if self.predictor.organizes_all else cases.take(split.training)
        )[1]

    def hidden(self, split: Split, queries: Array, *, own: bool) -> list[Sequence[str]] | None:
        """Return, per query, what must not speak to it; None where nothing has to be hidden."""
        cases = self.predictor.cases
        held_out = [cases.ids[row] for row in split.held_out] if self.predictor.organizes_all else []
        if not own:
            return [held_out] * len(queries) if held_out else None
        return [[*group, *held_out] for group in cases.take(queries).held_out()]

    def neighbours(self, index: Index, split: Split, queries: Array, *, own: bool = False) -> Neighbours:
        features = self.predictor.cases.take(queries).features
        return index.nearest(features, max(self.predictor.ks), self.hidden(split, queries, own=own))

    def fixed(self, index: Index, split: Split, queries: Array, *, own: bool = False) -> FixedNeighbours:
        found = self.neighbours(index, split, queries, own=own)
        return FixedNeighbours.of(found, self.predictor.cases.row_of, self.hidden(split, queries, own=own))


def _fixed(finder: _Finder, split: Split) -> Callable[[Array], Array]:
    """Return what predicts a fold from neighbours that were found once."""
    index = finder.index(split, finder.predictor.cases.votes)
    held_out = finder.fixed(index, split, split.held_out)
    own = finder.fixed(index, split, split.training, own=True) if finder.needs_own else None
    return _reusing(finder.predictor, split, held_out, own)


def _reusing(
    predictor: FoldPredictor, split: Split, found: FixedNeighbours, own: FixedNeighbours | None
) -> Callable[[Array], Array]:
    reuse, ks = predictor.components.reuse, predictor.ks
    training = predictor.cases.take(split.training)
    if type(reuse) is Mean:
        _, groups = np.unique(np.asarray(training.groups), return_inverse=True)
        return MeanAgain.of(reuse, split.training, groups.reshape(-1), found, own, ks).predict

    def predict(votes: Array) -> Array:
        nearest = found.with_votes(votes)
        learnt_from = attrs.evolve(training, votes=votes[split.training])
        mine = None if own is None else own.with_votes(votes)
        predicted = []
        for k in ks:
            strategy = fitted_to(
                "reuse-strategy", reuse, learnt_from, None if mine is None else mine.first(k)
            )
            predicted.append(strategy.reuse(nearest.first(k)))
        return np.stack(predicted, axis=1)

    return predict
