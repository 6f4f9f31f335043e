"""`cbrkit-xai plugin new`: what it writes works, for every kind."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from cbrkit_xai.cli import _run
from cbrkit_xai.components import kinds
from cbrkit_xai.plugin_skeleton import skeleton
from cbrkit_xai.testing import checks_for, run

KINDS = [record.kind for record in kinds()]


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Return a function that runs `cbrkit-xai plugin new` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: _run(["plugin", "new", *arguments])


@pytest.fixture
def imported(monkeypatch):
    """Return a function that imports what a skeleton holds."""
    names = []

    def import_it(folder: Path):
        monkeypatch.syspath_prepend(str(folder / "src"))
        monkeypatch.setenv("PYTHONPATH", str(folder / "src"))  # the kit asks a process what is loaded
        importlib.invalidate_caches()
        names.append(folder.name.replace("-", "_"))
        return importlib.import_module(names[-1])

    yield import_it
    for name in names:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("kind", KINDS)
def test_the_skeleton_of_every_kind_keeps_its_contract(write, imported, tmp_path, kind):
    assert write(f"new-{kind}", "--kind", kind) == 0
    results = list(run(checks_for(imported(tmp_path / f"new-{kind}"))))
    assert {result.check.subject.kind for result in results} == {"plugin", kind}
    assert [result.report for result in results if result.state != "passed"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_skeleton_of_every_kind_is_laid_out_as_our_own_code(tmp_path, kind):
    for path, text in skeleton(f"new-{kind}", kind).items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    rules = ["--config", str(Path(__file__).parents[2] / "pyproject.toml"), "--no-cache", str(tmp_path)]
    for command in (["check"], ["format", "--check"]):
        ruff = [sys.executable, "-m", "ruff", *command, *rules]
        done = subprocess.run(ruff, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_it_says_what_it_wrote_and_what_to_do_next(write, capsys, tmp_path):
    assert write("cbrkit-xai-nearby", "--kind", "metric") == 0
    lines = capsys.readouterr().out.splitlines()
    files = ["README.md", "pyproject.toml", "src/cbrkit_xai_nearby/__init__.py", "tests/test_contract.py"]
    assert lines[:4] == [f"wrote cbrkit-xai-nearby/{file}" for file in files]
    assert "  python -m pip install -e cbrkit-xai-nearby" in lines
    assert [path.name for path in tmp_path.iterdir()] == ["cbrkit-xai-nearby"]
    assert 'name="nearby"' in (tmp_path / lines[2].removeprefix("wrote ")).read_text()


def test_the_component_can_have_a_name_of_its_own(write, tmp_path):
    assert write("cbrkit-xai-nearby", "--kind", "metric", "--component", "none") == 0
    source = (tmp_path / "cbrkit-xai-nearby/src/cbrkit_xai_nearby/__init__.py").read_text()
    assert 'name="none"' in source
    assert "class NoneMetric:" in source  # `None` is no name for a class


def test_a_class_does_not_take_the_name_of_the_record_it_is_registered_by():
    source = skeleton("metric-plugin", "metric")["src/metric_plugin/__init__.py"]
    assert "class MetricPluginMetric:" in source
    assert "yield MetricPlugin(" in source


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["Near By", "--kind", "metric"], "'Near By' is not a name for a plugin; allowed: lower-case words"),
        (["Near By", "--kind", "metric"], "did you mean 'near-by'?"),
        (["../nearby", "--kind", "metric"], "'../nearby' is not a name for a plugin"),
        (["3d", "--kind", "metric"], "'3d' is not a name for a plugin"),
        (
            ["class", "--kind", "metric"],
            "'class' is a word of Python's, and cannot be imported; allowed: any other name; did you mean",
        ),
        (
            ["nearby", "--kind", "metric", "--component", "Near"],
            "component: 'Near' is not a name for a component",
        ),
        (["nearby", "--kind", "metrics"], "no kind 'metrics'; allowed: representation, metric,"),
        (["nearby", "--kind", "metrics"], "did you mean 'metric'?"),
        (["json", "--kind", "metric"], "there is a module 'json' already; choose another name"),
        (
            ["cbrkit-xai-cosine", "--kind", "metric"],
            "the metric 'cosine' is registered by cbrkit-xai already",
        ),
        (["taken", "--kind", "metric"], "taken: is there already; choose another name, or remove it"),
        (["nearby"], "Missing option '--kind'"),
    ],
)
def test_a_mistake_is_said_in_a_line_and_nothing_is_written(write, capsys, tmp_path, arguments, told):
    (tmp_path / "taken").mkdir()
    assert write(*arguments) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    assert list((tmp_path / "taken").iterdir()) == []
