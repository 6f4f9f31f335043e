"""One question about an evaluation, and what can be answered to it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import attrs

from cbrkit_xai.freezing import texts

Verdict: TypeAlias = Literal["yes", "no", "can't tell"]

YES: Verdict = "yes"
NO: Verdict = "no"
CANNOT_TELL: Verdict = "can't tell"


def _read_only(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(values))


@attrs.frozen(kw_only=True)
class Sensitivity:
    """What another procedure says about the same differences; it decides nothing.

    Parameters
    ----------
    procedure : {"wilcoxon", "bayes", "bca"}
        Which.
    sentence : str
        What it says, and about what.
    numbers : mapping of str to float
        What the sentence was made of; empty where nothing could be computed.
    """

    procedure: str
    sentence: str
    numbers: Mapping[str, float] = attrs.field(factory=dict, converter=_read_only)


def _lines(values: Iterable[Sensitivity]) -> tuple[Sensitivity, ...]:
    return tuple(values)


@attrs.frozen(kw_only=True)
class Answer:
    """A question in words, and its answer.

    Parameters
    ----------
    kind : str
        Which of the questions it is, in kebab-case, such as "better-than-mean".
    labels : tuple of str
        The runs that it is about.
    question : str
        In words.
    verdict : {"yes", "no", "can't tell"}
        "yes" and "no" are both shown by the primary test, after Holm; what was not shown is no "no".
    sentence : str
        The answer in words, with its numbers or its reason.
    estimate : float
        Mean paired difference over the folds, first minus second, below 0 in the first's favour; of what was
        *selected* it is the nested one. NaN where there is none.
    interval : (float, float)
        95 % at alpha = 0.05, of this question alone.
    unit : str
        Of both, such as "votes²".
    p : float
        Of the primary test, of this question alone; NaN where it could not be tested.
    p_adjusted : float
        After Holm's correction over all the questions asked.
    selected : bool
        Whether what is judged was chosen as the best of many.
    apparent : float
        The same mean over folds of what looked best of many, had the same cases chosen and judged it; it
        flatters. NaN where nothing was selected.
    sensitivity : tuple of Sensitivity
        Lines beside the answer.
    details : mapping
        JSON values: margins, effect sizes, what was chosen how often, and the like.
    """

    kind: str
    labels: tuple[str, ...] = attrs.field(converter=texts)
    question: str
    verdict: Verdict
    sentence: str
    estimate: float = math.nan
    interval: tuple[float, float] = (math.nan, math.nan)
    unit: str = ""
    p: float = math.nan
    p_adjusted: float = math.nan
    selected: bool = False
    apparent: float = math.nan
    sensitivity: tuple[Sensitivity, ...] = attrs.field(default=(), converter=_lines)
    details: Mapping[str, Any] = attrs.field(factory=dict, converter=_read_only)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; a number that does not exist is None."""
        return {field.name: plain(getattr(self, field.name)) for field in attrs.fields(type(self))}


def plain(value: Any) -> Any:
    """Return a value as JSON has it: None for NaN and infinity, lists for tuples, dicts for records."""
    if isinstance(value, Sensitivity):
        return {field.name: plain(getattr(value, field.name)) for field in attrs.fields(Sensitivity)}
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
