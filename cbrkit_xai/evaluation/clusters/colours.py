"""Which colours a cluster's photos have more of than all others: the peaks of its histogram."""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.features import Array, frozen_floats

CHANNELS = ("red", "green", "blue")
BINS = 256
_HISTOGRAM = f"histogram/rgb/bins={BINS}/"
_WIDTH = 32  # values that are spoken of together
_PEAKS = 3
_TELLING = 0.03  # of the pixels: a smaller excess is not to be seen


@attrs.frozen(kw_only=True)
class Peak:
    """A range of values of one channel that a cluster's photos hold more of.

    Parameters
    ----------
    channel : str
        "red", "green" or "blue".
    first, last : int
        Values, 0 to 255.
    inside, overall : float
        Share of the pixels in it, in the cluster's prototype and in all photos.
    """

    channel: str
    first: int
    last: int
    inside: float
    overall: float


@attrs.frozen(kw_only=True, eq=False)
class Colours:
    """Mean colour histograms.

    Parameters
    ----------
    inside, overall : array of shape (3, 256)
        Share of the pixels with each value, in the cluster's photos and in all photos.
    """

    inside: Array = attrs.field(converter=frozen_floats)
    overall: Array = attrs.field(converter=frozen_floats)

    @property
    def peaks(self) -> tuple[Peak, ...]:
        """The ranges in which the cluster visibly exceeds all photos, at most three, the most first."""
        inside = self.inside.reshape(len(CHANNELS), -1, _WIDTH).sum(axis=2)
        overall = self.overall.reshape(inside.shape[0], -1, _WIDTH).sum(axis=2)
        excess = (inside - overall).ravel()
        largest = np.argsort(-excess, kind="stable")[:_PEAKS]
        return tuple(
            Peak(
                channel=CHANNELS[place // inside.shape[1]],
                first=int(place % inside.shape[1]) * _WIDTH,
                last=int(place % inside.shape[1] + 1) * _WIDTH - 1,
                inside=float(inside.ravel()[place]),
                overall=float(overall.ravel()[place]),
            )
            for place in largest
            if excess[place] >= _TELLING
        )


def stored_histograms(base: CaseBase) -> Array | None:
    """Return the photos' colours `(n, 3, 256)`, each channel summing to 1, or None if any lacks them."""
    for fingerprint in sorted(base.features):
        rows = base.features[fingerprint]
        if not fingerprint.startswith(_HISTOGRAM) or any(c.image_sha256 not in rows for c in base.cases):
            continue
        counts = np.array([rows[case.image_sha256] for case in base.cases], dtype=np.float64)
        if counts.shape != (len(base), len(CHANNELS) * BINS):
            continue
        counts = counts.reshape(len(base), len(CHANNELS), BINS)
        return counts / np.maximum(counts.sum(axis=2, keepdims=True), np.finfo(float).tiny)
    return None
