"""Claim (c): latent features give the lowest errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.reproduction.claims.claim import AskedClaim
from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import ImpliedComparison
from cbrkit_xai.evaluation.reproduction.claims.subject import Subject, compared
from cbrkit_xai.evaluation.reproduction.claims.tested import contrast, directed, errors_of
from cbrkit_xai.evaluation.reproduction.organisation import short_name
from cbrkit_xai.evaluation.results import Evaluation, Run


def latent_features_lowest(evaluation: Evaluation, organisations: Sequence[Sequence[Subject]]) -> AskedClaim:
    """Return the claim.

    Parameters
    ----------
    organisations : sequence of sequences of Subject
        Of one organisation each.
    """
    return AskedClaim(
        letter="c",
        statement="Latent features give the lowest error.",
        quote="For these similarity metrics, the latent features descriptors are the ones that produce the "
        "lowest RMSE values. [Of clusters:] any similarity metric applied over the latent features of the "
        "image classifications, present the lowest error rate.",
        how="Each latent configuration less each other one of the same organisation: mean squared error at "
        "the configurations' own k, stated before; corrected t.",
        comparisons=[one for subjects in organisations for one in _pairs(evaluation, subjects)],
    )


def _pairs(evaluation: Evaluation, subjects: Sequence[Subject]) -> Iterator[ImpliedComparison]:
    for mine in subjects:
        for other in subjects:
            if mine.is_latent and not other.is_latent:
                yield compared(f"{mine.name} below {other.name}", [mine, other], partial(_below, evaluation))


def _below(evaluation: Evaluation, runs: Sequence[Run]) -> ImpliedComparison:
    mine, other = runs
    return directed(
        f"{short_name(mine)} below {short_name(other)}",
        contrast(evaluation, [(1, mine, own_k(mine))], [(1, other, own_k(other))]),
        -1,
        numbers=errors_of(evaluation, mine, other),
    )
