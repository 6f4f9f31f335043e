"""Asking in batches: all of the budget is used, none of it is exceeded, nothing answered is lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrkit_xai.errors import BudgetSpentError
from cbrkit_xai.explaining.counted_classifier import CountedClassifier
from cbrkit_xai_explainers.answers import answers
from cbrkit_xai_explainers.batches import BATCH


class FirstPixel:
    """Two classes; the second one's probability is the red of the first pixel."""

    fingerprint = "first-pixel"
    labels = ("other", "red")

    def __init__(self):
        self.batches = []

    def predict(self, images):
        self.batches.append(len(images))
        red = images[:, 0, 0, 0] / 255
        return np.stack([1 - red, red], axis=1)


def numbered(some):
    photos = np.zeros((some.stop - some.start, 1, 1, 3), dtype=np.uint8)
    photos[:, 0, 0, 0] = np.arange(some.start, some.stop)
    return photos


@given(count=st.integers(1, 80), budget=st.integers(1, 100))
def test_as_many_photos_are_answered_as_the_budget_reaches_for(count, budget):
    counted = CountedClassifier(FirstPixel(), max_calls=budget)
    found = answers(counted, numbered, count, target=1)
    assert len(found) == counted.calls == min(count, budget)
    np.testing.assert_allclose(found.probabilities, np.arange(min(count, budget)) / 255)
    assert bool(found.stopped) == (budget < count)


def test_no_more_than_a_batch_is_asked_at_once():
    model = FirstPixel()
    answers(model, numbered, 40, target=1)
    assert model.batches == [BATCH, BATCH, 40 - 2 * BATCH]


def test_progress_is_told_up_to_the_end():
    told = []
    answers(FirstPixel(), numbered, 40, target=1, progress=lambda *step: told.append(step))
    assert told == [(16, 40), (32, 40), (40, 40)]


def test_when_time_has_run_out_nothing_more_is_asked():
    clock = iter([0.0, 1.0, 2.0, *([9.0] * 50)])
    counted = CountedClassifier(FirstPixel(), max_seconds=5.0, clock=lambda: next(clock))
    found = answers(counted, numbered, 80, target=1)
    assert len(found) == counted.calls == 2 * BATCH
    assert found.stopped == "5 seconds have passed"


def test_too_few_answers_let_the_refusal_through():
    found = answers(CountedClassifier(FirstPixel(), max_calls=5), numbered, 10, target=1)
    found.demand(5)
    with pytest.raises(BudgetSpentError, match="5 calls are spent"):
        found.demand(6)


def test_without_a_refusal_any_number_is_enough():
    answers(FirstPixel(), numbered, 3, target=1).demand(100)


def test_a_budget_spent_before_the_first_answer_leaves_none():
    counted = CountedClassifier(FirstPixel(), max_calls=1)
    counted.predict(numbered(slice(0, 1)))
    found = answers(counted, numbered, 10, target=1)
    assert len(found) == 0
    assert found.stopped == "1 call is spent"
