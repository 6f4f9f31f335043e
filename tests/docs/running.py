"""Runs what stands in the blocks of a page, one after the other, as a reader would."""

import contextlib
import doctest
import importlib
import io
import os
import re
import shlex
import shutil
import sys
import tomllib
import types
from importlib.util import find_spec
from pathlib import Path

import click

from cbrkit_xai import CbrkitXaiError, registry
from cbrkit_xai.cli import _run as run_command_line
from cbrkit_xai.cli import cli
from cbrkit_xai.configuration_reading import configuration_from_toml
from cbrkit_xai.testing import ContractError

_LIKE = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_OURS = "cbrkit-xai"


class Page:
    """One page being read: its namespace, its files, what was printed last."""

    def __init__(self, monkeypatch):
        self.monkeypatch = monkeypatch
        self.module = types.ModuleType("the_page")
        monkeypatch.setitem(sys.modules, "the_page", self.module)
        monkeypatch.setattr(registry, "_default", None)
        self.printed = ""

    def read(self, block):
        """Do what the block says."""
        if block.mark.startswith("file: "):
            path = Path(block.mark.removeprefix("file: "))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif block.mark == "printed":
            self._compare(block, block.text)
        elif block.language == "python":
            self._run_python(block)
        elif block.language == "toml":
            self._load(block)
        elif block.language == "console":
            for command, shown in commands(block.text):
                if block.mark == "run":
                    self.printed = self._run_command(command)
                    self._compare(block, shown)
                else:
                    check_command(command, block.place)

    def _compare(self, block, expected):
        # How long the rule of a table is depends on the longest cell, which may be elided.
        wanted, got = (re.sub("─+", "─", text) for text in (expected, self.printed))
        alike = doctest.OutputChecker().check_output(wanted, got, _LIKE)
        assert alike, f"{block.place} shows\n{expected}\nbut this was printed:\n{self.printed}"

    def _run_python(self, block):
        # Line numbers in a traceback are those of the page.
        code = compile("\n" * block.line + block.text, str(block.page), "exec")
        if block.mark.startswith("needs: ") and find_spec(block.mark.removeprefix("needs: ")) is None:
            return
        raised = ""
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            try:
                exec(code, vars(self.module))  # noqa: S102 - our own documentation
            except (CbrkitXaiError, ContractError) as error:
                if block.mark != "raises":
                    raise
                raised = f"{type(error).__name__}: {error}\n"
        assert raised or block.mark != "raises", f"{block.place} raises nothing"
        self.printed = printed.getvalue() + raised

    def _load(self, block):
        if "project" not in tomllib.loads(block.text):
            configuration_from_toml(block.text, where=block.place).components()

    def _run_command(self, command):
        words = shlex.split(command)
        if words[:4] == ["python", "-m", "pip", "install"]:
            self._install_editable(Path(words[-1]))
            return ""
        if words[:4] == ["python", "-m", "pip", "uninstall"]:
            self._uninstall(words[-1])
            return ""
        with self.monkeypatch.context() as environment:
            while "=" in words[0]:
                environment.setenv(*words.pop(0).split("=", 1))
                environment.setattr(registry, "_default", None)
            assert Path(words[0]).name == _OURS, f"cannot run {command!r}"
            with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.redirect_stderr(printed):
                run_command_line(words[1:])
        return printed.getvalue()

    def _install_editable(self, folder):
        """Leave behind what `pip install -e` does: a path, and the entry points' metadata."""
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        metadata = folder / "src" / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
        metadata.mkdir()
        name_and_version = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
        (metadata / "METADATA").write_text(name_and_version, encoding="utf-8")
        lines = [f"{name} = {value}" for name, value in project["entry-points"]["cbrkit_xai"].items()]
        text = "\n".join(["[cbrkit_xai]", *lines, ""])
        (metadata / "entry_points.txt").write_text(text, encoding="utf-8")
        self.monkeypatch.syspath_prepend(os.path.abspath(folder / "src"))
        # For the processes of their own in which the kit looks at what is loaded.
        self.monkeypatch.setenv("PYTHONPATH", os.path.abspath(folder / "src"), prepend=os.pathsep)
        importlib.invalidate_caches()
        self.monkeypatch.setattr(registry, "_default", None)

    def _uninstall(self, name):
        for metadata in Path().glob(f"*/src/{name.replace('-', '_')}-*.dist-info"):
            shutil.rmtree(metadata)
        importlib.invalidate_caches()
        self.monkeypatch.setattr(registry, "_default", None)


def commands(text):
    """Return each command of a console block with what is shown below it."""
    found = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append([line[2:].split("  #")[0].strip(), ""])
        elif found:
            found[-1][1] += f"{line}\n"
    return found


def check_command(text, place):
    """Hold a command of ours against what the command line knows."""
    words = [word for word in shlex.split(text) if not re.fullmatch(r"[A-Z_]+=.*", word)]
    if not words or Path(words[0]).name != _OURS:
        return
    command, words = cli, words[1:]
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        known = command.get_command(click.Context(command), words[0])
        assert known is not None, f"{place}: there is no command {words[0]!r}"
        command, words = known, words[1:]
    known = {option for parameter in command.params for option in parameter.opts} | {
        "--debug",
        "--help",
        "-h",
    }
    given = {word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert given <= known, f"{place}: {command.name} has no {', '.join(sorted(given - known))}"
