"""How much faster a cross-validation for every k is from one ordering than by asking scikit-learn.

    python benchmarks/bench_evaluation.py [--cases 200 2000] [--repeats 10] [--clock wall|cpu] [--threads 1]

Repeated 5-fold cross-validation of the linear organisation with the mean of the k nearest cases' votes, on
1280 numbers a case and the Euclidean distance, for k = 1 to 25 and for every k up to the number of training
cases (`--until 25`, `--until every`). Against three ways of asking scikit-learn, by brute force, in float64:

- `once, sums`: once per fold for all neighbours, then running sums over them, as we do;
- `once, means`: once per fold for all neighbours, then a mean for each k;
- `again`: a regressor for each k, as people do; of every k up to 1600 only every 80th is asked, and the time
  multiplied.

Ours are told without and with what is done once per configuration, whatever the number of repeats: the matrix
of distances, which is exact to the last bit (scikit-learn's, by a matrix product, is not), and the ordering.

Runs are interleaved, fold by fold, so that a busy machine slows all; a time is the median over the repeats.
Before any time is told the RMSE of all ways must be equal to 1e-12. OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE
are taken out of this process's environment, lest they slow down anybody's matrix products. Where others use
the machine, `--clock cpu --threads 1` keeps the waiting of scikit-learn's threads for each other, and for a
core, out of its times; on a quiet one it wants no such help.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ.pop("OPENBLAS_L2_SIZE", None)

import numpy as np
from sklearn.neighbors import KNeighborsRegressor, NearestNeighbors
from threadpoolctl import threadpool_limits

import cbrkit_xai as cx
from cbrkit_xai.configurations import Components
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.predicting.fold_predictions import FoldPredictor, distances_once
from cbrkit_xai.evaluation.predicting.orderings import Orderings

FOLDS = 5
ASKED_AGAIN_AT_MOST = 25
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def plain_components() -> Components:
    registry = cx.Registry()
    kinds = {"metric": "euclidean", "organizer": "linear", "aggregator": "mean", "reuse-strategy": "mean"}
    made = {kind: registry.create(kind, cx.use(name)) for kind, name in kinds.items()}
    made["reuse"] = made.pop("reuse-strategy")
    return Components(representation=None, retention=None, **made)


def made_up(n):
    rng = np.random.default_rng(n)
    features, votes = rng.normal(size=(n, 1280)), rng.integers(0, 11, size=(n, 4)).astype(float)
    return cx.Cases(
        ids=[f"case-{row:05d}" for row in range(n)], features=features, votes=votes, methods="abcd"
    )


def once_with_sums(cases, split, ks):
    nearest = asked_once(cases, split, ks)
    return np.cumsum(cases.votes[split.training][nearest], axis=1) / np.arange(1, max(ks) + 1)[:, None]


def once_with_means(cases, split, ks):
    nearest, votes = asked_once(cases, split, ks), cases.votes[split.training]
    return np.stack([votes[nearest[:, :k]].mean(axis=1) for k in ks], axis=1)


def asked_once(cases, split, ks):
    asked = NearestNeighbors(algorithm="brute").fit(cases.features[split.training])
    return asked.kneighbors(cases.features[split.held_out], max(ks), return_distance=False)


def asked_again(cases, split, ks):
    found = []
    for k in ks:
        regressor = KNeighborsRegressor(n_neighbors=k, algorithm="brute")
        regressor.fit(cases.features[split.training], cases.votes[split.training])
        found.append(regressor.predict(cases.features[split.held_out]))
    return np.stack(found, axis=1)


def rmse(predicted, votes):
    """Pooled over held-out cases and methods, `(ks,)`."""
    return np.sqrt(((predicted - votes[:, None]) ** 2).mean(axis=(0, 2)))


def compare(n, repeats, every, clock):
    cases, components, rng = made_up(n), plain_components(), np.random.default_rng(0)
    started = clock()
    distances = distances_once(components, cases)
    measured = clock()
    Orderings.of(distances, cases.ids)
    once = {"distances": measured - started, "ordering": clock() - measured}
    folds = Folds(fold_of=[rng.permutation(np.arange(n) % FOLDS) for _ in range(repeats)])
    ks = range(1, (n - n // FOLDS if every else 25) + 1)
    few = ks[:: max(1, len(ks) // ASKED_AGAIN_AT_MOST)] if every else ks
    predictor = FoldPredictor(components=components, cases=cases, distances=distances, ks=ks)
    predictor.predict(folds.split(0, 0))  # the ordering is told by itself
    ways = {
        "ours": (lambda split: predictor.predict(split).predicted, ks),
        "once, sums": (lambda split: once_with_sums(cases, split, ks), ks),
        "once, means": (lambda split: once_with_means(cases, split, ks), ks),
        "again": (lambda split: asked_again(cases, split, few), few),
    }
    times = {name: [0.0] * repeats for name in ways}
    for split in folds.splits():
        errors = {}
        for name, (predict, asked) in ways.items():
            if name == "again" and every and split.repeat > 0:
                times[name][split.repeat] = times[name][0]  # one repeat of it takes longer than all the rest
                continue
            started = clock()
            predicted = predict(split)
            times[name][split.repeat] += (clock() - started) * len(ks) / len(asked)
            errors[name] = rmse(predicted, cases.votes[split.held_out])
        for name, found in errors.items():
            wanted = errors["ours"] if name != "again" else errors["ours"][np.array(few) - 1]
            assert np.abs(found - wanted).max() < 1e-12, (name, np.abs(found - wanted).max())
    tell(n, ks, {name: statistics.median(values) for name, values in times.items()}, once, repeats)


def tell(n, ks, seconds, once, repeats):
    beforehand = sum(once.values())
    told = ", ".join(f"{name} {value:.3f} s" for name, value in once.items())
    print(f"n = {n}, k = 1 to {max(ks)}; RMSE equal to 1e-12; once per configuration: {told}")
    print(f"  {'':12} {'5 folds':>10}   times as fast: 5 folds, {repeats} x 5 folds with what is done once")
    ours = seconds["ours"]
    for name, value in seconds.items():
        ratios = f"{value / ours:8.1f} {repeats * value / (beforehand + repeats * ours):8.1f}"
        print(f"  {name:12} {value * 1000:7.1f} ms   {ratios if name != 'ours' else ''}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, nargs="+", default=[200, 2000])
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--until", choices=("25", "every"), nargs="+", default=["25", "every"])
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--threads", type=int, default=None)
    arguments = parser.parse_args()
    with threadpool_limits(limits=arguments.threads):
        for n in arguments.cases:
            for until in arguments.until:
                compare(n, arguments.repeats, until == "every", CLOCKS[arguments.clock])


if __name__ == "__main__":
    main()
