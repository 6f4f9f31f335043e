"""Registers the representation `pixels`: the photo itself."""

from __future__ import annotations

from collections.abc import Iterator

from cbrkit_xai import RepresentationPlugin, hookimpl


@hookimpl
def cbrkit_xai_representations() -> Iterator[RepresentationPlugin]:
    """Yield the pixel matrix M of D = <M, H, f>."""
    yield RepresentationPlugin(
        name="pixels",
        summary="The photo's 224 x 224 pixels",
        source="Brito-Borges et al. 2022, section 3.2: M of D = <M, H, f>",
        factory="cbrkit_xai_ssim.pixel_matrix:PixelMatrix",
        needs=("numpy",),
        yields="pixels",
    )
