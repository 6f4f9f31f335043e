import itertools

import numpy as np
import pytest

from cbrkit_xai.evaluation.decisions.holm import holm


def closed_test(p):
    """Holm as a closed testing procedure: the largest Bonferroni p of all intersections it is part of."""
    questions = range(len(p))
    subsets = [s for size in range(1, len(p) + 1) for s in itertools.combinations(questions, size)]
    return [max(min(1.0, len(s) * min(p[i] for i in s)) for s in subsets if one in s) for one in questions]


def test_the_textbook_example():
    # Holm's own arithmetic: .01 x 4, .02 x 3, max(.03 x 2, before), max(.04 x 1, before)
    assert holm(np.array([0.03, 0.01, 0.04, 0.02])) == pytest.approx([0.06, 0.04, 0.06, 0.06])


@pytest.mark.parametrize("seed", range(20))
def test_it_is_the_closed_bonferroni_test(seed):
    p = np.random.default_rng(seed).uniform(0, 0.4, size=6).round(2)
    assert holm(p) == pytest.approx(closed_test(p))


def test_one_question_needs_no_correction():
    assert holm(np.array([0.03])) == pytest.approx([0.03])


def test_a_question_that_could_not_be_tested_was_asked_all_the_same():
    assert holm(np.array([0.02, np.nan, 0.5])) == pytest.approx([0.06, np.nan, 1.0], nan_ok=True)


def test_no_question_has_no_answer():
    assert len(holm(np.array([]))) == 0
