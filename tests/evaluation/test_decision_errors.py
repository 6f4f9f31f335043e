"""Decisions err as seldom as they promise where there is nothing to find; the studies are what they say."""

import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from sklearn.neighbors import KNeighborsRegressor

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.evaluation.simulation import World
from cbrkit_xai.evaluation.simulation.boundaries import DECISIONS, STUDIES, WORLD, Decision
from cbrkit_xai.evaluation.simulation.decision_errors import (
    FIRST,
    MOST,
    ErrorRate,
    count_errors,
    error_rates,
)
from cbrkit_xai.evaluation.simulation.null_studies import null_study, study_of_shuffled_photos

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "benchmarks" / "type_one.py"
PAGE = ROOT / "docs" / "explanation" / "evaluation.md"
ANYTHING = Decision(name="anything", null="nothing")


def test_errors_are_those_of_scikit_learns_neighbours():
    study = null_study(World(n=60, dimensions=4), 3, descriptions=2, repeats=2)
    samples = [World(n=60, dimensions=4, seed=3).sample(stream=stream) for stream in (0, 1)]
    found = study.squared_errors((1, 7))
    votes = samples[0].votes
    for description, sample in enumerate(samples):
        for split in study.folds.splits():
            for place, k in enumerate((1, 7)):
                nearest = KNeighborsRegressor(k).fit(sample.features[split.training], votes[split.training])
                missed = nearest.predict(sample.features[split.held_out]) - votes[split.held_out]
                np.testing.assert_allclose(
                    found[description, split.repeat, split.held_out, place], (missed**2).mean(axis=1)
                )


@pytest.mark.parametrize("stratified", [True, False])
def test_descriptions_know_nothing_of_the_votes_nor_of_each_other(stratified):
    study = null_study(World(n=400, clusters=1), 0, descriptions=3, repeats=1, stratified=stratified)
    nearest = study.neighbours(1)[:, 0, :, 0]  # (descriptions, n)
    assert (nearest[0] == nearest[1]).mean() < 0.03
    agree = [np.corrcoef(study.cases.votes[:, 0], study.cases.votes[one, 0])[0, 1] for one in nearest]
    assert np.abs(agree).max() < 4 / np.sqrt(400)


def test_without_signal_k_neighbours_err_by_the_variance_and_a_kth_of_it():
    world, ks = World(n=100, dimensions=8, clusters=1), (1, 5, 25)
    studies = [null_study(world, seed, repeats=1, stratified=False) for seed in range(60)]
    # sigma^2 of 10 votes with chances .4, .3, .2, .1
    variance = np.mean([10 * p * (1 - p) for p in (0.4, 0.3, 0.2, 0.1)])
    assert studies[0].variance == pytest.approx(variance)
    errors = np.array([study.squared_errors(ks).mean(axis=(0, 1, 2)) for study in studies])
    for place, k in enumerate(ks):
        off = errors[:, place] - variance * (1 + 1 / k)
        assert abs(stats.ttest_1samp(off, 0).statistic) < 4


def test_votes_handed_out_anew_stay_whole_and_the_photos_stay_where_they_are():
    one, other = study_of_shuffled_photos(0), study_of_shuffled_photos(1)
    assert sorted(map(tuple, one.cases.votes)) == sorted(map(tuple, other.cases.votes))
    assert (one.cases.votes != other.cases.votes).any()
    np.testing.assert_array_equal(one.orderings[0].rows, other.orderings[0].rows)
    assert (one.orderings[0].rows != one.orderings[1].rows).any()


def test_a_study_as_an_evaluation_predicts_what_it_errs_by():
    study = null_study(World(n=50), 1, repeats=2)
    evaluation = study.evaluation((1, 5))
    for number, run in enumerate(evaluation.configurations):
        missed = ((run.predicted - evaluation.votes[:, None]) ** 2).mean(axis=3)
        np.testing.assert_allclose(missed, study.squared_errors((1, 5))[number])
        np.testing.assert_array_equal(run.weight_squares[0, 0], [1, 1 / 5])


def test_a_world_with_a_signal_is_no_null():
    with pytest.raises(ParameterError) as refused:
        null_study(World(signal="cluster"), 0)
    assert refused.value.where == "signal"


@pytest.mark.parametrize(("errors", "studies"), [(0, 50), (3, 50), (50, 50), (105, 2000)])
def test_the_upper_bound_is_clopper_and_pearsons(errors, studies):
    rate = ErrorRate(decision=ANYTHING, studies=studies, errors=errors)
    exact = stats.binomtest(errors, studies, alternative="less").proportion_ci(0.95, method="exact")
    assert rate.upper == pytest.approx(exact.high)
    assert rate.is_within == (errors <= 0.06 * studies)


@pytest.fixture(scope="module")
def rates():
    """The first studies of each kind in the table in the docs."""
    return [
        rate
        for kind, studies in FIRST.items()
        for rate in error_rates(kind, count_errors(kind, range(studies)), studies)
    ]


@pytest.mark.slow
def test_our_decisions_err_no_oftener_than_they_may(rates):
    for rate in rates:
        if rate.decision.is_ours:
            may_be = stats.binomtest(rate.errors, rate.studies, MOST, alternative="greater").pvalue
            assert may_be > 0.01, rate


@pytest.mark.slow
def test_the_table_in_the_docs_was_made_by_the_decisions_that_there_are(rates):
    recorded = {(row[0], row[1]): row[7] for row in documented()}
    found = {(one.decision.name, one.decision.null): f"{one.errors} of {one.studies}" for one in rates}
    assert found == recorded, (
        "a decision has changed since the table of docs/explanation/evaluation.md was made; "
        "make it anew with `make type-one`"
    )


@pytest.mark.slow
def test_the_naive_paired_t_finds_something_in_nothing(rates):
    naive = [rate for rate in rates if rate.decision.name.startswith("naive")]
    assert len(naive) == 2
    for rate in naive:
        assert stats.binomtest(rate.errors, rate.studies, 0.3, alternative="greater").pvalue < 0.01, rate


@pytest.mark.slow
def test_what_is_not_corrected_for_many_looks_finds_something_in_nothing(rates):
    careless = [
        rate for rate in rates if "without" in rate.decision.name or rate.decision.name.endswith("the worst")
    ]
    assert len(careless) == 3
    for rate in careless:
        assert not rate.decision.is_ours
        assert stats.binomtest(rate.errors, rate.studies, MOST, alternative="greater").pvalue < 0.05, rate


def test_every_kind_of_study_tries_the_decisions_that_are_told_of_it():
    assert set(STUDIES) == set(DECISIONS)
    for kind, study in STUDIES.items():
        found = study(5)
        assert set(found) == set(DECISIONS[kind])
        assert all(type(wrong) is bool for wrong in found.values())


def test_errors_of_more_seeds_are_the_sum_of_theirs():
    first, rest, all_of_them = (
        count_errors("photos", seeds) for seeds in (range(4), range(4, 10), range(10))
    )
    assert {name: first[name] + rest[name] for name in first} == dict(all_of_them)
    assert all_of_them["naive"] > 0


def printed(*arguments):
    done = subprocess.run(
        [sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.slow
def test_the_table_is_the_same_with_one_process_and_with_two():
    given = ("--studies", "24", "--only", "photos")
    one, two = printed(*given, "--processes", "1"), printed(*given, "--processes", "2")
    assert one == two
    assert one[1].count("| 24 |") == len(DECISIONS["photos"])


def documented():
    """Rows of the table: decision, null, studies, errors, rate, bound, verdict, errors of the first."""
    section = PAGE.read_text(encoding="utf-8").split("\n## How often a decision errs\n")[1]
    rows = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in re.findall(r"^\|.*", section, re.M)
    ]
    return [row for row in rows if len(row) == 8 and row[2].isdigit()]


def test_the_page_has_a_row_for_every_decision_with_what_its_counts_amount_to():
    decisions = {(one.name, one.null): one for kind in DECISIONS.values() for one in kind.values()}
    rows = documented()
    assert [(row[0], row[1]) for row in rows] == list(decisions)
    for name, null, studies, errors, rate, upper, verdict, _ in rows:
        told = ErrorRate(decision=decisions[name, null], studies=int(studies), errors=int(errors))
        assert told.studies >= 2000
        assert (rate, upper) == (f"{told.rate:.4f}", f"{told.upper:.4f}")
        assert ("**no**" in verdict) == (not told.is_within)
        if told.decision.is_ours:
            assert told.is_within


def test_the_studies_are_as_large_as_the_page_says():
    text = PAGE.read_text(encoding="utf-8").split("\n## How often a decision errs\n")[1]
    assert f"{WORLD.n} photos" in text
    assert f"{WORLD.dimensions} dimensions" in text
    assert math.isclose(MOST, 0.06)


def most_often_nearest(study):
    return max(np.bincount(ordering.rows[:, 1]).max() for ordering in study.orderings)


def test_in_many_dimensions_a_few_photos_are_the_nearest_of_many():
    simulated = [most_often_nearest(null_study(WORLD, seed, descriptions=1, repeats=1)) for seed in range(20)]
    assert np.mean(simulated) > 12 > 9 >= most_often_nearest(study_of_shuffled_photos(0))
