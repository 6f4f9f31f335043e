"""What is written can be read back, and the same evaluation gives the same bytes."""

from __future__ import annotations

import csv
import json
import math

import attrs
import numpy as np
import pytest

from cbrkit_xai import Cases, Configuration
from cbrkit_xai.evaluation import writing
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.holding_out.groups import Groups, Link
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.results import Evaluation, Run, Timing
from cbrkit_xai.evaluation.writing import mean_scores, summary_of, write_results

METHODS = ("lime", "xrai")
VOTES = np.array([[3.0, 1.0], [0.0, 2.0], [5.0, np.nan]])


def run_with(label, predicted, *, ks=(1, 4), role="configuration", **more):
    predicted = np.asarray(predicted, dtype=np.float64)
    arguments = {
        "label": label,
        "role": role,
        "ks": ks,
        "predicted": predicted,
        "weight_squares": np.full(predicted.shape[:3], np.nan),
        "entries": np.array([[2, 2]]),
    }
    return Run(**{**arguments, **more})


@pytest.fixture
def evaluation():
    # One repeat of two folds; the third case is held out in none.
    predicted = np.array([[[[3.0, 2.0], [2.5, 1.5]], [[1.0, 1.0], [1 / 3, 2.0]], [[np.nan] * 2] * 2]])
    mine = run_with(
        'mine, or "ours"/linear@custom',
        predicted,
        configuration=Configuration(name="mine", representation="histogram", metric="euclidean"),
        substituted="this for that",
        leaks=["metric"],
        problems=["not organised in 1 of 2 folds: because"],
    )
    mean = np.array([[[[1.5, 1.5]], [[4.0, 1.0]], [[np.nan] * 2]]])
    baseline = run_with("global-mean", mean, ks=(0,), role="baseline", entries=np.zeros((1, 2)))
    return Evaluation(
        name="made up",
        provenance="votes: automatic (2 judge families, not people)",
        is_automatic=True,
        cases=Cases(ids=["a", "b", "c"], features=np.zeros((3, 0)), votes=VOTES, methods=METHODS),
        effective_voters=np.ones(3),
        classes=["", "", ""],
        protocol=Protocol(repeats=1, folds=2, seed=7),
        groups=Groups(
            labels=[0, 1, 2], rules=["one rule"], links=[Link(first="a", second="b", reason="why")]
        ),
        folds=Folds(fold_of=[[0, 1, -1]]),
        runs=[mine, baseline],
        versions={"numpy": "2"},
        hashes={"base": "abc"},
        notes=["a note"],
        timings=[Timing(label='mine, or "ours"/linear@custom', repeat=0, stage="organise", seconds=0.25)],
    )


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_there_is_a_row_for_each_held_out_case_configuration_k_and_repeat(evaluation, tmp_path):
    write_results(evaluation, tmp_path)
    rows = rows_of(tmp_path / "results.csv")
    found = [
        (row["configuration"], row["role"], row["k"], row["repeat"], row["fold"], row["case"]) for row in rows
    ]
    mine = 'mine, or "ours"/linear@custom'
    assert found == [
        (mine, "configuration", "1", "0", "0", "a"),
        (mine, "configuration", "1", "0", "1", "b"),
        (mine, "configuration", "4", "0", "0", "a"),
        (mine, "configuration", "4", "0", "1", "b"),
        ("global-mean", "baseline", "0", "0", "0", "a"),
        ("global-mean", "baseline", "0", "0", "1", "b"),
    ]


def test_predictions_and_scores_stand_in_their_rows_to_the_last_bit(evaluation, tmp_path):
    write_results(evaluation, tmp_path)
    rows = rows_of(tmp_path / "results.csv")
    assert [float(row["predicted:lime"]) for row in rows] == [3.0, 1.0, 2.5, 1 / 3, 1.5, 4.0]
    assert float(rows[0]["squared-error"]) == 0.5  # (0 + 1) / 2
    assert float(rows[0]["rmse-per-case"]) == math.sqrt(0.5)
    assert float(rows[0]["top-1"]) == 1.0
    assert [row["entries"] for row in rows] == ["1", "1", "2", "2", "0", "0"]


def test_each_row_says_whose_votes_these_are_what_was_substituted_and_what_leaked(evaluation, tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    write_results(evaluation, tmp_path)
    rows = rows_of(tmp_path / "results.csv")
    columns = pq.read_table(tmp_path / "results.parquet").to_pydict()
    told = ("votes_from", "substituted", "leak")
    leak = "the metric learnt from all votes, those of the held-out photos among them"
    judges = "automatic (2 judge families, not people)"
    assert [tuple(row[name] for name in told) for row in rows] == [
        *[(judges, "this for that", leak)] * 4,
        *[(judges, "", "")] * 2,
    ]
    for name in told:
        assert columns[name] == [row[name] for row in rows]


def test_what_has_no_number_is_an_empty_cell(evaluation, tmp_path):
    everywhere = attrs.evolve(evaluation, folds=Folds(fold_of=[[0, 1, 1]]))
    write_results(everywhere, tmp_path)
    rows = [row for row in rows_of(tmp_path / "results.csv") if row["case"] == "c"]
    assert {row["predicted:lime"] for row in rows} == {""}
    assert {row["squared-error"] for row in rows} == {""}


def test_the_columns_hold_what_the_rows_hold(evaluation, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    write_results(evaluation, tmp_path)
    rows = rows_of(tmp_path / "results.csv")
    table = parquet.read_table(tmp_path / "results.parquet").to_pylist()
    assert len(table) == len(rows)
    for row, other in zip(rows, table, strict=True):
        assert list(row) == list(other)
        for name, value in other.items():
            text = "" if value is None else value if isinstance(value, str) else repr(value)
            assert row[name] == text


def test_without_pyarrow_everything_else_is_written(evaluation, tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "find_spec", lambda name: None)
    assert not writing.has_parquet()
    written = write_results(evaluation, tmp_path)
    assert [path.name for path in written] == ["results.csv", "summary.json", "timings.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["results.csv", "summary.json", "timings.csv"]


def test_the_same_evaluation_gives_the_same_bytes_in_all_but_times(evaluation, tmp_path):
    later = attrs.evolve(evaluation, timings=[attrs.evolve(evaluation.timings[0], seconds=9.0)])
    for one, folder in ((evaluation, tmp_path / "one"), (later, tmp_path / "other")):
        folder.mkdir()
        write_results(one, folder)
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    different = [
        name
        for name in names
        if (tmp_path / "one" / name).read_bytes() != (tmp_path / "other" / name).read_bytes()
    ]
    assert different == ["timings.csv"]


def test_times_stand_by_themselves(evaluation, tmp_path):
    write_results(evaluation, tmp_path)
    assert rows_of(tmp_path / "timings.csv") == [
        {
            "configuration": 'mine, or "ours"/linear@custom',
            "repeat": "0",
            "stage": "organise",
            "seconds": "0.25",
        }
    ]
    for name in ("results.csv", "summary.json"):
        assert "seconds" not in (tmp_path / name).read_text()


def test_the_summary_says_what_was_done_and_what_came_of_it(evaluation, tmp_path):
    write_results(evaluation, tmp_path)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary == summary_of(evaluation)
    assert summary["base"]["provenance"] == "votes: automatic (2 judge families, not people)"
    assert summary["seed"] == summary["protocol"]["seed"] == 7
    assert summary["leaks"] == ["metric"]
    assert summary["runs"]["global-mean"]["leaks"] == []
    assert summary["substituted"] == "this for that"
    assert summary["notes"] == ["a note"]
    assert summary["groups"]["rules"] == ["one rule"]
    assert summary["groups"]["links"] == [{"first": "a", "second": "b", "reason": "why"}]
    assert summary["hashes"] == {"base": "abc"}
    mine = summary["runs"]['mine, or "ours"/linear@custom']
    assert mine["problems"] == ["not organised in 1 of 2 folds: because"]
    assert mine["configuration"]["metric"] == {"use": "euclidean"}
    assert mine["k"] == [1, 4]
    # Of k = 1: (0, 1) and (1, 1) off, over the four pairs that were asked.
    assert mine["scores"]["pooled-rmse"][0] == pytest.approx(math.sqrt(3 / 4))
    assert mine["scores"]["squared-error"][0] == pytest.approx((0.5 + 1.0) / 2)
    assert summary["runs"]["global-mean"]["configuration"] is None


def test_what_is_not_known_is_null_in_the_summary(evaluation):
    nothing = attrs.evolve(evaluation.runs["global-mean"], predicted=np.full((1, 3, 1, 2), np.nan))
    summary = summary_of(attrs.evolve(evaluation, runs=[nothing]))
    assert set(map(tuple, summary["runs"]["global-mean"]["scores"].values())) == {(None,)}
    assert summary["runs"]["global-mean"]["entries"] is None


def test_a_mean_score_is_that_of_the_predictions_there_are(evaluation):
    means = mean_scores(evaluation.runs["global-mean"], VOTES)
    assert means["top-1"].tolist() == [0.25]  # a tie of two at the top, and once the wrong one
    assert means["regret"].tolist() == [pytest.approx((1.0 + 2.0) / 2)]


def test_a_run_that_is_killed_while_writing_leaves_the_old_results(evaluation, tmp_path, monkeypatch):
    write_results(evaluation, tmp_path)
    before = (tmp_path / "results.csv").read_bytes()

    def killed(column):
        raise KeyboardInterrupt

    monkeypatch.setattr(writing, "_cells", killed)
    with pytest.raises(KeyboardInterrupt):
        write_results(evaluation, tmp_path)
    assert (tmp_path / "results.csv").read_bytes() == before
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".part")]
