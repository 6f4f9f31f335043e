"""Pictures of the report: the same bytes each time, and no label over another."""

import io
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrkit_xai.evaluation.report.banners import Banner
from cbrkit_xai.evaluation.report.figures_in_words import figure, interval, listed, probability, share, signed
from cbrkit_xai.evaluation.report.plots.palette import looks
from cbrkit_xai.evaluation.report.plots.picture import Heading, axes_at, drawn, spread


def picture(heading, draw=None, size=(4.0, 1.0)):
    return drawn(
        draw or (lambda figure: axes_at(figure, (0.5, 0.2, 3.0, 0.6)).plot([1, 2], [2, 1])),
        name="one",
        heading=heading,
        caption="",
        description="",
        size=size,
    )


def test_a_picture_is_a_png_and_an_svg_whose_letters_are_paths():
    from PIL import Image

    found = picture(Heading(title="Errors", subtitle="votes: people"))
    assert Image.open(io.BytesIO(found.png)).format == "PNG"
    svg = found.svg.decode()
    assert "<svg" in svg
    assert "<text" not in svg
    assert "<dc:date>" not in svg


def test_names_with_dollar_signs_and_control_characters_are_drawn_as_text():
    heading = Heading(title="$\\frac{$ \x00 \x1b[0m \u202e", subtitle="$$$")
    assert picture(heading).png == picture(heading).png


def test_a_long_heading_makes_the_picture_higher_and_keeps_the_drawing_as_large():
    from PIL import Image

    short = picture(Heading(title="Errors", subtitle="votes: people"))
    banner = Banner(word="LEAK", sentence="the clusters knew the held-out photos; " * 4)
    long = picture(Heading(title="Errors", subtitle="votes: people", banners=(banner,)))
    first, second = (Image.open(io.BytesIO(one.png)).size for one in (short, long))
    assert first[0] == second[0]
    assert second[1] > first[1] + 30


@given(st.lists(st.floats(-5, 5), max_size=12), st.floats(0.01, 0.5))
def test_labels_never_stand_closer_than_the_gap(wanted, gap):
    found = spread(wanted, gap, -10, 10)
    assert all(second - first >= gap - 1e-9 for first, second in pairwise(sorted(found)))
    assert all(-10 - 1e-9 <= one <= 10 + 1e-9 for one in found)


@given(st.lists(st.floats(-5, 5), max_size=12, unique=True), st.floats(0.01, 0.5))
def test_labels_keep_the_order_of_what_they_name(wanted, gap):
    found = spread(wanted, gap, -10, 10)
    assert np.argsort(found).tolist() == np.argsort(wanted).tolist()


def test_labels_that_have_room_stay_where_they_are():
    assert spread([3.0, 1.0, 2.0], 0.5, 0, 10) == [3.0, 1.0, 2.0]


def test_two_labels_on_one_spot_part_evenly():
    assert spread([1.0, 1.0], 0.5, 0, 10) == pytest.approx([0.75, 1.25])


def test_linear_and_dbscan_always_look_the_same_and_no_two_curves_alike():
    alone = looks(["linear"])["linear"]
    several = looks(
        ["k-medoids", "dbscan-prototypes", "random-prototypes like a", "random-prototypes like b", "linear"]
    )
    assert several["linear"] == alone
    assert len({(one.colour, one.marker) for one in several.values()}) == 5


def test_numbers_are_printed_with_real_signs_and_no_negative_zero():
    assert figure(-0.0001) == "0.000"
    assert figure(-1.5, 1) == "−1.5"
    assert figure(float("nan")) == "–"
    assert signed(0.25, 2) == "+0.25"
    assert signed(0.0001) == "0.000"
    assert share(0.125, 1) == "12.5 %"
    assert interval(float("nan"), 1.0) == ""
    assert probability(0.0004) == "< 0.001"
    assert listed(["a", "b", "c"]) == "a, b and c"
