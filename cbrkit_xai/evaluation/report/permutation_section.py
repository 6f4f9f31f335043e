"""The section about errors under shuffled votes."""

from __future__ import annotations

from typing import Any

from cbrkit_xai.evaluation.permutation.permutation_null import PermutationNull
from cbrkit_xai.evaluation.report.permutation_table import permutation_table
from cbrkit_xai.evaluation.results import Evaluation

_READING = (
    "If photos and votes had nothing to do with each other, the votes could as well have been dealt to the "
    "photos by chance. Here they were, again and again, and everything was predicted anew. An observed error "
    "in the middle of those is what chance gives."
)
_NONE = (
    "No votes were shuffled in this evaluation; the null law in the pictures and the table of scores says by "
    "a formula what the errors would be without any signal, but not how much chance scatters them."
)


def permutation_section(evaluation: Evaluation, permutation: PermutationNull | None) -> dict[str, Any]:
    """Return what the section shows."""
    if permutation is None or not len(permutation.draws):
        return {"reading": _NONE, "note": "", "table": None}
    return {
        "reading": _READING,
        "note": permutation.note,
        "table": permutation_table(evaluation, permutation),
    }
