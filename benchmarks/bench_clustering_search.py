"""How much faster our DBSCAN search is than a loop over scikit-learn, on the same distances.

    python benchmarks/bench_clustering_search.py [--cases 200 2000] [--rounds 5]

Both try `min_samples` 2 to 10 with eps at 30 quantiles of the distances, and take the highest
silhouette among the settings with at least 2 clusters and 70 % of the cases in them. Runs
are interleaved, so that a busy machine slows both; the chosen setting, its labels and its
silhouette must be equal before a time is told. The ratio is that of the medians.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
from sklearn.cluster import DBSCAN
from sklearn.metrics import silhouette_score

from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.organizers.dbscan_prototypes import DbscanPrototypes
from cbrkit_xai.organizers.distances import distances_of_all


def ours(distances):
    found = DbscanPrototypes().cluster(distances)
    return found.silhouette, found.min_samples, found.eps, found.labels


def scikit_learns(distances):
    best = (-np.inf,)
    pairs = distances[np.triu_indices(len(distances), 1)]
    radii = np.unique(np.quantile(pairs, np.linspace(0.005, 0.4, 30)))
    for min_samples in range(2, 11):
        for eps in radii:
            labels = DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit(distances).labels_
            inside = labels >= 0
            if labels.max() < 1 or inside.mean() < 0.7:
                continue
            score = silhouette_score(distances[np.ix_(inside, inside)], labels[inside], metric="precomputed")
            if score > best[0] + 1e-12:
                best = score, min_samples, eps, labels
    return best


def blobs(n):
    """Return eight overlapping clouds in 16 dimensions: many settings are feasible, none is obvious."""
    rng = np.random.default_rng(n)
    return rng.normal(size=(8, 16))[rng.integers(0, 8, n)] * 2 + rng.normal(size=(n, 16)) * 0.8


def seconds(function, distances):
    start = time.perf_counter()
    result = function(distances)
    return time.perf_counter() - start, result


def compare(n, rounds):
    distances = distances_of_all(Euclidean(), blobs(n))
    times = {ours: [], scikit_learns: []}
    for _ in range(rounds):
        results = {}
        for function, measured in times.items():
            took, results[function] = seconds(function, distances)
            measured.append(took)
        (a, *mine, my_labels), (b, *theirs, their_labels) = results[ours], results[scikit_learns]
        assert mine == theirs, (mine, theirs)
        assert np.array_equal(my_labels, their_labels)
        assert abs(a - b) < 1e-9, (a, b)
    our_time, their_time = (statistics.median(measured) for measured in times.values())
    print(
        f"n={n}: same choice (min_samples={mine[0]}, eps={mine[1]:.4g}, {my_labels.max() + 1} clusters, "
        f"silhouette {a:.3f}); ours {our_time:.4f} s, scikit-learn loop {their_time:.3f} s, "
        f"ratio {their_time / our_time:.0f} (median of {rounds})"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, nargs="+", default=[200, 2000])
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    for n in arguments.cases:
        compare(n, arguments.rounds)


if __name__ == "__main__":
    main()
