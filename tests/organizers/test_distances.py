"""Distances of all cases from each other."""

import subprocess
import sys

import numpy as np
import pytest

from cbrkit_xai.errors import PluginError
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.organizers.distances import checked_pairwise, distances_from, distances_of_all


class Reporting:
    """A metric that gives whatever a function says, element by element."""

    def __init__(self, function):
        self.function = function

    def pairwise(self, queries, references):
        return np.array([[self.function(a[0], b[0]) for b in references] for a in queries])


@pytest.mark.parametrize("n", [0, 1, 2, 15, 16, 17, 100, 700])
def test_all_distances_are_those_of_pairwise(n):
    rows = np.random.default_rng(n).normal(size=(n, 3))
    assert np.array_equal(distances_of_all(Euclidean(), rows), Euclidean().pairwise(rows, rows))


def test_float_noise_of_a_metric_is_gone_from_diagonal_and_mirror():
    rng = np.random.default_rng(0)
    distances = distances_of_all(
        Reporting(lambda a, b: abs(a - b) + rng.random() * 1e-9), np.arange(40.0)[:, None]
    )
    assert np.array_equal(distances, distances.T)
    assert not np.diag(distances).any()


@pytest.mark.parametrize("broken", [-1e-9, np.nan, np.inf])
def test_a_metric_that_gives_no_distance_is_named(broken):
    with pytest.raises(PluginError, match=f"metric Reporting: a distance of two cases is {broken}"):
        distances_of_all(Reporting(lambda a, b: broken if b == 7 else 1.0), np.arange(9.0)[:, None])


def test_progress_comes_in_order_and_ends_at_all_cases():
    told = []
    distances_of_all(Euclidean(), np.ones((700, 2)), lambda *step: told.append(step))
    assert told == [(min(700, 22 * block), 700) for block in range(1, 33)]


def test_a_metric_that_prepares_nothing_is_asked_each_time():
    metric = Reporting(lambda a, b: abs(a - b))
    assert distances_from(metric, np.array([[1.0], [4.0]]))(np.array([[2.0]])).tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    "organizer", ["linear.Linear()", "dbscan_prototypes.DbscanPrototypes(min_clustered=0.1)"]
)
def test_organizing_and_retrieving_load_no_heavy_library(organizer):
    script = f"""
import sys
import numpy as np
from cbrkit_xai.aggregators import mean, median
from cbrkit_xai.cases import Cases
from cbrkit_xai.metrics import cosine, euclidean
from cbrkit_xai.organizers import dbscan_prototypes, linear

rows = np.random.default_rng(0).normal(size=(40, 2))
cases = Cases(ids=map(str, range(40)), features=rows, votes=rows, methods=("a", "b"))
for metric in (euclidean.Euclidean(), cosine.Cosine()):
    {organizer}.organize(cases, metric, median.Median()).nearest(rows, 3, [["1"]] * 40)
heavy = {{"scipy", "sklearn", "skimage", "matplotlib", "pandas"}} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)


class Giving:
    """A metric that gives this, whatever it is asked."""

    def __init__(self, distances):
        self.distances = distances

    def pairwise(self, queries, references):
        return self.distances


class Preparing(Giving):
    def prepare(self, references):
        return lambda queries: self.distances


BROKEN = [
    (np.zeros((3, 2)), r"gives float64 of shape \(3, 2\); allowed: numbers of shape \(2, 3\)"),
    (np.zeros(6), r"gives float64 of shape \(6,\)"),
    (np.full((2, 3), np.nan), "a distance is nan"),
    (np.full((2, 3), -1.0), r"a distance is -1\.0"),
    (np.full((2, 3), np.inf), "a distance is inf"),
]


@pytest.mark.parametrize(("given", "told"), BROKEN, ids=[told for _, told in BROKEN])
def test_what_a_metric_gives_is_checked_and_the_metric_named(given, told):
    queries, references = np.zeros((2, 1)), np.zeros((3, 1))
    for metric in (Giving(given), Preparing(given)):
        match = f"metric {type(metric).__name__}: {told}"
        with pytest.raises(PluginError, match=match):
            distances_from(metric, references)(queries)
        with pytest.raises(PluginError, match=match):
            checked_pairwise(metric, queries, references)


def test_a_metric_of_the_wrong_shape_is_named_where_all_distances_are_asked_for():
    with pytest.raises(PluginError, match=r"metric Giving: gives float64 of shape \(2, 3\)"):
        distances_of_all(Giving(np.zeros((2, 3))), np.zeros((4, 1)))
