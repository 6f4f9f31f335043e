"""Each stage of a query is timed, of photos that the index does not hold."""

from __future__ import annotations

from collections import Counter

import attrs
import pytest
import threadpoolctl

from cbrkit_xai import Configuration, use
from cbrkit_xai.evaluation import query_times as module
from cbrkit_xai.evaluation.query_times import query_times
from cbrkit_xai.testing import small_case_base

NEAR = Configuration(name="near", representation="histogram", metric="euclidean")
NEVER = attrs.evolve(NEAR, name="never", organizer=use("dbscan-prototypes", min_samples=2, eps=1e-6))


def stages(timings):
    return Counter(one.stage for one in timings)


def test_photos_with_pixels_are_decoded_described_compared_and_answered_alone_and_together():
    found = query_times(small_case_base(), [NEAR])
    singles = {f"one photo: {stage}": 6 for stage in ("decode", "features", "retrieve", "reuse")}
    batches = {f"each of a batch: {stage}": 3 for stage in ("decode", "features", "retrieve", "reuse")}
    assert stages(found) == {"organise": 1, **singles, **batches}
    assert {one.label for one in found} == {"near/linear@custom"}
    assert all(one.seconds > 0 for one in found)


def test_photos_without_pixels_are_compared_and_answered(tiny_base, registry):
    configuration = Configuration(name="tiny", representation="mean-colour", metric="euclidean")
    found = query_times(tiny_base, [configuration], registry=registry)
    assert {one.stage for one in found} == {
        "organise",
        "one photo: retrieve",
        "one photo: reuse",
        "each of a batch: retrieve",
        "each of a batch: reuse",
    }


def test_no_photo_that_is_asked_about_is_organised(monkeypatch):
    seen = {}
    original = module.organize

    def spy(components, cases, progress=None):
        seen["organised"] = set(cases.ids)
        return original(components, cases, progress)

    monkeypatch.setattr(module, "organize", spy)
    query_times(small_case_base(), [NEAR], seed=3)
    assert len(seen["organised"]) == 6


def test_all_configurations_are_timed_on_one_thread(monkeypatch):
    threads = []
    original = module._ask

    def spy(asked, rows):
        threads.extend(pool["num_threads"] for pool in threadpoolctl.threadpool_info())
        return original(asked, rows)

    monkeypatch.setattr(module, "_ask", spy)
    with threadpoolctl.threadpool_limits(limits=2):
        assert 2 in {pool["num_threads"] for pool in threadpoolctl.threadpool_info()}
        query_times(small_case_base(), [NEAR])
    assert set(threads) == {1}


def test_slow_photos_are_fewer(monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 0.0)
    assert stages(query_times(small_case_base(), [NEAR]))["one photo: retrieve"] == 1


def test_what_takes_very_long_to_organise_is_not_organised_for_its_time_alone(monkeypatch):
    monkeypatch.setattr(module, "LONG", 0.0)
    clustered = attrs.evolve(NEAR, name="grouped", organizer=use("k-medoids", n_clusters=2))
    found = query_times(small_case_base(), [clustered, NEAR])
    assert {one.label for one in found} == {"near/linear@custom"}


def test_what_cannot_be_organised_has_no_times():
    found = query_times(small_case_base(), [NEVER, NEAR])
    assert {one.label for one in found} == {"near/linear@custom"}


@pytest.mark.parametrize("numbers", [1, 2])
def test_progress_is_told_by_configuration(numbers):
    told = []
    query_times(
        small_case_base(),
        [attrs.evolve(NEAR, name=f"near-{number}") for number in range(numbers)],
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(done, numbers) for done in range(1, numbers + 1)]
