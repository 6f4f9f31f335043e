"""The page of times: figure 4, the growth with the base, and the claims that a clock decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cbrkit_xai.evaluation.report.banners import leak_banners
from cbrkit_xai.evaluation.reproduction.claims.claim import Claim
from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import ALPHA
from cbrkit_xai.evaluation.reproduction.pages.claims_on_page import in_full, in_short
from cbrkit_xai.evaluation.reproduction.pages.wording import about, procedure
from cbrkit_xai.evaluation.reproduction.pictures.figure_4 import figure_4
from cbrkit_xai.evaluation.reproduction.pictures.growth_picture import growth_picture
from cbrkit_xai.evaluation.reproduction.pictures.looks import substitution_banners
from cbrkit_xai.evaluation.reproduction.reproduction import Reproduction
from cbrkit_xai.evaluation.reproduction.timing.times import Times
from cbrkit_xai.evaluation.wording import counted


def times_page(reproduction: Reproduction, times: Times, claims: Sequence[Claim]) -> dict[str, Any]:
    """Return what the page shows; pictures are among it."""
    evaluation, subtitle = reproduction.evaluation, about(reproduction.evaluation)
    leaks = leak_banners(evaluation.runs.values())
    marked = [one.paper.identifier for one in reproduction.applicable if one.substituted]
    return {
        "title": f"Times of the paper's {procedure(evaluation)}: {evaluation.name}",
        "name": evaluation.name,
        "provenance": evaluation.provenance,
        "banners": (*leaks, *substitution_banners(reproduction.applicable)),
        "reading": (
            f"One query at a time, against {counted(times.training, 'training case')} of one fold, asked by "
            f"its {counted(times.asking, 'held-out photo')}: retrieval and reuse, with the photo's features "
            "there already, on one thread, against every case as against prototypes. What a metric prepares "
            "once for all queries, such as the lengths of the cases' vectors, is done before on either side, "
            "and no distance is looked up: each query measures its own. The paper's times are of that kind. "
            "In use, decoding and describing a photo come first, and take longer."
        ),
        "claims": in_short(claims),
        "how_decided": (
            f"{len(claims)} claims are decided together by sign tests on the queries of this run, the chance "
            f"of any false “holds” or “does not hold” among them kept to {ALPHA:g} (Holm). They speak of "
            "this machine and this hour, and everything on this page changes with every run. The claims on "
            "the report do not, so they are decided among themselves: over both pages the chance is at most "
            f"{2 * ALPHA:g}."
        ),
        "figure_4": figure_4(times, subtitle, leaks),
        "growth": growth_picture(times, subtitle, leaks),
        "in_full": in_full(claims, marked),
    }
