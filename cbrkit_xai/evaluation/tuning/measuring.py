"""Measures every candidate outside and inside each fold: takes what is kept, and computes the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import attrs
import numpy as np

from cbrkit_xai.confidence.folds import draw
from cbrkit_xai.evaluation.baselines import predict_baseline
from cbrkit_xai.evaluation.holding_out.folds import Split
from cbrkit_xai.evaluation.results import GLOBAL_MEAN
from cbrkit_xai.evaluation.running.configuration_cells import by_measure, predictors_of
from cbrkit_xai.evaluation.running.finishing import Arrays, Batch, CellName, Compute, finish
from cbrkit_xai.evaluation.running.makers import decided_by
from cbrkit_xai.evaluation.running.plan import Plan
from cbrkit_xai.evaluation.running.planning import Planned
from cbrkit_xai.evaluation.tuning.candidates import Candidates
from cbrkit_xai.evaluation.tuning.held_out_errors import Predict, Predicted, errors_of_repeat
from cbrkit_xai.evaluation.working import Stop, leave_if
from cbrkit_xai.features import Array
from cbrkit_xai.protocols import Progress

_PART = "tuning"


@attrs.frozen(kw_only=True, eq=False)
class Measured:
    """Squared errors of every candidate, in the order of their simplicity.

    Parameters
    ----------
    outer : array of shape (candidates, repeats, n)
        Of each case when it is held out; NaN where there is none.
    inner : array of shape (candidates, repeats, folds, n)
        Of the training cases of each fold when they are held out inside; NaN for the fold's own.
    problems : array of shape (candidates, repeats, folds)
        Texts: why something was not organised outside or inside a fold; empty where everything was.
    """

    outer: Array
    inner: Array
    problems: Array


def measured(
    candidates: Candidates, plan: Plan, *, workers: int, progress: Progress | None = None
) -> Measured:
    """Return the errors of every candidate.

    Parameters
    ----------
    plan : Plan
        Of the base that the candidates were listed for, with their ks.
    workers : int
        Threads.
    progress : callable, optional
        Called with (cells done, cells in all); a configuration has one for each repeat.
    """
    total = len(candidates.planned) * plan.folds.repeats
    done = 0

    def advance(number: int) -> None:
        nonlocal done
        done += number
        if progress is not None:
            progress(done, total)

    cells = finish(_batches(candidates.planned, plan), plan.cells, workers=workers, advance=advance)
    repeats = range(plan.folds.repeats)
    of_mean = [_of_mean(plan, repeat) for repeat in repeats]
    parts: dict[str, list[Array]] = {"outer": [], "inner": [], "problems": []}
    for point in candidates.points:
        own = (
            [cells[CellName(point.label, repeat, _PART)] for repeat in repeats] if point.planned else of_mean
        )
        place = plan.ks.index(point.k) if point.planned else 0
        parts["outer"].append(np.stack([cell["outer"][..., place] for cell in own]))
        parts["inner"].append(np.stack([cell["inner"][..., place] for cell in own]))
        parts["problems"].append(np.stack([cell["problems"] for cell in own]))
    return Measured(**{name: np.stack(found) for name, found in parts.items()})


def _batches(planned: Sequence[Planned], plan: Plan) -> Iterator[Batch]:
    for sharing in by_measure(planned):
        keys = {
            CellName(one.label, repeat, _PART): _key(one, repeat, plan)
            for one in sharing
            for repeat in range(plan.folds.repeats)
        }
        yield Batch(keys=keys, prepare=partial(_prepared, sharing, plan))


def _key(planned: Planned, repeat: int, plan: Plan) -> str | None:
    fit = decided_by(planned.configuration, plan.base, planned.components, plan.registry)
    return None if fit is None else plan.key({_PART: fit, "seed": str(_seed(repeat, plan))}, repeat)


def _seed(repeat: int, plan: Plan) -> int:
    return draw(plan.protocol.seed, _PART, str(repeat))


def _prepared(sharing: Sequence[Planned], plan: Plan) -> Compute:
    predictors = predictors_of(sharing, plan)

    def compute(name: CellName, stop: Stop) -> Arrays:
        predictor = predictors[name.label]

        def predict(split: Split) -> Predicted:
            leave_if(stop)
            found = predictor.predict(split)
            return Predicted(votes=found.predicted, problem=found.problem)

        return _of_repeat(predict, plan, name.repeat, len(plan.ks))

    return compute


def _of_mean(plan: Plan, repeat: int) -> Arrays:
    cases = plan.bare

    def predict(split: Split) -> Predicted:
        training, held_out = cases.take(split.training), cases.take(split.held_out)
        return Predicted(votes=predict_baseline(GLOBAL_MEAN, training, held_out)[:, None])

    return _of_repeat(predict, plan, repeat, 1)


def _of_repeat(predict: Predict, plan: Plan, repeat: int, ks: int) -> Arrays:
    seed = _seed(repeat, plan)
    votes = plan.base.votes
    return errors_of_repeat(predict, plan.folds, plan.groups, repeat, votes, ks=ks, seed=seed)
