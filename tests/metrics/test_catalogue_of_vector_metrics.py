"""The catalogue of vector metrics, against scipy, scikit-learn, plain loops and arithmetic by hand."""

import math

import numpy as np
import pytest
from scipy.spatial import distance
from scipy.stats import pearsonr, wasserstein_distance
from sklearn.metrics.pairwise import additive_chi2_kernel

from cbrkit_xai.errors import ParameterError
from cbrkit_xai.metrics.bray_curtis import BrayCurtis
from cbrkit_xai.metrics.canberra import Canberra
from cbrkit_xai.metrics.chebyshev import Chebyshev
from cbrkit_xai.metrics.chi_square import ChiSquare
from cbrkit_xai.metrics.correlation import Correlation
from cbrkit_xai.metrics.earth_movers import EarthMovers
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.metrics.hellinger import Hellinger
from cbrkit_xai.metrics.histogram_intersection import HistogramIntersection
from cbrkit_xai.metrics.jensen_shannon import JensenShannon
from cbrkit_xai.metrics.manhattan import Manhattan
from cbrkit_xai.metrics.minkowski import Minkowski

OF_ANY_NUMBERS = [Manhattan(), Chebyshev(), Minkowski(), Minkowski(p=40.5), Canberra(), Correlation()]
OF_SHARES = [Hellinger(), HistogramIntersection(), JensenShannon(), EarthMovers()]
OF_COUNTS = [BrayCurtis(), ChiSquare(), *OF_SHARES, EarthMovers(channels=3)]
every_metric = pytest.mark.parametrize("metric", [*OF_ANY_NUMBERS, *OF_COUNTS], ids=str)
metrics_of_counts = pytest.mark.parametrize("metric", OF_COUNTS, ids=str)
metrics_of_shares = pytest.mark.parametrize("metric", OF_SHARES, ids=str)


def plain_hellinger(a, b):
    return math.sqrt(1 - math.fsum(np.sqrt(a / a.sum() * b / b.sum())))


def plain_intersection(a, b):
    return 1 - math.fsum(np.minimum(a / a.sum(), b / b.sum()))


def by_thirds(a, b):
    parts = zip(np.split(a, 3), np.split(b, 3), strict=True)
    return np.mean([wasserstein_distance(range(4), range(4), p, q) / 3 for p, q in parts])


ORACLES = [
    (Manhattan(), distance.cityblock),
    (Chebyshev(), distance.chebyshev),
    (Minkowski(), lambda a, b: math.fsum(abs(a - b) ** 3) ** (1 / 3)),
    (Minkowski(p=2), math.dist),
    (Minkowski(p=40.5), lambda a, b: math.fsum(abs(a - b) ** 40.5) ** (1 / 40.5)),
    (Canberra(), distance.canberra),
    (BrayCurtis(), distance.braycurtis),
    (Correlation(), lambda a, b: 1 - pearsonr(a, b).statistic),
    (ChiSquare(), lambda a, b: -additive_chi2_kernel(a[None], b[None])[0, 0]),
    (Hellinger(), plain_hellinger),
    (HistogramIntersection(), plain_intersection),
    (JensenShannon(), lambda a, b: distance.jensenshannon(a, b, base=2)),
    (EarthMovers(), lambda a, b: wasserstein_distance(range(12), range(12), a, b) / 11),
    (EarthMovers(channels=3), by_thirds),
]


@pytest.mark.parametrize(
    ("metric", "oracle"), ORACLES, ids=lambda one: str(one) if hasattr(one, "pairwise") else ""
)
def test_distances_are_those_of_other_peoples_code(metric, oracle):
    rng = np.random.default_rng(3)
    queries, references = (rng.integers(0, 9, (n, 12)).astype(np.float64) for n in (7, 9))
    queries[0, 1:9] = 0  # a channel of nothing but zeros is told of below
    queries[0, [4, 8]] = 1
    wanted = [[oracle(query, reference) for reference in references] for query in queries]
    np.testing.assert_allclose(metric.pairwise(queries, references), wanted, rtol=1e-12, atol=1e-12)


def test_distances_by_hand():
    a, b = np.array([[1.0, 2.0, 5.0]]), np.array([[3.0, 2.0, 0.0]])
    by_hand = {
        Manhattan(): 2 + 0 + 5,
        Chebyshev(): 5,
        Minkowski(p=2): math.sqrt(4 + 25),
        Canberra(): 2 / 4 + 0 + 5 / 5,
        BrayCurtis(): 7 / 13,
        ChiSquare(): 4 / 4 + 0 + 25 / 5,
        # shares 1/8, 2/8, 5/8 and 3/5, 2/5, 0
        HistogramIntersection(): 1 - (1 / 8 + 2 / 8),
        Hellinger(): math.sqrt(1 - (math.sqrt(3 / 40) + math.sqrt(4 / 40))),
        # 19/40 of all must go one bin on, and 5/8 of all another: of a range of two bins
        EarthMovers(): (19 / 40 + 5 / 8) / 2,
    }
    for metric, wanted in by_hand.items():
        assert metric.pairwise(a, b)[0, 0] == pytest.approx(wanted, rel=1e-15), metric


@every_metric
def test_blocks_do_not_show_in_the_distances(metric):
    rng = np.random.default_rng(4)
    queries, references = rng.integers(0, 50, (5, 768)), rng.integers(0, 50, (130, 768))
    whole = metric.pairwise(queries, references)
    single = np.concatenate([metric.pairwise(query[None], references[40:]) for query in queries])
    assert np.array_equal(whole[:, 40:], single)
    assert np.array_equal(whole, metric.pairwise(references, queries).T)
    assert not np.diag(metric.pairwise(references, references)).any()


@every_metric
def test_bytes_and_floats_of_the_same_numbers_have_the_same_distances(metric):
    rows = np.random.default_rng(5).integers(0, 256, (6, 12), dtype=np.uint8)
    wanted = metric.pairwise(rows.astype(np.float64), rows.astype(np.float64))
    assert np.array_equal(metric.pairwise(rows, rows.astype(np.float32)), wanted)


@pytest.mark.parametrize("metric", [Correlation(), *OF_SHARES, EarthMovers(channels=3)], ids=str)
def test_prepared_references_give_what_pairwise_gives(metric):
    rng = np.random.default_rng(6)
    queries, references = rng.integers(0, 3, (5, 6)), rng.integers(0, 3, (8, 6))
    assert np.array_equal(metric.prepare(references)(queries), metric.pairwise(queries, references))


@metrics_of_counts
def test_negative_numbers_are_refused_with_their_row(metric):
    rows = np.ones((3, 6))
    rows[1, 4] = -2
    with pytest.raises(ParameterError, match="references: row 1 holds -2; allowed: numbers of at least 0"):
        metric.pairwise(np.ones((1, 6)), rows)
    with pytest.raises(ParameterError, match="queries: row 1 holds -2"):
        metric.pairwise(rows, np.ones((1, 6)))


@every_metric
@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_numbers_that_are_none_are_refused_with_their_row(metric, broken):
    rows = np.ones((4, 6))
    rows[2, 1] = broken
    with pytest.raises(ParameterError, match=f"references: row 2 holds {broken}"):
        metric.pairwise(np.ones((1, 6)), rows)
    with pytest.raises(ParameterError, match=f"queries: row 2 holds {broken}"):
        metric.pairwise(rows, np.ones((1, 6)))


@every_metric
def test_rows_of_different_length_are_refused_even_if_they_would_broadcast(metric):
    with pytest.raises(ParameterError, match="queries have 3 numbers a row and references 6"):
        metric.pairwise(np.ones((2, 3)), np.ones((2, 6)))


@every_metric
def test_no_references_give_no_distances(metric):
    assert metric.pairwise(np.ones((2, 6)), np.ones((0, 6))).shape == (2, 0)
    assert metric.pairwise(np.ones((0, 6)), np.ones((3, 6))).shape == (0, 3)


@pytest.mark.parametrize("p", [0.5, math.inf, math.nan, True])
def test_minkowski_refuses_a_p_that_makes_no_distance(p):
    with pytest.raises(ParameterError, match="at least 1"):
        Minkowski(p=p)


@pytest.mark.parametrize("size", [1e-12, 1e12])
def test_minkowski_of_a_high_power_neither_vanishes_nor_overflows(size):
    rows = np.array([[3.0, 0.0, 3.0], [0.0, 0.0, 0.0]]) * size
    assert Minkowski(p=40).pairwise(rows, rows)[0, 1] == pytest.approx(3 * 2 ** (1 / 40) * size, rel=1e-14)


@metrics_of_shares
def test_only_shares_count_where_counts_are_normalised(metric):
    rng = np.random.default_rng(7)
    rows = rng.integers(0, 9, (5, 6)).astype(np.float64)
    scaled = rows * np.array([[1.0], [3.0], [1e12], [1e-12], [0.1]])
    np.testing.assert_allclose(metric.pairwise(scaled, scaled), metric.pairwise(rows, rows), atol=1e-15)


@pytest.mark.parametrize("metric", [BrayCurtis(), *OF_SHARES], ids=str)
def test_a_zero_row_is_at_distance_one_from_all_but_another(metric):
    rows = np.concatenate([np.random.default_rng(8).random((20, 6)), np.zeros((2, 6))])
    assert metric.pairwise(np.zeros((1, 6)), rows).tolist() == [[1.0] * 20 + [0.0] * 2]


@metrics_of_shares
def test_rows_with_nothing_in_common_are_at_most_one_apart(metric):
    rows = np.array([[0.3, 0.0, 0.0, 0.0], [0.0, 0.1, 0.7, 0.0], [0.0, 0.0, 0.0, 0.9]])
    distances = metric.pairwise(rows, rows)
    assert (distances <= 1).all()
    assert distances[0, 2] == pytest.approx(1, abs=1e-15)


def test_hellinger_embeds_so_that_euclidean_distances_are_its_own_times_a_constant():
    rows = np.concatenate([np.random.default_rng(9).integers(0, 5, (8, 4)), np.zeros((2, 4), dtype=int)])
    embedded = Euclidean().pairwise(Hellinger().embed(rows), Hellinger().embed(rows))
    np.testing.assert_allclose(embedded, Hellinger().pairwise(rows, rows) * math.sqrt(2), atol=1e-15)


def test_correlation_embeds_so_that_squared_euclidean_distances_are_twice_its_own():
    rows = np.concatenate([np.random.default_rng(10).normal(size=(8, 4)), np.full((2, 4), 0.1)])
    embedded = Euclidean().pairwise(Correlation().embed(rows), Correlation().embed(rows))
    np.testing.assert_allclose(embedded**2, 2 * Correlation().pairwise(rows, rows), atol=1e-14)


@pytest.mark.parametrize("level", [0.0, 0.1, 1 / 3, 1e12])
def test_a_constant_row_correlates_with_nothing_but_another(level):
    # The mean of three times 0.1 is not 0.1.
    rows = np.array([[1.0, 2.0, 4.0], [5.0, 5.0, 5.0], [0.0, 0.0, 1.0]])
    assert Correlation().pairwise(np.full((1, 3), level), rows).tolist() == [[1.0, 0.0, 1.0]]


def test_jensen_shannon_of_nearly_equal_rows_is_a_small_number_where_scipy_has_none():
    rng = np.random.default_rng(11)
    p = rng.random((200, 50))
    step = 1e-9 * rng.standard_normal(p.shape)
    q = p * (1 + step)
    found = np.array([JensenShannon().pairwise(a[None], b[None])[0, 0] for a, b in zip(p, q, strict=True)])
    # To second order the divergence is the sum of (p - q)^2 / (8 p ln 2) over the shares.
    shares, others = (rows / rows.sum(axis=1, keepdims=True) for rows in (p, q))
    wanted = np.sqrt(((shares - others) ** 2 / shares).sum(axis=1) / (8 * math.log(2)))
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_an_empty_channel_is_at_distance_one_from_one_that_is_not():
    rows = np.array([[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 1.0, 0, 7.0], [0, 0, 0, 0]])
    wanted = [[0, 0.5, 1, 0.5], [0.5, 0, 0.5, 0.5], [1, 0.5, 0, 1], [0.5, 0.5, 1, 0]]
    # Channels: (1, 0) or (0, 1) or empty, which lie a whole range apart; and empty or (0, 1).
    assert EarthMovers(channels=2).pairwise(rows, rows).tolist() == wanted


def test_one_bin_a_channel_leaves_nowhere_to_move():
    rows = np.array([[1.0, 2.0, 3.0], [5.0, 1.0, 1.0]])
    assert not EarthMovers(channels=3).pairwise(rows, rows).any()


def test_channels_that_do_not_divide_the_vector_are_refused_with_those_that_do():
    with pytest.raises(ParameterError, match=r"8 numbers .* 3 equal channels; allowed: .*: 1, 2, 4, 8"):
        EarthMovers(channels=3).pairwise(np.ones((1, 8)), np.ones((1, 8)))
    with pytest.raises(ParameterError, match="channels: 0 does not fit"):
        EarthMovers(channels=0)
