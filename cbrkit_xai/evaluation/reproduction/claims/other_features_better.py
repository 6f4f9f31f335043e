"""Future work (k): other features would do better."""

from __future__ import annotations

from collections.abc import Sequence

from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.reproduction.claims.claim import AskedClaim
from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import ImpliedComparison
from cbrkit_xai.evaluation.reproduction.claims.subject import Subject, compared
from cbrkit_xai.evaluation.reproduction.claims.tested import contrast, directed, errors_of
from cbrkit_xai.evaluation.results import Evaluation, Run


def other_features_better(
    evaluation: Evaluation, others: Sequence[Run], reference: Subject, left_out: Sequence[tuple[str, str]]
) -> AskedClaim:
    """Return the claim.

    Parameters
    ----------
    others : sequence of Run
        Linear, by the cosine, of features that the paper did not use.
    reference : Subject
        LF-COS linear.
    left_out : sequence of (name, reason)
        What could not be tried.
    """
    return AskedClaim(
        letter="k",
        statement="Future work: other features, such as those of other networks, do better.",
        quote="These features can be enhanced too, selecting vectors produced in more advanced deep learning "
        "classification models, such as InceptionV4, or even other types of CNN implementations.",
        how="Each kind of vectors that the case base holds or that can be computed from its pixels, "
        "compared by the cosine, linear, less LF-COS linear: mean squared error at the own k; corrected t. "
        "One that is better is enough.",
        comparisons=[
            *(_of(evaluation, one, reference) for one in others),
            *(
                ImpliedComparison(about=f"{name} below {reference.name}", problem=reason)
                for name, reason in left_out
            ),
        ],
        quantifier="some",
    )


def _of(evaluation: Evaluation, other: Run, reference: Subject) -> ImpliedComparison:
    name = other.configuration.name if other.configuration else other.label
    about = f"{name} below {reference.name}"

    def below(runs: Sequence[Run]) -> ImpliedComparison:
        mine, theirs = runs
        return directed(
            about,
            contrast(evaluation, [(1, mine, own_k(mine))], [(1, theirs, own_k(theirs))]),
            -1,
            numbers=errors_of(evaluation, mine, theirs),
        )

    return compared(about, [Subject(name=name, run=other), reference], below)
