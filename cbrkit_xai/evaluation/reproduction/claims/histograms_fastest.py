"""Claim (f): histograms answer fastest."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from cbrkit_xai.evaluation.reproduction.claims.claim import AskedClaim
from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import ImpliedComparison
from cbrkit_xai.evaluation.reproduction.claims.rounds import PAIRED, longer, median_times, ratios
from cbrkit_xai.evaluation.reproduction.claims.subject import beside_the_paper
from cbrkit_xai.evaluation.reproduction.papers_configurations import PapersConfiguration
from cbrkit_xai.evaluation.reproduction.timing.timed_index import QueryTimes
from cbrkit_xai.evaluation.reproduction.timing.times import Times, TimesOf


def histograms_fastest(times: Times) -> AskedClaim:
    """Return the claim, in each organisation."""
    return AskedClaim(
        letter="f",
        statement="Colour histograms answer fastest.",
        quote="In particular, color histograms present the fastest query phase, possibly attributed to the "
        "fact that the dimensionality of their vectors is smaller than those present in latent features.",
        how="How many times as long a single query takes by other features as by a histogram, in the same "
        f"organisation at k = {times.k}; {PAIRED}; sign test of a median above 1. A clustered query is also "
        "the faster the fewer prototypes there are, which has nothing to do with the features: their numbers "
        "stand beside the times.",
        comparisons=list(_pairs(times)),
        meaning="A histogram has 768 numbers, the paper's latent vectors 2,048, EfficientNet-Lite0's 1,280.",
    )


def _pairs(times: Times) -> Iterator[ImpliedComparison]:
    for organisation in ("linear", "clustered"):
        timed = [_timed(one, organisation) for one in times.configurations]
        timed += [_Timed(of=one, reason=one.missing) for one in times.missing]
        for histogram in timed:
            for other in timed:
                if histogram.of.is_histogram and not other.of.is_histogram:
                    found = _pair(other, histogram, organisation, times.k)
                    # The paper has figures of every linear configuration, and of what it clustered.
                    yield found if organisation == "linear" else beside_the_paper(found, other.of)


@attrs.frozen(kw_only=True, eq=False)
class _Timed:
    of: PapersConfiguration
    times: QueryTimes | None = None
    reason: str = ""


def _timed(one: TimesOf, organisation: str) -> _Timed:
    if organisation == "linear":
        return _Timed(of=one.of, times=one.linear)
    return _Timed(of=one.of, times=one.clustered, reason=one.reason)


def _pair(other: _Timed, histogram: _Timed, organisation: str, k: int) -> ImpliedComparison:
    about = " against ".join(f"{one.of.paper.identifier} {organisation}" for one in (other, histogram))
    if other.times is None or histogram.times is None:
        problem = "; ".join(dict.fromkeys(one.reason for one in (other, histogram) if one.times is None))
        return ImpliedComparison(about=about, problem=problem)
    numbers = median_times(k, other.times, histogram.times)
    if organisation == "clustered":  # who has fewer prototypes is faster, whatever the features
        numbers["prototypes, first"] = float(other.times.of.entries)
        numbers["prototypes, second"] = float(histogram.times.of.entries)
    return longer(about, ratios(other.times, histogram.times, k), numbers)
