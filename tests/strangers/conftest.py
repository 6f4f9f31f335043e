"""A fresh environment, in which a stranger's plugin is installed beside what is installed here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import attrs
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))  # `pages` and `running` read the documentation

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "cbrkit-xai-minkowski"
WITHOUT_AN_INDEX = ("--no-index", "--no-deps", "--disable-pip-version-check", "--quiet")


@attrs.frozen(kw_only=True)
class Stranger:
    """A stranger's machine: an interpreter of its own, an empty folder, and the built wheel."""

    python: Path
    folder: Path
    wheel: Path

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run the environment's Python in the folder."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment["CBRKIT_XAI_CACHE"] = str(self.folder / "cache")
        return subprocess.run(
            [str(self.python), *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=environment,
            timeout=300,
            check=False,
        )

    def cbrkit_xai(self, *arguments: object) -> str:
        """Return what a command that must succeed prints."""
        return self.succeeds("-m", "cbrkit_xai", *arguments)

    def succeeds(self, *arguments: object) -> str:
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def install(self) -> None:
        self.succeeds("-m", "pip", "install", *WITHOUT_AN_INDEX, self.wheel)

    def uninstall(self) -> None:
        self.succeeds("-m", "pip", "uninstall", "--yes", "--quiet", "cbrkit-xai-minkowski")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, built by setuptools from a copy: building leaves folders behind."""
    copied = tmp_path_factory.mktemp("stranger") / EXAMPLE.name
    shutil.copytree(EXAMPLE, copied)
    build = [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", *WITHOUT_AN_INDEX]
    done = subprocess.run(
        [*build, "--wheel-dir", str(copied.parent), str(copied)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (built,) = copied.parent.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def make_stranger(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Callable[..., Stranger]:
    """Return a function that makes a fresh environment; nothing is downloaded for it."""

    def make(*, with_pip: bool = False) -> Stranger:
        folder = tmp_path_factory.mktemp("machine")
        venv.create(folder / "venv", with_pip=with_pip)
        python = next((folder / "venv").glob("[bS]*/python*"))
        site = subprocess.run(
            [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        # As a folder of packages, with the .pth files of editable installations.
        line = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
        (Path(site) / "what_is_installed_here.pth").write_text(line)
        return Stranger(python=python, folder=folder, wheel=wheel)

    return make


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case base of six photos, kept with their pixels: half of them warm, half of them cool."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("study")
    rng = np.random.default_rng(7)
    rows = ["image,lime,anchors,ig,xrai"]
    for number in range(6):
        is_warm = number % 2 == 0
        tint = (200, 80, 40) if is_warm else (40, 80, 200)
        pixels = np.clip(rng.normal(tint, 30, size=(48, 64, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"photo-{number:02}.png")
        rows.append(f"photo-{number:02}.png," + (f"{7 - number % 3},1,1,0" if is_warm else "1,0,2,6"))
    (folder / "votes.csv").write_text("\n".join(rows) + "\n")
    command = ["import", "votes.csv", "--images", ".", "-o", "study.cbr", "--source", "human", "--embed"]
    done = subprocess.run(
        [sys.executable, "-m", "cbrkit_xai", *command],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "study.cbr"
