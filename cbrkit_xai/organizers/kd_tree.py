"""The k-d tree organisation: exact nearest neighbours without a look at every case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from cbrkit_xai.cases import Cases
from cbrkit_xai.components import OrganizerPlugin
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.organizers.clustered_index import natural
from cbrkit_xai.organizers.embedding import refuse_without_embedding
from cbrkit_xai.organizers.tree_index import TreeIndex
from cbrkit_xai.protocols import Aggregator, Metric, Progress


@attrs.frozen(kw_only=True)
class KdTree:
    """Finds what `linear` finds, by a tree that halves space along one axis at a time.

    Pays for a few dozen numbers a row; beyond that it visits nearly all of its leaves.

    Parameters
    ----------
    leaf_size : int
        Cases in a leaf, which are compared one by one; it changes speed, never a result.
    """

    leaf_size: int = natural(40)

    def organize(
        self, cases: Cases, metric: Metric, aggregator: Aggregator, progress: Progress | None = None
    ) -> TreeIndex:
        """Return an index of the cases; nothing is aggregated.

        Raises
        ------
        ParameterError
            The metric has no `embed`.
        """
        refuse_without_embedding(metric, where="organizer kd-tree")
        return TreeIndex(cases=cases, metric=metric, make_tree=self._tree)

    def _tree(self, rows: Array) -> Any:
        from sklearn.neighbors import KDTree

        return KDTree(rows, leaf_size=self.leaf_size)


@hookimpl
def cbrkit_xai_organizers() -> Iterator[OrganizerPlugin]:
    """Register the k-d tree organisation."""
    yield OrganizerPlugin(
        name="kd-tree",
        summary="Finds the nearest cases by a tree of boxes",
        source="Bentley 1975; sklearn.neighbors.KDTree",
        factory=KdTree,
        needs=("scikit-learn",),
        examples=({"leaf_size": 2},),
        keeps="all",
        exact=True,
        incremental=False,
        needs_embedding=True,
    )
