"""1 - SSIM as scikit-image computes it, with scikit-image's options."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from attrs import validators
from numpy.typing import NDArray

from cbrkit_xai.errors import ParameterError
from cbrkit_xai_features.image_pairs import distances, image_pairs
from cbrkit_xai_features.photos import check_size

Array = NDArray[Any]


def _is_odd(_metric: Any, _attribute: Any, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 3 or value % 2 == 0:
        allowed = "an odd number of pixels, 3 or more"
        raise ParameterError(f"{value!r} is not a window's side", where="win_size", allowed=allowed)


@attrs.frozen(kw_only=True)
class LibrarySsim:
    """1 - the mean structural similarity of Wang et al. 2004, by `skimage.metrics.structural_similarity`.

    The metric `ssim` of cbrkit-xai-ssim gives the same numbers to 1e-12, many times faster; this one
    is the library itself, against which others can be held. It is the mean of the three channels' SSIM.

    Parameters
    ----------
    win_size : int
        Side of the square window in pixels, odd; not used with `gaussian_weights`.
    gaussian_weights : bool
        Weigh each window by a Gaussian, as the paper of 2004 does, cut at 3.5 sigma.
    sigma : float
        Its standard deviation in pixels.
    use_sample_covariance : bool
        Divide by one less than the number of pixels in a window.
    K1, K2 : float
        Keep the quotient finite where an image is dark or flat.
    data_range : float
        Difference between the largest and the least possible value.
    """

    win_size: int = attrs.field(default=7, validator=_is_odd)
    gaussian_weights: bool = attrs.field(default=False, validator=validators.instance_of(bool))
    sigma: float = attrs.field(default=1.5, validator=validators.ge(0.5))
    use_sample_covariance: bool = attrs.field(default=True, validator=validators.instance_of(bool))
    K1: float = attrs.field(default=0.01, validator=validators.gt(0))
    K2: float = attrs.field(default=0.03, validator=validators.gt(0))
    data_range: float = attrs.field(default=255.0, validator=validators.gt(0))

    def pairwise(self, queries: Array, references: Array) -> Array:
        """Map `(q, h, w, 3)` and `(n, h, w, 3)` images to `(q, n)` distances, float64, 0 to 2.

        Raises
        ------
        ParameterError
            The images have different sizes, are smaller than the window, or hold no finite numbers.
        """
        queries, references = image_pairs(queries, references, "skimage-ssim")
        check_size(references, self._side, "skimage-ssim", "choose a smaller win_size or sigma")
        similarities = np.empty((len(queries), len(references)))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # looked at in the end
            for row, query in enumerate(queries):
                for column, reference in enumerate(references):
                    similarities[row, column] = self._similarity(query, reference)
        return distances(similarities, "skimage-ssim")

    @property
    def _side(self) -> int:
        return 2 * int(3.5 * self.sigma + 0.5) + 1 if self.gaussian_weights else self.win_size

    def _similarity(self, query: Array, reference: Array) -> float:
        from skimage.metrics import structural_similarity

        # float64 for both: scikit-image would stay in the first one's float32.
        similarity = structural_similarity(  # type: ignore[no-untyped-call]
            query.astype(np.float64),
            reference.astype(np.float64),
            win_size=None if self.gaussian_weights else self.win_size,
            gaussian_weights=self.gaussian_weights,
            sigma=self.sigma,
            use_sample_covariance=self.use_sample_covariance,
            K1=self.K1,
            K2=self.K2,
            data_range=self.data_range,
            channel_axis=-1,
        )
        return float(similarity)
