"""The error that remains when everything is known but how people happen to vote."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from cbrkit_xai.evaluation.retest import Retest
from cbrkit_xai.evaluation.scoring.noise_floor import noise_floor, noise_floor_of

NAN = np.nan


def test_by_hand():
    votes = np.array([[3.0, 1.0], [2.0, 0.0]])
    # 4/3 * 4 * 3/4 * 1/4 = 1 for both methods of the first photo; nobody differs about the second.
    found = noise_floor(votes, np.array([4, 2]))
    assert found.rmse == pytest.approx(np.sqrt((1 + 1 + 0 + 0) / 4))
    assert found.photos == 2
    assert "0.707 votes, over 2 photos" in found.sentence


def test_it_is_what_a_predictor_errs_that_knows_every_chance():
    rng = np.random.default_rng(0)
    floors, errors = [], []
    for _ in range(300):
        chances = rng.dirichlet([1, 2, 0.5, 1], size=40)
        voters = rng.integers(2, 9, 40)
        votes = np.array([rng.multinomial(n, row) for n, row in zip(voters, chances, strict=True)])
        floors.append(noise_floor(votes.astype(float), voters).rmse ** 2)
        errors.append(np.mean((votes - voters[:, None] * chances) ** 2))
    assert np.mean(floors) == pytest.approx(np.mean(errors), rel=0.02)


def test_without_the_correction_two_voters_would_halve_it():
    rng = np.random.default_rng(1)
    votes = rng.multinomial(2, [0.5, 0.5], size=4000).astype(float)
    # The chances are known here: 2 * .5 * .5 is the true mean square.
    assert noise_floor(votes, np.full(4000, 2)).rmse ** 2 == pytest.approx(0.5, rel=0.05)


def test_photos_with_one_voter_and_methods_not_asked_about_do_not_count():
    votes = np.array([[3.0, 1.0, NAN], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    found = noise_floor(votes, np.array([4, 1, 0]))
    assert found.rmse == pytest.approx(1.0)
    assert found.photos == 1


@pytest.mark.parametrize(
    ("votes", "voters", "reason"),
    [
        ([[1.0, 0.0], [0.0, 0.0]], [1, 0], "no photo has two voters"),
        ([[2.5, 0.5]], [3], "no whole numbers"),
        ([[5.0, 4.0]], [5], "more or fewer votes than one each"),
        ([[2.0, 1.0]], [5], "more or fewer votes than one each"),
    ],
)
def test_where_the_votes_are_no_single_choices_there_is_no_floor_but_a_reason(votes, voters, reason):
    found = noise_floor(np.array(votes), np.array(voters))
    assert found.rmse is None
    assert reason in found.reason
    assert found.sentence.startswith("Noise floor not defined: ")


JUDGES = "votes: automatic (2 judge families, not people)"
BOTH = "votes: people and automatic (2 judge families, not people)"


def voted(votes, provenance):
    """As much of an evaluation as the floor looks at."""
    return SimpleNamespace(
        votes=votes,
        effective_voters=votes.sum(axis=1),
        is_automatic="automatic" in provenance,
        provenance=provenance,
        retest=Retest(rmse=None, repeated=0, ballots=4, judges=2),
    )


@pytest.mark.parametrize("provenance", [JUDGES, BOTH])
def test_of_judges_votes_even_among_peoples_it_is_not_defined(provenance):
    found = noise_floor_of(voted(np.array([[3.0, 1.0], [2.0, 2.0]]), provenance))
    assert found.rmse is None
    assert provenance in found.reason
    assert "test-retest" in found.reason


def test_an_evaluation_of_peoples_votes_has_the_floor_of_its_votes():
    votes = np.array([[3.0, 1.0], [2.0, 2.0]])
    assert noise_floor_of(voted(votes, "votes: people")) == noise_floor(votes, np.array([4.0, 4.0]))


def test_votes_that_agree_better_than_independent_voters_can_have_no_floor():
    equal = np.full((40, 4), 2.0)
    found = noise_floor(equal, np.full(40, 8.0))
    assert found.rmse is None
    assert "differ less from photo to photo" in found.reason
    rng = np.random.default_rng(0)
    drawn = [rng.multinomial(8, [0.4, 0.3, 0.2, 0.1], size=40).astype(float) for _ in range(200)]
    assert all(noise_floor(votes, np.full(40, 8.0)).rmse is not None for votes in drawn[:50])
    # The line is drawn where scipy's test of the same table has its lower thousandth.
    for votes in (*drawn, np.vstack([equal[:20], drawn[0][:20]])):
        test = stats.chi2_contingency(votes)
        too_well = stats.chi2.cdf(test.statistic, test.dof) < 0.001
        assert (noise_floor(votes, np.full(40, 8.0)).rmse is None) == too_well
