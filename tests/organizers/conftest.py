"""Small case bases, and the real photos that lie beside the repository."""

import numpy as np
import pytest

from cbrkit_xai.cases import Cases


def cases_of(features, votes=None, ids=None):
    """Number cases that hold these features, and no votes unless given."""
    features = np.asarray(features)
    votes = np.full((len(features), 2), np.nan) if votes is None else np.asarray(votes, dtype=np.float64)
    return Cases(
        ids=ids or [f"case-{row:03d}" for row in range(len(features))],
        features=features,
        votes=votes,
        methods=[f"method-{column}" for column in range(votes.shape[1])],
    )


@pytest.fixture(scope="session")
def make_cases():
    return cases_of


@pytest.fixture(scope="session")
def colour_histograms(coco200):
    """3 x 256 counts of 200 photos, `(200, 768)`."""
    from PIL import Image

    rows = []
    for path in sorted((coco200 / "images").glob("*.jpg")):
        with Image.open(path) as photo:
            rows.append(photo.convert("RGB").resize((224, 224), Image.Resampling.LANCZOS).histogram())
    assert len(rows) == 200
    return np.array(rows, dtype=np.float32)
