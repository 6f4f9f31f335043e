import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))  # `small_models` is a module of these tests alone


@pytest.fixture
def photos():
    """Five pictures of noise, (5, 8, 10, 3) uint8: height and width differ, so that no one mixes them up."""
    return np.random.default_rng(1).integers(0, 256, (5, 8, 10, 3), dtype=np.uint8)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Be in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def draw(here):
    """Write a picture of one colour with some grain, 20 x 16: `draw("red.png", (200, 30, 30))`."""

    def _draw(name, colour):
        grain = np.random.default_rng(2).integers(-9, 10, (16, 20, 3))
        Image.fromarray((np.array(colour) + grain).clip(0, 255).astype(np.uint8)).save(here / name)

    return _draw


@pytest.fixture(scope="session")
def real_registry():
    from cbrkit_xai import default_registry

    return default_registry()
