"""Claim (f): histograms answer fastest."""

from __future__ import annotations

from collections.abc import Iterator

from cbrkit_xai.evaluation.reproduction.claims.claim import AskedClaim, ImpliedComparison
from cbrkit_xai.evaluation.reproduction.claims.rounds import longer, median_times, ratios
from cbrkit_xai.evaluation.reproduction.timing.timed_index import QueryTimes
from cbrkit_xai.evaluation.reproduction.timing.times import Times


def histograms_fastest(times: Times) -> AskedClaim:
    """Return the claim, in each organisation."""
    return AskedClaim(
        letter="f",
        statement="Colour histograms answer fastest.",
        quote="In particular, color histograms present the fastest query phase, possibly attributed to the "
        "fact that the dimensionality of their vectors is smaller than those present in latent features.",
        how="How many times as long a single query takes by other features as by a histogram, in the same "
        f"organisation at k = {times.k}, round by round; sign test of a median above 1.",
        comparisons=list(_pairs(times)),
        meaning="A histogram has 768 numbers, the paper's latent vectors 2,048, EfficientNet-Lite0's 1,280.",
    )


def _pairs(times: Times) -> Iterator[ImpliedComparison]:
    for organisation in ("linear", "clustered"):
        found: list[tuple[bool, QueryTimes]] = [
            (one.of.is_histogram, timed)
            for one in times.configurations
            if (timed := getattr(one, organisation)) is not None
        ]
        for is_histogram, histogram in found:
            for is_other, other in ((not one, timed) for one, timed in found):
                if is_histogram and is_other:
                    yield longer(
                        f"{other.of.name} against {histogram.of.name}",
                        ratios(other, histogram, times.k),
                        median_times(times.k, other, histogram),
                    )
