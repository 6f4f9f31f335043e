"""What is stated in an evaluation is what a recommender states in use."""

import hashlib

import attrs
import numpy as np
import pytest

import cbrkit_xai as cx
from cbrkit_xai.case import Ballot, Case
from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.cases import Cases
from cbrkit_xai.confidence.mixture import fit_overall
from cbrkit_xai.errors import NotOrganizableError
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.scoring.stated import state_confidence
from cbrkit_xai.images import encode_png, open_image
from cbrkit_xai.pictures import Pictures
from cbrkit_xai.testing.small_base import made_up_photo

METHODS = ("anchors", "ig", "lime", "xrai")
PHOTOS = 48
FOLDS = Folds(fold_of=np.stack([np.arange(PHOTOS) % 3, np.arange(PHOTOS)[::-1] % 3]))


def base_of(*, signal, seed=0):
    """Photos of three colours, which decide the votes or don't."""
    rng = np.random.default_rng(seed)
    cases, pictures = [], {}
    for row in range(PHOTOS):
        colour = row % 3
        pixels = made_up_photo(colour, row)
        png = encode_png(pixels)
        sha256 = hashlib.sha256(png).hexdigest()
        pictures[sha256] = png
        chances = np.full(4, 0.25)
        if signal:
            chances = np.full(4, 0.1)
            chances[colour] = 0.7
        votes = dict(zip(METHODS, rng.multinomial(5, chances).astype(float).tolist(), strict=True))
        if row % 7 == 0:
            del votes[METHODS[(row + 1) % 4]]  # nobody was asked
        cases.append(
            Case(
                id=f"photo-{row:02d}",
                image_sha256=sha256,
                image_name=f"photo-{row:02d}.png",
                ballots=[Ballot(votes=votes, source="human")],
            )
        )
    return CaseBase(name="made up", cases=cases, pictures=Pictures(embedded=pictures))


def configuration_of(organizer):
    return cx.Configuration(
        name="mine",
        profile="test",
        representation="histogram",
        metric="cosine",
        organizer=organizer,
        reuse=cx.use("mean", shrinkage="fitted"),
    )


def stated_for(base, configuration, k):
    components = configuration.components()
    cases = base.columns(components.representation)
    return state_confidence(components, cases, base.effective_voters, FOLDS, k)


@pytest.mark.parametrize(
    ("organizer", "k", "signal", "basis"),
    [
        (cx.use("linear"), 4, True, "similar-cases"),
        (cx.use("linear"), 4, False, "overall"),
        (cx.use("k-means-prototypes", n_clusters=3), 1, True, "similar-cases"),
    ],
    ids=["linear", "linear without signal", "prototypes"],
)
def test_every_fold_states_what_a_recommender_of_its_training_cases_does(organizer, k, signal, basis):
    base, configuration = base_of(signal=signal), configuration_of(organizer)
    stated = stated_for(base, configuration, k)
    seen = set()
    for split in list(FOLDS.splits())[:3]:
        training = attrs.evolve(base, cases=[base.cases[row] for row in split.training])
        recommender = configuration.evolve(k=k).fit(training)
        photos = [open_image(base.pictures.embedded[base.cases[row].image_sha256]) for row in split.held_out]
        for row, answer in zip(split.held_out, recommender.recommend_many(photos), strict=True):
            seen.add(answer.basis)
            np.testing.assert_array_equal(stated.p_best[row], [answer.confidence[one] for one in METHODS])
            assert bool(stated.out_of_experience[row]) == answer.out_of_experience
            if answer.conformal_set is None:
                assert np.isnan(stated.in_set[row]).all()
            else:
                expected = [float(one in answer.conformal_set) for one in METHODS]
                np.testing.assert_array_equal(stated.in_set[row], expected)
        assert stated.skill[split.fold] == recommender.learnt.confidence.skill
    assert seen >= {basis}
    assert stated.problems == ()


def small_cases(n=24, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, 2))
    votes = rng.multinomial(4, [0.4, 0.3, 0.3], size=n).astype(float)
    return Cases(
        ids=[f"case-{row:02d}" for row in range(n)], features=features, votes=votes, methods=METHODS[:3]
    )


def composed():
    return cx.Configuration(
        name="mine", representation="latent", metric="euclidean", organizer="linear"
    ).components()


def test_a_million_votes_on_a_held_out_case_change_nothing_that_is_stated_about_it():
    cases = small_cases()
    folds = Folds(fold_of=np.arange(24)[None] % 3)
    honest = state_confidence(composed(), cases, np.ones(24), folds, 3)
    votes = cases.votes.copy()
    votes[5] = [1e6, 0, 0]
    loud = state_confidence(composed(), attrs.evolve(cases, votes=votes), np.ones(24), folds, 3)
    np.testing.assert_array_equal(loud.p_best[folds.fold_of[0] == 2], honest.p_best[folds.fold_of[0] == 2])
    assert (loud.p_best[folds.fold_of[0] != 2] != honest.p_best[folds.fold_of[0] != 2]).any()


def test_of_a_photo_out_of_experience_the_overall_chances_are_stated_and_no_set():
    cases = small_cases(80)
    features = cases.features.copy()
    features[7] = [90.0, 90.0]
    cases = attrs.evolve(cases, features=features)
    split = Folds(fold_of=np.arange(80)[None] // 20).split(0, 0)
    stated = state_confidence(composed(), cases, np.ones(80), Folds(fold_of=np.arange(80)[None] // 20), 3)
    assert stated.out_of_experience[7] == 1
    assert stated.out_of_experience[:20].sum() <= 3
    assert np.isnan(stated.in_set[7]).all()
    assert np.isfinite(stated.in_set[:20][stated.out_of_experience[:20] == 0]).all()
    training = cases.take(split.training)
    mixture = fit_overall(training.votes, np.ones(60), np.array(training.groups))
    np.testing.assert_array_equal(stated.p_best[7], mixture.p_best([mixture.overall])[0])


def test_only_the_first_repeat_is_stated_and_a_case_that_is_not_held_out_not_at_all():
    cases = small_cases()
    fold_of = np.where(np.arange(24) < 6, 0, -1)
    done = []
    stated = state_confidence(
        composed(),
        cases,
        np.ones(24),
        Folds(fold_of=[fold_of, fold_of[::-1]]),
        3,
        progress=lambda *steps: done.append(steps),
    )
    assert np.isfinite(stated.p_best[:6]).all()
    assert np.isnan(stated.p_best[6:]).all()
    assert np.isnan(stated.out_of_experience[6:]).all()
    np.testing.assert_allclose(stated.p_best[:6].sum(axis=1), 1)
    assert done == [(1, 1)]
    assert stated.k == 3


def test_no_set_is_stated_of_few_training_cases():
    stated = state_confidence(
        composed(), small_cases(), np.ones(24), Folds(fold_of=np.arange(24)[None] % 3), 3
    )
    assert np.isnan(stated.in_set).all()


@attrs.frozen(kw_only=True)
class RefusesSome:
    """Organises nothing that has the first case in it."""

    error: Exception

    def organize(self, cases, metric, aggregator, progress=None):
        if "case-00" in cases.ids:
            raise self.error
        return composed().organizer.organize(cases, metric, aggregator, progress)


@pytest.mark.parametrize(
    ("error", "told"),
    [(NotOrganizableError("no setting is feasible"), "no setting"), (KeyError("x"), "KeyError: x")],
)
def test_a_fold_that_fails_is_told_and_the_others_go_on(error, told):
    components = attrs.evolve(composed(), organizer=RefusesSome(error=error))
    folds = Folds(fold_of=np.arange(24)[None] % 3)
    stated = state_confidence(components, small_cases(), np.ones(24), folds, 3)
    assert np.isfinite(stated.p_best[folds.fold_of[0] == 0]).all()
    assert np.isnan(stated.p_best[folds.fold_of[0] != 0]).all()
    assert len(stated.problems) == 2
    assert "fold 2" in stated.problems[0] and told in stated.problems[0]
    assert np.isnan(stated.skill[1:]).all()
