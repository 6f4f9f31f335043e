"""A case: a photo, the class whose explanation was judged, and the votes."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from numbers import Real
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, get_args

import attrs

from cbrkit_xai.errors import CaseBaseError, VotesError

Source: TypeAlias = Literal["human", "automatic"]
SOURCES: tuple[Source, ...] = get_args(Source)


def method_name(text: str) -> str:
    """Return a method's one name: `IG` and `ig`, `Grad CAM` and `grad_cam` are each one method."""
    # Composed after lowering: of some letters' small forms the marks come in another order.
    return re.sub(r"[\s_-]+", "-", unicodedata.normalize("NFC", text.lower())).strip("-")


def _is_number_of_votes(value: Any) -> bool:
    # Real, not int | float: a numpy integer is neither.
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        return 0 <= float(value) < math.inf
    except OverflowError:  # an int too large for a float
        return False


def _checked_votes(votes: Mapping[str, Any]) -> Mapping[str, float]:
    spellings: dict[str, str] = {}
    for method, value in votes.items():
        if not isinstance(method, str) or not method_name(method):
            raise VotesError(
                f"{method!r} is not a method name", where="votes", allowed="a text such as 'lime'"
            )
        if not _is_number_of_votes(value):
            raise VotesError(
                f"{value!r} is not a number of votes",
                where=f"votes for {method!r}",
                allowed="a finite number of at least 0; leave the method out where nobody was asked",
            )
        other = spellings.setdefault(method_name(method), method)
        if other != method:
            raise VotesError(
                f"{other!r} and {method!r} are one method", where="votes", allowed="each method once"
            )
    if not votes:
        raise VotesError("no votes were given", where="votes", allowed="at least one method, such as xrai=4")
    return MappingProxyType({name: float(votes[spellings[name]]) for name in sorted(spellings)})


@attrs.frozen(kw_only=True)
class Ballot:
    """What one voter, or several counted together, gave to each method asked about.

    Parameters
    ----------
    votes : mapping of str to float
        Votes per method; a method that is missing was not asked about, 0 is a vote withheld.
        Names are brought to lower kebab-case: `IG` is `ig`, `Grad CAM` is `grad-cam`.
    source : {"human", "automatic"}
        Whether people voted or judges computed.
    voter : str
        Who: a person's pseudonym or a judge's name; empty for a sum over several.
    family : str
        Judges of one family are one idea, not independent voters; empty: the voter's own.
    """

    votes: Mapping[str, float] = attrs.field(converter=_checked_votes, hash=False)
    source: Source = attrs.field(validator=attrs.validators.in_(SOURCES))
    voter: str = ""
    family: str = ""


@attrs.frozen(kw_only=True)
class Target:
    """The class whose explanation was judged, by the classifier that predicted it.

    Parameters
    ----------
    classifier : str
        Fingerprint of the classifier.
    index : int
        Class index.
    label : str
        Class name, for people.
    probability : float or None
        What the classifier gave the class, 0 to 1, where known.
    """

    classifier: str
    index: int = attrs.field(validator=attrs.validators.ge(0))
    label: str = ""
    probability: float | None = attrs.field(
        default=None,
        validator=attrs.validators.optional(
            attrs.validators.and_(attrs.validators.ge(0), attrs.validators.le(1))
        ),
    )


def _ballots(values: Iterable[Ballot]) -> tuple[Ballot, ...]:
    return tuple(values)


def _by_method(values: Mapping[str, float]) -> Mapping[str, float]:
    return MappingProxyType({method: float(values[method]) for method in sorted(values)})


@attrs.frozen(kw_only=True)
class Case:
    """One case, without its features.

    Parameters
    ----------
    id : str
        Unique in its case base.
    image_sha256 : str
        Hash of the photo file's bytes.
    image_name : str
        File name, for people.
    ballots : tuple of Ballot
        The raw votes; the solution is derived from them.
    target : Target or None
        None where it is not known which class was explained.
    seconds : mapping of str to float
        How long each method took, where it was measured.
    """

    id: str
    image_sha256: str
    image_name: str = ""
    ballots: tuple[Ballot, ...] = attrs.field(converter=_ballots)
    target: Target | None = None
    seconds: Mapping[str, float] = attrs.field(factory=dict, converter=_by_method, hash=False)

    @property
    def key(self) -> tuple[str, str, int]:
        """Photo, classifier and class: what makes two judgements speak of the same explanation."""
        if self.target is None:
            return (self.image_sha256, "", -1)
        return (self.image_sha256, self.target.classifier, self.target.index)

    @property
    def votes(self) -> dict[str, float]:
        """Votes per method, summed over the ballots that asked about it."""
        return summed(self.ballots)

    @property
    def voters(self) -> float:
        """How many voted: named voters, and one for each vote of a sum."""
        return _voters(self.ballots)

    @property
    def effective_voters(self) -> float:
        """How many independent voters the votes are worth.

        People count each for one. Judges of one family are one idea with small changes, so a
        family that voted counts for one; a sum over unnamed judges counts for one, since
        nothing says that they are independent.
        """
        people = _voters(ballot for ballot in self.ballots if ballot.source == "human")
        families = {
            ballot.family or ballot.voter
            for ballot in self.ballots
            if ballot.source == "automatic" and sum(ballot.votes.values()) > 0
        }
        return people + len(families)

    @property
    def sources(self) -> frozenset[str]:
        """Who voted: people, judges, or both."""
        return frozenset(ballot.source for ballot in self.ballots)

    def with_ballots(self, ballots: Iterable[Ballot]) -> Case:
        """Return the case with further ballots."""
        return attrs.evolve(self, ballots=(*self.ballots, *ballots))


def _voters(ballots: Iterable[Ballot]) -> float:
    named: set[str] = set()
    unnamed: float = 0
    for ballot in ballots:
        if ballot.voter:
            named.add(ballot.voter)
        else:
            unnamed += sum(ballot.votes.values())
    return len(named) + unnamed


def summed(ballots: Iterable[Ballot]) -> dict[str, float]:
    """Add up ballots; a method that none asked about is missing."""
    total: dict[str, float] = {}
    for ballot in ballots:
        for method, votes in ballot.votes.items():
            total[method] = total.get(method, 0.0) + votes
    return total


def refuse_mixing(held: Iterable[str], source: Source, *, where: str) -> None:
    """Refuse votes of people in a base of judges' votes, and the other way round.

    Parameters
    ----------
    held : iterable of {"human", "automatic"}
        Whose votes the base has.
    source : {"human", "automatic"}
        Whose are to come in.
    where : str
        The base.

    Raises
    ------
    CaseBaseError
        The base has votes of the other source.
    """
    others = sorted(set(held) - {source})
    if others:
        raise CaseBaseError(
            f"holds {', '.join(others)} votes, and these are {source}",
            where=where,
            allowed="votes of one source, unless mixing them is meant",
            next_step="keep them in a base of their own, or pass --allow-mixed (allow_mixed=True)",
        )
