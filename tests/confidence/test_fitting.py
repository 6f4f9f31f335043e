import json

import numpy as np
import pytest
from simulated import METHODS, World, fit, outcome

from cbrkit_xai.confidence import Confidence, fit_confidence
from cbrkit_xai.confidence.folds import grouped_folds

NAN = np.nan


def never(train, test):
    raise AssertionError("too few cases to hold any out")


def small(votes, **changes):
    votes = np.asarray(votes, dtype=float)
    n = len(votes)
    return fit_confidence(
        METHODS, votes, np.nansum(votes, axis=1), np.arange(n), np.full((n, 4), NAN), never, **changes
    )


@pytest.mark.parametrize(
    "votes", [np.empty((0, 4)), [[3, 1, 0, 0]], [[2, 2, 2, 2]] * 5, [[NAN] * 4] * 40, [[0, 5, 0, 0]] * 9]
)
def test_a_base_too_small_to_hold_cases_out_says_so_and_gives_the_overall_ranking(votes):
    confidence = small(votes)
    assert (confidence.basis, confidence.skill, confidence.skill_interval) == ("overall", None, None)
    assert confidence.conformal_threshold is None
    assert "too few cases" in confidence.statement
    predictor = confidence.predictor
    np.testing.assert_allclose(predictor.p_best(predictor.mean([[NAN] * 4])).sum(), 1)


@pytest.mark.parametrize("row", [[2, 2, 2, 2], [5, 0, 0, 0], [3, 2, NAN, NAN]])
def test_a_base_of_equal_votes_has_no_skill_to_show(row):
    votes = np.array([row] * 40, dtype=float)
    confidence = fit(np.arange(40.0)[:, None], votes)
    assert confidence.basis == "overall"
    assert confidence.statement.startswith(
        "similarity does not predict votes better than the overall average"
    )


def test_without_signal_the_basis_is_overall_and_with_signal_similar_cases():
    assert [outcome(World(seed=s, signal=0)).confidence.basis for s in range(10)] == ["overall"] * 10
    assert [outcome(World(seed=s, signal=1.5)).confidence.basis for s in range(10)] == ["similar-cases"] * 10


@pytest.mark.slow
def test_without_signal_similarity_is_claimed_in_one_base_of_forty_at_most():
    claimed = [
        fit(*World(seed=1000 + s, signal=0).sample(200, 0)).basis == "similar-cases" for s in range(100)
    ]
    assert np.mean(claimed) <= 0.025


@pytest.mark.parametrize("signal", [0.0, 0.5, 1.5])
@pytest.mark.parametrize("scatter", [3.0, 20.0])
def test_the_stated_chance_is_the_hit_rate(signal, scatter):
    outcomes = [outcome(World(seed=s, signal=signal, scatter=scatter)) for s in range(6)]
    stated, hit = np.mean([o.stated for o in outcomes]), np.mean([o.hit for o in outcomes])
    assert stated == pytest.approx(hit, abs=0.05)


def test_the_set_contains_the_winner_of_nine_photos_in_ten():
    # Sixteen bases: the mean coverage has a standard error near .007.
    similar = np.mean([outcome(World(seed=s, signal=1.2)).covered for s in range(16)])
    overall = np.mean([outcome(World(seed=s, signal=0)).covered for s in range(8)])
    assert 0.88 < similar < 0.93
    assert overall > 0.88  # one set for all photos: whole methods enter it, so it covers more


@pytest.fixture(scope="module")
def base():
    return World(seed=11, signal=1.0).sample(120, 0)


def assert_same(got, want, order=slice(None)):
    assert got.skill == pytest.approx(want.skill, abs=1e-9)
    assert got.skill_interval == pytest.approx(want.skill_interval, abs=1e-9)
    assert got.conformal_threshold == pytest.approx(want.conformal_threshold, abs=1e-9)
    for mine, theirs in ((got.mixture, want.mixture), (got.overall_mixture, want.overall_mixture)):
        np.testing.assert_allclose(
            (mine.lam, mine.concentration, mine.ballots), (theirs.lam, theirs.concentration, theirs.ballots)
        )
        np.testing.assert_allclose(mine.overall, np.array(theirs.overall)[order])


def test_cases_in_another_order_give_the_same_confidence(base):
    features, votes = base
    order = np.random.default_rng(0).permutation(120)
    assert_same(fit(features[order], votes[order], groups=np.arange(120)[order]), fit(features, votes))


def test_methods_in_another_order_give_the_same_confidence(base):
    features, votes = base
    order = [2, 0, 3, 1]
    got = fit(features, votes[:, order], methods=[METHODS[i] for i in order])
    assert_same(got, fit(features, votes), order)


def test_cases_without_votes_change_nothing(base):
    features, votes = base
    padded = np.vstack([votes, np.full((30, 4), NAN), np.zeros((30, 4))])
    n = len(votes)
    seen = []

    def cross_fit(train, test):
        seen.extend([*train, *test])
        return np.full((len(train), 4), NAN), np.full((len(test), 4), NAN)

    got = fit_confidence(
        METHODS, padded, padded.sum(axis=1), np.arange(len(padded)), np.full_like(padded, NAN), cross_fit
    )
    assert got.cases == n
    assert max(seen) < n
    np.testing.assert_allclose(got.mixture.overall, fit(features, votes).mixture.overall)


def test_every_case_is_held_out_once_with_its_whole_group(base):
    _, votes = base
    groups = np.repeat(np.arange(60), 2)
    held_out, steps = [], []

    def cross_fit(train, test):
        assert not set(groups[train]) & set(groups[test])
        assert len(train) + len(test) == 120
        held_out.extend(test)
        return np.full((len(train), 4), NAN), np.full((len(test), 4), NAN)

    fit_confidence(
        METHODS,
        votes,
        votes.sum(axis=1),
        groups,
        np.full_like(votes, NAN),
        cross_fit,
        progress=lambda *step: steps.append(step),
    )
    assert sorted(held_out) == list(range(120))
    assert steps == [(i, 5) for i in range(1, 6)]


def test_folds_that_cannot_be_organised_predict_the_overall_shares(base):
    _, votes = base
    nothing = np.full_like(votes, NAN)
    confidence = fit_confidence(
        METHODS, votes, votes.sum(axis=1), np.arange(120), nothing, lambda a, b: (nothing[a], nothing[b])
    )
    assert (confidence.skill, confidence.skill_interval, confidence.basis) == (0.0, (0.0, 0.0), "overall")
    assert confidence.mixture.lam == 0


def test_copies_of_every_photo_do_not_pretend_to_be_evidence():
    features, votes = World(seed=21, signal=0).sample(60, 0)
    groups = np.repeat(np.arange(60), 4)
    copied = fit(np.repeat(features, 4, axis=0), np.repeat(votes, 4, axis=0), groups=groups)
    assert copied.basis == "overall"


def test_winners_are_spread_over_the_folds():
    winners = ["lime"] * 40 + ["xrai"] * 10
    folds = grouped_folds([str(i) for i in range(50)], winners, folds=5, seed=0)
    assert [sum(winners[row] == "xrai" for row in fold) for fold in folds] == [2] * 5


def test_json_brings_back_the_same_confidence(base):
    confidence = fit(*base)
    assert Confidence.from_json(json.loads(json.dumps(confidence.to_json()))) == confidence
    assert Confidence.from_json(json.loads(json.dumps(small([[1, 2, 3, 4]]).to_json()))).basis == "overall"


def test_the_set_names_the_likeliest_method_first(base):
    confidence = fit(*base)
    (names,) = confidence.prediction_set([[0.1, 0.2, 0.4, 0.3]])
    assert names[0] == "lime"
    assert set(names) <= set(METHODS)
    assert small([[1, 2, 3, 4]]).prediction_set([[0.1, 0.2, 0.4, 0.3]]) is None
