"""Claim (e): clustered retrieval is close to ten times as fast."""

from __future__ import annotations

from collections.abc import Iterator

from cbrkit_xai.evaluation.reproduction.claims.claim import AskedClaim, ImpliedComparison
from cbrkit_xai.evaluation.reproduction.claims.rounds import between, median_times, ratios
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
        f"prototypes, retrieval and reuse at k = {times.k}, round by round. For it: the median is between "
        f"{LOW:g} and {HIGH:g} (two sign tests); against it: it is beyond.",
        comparisons=[one for of in times.configurations for one in _of(of, times.k)],
        meaning="The ratio is no property of the method: it grows with the size of the base, since "
        "prototypes do not become more numerous with it and comparing with every case takes longer and "
        "longer. It leaves out the description of the photo, which takes longer than both.",
    )


def _of(of: TimesOf, k: int) -> Iterator[ImpliedComparison]:
    name = of.of.paper.identifier
    if of.clustered is None:
        yield ImpliedComparison(about=f"{name}: linear against clustered", problem=of.reason)
        return
    by_size = [
        f"{_ratio(every, some, k):.1f} at {size}" for size, every, some in of.growth if some is not None
    ]
    yield between(
        f"{name}: linear against clustered",
        ratios(of.linear, of.clustered, k),
        LOW,
        HIGH,
        {
            **median_times(k, of.linear, of.clustered),
            "cases": float(of.linear.of.entries),
            "prototypes": float(of.clustered.of.entries),
        },
        note=f"By the size of the base: {', '.join(by_size)}." if by_size else "",
    )


def _ratio(every: object, some: object, k: int) -> float:
    from statistics import median

    return median(ratios(every, some, k).tolist())  # type: ignore[arg-type]
