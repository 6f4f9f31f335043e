"""`cbrkit-xai tune` as a process: what it prints, what it writes, and what it refuses in one line."""

from __future__ import annotations

import json

import numpy as np
import pytest

GRID = 'configurations = ["hist-cos"]\norganizers = ["linear"]\nk = [3, 1]\n'


@pytest.fixture
def grid(tmp_path):
    (tmp_path / "grid.toml").write_text(GRID)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Twenty photos of a colour each, no two alike: such as are alike would be one photo to a fold."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("colours")
    rng = np.random.default_rng(3)
    for number in range(20):
        tint = rng.uniform(20, 235, size=3)
        pixels = np.clip(rng.normal(tint, 8, size=(24, 24, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"photo-{number:02}.png")
    return folder


@pytest.fixture(scope="module")
def votes(photos):
    path = photos / "votes.csv"
    rows = [f"photo-{number:02}.png,{number % 5},{7 - number % 5}" for number in range(20)]
    path.write_text("image,lime,xrai\n" + "\n".join(rows) + "\n")
    return path


def test_tune_says_who_wins_and_logs_every_candidate(run, study, grid, tmp_path):
    done = run("tune", study, "--grid", "grid.toml", "--repeats", "2", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert " wins: " in done.stdout
    assert "Recommended: hist-cos/linear@recommended with k = " in done.stdout
    assert "groups of photos are few" in " ".join(done.stdout.split())
    log = json.loads((tmp_path / "out" / "tuning.json").read_text())
    assert [one["name"] for one in log["candidates"]] == [
        "global-mean",
        "hist-cos/linear@recommended (k = 3)",
        "hist-cos/linear@recommended (k = 1)",
    ]
    assert len(log["folds"]) == 10
    shown = run("configuration", "show", "out/recommended.toml")
    assert shown.returncode == 0, shown.stderr


def test_a_second_run_writes_the_same_bytes(run, study, grid, tmp_path):
    arguments = ("tune", study, "--grid", "grid.toml", "--repeats", "1", "--seed", "7")
    for folder in ("first", "second", "first"):
        done = run(*arguments, "-o", folder, "--jobs", 1 if folder == "second" else 2)
        assert done.returncode == 0, done.stderr
    for name in ("tuning.json", "tuning.csv", "recommended.toml"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes()


def test_json_holds_what_the_file_does(run, study, grid, tmp_path):
    done = run("tune", study, "--grid", "grid.toml", "--repeats", "1", "-o", "out", "--json")
    printed = json.loads(done.stdout)
    files = printed.pop("files")
    assert printed == json.loads((tmp_path / "out" / "tuning.json").read_text())
    assert [file.replace("\\", "/") for file in files] == [
        "out/tuning.json",
        "out/tuning.csv",
        "out/recommended.toml",
    ]


def test_automatic_votes_and_features_of_another_network_are_named(run, tmp_path):
    (tmp_path / "paper.toml").write_text('configurations = ["lf-cos"]\nprofile = "paper2022"\nk = [25]\n')
    refused = run("tune", "--grid", "paper.toml", "--repeats", "1")
    assert refused.returncode == 2
    assert "--substitute latent=efficientnet-lite0" in refused.stderr
    done = run("tune", "--grid", "paper.toml", "--repeats", "1", "--substitute", "latent=efficientnet-lite0")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("SUBSTITUTED: ") == 2
    assert "votes: automatic (2 judge families, not people)" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere.cbr",), "nowhere.cbr"),
        (("coco200-aut",), "did you mean 'coco200-auto'?"),
        (("--grid", "none.toml"), "none.toml: cannot be read"),
        (("--grid", "broken.toml"), "broken.toml: is not TOML"),
        (("--grid", "odd.toml"), "odd.toml: unknown key 'organisers'"),
        (("--grid", "unknown.toml"), "did you mean 'hist-cos'?"),
        (("--grid", "misfit.toml"), "metric"),
        (("--folds", "1"), "folds"),
        (("--repeats", "0"), "repeats"),
        (("--seed", "-1"), "seed"),
        (("--substitute", "latent"), "'latent' does not say what stands for what"),
        (("--substitute", "latnt=x"), "did you mean 'latent'?"),
        (("--images", "nowhere"), "nowhere"),
        (("-o", "taken"), "'tuning.json' is there already"),
        (("-o", "odd.toml"), "odd.toml"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(run, tmp_path, arguments, message):
    (tmp_path / "broken.toml").write_text("configurations = [")
    (tmp_path / "odd.toml").write_text('configurations = ["hist-cos"]\norganisers = ["linear"]')
    (tmp_path / "unknown.toml").write_text('configurations = ["hist-cosine"]')
    (tmp_path / "misfit.toml").write_text('configurations = ["mine.toml"]')
    (tmp_path / "mine.toml").write_text('extends = "hist-cos"\nname = "mine"\nmetric = "ssim"')
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "tuning.json").write_text("{}")
    done = run("tune", *arguments)
    assert done.returncode == 2, done.stdout
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr
    assert done.stdout == ""


def test_a_base_of_two_photos_is_refused(run, tmp_path, photos):
    (tmp_path / "votes.csv").write_text("image,lime,xrai\nphoto-00.png,1,2\nphoto-01.png,2,1\n")
    assert (
        run("import", "votes.csv", "--images", photos, "-o", "two.cbr", "--source", "human").returncode == 0
    )
    done = run("tune", "two.cbr", "--repeats", "1")
    assert done.returncode == 2
    assert "would be left to choose by" in done.stderr
