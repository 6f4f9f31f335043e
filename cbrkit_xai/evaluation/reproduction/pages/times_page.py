"""The page of times: figure 4, the growth with the base, and the claims that a clock decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cbrkit_xai.evaluation.report.figures_in_words import counted
from cbrkit_xai.evaluation.reproduction.claims.claim import Claim
from cbrkit_xai.evaluation.reproduction.pages.claims_on_page import in_full, in_short
from cbrkit_xai.evaluation.reproduction.pages.wording import about, procedure
from cbrkit_xai.evaluation.reproduction.pictures.figure_4 import figure_4
from cbrkit_xai.evaluation.reproduction.pictures.growth_picture import growth_picture
from cbrkit_xai.evaluation.reproduction.pictures.looks import substitution_banners
from cbrkit_xai.evaluation.reproduction.reproduction import Reproduction
from cbrkit_xai.evaluation.reproduction.timing.times import Times


def times_page(reproduction: Reproduction, times: Times, claims: Sequence[Claim]) -> dict[str, Any]:
    """Return what the page shows; pictures are among it."""
    evaluation, subtitle = reproduction.evaluation, about(reproduction.evaluation)
    marked = [one.paper.identifier for one in reproduction.applicable if one.substituted]
    return {
        "title": f"Times of the paper's {procedure(evaluation)}: {evaluation.name}",
        "name": evaluation.name,
        "provenance": evaluation.provenance,
        "banners": substitution_banners(reproduction.applicable),
        "reading": (
            f"One query at a time, against {counted(times.training, 'training case')} of one fold, asked by "
            f"its {counted(times.asking, 'held-out photo')}: retrieval and reuse, with the photo's features "
            "there already, on one thread. The paper's times are of that kind. In use, decoding and "
            "describing a photo come first, and take longer."
        ),
        "claims": in_short(claims),
        "how_decided": (
            "Decided by sign tests on the rounds of this run, corrected together by Holm: they speak of "
            "this machine and this hour. Everything on this page changes with every run; the report does "
            "not."
        ),
        "figure_4": figure_4(times, subtitle),
        "growth": growth_picture(times, subtitle),
        "in_full": in_full(claims, marked),
    }
