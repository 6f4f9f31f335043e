"""Files that are no sound case base are refused in one clear line, and nothing in them is run."""

import json
import os
import re
import sqlite3

import numpy as np
import pytest

from cbrkit_xai import CaseBase, CaseStore, use
from cbrkit_xai.errors import CaseBaseError
from cbrkit_xai.stores.exporting import export


@pytest.fixture
def base(tmp_path, a_case, a_row):
    with CaseStore.create(tmp_path / "base.cbr") as store:
        for name in "abc":
            store.add(a_case(name), features={"f": a_row}, representations={"f": use("latent")})
    return tmp_path / "base.cbr"


def refusal(path, act=CaseBase.load):
    with pytest.raises(CaseBaseError) as caught:
        act(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def change(path, *statements):
    raw = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        raw.execute(statement)
    raw.close()


def export_it(path):
    export(path, path.with_name("copy"))


@pytest.mark.parametrize("act", [CaseBase.load, CaseStore.open, export_it])
class TestWhateverIsDoneWithIt:
    def test_a_file_that_is_not_there(self, tmp_path, act):
        assert "does not exist" in refusal(tmp_path / "no.cbr", act)
        assert not (tmp_path / "no.cbr").exists()

    def test_a_folder(self, tmp_path, act):
        assert "is a folder" in refusal(tmp_path, act)

    def test_an_empty_file(self, tmp_path, act):
        (tmp_path / "x.cbr").touch()
        assert "is an empty file" in refusal(tmp_path / "x.cbr", act)

    @pytest.mark.parametrize(
        "content", [b"image,lime\na.jpg,3\n", os.urandom(5000), b"SQLite format 3\0", b"x"]
    )
    def test_a_file_of_another_kind(self, tmp_path, act, content):
        (tmp_path / "x.cbr").write_bytes(content)
        assert "not an SQLite file" in refusal(tmp_path / "x.cbr", act)

    def test_an_sqlite_file_that_is_not_ours(self, tmp_path, act):
        change(tmp_path / "x.cbr", "CREATE TABLE cases (id)")
        assert "is an SQLite file, but not a case base" in refusal(tmp_path / "x.cbr", act)

    def test_a_file_of_a_newer_version(self, base, act):
        change(base, "PRAGMA user_version = 7")
        message = refusal(base, act)
        assert "version 7" in message
        assert "pip install --upgrade cbrkit-xai" in message

    @pytest.mark.parametrize(
        "statement",
        [
            "CREATE TRIGGER run AFTER INSERT ON cases BEGIN DELETE FROM ballots; END",
            "CREATE VIEW sly AS SELECT load_extension('x')",
            "CREATE TABLE extra (a)",
            "CREATE INDEX extra ON cases (class_label)",
            "ALTER TABLE cases ADD COLUMN sly TEXT GENERATED ALWAYS AS (hex(id))",
            "DROP TABLE seconds",
            "PRAGMA user_version = 0",
        ],
    )
    def test_a_file_with_other_tables_triggers_or_views(self, base, act, statement):
        change(base, statement)
        assert "does not have the tables of a case base" in refusal(base, act)

    def test_a_file_that_was_cut_off(self, base, act):
        data = base.read_bytes()
        base.write_bytes(data[: len(data) // 8192 * 4096])
        assert "is damaged" in refusal(base, act)


def test_a_view_in_place_of_a_table_is_never_asked(base):
    change(base, "DROP TABLE seconds", "CREATE VIEW seconds AS SELECT 1 place, 'x' method, 2.0 seconds")
    assert "does not have the tables" in refusal(base)


def test_statistics_that_a_database_browser_left_do_not_matter(base):
    change(base, "ANALYZE")
    assert len(CaseBase.load(base)) == 3


def test_features_that_changed_are_told_with_their_photo(base, a_row):
    change(base, "UPDATE features SET data = zeroblob(16) WHERE photo = 2")
    message = refusal(base)
    assert "'b.jpg'" in message
    assert "'f'" in message
    assert "add_features(..., replace=True)" in message


def test_damaged_features_can_be_replaced(base, a_case, a_row):
    change(base, "UPDATE features SET data = zeroblob(16) WHERE photo = 2")
    with CaseStore.open(base) as store:
        store.add_features("f", None, {a_case("b").image_sha256: a_row}, replace=True)
    np.testing.assert_array_equal(CaseBase.load(base).features["f"][a_case("b").image_sha256], a_row)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE features SET data = x'00', sha256 = x'00'",
        "UPDATE representations SET dtype = 'O'",
        "UPDATE representations SET dtype = '<f4, <f4'",
        "UPDATE representations SET shape = '[-1]'",
        "UPDATE representations SET shape = '[99999999999999]'",
        "UPDATE representations SET shape = '4'",
        "UPDATE representations SET shape = 'no'",
        "UPDATE representations SET use = '{\"a\": 1}'",
        "UPDATE representations SET use = '[1]'",
        "UPDATE representations SET use = '{'",
        "UPDATE ballots SET votes = '{\"lime\": -1}'",
        "UPDATE ballots SET votes = '{\"lime\": NaN}'",
        'UPDATE ballots SET votes = \'{"lime": "3"}\'',
        "UPDATE ballots SET votes = '{}'",
        "UPDATE ballots SET votes = '[]'",
        "UPDATE ballots SET votes = '{'",
        "DELETE FROM meta",
        "DELETE FROM photos WHERE photo = 2",
        "UPDATE cases SET id = CAST(x'ff' AS TEXT) WHERE place = 1",
        "UPDATE photos SET sha256 = CAST(x'ff' AS TEXT) WHERE photo = 1",
    ],
)
def test_contents_that_cannot_be_ours_are_damage(base, statement):
    change(base, statement)
    assert "is damaged" in refusal(base)


def test_a_hostile_votes_text_is_only_ever_read_as_json(base):
    change(base, "UPDATE ballots SET votes = '__import__(\"os\").abort()'")
    assert "is damaged" in refusal(base)


def test_a_flipped_byte_is_damage_or_harmless_and_never_a_crash(base):
    data = bytearray(base.read_bytes())
    whole = CaseBase.load(base)
    rng = np.random.default_rng(0)
    told = 0
    for place in rng.integers(100, len(data), 150):
        changed = bytearray(data)
        changed[place] ^= 0xFF
        base.write_bytes(changed)
        try:
            read = CaseBase.load(base)
        except CaseBaseError:
            told += 1
        else:
            for sha256, row in read.features.get("f", {}).items():
                if sha256 in whole.features["f"]:
                    np.testing.assert_array_equal(row, whole.features["f"][sha256])
    assert told > 0


def test_use_is_kept_as_json_and_nothing_is_pickled(base):
    raw = sqlite3.connect(base)
    (text,) = raw.execute("SELECT use FROM representations").fetchone()
    raw.close()
    assert json.loads(text) == {"use": "latent"}
    assert not re.search(rb"\x80[\x02-\x05]\}|cnumpy|copyreg", base.read_bytes())
