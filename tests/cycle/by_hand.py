"""The same by other people's code, and by loops that follow the equations."""

import numpy as np
from PIL import Image
from sklearn.cluster import DBSCAN
from sklearn.metrics import pairwise_distances, silhouette_score


def histograms(paths):
    rows = []
    for path in paths:
        with Image.open(path) as opened:
            pixels = np.asarray(opened.convert("RGB").resize((224, 224), Image.Resampling.LANCZOS))
        rows.append(np.concatenate([np.bincount(pixels[..., c].ravel(), minlength=256) for c in range(3)]))
    return np.array(rows, dtype=np.float64)


def mean_of_asked(rows):
    """Mean of each column over the rows that are not NaN in it."""
    rows = np.asarray(rows)
    return np.array(
        [np.mean(column[~np.isnan(column)]) if (~np.isnan(column)).any() else np.nan for column in rows.T]
    )


def weighted(rows, weights):
    """Mean of each column by weights, over the rows that are not NaN in it."""
    found = []
    for column in np.asarray(rows).T:
        there = ~np.isnan(column)
        found.append(np.average(column[there], weights=np.asarray(weights)[there]) if there.any() else np.nan)
    return np.array(found)


def similarity_weights(distances):
    """1 / (1 + d / mean d)."""
    scale = np.mean(distances)
    raw = np.array([1 / (1 + (d / scale if scale else 0)) for d in distances])
    return raw / raw.sum()


def best_setting(distances):
    """The search of the paper's section 3.4 with scikit-learn: (min_samples, eps, labels), or None."""
    radii = np.unique(np.quantile(distances[np.triu_indices(len(distances), 1)], np.linspace(0.005, 0.4, 30)))
    best = None
    for min_samples in range(2, 11):
        for eps in radii:
            if eps == 0:
                continue
            labels = DBSCAN(eps=eps, min_samples=min_samples, metric="precomputed").fit(distances).labels_
            inside = labels >= 0
            if labels.max() < 1 or inside.mean() < 0.7:
                continue
            score = silhouette_score(distances[np.ix_(inside, inside)], labels[inside], metric="precomputed")
            if best is None or score > best[0] + 1e-12:
                best = (score, min_samples, eps, labels)
    return None if best is None else best[1:]


def symmetric(features, metric):
    distances = pairwise_distances(features, metric=metric)
    distances = (distances + distances.T) / 2
    np.fill_diagonal(distances, 0)
    return np.maximum(distances, 0)
