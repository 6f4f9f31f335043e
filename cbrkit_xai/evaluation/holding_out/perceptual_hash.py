"""A 64-bit hash that stays nearly the same when a photo is scaled, saved again or slightly brightened."""

from __future__ import annotations

import numpy as np

from cbrkit_xai.features import Array

BITS = 64
_SIDE = 8  # of the square of low frequencies that are kept
_SCALED = 4 * _SIDE


def perceptual_hash(pixels: Array) -> int:
    """Return which low frequencies of a photo's brightness are above their median.

    Parameters
    ----------
    pixels : array of shape (h, w, 3)
        uint8, sRGB.

    Returns
    -------
    int
        64 bits, the first row's first frequency the highest.

    References
    ----------
    Zauner, *Implementation and Benchmarking of Perceptual Image Hash Functions*, 2010, section 3.2.1, in the
    form of ImageHash's `phash`: 32 x 32 grey values by Lanczos, a type-II DCT of both axes, 8 x 8 kept.
    """
    from PIL import Image
    from scipy.fft import dctn

    photo = Image.fromarray(np.ascontiguousarray(pixels)).convert("L")
    scaled = photo.resize((_SCALED, _SCALED), Image.Resampling.LANCZOS)
    low = dctn(np.asarray(scaled, dtype=np.float64), type=2)[:_SIDE, :_SIDE]
    above = (low > np.median(low)).ravel()
    return int.from_bytes(np.packbits(above).tobytes())


def hash_distances(hashes: Array, others: Array) -> Array:
    """Return in how many bits each two hashes differ, `(n,)` and `(m,)` uint64 to `(n, m)` uint8."""
    return np.bitwise_count(hashes[:, None] ^ others[None, :])
