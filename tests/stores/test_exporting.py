"""An export is a plain, complete copy, and never takes another file's place."""

import sqlite3

import pytest

from cbrkit_xai import CaseBase, CaseStore, use
from cbrkit_xai.errors import CaseBaseError
from cbrkit_xai.stores.exporting import export


@pytest.fixture
def base(tmp_path, a_case, a_row, a_png):
    with CaseStore.create(tmp_path / "base.cbr", about="read me") as store:
        store.add(a_case("a"), features={"f": a_row}, representations={"f": use("latent")}, pixels=a_png)
    return tmp_path / "base.cbr"


def test_an_export_holds_all_that_the_base_holds(base, tmp_path, a_case, a_png):
    export(base, tmp_path / "copy.cbr")
    original, copy = CaseBase.load(base), CaseBase.load(tmp_path / "copy.cbr")
    assert copy.content_hash == original.content_hash
    assert (copy.cases, copy.about, copy.revision) == (original.cases, original.about, original.revision)
    assert copy.representations == original.representations
    assert copy.pictures.embedded[a_case("a").image_sha256] == a_png


def test_an_export_has_what_another_process_has_not_merged_yet(base, tmp_path, a_case):
    with CaseStore.open(base) as store:
        store.add(a_case("b"))
        export(base, tmp_path / "copy.cbr")
        store.add(a_case("c"))
    assert CaseBase.load(tmp_path / "copy.cbr").ids == ("a", "b")
    assert CaseBase.load(base).ids == ("a", "b", "c")


def test_an_export_needs_no_log(base, tmp_path):
    export(base, tmp_path / "copy.cbr")
    raw = sqlite3.connect(tmp_path / "copy.cbr")
    assert raw.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    raw.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["base.cbr", "copy.cbr"]


def test_an_export_leaves_the_source_as_it_was(base, tmp_path):
    before = base.read_bytes()
    export(base, tmp_path / "copy.cbr")
    assert base.read_bytes() == before


def test_an_export_can_be_added_to(base, tmp_path, a_case):
    export(base, tmp_path / "copy.cbr")
    with CaseStore.open(tmp_path / "copy.cbr") as store:
        store.add(a_case("b"))
    assert CaseBase.load(tmp_path / "copy.cbr").ids == ("a", "b")


@pytest.mark.parametrize("taken", ["file", "folder", "dangling link", "itself"])
def test_an_export_never_overwrites(base, tmp_path, taken):
    destination = tmp_path / "taken"
    if taken == "file":
        destination.write_text("mine")
    elif taken == "folder":
        destination.mkdir()
    elif taken == "dangling link":
        destination.symlink_to(tmp_path / "nowhere")
    else:
        destination = base
    with pytest.raises(CaseBaseError, match="is there already"):
        export(base, destination)
    assert taken != "file" or destination.read_text() == "mine"


def test_a_failed_export_leaves_nothing_behind(base, tmp_path):
    (tmp_path / "bad.cbr").write_bytes(base.read_bytes()[:4096])
    with pytest.raises(CaseBaseError):
        export(tmp_path / "bad.cbr", tmp_path / "copy.cbr")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.cbr", "base.cbr"]


def test_photos_are_found_from_the_exports_folder_too(tmp_path, photos, a_case):
    photo = photos("a.png") / "a.png"
    from cbrkit_xai import open_image

    image = open_image(photo)
    with CaseStore.create(tmp_path / "base.cbr") as store:
        store.add(a_case(image_sha256=image.sha256), path=photo)
    (tmp_path / "sub").mkdir()
    export(tmp_path / "base.cbr", tmp_path / "sub" / "copy.cbr")
    copy = CaseBase.load(tmp_path / "sub" / "copy.cbr")
    assert copy.pictures.open(image.sha256).sha256 == image.sha256
