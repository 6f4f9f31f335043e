import attrs
import numpy as np
import pytest
from made_up import METHODS, World, base_of, configuration, photo

import cbrkit_xai as cx
from cbrkit_xai import use


def assert_batch_equals_single(recommender, photos, **options):
    batch = recommender.recommend_many(photos, **options)
    assert batch == [recommender.recommend(one, **options) for one in photos]


@pytest.mark.parametrize(
    ("name", "profile", "organizer"),
    [
        ("hist-cos", "recommended", "linear"),
        ("hist-euc", "recommended", "dbscan-prototypes"),
        ("hist-cos", "paper2022", "dbscan-prototypes"),
        ("lf-cos", "recommended", "linear"),
    ],
)
def test_more_than_thirty_two_real_photos_answer_as_one_by_one(study, name, profile, organizer):
    recommender = cx.configuration(name, profile=profile, organizer=organizer).fit(study.base)
    photos, _ = cx.open_images(study.asked[:35])
    assert len(photos) == 32 + 3
    assert_batch_equals_single(recommender, photos)


def test_structural_similarity_answers_as_one_by_one(study):
    base = attrs.evolve(study.base, cases=study.base.cases[:6]).with_images(study.known[0].parent)
    recommender = cx.configuration("ssim", organizer="linear").fit(base)
    assert_batch_equals_single(recommender, cx.open_images(study.asked[:4])[0])


@pytest.mark.parametrize("reuse", [use("mean"), use("mean", weight="similarity", shrinkage="fitted")])
@pytest.mark.parametrize(
    "organizer", ["linear", use("dbscan-prototypes", noise="fallback", min_clustered=0.3)]
)
def test_a_batch_equals_its_photos_whatever_was_not_asked(registry, organizer, reuse):
    images, votes = World(seed=3, signal=1.0).sample(90, 0)
    rng = np.random.default_rng(0)
    votes[rng.uniform(size=votes.shape) < 0.3] = np.nan
    votes[np.isnan(votes).all(axis=1), 0] = 1.0
    base = base_of(images, votes)
    recommender = configuration(organizer=organizer, reuse=reuse, k=17).fit(base, registry=registry)
    fresh, _ = World(seed=3, signal=1.0).sample(25, 1)
    fresh += [photo(rng.integers(0, 256, 6), f"odd-{number}") for number in range(12)]
    assert_batch_equals_single(recommender, fresh)


def test_queries_with_different_numbers_of_neighbours_answer_as_alone(registry):
    # Ten pairs far apart make ten prototypes; whoever is far from all of them sees the noise as well.
    rng = np.random.default_rng(1)
    pairs = [np.array([20 * pair, 20 * pair, 0, 0, 0, 0]) for pair in range(10)]
    values = [place + step for place in pairs for step in (0, 1)]
    noise = [[10, 250, 13 * number, 250 - 9 * number, 0, 90] for number in range(14)]
    images = [photo(row, f"{number}.png") for number, row in enumerate([*values, *noise])]
    base = base_of(images, rng.integers(0, 7, (34, 4)) + np.array([0, 0, 0, 1]))
    organizer = use("dbscan-prototypes", min_samples=2, eps=3.0, noise="fallback")
    reuse = use("mean", weight="similarity", shrinkage=0.3)
    recommender = configuration(organizer=organizer, reuse=reuse, k=24).fit(base, registry=registry)
    near = [photo(place + rng.integers(0, 2, 6), f"near-{number}") for number, place in enumerate(pairs)]
    far = [photo([10, 240, 40 + number, 200, 9, 90], f"far-{number}") for number in range(6)]
    widths = {len(answer.precedents) for answer in recommender.recommend_many([*near, *far])}
    assert widths == {10, 24}
    assert_batch_equals_single(recommender, [*near, *far])


def test_a_batch_of_none_gives_no_answers(registry):
    recommender = configuration().fit(World(seed=0, signal=0).base(12), registry=registry)
    assert recommender.recommend_many([]) == []


def test_progress_is_told_after_every_thirty_two_photos(registry):
    world = World(seed=0, signal=0)
    recommender = configuration().fit(world.base(12), registry=registry)
    told = []
    recommender.recommend_many(world.sample(70, 1)[0], progress=lambda *step: told.append(step))
    assert told == [(32, 70), (64, 70), (70, 70)]


def test_answers_come_in_the_order_of_the_photos(registry):
    world = World(seed=0, signal=0)
    recommender = configuration().fit(world.base(12), registry=registry)
    images, _ = world.sample(70, 1)
    answers = recommender.recommend_many(images)
    assert [answer.image_sha256 for answer in answers] == [image.sha256 for image in images]
    assert {*answers[0].votes} == {*METHODS}
