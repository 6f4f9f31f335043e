"""Where a few photos are the nearest of many, an answer at few neighbours says what that does to it."""

import attrs
import numpy as np
import pytest

from cbrkit_xai.evaluation.questions.comparing import Study, compared
from cbrkit_xai.evaluation.questions.contestants import at_stated_k, k_chosen_inside
from cbrkit_xai.evaluation.questions.shared_nearest import MANY, sharing
from cbrkit_xai.evaluation.questions.stated_margin import StatedMargin
from cbrkit_xai.evaluation.simulation import World
from cbrkit_xai.evaluation.simulation.boundaries import WORLD
from cbrkit_xai.evaluation.simulation.null_studies import null_study, study_of_shuffled_photos

KS = (1, 2, 3, 5)
WORDS = "among the nearest of many"


@pytest.fixture(scope="module")
def with_hubs():
    return null_study(WORLD, 0, repeats=2).evaluation(KS)


def remarks_of(evaluation, contestant_of):
    first, second = (contestant_of(evaluation, run) for run in evaluation.configurations)
    study = Study(evaluation=evaluation, margin=StatedMargin(votes=0.1, source="made up"), alpha=0.05)
    return compared(study, first, second, kind="any", question="?", statement="one is better").remarks


def at(k):
    return lambda evaluation, run: at_stated_k(evaluation, run, k)


@pytest.mark.parametrize("k", KS)
def test_an_answer_says_at_two_and_three_neighbours_that_some_photos_are_the_nearest_of_many(with_hubs, k):
    told = [one for one in remarks_of(with_hubs, at(k)) if WORDS in one]
    assert len(told) == (k in (2, 3))
    assert all(one.startswith(f"At k = {k} ") for one in told)


def test_a_chosen_k_is_told_of_where_some_fold_chose_it(with_hubs):
    chosen = [k_chosen_inside(with_hubs, run).judged() for run in with_hubs.configurations]
    ks = {one["k"] for each in chosen for one in each}
    told = [one for one in remarks_of(with_hubs, k_chosen_inside) if WORDS in one]
    assert sorted(one[7] for one in told) == sorted(str(k) for k in ks & {2, 3})


@pytest.mark.parametrize(
    "evaluation",
    [
        null_study(World(n=100, dimensions=2, clusters=1), 0, repeats=2).evaluation(KS),
        study_of_shuffled_photos(0).evaluation(KS),
    ],
    ids=["two dimensions", "the bundled photos"],
)
def test_where_no_photo_is_the_nearest_of_many_nothing_is_said(evaluation):
    assert not any(WORDS in one for one in remarks_of(evaluation, at(2)))


def test_where_no_nearest_photo_is_known_nothing_is_said(with_hubs):
    runs = [attrs.evolve(run, nearest=None) for run in with_hubs.configurations]
    assert not any(WORDS in one for one in remarks_of(attrs.evolve(with_hubs, runs=runs), at(2)))


def test_how_many_share_a_nearest_photo_is_counted_over_predictions():
    # In the first repeat three predictions share photo 7 and one has photo 2; in the second each has its own.
    nearest = np.array([[7, 7, 7, 2, -1], [0, 1, 2, 3, -1]])
    assert sharing(nearest) == pytest.approx((3 + 3 + 3 + 1 + 4 * 1) / 8)
    assert sharing(np.full((2, 5), -1)) == 0 < MANY
