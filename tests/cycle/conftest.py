import csv
import sys
from pathlib import Path

import attrs
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # `made_up` and `by_hand` are modules of these tests alone


@pytest.fixture(scope="session")
def photo_paths(coco200):
    """The 200 photos beside the repository, sorted by name."""
    return sorted((coco200 / "images").glob("*.jpg"))


@attrs.frozen(kw_only=True)
class Study:
    """160 photos with votes to learn from, and 40 to ask about."""

    base: object
    known: list
    asked: list
    votes: object  # (160, 4), read from the published table
    methods: tuple


@pytest.fixture(scope="session")
def study(photo_paths, coco200):
    import cbrkit_xai as cx

    base = cx.CaseBase.bundled("coco200-auto")
    with (coco200 / "votes-auto.csv").open(encoding="utf-8", newline="") as file:
        published = {row["image"]: row for row in csv.DictReader(file)}
    known = [path for number, path in enumerate(photo_paths) if number % 5]
    cases = [base.case(path.stem) for path in known]
    votes = [[float(published[path.name][method] or "nan") for method in base.methods] for path in known]
    return Study(
        base=attrs.evolve(base, cases=cases, path=None),
        known=known,
        asked=photo_paths[::5],
        votes=np.array(votes),
        methods=base.methods,
    )


@pytest.fixture
def registry():
    from made_up import registry_with

    return registry_with()
