"""Registers the representation `histogram`: how often each colour value occurs."""

from __future__ import annotations

from collections.abc import Iterator

from cbrkit_xai import RepresentationPlugin, hookimpl


@hookimpl
def cbrkit_xai_representations() -> Iterator[RepresentationPlugin]:
    """Yield the colour histogram H of D = <M, H, f>."""
    yield RepresentationPlugin(
        name="histogram",
        summary="Counts of each value of red, green and blue",
        source="Brito-Borges et al. 2022, section 3.2: H of D = <M, H, f>",
        factory="cbrkit_xai_histogram.colour_histogram:ColourHistogram",
        needs=("numpy",),
        examples=({"bins": 16, "norm": "l1"},),
        yields="vectors",
    )
