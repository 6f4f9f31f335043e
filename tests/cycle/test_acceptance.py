"""What a recommender states, held against what then happens on fresh photos of simulated worlds."""

import attrs
import numpy as np
import pytest
from made_up import METHODS, World, configuration, registry_with

from cbrkit_xai import use
from cbrkit_xai.evaluation.simulation import winning_credit

ORGANIZERS = {
    "linear": {"organizer": use("linear"), "k": 5},
    # Of six prototypes the nearest one speaks: five of them together would be nearly all the base.
    "dbscan-prototypes": {"organizer": use("dbscan-prototypes", noise="fallback"), "k": 1},
}
NONE, WEAK, STRONG = 0.0, 0.4, 1.5
WORLDS = 3


@attrs.frozen(kw_only=True)
class Outcome:
    basis: str
    stated: float
    hit: float
    covered: float


def outcome(seed, signal, organizer, fresh=250):
    world = World(seed=seed, signal=signal)
    recommender = configuration(
        reuse=use("mean", weight="similarity", shrinkage="fitted"), **ORGANIZERS[organizer]
    ).fit(world.base(200), registry=registry_with())
    photos, votes = world.sample(fresh, 1)
    credit = winning_credit(votes)
    answers = recommender.recommend_many(photos)
    inside = [answer for answer in zip(answers, credit, strict=True) if not answer[0].out_of_experience]
    return Outcome(
        basis=recommender.learnt.confidence.basis,
        stated=np.mean([answer.confidence[answer.best] for answer in answers]),
        hit=np.mean([row[METHODS.index(answer.best)] for answer, row in zip(answers, credit, strict=True)]),
        covered=np.mean(
            [sum(row[METHODS.index(method)] for method in answer.conformal_set) for answer, row in inside]
        ),
    )


@pytest.fixture(scope="module")
def outcomes():
    made = {}

    def of(signal, organizer):
        if (signal, organizer) not in made:
            made[signal, organizer] = [outcome(seed, signal, organizer) for seed in range(WORLDS)]
        return made[signal, organizer]

    return of


@pytest.mark.slow
@pytest.mark.parametrize("signal", [NONE, WEAK, STRONG])
@pytest.mark.parametrize("organizer", ORGANIZERS)
def test_the_stated_chance_is_the_hit_rate(outcomes, organizer, signal):
    found = outcomes(signal, organizer)
    stated, hit = np.mean([one.stated for one in found]), np.mean([one.hit for one in found])
    assert stated == pytest.approx(hit, abs=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("organizer", ORGANIZERS)
def test_without_signal_the_overall_average_decides(outcomes, organizer):
    assert {one.basis for one in outcomes(NONE, organizer)} == {"overall"}


@pytest.mark.slow
@pytest.mark.parametrize("organizer", ORGANIZERS)
def test_with_a_strong_signal_similar_cases_decide(outcomes, organizer):
    assert {one.basis for one in outcomes(STRONG, organizer)} == {"similar-cases"}


@pytest.mark.slow
@pytest.mark.parametrize("organizer", ORGANIZERS)
def test_with_a_strong_signal_similar_cases_hit_more_often(outcomes, organizer):
    with_signal = np.mean([one.hit for one in outcomes(STRONG, organizer)])
    assert with_signal > 0.1 + np.mean([one.hit for one in outcomes(NONE, organizer)])


@pytest.mark.slow
@pytest.mark.parametrize("organizer", ORGANIZERS)
def test_the_set_contains_the_winner_of_about_nine_photos_in_ten(outcomes, organizer):
    # Over the worlds of one signal the coverage has a standard error near .015.
    assert 0.85 < np.mean([one.covered for one in outcomes(STRONG, organizer)]) < 0.95
    assert np.mean([one.covered for one in outcomes(NONE, organizer)]) > 0.87  # whole methods enter at once
