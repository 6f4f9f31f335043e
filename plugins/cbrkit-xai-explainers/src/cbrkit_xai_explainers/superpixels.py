"""Superpixels: pieces of a photo that belong together by place and colour."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.errors import NotApplicableError, ParameterError
from cbrkit_xai.features import Array

SEGMENTS = 60
"""What the paper's predecessor asked of SLIC on photos of 224 x 224."""

COMPACTNESS = 10.0
"""scikit-image's own default."""

_LEAST_SHARE = 1 / 6
"""Photos of coco200 give at least 23 of 60; fewer than 10 means that texture has torn the pieces apart."""


def superpixels(image: Array, *, segments: int = SEGMENTS, compactness: float = COMPACTNESS) -> Array:
    """Split a photo into superpixels by SLIC (Achanta et al. 2012); nothing in it is random.

    Texture such as noise tears SLIC's pieces into crumbs, which are then swallowed by one
    another until one piece is left. Where fewer than a sixth of `segments` remain, compactness
    is raised tenfold, up to three times.

    Parameters
    ----------
    image : (h, w, 3) uint8 array
        The photo, of any size.
    segments : int
        About how many superpixels, at least 2; photos often give a fifth fewer.
    compactness : float
        How much nearness in place counts beside nearness in colour, above 0; more makes them
        squarer.

    Returns
    -------
    (h, w) int array
        The number of each pixel's superpixel: 0 to n - 1, n >= 2, every one of them used.

    Raises
    ------
    NotApplicableError
        Fewer than two superpixels came out, as from a photo of one pixel.
    ParameterError
        `segments` or `compactness` is out of range.
    """
    if segments < 2:
        raise ParameterError(f"segments is {segments}", where="superpixels", allowed="at least 2")
    if not compactness > 0:
        raise ParameterError(f"compactness is {compactness}", where="superpixels", allowed="more than 0")
    height, width = image.shape[:2]
    wanted = min(segments, height * width)
    for factor in (1, 10, 100, 1000):
        labels = _slic(image, wanted, compactness * factor)
        found = int(labels.max(initial=0)) + 1
        if found >= max(2, wanted * _LEAST_SHARE):
            break
    if found < 2:
        raise NotApplicableError(
            f"a photo of {height} x {width} pixels was not split by asking for {segments} superpixels",
            where="superpixels",
            allowed="at least 2 superpixels",
            next_step="choose more segments, or a larger photo",
        )
    return labels


def _slic(image: Array, segments: int, compactness: float) -> Array:
    """Return SLIC's labels, numbered anew without gaps."""
    from skimage.segmentation import slic  # on use: listing plugins must not load scikit-image

    found = slic(image, n_segments=segments, compactness=compactness, start_label=0, channel_axis=-1)
    return np.unique(found, return_inverse=True)[1].reshape(found.shape).astype(np.intp)
