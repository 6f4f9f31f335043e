"""Pooled RMSE over k, beside what it would be if similar photos did not get similar votes."""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.evaluation.results import Evaluation, Run
from cbrkit_xai.evaluation.scoring.null_law import null_rmse
from cbrkit_xai.evaluation.scoring.query_independence import QueryIndependence, query_independence
from cbrkit_xai.evaluation.scoring.scores import pooled_rmse
from cbrkit_xai.features import Array, frozen_floats


@attrs.frozen(kw_only=True, eq=False)
class Curve:
    """One run's pooled RMSE over k.

    Parameters
    ----------
    run : Run
        What was evaluated.
    ks : array of shape (drawn,)
        Of a clustered run only up to the most prototypes that any fold has: beyond that nothing is added.
    rmse : array of shape (drawn,)
        Votes.
    null : array of shape (drawn,)
        The pooled RMSE without any signal, with this run's own weights; NaN where that is not known.
    independence : QueryIndependence or None
        Of a clustered run.
    """

    run: Run
    ks: Array
    rmse: Array = attrs.field(converter=frozen_floats)
    null: Array = attrs.field(converter=frozen_floats)
    independence: QueryIndependence | None = None


def curve(evaluation: Evaluation, run: Run) -> Curve:
    """Return the curve of one run."""
    independence = query_independence(run, evaluation.folds) if run.clustered else None
    ks = np.array(run.ks)
    drawn = np.ones(len(ks), dtype=bool)
    if independence is not None and independence.prototypes[1]:
        # The least k that reaches all of them is drawn too, even where the ks are far apart.
        beyond = ks[ks >= independence.prototypes[1]]
        drawn = ks <= (beyond.min() if len(beyond) else ks.max())
    return Curve(
        run=run,
        ks=ks[drawn],
        rmse=pooled_rmse(run.predicted, evaluation.votes[:, None], over=(0, 1))[drawn],
        null=null_rmse(evaluation.votes, run.weight_squares)[drawn],
        independence=independence,
    )
