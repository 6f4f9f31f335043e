"""Claim (h): similar images share the best method; tested before any neighbour is asked."""

from __future__ import annotations

from cbrkit_xai.evaluation.reproduction.claims.claim import AskedClaim, ImpliedComparison
from cbrkit_xai.evaluation.reproduction.hypothesis import NEGLIGIBLE, Hypothesis, OfMetric
from cbrkit_xai.evaluation.reproduction.papers_numbers import SIMILARITIES


def best_method_shared(hypothesis: Hypothesis) -> AskedClaim:
    """Return the claim: by some metric similar images share the best method."""
    return AskedClaim(
        letter="h",
        statement="Similar images share the best explanation method.",
        quote="Similar images should have the same optimal explanation method given their nature, "
        "features, and the classification provided by the DL model.",
        how="A Mantel permutation test per metric: Spearman's correlation, over all pairs of photos, of "
        "their distance with the chance that their winners differ (ties drawn by lot). For it: the "
        f"correlation is above 0. Against it: it is below {NEGLIGIBLE:g}, which is next to none. The p are "
        f"from {hypothesis.draws:,} ways to hand out the votes to the photos. Beside it, and deciding "
        "nothing, the same for whole vectors of vote shares, and case-base alignment with the nearest "
        "photos at the configurations' own k (Massie, Wiratunga & Craw 2007).",
        comparisons=[_of_metric(name, one) for name, one in hypothesis.metrics.items()],
        quantifier="some",
        meaning="This is the ground that case-based reasoning stands on. One metric for which it holds is "
        "enough; that it holds does not say that k-NN gains anything by it.",
    )


def _of_metric(name: str, found: OfMetric) -> ImpliedComparison:
    mantel = found.winners
    identifier = SIMILARITIES[name].identifier if name in SIMILARITIES else name
    return ImpliedComparison(
        about=f"photos near by {identifier} share the winner",
        numbers={
            "of vote shares": found.shares.r,
            "alignment": found.alignment.mean,
            "alignment by chance": found.alignment.by_chance,
        },
        estimate=mantel.r,
        interval=mantel.interval,
        unit="correlation",
        p_for=mantel.p,
        p_against=mantel.p_below,
        problem=mantel.problem,
    )
