"""Studies on the boundary of what a decision may find, and which decisions they catch in error."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import attrs
import numpy as np

from cbrkit_xai.evaluation.decisions.comparison import Comparison
from cbrkit_xai.evaluation.decisions.corrected_t import corrected_t
from cbrkit_xai.evaluation.decisions.holm import holm
from cbrkit_xai.evaluation.decisions.max_statistic import max_statistic, standardised
from cbrkit_xai.evaluation.decisions.nested_selection import assembled, choose
from cbrkit_xai.evaluation.decisions.non_inferiority import is_below, non_inferiority
from cbrkit_xai.evaluation.permutation.permutation_null import permutation_null
from cbrkit_xai.evaluation.questions.differences import differences_of, fold_means
from cbrkit_xai.evaluation.simulation.asked_studies import answered_study, is_wrong, would_be_wrong
from cbrkit_xai.evaluation.simulation.null_studies import (
    NullStudy,
    means_of_nearest,
    null_study,
    study_of_shuffled_photos,
)
from cbrkit_xai.evaluation.simulation.world import World
from cbrkit_xai.features import Array

ALPHA = 0.05
"""Level of the decisions."""

WORLD = World(dimensions=64, clusters=1)
"""200 photos, 10 votes each, and features in one cloud: harder on the corrected t than clusters, or than few
dimensions. More photos or dimensions are harder still at k = 2 (docs/decisions/0022)."""

_ONE, _TWO, _K = 1, 2, 5
_LOSS = (5, 25)
_COMPARED = 6  # descriptions; one more is what they are compared with
_REPEATS_OF_SELECTION = 3
_PERMUTED = 3
_PERMUTED_KS = tuple(range(1, 26))
_PERMUTATIONS = 99


@attrs.frozen(kw_only=True)
class Decision:
    """A decision, and a null hypothesis under which it is wrong.

    Parameters
    ----------
    name : str
        What is decided wrongly, in words.
    null : str
        What is true in the studies.
    is_ours : bool
        Whether an evaluation decides so; the others are shown for what they do.
    """

    name: str
    null: str
    is_ours: bool = True


def comparison_errors(seed: int) -> dict[str, bool]:
    """Compare k-NNs that differ in nothing but random features: none predicts better than another."""
    study = null_study(WORLD, seed, descriptions=_COMPARED + 1)
    errors = study.squared_errors((_ONE, _TWO, _K))  # (descriptions, repeats, n, ks)
    at_one, at_two, at_k = (_per_fold(errors[..., place], study) for place in range(3))
    other, candidates = at_k[-1], at_k[:-1]
    tested = partial(corrected_t, test_over_training=study.folds.test_over_training)
    ps = np.array([tested(one - other).p for one in candidates])
    mean = candidates.mean(axis=(1, 2))
    return {
        "corrected": bool(ps[0] <= ALPHA),
        "clustered, k = 1": bool(_at_one(study, errors, 0, _COMPARED).p <= ALPHA),
        "corrected, k = 1": bool(tested(at_one[0] - at_one[-1]).p <= ALPHA),
        "corrected, k = 2": bool(tested(at_two[0] - at_two[-1]).p <= ALPHA),
        "naive": bool(corrected_t(candidates[0] - other, 0.0).p <= ALPHA),
        "Holm": bool((holm(ps) <= ALPHA).any()),
        "each by itself": bool((ps <= ALPHA).any()),
        "best against worst": bool(tested(candidates[mean.argmin()] - candidates[mean.argmax()]).p <= ALPHA),
    }


def selection_errors(seed: int) -> dict[str, bool]:
    """Choose the best of several that differ in nothing, inside the folds, and compare it with another.

    Finding it worse is no error: what fits the training cases' votes best by chance is a little worse.
    """
    study = null_study(WORLD, seed, descriptions=_COMPARED + 1, repeats=_REPEATS_OF_SELECTION)
    errors = study.squared_errors((_K,))[..., 0]
    per_fold = _per_fold(errors, study)
    other, candidates = per_fold[-1], per_fold[:-1]
    inner = np.stack([study.inner_errors(number, _K) for number in range(_COMPARED)])
    choices = {"nested": choose(candidates, inner), "other folds": choose(candidates)}
    wrong = {}
    for name, choice in choices.items():
        chosen = assembled(choice.chosen, errors.__getitem__, study.folds.fold_of)
        differences = fold_means(chosen, study.folds) - other
        tested = corrected_t(differences, study.folds.test_over_training)
        wrong[name] = bool(tested.p <= ALPHA and tested.estimate < 0)
    return wrong


def photo_errors(seed: int) -> dict[str, bool]:
    """Compare latent vectors with histograms on real photos whose votes were handed out at random."""
    study = study_of_shuffled_photos(seed)
    errors = study.squared_errors((_ONE, _K))
    tested = partial(corrected_t, test_over_training=study.folds.test_over_training)
    at_one, at_k = (_per_fold(errors[..., place], study) for place in (0, 1))
    return {
        "corrected": bool(tested(at_k[0] - at_k[1]).p <= ALPHA),
        "clustered, k = 1": bool(_at_one(study, errors, 0, 1).p <= ALPHA),
        "corrected, k = 1": bool(tested(at_one[0] - at_one[1]).p <= ALPHA),
        "naive": bool(corrected_t(at_k[0] - at_k[1], 0.0).p <= ALPHA),
    }


def margin_errors(seed: int) -> dict[str, bool]:
    """Compare two k-NNs whose difference is known: without signal k neighbours err sigma^2 (1 + 1/k).

    That is exact where folds are dealt by luck alone and the features say nothing of the votes.
    """
    study = null_study(WORLD, seed, stratified=False)
    worse, better = study.squared_errors(_LOSS)  # (repeats, n, ks)
    differences = fold_means(worse[..., 0] - better[..., 1], study.folds)
    ratio = study.folds.test_over_training
    margin = math.sqrt(study.variance) * (math.sqrt(1 + 1 / _LOSS[0]) - math.sqrt(1 + 1 / _LOSS[1]))
    loss = study.variance * (1 / _LOSS[0] - 1 / _LOSS[1])
    decided = non_inferiority(differences, ratio, margin, float(better[..., 1].mean()), alpha=ALPHA)
    return {
        "non-inferiority": is_below(decided.comparison, decided.squared_margin, ALPHA),
        "one-sided": corrected_t(differences, ratio, boundary=loss, alternative="less").p <= ALPHA,
    }


def permutation_errors(seed: int) -> dict[str, bool]:
    """Look for the best of several descriptions at 25 k where photos have no say in the votes."""
    study = null_study(attrs.evolve(WORLD, n=100), seed, descriptions=_PERMUTED, repeats=1)
    evaluation = study.evaluation(_PERMUTED_KS)
    nearest = study.neighbours(max(_PERMUTED_KS))  # (descriptions, 1, n, k)

    def rerun(votes: Array) -> dict[str, Array]:
        missed = means_of_nearest(nearest, _PERMUTED_KS, votes) - votes[:, None]
        return dict(zip(evaluation.runs, (missed**2).mean(axis=(1, 2, 4)), strict=True))

    null = permutation_null(evaluation, rerun, draws=_PERMUTATIONS, seed=seed)
    found = max_statistic(*standardised(*null.evidence))
    return {
        "Westfall-Young": bool((found.single_step <= ALPHA).any()),
        "each by itself": bool((found.single <= ALPHA).any()),
    }


def answer_errors(seed: int) -> dict[str, bool]:
    """Ask whole evaluations without signal all their questions, on the way that a report goes."""
    given = answered_study(WORLD, seed)
    return {
        "answers": any(is_wrong(one) for one in given),
        "each by itself": any(would_be_wrong(one) for one in given),
    }


def _at_one(study: NullStudy, errors: Array, first: int, second: int) -> Comparison:
    """Compare two descriptions at k = 1 as an evaluation does: clustered by the nearest case too."""
    nearest = study.neighbours(1)[..., 0]  # (descriptions, repeats, n)
    found = differences_of(
        errors[first, ..., 0], errors[second, ..., 0], study.folds, rests_on=(nearest[first], nearest[second])
    )
    return corrected_t(found.tested, found.test_over_training, least_variance=found.least_variance)


def _per_fold(errors: Array, study: NullStudy) -> Array:
    """Mean over each fold of `(predictors, repeats, n)`, `(predictors, repeats, folds)`."""
    return np.stack([fold_means(one, study.folds) for one in errors])


STUDIES: Mapping[str, Callable[[int], dict[str, bool]]] = MappingProxyType(
    {
        "comparisons": comparison_errors,
        "selections": selection_errors,
        "photos": photo_errors,
        "margins": margin_errors,
        "permutations": permutation_errors,
        "answers": answer_errors,
    }
)
"""What one study of each kind gets wrong, by the names of its decisions, from a seed."""

_DIFFERENCE = "corrected t (Nadeau-Bengio) finds a difference"
_NAIVE = "naive paired t over the folds finds a difference"
_PAIR = "two k-NNs, k = {}, on independent random features"
_MANY = f"{_COMPARED} k-NNs and another one, k = {_K}, on independent random features"
_PHOTOS = "LF-COS and HIST-COS on 200 real photos, k = {}, votes handed out at random"
_KNOWN_LOSS = f"k = {_LOSS[0]} against k = {_LOSS[1]}, and the true loss is the margin"
_NO_SIGNAL = f"no signal; {_PERMUTED} descriptions, k = 1 to {max(_PERMUTED_KS)}"
_ASKED = "whole evaluations without signal, 18 questions each, 7 of them on the boundary"
_SELECTED = "corrected t finds the best, {}, better than the other one"
_CLUSTERED = "corrected t, its variance at least that clustered by the nearest case, finds a difference"

DECISIONS: Mapping[str, Mapping[str, Decision]] = MappingProxyType(
    {
        "comparisons": {
            "corrected": Decision(name=_DIFFERENCE, null=_PAIR.format(_K)),
            "clustered, k = 1": Decision(name=_CLUSTERED, null=_PAIR.format(_ONE)),
            "corrected, k = 1": Decision(name=_DIFFERENCE, null=_PAIR.format(_ONE), is_ours=False),
            "corrected, k = 2": Decision(name=_DIFFERENCE, null=_PAIR.format(_TWO)),
            "naive": Decision(name=_NAIVE, null=_PAIR.format(_K), is_ours=False),
            "Holm": Decision(name="corrected t with Holm finds any difference", null=_MANY),
            "each by itself": Decision(
                name="corrected t without Holm finds any difference", null=_MANY, is_ours=False
            ),
            "best against worst": Decision(
                name="corrected t finds a difference between the best and the worst",
                null=_MANY,
                is_ours=False,
            ),
        },
        "selections": {
            "nested": Decision(name=_SELECTED.format("chosen in an inner cross-validation"), null=_MANY),
            "other folds": Decision(
                name=_SELECTED.format("chosen on the other folds of each repeat"), null=_MANY
            ),
        },
        "photos": {
            "corrected": Decision(name=_DIFFERENCE, null=_PHOTOS.format(_K)),
            "clustered, k = 1": Decision(name=_CLUSTERED, null=_PHOTOS.format(_ONE)),
            "corrected, k = 1": Decision(name=_DIFFERENCE, null=_PHOTOS.format(_ONE), is_ours=False),
            "naive": Decision(name=_NAIVE, null=_PHOTOS.format(_K), is_ours=False),
        },
        "margins": {
            "non-inferiority": Decision(name='non-inferiority says "no worse"', null=_KNOWN_LOSS),
            "one-sided": Decision(
                name="one-sided corrected t says that the loss is below the margin", null=_KNOWN_LOSS
            ),
        },
        "permutations": {
            "Westfall-Young": Decision(name="Westfall-Young finds any k better than chance", null=_NO_SIGNAL),
            "each by itself": Decision(
                name="permutation p without correction finds any k better than chance",
                null=_NO_SIGNAL,
                is_ours=False,
            ),
        },
        "answers": {
            "answers": Decision(name="`answers` gives any false yes or no", null=_ASKED),
            "each by itself": Decision(
                name="its answers, had each p decided by itself, hold any false yes or no",
                null=_ASKED,
                is_ours=False,
            ),
        },
    }
)
"""The decisions that each kind of study tries."""
