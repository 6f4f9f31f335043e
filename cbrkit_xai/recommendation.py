"""The answer for one photo: a ranking, how sure it is, and the cases for and against."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import attrs

from cbrkit_xai.freezing import numbers_by_name, texts

Basis: TypeAlias = Literal["similar-cases", "overall", "out-of-experience"]


@attrs.frozen(kw_only=True)
class Precedent:
    """One retrieved entry, as evidence.

    Parameters
    ----------
    id : str
        Of the case or prototype.
    distance : float
        From the photo, in the metric's unit.
    weight : float
        How much it counted, 0 to 1.
    votes : mapping of str to float
        Its votes per method; the mean of its members' for a prototype.
    label : str
        The class that was explained; empty for a prototype or where it is not known.
    members : tuple of str
        The cases it stands for.
    is_prototype : bool
        True if it stands for several cases.
    """

    id: str
    distance: float
    weight: float
    votes: Mapping[str, float] = attrs.field(converter=numbers_by_name)
    label: str = ""
    members: tuple[str, ...] = attrs.field(converter=texts)
    is_prototype: bool = False

    @property
    def winners(self) -> tuple[str, ...]:
        """The methods with most votes; several if they tie, none if nobody voted."""
        most = max(self.votes.values(), default=0.0)
        return tuple(method for method, votes in self.votes.items() if votes == most and most > 0)


def _precedents(values: Iterable[Precedent]) -> tuple[Precedent, ...]:
    return tuple(values)


@attrs.frozen(kw_only=True)
class Recommendation:
    """Which explanation method to show for one photo, and why.

    Parameters
    ----------
    photo : str
        Its name.
    image_sha256 : str
        Hash of its file.
    configuration : str
        The full label, name / organizer @ profile.
    base : str
        Name of the case base.
    provenance : str
        Whose votes were used.
    ranking : tuple of str
        Methods, best first: by predicted votes, less the price of their seconds if asked for.
    votes : mapping of str to float
        Predicted votes per method, on the stated basis.
    confidence : mapping of str to float
        P(best): the chance that a method gets most votes on this photo; sums to 1.
    basis : {"similar-cases", "overall", "out-of-experience"}
        Whether the similar cases decide, or the base's overall votes because similarity does
        not predict better there, or because the photo is unlike all of the base's.
    conformal_set : tuple of str or None
        Contains the winner in about 90 % of photos like those in the base; all methods reads
        "can't tell"; None where nothing can be claimed.
    statement : str
        What may be said about similarity in this base.
    skill, skill_interval : float, (float, float) or None
        1 - MSE / MSE(base's mean), cross-fitted.
    similar_votes : mapping of str to float
        What the reuse strategy predicts from the precedents, used or not.
    overall_votes : mapping of str to float
        The base's mean votes.
    precedents : tuple of Precedent
        What was retrieved, nearest first.
    familiarity : float
        Share of the base's own photos that lie at least as far from their nearest entry.
    out_of_experience : bool
        True if hardly any do.
    seconds : mapping of str to float
        Time per stage; of a batch, each photo's share.
    method_seconds : mapping of str to float
        Median measured seconds of each method, where the base knows them.
    warnings : tuple of str
        What the reader should know besides.
    """

    photo: str
    image_sha256: str
    configuration: str
    base: str
    provenance: str
    ranking: tuple[str, ...] = attrs.field(converter=texts)
    votes: Mapping[str, float] = attrs.field(converter=numbers_by_name)
    confidence: Mapping[str, float] = attrs.field(converter=numbers_by_name)
    basis: Basis
    conformal_set: tuple[str, ...] | None
    statement: str
    skill: float | None
    skill_interval: tuple[float, float] | None
    similar_votes: Mapping[str, float] = attrs.field(converter=numbers_by_name)
    overall_votes: Mapping[str, float] = attrs.field(converter=numbers_by_name)
    precedents: tuple[Precedent, ...] = attrs.field(converter=_precedents)
    familiarity: float
    out_of_experience: bool
    seconds: Mapping[str, float] = attrs.field(converter=numbers_by_name, eq=False)
    method_seconds: Mapping[str, float] = attrs.field(converter=numbers_by_name, factory=dict)
    warnings: tuple[str, ...] = attrs.field(converter=texts, default=())

    @property
    def best(self) -> str:
        """The method to show."""
        return self.ranking[0]

    @property
    def because(self) -> Reasons:
        """The cases for and against, with two sentences in words."""
        return Reasons.of(self)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; NaN becomes null."""
        reasons = self.because
        return {
            "photo": self.photo,
            "image_sha256": self.image_sha256,
            "configuration": self.configuration,
            "base": self.base,
            "provenance": self.provenance,
            "best": self.best,
            "ranking": list(self.ranking),
            "votes": _numbers(self.votes),
            "confidence": _numbers(self.confidence),
            "basis": self.basis,
            "conformal_set": None if self.conformal_set is None else list(self.conformal_set),
            "statement": self.statement,
            "skill": self.skill,
            "skill_interval": None if self.skill_interval is None else list(self.skill_interval),
            "because": {
                "text": reasons.text,
                "for": [precedent.id for precedent in reasons.supporting],
                "against": [precedent.id for precedent in reasons.opposing],
            },
            "similar_votes": _numbers(self.similar_votes),
            "overall_votes": _numbers(self.overall_votes),
            "precedents": [_precedent(precedent) for precedent in self.precedents],
            "familiarity": self.familiarity,
            "out_of_experience": self.out_of_experience,
            "method_seconds": _numbers(self.method_seconds),
            "warnings": list(self.warnings),
            "seconds": _numbers(self.seconds),
        }


def _numbers(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in values.items()}


def _precedent(precedent: Precedent) -> dict[str, Any]:
    value = attrs.asdict(precedent, recurse=False)
    return {**value, "votes": _numbers(precedent.votes), "members": list(precedent.members)}


@attrs.frozen(kw_only=True)
class Reasons:
    """The precedents that speak for the recommended method, and against it.

    Parameters
    ----------
    supporting : tuple of Precedent
        The method won there, alone or tied.
    opposing : tuple of Precedent
        Another won there.
    text : str
        Two sentences.
    """

    supporting: tuple[Precedent, ...]
    opposing: tuple[Precedent, ...]
    text: str

    @classmethod
    def of(cls, answer: Recommendation) -> Reasons:
        """Sort the precedents of an answer and put them in words."""
        supporting = tuple(one for one in answer.precedents if answer.best in one.winners)
        opposing = tuple(one for one in answer.precedents if one.winners and answer.best not in one.winners)
        return cls(supporting=supporting, opposing=opposing, text=_text(answer, supporting, opposing))


def _text(answer: Recommendation, supporting: Sequence[Precedent], opposing: Sequence[Precedent]) -> str:
    count = len(answer.precedents)
    prototypes = any(one.is_prototype for one in answer.precedents)
    what = "prototypes" if prototypes else "photos"
    led = f"Of the {count} most similar {what}, {answer.best} led in {len(supporting)}"
    if supporting:
        led += f" ({_listed(supporting)})"
    against = f"Against: {_led_by_others(opposing)}." if opposing else "None of them speaks against."
    overall = _first(answer.overall_votes)
    would = f"The overall average would say {overall}." if overall else ""
    if answer.basis == "overall":
        decided = f"{answer.statement[:1].upper()}{answer.statement[1:]}, so the overall votes decide."
    elif answer.basis == "out-of-experience":
        decided = (
            f"This photo lies farther from the case base than {1 - answer.familiarity:.0%} of its own photos "
            "from each other, so the overall votes decide."
        )
    else:
        decided = ""
    return " ".join(part for part in (decided, f"{led}.", against, would) if part)


def _led_by_others(opposing: Sequence[Precedent]) -> str:
    others: dict[str, list[Precedent]] = {}
    for precedent in opposing:
        others.setdefault(" and ".join(precedent.winners), []).append(precedent)
    return "; ".join(f"{winners} led in {len(ones)} ({_listed(ones)})" for winners, ones in others.items())


def _listed(precedents: Sequence[Precedent]) -> str:
    return ", ".join(_shown(precedent) for precedent in precedents)


def _shown(precedent: Precedent) -> str:
    what = f"{len(precedent.members)} photos" if precedent.is_prototype else precedent.label
    votes = " ".join(f"{method} {votes:.3g}" for method, votes in precedent.votes.items() if votes > 0)
    parts = [
        part
        for part in (what, f"at {precedent.distance:.3g}", f"votes {votes}" if votes else "no votes")
        if part
    ]
    return f"{precedent.id}: {', '.join(parts)}"


def _first(votes: Mapping[str, float]) -> str:
    known = {method: value for method, value in votes.items() if not math.isnan(value)}
    return min(known, key=lambda method: (-known[method], method)) if known else ""
