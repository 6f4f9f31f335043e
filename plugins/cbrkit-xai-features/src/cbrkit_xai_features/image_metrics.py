"""Registers distances between images: SSIM by scikit-image, and SSIM over several scales."""

from __future__ import annotations

from collections.abc import Iterator

from cbrkit_xai import MetricPlugin, hookimpl


@hookimpl
def cbrkit_xai_metrics() -> Iterator[MetricPlugin]:
    """Yield `skimage-ssim` and `ms-ssim`."""
    yield MetricPlugin(
        name="skimage-ssim",
        summary="1 - structural similarity by scikit-image, with its options (slow; `ssim` is fast)",
        source="Wang, Bovik, Sheikh & Simoncelli 2004; skimage.metrics.structural_similarity",
        factory="cbrkit_xai_features.library_ssim:LibrarySsim",
        needs=("numpy", "scikit-image"),
        examples=({"gaussian_weights": True, "use_sample_covariance": False},),
        accepts="pixels",
        triangle=False,
        invariant=("mirroring",),
    )
    yield MetricPlugin(
        name="ms-ssim",
        summary="1 - structural similarity over five scales, for images of 176 x 176 pixels or more",
        source="Wang, Simoncelli & Bovik 2003, eq. 7",
        factory="cbrkit_xai_features.multi_scale_ssim:MultiScaleSsim",
        needs=("numpy", "scipy"),
        examples=({"weights": (1.0,)}, {"weights": (1.0,), "channel": "mean"}),
        accepts="pixels",
        triangle=False,
    )
