"""Tests of differences between errors of held-out cases, as the claims need them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import attrs
import numpy as np

from cbrkit_xai.evaluation.decisions.comparison import Alternative, Comparison
from cbrkit_xai.evaluation.decisions.corrected_t import corrected_t
from cbrkit_xai.evaluation.questions.comparing import FEWEST_GROUPS
from cbrkit_xai.evaluation.questions.differences import case_errors, differences_of, nearest_alone
from cbrkit_xai.evaluation.questions.left_out_folds import left_out
from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.questions.stated_margin import StatedMargin
from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import ALPHA, ImpliedComparison
from cbrkit_xai.evaluation.reproduction.organisation import short_name
from cbrkit_xai.evaluation.results import Evaluation, Run
from cbrkit_xai.evaluation.scoring.scores import pooled_rmse
from cbrkit_xai.evaluation.wording import p_value
from cbrkit_xai.features import Array

Term: TypeAlias = tuple[float, Run, int]
"""Factor, run and k of a mean squared error in a contrast."""


@attrs.frozen(kw_only=True, eq=False)
class Contrast:
    """A sum of mean squared errors less another, fold by fold.

    Parameters
    ----------
    folds : array of shape (J,)
        Of those folds that count.
    test_over_training : float
        Held-out cases over training cases.
    least_variance : float
        Of the mean, as `clustered_variance` has it where predictions rest on one case each.
    problem : str
        Why it cannot be tested; empty if it can.
    note : str
        Which folds were left out; empty if none was.
    """

    folds: Array
    test_over_training: float
    least_variance: float = 0.0
    problem: str = ""
    note: str = ""

    def tested(self, boundary: float = 0.0, alternative: Alternative = "two-sided") -> Comparison:
        """Compare the contrast with a boundary by the corrected t."""
        return corrected_t(
            self.folds,
            self.test_over_training,
            boundary=boundary,
            alternative=alternative,
            level=1 - ALPHA,
            least_variance=self.least_variance,
        )


def contrast(evaluation: Evaluation, plus: Sequence[Term], minus: Sequence[Term]) -> Contrast:
    """Return the sum of factor times mean squared error over `plus`, less that over `minus`.

    Folds in which one of the runs was not organised are left out, as `left_out` allows.
    """
    terms = {(run.label, k): run for _, run, k in (*plus, *minus)}
    runs = list({label: run for (label, _), run in terms.items()}.values())
    nearest = [nearest_alone(evaluation, *one) for one in terms]
    found = differences_of(
        _total(evaluation, plus),
        _total(evaluation, minus),
        evaluation.folds,
        rests_on=[one for one in nearest if one is not None],
    )
    problem, note = _obstacle(evaluation, runs, found.per_case)
    return Contrast(
        folds=found.tested,
        test_over_training=found.test_over_training,
        least_variance=found.least_variance,
        problem=problem,
        note=note,
    )


def directed(
    about: str,
    difference: Contrast,
    sign: Literal[-1, 1],
    *,
    boundary: float = 0.0,
    numbers: Mapping[str, float] | None = None,
    note: str = "",
) -> ImpliedComparison:
    """Return the comparison that says that a contrast lies on one side of a boundary.

    By the corrected t, two-sided: a sign to the other side speaks against it.

    Parameters
    ----------
    sign : {-1, 1}
        Below the boundary, or above it.
    """
    notes = _joined(note, difference.note)
    if difference.problem:
        return ImpliedComparison(about=about, numbers=numbers or {}, problem=difference.problem, note=notes)
    tested = difference.tested(boundary)
    speaks_for = sign * (tested.estimate - boundary) > 0
    return ImpliedComparison(
        about=about,
        numbers=numbers or {},
        estimate=tested.estimate,
        interval=tested.interval,
        p_for=tested.p if speaks_for else 1.0,
        p_against=1.0 if speaks_for else tested.p,
        problem=tested.problem,
        note=notes,
    )


def alike(
    about: str, difference: Contrast, margin: StatedMargin, reference: float, *, numbers: Mapping[str, float]
) -> ImpliedComparison:
    """Return the comparison that says that a contrast is too small to matter.

    For it speaks that it is shown to be within the margin on both sides (two one-sided tests, Schuirmann
    1987); against it, that it is shown to be outside, on either side (Bonferroni). Finding nothing speaks for
    neither, nor does finding a difference: it may be too small to matter.

    Parameters
    ----------
    margin : StatedMargin
        What difference would matter; without one nothing is tested.
    reference : float
        Mean squared error from which the margin is counted.
    """
    given: dict[str, Any] = {"about": about, "numbers": numbers}
    if difference.problem:
        return ImpliedComparison(**given, problem=difference.problem, note=difference.note)
    tested = difference.tested()
    given |= {"estimate": tested.estimate, "interval": tested.interval}
    if tested.problem or margin.problem:
        note = _there(tested.p) if margin.problem and not tested.problem else ""
        problem = tested.problem or margin.problem
        return ImpliedComparison(**given, problem=problem, note=_joined(note, difference.note))
    bound = margin.squared(reference)
    within = max(difference.tested(bound, "less").p, difference.tested(-bound, "greater").p)
    outside = 2 * min(difference.tested(bound, "greater").p, difference.tested(-bound, "less").p)
    note = _of_what_size(within, outside) if tested.p <= ALPHA else ""
    return ImpliedComparison(
        **given, p_for=within, p_against=min(1.0, outside), note=_joined(note, difference.note)
    )


def _there(p: float) -> str:
    if p <= ALPHA:
        return f"There is a difference ({p_value(p)}); what is said to matter is not known."
    return f"No difference is shown ({p_value(p)}), which does not show that there is none."


def _of_what_size(within: float, outside: float) -> str:
    """Say of a difference that is shown to be there whether it matters."""
    if within <= ALPHA:
        return "There is a difference, and it is smaller than what was said to matter."
    if outside <= ALPHA:
        return ""
    return "There is a difference; whether it is as large as what was said to matter can't be told."


def _joined(*notes: str) -> str:
    return " ".join(one for one in notes if one)


def one_k_only(about: str) -> ImpliedComparison:
    """Return the comparison of two numbers of neighbours where only one was evaluated."""
    return ImpliedComparison(about=about, problem="only one number of neighbours was evaluated")


def rmse_at(evaluation: Evaluation, run: Run, k: int) -> float:
    """Return a run's pooled RMSE with k neighbours; NaN where it predicts nothing."""
    return float(pooled_rmse(run.at(k), evaluation.votes, over=(0, 1)))


def errors_of(evaluation: Evaluation, first: Run, second: Run) -> dict[str, float]:
    """Return the pooled RMSE of the two runs that are compared, each at its own k."""
    return {
        f"RMSE, {place}": rmse_at(evaluation, run, own_k(run))
        for place, run in (("first", first), ("second", second))
    }


def _total(evaluation: Evaluation, terms: Sequence[Term]) -> Array:
    return np.sum([factor * case_errors(evaluation, run.label, k) for factor, run, k in terms], axis=0)


def _obstacle(evaluation: Evaluation, runs: Sequence[Run], per_case: Array) -> tuple[str, str]:
    """Return why these runs cannot be compared, and what had to be left out."""
    photos = evaluation.groups.number
    if photos < FEWEST_GROUPS:
        return f"there are only {photos} photos; decisions take at least {FEWEST_GROUPS}", ""
    found = [left_out(evaluation, run, short_name(run)) for run in runs]
    problem = next((one.problem for one in found if one.problem), "")
    if not problem and np.isnan(per_case).all():
        problem = "no held-out case was predicted"
    return problem, "" if problem else _joined(*(one.note for one in found))


def error_of(evaluation: Evaluation, run: Run) -> float:
    """Return a run's mean squared error at its own k, from which margins are counted; NaN if none."""
    errors = case_errors(evaluation, run.label, own_k(run))
    known = errors[~np.isnan(errors)]
    return float(known.mean()) if len(known) else math.nan
