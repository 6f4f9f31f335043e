"""Future work (k): other features would do better."""

from __future__ import annotations

from collections.abc import Sequence

from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.reproduction.claims.claim import AskedClaim, ImpliedComparison
from cbrkit_xai.evaluation.reproduction.claims.tested import contrast, directed, errors_of
from cbrkit_xai.evaluation.reproduction.organisation import short_name
from cbrkit_xai.evaluation.results import Evaluation, Run


def other_features_better(
    evaluation: Evaluation, others: Sequence[Run], reference: Run | None, left_out: Sequence[str]
) -> AskedClaim:
    """Return the claim.

    Parameters
    ----------
    others : sequence of Run
        Linear, by the cosine, of features that the paper did not use.
    reference : Run or None
        LF-COS linear; None where it is not applicable.
    left_out : sequence of str
        What could not be tried.
    """
    tried = "" if not left_out else f"Not tried: {'; '.join(left_out)}."
    return AskedClaim(
        letter="k",
        statement="Future work: other features, such as those of other networks, do better.",
        quote="These features can be enhanced too, selecting vectors produced in more advanced deep learning "
        "classification models, such as InceptionV4, or even other types of CNN implementations.",
        how="Each kind of vectors that the case base holds or that can be computed from its pixels, "
        "compared by the cosine, linear, less LF-COS linear: mean squared error at the own k; corrected t. "
        "One that is better is enough.",
        comparisons=[] if reference is None else [_of(evaluation, one, reference) for one in others],
        quantifier="some",
        meaning=tried,
    )


def _of(evaluation: Evaluation, other: Run, reference: Run) -> ImpliedComparison:
    return directed(
        f"{other.configuration.name if other.configuration else other.label} below {short_name(reference)}",
        contrast(evaluation, [(1, other, own_k(other))], [(1, reference, own_k(reference))]),
        -1,
        numbers=errors_of(evaluation, other, reference),
    )
