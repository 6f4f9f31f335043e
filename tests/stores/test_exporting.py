"""An export is a plain, complete copy, and never takes another file's place."""

import sqlite3

import pytest

from cbrkit_xai import CaseBase, CaseStore, open_image, use
from cbrkit_xai.errors import CaseBaseError
from cbrkit_xai.stores.addition import Addition
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


def kept_with_a_photo(base, case, photo):
    with CaseStore.create(base) as store:
        store.add(case, path=photo)


def test_photos_below_the_exports_folder_are_found_from_it(tmp_path, photos, a_case):
    image = open_image(photos("a.png") / "a.png")
    (tmp_path / "sub").mkdir()
    kept_with_a_photo(tmp_path / "sub" / "base.cbr", a_case(image_sha256=image.sha256), image.path)
    export(tmp_path / "sub" / "base.cbr", tmp_path / "copy.cbr")
    copy = CaseBase.load(tmp_path / "copy.cbr")
    assert copy.pictures.open(image.sha256).sha256 == image.sha256


@pytest.mark.parametrize("folder", ["sub", "other"], ids=["beside the base", "elsewhere"])
def test_an_export_does_not_tell_of_folders_outside_its_own(tmp_path, photos, a_case, folder):
    image = open_image(photos("a.png") / "a.png")
    for name in ("sub", "other"):
        (tmp_path / name).mkdir()
    kept_with_a_photo(tmp_path / "sub" / "base.cbr", a_case(image_sha256=image.sha256), image.path)
    export(tmp_path / "sub" / "base.cbr", tmp_path / folder / "copy.cbr")
    # Not even in what SQLite has overwritten.
    assert b"photos/a.png" not in (tmp_path / folder / "copy.cbr").read_bytes()
    copy = CaseBase.load(tmp_path / folder / "copy.cbr")
    assert image.sha256 not in copy.pictures
    with pytest.raises(CaseBaseError, match="name its folder: --images DIR"):
        copy.pictures.open(image.sha256)
    assert CaseBase.load(tmp_path / "sub" / "base.cbr").pictures.open(image.sha256).name == "a.png"


def test_an_export_forgets_every_one_of_many_paths(tmp_path, a_case):
    (tmp_path / "sub").mkdir()
    with CaseStore.create(tmp_path / "sub" / "base.cbr") as store:
        additions = [
            Addition(case=a_case(f"p{n}"), path=tmp_path / "secret" / f"{n}.png") for n in range(500)
        ]
        store.add_many(additions)
    export(tmp_path / "sub" / "base.cbr", tmp_path / "sub" / "copy.cbr")
    assert b"secret" in (tmp_path / "sub" / "base.cbr").read_bytes()
    assert b"secret" not in (tmp_path / "sub" / "copy.cbr").read_bytes()
    assert len(CaseBase.load(tmp_path / "sub" / "copy.cbr")) == 500
