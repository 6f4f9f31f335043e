"""What other procedures say about the differences that an answer rests on."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.evaluation.decisions.bootstrap import bca
from cbrkit_xai.evaluation.decisions.correlated_bayes import correlated_bayes
from cbrkit_xai.evaluation.decisions.signed_ranks import signed_ranks
from cbrkit_xai.evaluation.questions.answer import Sensitivity
from cbrkit_xai.evaluation.questions.differences import PairedDifferences
from cbrkit_xai.evaluation.wording import number, p_value, span
from cbrkit_xai.features import Array


def sensitivity_lines(
    differences: PairedDifferences, groups: Array, region: float, unit: str, *, seed: int = 0
) -> tuple[Sensitivity, ...]:
    """Return the lines of Wilcoxon, of the Bayesian correlated t and of BCa.

    Parameters
    ----------
    groups : array of shape (n,)
        Group of each case; copies of one photo count once.
    region : float
        Half the width of the region of practical equivalence; 0 for none.
    unit : str
        Of the differences.
    seed : int
        Of the resampling.
    """
    of_cases = differences.of_cases
    there = ~np.isnan(of_cases)
    values, labels = of_cases[there], groups[there]
    return (
        _wilcoxon(values, labels, unit),
        _bayes(differences, region, unit),
        _bca(values, labels, unit, seed),
    )


def _wilcoxon(values: Array, labels: Array, unit: str) -> Sensitivity:
    _, place = np.unique(labels, return_inverse=True)
    of_groups = np.bincount(place, weights=values) / np.maximum(np.bincount(place), 1)
    found = signed_ranks(of_groups)
    if found.problem:
        return Sensitivity(procedure="wilcoxon", sentence=f"Wilcoxon's signed ranks: {found.problem}")
    sentence = (
        f"Wilcoxon's signed ranks over {found.cases} photos: {p_value(found.p)}. It tests a pseudo-median "
        f"({number(found.pseudo_median)} {unit}), not the mean difference, and takes photos for independent."
    )
    return Sensitivity(
        procedure="wilcoxon",
        sentence=sentence,
        numbers={"p": found.p, "pseudo_median": found.pseudo_median, "cases": found.cases},
    )


def _bayes(differences: PairedDifferences, region: float, unit: str) -> Sensitivity:
    found = correlated_bayes(differences.tested, differences.test_over_training, region)
    if found.problem:
        return Sensitivity(procedure="bayes", sentence=f"Bayesian correlated t: {found.problem}")
    equal = f", practically the same (within {number(region)} {unit}) {found.rope:.2f}" if region else ""
    sentence = (
        f"Bayesian correlated t: probability of better {found.left:.2f}{equal}, worse {found.right:.2f}."
    )
    return Sensitivity(
        procedure="bayes",
        sentence=sentence,
        numbers={"better": found.left, "same": found.rope, "worse": found.right, "region": region},
    )


def _bca(values: Array, labels: Array, unit: str, seed: int) -> Sensitivity:
    if len(values) == 0:
        return Sensitivity(procedure="bca", sentence="BCa interval: there is no case")
    found = bca(values, labels, seed=seed)
    if found.problem:
        return Sensitivity(procedure="bca", sentence=f"BCa interval: {found.problem}")
    low, high = found.interval
    sentence = f"BCa 95 % interval of the mean difference: {span(found.interval)} {unit}; {found.label}."
    return Sensitivity(
        procedure="bca", sentence=sentence, numbers={"estimate": found.estimate, "low": low, "high": high}
    )
