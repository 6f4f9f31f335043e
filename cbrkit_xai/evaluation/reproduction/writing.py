"""Writes the reproduction: what programs read, the report, and times by themselves."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs

from cbrkit_xai.cache import write_atomically
from cbrkit_xai.evaluation.questions.answer import plain
from cbrkit_xai.evaluation.report.page import rendered
from cbrkit_xai.evaluation.report.plots.picture import pictures_of
from cbrkit_xai.evaluation.report.writing import PLOTS, REPORT
from cbrkit_xai.evaluation.reproduction.claims.claim import Claim
from cbrkit_xai.evaluation.reproduction.clustering_table import ClusteringRow
from cbrkit_xai.evaluation.reproduction.csv_tables import growth_csv, settings_csv, times_csv
from cbrkit_xai.evaluation.reproduction.mantel import MantelResult
from cbrkit_xai.evaluation.reproduction.pages.predecessor_page import predecessor_page
from cbrkit_xai.evaluation.reproduction.pages.report_page import report_page
from cbrkit_xai.evaluation.reproduction.pages.times_in_words import PAGE
from cbrkit_xai.evaluation.reproduction.pages.times_page import times_page
from cbrkit_xai.evaluation.reproduction.predecessor import Predecessor
from cbrkit_xai.evaluation.reproduction.reproduction import Reproduction
from cbrkit_xai.evaluation.reproduction.timing.times import Times

REPRODUCTION, SETTINGS, QUERY_TIMES = "reproduction.json", "settings.csv", "query-times.csv"
GROWTH = "growth.csv"


def write_reproduction(
    reproduction: Reproduction,
    folder: Path,
    *,
    command: str,
    times: tuple[Times, Sequence[Claim]] | None = None,
) -> list[Path]:
    """Write `report.html` with its pictures, `reproduction.json` and `settings.csv`; return the files.

    The same reproduction gives the same bytes of these. Times, which are others every time, go to
    `times.html`, `query-times.csv` and pictures whose names begin with `times`.

    Parameters
    ----------
    folder : Path
        Made if it is not there; files of these names are replaced.
    command : str
        The command line that repeats it.
    times : (Times, sequence of Claim), optional
        What was measured, and the claims about it.

    Raises
    ------
    MissingDependencyError
        Jinja2 or matplotlib is not installed.
    OSError
        The folder cannot be written.
    """
    page = report_page(reproduction, command=command, has_times=times is not None)
    _write_page(page, "reproduction.html.j2", folder / REPORT)
    content = json.dumps(to_json(reproduction), indent=1, ensure_ascii=False, allow_nan=False)
    write_atomically(folder / REPRODUCTION, f"{content}\n".encode())
    write_atomically(folder / SETTINGS, settings_csv(reproduction).encode())
    written = [folder / name for name in (REPORT, REPRODUCTION, SETTINGS)]
    if times is None:
        return written
    _write_page(times_page(reproduction, *times), "reproduction_times.html.j2", folder / PAGE)
    write_atomically(folder / QUERY_TIMES, times_csv(reproduction, times[0]).encode())
    return [*written, folder / PAGE, folder / QUERY_TIMES]


def write_predecessor(found: Predecessor, folder: Path, *, command: str) -> list[Path]:
    """Write `report.html` with its pictures, and `growth.csv`; return the files.

    Parameters
    ----------
    folder : Path
        Made if it is not there; files of these names are replaced.
    command : str
        The command line that repeats it.

    Raises
    ------
    MissingDependencyError
        Jinja2 or matplotlib is not installed.
    OSError
        The folder cannot be written.
    """
    _write_page(predecessor_page(found, command=command), "reproduction_predecessor.html.j2", folder / REPORT)
    write_atomically(folder / GROWTH, growth_csv(found).encode())
    return [folder / REPORT, folder / GROWTH]


def to_json(reproduction: Reproduction) -> dict[str, Any]:
    """Return all but the single predictions as JSON values; what is not known is None."""
    evaluation, found = reproduction.evaluation, reproduction.hypothesis
    return {
        "base": evaluation.name,
        "provenance": evaluation.provenance,
        "is_automatic": evaluation.is_automatic,
        "substituted": evaluation.substituted,
        "configurations": [
            {
                "paper": one.paper.identifier,
                "linear": None if one.linear is None else one.linear.label,
                "clustered": None if one.clustered is None else one.clustered.label,
                "substituted": one.substituted,
                "missing": one.missing,
            }
            for one in reproduction.configurations
        ],
        "table_2": [_clustering(row) for row in reproduction.clusterings],
        "hypothesis": {
            "draws": found.draws,
            "photos": found.photos,
            "metrics": {
                name: {
                    "winners": _mantel(one.winners),
                    "shares": _mantel(one.shares),
                    "alignment": plain(
                        {
                            "k": one.k,
                            "mean": one.alignment.mean,
                            "by_chance": one.alignment.by_chance,
                            "chance": one.alignment.chance,
                            "p": one.alignment.p,
                            "problem": one.alignment.problem,
                        }
                    ),
                }
                for name, one in found.metrics.items()
            },
        },
        "claims": [one.to_json() for one in reproduction.claims],
    }


def _mantel(found: MantelResult) -> dict[str, Any]:
    return {field.name: plain(getattr(found, field.name)) for field in attrs.fields(MantelResult)}


def _clustering(row: ClusteringRow) -> dict[str, Any]:
    found, paper = row.clustering, row.of.paper.clustering
    ours = None
    if found is not None:
        names = (
            "min_samples",
            "eps",
            "silhouette",
            "silhouette_noise_as_cluster",
            "silhouette_noise_as_singletons",
        )
        ours = {
            **{name: plain(getattr(found, name)) for name in names},
            "clusters": found.clusters,
            "clustered": found.clustered,
            "cases": found.n,
        }
    return {
        "configuration": row.of.paper.identifier,
        "found": ours,
        "reason": row.reason,
        "near_misses": [attrs.asdict(one) for one in row.near_misses],
        "papers": None if paper is None else attrs.asdict(paper),
    }


def _write_page(page: dict[str, Any], template: str, path: Path) -> None:
    html = rendered(template, page)
    for picture in pictures_of(page):
        write_atomically(path.parent / PLOTS / f"{picture.name}.png", picture.png)
        write_atomically(path.parent / PLOTS / f"{picture.name}.svg", picture.svg)
    write_atomically(path, html.encode())
