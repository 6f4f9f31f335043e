"""What every metric between images asks of them, and of its own answer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cbrkit_xai.errors import ParameterError


def image_pairs(queries: ArrayLike, references: ArrayLike, where: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return both as arrays, not copied; either may be float, such as prototypes.

    Raises
    ------
    ParameterError
        They are no images `(n, h, w, 3)`, or not of one size.
    """
    both: tuple[NDArray[Any], NDArray[Any]] = (np.asarray(queries), np.asarray(references))
    for images in both:
        if images.ndim != 4 or images.shape[3] != 3 or images.dtype.kind not in "uif":
            raise ParameterError(
                f"the pixels are {images.dtype} of shape {images.shape}",
                where=where,
                allowed="numbers of shape (n, h, w, 3)",
            )
    if both[0].shape[1:] != both[1].shape[1:]:
        raise ParameterError(
            f"the queries are {both[0].shape[1:]}, the references {both[1].shape[1:]}",
            where=where,
            allowed="images of one size",
            next_step="let open_image() make them",
        )
    return both


def distances(similarities: NDArray[np.float64], where: str) -> NDArray[np.float64]:
    """Return 1 - similarity, at least 0: that of near-equal images may round to a little more than 1.

    Raises
    ------
    ParameterError
        A similarity is not a number.
    """
    if not np.isfinite(similarities).all():
        query, reference = np.argwhere(~np.isfinite(similarities))[0]
        raise ParameterError(
            f"the distance of query {query} from reference {reference} is not a number",
            where=where,
            allowed="pixels that are finite and about 0 to data_range",
        )
    return np.maximum(1.0 - similarities, 0.0)
