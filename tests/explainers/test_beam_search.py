"""The search for an anchor, on rules of which the smallest anchor is known."""

import itertools

import attrs
import numpy as np
import pytest
from boolean_rules import FollowsARule, all_of, always, any_of, at_least, exact_precision
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from cbrkit_xai.errors import BudgetSpentError
from cbrkit_xai_explainers.anchor_sampler import Budget, Sampler
from cbrkit_xai_explainers.anchor_samples import Samples
from cbrkit_xai_explainers.beam_search import BeamSearch, Demands, grown
from cbrkit_xai_explainers.kl_lucb import best_arms


def sampler(rule, superpixels, *, total=5000, seed=0, max_calls=10**9):
    """One pixel for each superpixel, and black where it is hidden."""
    image = np.full((1, superpixels, 3), 200, dtype=np.uint8)
    labels = np.arange(superpixels)[None]
    return Sampler(
        image=image,
        labels=labels,
        classifier=FollowsARule(image=image, labels_of_pixels=labels, rule=rule, max_calls=max_calls),
        target=1,
        how="black",
        rng=np.random.default_rng(seed),
        budget=Budget(total=total),
    )


def demands(**changes):
    asked = {
        "threshold": 0.95,
        "delta": 0.05,
        "epsilon": 0.1,
        "tolerance": 0.05,
        "beam_size": 3,
        "max_size": 6,
    }
    return Demands(**(asked | changes))


def found(rule, superpixels, **changes):
    given = sampler(
        rule, superpixels, **{key: changes.pop(key) for key in ("total", "seed") if key in changes}
    )
    search = BeamSearch(given, Samples(superpixels), demands(**changes))
    search.run()
    return search.best()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("rule", "smallest"),
    [
        (all_of(3, 7), {3, 7}),
        (any_of(all_of(1), all_of(4, 5)), {1}),
        (all_of(0, 4, 9), {0, 4, 9}),
    ],
)
def test_the_smallest_anchor_of_a_rule_is_found(rule, smallest, seed):
    best = found(rule, 10, seed=seed)
    assert set(np.flatnonzero(best.kept)) == smallest
    assert best.precision == 1.0


def test_a_rule_that_always_holds_has_the_empty_anchor():
    best = found(always, 10)
    assert not best.kept.any()
    assert best.precision == 1.0
    assert best.lower_bound > 0.7


def test_a_rule_that_nearly_always_holds_has_the_empty_anchor_too():
    # 1 - 2^-7 of all photos show one of seven superpixels: "anchors" would be found everywhere
    assert not found(at_least(1, *range(7)), 10).kept.any()


def random_rule(seed):
    """An "or" of three "and"s, each of two or three of six superpixels."""
    rng = np.random.default_rng(seed)
    terms = [all_of(*rng.choice(6, size=rng.integers(2, 4), replace=False)) for _ in range(3)]
    return any_of(*terms)


def clear_cases():
    """Rules under which no anchor is nearly, but not quite, precise enough."""
    for seed in range(60):
        rule = random_rule(seed)
        anchors = [set(one) for size in range(5) for one in itertools.combinations(range(6), size)]
        precision = [exact_precision(rule, one, 6) for one in anchors]
        if not any(0.85 < one < 1 for one in precision):
            sure = [anchor for anchor, one in zip(anchors, precision, strict=True) if one == 1]
            least = min(map(len, sure))
            yield seed, [one for one in sure if len(one) == least]


CLEAR = list(clear_cases())[:12]


@pytest.mark.parametrize(("seed", "winners"), CLEAR)
def test_the_search_agrees_with_trying_every_anchor(seed, winners):
    best = found(random_rule(seed), 6, beam_size=6)
    assert set(np.flatnonzero(best.kept)) in winners


def test_where_no_anchor_is_precise_enough_the_best_of_those_tried_is_returned():
    best = found(all_of(0, 1, 2, 3, 4), 6, max_size=3)
    assert set(np.flatnonzero(best.kept)) < {0, 1, 2, 3, 4}
    assert best.kept.sum() == 3
    assert best.lower_bound < best.precision < 0.9


def test_a_class_that_never_stays_on_top_is_searched_by_its_probability():
    class NeverOnTop(FollowsARule):
        def predict(self, images):
            yes = 0.4 * (images[:, 0, [2, 5, 8], 0] > 0).mean(axis=1)
            return np.stack([1 - yes, yes], axis=1)

    given = sampler(always, 24)
    classifier = NeverOnTop(image=given.image, labels_of_pixels=given.labels, rule=None)
    search = BeamSearch(
        attrs.evolve(given, classifier=classifier), Samples(24), demands(max_size=3, beam_size=2)
    )
    search.run()
    best = search.best()
    assert len(set(np.flatnonzero(best.kept)) & {2, 5, 8}) >= 2  # by luck in 4 % of all cases
    assert best.precision == best.lower_bound == 0


@settings(max_examples=20)
@given(total=st.integers(1, 300))
def test_the_budget_is_never_overrun(total):
    given = sampler(all_of(0, 1, 2), 8, total=total)
    search = BeamSearch(given, Samples(8), demands())
    search.run()
    assert given.classifier.calls == given.budget.spent <= total
    assert given.classifier.largest_batch <= 16
    assert search.ended_early or set(np.flatnonzero(search.best().kept)) == {0, 1, 2}


@pytest.mark.parametrize("max_calls", [16, 50, 100, 200, 300])
def test_when_the_classifier_stops_answering_the_best_so_far_is_known(max_calls):
    given = sampler(all_of(0, 1, 2), 8, max_calls=max_calls)
    search = BeamSearch(given, Samples(8), demands())
    with pytest.raises(BudgetSpentError):
        search.run()
    assert given.classifier.calls <= max_calls
    best = search.best()
    assert best.kept.any()
    assert best.lower_bound <= best.precision
    if max_calls >= 200:
        assert set(np.flatnonzero(best.kept)) & {0, 1, 2}


def test_the_searchs_own_bound_holds_although_the_winner_was_chosen():
    rule, failures, optimistic = at_least(4, *range(8)), 0, 0.0
    for seed in range(30):
        best = found(rule, 8, seed=seed, total=250, max_size=2)
        truth = exact_precision(rule, np.flatnonzero(best.kept), 8)
        failures += best.lower_bound > truth
        optimistic += (best.precision - truth) / 30
    assert failures <= 2  # delta is .05
    assert optimistic > 0  # why the winner is measured afresh


def test_growing_makes_every_larger_anchor_once():
    beam = np.array([[1, 0, 0, 0], [0, 1, 0, 0]], dtype=bool)
    sets = sorted(tuple(np.flatnonzero(row)) for row in grown(beam))
    assert sets == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3)]


flags = st.lists(st.booleans(), min_size=4, max_size=4)


@given(rows=st.lists(st.tuples(flags, flags, st.booleans()), max_size=12), candidate=flags)
def test_samples_speak_for_what_they_show_unless_they_were_made_to_show_more(rows, candidate):
    samples = Samples(4)
    expected = [0, 0]
    for anchor, coins, hit in rows:
        kept = np.array(anchor) | np.array(coins)
        samples.add(np.array([anchor]), kept[None], np.array([hit]), np.array([0.5]))
        asked = set(np.flatnonzero(candidate))
        if set(np.flatnonzero(anchor)) <= asked <= set(np.flatnonzero(kept)):
            expected[0] += 1
            expected[1] += hit
    counts = samples.counts(np.array([candidate]))
    assert [counts.samples[0], counts.hits[0]] == expected


def test_samples_taken_over_from_a_smaller_anchor_have_the_larger_ones_precision():
    rule = at_least(4, *range(8))
    given, samples = sampler(rule, 8), Samples(8)
    given.draw(np.tile(np.arange(8) < 1, (4000, 1)), into=samples)
    counts = samples.counts(np.array([np.arange(8) < 3]))
    assert 900 < counts.samples[0] < 1100  # one in four of 4000
    truth = exact_precision(rule, (0, 1, 2), 8)
    assert binomtest(int(counts.hits[0]), int(counts.samples[0]), truth).pvalue > 0.001


def test_kl_lucb_finds_the_best_two_and_spends_its_samples_on_the_doubtful_ones():
    truth = np.array([0.9, 0.8, 0.55, 0.5, 0.1, 0.05])

    class Coins:
        """Superpixel i kept alone has precision truth[i]."""

        budget = Budget(total=10_000)
        rng = np.random.default_rng(0)

        def draw(self, anchors, into):
            hits = self.rng.random(len(anchors)) < truth[anchors.argmax(axis=1)]
            into.add(anchors, anchors, hits, hits * 1.0)

    samples, arms = Samples(6), np.eye(6, dtype=bool)
    best = best_arms(Coins(), samples, arms, count=2, delta=0.1, epsilon=0.1, allowance=10_000)
    assert best.tolist() == [0, 1]
    drawn = samples.counts(arms).samples
    assert drawn[1] > drawn[0] and drawn[2] > drawn[5]
    assert drawn.sum() < 6000  # it stopped because it was sure


def test_kl_lucb_draws_no_more_than_its_allowance():
    given, samples = sampler(always, 6), Samples(6)
    best_arms(given, samples, np.eye(6, dtype=bool), count=1, delta=0.1, epsilon=0.01, allowance=50)
    assert len(samples) == 48
