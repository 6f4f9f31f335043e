"""Baselines: what they predict, what they may see, and that they are no straw men."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

import cbrkit_xai as cx
from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import NotOrganizableError, ParameterError
from cbrkit_xai.evaluation.baselines import (
    BASELINES,
    baseline_of,
    matched,
    predict_baseline,
    prototype_baselines,
    sizes_of,
)
from cbrkit_xai.evaluation.baselines import kernel_regression as regression
from cbrkit_xai.evaluation.baselines.kernel_regression import Kernel, regress
from cbrkit_xai.learning import organize

NAN = np.nan
METHODS = ("anchors", "ig", "lime", "xrai")
WITH_FEATURES = [name for name, one in BASELINES.items() if one.needs_features]


def cases_of(votes, features=None, groups=None):
    votes = np.asarray(votes, dtype=float)
    n = len(votes)
    return Cases(
        ids=[f"case-{row}" for row in range(n)],
        features=np.zeros((n, 1)) if features is None else features,
        votes=votes,
        methods=METHODS[: votes.shape[1]],
        groups=groups or [f"photo-{row}" for row in range(n)],
    )


def made_up(n=60, q=20, signal=1.0, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n + q, 5))
    chances = np.exp(signal * features[:, :4])
    votes = [rng.multinomial(6, row) for row in chances / chances.sum(axis=1, keepdims=True)]
    cases = cases_of(votes, features)
    return cases.take(np.arange(n)), cases.take(np.arange(n, n + q))


def test_the_names_are_those_that_were_promised():
    assert list(BASELINES) == [
        "uniform",
        "global-mean",
        "majority",
        "per-class-mean",
        "single-best-method",
        "ridge",
        "kernel-ridge",
        "random-forest",
        "oracle",
    ]
    assert all(one.name == name for name, one in BASELINES.items())


TRAINING = [[4, 0, 1], [3, 1, 1], [0, 3, NAN], [0, 4, 0], [2, 2, 1]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("global-mean", [9 / 5, 10 / 5, 3 / 4]),
        ("uniform", [(1.8 + 2 + 0.75) / 3] * 3),
        ("majority", [4.55 / 2, 4.55 / 2, 0]),  # two and a half wins each
        ("single-best-method", [(1.8 + 0.75) / 2, 2, (1.8 + 0.75) / 2]),
    ],
)
def test_predictions_without_features_by_hand(name, expected):
    got = predict_baseline(name, cases_of(TRAINING), cases_of([[9, 9, 9], [0, 0, 0]]))
    np.testing.assert_allclose(got, [expected, expected])


def test_uniform_and_global_mean_give_out_as_many_votes():
    training, held_out = made_up()
    totals = [predict_baseline(name, training, held_out).sum(axis=1) for name in ("uniform", "global-mean")]
    np.testing.assert_allclose(*totals)


def test_a_class_that_occurs_in_training_gives_its_mean_and_any_other_the_global_mean():
    got = predict_baseline(
        "per-class-mean",
        cases_of(TRAINING),
        cases_of([[NAN] * 3] * 4),
        ["cat", "cat", "dog", "", ""],
        ["cat", "dog", "zebra", ""],
    )
    overall = [1.8, 2.0, 0.75]
    np.testing.assert_allclose(got, [[3.5, 0.5, 1], [0, 3, 0.75], overall, overall])


def test_without_classes_the_class_mean_is_the_global_mean():
    training, held_out = made_up()
    np.testing.assert_array_equal(
        predict_baseline("per-class-mean", training, held_out),
        predict_baseline("global-mean", training, held_out),
    )


def test_the_oracle_is_the_votes_themselves():
    training, held_out = made_up()
    np.testing.assert_array_equal(predict_baseline("oracle", training, held_out), held_out.votes)
    assert [name for name, one in BASELINES.items() if one.reads_held_out_votes] == ["oracle"]


@pytest.mark.parametrize("name", [name for name in BASELINES if name != "oracle"])
def test_a_million_votes_on_held_out_cases_change_no_prediction(name):
    training, held_out = made_up()
    loud = cases_of(np.full(held_out.votes.shape, 1e6), held_out.features)
    classes = ["cat", "dog"] * 30, ["dog", "cat"] * 10
    np.testing.assert_array_equal(
        predict_baseline(name, training, loud, *classes), predict_baseline(name, training, held_out, *classes)
    )


@pytest.mark.parametrize("name", BASELINES)
def test_a_held_out_case_is_predicted_alone_as_among_others(name):
    training, held_out = made_up()
    together = predict_baseline(name, training, held_out)
    alone = [predict_baseline(name, training, held_out.take([row])) for row in range(3)]
    np.testing.assert_allclose(np.concatenate(alone), together[:3], rtol=1e-9)


@pytest.mark.parametrize("name", BASELINES)
def test_the_same_seed_gives_the_same_bytes(name):
    training, held_out = made_up()
    once, again = (predict_baseline(name, training, held_out, seed=3).tobytes() for _ in range(2))
    assert once == again


@pytest.mark.parametrize("name", [name for name in BASELINES if name != "oracle"])
def test_a_method_that_nobody_was_asked_about_is_not_predicted_and_harms_no_other(name):
    training, held_out = made_up()
    votes = training.votes.copy()
    votes[:, 1] = NAN
    got = predict_baseline(name, cases_of(votes, training.features), held_out)
    assert np.isnan(got[:, 1]).all()
    assert np.isfinite(np.delete(got, 1, axis=1)).all()


@pytest.mark.parametrize("name", [*WITH_FEATURES, "global-mean", "per-class-mean"])
def test_a_method_that_only_some_were_asked_about_learns_from_their_votes_on_it_alone(name):
    training, held_out = made_up()
    votes = training.votes.copy()
    votes[::3, 2] = NAN
    got = predict_baseline(name, cases_of(votes, training.features), held_out)
    votes[:, [0, 1, 3]] = 7.0
    np.testing.assert_array_equal(
        got[:, 2], predict_baseline(name, cases_of(votes, training.features), held_out)[:, 2]
    )


@pytest.mark.parametrize("name", WITH_FEATURES)
def test_where_features_say_much_it_is_better_than_the_mean(name):
    training, held_out = made_up(n=150, q=100)
    errors = {
        one: np.mean((predict_baseline(one, training, held_out) - held_out.votes) ** 2)
        for one in (name, "global-mean")
    }
    assert errors[name] < 0.7 * errors["global-mean"]


@pytest.mark.parametrize("name", WITH_FEATURES)
def test_where_features_say_nothing_it_is_hardly_worse_than_the_mean(name):
    training, held_out = made_up(n=150, q=200, signal=0.0)
    errors = {
        one: np.mean((predict_baseline(one, training, held_out) - held_out.votes) ** 2)
        for one in (name, "global-mean")
    }
    assert errors[name] < 1.1 * errors["global-mean"]


@pytest.mark.parametrize("name", WITH_FEATURES)
def test_any_kind_of_features_is_taken(name):
    rng = np.random.default_rng(4)
    votes = rng.integers(0, 4, (12, 3))
    pixels = rng.integers(0, 256, (12, 4, 4, 3), dtype=np.uint8)
    several = {"latent": rng.normal(size=(12, 2)).astype(np.float32), "pixels": pixels}
    for features in (pixels, several, np.ones((12, 3))):
        cases = cases_of(votes, features)
        got = predict_baseline(name, cases.take(np.arange(9)), cases.take(np.arange(9, 12)))
        assert got.shape == (3, 3)
        assert np.isfinite(got).all()


@pytest.mark.parametrize("name", WITH_FEATURES)
@pytest.mark.parametrize("n", [1, 2])
def test_one_or_two_training_cases_are_enough_to_say_something(name, n):
    training, held_out = made_up(n=n, q=3)
    got = predict_baseline(name, training, held_out)
    assert np.isfinite(got).all()
    if n == 1:
        np.testing.assert_allclose(got, np.tile(training.votes, (3, 1)))


@pytest.mark.parametrize("name", ["ridge", "kernel-ridge"])
def test_nobody_is_predicted_to_get_less_than_no_vote(name):
    training, held_out = made_up(signal=3.0)
    far = cases_of(held_out.votes, 50 * held_out.features)
    assert predict_baseline(name, training, far).min() >= 0


def test_features_without_spread_in_training_have_no_say():
    training, held_out = made_up()
    constant = cases_of(training.votes, np.hstack([training.features, np.full((60, 1), 0.1)]))
    other = cases_of(held_out.votes, np.hstack([held_out.features, np.full((20, 1), 1e9)]))
    np.testing.assert_allclose(
        predict_baseline("ridge", constant, other), predict_baseline("ridge", training, held_out), rtol=1e-9
    )


def test_ridge_is_scikit_learns_with_the_penalty_of_its_leave_one_out():
    training, held_out = made_up()
    spread = StandardScaler().fit(training.features)
    rows = spread.transform(training.features)
    scale = np.square(rows).sum() / len(rows)  # the mean eigenvalue of the kernel
    theirs = RidgeCV(alphas=regression.PENALTIES * scale, alpha_per_target=True)
    expected = theirs.fit(rows, training.votes).predict(spread.transform(held_out.features))
    np.testing.assert_allclose(
        predict_baseline("ridge", training, held_out), np.maximum(expected, 0), rtol=1e-6, atol=1e-9
    )


def test_the_forest_is_scikit_learns():
    training, held_out = made_up()
    theirs = RandomForestRegressor(100, min_samples_leaf=5, max_features="sqrt", random_state=5)
    expected = theirs.fit(training.features, training.votes).predict(held_out.features)
    np.testing.assert_allclose(predict_baseline("random-forest", training, held_out, seed=5), expected)


def by_hand(kernel, across, votes, penalty):
    """Kernel regression with a free intercept, from its normal equations."""
    n = len(kernel)
    system = np.block([[kernel + penalty * np.eye(n), np.ones((n, 1))], [np.ones((1, n)), np.zeros((1, 1))]])
    solved = np.linalg.solve(system, np.append(votes, 0))
    return across @ solved[:n] + solved[n]


def left_out_error(kernel, votes, groups, penalty):
    error = 0.0
    for group in set(groups):
        test = np.array([one == group for one in groups])
        within, across = kernel[np.ix_(~test, ~test)], kernel[np.ix_(test, ~test)]
        error += np.sum((votes[test] - by_hand(within, across, votes[~test], penalty)) ** 2)
    return error


@pytest.mark.parametrize("grouped", [False, True])
def test_kernel_and_penalty_are_those_that_err_least_on_groups_left_out(grouped):
    rng = np.random.default_rng(6)
    rows, held_out = rng.normal(size=(24, 2)), rng.normal(size=(5, 2))
    votes = np.maximum(2 + np.sin(2 * rows) + rng.normal(size=(24, 2)) / 3, 0)
    groups = np.arange(24)
    if grouped:
        rows[12:], groups[12:] = rows[:12] + 1e-3, groups[:12]  # each photo twice
    kernels, choices = [], []
    for width in (0.2, 1.0, 5.0):
        distance = lambda a, b: np.square(a[:, None] - b).sum(axis=-1)  # noqa: E731
        kernel = Kernel(
            within=np.exp(-distance(rows, rows) / (2 * width**2)),
            across=np.exp(-distance(held_out, rows) / (2 * width**2)),
        )
        kernels.append(kernel)
        centring = np.eye(24) - 1 / 24
        scale = np.trace(centring @ kernel.within @ centring) / 24
        choices += [(kernel, penalty * scale) for penalty in regression.PENALTIES]
    got = regress(kernels, votes, groups)
    for method in range(2):
        mine = votes[:, method]
        kernel, penalty = min(choices, key=lambda one: left_out_error(one[0].within, mine, groups, one[1]))
        expected = by_hand(kernel.within, kernel.across, mine, penalty)
        np.testing.assert_allclose(got[:, method], np.maximum(expected, 0), rtol=1e-6)


def test_photos_that_are_there_twice_do_not_talk_the_penalty_down():
    rng = np.random.default_rng(7)
    rows = rng.normal(size=(40, 30))
    votes = rng.integers(0, 5, (40, 1)).astype(float)
    twice, held_out = np.vstack([rows, rows]), rng.normal(size=(200, 30))
    kernel = Kernel(within=twice @ twice.T, across=held_out @ twice.T)
    apart = regress([kernel], np.vstack([votes, votes]), np.arange(80))
    together = regress([kernel], np.vstack([votes, votes]), np.tile(np.arange(40), 2))
    assert together.std() < 0.5 * apart.std()


def test_a_misspelt_baseline_is_named_with_the_nearest():
    with pytest.raises(ParameterError, match="kernel-ridge"):
        baseline_of("kernel-rige")


def test_what_does_not_belong_together_is_refused():
    training, held_out = made_up()
    with pytest.raises(ParameterError, match="no training case"):
        predict_baseline("uniform", training.take([]), held_out)
    with pytest.raises(ParameterError, match="1 classes for 60 cases"):
        predict_baseline("per-class-mean", training, held_out, ["cat"])
    with pytest.raises(ParameterError, match="allowed: anchors, ig, lime, xrai"):
        predict_baseline("uniform", training, cases_of(held_out.votes[:, :3]))


def clustered():
    return cx.Configuration(
        name="mine",
        profile="test",
        representation="latent",
        metric="euclidean",
        organizer="dbscan-prototypes",
    )


def test_a_clustering_is_matched_by_random_groups_and_k_means():
    labels = [one.label for one in prototype_baselines(clustered())]
    assert labels == [
        "mine[like dbscan-prototypes]/random-prototypes@test",
        "mine[like dbscan-prototypes]/k-means-prototypes@test",
    ]


def test_k_means_does_not_stand_beside_itself_nor_where_the_metric_cannot_be_embedded():
    k_means = clustered().evolve(organizer="k-means-prototypes")
    assert [one.organizer.name for one in prototype_baselines(k_means)] == ["random-prototypes"]
    canberra = clustered().evolve(metric="canberra")
    assert [one.organizer.name for one in prototype_baselines(canberra)] == ["random-prototypes"]


def test_everything_but_the_grouping_stays():
    for one in prototype_baselines(clustered()):
        for part in ("representation", "metric", "aggregator", "reuse", "retention", "k"):
            assert getattr(one, part) == getattr(clustered(), part)


def test_random_groups_have_the_very_sizes_and_k_means_the_number():
    rng = np.random.default_rng(8)
    cases = cases_of(rng.integers(0, 4, (30, 3)), rng.normal(size=(30, 2)))
    sizes = (9, 7, 4)  # ten cases are noise
    found = {}
    for template in prototype_baselines(clustered()):
        for seed in (1, 2):
            one = matched(template, sizes, seed)
            assert one.label == template.label
            found[one.organizer.name, seed] = organize(one.components(), cases)[1].entries
    assert sorted(sizes_of(found["random-prototypes", 1])) == sorted(sizes)
    assert found["random-prototypes", 1].members != found["random-prototypes", 2].members
    assert len(sizes_of(found["k-means-prototypes", 1])) == 3
    assert sum(sizes_of(found["k-means-prototypes", 1])) == 30


def test_where_there_are_no_prototypes_there_is_nothing_to_match():
    rng = np.random.default_rng(9)
    cases = cases_of(rng.integers(0, 4, (5, 3)), rng.normal(size=(5, 2)))
    linear = organize(clustered().evolve(organizer="linear").components(), cases)[1]
    assert sizes_of(linear.entries) == ()
    with pytest.raises(NotOrganizableError, match="no prototypes"):
        matched(prototype_baselines(clustered())[0], sizes_of(linear.entries))
