"""The cache saves time and never changes an answer: damage, crashes, rights, rivals."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cbrkit_xai_latent import graph_cache
from cbrkit_xai_latent.graph_cache import cached

GRAPH = bytes(range(256)) * 40


class Builder:
    """Builds GRAPH, and counts how often it had to."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> bytes:
        self.times += 1
        return GRAPH


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CBRKIT_XAI_CACHE", str(tmp_path / "a" / "cache"))
    return tmp_path / "a" / "cache"


@pytest.fixture
def build() -> Builder:
    return Builder()


def test_a_graph_is_built_once_and_then_read(folder: Path, build: Builder) -> None:
    assert cached("g", build) == cached("g", build) == GRAPH
    assert build.times == 1
    assert [one.name for one in folder.iterdir()] == ["g"]


def test_another_name_is_another_graph(folder: Path, build: Builder) -> None:
    cached("g", build)
    assert cached("h", lambda: b"other") == b"other"


@pytest.mark.parametrize("damage", [
    lambda content: b"",
    lambda content: content[:30],
    lambda content: content[:65],
    lambda content: content[:-1],
    lambda content: content + b"\0",
    lambda content: content[:500] + bytes([content[500] ^ 1]) + content[501:],
    lambda content: b"0" * 64 + content[64:],
])  # fmt: skip
def test_a_damaged_file_is_noticed_and_replaced(
    damage: object, folder: Path, build: Builder, caplog: pytest.LogCaptureFixture
) -> None:
    cached("g", build)
    good = (folder / "g").read_bytes()
    (folder / "g").write_bytes(damage(good))
    assert cached("g", build) == GRAPH
    assert build.times == 2
    assert (folder / "g").read_bytes() == good
    assert [(one.name, one.levelno) for one in caplog.records] == [("cbrkit_xai", logging.WARNING)]


def test_a_folder_that_cannot_be_made_costs_a_warning_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build: Builder, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("CBRKIT_XAI_CACHE", str(tmp_path / "file" / "cache"))
    assert cached("g", build) == GRAPH
    assert "CBRKIT_XAI_CACHE" in caplog.text


def test_a_name_taken_by_a_folder_costs_warnings_only(
    folder: Path, build: Builder, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "g" / "full").mkdir(parents=True)
    assert cached("g", build) == GRAPH
    assert len(caplog.records) == 2
    assert [one.name for one in folder.iterdir()] == ["g"]


def test_a_full_disk_leaves_no_half_file(
    folder: Path, build: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    assert cached("g", build) == GRAPH
    assert list(folder.iterdir()) == []


def test_without_a_home_directory_the_graph_is_built(
    monkeypatch: pytest.MonkeyPatch, build: Builder, caplog: pytest.LogCaptureFixture
) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(graph_cache, "cache_folder", no_home)
    assert cached("g", build) == GRAPH
    assert "no cache directory" in caplog.text


def test_two_processes_at_once_both_get_the_features_and_leave_one_good_file(tmp_path: Path) -> None:
    code = (
        "import numpy as np; from cbrkit_xai_latent.network import features;"
        "print(features(np.zeros((1, 224, 224, 3), dtype=np.uint8)).tobytes().hex())"
    )
    environment = os.environ | {"CBRKIT_XAI_CACHE": str(tmp_path)}
    rivals = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    answers = [rival.communicate(timeout=60) for rival in rivals]
    assert answers[0] == answers[1] and len(answers[0][0]) > 1280 and answers[0][1] == b""
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    assert content[:65] == graph_cache._digest(content[65:])


def test_a_cached_graph_spares_the_import_of_onnx(cache: Path) -> None:
    code = (
        "import sys, numpy as np; from cbrkit_xai_latent.network import features;"
        "features(np.zeros((1, 224, 224, 3), dtype=np.uint8)); print('onnx' in sys.modules)"
    )
    said = [subprocess.check_output([sys.executable, "-c", code], text=True) for _ in range(2)]
    assert said[1] == "False\n"
