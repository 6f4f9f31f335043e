"""The map of all (m, eps) that the search for clusters tried, with the silhouette as colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from cbrkit_xai.evaluation.report.plots.picture import FAINT, INK, Heading, Picture, axes_at, drawn
from cbrkit_xai.evaluation.reproduction.clustering_table import ClusteringRow
from cbrkit_xai.evaluation.reproduction.papers_numbers import PapersClustering
from cbrkit_xai.evaluation.reproduction.pictures.looks import substitution_banners
from cbrkit_xai.evaluation.reproduction.settings_map import SettingsMap
from cbrkit_xai.evaluation.wording import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT = 8.6, 4.15
_BOX = (0.75, 1.15, 6.55, 2.9)
_BAR = (7.5, 1.15, 0.18, 2.9)
_UNDEFINED = "#e5e7eb"


def settings_picture(row: ClusteringRow, subtitle: str) -> Picture | None:
    """Return the picture of one configuration's settings; None where nothing was tried."""
    if row.settings is None:
        return None
    name = row.of.paper.identifier
    drawing = _Drawing(row=row, settings=row.settings)
    return drawn(
        drawing.draw,
        name=f"settings-{row.of.name}",
        heading=Heading(
            title=f"{name}: every setting of DBSCAN that the search tried, on the whole case base",
            subtitle=subtitle,
            banners=substitution_banners((row.of,)),
        ),
        caption=_caption(row, row.settings, drawing.papers_place is not None),
        description=_description(row, row.settings),
        size=(WIDTH, HEIGHT),
    )


@attrs.frozen(kw_only=True, eq=False)
class _Drawing:
    row: ClusteringRow
    settings: SettingsMap

    def draw(self, figure: Figure) -> None:
        """Draw it; see `drawn`."""
        axes, bar = axes_at(figure, _BOX), axes_at(figure, _BAR)
        settings = self.settings
        rows, columns = settings.silhouettes.shape
        mesh = axes.imshow(
            np.ma.masked_invalid(settings.silhouettes),
            cmap=_colours(),
            aspect="auto",
            origin="lower",
            extent=(-0.5, columns - 0.5, -0.5, rows - 0.5),
            **_scale(settings),
        )
        _hatch(axes, settings)
        self._mark(axes)
        ticks = np.unique(np.linspace(0, columns - 1, min(columns, 8)).round().astype(int)).tolist()
        axes.set_xticks(ticks, [number(float(settings.eps[one])) for one in ticks])
        axes.set_yticks(range(rows), [str(one) for one in settings.min_samples])
        axes.set_xlabel("eps, at evenly spaced quantiles of the distances of all pairs")
        axes.set_ylabel("m (a core case counts itself)")
        for side in ("top", "right"):
            axes.spines[side].set_visible(True)
        colorbar = figure.colorbar(mesh, cax=bar)
        colorbar.set_label("silhouette of the clustered cases")
        self._legend(figure)

    @property
    def chosen_place(self) -> tuple[float, float] | None:
        """Column and row of the chosen setting."""
        found = self.row.clustering
        if found is None:
            return None
        column = int(np.argmin(np.abs(self.settings.eps - found.eps)))
        return column, int(np.flatnonzero(self.settings.min_samples == found.min_samples)[0])

    @property
    def papers_place(self) -> tuple[float, float] | None:
        """Where the paper's setting lies, if it is of the same features and within the map."""
        paper: PapersClustering | None = self.row.of.paper.clustering
        eps, samples = self.settings.eps, self.settings.min_samples
        if paper is None or self.row.of.is_latent or not eps[0] <= paper.eps <= eps[-1]:
            return None
        if not samples[0] <= paper.min_samples <= samples[-1]:
            return None
        return float(np.interp(paper.eps, eps, np.arange(len(eps)))), float(paper.min_samples - samples[0])

    def _mark(self, axes: Axes) -> None:
        if self.chosen_place is not None:
            column, row = self.chosen_place
            axes.plot(column, row, **_CHOSEN)
        if self.papers_place is not None:
            axes.plot(*self.papers_place, **_PAPERS)

    def _legend(self, figure: Figure) -> None:
        from matplotlib.lines import Line2D
        from matplotlib.patches import Patch

        handles: list[Any] = [
            Patch(facecolor="white", edgecolor=INK, hatch="////", linewidth=0.5, label="breaks the demands"),
            Patch(facecolor=_UNDEFINED, label="fewer than two clusters: no silhouette"),
        ]
        if self.chosen_place is not None:
            handles.append(Line2D([], [], label="chosen", **_CHOSEN))
        if self.papers_place is not None:
            handles.append(Line2D([], [], label="the paper's choice, on its own photos", **_PAPERS))
        figure.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=((_BOX[0] - 0.1) / WIDTH, 0.0),
            ncols=2,
            columnspacing=2.0,
            labelspacing=0.3,
            borderaxespad=0.4,
        )


_CHOSEN: dict[str, Any] = {
    "marker": "*",
    "markersize": 15,
    "markerfacecolor": "white",
    "markeredgecolor": INK,
    "markeredgewidth": 1.2,
    "linestyle": "none",
}
_PAPERS: dict[str, Any] = {
    "marker": "X",
    "markersize": 9,
    "markerfacecolor": "#D55E00",
    "markeredgecolor": "white",
    "markeredgewidth": 1.0,
    "linestyle": "none",
}


def _colours() -> Any:
    from matplotlib import colormaps

    found = colormaps["viridis"].copy()
    found.set_bad(_UNDEFINED)
    return found


def _scale(settings: SettingsMap) -> dict[str, Any]:
    """Give one silhouette alone a scale with some width."""
    known = settings.silhouettes[~np.isnan(settings.silhouettes)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    return {"vmin": low, "vmax": max(high, low + 1e-3)}


def _hatch(axes: Axes, settings: SettingsMap) -> None:
    """Hatch what breaks the demands, run by run of each row: single cells would show their edges."""
    from matplotlib.patches import Rectangle

    for row, feasible in enumerate(settings.feasible):
        edges = np.flatnonzero(np.diff(np.concatenate([[True], feasible, [True]]).astype(np.int8)))
        for start, stop in zip(edges[::2], edges[1::2], strict=True):
            axes.add_patch(
                Rectangle(
                    (start - 0.5, row - 0.5),
                    stop - start,
                    1,
                    fill=False,
                    hatch="////",
                    edgecolor=FAINT,
                    linewidth=0,
                )
            )


def _caption(row: ClusteringRow, settings: SettingsMap, has_papers: bool) -> str:
    demands = (
        f"at least {settings.min_clusters} clusters with at least {100 * settings.min_clustered:.4g} % of "
        f"the {settings.cases} cases"
    )
    said = [
        "Colour: mean silhouette of the clustered cases, from -1 to 1, higher is better. Hatched: settings "
        f"that break the paper's demands, {demands}. Grey: fewer than two clusters.",
        f"{int(settings.feasible.sum())} of {settings.feasible.size} settings fulfil them.",
    ]
    found = row.clustering
    if found is None:
        said.append(f"None is chosen: {row.reason}.")
    else:
        said.append(
            f"Star: chosen, the highest silhouette among those (m = {found.min_samples}, eps = "
            f"{number(found.eps)}: {found.clusters} clusters with {found.clustered} cases, silhouette "
            f"{_or_none(found.silhouette)})."
        )
    if has_papers:
        said.append("Cross: what the paper chose on its own 200 photos.")
    return " ".join(said)


def _or_none(value: float | None) -> str:
    return "undefined" if value is None else number(value)


def _description(row: ClusteringRow, settings: SettingsMap) -> str:
    known = settings.silhouettes[~np.isnan(settings.silhouettes)]
    span = (
        f"{number(float(known.min()))} to {number(float(known.max()))}" if len(known) else "nowhere defined"
    )
    chosen = row.clustering
    told = "none chosen" if chosen is None else f"chosen m = {chosen.min_samples}, eps = {number(chosen.eps)}"
    return (
        f"Map of {len(settings.min_samples)} values of m and {len(settings.eps)} of eps. Silhouettes {span}; "
        f"{int(settings.feasible.sum())} settings fulfil the demands; {told}."
    )
