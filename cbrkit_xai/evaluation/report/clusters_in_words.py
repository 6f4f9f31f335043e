"""What the clusters of a configuration are, and whether they help, a sentence for each finding."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cbrkit_xai.evaluation.clusters.bias_and_variance import BiasAndVariance
from cbrkit_xai.evaluation.clusters.explained import ExplainedCluster, ExplainedClusters
from cbrkit_xai.evaluation.clusters.gain import Gain
from cbrkit_xai.evaluation.clusters.losses import UNLIKE, Factor, Losses
from cbrkit_xai.evaluation.questions.answer import Answer
from cbrkit_xai.evaluation.report.figures_in_words import figure, interval, listed, probability, share, signed
from cbrkit_xai.evaluation.results import GLOBAL_MEAN, Evaluation
from cbrkit_xai.evaluation.wording import counted

AGAINST_RANDOM, AGAINST_LINEAR = "clustering-beats-random-groups", "clustered-no-worse-than-linear"
"""Kinds of the questions that decide about clusters."""

_ALPHA = 0.05
_CIRCULAR = (
    "This cannot be asked here: the clusters were made by these very votes (or nobody has shown that they "
    "were not), and such clusters follow the votes even where photos say nothing of them."
)
_BY_VERDICT = {
    "yes": "It is the clustering: as many random groups predict worse.",
    "no": "It is worse than averaging over as many random groups: photos are together that should not be.",
    "can't tell": (
        "Can't tell. It may be just the averaging: whatever prototypes gain over few neighbours need not "
        "come from which photos are together."
    ),
}


def overview(explained: ExplainedClusters) -> str:
    """Say how many clusters of which sizes there are."""
    inside = explained.cases - explained.alone
    sizes = [str(one.size) for one in explained.clusters]
    shown = listed(sizes) if len(sizes) <= 12 else f"{', '.join(sizes[:12])} and smaller"
    largest = explained.clusters[0].size / max(inside, 1)
    text = (
        f"{inside} of {explained.cases} photos are in {counted(len(sizes), 'cluster')} "
        f"(of {shown}), {explained.alone} in none."
    )
    if largest > 0.9 and len(sizes) > 1:
        text += (
            f" The largest holds {share(largest)} of them: its mean votes can hardly differ from those of "
            "all photos, whatever the photos look like."
        )
    return text


def votes_follow(explained: ExplainedClusters) -> str:
    """Say whether votes follow the clusters."""
    if explained.made_by_votes:
        return _CIRCULAR
    found = explained.explained
    if found is None or math.isnan(found.share):
        return (
            "Whether votes follow the clusters is not defined: there is one cluster, or all votes are equal."
        )
    figures = (
        f"they explain {share(found.share, 1)} of the variance of the votes; random clusters of the same "
        f"sizes explain {share(found.by_chance, 1)} on average, and as much or more with a chance of "
        f"{probability(found.p)}"
    )
    by_itself = "that chance is of this configuration by itself, as if no other had been looked at"
    if found.p < _ALPHA:
        return f"By this base's numbers they do: {figures} ({by_itself})."
    return f"Not as far as these photos can tell: {figures} ({by_itself})."


def apart(cluster: ExplainedCluster) -> str:
    """Say what the photos of a cluster have in common."""
    told = []
    if cluster.colours is not None:
        peaks = [
            f"{peak.channel} from {peak.first} to {peak.last} ({share(peak.inside)} of the pixels, "
            f"{share(peak.overall)} in all photos)"
            for peak in cluster.colours.peaks
        ]
        told.append(
            f"Its photos have more {listed(peaks)}."
            if peaks
            else "Its colours are, on the whole, those of all photos."
        )
    clear = [f"{one.name} ({one.inside} of {one.overall} photos)" for one in cluster.common if one.is_clear]
    if clear:
        told.append(f"Classes that it holds more often than chance would: {listed(clear)}.")
    elif any(cluster.classes):
        told.append("No class is in it more often than chance would have it.")
    return " ".join(told)


def votes_inside(cluster: ExplainedCluster, *, made_by_votes: bool = False) -> str:
    """Say whether a cluster's votes differ from all others'; nothing of the kind if they made it."""
    if made_by_votes:
        return "That its votes differ from others' says nothing: it was made by these very votes."
    clear = [
        f"{one.method} gets {signed(one.difference, 2)} votes ({interval(one.low, one.high, 2)})"
        for one in cluster.votes
        if one.is_clear
    ]
    if clear:
        return f"Inside, {listed(clear)} more or less than outside."
    if not cluster.votes or all(math.isnan(one.low) for one in cluster.votes):
        return "Its votes cannot be compared with others."
    widest = max(one.high - one.low for one in cluster.votes if not math.isnan(one.low)) / 2
    return (
        "No method's votes inside differ clearly from those outside; the intervals reach up to "
        f"\N{PLUS-MINUS SIGN}{figure(widest, 2)} votes."
    )


def gain_in_words(gain: Gain) -> str:
    """Say how far the clustered prediction errs more or less than another, and decide nothing."""
    comparison = gain.comparison
    whom = f"{gain.against}, k = {gain.other_k}" if gain.other_k else gain.against
    what = f"With k = {gain.k}, against {whom}: "
    if comparison.problem:
        return f"{what}{comparison.problem}."
    return (
        f"{what}mean squared error {signed(comparison.estimate)} votes squared, below 0 is better "
        f"({interval(*comparison.interval)}).{f' {gain.note}' if gain.note else ''}"
    )


def clustering_or_averaging(
    explained: ExplainedClusters, answers: Sequence[Answer], evaluation: Evaluation
) -> str:
    """Answer whether it is the clustering that helps or harms, or the averaging that any groups would do.

    By the answer to that question, which is corrected for all that were asked, at the k stated beforehand.
    """
    answer = answer_about(explained, answers, AGAINST_RANDOM)
    if answer is None:
        return (
            "This was not asked: random prototypes of equal number were not evaluated, or the report was "
            "written without answers."
        )
    said = _BY_VERDICT[answer.verdict]
    return " ".join(one for one in (said, answer.sentence, _no_choice_left(answer, evaluation)) if one)


def no_worse_than_linear(explained: ExplainedClusters, answers: Sequence[Answer]) -> str:
    """Answer whether clusters are no worse than comparing with every case; empty if it was not asked."""
    answer = answer_about(explained, answers, AGAINST_LINEAR)
    return "" if answer is None else answer.sentence


def answer_about(explained: ExplainedClusters, answers: Sequence[Answer], kind: str) -> Answer | None:
    """Return the answer to a question of one kind about a clustered configuration, or None."""
    return next((one for one in answers if one.kind == kind and one.labels[:1] == (explained.label,)), None)


def _no_choice_left(answer: Answer, evaluation: Evaluation) -> str:
    """Say it where so many prototypes speak that it makes no difference which is nearest."""
    clustered, *_ = answer.details.get("contestants", [{"judged": []}])
    if not clustered["judged"]:
        return ""
    label, k = clustered["judged"][0]["label"], min(one["k"] for one in clustered["judged"])
    known = evaluation.runs[label].entries if label in evaluation.runs else np.zeros(1)
    fewest = int(known[known > 0].min(initial=np.iinfo(np.int64).max))
    if k < fewest:
        return ""
    return (
        f"But with k = {k} every prototype speaks wherever there are {fewest}: all photos of such a fold get "
        "one prediction, and no clustering could have shown that it helps. A smaller k would ask for it."
    )


def losses_in_words(found: Losses) -> str:
    """Say how many queries lose, and what goes with it."""
    prototypes = "prototype alone" if found.k == 1 else f"{found.k} prototypes"
    text = (
        f"{found.losing} of {found.queries} photos are predicted worse by the nearest {prototypes} than by "
        f"{counted(found.other_k, 'neighbour')}. "
    )
    clear = [one for one in found.factors if one.is_clear]
    unclear = [one for one in found.factors if not one.is_clear and not math.isnan(one.correlation)]
    if clear:
        text += f"What goes with losing: {listed([_factor(one) for one in clear])}. "
    if unclear:
        text += (
            f"What does not, as far as these photos can tell: {listed([_factor(one) for one in unclear])}. "
        )
    if any(one.name == UNLIKE for one in clear):
        text += (
            "A photo whose votes are unlike its cluster's is missed by any average of that cluster, so this "
            "says who loses, not that similarity failed."
        )
    return text.strip()


def _factor(factor: Factor) -> str:
    span = interval(factor.low, factor.high, 2)
    return f"the {factor.name} (rank correlation {figure(factor.correlation, 2)}, {span})"


def parts_in_words(explained: ExplainedClusters, k: int, other_k: int) -> str:
    """Compare the two parts of the error of prototypes, k of them, and of neighbours, other_k of them."""
    own = next((one for one in explained.parts if one.label == explained.label), None)
    other = next((one for one in explained.parts if one.label not in (explained.label, GLOBAL_MEAN)), None)
    mean = next((one for one in explained.parts if one.label == GLOBAL_MEAN), None)
    if own is None or other is None:
        return "Cannot be told apart: no case was held out twice, or there is nothing to compare with."
    first, second = _at(own, k), _at(other, other_k)
    whole = next((one for one in explained.gains if one.k == k and one.against == other.label), None)
    text = (
        f"{own.label} with k = {k} misses the votes by {figure(first[0])} votes squared that last over all "
        "training sets (squared bias, and the noise of the votes, which is the same for every predictor), "
        f"and by {figure(first[1])} that change from one training set to the next; {other.label} with "
        f"k = {other_k} by {figure(second[0])} and {figure(second[1])}. "
        f"{_balance(first[0] - second[0], first[1] - second[1], whole)}"
    )
    if mean is not None:
        text += f" The global mean has {figure(float(mean.lasting[0]))} and {figure(float(mean.varying[0]))}."
    return text


def _at(part: BiasAndVariance, k: int) -> tuple[float, float]:
    place = int(np.argmin(np.abs(np.array(part.ks) - k)))
    return float(part.lasting[place]), float(part.varying[place])


def _balance(bias: float, variance: float, whole: Gain | None) -> str:
    if whole is None or whole.comparison.problem:
        return "Whether the two differ in sum cannot be told."
    low, high = whole.comparison.interval
    if low <= 0 <= high:
        told = f"{signed(whole.comparison.estimate)} ({interval(low, high)})"
        return f"In sum they differ by {told}, which may be chance: neither part explains anything."
    if bias <= 0 and variance <= 0:
        return "Prototypes have less of both."
    if bias > 0 and variance > 0:
        return "Prototypes have more of both."
    outcome = "which pays" if high < 0 else "which does not pay"
    if variance < 0:
        return f"Prototypes vary less, and miss the photo's own votes more, {outcome}."
    return f"Prototypes miss the photo's own votes less, and vary more, {outcome}."
