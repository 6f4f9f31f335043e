import numpy as np
import pytest

from cbrkit_xai.evaluation.holding_out.folds import Folds, Split
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.predicting.inner_errors import inner_errors, inner_splits, splits_inside

N, KS = 30, (1, 4)
RNG = np.random.default_rng(0)
PLACES = RNG.normal(size=(N, 2))
VOTES = RNG.multinomial(5, [0.5, 0.3, 0.2], size=N).astype(float)
GROUPS = Groups(labels=np.arange(N))
FOLDS = Folds(fold_of=np.array([RNG.permutation(np.arange(N) % 5) for _ in range(2)]))


def nearest_neighbours(votes, calls=None):
    def predict(split):
        if calls is not None:
            calls.append(split)
        distances = np.linalg.norm(PLACES[split.held_out, None] - PLACES[split.training], axis=2)
        nearest = split.training[np.argsort(distances, axis=1)]
        return np.stack([votes[nearest[:, :k]].mean(axis=1) for k in KS], axis=1)

    return predict


def nested_by_loops(votes, repeat, fold, k):
    """What a textbook would do: for each other fold, learn from what is in neither, and predict it."""
    fold_of = FOLDS.fold_of[repeat]
    means = []
    for inner in range(5):
        if inner == fold:
            continue
        held_out = [i for i in range(N) if fold_of[i] == inner]
        training = [i for i in range(N) if fold_of[i] not in (inner, fold)]
        errors = []
        for case in held_out:
            nearest = sorted(training, key=lambda i: np.linalg.norm(PLACES[i] - PLACES[case]))[:k]
            errors.append(np.mean((np.mean(votes[nearest], axis=0) - votes[case]) ** 2))
        means.append(np.mean(errors))
    return np.mean(means)


def test_it_is_nested_cross_validation_by_loops():
    found = inner_errors(nearest_neighbours(VOTES), FOLDS, GROUPS, VOTES)
    assert found.shape == (2, 5, 2)
    for repeat, fold, place in np.ndindex(2, 5, 2):
        assert found[repeat, fold, place] == pytest.approx(nested_by_loops(VOTES, repeat, fold, KS[place]))


def test_what_serves_two_folds_is_organised_once():
    calls = []
    inner_errors(nearest_neighbours(VOTES, calls), FOLDS, GROUPS, VOTES)
    assert len(calls) == 2 * 10


@pytest.mark.parametrize("folds_a_repeat", [2, 5, 15])
def test_a_folds_own_votes_never_reach_its_inner_errors(folds_a_repeat):
    fold_of = np.array([np.random.default_rng(1).permutation(np.arange(N) % folds_a_repeat)])
    folds = Folds(fold_of=fold_of)
    spoilt = VOTES.copy()
    spoilt[fold_of[0] == 1] = 1e6
    before = inner_errors(nearest_neighbours(VOTES), folds, GROUPS, VOTES)
    after = inner_errors(nearest_neighbours(spoilt), folds, GROUPS, spoilt)
    np.testing.assert_array_equal(before[0, 1], after[0, 1])
    assert np.all(after[0, 0] != before[0, 0])  # elsewhere they are training cases like any other


def test_hold_out_deals_its_training_cases_into_inner_folds():
    fold_of = np.full((2, N), -1)
    fold_of[0, :6] = fold_of[1, 10:16] = 0
    found = inner_errors(nearest_neighbours(VOTES), Folds(fold_of=fold_of), GROUPS, VOTES)
    assert found.shape == (2, 1, 2)
    assert np.isfinite(found).all()


def test_inner_folds_cover_the_training_cases_once_and_keep_groups_together():
    groups = Groups(labels=np.repeat(np.arange(10), 3))
    outer = Split(repeat=0, fold=0, training=np.arange(6, 30), held_out=np.arange(6))
    inner = list(inner_splits(outer, groups, seed=3))
    assert len(inner) == 4
    np.testing.assert_array_equal(np.sort(np.concatenate([one.held_out for one in inner])), outer.training)
    for one in inner:
        assert not set(groups.labels[one.held_out]) & set(groups.labels[one.training])
        assert not set(outer.held_out) & set(one.training)


def test_the_same_seed_deals_alike():
    outer = Split(repeat=1, fold=2, training=np.arange(5, 30), held_out=np.arange(5))
    first, again, other = (
        [one.held_out.tolist() for one in inner_splits(outer, GROUPS, seed)] for seed in (1, 1, 2)
    )
    assert first == again != other


def test_a_fold_that_cannot_be_organised_inside_has_no_inner_error():
    def fails_without_case_0(split):
        predicted = nearest_neighbours(VOTES)(split)
        return predicted if 0 in split.training else np.full_like(predicted, np.nan)

    found = inner_errors(fails_without_case_0, FOLDS, GROUPS, VOTES)
    assert np.isnan(found).all()  # case 0 is left out somewhere inside every fold, or by the fold itself


def test_an_inner_fold_without_votes_does_not_count():
    votes = VOTES.copy()
    votes[FOLDS.fold_of[0] == 2] = np.nan
    one_repeat = Folds(fold_of=FOLDS.fold_of[:1])

    def predict(split):
        return np.full((len(split.held_out), 1, 3), 1.0)

    found = inner_errors(predict, one_repeat, GROUPS, votes)
    expected = np.mean([np.mean((votes[FOLDS.fold_of[0] == fold] - 1.0) ** 2) for fold in (1, 3, 4)])
    assert found[0, 0, 0] == pytest.approx(expected)


def test_progress_is_told_after_each_repeat():
    told = []
    inner_errors(
        nearest_neighbours(VOTES),
        FOLDS,
        GROUPS,
        VOTES,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize("folds", [2, 5, 11])
def test_what_serves_a_fold_has_learnt_from_none_of_its_held_out_cases_and_predicts_all_others(folds):
    dealt = Folds(fold_of=np.arange(N)[None] % folds)
    inside = [[] for _ in range(folds)]
    for split, serves in splits_inside(dealt, GROUPS, 0):
        for fold, among in serves:
            assert not (dealt.fold_of[0, split.training] == fold).any()
            assert not np.intersect1d(split.training, split.held_out).size
            inside[fold].extend(split.held_out[among])
    for fold in range(folds):
        assert sorted(inside[fold]) == np.flatnonzero(dealt.fold_of[0] != fold).tolist()
