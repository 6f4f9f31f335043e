import io
import os
import stat

import attrs
import numpy as np
import pytest
from PIL import Image
from redness import photo

from cbrkit_xai import Explanation, Target, write_picture
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.explaining.picture import _notes, draw_picture, shown_probability

PIXELS = np.random.default_rng(0).integers(60, 200, size=(64, 64, 3), dtype=np.uint8)
ROWS, COLUMNS = np.mgrid[:64, :64]


def made(**parts):
    parts.setdefault("pixels", PIXELS)
    return Explanation(
        method="lime",
        target=Target(classifier="c", index=0, label="tabby cat", probability=0.61),
        photo="photo.jpg",
        size=(64, 64),
        **parts,
    )


def drawn(*explanations):
    with Image.open(io.BytesIO(draw_picture(explanations))) as picture:
        return np.array(picture.convert("RGB")).astype(int)


def tiles(picture):
    """Return the photo's tile and the explanation's, found by their places in the layout of two."""
    height, width, _ = picture.shape
    middle = width // 2
    return picture[height // 4 : height * 3 // 4, 40 : middle - 20], picture[
        height // 4 : height * 3 // 4, middle + 20 : -40
    ]


def test_what_is_kept_stays_bright_and_the_rest_is_dimmed():
    left_half = COLUMNS < 32
    _, shown = tiles(drawn(made(mask=left_half)))
    half = shown.shape[1] // 2
    kept, hidden = shown[:, : half - 20].mean(), shown[:, half + 20 :].mean()
    assert kept == pytest.approx(PIXELS.mean(), abs=8)
    assert hidden == pytest.approx(PIXELS.mean() / 4, abs=8)


def test_the_outline_stands_where_the_mask_ends():
    _, shown = tiles(drawn(made(mask=COLUMNS < 32, pixels=np.full_like(PIXELS, 90))))
    yellow = (shown[..., 0] > 200) & (shown[..., 1] > 160) & (shown[..., 2] < 80)
    columns = np.flatnonzero(yellow.any(axis=0))
    # the tile's middle, give or take the line's width
    assert abs(columns.mean() - shown.shape[1] / 2) < 10
    assert np.ptp(columns) < 12


def test_the_rows_are_not_upside_down():
    upper = ROWS < 32
    _, shown = tiles(drawn(made(mask=upper)))
    assert shown[: len(shown) // 3].mean() > 2 * shown[-len(shown) // 3 :].mean()
    _, shown = tiles(drawn(made(attribution=upper.astype(float), pixels=np.full_like(PIXELS, 90))))
    yellowish = shown[..., 0] - shown[..., 2]
    assert yellowish[: len(shown) // 3].mean() > yellowish[-len(shown) // 3 :].mean() + 50


def test_for_is_red_and_against_is_blue():
    signed = np.where(COLUMNS < 32, 1.0, -1.0)
    _, shown = tiles(drawn(made(attribution=signed, pixels=np.full_like(PIXELS, 90))))
    half = shown.shape[1] // 2
    redder = shown[..., 0] - shown[..., 2]
    assert redder[:, : half - 20].mean() > 30
    assert redder[:, half + 20 :].mean() < -30


def test_single_pixels_do_not_take_all_the_colours():
    attribution = (ROWS < 32).astype(float)
    spiked = attribution.copy()
    spiked[0, 0] = 1e6
    assert np.abs(drawn(made(attribution=attribution)) - drawn(made(attribution=spiked))).mean() < 1


@pytest.mark.parametrize(
    "parts",
    [
        {"attribution": np.zeros((64, 64))},
        {"attribution": np.full((64, 64), -3.0)},
        {"attribution": np.full((64, 64), 1e300)},
        {"attribution": np.eye(64) * 1e-300},
        {"mask": np.zeros((64, 64), bool)},
        {"mask": np.ones((64, 64), bool)},
        {"attribution": np.eye(64), "mask": np.eye(64, dtype=bool)},
        {"attribution": np.eye(64), "note": "a $dollar$ \n_and_ \\frac " * 40, "stopped": "so be it"},
    ],
)
def test_every_valid_explanation_can_be_drawn(parts):
    assert drawn(made(**parts)).shape[0] > 100


@pytest.mark.parametrize("size", [(4000, 30), (30, 4000), (640, 480)])
def test_the_photo_gets_its_own_shape_back_within_what_can_be_looked_at(size):
    height, width, _ = drawn(attrs.evolve(made(attribution=np.eye(64)), size=size)).shape
    assert 0.2 < height / width < 2


def test_the_same_explanation_gives_the_same_bytes_whatever_matplotlib_is_set_to():
    import matplotlib

    explanations = [made(attribution=np.eye(64)), made(mask=ROWS < 9)]
    expected = draw_picture(explanations)
    with matplotlib.rc_context({"font.size": 30, "image.cmap": "hot", "savefig.dpi": 30, "axes.grid": True}):
        assert draw_picture(explanations) == expected


def test_a_label_in_a_script_that_the_font_lacks_is_drawn_without_a_warning():
    target = Target(classifier="c", index=0, label="\u732b", probability=0.61)
    draw_picture([attrs.evolve(made(attribution=np.eye(64)), target=target)])  # warnings are errors here


def test_a_mask_of_a_single_row_can_be_drawn():
    pixels = PIXELS[:1, :5]
    mask = np.array([[True, False, True, False, True]])
    assert drawn(made(mask=mask, pixels=pixels)).shape[0] > 100


def test_a_class_that_the_classifier_hardly_believes_is_told_so():
    hardly = Target(classifier="c", index=0, label="tabby cat", probability=0.002)
    plain = made(attribution=np.eye(64))
    told = attrs.evolve(plain, target=hardly)
    assert (drawn(plain) != drawn(told)).any()
    assert shown_probability(hardly) == "< 0.01"
    assert shown_probability(plain.target) == "0.61"


def test_a_long_note_ends_with_dots_not_in_the_middle():
    notes = _notes(made(attribution=np.eye(64), note="word " * 200))
    assert len(notes) == 4
    assert notes[-1].endswith("…")


def test_a_picture_is_a_png(tmp_path):
    with pytest.raises(ParameterError, match=r"x\.jpg"):
        made(attribution=np.eye(64)).save(tmp_path / "x.jpg")
    assert list(tmp_path.iterdir()) == []


def test_many_explanations_stand_in_rows_of_five():
    one = drawn(*[made(attribution=np.eye(64))] * 4)
    two = drawn(*[made(attribution=np.eye(64))] * 9)
    assert two.shape[1] == one.shape[1]
    assert abs(two.shape[0] - 2 * one.shape[0]) <= 2


def test_nothing_to_draw_is_an_error():
    with pytest.raises(ParameterError, match="no explanation"):
        draw_picture([])
    with pytest.raises(ParameterError, match="no photo"):
        draw_picture([Explanation(attribution=np.eye(3))])


def test_a_picture_is_written_whole_and_with_the_usual_permissions(tmp_path):
    usual = tmp_path / "usual"
    usual.touch()
    file = made(attribution=np.eye(64)).save(tmp_path / "new" / "why.png")
    assert stat.S_IMODE(os.stat(file).st_mode) == stat.S_IMODE(os.stat(usual).st_mode)
    assert [path.name for path in file.parent.iterdir()] == ["why.png"]
    assert write_picture([made(mask=photo(side=64)[..., 0] > 0)], str(file)) == file
