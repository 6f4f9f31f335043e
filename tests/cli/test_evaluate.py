"""`cbrkit-xai evaluate`: what it prints and writes, what it refuses, and what survives being killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from cbrkit_xai.cli.choosing import chosen_names
from cbrkit_xai.cli.command_line import command_line
from cbrkit_xai.cli.evaluate import command
from cbrkit_xai.cli.evaluation_choices import (
    chosen_k,
    chosen_ks,
    chosen_substitutes,
    named_configurations,
)
from cbrkit_xai.errors import ConfigurationError, ParameterError
from cbrkit_xai.evaluation.running.default_configurations import default_configurations
from cbrkit_xai.evaluation.running.output_folder import NAMES

# What takes long, and has tests of its own, is left out.
BRIEFLY = ("--repeats", "1", "--folds", "3", "-k", "1,3", "--permutations", "0")
FEW = ("--baselines", "global-mean,uniform,single-best-method")


def only_line(text):
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]


@pytest.mark.parametrize(
    ("text", "ks"),
    [
        ("5", (5,)),
        ("1,3,5", (1, 3, 5)),
        ("1:4", (1, 2, 3, 4)),
        ("1:10:4", (1, 5, 9)),
        ("1:3, 10", (1, 2, 3, 10)),
        ("3,1:3", (3, 1, 2)),
    ],
)
def test_numbers_of_neighbours_are_listed_or_given_as_ranges_with_their_ends(text, ks):
    assert chosen_ks(text) == ks


@pytest.mark.parametrize(
    "text", ["", "0", "a", "1:", "4:1", "1:9:0", "-3", "1.5", "1;3", "1:1000000", "1,,2"]
)
def test_what_says_no_numbers_of_neighbours_is_refused_with_an_example(text):
    with pytest.raises(ParameterError, match=r"-k: .*such as 5, 1,3,5, 1:25 or 1:25:2"):
        chosen_ks(text)


def test_a_k_is_selected_among_those_that_are_named_or_among_the_papers():
    assert chosen_k("1:3") == ((1, 2, 3), None)
    assert chosen_k("selected") == (tuple(range(1, 26)), "selected")
    assert chosen_k("selected,1:3,9") == ((1, 2, 3, 9), "selected")
    with pytest.raises(ParameterError, match="or selected,1:10"):
        chosen_k("selected,none")


def test_the_command_that_repeats_an_evaluation_has_what_was_typed_but_no_folder_and_no_thread(tmp_path):
    (tmp_path / "mine.toml").write_text("")
    typed = ["/somewhere/study.cbr", "--configurations", f"hist-euc,{tmp_path}/mine.toml", "-k", "1:3"]
    typed += ["--substitute", "latent=a b", "--substitute", "pixels=c", "--margin", "0.5", "--json"]
    said = [
        command_line(command.make_context("evaluate", [*typed, "-o", folder, "--jobs", jobs]))
        for folder, jobs in (("here", "1"), ("/there", "7"))
    ]
    assert said[0] == said[1]
    assert said[0] == (
        "cbrkit-xai evaluate study.cbr --configurations hist-euc,mine.toml -k 1:3 --margin 0.5 "
        "--substitute 'latent=a b' --substitute pixels=c -o DIR"
    )


def test_substitutes_are_told_by_name():
    assert chosen_substitutes([]) == {}
    assert chosen_substitutes(["latent=efficientnet-lite0", "a = b=c"]) == {
        "latent": "efficientnet-lite0",
        "a": "b=c",
    }


@pytest.mark.parametrize("text", ["latent", "latent=", "=x", ""])
def test_a_substitute_without_a_name_or_a_value_is_refused(text):
    with pytest.raises(ParameterError, match="NAME=VALUE"):
        chosen_substitutes([text])


def test_two_substitutes_for_one_thing_are_refused():
    with pytest.raises(ParameterError, match="both 'a' and 'b' would stand for 'latent'"):
        chosen_substitutes(["latent=a", "latent=b"])


def labels(names, profile=None, organizers=None):
    return [one.label for one in named_configurations(names, profile, organizers)]


def test_names_labels_and_files_name_configurations(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('extends = "hist-euc"\nname = "mine"\nmetric = { use = "minkowski", p = 3 }\n')
    grid = tmp_path / "grid.toml"
    grid.write_text('extends = "hist-euc"\nname = "many"\n[grid]\nk = [1, 2]\n')
    assert labels(
        ["hist-euc", "LF-COS/dbscan-prototypes@paper2022", "lf-euc@paper2022", str(file), str(grid)]
    ) == [
        "hist-euc/linear@recommended",
        "lf-cos/dbscan-prototypes@paper2022",
        "lf-euc/linear@paper2022",
        "mine/linear@recommended",
        "many[k=1]/linear@recommended",
        "many[k=2]/linear@recommended",
    ]


def test_organizers_and_a_profile_apply_to_what_does_not_say_its_own():
    both = ["linear", "dbscan-prototypes"]
    assert labels(["hist-euc", "lf-cos/linear", "hist-cos@recommended"], "paper2022", both) == [
        "hist-euc/linear@paper2022",
        "hist-euc/dbscan-prototypes@paper2022",
        "lf-cos/linear@paper2022",
        "hist-cos/linear@recommended",
        "hist-cos/dbscan-prototypes@recommended",
    ]


def test_a_configuration_that_is_named_twice_is_evaluated_once():
    assert labels(["hist-euc", "hist-euc/linear@recommended"]) == ["hist-euc/linear@recommended"]


def test_an_unknown_name_is_refused_with_the_nearest_spelling():
    with pytest.raises(ConfigurationError, match="did you mean 'hist-euc'"):
        labels(["hist-eucl"])


def test_names_may_have_spaces_around_them():
    assert chosen_names(None) is None
    assert chosen_names(" a, b ,,c") == ["a", "b", "c"]


def test_without_names_the_papers_five_are_evaluated_as_far_as_the_base_has_them():
    from cbrkit_xai import CaseBase, default_registry

    found, left_out = default_configurations(CaseBase.bundled(), substitute={}, registry=default_registry())
    assert [one.label for one in found] == [
        f"{name}/{organizer}@recommended"
        for name in ("hist-euc", "hist-cos", "lf-euc", "lf-cos")
        for organizer in ("linear", "dbscan-prototypes")
    ]
    (sentence,) = left_out
    assert sentence.startswith("ssim left out: not applicable: this base holds no pixels")
    assert "--images DIR" in sentence


def test_an_evaluation_prints_its_scores_whose_votes_they_are_and_the_answers(run):
    done = run("evaluate", "coco200-auto", "--configurations", "hist-euc", *BRIEFLY, *FEW)
    assert done.returncode == 0, done.stderr
    assert "coco200-auto: 200 cases · votes: automatic (2 judge families, not people)" in done.stdout
    assert "k-fold, 1 repeat of 3 folds, seed 0; 200 groups of photos" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines()]
    (mean,) = [row for row in rows if row[:1] == ["global-mean"]]
    assert mean[-1] == "0.000"  # its skill against itself
    assert "predicts better than the global mean of the training cases:" in " ".join(done.stdout.split())
    assert "best for you" not in done.stdout
    assert "LEAK" not in done.stdout
    assert "SUBSTITUTED" not in done.stdout


def test_an_evaluation_writes_its_results_and_a_report_and_says_where(run, study, tmp_path):
    done = run("evaluate", study, "--configurations", "hist-euc", *BRIEFLY, *FEW, "-o", "out")
    assert done.returncode == 0, done.stderr
    assert "report: out/report.html" in done.stdout
    there = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"report.html", "results.csv", "summary.json", "timings.csv", "cells"} <= there
    times = (tmp_path / "out" / "timings.html").read_text(encoding="utf-8")
    assert "What one photo waits for" in times
    assert "votes: people" in times
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["base"]["provenance"] == "votes: people"
    assert summary["answers"][0]["kind"] == "better-than-mean"


def test_margin_level_and_a_selected_k_reach_the_answers_and_the_report(run, tmp_path):
    pytest.importorskip("jinja2")
    asked = ("evaluate", "coco200-auto", "--configurations", "hist-euc@paper2022", "--folds", "3")
    asked += ("--organizers", "linear,dbscan-prototypes", "--repeats", "1", "-k", "selected,1:2")
    asked += ("--permutations", "0", "--margin", "0.25", "--alpha", "0.2", *FEW)
    done = run(*asked, "-o", "out", "--json")
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)["answers"]
    assert {one["details"]["alpha"] for one in answers} == {0.2}
    assert all(one["selected"] for one in answers if one["kind"] == "better-than-mean")
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    assert "It is 0.25 votes (stated by whoever asked)" in page
    assert "--margin 0.25 --alpha 0.2 --permutations 0" in page


def test_thresholds_of_one_photo_reach_the_groups(run):
    asked = ("evaluate", "coco200-auto", "--configurations", "hist-euc@paper2022", *BRIEFLY, *FEW, "--json")
    done = run(*asked, "--latent-cosine", "0.5", "--phash-distance", "3")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["protocol"]["latent_cosine"] == 0.5
    assert summary["protocol"]["phash_distance"] == 3
    assert summary["groups"]["number"] < 200


def test_a_leak_is_said_above_the_scores_and_in_the_summary(run):
    done = run(
        *("evaluate", "coco200-auto", "--configurations", "hist-euc@paper2022", *BRIEFLY, *FEW),
        *("--organizers", "dbscan-prototypes", "--cluster-scope", "global", "--json"),
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["leaks"] == ["organizer"]
    assert summary["runs"]["global-mean"]["leaks"] == []
    assert summary["protocol"]["cluster_scope"] == "global"
    told = run(
        *("evaluate", "coco200-auto", "--configurations", "hist-euc@paper2022", *BRIEFLY, *FEW),
        *("--organizers", "dbscan-prototypes", "--cluster-scope", "global"),
    )
    assert told.stdout.index("LEAK: ") < told.stdout.index("pooled RMSE")
    assert "hist-euc/dbscan-prototypes@paper2022 (LEAK)" in told.stdout


def test_what_was_substituted_is_said_above_the_scores_and_in_each_row(run):
    asked = ("evaluate", "coco200-auto", "--configurations", "lf-cos@paper2022", *BRIEFLY, *FEW)
    refused = run(*asked)
    assert refused.returncode == 2
    assert "--substitute latent=efficientnet-lite0" in only_line(refused.stderr)
    done = run(*asked, "--substitute", "latent=efficientnet-lite0")
    assert done.returncode == 0, done.stderr
    assert done.stdout.index("SUBSTITUTED: EfficientNet-Lite0's") < done.stdout.index("pooled RMSE")
    assert "lf-cos/linear@paper2022 (SUBSTITUTED)" in done.stdout


def test_photos_in_a_folder_are_evaluated_where_the_base_has_no_features(run, study, photos):
    done = run("evaluate", study, "--configurations", "hist-cos", "--images", photos, *BRIEFLY, *FEW)
    assert done.returncode == 0, done.stderr
    assert "hist-cos/linear@recommended" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("coco200-autoo",), "did you mean 'coco200-auto'"),
        (("coco200-auto", "--configurations", "hist-eucl"), "did you mean 'hist-euc'"),
        (("coco200-auto", "--configurations", ","), "there is nothing to evaluate"),
        (("coco200-auto", "-k", "0"), "such as 5, 1,3,5, 1:25 or 1:25:2"),
        (("coco200-auto", "--folds", "1"), "a whole number from 2 to 1000"),
        (("coco200-auto", "--repeats", "0"), "a whole number from 1 to 1000"),
        (("coco200-auto", "--held-out", "2"), "a number from 0.01 to 0.9"),
        (("coco200-auto", "--seed", "-1"), "a whole number from 0"),
        (("coco200-auto", "--scheme", "bootstrap"), "k-fold"),
        (("coco200-auto", "--margin", "0"), "a number of votes above 0"),
        (("coco200-auto", "--margin", "nan"), "a number of votes above 0"),
        (("coco200-auto", "--alpha", "1"), "a number between 0 and 1"),
        (("coco200-auto", "--latent-cosine", "1.5"), "a number from 0 to 1"),
        (("coco200-auto", "--phash-distance", "65"), "a whole number from 0 to 64"),
        (("coco200-auto", "--select-by", "luck"), "silhouette"),
        (("coco200-auto", "--organizers", "linear", "--select-by", "votes"), "NAME/dbscan-prototypes"),
        (("coco200-auto", "--jobs", "0"), "x>=1"),
        (("coco200-auto", "--baselines", "global-meen"), "did you mean 'global-mean'"),
        (("coco200-auto", "--substitute", "latent"), "NAME=VALUE"),
        (("coco200-auto", "--substitute", "latnt=histogram"), "did you mean 'latent'"),
        (("coco200-auto", "--configurations", "ssim"), "--images DIR"),
        (("coco200-auto", "--profile", "paper2023"), "did you mean 'paper2022'"),
        (("coco200-auto", "--organizers", "liner"), "did you mean 'linear'"),
        (("coco200-auto", "--configurations", "no-such.toml"), "no-such.toml"),
    ],
)
def test_every_mistake_is_one_line_that_says_what_would_be_right(run, arguments, told):
    done = run("evaluate", *arguments)
    assert done.returncode == 2
    assert told in only_line(done.stderr)
    assert done.stdout == ""


def test_a_folder_with_results_of_something_else_is_refused_before_the_work(run, tmp_path):
    (tmp_path / "results.csv").write_text("mine\n")
    done = run("evaluate", "coco200-auto", "-o", ".")
    assert done.returncode == 2
    assert "`cbrkit-xai evaluate` did not write it" in only_line(done.stderr)
    assert (tmp_path / "results.csv").read_text() == "mine\n"


def test_a_second_evaluation_leaves_nothing_of_the_first_and_no_other_command_writes_there(run, tmp_path):
    pytest.importorskip("jinja2")
    asked = ("evaluate", "coco200-auto", "--folds", "3", "--repeats", "1", "--permutations", "0", *FEW)
    names = "hist-euc@paper2022,hist-cos@paper2022"
    assert run(*asked, "-k", "1", "--configurations", names, "-o", "out").returncode == 0
    first = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")}
    assert run(*asked, "-k", "1", "--configurations", "hist-euc@paper2022", "-o", "out").returncode == 0
    second = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")}
    assert "plots/rmse-over-k-02.png" in first - second
    written = json.loads((tmp_path / "out" / ".cbrkit-xai.json").read_text())["files"]
    assert {name.partition("/")[0] for name in written if not name.startswith("timings-")} <= set(NAMES)
    refused = run("reproduce", "coco200-auto", "-o", "out", "--substitute", "latent=efficientnet-lite0")
    assert refused.returncode == 2
    assert "holds what `cbrkit-xai evaluate` wrote" in only_line(refused.stderr)
    assert run("tune", "coco200-auto", "-o", "out").returncode == 2


def started(tmp_path, cache, folder):
    command = [sys.executable, "-m", "cbrkit_xai", *ASKED, "-o", folder]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "CBRKIT_XAI_CACHE": str(cache)},
        # A shell's background job inherits an ignored SIGINT, and with it this test's process.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.slow
def test_what_is_organised_anew_for_each_shuffle_is_told_with_the_least_p(run):
    asked = ("evaluate", "coco200-auto", "--configurations", "hist-euc@paper2022", "--folds", "3", *FEW)
    asked += ("--repeats", "1", "-k", "1", "--permutations", "3", "--organizers")
    told = " ".join(run(*asked, "linear,condensed").stdout.split())
    assert "note: hist-euc/condensed@paper2022: organised anew for each of 3 shuffles" in told
    assert "with 3 no p is below 0.25." in told


ASKED = (
    *("evaluate", "coco200-auto", "--configurations", "hist-euc@paper2022", "--repeats", "4", "-k", "1:3"),
    *("--organizers", "linear,dbscan-prototypes", "--baselines", "global-mean,random-prototypes,ridge"),
    *("--permutations", "5", "--jobs", "2"),
)
COMPARED = ("results.csv", "results.parquet", "summary.json", "report.html")


def wait_for_cells(folder, number):
    deadline = time.monotonic() + 100
    while len(list(folder.glob("cells/*.npz"))) < number:
        assert time.monotonic() < deadline, "no cell was finished"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def undisturbed(cache, tmp_path_factory):
    """The folder of an evaluation that nobody killed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    process = started(folder, cache, "whole")
    _, told = process.communicate(timeout=400)
    assert process.returncode == 0, told
    return folder / "whole"


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_what_is_killed_halfway_and_run_again_gives_the_same_bytes(run, tmp_path, cache, undisturbed, sent):
    process = started(tmp_path, cache, "killed")
    try:
        wait_for_cells(tmp_path / "killed", 3)
        process.send_signal(sent)
        _, told = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == (-9 if sent == signal.SIGKILL else 130)
    if sent == signal.SIGINT:
        assert "interrupted" in only_line(told)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "killed").glob("cells/*.npz")}
    assert not (tmp_path / "killed" / "results.csv").exists()
    done = run(*ASKED, "-o", "killed")
    assert done.returncode == 0, done.stderr
    assert {path: path.stat().st_mtime_ns for path in kept} == kept  # they were read, not computed anew
    for name in COMPARED:
        assert (tmp_path / "killed" / name).read_bytes() == (undisturbed / name).read_bytes(), name
    assert [path for path in (tmp_path / "killed").rglob("*.part") if sent == signal.SIGINT] == []
