"""Each run's error beside those that it would have if votes had been dealt to the photos by chance."""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.evaluation.decisions.max_statistic import max_statistic, standardised
from cbrkit_xai.evaluation.permutation.permutation_null import PermutationNull
from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.report.figures_in_words import figure, interval, probability
from cbrkit_xai.evaluation.report.scores_table import mark_of
from cbrkit_xai.evaluation.report.table import Cell, Row, RowGroup, Table
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.features import Array

MIDDLE = (0.025, 0.975)
"""Quantiles between which the middle of the draws lies."""


@attrs.frozen(kw_only=True, eq=False)
class Band:
    """Where a run's pooled RMSE lies if votes are shuffled, and what has to lie outside to mean something.

    Parameters
    ----------
    ks : array of shape (ks,)
        Numbers of neighbours.
    low, high : array of shape (ks,)
        Ends of the middle 95 % of the shuffled errors.
    observed : array of shape (ks,)
        In the same folds, those of the first repeat. A mean over several repeats varies less than this.
    """

    ks: Array
    low: Array
    high: Array
    observed: Array

    def at(self, ks: Array) -> Band:
        """Return what there is for some ks."""
        return Band(**{name: value[np.isin(self.ks, ks)] for name, value in attrs.asdict(self).items()})


def band(permutation: PermutationNull, label: str) -> Band:
    """Return the band of one run."""
    ks, observed, draws = permutation.of(label)
    low, high = np.sqrt(np.quantile(draws, MIDDLE, axis=0))
    return Band(ks=np.array(ks), low=low, high=high, observed=np.sqrt(observed))


def permutation_table(evaluation: Evaluation, permutation: PermutationNull) -> Table:
    """Return, per run at its own k, the observed error, the middle of the shuffled ones, and p-values."""
    found = max_statistic(*standardised(*permutation.evidence))
    rows = []
    for label in permutation.labels:
        if label not in evaluation.runs:
            continue
        k = own_k(evaluation.runs[label])
        place = permutation.columns.index((label, k))
        draws = np.sqrt(permutation.draws[:, place])
        low, high = np.quantile(draws, MIDDLE)
        cells = [
            Cell(str(k) if k else "none"),
            Cell(figure(float(np.sqrt(permutation.observed[place])))),
            Cell(figure(float(draws.mean())), interval(float(low), float(high))),
            Cell(probability(float(permutation.p_values[place]))),
            Cell(probability(float(found.step_down[place]))),
        ]
        rows.append(Row(name=label, cells=cells, mark=mark_of(evaluation.runs[label])))
    return Table(
        id="permutation-table",
        caption="Pooled RMSE in the folds of the first repeat, as observed, and over "
        f"{len(permutation.draws)} shuffles (mean, and in small print the middle 95 %). Kept as it is: "
        f"{permutation.kept}. The adjusted p allows for looking at all {len(permutation.columns)} pairs of "
        "run and k (Westfall and Young).",
        heads=["", "k", "observed", "shuffled", "p", "p adjusted"],
        groups=[RowGroup(rows=rows)],
    )
