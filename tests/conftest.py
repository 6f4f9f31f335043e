"""A case base small enough to check by hand, and distributions that can be installed for one test."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import settings

from cbrkit_xai import Ballot, Case, CaseBase, Configuration, Registry, RepresentationPlugin, hookimpl, use

sys.path.insert(0, str(Path(__file__).parent))  # `icc_profiles` is a module of tests alone

settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(scope="session")
def coco200():
    """The folder of 200 photos and their votes, which stands beside the repository where there is one."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "coco200"
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}")
    return folder


class MeanColour:
    """Mean of each channel, the simplest description of a photo."""

    fingerprint = "mean-colour/1"

    def describe(self, images):
        return np.asarray(images).mean(axis=(1, 2)).astype(np.float32)


@hookimpl
def cbrkit_xai_representations():
    yield RepresentationPlugin(
        name="mean-colour", summary="Mean of each channel", source="arithmetic", factory=MeanColour
    )


@pytest.fixture
def registry():
    """The core's own components and `mean-colour`, nothing that is installed."""
    made = Registry()
    made.register(SimpleNamespace(cbrkit_xai_representations=cbrkit_xai_representations), name="by-hand")
    return made


COLOURS = {"black": (0, 0, 0), "dark-red": (30, 0, 0), "red": (100, 0, 0), "blue": (0, 0, 40)}
VOTES = {
    "black": {"lime": 4.0, "xrai": 1.0},
    "dark-red": {"lime": 2.0, "xrai": 3.0},
    "red": {"lime": 0.0, "xrai": 5.0},
    "blue": {"lime": 5.0},
}


@pytest.fixture
def tiny_base():
    """Four cases on two axes of colour; nobody was asked about xrai on the blue one.

    From black, dark red is 30 away, blue 40 and red 100; dark red and blue are 50 apart.
    """
    return CaseBase(
        name="tiny",
        cases=[
            Case(id=name, image_sha256=f"sha-{name}", ballots=[Ballot(votes=VOTES[name], source="human")])
            for name in COLOURS
        ],
        features={
            MeanColour.fingerprint: {
                f"sha-{name}": np.array(colour, dtype=np.float32) for name, colour in COLOURS.items()
            }
        },
        representations={MeanColour.fingerprint: use("mean-colour")},
    )


@pytest.fixture
def tiny_configuration():
    """The two nearest by mean colour, their votes averaged."""
    return Configuration(name="tiny", representation="mean-colour", metric="euclidean", k=2)


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a real distribution on the path, as pip would: metadata, entry points and modules.

    `install(name, points={entry_point: module}, modules={module: source})` returns a function that
    uninstalls it.
    """
    before = set(sys.modules)
    monkeypatch.delenv("CBRKIT_XAI_DISABLE_PLUGINS", raising=False)

    def _install(name, *, points, modules=(), version="1.0", metadata=True):
        site = tmp_path / f"site-{name}-{version}"
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        if metadata:
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        if not isinstance(points, str):
            points = "\n".join(["[cbrkit_xai]", *(f"{point} = {value}" for point, value in points.items())])
        (info / "entry_points.txt").write_text(f"{points}\n")
        for module, source in dict(modules).items():
            (site / f"{module}.py").write_text(textwrap.dedent(source))
        monkeypatch.syspath_prepend(str(site))
        importlib.invalidate_caches()

        def uninstall():
            shutil.rmtree(site)
            importlib.invalidate_caches()
            for module in dict(modules):
                sys.modules.pop(module, None)

        return uninstall

    yield _install
    for module in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[module], "__file__", "")):
            del sys.modules[module]
