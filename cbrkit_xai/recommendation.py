"""The answer for one photo: a ranking, how sure it is, and the cases for and against."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import attrs

from cbrkit_xai.freezing import numbers_by_name, texts

_MOST_LISTED = 5
"""More precedents than this for one side only say that there are more."""

Basis: TypeAlias = Literal["similar-cases", "overall", "out-of-experience"]


def _votes_by_method(values: Mapping[str, float]) -> Mapping[str, float]:
    # NaN is not equal to itself, but the one object `math.nan` is to itself within a mapping: without
    # it no answer with a method that nobody was asked about would equal its repetition.
    return numbers_by_name({name: math.nan if math.isnan(value) else value for name, value in values.items()})


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
    voted_by : str
        The same in a few words: "people", "2 judge families", or both.
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
    mixture : mapping of str to float
        How P(best) came about: `lambda`, the weight of the similar cases' votes, `concentration`
        (c), and `ballots`, the independent votes that a photo typically gets.
    path : str or None
        Where the photo was read from.
    """

    photo: str
    image_sha256: str
    configuration: str
    base: str
    provenance: str
    voted_by: str
    ranking: tuple[str, ...] = attrs.field(converter=texts)
    votes: Mapping[str, float] = attrs.field(converter=_votes_by_method)
    confidence: Mapping[str, float] = attrs.field(converter=numbers_by_name)
    basis: Basis
    conformal_set: tuple[str, ...] | None
    statement: str
    skill: float | None
    skill_interval: tuple[float, float] | None
    similar_votes: Mapping[str, float] = attrs.field(converter=_votes_by_method)
    overall_votes: Mapping[str, float] = attrs.field(converter=_votes_by_method)
    precedents: tuple[Precedent, ...] = attrs.field(converter=_precedents)
    familiarity: float
    out_of_experience: bool
    seconds: Mapping[str, float] = attrs.field(converter=numbers_by_name, eq=False)
    method_seconds: Mapping[str, float] = attrs.field(converter=numbers_by_name, factory=dict)
    warnings: tuple[str, ...] = attrs.field(converter=texts, default=())
    mixture: Mapping[str, float] = attrs.field(converter=numbers_by_name, factory=dict)
    path: str | None = attrs.field(default=None, eq=False)

    @property
    def best(self) -> str:
        """The method to show."""
        return self.ranking[0]

    def __str__(self) -> str:
        chances = ", ".join(f"{method} {self.confidence[method]:.2f}" for method in self.ranking)
        return f"{self.photo}: show {self.best} (P(best): {chances}; basis: {self.basis}) [{self.provenance}]"

    @property
    def because(self) -> Reasons:
        """The cases for and against, and in words."""
        return Reasons.of(self)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; NaN becomes null."""
        reasons = self.because
        return {
            "photo": self.photo,
            "path": self.path,
            "image_sha256": self.image_sha256,
            "configuration": self.configuration,
            "base": self.base,
            "provenance": self.provenance,
            "voted_by": self.voted_by,
            "best": self.best,
            "ranking": list(self.ranking),
            "votes": _numbers(self.votes),
            "confidence": _numbers(self.confidence),
            "basis": self.basis,
            "conformal_set": None if self.conformal_set is None else list(self.conformal_set),
            "statement": self.statement,
            "mixture": _numbers(self.mixture),
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
        The method led there, alone or level with others.
    opposing : tuple of Precedent
        Others led there.
    text : str
        What decided, who speaks for it and who against, and what the overall average would say.
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
    sentences = [
        _what_decides(answer),
        _led(answer, supporting),
        _against(supporting, opposing),
        _what_the_average_says(answer),
        _what_the_votes_say(answer),
        # Nobody may take judges' scores for what people prefer, wherever the text is read.
        f"[{answer.provenance}]" if "automatic" in answer.provenance else "",
    ]
    return " ".join(sentence for sentence in sentences if sentence)


def _what_decides(answer: Recommendation) -> str:
    if answer.basis == "overall":
        return f"{answer.statement[:1].upper()}{answer.statement[1:]}, so the overall average decides."
    if answer.basis == "out-of-experience":
        return (
            "This photo is unlike those of the case base: hardly any of them lies so far from its nearest "
            f"neighbour (rank p-value {answer.familiarity:.2g}), so the overall average decides."
        )
    return ""


def _led(answer: Recommendation, supporting: Sequence[Precedent]) -> str:
    precedents = answer.precedents
    if not precedents:
        return "No similar photo was found."
    prototypes = sum(one.is_prototype for one in precedents)
    kind = "prototype" if prototypes == len(precedents) else "photo or prototype" if prototypes else "photo"
    if len(precedents) == 1:
        found = f"in the most similar {kind}, {answer.best}"
        found += " led" if supporting else " did not lead"
    else:
        found = (
            f"of the {len(precedents)} most similar {kind.replace(' or ', 's and ')}s, {answer.best} led in "
        )
        found += str(len(supporting)) if supporting else "none"
    level = sum(len(one.winners) > 1 for one in supporting)
    if level:
        found += (
            ", level with another" if len(supporting) == 1 else f", in {level} of them level with another"
        )
    listed = f" ({_listed(supporting)})" if supporting else ""
    return f"{found[:1].upper()}{found[1:]}{listed}."


def _against(supporting: Sequence[Precedent], opposing: Sequence[Precedent]) -> str:
    if opposing:
        others: dict[str, list[Precedent]] = {}
        for precedent in opposing:
            others.setdefault(" and ".join(precedent.winners), []).append(precedent)
        led = [f"{winners} led in {len(ones)} ({_listed(ones)})" for winners, ones in others.items()]
        return f"Against: {', '.join(led)}."
    return "None speaks against it." if supporting else ""


def _what_the_average_says(answer: Recommendation) -> str:
    if answer.basis != "similar-cases":  # it has decided
        return ""
    first = _first(answer.overall_votes)
    if first == answer.best:
        return "The overall average says the same."
    return f"The overall average would say {first}." if first else ""


def _what_the_votes_say(answer: Recommendation) -> str:
    first = _first(answer.votes)
    if not first or answer.votes[answer.best] >= answer.votes[first]:
        return ""
    return f"By votes alone {first} would be first, but it takes longer than its lead is worth."


def _listed(precedents: Sequence[Precedent]) -> str:
    left = len(precedents) - _MOST_LISTED
    more = [f"and {left} more"] if left > 0 else []
    return "; ".join([*(_shown(precedent) for precedent in precedents[:_MOST_LISTED]), *more])


def _shown(precedent: Precedent) -> str:
    what = f"{len(precedent.members)} photos" if precedent.is_prototype else precedent.label
    votes = " ".join(f"{method} {votes:.3g}" for method, votes in precedent.votes.items() if votes > 0)
    given = f"{'mean votes' if precedent.is_prototype else 'votes'} {votes}"
    return f"{precedent.id}: {', '.join(filter(None, (what, f'distance {precedent.distance:.3g}', given)))}"


def _first(votes: Mapping[str, float]) -> str:
    known = {method: value for method, value in votes.items() if not math.isnan(value)}
    return min(known, key=lambda method: (-known[method], method)) if known else ""
