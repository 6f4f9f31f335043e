"""A finished cell comes back as it was, or not at all."""

from __future__ import annotations

import numpy as np
import pytest

from cbrkit_xai.evaluation.running import cells as module
from cbrkit_xai.evaluation.running.cells import Cells, code_hash, hash_of_array, key_of_cell, versions

ARRAYS = {
    "predicted": np.array([[0.1, np.nan], [2.0, -0.0]]),
    "entries": np.array([3, 0], dtype=np.int64),
    "problems": np.array(["", "not organisable: naïve"]),
    "none": np.array((), dtype=np.str_),
    "clustered": np.array(True),
}


@pytest.fixture
def cells(tmp_path):
    return Cells(folder=tmp_path / "cells")


def test_a_kept_cell_comes_back_bit_for_bit(cells):
    cells.put("k", ARRAYS)
    found = cells.get("k")
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()


def test_a_cell_that_was_never_kept_is_none(cells):
    assert cells.get("k") is None


def test_without_a_folder_or_a_key_nothing_is_kept(tmp_path):
    nowhere = Cells()
    nowhere.put("k", ARRAYS)
    assert nowhere.get("k") is None
    somewhere = Cells(folder=tmp_path / "cells")
    somewhere.put(None, ARRAYS)
    assert somewhere.get(None) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("length", [0, 1, 30, -200, -1])
def test_a_cell_that_was_cut_short_is_none(cells, length):
    cells.put("k", ARRAYS)
    (path,) = cells.folder.iterdir()
    path.write_bytes(path.read_bytes()[:length])
    assert cells.get("k") is None


def test_no_changed_byte_changes_what_a_cell_gives(cells):
    cells.put("k", ARRAYS)
    (path,) = cells.folder.iterdir()
    whole = path.read_bytes()
    for place in range(0, len(whole), 19):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        found = cells.get("k")
        assert found is None or all(found[name].tobytes() == ARRAYS[name].tobytes() for name in ARRAYS)


def test_a_whole_file_with_another_array_than_was_kept_is_none(cells):
    cells.put("k", ARRAYS)
    (path,) = cells.folder.iterdir()
    with np.load(path) as file:
        held = dict(file)
    np.savez(path, **{**held, "entries": np.array([4, 0])})
    assert cells.get("k") is None


def test_what_could_run_is_not_loaded(cells):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("it ran",))

    cells.folder.mkdir()
    np.savez(cells.folder / "k.npz", predicted=np.array([Trap()], dtype=object))
    assert cells.get("k") is None


def test_nothing_half_written_is_left_in_the_folder(cells):
    cells.put("k", ARRAYS)
    cells.put("k", {**ARRAYS, "entries": np.array([9, 9])})
    assert [path.name for path in cells.folder.iterdir()] == ["k.npz"]
    assert cells.get("k")["entries"].tolist() == [9, 9]


def test_the_key_changes_with_each_thing_that_decides_a_cell(monkeypatch):
    what = {"configuration": "a", "ks": [1, 5], "folds": "b"}
    keys = {key_of_cell(what)}
    for changed in ({"configuration": "A"}, {"ks": [1, 5, 9]}, {"folds": "c"}, {"further": None}):
        keys.add(key_of_cell({**what, **changed}))
    assert key_of_cell(dict(reversed(what.items()))) in keys
    monkeypatch.setattr(module, "versions", lambda: {**versions(), "numpy": "0.1"})
    keys.add(key_of_cell(what))
    monkeypatch.undo()
    monkeypatch.setattr(module, "code_hash", lambda: "other code")
    keys.add(key_of_cell(what))
    assert len(keys) == 7


def test_the_code_that_computes_is_part_of_the_key_and_that_which_prints_is_not(tmp_path, monkeypatch):
    package = tmp_path / "package"
    for folder in ("evaluation/report", "cli", "organizers"):
        (package / folder).mkdir(parents=True)
    monkeypatch.setattr(module, "__file__", str(package / "evaluation" / "running" / "cells.py"))

    def hashed():
        code_hash.cache_clear()
        return code_hash()

    (package / "organizers" / "linear.py").write_text("one = 1\n")
    first = hashed()
    (package / "cli" / "evaluate.py").write_text("print()\n")
    (package / "evaluation" / "report" / "page.py").write_text("print()\n")
    assert hashed() == first
    (package / "organizers" / "linear.py").write_text("one = 2\n")
    assert hashed() != first
    code_hash.cache_clear()


def test_the_hash_of_an_array_tells_type_shape_and_values_apart():
    arrays = [
        np.zeros(4),
        np.zeros((2, 2)),
        np.zeros(4, dtype=np.float32),
        np.array([0.0, 0.0, 0.0, -0.0]),
        np.zeros(4, dtype=np.int64),
    ]
    assert len({hash_of_array(array) for array in arrays}) == len(arrays)
    assert hash_of_array(np.zeros(8)[::2]) == hash_of_array(np.zeros(4))


def test_the_versions_are_those_of_what_computes():
    assert set(versions()) == {"python", "cbrkit-xai", "numpy", "pillow", "scipy", "scikit-learn"}
    assert versions()["numpy"] == np.__version__
