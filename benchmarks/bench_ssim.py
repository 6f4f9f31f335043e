"""Times the metric `ssim` against scikit-image, pair by pair, on one core.

    python benchmarks/bench_ssim.py [--images 200] [--queries 3] [--rounds 5] [--full]

First asserts that both give the same distances to 1e-12, on every pair that both compute. Then
the two take turns (ours, theirs, ours, ...), so that a busy machine slows both alike, and the
best round of each counts. Images are smoothed noise of 224 x 224 x 3. `--full` adds the whole
distance matrix of all images, of which scikit-image's time is estimated from its time per pair.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter
from skimage.metrics import structural_similarity

from cbrkit_xai_ssim.ssim_distance import SsimDistance


def smoothed_noise(n: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    images = [gaussian_filter(rng.normal(0, 300, (224, 224, 3)), (3, 3, 0)) + 120 for _ in range(n)]
    return np.clip(images, 0, 255).astype(np.uint8)


def by_scikit_image(queries: np.ndarray, references: np.ndarray) -> np.ndarray:
    return np.array(
        [
            [1 - structural_similarity(q, r, channel_axis=-1, data_range=255) for r in references]
            for q in queries
        ]
    )


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--queries", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args()

    references = smoothed_noise(options.images)
    queries, metric = references[: options.queries].copy(), SsimDistance()
    few = references[: min(20, options.images)]  # what scikit-image is timed on
    floats = few.astype(np.float64)
    prepared = metric.prepare(references)

    difference = np.abs(metric.pairwise(queries, few) - by_scikit_image(queries, few)).max()
    assert difference < 1e-12, difference
    assert (prepared(queries) == metric.pairwise(queries, references)).all()
    print(f"equal to scikit-image: largest difference {difference:.1e}")

    one = queries[:1]
    rows: dict[str, tuple[Callable[[], object], int]] = {
        "scikit-image, pair by pair": (lambda: by_scikit_image(one, few), len(few)),
        "one query": (lambda: metric.pairwise(one, references), len(references)),
        "one query, prepared": (lambda: prepared(one), len(references)),
        f"{len(queries)} queries, prepared": (lambda: prepared(queries), len(queries) * len(references)),
        "one query, float references": (lambda: metric.pairwise(one, floats), len(few)),
    }
    best = dict.fromkeys(rows, float("inf"))
    for _ in range(options.rounds):
        for name, (work, pairs) in rows.items():
            best[name] = min(best[name], seconds(work) / pairs)
    theirs = best["scikit-image, pair by pair"]
    for name, each in best.items():
        print(f"{name:28} {each * 1e3:6.2f} ms a pair, {theirs / each:5.1f} times as fast")
    if options.full:
        n = len(references)
        whole = seconds(lambda: metric.pairwise(references, references))
        pairs = n * (n - 1) // 2
        print(f"{n} x {n} matrix: {whole:.1f} s; scikit-image, one triangle: about {theirs * pairs:.0f} s")


if __name__ == "__main__":
    main()
