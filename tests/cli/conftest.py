"""The command line as a process, with a cache and a small study of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def run(cache: Path, tmp_path: Path) -> Run:
    """Run the command line in an empty folder; returns the finished process."""

    def run_process(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cbrkit_xai", *map(str, arguments)]
        environment = {**os.environ, "CBRKIT_XAI_CACHE": str(cache), "COLUMNS": "120", **variables}
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=400, check=False
        )

    return run_process


@pytest.fixture(scope="session")
def chelsea() -> Path:
    """A real photo that ships in scikit-image's wheel."""
    spec = find_spec("skimage")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data" / "chelsea.png"


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of twelve small photos, half of them warm, half of them cool."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(7)
    for number in range(12):
        tint = (200, 80, 40) if number % 2 == 0 else (40, 80, 200)
        pixels = np.clip(rng.normal(tint, 30, size=(48, 64, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"photo-{number:02}.png")
    return folder


@pytest.fixture(scope="session")
def votes(photos: Path) -> Path:
    """People's votes: LIME for the warm photos, XRAI for the cool ones."""
    path = photos / "votes.csv"
    rows = [
        f"photo-{number:02}.png,{7 - number % 3},{number % 3},1,"
        if number % 2 == 0
        else f"photo-{number:02}.png,1,0,{number % 3},6"
        for number in range(12)
    ]
    path.write_text("image,lime,anchors,ig,xrai\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def study(run: Run, tmp_path: Path, photos: Path, votes: Path) -> Path:
    """A case base made by the command line itself."""
    done = run("import", votes, "--images", photos, "-o", "study.cbr", "--source", "human")
    assert done.returncode == 0, done.stderr
    return tmp_path / "study.cbr"
