"""Class balance: who is left in even training cases, and how errors are told by class frequency."""

from collections import Counter

import attrs
import numpy as np
import pytest
from scipy.spatial.distance import cdist

import cbrkit_xai as cx
from cbrkit_xai.cases import Cases
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.predicting import fold_predictions
from cbrkit_xai.evaluation.reproduction import balanced_training
from cbrkit_xai.evaluation.reproduction.balanced_training import balanced, winners_of
from cbrkit_xai.evaluation.reproduction.class_frequency import _parts
from cbrkit_xai.organizers.linear import Linear

KINDS = ("a",) * 20 + ("b",) * 10 + ("c",) * 5


def cases_of(n=35, seed=0):
    rng = np.random.default_rng(seed)
    return Cases(
        ids=[f"c{row:02}" for row in range(n)],
        features=rng.normal(size=(n, 3)).astype(np.float32),
        votes=rng.integers(0, 6, size=(n, 3)).astype(float),
        methods=("x", "y", "z"),
    )


def folds_of(n=35, repeats=2, folds=5, seed=0):
    rng = np.random.default_rng(seed)
    return Folds(fold_of=[rng.permutation(np.arange(n) % folds) for _ in range(repeats)])


def components():
    found = cx.configuration("hist-euc", profile="paper2022", organizer="linear").components()
    return attrs.evolve(found, organizer=Linear())


def run(kinds=KINDS, k=3, **more):
    cases = cases_of()
    distances = cdist(cases.features, cases.features)
    return balanced(components(), cases, distances, folds_of(), kinds, by="class", k=k, seed=4, **more)


@pytest.fixture
def splits(monkeypatch):
    """Every split that was predicted."""
    seen = []

    class Spy(fold_predictions.FoldPredictor):
        def predict(self, split):
            seen.append(split)
            return super().predict(split)

    monkeypatch.setattr(balanced_training, "FoldPredictor", Spy)
    return seen


def test_even_training_cases_have_as_many_of_each_kind_as_there_are_of_the_rarest(splits):
    run()
    for everything, random, even in zip(splits[::3], splits[1::3], splits[2::3], strict=True):
        rarest = min(Counter(KINDS[row] for row in everything.training).values())
        assert Counter(KINDS[row] for row in even.training) == {"a": rarest, "b": rarest, "c": rarest}
        assert len(random.training) == len(even.training)
        assert set(even.training) | set(random.training) <= set(everything.training)
        assert not set(even.training) & set(even.held_out)


def test_errors_are_those_of_the_plain_nearest_neighbours():
    cases, folds = cases_of(), folds_of()
    distances = cdist(cases.features, cases.features)
    squares = []
    for split in folds.splits():
        for query in split.held_out:
            nearest = sorted(split.training, key=lambda row: (distances[query, row], cases.ids[row]))[:3]
            squares.append((cases.votes[nearest].mean(axis=0) - cases.votes[query]) ** 2)
    assert run().rmse_all == pytest.approx(np.sqrt(np.mean(squares)))


def test_what_is_compared_is_even_less_random_fold_by_fold():
    found = run()
    assert found.folds.shape == (10,)
    # All folds are of 7 cases here, so the mean of the folds is that of the cases.
    assert found.folds.mean() == pytest.approx(found.rmse_balanced**2 - found.rmse_random**2)
    assert found.test_over_training == pytest.approx(7 / 28)


def test_the_same_seed_keeps_the_same_cases():
    assert run().rmse_balanced == run().rmse_balanced


def test_cases_of_no_known_kind_are_never_kept(splits):
    run(kinds=("",) * 5 + KINDS[5:])
    assert all(row >= 5 for even in splits[2::3] for row in even.training)


def test_with_one_kind_there_is_nothing_to_make_even():
    assert "fewer than two" in run(kinds=("a",) * 35).problem


def test_winners_are_named_and_ties_are_a_kind_of_their_own():
    votes = np.array([[3.0, 1], [1, 2], [2, 2], [np.nan, np.nan]])
    assert winners_of(votes, ("x", "y")) == ("x", "y", "tie", "")


@pytest.mark.parametrize(
    ("frequency", "expected"),
    [
        ([1] * 94 + [2] * 54 + [3] * 18 + [4] * 28 + [6] * 6, [(1, 1), (2, 2), (3, 6)]),
        ([5] * 30, [(5, 5)]),
        ([1] * 90 + [9] * 9, [(1, 1), (2, 9)]),
        (list(range(1, 10)), [(1, 3), (4, 6), (7, 9)]),
    ],
)
def test_frequencies_are_cut_into_parts_with_about_as_many_cases(frequency, expected):
    assert _parts(np.array(frequency)) == expected
