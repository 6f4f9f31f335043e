"""What takes part in a comparison: a run at a stated k, or the best of many chosen inside each fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import attrs
import numpy as np

from cbrkit_xai.evaluation.decisions.nested_selection import Choice, assembled, choose
from cbrkit_xai.evaluation.questions.differences import PerCase, case_errors, fold_means, nearest_alone
from cbrkit_xai.evaluation.questions.left_out_folds import incompleteness, left_out
from cbrkit_xai.evaluation.questions.own_k import at_another_k, own_k
from cbrkit_xai.evaluation.results import Evaluation, Run
from cbrkit_xai.evaluation.scoring.vote_errors import squared_error
from cbrkit_xai.features import Array

StatedK: TypeAlias = int | Literal["selected"] | None
"""A k for all, "selected" for one chosen inside each fold, or None for each configuration's own."""

Inner: TypeAlias = Mapping[str, Array]
"""From a label to its inner errors `(repeats, folds, ks)`, as `inner_errors.inner_errors` gives them."""


def _candidates(values: Sequence[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple(values)


@attrs.frozen(kw_only=True, eq=False)
class Contestant:
    """A predictor as it is compared.

    Parameters
    ----------
    name : str
        Label and k, in words.
    candidates : tuple of (str, int)
        The one label and k, or those that were chosen among.
    choice : Choice, optional
        Which of them each fold takes; None where there is but one.
    problem : str
        Why there are no predictions to compare; empty if there are.
    left_out : str
        Which folds are left out of a comparison with it; empty where none is.
    at_another_k : str
        That it is judged at another k than its own, which was not evaluated; empty where it is not.
    """

    name: str
    candidates: tuple[tuple[str, int], ...] = attrs.field(converter=_candidates)
    choice: Choice | None = None
    problem: str = ""
    left_out: str = ""
    at_another_k: str = ""

    @property
    def is_selected(self) -> bool:
        """Whether it is the best of many."""
        return self.choice is not None

    def errors(self, evaluation: Evaluation, error: PerCase = squared_error) -> Array:
        """Return its per-case errors, `(repeats, n)`."""
        if self.choice is None:
            return case_errors(evaluation, *self.candidates[0], error)
        return assembled(
            self.choice.chosen,
            lambda one: case_errors(evaluation, *self.candidates[one], error),
            evaluation.folds.fold_of,
        )

    def rests_on(self, evaluation: Evaluation) -> tuple[Array, ...]:
        """Return the one training case on which each prediction rests, `(repeats, n)`; nothing if none does.

        -1 where a prediction rests on several.
        """
        known = {
            place: found
            for place, (label, k) in enumerate(self.candidates)
            if (found := nearest_alone(evaluation, label, k)) is not None
        }
        if not known:
            return ()
        if self.choice is None:
            return (known[0],)
        several = np.full(evaluation.folds.fold_of.shape, -1)
        chosen = assembled(self.choice.chosen, lambda one: known.get(one, several), evaluation.folds.fold_of)
        return (np.nan_to_num(chosen, nan=-1).astype(np.int64),)

    def apparent_errors(self, evaluation: Evaluation, error: PerCase = squared_error) -> Array:
        """Return the errors of what is best over all folds, chosen and judged by the same cases."""
        place = 0 if self.choice is None else self.choice.apparent
        return case_errors(evaluation, *self.candidates[place], error)

    def judged(self) -> list[dict[str, Any]]:
        """Return what stands for it in which share of the folds, most often first, as JSON values."""
        shares = {0: 1.0} if self.choice is None else self.choice.shares
        return [
            {"label": self.candidates[one][0], "k": self.candidates[one][1], "share": share}
            for one, share in shares.items()
            if one >= 0
        ]

    @property
    def is_of_other_folds(self) -> bool:
        """Whether it was chosen on each repeat's other folds, and not inside each fold's training cases."""
        return self.choice is not None and not self.choice.is_inner


def at_stated_k(evaluation: Evaluation, run: Run, k: int | None = None) -> Contestant:
    """Return a run at the k given, or at its configuration's own (or what was evaluated nearest to it).

    Parameters
    ----------
    k : int, optional
        A run without neighbours ignores it.
    """
    stated = stated_k(run, k)
    name = named(run.label, stated)
    found = left_out(evaluation, run)
    problem = found.problem
    if not problem and stated not in run.ks:
        problem = f"{run.label} was not evaluated with k = {stated}"
    return Contestant(
        name=name,
        candidates=[(run.label, stated)],
        problem=problem,
        left_out=found.note,
        at_another_k=at_another_k(run) if k is None else "",
    )


def stated_k(run: Run, k: int | None = None) -> int:
    """Return the k at which a run is judged: the one given, or its configuration's own."""
    return own_k(run) if k is None or run.ks == (0,) else k


def k_chosen_inside(evaluation: Evaluation, run: Run, inner: Inner | None = None) -> Contestant:
    """Return a run whose k is chosen anew in each fold."""
    chosen = _best_of(evaluation, [run], inner)
    return attrs.evolve(
        chosen,
        name=f"{run.label} (k chosen in each fold)",
        problem=incompleteness(evaluation, run) or chosen.problem,
    )


def best_of_all(evaluation: Evaluation, inner: Inner | None = None) -> Contestant:
    """Return the best configuration and k, chosen anew in each fold among those that are complete."""
    complete = [run for run in evaluation.configurations if not incompleteness(evaluation, run)]
    return _best_of(evaluation, complete, inner)


def _best_of(evaluation: Evaluation, runs: Sequence[Run], inner: Inner | None) -> Contestant:
    candidates = [(run.label, k) for run in runs for k in run.ks]
    name = f"the best of {len(candidates)} choices of configuration and k, chosen anew in each fold"
    if not candidates:
        return Contestant(name=name, candidates=(), problem="no configuration predicts every held-out case")
    errors = np.stack([fold_means(case_errors(evaluation, *one), evaluation.folds) for one in candidates])
    inside = None
    if inner is not None and all(run.label in inner for run in runs):
        inside = np.concatenate([np.moveaxis(np.asarray(inner[run.label]), -1, 0) for run in runs])
    choice = choose(errors, inside)
    return Contestant(name=name, candidates=candidates, choice=choice, problem=choice.problem)


def named(label: str, k: int) -> str:
    """Return a label with its k, in words."""
    return f"{label} (k = {k})" if k else label
