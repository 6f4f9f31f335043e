"""How often a decision errs, counted over simulated studies in which the truth lies on the boundary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import attrs

from cbrkit_xai.evaluation.scoring.proportions import clopper_pearson
from cbrkit_xai.evaluation.simulation.boundaries import DECISIONS, STUDIES, Decision

MOST = 0.06
"""What the observed rate of errors may be: the level and a little more."""

FIRST: Mapping[str, int] = MappingProxyType(
    {"comparisons": 40, "selections": 10, "photos": 40, "margins": 40, "permutations": 20, "answers": 3}
)
"""The first studies of each kind; their errors stand in the table by themselves, as they are soon counted."""


@attrs.frozen(kw_only=True)
class ErrorRate:
    """How often a decision was wrong.

    Parameters
    ----------
    decision : Decision
        Which.
    studies, errors : int
        How many studies, and in how many of them it was wrong.
    """

    decision: Decision
    studies: int
    errors: int

    @property
    def rate(self) -> float:
        """Observed rate."""
        return self.errors / self.studies

    @property
    def upper(self) -> float:
        """Upper 95 % bound: with a larger rate so few errors have a chance below 5 %.

        References
        ----------
        Clopper & Pearson, The use of confidence or fiducial limits, Biometrika 26 (1934) 404-413.
        """
        return clopper_pearson(self.errors, self.studies, level=0.9)[1]  # 5 % beyond each end

    @property
    def is_within(self) -> bool:
        """Whether the observed rate is at most `MOST`."""
        return self.rate <= MOST


def count_errors(kind: str, seeds: Iterable[int]) -> Counter[str]:
    """Return how often each decision was wrong in the studies of these seeds.

    Parameters
    ----------
    kind : str
        One of `STUDIES`.
    seeds : iterable of int
        One a study; different kinds share none of their random numbers' use.
    """
    errors = Counter(dict.fromkeys(DECISIONS[kind], 0))
    for seed in seeds:
        errors.update({name: int(wrong) for name, wrong in STUDIES[kind](seed).items()})
    return errors


def error_rates(kind: str, errors: Mapping[str, int], studies: int) -> list[ErrorRate]:
    """Return the rates of one kind of studies, in the order of `DECISIONS`."""
    return [
        ErrorRate(decision=decision, studies=studies, errors=errors[name])
        for name, decision in DECISIONS[kind].items()
    ]
