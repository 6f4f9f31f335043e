from __future__ import annotations

import logging
import os
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrkit_xai import Registry
from cbrkit_xai.cache import cache_folder
from cbrkit_xai.fit_cache import FitCache, fit_key

FIT = {"learnt": {"reuse": {"overall": [0.1, 1e-300]}}, "base": "größe", "index": None}


@pytest.fixture
def cache(tmp_path):
    return FitCache(folder=tmp_path / "deep" / "fits", shipped=tmp_path / "shipped")


def test_a_fit_comes_back_as_it_was_kept(cache):
    cache.put("key", FIT)
    assert cache.get("key") == FIT
    assert cache.get("other") is None


def test_keeping_a_fit_again_replaces_it_and_leaves_one_file(cache):
    cache.put("key", FIT)
    cache.put("key", {"learnt": 2})
    assert cache.get("key") == {"learnt": 2}
    assert [file.name for file in cache.folder.iterdir()] == ["key.json"]


def test_the_same_fit_is_the_same_bytes(cache):
    cache.put("one", {"a": 1, "b": 2})
    cache.put("two", {"b": 2, "a": 1})
    assert (cache.folder / "one.json").read_bytes() == (cache.folder / "two.json").read_bytes()


def test_a_shipped_fit_is_found_and_ones_own_comes_first(cache, tmp_path):
    FitCache(folder=cache.shipped).put("key", {"from": "shipped"})
    assert cache.get("key") == {"from": "shipped"}
    cache.put("key", {"from": "own"})
    assert cache.get("key") == {"from": "own"}
    (cache.folder / "key.json").write_text("damaged")
    assert cache.get("key") == {"from": "shipped"}


@given(st.binary(max_size=200))
def test_a_file_of_anything_counts_as_none(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("fits")
    (folder / "key.json").write_bytes(content)
    assert FitCache(folder=folder, shipped=folder).get("key") is None


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "null", "3", '{"learnt": {}}', "[" * 100_000], ids=lambda c: c[:20]
)
def test_json_that_is_no_fit_counts_as_none(cache, content):
    cache.folder.mkdir(parents=True)
    (cache.folder / "key.json").write_text(content)
    assert cache.get("key") is None


def test_a_fit_cut_short_or_changed_anywhere_counts_as_none(cache):
    cache.put("key", {"learnt": 12345})
    file = cache.folder / "key.json"
    whole = file.read_bytes()
    for place in range(len(whole)):
        file.write_bytes(whole[:place])
        assert cache.get("key") is None
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert cache.get("key") is None
    file.write_bytes(whole)
    assert cache.get("key") == {"learnt": 12345}


def test_a_folder_where_the_file_should_be_counts_as_none(cache):
    (cache.folder / "key.json").mkdir(parents=True)
    assert cache.get("key") is None


def test_a_cache_that_cannot_be_written_only_warns(tmp_path, caplog):
    (tmp_path / "file").write_text("a file where the folder should be")
    blocked = FitCache(folder=tmp_path / "file" / "fits", shipped=tmp_path)
    with caplog.at_level(logging.WARNING, logger="cbrkit_xai"):
        blocked.put("key", FIT)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "the fit is not kept" in caplog.text
    assert blocked.get("key") is None


def test_a_write_that_fails_half_way_leaves_the_old_fit_and_no_litter(cache, monkeypatch):
    cache.put("key", FIT)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    cache.put("key", {"learnt": 2})
    assert cache.get("key") == FIT
    assert [file.name for file in cache.folder.iterdir()] == ["key.json"]


def test_a_reader_never_sees_half_a_fit_while_threads_write(cache):
    fits = [{"writer": number, "text": str(number) * 20_000} for number in range(4)]
    cache.put("key", fits[0])
    stop = threading.Event()

    def write(fit):
        while not stop.is_set():
            cache.put("key", fit)

    writers = [threading.Thread(target=write, args=(fit,)) for fit in fits]
    for writer in writers:
        writer.start()
    seen = [cache.get("key") for _ in range(200)]
    stop.set()
    for writer in writers:
        writer.join()
    assert all(fit in fits for fit in seen)
    assert [file.name for file in cache.folder.iterdir()] == ["key.json"]


def test_a_key_changes_with_content_configuration_and_versions():
    keys = {fit_key(*parts) for parts in [("a", "b", "c"), ("x", "b", "c"), ("a", "x", "c"), ("a", "b", "x")]}
    assert len(keys) == 4
    assert fit_key("a", "b", "c") in keys


def test_a_cache_lives_where_the_user_says(monkeypatch, tmp_path):
    monkeypatch.setenv("CBRKIT_XAI_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    assert FitCache().folder == tmp_path / "fits"


MEAN_COLOUR = """
    from cbrkit_xai import RepresentationPlugin, hookimpl


    class MeanColour:
        fingerprint = "mean-colour/1"

        def describe(self, images):
            return images.mean(axis=(1, 2)).astype("float32")


    @hookimpl
    def cbrkit_xai_representations():
        yield RepresentationPlugin(name="mean-colour", summary="s", source="s", factory=MeanColour)
"""


def test_a_kept_fit_answers_as_the_first_did_and_nothing_stale_is_ever_found(
    cache, install, tiny_base, tiny_configuration
):
    install("colours", points={"mean": "colours_mean"}, modules={"colours_mean": MEAN_COLOUR})
    registry = Registry(discover=True)
    photo = np.full((224, 224, 3), 20, dtype=np.uint8)

    def kept():
        return {file.name for file in cache.folder.glob("*")}

    fresh = tiny_configuration.fit(tiny_base, registry=registry, cache=cache)
    (first,) = kept()
    again = tiny_configuration.fit(tiny_base, registry=registry, cache=cache)
    assert kept() == {first}
    assert again.learnt == fresh.learnt
    assert again.recommend(photo).votes == fresh.recommend(photo).votes
    tiny_configuration.fit(tiny_base.with_case(tiny_base.cases[0], {}), registry=registry, cache=cache)
    assert len(kept()) == 2
    tiny_configuration.evolve(k=1).fit(tiny_base, registry=registry, cache=cache)
    assert len(kept()) == 3
    damaged = cache.folder / first
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-9])
    mended = tiny_configuration.fit(tiny_base, registry=registry, cache=cache)
    assert mended.learnt == fresh.learnt
    assert damaged.read_bytes() == whole
