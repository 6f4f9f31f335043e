"""Claim (c): latent features give the lowest errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.reproduction.claims.claim import AskedClaim, ImpliedComparison
from cbrkit_xai.evaluation.reproduction.claims.tested import contrast, directed, errors_of
from cbrkit_xai.evaluation.reproduction.organisation import short_name
from cbrkit_xai.evaluation.results import Evaluation, Run


def latent_features_lowest(
    evaluation: Evaluation, organisations: Sequence[tuple[Sequence[Run], Sequence[Run]]]
) -> AskedClaim:
    """Return the claim.

    Parameters
    ----------
    organisations : sequence of (latent, others)
        Runs of one organisation each.
    """
    return AskedClaim(
        letter="c",
        statement="Latent features give the lowest error.",
        quote="For these similarity metrics, the latent features descriptors are the ones that produce the "
        "lowest RMSE values. [Of clusters:] any similarity metric applied over the latent features of the "
        "image classifications, present the lowest error rate.",
        how="Each latent configuration less each other one of the same organisation: mean squared error at "
        "the configurations' own k, stated before; corrected t.",
        comparisons=[one for latent, others in organisations for one in _pairs(evaluation, latent, others)],
    )


def _pairs(
    evaluation: Evaluation, latent: Sequence[Run], others: Sequence[Run]
) -> Iterator[ImpliedComparison]:
    for mine in latent:
        for other in others:
            yield directed(
                f"{short_name(mine)} below {short_name(other)}",
                contrast(evaluation, [(1, mine, own_k(mine))], [(1, other, own_k(other))]),
                -1,
                numbers=errors_of(evaluation, mine, other),
            )
