"""Explanations as people read them in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cbrkit_xai.cli.terminal import print_wrapped, say

if TYPE_CHECKING:
    from cbrkit_xai.explaining.explanation import Explanation
    from cbrkit_xai.recommendation import Recommendation


def print_explanations(
    explanations: Sequence[Explanation], answer: Recommendation | None, file: Path
) -> None:
    """Print what was explained, how far each method can be trusted, and where the picture is."""
    from cbrkit_xai.cli.answer_page import verdict
    from cbrkit_xai.explaining.picture import shown_probability

    first = explanations[0]
    if first.target is not None:
        say(f"{first.photo}: {first.target.label}, probability {shown_probability(first.target)}")
    if answer is not None:
        print_wrapped(f"{verdict(answer)} · {answer.configuration} on {answer.base} · {answer.provenance}")
        for warning in answer.warnings:
            print_wrapped(f"note: {warning}")
    for method, reason in first.passed_over.items():
        print_wrapped(f"{method}: cannot be run here: {reason}")
    for one in explanations:
        notes = [one.note, f"stopped early: {one.stopped}" if one.stopped else ""]
        cost = f"{one.calls} {'call' if one.calls == 1 else 'calls'}, {one.seconds:.1f} s"
        print_wrapped(f"{one.method}: {' · '.join(filter(None, [*notes, cost]))}")
    say(f"picture: {file}")
    print()
