"""What is chosen is chosen without the photos that judge it, and in doubt it is simple."""

from __future__ import annotations

import functools
import json
import math
import subprocess
import sys

import attrs
import numpy as np
import pytest

from cbrkit_xai import Ballot, Case, CaseBase, Configuration, use
from cbrkit_xai.errors import CaseBaseError, ConfigurationError, ParameterError
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.holding_out.groups import Groups
from cbrkit_xai.evaluation.holding_out.protocol import Protocol
from cbrkit_xai.evaluation.simulation import World, simulated_configuration, simulated_registry
from cbrkit_xai.evaluation.tuning import Grid, default_grid, read_grid, tune
from cbrkit_xai.evaluation.tuning.candidates import candidates_of
from cbrkit_xai.evaluation.tuning.grid import grid_of
from cbrkit_xai.evaluation.tuning.held_out_errors import Predicted, errors_beyond_rounding, errors_of_repeat
from cbrkit_xai.evaluation.tuning.one_standard_error import simplest_within_one_standard_error
from cbrkit_xai.evaluation.tuning.sentences import sentences
from cbrkit_xai.evaluation.tuning.writing import log_of, write_tuning
from cbrkit_xai.registry import default_registry

SIMULATED = simulated_registry()
SHRUNK = use("mean", weight="similarity", shrinkage="fitted")
# A photo that lies near another in six dimensions is not the same photo.
ONE_DEAL = Protocol(repeats=1, latent_cosine=1.0)
HISTOGRAM = "histogram/rgb/bins=256/norm=none/srgb-lanczos-224/1"


def simulated_grid(world, ks=(15, 5, 2), **lists):
    return Grid(configurations=[simulated_configuration(world)], ks=ks, **lists)


def simulated(world, grid=None, base=None, protocol=ONE_DEAL):
    return tune(
        world.base() if base is None else base,
        grid or simulated_grid(world),
        protocol=protocol,
        registry=SIMULATED,
        workers=1,
    )


def base_with(votes, methods=("ig", "lime", "xrai"), seed=0):
    """Cases with random histograms; a row of votes each, NaN where nobody was asked."""
    rng = np.random.default_rng(seed)
    cases, histograms = [], {}
    for row, given in enumerate(np.asarray(votes, dtype=np.float64).tolist()):
        asked = {name: votes for name, votes in zip(methods, given, strict=False) if not math.isnan(votes)}
        histograms[f"sha-{row}"] = rng.integers(0, 500, size=768).astype(np.float32)
        cases.append(
            Case(
                id=f"c{row:03d}",
                image_sha256=f"sha-{row}",
                image_name=f"{row}.png",
                ballots=[Ballot(votes=asked, source="human")] if asked else [],
            )
        )
    return CaseBase(
        name="small",
        cases=cases,
        features={HISTOGRAM: histograms},
        representations={HISTOGRAM: use("histogram", norm="none")},
    )


histograms_tuned = functools.partial(tune, grid=Grid(configurations=["hist-cos"], ks=[3, 1]), workers=1)

# The rule.


def test_the_rule_takes_the_simplest_within_one_standard_error_by_hand():
    errors = [[4.0, 4.0, 4.0, 4.0], [1.0, 3.0, 3.0, 3.0], [1.0, 1.0, 3.0, 3.0], [2.0, 2.0, 2.0, 2.0]]
    # Least: the third, 2; squares of its deviations 4, so SE = sqrt(4/3 * 4) / 4 = .5774 and the limit 2.577.
    found = simplest_within_one_standard_error(np.array(errors), np.arange(4))
    assert found.errors.tolist() == [4.0, 2.5, 2.0, 2.0]
    assert found.least == 2
    assert found.standard_error == pytest.approx(math.sqrt(1 / 3))
    assert found.threshold == pytest.approx(2.5774, abs=1e-4)
    assert found.chosen == 1


def test_the_standard_error_is_that_of_a_mean_where_each_case_is_a_group():
    stats = pytest.importorskip("scipy.stats")
    errors = np.random.default_rng(0).gamma(2.0, size=(1, 30))
    found = simplest_within_one_standard_error(errors, np.arange(30))
    assert found.standard_error == pytest.approx(stats.sem(errors[0]))


def test_the_standard_error_of_groups_by_hand():
    # Mean 3; sums of deviations -4 (first two), 1 and 3: SE^2 = 3/2 * (16 + 1 + 9) / 16.
    found = simplest_within_one_standard_error(np.array([[1.0, 1.0, 4.0, 6.0]]), np.array([7, 7, 2, 9]))
    assert found.standard_error == pytest.approx(math.sqrt(1.5 * 26 / 16))


def test_copies_of_photos_do_not_make_an_error_better_known():
    errors = np.random.default_rng(1).gamma(2.0, size=(1, 20))
    once = simplest_within_one_standard_error(errors, np.arange(20))
    thrice = simplest_within_one_standard_error(np.repeat(errors, 3, axis=1), np.repeat(np.arange(20), 3))
    assert thrice.standard_error == pytest.approx(once.standard_error)


def test_a_candidate_without_an_error_on_some_case_is_never_chosen():
    found = simplest_within_one_standard_error(
        np.array([[9.0, 9.0], [np.nan, 0.0], [1.0, 1.0]]), np.arange(2)
    )
    assert (found.least, found.chosen) == (2, 2)
    assert math.isnan(found.errors[1])


def test_a_case_that_nobody_voted_on_counts_for_nobody():
    errors = np.array([[9.0, np.nan, 9.0], [1.0, np.nan, 2.0]])
    found = simplest_within_one_standard_error(errors, np.arange(3))
    assert found.errors.tolist() == [9.0, 1.5]


def test_of_equal_errors_the_simplest_is_taken():
    found = simplest_within_one_standard_error(np.array([[2.0, 2.0], [2.0, 2.0]]), np.arange(2))
    assert (found.least, found.chosen, found.standard_error) == (0, 0, 0.0)


@pytest.mark.parametrize("errors", [[[9.0], [1.0]], [[np.nan], [np.nan]]], ids=["one group", "no votes"])
def test_where_no_standard_error_is_known_the_simplest_remains(errors):
    found = simplest_within_one_standard_error(np.array(errors), np.zeros(1, dtype=int))
    assert found.chosen == 0
    assert found.standard_error == math.inf


def test_the_rule_wants_a_group_for_each_case():
    with pytest.raises(ParameterError, match=r"the shapes are \(1, 2\) and \(3,\)"):
        simplest_within_one_standard_error(np.ones((1, 2)), np.arange(3))


# Errors inside and outside.


def mean_of(votes):
    """Predict the mean of the training cases, once for each of two ks, the second 1 too high."""

    def predict(split):
        mean = votes[split.training].mean(axis=0)
        return Predicted(votes=np.tile(np.stack([mean, mean + 1]), (len(split.held_out), 1, 1)))

    return predict


@pytest.mark.parametrize("folds_a_repeat", [3, 5])
def test_errors_inside_are_those_of_a_textbook_by_loops(folds_a_repeat):
    rng = np.random.default_rng(0)
    votes, fold_of = rng.normal(size=(20, 2)), rng.permutation(np.arange(20) % folds_a_repeat)
    groups, folds = Groups(labels=np.arange(20)), Folds(fold_of=fold_of[None])
    found = errors_of_repeat(mean_of(votes), folds, groups, 0, votes, ks=2, seed=0)
    for case, outer, k in np.ndindex(20, folds_a_repeat, 2):
        own = fold_of[case]
        training = [i for i in range(20) if fold_of[i] not in (own, outer)]
        error = np.mean((np.mean(votes[training], axis=0) + k - votes[case]) ** 2)
        if own == outer:
            assert found["outer"][case, k] == pytest.approx(error)
            assert np.isnan(found["inner"][outer, case, k])
        else:
            assert found["inner"][outer, case, k] == pytest.approx(error)


@pytest.mark.parametrize("folds_a_repeat", [1, 2, 12])
def test_with_other_numbers_of_folds_the_training_cases_are_dealt_anew_and_each_is_held_out_once(
    folds_a_repeat,
):
    rng = np.random.default_rng(0)
    fold_of = rng.permutation(np.arange(24) % max(folds_a_repeat, 2))
    if folds_a_repeat == 1:
        fold_of = np.where(fold_of == 0, 0, -1)
    seen = []

    def predict(split):
        seen.append(split)
        return Predicted(votes=np.ones((len(split.held_out), 1, 1)))

    folds, groups = Folds(fold_of=fold_of[None]), Groups(labels=np.arange(24) // 2)
    found = errors_of_repeat(predict, folds, groups, 0, np.zeros((24, 1)), ks=1, seed=0)
    for fold in range(folds_a_repeat):
        inside = found["inner"][fold, :, 0]
        assert np.isnan(inside[fold_of == fold]).all()
        assert (inside[fold_of != fold] == 1).all()
    for split in seen[folds_a_repeat:]:
        assert not set(groups.labels[split.training]) & set(groups.labels[split.held_out])


def test_a_problem_inside_is_told_of_both_folds_that_it_was_inside_of():
    folds = Folds(fold_of=np.array([[0, 1, 2, 0, 1, 2]]))

    def predict(split):
        fails = set(split.held_out) == {0, 1, 3, 4}
        return Predicted(votes=np.ones((len(split.held_out), 1, 1)), problem="no clusters" if fails else "")

    found = errors_of_repeat(predict, folds, Groups(labels=np.arange(6)), 0, np.ones((6, 1)), ks=1, seed=0)
    assert found["problems"].tolist() == ["no clusters", "no clusters", ""]


def test_what_is_nothing_but_rounding_is_no_error():
    predicted = np.array([[[0.1 + 0.2]], [[1.0]], [[1e6 + 1e-3]]])
    observed = np.array([[0.3], [1.0 + 1e-6], [1e6]])
    assert (errors_beyond_rounding(predicted, observed)[:, 0] > 0).tolist() == [False, True, True]


# What is true of simulated bases.


def test_with_strong_signal_what_is_chosen_beats_the_mean_and_fresh_photos_cost_what_was_estimated():
    world = World(n=150, signal="cluster", strength=1.0, seed=3)
    base = world.base()
    found = simulated(world, base=base, protocol=attrs.evolve(ONE_DEAL, repeats=2))
    assert not found.mean_wins
    assert found.estimate.difference.interval[1] < 0
    fresh = world.sample(n=400, stream=1)
    recommender = found.recommended.fit(base, registry=SIMULATED)
    neighbours = recommender.index.nearest(fresh.features, found.recommended.k)
    predicted = recommender.learnt.reuse.reuse(neighbours)
    on_fresh = np.mean((predicted - fresh.votes) ** 2)
    of_mean = np.mean((base.votes.mean(axis=0) - fresh.votes) ** 2)
    assert on_fresh < 0.7 * of_mean
    # 150 photos know their own error to about 8 %.
    assert found.estimate.error == pytest.approx(on_fresh, rel=0.2)
    assert found.estimate.error_of_mean == pytest.approx(of_mean, rel=0.2)


@pytest.mark.slow
def test_without_signal_the_global_mean_is_chosen_and_the_least_error_would_have_been_a_trap():
    worlds = [World(n=100, seed=seed) for seed in range(30)]
    found = [simulated(world, simulated_grid(world, ks=[40, 20], reuse=[SHRUNK])) for world in worlds]
    assert sum(not one.mean_wins for one in found) <= 1
    lured = [one for one in found if one.overall.least != 0]
    assert len(lured) >= 3
    # What looked better than the mean is not, on photos that had no part in choosing it.
    gained = [one.estimate.error_of_mean - one.estimate.error_by_least for one in found]
    apparent = [one.estimate.error_of_mean - one.estimate.apparent_error for one in found]
    assert np.mean(apparent) > 0 > np.mean(gained)


def test_what_the_grid_did_not_find_is_not_said_to_be_absent():
    world = World(
        n=40, signal="cluster", strength=0.5, scatter=4.0, seed=3
    )  # similar photos do tell a little
    found = simulated(world, grid=simulated_grid(world, ks=[1]))
    assert found.mean_wins
    verdict = sentences(found)[0]
    assert "similarity does not predict" not in verdict
    assert "nothing in this grid was seen to predict these votes better than it does" in verdict
    assert "no proof" in verdict


def test_prototypes_are_chosen_only_where_no_linear_candidate_comes_near():
    world = World(n=80, signal="cluster", strength=1.0, clusters=4, spread=0.2, seed=1)
    grid = simulated_grid(world, ks=[1], organizers=[use("linear"), use("k-means-prototypes", n_clusters=4)])
    found = simulated(world, grid)
    errors = dict(zip([one.label for one in found.points], found.overall.errors, strict=True))
    linear, prototypes = (error for label, error in errors.items() if label != "global-mean")
    # One neighbour's own votes are noise that a prototype's mean has not.
    assert prototypes + found.overall.standard_error < linear
    assert found.recommended.organizer.name == "k-means-prototypes"


# Nothing leaks.


@pytest.mark.parametrize("reuse", [use("mean"), SHRUNK], ids=str)
def test_votes_of_a_million_in_a_fold_change_nothing_of_its_choice_and_all_of_the_others(reuse):
    world = World(n=60, signal="cluster", strength=1.0, seed=2)
    base, fold = world.base(), 3
    grid = simulated_grid(world, reuse=[reuse])
    before = simulated(world, grid, base)
    held_out = set(before.folds.split(0, fold).held_out.tolist())

    def enlarged(case):
        (ballot,) = case.ballots
        votes = {method: 1e6 * number for method, number in ballot.votes.items()}  # the winner stays
        return attrs.evolve(case, ballots=[attrs.evolve(ballot, votes=votes)])

    cases = [enlarged(case) if row in held_out else case for row, case in enumerate(base.cases)]
    after = simulated(world, grid, attrs.evolve(base, cases=cases))
    np.testing.assert_array_equal(after.folds.fold_of, before.folds.fold_of)
    for one, other in zip(before.in_folds, after.in_folds, strict=True):
        if one.fold == fold:
            np.testing.assert_array_equal(other.chosen.errors, one.chosen.errors)
            assert other.chosen.chosen == one.chosen.chosen
            assert other.chosen.standard_error == one.chosen.standard_error
        else:
            assert (other.chosen.errors > 1e3 * one.chosen.errors).all()


def test_a_choice_that_looked_at_its_held_out_photos_would_be_found_out():
    """The estimate of the chosen is not the least of all candidates' errors on the same photos."""
    found = simulated(World(n=60, signal="cluster", strength=0.3, seed=5))
    assert found.estimate.error >= found.estimate.apparent_error
    assert found.estimate.error_by_least > found.estimate.apparent_error


# The grid.


def test_the_shipped_grid_holds_what_is_recommended_and_every_configuration_of_it_is_applicable():
    base = CaseBase.bundled("coco200-auto")
    found = candidates_of(default_grid(), base, substitute={}, registry=default_registry())
    assert found.left_out == ()
    assert found.points[0].label == "global-mean"
    assert found.otherwise.label == "lf-cos/linear@recommended"
    assert ("lf-cos/linear@recommended", 5) in [(one.label, one.k) for one in found.points]
    assert len(found.points) == 1 + 4 * 2 * 2 * 6
    assert found.ks == (1, 3, 5, 10, 15, 25)


def test_the_order_is_that_of_simplicity():
    world = World(n=20)
    several = Configuration(
        name="both",
        representation=use("several", parts={"a": use("simulated-vectors"), "b": use("simulated-vectors")}),
        metric=use("fused", parts={"a": use("euclidean"), "b": use("cosine")}, weights={"a": 1.0, "b": 1.0}),
    )
    grid = Grid(
        configurations=[several, simulated_configuration(world)],
        organizers=[use("linear"), use("random-prototypes", n_clusters=3)],
        reuse=[SHRUNK, use("mean")],
        ks=[1, 5],
    )
    found = candidates_of(grid, world.base(), substitute={}, registry=SIMULATED)
    one, shrunk = "simulated", "simulated[reuse=mean(shrinkage=fitted,weight=similarity)]"
    assert [(point.label.split("/")[0], point.k) for point in found.points[:5]] == [
        ("global-mean", 0),
        (shrunk, 5),
        (one, 5),
        (shrunk, 1),
        (one, 1),
    ]
    organizers = [point.planned.configuration.organizer.name for point in found.points[1:]]
    names = [point.label.startswith("both") for point in found.points[1:]]
    assert organizers == 2 * (4 * ["linear"] + 4 * ["random-prototypes"])
    assert names == 8 * [False] + 8 * [True]


def test_a_named_organizer_comes_with_the_parameters_of_the_profile():
    grid = grid_of({"configurations": ["hist-cos"], "organizers": ["dbscan-prototypes"], "k": [3]})
    base = base_with(np.eye(3).repeat(3, axis=0))
    (planned,) = candidates_of(grid, base, substitute={}, registry=default_registry()).planned
    assert planned.configuration.organizer.parameters["noise"] == "fallback"


def test_configurations_that_the_base_lacks_features_for_are_left_out_with_the_reason():
    base = base_with(np.eye(3).repeat(4, axis=0))
    found = histograms_tuned(
        base, grid=Grid(configurations=["lf-cos", "hist-cos"], ks=[3]), protocol=ONE_DEAL
    )
    assert found.recommended.name == "hist-cos"
    assert any(note.startswith("lf-cos left out: ") for note in found.notes)
    with pytest.raises(CaseBaseError, match="no configuration of the grid is applicable: lf-cos left out"):
        histograms_tuned(base, grid=Grid(configurations=["lf-cos"]))


def test_a_file_of_a_grid_names_files_beside_it_and_their_grids(tmp_path):
    (tmp_path / "mine.toml").write_text(
        'extends = "hist-cos"\nname = "mine"\n[grid]\nmetric = ["cosine", "euclidean"]'
    )
    (tmp_path / "grid.toml").write_text('configurations = ["mine.toml"]\nk = [2]\n')
    base = base_with(np.eye(3).repeat(3, axis=0))
    found = candidates_of(read_grid(tmp_path / "grid.toml"), base, substitute={}, registry=default_registry())
    assert [one.name for one in found.points[1:]] == [
        "mine[metric=cosine]/linear@recommended (k = 2)",
        "mine[metric=euclidean]/linear@recommended (k = 2)",
    ]


def test_a_grid_without_lists_takes_each_configuration_as_it_is():
    base = base_with(np.eye(3).repeat(3, axis=0))
    found = candidates_of(Grid(configurations=["hist-cos"]), base, substitute={}, registry=default_registry())
    assert [one.name for one in found.points] == ["global-mean", "hist-cos/linear@recommended (k = 5)"]


def test_two_different_configurations_of_one_label_are_refused():
    world = World(n=20)
    two = [simulated_configuration(world), simulated_configuration(world, metric="cosine")]
    with pytest.raises(ConfigurationError, match="two configurations are called 'simulated/linear@custom'"):
        candidates_of(Grid(configurations=two), world.base(), substitute={}, registry=SIMULATED)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "'configurations' is missing"),
        ({"configurations": []}, r"\[\] is no list of values"),
        ({"configurations": "lf-cos"}, "'lf-cos' is no list of values"),
        ({"configurations": ["lf-cos", "lf-cos"]}, "'lf-cos' is there twice"),
        ({"configurations": [3]}, "3 names nothing"),
        ({"configurations": ["lf-cos"], "organisers": ["linear"]}, "did you mean 'organizers'"),
        ({"configurations": ["lf-cos"], "k": [0]}, "0 is no number of neighbours"),
        ({"configurations": ["lf-cos"], "k": [True]}, "True is no number of neighbours"),
        ({"configurations": ["lf-cos"], "reuse": [{"name": "mean"}]}, "names no component"),
        ({"configurations": ["lf-cos"], "profile": 1}, "profile: 1 does not fit"),
    ],
)
def test_what_is_no_grid_is_refused_with_its_place(table, message):
    with pytest.raises(ConfigurationError, match=message):
        grid_of(table, where="mine.toml")


def test_a_grid_comes_back_from_its_mapping():
    grid = default_grid()
    assert grid_of(grid.to_mapping()) == grid


# Bases that are small, or say nothing.


def test_where_all_votes_are_equal_there_is_nothing_to_predict():
    found = histograms_tuned(base_with(np.full((12, 3), 0.1)), protocol=ONE_DEAL)
    assert found.mean_wins
    assert sentences(found)[0].startswith("The global mean wins: it errs nowhere")


@pytest.mark.parametrize(
    "votes",
    [
        np.arange(12.0)[:, None],
        np.column_stack([np.arange(12.0), np.full(12, np.nan), np.ones(12)]),
        np.where(np.eye(12, 3) > 0, np.nan, np.arange(36.0).reshape(12, 3)),
    ],
    ids=["one method", "a method that nobody was asked about", "holes"],
)
def test_few_methods_and_missing_votes_end_in_sentences(votes):
    found = histograms_tuned(base_with(votes), protocol=ONE_DEAL)
    assert sentences(found)
    assert "few" in sentences(found)[-1]
    json.dumps(log_of(found), allow_nan=False)


def test_a_method_that_one_photo_alone_was_asked_about_judges_nobody():
    votes = np.column_stack([np.arange(12.0), np.full(12, np.nan)])
    votes[4, 1] = 7.0
    found = histograms_tuned(base_with(votes), protocol=ONE_DEAL)
    assert np.isnan(found.outer[:, 0, 4]).all()
    assert np.isfinite(found.overall.errors).all()


@pytest.mark.parametrize(
    ("cases", "message"), [(0, "nobody voted"), (1, "1 cases are 1 group"), (2, "2 groups")]
)
def test_too_few_cases_are_a_clear_error(cases, message):
    with pytest.raises((CaseBaseError, ParameterError), match=message):
        histograms_tuned(base_with(np.ones((cases, 3))))


def test_three_photos_are_enough_for_a_sentence():
    found = histograms_tuned(base_with(np.eye(3)), protocol=ONE_DEAL)
    assert found.groups.number == 3
    assert "3 folds, not 5" in found.notes[0]


def test_a_configuration_that_cannot_be_organised_is_told_and_not_chosen():
    grid = Grid(
        configurations=["hist-cos"],
        organizers=[use("linear"), use("dbscan-prototypes", eps=1e-9, min_samples=9)],
    )
    found = histograms_tuned(
        base_with(np.random.default_rng(0).random((15, 3))), grid=grid, protocol=ONE_DEAL
    )
    linear, clustered = found.problems[1:]
    assert linear == ""
    assert clustered.startswith("not organised in, or inside, 5 of 5 folds")
    assert math.isnan(found.overall.errors[2])


def test_clusters_found_among_held_out_photos_are_refused():
    with pytest.raises(ParameterError, match="cluster_scope is 'global'"):
        histograms_tuned(base_with(np.eye(3)), protocol=Protocol(cluster_scope="global"))


# What is written.


def test_the_log_holds_every_candidate_with_its_errors_and_the_choice_of_every_fold():
    world = World(n=50, signal="cluster", strength=1.0, seed=1)
    found = simulated(world)
    log = log_of(found)
    assert [one["name"] for one in log["candidates"]] == [one.name for one in found.points]
    for place, one in enumerate(log["candidates"]):
        assert one["error"] == pytest.approx(found.outer[place].mean())
        assert len(one["inner_errors"]) == len(one["outer_errors"]) == 5
        assert sum(row["chosen"] == one["name"] for row in log["folds"]) == one["times_chosen"]
    by_name = {one["name"]: one for one in log["candidates"]}
    for number, row in enumerate(log["folds"]):
        assert row["inner_error"] == by_name[row["chosen"]]["inner_errors"][number]
        assert row["inner_error"] <= row["least_error"] + row["standard_error"]
    sizes = np.bincount(found.folds.fold_of[0])
    nested = sum(row["outer_error"] * size for row, size in zip(log["folds"], sizes, strict=True)) / 50
    assert log["nested"]["error"] == pytest.approx(nested)


def test_an_interrupted_tuning_goes_on_and_writes_the_same_bytes(tmp_path, monkeypatch):
    base = base_with(np.random.default_rng(1).integers(0, 4, size=(20, 3)))
    run = functools.partial(histograms_tuned, base, protocol=attrs.evolve(ONE_DEAL, repeats=2))
    whole = [path.read_bytes() for path in write_tuning(run(folder=tmp_path / "whole"), tmp_path / "whole")]

    def interrupt(done, total):
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(folder=tmp_path / "killed", progress=interrupt)
    told = []
    again = run(folder=tmp_path / "killed", progress=lambda done, total: told.append((done, total)))
    assert told[0][0] >= 1
    assert told[-1] == (2, 2)
    assert [path.read_bytes() for path in write_tuning(again, tmp_path / "killed")] == whole


def test_what_is_recommended_is_a_file_that_configures(tmp_path):
    from cbrkit_xai.configuration_reading import load_configuration

    found = histograms_tuned(base_with(np.eye(3).repeat(4, axis=0)), protocol=ONE_DEAL)
    written = {path.name: path for path in write_tuning(found, tmp_path)}
    assert load_configuration(written["recommended.toml"]) == found.recommended
    rows = written["tuning.csv"].read_text().splitlines()
    assert len(rows) == 1 + len(found.points)


def test_importing_tuning_loads_nothing_heavy():
    code = "import sys\nimport cbrkit_xai.evaluation.tuning\nprint(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not {"scipy", "sklearn", "matplotlib", "jinja2", "pyarrow", "PIL", "threadpoolctl"} & loaded
