"""Registers what the predecessor of 2021 compared photos by, beside the core's `pixel-difference`."""

from __future__ import annotations

from collections.abc import Iterator

from cbrkit_xai import MetricPlugin, RepresentationPlugin, hookimpl


@hookimpl
def cbrkit_xai_representations() -> Iterator[RepresentationPlugin]:
    """Yield the histogram of blue."""
    yield RepresentationPlugin(
        name="java2021-blue-histogram",
        summary="Counts of blue in 255 bins, min-max scaled to 1 to 255",
        source="the predecessor's program, 2021: histogram similarity",
        factory="cbrkit_xai_features.blue_histogram:BlueHistogram",
        needs=("numpy",),
        yields="vectors",
    )


@hookimpl
def cbrkit_xai_metrics() -> Iterator[MetricPlugin]:
    """Yield the Bhattacharyya distance in OpenCV's form, and 1 - SSIM of blocks.

    For histograms a and b of N bins that form is::

        sqrt(1 - sum(sqrt(a * b)) / sqrt(mean(a) * mean(b) * N**2))

    It is the Hellinger distance of the core under the name by which the predecessor's users know it.
    """
    yield MetricPlugin(
        name="java2021-bhattacharyya",
        summary="Square root of 1 - the Bhattacharyya coefficient, in OpenCV's form; the same as `hellinger`",
        source="Bhattacharyya 1943; OpenCV, HISTCMP_BHATTACHARYYA; the predecessor's program, 2021",
        factory="cbrkit_xai.metrics.hellinger:Hellinger",
        needs=("numpy",),
        accepts="vectors",
        domain="nonnegative",
        triangle=True,
        zero_vector="one",
        invariant=("scale", "order"),
    )
    yield MetricPlugin(
        name="java2021-block-ssim",
        summary="1 - mean SSIM of 8 x 8 blocks of luma that do not overlap",
        source="Wang, Bovik, Sheikh & Simoncelli 2004, eq. 13; the predecessor's program, 2021",
        factory="cbrkit_xai_features.ssim_of_blocks:BlockSsim",
        needs=("numpy",),
        accepts="pixels",
        triangle=False,
    )
