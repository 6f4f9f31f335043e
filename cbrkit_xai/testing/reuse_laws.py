"""What every reuse strategy promises."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import attrs
import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from cbrkit_xai.cases import Cases
from cbrkit_xai.features import Array
from cbrkit_xai.metrics.euclidean import Euclidean
from cbrkit_xai.neighbours import Neighbours
from cbrkit_xai.organizers.linear import LinearIndex
from cbrkit_xai.testing.laws import Broken, LawsOf, declares, offers
from cbrkit_xai.testing.strategies import METHODS, neighbours
from cbrkit_xai.testing.subjects import Subject
from cbrkit_xai.testing.writing import nothing_written

_laws = LawsOf("reuse-strategy")
LAWS = _laws.laws

_EXACT = 1e-9


@lru_cache(maxsize=1)
def training_cases() -> Cases:
    """Return 12 cases on a line, whose votes follow their place."""
    places = np.arange(12, dtype=np.float64)[:, None]
    votes = np.stack([places[:, 0] % 5, 4 - places[:, 0] % 5, places[:, 0] // 4, np.ones(12)], axis=1)
    votes[3, 1] = np.nan
    ids = [f"known-{row:02d}" for row in range(12)]
    return Cases(ids=ids, features=places, votes=votes, methods=METHODS)


def nearest_training_cases(queries: Array, k: int = 3) -> Neighbours:
    """Return the training cases that are nearest to queries `(q, 1)`."""
    return _nearest_of(training_cases(), queries, k, None)


def leave_one_out(cases: Cases, k: int = 3) -> Neighbours:
    """Return each training case's nearest others."""
    return _nearest_of(cases, cases.features, k, cases.held_out())


def _nearest_of(cases: Cases, queries: Any, k: int, exclude: Any) -> Neighbours:
    metric: Any = Euclidean()
    return LinearIndex(cases=cases, metric=metric).nearest(queries, k, exclude)


@lru_cache(maxsize=1)
def training_neighbours() -> Neighbours:
    """Return the training cases' nearest others."""
    return leave_one_out(training_cases())


def ready(subject: Subject) -> Any:
    """Return the strategy, fitted to the training cases where it learns."""
    strategy = subject.made
    if not hasattr(strategy, "fitted"):
        return strategy
    return strategy.fitted(training_cases(), training_neighbours())


def with_ties(found: Neighbours) -> Neighbours:
    """Return the neighbours at distances so coarse that many are equal; their order stays."""
    return attrs.evolve(found, distances=np.floor(found.distances / 2))


def _given(subject: Subject) -> Mapping[str, SearchStrategy[Any]]:
    return {"found": neighbours()}


def _reused(subject: Subject, found: Neighbours) -> Array:
    return np.asarray(ready(subject).reuse(found))


def _differ(one: Array, other: Array) -> bool:
    return not np.allclose(one, other, rtol=_EXACT, atol=_EXACT, equal_nan=True)


@_laws.law(
    "reuse leaves the neighbours as they were",
    mend="reuse: copy before you change anything",
    given=_given,
    first=True,
    examples=10,
)
def writes_to_nothing(subject: Subject, found: Neighbours) -> None:
    strategy = ready(subject)
    with nothing_written((found.votes, found.distances, found.positions, found.sizes, found.entries.votes)):
        strategy.reuse(found)


@_laws.law(
    "reuse gives a number for each query and method",
    mend="reuse: return an array of shape (queries, methods)",
    given=_given,
    first=True,
    examples=10,
)
def gives_a_number_per_query_and_method(subject: Subject, found: Neighbours) -> None:
    predicted = _reused(subject, found)
    wanted = (len(found), found.votes.shape[2])
    if predicted.shape != wanted or predicted.dtype.kind not in "fiu":
        raise Broken(f"{predicted.dtype} of shape {predicted.shape}, not numbers of shape {wanted}")


@_laws.law(
    "the same neighbours give the same prediction each time",
    mend="reuse: use no random numbers and keep nothing between calls",
    given=_given,
    first=True,
    examples=10,
)
def says_the_same_again(subject: Subject, found: Neighbours) -> None:
    strategy = ready(subject)
    first, again = np.array(strategy.reuse(found)), np.array(strategy.reuse(found))
    if not np.array_equal(first, again, equal_nan=True):
        raise Broken(f"first {first.tolist()}, then {again.tolist()}")


@_laws.law(
    "where a neighbour was asked about a method there is a finite prediction",
    mend="reuse: leave NaN out, method by method",
    given=_given,
    first=True,
)
def answers_where_somebody_was_asked(subject: Subject, found: Neighbours) -> None:
    predicted = _reused(subject, found)
    asked = (~np.isnan(found.votes)).any(axis=1)
    if np.isinf(predicted).any() or np.isnan(predicted[asked]).any():
        raise Broken(f"the neighbours' votes {found.votes.tolist()} give {predicted.tolist()}")


@_laws.law(
    "where no neighbour was asked about a method the prediction is NaN, unless fills declares otherwise",
    mend="reuse: give NaN there, not 0; or the fact fills, if the strategy says what the base says",
    given=_given,
    applies=declares("fills", False),
)
def says_nothing_where_nobody_was_asked(subject: Subject, found: Neighbours) -> None:
    predicted = _reused(subject, found)
    asked = (~np.isnan(found.votes)).any(axis=1)  # (queries, methods)
    if not np.isnan(predicted[~asked]).all():
        raise Broken(f"the neighbours' votes {found.votes.tolist()} give {predicted.tolist()}")


@_laws.law(
    "a batch of queries is answered as its single queries are",
    mend="reuse: let each query's prediction depend on its own neighbours alone",
    given=lambda subject: {"found": neighbours(queries=(2, 3))},
    examples=40,
)
def answers_a_batch_as_its_single_queries(subject: Subject, found: Neighbours) -> None:
    together = _reused(subject, found)
    for query in range(len(found)):
        alone = _reused(subject, found.take([query]).first(max(1, int(found.k_eff[query]))))
        if _differ(alone[0], together[query]):
            raise Broken(
                f"query {query} alone gets {alone[0].tolist()}, in a batch {together[query].tolist()}"
            )


@_laws.law(
    "neighbours at equal distances in another order give the same prediction",
    mend="reuse, weights: share what depends on the place in the order among ties",
    given=lambda subject: {**_given(subject), "seed": st.integers(0, 99)},
    examples=25,
)
def does_not_mind_the_order_of_ties(subject: Subject, found: Neighbours, seed: int) -> None:
    found = with_ties(found)
    rng = np.random.default_rng(seed)
    order = np.stack([np.lexsort((rng.random(found.distances.shape[1]), row)) for row in found.distances])
    rows = np.arange(len(found))[:, None]
    other = attrs.evolve(
        found,
        positions=found.positions[rows, order],
        distances=found.distances[rows, order],
        votes=found.votes[rows, order],
        sizes=found.sizes[rows, order],
    )
    before, after = _reused(subject, found), _reused(subject, other)
    if _differ(before, after):
        raise Broken(f"before {before.tolist()}, with ties in another order {after.tolist()}")


@_laws.law(
    "each prediction lies between the least and the greatest vote of the neighbours asked, as hull declares",
    mend="the fact hull: declare False; or NaN that counts as a number",
    given=_given,
    applies=declares("hull"),
)
def stays_within_the_neighbours_range(subject: Subject, found: Neighbours) -> None:
    predicted = _reused(subject, found)
    for query, method in np.argwhere(~np.isnan(predicted)):
        asked = found.votes[query, :, method]
        asked = asked[~np.isnan(asked)]
        value = predicted[query, method]
        if len(asked) and not asked.min() - _EXACT <= value <= asked.max() + _EXACT:
            raise Broken(f"the votes {asked.tolist()} give {value:g}")


@_laws.law(
    "the votes of a single neighbour are the prediction, as repeats_single declares",
    mend="the fact repeats_single: declare False",
    given=_given,
    applies=declares("repeats_single"),
)
def repeats_a_single_neighbour(subject: Subject, found: Neighbours) -> None:
    single = found.first(1)
    predicted = _reused(subject, single)
    if _differ(predicted, single.votes[:, 0]):
        raise Broken(f"the votes {single.votes[:, 0].tolist()} give {predicted.tolist()}")


@_laws.law(
    "multiplying all distances by a positive number changes nothing, as scale_free declares",
    mend="the fact scale_free: declare False; or divide by a distance of the query's own",
    given=lambda subject: {**_given(subject), "factor": st.sampled_from((1e-6, 0.5, 3.0, 1e6))},
    applies=declares("scale_free"),
)
def is_free_of_the_metrics_unit(subject: Subject, found: Neighbours, factor: float) -> None:
    scaled = attrs.evolve(found, distances=found.distances * factor)
    before, after = _reused(subject, found), _reused(subject, scaled)
    if not np.allclose(before, after, rtol=1e-6, atol=1e-6, equal_nan=True):
        raise Broken(f"before {before.tolist()}, afterwards {after.tolist()}")


@_laws.law(
    "weights are numbers of at least 0 that sum to 1 over a query's neighbours, 0 where there is none",
    mend="weights",
    given=_given,
    applies=offers("weights"),
)
def gives_weights_that_sum_to_1(subject: Subject, found: Neighbours) -> None:
    weights = np.asarray(ready(subject).weights(found))
    if weights.shape != found.positions.shape:
        raise Broken(f"weights of shape {weights.shape} for neighbours of shape {found.positions.shape}")
    absent = weights[found.positions < 0]
    if (weights < 0).any() or absent.any() or not np.allclose(weights.sum(axis=1), 1):
        raise Broken(f"the weights are {weights.tolist()}")


@_laws.law(
    "a strategy that has learnt comes back from JSON, and answers as before",
    mend="fitted: learn into fields of JSON values",
    given=_given,
    applies=offers("fitted"),
    examples=10,
)
def comes_back_as_it_was_kept(subject: Subject, found: Neighbours) -> None:
    learnt = ready(subject)
    back = type(learnt)(**json.loads(json.dumps(attrs.asdict(learnt))))
    before, after = np.asarray(learnt.reuse(found)), np.asarray(back.reuse(found))
    if _differ(before, after):
        raise Broken(f"before {before.tolist()}, afterwards {after.tolist()}")
