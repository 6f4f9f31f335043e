"""A folder belongs to one command, whose files replace its own of the last time and nobody else's."""

from __future__ import annotations

import json
import os

import pytest

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.running.output_folder import MARKER, NAMES, OutputFolder, in_place


def folder_of(path, command="evaluate"):
    return OutputFolder(path=path, command=command)


def write(folder, *names, text="new"):
    """Write files as a command does."""
    with folder.replacing() as making:
        for name in names:
            (making / name).parent.mkdir(parents=True, exist_ok=True)
            (making / name).write_text(text)


def files(path):
    return {
        one.relative_to(path).as_posix(): one.read_text()
        for one in path.rglob("*")
        if one.is_file() and one.name != MARKER
    }


def marked(path):
    return json.loads((path / MARKER).read_text())


@pytest.mark.parametrize("name", NAMES)
def test_files_that_no_command_wrote_are_not_replaced(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(ParameterError, match=rf"{name}.*evaluate` did not write it.*another folder"):
        folder_of(tmp_path).claim()
    assert files(tmp_path) == {name: "mine"}
    assert not (tmp_path / MARKER).exists()


def test_a_new_folder_and_that_of_an_earlier_time_can_be_written(tmp_path):
    folder = folder_of(tmp_path / "new" / "er")
    folder.claim()
    assert marked(folder.path) == {"command": "evaluate", "files": []}
    write(folder, "results.csv", "plots/one.png")
    assert marked(folder.path) == {"command": "evaluate", "files": ["plots/one.png", "results.csv"]}
    folder.claim()
    assert marked(folder.path)["files"] == ["plots/one.png", "results.csv"]
    assert list((folder.path / "cells").iterdir()) == []


def test_a_folder_of_another_command_is_refused_before_the_work_and_stays_as_it_was(tmp_path):
    folder_of(tmp_path, "reproduce").claim()
    write(folder_of(tmp_path, "reproduce"), "report.html")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for command in ("evaluate", "tune", "reproduce --as java2021"):
        with pytest.raises(ParameterError, match=rf"`cbrkit-xai reproduce` wrote.*{command}`; name another"):
            folder_of(tmp_path, command).claim()
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_command_that_came_to_nothing_keeps_no_folder_from_another(tmp_path):
    folder_of(tmp_path, "reproduce").claim()
    folder_of(tmp_path, "evaluate").claim()
    assert marked(tmp_path)["command"] == "evaluate"
    (tmp_path / "cells" / "one.npz").write_text("an hour of work")
    with pytest.raises(ParameterError, match="`cbrkit-xai evaluate` wrote"):
        folder_of(tmp_path, "reproduce").claim()


def test_what_the_last_time_wrote_and_this_time_does_not_is_gone_and_all_else_stays(tmp_path):
    folder = folder_of(tmp_path)
    folder.claim()
    write(folder, "report.html", "plots/old.png", "timings/old.png", "results.csv", text="old")
    (tmp_path / "plots" / "mine.txt").write_text("mine")
    (tmp_path / "notes.txt").write_text("mine")
    write(folder, "report.html", "plots/new.png")
    assert files(tmp_path) == {
        "report.html": "new",
        "plots/new.png": "new",
        "plots/mine.txt": "mine",
        "notes.txt": "mine",
    }
    assert not (tmp_path / "timings").exists()


def test_until_all_is_written_the_last_times_files_stay_as_they_were(tmp_path):
    folder = folder_of(tmp_path)
    folder.claim()
    write(folder, "report.html", "results.csv", text="old")
    with pytest.raises(KeyboardInterrupt), folder.replacing() as making:
        (making / "results.csv").write_text("new")
        assert files(tmp_path)["results.csv"] == "old"
        raise KeyboardInterrupt
    assert files(tmp_path) == {"report.html": "old", "results.csv": "old"}


@pytest.mark.parametrize("moves", range(4))
def test_whatever_ends_the_exchange_no_old_file_stands_beside_a_new_one_and_the_next_time_mends_it(
    tmp_path, monkeypatch, moves
):
    folder = folder_of(tmp_path)
    folder.claim()
    write(folder, "report.html", "results.csv", "plots/old.png", text="old")
    done = 0
    original = os.replace

    def killed_after_some(source, target):
        nonlocal done
        if ".writing" in str(source):
            if done == moves:
                raise KeyboardInterrupt
            done += 1
        original(source, target)

    monkeypatch.setattr(os, "replace", killed_after_some)
    names = ("report.html", "results.csv", "plots/new.png", "timings.csv")
    with pytest.raises(KeyboardInterrupt):
        write(folder, *names)
    left = files(tmp_path)
    assert set(left.values()) <= {"new"}
    assert "report.html" not in left  # it would promise all the others
    monkeypatch.setattr(os, "replace", original)
    folder.claim()
    write(folder, "report.html", "results.csv")
    assert files(tmp_path) == {"report.html": "new", "results.csv": "new"}
    assert marked(tmp_path)["files"] == ["report.html", "results.csv"]


def test_what_a_killed_process_left_half_made_is_never_taken(tmp_path):
    folder = folder_of(tmp_path)
    folder.claim()
    (tmp_path / ".writing").mkdir()
    (tmp_path / ".writing" / "half.csv").write_text("ha")
    write(folder, "report.html")
    assert files(tmp_path) == {"report.html": "new"}


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/etc/hostname", "plots/../../outside.txt", "cells/one.npz", 7, "", "C:\\a"]
)
def test_a_marker_that_names_files_elsewhere_removes_none(tmp_path, name):
    path = tmp_path / "inside"
    folder = folder_of(path)
    folder.claim()
    outside, cell = tmp_path / "outside.txt", path / "cells" / "one.npz"
    outside.write_text("mine")
    cell.write_text("kept")
    (path / MARKER).write_text(json.dumps({"command": "evaluate", "files": [name]}))
    write(folder, "report.html")
    assert outside.read_text() == "mine"
    assert cell.read_text() == "kept"


@pytest.mark.parametrize("content", ["", "[]", '{"command": 1, "files": []}', '{"files": []}', "\xff"])
def test_a_marker_that_says_nothing_is_none(tmp_path, content):
    (tmp_path / MARKER).write_bytes(content.encode("latin-1"))
    (tmp_path / "results.csv").write_text("mine")
    with pytest.raises(ParameterError, match="did not write it"):
        folder_of(tmp_path).claim()


def test_a_folder_that_cannot_be_written_is_told_before_the_work(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(OSError, match="taken"):
        folder_of(tmp_path / "taken").claim()


def test_files_are_told_where_they_lie_in_the_end(tmp_path):
    making = tmp_path / ".writing"
    assert in_place([making / "plots" / "a.png"], making, tmp_path) == [tmp_path / "plots" / "a.png"]
