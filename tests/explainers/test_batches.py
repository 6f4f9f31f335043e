"""Batches shrink only where the budget ends, and then every call that may be made is made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrkit_xai.errors import BudgetSpentError
from cbrkit_xai_explainers.batches import BATCH, in_batches


def asked(count, budget):
    """The numbers that were answered, the sizes of the batches, and whether it was refused."""
    numbers, sizes = [], []

    def ask(some):
        if some.stop > budget:
            raise BudgetSpentError("spent")
        return list(range(some.start, some.stop))

    try:
        for some, found in in_batches(ask, count):
            assert found == list(range(some.start, some.stop))
            numbers += found
            sizes.append(len(found))
    except BudgetSpentError:
        return numbers, sizes, True
    return numbers, sizes, False


@given(count=st.integers(0, 100), budget=st.integers(0, 120))
def test_all_numbers_that_the_budget_reaches_for_are_asked_once_and_in_order(count, budget):
    numbers, sizes, refused = asked(count, budget)
    assert numbers == list(range(min(count, budget)))
    assert refused == (count > budget)
    assert sorted(sizes, reverse=True) == sizes and max(sizes, default=0) <= BATCH


def test_the_batches_are_halved_down_to_a_single_one():
    assert asked(64, 47)[1] == [16, 16, 8, 4, 2, 1]


def test_another_error_comes_through_at_once():
    calls = []

    def broken(some):
        calls.append(some)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(in_batches(broken, 50))
    assert len(calls) == 1
