"""The page that leads from an empty folder to an installed plugin, typed as it stands."""

import doctest
import os
import re
import subprocess
from pathlib import Path

import pytest
from pages import DOCS, blocks
from running import commands

from cbrkit_xai.cli.demo import demo_photo

PAGE = DOCS / "how-to" / "write-a-plugin.md"
LIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.fixture(scope="module")
def typed(make_stranger):
    """Return a function that types a command in an empty folder, and gives what it shows."""
    machine = make_stranger(with_pip=True)
    # The environment's own is older than what is installed beside it, and would come first.
    machine.succeeds("-m", "pip", "uninstall", "--yes", "--quiet", "setuptools")
    scripts = machine.python.parent
    (machine.folder / "photo.jpg").write_bytes(Path(demo_photo()).read_bytes())
    command = scripts / "cbrkit-xai"
    command.write_text(f'#!/bin/sh\nexec "{machine.python}" -m cbrkit_xai "$@"\n')
    command.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment |= {
        "PATH": f"{scripts}{os.pathsep}{environment['PATH']}",
        "CBRKIT_XAI_CACHE": str(machine.folder / "cache"),
        # All that the page needs is installed beside it: nothing has to be fetched for a test.
        "PIP_NO_INDEX": "1",
        "PIP_NO_BUILD_ISOLATION": "0",  # pip reads this one the wrong way round: 0 switches isolation off
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_QUIET": "1",
    }

    def run(text):
        return subprocess.run(
            ["sh", "-c", text],  # noqa: S607 - as a reader's shell finds it
            cwd=machine.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )

    run.folder = machine.folder
    return run


@pytest.mark.slow
def test_every_command_of_the_page_shows_what_the_page_shows(typed):
    compared = 0
    for block in blocks(PAGE):
        if block.mark.startswith("file: "):
            path = typed.folder / block.mark.removeprefix("file: ")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        if block.language != "console":
            continue
        for command, shown in commands(block.text):
            done = typed(command)
            if block.mark != "run":
                assert done.returncode == 0, f"{block.place}: $ {command}\n{done.stdout}"
                continue
            wanted, got = (re.sub("─+", "─", text) for text in (shown, done.stdout))
            alike = doctest.OutputChecker().check_output(wanted, got, LIKE)
            assert alike, f"{block.place}: $ {command}\nshows\n{shown}\nand printed\n{done.stdout}"
            compared += bool(shown.strip())
    assert compared > 5
    assert "minkowski-mean" in typed("cbrkit-xai plugins --kind metric").stdout
    assert typed("python -m pip uninstall --yes cbrkit-xai-minkowski").returncode == 0
    assert "minkowski-mean" not in typed("cbrkit-xai plugins --kind metric").stdout
