"""From which k on a clustered configuration gives every query the same prediction."""

from __future__ import annotations

import attrs
import numpy as np

from cbrkit_xai.choice import Use
from cbrkit_xai.evaluation.holding_out.folds import Folds
from cbrkit_xai.evaluation.results import Run
from cbrkit_xai.features import Array, frozen_floats

SAME = 1e-9
"""Predictions this close, as a part of the largest vote, are one: sums in another order differ more."""

_CHOSEN_BY_VOTES = "dbscan-by-votes"
_MAY_FALL_BACK = ("dbscan-prototypes", "hdbscan-prototypes")
_ALL_SPEAK = (
    "agglomerative-prototypes",
    "k-means-prototypes",
    "k-medoids",
    "random-prototypes",
    "supervised-prototypes",
)


@attrs.frozen(kw_only=True, eq=False)
class QueryIndependence:
    """How far a run's predictions depend on the query at all.

    Where k reaches the number of prototypes, every query is answered by all of them alike, and a
    prediction that is the same for every photo says nothing about similarity.

    Parameters
    ----------
    ks : tuple of int
        As in the run.
    differing : array of shape (ks,)
        Share of the held-out queries whose prediction differs from the mean of their fold's prototypes,
        over all folds and repeats; NaN where that mean is not known.
    same_from : int or None
        The least k from which in every fold all queries get one prediction; None if there is no such k.
    prototypes : (int, int)
        Least and most entries of the index, over folds and repeats.
    """

    ks: tuple[int, ...]
    differing: Array = attrs.field(converter=frozen_floats)
    same_from: int | None
    prototypes: tuple[int, int]


def query_independence(run: Run, folds: Folds) -> QueryIndependence:
    """Return how far predictions depend on the query, from the predictions alone where a fold has several.

    The mean of a fold's prototypes is what all its queries are answered with once k has reached
    their number; where the largest k does not reach it, or where neighbours are weighted by their distance,
    no prediction shows it.
    """
    queries, differing = 0, np.zeros(len(run.ks))
    is_same = np.ones(len(run.ks), dtype=bool)
    seen = False
    for split in folds.splits():
        predicted = run.predicted[split.repeat, split.held_out]  # (held out, ks, methods)
        predicted = predicted[~np.isnan(predicted).all(axis=(1, 2))]
        if not len(predicted):
            continue
        seen = True
        entries = int(run.entries[split.repeat, split.fold])
        same = _same(predicted, entries, run)
        is_same &= same
        if entries <= run.ks[-1] and same[-1]:
            queries += len(predicted)
            differing += _differ(predicted, predicted[:1, -1:]).sum(axis=0)
    known = run.entries[run.entries > 0]
    return QueryIndependence(
        ks=run.ks,
        differing=differing / queries if queries else np.full(len(run.ks), np.nan),
        same_from=_same_from(run.ks, is_same) if seen else None,
        prototypes=(int(known.min()), int(known.max())) if len(known) else (0, 0),
    )


def _same(predicted: Array, entries: int, run: Run) -> Array:
    """Say at which k all queries of a fold get one prediction, `(ks,)`.

    One query alone shows nothing; there it follows from the number of entries, if all speak alike.
    """
    if len(predicted) > 1:
        return np.asarray(~_differ(predicted, predicted[:1]).any(axis=0))
    if not _entries_speak_alike(run):
        return np.zeros(len(run.ks), dtype=bool)
    return np.array([k >= entries for k in run.ks])


def _entries_speak_alike(run: Run) -> bool:
    if run.configuration is None:
        return False
    reuse, organizer = run.configuration.reuse, run.configuration.organizer
    by_distance = reuse.name != "mean" or reuse.parameters.get("weight", "none") == "similarity"
    return not by_distance and _all_can_speak(organizer)


def _all_can_speak(organizer: Use) -> bool:
    """Say whether each query is answered by all prototypes, where k reaches their number.

    With noise="fallback" some are passed over. Of an organizer that is not known here nobody knows.
    """
    if organizer.name == _CHOSEN_BY_VOTES:
        within = organizer.parameters.get("within")
        return within is None or (isinstance(within, Use) and _all_can_speak(within))
    if organizer.name in _MAY_FALL_BACK:
        return bool(organizer.parameters.get("noise", "drop") != "fallback")
    return organizer.name in _ALL_SPEAK


def _differ(predicted: Array, reference: Array) -> Array:
    """Say of which queries at which k any vote differs from the reference's, `(held out, ks)`."""
    largest = np.abs(np.nan_to_num(predicted)).max(initial=0.0)
    apart = np.abs(predicted - reference) > SAME * max(largest, 1.0)
    return (apart | (np.isnan(predicted) != np.isnan(reference))).any(axis=-1)


def _same_from(ks: tuple[int, ...], is_same: Array) -> int | None:
    found = None
    for k, same in zip(reversed(ks), reversed(is_same.tolist()), strict=True):
        if not same:
            break
        found = k
    return found
