"""Turns retrieved neighbours into recommendations: reuse, confidence, reasons."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np

from cbrkit_xai.errors import ParameterError, nearest_spelling
from cbrkit_xai.features import Array
from cbrkit_xai.freezing import texts
from cbrkit_xai.learning import EXPERIENCE_LEVEL, entry_weights, nearest_distances, neighbour_shares
from cbrkit_xai.neighbours import Neighbours, mean_votes
from cbrkit_xai.recommendation import Basis, Precedent, Recommendation

if TYPE_CHECKING:
    from cbrkit_xai.confidence import Mixture
    from cbrkit_xai.cycle import Recommender
    from cbrkit_xai.images import Image


@attrs.frozen(kw_only=True)
class Question:
    """What is asked about each photo.

    Parameters
    ----------
    methods : tuple of str
        To choose from.
    cost_weight : float
        Votes that a second of a method's time is worth.
    """

    methods: tuple[str, ...] = attrs.field(converter=texts)
    cost_weight: float = 0.0

    @classmethod
    def among(cls, known: Sequence[str], methods: Iterable[str] | None, cost_weight: Any) -> Question:
        """Check what the user asks for; `methods` is None for all that are known.

        Raises
        ------
        ParameterError
            Nobody was asked about a method, there is none to choose from, or the price is none.
        """
        is_number = isinstance(cost_weight, Real) and not isinstance(cost_weight, bool)
        if not is_number or not 0 <= float(cost_weight) < math.inf:
            raise ParameterError(
                f"{cost_weight!r} is no price",
                where="cost_weight",
                allowed="votes a second costs, at least 0",
            )
        if isinstance(methods, str):
            raise ParameterError(
                f"{methods!r} is a text",
                where="methods",
                allowed="several names",
                next_step=f"write [{methods!r}]",
            )
        chosen = tuple(known if methods is None else dict.fromkeys(methods))
        if not chosen:
            raise ParameterError("no method to choose from", where="methods", allowed=", ".join(known))
        for method in chosen:
            if method not in known:
                raise ParameterError(
                    f"nobody was asked about {method!r}",
                    where="methods",
                    allowed=", ".join(known),
                    next_step=nearest_spelling(str(method), known),
                )
        return cls(methods=chosen, cost_weight=float(cost_weight))


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
    recommender: Recommender, images: Sequence[Image], neighbours: Neighbours, question: Question
) -> list[Recommendation]:
    """Return one recommendation per image, without its times."""
    found: dict[int, Recommendation] = {}
    # A row that is padded because another query has more neighbours would be summed in another order,
    # and a batch would not answer exactly as its single photos.
    for k_eff in np.unique(neighbours.k_eff).tolist():
        queries = np.flatnonzero(neighbours.k_eff == k_eff).tolist()
        alike = neighbours.take(queries).first(max(1, k_eff))
        predicted = _predict(recommender, alike, question)
        for row, query in enumerate(queries):
            found[query] = _answer(recommender, images[query], alike, predicted, row, question)
    return [found[query] for query in range(len(images))]


def _predict(recommender: Recommender, neighbours: Neighbours, question: Question) -> _Predicted:
    learnt, cases = recommender.learnt, recommender.cases
    confidence = learnt.confidence
    chosen = np.array([method in question.methods for method in cases.methods])
    found = neighbour_shares(neighbours, cases, learnt.reuse)
    mean = confidence.mixture.mean(found)
    overall_mean = confidence.overall_mixture.mean(np.full_like(found, np.nan))
    return _Predicted(
        similar=learnt.reuse.reuse(neighbours),
        overall=mean_votes(cases.votes),
        p_similar=confidence.mixture.p_best(mean, chosen),
        p_overall=confidence.overall_mixture.p_best(overall_mean, chosen),
        familiarity=learnt.familiarity(nearest_distances(neighbours)),
        weights=entry_weights(neighbours, learnt.reuse),
    )


def _answer(
    recommender: Recommender,
    image: Image,
    neighbours: Neighbours,
    predicted: _Predicted,
    query: int,
    question: Question,
) -> Recommendation:
    base, confidence = recommender.base, recommender.learnt.confidence
    familiarity = float(predicted.familiarity[query])
    basis: Basis = "out-of-experience" if familiarity < EXPERIENCE_LEVEL else confidence.basis
    similar_votes = _by_method(predicted.similar[query], recommender)
    overall_votes = _by_method(predicted.overall, recommender)
    is_similar = basis == "similar-cases"
    votes = similar_votes if is_similar else overall_votes
    p_best = _by_method((predicted.p_similar if is_similar else predicted.p_overall)[query], recommender)
    ranking = _ranking(question, votes, p_best, base.seconds)
    return Recommendation(
        photo=image.name,
        path=image.path,
        image_sha256=image.sha256,
        configuration=recommender.configuration.label,
        base=base.name,
        provenance=base.provenance,
        voted_by=base.voted_by,
        ranking=ranking,
        votes=_of(ranking, votes),
        confidence=_of(ranking, p_best),
        basis=basis,
        conformal_set=_conformal_set(recommender, basis, p_best, question),
        statement=confidence.statement,
        skill=confidence.skill,
        skill_interval=confidence.skill_interval,
        similar_votes=_of(ranking, similar_votes),
        overall_votes=_of(ranking, overall_votes),
        precedents=_precedents(recommender, neighbours, predicted.weights, query, ranking),
        familiarity=familiarity,
        out_of_experience=basis == "out-of-experience",
        seconds={},
        method_seconds={method: base.seconds[method] for method in ranking if method in base.seconds},
        warnings=[
            *_substituted(recommender),
            *_known_already(image, recommender),
            *_unpriced(question, base.seconds),
            *_likelier(ranking, p_best),
            *_too_few_for_experience(recommender),
        ],
        mixture=_mixture(confidence.mixture if is_similar else confidence.overall_mixture),
    )


def _by_method(row: Array, recommender: Recommender) -> dict[str, float]:
    return dict(zip(recommender.cases.methods, row.tolist(), strict=True))


def _of(methods: Sequence[str], values: Mapping[str, float]) -> dict[str, float]:
    return {method: values[method] for method in methods}


def _ranking(
    question: Question, votes: Mapping[str, float], p_best: Mapping[str, float], seconds: Mapping[str, float]
) -> list[str]:
    def order(method: str) -> tuple[float, float, str]:
        worth = votes[method] - question.cost_weight * seconds.get(method, 0.0)
        # A method that nobody was asked about near this photo cannot be ranked above one that was.
        return (math.inf if math.isnan(worth) else -worth, -p_best[method], method)

    return sorted(question.methods, key=order)


def _unpriced(question: Question, seconds: Mapping[str, float]) -> list[str]:
    unknown = [method for method in question.methods if method not in seconds]
    if not question.cost_weight or not unknown:
        return []
    return [f"the time of {', '.join(unknown)} is not known in this base and counted as 0"]


def _known_already(image: Image, recommender: Recommender) -> list[str]:
    known = [case.id for case in recommender.base.cases if case.image_sha256 == image.sha256]
    return (
        [f"this very photo is in the base, as {', '.join(known)}: its own votes speak too"] if known else []
    )


def _substituted(recommender: Recommender) -> list[str]:
    what = recommender.configuration.substituted(recommender.registry)
    return [f"SUBSTITUTED: {what}"] if what else []


def _likelier(ranking: Sequence[str], p_best: Mapping[str, float]) -> list[str]:
    """Say so where the method with most predicted votes is not the one that wins most often."""
    likeliest = max(ranking, key=lambda method: p_best[method])
    if p_best[likeliest] <= p_best[ranking[0]]:
        return []
    return [
        f"{likeliest} is likelier to get most votes (P(best) {p_best[likeliest]:.2f}); "
        f"{ranking[0]} is predicted to get more on average"
    ]


def _too_few_for_experience(recommender: Recommender) -> list[str]:
    if 1 / (1 + len(recommender.learnt.experience)) < EXPERIENCE_LEVEL:
        return []
    fewest = round(1 / EXPERIENCE_LEVEL)
    return [f"with fewer than {fewest} cases nobody can tell whether this photo is unlike them"]


def _mixture(mixture: Mixture) -> dict[str, float]:
    return {"lambda": mixture.lam, "concentration": mixture.concentration, "ballots": mixture.ballots}


def _conformal_set(
    recommender: Recommender, basis: Basis, p_best: Mapping[str, float], question: Question
) -> tuple[str, ...] | None:
    # Calibrated on all methods, within experience: of anything else it would promise what it cannot hold.
    methods = recommender.cases.methods
    if basis == "out-of-experience" or set(question.methods) != set(methods):
        return None
    sets = recommender.learnt.confidence.prediction_set([[p_best[method] for method in methods]])
    return None if sets is None else sets[0]


def _precedents(
    recommender: Recommender, neighbours: Neighbours, weights: Array, query: int, methods: Sequence[str]
) -> list[Precedent]:
    entries = neighbours.entries
    found = []
    for place, position in enumerate(neighbours.positions[query]):
        if position < 0:
            continue
        is_prototype = bool(entries.is_prototype[position])
        target = None if is_prototype else recommender.base.case(entries.ids[position]).target
        votes = _by_method(neighbours.votes[query, place], recommender)
        found.append(
            Precedent(
                id=entries.ids[position],
                distance=float(neighbours.distances[query, place]),
                weight=float(weights[query, place]),
                votes={method: votes[method] for method in methods if not math.isnan(votes[method])},
                label=target.label if target is not None else "",
                members=entries.members[position],
                is_prototype=is_prototype,
            )
        )
    return found
