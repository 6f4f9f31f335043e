"""What a case says must not reach its own leave-one-out prediction, nor the fits of other folds."""

import attrs
import numpy as np
import pytest
from made_up import METHODS, World, base_of, configuration, plugin, registry_with, with_votes

from cbrkit_xai import ReuseStrategyPlugin, Target, learning, use
from cbrkit_xai.confidence import shares
from cbrkit_xai.confidence.mixture import fit_mixture

ORGANIZERS = {
    "linear": use("linear"),
    "searched": use("dbscan-prototypes", min_clustered=0.4),
    **{
        noise: use("dbscan-prototypes", noise=noise, min_samples=3, eps=30.0)
        for noise in ("drop", "fallback", "singleton", "nearest")
    },
}
every_organizer = pytest.mark.parametrize("organizer", ORGANIZERS.values(), ids=ORGANIZERS)
MILLION = (1e6, 0, 0, 0)


@pytest.fixture(scope="module")
def base():
    return World(seed=5, signal=1.0).base(30)


def leave_one_out(base, registry, organizer):
    """What a learnt recommender predicts for each of its own cases, left out."""
    reuse = use("mean", weight="similarity")
    recommender = configuration(organizer=organizer, reuse=reuse).fit(
        base, registry=registry, learn_now=False
    )
    cases = recommender.cases
    neighbours = recommender.index.nearest(cases.features, 5, exclude=cases.held_out())
    strategy = recommender.fitted.reuse
    return (
        strategy.reuse(neighbours),
        learning.neighbour_shares(neighbours, cases, strategy, cases.held_out()),
        neighbours.distances,
    )


def test_a_million_votes_do_change_what_the_others_are_told(registry, base):
    before, after = (leave_one_out(one, registry, "linear") for one in (base, with_votes(base, 17, MILLION)))
    assert (before[0] != after[0]).any(axis=1).sum() > 1


@every_organizer
@pytest.mark.parametrize("row", [0, 17])
def test_a_million_votes_change_nothing_in_the_cases_own_prediction(registry, base, organizer, row):
    before = leave_one_out(base, registry, organizer)
    after = leave_one_out(with_votes(base, row, MILLION), registry, organizer)
    for mine, theirs in zip(before, after, strict=True):
        np.testing.assert_array_equal(mine[row], theirs[row])


def watched_folds(base, registry, monkeypatch, **changes):
    """Fit, and return (held-out rows, shares of the training cases, shares of the held-out) per fold."""
    folds = []
    real = learning.fit_confidence

    def watching(methods, votes, effective, groups, own, cross_fit, **options):
        def watched(training, held_out):
            found = cross_fit(training, held_out)
            folds.append((training, held_out, *found))
            return found

        return real(methods, votes, effective, groups, own, watched, **options)

    with monkeypatch.context() as patched:
        patched.setattr(learning, "fit_confidence", watching)
        configuration(**changes).fit(base, registry=registry)
    return folds


def lambda_and_c(votes, rows, neighbours):
    mixture = fit_mixture(votes[rows], np.full(len(rows), 10.0), neighbours, rows)
    return mixture.lam, mixture.concentration


@every_organizer
def test_a_million_held_out_votes_change_nothing_in_the_fold_that_holds_them_out(
    registry, base, organizer, monkeypatch
):
    row = 13
    # The same winner as before, or the folds would be dealt otherwise.
    winner = int(np.argmax(base.votes[row]))
    changed = with_votes(base, row, [1e6 if method == winner else 0 for method in range(4)])
    reuse = use("mean", weight="similarity", shrinkage="fitted")
    before = watched_folds(base, registry, monkeypatch, organizer=organizer, reuse=reuse)
    after = watched_folds(changed, registry, monkeypatch, organizer=organizer, reuse=reuse)
    compared = 0
    for mine, theirs in zip(before, after, strict=True):
        np.testing.assert_array_equal(mine[0], theirs[0])
        if row in mine[1]:
            compared += 1
            np.testing.assert_array_equal(mine[2], theirs[2])
            np.testing.assert_array_equal(mine[3], theirs[3])
            assert lambda_and_c(base.votes, *mine[:1], mine[2]) == lambda_and_c(
                changed.votes, *theirs[:1], theirs[2]
            )
    assert compared == 1


@attrs.frozen(kw_only=True)
class LearnsFromVotes:
    """A reuse strategy whose weights come from the votes it was fitted to."""

    seen: float = 0.0

    def weights(self, neighbours):
        raw = 1 / (1 + self.seen * np.arange(neighbours.positions.shape[1]))
        return np.broadcast_to(raw / raw.sum(), neighbours.positions.shape)

    def reuse(self, neighbours):
        return np.einsum("qkm,qk->qm", neighbours.votes, self.weights(neighbours))

    def fitted(self, cases, neighbours=None):
        return LearnsFromVotes(seen=float(cases.votes.sum()))


@pytest.mark.parametrize("in_memory", [True, False])
def test_weights_that_are_learnt_have_not_seen_the_votes_of_the_fold(base, monkeypatch, in_memory):
    if not in_memory:
        monkeypatch.setattr(learning, "MOST_CASES_IN_MEMORY", 0)
    record = ReuseStrategyPlugin(name="learns", summary="Learns", source="made up", factory=LearnsFromVotes)
    registry = registry_with(plugin(cbrkit_xai_reuse_strategies=[record]))
    row = 13
    winner = int(np.argmax(base.votes[row]))
    changed = with_votes(base, row, [1e6 if method == winner else 0 for method in range(4)])
    before = watched_folds(base, registry, monkeypatch, reuse="learns")
    after = watched_folds(changed, registry, monkeypatch, reuse="learns")
    for mine, theirs in zip(before, after, strict=True):
        if row in mine[1]:
            np.testing.assert_array_equal(mine[2], theirs[2])
            np.testing.assert_array_equal(mine[3], theirs[3])


@pytest.fixture(scope="module")
def twice():
    """30 photos, each judged for two classes; the two cases of a photo agree, and nothing else does."""
    images, votes = World(seed=9, signal=0).sample(30, 0)
    first, second = (base_of(images, votes, target=Target(classifier="net", index=index)) for index in (0, 1))
    others = [attrs.evolve(case, id=f"{case.id}-again") for case in second.cases]
    return attrs.evolve(first, cases=[*first.cases, *others])


@every_organizer
def test_a_photo_judged_twice_never_predicts_itself(registry, twice, organizer):
    recommender = configuration(organizer=organizer).fit(twice, registry=registry)
    cases = recommender.cases
    assert len(set(cases.groups)) == 30
    neighbours = recommender.index.nearest(cases.features, 5, exclude=cases.held_out())
    assert all(len(ids) == 2 for ids in cases.held_out())
    for query, identifier in enumerate(cases.ids):
        own = {identifier, f"{identifier}-again", identifier.removesuffix("-again")}
        for place, entry in enumerate(neighbours.positions[query]):
            if entry >= 0:
                speaking = set(neighbours.entries.members[entry]) - own
                assert neighbours.sizes[query, place] == len(speaking)
                rows = [twice.row_of[one] for one in sorted(speaking)]
                np.testing.assert_allclose(neighbours.votes[query, place], twice.votes[rows].mean(axis=0))


def test_a_photo_judged_twice_is_no_evidence_of_skill(registry, twice):
    assert configuration(k=1).fit(twice, registry=registry).learnt.confidence.basis == "overall"


def test_both_cases_of_a_photo_are_held_out_together(registry, twice, monkeypatch):
    folds = watched_folds(twice, registry, monkeypatch)
    photos = np.array([case.image_sha256 for case in twice.cases])
    for training, held_out, *_ in folds:
        assert not set(photos[training]) & set(photos[held_out])
    assert sorted(row for fold in folds for row in fold[1]) == list(range(60))


@pytest.mark.parametrize("organizer", [ORGANIZERS["linear"], ORGANIZERS["fallback"]], ids=str)
def test_what_a_fold_sees_is_what_a_recommender_of_its_cases_would_see(
    registry, base, organizer, monkeypatch
):
    reuse = use("mean", weight="similarity")
    folds = watched_folds(base, registry, monkeypatch, organizer=organizer, reuse=reuse)
    training, held_out, _, found = folds[0]
    alone = configuration(organizer=organizer, reuse=reuse).fit(
        attrs.evolve(base, cases=[base.cases[row] for row in training]), registry=registry
    )
    cases = base.columns(alone.fitted.representation)
    neighbours = alone.index.nearest(cases.features[held_out], 5)
    table = shares(alone.cases.votes)
    for query in range(len(held_out)):
        rows, weights = [], []
        for place, entry in enumerate(neighbours.positions[query]):
            if entry >= 0:
                members = [alone.cases.ids.index(one) for one in neighbours.entries.members[entry]]
                rows.append(table[members].mean(axis=0))
                weights.append(alone.fitted.reuse.weights(neighbours)[query, place])
        np.testing.assert_allclose(found[query], np.average(rows, axis=0, weights=weights))
    assert len(METHODS) == found.shape[1]
