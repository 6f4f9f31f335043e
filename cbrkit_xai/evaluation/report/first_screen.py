"""What the reader sees first: what was evaluated, on whose votes, the answers, and what they can't show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cbrkit_xai.evaluation.questions.answer import CANNOT_TELL, NO, YES, Answer, Verdict
from cbrkit_xai.evaluation.report.figures_in_words import listed
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.evaluation.wording import counted

_KINDS = {
    "better-than-mean": "Does similarity predict votes better than giving every photo the mean?",
    "clustered-no-worse-than-linear": "Is predicting by clusters no worse than by single photos?",
    "clustering-beats-random-groups": "Are the clusters better than as many random groups?",
    "latent-beats-histogram": "Do latent features predict better than colour histograms?",
    "better-than-chance": "Is anything better than chance?",
    "best-better-than-mean": "Is the best of all, chosen inside each fold, better than the mean?",
    "best-better-than-single-method": "Is showing what it predicts better than always showing one method?",
}
"""Questions that are asked of several configurations, as one."""

_TONES = {YES: "yes", NO: "no", CANNOT_TELL: "unsure"}
_NAMED = 6  # runs that are named in short
_SAID = {YES: "Yes", NO: "No", CANNOT_TELL: "Can't tell"}


def first_screen(evaluation: Evaluation, answers: Sequence[Answer], limits: Sequence[str]) -> dict[str, Any]:
    """Return what the first screen shows."""
    return {
        "done": what_was_done(evaluation),
        "short": _in_short(answers),
        "answers": [
            {
                "question": one.question,
                "verdict": _SAID[one.verdict],
                "tone": _TONES[one.verdict],
                "sentence": one.sentence,
            }
            for one in answers
        ],
        "how_answered": _how_answered(answers),
        "limits": list(limits),
        "beside": [
            {"question": one.question, "sentences": [line.sentence for line in one.sensitivity]}
            for one in answers
            if one.sensitivity
        ],
    }


def _in_short(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """Count the answers to each kind of question, and name whom they are about."""
    by_kind: dict[str, list[Answer]] = {}
    for one in answers:
        by_kind.setdefault(one.kind, []).append(one)
    return [
        {
            "question": _KINDS.get(kind, those[0].question),
            "verdicts": [
                {
                    "verdict": _SAID[verdict],
                    "tone": _TONES[verdict],
                    "whom": _whom(those, verdict),
                    "but": _but(those, verdict),
                }
                for verdict in (YES, NO, CANNOT_TELL)
                if any(one.verdict == verdict for one in those)
            ],
        }
        for kind, those in by_kind.items()
    ]


def _but(those: Sequence[Answer], verdict: Verdict) -> str:
    """Say of a yes that it is worth little where the global mean has earned it too."""
    passed = [one for one in those if one.verdict == verdict == YES and one.details.get("global_mean_passes")]
    if not passed:
        return ""
    whom = "" if len(passed) == sum(one.verdict == YES for one in those) else f" of {len(passed)} of them"
    said = f"By the margin{whom}, giving every photo the mean is no worse either"
    return f"{said}: it cannot tell CBR from no CBR."


def _whom(those: Sequence[Answer], verdict: Verdict) -> str:
    """Name the runs with that answer; nobody has to be named where the question is asked once."""
    if len(those) == 1:
        return ""
    names = [one.labels[0] for one in those if one.verdict == verdict and one.labels]
    if len(names) == len(those):
        return f"for all {len(those)}"
    return (
        listed(names) if len(names) <= _NAMED else f"{listed(names[:_NAMED])}, and {len(names) - _NAMED} more"
    )


def what_was_done(evaluation: Evaluation) -> str:
    """Say in a paragraph what was predicted, how it was held out, and with what it is compared."""
    cases, methods = evaluation.cases, evaluation.cases.methods
    ks = sorted({k for run in evaluation.configurations for k in run.ks})
    span = f"k = {ks[0]}" if len(ks) == 1 else f"k from {ks[0]} to {ks[-1]}" if ks else "no k"
    return (
        f"{counted(len(evaluation.configurations), 'configuration')} of case-based reasoning, with {span}, "
        f"predict how many votes each of {counted(len(methods), 'explanation method')} ({listed(methods)}) "
        f"gets for each of {counted(len(cases), 'photo')}. {_held_out(evaluation)} Beside them stand "
        f"{counted(len(evaluation.baselines), 'baseline')}, which need no similar photos or stand for what "
        "similarity has to beat."
    )


def _held_out(evaluation: Evaluation) -> str:
    protocol, folds = evaluation.protocol, evaluation.folds
    together = (
        f"photos that are the same photo are held out together ({counted(evaluation.groups.number, 'group')})"
    )
    if protocol.scheme == "leave-one-group-out":
        return f"Each group of photos is held out once and predicted from all others; {together}."
    if protocol.scheme == "hold-out":
        return (
            f"A share of {protocol.held_out:.0%} of the groups is held out, "
            f"{counted(folds.repeats, 'time')}, and predicted from the others; {together}."
        ).replace("%", " %")
    return (
        f"Every photo is predicted while it is held out: {counted(folds.per_repeat, 'fold')}, dealt anew "
        f"{counted(folds.repeats, 'time')}; {together}. What a configuration learns, it learns inside each "
        f"fold{_but_for(evaluation)}."
    )


def _but_for(evaluation: Evaluation) -> str:
    """Say what was learnt from all photos at once."""
    if not evaluation.leaks:
        return ""
    what = {"organizer": "clusters", "metric": "what metrics learn", "aggregator": "what aggregators learn"}
    return f", but for {listed([what[part] for part in evaluation.leaks])}: LEAK"


def _how_answered(answers: Sequence[Answer]) -> str:
    if not answers:
        return ""
    alpha = answers[0].details.get("alpha", 0.05)
    return (
        f"{counted(len(answers), 'question')}, asked together: the chance of any false yes or no among them "
        f"is kept to {alpha:g} (Holm). Yes and no are both shown by a test; can't tell is what neither was "
        "shown for, and is no no."
    )


def subtitle(evaluation: Evaluation) -> str:
    """Say below a picture's title what it is about; a picture will be shown without its page."""
    folds = evaluation.folds
    held_out = f"{folds.repeats} × {folds.per_repeat} folds"
    if evaluation.protocol.scheme == "leave-one-group-out":
        held_out = "each group held out once"
    elif evaluation.protocol.scheme == "hold-out":
        held_out = f"{evaluation.protocol.held_out:.0%} held out, {folds.repeats} times"
    return (
        f"{evaluation.name}, {counted(len(evaluation.cases), 'photo')}, {held_out}; {evaluation.provenance}"
    )
