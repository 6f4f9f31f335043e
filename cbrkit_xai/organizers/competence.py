"""When one case solves another: the two would recommend the same."""

from __future__ import annotations

import math
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import NotOrganizableError
from cbrkit_xai.features import Array
from cbrkit_xai.organizers.clustered_index import in_order_of_ids


def _is_tolerance(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise ValueError(f"'{attribute.name}' must be a finite number of votes, at least 0: {value!r}")


def tolerated() -> Any:
    """Declare the votes by which cases that agree may differ; None, the default, is for winners alone."""
    return attrs.field(default=None, validator=attrs.validators.optional(_is_tolerance))


def winners(votes: Array) -> Array:
    """Return which methods won, `(n, methods)` bool: all that got the most votes, none without votes."""
    known = np.where(np.isnan(votes), -np.inf, votes)
    return np.isfinite(known) & (known == known.max(axis=1, keepdims=True, initial=-np.inf))


def agreement(votes: Array, tolerance: float | None) -> Array:
    """Return which cases agree with which, `(n, n)` bool, symmetric.

    Parameters
    ----------
    votes : array of shape (n, methods)
        NaN where nobody was asked; a row of NaN alone agrees with none, not even itself.
    tolerance : float or None
        Votes by which two cases may differ on each method that both were asked about, of which there
        must be one. With None they agree if some method won in both.
    """
    if tolerance is None:
        won = winners(votes).astype(np.int64)
        return won @ won.T > 0
    largest = np.zeros((len(votes), len(votes)))
    both_asked = np.zeros(largest.shape, dtype=bool)
    for column in votes.T:
        difference = np.abs(column[:, None] - column[None, :])
        both_asked |= ~np.isnan(difference)
        np.fmax(largest, difference, out=largest)
    return both_asked & (largest <= tolerance)


def rows_with_votes(cases: Cases) -> Array:
    """Return the rows of the cases that anybody was asked about, in the order of their ids."""
    rows = in_order_of_ids(cases)
    return rows[~np.isnan(cases.votes[rows]).all(axis=1)]


def refuse_without_votes(cases: Cases, *, where: str) -> None:
    """Refuse cases about none of which anybody was asked.

    Raises
    ------
    NotOrganizableError
        So it is.
    """
    if len(rows_with_votes(cases)) == 0:
        raise NotOrganizableError(
            f"none of the {len(cases)} cases has votes to go by",
            where=where,
            allowed="at least one case with votes",
            next_step="add votes, or choose the organizer 'linear'",
        )
