"""Groups stay together, winners are spread evenly, and the order of the cases does not matter."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from cbrkit_xai import Cases
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.holding_out.dealing import deal, strata_of
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.holding_out.protocol import Protocol


def cases_with(votes, methods=("lime", "xrai")):
    votes = np.array(votes, dtype=np.float64)
    ids = [f"c{row}" for row in range(len(votes))]
    return Cases(ids=ids, features=np.zeros((len(votes), 1)), votes=votes, methods=methods)


def groups_of(names):
    numbers = {}
    labels = [numbers.setdefault(name, len(numbers)) for name in names]
    return Groups(labels=labels, names=names)


def by_name(folds, names, repeat=0):
    return {name: int(fold) for name, fold in zip(names, folds.fold_of[repeat], strict=True)}


PHOTOS = [f"photo-{number:02}" for number in range(40)]
WINNERS = ["lime"] * 22 + ["xrai"] * 11 + [""] * 7


def test_a_case_is_dealt_by_its_winner():
    assert strata_of(cases_with([[3, 1], [0, 2], [5, 0], [1, 4]]), 2) == ("lime", "xrai", "lime", "xrai")


def test_ties_and_winners_rarer_than_the_folds_share_one_stratum():
    votes = [[3, 1], [4, 0], [2, 2], [0, 9], [5, 1]]
    assert strata_of(cases_with(votes), 3) == ("lime", "lime", "", "", "lime")


@pytest.mark.parametrize("nobody", [[np.nan, np.nan], [0, 0]])
def test_a_case_that_says_nothing_has_no_winner(nobody):
    assert strata_of(cases_with([nobody, [1, 0], [2, 0]]), 2) == ("", "lime", "lime")


def test_the_only_method_that_was_asked_about_wins():
    assert strata_of(cases_with([[np.nan, 1], [np.nan, 0]]), 2) == ("xrai", "xrai")


def test_every_case_is_held_out_once_in_each_repeat():
    folds = deal(groups_of(PHOTOS), WINNERS, Protocol(folds=5, repeats=3))
    assert folds.fold_of.shape == (3, 40)
    for repeat in range(3):
        held = np.concatenate([folds.split(repeat, fold).held_out for fold in range(5)])
        assert sorted(held.tolist()) == list(range(40))


def test_training_and_held_out_cases_share_no_group():
    names = [f"photo-{number // 3}" for number in range(40)]
    for scheme in ("k-fold", "leave-one-group-out", "hold-out"):
        for split in deal(groups_of(names), WINNERS, Protocol(scheme=scheme, repeats=4)).splits():
            trained = {names[row] for row in split.training}
            assert len(split.held_out)
            assert trained
            assert not trained & {names[row] for row in split.held_out}


def test_each_winner_is_spread_over_the_folds_as_evenly_as_it_can_be():
    folds = deal(groups_of(PHOTOS), WINNERS, Protocol(folds=5, repeats=6))
    for repeat in range(6):
        dealt = Counter(zip(WINNERS, folds.fold_of[repeat].tolist(), strict=True))
        for winner, number in Counter(WINNERS).items():
            each = [dealt[winner, fold] for fold in range(5)]
            assert sum(each) == number
            assert max(each) - min(each) <= 1


def test_the_order_of_the_cases_does_not_change_who_falls_where():
    rng = np.random.default_rng(0)
    names = [f"photo-{number // 2}" for number in range(40)]
    turned = rng.permutation(40)
    for scheme in ("k-fold", "leave-one-group-out", "hold-out"):
        plan = Protocol(scheme=scheme, repeats=2, seed=7)
        one = deal(groups_of(names), WINNERS, plan)
        other = deal(groups_of([names[row] for row in turned]), [WINNERS[row] for row in turned], plan)
        assert other.fold_of.tolist() == one.fold_of[:, turned].tolist()


def test_repeats_differ_and_so_do_seeds_and_the_same_seed_deals_the_same():
    def dealt(seed):
        return deal(groups_of(PHOTOS), WINNERS, Protocol(repeats=3, seed=seed)).fold_of.tolist()

    first = dealt(1)
    assert len({tuple(repeat) for repeat in first}) == 3
    assert dealt(1) == first
    assert dealt(2) != first


def test_fewer_groups_than_folds_give_a_fold_for_each_group_and_a_sentence():
    folds = deal(groups_of(["p", "q", "r", "q"]), [""] * 4, Protocol(folds=5, repeats=2))
    assert folds.per_repeat == 3
    assert folds.notes == ("3 folds, not 5: one for each group",)
    assert sorted(Counter(by_name(folds, ["p", "q", "r", "q"]).values())) == [0, 1, 2]


@pytest.mark.parametrize("names", [["p", "p", "p"], ["p"]])
@pytest.mark.parametrize("scheme", ["k-fold", "leave-one-group-out", "hold-out"])
def test_one_group_alone_is_an_error_that_names_the_thresholds(names, scheme):
    with pytest.raises(ParameterError, match=r"at least 2 groups of photos; .*latent_cosine"):
        deal(groups_of(names), [""] * len(names), Protocol(scheme=scheme))


def test_leaving_one_group_out_leaves_out_each_group_by_itself_once():
    names = ["q", "p", "q", "r"]
    folds = deal(groups_of(names), [""] * 4, Protocol(scheme="leave-one-group-out", repeats=10))
    assert folds.fold_of.tolist() == [[1, 0, 1, 2]]
    assert folds.notes == ("1 repeat: leaving out each group once leaves nothing to chance",)


def test_hold_out_draws_the_share_anew_in_each_repeat_from_each_winner():
    folds = deal(groups_of(PHOTOS), WINNERS, Protocol(scheme="hold-out", held_out=0.2, repeats=5))
    drawn = {tuple(folds.split(repeat, 0).held_out.tolist()) for repeat in range(5)}
    assert len(drawn) == 5
    for rows in drawn:
        held = Counter(WINNERS[row] for row in rows)
        assert len(rows) == 8
        assert held["lime"] in (4, 5)  # 22 of 40, of which a fifth is 4.4
        assert held["xrai"] in (2, 3)  # 2.2
        assert held[""] in (1, 2)  # 1.4


@pytest.mark.parametrize(("share", "held"), [(0.29, 29), (0.01, 1), (0.9, 90), (0.333, 33)])
def test_hold_out_holds_out_the_share_that_was_asked_for(share, held):
    names = [f"photo-{number}" for number in range(100)]
    folds = deal(groups_of(names), [""] * 100, Protocol(scheme="hold-out", held_out=share, repeats=1))
    assert len(folds.split(0, 0).held_out) == held


@pytest.mark.parametrize("share", [0.01, 0.9])
def test_hold_out_always_leaves_somebody_on_either_side(share):
    folds = deal(groups_of(["p", "q"]), ["", ""], Protocol(scheme="hold-out", held_out=share, repeats=3))
    for repeat in range(3):
        assert len(folds.split(repeat, 0).held_out) == 1
