"""`cbrkit-xai import`, `cases` and `retain`."""

from __future__ import annotations

import json
import sqlite3

import pytest

from cbrkit_xai import CaseBase


def only_line(text: str) -> str:
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]


def test_what_was_imported_is_shown(run, study):
    done = run("cases", study, "--json")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown["number"] == 12
    assert shown["methods"] == ["anchors", "ig", "lime", "xrai"]
    assert shown["provenance"] == "votes: people"
    # The blank cells of the warm photos mean that nobody was asked about XRAI there.
    assert "xrai" not in shown["cases"][0]["votes"]
    assert shown["cases"][1]["votes"]["xrai"] == 6
    # What the named configurations compare, but the pixels: latent vectors, classes, two histograms.
    assert len(shown["features"]) == 4


def test_cases_prints_a_page_for_people(run):
    done = run("cases")
    assert done.returncode == 0
    assert "200 cases" in done.stdout
    assert "Nobody voted" in done.stdout


def test_all_mistakes_of_a_votes_file_are_told_together_and_nothing_is_imported(run, photos, tmp_path):
    (tmp_path / "bad.csv").write_text(
        "image,lime,xrai\nphoto-00.png,-1,2\nphoto-01.png,many,2\nnowhere.png,1,1\nphoto-02.png,,\n"
        "photo-03.png,1,1\nphoto-03.png,1,1\n"
    )
    done = run("import", "bad.csv", "--images", photos, "-o", "out.cbr", "--source", "human")
    assert done.returncode == 2
    for row in ("row 2", "row 3", "row 4", "row 5", "row 7"):
        assert row in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.cbr").exists()


def test_votes_of_the_predecessor_are_imported(run, photos, tmp_path):
    (tmp_path / "old.csv").write_bytes(
        "id;classification;confidence;method\r\nphoto-00;cat;0.9;LIME\r\nphoto-00;cat;0.9;XRAI\r\n"
        "photo-01;dog;0.5;LIME\r\n".encode("utf-8-sig")
    )
    done = run("import", "old.csv", "--images", photos, "-o", "old.cbr", "--source", "human")
    assert done.returncode == 0, done.stderr
    assert CaseBase.load(tmp_path / "old.cbr").case("photo-00").votes == {"lime": 1, "xrai": 1}


def test_an_import_does_not_overwrite_a_base(run, study, photos, votes):
    before = study.read_bytes()
    done = run("import", votes, "--images", photos, "-o", study, "--source", "human")
    assert done.returncode == 2
    assert str(study.name) in only_line(done.stderr)
    assert study.read_bytes() == before


def test_a_retained_photo_is_found_by_the_next_process(run, study, chelsea):
    kept = run("retain", chelsea, "--base", study, "--votes", "ig=9,lime=1", "--json")
    assert kept.returncode == 0, kept.stderr
    assert json.loads(kept.stdout)["kept"] is True
    done = run("recommend", chelsea, "--base", study, "-k", 1, "--json")
    nearest = json.loads(done.stdout)["recommendations"][0]["precedents"][0]
    assert nearest["id"] == "chelsea"
    assert nearest["distance"] == pytest.approx(0, abs=1e-6)
    assert nearest["votes"] == {"ig": 9, "lime": 1}


def test_a_photo_retained_twice_gains_votes_and_stays_one_case(run, study, chelsea):
    run("retain", chelsea, "--base", study, "--votes", "ig=2", "--voter", "ada")
    done = run("retain", chelsea, "--base", study, "--votes", "ig=3,xrai=1", "--voter", "bob", "--json")
    assert json.loads(done.stdout)["cases"] == 13
    assert CaseBase.load(study).case("chelsea").votes == {"ig": 5, "xrai": 1}


def test_votes_of_judges_do_not_get_among_those_of_people_unless_that_is_meant(run, study, chelsea):
    votes = ("--votes", "ig=1", "--source", "automatic")
    refused = run("retain", chelsea, "--base", study, *votes)
    assert refused.returncode == 2
    assert "--allow-mixed" in only_line(refused.stderr)
    assert len(CaseBase.load(study)) == 12
    assert run("retain", chelsea, "--base", study, *votes, "--allow-mixed").returncode == 0
    assert CaseBase.load(study).sources == {"human", "automatic"}


@pytest.mark.parametrize("text", ["xrai", "xrai=many", "xrai=-1", "xrai=nan", "xrai=1,xrai=2", ""])
def test_votes_that_cannot_be_read_change_nothing(run, study, chelsea, text):
    before = CaseBase.load(study).content_hash
    done = run("retain", chelsea, "--base", study, "--votes", text)
    assert done.returncode == 2
    only_line(done.stderr)
    assert CaseBase.load(study).content_hash == before


def test_a_bundled_base_says_how_to_copy_it_before_retaining(run, chelsea, tmp_path):
    done = run("retain", chelsea, "--base", "coco200-auto", "--votes", "ig=1")
    assert done.returncode == 2
    assert "cases coco200-auto --export" in only_line(done.stderr)
    copied = run("cases", "coco200-auto", "--export", "mine.cbr")
    assert copied.returncode == 0, copied.stderr
    kept = run("retain", chelsea, "--base", "mine.cbr", "--votes", "ig=1", "--source", "automatic")
    assert kept.returncode == 0, kept.stderr
    target = CaseBase.load(tmp_path / "mine.cbr").case("chelsea").target
    # That base knows its cases' classes, so the new case gets the one the classifier sees.
    assert target is not None
    assert 281 <= target.index <= 285  # ImageNet's five kinds of domestic cat


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0 and then nonsense", b"image,lime\n"])
def test_a_file_that_is_no_case_base_is_refused(run, chelsea, tmp_path, content):
    (tmp_path / "odd.cbr").write_bytes(content)
    done = run("recommend", chelsea, "--base", "odd.cbr")
    assert done.returncode == 2
    assert "odd.cbr" in only_line(done.stderr)


def test_a_base_of_a_newer_version_says_so(run, study, chelsea):
    connection = sqlite3.connect(study)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.execute(f"PRAGMA user_version = {version + 1}")
    connection.commit()
    connection.close()
    done = run("recommend", chelsea, "--base", study)
    assert done.returncode == 2
    assert "newer" in only_line(done.stderr)


def test_a_fit_is_kept_in_the_cache_and_not_in_the_base(run, study, photos, cache):
    before = study.read_bytes()
    first = run("recommend", photos / "photo-02.png", "--base", study, "--json")
    assert list((cache / "fits").glob("*.json"))
    again = run("recommend", photos / "photo-02.png", "--base", study, "--json")
    answers = [json.loads(done.stdout)["recommendations"][0] for done in (first, again)]
    for answer in answers:
        del answer["seconds"]
    assert answers[0] == answers[1]
    assert study.read_bytes() == before


def test_the_votes_of_another_classifier_come_with_a_warning(run, tmp_path, chelsea, photos):
    (tmp_path / "votes.csv").write_text(
        "image,target,classifier,lime,xrai\nphoto-00.png,3,their-model,1,2\nphoto-01.png,4,their-model,2,1\n"
    )
    made = run("import", "votes.csv", "--images", photos, "-o", "theirs.cbr", "--source", "human")
    assert made.returncode == 0, made.stderr
    done = run("recommend", chelsea, "--base", "theirs.cbr", "--json")
    warnings = json.loads(done.stdout)["recommendations"][0]["warnings"]
    assert any("their-model" in warning for warning in warnings)
