"""What the report says of times without naming any: it must not change from run to run."""

from __future__ import annotations

from cbrkit_xai.evaluation.report.figures_in_words import listed
from cbrkit_xai.evaluation.reproduction.reproduction import Reproduction

PAGE = "times.html"
"""Where the times are."""

_STATEMENTS = {
    "e": "Clustered retrieval is about ten times as fast.",
    "f": "Colour histograms answer fastest.",
    "g": "The time of a linear query grows with the size of the case base.",
}


def clockless_rows(reproduction: Reproduction, *, has_times: bool) -> list[dict[str, str]]:
    """Return a row for each claim that a clock decides, with what can be counted."""
    counted = {"e": _distances(reproduction), "f": _dimensions(), "g": _growth()}
    where = f"Measured: see {PAGE}." if has_times else "No times were measured."
    return [
        {
            "letter": letter,
            "statement": statement,
            "verdict": f"see {PAGE}" if has_times else "not measured",
            "tone": "unsure",
            "sentence": f"{where} {counted[letter]}".strip(),
            "meaning": "",
        }
        for letter, statement in _STATEMENTS.items()
    ]


def _distances(reproduction: Reproduction) -> str:
    parts = []
    runs = reproduction.runs
    linear = {one.name: run for one, run in runs.linear}
    for one, run in runs.clustered:
        entries = run.entries[run.entries > 0]
        every = linear[one.name].entries
        parts.append(f"{one.paper.identifier} {every.mean():.0f} against {entries.mean():.1f}")
    if not parts:
        return "Nothing could be clustered."
    return f"Distances per query, linear against clustered, mean of the folds: {listed(parts)}."


def _dimensions() -> str:
    return (
        "A histogram has 3 × 256 numbers; how many latent features there are is the network's choice, and "
        "which is faster depends on the machine."
    )


def _growth() -> str:
    return (
        "A linear query computes one distance for each case; what that costs is measured on bases of several "
        "sizes."
    )
