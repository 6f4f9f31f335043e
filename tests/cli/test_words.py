"""What an answer says besides its ranking, and how it gets to the terminal."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

import cbrkit_xai as cx

DISTRIBUTIONS = {
    "cbrkit-xai-histogram": ("lf-euc", "lf-cos"),
    "cbrkit-xai-latent": ("hist-euc", "hist-cos"),
    "cbrkit-xai-ssim": ("hist-euc", "lf-cos"),
}


def notes(run, *arguments, **variables):
    done = run("recommend", *arguments, "--json", **variables)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["recommendations"][0]["warnings"]


@pytest.mark.parametrize("absent", sorted(DISTRIBUTIONS))
def test_without_one_distribution_the_configurations_of_the_others_answer(run, chelsea, absent):
    for name in DISTRIBUTIONS[absent]:
        done = run("recommend", chelsea, "-c", name, CBRKIT_XAI_DISABLE_PLUGINS=absent)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "profile", "is_said"),
    [("lf-cos", "paper2022", True), ("lf-euc", "paper2022", True), ("lf-cos", "recommended", False)],
)
def test_where_the_papers_network_is_not_used_every_answer_says_so(run, chelsea, name, profile, is_said):
    found = notes(run, chelsea, "-c", name, "--profile", profile)
    assert any(note.startswith("SUBSTITUTED: ") and "InceptionV3" in note for note in found) is is_said
    shown = run("configuration", "show", name, "--profile", profile).stdout
    assert ("# SUBSTITUTED: " in shown) is is_said


def test_a_photo_that_is_in_the_base_is_recognised(run, study, photos):
    assert any("photo-03" in note for note in notes(run, photos / "photo-03.png", "--base", study))


def test_a_small_base_says_that_it_cannot_tell_what_is_out_of_experience(run, study, chelsea):
    assert any("fewer than 50 cases" in note for note in notes(run, chelsea, "--base", study))
    assert not any("fewer than" in note for note in notes(run, chelsea))


def test_the_price_of_time_is_named_where_it_decides(run, chelsea):
    done = run("recommend", chelsea, "--cost-weight", "5")
    assert "show ig, first once its time has its price" in done.stdout
    assert "predicted to score best" not in done.stdout


def test_several_photos_end_with_a_line_for_each(run, chelsea, tmp_path):
    shutil.copy(chelsea, tmp_path / "second.png")
    lines = run("recommend", chelsea, "second.png").stdout.strip().splitlines()
    assert "chelsea.png" in lines[-2]
    assert "second.png" in lines[-1]


def test_a_folder_without_the_bases_photos_says_so(run, chelsea, tmp_path):
    done = run("recommend", chelsea, "-c", "ssim", "--images", tmp_path)
    assert done.returncode == 2
    assert "none of the base's 200 photos is there, such as '000000000009.jpg'" in done.stderr


def test_control_characters_of_a_name_do_not_reach_the_terminal(run, chelsea, tmp_path):
    shutil.copy(chelsea, tmp_path / "red\x1b[31m.png")
    done = run("recommend", "red\x1b[31m.png", "no\x1b[2Jthing.png")
    assert "\x1b" not in done.stdout + done.stderr
    assert "red\\x1b[31m.png" in done.stdout


def test_a_name_that_does_not_fit_the_terminals_encoding_is_spelt_out(run, chelsea, tmp_path):
    shutil.copy(chelsea, tmp_path / "写真.png")
    done = run("recommend", "写真.png", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "\\u5199" in done.stdout


def test_without_a_command_the_help_is_printed_as_it_is_laid_out(run):
    done = run()
    assert done.returncode == 2
    assert "\n  recommend " in done.stderr


def test_what_a_session_shows_of_large_objects_is_one_line():
    base = cx.CaseBase.bundled("coco200-auto")
    recommender = cx.configuration("hist-cos").fit(base, cache=cx.FitCache())
    shown = [repr(one) for one in (base, recommender, recommender.cases, recommender.index.entries)]
    assert max(map(len, shown)) < 200
    assert all("200" in one for one in shown)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /dev/full")
def test_a_full_disk_is_one_line_and_exit_code_2(chelsea):
    command = f"{sys.executable} -m cbrkit_xai cases --json > /dev/full"
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "No space left" in done.stderr


def test_whoever_stops_reading_early_gets_no_complaint():
    command = f"set -o pipefail; {sys.executable} -m cbrkit_xai cases --json | head -n 1"
    done = subprocess.run(["/bin/bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
