"""Rows in which the Euclidean order is the metric's, for what works with coordinates alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from cbrkit_xai.errors import ParameterError, PluginError
from cbrkit_xai.features import Array, Features, count


def refuse_without_embedding(metric: Any, *, where: str) -> None:
    """Refuse a metric that offers no `embed`.

    Raises
    ------
    ParameterError
        It does not.
    """
    if not callable(getattr(metric, "embed", None)):
        raise ParameterError(
            f"the metric {type(metric).__name__} is not Euclidean after a mapping: it has no embed",
            where=where,
            allowed="a metric with embed, such as euclidean or cosine",
            next_step="choose such a metric, or the organizer 'linear' or 'k-medoids'",
        )


def embedded(metric: Any, features: Features) -> Array:
    """Return `metric.embed(features)` as contiguous float64 `(n, d')`.

    Raises
    ------
    PluginError
        It is no table of numbers with a row for each case.
    """
    rows = np.asarray(metric.embed(features))
    if rows.ndim != 2 or len(rows) != count(features) or rows.dtype.kind not in "biuf":
        raise PluginError(
            f"embed gives {rows.dtype} of shape {rows.shape}",
            where=f"metric {type(metric).__name__}",
            allowed=f"numbers of shape ({count(features)}, d')",
            next_step="tell the author of the metric",
        )
    return np.ascontiguousarray(rows, dtype=np.float64)
