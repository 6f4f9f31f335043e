"""What a fit learns from its training cases alone: reuse, experience, confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.confidence import Confidence, fit_confidence, shares
from cbrkit_xai.configurations import Components
from cbrkit_xai.errors import NotOrganizableError
from cbrkit_xai.features import Array
from cbrkit_xai.freezing import numbers
from cbrkit_xai.neighbours import Entries, Neighbours, mean_votes, weighted_mean
from cbrkit_xai.protocols import Index, Progress

MOST_CASES_IN_MEMORY = 4000
"""Up to here all pairwise distances are kept while learning (128 MB of float64)."""

EXPERIENCE_LEVEL = 0.02
"""A photo is out of experience if fewer than this share of the base's own photos lie so far off."""


@attrs.frozen(kw_only=True)
class Learnt:
    """The learnt parts of a recommender.

    Parameters
    ----------
    reuse : ReuseStrategy
        Fitted.
    retention : RetentionPolicy
        Fitted.
    confidence : Confidence
        Lambda, c, skill and the conformal threshold.
    experience : tuple of float
        Sorted distances of the base's photos from their nearest entry, each left out.
    """

    reuse: Any
    retention: Any
    confidence: Confidence
    experience: tuple[float, ...] = attrs.field(converter=numbers)

    def familiarity(self, nearest: Array) -> Array:
        """Return the share of the base's photos that lie at least as far off, `(q,)`.

        The usual rank p-value: (1 + how many) / (1 + n).
        """
        known = np.asarray(self.experience)
        farther = len(known) - np.searchsorted(known, nearest, side="left")
        share: Array = (1 + farther) / (1 + len(known))
        return share

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values.

        Raises
        ------
        TypeError
            A fitted component is not an attrs class of plain values.
        """
        return {
            "reuse": _plain(self.reuse),
            "retention": _plain(self.retention),
            "confidence": self.confidence.to_json(),
            "experience": list(self.experience),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any], components: Components) -> Learnt:
        """Return what `to_json` was called on, given the unfitted components."""
        return cls(
            reuse=_refilled(components.reuse, value["reuse"]),
            retention=_refilled(components.retention, value["retention"]),
            confidence=Confidence.from_json(value["confidence"]),
            experience=value["experience"],
        )


def _plain(component: Any) -> dict[str, Any] | None:
    if not hasattr(component, "fitted"):
        return None
    if not attrs.has(type(component)):
        raise TypeError(f"{component!r} cannot be kept")
    return attrs.asdict(component)


def _refilled(component: Any, values: dict[str, Any] | None) -> Any:
    return component if values is None else type(component)(**values)


def organize(
    components: Components, cases: Cases, progress: Progress | None = None, state: Any = None
) -> tuple[Components, Index]:
    """Fit the metric and the aggregator to the cases and organise them.

    Parameters
    ----------
    state : JSON value, optional
        A finished organisation, as the index's `state()` gave it.
    """
    fitted = attrs.evolve(
        components,
        metric=fitted_to(components.metric, cases),
        aggregator=fitted_to(components.aggregator, cases),
        organizer=fitted_to(components.organizer, cases),
    )
    if state is not None and hasattr(fitted.organizer, "restore"):
        return fitted, fitted.organizer.restore(cases, fitted.metric, fitted.aggregator, state)
    return fitted, fitted.organizer.organize(cases, fitted.metric, fitted.aggregator, progress)


def fitted_to(component: Any, cases: Cases, neighbours: Neighbours | None = None) -> Any:
    """Return the component after it has learnt from training cases, where it can."""
    return component.fitted(cases, neighbours) if hasattr(component, "fitted") else component


def learn(
    components: Components,
    index: Index,
    cases: Cases,
    effective: Array,
    k: int,
    progress: Progress | None = None,
) -> Learnt:
    """Learn from leave-one-out neighbours and from folds that know nothing of each other.

    Parameters
    ----------
    components : Components
        As composed: each fold fits its own.
    index : Index
        Of all the cases.
    cases : Cases
        n training cases.
    effective : array of shape (n,)
        Independent voters that each case's votes are worth.
    """
    retrieval = _Retrieval.prepare(components, index, cases)
    neighbours = retrieval.left_out(np.arange(len(cases)), index, k)
    reuse = fitted_to(components.reuse, cases, neighbours)
    confidence = fit_confidence(
        cases.methods,
        cases.votes,
        effective,
        np.asarray(cases.groups),
        neighbour_shares(neighbours, cases, reuse, cases.held_out()),
        retrieval.cross_fit(reuse, k),
        progress=progress,
    )
    nearest = neighbours.distances[:, 0] if neighbours.distances.shape[1] else np.full(len(cases), np.inf)
    return Learnt(
        reuse=reuse,
        retention=fitted_to(components.retention, cases, neighbours),
        confidence=confidence,
        experience=tuple(np.sort(nearest[np.isfinite(nearest)])),
    )


@attrs.frozen(kw_only=True, eq=False)
class _Retrieval:
    """Leave-one-out and held-out neighbours, from one distance matrix where that is the same."""

    components: Components
    cases: Cases
    distances: Array | None

    @classmethod
    def prepare(cls, components: Components, index: Index, cases: Cases) -> _Retrieval:
        """Compute all pairwise distances if the entries are the cases and the metric learns nothing.

        A metric as slow as SSIM would otherwise be asked for each pair once per fold.
        """
        same = index.entries.ids == cases.ids and not index.entries.is_prototype.any()
        plain = same and not hasattr(components.metric, "fitted") and len(cases) <= MOST_CASES_IN_MEMORY
        distances = components.metric.pairwise(cases.features, cases.features) if plain else None
        return cls(components=components, cases=cases, distances=distances)

    def left_out(self, rows: Array, index: Index, k: int) -> Neighbours:
        """Neighbours of training cases, each without the cases of its own group."""
        training = self.cases.take(rows)
        if self.distances is None:
            return index.nearest(training.features, k, exclude=training.held_out())
        groups = np.asarray(training.groups)
        allowed = groups[:, None] != groups[None, :]
        return Entries.of_cases(training).nearest(self.distances[np.ix_(rows, rows)], k, allowed)

    def cross_fit(self, reuse: Any, k: int) -> Any:
        """Return the function by which confidence organises each fold's training cases anew."""

        def fold(training_rows: Array, held_out_rows: Array) -> tuple[Array, Array]:
            training, held_out = self.cases.take(training_rows), self.cases.take(held_out_rows)
            nothing = np.full((len(training), len(self.cases.methods)), np.nan)
            if self.distances is not None:
                own = self.left_out(training_rows, None, k)  # type: ignore[arg-type]
                other = Entries.of_cases(training).nearest(
                    self.distances[np.ix_(held_out_rows, training_rows)], k
                )
            else:
                try:
                    _, index = organize(self.components, training)
                except NotOrganizableError:  # these photos then get the overall shares, as they would in use
                    return nothing, np.full((len(held_out), len(self.cases.methods)), np.nan)
                own = index.nearest(training.features, k, exclude=training.held_out())
                other = index.nearest(held_out.features, k)
            return (
                neighbour_shares(own, training, reuse, training.held_out()),
                neighbour_shares(other, training, reuse),
            )

        return fold


def neighbour_shares(
    neighbours: Neighbours, cases: Cases, reuse: Any, exclude: Sequence[Sequence[str]] | None = None
) -> Array:
    """Weighted mean of the neighbours' vote shares, `(q, methods)`.

    A prototype counts as the mean of its members' shares, never as members x votes.
    """
    votes = _entry_shares(neighbours, cases, exclude)  # (queries, k, methods)
    return weighted_mean(votes, entry_weights(neighbours, reuse))


def entry_weights(neighbours: Neighbours, reuse: Any) -> Array:
    """How much each neighbour counts, `(q, k)`: as the reuse strategy says, or all alike."""
    if hasattr(reuse, "weights"):
        weights: Array = reuse.weights(neighbours)
        return weights
    present = (neighbours.positions >= 0).astype(np.float64)
    return present / np.maximum(present.sum(axis=1, keepdims=True), 1)


def _entry_shares(neighbours: Neighbours, cases: Cases, exclude: Sequence[Sequence[str]] | None) -> Array:
    entries = neighbours.entries
    case_shares = shares(cases.votes)
    row_of = {identifier: row for row, identifier in enumerate(cases.ids)}
    rows = [[row_of[member] for member in members] for members in entries.members]
    per_entry = np.stack([mean_votes(case_shares[members]) for members in rows])  # (entries, methods)
    laid = np.where(neighbours.positions[:, :, None] >= 0, per_entry[neighbours.positions], np.nan)
    if exclude is None or not entries.is_prototype.any():
        return laid
    for query, held_out in enumerate(exclude):
        hidden = {row_of[identifier] for identifier in held_out if identifier in row_of}
        for place, entry in enumerate(neighbours.positions[query]):
            if entry >= 0 and hidden.intersection(rows[entry]):
                laid[query, place] = mean_votes(
                    case_shares[[row for row in rows[entry] if row not in hidden]]
                )
    return laid
