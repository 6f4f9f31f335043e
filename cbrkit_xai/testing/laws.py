"""A law of the contract, and the search for a counter-example to it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs
import numpy as np

from cbrkit_xai.cases import Cases
from cbrkit_xai.errors import CbrkitXaiError, first_sentence
from cbrkit_xai.neighbours import Neighbours
from cbrkit_xai.testing.subjects import Subject

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Given: TypeAlias = "Callable[[Subject], Mapping[str, SearchStrategy[Any]]]"
"""What is drawn for a law, by the names of its function's arguments."""

_MOST_NUMBERS = 60
"""Arrays of up to so many numbers are shown whole."""


class Broken(AssertionError):  # noqa: N818 - read as a word: "the law is broken"
    """A law does not hold for what was drawn; the text says what was seen."""


class ContractError(AssertionError):
    """A component breaks a law of its contract; says which, by what, and what to mend."""


@attrs.frozen(kw_only=True)
class Law:
    """One promise that every component of a kind makes.

    Parameters
    ----------
    kind : str
        Whose promise it is.
    name : str
        Reads on after the component's name: `"is-symmetric"`.
    rule : str
        In words.
    mend : str
        The fact or method to look at when it is broken.
    examine : callable
        Called with the subject and what was drawn; raises `Broken`.
    given : callable
        What is drawn.
    applies : callable
        Whether this subject makes the promise.
    after : tuple of str
        Laws without which this one says nothing.
    examples : int
        How many inputs are tried, where they are cheap.
    """

    kind: str
    name: str
    rule: str
    mend: str
    examine: Callable[..., None]
    given: Given
    applies: Callable[[Subject], bool]
    after: tuple[str, ...]
    examples: int


class LawsOf:
    """Collects the laws of a kind in the order in which they are written down.

    Parameters
    ----------
    kind : str
        Such as `"metric"`.
    after : LawsOf, optional
        Laws of the kind that stand in another module and come before these: their groundwork counts.
    """

    def __init__(self, kind: str, *, after: LawsOf | None = None) -> None:
        self.kind = kind
        self.laws: list[Law] = []
        self._groundwork: list[str] = [] if after is None else list(after._groundwork)

    def law(
        self,
        rule: str,
        *,
        mend: str,
        given: Given = lambda subject: {},
        applies: Callable[[Subject], bool] = lambda subject: True,
        first: bool = False,
        examples: int = 15,
    ) -> Callable[[Callable[..., None]], Callable[..., None]]:
        """Make a law of a function, named by it.

        Parameters
        ----------
        first : bool
            True for a law without which those that follow say nothing.
        """

        def declare(function: Callable[..., None]) -> Callable[..., None]:
            self.laws.append(
                Law(
                    kind=self.kind,
                    name=function.__name__.replace("_", "-"),
                    rule=rule,
                    mend=mend,
                    examine=function,
                    given=given,
                    applies=applies,
                    after=tuple(self._groundwork),
                    examples=examples,
                )
            )
            if first:
                self._groundwork.append(self.laws[-1].name)
            return function

        return declare


def declares(fact: str, value: Any = True) -> Callable[[Subject], bool]:
    """Return what says whether a subject declares a fact."""
    return lambda subject: subject.fact(fact) == value


def offers(member: str) -> Callable[[Subject], bool]:
    """Return what says whether a subject has an optional member."""
    return lambda subject: subject.offers(member)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Check:
    """A law applied to one component: call it, and it returns or raises `ContractError`.

    Parameters
    ----------
    law : Law
        What is examined.
    subject : Subject
        Of whom.
    """

    law: Law
    subject: Subject

    @property
    def id(self) -> str:
        """Such as `metric minkowski(p=3) is-symmetric`."""
        return f"{self.subject.kind} {self.subject.label} {self.law.name}"

    def __repr__(self) -> str:
        return f"<Check {self.id}>"

    def __call__(self) -> None:
        """Look for a counter-example.

        Raises
        ------
        ContractError
            There is one: gives the rule, the smallest that was found, and what to mend.
        """
        drawn: dict[str, Any] = {}

        def examine(values: Mapping[str, Any]) -> None:
            drawn.clear()
            drawn.update(values)  # the search ends with its smallest counter-example
            self.law.examine(self.subject, **values)

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a library's warnings must not decide
                _search(examine, self.law, self.subject)
        except Exception as error:  # a stranger's component may raise anything
            raise ContractError(self._report(error, drawn)) from error

    def _report(self, error: Exception, drawn: Mapping[str, Any]) -> str:
        lines = [f"{self.subject.kind} {self.subject.label} breaks its contract", f"rule: {self.law.rule}"]
        lines.append(f"seen: {_seen(error)}")
        lines += [f"with {name} = {shown(value)}" for name, value in drawn.items()]
        return "\n".join([*lines, f"mend: {self.law.mend}"])


def _search(examine: Callable[[Mapping[str, Any]], None], law: Law, subject: Subject) -> None:
    from hypothesis import HealthCheck, Phase, Verbosity, given, settings
    from hypothesis.strategies import fixed_dictionaries

    strategies = law.given(subject)
    if not strategies:
        examine({})
        return
    search = settings(
        max_examples=max(2, round(law.examples * cheapness(subject))),
        derandomize=True,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    search(given(fixed_dictionaries(dict(strategies)))(examine))()


def cheapness(subject: Subject) -> float:
    """How many of a law's examples are tried with this subject: photos are large."""
    record = subject.record
    pixels = (getattr(record, "accepts", ""), getattr(record, "yields", ""))
    return 0.16 if "pixels" in pixels else 1.0


def _seen(error: Exception) -> str:
    if isinstance(error, Broken):
        return str(error)
    if isinstance(error, ValueError) and "read-only" in str(error):
        return "it writes to its input, which is read-only"
    if type(error).__module__.startswith("hypothesis"):
        return f"it does not do the same twice with the same input ({type(error).__name__})"
    text = str(error) if isinstance(error, CbrkitXaiError) else first_sentence(error)
    return f"it raises {type(error).__name__}: {text}"


def shown(value: Any) -> str:
    """Return a value as a report shows it: small arrays whole, large ones by shape and range."""
    if isinstance(value, np.ndarray):
        if value.size <= _MOST_NUMBERS:
            return f"{np.array2string(value, separator=', ', threshold=_MOST_NUMBERS)} ({value.dtype})"
        return f"{value.dtype} of shape {value.shape}, {value.min():g} to {value.max():g}"
    if isinstance(value, Neighbours):
        rows = zip(value.distances.tolist(), value.votes.tolist(), strict=True)
        return "; ".join(f"distances {far}, votes {votes}" for far, votes in rows)
    if isinstance(value, Cases):
        return f"{value!r}, ids {', '.join(value.ids)}, votes {value.votes.tolist()}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {shown(part)}" for name, part in value.items()) + "}"
    return repr(value)


@attrs.frozen(kw_only=True)
class Result:
    """How a check ended.

    Parameters
    ----------
    check : Check
        Which.
    state : {"passed", "failed", "blocked"}
        Blocked: a law that it builds on is broken, so that it would say nothing.
    report : str
        What `ContractError` says; for a blocked one, the broken law.
    seconds : float
        How long it took.
    """

    check: Check
    state: Literal["passed", "failed", "blocked"]
    report: str = ""
    seconds: float = 0.0


def run(checks: Iterable[Check], progress: Callable[[int, int], None] | None = None) -> Iterator[Result]:
    """Run checks one by one; one whose groundwork failed is passed over."""
    listed = list(checks)
    failed: dict[int, list[str]] = {}
    for done, check in enumerate(listed, start=1):
        broken = failed.setdefault(id(check.subject), [])
        in_the_way = [name for name in check.law.after if name in broken]
        if in_the_way:
            yield Result(check=check, state="blocked", report=f"{in_the_way[0]} is broken")
        else:
            yield _ended(check, broken)
        if progress is not None:
            progress(done, len(listed))


def _ended(check: Check, broken: list[str]) -> Result:
    started = time.perf_counter()
    try:
        check()
    except ContractError as error:
        broken.append(check.law.name)
        return Result(check=check, state="failed", report=str(error), seconds=time.perf_counter() - started)
    return Result(check=check, state="passed", seconds=time.perf_counter() - started)
