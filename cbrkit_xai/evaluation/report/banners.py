"""What must not be overlooked, wherever a number or a picture of the evaluation is shown."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from cbrkit_xai.evaluation.results import Evaluation, Run
from cbrkit_xai.evaluation.wording import leak_in_words, short_list


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
    return banners_of(evaluation.runs.values())


def banners_of(runs: Iterable[Run]) -> tuple[Banner, ...]:
    """Return the banners of whatever shows these runs."""
    runs = tuple(runs)
    found = list(leak_banners(runs))
    by_substitute: dict[str, list[Run]] = {}
    for run in runs:
        if run.substituted:
            by_substitute.setdefault(run.substituted, []).append(run)
    for substitute, those in by_substitute.items():
        # What a configuration is compared with uses its features, and need not be named as well.
        found.append(Banner(word="SUBSTITUTED", sentence=f"{short_list(_labels(those))}: {substitute}"))
    return tuple(found)


def leak_banners(runs: Iterable[Run]) -> tuple[Banner, ...]:
    """Return a banner for each way in which held-out photos had a say in what these runs predict."""
    by_leak: dict[tuple[str, ...], list[Run]] = {}
    for run in runs:
        if run.leaks:
            by_leak.setdefault(run.leaks, []).append(run)
    return tuple(
        Banner(
            word="LEAK",
            sentence=f"{short_list(_labels(those))}: {leak_in_words(leaks)}; these results look better than "
            "they are",
        )
        for leaks, those in by_leak.items()
    )


def _labels(runs: list[Run]) -> list[str]:
    """Return the labels of configurations; of what they are compared with where there is no other."""
    chosen = [run.label for run in runs if run.role == "configuration"]
    return chosen or [run.label for run in runs]
