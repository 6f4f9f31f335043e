"""The variance of a mean difference where many predictions rest on one training case."""

import numpy as np
import pytest
from scipy import stats

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.decisions.clustered_variance import clustered_variance
from cbrkit_xai.evaluation.decisions.corrected_t import corrected_t
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.questions.differences import differences_of

NAN = np.nan


def pairs_that_go_together(per_case, rests_on):
    """Sum the products of all pairs of differences: of the same case, or resting on the same one.

    A pair counts once for each predictor by which it goes together, and once less for its case: of two
    predictors a case that rests on itself alone would count twice.
    """
    places = [(r, i) for r in range(len(per_case)) for i in range(per_case.shape[1])]
    places = [place for place in places if not np.isnan(per_case[place])]
    mean = np.mean([per_case[place] for place in places])
    total = 0.0
    for one in places:
        for other in places:
            product = (per_case[one] - mean) * (per_case[other] - mean)
            same_case = one[1] == other[1]
            for nearest in rests_on:
                both = (nearest[one], nearest[other])
                total += product * (same_case if both == (-1, -1) else both[0] == both[1])
            total -= (len(rests_on) - 1) * product * same_case
    return max(total / len(places) ** 2, 0.0)


@pytest.mark.parametrize("predictors", [1, 2])
@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_sum_over_all_pairs_that_go_together(predictors, seed):
    rng = np.random.default_rng(seed)
    per_case = rng.normal(size=(3, 12))
    per_case[rng.random(per_case.shape) < 0.1] = NAN
    rests_on = [rng.integers(-1, 5, (3, 12)) for _ in range(predictors)]
    found = clustered_variance(per_case, rests_on)
    assert found == pytest.approx(pairs_that_go_together(per_case, rests_on))


def test_where_each_prediction_rests_on_a_case_of_its_own_it_is_that_of_independent_differences():
    values = np.random.default_rng(0).normal(size=(1, 30))
    found = clustered_variance(values, [np.arange(30)[None]])
    assert found == pytest.approx(values.var() / 30)


def test_where_all_twenty_predictions_of_a_hub_are_alike_there_are_as_many_witnesses_as_hubs():
    hubs = np.repeat(np.arange(10), 20)
    of_hubs = np.random.default_rng(1).normal(size=10)
    found = clustered_variance(of_hubs[hubs][None], [hubs[None]])
    assert found == pytest.approx(of_hubs.var() / 10)


def test_nothing_known_is_no_bound():
    values = np.random.default_rng(0).normal(size=(2, 9))
    assert clustered_variance(values, []) == 0
    assert clustered_variance(np.full((2, 9), NAN), [np.zeros((2, 9), dtype=int)]) == 0


def test_a_larger_variance_by_another_estimate_is_the_one_that_counts():
    folds = np.random.default_rng(0).normal(0.3, 1.0, size=(10, 5))
    plain = corrected_t(folds, 0.25)
    assert corrected_t(folds, 0.25, least_variance=1e-9) == plain
    wide = corrected_t(folds, 0.25, least_variance=4.0)
    assert wide.statistic == pytest.approx(folds.mean() / 2)
    assert wide.p == pytest.approx(2 * stats.t.sf(folds.mean() / 2, 49))
    assert wide.interval[1] - wide.interval[0] == pytest.approx(4 * stats.t.ppf(0.975, 49))


@pytest.mark.parametrize("value", [-1.0, NAN])
def test_a_variance_below_zero_is_refused(value):
    with pytest.raises(ParameterError) as refused:
        corrected_t(np.arange(6.0), 0.25, least_variance=value)
    assert refused.value.where == "least_variance"


def test_differences_bring_the_bound_of_what_they_rest_on():
    rng = np.random.default_rng(2)
    folds = Folds(fold_of=[np.arange(20) % 4, np.arange(20) // 5])
    first, second = rng.random((2, 2, 20))
    nearest = rng.integers(0, 3, (2, 20))
    assert differences_of(first, second, folds).least_variance == 0
    found = differences_of(first, second, folds, rests_on=[nearest])
    assert found.least_variance == pytest.approx(pairs_that_go_together(first - second, [nearest]))
