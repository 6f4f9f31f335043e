from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import aggregate, count, frozen_flags, frozen_floats, join, read_only, stack, take

VECTORS = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
SEVERAL = {"colour": VECTORS, "pixels": np.arange(3 * 12).reshape(3, 2, 2, 3)}


class Sum:
    def aggregate(self, stack, weights=None):
        return (stack if weights is None else stack * weights[:, None]).sum(axis=0)


def test_the_rows_of_one_or_several_representations_are_counted():
    assert count(VECTORS) == count(SEVERAL) == 3


@pytest.mark.parametrize("parts", [{"a": VECTORS, "b": VECTORS[:2]}, {}], ids=["uneven", "none"])
def test_parts_with_different_numbers_of_rows_are_refused(parts):
    with pytest.raises(ParameterError, match="they must all have the same number"):
        count(parts)


@pytest.mark.parametrize("rows", [[2, 0], [0, 0], [], slice(1, 3), np.array([True, False, True])], ids=str)
def test_the_same_rows_are_taken_of_every_part(rows):
    taken = take(SEVERAL, rows)
    assert list(taken) == ["colour", "pixels"]
    for name, part in taken.items():
        np.testing.assert_array_equal(part, SEVERAL[name][rows])
    np.testing.assert_array_equal(take(VECTORS, rows), VECTORS[rows])


@given(st.integers(0, 3), st.integers(0, 3))
def test_joining_what_was_taken_apart_gives_it_back(one, other):
    first, last = sorted([one, other])
    pieces = [slice(0, first), slice(first, last), slice(last, 3)]
    np.testing.assert_array_equal(join([take(VECTORS, piece) for piece in pieces]), VECTORS)
    joined = join([take(SEVERAL, piece) for piece in pieces])
    assert set(joined) == set(SEVERAL)
    for name, part in joined.items():
        np.testing.assert_array_equal(part, SEVERAL[name])


def test_single_rows_are_laid_on_one_another():
    np.testing.assert_array_equal(stack([take(VECTORS, row) for row in range(3)]), VECTORS)
    stacked = stack([take(SEVERAL, row) for row in range(3)])
    for name, part in SEVERAL.items():
        np.testing.assert_array_equal(stacked[name], part)


def test_an_aggregator_is_applied_to_each_part_and_leaves_one_row():
    np.testing.assert_array_equal(aggregate(Sum(), VECTORS), [[9.0, 12.0]])
    both = aggregate(Sum(), SEVERAL)
    np.testing.assert_array_equal(both["colour"], [[9.0, 12.0]])
    assert both["pixels"].shape == (1, 2, 2, 3)
    np.testing.assert_array_equal(aggregate(Sum(), VECTORS, np.array([1.0, 0.0, 2.0])), [[11.0, 14.0]])


def test_what_leaves_cannot_be_written_and_what_came_in_still_can():
    own = VECTORS.copy()
    for view in (read_only(own), read_only({"a": own})["a"], frozen_floats(own)):
        with pytest.raises(ValueError, match="read-only"):
            view[0, 0] = 9.0
    own[0, 0] = 9.0


def test_votes_become_float64_and_flags_bool():
    assert frozen_floats([1, 2]).dtype == np.float64
    assert frozen_floats(np.float32([0.1])).dtype == np.float64
    assert frozen_flags([0, 1]).tolist() == [False, True]
    assert frozen_flags([0, 1]).dtype == bool
