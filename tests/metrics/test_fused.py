"""Distances of several representations added up, by weights that are given or learnt from votes."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import lsq_linear

from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import ParameterError, PluginError
from cbrkit_xai.metrics.cosine import Cosine
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.metrics.fused import Fused
from cbrkit_xai.metrics.manhattan import Manhattan
from cbrkit_xai.metrics.pixel_difference import PixelDifference
from cbrkit_xai.metrics.vote_agreement import LearningPairs, disagreements, shares_of_parts

NAN = np.nan


def cases_of(features, votes, **changes):
    votes = np.asarray(votes, dtype=float)
    given = {"ids": [f"case-{row:03d}" for row in range(len(votes))], "features": features, "votes": votes}
    return Cases(**{**given, "methods": [f"method-{column}" for column in range(votes.shape[1])], **changes})


def votes_along(places):
    """Votes for two methods whose shares are (place, 1 - place)."""
    return np.stack([places, 1 - places], axis=1)


@pytest.fixture
def study():
    """Sixty cases whose votes lie along `told`; `noise` says nothing about them."""
    rng = np.random.default_rng(0)
    told, noise = rng.random((60, 1)), rng.random((60, 4)) * 1000
    return cases_of({"told": told, "noise": noise}, votes_along(told[:, 0]))


METRICS = {"told": Euclidean(), "noise": Euclidean()}


def test_the_predecessors_five_weights_give_the_sum_by_hand():
    rng = np.random.default_rng(1)
    weights = {"class": 0.5, "colour": 0.1, "pixels": 0.15, "shape": 0.4, "texture": 0.3}
    vectors = [name for name in weights if name != "pixels"]
    metric = Fused(
        parts={**{name: Manhattan() for name in vectors}, "pixels": PixelDifference()}, weights=weights
    )

    def described(n):
        arrays = {name: rng.random((n, 3)) for name in vectors}
        return {**arrays, "pixels": rng.integers(0, 256, (n, 4, 4, 3), dtype=np.uint8)}

    asked, known = described(3), described(5)
    distances = metric.pairwise(asked, known)
    for query in range(3):
        for entry in range(5):
            apart = {name: np.abs(asked[name][query] - known[name][entry]).sum() for name in vectors}
            pixels = np.abs(asked["pixels"][query].astype(int) - known["pixels"][entry]).mean() / 255
            by_hand = (
                0.5 * apart["class"]
                + 0.1 * apart["colour"]
                + 0.15 * pixels
                + 0.4 * apart["shape"]
                + 0.3 * apart["texture"]
            )
            assert distances[query, entry] == pytest.approx(by_hand, rel=1e-12)


def test_the_order_in_which_tables_are_written_does_not_show():
    rng = np.random.default_rng(2)
    rows = {name: rng.random((9, 4)) for name in "abc"}
    parts, weights = dict.fromkeys("abc", Manhattan()), {"a": 0.1, "b": 0.2, "c": 0.3}
    one = Fused(parts=parts, weights=weights)
    other = Fused(parts=dict(reversed(parts.items())), weights=dict(reversed(weights.items())))
    assert one == other
    assert np.array_equal(one.pairwise(rows, rows), other.pairwise(rows, rows))


def test_a_part_of_weight_zero_is_not_asked():
    class Fails:
        def pairwise(self, queries, references):
            raise AssertionError("it was asked")

    rows = {"a": np.eye(2), "b": np.eye(2)}
    metric = Fused(parts={"a": Manhattan(), "b": Fails()}, weights={"a": 2, "b": 0})
    assert metric.pairwise(rows, rows).tolist() == [[0, 4], [4, 0]]


def test_a_part_that_gives_no_distances_is_named():
    class Negative:
        def pairwise(self, queries, references):
            return -np.ones((len(queries), len(references)))

    rows = {"a": np.eye(2)}
    with pytest.raises(PluginError, match="metric Negative"):
        Fused(parts={"a": Negative()}, weights={"a": 1}).pairwise(rows, rows)


def test_prepared_references_survive_pickling():
    rows = {"a": np.eye(3), "b": np.ones((3, 2))}
    metric = Fused(parts={"a": Euclidean(), "b": Cosine()}, weights={"a": 1, "b": 2})
    prepared = pickle.loads(pickle.dumps(metric.prepare(rows)))  # noqa: S301 - our own bytes
    assert np.array_equal(prepared(rows), metric.pairwise(rows, rows))


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (
            {"told": 1, "nose": 1},
            r"weights: there is no part 'nose'; allowed: noise, told; did you mean 'noise'",
        ),
        ({"told": 1}, r"weights: the part 'noise' is missing; allowed: noise, told"),
        ({"told": 1, "noise": -1}, r"weights.noise: -1 does not fit; allowed: a finite number of at least 0"),
        ({"told": 1, "noise": NAN}, r"weights.noise: nan does not fit"),
        ({"told": 0, "noise": 0}, r"weights: all are 0; allowed: at least one above 0"),
        ("equal", r"weights: 'equal' does not fit; allowed: a table of numbers by part, or 'votes'"),
    ],
)
def test_weights_that_do_not_fit_the_parts_are_refused(weights, message):
    with pytest.raises(ParameterError, match=message):
        Fused(parts=METRICS, weights=weights)


def test_features_of_other_parts_are_refused():
    metric = Fused(parts=METRICS, weights={"told": 1, "noise": 1})
    rows = {"told": np.eye(2), "noise": np.eye(2)}
    with pytest.raises(
        ParameterError, match="references are one ndarray; allowed: an array for each of noise, told"
    ):
        metric.pairwise(rows, np.eye(2))
    with pytest.raises(ParameterError, match="queries: the part 'noise' is missing"):
        metric.pairwise({"told": np.eye(2)}, rows)
    with pytest.raises(ParameterError, match=r"the parts have .* rows"):
        metric.pairwise({"told": np.eye(2), "noise": np.ones((1, 2))}, rows)


@pytest.mark.parametrize(
    "choice", [{"weights": "votes"}, {"weights": {"told": 1, "noise": 1}, "scale": "mean"}]
)
def test_what_has_to_be_learnt_is_asked_for_before_any_distance(choice):
    rows = {"told": np.eye(2), "noise": np.eye(2)}
    with pytest.raises(
        ParameterError, match=r"learnt from cases, and it has not been fitted.*compose and fit"
    ):
        Fused(parts=METRICS, **choice).pairwise(rows, rows)


def test_scaled_by_the_mean_a_part_of_weight_one_is_one_on_average(study):
    metric = Fused(parts=METRICS, weights={"told": 1, "noise": 0}, scale="mean").fitted(study)
    distances = metric.pairwise(study.features, study.features)
    assert distances[np.triu_indices(60, 1)].mean() == pytest.approx(1, rel=1e-12)


def test_given_weights_without_a_scale_learn_nothing(study):
    metric = Fused(parts=METRICS, weights={"told": 1, "noise": 1})
    assert metric.fitted(study) is metric


def test_the_part_that_the_votes_follow_gets_nearly_all_the_weight(study):
    metric = Fused(parts=METRICS, weights="votes", scale="mean").fitted(study)
    assert metric.weights["told"] > 0.98
    assert sum(metric.weights.values()) == pytest.approx(1)


def test_learnt_weights_are_those_of_another_solver_on_pairs_by_hand(study):
    """Least squares with a constant that may be negative, and parts that may not."""
    rng = np.random.default_rng(3)
    arrays = {"a": rng.random((25, 2)), "b": rng.random((25, 1)) * 50, "c": rng.random((25, 3))}
    mixed = arrays["a"][:, 0] * 0.6 + arrays["b"][:, 0] * 0.005 + rng.random(25) * 0.1
    votes = votes_along(mixed)
    votes[4] = NAN
    votes[7, 1] = NAN
    columns, wanted = [], []
    for i in range(25):
        for j in range(i):
            if not {i, j} & {4, 7}:
                apart = [np.sqrt(((arrays[name][i] - arrays[name][j]) ** 2).sum()) for name in "abc"]
                columns.append([*apart, 1.0])
                wanted.append(abs(votes[i, 0] - votes[j, 0]))  # of two shares, half the sum of both changes
    found = lsq_linear(columns, wanted, bounds=([0, 0, 0, -np.inf], np.inf), tol=1e-14).x[:3]
    metric = Fused(parts=dict.fromkeys("abc", Euclidean()), weights="votes").fitted(cases_of(arrays, votes))
    learnt = np.array([metric.weights[name] for name in "abc"])
    np.testing.assert_allclose(learnt / learnt.sum(), found / found.sum(), atol=1e-6)


@pytest.mark.parametrize("scale", ["none", "mean"])
def test_learnt_distances_are_one_on_average_with_either_scale(study, scale):
    metric = Fused(parts=METRICS, weights="votes", scale=scale).fitted(study)
    distances = metric.pairwise(study.features, study.features)
    assert distances[np.triu_indices(60, 1)].mean() == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize(
    "votes",
    [
        np.ones((60, 2)),  # all agree
        np.full((60, 2), NAN),  # nobody was asked
        votes_along(np.where(np.arange(60) % 2, 0.5, 0.500000000000001)),
    ],
    ids=["agreed", "unasked", "rounding"],
)
def test_votes_that_teach_nothing_give_every_part_the_same_share(study, votes):
    untaught = cases_of(study.features, votes)
    metric = Fused(parts=METRICS, weights="votes", scale="mean").fitted(untaught)
    assert dict(metric.weights) == {"told": 0.5, "noise": 0.5}


def test_distances_that_fall_with_disagreement_give_every_part_the_same_share():
    near_but_at_odds = np.array([[0.0], [0.1], [9.0], [9.1]])
    cases = cases_of({"a": near_but_at_odds, "b": -near_but_at_odds}, votes_along(np.array([0, 1, 0, 1.0])))
    metric = Fused(parts={"a": Manhattan(), "b": Manhattan()}, weights="votes", scale="mean").fitted(cases)
    assert dict(metric.weights) == {"a": 0.5, "b": 0.5}


def test_a_part_whose_distances_are_all_alike_does_not_serve_as_the_constant():
    # Without a constant of its own, least squares would put most of the weight on `same`.
    told = np.linspace(0, 1, 20)[:, None] ** 2
    cases = cases_of({"told": told, "same": np.eye(20)}, votes_along(0.5 + told[:, 0] / 2))
    metric = Fused(parts={"told": Manhattan(), "same": Manhattan()}, weights="votes").fitted(cases)
    assert metric.weights["same"] == 0


def test_one_case_can_be_fitted_to():
    cases = cases_of({"told": np.ones((1, 1)), "noise": np.ones((1, 2))}, [[1, 0]])
    metric = Fused(parts=METRICS, weights="votes").fitted(cases)
    assert metric.pairwise(cases.features, cases.features).tolist() == [[0.0]]


@settings(max_examples=20)
@given(st.permutations(range(12)))
def test_the_order_of_the_cases_does_not_show_in_what_is_learnt(order):
    rng = np.random.default_rng(5)
    cases = cases_of({"told": rng.random((12, 1)), "noise": rng.random((12, 4))}, rng.random((12, 3)))
    metric = Fused(parts=METRICS, weights="votes", scale="mean")
    assert metric.fitted(cases.take(np.array(order))) == metric.fitted(cases)


def test_total_variation_by_hand():
    one = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, NAN], [1.0, 0.0, NAN], [NAN, NAN, NAN]])
    other = np.array([[0.2, 0.3, 0.5], [0.0, 1.0, NAN], [0.0, 0.5, 0.5], [NAN, NAN, NAN]])
    np.testing.assert_allclose(disagreements(one, other), [0.5, 1.0, NAN, NAN])


def test_cases_of_one_photo_make_no_pair():
    cases = cases_of(np.eye(4), np.ones((4, 2)), groups=["p", "q", "p", "r"])
    pairs = LearningPairs.of(cases)
    assert list(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)) == [
        (0, 1),
        (0, 3),
        (1, 2),
        (1, 3),
        (2, 3),
    ]


def test_of_very_many_cases_some_are_compared_evenly_by_id():
    cases = cases_of(np.arange(101.0)[:, None], np.ones((101, 2)))
    shuffled = cases.take(np.random.default_rng(6).permutation(101))
    pairs = LearningPairs.of(shuffled, most=11)
    assert [shuffled.ids[row] for row in pairs.rows] == [f"case-{row:03d}" for row in range(0, 101, 10)]
    assert len(pairs.disagreements) == 55
    assert pairs.distances(Manhattan(), shuffled.features)[0] == 10


def test_shares_of_parts_by_hand():
    distances = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]])
    # Centred, the first column alone explains it all.
    np.testing.assert_allclose(
        shares_of_parts(distances, np.array([5.0, 7.0, 9.0, 11.0])), [1, 0], atol=1e-12
    )
    np.testing.assert_allclose(
        shares_of_parts(distances, np.array([4.0, 1.0, 6.0, 3.0])), [0.2, 0.8], atol=1e-12
    )
