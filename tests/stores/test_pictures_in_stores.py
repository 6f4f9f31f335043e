"""Pixels are embedded without loss, read when asked for, and photos' files found again."""

import numpy as np
import pytest

from cbrkit_xai import CaseBase, CaseStore, open_image
from cbrkit_xai.errors import CaseBaseError
from cbrkit_xai.images import encode_png
from cbrkit_xai.pictures import Pictures
from cbrkit_xai.stores.stored_pictures import StoredPictures


@pytest.fixture
def base(tmp_path, a_case, a_png):
    with CaseStore.create(tmp_path / "base.cbr") as store:
        store.add(a_case("a"), pixels=a_png)
        store.add(a_case("b"))
    return tmp_path / "base.cbr"


def test_embedded_pixels_come_back_without_loss(base, a_case, a_png):
    image = CaseBase.load(base).pictures.open(a_case("a").image_sha256)
    np.testing.assert_array_equal(image.pixels, open_image(a_png).pixels)
    assert image.sha256 == a_case("a").image_sha256


def test_a_base_knows_whose_pixels_it_holds(base, a_case):
    pictures = CaseBase.load(base).pictures
    assert a_case("a").image_sha256 in pictures
    assert a_case("b").image_sha256 not in pictures
    assert list(pictures.embedded) == [a_case("a").image_sha256]
    assert len(pictures.embedded) == 1
    with pytest.raises(KeyError):
        pictures.embedded[a_case("b").image_sha256]


def test_loading_a_base_and_adding_to_the_snapshot_read_no_pixels(base, a_case, a_png, monkeypatch):
    def never(self, image_sha256):
        raise AssertionError("pixels were read")

    monkeypatch.setattr(StoredPictures, "__getitem__", never)
    grown = CaseBase.load(base).with_case(a_case("c"), {}, a_png).with_case(a_case("d"), {}, a_png)
    monkeypatch.undo()
    assert set(grown.pictures.embedded) == {a_case(name).image_sha256 for name in "acd"}
    assert len(grown.pictures.embedded) == 3
    assert all(grown.pictures.embedded[a_case(name).image_sha256] == a_png for name in "acd")


def test_pixels_that_changed_are_damage(base, a_case):
    import sqlite3

    with sqlite3.connect(base) as raw:
        raw.execute("UPDATE pictures SET png = zeroblob(9)")
    raw.close()
    with pytest.raises(CaseBaseError, match="is damaged: the pixels"):
        CaseBase.load(base).pictures.open(a_case("a").image_sha256)


@pytest.mark.parametrize("pixels", [b"", b"JPEG", b"\x89PNG\r\n\x1a\n" + bytes(30), np.zeros((224, 224, 3))])
def test_what_is_no_small_png_is_not_embedded(base, a_case, pixels):
    with CaseStore.open(base) as store, pytest.raises(CaseBaseError, match="not a PNG of 224 x 224"):
        store.add(a_case("c"), pixels=pixels)


def test_what_encode_png_makes_is_embedded(base, a_case):
    pixels = np.zeros((224, 224, 3), dtype=np.uint8)
    with CaseStore.open(base) as store:
        store.add(a_case("c"), pixels=encode_png(pixels))
        np.testing.assert_array_equal(store.load().pictures.open(a_case("c").image_sha256).pixels, pixels)


def test_a_base_and_its_photos_can_be_moved_together(tmp_path, photos, a_case):
    photo = photos("a.png") / "a.png"
    image = open_image(photo)
    (tmp_path / "here").mkdir()
    (tmp_path / "photos").rename(tmp_path / "here" / "photos")
    with CaseStore.create(tmp_path / "here" / "base.cbr") as store:
        store.add(a_case(image_sha256=image.sha256), path=tmp_path / "here" / "photos" / "a.png")
    (tmp_path / "here").rename(tmp_path / "there")
    found = CaseBase.load(tmp_path / "there" / "base.cbr").pictures.open(image.sha256)
    np.testing.assert_array_equal(found.pixels, image.pixels)


def test_a_photo_elsewhere_is_found_where_it_was(tmp_path, photos, a_case):
    photo = photos("a.png") / "a.png"
    (tmp_path / "bases").mkdir()
    with CaseStore.create(tmp_path / "bases" / "base.cbr") as store:
        store.add(a_case(image_sha256=open_image(photo).sha256), path=photo)
    assert (
        CaseBase.load(tmp_path / "bases" / "base.cbr").pictures.open(open_image(photo).sha256).name == "a.png"
    )


def test_a_photo_that_moved_gets_its_new_place(tmp_path, photos, a_case):
    folder = photos("a.png")
    image = open_image(folder / "a.png")
    with CaseStore.create(tmp_path / "base.cbr") as store:
        store.add(a_case(image_sha256=image.sha256), path=folder / "a.png")
        (folder / "a.png").rename(tmp_path / "b.png")
        store.add(a_case(image_sha256=image.sha256, ballots=[]), path=tmp_path / "b.png")
        assert store.load().pictures.open(image.sha256).name == "b.png"


@pytest.mark.parametrize("name", ["../secret.png", "{parent}/secret.png", "sub/../../secret.png"])
def test_a_strangers_base_finds_nothing_outside_the_folder_of_photos(tmp_path, photos, name):
    folder = photos("a.png")
    (tmp_path / "secret.png").write_bytes((folder / "a.png").read_bytes())
    found = Pictures().with_folder(folder, [("sha", name.format(parent=tmp_path))])
    assert "sha" not in found
    (folder / "secret.png").write_bytes((folder / "a.png").read_bytes())
    found = Pictures().with_folder(folder, [("sha", name.format(parent=tmp_path))])
    assert found.paths["sha"] == folder / "secret.png"


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "..", ".", "/", ""], ids=ascii)
def test_a_name_that_can_be_no_photos_is_not_found(photos, name):
    assert "sha" not in Pictures().with_folder(photos("a.png"), [("sha", name)])
