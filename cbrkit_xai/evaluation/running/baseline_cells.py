"""Baselines through the folds of a repeat; those that look at features once for each representation."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.confidence.folds import draw
from cbrkit_xai.evaluation.baselines import BASELINES, predict_baseline
from cbrkit_xai.evaluation.results import Run, Timing
from cbrkit_xai.evaluation.running.finishing import Arrays, Batch, CellName, Compute
from cbrkit_xai.evaluation.running.makers import features_decided_by
from cbrkit_xai.evaluation.running.plan import Plan
from cbrkit_xai.evaluation.running.planning import Planned
from cbrkit_xai.evaluation.working import Stop, leave_if
from cbrkit_xai.protocols import Representation

MOST_NUMBERS = 20_000
"""Features of more numbers a photo, such as its pixels, are too much for a regression on a few hundred."""


@attrs.frozen(kw_only=True, eq=False)
class Contender:
    """A baseline, on features or on none.

    Parameters
    ----------
    label : str
        Its name; behind it, the representation whose features it sees.
    baseline : str
        Its name.
    planned : Planned, optional
        A configuration of these features; None for a baseline that looks at none.
    """

    label: str
    baseline: str
    planned: Planned | None = None

    @property
    def representation(self) -> Representation | None:
        """What makes the features that it looks at."""
        return None if self.planned is None else self.planned.components.representation

    @property
    def substituted(self) -> str:
        """What stands in the place of what the features' name promises; empty if nothing does."""
        return "" if self.planned is None else self.planned.substituted


def contenders(
    names: Sequence[str], planned: Sequence[Planned], plan: Plan
) -> tuple[tuple[Contender, ...], tuple[str, ...]]:
    """Return the baselines that are applicable, and a sentence for those that are not.

    Parameters
    ----------
    names : sequence of str
        Of `BASELINES`.
    planned : sequence of Planned
        Whose representations are looked at, each once.
    """
    found: list[Contender] = []
    left_out: list[str] = []
    fitting, unfit = _representations(planned, plan)
    by_features = [name for name in names if BASELINES[name].needs_features]
    for name in names:
        baseline = BASELINES[name]
        if baseline.needs_classes and not any(plan.classes):
            left_out.append(f"{name} left out: the classes whose explanations were judged are not known")
        elif not baseline.needs_features:
            found.append(Contender(label=name, baseline=name))
        else:
            found += [attrs.evolve(one, label=f"{name} on {one.label}", baseline=name) for one in fitting]
    if by_features:
        left_out += [
            f"{', '.join(by_features)} are not fitted to {what}: more than {MOST_NUMBERS:,} numbers a photo"
            for what in unfit
        ]
    return tuple(found), tuple(left_out)


def _representations(planned: Sequence[Planned], plan: Plan) -> tuple[list[Contender], list[str]]:
    """Return the representations, each once and named as shortly as tells them apart, and the too large."""
    by_fingerprint = {one.components.representation.fingerprint: one for one in reversed(planned)}
    different = [one for one in planned if by_fingerprint[one.components.representation.fingerprint] is one]
    names = [one.configuration.representation.name for one in different]
    fitting, unfit = [], []
    for one in different:
        use = one.configuration.representation
        label = use.name if names.count(use.name) == 1 else str(use)
        if _numbers(one.components.representation, plan) > MOST_NUMBERS:
            unfit.append(label)
            continue
        fitting.append(Contender(label=label, baseline="", planned=one))
    return fitting, unfit


def _numbers(representation: Representation, plan: Plan) -> int:
    """Return how many numbers describe a photo."""
    first = attrs.evolve(plan.base, cases=plan.base.cases[:1]).columns(representation).features
    parts = first.values() if isinstance(first, Mapping) else [first]
    return sum(int(np.prod(part.shape[1:])) for part in parts)


def baseline_batches(found: Sequence[Contender], plan: Plan) -> Iterator[Batch]:
    """Yield the cells of baselines, those together that look at the same features."""
    sharing: dict[str, list[Contender]] = {}
    for one in found:
        fingerprint = "" if one.representation is None else one.representation.fingerprint
        sharing.setdefault(fingerprint, []).append(one)
    for some in sharing.values():
        keys = {
            CellName(one.label, repeat): _key_of(one, repeat, plan)
            for one in some
            for repeat in range(plan.folds.repeats)
        }
        yield Batch(keys=keys, prepare=partial(_prepared, some, plan))


def _key_of(one: Contender, repeat: int, plan: Plan) -> str | None:
    if one.planned is None:
        return None  # computed sooner than read
    features = features_decided_by(one.planned.configuration, one.planned.components, plan.registry)
    if features is None:
        return None
    what = {"baseline": one.baseline, **features, "seed": plan.protocol.seed}
    return plan.key(what, repeat, by_k=False)


def _prepared(some: Sequence[Contender], plan: Plan) -> Compute:
    representation = some[0].representation
    cases = plan.bare if representation is None else plan.cases(representation)
    by_label = {one.label: one for one in some}

    def compute(name: CellName, stop: Stop) -> Arrays:
        return _predict_repeat(by_label[name.label].baseline, cases, name.repeat, plan, stop)

    return compute


def _predict_repeat(baseline: str, cases: Cases, repeat: int, plan: Plan, stop: Stop) -> Arrays:
    started = time.perf_counter()
    predicted = np.full(cases.votes.shape, np.nan)
    classes = np.array(plan.classes, dtype=object)
    for fold in range(plan.folds.per_repeat):
        leave_if(stop)
        split = plan.folds.split(repeat, fold)
        predicted[split.held_out] = predict_baseline(
            baseline,
            cases.take(split.training),
            cases.take(split.held_out),
            classes[split.training].tolist(),
            classes[split.held_out].tolist(),
            seed=draw(plan.protocol.seed, "baseline", baseline, str(repeat), str(fold)) % 2**32,
        )
    return {"predicted": predicted, "seconds": np.array(time.perf_counter() - started)}


def baseline_run(one: Contender, repeats: Sequence[Arrays], plan: Plan) -> Run:
    """Put the cells of all repeats together."""
    predicted = np.stack([cell["predicted"] for cell in repeats])  # (repeats, n, methods)
    return Run(
        label=one.label,
        role="baseline",
        ks=(0,),
        predicted=predicted[:, :, None],
        weight_squares=np.full((*predicted.shape[:2], 1), np.nan),
        entries=np.zeros((plan.folds.repeats, plan.folds.per_repeat), dtype=np.int64),
        substituted=one.substituted,
    )


def baseline_timings(label: str, repeats: Sequence[Arrays]) -> Iterator[Timing]:
    """Yield how long each repeat took when it was computed."""
    for repeat, cell in enumerate(repeats):
        yield Timing(label=label, repeat=repeat, stage="baseline", seconds=float(cell["seconds"]))
