"""Chooses what a case base should be used with, by a procedure that is fixed before anything is seen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cbrkit_xai import registry as registries
from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.errors import CaseBaseError, ParameterError
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.running.makers import source_hashes, versions_of
from cbrkit_xai.evaluation.running.plan import Plan
from cbrkit_xai.evaluation.tuning.candidates import Candidates, candidates_of
from cbrkit_xai.evaluation.tuning.choosing import chosen_by_all, chosen_in_folds, has_gaps
from cbrkit_xai.evaluation.tuning.estimate import estimated
from cbrkit_xai.evaluation.tuning.grid import Grid, default_grid
from cbrkit_xai.evaluation.tuning.measuring import Measured, measured
from cbrkit_xai.evaluation.tuning.tuned import Tuning
from cbrkit_xai.evaluation.working import cores, one_thread_each
from cbrkit_xai.protocols import Progress
from cbrkit_xai.registry import Registry


def tune(
    base: CaseBase,
    grid: Grid | None = None,
    *,
    protocol: Protocol | None = None,
    folder: str | Path | None = None,
    registry: Registry | None = None,
    substitute: Mapping[str, str] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Tuning:
    """Choose a configuration and a k, or the global mean, and say what that procedure is worth.

    The choice is that of `simplest_within_one_standard_error` among `candidates_of` the grid, by the squared
    errors of a cross-validation. It is made once by all cases, which is the answer; and once by the training
    cases of each outer fold, by a cross-validation inside them, and judged on the fold's held-out cases. The
    latter is what the whole procedure errs on new photos: the error of what was chosen by all cases is, on
    these same cases, too small.

    Parameters
    ----------
    base : CaseBase
        Enough groups of photos that a fold can be held out and its training cases be divided again.
    grid : Grid, optional
        By default the one that is shipped.
    protocol : Protocol, optional
        How cases are held out; by default 5 folds, 10 times. Clusters are found inside each fold.
    folder : path, optional
        Where finished cells are kept, so that an interrupted tuning goes on where it was; nothing is kept by
        default, nor ever of a component that was registered by hand.
    registry : Registry, optional
        By default that of everything installed.
    substitute : mapping of str to str, optional
        What may stand for features that a profile promises and the base lacks, as `evaluate` takes it.
    workers : int, optional
        Threads; by default one for each core. No result depends on it.
    progress : callable, optional
        Called with (cells done, cells in all).

    References
    ----------
    Varma & Simon, Bias in error estimation when using cross-validation for model selection, BMC
    Bioinformatics 7 (2006) 91; Cawley & Talbot, On over-fitting in model selection, JMLR 11 (2010)
    2079-2107.

    Raises
    ------
    CaseBaseError
        Too few photos, or nobody voted; or no configuration of the grid is applicable.
    ConfigurationError, ParameterError
        What was asked does not hold together.
    """
    registry = registry or registries.default_registry()
    protocol = protocol or Protocol()
    if protocol.leaks:
        raise ParameterError(
            f"cluster_scope is {protocol.cluster_scope!r}",
            where="protocol",
            allowed="fold: what was chosen among held-out photos cannot be judged by them",
        )
    if not base.methods:
        raise CaseBaseError("nobody voted", where=base.name, next_step="import votes")
    grid = grid or default_grid()
    candidates = candidates_of(grid, base, substitute=substitute or {}, registry=registry)
    plan = Plan.of(base, protocol, candidates.ks, registry=registry, folder=folder)
    _refuse_few_groups(plan)
    with one_thread_each():
        found = measured(candidates, plan, workers=workers or cores(), progress=progress)
        return _tuned(grid, candidates, plan, found)


def _refuse_few_groups(plan: Plan) -> None:
    for split in plan.folds.splits():
        left = len(np.unique(plan.groups.labels[split.training]))
        if left < 2:
            raise CaseBaseError(
                f"{len(plan.base)} cases are {plan.groups.number} groups of photos, of which {left} would be "
                "left to choose by",
                where=plan.base.name,
                allowed="groups enough to hold some out, choose by others, and learn from the rest",
                next_step="add photos that are not the same as these, or deal more folds",
            )


def _tuned(grid: Grid, candidates: Candidates, plan: Plan, found: Measured) -> Tuning:
    """Choose, by all cases and by the training cases of each fold."""
    if np.isnan(found.outer[0]).all():
        raise CaseBaseError(
            "no case can be judged: nobody voted on a method that the training cases know",
            where=plan.base.name,
            next_step="import votes on more photos",
        )
    in_folds = chosen_in_folds(found, plan.folds, plan.groups)
    overall, remarks = chosen_by_all(found, candidates.points, plan)
    winner = candidates.points[overall.chosen]
    shape = plan.folds.repeats, plan.folds.per_repeat
    chosen, least = (
        np.array([getattr(one.chosen, which) for one in in_folds]).reshape(shape)
        for which in ("chosen", "least")
    )
    evaluated = [one.configuration for one in candidates.planned]
    return Tuning(
        name=plan.base.name,
        provenance=plan.base.provenance,
        is_automatic="automatic" in plan.base.sources,
        grid=grid,
        protocol=plan.protocol,
        groups=plan.groups,
        folds=plan.folds,
        points=candidates.points,
        outer=found.outer,
        problems=_problems(found, plan),
        in_folds=in_folds,
        overall=overall,
        estimate=estimated(
            found.outer, chosen, least, plan.folds, plan.groups.labels, seed=plan.protocol.seed
        ),
        recommended=winner.configuration or candidates.otherwise,
        substituted="; ".join(
            dict.fromkeys(one.substituted for one in candidates.planned if one.substituted)
        ),
        notes=(*candidates.left_out, *plan.folds.notes, *remarks),
        versions=versions_of(evaluated, plan.registry),
        hashes={
            "base": plan.base.content_hash,
            **{one.label: one.configuration.hash for one in candidates.planned},
            **source_hashes(evaluated, plan.registry),
        },
    )


def _problems(found: Measured, plan: Plan) -> tuple[str, ...]:
    """Return a sentence for each candidate that could not be chosen everywhere; empty for the others."""
    gaps = has_gaps(found, plan.folds)
    folds = gaps[0].size
    sentences = []
    for problems, gap in zip(found.problems, gaps, strict=True):
        failed = [str(problem) for problem in problems.ravel() if problem]
        if failed:
            sentences.append(f"not organised in, or inside, {len(failed)} of {folds} folds: {failed[0]}")
        elif gap.any():
            sentences.append(f"leaves cases without a prediction in {int(gap.sum())} of {folds} folds")
        else:
            sentences.append("")
    return tuple(sentences)
