"""What the paper itself printed: quoted beside our numbers, and never asserted of another case base."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import attrs

CITATION = (
    "Brito-Borges, Orozco-del-Castillo, Recio-García: Unsupervised clustering applied to the optimization of "
    "a case-based reasoning system for the selection of optimal image explanation methods, XCBR'22"
)

CASES = 200
"""Photos in the paper's case base."""


@attrs.frozen(kw_only=True)
class PapersClustering:
    """One row of the paper's Table 2.

    Parameters
    ----------
    min_samples : int
        Its m.
    eps : float
        In units of its metric.
    silhouette : float
        In a reading that it does not state.
    clusters, clustered : int
        Of 200 cases.
    remark : str
        What does not add up in it; empty where nothing is odd.
    """

    min_samples: int
    eps: float
    silhouette: float
    clusters: int
    clustered: int
    remark: str = ""


@attrs.frozen(kw_only=True)
class PapersSimilarity:
    """One row of the paper's Table 1, and what its Table 2 says of it.

    Parameters
    ----------
    identifier : str
        As the paper writes it, such as "HIST-EUC".
    applied_over, metric : str
        The paper's words.
    clustering : PapersClustering or None
        None where its row of Table 2 is empty.
    """

    identifier: str
    applied_over: str
    metric: str
    clustering: PapersClustering | None


_ONE_NUMBER_TWICE = "its eps and its silhouette are one number, which looks like one printed twice"

SIMILARITIES: Mapping[str, PapersSimilarity] = MappingProxyType(
    {
        "hist-euc": PapersSimilarity(
            identifier="HIST-EUC",
            applied_over="Color histogram",
            metric="Euclidean distance",
            clustering=PapersClustering(min_samples=2, eps=4800, silhouette=0.57, clusters=2, clustered=150),
        ),
        "hist-cos": PapersSimilarity(
            identifier="HIST-COS",
            applied_over="Color histogram",
            metric="Cosine similarity",
            clustering=PapersClustering(
                min_samples=3,
                eps=0.15,
                silhouette=0.45,
                clusters=2,
                clustered=139,
                remark="139 of 200 is 69.5 %, below the paper's own bound of 70 %",
            ),
        ),
        "lf-euc": PapersSimilarity(
            identifier="LF-EUC",
            applied_over="Latent features (from InceptionV3)",
            metric="Euclidean distance",
            clustering=PapersClustering(
                min_samples=6, eps=0.56, silhouette=0.56, clusters=7, clustered=140, remark=_ONE_NUMBER_TWICE
            ),
        ),
        "lf-cos": PapersSimilarity(
            identifier="LF-COS",
            applied_over="Latent features (from InceptionV3)",
            metric="Cosine similarity",
            clustering=PapersClustering(
                min_samples=6, eps=0.82, silhouette=0.82, clusters=8, clustered=150, remark=_ONE_NUMBER_TWICE
            ),
        ),
        "ssim": PapersSimilarity(
            identifier="SSIM",
            applied_over="Pixel matrix",
            metric="Structural similarity",
            clustering=None,
        ),
    }
)
"""Tables 1 and 2 by the name of the configuration here, in the paper's order."""
