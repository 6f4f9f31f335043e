import numpy as np
import pytest
from made_up import METHODS, World, base_of, configuration, photo

from cbrkit_xai import use

FAR = photo([255, 0, 255, 0, 255, 0], "far.png")


@pytest.fixture(scope="module")
def world():
    return World(seed=2, signal=1.5)


@pytest.fixture
def recommender(world, registry):
    return configuration().fit(world.base(100), registry=registry)


@pytest.fixture
def answer(recommender):
    return recommender.recommend(FAR)


def test_a_photo_far_from_everything_is_out_of_experience(recommender, answer):
    assert recommender.learnt.confidence.basis == "similar-cases"
    assert (answer.basis, answer.out_of_experience) == ("out-of-experience", True)


def test_no_set_is_claimed_for_it(answer):
    assert answer.conformal_set is None


def test_it_gets_the_overall_ranking_and_votes(recommender, answer):
    mean = dict(zip(METHODS, recommender.cases.votes.mean(axis=0), strict=True))
    assert dict(answer.votes) == pytest.approx(mean)
    assert answer.ranking == tuple(sorted(METHODS, key=lambda method: -mean[method]))


def test_the_reason_is_said_in_words(answer):
    text = answer.because.text
    assert text.startswith("This photo is unlike those of the case base")
    assert "(rank p-value 0.0099)" in text  # 1 / 101
    assert "so the overall average decides." in text


def nearest_others(values):
    distances = np.sqrt(((values[:, None] - values[None]) ** 2).sum(axis=2))
    np.fill_diagonal(distances, np.inf)
    return distances.min(axis=1)


def test_familiarity_is_the_rank_p_value(world, recommender):
    images, _ = world.sample(100, 0)
    values = np.array([image.pixels[0, :6, 0] for image in images], dtype=float)
    usual = nearest_others(values)
    for image in [*world.sample(40, 1)[0], FAR, images[3]]:
        place = image.pixels[0, :6, 0].astype(float)
        nearest = np.sqrt(((values - place) ** 2).sum(axis=1)).min()
        p_value = (1 + sum(nearest <= distance for distance in usual)) / 101
        answer = recommender.recommend(image)
        assert answer.familiarity == p_value
        assert answer.out_of_experience == (p_value < 0.02)


def test_a_photo_of_the_base_itself_is_wholly_familiar(world, recommender):
    assert recommender.recommend(world.sample(100, 0)[0][0]).familiarity == 1.0


def test_few_of_the_worlds_own_photos_are_called_out_of_experience(world, recommender):
    answers = recommender.recommend_many(world.sample(300, 3)[0])
    assert np.mean([answer.out_of_experience for answer in answers]) < 0.06


def test_with_prototypes_the_usual_distance_is_that_from_a_prototype_without_the_case(registry):
    # Two clusters of three on a line; leaving out an end moves the middle.
    places = [0, 2, 4, 100, 102, 104]
    base = base_of([photo([place, 0, 0, 0, 0, 0], str(place)) for place in places], np.eye(4)[[0] * 6])
    organizer = use("dbscan-prototypes", min_samples=2, eps=3.0)
    recommender = configuration(organizer=organizer).fit(base, registry=registry)
    # 0 from (2 + 4) / 2, 2 from (0 + 4) / 2, 4 from (0 + 2) / 2; the same around 102.
    assert recommender.learnt.experience == (0.0, 0.0, 3.0, 3.0, 3.0, 3.0)
    assert recommender.recommend(photo([4, 0, 0, 0, 0, 0])).familiarity == 5 / 7


def test_nothing_is_out_of_experience_where_fewer_than_fifty_cases_could_show_it(world, registry):
    recommender = configuration().fit(world.base(48), registry=registry)
    answer = recommender.recommend(FAR)
    assert (answer.familiarity, answer.out_of_experience) == (1 / 49, False)
