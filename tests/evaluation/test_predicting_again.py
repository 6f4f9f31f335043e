"""Other votes through organisations that were made once give what organising anew would."""

import attrs
import numpy as np
import pytest

import cbrkit_xai as cx
from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import NotOrganizableError, ParameterError
from cbrkit_xai.evaluation.experiment import evaluate
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.permutation import predicting_again
from cbrkit_xai.evaluation.permutation.permuting import permute
from cbrkit_xai.evaluation.permutation.predicting_again import ignores_votes, predict_again
from cbrkit_xai.evaluation.predicting.fold_predictions import FoldPredictor, distances_once
from cbrkit_xai.evaluation.scoring.vote_errors import pooled_rmse
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.organizers.linear import Linear
from cbrkit_xai.organizers.two_stage import TwoStage
from cbrkit_xai.registry import Registry
from cbrkit_xai.testing.small_base import small_case_base

NAN = np.nan
KS = (1, 2, 4, 9)
FOLDS = Folds(fold_of=[np.arange(40) % 4])


def made_up(*, missing=False, n=40):
    rng = np.random.default_rng(3)
    features = rng.normal(size=(n, 2)) + 6 * rng.integers(0, 3, (n, 1))
    votes = rng.multinomial(5, [0.4, 0.3, 0.2, 0.1], size=n).astype(float)
    if missing:
        votes[rng.random(votes.shape) < 0.2] = NAN
        votes[:3] = NAN
    return Cases(
        ids=[f"case-{row:02d}" for row in range(n)],
        features=features,
        votes=votes,
        methods=("anchors", "ig", "lime", "xrai"),
        groups=[f"photo-{row // 2 if row < 8 else row}" for row in range(n)],
    )


def predictor_of(cases, organizer, reuse="mean", metric="euclidean", scope="fold"):
    components = cx.Configuration(
        name="mine", representation="latent", metric=metric, organizer=organizer, reuse=reuse
    ).components()
    return FoldPredictor(
        components=components,
        cases=cases,
        distances=distances_once(components, cases),
        ks=KS,
        cluster_scope=scope,
    )


def predicted_anew(predictor, votes):
    other = attrs.evolve(predictor, cases=attrs.evolve(predictor.cases, votes=votes))
    predicted = np.full((1, len(votes), len(KS), 4), NAN)
    for split in FOLDS.splits():
        predicted[0, split.held_out] = other.predict(split).predicted
    return predicted


FITTED = cx.use("mean", weight="similarity", shrinkage="fitted")
DENSE = cx.use("dbscan-prototypes", min_samples=3, eps=2.0)


@pytest.mark.parametrize(
    ("scope", "missing"),
    [("fold", False), ("fold", True), ("global", True)],
    ids=["fold", "fold, votes missing", "global, votes missing"],
)
@pytest.mark.parametrize(
    ("organizer", "reuse"),
    [
        ("linear", "mean"),
        ("linear", FITTED),
        ("linear", cx.use("mean", shrinkage=0.3)),
        ("linear", "dirichlet"),
        ("k-means-prototypes", "mean"),
        ("k-means-prototypes", FITTED),
        (DENSE, "mean"),
        (DENSE, cx.use("mean", weight="size", shrinkage="fitted")),
        (DENSE, "similarity-weighted"),
        ("supervised-prototypes", "mean"),
        ("condensed", FITTED),
    ],
    ids=str,
)
def test_predictions_are_those_of_organising_anew(organizer, reuse, scope, missing):
    cases = made_up(missing=missing)
    predictor = predictor_of(cases, organizer, reuse, scope=scope)
    predict = predict_again(predictor, FOLDS)
    for seed in range(2):
        votes = cases.votes[np.random.default_rng(seed).permutation(40)]
        found = predict(votes)
        assert np.isfinite(found).mean() > 0.9
        np.testing.assert_allclose(found, predicted_anew(predictor, votes), rtol=1e-9, atol=1e-12)


def counting(monkeypatch):
    """Count how often anything is organised."""
    calls = []
    genuine = predicting_again.organize

    def organize(components, cases, *rest):
        calls.append(len(cases))
        return genuine(components, cases, *rest)

    monkeypatch.setattr(predicting_again, "organize", organize)
    return calls


@pytest.mark.parametrize("organizer", ["linear", "kd-tree", "k-means-prototypes", DENSE], ids=str)
@pytest.mark.parametrize("reuse", ["mean", FITTED, "dirichlet"], ids=str)
def test_where_votes_have_no_say_nothing_is_organised_for_a_draw(monkeypatch, organizer, reuse):
    cases = made_up()
    calls = counting(monkeypatch)
    predict = predict_again(predictor_of(cases, organizer, reuse), FOLDS)
    before = len(calls)
    for seed in range(3):
        predict(cases.votes[np.random.default_rng(seed).permutation(40)])
    assert len(calls) == before


def test_a_supervised_organizer_is_asked_anew_for_each_table_of_votes(monkeypatch):
    cases = made_up()
    calls = counting(monkeypatch)
    predict = predict_again(predictor_of(cases, "condensed"), FOLDS)
    assert not calls
    other = cases.votes[::-1].copy()
    assert not np.allclose(predict(other), predict(cases.votes))


@attrs.frozen(kw_only=True)
class LooksAtVotesInRareWorlds:
    """A stranger's: compares with every case, but where the first case's votes are those of few worlds."""

    votes: tuple[float, ...]

    def organize(self, cases, metric, aggregator, progress=None):
        kept = np.arange(len(cases))
        if tuple(cases.votes[0]) == self.votes:
            kept = kept[::2]
        return Linear().organize(cases.take(kept), metric, aggregator)


def test_a_strangers_organizer_that_looks_at_votes_in_rare_worlds_is_right_in_these():
    cases = made_up()
    rare = (2.5, 2.5, 0.0, 0.0)
    assert not (cases.votes == rare).all(axis=1).any()  # so that no shuffle of these votes comes by it
    predictor = predictor_of(cases, "linear")
    strange = attrs.evolve(
        predictor,
        components=attrs.evolve(predictor.components, organizer=LooksAtVotesInRareWorlds(votes=rare)),
    )
    usual, votes = cases.votes[::-1].copy(), cases.votes.copy()
    votes[0] = votes[1] = rare  # the first case of each fold's training cases is one of them
    predict = predict_again(strange, FOLDS)
    np.testing.assert_allclose(predict(usual), predicted_anew(predictor, usual))
    np.testing.assert_allclose(predict(votes), predicted_anew(strange, votes))
    assert not np.allclose(predict(votes), predicted_anew(predictor, votes))


@attrs.frozen(kw_only=True)
class Stranger(Linear):
    """A stranger's own that is like the core's in all but its type."""


@attrs.frozen(kw_only=True)
class LearningMetric:
    """A metric that may look at votes, as it offers to learn."""

    def fitted(self, cases, neighbours=None):
        return self

    def pairwise(self, queries, references):
        return Euclidean().pairwise(queries, references)


def test_what_is_not_known_to_ignore_votes_does_not():
    parts = predictor_of(made_up(), "linear").components
    assert ignores_votes(parts)
    assert not ignores_votes(attrs.evolve(parts, organizer=Stranger()))
    assert not ignores_votes(attrs.evolve(parts, metric=LearningMetric()))
    assert not ignores_votes(attrs.evolve(parts, organizer=TwoStage(prototypes=Stranger())))
    assert ignores_votes(attrs.evolve(parts, organizer=TwoStage()))


@pytest.mark.parametrize("name", Registry().names("organizer"))
def test_of_the_cores_organizers_those_that_choose_by_votes_are_the_ones_asked_anew(name):
    many = {"dbscan-prototypes": {"min_samples": 3, "eps": 2.0}}
    parts = predictor_of(made_up(), cx.use(name, **many.get(name, {}))).components
    found = set()
    for world in range(12):
        cases = made_up(missing=world % 2 == 1)
        rng = np.random.default_rng(world)
        votes = cases.votes[rng.permutation(40)] if world < 8 else rng.integers(0, 6, (40, 4)).astype(float)
        index = parts.organizer.organize(attrs.evolve(cases, votes=votes), parts.metric, parts.aggregator)
        near = index.nearest(cases.features, 5)
        found.add((index.entries.members, near.positions.tobytes(), near.distances.tobytes()))
    assert ignores_votes(parts) == (len(found) == 1)


@attrs.frozen
class SpeaksAsTheEntries:
    """A stranger's reuse that reads the votes where the entries are, not where the neighbours are."""

    def reuse(self, neighbours):
        return neighbours.entries.votes[neighbours.positions[:, 0]]


@pytest.mark.parametrize("organizer", ["linear", "k-means-prototypes"])
def test_a_strangers_reuse_finds_other_votes_at_the_entries_too(organizer):
    cases = made_up(missing=True)
    predictor = predictor_of(cases, organizer)
    predictor = attrs.evolve(
        predictor, components=attrs.evolve(predictor.components, reuse=SpeaksAsTheEntries())
    )
    votes = cases.votes[::-1].copy()
    np.testing.assert_allclose(predict_again(predictor, FOLDS)(votes), predicted_anew(predictor, votes))


@attrs.frozen(kw_only=True)
class FailsLater:
    """Organises the cases so many times, and no more."""

    left: list

    def organize(self, cases, metric, aggregator, progress=None):
        if not self.left:
            raise NotOrganizableError("nothing is feasible with these votes")
        self.left.pop()
        return predictor_of(made_up(), "condensed").components.organizer.organize(cases, metric, aggregator)


def test_a_draw_that_cannot_be_organised_in_every_fold_has_no_error_at_all():
    predictor = predictor_of(made_up(), "condensed")
    failing = attrs.evolve(
        predictor, components=attrs.evolve(predictor.components, organizer=FailsLater(left=[1] * 3))
    )
    assert np.isnan(predict_again(failing, FOLDS)(made_up().votes)).all()


def test_all_configurations_of_an_evaluation_are_permuted_together():
    base = small_case_base()
    linear = cx.Configuration(
        name="mine", representation="histogram", metric="euclidean", organizer="linear", reuse="mean", k=3
    )
    k_means = linear.evolve(organizer=cx.use("k-means-prototypes", n_clusters=3))
    evaluation = evaluate(
        base, [linear, k_means], ks=[1, 3], protocol=Protocol(folds=3, repeats=2), baselines=[]
    )
    null = permute(evaluation, base, draws=20, seed=1)
    assert null.labels == (linear.label, k_means.label)
    assert null.draws.shape == (20, 4)
    for label in null.labels:
        first = evaluation.run(label).predicted[:1]
        expected = pooled_rmse(first, evaluation.votes[:, None], over=(0, 1)) ** 2
        np.testing.assert_allclose(null.of(label)[1], expected)
    # Red, green and blue photos have winners of their own.
    assert null.of(linear.label)[1][0] < np.quantile(null.of(linear.label)[2][:, 0], 0.1)


def test_another_base_is_refused():
    base = small_case_base()
    linear = cx.Configuration(name="mine", representation="histogram", metric="euclidean", organizer="linear")
    evaluation = evaluate(base, [linear], ks=[1], protocol=Protocol(folds=2, repeats=1), baselines=[])
    with pytest.raises(ParameterError, match="other cases"):
        permute(evaluation, attrs.evolve(base, cases=base.cases[1:]))
