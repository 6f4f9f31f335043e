"""Photos for the tests of cbrkit-xai-latent, and a cache that is not the user's."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))  # for the oracles `plain_forward` and `tape_oracle`


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CBRKIT_XAI_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def cat() -> np.ndarray:
    """The tabby cat that scikit-image brings, (224, 224, 3) uint8."""
    found = importlib.util.find_spec("skimage")
    file = Path(*found.submodule_search_locations, "data", "chelsea.png") if found else Path("chelsea.png")
    if not file.is_file():
        pytest.skip("scikit-image with its photo of a cat is not installed")
    with Image.open(file) as photo:
        return np.asarray(photo.convert("RGB").resize((224, 224), Image.Resampling.LANCZOS))


@pytest.fixture(scope="session")
def images() -> np.ndarray:
    """Six pictures that need no file: noise, black, white, grey, a ramp and a disc, (6, 224, 224, 3)."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:224, :224]
    flat = [np.full((224, 224, 3), level, dtype=np.uint8) for level in (0, 255, 127)]
    ramp = np.stack([x, y, 255 - x], axis=-1).astype(np.uint8)
    disc = (
        np.where((x - 112) ** 2 + (y - 100) ** 2 < 3600, 220, 40)
        .astype(np.uint8)[..., None]
        .repeat(3, axis=-1)
    )
    return np.stack([rng.integers(0, 256, (224, 224, 3), dtype=np.uint8), *flat, ramp, disc])


@pytest.fixture(scope="session")
def reference():
    """The network in plain numpy and float64."""
    from plain_forward import PlainForward

    return PlainForward()
