"""Future work (j): evenly frequent classes would help."""

from __future__ import annotations

from collections.abc import Sequence

from cbrkit_xai.evaluation.reproduction.balanced_training import Balanced
from cbrkit_xai.evaluation.reproduction.claims.claim import AskedClaim
from cbrkit_xai.evaluation.reproduction.claims.implied_comparison import ImpliedComparison
from cbrkit_xai.evaluation.reproduction.claims.tested import Contrast, directed

_KINDS = {"class": "classes of photos", "winner": "winning methods"}


def even_classes_help(found: Sequence[tuple[str, Balanced]], k: int) -> AskedClaim:
    """Return the claim.

    Parameters
    ----------
    found : sequence of (name, Balanced)
        By the name of a configuration.
    k : int
        Neighbours.
    """
    return AskedClaim(
        letter="j",
        statement="Future work: an even distribution of classes would help.",
        quote="It is known that image class imbalance was present on the case base, so a evenly "
        "distribution of classes would help achieve more confidence on the proposed CBR processes.",
        how=f"Linear prediction at k = {k} from training cases of which each class (or each winning method) "
        "is as frequent as the rarest, less that from as many training cases drawn by chance; corrected t.",
        comparisons=[_of(name, one) for name, one in found],
        meaning="Making classes even costs cases, and fewer cases cost accuracy: compare with the error "
        "from all cases. Making winners even also hides how often each method wins, which is most of what "
        "can be predicted.",
    )


def _of(name: str, found: Balanced) -> ImpliedComparison:
    low, high = found.kept
    left = f"{low}" if low == high else f"{low} to {high}"
    least, most = found.training
    of = f"{least}" if least == most else f"{least} to {most}"
    return directed(
        f"{name} linear, even {_KINDS[found.by]} below as many at random",
        Contrast(folds=found.folds, test_over_training=found.test_over_training, problem=found.problem),
        -1,
        numbers={
            "RMSE, even": found.rmse_balanced,
            "RMSE, random": found.rmse_random,
            "RMSE, all cases": found.rmse_all,
        },
        note="" if found.problem else f"{left} of {of} training cases are left.",
    )
