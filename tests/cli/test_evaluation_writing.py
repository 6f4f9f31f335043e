"""What is kept of an evaluation whose report cannot be written."""

from __future__ import annotations

import json

import pytest

from cbrkit_xai.cli import _run
from cbrkit_xai.errors import FeaturesError

ASKED = ["evaluate", "coco200-auto", "--configurations", "hist-euc@paper2022", "--folds", "3", "-k", "1"]
ASKED += ["--organizers", "k-medoids", "--repeats", "1", "--permutations", "0", "--baselines", "global-mean"]
KEPT = {"results.csv", "summary.json", "timings.csv"}


def failing(error):
    def fail(*arguments, **more):
        for one in arguments:
            if hasattr(one, "mkdir"):  # the report's folder: something of it is there already
                (one / "plots").mkdir()
                (one / "plots" / "half.svg").write_text("half")
        raise error

    return fail


@pytest.mark.parametrize(
    ("what", "error", "code", "told"),
    [
        ("report.write_report", IndexError("list index out of range"), 1, "internal error: IndexError"),
        ("clusters.explaining.explain_clusters", FeaturesError("too few"), 2, "too few"),
        ("query_times.query_times", OSError(28, "No space left on device", "x"), 2, "No space left"),
    ],
)
def test_results_are_kept_where_the_report_fails_and_the_failure_is_told(
    tmp_path, monkeypatch, capsys, what, error, code, told
):
    pytest.importorskip("jinja2")
    monkeypatch.setenv("CBRKIT_XAI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(f"cbrkit_xai.evaluation.{what}", failing(error))
    folder = tmp_path / "out"
    assert _run([*ASKED, "-o", str(folder)]) == code
    there = {path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")}
    assert there - {"results.parquet"} == KEPT
    assert not list(folder.rglob("half.svg"))
    assert json.loads((folder / "summary.json").read_text("utf-8"))["answers"]
    kept, failed = capsys.readouterr().err.strip().splitlines()[-2:]
    assert "the report could not be written; kept are results.csv" in kept
    assert told in failed
    monkeypatch.undo()
    monkeypatch.setenv("CBRKIT_XAI_CACHE", str(tmp_path / "cache"))
    assert _run([*ASKED, "-o", str(folder)]) == 0
    assert (folder / "report.html").exists()
    assert {path.name for path in folder.iterdir()} >= KEPT
