"""Folds batch normalisation into the convolution before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cbrkit_xai_latent.architecture import BATCH_NORM_EPSILON


def folded(
    weights: Mapping[str, NDArray[Any]], convolution: str, norm: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return kernel and bias of one convolution that does what convolution and norm did.

    gamma * (conv(x) - mean) / sqrt(var + eps) + beta, computed once, in float64, so that a
    quarter of the run's operations fall away and no rounding is added.

    Parameters
    ----------
    weights : mapping
        Tensors by name.
    convolution, norm : str
        Names of the two layers.

    Returns
    -------
    kernel : (outputs, inputs, height, width) float32
    bias : (outputs,) float32
    """
    kernel, gamma, beta, mean, variance = (
        weights[name].astype(np.float64)
        for name in (
            f"{convolution}.weight",
            f"{norm}.weight",
            f"{norm}.bias",
            f"{norm}.running_mean",
            f"{norm}.running_var",
        )
    )
    scale = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)  # (outputs,)
    return (
        np.ascontiguousarray(kernel * scale[:, None, None, None], dtype=np.float32),
        (beta - mean * scale).astype(np.float32),
    )
