import hashlib
from pathlib import Path

import numpy as np
import pytest

from cbrkit_xai.case import Ballot, Case, Target
from cbrkit_xai.images import encode_png


def sha256_of(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def a_case():
    """Make a case whose photo's hash is that of its id."""

    def make(identifier="a", *, photo=None, index=3, **changes):
        given = {
            "id": identifier,
            "image_sha256": sha256_of(photo or identifier),
            "image_name": f"{photo or identifier}.jpg",
            "ballots": [Ballot(votes={"lime": 2, "ig": 0}, source="human", voter="anna")],
            "target": Target(classifier="net", index=index, label="cat", probability=0.25),
            "seconds": {"lime": 1.5},
        }
        return Case(**{**given, **changes})

    return make


@pytest.fixture
def a_row():
    return np.arange(4, dtype=np.float32)


@pytest.fixture
def a_png():
    return encode_png(np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8))


@pytest.fixture
def photos(tmp_path):
    """Write a folder of small photos, and return it."""
    folder = tmp_path / "photos"
    folder.mkdir()

    def write(*names):
        from PIL import Image

        for name in names:
            seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
            pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(pixels).save(path, format="PNG")
        return folder

    return write
