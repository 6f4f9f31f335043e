"""Registers what scikit-image can say of a photo: colours, edges, textures, coarse layout."""

from __future__ import annotations

from collections.abc import Iterator

from cbrkit_xai import RepresentationPlugin, hookimpl

_NEEDS = ("numpy", "scikit-image")


@hookimpl
def cbrkit_xai_representations() -> Iterator[RepresentationPlugin]:
    """Yield two colour histograms, HOG, LBP and tiny images; all are vectors."""
    yield RepresentationPlugin(
        name="colour-histogram",
        summary="Counts of each channel's values in RGB, HSV or Lab, in bins of your choice",
        source="Swain & Ballard 1991; colour spaces of scikit-image",
        factory="cbrkit_xai_features.channel_histogram:ChannelHistogram",
        needs=_NEEDS,
        examples=({"space": "rgb", "bins": 7, "norm": "none"}, {"space": "lab"}),
        yields="vectors",
    )
    yield RepresentationPlugin(
        name="joint-histogram",
        summary="Counts of whole colours, three channels at once, in RGB, HSV or Lab",
        source="Swain & Ballard 1991, section 2; colour spaces of scikit-image",
        factory="cbrkit_xai_features.joint_histogram:JointHistogram",
        needs=_NEEDS,
        examples=({"space": "hsv", "bins": 4, "norm": "none"}, {"space": "lab"}),
        yields="vectors",
    )
    yield RepresentationPlugin(
        name="hog",
        summary="Histograms of oriented gradients: which way the edges run, place by place",
        source="Dalal & Triggs 2005; skimage.feature.hog",
        factory="cbrkit_xai_features.oriented_gradients:OrientedGradients",
        needs=_NEEDS,
        examples=({"orientations": 4, "pixels_per_cell": 28, "cells_per_block": 1},),
        yields="vectors",
    )
    yield RepresentationPlugin(
        name="lbp",
        summary="Local binary patterns: how often each small texture occurs",
        source="Ojala, Pietikäinen & Mäenpää 2002, eq. 9; skimage.feature.local_binary_pattern",
        factory="cbrkit_xai_features.binary_patterns:BinaryPatterns",
        needs=_NEEDS,
        examples=({"radius": 3, "points": 24, "norm": "none"},),
        yields="vectors",
    )
    yield RepresentationPlugin(
        name="tiny-image",
        summary="The photo shrunk to a few pixels by the mean over areas",
        source="Torralba, Fergus & Freeman 2008; skimage.transform.resize_local_mean",
        factory="cbrkit_xai_features.tiny_image:TinyImage",
        needs=_NEEDS,
        examples=({"side": 5, "standardised": True},),
        yields="vectors",
    )
