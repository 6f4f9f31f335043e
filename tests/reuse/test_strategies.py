"""The other reuse strategies: arithmetic by hand, brute-force loops, and what the predecessor got wrong."""

from __future__ import annotations

import json

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata

from cbrkit_xai import Cases, Entries, Registry
from cbrkit_xai.aggregators.max import Max
from cbrkit_xai.aggregators.mean import Mean as MeanOfRows
from cbrkit_xai.aggregators.median import Median
from cbrkit_xai.aggregators.medoid import Medoid
from cbrkit_xai.aggregators.min import Min
from cbrkit_xai.choice import use
from cbrkit_xai.errors import ConfigurationError, ParameterError
from cbrkit_xai.reuse.aggregated import Aggregated
from cbrkit_xai.reuse.borda import Borda
from cbrkit_xai.reuse.dirichlet import Dirichlet
from cbrkit_xai.reuse.majority import Majority
from cbrkit_xai.reuse.mean import Mean
from cbrkit_xai.reuse.rank_weighted import RankWeighted
from cbrkit_xai.reuse.shrunk import Shrunk
from cbrkit_xai.reuse.similarity_weighted import SimilarityWeighted

NAN = float("nan")

FITTED_DIRICHLET = Dirichlet(concentration=2.0, prior=(0.5, 0.25, 0.25), votes_per_case=8.0)

EACH = {
    "similarity-weighted": SimilarityWeighted(sharpness=2.0),
    "rank-weighted": RankWeighted(),
    "shrunk": Shrunk(share=0.25, overall=(1.0, 2.0, 3.0)),
    "dirichlet": FITTED_DIRICHLET,
    "borda": Borda(weight="similarity"),
    "majority": Majority(weight="similarity"),
    "aggregated": Aggregated(aggregator=Median(), weight="similarity"),
}
each_strategy = pytest.mark.parametrize("strategy", EACH.values(), ids=EACH)


def found(votes, distances, allowed=None):
    """Neighbours of queries at `distances` from entries with `votes`."""
    votes = np.asarray(votes, dtype=float)
    entries = Entries(
        ids=[f"e{row}" for row in range(len(votes))],
        features=np.zeros((len(votes), 1)),
        votes=votes,
        members=[[f"e{row}"] for row in range(len(votes))],
        is_prototype=[False] * len(votes),
    )
    return entries.nearest(np.asarray(distances, dtype=float), len(votes), allowed)


def on_a_line(votes, groups=None):
    votes = np.asarray(votes, dtype=float)
    cases = Cases(
        ids=[f"c{row:02}" for row in range(len(votes))],
        features=np.arange(len(votes), dtype=float)[:, None],
        votes=votes,
        methods=[f"m{column}" for column in range(votes.shape[1])],
        **({} if groups is None else {"groups": groups}),
    )
    distances = np.abs(cases.features - cases.features.T)
    groups = np.asarray(cases.groups)
    others = Entries.of_cases(cases).nearest(distances, 2, groups[:, None] != groups[None, :])
    return cases, others


# What the predecessor got wrong ---------------------------------------------------------------------------


@each_strategy
def test_neighbours_at_equal_distance_speak_alike_in_whichever_order_they_come(strategy):
    # The predecessor broke ties one way when retrieving and the other way when ranking.
    votes = [[4, 0, 1], [0, 4, 2], [2, 2, 9], [5, 1, 0]]
    distances = [1.0, 1.0, 1.0, 3.0]
    expected = strategy.reuse(found(votes, [distances]))
    for order in ([1, 2, 0, 3], [2, 1, 3, 0], [3, 2, 1, 0]):
        shuffled = found([votes[row] for row in order], [[distances[row] for row in order]])
        np.testing.assert_allclose(strategy.reuse(shuffled), expected, rtol=1e-12)


@each_strategy
def test_a_query_changes_nothing_that_it_was_given(strategy):
    near = found([[4, NAN, 1], [0, 4, 2]], [[0.0, 1.0], [1.0, 0.0]])
    held = [array.copy() for array in (near.votes, near.distances, near.sizes, near.entries.votes)]
    first = strategy.reuse(near)
    assert np.array_equal(strategy.reuse(near), first, equal_nan=True)
    for array, before in zip((near.votes, near.distances, near.sizes, near.entries.votes), held, strict=True):
        assert np.array_equal(array, before, equal_nan=True)
        assert not array.flags.writeable


@pytest.mark.parametrize(
    "aggregator", [Min(), Max(), Median(), Medoid()], ids=["min", "max", "median", "medoid"]
)
def test_the_least_of_no_votes_is_unknown_for_that_method_alone(aggregator):
    allowed = np.array([[True, True], [False, False]])
    near = found([[4, NAN, NAN], [1, 2, NAN]], [[0.0, 1.0], [0.0, 1.0]], allowed)
    predicted = Aggregated(aggregator=aggregator).reuse(near)
    assert predicted[0, 1] == 2.0
    assert 1 <= predicted[0, 0] <= 4
    assert np.isnan(predicted[0, 2])
    assert np.isnan(predicted[1]).all()


def test_a_similarity_of_almost_0_is_used_as_it_is_and_not_as_a_tenth():
    near = found([[1.0], [0.0]], [[0.0, 1.0]])  # similarities 1 and 1/3, raised: 3 ** -20
    weight = SimilarityWeighted(sharpness=20.0).weights(near)[0, 1]
    assert weight == pytest.approx(3.0**-20 / (1 + 3.0**-20), rel=1e-12)


# Weights --------------------------------------------------------------------------------------------------


def test_sharpness_1_is_the_similarity_of_the_mean_and_0_no_weighting():
    near = found([[4.0], [0.0], [1.0]], [[1.0, 3.0, 8.0]])
    np.testing.assert_array_equal(SimilarityWeighted().reuse(near), Mean(weight="similarity").reuse(near))
    np.testing.assert_allclose(SimilarityWeighted(sharpness=0.0).reuse(near), Mean().reuse(near))


def test_a_very_large_sharpness_leaves_the_nearest_alone():
    near = found([[4.0], [0.0], [1.0]], [[1.0, 3.0, 8.0]])
    assert SimilarityWeighted(sharpness=1e6).reuse(near).tolist() == [[4.0]]


def test_weights_by_rank_by_hand():
    near = found([[6.0], [0.0], [0.0]], [[0.5, 2.0, 9.0]])
    np.testing.assert_allclose(RankWeighted().weights(near), [[6 / 11, 3 / 11, 2 / 11]])
    np.testing.assert_allclose(RankWeighted(weight="linear").weights(near), [[3 / 6, 2 / 6, 1 / 6]])
    np.testing.assert_allclose(RankWeighted(weight="linear").reuse(near), [[3.0]])


def test_equal_ranks_share_their_weights():
    near = found([[6.0], [0.0], [3.0]], [[1.0, 1.0, 9.0]])
    np.testing.assert_allclose(RankWeighted(weight="linear").weights(near), [[2.5 / 6, 2.5 / 6, 1 / 6]])


def test_ranks_are_those_of_the_neighbours_a_query_really_has():
    allowed = np.array([[True, True, True], [True, True, False], [False, False, False]])
    near = found([[6.0], [0.0], [3.0]], np.tile([1.0, 2.0, 9.0], (3, 1)), allowed)
    np.testing.assert_allclose(
        RankWeighted(weight="linear").weights(near), [[3 / 6, 2 / 6, 1 / 6], [2 / 3, 1 / 3, 0], [0, 0, 0]]
    )


# Shrunk ---------------------------------------------------------------------------------------------------


def test_shrinking_by_hand_and_as_the_mean_does_it():
    cases, others = on_a_line([[4, 0], [5, 1], [0, 4], [1, 7], [2, NAN]])
    shrunk = Shrunk(share=0.25).fitted(cases, others)
    assert shrunk.overall == (2.4, 3.0)
    near = found([[6, NAN], [2, NAN]], [[1.0, 1.0]])
    np.testing.assert_allclose(shrunk.reuse(near), [[0.75 * 4 + 0.25 * 2.4, 3.0]])
    learnt = Shrunk().fitted(cases, others)
    assert learnt.share == Mean(shrinkage="fitted").fitted(cases, others).shrinkage


@pytest.mark.parametrize("share", [-0.1, 1.1, True, "half"])
def test_a_share_outside_0_to_1_is_refused(share):
    with pytest.raises(ParameterError, match=r"share: .* does not fit; allowed: a number from 0 to 1"):
        Shrunk(share=share)


@pytest.mark.parametrize(
    "strategy", [Shrunk(share=0.5), Shrunk(), Dirichlet(), Dirichlet(concentration=1.0)], ids=str
)
def test_what_has_not_learnt_the_base_says_what_to_do(strategy):
    with pytest.raises(ParameterError, match="call fitted, or compose and fit"):
        strategy.reuse(found([[4.0]], [[0.0]]))


@pytest.mark.parametrize("strategy", [Shrunk(), Dirichlet(), Dirichlet(weight="similarity")], ids=str)
def test_what_was_learnt_survives_json_even_where_nobody_was_asked(strategy):
    cases, others = on_a_line([[4, 0, NAN], [5, 1, NAN], [0, 4, NAN], [1, 7, NAN]])
    fitted = strategy.fitted(cases, others)
    written = json.loads(json.dumps(attrs.asdict(fitted), allow_nan=False))
    assert type(fitted)(**written) == fitted
    assert np.isnan(fitted.reuse(others)[:, 2]).all()
    assert not np.isnan(fitted.reuse(others)[:, :2]).any()


# Dirichlet ------------------------------------------------------------------------------------------------


def test_the_posterior_mean_by_hand():
    # Shares (.5, .5, 0) and (1, 0, 0), prior (.5, .25, .25) worth two neighbours: (2.5, 1, .5) / 4, times 8.
    near = found([[3, 3, 0], [7, 0, 0]], [[1.0, 1.0]])
    np.testing.assert_allclose(FITTED_DIRICHLET.reuse(near), [[5.0, 2.0, 1.0]])


def test_a_neighbour_says_what_the_prior_says_about_methods_it_was_not_asked_about():
    # Asked about the last two, which are half of the prior, it gives both parts of that half to the first.
    near = found([[NAN, 9, 0]], [[1.0]])
    np.testing.assert_allclose(FITTED_DIRICHLET.reuse(near), [[4.0, 8 * (0.5 + 0.5) / 3, 8 * 0.5 / 3]])


def test_without_neighbours_and_without_votes_the_prior_speaks():
    near = found([[0, 0, 0], [1, 1, 1]], [[1.0, 1.0]] * 2, np.array([[True, False], [False, False]]))
    np.testing.assert_allclose(FITTED_DIRICHLET.reuse(near), [[4.0, 2.0, 2.0]] * 2)


def test_predicted_votes_add_up_to_the_bases_mean_number_of_votes():
    cases, others = on_a_line([[4, 0, 2], [5, 1, 4], [0, 4, 0], [1, 7, 8]])
    np.testing.assert_allclose(Dirichlet().fitted(cases, others).reuse(others).sum(axis=1), 36 / 4)


@pytest.mark.parametrize(
    ("votes", "is_small"),
    [([[9, 0]] * 6 + [[0, 9]] * 6, True), ([[9, 0], [0, 9]] * 6, False)],
    ids=["neighbours know", "neighbours mislead"],
)
def test_the_concentration_is_small_where_neighbours_agree_and_large_where_they_mislead(votes, is_small):
    learnt = Dirichlet().fitted(*on_a_line(votes)).concentration
    assert learnt < 2 if is_small else learnt == pytest.approx(1024)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.tuples(*[st.sampled_from([NAN, 0.0, 1.0, 5.0])] * 3), min_size=2, max_size=5),
    st.sampled_from(["none", "similarity"]),
)
def test_no_other_concentration_has_a_smaller_leave_one_out_error(votes, weight):
    # Two cases that were asked about everything, so that leaving one out leaves every method known.
    cases, others = on_a_line([(1, 2, 5), *votes, (3, 0, 1)])
    fitted = Dirichlet(weight=weight).fitted(cases, others)

    def error(concentration):
        total = 0.0
        for row in range(len(cases)):
            asked = ~np.isnan(cases.shares[row])
            if not asked.any():
                continue
            rest = cases.take([other for other in range(len(cases)) if other != row])
            alone = attrs.evolve(
                Dirichlet(concentration=1.0).fitted(rest), concentration=concentration, weight=weight
            )
            near = others.take([row])
            if np.nansum(near.votes) == 0:
                continue
            predicted = np.nan_to_num(alone.reuse(near)[0]) / alone.votes_per_case
            truth = cases.shares[row] * np.asarray(alone.prior)[asked].sum()
            total += float(((predicted - truth)[asked] ** 2).sum())
        return total

    assert error(fitted.concentration) <= min(error(other) for other in (0.07, 0.5, 2.0, 9.0, 900.0)) + 1e-3


@pytest.mark.parametrize("concentration", [0.0, -1.0, NAN, float("inf"), True, "much"])
def test_a_concentration_is_a_positive_number(concentration):
    with pytest.raises(ParameterError, match=r"concentration: .* does not fit; allowed: a number greater"):
        Dirichlet(concentration=concentration)


# Rankings -------------------------------------------------------------------------------------------------


def test_borda_points_by_hand():
    near = found([[5, 3, 1], [0, 4, 4]], [[1.0, 1.0]])  # 1, .5, 0 and 0, .75, .75
    np.testing.assert_allclose(Borda().reuse(near), [[0.5, 0.625, 0.375]])


@settings(max_examples=40)
@given(st.lists(st.sampled_from([NAN, 0.0, 1.0, 2.0]), min_size=2, max_size=6))
def test_borda_points_are_scipys_mean_ranks_brought_to_0_and_1(votes):
    points = Borda().reuse(found([votes], [[1.0]]))[0]
    asked = ~np.isnan(votes)
    assert np.isnan(points[~asked]).all()
    if asked.sum() < 2:
        assert (points[asked] == 0.5).all()
        return
    expected = (rankdata(np.asarray(votes)[asked], method="average") - 1) / (asked.sum() - 1)
    np.testing.assert_allclose(points[asked], expected)


def test_the_majority_counts_winners_and_shares_the_voice_of_ties():
    near = found([[9, 1, 0], [2, 2, 0], [1, 0, 0], [0, 0, 0], [NAN, 3, NAN]], [[1.0] * 5])
    np.testing.assert_allclose(Majority().reuse(near), [[2.5 / 3, 0.5 / 3, 0.0]])


def test_a_method_is_judged_by_the_neighbours_that_were_asked_about_it():
    near = found([[9, 1, NAN], [2, 0, 5]], [[1.0, 1.0]])
    np.testing.assert_allclose(Majority().reuse(near), [[0.5, 0.0, 1.0]])


def test_where_no_neighbour_has_a_winner_methods_get_an_even_share():
    near = found([[0, 0, NAN], [NAN, 4, NAN]], [[1.0, 1.0]])
    np.testing.assert_allclose(Majority().reuse(near), [[0.5, 0.5, NAN]])


# Aggregated -----------------------------------------------------------------------------------------------


def test_aggregating_with_the_mean_is_the_mean():
    near = found([[4, NAN, 1], [0, 4, 2], [2, 2, NAN]], [[1.0, 3.0, 8.0], [0.0, 0.0, 0.0]])
    for weight in ("none", "similarity"):
        strategy = Aggregated(aggregator=MeanOfRows(), weight=weight)
        np.testing.assert_allclose(strategy.reuse(near), Mean(weight=weight).reuse(near), rtol=1e-12)
        np.testing.assert_allclose(strategy.weights(near), Mean(weight=weight).weights(near))


@settings(max_examples=40)
@given(
    st.lists(st.tuples(*[st.sampled_from([NAN, 0.0, 1.0, 5.0])] * 3), min_size=1, max_size=5),
    st.sampled_from([(Max(), np.nanmax), (Min(), np.nanmin), (Median(), np.nanmedian)]),
)
def test_each_method_is_aggregated_over_the_neighbours_that_were_asked(votes, pair):
    aggregator, by_numpy = pair
    predicted = Aggregated(aggregator=aggregator).reuse(found(votes, [[1.0] * len(votes)]))[0]
    for method, column in enumerate(np.asarray(votes).T):
        if np.isnan(column).all():
            assert np.isnan(predicted[method])
        else:
            assert predicted[method] == by_numpy(column)


def test_the_predecessors_weighted_average_counts_by_one_minus_the_distance():
    near = found([[4.0], [1.0], [9.0]], [[0.25, 0.75, 1.0]])
    strategy = Aggregated(aggregator=MeanOfRows(), weight="complement")
    assert strategy.weights(near).tolist() == [[0.75, 0.25, 0.0]]  # a similarity of 0 stays 0, not 0.1
    assert strategy.reuse(near)[0, 0] == pytest.approx(0.75 * 4 + 0.25 * 1)


def test_where_nothing_is_similar_all_neighbours_count_alike():
    near = found([[4.0, NAN], [1.0, 2.0]], [[1.0, 3.0]])
    strategy = Aggregated(aggregator=MeanOfRows(), weight="complement")
    assert strategy.weights(near).tolist() == [[0.5, 0.5]]
    assert strategy.reuse(near)[0].tolist() == [2.5, 2.0]


def test_methods_that_all_were_asked_about_are_aggregated_as_whole_rows():
    near = found([[9, 0], [0, 9], [8, 1]], [[1.0, 2.0, 3.0]])
    assert Aggregated(aggregator=Medoid()).reuse(near).tolist() == [[8.0, 1.0]]


def test_the_aggregator_is_composed_by_name():
    made = Registry().create(
        "reuse-strategy", use("aggregated", aggregator="max", weight="similarity"), where="reuse"
    )
    assert made == Aggregated(aggregator=Max(), weight="similarity")
    with pytest.raises(ConfigurationError, match="parameter 'aggregator' is missing"):
        Registry().create("reuse-strategy", use("aggregated"), where="reuse")
