"""How much faster our DBSCAN search is than a loop over scikit-learn, on the same distances.

    python benchmarks/bench_clustering_search.py [--cases 200 2000] [--rounds 5] [--clock cpu] [--threads 1]

Both try `min_samples` 2 to 10 with eps at 30 quantiles of the distances, and take the highest
silhouette among the settings with at least 2 clusters and 70 % of the cases in them. Before any
time is told, the labels of every such setting must be equal, number for number, and its
silhouette to 1e-9; so must the chosen setting. Runs are interleaved, so that a busy machine slows
both. The ratio is that of the medians.

Two kinds of cases, each with more than 100 feasible settings: clouds that lie apart, where many
settings give the same labels and only different ones have to be measured; and clouds that touch, where
hardly any two do. OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE are taken out of this process's environment,
lest they slow down anybody's matrix products. Where others use the machine, `--clock cpu --threads 1`
keeps waiting for a core out of the times.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ.pop("OPENBLAS_L2_SIZE", None)

import numpy as np
from sklearn.cluster import DBSCAN
from sklearn.metrics import silhouette_score
from threadpoolctl import threadpool_limits

from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.organizers.dbscan_prototypes import DbscanPrototypes
from cbrkit_xai.organizers.density import density_orders
from cbrkit_xai.organizers.distances import distances_of_all
from cbrkit_xai.organizers.radii import places_among
from cbrkit_xai.organizers.silhouette import silhouettes

MIN_SAMPLES = range(2, 11)
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
KINDS = {  # clouds, dimensions, spread of a cloud
    "apart": {200: (8, 4, 0.3), 2000: (8, 16, 0.5)},
    "touching": {200: (4, 3, 0.5), 2000: (5, 2, 0.4)},
}


def ours(distances):
    found = DbscanPrototypes().cluster(distances)
    return found.silhouette, found.min_samples, found.eps, found.labels


def scikit_learns(distances, visit=lambda *setting: None):
    best = (-np.inf,)
    for min_samples in MIN_SAMPLES:
        for eps in quantiles(distances):
            labels = DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit(distances).labels_
            inside = labels >= 0
            if labels.max() < 1 or inside.mean() < 0.7:
                continue
            score = silhouette_score(distances[np.ix_(inside, inside)], labels[inside], metric="precomputed")
            visit(min_samples, eps, labels, score)
            if score > best[0] + 1e-12:
                best = score, min_samples, eps, labels
    return best


def quantiles(distances):
    pairs = distances[np.triu_indices(len(distances), 1)]
    return np.unique(np.quantile(pairs, np.linspace(0.005, 0.4, 30)))


def clouds(n, kind):
    """Return clouds of cases, and a tenth of the cases anywhere."""
    number, dimensions, spread = KINDS[kind].get(n, KINDS[kind][2000])
    rng = np.random.default_rng(n)
    rows = rng.normal(size=(number, dimensions))[rng.integers(0, number, n)] * 2
    rows += rng.normal(size=(n, dimensions)) * spread
    rows[: n // 10] = rng.normal(size=(n // 10, dimensions)) * 3
    return rows


def check_every_setting(distances):
    """Compare labels and silhouette of each feasible setting; count these, and the different ones."""
    eps, theirs = quantiles(distances), []
    scikit_learns(distances, lambda *setting: theirs.append(setting))
    orders = density_orders(places_among(eps, distances), list(MIN_SAMPLES))
    labels = [orders[m - 2].labels(int(np.searchsorted(eps, radius))) for m, radius, *_ in theirs]
    scores = silhouettes(distances, labels)
    for mine, score, (*_, wanted, wanted_score) in zip(labels, scores, theirs, strict=True):
        assert np.array_equal(mine, wanted)
        assert abs(score - wanted_score) < 1e-9, (score, wanted_score)
    return len(theirs), len({one.tobytes() for one in labels})


def seconds(function, distances, clock):
    start = clock()
    result = function(distances)
    return clock() - start, result


def compare(n, kind, rounds, clock):
    distances = distances_of_all(Euclidean(), clouds(n, kind))
    settings, different = check_every_setting(distances)
    times = {ours: [], scikit_learns: []}
    for _ in range(rounds):
        results = {}
        for function, measured in times.items():
            took, results[function] = seconds(function, distances, clock)
            measured.append(took)
        (a, *mine, my_labels), (b, *theirs, their_labels) = results[ours], results[scikit_learns]
        assert mine == theirs, (mine, theirs)
        assert np.array_equal(my_labels, their_labels)
        assert abs(a - b) < 1e-9, (a, b)
    our_time, their_time = (statistics.median(measured) for measured in times.values())
    print(
        f"n = {n}, clouds {kind}: {settings} feasible settings, {different} different labellings, all equal; "
        f"chosen min_samples={mine[0]}, eps={mine[1]:.4g}, silhouette {a:.3f}\n"
        f"  ours {our_time:.4f} s, scikit-learn loop {their_time:.3f} s, "
        f"{their_time / our_time:.0f} times as fast (medians of {rounds})",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, nargs="+", default=[200, 2000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--threads", type=int, default=None)
    arguments = parser.parse_args()
    with threadpool_limits(limits=arguments.threads):
        for n in arguments.cases:
            for kind in KINDS:
                compare(n, kind, arguments.rounds, CLOCKS[arguments.clock])


if __name__ == "__main__":
    main()
