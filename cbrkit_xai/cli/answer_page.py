"""A recommendation as people read it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cbrkit_xai.cli.terminal import print_table, print_wrapped, say

if TYPE_CHECKING:
    from cbrkit_xai.recommendation import Recommendation

_WIDTH = 20  # characters of the longest bar


def print_answer(answer: Recommendation) -> None:
    """Print the ranking, how sure it is, why, and how long it took."""
    say(f"{answer.photo}: {verdict(answer)}")
    say(f"{answer.configuration} on {answer.base} · {answer.provenance}")
    rows = [
        (
            str(place),
            method,
            _number(answer.votes[method], 2),
            f"{answer.confidence[method]:.2f} {_bar(answer.confidence[method])}",
            _seconds(answer.method_seconds.get(method)),
        )
        for place, method in enumerate(answer.ranking, start=1)
    ]
    print_table(("", "method", "predicted votes", "P(best)", "takes"), rows)
    print_wrapped(f"basis: {answer.basis} · {_set(answer)}")
    if answer.basis == "similar-cases":  # otherwise the reasons say it
        print_wrapped(f"trust: {answer.statement}")
    print_wrapped(f"why: {answer.because.text}")
    for warning in answer.warnings:
        print_wrapped(f"note: {warning}")
    print("time: " + ", ".join(f"{stage} {1000 * value:.1f} ms" for stage, value in answer.seconds.items()))
    print()


def print_summary(answers: Sequence[Recommendation]) -> None:
    """Print one line per photo."""
    rows = [
        (answer.photo, answer.best, f"{answer.confidence[answer.best]:.2f}", answer.basis)
        for answer in answers
    ]
    print_table(("photo", "show", "P(best)", "basis"), rows)


def verdict(answer: Recommendation) -> str:
    """Return in words which method to show, by whose votes, and the chance that it is best."""
    chance = f"P(best) {answer.confidence[answer.best]:.2f}"
    if any(votes > answer.votes[answer.best] for votes in answer.votes.values()):
        return f"show {answer.best}, first once its time has its price ({chance})"
    if answer.voted_by == "people":
        return f"show {answer.best}, predicted to get the highest votes ({chance})"
    return f"show {answer.best}, predicted to score best by {answer.voted_by} ({chance})"


def _set(answer: Recommendation) -> str:
    if answer.out_of_experience:
        return "this photo is unlike the base's, so no 90 % set is claimed"
    if answer.conformal_set is None:
        return "no 90 % set (fewer than 30 cases, or a choice of methods)"
    if len(answer.conformal_set) == len(answer.ranking):
        return "90 % set: all methods, that is, can't tell"
    names = ", ".join(answer.conformal_set)
    return f"{{{names}}} contains the winner in about 90 % of photos like those in the base"


def _number(value: float, digits: int) -> str:
    return "not asked" if math.isnan(value) else f"{value:.{digits}f}"


def _bar(share: float) -> str:
    return "█" * round(_WIDTH * share)


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} s"
