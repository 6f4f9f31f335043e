"""Turns retrieved neighbours into recommendations: reuse, confidence, reasons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from cbrkit_xai.features import Array
from cbrkit_xai.learning import EXPERIENCE_LEVEL, entry_weights, neighbour_shares
from cbrkit_xai.neighbours import Neighbours, mean_votes
from cbrkit_xai.recommendation import Basis, Precedent, Recommendation

if TYPE_CHECKING:
    from cbrkit_xai.cycle import Recommender
    from cbrkit_xai.images import Image


@attrs.frozen(kw_only=True, eq=False)
class _Predicted:
    """Rows per query; columns are the base's methods."""

    similar: Array  # (queries, methods) votes by the reuse strategy
    overall: Array  # (methods,) the base's mean votes
    p_similar: Array  # (queries, methods)
    p_overall: Array  # (queries, methods)
    familiarity: Array  # (queries,)
    weights: Array  # (queries, k)


def answers(
    recommender: Recommender,
    images: Sequence[Image],
    neighbours: Neighbours,
    methods: Sequence[str],
    cost_weight: float,
) -> list[Recommendation]:
    """Return one recommendation per image, without its times."""
    predicted = _predict(recommender, neighbours, methods)
    return [
        _answer(recommender, image, neighbours, predicted, query, methods, cost_weight)
        for query, image in enumerate(images)
    ]


def _predict(recommender: Recommender, neighbours: Neighbours, methods: Sequence[str]) -> _Predicted:
    learnt, cases = recommender.learnt, recommender.cases
    confidence = learnt.confidence
    chosen = np.array([method in methods for method in cases.methods])
    found = neighbour_shares(neighbours, cases, learnt.reuse)
    mean = confidence.mixture.mean(found)
    overall_mean = confidence.overall_mixture.mean(np.full_like(found, np.nan))
    return _Predicted(
        similar=learnt.reuse.reuse(neighbours),
        overall=mean_votes(cases.votes),
        p_similar=confidence.mixture.p_best(mean, chosen),
        p_overall=confidence.overall_mixture.p_best(overall_mean, chosen),
        familiarity=learnt.familiarity(neighbours.distances[:, 0]),
        weights=entry_weights(neighbours, learnt.reuse),
    )


def _answer(
    recommender: Recommender,
    image: Image,
    neighbours: Neighbours,
    predicted: _Predicted,
    query: int,
    methods: Sequence[str],
    cost_weight: float,
) -> Recommendation:
    base, confidence = recommender.base, recommender.learnt.confidence
    out = bool(predicted.familiarity[query] < EXPERIENCE_LEVEL)
    basis: Basis = "out-of-experience" if out else confidence.basis
    similar = basis == "similar-cases"
    votes = _by_method(predicted.similar[query] if similar else predicted.overall, recommender, methods)
    p_best = _by_method(
        (predicted.p_similar if similar else predicted.p_overall)[query], recommender, methods
    )
    ranking = sorted(methods, key=lambda method: _order(method, votes, p_best, base.seconds, cost_weight))
    return Recommendation(
        photo=image.name,
        image_sha256=image.sha256,
        configuration=recommender.configuration.label,
        base=base.name,
        provenance=base.provenance,
        ranking=ranking,
        votes={method: votes[method] for method in ranking},
        confidence={method: p_best[method] for method in ranking},
        basis=basis,
        conformal_set=_conformal_set(confidence, p_best, recommender.cases.methods, out),
        statement=confidence.statement,
        skill=confidence.skill,
        skill_interval=confidence.skill_interval,
        similar_votes=_by_method(predicted.similar[query], recommender, ranking),
        overall_votes=_by_method(predicted.overall, recommender, ranking),
        precedents=_precedents(recommender, neighbours, predicted.weights, query, ranking),
        familiarity=float(predicted.familiarity[query]),
        out_of_experience=out,
        seconds={},
        method_seconds={method: base.seconds[method] for method in ranking if method in base.seconds},
        warnings=_unpriced(methods, base.seconds, cost_weight),
    )


def _by_method(row: Array, recommender: Recommender, methods: Sequence[str]) -> dict[str, float]:
    values = dict(zip(recommender.cases.methods, row.tolist(), strict=True))
    return {method: values[method] for method in methods}


def _order(
    method: str, votes: Any, p_best: Any, seconds: Any, cost_weight: float
) -> tuple[float, float, str]:
    worth = votes[method] - cost_weight * seconds.get(method, 0.0)
    # A method that nobody was asked about near this photo cannot be ranked above one that was.
    return (math.inf if math.isnan(worth) else -worth, -p_best[method], method)


def _unpriced(methods: Sequence[str], seconds: Any, cost_weight: float) -> list[str]:
    unknown = [method for method in methods if method not in seconds]
    if not cost_weight or not unknown:
        return []
    return [f"the time of {', '.join(unknown)} is not known in this base and counted as 0"]


def _conformal_set(
    confidence: Any, p_best: dict[str, float], methods: Sequence[str], out: bool
) -> tuple[str, ...] | None:
    # Calibrated on all methods, within experience: of anything else it would promise what it cannot hold.
    if out or set(p_best) != set(methods):
        return None
    sets = confidence.prediction_set([[p_best[method] for method in methods]])
    chosen: tuple[str, ...] | None = None if sets is None else sets[0]
    return chosen


def _precedents(
    recommender: Recommender, neighbours: Neighbours, weights: Array, query: int, methods: Sequence[str]
) -> list[Precedent]:
    entries, base = neighbours.entries, recommender.base
    found = []
    for place, position in enumerate(neighbours.positions[query]):
        if position < 0:
            continue
        is_prototype = bool(entries.is_prototype[position])
        target = None if is_prototype else base.case(entries.ids[position]).target
        votes = _by_method(neighbours.votes[query, place], recommender, methods)
        found.append(
            Precedent(
                id=entries.ids[position],
                distance=float(neighbours.distances[query, place]),
                weight=float(weights[query, place]),
                votes={method: value for method, value in votes.items() if not math.isnan(value)},
                label=target.label if target is not None else "",
                members=entries.members[position],
                is_prototype=is_prototype,
            )
        )
    return found
