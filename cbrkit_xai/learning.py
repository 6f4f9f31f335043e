"""What a fit learns from its training cases alone: reuse, experience, confidence."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.confidence import Confidence, fit_confidence
from cbrkit_xai.configurations import Components
from cbrkit_xai.errors import NotOrganizableError, PluginError
from cbrkit_xai.features import Array
from cbrkit_xai.freezing import numbers
from cbrkit_xai.neighbours import Neighbours, mean_votes, weighted_mean
from cbrkit_xai.organizers.distances import checked_pairwise
from cbrkit_xai.organizers.linear import LinearIndex
from cbrkit_xai.protocols import Index, Progress
from cbrkit_xai.structuring import missing_members, missing_of

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
        return (1 + farther) / (1 + len(known))

    def to_json(self, components: Components) -> dict[str, Any] | None:
        """Return plain JSON values, or None if a fitted component cannot be brought back from them.

        Parameters
        ----------
        components : Components
            As composed, before anything was fitted.
        """
        try:
            value = {
                "reuse": _plain(self.reuse),
                "retention": _plain(self.retention),
                "confidence": self.confidence.to_json(),
                "experience": list(self.experience),
            }
            written: dict[str, Any] = json.loads(json.dumps(value))
            came_back = Learnt.from_json(written, components) == self
        except (AttributeError, TypeError, ValueError):  # whatever a stranger's component may hold
            return None
        return written if came_back else None

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
    return attrs.asdict(component) if hasattr(component, "fitted") else None


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

    Raises
    ------
    PluginError
        What a component gives, fitted or organised, lacks what is asked of it next.
    """
    fitted = attrs.evolve(
        components,
        metric=fitted_to("metric", components.metric, cases),
        aggregator=fitted_to("aggregator", components.aggregator, cases),
        organizer=fitted_to("organizer", components.organizer, cases),
    )
    if state is not None and hasattr(fitted.organizer, "restore"):
        return fitted, fitted.organizer.restore(cases, fitted.metric, fitted.aggregator, state)
    index = fitted.organizer.organize(cases, fitted.metric, fitted.aggregator, progress)
    _refuse_lacking(missing_of(index, Index), index, f"organizer {type(fitted.organizer).__name__}")
    return fitted, index


def fitted_to(kind: str, component: Any, cases: Cases, neighbours: Neighbours | None = None) -> Any:
    """Return the component after it has learnt from training cases, where it can.

    Raises
    ------
    PluginError
        What has learnt is no component of that kind any more.
    """
    if not hasattr(component, "fitted"):
        return component
    fitted = component.fitted(cases, neighbours)
    _refuse_lacking(missing_members(fitted, kind), fitted, f"{kind} {type(component).__name__}.fitted")
    return fitted


def _refuse_lacking(missing: Sequence[str], given: Any, where: str) -> None:
    if missing:
        raise PluginError(
            f"gives {given!r:.80}, which has no {', '.join(missing)}",
            where=where,
            next_step="tell its author",
        )


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
    if _is_plain(components, index) and len(cases) <= MOST_CASES_IN_MEMORY:
        components, index, cases = _by_known_distances(components, cases)
    held_out = cases.held_out()
    neighbours = index.nearest(cases.features, k, exclude=held_out)
    reuse = fitted_to("reuse-strategy", components.reuse, cases, neighbours)

    def cross_fit(training_rows: Array, held_out_rows: Array) -> tuple[Array, Array]:
        return _fold_shares(components, cases.take(training_rows), cases.take(held_out_rows), k)

    confidence = fit_confidence(
        cases.methods,
        cases.votes,
        effective,
        np.asarray(cases.groups),
        neighbour_shares(neighbours, cases, reuse, held_out),
        cross_fit,
        progress=progress,
    )
    nearest = nearest_distances(neighbours)
    return Learnt(
        reuse=reuse,
        retention=fitted_to("retention-policy", components.retention, cases, neighbours),
        confidence=confidence,
        experience=tuple(np.sort(nearest[np.isfinite(nearest)])),
    )


@attrs.frozen(kw_only=True, eq=False)
class _KnownDistances:
    """A metric of cases that are described by nothing but their row in a matrix of distances."""

    distances: Array  # (n, n)

    def pairwise(self, queries: Any, references: Any) -> Array:
        return self.distances[np.ix_(queries[:, 0], references[:, 0])]


def _is_plain(components: Components, index: Index) -> bool:
    """Say whether every fold asks for the same distances: of cases, by a metric that learns nothing."""
    parts = (components.metric, components.aggregator, components.organizer)
    return isinstance(index, LinearIndex) and not any(hasattr(part, "fitted") for part in parts)


def _by_known_distances(components: Components, cases: Cases) -> tuple[Components, Index, Cases]:
    """Compute each distance once; a metric as slow as SSIM would be asked for it by every fold."""
    distances = checked_pairwise(components.metric, cases.features, cases.features)
    by_row = attrs.evolve(cases, features=np.arange(len(cases))[:, None])
    looked_up, index = organize(attrs.evolve(components, metric=_KnownDistances(distances=distances)), by_row)
    return looked_up, index, by_row


def _fold_shares(components: Components, training: Cases, held_out: Cases, k: int) -> tuple[Array, Array]:
    """Organise the training cases anew; return their own, and the held-out cases', neighbour shares."""
    try:
        _, index = organize(components, training)
    except NotOrganizableError:  # these photos then get the overall shares, as they would in use
        return np.full_like(training.votes, np.nan), np.full_like(held_out.votes, np.nan)
    left_out = training.held_out()
    own = index.nearest(training.features, k, exclude=left_out)
    others = index.nearest(held_out.features, k)
    # Weights too may be learnt, and must not have seen the votes that are held out.
    reuse = fitted_to("reuse-strategy", components.reuse, training, own)
    return (
        neighbour_shares(own, training, reuse, left_out),
        neighbour_shares(others, training, reuse),
    )


def nearest_distances(neighbours: Neighbours) -> Array:
    """Distance of each query from its nearest entry, `(q,)`; inf where there is none."""
    if neighbours.distances.shape[1] == 0:
        return np.full(len(neighbours), np.inf)
    return neighbours.distances[:, 0]


def neighbour_shares(
    neighbours: Neighbours, cases: Cases, reuse: Any, exclude: Sequence[Sequence[str]] | None = None
) -> Array:
    """Weighted mean of the neighbours' vote shares, `(q, methods)`.

    A prototype counts as the mean of its members' shares, never as members x votes.

    Parameters
    ----------
    exclude : sequence of sequences of str, optional
        Per query, the ids whose shares must not be counted.
    """
    entries, positions = neighbours.entries, neighbours.positions

    def mean_shares(entry: int, hidden: Container[str] = ()) -> Array:
        members = [cases.row_of[member] for member in entries.members[entry] if member not in hidden]
        return mean_votes(cases.shares[members])

    laid = np.full((*positions.shape, len(cases.methods)), np.nan)  # (queries, k, methods)
    for entry in np.unique(positions[positions >= 0]):
        laid[positions == entry] = mean_shares(entry)
    if exclude is not None and entries.is_prototype.any():
        for query, held_out in enumerate(exclude):
            for place in np.flatnonzero(positions[query] >= 0):
                if not set(held_out).isdisjoint(entries.members[positions[query, place]]):
                    laid[query, place] = mean_shares(positions[query, place], held_out)
    return weighted_mean(laid, entry_weights(neighbours, reuse))


def entry_weights(neighbours: Neighbours, reuse: Any) -> Array:
    """How much each neighbour counts, `(q, k)`: as the reuse strategy says, or all alike."""
    if hasattr(reuse, "weights"):
        return reuse.weights(neighbours)
    present = (neighbours.positions >= 0).astype(np.float64)
    return present / np.maximum(present.sum(axis=1, keepdims=True), 1)
