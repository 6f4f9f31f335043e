"""A weighted sum of distances, each between the features of one of several representations."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.components import MetricPlugin
from cbrkit_xai.errors import ParameterError, nearest_spelling
from cbrkit_xai.features import Array, Features, count
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.metrics.vote_agreement import LearningPairs, shares_of_parts
from cbrkit_xai.neighbours import Neighbours
from cbrkit_xai.organizers.distances import distances_from
from cbrkit_xai.protocols import Metric


def _by_name(values: Mapping[str, Any]) -> Mapping[str, Any]:
    # In one order, or the last digits of a sum would depend on how a table was written.
    return MappingProxyType({name: values[name] for name in sorted(values)})


def _by_name_or_votes(values: Any) -> Any:
    return _by_name(values) if isinstance(values, Mapping) else values


def _has_parts(instance: Fused, attribute: attrs.Attribute[Any], value: Mapping[str, Any]) -> None:
    if not value:
        raise ParameterError(
            "there are no parts", where=attribute.name, allowed="at least one metric by the name of its part"
        )


def _fit_the_parts(instance: Fused, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value is None or (attribute.name == "weights" and value == "votes"):
        return
    if not isinstance(value, Mapping):
        raise ParameterError(
            f"{value!r} does not fit", where=attribute.name, allowed="a table of numbers by part, or 'votes'"
        )
    _refuse_other_names(value, instance.parts, attribute.name)
    for name, number in value.items():
        wrong = isinstance(number, bool) or not isinstance(number, int | float)
        if wrong or not 0 <= number < math.inf:
            raise ParameterError(
                f"{number!r} does not fit",
                where=f"{attribute.name}.{name}",
                allowed="a finite number of at least 0",
            )
    if not any(value.values()):
        raise ParameterError(
            "all are 0", where=attribute.name, allowed="at least one above 0", next_step="raise one"
        )


def _refuse_other_names(given: Iterable[str], parts: Iterable[str], where: str) -> None:
    """Refuse a table that leaves out a part, or names another."""
    given, known = list(given), list(parts)
    for name in given:
        if name not in known:
            raise ParameterError(
                f"there is no part {name!r}",
                where=where,
                allowed=", ".join(known),
                next_step=nearest_spelling(name, known),
            )
    for name in known:
        if name not in given:
            raise ParameterError(f"the part {name!r} is missing", where=where, allowed=", ".join(known))


@attrs.frozen(kw_only=True)
class Fused:
    """`d = sum over the parts i of w_i d_i / s_i`, for features of several representations.

    Parameters
    ----------
    parts : table of name to metric
        The names are those of the parts of the representation `several`.
    weights : table of name to number, or "votes"
        w_i, at least 0 and not all 0; a part of weight 0 is not computed. "votes" learns them from
        the training cases alone: how far apart two cases' votes are (the total variation of their
        vote shares) is fitted by a constant and the distances of the parts, none of which may count
        negatively, by non-negative least squares. They are then scaled so that two training cases
        are 1 apart on average. Where no part's distances rise with the disagreement of the votes,
        every part gets the same share in that 1. Pairs of cases that were asked about different
        methods, or have no votes, or are of one photo, are left out; of more than 500 cases, 500
        are compared.
    scale : {"none", "mean"}
        s_i is 1, or the mean distance of the training cases by that part, so that weights of parts
        of different units can be compared. A part by which all cases are alike has s_i = 1. Learnt
        weights give the same distances with either.
    scales : table of name to number, optional
        s_i, where they have been learnt by `fitted`.
    """

    parts: Mapping[str, Metric] = attrs.field(converter=_by_name, validator=_has_parts, hash=False)
    weights: Mapping[str, float] | Literal["votes"] = attrs.field(
        converter=_by_name_or_votes, validator=_fit_the_parts, hash=False
    )
    scale: Literal["none", "mean"] = attrs.field(
        default="none", validator=attrs.validators.in_(("none", "mean"))
    )
    scales: Mapping[str, float] | None = attrs.field(
        default=None, converter=_by_name_or_votes, validator=_fit_the_parts, hash=False
    )

    def pairwise(self, queries: Features, references: Features) -> Array:
        """Return distances `(q, n)` of q queries from n references, each a mapping of name to array.

        Raises
        ------
        ParameterError
            The features have other parts, or the metric has to learn and has not been fitted.
        """
        return self.prepare(references)(queries)

    def prepare(self, references: Features) -> Callable[[Features], Array]:
        """Prepare each part's references; the answer maps queries to distances `(q, n)`."""
        factors = self._factors()
        arrays = _arrays(references, self.parts, "references")
        return _FromPrepared(
            names=tuple(self.parts),
            distances={
                name: (factor, distances_from(self.parts[name], arrays[name]))
                for name, factor in factors.items()
                if factor > 0
            },
        )

    def fitted(self, cases: Cases, neighbours: Neighbours | None = None) -> Fused:
        """Learn scales and weights, where they are to be learnt, from training cases alone.

        Parameters
        ----------
        cases : Cases
            Their features have an array for each part.
        neighbours : Neighbours, optional
            Not looked at.
        """
        if self.weights != "votes" and self.scale == "none":
            return self
        features = _arrays(cases.features, self.parts, "cases")
        pairs = LearningPairs.of(cases)
        distances = {name: pairs.distances(metric, features[name]) for name, metric in self.parts.items()}
        means = {name: float(one.mean()) if len(one) else 0.0 for name, one in distances.items()}
        scales = {name: mean if mean > 0 else 1.0 for name, mean in means.items()}
        weights = self.weights
        if weights == "votes":
            scaled = np.stack([distances[name] / scales[name] for name in self.parts], axis=1)
            shares = dict(zip(self.parts, shares_of_parts(scaled, pairs.disagreements).tolist(), strict=True))
            weights = {name: s if self.scale == "mean" else s / scales[name] for name, s in shares.items()}
        return attrs.evolve(self, weights=weights, scales=scales if self.scale == "mean" else None)

    def _factors(self) -> dict[str, float]:
        """Return w_i / s_i of each part.

        Raises
        ------
        ParameterError
            They have not been learnt yet.
        """
        if isinstance(self.weights, str) or (self.scale == "mean" and self.scales is None):
            what = "weights" if isinstance(self.weights, str) else "scales"
            raise ParameterError(
                f"its {what} are learnt from cases, and it has not been fitted",
                where="metric 'fused'",
                allowed="what fitted(cases) returns",
                next_step="call fitted, or compose and fit",
            )
        scales = self.scales if self.scales is not None and self.scale == "mean" else {}
        return {name: weight / scales.get(name, 1.0) for name, weight in self.weights.items()}


def _arrays(features: Any, parts: Mapping[str, Metric], what: str) -> Mapping[str, Array]:
    if not isinstance(features, Mapping):
        raise ParameterError(
            f"{what} are one {type(features).__name__}",
            where=what,
            allowed=f"an array for each of {', '.join(parts)}",
            next_step="fused needs a representation that gives several arrays, such as 'several'",
        )
    _refuse_other_names(features, parts, what)
    return features


@attrs.frozen(kw_only=True, eq=False)
class _FromPrepared:
    names: tuple[str, ...]
    distances: Mapping[str, tuple[float, Callable[[Array], Array]]]

    def __call__(self, queries: Features) -> Array:
        arrays = _arrays(queries, dict.fromkeys(self.names), "queries")  # type: ignore[arg-type]
        count(arrays)  # refuses parts of different length
        first, *others = (
            factor * measured(arrays[name]) for name, (factor, measured) in self.distances.items()
        )
        return sum(others, start=first)


@hookimpl
def cbrkit_xai_metrics() -> Iterator[MetricPlugin]:
    """Register the weighted sum of distances."""
    parts = {"colour": {"use": "manhattan"}, "content": {"use": "cosine"}}
    yield MetricPlugin(
        name="fused",
        summary="Weighted sum of distances of several representations, by given or learnt weights",
        source="Lawson and Hanson 1974, chapter 23 (non-negative least squares)",
        factory=Fused,
        needs=("scipy",),
        examples=(
            {"parts": parts, "weights": {"colour": 0.25, "content": 3}},
            {"parts": parts, "weights": {"colour": 1, "content": 1}, "scale": "mean"},
            {"parts": parts, "weights": "votes"},
        ),
        accepts="several",
    )
