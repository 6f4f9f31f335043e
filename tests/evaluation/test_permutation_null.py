"""Votes handed out anew: what is kept, that all else is drawn evenly, that p-values keep their word."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import chisquare

from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.holding_out.dealing import deal, strata_of
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.permutation.permutation_null import (
    folds_that_count,
    permutation_null,
    rerun_of,
)
from cbrkit_xai.evaluation.permutation.vote_shuffling import Shuffling
from cbrkit_xai.evaluation.results import Evaluation, Run

METHODS = ("anchors", "ig", "lime", "xrai")
KS = (1, 5, 15)


def cases_of(votes, features=None):
    n = len(votes)
    features = np.arange(n, dtype=float)[:, None] if features is None else features
    return Cases(ids=[f"case-{row:03d}" for row in range(n)], features=features, votes=votes, methods=METHODS)


def alone(n):
    return Groups(labels=np.arange(n))


def evaluation_of(cases, groups=None, protocol=None, labels=("nearest",)):
    groups = alone(len(cases)) if groups is None else groups
    protocol = protocol or Protocol(repeats=2)
    folds = deal(groups, strata_of(cases, protocol.folds), protocol)
    shape = (folds.repeats, len(cases), len(KS), len(METHODS))
    runs = [
        Run(
            label=label,
            role="configuration",
            ks=KS,
            predicted=np.full(shape, np.nan),
            weight_squares=np.full(shape[:3], np.nan),
            entries=np.zeros((folds.repeats, folds.per_repeat)),
        )
        for label in labels
    ]
    return Evaluation(
        name="made up",
        provenance="votes: people",
        is_automatic=False,
        cases=cases,
        effective_voters=np.ones(len(cases)),
        classes=[""] * len(cases),
        protocol=protocol,
        groups=groups,
        folds=folds,
        runs=runs,
        versions={},
        hashes={},
    )


def weights_of_neighbours(features, folds):
    """Weights (n, ks, n) of the k nearest training cases in one repeat's folds; k 0 stands for the mean."""
    n = len(features)
    weights = np.zeros((n, len(KS), n))
    distances = cdist(features, features)
    for split in folds.splits():
        order = split.training[np.argsort(distances[np.ix_(split.held_out, split.training)], axis=1)]
        for place, k in enumerate(KS):
            for row, nearest in zip(split.held_out, order[:, :k], strict=True):
                weights[row, place, nearest] = 1 / k
    return weights


def predictor(weights):
    return lambda votes: (weights @ votes)[None]


def drawn_votes(rng, n):
    return rng.multinomial(4, [0.1, 0.2, 0.3, 0.4], size=n).astype(float)


def test_every_row_of_votes_is_handed_out_once_and_whole():
    cases = cases_of(drawn_votes(np.random.default_rng(0), 30))
    shuffling = Shuffling(groups=alone(30))
    other = cases.votes[shuffling.sources(7)]
    assert Counter(map(tuple, other)) == Counter(map(tuple, cases.votes))
    assert (other != cases.votes).any()
    np.testing.assert_array_equal(shuffling.sources(7), Shuffling(groups=alone(30)).sources(7))
    assert (shuffling.sources(7) != shuffling.sources(8)).any()


def test_votes_of_a_group_move_together_to_a_group_of_the_same_size():
    labels = np.array([0, 1, 2, 0, 1, 3, 4, 4, 4])
    shuffling = Shuffling(groups=Groups(labels=labels))
    places = set()
    for seed in range(40):
        source = shuffling.sources(seed)
        givers = [labels[source[labels == group]] for group in range(5)]
        assert all(len(set(one)) == 1 for one in givers)
        assert all((labels == one[0]).sum() == len(one) for one in givers)
        places.add(tuple(source))
    assert len(places) == 4  # two pairs and two singles, exchanged or not; the three have no partner
    assert shuffling.fixed == 3


def test_each_fold_keeps_its_number_of_winners_of_each_method():
    cases = cases_of(drawn_votes(np.random.default_rng(1), 60))
    strata = np.array(strata_of(cases, 1))
    fold_of = deal(alone(60), strata.tolist(), Protocol(repeats=1)).fold_of[0]
    shuffling = Shuffling(groups=alone(60), strata=strata, fold_of=fold_of)
    for seed in range(20):
        dealt = strata[shuffling.sources(seed)]
        assert Counter(zip(fold_of, dealt, strict=True)) == Counter(zip(fold_of, strata, strict=True))


def test_all_ways_that_keep_the_folds_counts_are_drawn_equally_often():
    strata, fold_of = np.array(["a", "b", "a", "b", "b"]), np.array([0, 0, 1, 1, 1])
    kept = [
        order
        for order in permutations(range(5))
        if Counter(zip(fold_of, strata[list(order)], strict=True))
        == Counter(zip(fold_of, strata, strict=True))
    ]
    shuffling = Shuffling(groups=alone(5), strata=strata, fold_of=fold_of)
    drawn = Counter(tuple(shuffling.sources(seed).tolist()) for seed in range(100 * len(kept)))
    assert set(drawn) == set(kept)
    assert chisquare(list(drawn.values())).pvalue > 0.001


def test_without_strata_all_ways_are_drawn_equally_often():
    shuffling = Shuffling(groups=alone(4))
    drawn = Counter(tuple(shuffling.sources(seed).tolist()) for seed in range(2400))
    assert len(drawn) == 24
    assert chisquare(list(drawn.values())).pvalue > 0.001


def test_strata_and_folds_come_together_and_in_full():
    with pytest.raises(ParameterError, match="both, or neither"):
        Shuffling(groups=alone(3), strata=["a", "a", "a"])
    with pytest.raises(ParameterError, match="one per case"):
        Shuffling(groups=alone(3), strata=["a"], fold_of=np.zeros(3, dtype=int))


def test_the_observed_errors_and_every_draw_are_what_predicting_from_those_votes_gives():
    rng = np.random.default_rng(2)
    features = rng.normal(size=(40, 2))
    evaluation = evaluation_of(cases_of(drawn_votes(rng, 40), features))
    weights = weights_of_neighbours(features, folds_that_count(evaluation))
    null = permutation_null(evaluation, rerun_of({"nearest": predictor(weights)}), draws=5, seed=3)
    assert null.columns == (("nearest", 1), ("nearest", 5), ("nearest", 15))
    strata, fold_of = strata_of(evaluation.cases, 1), evaluation.folds.fold_of[0]
    shuffling = Shuffling(groups=evaluation.groups, strata=strata, fold_of=fold_of)
    for draw in range(5):
        votes = evaluation.votes[shuffling.sources([3, draw])]
        expected = [np.mean((weights[:, place] @ votes - votes) ** 2) for place in range(3)]
        np.testing.assert_allclose(null.draws[draw], expected)
    votes = evaluation.votes
    expected = [np.mean((weights[:, place] @ votes - votes) ** 2) for place in range(3)]
    np.testing.assert_allclose(null.observed, expected)


def test_only_the_first_repeat_counts():
    evaluation = evaluation_of(cases_of(drawn_votes(np.random.default_rng(3), 30)))
    counted = folds_that_count(evaluation)
    assert evaluation.folds.repeats == 2
    assert isinstance(counted, Folds)
    np.testing.assert_array_equal(counted.fold_of, evaluation.folds.fold_of[:1])


def test_one_draw_hands_the_same_votes_to_every_run():
    rng = np.random.default_rng(4)
    features = rng.normal(size=(30, 2))
    evaluation = evaluation_of(cases_of(drawn_votes(rng, 30), features), labels=("one", "two"))
    same = predictor(weights_of_neighbours(features, folds_that_count(evaluation)))
    done = []
    null = permutation_null(
        evaluation,
        rerun_of({"one": same, "two": same}),
        draws=8,
        progress=lambda *steps: done.append(steps),
    )
    assert null.labels == ("one", "two")
    np.testing.assert_array_equal(null.of("one")[2], null.of("two")[2])
    np.testing.assert_array_equal(null.evidence[1], -null.draws)
    assert done == [(draw, 8) for draw in range(1, 9)]
    with pytest.raises(ParameterError, match="two"):
        null.of("tow")


def test_a_rerun_that_forgets_a_k_is_refused():
    evaluation = evaluation_of(cases_of(drawn_votes(np.random.default_rng(5), 30)))
    with pytest.raises(ParameterError, match="2 errors for 3 pairs"):
        permutation_null(evaluation, lambda votes: {"nearest": np.ones(2)}, draws=2)


def test_leaving_out_one_group_at_a_time_keeps_no_strata():
    evaluation = evaluation_of(
        cases_of(drawn_votes(np.random.default_rng(6), 12)), protocol=Protocol(scheme="leave-one-group-out")
    )
    null = permutation_null(evaluation, lambda votes: {"nearest": votes[:3].sum(axis=1)}, draws=2)
    assert "fold" not in null.kept
    assert null.fixed_cases == 0


def test_a_draw_that_repeats_the_observed_order_counts_as_equal():
    evaluation = evaluation_of(cases_of(drawn_votes(np.random.default_rng(7), 30)))
    jitter = iter([1.0, 1.0 + 2e-16, 1.0 - 2e-16, 1.0])
    null = permutation_null(evaluation, lambda votes: {"nearest": np.full(3, next(jitter))}, draws=3)
    np.testing.assert_array_equal(null.p_values, [1, 1, 1])


def p_values(rng, strength, *, keeps_strata, studies, n=60, draws=99):
    """The p of k = 15 in made-up studies, and that of the training mean."""
    found = np.empty((studies, 2))
    for study in range(studies):
        features = rng.normal(size=(n, 2))
        chances = np.exp(strength * features @ [[1, -1, 0, 0], [0, 0, 1, -1]])
        votes = np.array([rng.multinomial(4, row) for row in chances / chances.sum(axis=1, keepdims=True)])
        cases = cases_of(votes.astype(float), features)
        folds = deal(alone(n), strata_of(cases, 5), Protocol(repeats=1, seed=study))
        near = weights_of_neighbours(features, folds)[:, KS.index(15)]
        mean = (folds.fold_of[0][:, None] != folds.fold_of[0]).astype(float)
        both = np.stack([near, mean / mean.sum(axis=1, keepdims=True)])  # (2, n, n)
        kept = {"strata": strata_of(cases, 1), "fold_of": folds.fold_of[0]} if keeps_strata else {}
        shuffling = Shuffling(groups=alone(n), **kept)

        def errors(sources, both=both, votes=cases.votes):
            return np.mean((both @ votes[sources] - votes[sources]) ** 2, axis=(1, 2))

        observed = errors(np.arange(n))
        drawn = np.array([errors(shuffling.sources([study, draw])) for draw in range(draws)])
        found[study] = (1 + (drawn <= observed * (1 + 1e-12)).sum(axis=0)) / (1 + draws)
    return found


def test_without_signal_a_p_below_5_percent_comes_in_5_percent_of_studies():
    p = p_values(np.random.default_rng(8), 0.0, keeps_strata=True, studies=120)
    # 5 % of 120 studies, and 2.5 binomial standard deviations.
    assert np.all((p <= 0.05).mean(axis=0) <= 0.05 + 2.5 * np.sqrt(0.05 * 0.95 / 120))
    assert np.all(np.abs(p.mean(axis=0) - 0.5) < 0.1)


def test_handing_out_votes_without_regard_to_the_folds_finds_signal_in_a_mere_mean():
    p = p_values(np.random.default_rng(9), 0.0, keeps_strata=False, studies=60)
    assert (p[:, 1] <= 0.05).mean() > 0.15


def test_signal_is_found():
    p = p_values(np.random.default_rng(10), 1.0, keeps_strata=True, studies=20)
    assert (p[:, 0] <= 0.05).mean() > 0.9
    assert (p[:, 1] <= 0.05).mean() <= 0.3
