"""Claim (g): the time of the linear organisation grows with the number of cases."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.evaluation.reproduction.claims.claim import AskedClaim
from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import ImpliedComparison
from cbrkit_xai.evaluation.reproduction.claims.rounds import PAIRED, longer, ratios
from cbrkit_xai.evaluation.reproduction.papers_configurations import PapersConfiguration
from cbrkit_xai.evaluation.reproduction.timing.times import Times, TimesOf


def time_grows_with_cases(times: Times) -> AskedClaim:
    """Return the claim for each configuration."""
    return AskedClaim(
        letter="g",
        statement="The time of a linear query grows with the size of the case base.",
        quote="The computational time required to compute the solution for new query images was "
        "proportional to the case base size, i.e., as new cases are added, queries can take more and more "
        "time to be solved.",
        how=f"How many times as long a linear query at k = {times.k} takes in the largest base as in the "
        f"smallest; {PAIRED}; sign test of a median above 1. Beside it the exponent b of time = a · size^b "
        "over the larger half of the sizes (1 would be proportional), and the same ratio of the clustered "
        "organisation.",
        comparisons=[
            *(_of(one, times.k) for one in times.configurations),
            *(ImpliedComparison(about=_about(one), problem=one.missing) for one in times.missing),
        ],
        meaning="On a small base what every query costs anyway outweighs the distances, so that the time "
        "grows more slowly than the base.",
    )


def _about(one: PapersConfiguration) -> str:
    return f"{one.paper.identifier} linear"


def _of(of: TimesOf, k: int) -> ImpliedComparison:
    about = _about(of.of)
    if len(of.growth) < 2:
        return ImpliedComparison(about=about, problem="the base is too small to be thinned")
    (least, first, _), (most, last, _) = of.growth[0], of.growth[-1]
    numbers = {
        "µs, smallest": float(np.median(first.at(k))),
        "µs, largest": float(np.median(last.at(k))),
        "exponent": _exponent(of, k),
    }
    prototypes = [some for _, _, some in of.growth if some is not None]
    if len(prototypes) > 1:
        numbers["clustered ratio"] = float(np.median(ratios(prototypes[-1], prototypes[0], k)))
    return longer(f"{about}, {most} against {least} cases", ratios(last, first, k), numbers)


def _exponent(of: TimesOf, k: int) -> float:
    """Slope of log time over log size, by least squares."""
    larger = of.growth[len(of.growth) // 2 :] if len(of.growth) > 3 else of.growth
    sizes = np.log([size for size, _, _ in larger])
    times = np.log([np.median(every.at(k)) for _, every, _ in larger])
    centred = sizes - sizes.mean()
    return float(centred @ times / (centred @ centred))
