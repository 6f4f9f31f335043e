"""Configurations through the folds of a repeat: computed, kept, and put together to a run."""

from __future__ import annotations

import itertools
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Protocol

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.confidence.folds import draw
from cbrkit_xai.evaluation.holding_out.folds import Folds, Split
from cbrkit_xai.evaluation.predicting.fold_predictions import STAGES, FoldPredictions, FoldPredictor
from cbrkit_xai.evaluation.predicting.inner_errors import inner_errors
from cbrkit_xai.evaluation.results import PARTS_THAT_LEAK, Role, Run, Timing
from cbrkit_xai.evaluation.running.confidence_cells import state, stated_of
from cbrkit_xai.evaluation.running.finishing import ONCE, Arrays, Batch, CellName, Compute
from cbrkit_xai.evaluation.running.kept_distances import kept_distances
from cbrkit_xai.evaluation.running.makers import decided_by
from cbrkit_xai.evaluation.running.plan import Plan
from cbrkit_xai.evaluation.running.planning import Planned
from cbrkit_xai.evaluation.working import Stop, leave_if
from cbrkit_xai.features import Array


class Predictor(Protocol):
    """What predicts the held-out cases of any fold for every k."""

    @property
    def cases(self) -> Cases:
        """All cases."""

    @property
    def ks(self) -> tuple[int, ...]:
        """Numbers of neighbours."""

    def predict(self, split: Split) -> FoldPredictions:
        """Return the predictions; what fails is told as a problem, not raised."""


STATED, INNER = "stated", "inner"
"""What may be asked of a configuration besides its predictions: what its recommender states, and the errors
of an inner cross-validation."""


def configuration_batches(
    planned: Sequence[Planned], plan: Plan, also: Collection[str] = ()
) -> Iterator[Batch]:
    """Yield the cells of all configurations, those together that share the matrix of distances.

    Parameters
    ----------
    also : collection of str
        `STATED`, `INNER`, or both.
    """
    for sharing in by_measure(planned):
        names = [
            name
            for one in sharing
            for repeat in range(plan.folds.repeats)
            for name in (CellName(one.label, repeat), CellName(one.label, repeat, INNER))
            if name.part != INNER or INNER in also
        ]
        if STATED in also:
            names += [CellName(one.label, ONCE, STATED) for one in sharing]
        by_label = {one.label: one for one in sharing}
        keys = {name: _key_of(by_label[name.label], name, plan) for name in names}
        yield Batch(keys=keys, prepare=partial(_prepared, sharing, plan))


def by_measure(planned: Sequence[Planned]) -> Iterator[tuple[Planned, ...]]:
    """Yield the configurations together whose distances are the same."""
    for _, sharing in itertools.groupby(sorted(planned, key=_measured_by), key=_measured_by):
        yield tuple(sharing)


def _measured_by(planned: Planned) -> tuple[str, str]:
    return planned.components.representation.fingerprint, str(planned.configuration.metric)


def _key_of(planned: Planned, name: CellName, plan: Plan) -> str | None:
    """Return the key of a cell; None where a component was registered by hand.

    Another component may stand under its name tomorrow.
    """
    fit = decided_by(planned.configuration, plan.base, planned.components, plan.registry)
    if fit is None:
        return None
    if name.part == STATED:  # in the folds of the first repeat; a recommender knows of no other scope
        return plan.key({STATED: fit}, 0, by_k=False)
    what: dict[str, Any] = {name.part: fit, "cluster_scope": plan.protocol.cluster_scope}
    if name.part == INNER:
        what["seed"] = str(_inner_seed(name.repeat, plan))
    return plan.key(what, name.repeat)


def _inner_seed(repeat: int, plan: Plan) -> int:
    return draw(plan.protocol.seed, INNER, str(repeat))


def _prepared(sharing: Sequence[Planned], plan: Plan) -> Compute:
    predictors = predictors_of(sharing, plan)
    own_k = {one.label: one.configuration.k for one in sharing}

    def compute(name: CellName, stop: Stop) -> Arrays:
        predictor = predictors[name.label]
        if name.part == STATED:
            return state(predictor, own_k[name.label], plan, stop)
        if name.part == INNER:
            return _inner_of_repeat(predictor, plan, name.repeat, stop)
        return predict_repeat(predictor, plan.folds, name.repeat, stop)

    return compute


def predictors_of(sharing: Sequence[Planned], plan: Plan) -> dict[str, FoldPredictor]:
    """Return a predictor for each configuration, by label; their distances are measured once."""
    first = sharing[0].components
    cases = plan.cases(first.representation)
    distances = kept_distances(sharing[0].configuration, first, cases, plan)
    return {
        one.label: FoldPredictor(
            components=one.components,
            cases=cases,
            distances=distances,
            ks=plan.ks,
            cluster_scope=plan.protocol.cluster_scope,
        )
        for one in sharing
    }


def predict_repeat(predictor: Predictor, folds: Folds, repeat: int, stop: Stop) -> Arrays:
    """Return the arrays of a cell: what the held-out cases of every fold are predicted to get.

    Raises
    ------
    StoppedError
        Nobody waits for it any more.
    """
    cases, ks = predictor.cases, predictor.ks
    predicted = np.full((len(cases), len(ks), len(cases.methods)), np.nan)
    weight_squares = np.full((len(cases), len(ks)), np.nan)
    nearest = np.full(len(cases), -1)
    found = []
    for fold in range(folds.per_repeat):
        leave_if(stop)
        split = folds.split(repeat, fold)
        one = predictor.predict(split)
        predicted[split.held_out] = one.predicted
        weight_squares[split.held_out] = one.weight_squares
        nearest[split.held_out] = one.nearest
        found.append(one)
    return {
        "predicted": predicted,
        "weight_squares": weight_squares,
        "nearest": nearest,
        "entries": np.array([one.entries for one in found], dtype=np.int64),
        "prototypes": np.array([len(one.sizes) for one in found], dtype=np.int64),
        "sizes": np.array([size for one in found for size in one.sizes], dtype=np.int64),
        "problems": np.array([one.problem for one in found], dtype=np.str_),
        "clustered": np.array(any(one.clustered for one in found)),
        "leaks": np.array([part for part in PARTS_THAT_LEAK if any(part in one.leaks for one in found)], "U"),
        "seconds": np.array([sum(one.seconds[stage] for one in found) for stage in STAGES]),
    }


def _inner_of_repeat(predictor: FoldPredictor, plan: Plan, repeat: int, stop: Stop) -> Arrays:
    """Return the arrays of a cell: errors inside the training cases of each fold."""
    started = time.perf_counter()

    def predict(split: Split) -> Array:
        leave_if(stop)
        return predictor.predict(split).predicted

    only = attrs.evolve(plan.folds, fold_of=plan.folds.fold_of[repeat : repeat + 1])
    seed = _inner_seed(repeat, plan)
    found = inner_errors(predict, only, plan.groups, predictor.cases.votes, seed=seed)[0]
    return {INNER: found, "seconds": np.array(time.perf_counter() - started)}


def run_of(
    planned: Planned,
    ks: Sequence[int],
    repeats: Sequence[Arrays],
    *,
    role: Role = "configuration",
    stated: Arrays | None = None,
    inner: Sequence[Arrays] = (),
) -> Run:
    """Put the cells of all repeats together."""
    problems = [str(problem) for cell in repeats for problem in cell["problems"]]
    return Run(
        label=planned.label,
        role=role,
        ks=tuple(ks),
        predicted=np.stack([cell["predicted"] for cell in repeats]),
        weight_squares=np.stack([cell["weight_squares"] for cell in repeats]),
        entries=np.stack([cell["entries"] for cell in repeats]),
        problems=sentences(problems),
        configuration=planned.configuration,
        substituted=planned.substituted,
        clustered=any(bool(cell["clustered"]) for cell in repeats),
        leaks=[part for part in PARTS_THAT_LEAK if any(part in cell["leaks"] for cell in repeats)],
        confidence=None if stated is None else stated_of(stated),
        inner=np.stack([cell[INNER] for cell in inner]) if inner else None,
        nearest=np.stack([cell["nearest"] for cell in repeats]),
    )


def sentences(problems: Sequence[str]) -> tuple[str, ...]:
    """Return what failed in one sentence, given a text per fold that is empty where nothing did."""
    failed = [problem for problem in problems if problem]
    if not failed:
        return ()
    return (f"not organised in {len(failed)} of {len(problems)} folds: {failed[0]}",)


def timings_of(
    label: str, repeats: Iterable[Arrays], stated: Arrays | None = None, inner: Iterable[Arrays] = ()
) -> Iterator[Timing]:
    """Yield how long each stage of each repeat took when it was computed."""
    for repeat, cell in enumerate(repeats):
        for stage, seconds in zip(STAGES, cell["seconds"].tolist(), strict=True):
            yield Timing(label=label, repeat=repeat, stage=stage, seconds=seconds)
    for repeat, cell in enumerate(inner):
        yield Timing(
            label=label, repeat=repeat, stage="inner cross-validation", seconds=float(cell["seconds"])
        )
    if stated is not None:
        yield Timing(label=label, repeat=ONCE, stage="confidence", seconds=float(stated["seconds"]))
