"""`cbrkit-xai check`."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cbrkit_xai import registry
from cbrkit_xai.cli import _run
from cbrkit_xai.cli.check import _interruptible

METRIC = """
from cbrkit_xai import MetricPlugin, hookimpl

class Apart:
    def pairwise(self, queries, references):
        import numpy as np
        rows, known = np.asarray(queries, dtype=float), np.asarray(references, dtype=float)
        return {formula}

class Named:
    def __init__(self, name: str):
        if name == "nobody":
            raise ValueError("nobody is no name")
    def pairwise(self, queries, references):
        return Apart().pairwise(queries, references)

@hookimpl
def cbrkit_xai_metrics():
    yield MetricPlugin(name="apart", summary="Some distance", source="a test", factory=Apart)
    {more}
"""
SYMMETRIC = "np.abs(rows[:, None] - known).max(axis=2)"
LOPSIDED = "np.maximum(rows[:, None] - known, 0).max(axis=2)"
NEEDY = 'yield MetricPlugin(name="needy", summary="x", source="x", factory=Apart, needs=("not-there",))'
NAMED = 'yield MetricPlugin(name="named", summary="x", source="x", factory=Named)'
RAISING = """def raising():
        raise ZeroDivisionError("by a stranger")
    yield MetricPlugin(name="raising", summary="x", source="x", factory=raising)"""

POLICY = """
class Keep:
    def keeps(self, case, neighbours):
        from cbrkit_xai import Verdict
        return Verdict(keeps=True, reason="always")

@hookimpl
def cbrkit_xai_retention_policies():
    from cbrkit_xai import RetentionPolicyPlugin
    yield RetentionPolicyPlugin(name="apart", summary="Keeps all", source="a test", factory=Keep)
"""


@pytest.fixture
def check(tmp_path, monkeypatch, capsys, cache):
    """Return a function that runs `cbrkit-xai check` in this process."""
    monkeypatch.setenv("CBRKIT_XAI_CACHE", str(cache))
    monkeypatch.setenv("HYPOTHESIS_STORAGE_DIRECTORY", str(cache / "hypothesis"))
    monkeypatch.chdir(tmp_path)

    def run_here(*arguments: str) -> subprocess.CompletedProcess[str]:
        code = _run(["check", *arguments])
        printed = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, code, printed.out, printed.err)

    return run_here


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch):
    """Return a function that installs a distribution with this metric."""

    def install(formula: str = SYMMETRIC, more: str = "") -> None:
        site = tmp_path / "site"
        info = site / "stranger-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[cbrkit_xai]\nstranger = stranger_plugin\n")
        (site / "stranger_plugin.py").write_text(METRIC.format(formula=formula, more=more))
        monkeypatch.syspath_prepend(str(site))
        monkeypatch.setenv("PYTHONPATH", str(site))  # the kit asks a process of its own what is loaded
        monkeypatch.setattr(registry, "_default", None)
        importlib.invalidate_caches()

    yield install
    sys.modules.pop("stranger_plugin", None)


def rows_of(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, object]]:
    return {row["name"]: row for row in json.loads(done.stdout)["checked"]}


def test_a_distribution_that_keeps_its_contract_passes_row_by_row(check, stranger):
    stranger()
    done = check("stranger")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"plugin +stranger:stranger +\d+ checks passed", done.stdout)
    assert re.search(r"metric +apart +\d+ checks passed", done.stdout)
    assert re.search(r"^stranger: \d+ checks passed in [\d.]+ s$", done.stdout, flags=re.MULTILINE)


def test_a_broken_law_is_reported_with_its_counter_example_and_exit_code_1(check, stranger):
    stranger(LOPSIDED)
    done = check("apart")
    assert done.returncode == 1, done.stderr
    assert re.search(r"metric +apart +\d+ failed of \d+ checks", done.stdout)
    assert "metric apart breaks its contract\nrule: d(x, y) = d(y, x)\nseen: d(x, y) is" in done.stdout
    assert "mend: pairwise" in done.stdout


def test_the_json_has_each_check_with_rule_state_and_report(check, stranger):
    stranger(LOPSIDED)
    done = check("apart", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["state"] == "failed"
    checks = {one["law"]: one for one in rows_of(done)["apart"]["checks"]}
    assert checks["is-symmetric"]["state"] == "failed"
    assert checks["is-symmetric"]["rule"] == "d(x, y) = d(y, x)"
    assert "breaks its contract" in checks["is-symmetric"]["report"]
    assert checks["writes-to-nothing"]["state"] == "passed"


def test_what_cannot_say_anything_after_a_broken_law_is_blocked_by_it(check, stranger):
    stranger("np.zeros(3)")
    done = check("apart")
    assert done.returncode == 1
    assert re.search(r"metric +apart +1 failed of \d+ checks, \d+ blocked by that", done.stdout)


def test_what_needs_a_package_or_a_file_is_skipped_with_the_reason(check, stranger):
    stranger(more=NEEDY)
    found = rows_of(check("stranger", "--json"))
    assert found["needy"]["state"] == "skipped"
    assert found["needy"]["reason"] == "needs not-there; pip install not-there"
    assert found["apart"]["state"] == "passed"
    pretty = check("stranger").stdout
    assert re.search(r"^stranger: \d+ checks passed in [\d.]+ s; 1 of 3 could not be checked$", pretty, re.M)
    onnx = check("onnx", "--kind", "classifier")
    assert onnx.returncode == 2
    assert "skipped: needs a file; cbrkit-xai check onnx:FILE" in onnx.stdout
    assert "onnx: nothing was checked" in onnx.stdout


@pytest.mark.parametrize(
    ("more", "name", "told"),
    [
        (NAMED, "named", "cannot be made: it needs name; allowed: examples="),
        (RAISING, "raising", "it raises ZeroDivisionError: by a stranger"),
    ],
)
def test_what_cannot_be_made_fails_and_the_others_are_checked(check, stranger, more, name, told):
    stranger(more=more)
    done = check("stranger", "--json", "--kind", "metric")
    assert done.returncode == 1, done.stderr
    found = rows_of(done)
    assert found[name]["state"] == "failed"
    assert told in found[name]["reason"]
    assert found["apart"]["state"] == "passed"


def test_a_plugin_that_cannot_be_loaded_fails_with_its_reason(check, stranger):
    stranger(formula="queries +* references")
    done = check("stranger")
    assert done.returncode == 1
    assert "rule: it can be loaded" in done.stdout
    assert "SyntaxError" in done.stdout


def test_a_plugin_that_is_left_out_is_skipped(check, stranger, monkeypatch):
    stranger()
    monkeypatch.setenv("CBRKIT_XAI_DISABLE_PLUGINS", "stranger")
    done = check("stranger")
    assert done.returncode == 2
    assert "skipped: named in CBRKIT_XAI_DISABLE_PLUGINS" in done.stdout


def test_a_value_after_a_colon_is_the_one_required_parameter(check, stranger):
    stranger(more=NAMED)
    found = rows_of(check("named:somebody", "--json"))
    assert {name: row["state"] for name, row in found.items()} == {"named(name='somebody')": "passed"}
    refused = check("named:nobody")
    assert refused.returncode == 2
    assert "nobody is no name" in refused.stderr


def test_a_classifier_of_ones_own_is_checked_by_its_file(run, tmp_path):
    (tmp_path / "mine.py").write_text(
        "import numpy as np\n"
        "def model():\n"
        "    def predict(images):\n"
        "        day = images.mean(axis=(1, 2, 3)) / 255\n"
        "        return np.stack([1 - day, day], axis=1)\n"
        "    return predict\n"
    )
    done = run("check", "python:mine:model", "--json", PYTHONPATH=str(tmp_path))
    assert done.returncode in (0, 1), done.stderr
    (row,) = json.loads(done.stdout)["checked"]
    assert row["name"].startswith("python(")
    assert len(row["checks"]) > 5


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["minkowsky"], "no component, plugin or distribution 'minkowsky'; allowed: a name that"),
        (["minkowsky"], "did you mean 'minkowski'?"),
        (["minkowski", "--kind", "metrics"], "did you mean 'metric'?"),
        (["minkowski", "--kind", "judge"], "there is no judge 'minkowski'"),
        (["cosine:3"], "metric 'cosine': 'cosine' takes nothing after a colon; allowed: cosine"),
        (["onnx:"], "classifier 'onnx': 'onnx:' does not say which file; allowed: onnx:FILE"),
        ([], "check: there is nothing to check; allowed: a name that `cbrkit-xai plugins` lists, or --all"),
        (["cosine", "--all"], "check: 'cosine' is a part of all; allowed:"),
    ],
)
def test_the_users_mistake_is_one_line_and_exit_code_2(check, arguments, told):
    done = check(*arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_name_that_two_kinds_bear_is_checked_in_both_or_in_the_one_that_is_asked_for(check, stranger):
    stranger(more=POLICY)
    both = json.loads(check("apart", "--json").stdout)["checked"]
    assert {row["kind"] for row in both} == {"metric", "retention-policy"}
    one = json.loads(check("apart", "--kind", "retention-policy", "--json").stdout)["checked"]
    assert {row["kind"] for row in one} == {"retention-policy"}


def test_nothing_is_left_where_the_reader_happens_to_be(run, tmp_path):
    assert run("check", "always").returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_without_hypothesis_it_says_what_to_install():
    # What stands in the way of the real one, as its absence would.
    hidden = (
        "import sys; sys.modules['hypothesis'] = None; import cbrkit_xai.cli as c; c.main(['check', 'mean'])"
    )
    done = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.strip() == (
        'cbrkit-xai: the checks need hypothesis, which is not installed; pip install "cbrkit-xai[testing]"'
    )


@pytest.fixture
def two_plugins(stranger, monkeypatch):
    """Let but two plugins be installed: the stranger's, and one of the core's."""
    stranger(more=POLICY)
    every = registry.Registry.plugins.fget
    names = ("stranger", "cbrkit_xai.retention.always")
    few = property(lambda self: tuple(one for one in every(self) if one.name in names))
    monkeypatch.setattr(registry.Registry, "plugins", few)


def test_all_plugins_are_checked_with_all_their_components(check, two_plugins):
    found = json.loads(check("--all", "--json").stdout)
    assert found["state"] == "passed"
    assert {(row["kind"], row["name"]) for row in found["checked"]} == {
        ("plugin", "stranger:stranger"),
        ("plugin", "cbrkit-xai:cbrkit_xai.retention.always"),
        ("metric", "apart"),
        ("retention-policy", "apart"),
        ("retention-policy", "always"),
    }


def test_the_last_line_says_how_long_all_took(check, two_plugins):
    done = check("--all", "--kind", "retention-policy")
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"all: 16 checks passed in [\d.]+ s", done.stdout.splitlines()[-1])


def test_also_where_some_fail_the_last_line_says_how_long_it_took(check, stranger):
    stranger(LOPSIDED)
    last = check("apart").stdout.splitlines()[-1]
    assert re.fullmatch(r"apart: 1 failed of \d+ checks in [\d.]+ s", last)


def test_where_none_of_a_kind_is_installed_nothing_is_checked(check, two_plugins):
    done = check("--all", "--kind", "judge")
    assert done.returncode == 2
    assert done.stdout.splitlines()[-1] == "all: nothing was checked"


@pytest.mark.parametrize("command", [["check", "cbrkit-xai"], ["check", "--all"]], ids=["core", "all"])
def test_an_interruption_is_said_in_a_line_and_exit_code_130(cache, tmp_path, command):
    command = [sys.executable, "-m", "cbrkit_xai", *command]
    environment = {**os.environ, "CBRKIT_XAI_CACHE": str(cache)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment
    ) as process:
        try:
            time.sleep(3)
            process.send_signal(signal.SIGINT)
            out, told = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130, told
    assert out == ""
    assert told.strip().endswith("cbrkit-xai: interrupted; nothing was left half done")


def test_an_interruption_that_the_interpreter_drops_ends_the_work_after_the_check_at_hand():
    told = []
    with pytest.raises(KeyboardInterrupt), _interruptible(lambda done, total: told.append(done)) as progress:
        progress(1, 3)
        with contextlib.suppress(KeyboardInterrupt):  # as a callback of the garbage collector has it dropped
            signal.raise_signal(signal.SIGINT)
        progress(2, 3)
    assert told == [1]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
