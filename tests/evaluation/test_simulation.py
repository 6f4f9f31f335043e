"""Simulated votes do what their truth says; the oracles enumerate all votings, or count many."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.simulation import (
    World,
    simulated_configuration,
    simulated_registry,
    winning_credit,
)

KINDS = {
    "people": {},
    "scattered": {"scatter": 5.0},
    "judges": {"families": 3, "agreement": 0.6},
    "scattered-judges": {"families": 3, "agreement": 0.6, "scatter": 5.0},
    "worst": {"adversarial": 0.3, "adversary": "worst"},
    "constant": {"adversarial": 0.3, "adversary": "constant", "scatter": 5.0},
    "random-judges": {"adversarial": 0.3, "adversary": "random", "scatter": 3.0, "families": 2},
}
every_kind = pytest.mark.parametrize("given", KINDS.values(), ids=KINDS)


def of_one_kind(n=20_000, **given):
    """Photos that all have the same chances, so that their votes can be counted together."""
    return World(n=n, clusters=1, signal="cluster", seed=7, **given).sample()


@every_kind
def test_votes_are_on_average_what_is_expected(given):
    sample = of_one_kind(**given)
    standard_errors = np.sqrt(sample.truth.variances[0] / len(sample))
    off = (sample.votes.mean(axis=0) - sample.truth.expected_votes[0]) / standard_errors
    assert np.abs(off).max() < 4


@every_kind
def test_votes_vary_as_much_as_they_should(given):
    sample = of_one_kind(**given)
    counted = sample.votes.var(axis=0, ddof=1)
    fourth = ((sample.votes - sample.votes.mean(axis=0)) ** 4).mean(axis=0)
    standard_errors = np.sqrt((fourth - counted**2) / len(sample))
    assert (np.abs(counted - sample.truth.variances[0]) / standard_errors).max() < 4


@every_kind
def test_methods_that_nobody_is_asked_about_leave_their_votes_to_the_others(given):
    sample = of_one_kind(missing=0.4, **given)
    missing = np.isnan(sample.votes)
    np.testing.assert_array_equal(np.nansum(sample.votes, axis=1), 10)
    np.testing.assert_allclose(np.nansum(sample.truth.chances, axis=1), 1)
    np.testing.assert_array_equal(missing, np.isnan(sample.truth.chances))
    off = (sample.votes - sample.truth.expected_votes) / np.sqrt(sample.truth.variances)
    assert abs(np.nanmean(off)) < 4 / np.sqrt(off.size)
    assert np.nanvar(off) == pytest.approx(1, abs=0.03)


def test_about_so_many_methods_are_missing_and_two_are_asked_about_on_every_photo():
    missing = np.isnan(World(n=5000, methods=[f"m{i}" for i in range(8)], missing=0.3).sample().votes)
    assert missing.mean() == pytest.approx(0.3, abs=0.02)
    assert (~np.isnan(World(n=500, missing=0.9).sample().votes)).sum(axis=1).min() == 2


def test_without_signal_popularity_falls_by_equal_steps():
    np.testing.assert_allclose(World().sample(3).truth.chances, [[0.4, 0.3, 0.2, 0.1]] * 3)


def test_sharpness_is_the_power_that_chances_are_raised_to():
    given = {"signal": "cluster", "strength": 0.7, "seed": 2}
    blunt = World(**given).sample().truth.chances
    sharp = World(**given, sharpness=3.0).sample().truth.chances
    raised = blunt**3
    np.testing.assert_allclose(sharp, raised / raised.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(World(**given, sharpness=0.0).sample(2).truth.chances, 0.25)


def test_chances_depend_on_the_cluster_alone():
    sample = World(signal="cluster", classes=4).sample()
    for cluster in range(6):
        rows = sample.truth.chances[sample.clusters == cluster]
        np.testing.assert_array_equal(rows, rows[:1].repeat(len(rows), axis=0))
    assert len(np.unique(sample.truth.chances, axis=0)) == 6


def test_chances_depend_on_the_class_alone_of_which_the_features_say_nothing():
    sample = World(n=3000, signal="class", classes=4).sample()
    assert len(np.unique(sample.truth.chances, axis=0)) == 4
    for shown in range(4):
        assert len(np.unique(sample.truth.chances[sample.classes == shown], axis=0)) == 1
    table = stats.contingency.crosstab(sample.classes, sample.clusters).count
    assert stats.chi2_contingency(table).pvalue > 0.001


def test_chances_depend_on_the_features_by_a_linear_predictor():
    sample = World(signal="features", strength=1.5).sample()
    logits = np.log(sample.truth.chances)
    design = np.column_stack([sample.features, np.ones(len(sample))]).astype(float)
    against_first = logits[:, 1:] - logits[:, :1]
    fitted = design @ np.linalg.lstsq(design, against_first, rcond=None)[0]
    np.testing.assert_allclose(fitted, against_first, atol=1e-6)
    assert against_first.std(axis=0).min() > 0.3


def winners_by_enumeration(chances, voters):
    """P(best) by going through every voting of so many voters, one after the other."""
    won = np.zeros(len(chances))
    for voting in product(range(len(chances)), repeat=voters):
        counts = np.bincount(voting, minlength=len(chances))
        level = counts == counts.max()
        won += np.prod(chances[list(voting)]) * level / level.sum()
    return won


def test_p_best_is_what_all_votings_taken_together_say():
    sample = World(voters=6, signal="cluster", clusters=3, seed=1).sample(3)
    found = sample.p_best(draws=40_000)
    for row in range(3):
        expected = winners_by_enumeration(sample.truth.chances[row], 6)
        np.testing.assert_allclose(found[row], expected, atol=4 * 0.5 / np.sqrt(40_000))


def test_families_that_are_of_one_mind_decide_like_so_many_people():
    judges = World(voters=6, families=3, agreement=1.0).sample(1)
    expected = winners_by_enumeration(judges.truth.chances[0], 3)
    np.testing.assert_allclose(judges.p_best(draws=40_000)[0], expected, atol=0.01)


def test_votes_that_scatter_are_dirichlet_multinomial():
    sample = of_one_kind(scatter=4.0, voters=3)
    chances = sample.truth.chances[0]
    for counts in ([3, 0, 0, 0], [1, 1, 1, 0], [0, 0, 1, 2]):
        expected = stats.dirichlet_multinomial.pmf(counts, 4 * chances, 3)
        counted = (sample.votes == counts).all(axis=1).mean()
        assert counted == pytest.approx(expected, abs=4 * np.sqrt(expected / len(sample)))


def test_the_best_method_is_the_one_that_most_votes_are_expected_for():
    sample = World(signal="cluster", seed=3).sample()
    rows = np.arange(len(sample))
    expected = sample.truth.expected_votes
    assert (expected[rows, sample.truth.best][:, None] >= expected).all()
    assert set(World().sample(4).truth.best) == {0}  # anchors, with .4


@pytest.mark.parametrize("signal", ["none", "features", "class", "cluster"])
def test_the_errors_of_oracle_and_mean_are_what_their_predictions_come_to(signal):
    world = World(n=20_000, signal=signal, classes=3, scatter=8.0, seed=4)
    sample = world.sample()
    expected = sample.truth.expected_votes
    for prediction, stated in (
        (expected, sample.truth.squared_error_of_oracle),
        (expected.mean(axis=0), sample.truth.squared_error_of_mean),
    ):
        came_to = ((sample.votes - prediction) ** 2).mean(axis=1)
        off = (came_to - stated).mean() / (came_to.std() / np.sqrt(len(sample)))
        assert abs(off) < 4
    gap = (sample.truth.squared_error_of_mean - sample.truth.squared_error_of_oracle).mean()
    assert gap == pytest.approx(0, abs=1e-12) if signal == "none" else gap > 0.5


def test_adversaries_vote_for_what_they_are_said_to():
    given = {"n": 50, "signal": "cluster", "adversarial": 1.0, "missing": 0.3, "seed": 5}
    honest = World(**{**given, "adversarial": 0.0}).sample().truth.chances
    rows = np.arange(50)
    worst = World(**given, adversary="worst").sample().votes
    np.testing.assert_array_equal(worst[rows, np.nanargmin(honest, axis=1)], 10)
    constant = World(**given, adversary="constant").sample().votes
    last = np.where(np.isnan(honest), -1, np.arange(4)).max(axis=1)
    np.testing.assert_array_equal(constant[rows, last], 10)
    random = World(**given, adversary="random").sample().truth.chances
    np.testing.assert_allclose(np.nanmax(random, axis=1), 1 / (~np.isnan(honest)).sum(axis=1))


def test_the_base_holds_the_votes_the_vectors_and_the_classes():
    world = World(n=40, signal="class", classes=3, missing=0.2)
    sample, base = world.sample(), world.base()
    assert base.methods == world.methods
    np.testing.assert_array_equal(base.votes, sample.votes)
    np.testing.assert_array_equal([case.target.index for case in base.cases], sample.classes)
    cases = base.columns(simulated_configuration(world).components(simulated_registry()).representation)
    np.testing.assert_array_equal(cases.features, sample.features)
    np.testing.assert_array_equal(base.effective_voters, 10)
    assert base.provenance == "votes: people"
    assert not len(base.pictures.embedded)


def test_judges_of_a_family_that_is_of_one_mind_vote_alike_and_count_once():
    base = World(n=30, voters=7, families=3).base()
    for case in base.cases:
        ballots = {}
        for ballot in case.ballots:
            ballots.setdefault(ballot.family, set()).add(tuple(ballot.votes.items()))
        assert len(ballots) == 3
        assert all(len(different) == 1 for different in ballots.values())
    np.testing.assert_array_equal(base.effective_voters, 3)
    np.testing.assert_array_equal(base.votes.sum(axis=1), 7)
    assert base.provenance == "votes: automatic (3 judge families, not people)"


def test_a_recommender_can_be_asked_about_a_fresh_photo_of_the_world():
    world = World(n=120, signal="cluster", strength=2.0, voters=20)
    recommender = simulated_configuration(world).fit(world.base(), registry=simulated_registry())
    fresh = world.sample(60, stream=1)
    answers = recommender.recommend_many(fresh.photos())
    best = [world.methods.index(answer.best) for answer in answers]
    assert np.mean(best == fresh.truth.best) > 0.9


def test_the_same_world_gives_the_same_bytes_and_another_seed_others():
    given = {"n": 30, "scatter": 4.0, "families": 3, "missing": 0.2, "classes": 2}
    one, again, other = World(**given).base(), World(**given).base(), World(**given, seed=1).base()
    assert one.content_hash == again.content_hash != other.content_hash


def test_samples_of_two_streams_share_the_world_and_no_photo():
    world = World(n=3000, signal="cluster", clusters=3)
    first, second = world.sample(), world.sample(stream=1)
    np.testing.assert_array_equal(
        np.unique(first.truth.chances, axis=0), np.unique(second.truth.chances, axis=0)
    )
    hashes = [{image.sha256 for image in world.sample(50, stream=stream).photos()} for stream in (0, 1)]
    assert len(hashes[0] | hashes[1]) == 100
    assert abs(np.corrcoef(first.features[:, 0], second.features[:, 0])[0, 1]) < 0.08


def test_level_methods_share_the_win_and_those_not_asked_about_have_no_part():
    votes = np.array([[2, 2, 0, np.nan], [np.nan, 1, 3, 0]])
    np.testing.assert_array_equal(winning_credit(votes), [[0.5, 0.5, 0, 0], [0, 0, 1, 0]])


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"n": 0}, "n"),
        ({"methods": ("lime",)}, "methods"),
        ({"signal": "colour"}, "signal"),
        ({"adversary": "kind"}, "adversary"),
        ({"missing": 1.0}, "missing"),
        ({"families": 11}, "families"),
        ({"signal": "class"}, "classes"),
        ({"scatter": 0.0}, "scatter"),
        ({"voters": True}, "voters"),
        ({"dimensions": 169}, "dimensions"),
    ],
)
def test_a_world_that_cannot_be_is_refused_by_the_parameters_name(given, named):
    with pytest.raises(ParameterError) as refused:
        World(**given)
    assert refused.value.where == named
    assert refused.value.allowed


def test_methods_are_kept_in_the_order_of_case_bases():
    assert World(methods=("XRAI", "lime", "Grad CAM")).methods == ("grad-cam", "lime", "xrai")
