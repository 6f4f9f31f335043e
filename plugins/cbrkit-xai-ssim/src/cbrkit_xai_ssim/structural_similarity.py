"""Registers the metric `ssim`: 1 - structural similarity."""

from __future__ import annotations

from collections.abc import Iterator

from cbrkit_xai import MetricPlugin, hookimpl


@hookimpl
def cbrkit_xai_metrics() -> Iterator[MetricPlugin]:
    """Yield 1 - SSIM, which compares brightness, contrast and structure window by window."""
    yield MetricPlugin(
        name="ssim",
        summary="1 - structural similarity of two images",
        source="Wang, Bovik, Sheikh and Simoncelli 2004; parameters and numbers of scikit-image",
        factory="cbrkit_xai_ssim.ssim_distance:SsimDistance",
        needs=("numpy", "scipy"),
        accepts="pixels",
        triangle=False,
        self_distance=0.0,
        invariant=("mirroring",),
    )
