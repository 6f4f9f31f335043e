"""Every held-out case is predicted from the others alone, whatever is interrupted, damaged or missing."""

from __future__ import annotations

import functools
import importlib.metadata
import threading

import attrs
import numpy as np
import pytest

from cbrkit_xai import Ballot, Case, CaseBase, Configuration, FitCache, Target, kept_fits, use
from cbrkit_xai.errors import (
    CaseBaseError,
    ConfigurationError,
    FeaturesError,
    ParameterError,
)
from cbrkit_xai.evaluation import experiment
from cbrkit_xai.evaluation.baselines import random_forest
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.questions.own_k import own_k
from cbrkit_xai.evaluation.running import baseline_cells, configuration_cells, makers
from cbrkit_xai.evaluation.running.all_runs import ALL_BASELINES
from cbrkit_xai.evaluation.scoring.stated import state_confidence
from cbrkit_xai.evaluation.working import StoppedError, leave_if, one_thread_each, work_through

# What is stated and what is nested have tests of their own.
evaluate = functools.partial(experiment.evaluate, confidence=False, nested=False)

HISTOGRAM = "histogram/rgb/bins=256/norm=none/srgb-lanczos-224/1"
METHODS = ("ig", "lime", "xrai")


@pytest.fixture(autouse=True)
def few_trees(monkeypatch):
    """A forest of 200 would take most of the time of these tests."""
    monkeypatch.setattr(random_forest, "TREES", 5)


def base_with(votes, *, seed=0, hashes=None, classes=None):
    """Cases with random histograms; a row of votes each, NaN where nobody was asked."""
    votes = np.asarray(votes, dtype=np.float64)
    methods = METHODS[: votes.shape[1]]
    hashes = hashes or [f"sha-{row}" for row in range(len(votes))]
    rng = np.random.default_rng(seed)
    histograms = {sha: rng.integers(0, 500, size=768).astype(np.float32) for sha in dict.fromkeys(hashes)}
    cases = []
    for row, (sha, given) in enumerate(zip(hashes, votes, strict=True)):
        asked = {method: value for method, value in zip(methods, given, strict=True) if not np.isnan(value)}
        target = (
            None
            if classes is None
            else Target(classifier="c/1", index=classes[row], label=f"k{classes[row]}")
        )
        ballot = Ballot(votes=asked, source="human")
        cases.append(Case(id=f"c{row:02}", image_sha256=sha, ballots=[ballot], target=target))
    return CaseBase(
        name="made up",
        cases=cases,
        features={HISTOGRAM: histograms},
        representations={HISTOGRAM: use("histogram")},
    )


def random_votes(n, *, seed=1):
    return np.random.default_rng(seed).integers(0, 6, size=(n, 3)).astype(float)


@pytest.fixture(scope="module")
def base():
    return base_with(random_votes(24))


def nearest(name="near", **parts):
    return Configuration(**{"name": name, "representation": "histogram", "metric": "euclidean", **parts})


CLUSTERED = nearest("grouped", organizer=use("k-medoids", n_clusters=3))
NEVER = nearest("never", organizer=use("dbscan-prototypes", min_samples=2, eps=1e-6))
PLAN = Protocol(folds=4, repeats=3, seed=5)
ONCE = Protocol(folds=4, repeats=1, seed=5)
QUICK = tuple(name for name in ALL_BASELINES if name != "random-forest")
EVERYTHING = {"ks": (1, 20), "protocol": ONCE}


def without_times(evaluation):
    """All that two evaluations must have in common, to the last bit."""
    return {
        label: (
            run.predicted.tobytes(),
            run.weight_squares.tobytes(),
            run.entries.tolist(),
            run.problems,
            run.clustered,
        )
        for label, run in evaluation.runs.items()
    }


def test_a_prediction_is_the_mean_of_the_nearest_training_cases_of_its_fold(base):
    ks = (1, 5, 7)
    run = evaluate(base, [nearest()], ks=ks, protocol=PLAN, baselines=()).runs["near/linear@custom"]
    folds = evaluate(base, [nearest()], ks=ks, protocol=PLAN, baselines=()).folds
    vectors = np.stack([base.features[HISTOGRAM][case.image_sha256] for case in base.cases]).astype(float)
    for repeat in range(3):
        for case in range(24):
            others = [row for row in range(24) if folds.fold_of[repeat, row] != folds.fold_of[repeat, case]]
            others.sort(key=lambda row: np.sqrt(((vectors[row] - vectors[case]) ** 2).sum()))
            for place, k in enumerate(ks):
                expected = base.votes[others[:k]].mean(axis=0)
                np.testing.assert_allclose(run.predicted[repeat, case, place], expected, rtol=1e-12)
                assert run.weight_squares[repeat, case, place] == pytest.approx(1 / k)


@pytest.mark.parametrize("configuration", [nearest(), CLUSTERED], ids=lambda one: one.name)
def test_a_million_votes_of_a_held_out_case_do_not_change_its_own_prediction(base, configuration):
    votes = base.votes.copy()
    votes[3] = [1e6, 0, 0]
    # The winner must stay, or the case may be dealt to another fold.
    votes[3, np.argmax(base.votes[3])] = 2e6
    loud = base_with(votes)
    plan = attrs.evolve(PLAN, folds=3)
    one = evaluate(base, [configuration], ks=(1, 4), protocol=plan, baselines=())
    other = evaluate(loud, [configuration], ks=(1, 4), protocol=plan, baselines=())
    assert other.folds.fold_of.tolist() == one.folds.fold_of.tolist()
    (mine,), (changed,) = one.runs.values(), other.runs.values()
    assert changed.predicted[:, 3].tolist() == mine.predicted[:, 3].tolist()
    assert not np.array_equal(changed.predicted, mine.predicted)


def test_a_fit_that_was_kept_with_all_cases_is_never_used(base, monkeypatch):
    def trap(*arguments, **keywords):
        raise AssertionError("a kept fit was asked for")

    monkeypatch.setattr(FitCache, "get", trap)
    monkeypatch.setattr(FitCache, "put", trap)
    assert evaluate(base, [nearest(), CLUSTERED], ks=(1,), protocol=PLAN, baselines=()).runs


def test_cases_of_one_photo_never_predict_each_other():
    votes = random_votes(20)
    votes[1] = [100, 0, 0]
    hashes = ["twin", "twin", *(f"sha-{row}" for row in range(18))]
    evaluation = evaluate(base_with(votes, hashes=hashes), [nearest()], ks=(1,), protocol=PLAN, baselines=())
    (run,) = evaluation.runs.values()
    assert run.predicted[:, 0].max() < 100
    assert evaluation.groups.number == 19


def test_no_result_depends_on_the_number_of_workers(base):
    configurations = [nearest(), CLUSTERED, nearest("reused", reuse=use("mean", shrinkage="fitted"))]
    one, other = (
        evaluate(base, configurations, ks=(1, 5), protocol=ONCE, workers=workers) for workers in (1, 4)
    )
    assert without_times(one) == without_times(other)


def test_the_same_evaluation_in_another_order_of_cases_predicts_the_same(base):
    turned = attrs.evolve(base, cases=base.cases[::-1])
    one, other = (
        evaluate(which, [nearest(), CLUSTERED], ks=(1, 5), protocol=PLAN, baselines=())
        for which in (base, turned)
    )
    for label, run in one.runs.items():
        np.testing.assert_allclose(other.runs[label].predicted[:, ::-1], run.predicted, rtol=1e-12)


class Counted:
    """Counts the cells that are computed, and can be interrupted."""

    def __init__(self, monkeypatch, stop_after=None):
        self.computed = 0
        self.stop_after = stop_after
        original = configuration_cells.predict_repeat

        def counted(*arguments):
            self.computed += 1
            return original(*arguments)

        monkeypatch.setattr(configuration_cells, "predict_repeat", counted)

    def __call__(self, done, total):
        if done == self.stop_after:
            raise KeyboardInterrupt


def test_an_interrupted_evaluation_goes_on_where_it_was(base, tmp_path, monkeypatch):
    arguments = {"ks": (1, 5), "protocol": PLAN, "baselines": (), "workers": 1}
    whole = without_times(evaluate(base, [nearest(), CLUSTERED], **arguments))
    interrupted = Counted(monkeypatch, stop_after=2)
    with pytest.raises(KeyboardInterrupt):
        evaluate(base, [nearest(), CLUSTERED], folder=tmp_path, progress=interrupted, **arguments)
    kept = len(list((tmp_path / "cells").iterdir()))
    assert 2 <= kept < 6
    again = Counted(monkeypatch)
    assert without_times(evaluate(base, [nearest(), CLUSTERED], folder=tmp_path, **arguments)) == whole
    assert again.computed == 6 - kept


def test_a_finished_evaluation_is_read_back_whole(base, tmp_path, monkeypatch):
    arguments = {"ks": (1, 5), "protocol": ONCE, "baselines": QUICK, "folder": tmp_path}
    first = evaluate(base, [nearest(), CLUSTERED], **arguments)
    counted = Counted(monkeypatch)
    second = evaluate(base, [nearest(), CLUSTERED], **arguments)
    assert counted.computed == 0
    assert without_times(second) == without_times(first)
    kept = [
        [one for one in evaluation.timings if evaluation.runs[one.label].role == "configuration"]
        for evaluation in (first, second)
    ]
    assert kept[0] == kept[1]


def test_progress_counts_every_cell_up_to_all_of_them_also_where_some_turn_out_not_to_be_needed(base):
    told = []
    evaluate(
        base,
        [nearest(), CLUSTERED, NEVER],
        ks=(1,),
        protocol=ONCE,
        baselines=("global-mean", "random-prototypes"),
        nested=True,
        progress=lambda done, total: told.append((done, total)),
    )
    # Three configurations, predicted and cross-validated inside; the mean; random prototypes of two that
    # might have clusters.
    assert {total for _, total in told} == {3 + 3 + 1 + 2}
    done = [done for done, _ in told]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 9)


def test_a_damaged_cell_is_computed_again(base, tmp_path, monkeypatch):
    arguments = {"ks": (1, 5), "protocol": PLAN, "baselines": (), "folder": tmp_path}
    whole = without_times(evaluate(base, [nearest()], **arguments))
    path = sorted((tmp_path / "cells").iterdir())[0]
    path.write_bytes(path.read_bytes()[:-20])
    counted = Counted(monkeypatch)
    assert without_times(evaluate(base, [nearest()], **arguments)) == whole
    assert counted.computed == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"ks": (1, 4)},
        {"protocol": attrs.evolve(PLAN, seed=6)},
        {"protocol": attrs.evolve(PLAN, cluster_scope="global")},
        {"base": base_with(random_votes(24, seed=9))},
        {"base": base_with(random_votes(24), seed=4)},
        {"configurations": [nearest(metric="cosine")]},
        {"configurations": [nearest(metric=use("minkowski", p=3))]},
    ],
)
def test_what_was_kept_of_something_else_is_not_taken_for_it(base, tmp_path, monkeypatch, changes):
    arguments = {"base": base, "configurations": [nearest()], "ks": (1, 5), "protocol": PLAN, "baselines": ()}
    evaluate(**arguments, folder=tmp_path)
    counted = Counted(monkeypatch)
    evaluate(**{**arguments, **changes}, folder=tmp_path)
    assert counted.computed == 3


def test_further_repeats_take_those_that_were_done(base, tmp_path, monkeypatch):
    arguments = {"ks": (1, 5), "baselines": (), "folder": tmp_path}
    evaluate(base, [nearest()], protocol=PLAN, **arguments)
    counted = Counted(monkeypatch)
    evaluate(base, [nearest()], protocol=attrs.evolve(PLAN, repeats=5), **arguments)
    assert counted.computed == 2


def test_a_component_registered_by_hand_is_evaluated_but_not_kept(tiny_base, registry, tmp_path):
    configuration = Configuration(name="tiny", representation="mean-colour", metric="euclidean")
    evaluation = evaluate(
        tiny_base, [configuration], ks=(1,), protocol=PLAN, registry=registry, baselines=(), folder=tmp_path
    )
    assert not np.isnan(evaluation.runs["tiny/linear@custom"].predicted[:, :, :, 0]).any()
    assert not (tmp_path / "cells").exists()


def test_a_baseline_on_features_that_were_registered_by_hand_is_not_kept_either(
    tiny_base, registry, tmp_path
):
    configuration = Configuration(name="tiny", representation="mean-colour", metric="euclidean")
    arguments = {"ks": (1,), "protocol": PLAN, "registry": registry, "baselines": ("ridge",)}
    evaluation = evaluate(tiny_base, [configuration], folder=tmp_path, **arguments)
    assert "ridge on mean-colour" in evaluation.runs
    assert not (tmp_path / "cells").exists()


def test_a_baseline_that_looks_at_no_k_is_found_again_whatever_the_ks(base, tmp_path, monkeypatch):
    arguments = {"protocol": ONCE, "baselines": ("ridge",), "folder": tmp_path}
    evaluate(base, [nearest()], ks=(1,), **arguments)
    monkeypatch.setattr(baseline_cells, "_predict_repeat", None)  # whoever calls it fails
    evaluate(base, [nearest()], ks=(1, 2), **arguments)


@pytest.mark.parametrize("package", ["cbrkit-xai-histogram", "numpy"])
def test_cells_made_by_another_version_of_what_a_component_needs_are_not_taken(
    base, tmp_path, monkeypatch, package
):
    arguments = {"ks": (1,), "protocol": PLAN, "baselines": (), "folder": tmp_path}
    evaluate(base, [nearest()], **arguments)
    original = kept_fits.makers_of

    def updated(*given):
        return tuple(attrs.evolve(maker, needs=(*maker.needs, package)) for maker in original(*given))

    monkeypatch.setattr(makers, "makers_of", updated)
    monkeypatch.setattr(makers, "version_of", lambda name: "99" if name == package else "1")
    counted = Counted(monkeypatch)
    evaluate(base, [nearest()], **arguments)
    assert counted.computed == 3


def test_an_organisation_that_is_never_possible_is_a_sentence_and_the_others_go_on(base):
    evaluation = evaluate(base, [NEVER, nearest()], ks=(1, 5), protocol=PLAN, baselines=())
    never, near = evaluation.runs.values()
    assert len(never.problems) == 1
    assert never.problems[0].startswith("not organised in 12 of 12 folds: ")
    assert np.isnan(never.predicted).all()
    assert not never.is_complete
    assert near.is_complete
    assert not np.isnan(near.predicted).any()


def test_it_is_told_in_how_many_folds_an_organisation_failed(base):
    problems = ["", "closest: one", "", "closest: two"]
    assert configuration_cells.sentences(problems) == ("not organised in 2 of 4 folds: closest: one",)
    assert configuration_cells.sentences(["", ""]) == ()


def test_three_cases_are_evaluated_with_a_fold_each():
    evaluation = evaluate(base_with(random_votes(3)), [nearest(), CLUSTERED], protocol=PLAN, baselines=QUICK)
    assert evaluation.folds.per_repeat == 3
    assert evaluation.notes[0] == "3 folds, not 4: one for each group"
    near = evaluation.runs["near/linear@custom"]
    # With 2 training cases, every k from 2 on takes both.
    assert near.entries.tolist() == [[2, 2, 2]] * 3
    assert (near.predicted[:, :, 1:] == near.predicted[:, :, 1:2]).all()


def test_votes_that_are_all_equal_are_predicted_without_error():
    evaluation = evaluate(base_with(np.full((12, 3), 2.0)), [nearest(), CLUSTERED], **EVERYTHING)
    for run in evaluation.configurations:
        np.testing.assert_allclose(run.predicted, 2.0, rtol=1e-12)


def test_one_method_alone_can_be_evaluated():
    evaluation = evaluate(
        base_with(random_votes(12)[:, :1]), [nearest(), CLUSTERED], ks=(1, 3), protocol=PLAN
    )
    assert evaluation.cases.methods == ("ig",)
    assert not np.isnan(evaluation.runs["near/linear@custom"].predicted).any()


def test_a_method_that_hardly_anybody_was_asked_about_is_predicted_where_a_neighbour_knows_it():
    votes = random_votes(12)
    votes[1:, 2] = np.nan
    evaluation = evaluate(base_with(votes), [nearest(), CLUSTERED], **EVERYTHING)
    run = evaluation.runs["near/linear@custom"]
    assert np.isnan(run.predicted[:, 0, :, 2]).all()  # its own votes are held out, and no other case has any
    assert not np.isnan(run.predicted[..., :2]).any()
    known = run.predicted[:, 1:, 1, 2]  # with every training case among the neighbours
    assert set(known[~np.isnan(known)].tolist()) == {votes[0, 2]}


def test_a_class_of_one_member_can_be_held_out():
    classes = [0] * 11 + [7]
    evaluation = evaluate(
        base_with(random_votes(12), classes=classes), [nearest()], ks=(1,), protocol=PLAN, baselines=QUICK
    )
    assert evaluation.classes == ("k0",) * 11 + ("k7",)
    by_class, overall = (evaluation.runs[name].predicted for name in ("per-class-mean", "global-mean"))
    assert by_class[:, 11].tolist() == overall[:, 11].tolist()  # no training case is of its class
    assert by_class[:, 0].tolist() != overall[:, 0].tolist()


def test_k_larger_than_the_training_cases_takes_them_all(base):
    evaluation = evaluate(base, [nearest(k=18)], ks=(18, 1000), protocol=PLAN, baselines=())
    (run,) = evaluation.runs.values()
    assert (run.predicted[:, :, 0] == run.predicted[:, :, 1]).all()
    fold_of = evaluation.folds.fold_of
    fewest = min(int((row != fold).sum()) for row in fold_of for fold in set(row.tolist()))
    (said,) = (one for one in evaluation.notes if one.startswith("k up to 1000"))
    assert f"a fold has as few as {fewest} training cases" in said
    within = evaluate(base, [nearest(k=fewest)], ks=(fewest,), protocol=PLAN, baselines=())
    assert not any(one.startswith("k up to") for one in within.notes)


def test_the_own_k_of_each_configuration_is_evaluated_whatever_else_is_and_it_is_said(base):
    configurations = [nearest(), nearest("wide", k=7), nearest("wider", k=7)]
    evaluation = evaluate(base, configurations, ks=(2, 9), protocol=PLAN, baselines=())
    assert [run.ks for run in evaluation.configurations] == [(2, 5, 7, 9)] * 3
    assert [own_k(run) for run in evaluation.configurations] == [5, 7, 7]
    own, others = (one for one in evaluation.notes if " is evaluated too" in one)
    assert own == "k = 5 is evaluated too: it is the own k of near/linear@custom"
    assert others.startswith("k = 7 is evaluated too")
    assert others.endswith("of wide/linear@custom, wider/linear@custom")
    as_asked = evaluate(base, configurations[:1], ks=(2, 5), protocol=PLAN, baselines=())
    assert as_asked.configurations[0].ks == (2, 5)
    assert not any("is evaluated too" in one for one in as_asked.notes)


def test_the_global_mean_is_that_of_the_training_cases(base):
    evaluation = evaluate(base, [nearest()], ks=(1,), protocol=PLAN, baselines=("global-mean",))
    run = evaluation.runs["global-mean"]
    assert run.role == "baseline"
    assert run.ks == (0,)
    for split in evaluation.folds.splits():
        expected = base.votes[split.training].mean(axis=0)
        for row in split.held_out:
            np.testing.assert_allclose(run.predicted[split.repeat, row, 0], expected, rtol=1e-12)


def test_a_clustering_stands_beside_as_many_random_and_k_means_prototypes(base):
    evaluation = evaluate(base, [nearest(), CLUSTERED], ks=(1, 2), protocol=PLAN, baselines=QUICK)
    clustered = evaluation.runs["grouped/k-medoids@custom"]
    for organizer in ("random-prototypes", "k-means-prototypes"):
        like = evaluation.runs[f"grouped[like k-medoids]/{organizer}@custom"]
        assert like.role == "baseline"
        assert like.entries.tolist() == clustered.entries.tolist()
        assert like.is_complete
        assert not np.isnan(like.predicted).any()
    assert sum("[like " in label for label in evaluation.runs) == 2


def test_random_prototypes_are_drawn_anew_in_each_repeat_and_with_each_seed(base):
    def drawn(seed):
        plan = attrs.evolve(ONCE, repeats=2, seed=seed)
        found = evaluate(base, [CLUSTERED], ks=(1,), protocol=plan, baselines=("random-prototypes",))
        return found.runs["grouped[like k-medoids]/random-prototypes@custom"].predicted

    first = drawn(1)
    assert not np.array_equal(first[0], first[1])
    assert drawn(1).tolist() == first.tolist()
    assert drawn(2).tolist() != first.tolist()


def test_an_organisation_that_is_never_possible_has_no_prototypes_to_compare_with(base):
    evaluation = evaluate(base, [NEVER], ks=(1,), protocol=ONCE, baselines=QUICK)
    assert not any("[like " in label for label in evaluation.runs)


def test_baselines_that_look_at_features_do_so_once_for_each_representation(base):
    other = nearest("binned", representation=use("histogram", norm="l1"))
    evaluation = evaluate(
        base, [nearest(), CLUSTERED, other], ks=(1,), protocol=ONCE, baselines=("ridge", "majority")
    )
    assert [run.label for run in evaluation.baselines] == [
        "ridge on histogram",
        "ridge on histogram(norm='l1')",
        "majority",
    ]
    alone = evaluate(base, [nearest()], ks=(1,), protocol=ONCE, baselines=("ridge",))
    assert [run.label for run in alone.baselines] == ["ridge on histogram"]


def test_baselines_that_do_not_apply_are_told(base, monkeypatch):
    monkeypatch.setattr(baseline_cells, "MOST_NUMBERS", 700)
    evaluation = evaluate(base, [nearest()], ks=(5,), protocol=ONCE, baselines=QUICK)
    assert evaluation.notes == (
        "per-class-mean left out: the classes whose explanations were judged are not known",
        "ridge, kernel-ridge are not fitted to histogram: more than 700 numbers a photo",
    )
    assert "ridge on histogram" not in evaluation.runs


@pytest.mark.parametrize("configuration", [nearest(), CLUSTERED], ids=lambda one: one.name)
def test_what_recommenders_state_is_told_at_their_own_k_and_kept(base, tmp_path, configuration):
    arguments = {"ks": (1,), "protocol": ONCE, "baselines": (), "folder": tmp_path, "confidence": True}
    first, second = (evaluate(base, [configuration], **arguments) for _ in range(2))
    stated, again = (evaluation.runs[configuration.label].confidence for evaluation in (first, second))
    made = configuration.components()
    cases = attrs.evolve(base.columns(made.representation), groups=first.groups.names)
    expected = state_confidence(made, cases, base.effective_voters, first.folds, configuration.k)
    for known in (stated, again):
        assert known.k == configuration.k
        for part in ("p_best", "in_set", "out_of_experience", "skill"):
            np.testing.assert_array_equal(getattr(known, part), getattr(expected, part))
    assert second.timings == first.timings


@pytest.mark.parametrize("scheme", ["k-fold", "hold-out"])
def test_inner_errors_are_those_of_an_inner_cross_validation_and_are_kept(base, tmp_path, scheme):
    plan = Protocol(scheme=scheme, folds=4, repeats=2, seed=5)
    arguments = {"ks": (1, 3), "protocol": plan, "baselines": (), "folder": tmp_path, "nested": True}
    first, second = (evaluate(base, [nearest(k=3)], **arguments) for _ in range(2))
    (run,), (again,) = first.runs.values(), second.runs.values()
    assert run.inner.shape == (2, first.folds.per_repeat, 2)
    assert again.inner.tolist() == run.inner.tolist()
    assert second.timings == first.timings
    if scheme == "k-fold":
        assert run.inner[1, 2].tolist() == pytest.approx(inner_by_hand(base, first.folds, 1, 2, (1, 3)))
    assert np.isfinite(run.inner).all()


def inner_by_hand(base, folds, repeat, outer, ks):
    """Each other fold predicted from all but itself and the outer one, each fold's mean counting once."""
    vectors = np.stack([base.features[HISTOGRAM][case.image_sha256] for case in base.cases]).astype(float)
    fold_of = folds.fold_of[repeat]
    means = []
    for inner in {0, 1, 2, 3} - {outer}:
        training = [row for row in range(24) if fold_of[row] not in (outer, inner)]
        errors = []
        for case in np.flatnonzero(fold_of == inner):
            training.sort(key=lambda row: ((vectors[row] - vectors[case]) ** 2).sum())
            predicted = [base.votes[training[:k]].mean(axis=0) for k in ks]
            errors.append([((one - base.votes[case]) ** 2).mean() for one in predicted])
        means.append(np.mean(errors, axis=0))
    return np.mean(means, axis=0).tolist()


def test_what_is_stated_is_not_asked_of_baselines_nor_where_nobody_wants_it(base):
    arguments = {"ks": (1,), "protocol": ONCE, "baselines": ("global-mean",)}
    evaluation = evaluate(base, [nearest()], confidence=True, **arguments)
    assert evaluation.runs["global-mean"].confidence is None
    assert evaluate(base, [nearest()], **arguments).runs["near/linear@custom"].confidence is None


def test_an_organisation_that_is_never_possible_states_nothing_and_says_so(base):
    evaluation = evaluate(base, [NEVER], ks=(1,), protocol=ONCE, baselines=(), confidence=True)
    stated = evaluation.runs["never/dbscan-prototypes@custom"].confidence
    assert len(stated.problems) == 4
    assert np.isnan(stated.p_best).all()


def test_global_scope_lets_clusters_see_the_held_out_photos(base):
    plan = attrs.evolve(PLAN, cluster_scope="global")
    evaluation = evaluate(base, [CLUSTERED], ks=(1,), protocol=plan, baselines=())
    (run,) = evaluation.runs.values()
    assert set(run.entries.ravel().tolist()) == {3}
    assert run.leaks == evaluation.leaks == ("organizer",)


def test_a_leak_is_still_told_where_the_cells_were_kept(base, tmp_path, monkeypatch):
    plan = attrs.evolve(PLAN, cluster_scope="global")
    asked = {"ks": (1,), "protocol": plan, "baselines": (), "folder": tmp_path}
    evaluate(base, [nearest(), CLUSTERED], **asked)
    counted = Counted(monkeypatch)
    evaluation = evaluate(base, [nearest(), CLUSTERED], **asked)
    assert counted.computed == 0
    assert [run.leaks for run in evaluation.runs.values()] == [(), ("organizer",)]


def test_a_setting_that_votes_choose_is_that_of_the_organizer_of_that_name(base):
    searching = nearest("searched", organizer=use("dbscan-prototypes", min_clustered=0.2), k=2)
    named = searching.evolve(organizer=use("dbscan-by-votes", within=searching.organizer, k=2))
    arguments = {"ks": (1, 2), "protocol": ONCE, "baselines": ()}
    chosen = evaluate(base, [nearest(), searching], select_by="votes", **arguments)
    assert list(chosen.runs) == ["near/linear@custom", "searched/dbscan-by-votes@custom"]
    assert without_times(chosen) == without_times(evaluate(base, [nearest(), named], **arguments))


@pytest.mark.parametrize(
    ("select_by", "match"), [("luck", "'silhouette', 'votes'"), ("votes", "NAME/dbscan-prototypes")]
)
def test_what_selects_nothing_is_refused(base, select_by, match):
    refused(ParameterError, match, base, [nearest(), CLUSTERED, NEVER], select_by=select_by)


def test_leaving_out_each_group_is_one_repeat(base):
    plan = Protocol(scheme="leave-one-group-out")
    evaluation = evaluate(base, [nearest(k=23)], ks=(23,), protocol=plan, baselines=())
    (run,) = evaluation.runs.values()
    expected = (base.votes.sum(axis=0) - base.votes) / 23
    np.testing.assert_allclose(run.predicted[0, :, 0], expected, rtol=1e-12)


def test_cases_that_hold_out_did_not_draw_have_no_prediction(base):
    plan = Protocol(scheme="hold-out", held_out=0.25, repeats=4)
    evaluation = evaluate(base, [nearest()], ks=(2,), protocol=plan, baselines=())
    (run,) = evaluation.runs.values()
    predicted = ~np.isnan(run.predicted[:, :, 0, 0])
    assert predicted.sum(axis=1).tolist() == [6] * 4
    assert (predicted == (evaluation.folds.fold_of >= 0)).all()


def test_versions_and_hashes_of_everything_are_told(base):
    evaluation = evaluate(base, [nearest()], ks=(1,), protocol=PLAN, baselines=())
    own = importlib.metadata.version("cbrkit-xai-histogram")
    assert evaluation.hashes["base"] == base.content_hash
    assert evaluation.hashes["near/linear@custom"] == nearest().hash
    assert len(evaluation.hashes["source of cbrkit-xai"]) == 64
    assert len(evaluation.hashes["source of representation histogram (cbrkit-xai-histogram)"]) == 64
    assert evaluation.versions["numpy"] == np.__version__
    assert evaluation.versions["cbrkit-xai-histogram"] == own
    assert "cbrkit-xai-latent" not in evaluation.versions  # of which nothing was used
    assert evaluation.provenance == "votes: people"
    assert not evaluation.is_automatic


def refused(error, match, base, configurations, **arguments):
    with pytest.raises(error, match=match):
        evaluate(base, configurations, **arguments)


def test_a_part_that_does_not_exist_is_refused_with_the_nearest_spelling(base):
    refused(ConfigurationError, r"did you mean 'euclidean'", base, [nearest(metric="euclidian")])


def test_parts_that_do_not_fit_together_are_refused(base):
    refused(ConfigurationError, r"takes pixels", base, [nearest(), nearest("other", metric="ssim")])


def test_features_that_the_base_lacks_are_refused_before_any_work(base, monkeypatch):
    counted = Counted(monkeypatch)
    wanting = nearest("wanting", representation="latent")
    refused(FeaturesError, r"wanting/linear@custom on made up: .*--images DIR", base, [nearest(), wanting])
    assert counted.computed == 0


@pytest.mark.parametrize("ks", [(0,), (1, -2), (2.5,), (True,)])
def test_a_k_that_is_no_whole_number_of_at_least_one_is_refused(base, ks):
    refused(ParameterError, r"whole number of at least 1", base, [nearest()], ks=ks)


def test_no_k_and_no_configuration_are_refused(base):
    refused(ParameterError, r"there is no k", base, [nearest()], ks=())
    refused(ParameterError, r"nothing to evaluate", base, [])


def test_a_baseline_that_does_not_exist_is_refused_with_the_nearest_spelling(base):
    refused(ParameterError, r"did you mean 'global-mean'", base, [nearest()], baselines=("global-meen",))


def test_two_configurations_of_one_label_are_refused_unless_they_are_one(base):
    other = nearest(metric="cosine")
    refused(ConfigurationError, r"two configurations are called .*differ in metric", base, [nearest(), other])
    evaluation = evaluate(base, [nearest(), nearest()], ks=(1,), protocol=PLAN, baselines=())
    assert list(evaluation.runs) == ["near/linear@custom"]


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_cases_are_refused(base, n):
    few = attrs.evolve(base, cases=base.cases[:n])
    refused(CaseBaseError, rf"has {n} case.*at least 2", few, [nearest()])


def test_cases_of_one_photo_alone_are_refused():
    refused(ParameterError, r"at least 2 groups", base_with(random_votes(3), hashes=["one"] * 3), [nearest()])


def test_nobody_voting_is_refused(base):
    silent = attrs.evolve(base, cases=[attrs.evolve(case, ballots=()) for case in base.cases])
    refused(CaseBaseError, r"nobody voted", silent, [nearest()])


@pytest.mark.parametrize("what", [{"latnt": "histogram"}, {"": "x"}])
def test_a_substitute_for_no_representation_is_refused(base, what):
    refused(ParameterError, r"no representation", base, [nearest()], substitute=what)


def test_the_bundled_base_lacks_the_papers_network_and_says_what_may_stand_for_it():
    from cbrkit_xai import configuration

    papers = configuration("lf-cos", profile="paper2022")
    bundled = CaseBase.bundled()
    arguments = {"ks": (1,), "protocol": Protocol(repeats=1), "baselines": ()}
    refused(ConfigurationError, r"--substitute latent=efficientnet-lite0", bundled, [papers], **arguments)
    evaluation = evaluate(bundled, [papers], substitute={"latent": "efficientnet-lite0"}, **arguments)
    assert "not the 2,048 of the paper's InceptionV3" in evaluation.runs[papers.label].substituted
    assert evaluation.substituted == evaluation.runs[papers.label].substituted


def test_another_representation_can_stand_for_one_that_is_lacking(base):
    wanting = nearest("wanting", representation="latent")
    arguments = {"ks": (1, 2), "protocol": PLAN, "baselines": ()}
    evaluation = evaluate(base, [wanting], substitute={"latent": "histogram"}, **arguments)
    (run,) = evaluation.runs.values()
    assert run.label == "wanting/linear@custom"
    assert run.substituted == "histogram stands for the latent features of custom"
    own = evaluate(base, [nearest()], **arguments).runs["near/linear@custom"]
    assert run.predicted.tolist() == own.predicted.tolist()
    refused(
        ConfigurationError, r"did you mean 'histogram'", base, [wanting], substitute={"latent": "histogran"}
    )


def test_what_needs_no_substitute_gets_none(base):
    evaluation = evaluate(
        base, [nearest()], ks=(1,), protocol=PLAN, baselines=(), substitute={"histogram": "latent"}
    )
    assert evaluation.substituted == ""


def test_the_first_error_of_a_part_ends_the_whole():
    begun, stopped = threading.Event(), threading.Event()

    def failing(stop):
        begun.wait(10)
        raise ValueError("broken")

    def waiting(stop):
        begun.set()
        stop.wait(10)
        stopped.set()
        leave_if(stop)

    with pytest.raises(ValueError, match="broken"):
        work_through([failing, waiting], workers=2, finished=lambda: None)
    assert stopped.is_set()


def test_a_part_that_nobody_waits_for_leaves():
    stop = threading.Event()
    leave_if(stop)
    stop.set()
    with pytest.raises(StoppedError):
        leave_if(stop)


def test_linear_algebra_uses_one_thread_whatever_the_machine_has():
    from threadpoolctl import threadpool_info

    seen = []

    def look(stop):
        seen.append({one["num_threads"] for one in threadpool_info()})

    with one_thread_each():
        work_through([look, look], workers=2, finished=lambda: None)
    assert seen == [{1}, {1}]
