"""Predicted votes as the posterior mean of the vote shares, given the neighbours'."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.components import ReuseStrategyPlugin
from cbrkit_xai.confidence.shares import group_numbers, overall_shares, overall_shares_without, shares
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array
from cbrkit_xai.freezing import numbers
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.neighbours import Neighbours
from cbrkit_xai.reuse.mean import Mean

_CONCENTRATIONS = np.geomspace(1 / 16, 1024, 29)
"""What is tried: two steps to a doubling, from hardly any prior to hardly anything else."""


def _is_positive_or_fitted(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if value == "fitted":
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ParameterError(
            f"{value!r} does not fit", where=attribute.name, allowed="a number greater than 0, or 'fitted'"
        )


@attrs.frozen(kw_only=True)
class Dirichlet:
    """Shares under a Dirichlet prior around the base's shares, times the base's votes per case.

    A neighbour's votes are seen as shares of their sum, and count as one observation, so that
    neither a prototype's members nor the number of voters make it more certain than it is. With
    concentration c, prior shares p and the neighbours' shares s_1 ... s_k, the posterior mean is
    (c p + s_1 + ... + s_k) / (c + k). About methods that a neighbour was not asked about it says
    what the prior says.

    Parameters
    ----------
    concentration : float or "fitted"
        How many neighbours the prior is worth; "fitted" takes the one with the least
        leave-one-out squared error of shares.
    weight : {"none", "similarity"}
        Whether nearer neighbours count more; as in the strategy `mean`.
    prior : tuple of float, optional
        The base's shares per method, 0 where nobody was asked; learnt by `fitted`.
    votes_per_case : float, optional
        The base's mean number of votes for a case; learnt by `fitted`. A case in which some methods
        were not asked about counts with what it would have had by the prior.
    """

    concentration: float | Literal["fitted"] = attrs.field(default="fitted", validator=_is_positive_or_fitted)
    weight: Literal["none", "similarity"] = attrs.field(
        default="none", validator=attrs.validators.in_(("none", "similarity"))
    )
    prior: tuple[float, ...] | None = attrs.field(default=None, converter=attrs.converters.optional(numbers))
    votes_per_case: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(0))
    )

    def weights(self, neighbours: Neighbours) -> Array:
        """Return how much each neighbour counts, `(q, k)`; rows sum to 1."""
        return Mean(weight=self.weight).weights(neighbours)

    def reuse(self, neighbours: Neighbours) -> Array:
        """Return predicted votes `(q, methods)`; NaN for a method that was asked about nowhere.

        Raises
        ------
        ParameterError
            The strategy has not been fitted.
        """
        if self.prior is None or self.votes_per_case is None or self.concentration == "fitted":
            raise ParameterError(
                "a posterior needs the base's shares",
                where="reuse 'dirichlet'",
                next_step="call fitted, or compose and fit",
            )
        prior = np.asarray(self.prior)
        priors = np.broadcast_to(prior, (len(neighbours), len(prior)))
        seen, worth = _evidence(neighbours, self.weights(neighbours), priors)
        posterior = _posterior(priors, seen, worth, self.concentration)
        return np.where(prior > 0, posterior * self.votes_per_case, np.nan)

    def fitted(self, cases: Cases, neighbours: Neighbours | None = None) -> Dirichlet:
        """Learn the prior and, where asked for, the concentration.

        Parameters
        ----------
        cases : Cases
            The training cases.
        neighbours : Neighbours
            Their leave-one-out neighbours.
        """
        prior = overall_shares(cases.votes, imaginary_cases=1)
        concentration = self.concentration
        if concentration == "fitted":
            concentration = self._best_concentration(cases, neighbours)
        return attrs.evolve(
            self, prior=prior, concentration=concentration, votes_per_case=_votes_per_case(cases, prior)
        )

    def _best_concentration(self, cases: Cases, neighbours: Neighbours | None) -> float:
        largest = float(_CONCENTRATIONS[-1])
        if neighbours is None or not len(cases):
            return largest
        groups = group_numbers(cases.groups, len(cases))
        priors = overall_shares_without(cases.votes, groups, imaginary_cases=1)
        seen, worth = _evidence(neighbours, self.weights(neighbours), priors)
        truth = cases.shares * np.where(np.isnan(cases.shares), 0.0, priors).sum(axis=1, keepdims=True)
        usable = ~np.isnan(truth) & (worth > 0)[:, None]
        if not usable.any():
            return largest
        errors = [
            float(((_posterior(priors, seen, worth, tried) - truth)[usable] ** 2).sum())
            for tried in _CONCENTRATIONS
        ]
        # Of equally good ones the largest: where neighbours say what the base says, they earn no trust.
        return float(_CONCENTRATIONS[len(errors) - 1 - int(np.argmin(errors[::-1]))])


def _completed(seen: Array, priors: Array) -> Array:
    """Return shares over all methods `(..., methods)`; what was not asked about has the prior's share.

    NaN throughout where there were no votes.
    """
    asked = ~np.isnan(seen)
    of_asked = np.where(asked, priors, 0.0).sum(axis=-1, keepdims=True)
    whole = np.where(asked, seen * of_asked, priors)
    return np.where(asked.any(axis=-1, keepdims=True), whole, np.nan)


def _evidence(neighbours: Neighbours, weights: Array, priors: Array) -> tuple[Array, Array]:
    """Return the neighbours' summed shares `(q, methods)`, and how many neighbours they are worth, `(q,)`."""
    q, k, methods = neighbours.votes.shape
    seen = shares(neighbours.votes.reshape(q * k, methods)).reshape(q, k, methods)
    whole = _completed(seen, priors[:, None, :])
    counts = (weights * neighbours.k_eff[:, None])[:, :, None]  # (queries, k, 1)
    counted = np.where(np.isnan(whole), 0.0, counts)
    worth = counted.max(axis=2, initial=0.0).sum(axis=1)
    return (counted * np.where(np.isnan(whole), 0.0, whole)).sum(axis=1), worth


def _posterior(priors: Array, seen: Array, worth: Array, concentration: float) -> Array:
    return (concentration * priors + seen) / (concentration + worth[:, None])


def _votes_per_case(cases: Cases, prior: Array) -> float:
    asked = ~np.isnan(cases.votes)
    of_asked = np.where(asked, prior, 0.0).sum(axis=1)
    votes = np.where(asked, cases.votes, 0.0).sum(axis=1)
    counted = (of_asked > 0) & (votes > 0)
    return float((votes[counted] / of_asked[counted]).mean()) if counted.any() else 0.0


@hookimpl
def cbrkit_xai_reuse_strategies() -> Iterator[ReuseStrategyPlugin]:
    """Register the strategy."""
    yield ReuseStrategyPlugin(
        name="dirichlet",
        summary="Posterior mean of the vote shares under a Dirichlet prior around the base's shares",
        source="Gelman et al. 2013, Bayesian Data Analysis, 3rd ed., section 3.4",
        factory=Dirichlet,
        examples=({"concentration": 2.0, "weight": "similarity"},),
        scale_free=True,
        fills=True,
    )
