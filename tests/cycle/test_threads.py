import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from made_up import World, configuration

from cbrkit_xai import cycle, use

THREADS = 12
WORLD = World(seed=12, signal=1.0)
ORGANIZERS = ["linear", use("dbscan-prototypes", noise="fallback", min_samples=2, eps=30.0)]


def at_once(function, count=THREADS):
    """Call from many threads that start together."""
    start = threading.Barrier(count)

    def wait_and_call(number):
        start.wait()
        return function(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(wait_and_call, range(count)))


@pytest.mark.parametrize("organizer", ORGANIZERS, ids=str)
@pytest.mark.parametrize("learn_now", [True, False])
def test_many_threads_get_the_same_answers(registry, organizer, learn_now):
    base, photos = WORLD.base(50), WORLD.sample(8, 1)[0]
    chosen = configuration(organizer=organizer, reuse=use("mean", weight="similarity", shrinkage="fitted"))
    alone = chosen.fit(base, registry=registry).recommend_many(photos)
    shared = chosen.fit(base, registry=registry, learn_now=learn_now)
    found = at_once(lambda _: shared.recommend_many(photos))
    assert all(answers == alone for answers in found)


@pytest.fixture
def learnt(monkeypatch):
    """Every k that is learnt for."""
    real, asked = cycle.learn, []

    def watched(components, index, cases, effective, k, progress=None):
        asked.append(k)
        return real(components, index, cases, effective, k, progress)

    monkeypatch.setattr(cycle, "learn", watched)
    return asked


def test_many_threads_learn_once(registry, learnt):
    recommender = configuration().fit(WORLD.base(30), registry=registry, learn_now=False)
    assert learnt == []
    at_once(lambda _: recommender.recommend(WORLD.sample(1, 1)[0][0]))
    assert learnt == [5]


def test_many_threads_asking_for_another_k_learn_it_once(registry, learnt):
    recommender = configuration().fit(WORLD.base(30), registry=registry)
    photos = WORLD.sample(1, 1)[0]
    found = at_once(lambda number: recommender.recommend(photos[0], k=2 + number % 2))
    assert sorted(learnt) == [2, 3, 5]
    assert found[0::2] == [found[0]] * (THREADS // 2)


def test_what_could_not_be_learnt_is_tried_again(registry, monkeypatch):
    real = cycle.learn
    monkeypatch.setattr(cycle, "learn", lambda *arguments: 1 / 0)
    recommender = configuration().fit(WORLD.base(12), registry=registry, learn_now=False)
    with pytest.raises(ZeroDivisionError):
        recommender.recommend(WORLD.sample(1, 1)[0][0])
    monkeypatch.setattr(cycle, "learn", real)
    assert recommender.recommend(WORLD.sample(1, 1)[0][0]).ranking
