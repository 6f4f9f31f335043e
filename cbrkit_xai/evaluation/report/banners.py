"""What must not be overlooked, wherever a number or a picture of the evaluation is shown."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.results import Evaluation, Run


@attrs.frozen(kw_only=True)
class Banner:
    """A warning that stands in every section and picture that it is about.

    Parameters
    ----------
    word : str
        "LEAK" or "SUBSTITUTED".
    sentence : str
        What that means here.
    """

    word: str
    sentence: str


def banners(evaluation: Evaluation) -> tuple[Banner, ...]:
    """Return the banners of whatever shows all that was evaluated."""
    return banners_of(evaluation.protocol, evaluation.runs.values())


def banners_of(protocol: Protocol, runs: Iterable[Run]) -> tuple[Banner, ...]:
    """Return the banners of whatever shows these runs."""
    found = []
    if protocol.leaks:
        sentence = (
            "clusters were found once, with the held-out photos among them; "
            "clustered results look better than they are"
        )
        found.append(Banner(word="LEAK", sentence=sentence))
    by_substitute: dict[str, list[Run]] = {}
    for run in runs:
        if run.substituted:
            by_substitute.setdefault(run.substituted, []).append(run)
    for substitute, those in by_substitute.items():
        # What a configuration is compared with uses its features, and need not be named as well.
        chosen = [run.label for run in those if run.role == "configuration"]
        labels = chosen or [run.label for run in those]
        found.append(Banner(word="SUBSTITUTED", sentence=f"{_short_list(labels)}: {substitute}"))
    return tuple(found)


def _short_list(labels: list[str], most: int = 4) -> str:
    """Name a few labels and count the rest: a grid may have hundreds."""
    shown = ", ".join(labels[:most])
    return shown if len(labels) <= most else f"{shown} and {len(labels) - most} more"
