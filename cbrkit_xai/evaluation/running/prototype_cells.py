"""Random and k-means prototypes, of as many groups as each fold's clustering found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.confidence.folds import draw
from cbrkit_xai.errors import CbrkitXaiError
from cbrkit_xai.evaluation.baselines import matched, prototype_baselines
from cbrkit_xai.evaluation.baselines.prototypes import K_MEANS, RANDOM
from cbrkit_xai.evaluation.holding_out.folds import Split
from cbrkit_xai.evaluation.predicting.fold_predictions import FoldPredictions, FoldPredictor
from cbrkit_xai.evaluation.running.configuration_cells import by_measure, predict_repeat, predictors_of
from cbrkit_xai.evaluation.running.finishing import Arrays, Batch, CellName, Compute
from cbrkit_xai.evaluation.running.makers import decided_by
from cbrkit_xai.evaluation.running.plan import Plan
from cbrkit_xai.evaluation.running.planning import Planned
from cbrkit_xai.evaluation.working import Stop
from cbrkit_xai.features import Array
from cbrkit_xai.registry import Registry

PROTOTYPE_BASELINES = (RANDOM, K_MEANS)
"""Their names among the baselines."""


@attrs.frozen(kw_only=True, eq=False)
class Likeness:
    """Prototypes formed otherwise, to compare a clustered configuration with.

    Parameters
    ----------
    planned : Planned
        The number of groups still open.
    sizes : mapping of int to tuple of tuples of int
        Per repeat and fold, how many cases each prototype of the clustering stands for.
    """

    planned: Planned
    sizes: Mapping[int, tuple[tuple[int, ...], ...]]


def likenesses(
    planned: Sequence[Planned], repeats: Mapping[str, Sequence[Arrays]], names: Sequence[str], plan: Plan
) -> tuple[Likeness, ...]:
    """Return what the configurations that have prototypes are to be compared with.

    Parameters
    ----------
    repeats : mapping of str to sequence of cells
        By label, what `predict_repeat` gave.
    names : sequence of str
        Of the baselines that are wanted.
    """
    found = []
    for one in planned:
        sizes = {repeat: _sizes_of(cell) for repeat, cell in enumerate(repeats[one.label])}
        if not any(fold for folds in sizes.values() for fold in folds):
            continue
        for like in prototype_baselines(one.configuration, plan.registry):
            if like.organizer.name in names:
                likewise = Planned(
                    label=like.label,
                    configuration=like,
                    components=like.components(plan.registry),
                    substituted=one.substituted,
                )
                found.append(Likeness(planned=likewise, sizes=sizes))
    return tuple(found)


def _sizes_of(cell: Arrays) -> tuple[tuple[int, ...], ...]:
    ends = np.cumsum(cell["prototypes"])[:-1]
    return tuple(tuple(sizes.tolist()) for sizes in np.split(cell["sizes"], ends))


def prototype_batches(found: Sequence[Likeness], plan: Plan) -> Iterator[Batch]:
    """Yield the cells of prototypes formed otherwise, those together that share distances."""
    by_label = {one.planned.label: one for one in found}
    for sharing in by_measure([one.planned for one in found]):
        some = [by_label[one.label] for one in sharing]
        keys = {
            CellName(one.planned.label, repeat): _key_of(one, repeat, plan)
            for one in some
            for repeat in one.sizes
        }
        yield Batch(keys=keys, prepare=partial(_prepared, some, plan))


def _key_of(one: Likeness, repeat: int, plan: Plan) -> str | None:
    planned = one.planned
    fit = decided_by(planned.configuration, plan.base, planned.components, plan.registry)
    if fit is None:
        return None
    what = {
        "prototypes": fit,
        "label": planned.label,  # of which its seeds are drawn
        "sizes": one.sizes[repeat],
        "cluster_scope": plan.protocol.cluster_scope,
        "seed": plan.protocol.seed,
    }
    return plan.key(what, repeat)


def _prepared(found: Sequence[Likeness], plan: Plan) -> Compute:
    predictors = predictors_of([one.planned for one in found], plan)
    by_label = {
        one.planned.label: _LikePredictor(
            likeness=one,
            predictor=predictors[one.planned.label],
            registry=plan.registry,
            seed=plan.protocol.seed,
        )
        for one in found
    }

    def compute(name: CellName, stop: Stop) -> Arrays:
        return predict_repeat(by_label[name.label], plan.folds, name.repeat, stop)

    return compute


@attrs.frozen(kw_only=True, eq=False)
class _LikePredictor:
    """Forms, in each fold, as many prototypes as the clustering did."""

    likeness: Likeness
    predictor: FoldPredictor
    registry: Registry
    seed: int

    @property
    def cases(self) -> Cases:
        return self.predictor.cases

    @property
    def ks(self) -> tuple[int, ...]:
        return self.predictor.ks

    def predict(self, split: Split) -> FoldPredictions:
        planned, sizes = self.likeness.planned, self.likeness.sizes[split.repeat][split.fold]
        seed = draw(self.seed, "prototypes", planned.label, str(split.repeat), str(split.fold)) % 2**32
        try:
            alike = matched(planned.configuration, sizes, seed)
            components = alike.components(self.registry)
        except CbrkitXaiError as error:  # the clustering was not possible in this fold
            return self._nothing(split, str(error))
        return attrs.evolve(self.predictor, components=components).predict(split)

    def _nothing(self, split: Split, problem: str) -> FoldPredictions:
        shape = len(split.held_out), len(self.ks)
        nan: Array = np.full((*shape, len(self.cases.methods)), np.nan)
        return FoldPredictions(
            predicted=nan, weight_squares=np.full(shape, np.nan), entries=0, clustered=False, problem=problem
        )
