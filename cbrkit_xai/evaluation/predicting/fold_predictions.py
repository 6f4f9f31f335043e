"""What a configuration that has learnt from the training cases of a fold predicts for the others."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.configurations import Components
from cbrkit_xai.errors import CbrkitXaiError, ParameterError, first_sentence
from cbrkit_xai.evaluation.holding_out.folds import Split
from cbrkit_xai.evaluation.holding_out.protocol import ClusterScope
from cbrkit_xai.evaluation.predicting.measured_once import MeasuredOnce, measured_in_parts
from cbrkit_xai.evaluation.predicting.measured_once import (
    distances_once as distances_once,  # it is asked for here
)
from cbrkit_xai.evaluation.predicting.orderings import Orderings, running_means
from cbrkit_xai.evaluation.scoring.case_weights import (
    even_weight_squares,
    has_disjoint_entries,
    stated_weight_squares,
    weight_squares,
)
from cbrkit_xai.features import Array, frozen_floats, frozen_integers, read_only, take
from cbrkit_xai.freezing import numbers_by_name, texts
from cbrkit_xai.learning import MOST_CASES_IN_MEMORY, entry_weights, fitted_to, organize
from cbrkit_xai.neighbours import Neighbours, check_k
from cbrkit_xai.organizers.ball_tree import BallTree
from cbrkit_xai.organizers.kd_tree import KdTree
from cbrkit_xai.organizers.linear import Linear
from cbrkit_xai.protocols import Index, ReuseStrategy
from cbrkit_xai.reuse.mean import Mean

STAGES = ("organise", "retrieve", "reuse")
"""Of which each fold tells the seconds; what reuse learns beforehand counts as organising."""


def _nobody(found: FoldPredictions) -> Array:
    return np.full(len(found.predicted), -1)


@attrs.frozen(kw_only=True, eq=False)
class FoldPredictions:
    """Predictions for the held-out cases of one fold.

    Parameters
    ----------
    predicted : array of shape (held out, ks, methods)
        float64 votes; NaN where nothing could be predicted.
    weight_squares : array of shape (held out, ks)
        Sum over the training cases of the square of each one's total weight in the prediction, as of a
        method that all were asked about; NaN where it is unknown.
    entries : int
        Of the index; 0 where there is none.
    clustered : bool
        Whether any entry is a prototype.
    problem : str
        Why there are no predictions; empty if there are.
    leaks : tuple of str
        The parts of the configuration in which the held-out photos had a say: of "organizer", "metric" and
        "aggregator"; empty where they had none.
    sizes : tuple of int
        How many cases each prototype stands for, as baselines of as many groups ask; cases that are entries
        do not count.
    seconds : mapping of str to float
        Wall time of each of `STAGES`, for all held-out cases together and every k. It is what this way of
        computing took; a way that looks up distances says nothing of how long a photo waits in use.
    nearest : array of shape (held out,)
        int64 row of the one training case that the nearest entry is; -1 where it is a prototype of several,
        or there is none.
    """

    predicted: Array = attrs.field(converter=frozen_floats)
    weight_squares: Array = attrs.field(converter=frozen_floats)
    entries: int
    clustered: bool
    problem: str = ""
    leaks: tuple[str, ...] = attrs.field(default=(), converter=texts)
    sizes: tuple[int, ...] = ()
    seconds: Mapping[str, float] = attrs.field(
        factory=lambda: dict.fromkeys(STAGES, 0.0), converter=numbers_by_name
    )
    nearest: Array = attrs.field(
        default=attrs.Factory(_nobody, takes_self=True),
        converter=frozen_integers,
    )


def _ks(values: Iterable[int]) -> tuple[int, ...]:
    ks = tuple(check_k(k) for k in values)
    if not ks:
        raise ParameterError("there are none", where="ks", allowed="at least one number of neighbours")
    return ks


# `slots=False`: what all folds share is computed when the first of them needs it.
@attrs.frozen(kw_only=True, eq=False, slots=False)
class FoldPredictor:
    """Predicts the held-out cases of any fold from its training cases, for every k at once.

    The metric, the aggregator, the organizer and the reuse strategy learn from the training cases alone.
    The predictions are those of `configuration.evolve(k=k).fit(base of the training cases)`; where the
    organizer compares with every case and reuse is the plain mean, they come from one ordering of all
    cases instead.

    With `cluster_scope="global"` all cases are organised, once, and each fold's held-out cases are hidden
    by the index's `exclude`: they are no entries and no members, and their votes do not speak. What leaks
    is the part that their features had in the organisation (which clusters there are, by which eps, which
    noise) and, where the metric, the aggregator or the organizer learns, their votes' part in that.
    What reuse learns it still learns from the training cases alone. `FoldPredictions.leaks` names the
    parts; it is empty where nothing is learnt and the organizer finds the nearest of all cases exactly.

    Parameters
    ----------
    components : Components
        As composed.
    cases : Cases
        All n of them.
    distances : array of shape (n, n), optional
        As `distances_once` gives them; without them each fold computes its own.
    ks : tuple of int
        Numbers of neighbours; where there are fewer entries, all of them are taken.
    cluster_scope : {"fold", "global"}
        Which cases an organizer sees.
    """

    components: Components
    cases: Cases
    distances: Array | None = attrs.field(default=None, repr=False)
    ks: tuple[int, ...] = attrs.field(converter=_ks)
    cluster_scope: ClusterScope = "fold"

    def __attrs_post_init__(self) -> None:
        n = len(self.cases)
        if self.distances is not None and self.distances.shape != (n, n):
            raise ParameterError(
                f"the distances have the shape {self.distances.shape}",
                where="FoldPredictor.distances",
                allowed=f"{(n, n)}: of each case from each case",
            )

    def predict(self, split: Split) -> FoldPredictions:
        """Return the predictions for the held-out cases; what fails is told as a problem, not raised."""
        try:
            return self._from_ordering(split) if self._is_ordered else self._from_index(split)
        except CbrkitXaiError as error:
            problem = str(error)
        except Exception as error:  # a stranger's component may raise anything, an hour into an evaluation
            problem = f"{type(error).__name__}: {first_sentence(error)}"
        shape = len(split.held_out), len(self.ks)
        return FoldPredictions(
            predicted=np.full((*shape, len(self.cases.methods)), np.nan),
            weight_squares=np.full(shape, np.nan),
            entries=0,
            clustered=False,
            problem=" ".join(problem.split()),
        )

    @property
    def organizes_all(self) -> bool:
        """Whether all cases are organised once, each fold's held-out ones among them."""
        return self.cluster_scope == "global"

    @cached_property
    def _is_ordered(self) -> bool:
        """Whether one ordering of all cases gives what an index of the training cases would."""
        parts = self.components
        learns = any(hasattr(part, "fitted") for part in (parts.metric, parts.aggregator, parts.organizer))
        return (
            self.distances is not None
            and type(parts.organizer) is Linear
            and not learns
            and _is_plain_mean(parts.reuse)
        )

    @cached_property
    def _orderings(self) -> Orderings:
        assert self.distances is not None  # noqa: S101 - asked for only where there are distances
        return Orderings.of(self.distances, self.cases.ids)

    @cached_property
    def _composed(self) -> Components:
        """The components, with a metric that remembers what it has measured."""
        metric, features = self.components.metric, self.cases.features
        if self.distances is not None:
            known: Any = MeasuredOnce(metric=metric, features=features, distances=self.distances)
        elif len(self.cases) <= MOST_CASES_IN_MEMORY:
            known = measured_in_parts(metric, features)
        else:
            known = metric
        return attrs.evolve(self.components, metric=known)

    @cached_property
    def _all_organized(self) -> tuple[Components, Index]:
        return organize(self._composed, self.cases)

    @cached_property
    def _leaks(self) -> tuple[str, ...]:
        if not self.organizes_all:
            return ()
        fitted, composed = self._all_organized[0], self._composed
        learnt = (
            one for one in ("metric", "aggregator") if getattr(fitted, one) is not getattr(composed, one)
        )
        # Of a stranger's organizer nobody has shown that held-out cases leave no trace.
        return (*(() if type(fitted.organizer) in (Linear, KdTree, BallTree) else ("organizer",)), *learnt)

    def _from_ordering(self, split: Split) -> FoldPredictions:
        times = [time.perf_counter()]
        orderings = self._orderings
        times.append(time.perf_counter())
        rows = orderings.nearest(split, max(self.ks))  # (held out, k)
        times.append(time.perf_counter())
        predicted = running_means(self.cases.votes.take(rows, axis=0), self.ks)
        times.append(time.perf_counter())
        counted = np.minimum(self.ks, rows.shape[1])
        squares = np.empty(predicted.shape[:2])
        squares[:] = 1.0 / counted if rows.shape[1] else np.nan
        return FoldPredictions(
            predicted=predicted,
            weight_squares=squares,
            entries=len(split.training),
            clustered=False,
            seconds=_between(times),
            nearest=rows[:, 0] if rows.shape[1] else np.full(len(rows), -1),
        )

    def _from_index(self, split: Split) -> FoldPredictions:
        times = [time.perf_counter()]
        training = self.cases.take(split.training)
        index = (self._all_organized if self.organizes_all else organize(self._composed, training))[1]
        strategies = self._learnt(index, training, split)
        times.append(time.perf_counter())
        held_out = read_only(take(self.cases.features, split.held_out))
        found = index.nearest(held_out, max(self.ks), self._hidden(split, split.held_out))
        times.append(time.perf_counter())
        predicted, squares = self._reused(found, strategies, training, self._ids(split.held_out))
        times.append(time.perf_counter())
        return FoldPredictions(
            predicted=predicted,
            weight_squares=squares,
            entries=len(index.entries),
            clustered=bool(index.entries.is_prototype.any()),
            leaks=self._leaks,
            sizes=tuple(index.entries.sizes[index.entries.is_prototype].tolist()),
            seconds=_between(times),
            nearest=self._nearest_alone(found),
        )

    def _nearest_alone(self, found: Neighbours) -> Array:
        """Return the row of each query's nearest entry, `(q,)`; -1 where it speaks for several cases."""
        members = found.entries.members
        row_of = self.cases.row_of
        rows = np.array([row_of[one[0]] if len(one) == 1 else -1 for one in members] or [-1])
        if found.positions.shape[1] == 0:
            return np.full(len(found), -1)
        first = found.positions[:, 0]
        return np.where(first >= 0, rows[first], -1)

    def _ids(self, rows: Array) -> list[str]:
        return [self.cases.ids[row] for row in rows]

    def _hidden(self, split: Split, queries: Array) -> list[Sequence[str]] | None:
        """Return, per query, the held-out cases; None where the index knows none of them."""
        return [self._ids(split.held_out)] * len(queries) if self.organizes_all else None

    def _learnt(self, index: Index, training: Cases, split: Split) -> list[ReuseStrategy]:
        """Return the reuse strategy for each k, after it has learnt from the training cases."""
        reuse = self.components.reuse
        if not hasattr(reuse, "fitted") or _is_plain_mean(reuse):
            return [reuse] * len(self.ks)
        hidden = self._ids(split.held_out) if self.organizes_all else []
        left_out = [[*own, *hidden] for own in training.held_out()]
        neighbours = index.nearest(training.features, max(self.ks), left_out)
        return [fitted_to("reuse-strategy", reuse, training, neighbours.first(k)) for k in self.ks]

    def _reused(
        self, found: Neighbours, strategies: list[ReuseStrategy], training: Cases, hidden: list[str]
    ) -> tuple[Array, Array]:
        """Return predictions `(q, ks, methods)` and sums of squared weights `(q, ks)`."""
        if _is_plain_mean(self.components.reuse):
            return running_means(found.votes, self.ks), self._even_squares(found, hidden)
        shape = len(found), len(self.ks)
        predicted, squares = np.empty((*shape, len(self.cases.methods))), np.empty(shape)
        for place, (k, reuse) in enumerate(zip(self.ks, strategies, strict=True)):
            nearest = found.first(k)
            predicted[:, place] = reuse.reuse(nearest)
            squares[:, place] = stated_weight_squares(nearest, reuse, predicted[:, place], training, hidden)
        return predicted, squares

    def _even_squares(self, found: Neighbours, hidden: list[str]) -> Array:
        if has_disjoint_entries(found):
            return even_weight_squares(found, self.ks)
        each = [found.first(k) for k in self.ks]
        squares = [weight_squares(one, entry_weights(one, self.components.reuse), hidden) for one in each]
        return np.stack(squares, axis=1)


def _between(times: Sequence[float]) -> dict[str, float]:
    """Return the seconds of each stage, given when it and the next began."""
    return {stage: times[place + 1] - times[place] for place, stage in enumerate(STAGES)}


def _is_plain_mean(reuse: Any) -> bool:
    """Say whether reuse is eq. 4 of the paper: all neighbours alike, and nothing learnt that counts."""
    return type(reuse) is Mean and reuse.weight == "none" and reuse.shrinkage == 0.0
