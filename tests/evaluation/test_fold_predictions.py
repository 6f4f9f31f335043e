"""What is predicted for a fold is what a recommender of its training cases alone would predict."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cbrkit_xai as cx
from cbrkit_xai import Cases, use
from cbrkit_xai.configurations import Components
from cbrkit_xai.errors import NotOrganizableError, ParameterError
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.predicting.fold_predictions import STAGES, FoldPredictor, distances_once
from cbrkit_xai.features import take
from cbrkit_xai.learning import organize
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.neighbours import Entries
from cbrkit_xai.organizers.linear import Linear
from cbrkit_xai.registry import Registry

REGISTRY = Registry()
N = 40
KS = (1, 2, 3, 7, 200)


def choices_of_organizers():
    """Every organizer by default and with its examples; DBSCAN's search finds nothing in so few cases."""
    extra = {
        "dbscan-prototypes": [{"min_samples": 3, "eps": 2.5}, {"min_samples": 2, "eps": 2.0}],
        "two-stage": [{"prototypes": {"use": "k-means-prototypes"}}],
        "k-medoids": [{"represent_by": "medoid", "n_clusters": 4}],
    }
    for name in REGISTRY.names("organizer"):
        examples = REGISTRY.find("organizer", name).examples
        if name == "dbscan-prototypes":
            examples = [{**one, "min_samples": 3, "eps": 2.5} for one in examples]
        else:
            yield use(name)
        for parameters in (*examples, *extra.get(name, ())):
            yield use(name, **parameters)


ORGANIZERS = list(choices_of_organizers())
REUSES = [
    use(name, **parameters)
    for name in REGISTRY.names("reuse-strategy")
    for parameters in ({}, *REGISTRY.find("reuse-strategy", name).examples)
    if name != "aggregated" or parameters
]
every_organizer = pytest.mark.parametrize("organizer", ORGANIZERS, ids=str)
every_reuse = pytest.mark.parametrize("reuse", REUSES, ids=str)


def cases(n=N, *, unasked=0.1, seed=0):
    """Four clouds, each with a winner of its own; ids in no order, and two photos judged twice."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 4, n)
    features = (rng.normal(size=(4, 5)) * 3)[kind] + rng.normal(size=(n, 5))
    votes = rng.poisson(1 + 4 * np.eye(4)[kind]).astype(float)
    votes[rng.random(votes.shape) < unasked] = np.nan
    ids = [f"case-{number}" for number in rng.permutation(n)]
    features[1], features[5] = features[0], features[4]
    groups = ["one", "one", *ids[2:4], "two", "two", *ids[6:]]
    return Cases(ids=ids, features=features, votes=votes, methods=list("abcd"), groups=groups)


def components(*, metric="euclidean", organizer="linear", aggregator="mean", reuse="mean"):
    choices = {"metric": metric, "organizer": organizer, "aggregator": aggregator, "reuse-strategy": reuse}
    made = {
        kind: REGISTRY.create(kind, use(choice) if isinstance(choice, str) else choice)
        if isinstance(choice, str | cx.Use)
        else choice
        for kind, choice in choices.items()
    }
    return Components(
        representation=object(),
        metric=made["metric"],
        organizer=made["organizer"],
        aggregator=made["aggregator"],
        reuse=made["reuse-strategy"],
        retention=object(),
    )


def folds_of(columns, folds=4, seed=0):
    """Deal groups into folds."""
    groups = sorted(set(columns.groups))
    dealt = dict(zip(groups, np.random.default_rng(seed).permutation(len(groups)) % folds, strict=True))
    return Folds(fold_of=[[dealt[group] for group in columns.groups]])


def plainly(parts, columns, split, ks=KS):
    """Predictions for each k, and entries, of an index that knows the training cases and nothing else."""
    training = columns.take(split.training)
    fitted, index = organize(parts, training)
    predicted = []
    for k in ks:
        reuse = fitted.reuse
        if hasattr(reuse, "fitted"):
            reuse = reuse.fitted(training, index.nearest(training.features, k, exclude=training.held_out()))
        predicted.append(reuse.reuse(index.nearest(take(columns.features, split.held_out), k)))
    return np.stack(predicted, axis=1), len(index.entries)


def compared(parts, columns, *, exactly=False, without_distances=False):
    """Predict with distances that are looked up, or without, and compare with what was done plainly."""
    distances = [None] if without_distances else [None, distances_once(parts, columns)]
    for split in folds_of(columns).splits():
        wanted, entries = plainly(parts, columns, split)
        for known in distances:
            found = FoldPredictor(components=parts, cases=columns, distances=known, ks=KS).predict(split)
            assert found.problem == ""
            tolerance = 0 if exactly else 1e-12
            np.testing.assert_allclose(found.predicted, wanted, rtol=tolerance, atol=tolerance)
            assert found.entries == entries


@every_organizer
def test_every_organizer_predicts_as_one_that_knows_the_training_cases_alone(organizer):
    compared(components(organizer=organizer), cases())


@every_reuse
@pytest.mark.parametrize("organizer", ["linear", use("k-means-prototypes", n_clusters=5)], ids=str)
def test_every_reuse_strategy_learns_from_the_training_cases_alone(reuse, organizer):
    compared(components(organizer=organizer, reuse=reuse), cases(), exactly=reuse != use("mean"))


@pytest.mark.parametrize("metric", ["cosine", "manhattan", "correlation", "canberra", use("minkowski", p=3)])
@pytest.mark.parametrize(
    "organizer",
    ["linear", "condensed", "k-medoids", use("dbscan-prototypes", min_samples=2, eps=1.0)],
    ids=str,
)
def test_whatever_the_metric_distances_that_are_looked_up_change_nothing(metric, organizer):
    columns = cases(unasked=0.0)
    parts = components(metric=metric, organizer=organizer)
    distances = distances_once(parts, columns)
    for split in folds_of(columns).splits():
        found = [
            FoldPredictor(components=parts, cases=columns, distances=known, ks=KS).predict(split)
            for known in (distances, None)
        ]
        np.testing.assert_allclose(found[0].predicted, found[1].predicted, rtol=1e-12, atol=1e-12)
        assert (found[0].entries, found[0].problem) == (found[1].entries, found[1].problem)


@pytest.mark.parametrize("reuse", ["mean", use("mean", weight="similarity")], ids=str)
@pytest.mark.parametrize("aggregator", ["median", "trimmed-mean", "medoid"])
def test_whatever_the_aggregator_prototypes_are_those_of_the_training_cases(reuse, aggregator):
    organizer = use("agglomerative-prototypes", n_clusters=4)
    compared(components(organizer=organizer, aggregator=aggregator, reuse=reuse), cases())


@attrs.frozen(kw_only=True)
class ComparesWithEvery(Linear):
    """A stranger's linear organizer, for which no shortcut is known."""


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_one_ordering_gives_what_an_index_of_each_fold_gives(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 30))
    votes = rng.integers(0, 9, size=(n, 2)).astype(float)
    votes[rng.random(votes.shape) < rng.choice([0.0, 0.4])] = np.nan
    columns = Cases(
        ids=[f"case-{number}" for number in rng.permutation(n)],
        features=rng.integers(0, int(rng.integers(1, 6)), size=(n, 2)).astype(float),  # full of ties
        votes=votes,
        methods=["a", "b"],
    )
    ks = rng.integers(1, n + 3, size=5).tolist()
    distances = distances_once(components(), columns)
    ordered, asked = (
        FoldPredictor(components=components(organizer=one), cases=columns, distances=distances, ks=ks)
        for one in (Linear(), ComparesWithEvery())
    )
    for split in folds_of(columns, folds=int(rng.integers(2, 6))).splits():
        mine, theirs = ordered.predict(split), asked.predict(split)
        assert mine.problem == theirs.problem == ""
        np.testing.assert_allclose(mine.predicted, theirs.predicted, rtol=1e-12)
        np.testing.assert_allclose(mine.weight_squares, theirs.weight_squares, rtol=1e-12)
        assert (mine.entries, mine.clustered) == (theirs.entries, theirs.clustered)


def test_the_nearest_cases_votes_by_hand():
    columns = Cases(
        ids=["a", "b", "c", "d"],
        features=np.array([[0.0], [1.0], [3.0], [7.0]]),
        votes=[[8.0, 1.0], [4.0, np.nan], [2.0, 5.0], [0.0, 3.0]],
        methods=["lime", "xrai"],
    )
    distances = distances_once(components(), columns)
    predictor = FoldPredictor(components=components(), cases=columns, distances=distances, ks=[1, 2, 3, 9])
    split = Folds(fold_of=[[0, 1, 1, 1]]).split(0, 0)  # a is asked about; b, c and d are known
    found = predictor.predict(split)
    np.testing.assert_allclose(found.predicted[0], [[4, np.nan], [3, 5], [2, 4], [2, 4]])
    np.testing.assert_allclose(found.weight_squares[0], [1, 1 / 2, 1 / 3, 1 / 3])


@pytest.mark.parametrize("organizer", ["linear", "kd-tree", use("k-means-prototypes", n_clusters=5)], ids=str)
@pytest.mark.parametrize("scope", ["fold", "global"])
def test_the_one_case_that_a_single_neighbour_is_and_none_where_it_is_a_prototype(organizer, scope):
    columns = cases(unasked=0.0)
    parts = components(organizer=organizer)
    predictor = FoldPredictor(
        components=parts,
        cases=columns,
        distances=distances_once(parts, columns),
        ks=KS,
        cluster_scope=scope,
    )
    spoke = set()
    for split in folds_of(columns).splits():
        found = predictor.predict(split)
        known = found.nearest >= 0
        far = ((columns.features[split.held_out][:, None] - columns.features[split.training]) ** 2).sum(
            axis=2
        )
        for query in np.flatnonzero(known):
            row = found.nearest[query]
            assert row in split.training
            np.testing.assert_array_equal(found.predicted[query, 0], columns.votes[row])
            if "prototypes" not in str(organizer):
                assert far[query, list(split.training).index(row)] == far[query].min()
        spoke.update(known.tolist())
    assert spoke == ({True} if "prototypes" not in str(organizer) else {False}) or scope == "global"


@pytest.fixture(scope="module")
def bundled():
    base = cx.CaseBase.bundled("coco200-auto")
    return attrs.evolve(base, cases=base.cases[:60])


@pytest.mark.parametrize("name", ["hist-cos", "lf-cos"])
@pytest.mark.parametrize(
    "organizer", ["linear", use("dbscan-prototypes", min_clustered=0.1, noise="fallback")], ids=str
)
def test_it_predicts_what_a_fitted_recommender_finds_in_real_photos(bundled, name, organizer):
    chosen = cx.configuration(name, profile="paper2022").evolve(organizer=organizer)
    parts = chosen.components()
    columns = bundled.columns(parts.representation)
    distances = distances_once(parts, columns)
    ks = (1, 5, 30)
    predictor = FoldPredictor(components=parts, cases=columns, distances=distances, ks=ks)
    for split in folds_of(columns, folds=3).splits():
        training = attrs.evolve(bundled, cases=[bundled.cases[row] for row in split.training])
        recommender = chosen.fit(training, learn_now=False)
        found = predictor.predict(split)
        for place, k in enumerate(ks):
            neighbours = recommender.index.nearest(columns.features[split.held_out], k)
            wanted = recommender.fitted.reuse.reuse(neighbours)
            np.testing.assert_allclose(found.predicted[:, place], wanted, rtol=1e-12)
        assert found.entries == len(recommender.index.entries)


def test_what_a_fitted_recommender_has_learnt_is_what_a_fold_learns(bundled):
    chosen = cx.configuration("hist-euc").evolve(organizer="linear", reuse="shrunk")
    parts = chosen.components()
    columns = bundled.columns(parts.representation)
    split = folds_of(columns, folds=3).split(0, 0)
    found = FoldPredictor(
        components=parts, cases=columns, distances=distances_once(parts, columns), ks=[2, 9]
    ).predict(split)
    training = attrs.evolve(bundled, cases=[bundled.cases[row] for row in split.training])
    for place, k in enumerate((2, 9)):
        recommender = chosen.evolve(k=k).fit(training)
        neighbours = recommender.index.nearest(columns.features[split.held_out], k)
        np.testing.assert_array_equal(found.predicted[:, place], recommender.learnt.reuse.reuse(neighbours))


def with_a_million(columns, rows):
    votes = columns.votes.copy()
    votes[rows] = np.where(np.arange(votes.shape[1]) == 2, 1e6, np.nan)
    return attrs.evolve(columns, votes=votes)


def canary(parts, scope, with_distances=True):
    """A million held-out votes must not reach their own fold's predictions."""
    columns = cases()
    distances = distances_once(parts, columns) if with_distances else None
    heard = 0
    for split in folds_of(columns).splits():
        mine, theirs = (
            FoldPredictor(
                components=parts, cases=one, distances=distances, ks=KS, cluster_scope=scope
            ).predict(split)
            for one in (columns, with_a_million(columns, split.held_out))
        )
        assert mine.problem == ""
        np.testing.assert_array_equal(mine.predicted, theirs.predicted)
        np.testing.assert_array_equal(mine.weight_squares, theirs.weight_squares)
        assert mine.entries == theirs.entries or scope == "global"
        known = FoldPredictor(
            components=parts,
            cases=with_a_million(columns, split.training),
            distances=distances,
            ks=KS,
            cluster_scope=scope,
        ).predict(split)
        heard += not np.array_equal(mine.predicted, known.predicted, equal_nan=True)
    assert heard == 4  # it is heard where it may be


@every_organizer
def test_a_million_held_out_votes_change_nothing_in_their_own_predictions(organizer):
    canary(components(organizer=organizer), "fold")


@every_reuse
def test_a_million_held_out_votes_change_nothing_in_what_reuse_learns(reuse):
    canary(components(reuse=reuse), "fold")


@every_organizer
def test_even_where_clusters_leak_a_million_held_out_votes_do_not_speak(organizer):
    canary(components(organizer=organizer), "global")


@pytest.mark.parametrize("reuse", ["shrunk", "dirichlet"])
def test_even_where_clusters_leak_reuse_learns_from_the_training_cases_alone(reuse):
    canary(components(organizer=use("k-means-prototypes", n_clusters=4), reuse=reuse), "global")


def test_held_out_features_move_nothing_in_a_fold_and_clusters_in_the_global_scope():
    columns, parts = cases(), components(organizer=use("agglomerative-prototypes", n_clusters=3))

    def of_the_first(one, split, scope):
        predictor = FoldPredictor(
            components=parts, cases=one, distances=distances_once(parts, one), ks=[1], cluster_scope=scope
        )
        found = predictor.predict(split)
        assert found.leaks == (("organizer",) if scope == "global" else ())
        return found.predicted[0]

    differing = {"fold": 0, "global": 0}
    for split in folds_of(columns).splits():
        features = columns.features.copy()
        features[split.held_out[1:]] = 100.0  # all but the first go to a far place, and are a cluster there
        moved = attrs.evolve(columns, features=features)
        for scope in differing:
            before, after = (of_the_first(one, split, scope) for one in (columns, moved))
            differing[scope] += not np.array_equal(before, after)
    assert differing["fold"] == 0
    assert differing["global"] > 0


def test_what_finds_the_nearest_of_all_cases_exactly_and_learns_nothing_does_not_leak():
    for organizer in ("linear", "kd-tree", "ball-tree"):
        assert leaks_of(Euclidean(), organizer) == ()


def test_a_metric_that_learns_leaks_through_every_organizer():
    @attrs.frozen
    class Learning:
        scale: float = 1.0

        def pairwise(self, queries, references):
            return self.scale * Euclidean().pairwise(queries, references)

        def fitted(self, cases, neighbours=None):
            return Learning(scale=float(1 + np.nanmean(cases.votes)))

    @attrs.frozen
    class Modest(Learning):
        def fitted(self, cases, neighbours=None):
            return self

    for organizer in ("linear", use("k-medoids", n_clusters=4)):
        entries = () if organizer == "linear" else ("organizer",)
        assert leaks_of(Learning(), organizer) == (*entries, "metric")
        assert leaks_of(Modest(), organizer) == entries  # nothing was to be learnt
        assert leaks_of(Learning(), organizer, "fold") == ()


def leaks_of(metric, organizer, scope="global"):
    columns, made = cases(), attrs.evolve(components(organizer=organizer), metric=metric)
    predictor = FoldPredictor(components=made, cases=columns, ks=[1], cluster_scope=scope)
    found = predictor.predict(folds_of(columns).split(0, 0))
    assert found.problem == ""
    return found.leaks


def test_in_the_global_scope_all_cases_are_organised_once_and_the_fold_is_excluded():
    columns = cases()
    organized = []

    @attrs.frozen
    class Counting:
        within: object

        def organize(self, cases, metric, aggregator, progress=None):
            organized.append(len(cases))
            return self.within.organize(cases, metric, aggregator, progress)

    within = REGISTRY.create("organizer", use("k-means-prototypes", n_clusters=4))
    parts = components(organizer=Counting(within))
    predictor = FoldPredictor(
        components=parts,
        cases=columns,
        distances=distances_once(parts, columns),
        ks=KS,
        cluster_scope="global",
    )
    index = within.organize(columns, Euclidean(), parts.aggregator)
    for split in folds_of(columns).splits():
        found = predictor.predict(split)
        gone = [[columns.ids[row] for row in split.held_out]] * len(split.held_out)
        wanted = index.nearest(columns.features[split.held_out], 2, gone)
        np.testing.assert_allclose(found.predicted[:, 1], parts.reuse.reuse(wanted), rtol=1e-12)
        assert found.clustered
    assert organized == [N]


WEIGHED = [
    # With the others, which entries there are depends on votes.
    *(
        one
        for one in ORGANIZERS
        if not any(word in str(one) for word in ("condensed", "footprint", "supervised"))
    ),
    use("two-stage", prototypes={"use": "random-prototypes", "n_clusters": 4}),
]


PAIRS = [
    *((organizer, use("mean")) for organizer in WEIGHED),
    *(
        (organizer, reuse)
        for organizer in (use("linear"), use("dbscan-prototypes", noise="fallback", min_samples=3, eps=2.5))
        for reuse in (use("mean", weight="similarity"), use("shrunk", share=0.3), use("rank-weighted"))
    ),
]


@pytest.mark.parametrize("scope", ["fold", "global"])
@pytest.mark.parametrize(("organizer", "reuse"), PAIRS, ids=str)
def test_weights_are_what_each_training_cases_votes_change_in_a_prediction(organizer, reuse, scope):
    # With a method for each case, of which that case alone has a vote, predictions are weights.
    columns = attrs.evolve(cases(), votes=np.eye(N), methods=[f"m{row:02d}" for row in range(N)])
    parts = components(organizer=organizer, reuse=reuse)
    predictor = FoldPredictor(
        components=parts,
        cases=columns,
        distances=distances_once(parts, columns),
        ks=KS,
        cluster_scope=scope,
    )
    for split in folds_of(columns).splits():
        found = predictor.predict(split)
        assert found.problem == ""
        np.testing.assert_allclose(found.predicted.sum(axis=2), 1, rtol=1e-9)
        np.testing.assert_allclose(np.square(found.predicted).sum(axis=2), found.weight_squares, rtol=1e-9)


@attrs.frozen
class Overlapping:
    """Two prototypes of which the first case is a member of both."""

    def organize(self, cases, metric, aggregator, progress=None):
        members = [cases.ids[:2], [cases.ids[0], *cases.ids[2:]]]
        rows = [[cases.row_of[one] for one in ids] for ids in members]
        entries = Entries(
            ids=["first", "second"],
            features=np.stack([cases.features[some].mean(axis=0) for some in rows]),
            votes=[cases.votes[some].mean(axis=0) for some in rows],
            members=members,
            is_prototype=[True, True],
        )
        return OverlappingIndex(entries, metric)


@attrs.frozen
class OverlappingIndex:
    entries: Entries
    metric: object

    def nearest(self, queries, k, exclude=None):
        return self.entries.nearest(self.metric.pairwise(queries, self.entries.features), k)


def test_a_case_that_is_a_member_of_two_entries_has_the_weight_of_both():
    columns = attrs.evolve(cases(), votes=np.eye(N), methods=[f"m{row:02d}" for row in range(N)])
    for reuse in ("mean", use("mean", weight="similarity")):
        predictor = FoldPredictor(
            components=components(organizer=Overlapping(), reuse=reuse), cases=columns, ks=[1, 2]
        )
        found = predictor.predict(folds_of(columns).split(0, 1))
        assert found.problem == ""
        np.testing.assert_allclose(np.square(found.predicted).sum(axis=2), found.weight_squares, rtol=1e-9)


def test_a_strategy_that_makes_no_weighted_mean_of_votes_states_no_weights():
    columns, split = cases(unasked=0.0), folds_of(cases()).split(0, 0)
    for reuse in ("borda", "majority", "dirichlet", use("aggregated", aggregator={"use": "median"})):
        parts = components(reuse=reuse)
        found = FoldPredictor(
            components=parts, cases=columns, distances=distances_once(parts, columns), ks=[7]
        ).predict(split)
        assert np.isnan(found.weight_squares).any(), reuse
    parts = components(reuse=use("aggregated", aggregator={"use": "median"}))
    found = FoldPredictor(components=parts, cases=columns, ks=[1, 2]).predict(split)
    np.testing.assert_allclose(found.weight_squares, [[1, 1 / 2]] * len(split.held_out))


def test_what_cannot_be_organised_is_a_sentence_and_no_prediction():
    columns = cases()
    parts = components(organizer=use("dbscan-prototypes", min_samples=3, eps=0.001))
    split = folds_of(columns).split(0, 0)
    training = columns.take(split.training)
    with pytest.raises(NotOrganizableError) as caught:
        parts.organizer.organize(training, parts.metric, parts.aggregator)
    for distances in (distances_once(parts, columns), None):
        found = FoldPredictor(components=parts, cases=columns, distances=distances, ks=KS).predict(split)
        assert found.problem == str(caught.value)
        assert np.isnan(found.predicted).all()
        assert found.predicted.shape == (len(split.held_out), len(KS), 4)
        assert np.isnan(found.weight_squares).all()
        assert (found.entries, found.clustered) == (0, False)


def test_whatever_a_strangers_component_raises_is_told():
    class Breaks:
        def organize(self, cases, metric, aggregator, progress=None):
            raise IndexError("no such\nthing")

    columns = cases()
    found = FoldPredictor(components=components(organizer=Breaks()), cases=columns, ks=KS).predict(
        folds_of(columns).split(0, 0)
    )
    assert found.problem == "IndexError: no such thing"


def test_a_slow_metric_is_asked_for_each_pair_once_in_all_folds():
    pairs = []

    class Counting:
        def pairwise(self, queries, references):
            pairs.append(len(queries) * len(references))
            return np.abs(queries[:, None] - references[None]).sum(axis=2)

    columns = cases()
    for organizer in ("linear", "condensed", "footprint", use("k-medoids", represent_by="medoid")):
        for reuse in ("mean", use("mean", weight="similarity"), "shrunk"):
            parts = components(metric=Counting(), organizer=organizer, reuse=reuse)
            distances = distances_once(parts, columns)
            pairs.clear()
            predictor = FoldPredictor(components=parts, cases=columns, distances=distances, ks=KS)
            assert [predictor.predict(split).problem for split in folds_of(columns).splits()] == [""] * 4
            assert sum(pairs) == 0


def test_a_metric_that_learns_is_fitted_to_each_fold():
    rng = np.random.default_rng(0)
    several = {"colour": rng.normal(size=(N, 3)), "shape": rng.normal(size=(N, 2))}
    columns = attrs.evolve(cases(unasked=0.0), features=several)
    metric = use(
        "fused", parts={"colour": {"use": "euclidean"}, "shape": {"use": "manhattan"}}, weights="votes"
    )
    assert distances_once(components(metric=metric), columns) is None
    for organizer in ("linear", "k-medoids"):
        compared(components(metric=metric, organizer=organizer), columns, without_distances=True)


@pytest.mark.parametrize(
    "held_out", [[], list(range(N)), list(range(1, N))], ids=["none", "all", "all but one"]
)
@pytest.mark.parametrize("organizer", ["linear", ComparesWithEvery(), use("random-prototypes", n_clusters=1)])
def test_a_fold_may_hold_out_nothing_or_nearly_everything(organizer, held_out):
    columns = cases()
    parts = components(organizer=organizer)
    fold_of = np.full(N, -1)
    fold_of[held_out] = 0
    found = FoldPredictor(
        components=parts, cases=columns, distances=distances_once(parts, columns), ks=KS
    ).predict(Folds(fold_of=[fold_of]).split(0, 0))
    assert found.predicted.shape == (len(held_out), len(KS), 4)
    if len(held_out) == N:
        assert np.isnan(found.predicted).all()
        assert np.isnan(found.weight_squares).all()
    else:
        assert found.problem == ""
        np.testing.assert_array_equal(found.weight_squares, np.ones((len(held_out), len(KS))) / 1.0)


@pytest.mark.parametrize("organizer", ["linear", "k-medoids"])
def test_each_stage_is_timed_and_nothing_can_be_written_to(organizer):
    columns, parts = cases(), components(organizer=organizer)
    found = FoldPredictor(
        components=parts, cases=columns, distances=distances_once(parts, columns), ks=KS
    ).predict(folds_of(columns).split(0, 0))
    assert tuple(found.seconds) == STAGES
    assert all(seconds >= 0 for seconds in found.seconds.values())
    assert isinstance(found.seconds, Mapping)
    for array in (found.predicted, found.weight_squares):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 0


@pytest.mark.parametrize("ks", [[], [0], [1.5], [-1, 3]])
def test_numbers_of_neighbours_out_of_range_are_refused(ks):
    with pytest.raises(ParameterError):
        FoldPredictor(components=components(), cases=cases(), ks=ks)


def test_distances_of_other_cases_are_refused():
    with pytest.raises(ParameterError, match=r"shape \(3, 3\).*allowed: \(40, 40\)"):
        FoldPredictor(components=components(), cases=cases(), distances=np.zeros((3, 3)), ks=[1])
