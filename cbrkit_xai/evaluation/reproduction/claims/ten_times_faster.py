"""Claim (e): clustered retrieval is close to ten times as fast."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.evaluation.reproduction.claims.claim import AskedClaim
from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import ImpliedComparison
from cbrkit_xai.evaluation.reproduction.claims.rounds import PAIRED, between, median_times, ratios
from cbrkit_xai.evaluation.reproduction.claims.subject import beside_the_paper
from cbrkit_xai.evaluation.reproduction.papers_configurations import PapersConfiguration
from cbrkit_xai.evaluation.reproduction.timing.times import Times, TimesOf

LOW, HIGH = 5.0, 20.0
"""What counts as close to ten times: within a factor of two."""


def ten_times_faster(times: Times) -> AskedClaim:
    """Return the claim, at the base's own size."""
    return AskedClaim(
        letter="e",
        statement="Clustered retrieval is about ten times as fast.",
        quote="The clustered organization of the case base obtains an improvement close to 10 times faster "
        "than the standard k-NN approach.",
        how=f"How many times as long a single query takes against {times.training} cases as against their "
        f"prototypes, retrieval and reuse at k = {times.k}; {PAIRED}. For it: the median is between "
        f"{LOW:g} and {HIGH:g} (two sign tests); against it: it is beyond.",
        comparisons=[*(_of(one, times.k) for one in times.configurations), *map(_missing, times.missing)],
        meaning="The ratio is no property of the method: it grows with the size of the base, since "
        "prototypes do not become more numerous with it and comparing with every case takes longer and "
        "longer. It leaves out the description of the photo, which takes longer than both.",
    )


def _of(of: TimesOf, k: int) -> ImpliedComparison:
    about = _about(of.of)
    if of.clustered is None:
        found = ImpliedComparison(about=about, problem=of.reason)
    else:
        found = between(
            about,
            ratios(of.linear, of.clustered, k),
            LOW,
            HIGH,
            {
                **median_times(k, of.linear, of.clustered),
                "cases": float(of.linear.of.entries),
                "prototypes": float(of.clustered.of.entries),
            },
            note=_by_size(of, k),
        )
    return beside_the_paper(found, of.of)


def _by_size(of: TimesOf, k: int) -> str:
    ratio = [
        f"{float(np.median(ratios(every, some, k))):.1f} at {size}"
        for size, every, some in of.growth
        if some is not None
    ]
    return f"By the size of the base: {', '.join(ratio)}." if ratio else ""


def _missing(one: PapersConfiguration) -> ImpliedComparison:
    return beside_the_paper(ImpliedComparison(about=_about(one), problem=one.missing), one)


def _about(one: PapersConfiguration) -> str:
    return f"{one.paper.identifier}: linear against clustered"
