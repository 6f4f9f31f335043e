"""EfficientNet-Lite0 as data: blocks, padding and shapes, checked by hand."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrkit_xai_latent.architecture import blocks, same_padding, weight_shapes


def test_there_are_sixteen_blocks_of_which_nine_have_a_shortcut() -> None:
    assert [block.number for block in blocks()] == list(range(16))
    assert [block.number for block in blocks() if block.has_shortcut] == [2, 4, 6, 7, 9, 10, 12, 13, 14]


def test_only_the_first_block_does_not_widen() -> None:
    assert [block.number for block in blocks() if not block.widens] == [0]


def test_each_block_takes_what_the_one_before_it_gives() -> None:
    all_blocks = list(blocks())
    assert all_blocks[0].inputs == 32 and all_blocks[-1].outputs == 320
    assert all(after.inputs == before.outputs for before, after in itertools.pairwise(all_blocks))


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding"),
    [
        (224, 3, 2, (0, 1)),  # stem: 112 outputs reach 111 * 2 + 3 = 225 rows, one more than there are
        (112, 3, 1, (1, 1)),
        (112, 3, 2, (0, 1)),
        (56, 5, 2, (1, 2)),  # 28 outputs reach 27 * 2 + 5 = 59 rows, three more
        (14, 5, 1, (2, 2)),
        (14, 5, 2, (1, 2)),
        (7, 1, 1, (0, 0)),
        (5, 3, 2, (1, 1)),  # odd size: symmetric
        (4, 1, 2, (0, 0)),  # a kernel smaller than its stride needs none
    ],
)
def test_same_padding_by_hand(size: int, kernel: int, stride: int, padding: tuple[int, int]) -> None:
    assert same_padding(size, kernel, stride) == padding


@given(st.integers(1, 300), st.integers(1, 7), st.integers(1, 3))
def test_same_padding_gives_one_output_for_each_stride_begun(size: int, kernel: int, stride: int) -> None:
    before, after = same_padding(size, kernel, stride)
    padded = size + before + after
    assert len(range(0, max(padded - kernel, 0) + 1, stride)) == len(range(0, size, stride))
    assert 0 <= after - before <= 1


def test_the_network_has_as_many_weights_as_published() -> None:
    # 4.65 million parameters ("EfficientNet-lite0, 4.7M"), and two running numbers a normalised channel
    trained = {name: shape for name, shape in weight_shapes().items() if "running" not in name}
    assert sum(math.prod(shape) for shape in trained.values()) == 4_652_008
