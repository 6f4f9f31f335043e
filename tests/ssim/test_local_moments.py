"""Window sums, held against sums taken window by window."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrkit_xai_ssim.local_moments import Box, Gaussian, Moments, PackedMoments
from cbrkit_xai_ssim.workspace import Workspace

IMAGE = np.random.default_rng(1).integers(0, 256, (19, 23, 3)).astype(np.int32)


def sums(window, image):
    height, width, channels = image.shape
    out = np.empty((height - window.side + 1, width - window.side + 1, channels), image.dtype)
    window.sums(image, out, Workspace())
    return out


def moments_of(image, side):
    return Moments.of(image, np.int32, Box(side), Workspace(), into=Workspace())


@given(side=st.integers(1, 19), channels=st.integers(1, 3))
def test_a_box_adds_every_pixel_of_every_window_exactly(side, channels):
    image = np.ascontiguousarray(IMAGE[..., :channels])
    windows = np.lib.stride_tricks.sliding_window_view(image, (side, side), axis=(0, 1))
    assert (sums(Box(side), image) == windows.sum(axis=(-1, -2))).all()


def test_a_gaussian_leaves_a_flat_image_flat_and_crops_its_rim():
    window = Gaussian(1.5)
    assert window.side == 11
    answer = sums(window, np.full((19, 23, 1), 7.0))
    assert answer.shape == (9, 13, 1)
    np.testing.assert_allclose(answer, 7, rtol=1e-14)


def test_spreads_are_the_variances_of_the_windows():
    windows = np.lib.stride_tricks.sliding_window_view(IMAGE, (7, 7), axis=(0, 1))
    np.testing.assert_allclose(moments_of(IMAGE, 7).spreads / 49**2, windows.var(axis=(-1, -2)), rtol=1e-12)


@pytest.mark.parametrize("fill", [0, 255])
def test_packed_moments_come_back_as_they_were_even_at_the_largest_sums(fill):
    image = np.full((11, 12, 3), fill, np.uint8)
    moments = moments_of(image, 11)
    back = PackedMoments.of(moments, image).unpacked(into=Workspace())
    for name in ("pixels", "sums", "squares", "spreads"):
        assert (getattr(back, name) == getattr(moments, name)).all()
        assert getattr(back, name).dtype == np.int32


def test_a_workspace_gives_the_same_memory_for_the_same_name_shape_and_type_alone():
    workspace = Workspace()
    array = workspace.array("sums", (2, 3), np.int32)
    assert workspace.array("sums", (2, 3), np.int32) is array
    for other in (("squares", (2, 3), np.int32), ("sums", (3, 2), np.int32), ("sums", (2, 3), np.float64)):
        assert not np.shares_memory(workspace.array(*other), array)
