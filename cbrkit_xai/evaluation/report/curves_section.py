"""The section with a picture of the pooled RMSE over k for each family of configurations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from cbrkit_xai.evaluation.baselines.prototypes import K_MEANS, RANDOM
from cbrkit_xai.evaluation.permutation.permutation_null import PermutationNull
from cbrkit_xai.evaluation.report.banners import banners_of
from cbrkit_xai.evaluation.report.curves import Curve, curve
from cbrkit_xai.evaluation.report.families import Family, families, names_in
from cbrkit_xai.evaluation.report.figures_in_words import figure, listed, share
from cbrkit_xai.evaluation.report.permutation_table import Band, band
from cbrkit_xai.evaluation.report.plots.picture import Heading, Picture, drawn
from cbrkit_xai.evaluation.report.plots.rmse_over_k import Panel
from cbrkit_xai.evaluation.results import GLOBAL_MEAN, Evaluation
from cbrkit_xai.evaluation.scoring.noise_floor import NoiseFloor
from cbrkit_xai.evaluation.scoring.scores import pooled_rmse
from cbrkit_xai.evaluation.wording import counted

MOST_PICTURES = 24
"""Of a grid of hundreds, the first are drawn; all numbers are in the tables and in results.csv."""

_AS_MANY = (RANDOM, K_MEANS)

_LEAST_SCALE = 0.12  # of the largest error

READING = (
    "A curve that falls proves nothing by itself: averaging more votes lowers the error even where photos "
    "and votes have nothing to do with each other. That error is the dashed null law, drawn for each curve "
    "in its colour. It takes folds for dealt by luck; folds that are dealt evenly by the winner lower every "
    "error a little, that of predictors which look at no photo too, so a curve just below its dashed line is "
    "no evidence. The shades know of it: evidence that similar photos get similar votes is a cross below "
    "them, and a use for it is a curve below the global mean."
)


def curves_section(
    evaluation: Evaluation, floor: NoiseFloor, permutation: PermutationNull | None, subtitle: str
) -> dict[str, Any]:
    """Return what the section shows; pictures are among it."""
    found = families(evaluation)
    shown = found[:MOST_PICTURES]
    curves = {
        family.name: tuple(curve(evaluation, run) for run in family.runs if not np.isnan(run.predicted).all())
        for family in shown
    }
    bands = _bands(permutation, (one.run.label for all_of in curves.values() for one in all_of))
    levels = _levels(evaluation)
    limits = _limits([one for all_of in curves.values() for one in all_of], bands, levels)
    pictures = []
    for number, family in enumerate(shown, start=1):
        if curves[family.name]:
            panel = Panel(
                curves=curves[family.name],
                levels=_of_family(levels, family),
                floor=floor.rmse,
                bands=bands,
                is_one_repeat=evaluation.folds.repeats == 1,
                limits=limits,
            )
            pictures.append(_picture(evaluation, family, panel, subtitle, number))
    return {"reading": READING, "pictures": pictures, "left_out": _left_out(found, shown, curves)}


def _bands(permutation: PermutationNull | None, labels: Iterable[str]) -> dict[str, Band]:
    if permutation is None:
        return {}
    return {label: band(permutation, label) for label in labels if label in permutation.labels}


def _levels(evaluation: Evaluation) -> dict[str, float]:
    """Return the pooled RMSE of each run without neighbours."""
    alone = [run for run in evaluation.runs.values() if run.ks == (0,)]
    return {
        run.label: float(pooled_rmse(run.predicted, evaluation.votes[:, None], over=(0, 1))[0])
        for run in alone
    }


def _of_family(levels: Mapping[str, float], family: Family) -> dict[str, float]:
    """Leave out what was fitted to other features than the family's, such as "ridge on histogram"."""
    configuration = family.runs[0].configuration
    features = (
        ()
        if configuration is None
        else (
            configuration.representation.name,
            str(configuration.representation),
        )
    )
    found = {}
    for label, value in levels.items():
        name, on, which = label.partition(" on ")
        if not on or which in features:
            found[name] = value
    return found


def _limits(
    curves: Sequence[Curve], bands: Mapping[str, Band], levels: Mapping[str, float]
) -> tuple[float, float]:
    """Make room for every curve, its null and the global mean, and for no more: the rest is named beside."""
    values = [one for curve in curves for one in (*curve.rmse, *curve.null)]
    values += [
        value for one in bands.values() for ends in (one.low, one.high, one.observed) for value in ends
    ]
    values += [levels[GLOBAL_MEAN]] if GLOBAL_MEAN in levels else []
    finite = [value for value in values if np.isfinite(value)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    # A scale that fills the picture with less than that makes mountains of what nobody could tell apart.
    short = max(0.0, _LEAST_SCALE * high - (high - low))
    low, high = low - short / 2, high + short / 2
    pad = max(0.08 * (high - low), 1e-3)
    return max(low - 2 * pad, -pad), high + pad


def _picture(evaluation: Evaluation, family: Family, panel: Panel, subtitle: str, number: int) -> Picture:
    heading = Heading(
        title=f"{family.name}: error over the number of neighbours or prototypes",
        subtitle=subtitle,
        banners=banners_of(family.runs),
    )
    return drawn(
        panel.draw,
        name=f"rmse-over-k-{number:02d}",
        heading=heading,
        caption=_caption(evaluation, panel),
        description=_description(panel),
        size=panel.size,
    )


def _caption(evaluation: Evaluation, panel: Panel) -> str:
    ks = [int(k) for one in panel.curves for k in (one.ks[0], one.ks[-1])]
    said = [
        "Pooled root mean square error, in votes, of predicted against observed votes of held-out photos, "
        f"for {min(ks)} to {max(ks)} neighbours or prototypes ({evaluation.provenance}).",
        "Dashed, in each curve's colour: its null law, the error with the same weights if similar photos did "
        "not get similar votes.",
        "Horizontal lines: predictors without neighbours, named at the right, those that are fitted to "
        "features to the same ones; arrows name those beyond the scale.",
    ]
    if panel.bands.keys() & {one.run.label for one in panel.curves}:
        said.append(_shaded(evaluation))
    names = names_in([one.run for one in panel.curves])
    alike: dict[str, list[str]] = {}
    for one in panel.curves:
        if one.independence is not None:
            alike.setdefault(_independence(one), []).append(names[one.run.label])
    said += [f"{listed(those)}: {sentence}" for sentence, those in alike.items()]
    if any(
        one.run.configuration and one.run.configuration.organizer.name in _AS_MANY for one in panel.curves
    ):
        said.append(
            "Random and k-means prototypes are as many as the clusters of the same fold; single cases that "
            "stand in no cluster, where an organizer keeps them as entries, have none of these."
        )
    said.append("Noise floor not defined, see the scores." if panel.floor is None else "")
    return " ".join(one for one in said if one)


def _shaded(evaluation: Evaluation) -> str:
    text = "Shaded: the middle 95 % of the errors when votes are shuffled over the photos"
    repeats = evaluation.folds.repeats
    if repeats == 1:
        return f"{text}."
    return (
        f"{text}, in the folds of the first repeat alone. Only the crosses, the errors observed in those, "
        f"are to be compared with it: a curve is of all {repeats} repeats, and whether it lies within the "
        "shades says nothing."
    )


def _independence(one: Curve) -> str:
    """Say from where on a clustered curve says nothing about similarity, in figures."""
    found = one.independence
    assert found is not None  # noqa: S101 - the caller has looked
    low, high = found.prototypes
    number = f"{low}" if low == high else f"{low} to {high}"
    text = f"{number} entries in a fold, drawn up to all of them"
    if found.same_from is not None:
        text += (
            f"; from k = {found.same_from} on (hollow) query-independent: all photos of a fold get one "
            "prediction"
        )
    known = [
        (int(k), float(value))
        for k, value in zip(one.ks, found.differing, strict=False)
        if not np.isnan(value)
    ]
    if not known:
        return (
            f"{text}. How many predictions differ from the mean of all prototypes is not known: no k reaches "
            "them all, or entries are weighted by their distance."
        )
    told = known if len(known) <= 4 else [*known[:3], known[-1]]
    parts = [f"{share(value)} at k = {k}" for k, value in told]
    what = "Photos whose prediction differs from the mean of all prototypes (lower strip)"
    return f"{text}. {what}: {listed(parts)}."


def _description(panel: Panel) -> str:
    names = names_in([one.run for one in panel.curves])
    said = []
    for one in panel.curves:
        first, last = int(one.ks[0]), int(one.ks[-1])
        said.append(
            f"{names[one.run.label]}: {figure(float(one.rmse[0]))} at k = {first}, "
            f"{figure(float(one.rmse[-1]))} at k = {last}; null law {figure(float(one.null[0]))} and "
            f"{figure(float(one.null[-1]))}"
        )
    said += [f"{name}: {figure(value)}" for name, value in panel.levels.items()]
    return "Pooled RMSE over k. " + ". ".join(said) + "."


def _left_out(found: Sequence[Family], shown: Sequence[Family], curves: Mapping[str, Sequence[Curve]]) -> str:
    said = []
    if len(found) > len(shown):
        said.append(
            f"{counted(len(found) - len(shown), 'further family', 'further families')} of configurations "
            "are in the tables and in results.csv alone."
        )
    empty = [name for name, all_of in curves.items() if not all_of]
    if empty:
        said.append(
            f"Nothing could be predicted by {listed(empty)}; the reasons stand under “What could not be "
            "done”."
        )
    return " ".join(said)
