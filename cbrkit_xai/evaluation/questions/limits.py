"""What the numbers of an evaluation can't show, each sentence only where it applies."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.evaluation.questions.left_out_folds import incompleteness
from cbrkit_xai.evaluation.questions.own_k import at_another_k
from cbrkit_xai.evaluation.questions.stated_margin import stated_margin
from cbrkit_xai.evaluation.questions.twins import clustered_configurations
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.evaluation.scoring.query_independence import query_independence
from cbrkit_xai.evaluation.wording import counted, judges_of, leak_in_words, number, short_list

SMALL = 100
"""Below so many photos it is said that small differences cannot be seen."""


def limits(evaluation: Evaluation, *, margin: float | None = None) -> tuple[str, ...]:
    """Return the sentences of the section "what these numbers can't show".

    Parameters
    ----------
    margin : float, optional
        Of non-inferiority, as it was given to `answers`.
    """
    found = [
        _votes_by_programs(evaluation),
        _one_base(evaluation),
        _few_photos(evaluation),
        _folds_share_cases(evaluation),
        _intervals(evaluation),
        _leak(evaluation),
        *_substituted(evaluation),
        *(_incomplete(evaluation)),
        *(_other_ks(evaluation)),
        _margin(evaluation, margin),
        _query_independent(evaluation),
        _selected(evaluation),
        _unasked(evaluation),
        _no_choice(evaluation),
        _first_repeat(evaluation),
    ]
    return tuple(sentence for sentence in found if sentence)


def _votes_by_programs(evaluation: Evaluation) -> str:
    if not evaluation.is_automatic:
        return ""
    judges = judges_of(evaluation.provenance)
    return (
        f"Whether any explanation helps a person. The {evaluation.provenance.replace(': ', ' are ', 1)}: a "
        f"method is predicted to score best by {judges}, and nothing here says what people would prefer."
    )


def _one_base(evaluation: Evaluation) -> str:
    groups = evaluation.groups.number
    return (
        f"What holds on other photos. All of this is one case base, {evaluation.name}, of "
        f"{counted(len(evaluation.cases), 'case')} ({counted(groups, 'group')} of the same photo), and one "
        "classifier's explanations; only several bases could tell whether a result comes back."
    )


def _few_photos(evaluation: Evaluation) -> str:
    groups = evaluation.groups.number
    if groups >= SMALL:
        return ""
    return (
        f"Small differences. With {counted(groups, 'photo')} most of what is there cannot be seen: "
        "“can't tell” is the likely answer whatever the truth."
    )


def _folds_share_cases(evaluation: Evaluation) -> str:
    repeats, folds = evaluation.folds.repeats, evaluation.folds.per_repeat
    number_of = repeats * folds
    if number_of < 2:
        return "How sure any difference is. There is one fold, and a variance needs two."
    return (
        f"More evidence than one data set holds. The {number_of} folds ({repeats} × {folds}) share their "
        "cases and are not independent; repeating them again adds precision about these cases, not about "
        "others. The corrected t allows for it by a rule of thumb: no unbiased variance exists."
    )


def _intervals(evaluation: Evaluation) -> str:
    if not evaluation.configurations:
        return ""
    return (
        "How predictions would vary had other cases been learnt from. BCa intervals, those of skill, gap and "
        "regret among them, are conditional on these cases and likely too narrow."
    )


def _leak(evaluation: Evaluation) -> str:
    if not evaluation.leaks:
        return ""
    leaking = [run.label for run in evaluation.configurations if run.leaks]
    return (
        f"LEAK: how well {short_list(leaking)} would predict new photos. There "
        f"{leak_in_words(evaluation.leaks)}, so these results look better than they are."
    )


def _substituted(evaluation: Evaluation) -> list[str]:
    if not evaluation.substituted:
        return []
    return [
        f"SUBSTITUTED: how the features promised would do. {evaluation.substituted}; other features give "
        "other neighbours."
    ]


def _incomplete(evaluation: Evaluation) -> list[str]:
    reasons = [incompleteness(evaluation, run) for run in evaluation.configurations]
    return [f"Anything about a run that is not complete: {reason}." for reason in reasons if reason]


def _other_ks(evaluation: Evaluation) -> list[str]:
    reasons = [at_another_k(run) for run in evaluation.configurations]
    return [f"How good a configuration is as it is stated: {reason}." for reason in reasons if reason]


def _margin(evaluation: Evaluation, margin: float | None) -> str:
    if not clustered_configurations(evaluation):
        return ""
    found = stated_margin(evaluation, margin)
    if found.problem:
        return f"Whether clustering is no worse: {found.problem}."
    by_votes = "" if margin is not None else " and was taken from the same votes"
    return (
        f"Whether a loss below the margin matters. It is {number(found.votes)} votes ({found.source})"
        f"{by_votes}; how much may be lost is a choice, not a result."
    )


def _query_independent(evaluation: Evaluation) -> str:
    reached = []
    for run in clustered_configurations(evaluation):
        k = query_independence(run, evaluation.folds).same_from
        if k is not None:
            reached.append(f"{run.label} from k = {k}")
    if not reached:
        return ""
    return (
        "Retrieval where there is none. With as many neighbours as there are prototypes, all queries of a "
        f"fold get the same prediction: {'; '.join(reached)}."
    )


def _selected(evaluation: Evaluation) -> str:
    candidates = sum(len(run.ks) for run in evaluation.configurations)
    if candidates < 2:
        return ""
    return (
        f"How good the best-looking of {candidates} points on the curves is. The best of many looks better "
        "than it is; of what is marked “selected”, the estimate was made without choosing by the same cases."
    )


def _unasked(evaluation: Evaluation) -> str:
    missing = int(np.isnan(evaluation.votes).sum())
    if not missing:
        return ""
    return (
        f"Votes that nobody cast: {missing} of {evaluation.votes.size} pairs of case and method were never "
        "asked about, and count in no score."
    )


def _no_choice(evaluation: Evaluation) -> str:
    methods = len(evaluation.cases.methods)
    if methods < 2:
        return "Which method to show: there is one method, and nothing to choose."
    spread = np.nanmax(evaluation.votes) - np.nanmin(evaluation.votes) if _any_votes(evaluation) else 0.0
    if spread == 0:
        return "Anything at all about methods: all votes are equal."
    return ""


def _any_votes(evaluation: Evaluation) -> bool:
    return bool(np.isfinite(evaluation.votes).any())


def _first_repeat(evaluation: Evaluation) -> str:
    if all(run.confidence is None for run in evaluation.runs.values()):
        return ""
    return (
        "How calibrated stated confidence is in other folds: P(best), conformal sets and “out of experience” "
        "were stated in the first repeat alone."
    )
