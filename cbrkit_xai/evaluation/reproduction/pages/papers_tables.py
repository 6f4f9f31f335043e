"""Tables 1 and 2, ours and the paper's own numbers beside them."""

from __future__ import annotations

from collections.abc import Sequence

from cbrkit_xai.evaluation.report.figures_in_words import figure
from cbrkit_xai.evaluation.report.table import Cell, Row, RowGroup, Table
from cbrkit_xai.evaluation.reproduction.clustering_table import ClusteringRow
from cbrkit_xai.evaluation.reproduction.papers_configurations import PapersConfiguration
from cbrkit_xai.evaluation.reproduction.papers_numbers import CASES
from cbrkit_xai.evaluation.reproduction.settings_map import NearMiss
from cbrkit_xai.evaluation.wording import number


def table_1(configurations: Sequence[PapersConfiguration]) -> Table:
    """Return Table 1: what photos are compared by."""
    return Table(
        id="table-1",
        caption="Table 1. What photos are compared by: in the paper's words, and here. Each is evaluated "
        "linear (the paper's instance-based prediction) and with DBSCAN prototypes (its clustered one), in "
        "profile paper2022.",
        heads=("", "applied over (paper)", "similarity (paper)", "here", "labels"),
        groups=[RowGroup(rows=[_similarity(one) for one in configurations])],
    )


def _similarity(one: PapersConfiguration) -> Row:
    here, labels = Cell("not applicable", "see below"), Cell()
    if one.linear is not None and one.clustered is not None:
        here = Cell(str(one.linear.representation), str(one.linear.metric))
        labels = Cell(one.linear.label, one.clustered.label)
    return Row(
        name=one.paper.identifier,
        mark="SUBSTITUTED" if one.substituted else "",
        cells=[
            Cell(one.paper.applied_over),
            Cell(one.paper.metric),
            here,
            labels,
        ],
    )


def table_2(rows: Sequence[ClusteringRow], cases: int) -> Table:
    """Return Table 2: what the search for clusters finds, and below it what the paper found."""
    return Table(
        id="table-2",
        caption="Table 2. The DBSCAN setting with the highest silhouette among those that fulfil the "
        f"demands, on all {cases} cases. The paper does not say over which cases its mean silhouette runs, "
        "so three readings stand here: without the noise (by which the search chooses), with the noise as "
        "one more cluster, and with each noise case a cluster of its own. The last rows are the paper's "
        "numbers, of other photos: quoted, not reproduced.",
        heads=(
            "",
            "m",
            "eps",
            "silhouette",
            "noise one cluster",
            "noise single",
            "clusters",
            "clustered",
        ),
        groups=[
            RowGroup(title=f"Here, of {cases} cases", rows=[_ours(row, cases) for row in rows]),
            RowGroup(
                title=f"The paper's own numbers, of its {CASES} cases", rows=[_papers(row) for row in rows]
            ),
        ],
    )


def _ours(row: ClusteringRow, cases: int) -> Row:
    found = row.clustering
    mark = "SUBSTITUTED" if row.of.substituted else ""
    name = row.of.paper.identifier
    if found is None:
        return Row(name=name, beneath=row.reason, mark=mark, cells=[Cell() for _ in range(7)])
    return Row(
        name=name,
        mark=mark,
        cells=[
            Cell(str(found.min_samples)),
            Cell(number(found.eps)),
            *(
                Cell(figure(float("nan") if one is None else one, 2))
                for one in (
                    found.silhouette,
                    found.silhouette_noise_as_cluster,
                    found.silhouette_noise_as_singletons,
                )
            ),
            Cell(str(found.clusters)),
            Cell(f"{found.clustered} ({100 * found.clustered / cases:.4g} %)"),
        ],
    )


def _papers(row: ClusteringRow) -> Row:
    found = row.of.paper.clustering
    name = row.of.paper.identifier
    if found is None:
        beneath = "no setting fulfilled its demands"
        return Row(name=name, beneath=beneath, cells=[Cell() for _ in range(7)])
    cells = [
        Cell(str(found.min_samples)),
        Cell(number(found.eps)),
        Cell(figure(found.silhouette, 2), "reading not stated"),
        Cell(),
        Cell(),
        Cell(str(found.clusters)),
        Cell(f"{found.clustered} ({100 * found.clustered / CASES:.4g} %)"),
    ]
    return Row(name=name, beneath=found.remark, cells=cells)


def near_misses(rows: Sequence[ClusteringRow]) -> list[str]:
    """Return a sentence for each configuration on settings that missed the demands nearly."""
    said = []
    for row in rows:
        if row.settings is None:
            continue
        told = [_told(one, row.settings.cases) for one in row.near_misses]
        least = f"{100 * row.settings.min_clustered:.4g} %"
        said.append(
            f"{row.of.paper.identifier}: {'; '.join(told)}."
            if told
            else f"{row.of.paper.identifier}: no setting missed the {least} by five points or less."
        )
    return said


def _told(one: NearMiss, cases: int) -> str:
    return (
        f"m = {one.min_samples}, eps = {number(one.eps)} has {one.clusters} clusters and silhouette "
        f"{figure(one.silhouette, 2)}, but {one.clustered} of {cases} cases "
        f"({100 * one.clustered / cases:.4g} %)"
    )
