"""Claim (h): similar images share the best method; tested before any neighbour is asked."""

from __future__ import annotations

from collections.abc import Sequence

from cbrkit_xai.evaluation.reproduction.claims.claim import AskedClaim
from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import ALPHA, ImpliedComparison
from cbrkit_xai.evaluation.reproduction.clustering_table import UNMEASURED
from cbrkit_xai.evaluation.reproduction.hypothesis import NEGLIGIBLE, Hypothesis, OfMetric
from cbrkit_xai.evaluation.reproduction.mantel import MantelResult
from cbrkit_xai.evaluation.reproduction.papers_configurations import PapersConfiguration

THERE_AND_NEGLIGIBLE = (
    f"The correlation is shown to be above 0 and below {NEGLIGIBLE:g}: it is there, and next to none."
)


def best_method_shared(hypothesis: Hypothesis, configurations: Sequence[PapersConfiguration]) -> AskedClaim:
    """Return the claim: by some metric similar images share the best method.

    Parameters
    ----------
    configurations : sequence of PapersConfiguration
        All five, those that were not applicable among them.
    """
    found = hypothesis.metrics
    return AskedClaim(
        letter="h",
        statement="Similar images share the best explanation method.",
        quote="Similar images should have the same optimal explanation method given their nature, "
        "features, and the classification provided by the DL model.",
        how="A Mantel permutation test per metric: Spearman's correlation, over all pairs of photos, of "
        "their distance with the chance that their winners differ (ties drawn by lot). For it: the "
        f"correlation is shown to be above 0 (p at most {ALPHA:g}). Against it: that is not shown, and the "
        f"correlation is shown to be below {NEGLIGIBLE:g}, which is next to none; so that no metric speaks "
        "for the claim and against it. One that is shown to be both above 0 and next to none speaks for it "
        f"and says so. The p are from {hypothesis.draws:,} ways to hand out the votes to the photos. Beside "
        "it, and deciding nothing, the same for whole vectors of vote shares, and case-base alignment with "
        "the nearest photos at the configurations' own k (Massie, Wiratunga & Craw 2007).",
        comparisons=[_of_metric(one, found.get(one.name)) for one in configurations],
        quantifier="some",
        meaning=_meaning([one.paper.identifier for one in configurations if _is_slight(found.get(one.name))]),
    )


def _of_metric(one: PapersConfiguration, found: OfMetric | None) -> ImpliedComparison:
    about = f"photos near by {one.paper.identifier} share the winner"
    if found is None:
        return ImpliedComparison(about=about, unit="correlation", problem=one.missing or UNMEASURED)
    mantel = found.winners
    return ImpliedComparison(
        about=about,
        numbers={
            "of vote shares": found.shares.r,
            "alignment": found.alignment.mean,
            "alignment by chance": found.alignment.by_chance,
        },
        estimate=mantel.r,
        interval=mantel.interval,
        unit="correlation",
        p_for=mantel.p,
        p_against=_against(mantel),
        problem=mantel.problem,
        note=THERE_AND_NEGLIGIBLE if _is_slight(found) else "",
    )


def _against(found: MantelResult) -> float:
    """Return the p of a correlation next to none; 1 where there is shown to be one."""
    return 1.0 if found.p <= ALPHA else found.p_below


def _is_slight(found: OfMetric | None) -> bool:
    return found is not None and max(found.winners.p, found.winners.p_below) <= ALPHA


def _meaning(slight: Sequence[str]) -> str:
    said = (
        "This is the ground that case-based reasoning stands on. One metric for which it holds is enough; "
        "that it holds does not say that k-NN gains anything by it."
    )
    if slight:
        said += f" By {', '.join(slight)} the correlation is there, and shown to be below {NEGLIGIBLE:g}."
    return said
