"""Two contestants compared by the primary test, with all that must stand beside it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.evaluation.decisions.comparison import Comparison, cannot_be_tested
from cbrkit_xai.evaluation.decisions.corrected_t import corrected_t
from cbrkit_xai.evaluation.decisions.non_inferiority import non_inferiority
from cbrkit_xai.evaluation.questions.asked import Asked
from cbrkit_xai.evaluation.questions.contestants import (
    Contestant,
    Inner,
    StatedK,
    at_stated_k,
    k_chosen_inside,
)
from cbrkit_xai.evaluation.questions.differences import PairedDifferences, PerCase, differences_of
from cbrkit_xai.evaluation.questions.sensitivity import sensitivity_lines
from cbrkit_xai.evaluation.questions.shared_nearest import shared_nearest
from cbrkit_xai.evaluation.questions.stated_margin import StatedMargin
from cbrkit_xai.evaluation.results import GLOBAL_MEAN, Evaluation, Run
from cbrkit_xai.evaluation.scoring.vote_errors import squared_error
from cbrkit_xai.evaluation.wording import counted, leak_in_words, number

FEWEST_GROUPS = 10
"""Below so many photos, folds hold out one or two at a time and their means say nothing."""

_WIDENED = (
    "At k = 1 some photos are the nearest of many others, whose errors go together; the interval is wider "
    "for it than fold differences alone would have it."
)
_PASSES = "This margin cannot tell CBR from no CBR: the global mean passes it too."


@attrs.frozen(kw_only=True, eq=False)
class Study:
    """What all questions about one evaluation share.

    Parameters
    ----------
    evaluation : Evaluation
        What is asked.
    margin : StatedMargin
        Of non-inferiority; also the region of practical equivalence.
    alpha : float
        Level.
    k : int, "selected" or None
        At which k configurations are judged.
    inner : mapping, optional
        Inner errors by label.
    """

    evaluation: Evaluation
    margin: StatedMargin
    alpha: float
    k: StatedK = None
    inner: Inner | None = None

    def contestant(self, run: Run) -> Contestant:
        """Return a run as it is judged."""
        if self.k == "selected" and len(run.ks) > 1:
            return k_chosen_inside(self.evaluation, run, self.inner)
        return at_stated_k(self.evaluation, run, self.k if isinstance(self.k, int) else None)

    def contestants(self, first: Run, second: Run) -> tuple[Contestant, Contestant]:
        """Return two runs as they are judged against each other: a k that is chosen, by one rule for both.

        An inner cross-validation chooses worse than the other folds do, which have seen the fold's cases; the
        one chosen so would be at a disadvantage.
        """
        has_inner = all(run.label in (self.inner or {}) for run in (first, second) if len(run.ks) > 1)
        study = self if has_inner else attrs.evolve(self, inner=None)
        return study.contestant(first), study.contestant(second)

    def baseline(self, label: str) -> Contestant:
        """Return a baseline, or a contestant that says that it was not evaluated."""
        if label not in self.evaluation.runs:
            problem = f"the baseline {label} was not evaluated"
            return Contestant(name=label, candidates=[(label, 0)], problem=problem)
        return at_stated_k(self.evaluation, self.evaluation.run(label))

    @property
    def obstacle(self) -> str:
        """Why nothing can be decided on this base at all; empty if something can."""
        groups = self.evaluation.groups.number
        if groups >= FEWEST_GROUPS:
            return ""
        return f"there are only {counted(groups, 'photo')}; decisions take at least {FEWEST_GROUPS}"


def compared(
    study: Study,
    first: Contestant,
    second: Contestant,
    *,
    kind: str,
    question: str,
    statement: str,
    error: PerCase = squared_error,
    unit: str = "votes²",
) -> Asked:
    """Return the question whether the first errs less than the second, tested by the corrected t."""
    reason = study.obstacle or first.problem or second.problem
    asked = _unanswered(study, first, second, kind=kind, question=question, statement=statement, unit=unit)
    if reason:
        return attrs.evolve(asked, reason=reason, comparison=cannot_be_tested(reason), remarks=())
    differences = _differences(study, first, second, error)
    # The margin is about squared errors alone; nobody has said which regret makes no difference.
    region = study.margin.squared(differences.second_error) if error is squared_error else 0.0
    tested = corrected_t(
        differences.tested,
        differences.test_over_training,
        level=1 - study.alpha,
        least_variance=differences.least_variance,
    )
    return _with_numbers(study, asked, first, second, differences, tested, region, error)


def no_worse(study: Study, clustered: Contestant, linear: Contestant) -> Asked:
    """Return the question whether a clustered organisation is no worse than its linear twin."""
    margin = study.margin
    allowed = f"the margin of {number(margin.votes)} votes (RMSE; {margin.source})"
    asked = _unanswered(
        study,
        clustered,
        linear,
        kind="clustered-no-worse-than-linear",
        question=f"Is {clustered.name} no worse than {linear.name}?",
        statement=f"{clustered.name} is no worse than {linear.name} by "
        + ("a margin" if margin.problem else allowed),
    )
    reason = study.obstacle or clustered.problem or linear.problem or margin.problem
    if reason:
        return attrs.evolve(asked, reason=reason, comparison=cannot_be_tested(reason), remarks=())
    differences = _differences(study, clustered, linear, squared_error)
    mean = study.baseline(GLOBAL_MEAN)
    of_mean = None if mean.problem else _differences(study, mean, linear, squared_error).tested
    found = non_inferiority(
        differences.tested,
        differences.test_over_training,
        margin.votes,
        differences.second_error,
        mean_differences=of_mean,
        alpha=study.alpha,
        least_variance=differences.least_variance,
    )
    asked = _with_numbers(
        study, asked, clustered, linear, differences, found.comparison, found.squared_margin, squared_error
    )
    details = {
        "margin_votes": margin.votes,
        "margin_source": margin.source,
        "margin_squared": found.squared_margin,
        "global_mean_passes": found.global_mean_passes,
    }
    return attrs.evolve(
        asked,
        boundary=found.squared_margin,
        boundary_words="the margin",
        remarks=(*((_PASSES,) if found.global_mean_passes else ()), *asked.remarks),
        details={**asked.details, **details},
    )


def _differences(study: Study, first: Contestant, second: Contestant, error: PerCase) -> PairedDifferences:
    evaluation = study.evaluation
    return differences_of(
        first.errors(evaluation, error),
        second.errors(evaluation, error),
        evaluation.folds,
        rests_on=(*first.rests_on(evaluation), *second.rests_on(evaluation)),
    )


def _unanswered(
    study: Study,
    first: Contestant,
    second: Contestant,
    *,
    kind: str,
    question: str,
    statement: str,
    **more: Any,
) -> Asked:
    return Asked(
        kind=kind,
        labels=tuple(dict.fromkeys(label for one in (first, second) for label, _ in one.candidates)),
        question=question,
        statement=statement,
        comparison=Comparison(estimate=np.nan),
        selected=first.is_selected or second.is_selected,
        remarks=_remarks(study, first, second),
        **more,
    )


def _with_numbers(
    study: Study,
    asked: Asked,
    first: Contestant,
    second: Contestant,
    differences: PairedDifferences,
    tested: Comparison,
    region: float,
    error: PerCase,
) -> Asked:
    evaluation = study.evaluation
    details: dict[str, Any] = {
        "statistic": tested.statistic,
        "degrees_of_freedom": tested.degrees,
        "test_over_training": differences.test_over_training,
        "region": region,
        "least_variance": differences.least_variance,
        "contestants": [{"name": one.name, "judged": one.judged()} for one in (first, second)],
    }
    apparent = np.nan
    if asked.selected:
        at_its_best = differences_of(
            first.apparent_errors(evaluation, error),
            second.apparent_errors(evaluation, error),
            evaluation.folds,
        )
        apparent = float(at_its_best.tested.mean())  # over folds, as the estimate
        details["is_inner"] = all(one.choice is None or one.choice.is_inner for one in (first, second))
    return attrs.evolve(
        asked,
        comparison=tested,
        region=region,
        remarks=(
            *asked.remarks,
            *((_WIDENED,) if differences.is_widened else ()),
            *shared_nearest(evaluation, [*_judged_at(first), *_judged_at(second)]),
        ),
        apparent=apparent,
        sensitivity=sensitivity_lines(differences, evaluation.groups.labels, region, asked.unit),
        details=details,
    )


def _judged_at(one: Contestant) -> list[tuple[str, int]]:
    """Return the label and k, or those that some fold chose."""
    return [(each["label"], each["k"]) for each in one.judged()]


def _remarks(study: Study, first: Contestant, second: Contestant) -> tuple[str, ...]:
    caveats = [one for one in (_how_chosen(study, first, second),) if one]
    caveats += [f"Note that {one.at_another_k}." for one in (first, second) if one.at_another_k]
    caveats += [f"Note that {one.left_out}" for one in (first, second) if one.left_out]
    labels = [label for one in (first, second) for label, _ in one.candidates]
    return tuple(dict.fromkeys([*caveats, *marks(study, labels)]))


def _how_chosen(study: Study, *contestants: Contestant) -> str:
    """Say which of them were chosen on other folds, and what that does; empty if none was."""
    chosen = [one for one in contestants if one.is_of_other_folds]
    if not chosen:
        return ""
    names = " and ".join(one.name for one in chosen)
    text = (
        "Note that what was chosen on each repeat's other folds, whose predictions rest on this fold's cases "
        f"too, still looks a little better than it is: here {names}"
    )
    labels = dict.fromkeys(label for one in chosen for label, _ in one.candidates)
    without = [label for label in labels if label not in (study.inner or labels)]
    if len(chosen) > 1 and without:
        text += f"; for {' and '.join(without)} there is no inner cross-validation, and one rule is for both"
    return f"{text}."


def marks(study: Study, labels: Iterable[str]) -> tuple[str, ...]:
    """Return what must stand beside whatever is said of these runs: LEAK, and each SUBSTITUTED."""
    runs = study.evaluation.runs
    involved = [runs[label] for label in dict.fromkeys(labels) if label in runs]
    leaks = dict.fromkeys(leak_in_words(run.leaks) for run in involved if run.leaks)
    found = [f"LEAK: {one}." for one in leaks]
    substituted = dict.fromkeys(run.substituted for run in involved if run.substituted)
    return (*found, *(f"SUBSTITUTED: {one}." for one in substituted))
