"""The section that says why clustering this case base does, or does not, help."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from typing import Any

import attrs

from cbrkit_xai.evaluation.clusters.bias_and_variance import BiasAndVariance
from cbrkit_xai.evaluation.clusters.explained import ExplainedCluster, ExplainedClusters
from cbrkit_xai.evaluation.questions.answer import Answer
from cbrkit_xai.evaluation.questions.own_k import own_k, telling_k
from cbrkit_xai.evaluation.report.banners import banners_of
from cbrkit_xai.evaluation.report.clusters_in_words import (
    apart,
    clustering_or_averaging,
    gain_in_words,
    losses_in_words,
    no_worse_than_linear,
    overview,
    parts_in_words,
    votes_follow,
    votes_inside,
)
from cbrkit_xai.evaluation.report.families import names_in
from cbrkit_xai.evaluation.report.figures_in_words import figure
from cbrkit_xai.evaluation.report.plots.bias_and_variance import PartsPlot
from cbrkit_xai.evaluation.report.plots.colours_of_clusters import ColoursPlot
from cbrkit_xai.evaluation.report.plots.palette import looks
from cbrkit_xai.evaluation.report.plots.picture import Heading, Picture, drawn
from cbrkit_xai.evaluation.report.plots.vote_contrasts import ContrastPlot
from cbrkit_xai.evaluation.results import Evaluation
from cbrkit_xai.evaluation.wording import counted

MOST_CLUSTERS = 12
"""Clusters that are shown one by one; the largest."""

_READING = (
    "What the clusters are is told of the whole case base. What they cost is told of held-out photos "
    "alone{how}. Whether it is the clustering, and whether it is no worse than neighbours, is decided by the "
    "answers, corrected for all questions and at the k stated beforehand. Everything else is descriptive: "
    "each number and each 95 % interval by itself, not corrected for how many there are. It decides nothing."
)
_OF_FOLDS = ", for which each fold had clusters of its own"
_INTERVALS = (
    "lines are 95 % intervals that hold together for all clusters and methods of the picture. Where a line "
    "crosses 0, knowing the cluster says nothing about the method (blue dots); where it does not, the mark "
    "is a red square. Lines that reach the edge go on."
)
_MADE_BY_VOTES = (
    "without intervals, as the clusters were made by these very votes (or nobody has shown that they were "
    "not): such clusters differ even where photos say nothing of votes."
)
_NONE = "No configuration was asked to explain its clusters."


def clusters_section(
    evaluation: Evaluation,
    explained: Sequence[ExplainedClusters],
    answers: Sequence[Answer],
    subtitle: str,
) -> dict[str, Any]:
    """Return what the section shows; pictures are among it."""
    told = [
        _told(evaluation, one, answers, subtitle, number) for number, one in enumerate(explained, start=1)
    ]
    how = "" if evaluation.protocol.leaks else _OF_FOLDS
    return {"reading": _READING.format(how=how) if told else _NONE, "explained": told}


def _told(
    evaluation: Evaluation, one: ExplainedClusters, answers: Sequence[Answer], subtitle: str, number: int
) -> dict[str, Any]:
    if one.problem:
        return {"label": one.label, "problem": one.problem, "pictures": []}
    shown = one.clusters[:MOST_CLUSTERS]
    more = len(one.clusters) - len(shown)
    return {
        "label": one.label,
        "problem": "",
        "overview": overview(one),
        "votes_follow": votes_follow(one),
        "clustering_or_averaging": clustering_or_averaging(one, answers, evaluation),
        "no_worse": no_worse_than_linear(one, answers),
        "gains": [gain_in_words(gain) for gain in one.gains],
        "parts": _parts_in_words(evaluation, one),
        "pictures": _pictures(evaluation, one, subtitle, number),
        "clusters": [_cluster(one, cluster, place) for place, cluster in enumerate(shown, start=1)],
        "more": f"{counted(more, 'smaller cluster is', 'smaller clusters are')} not shown." if more else "",
        "losses": "Nobody was compared: neighbours were not evaluated on the same photos."
        if one.losses is None
        else losses_in_words(one.losses),
        "losers": [
            _photo(one, loser.id, f"loses {figure(loser.loss, 2)} votes²", loser.reasons)
            for loser in (one.losses.losers if one.losses is not None else ())
        ],
    }


def _parts_in_words(evaluation: Evaluation, one: ExplainedClusters) -> str:
    runs = [evaluation.runs[part.label] for part in one.parts]
    k = next((telling_k(run) for run in runs if run.label == one.label), 1)
    other_k = next((own_k(run) for run in runs if run.label != one.label), 1)
    return parts_in_words(one, k, other_k)


def _cluster(one: ExplainedClusters, cluster: ExplainedCluster, place: int) -> dict[str, Any]:
    roles = ["medoid", *["near the prototype"] * len(cluster.members.nearest)]
    return {
        "name": f"Cluster {place}",
        "size": counted(cluster.size, "photo"),
        "apart": apart(cluster),
        "votes": votes_inside(cluster, made_by_votes=one.made_by_votes),
        "photos": [
            _photo(one, identifier, role, (name,) if name else ())
            for identifier, role, name in zip(cluster.members.ids, roles, cluster.classes, strict=True)
        ],
    }


def _photo(one: ExplainedClusters, identifier: str, role: str, lines: Sequence[str]) -> dict[str, Any]:
    file = one.pictures.get(identifier)
    src = "" if file is None else f"data:image/jpeg;base64,{base64.b64encode(file).decode()}"
    return {"id": identifier, "src": src, "role": role, "lines": list(lines)}


def _pictures(evaluation: Evaluation, one: ExplainedClusters, subtitle: str, number: int) -> list[Picture]:
    shown = one.clusters[:MOST_CLUSTERS]
    names = [f"cluster {place} ({cluster.size})" for place, cluster in enumerate(shown, start=1)]
    run = evaluation.runs.get(one.label)
    banners = banners_of([run] if run is not None else [])
    found = []
    if one.parts:
        heading = Heading(title=f"{one.label}: bias and variance", subtitle=subtitle, banners=banners)
        found.append(_parts(evaluation, one.parts, heading, number))
    if all(cluster.votes for cluster in shown):
        heading = Heading(title=f"{one.label}: votes inside its clusters", subtitle=subtitle, banners=banners)
        found.append(_contrasts(one, names, heading, number))
    with_colours = [
        (name, cluster.colours) for name, cluster in zip(names, shown, strict=True) if cluster.colours
    ]
    if with_colours:
        plot = ColoursPlot(
            names=[name for name, _ in with_colours], colours=[colours for _, colours in with_colours]
        )
        found.append(
            drawn(
                plot.draw,
                name=f"cluster-colours-{number:02d}",
                heading=Heading(
                    title=f"{one.label}: colours of its clusters", subtitle=subtitle, banners=banners
                ),
                caption="How many pixels have which value of red, green and blue: filled, the cluster's "
                "photos on average; the grey line, all photos. A cluster that is filled up to the line has "
                "the colours of the whole case base. The number of its photos stands in brackets.",
                description="Mean colour histograms per cluster; the text above each cluster names its "
                "peaks.",
                size=plot.size,
            )
        )
    return found


def _parts(
    evaluation: Evaluation, parts: Sequence[BiasAndVariance], heading: Heading, number: int
) -> Picture:
    trimmed = [_to_the_last_prototype(evaluation, one) for one in parts]
    by_label = names_in([evaluation.runs[one.label] for one in trimmed])
    names = [by_label[one.label] for one in trimmed]
    by_name = looks(names)
    plot = PartsPlot(parts=trimmed, names=names, looks=[by_name[name] for name in names])
    return drawn(
        plot.draw,
        name=f"bias-and-variance-{number:02d}",
        heading=heading,
        caption="The mean squared error in two parts that add up to it. Left: the squared distance of the "
        "average prediction, over the repeats, from the votes; it holds the squared bias and the noise of "
        "the votes, which is the same for every predictor. Right: how much the prediction of one photo "
        "changes from one repeat's training cases to the next; these share most of their cases, so that "
        "new case bases would differ more. Clustered curves end where all prototypes are used.",
        description=" ".join(
            f"{one.label}: {figure(float(one.lasting[0]))} and {figure(float(one.varying[0]))} at k = "
            f"{one.ks[0]}, {figure(float(one.lasting[-1]))} and {figure(float(one.varying[-1]))} at k = "
            f"{one.ks[-1]}."
            for one in trimmed
        ),
        size=plot.size,
    )


def _to_the_last_prototype(evaluation: Evaluation, one: BiasAndVariance) -> BiasAndVariance:
    run = evaluation.runs.get(one.label)
    most = int(run.entries.max(initial=0)) if run is not None and run.clustered else 0
    number = sum(k <= most for k in one.ks) or 1 if most else len(one.ks)
    return attrs.evolve(one, ks=one.ks[:number], lasting=one.lasting[:number], varying=one.varying[:number])


def _contrasts(one: ExplainedClusters, names: Sequence[str], heading: Heading, number: int) -> Picture:
    shown = one.clusters[:MOST_CLUSTERS]
    plot = ContrastPlot(names=names, votes=[cluster.votes for cluster in shown])
    clear = [
        f"{name}, {vote.method}"
        for name, cluster in zip(names, shown, strict=True)
        for vote in cluster.votes
        if vote.is_clear
    ]
    known = [vote for cluster in shown for vote in cluster.votes if not math.isnan(vote.low)]
    found = f"{len(known)} differences, clearly not 0: {', '.join(clear) if clear else 'none'}."
    return drawn(
        plot.draw,
        name=f"cluster-votes-{number:02d}",
        heading=heading,
        caption="Mean votes of each method inside each cluster, less those of all other photos; "
        f"{_MADE_BY_VOTES if one.made_by_votes else _INTERVALS} "
        "The number of a cluster's photos stands in brackets.",
        description=_MADE_BY_VOTES.capitalize() if one.made_by_votes else found,
        size=plot.size,
    )
