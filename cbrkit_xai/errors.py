"""What can go wrong, said so that the reader knows what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CbrkitXaiError(Exception):
    """Base of every error this project raises on purpose.

    Parameters
    ----------
    what : str
        What is wrong, with the offending value in it.
    where : str, optional
        File, row, key or component the mistake is in.
    allowed : str, optional
        What would have been right.
    next_step : str, optional
        What the reader can do about it.
    """

    exit_code = 2

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        allowed: str | None = None,
        next_step: str | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.allowed = allowed
        self.next_step = next_step

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.allowed:
            text += f"; allowed: {self.allowed}"
        if self.next_step:
            text += f"; {self.next_step}"
        return text

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions pickle by positional arguments alone, and worker processes send them home that way.
        return (_rebuilt, (type(self), self.__dict__))


def _rebuilt(kind: type[CbrkitXaiError], state: dict[str, object]) -> CbrkitXaiError:
    error = kind.__new__(kind)
    Exception.__init__(error, state["what"])
    error.__dict__.update(state)
    return error


class InternalError(CbrkitXaiError):
    """Our own mistake, found before it did harm."""

    exit_code = 1


class ImageError(CbrkitXaiError):
    """A file that cannot be used as a photo."""


class VotesError(CbrkitXaiError):
    """Votes that cannot be understood; `problems` holds one line each."""

    def __init__(self, what: str, *, problems: Iterable[str] = (), **places: str | None) -> None:
        super().__init__(what, **places)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  {problem}" for problem in self.problems)])


class CaseBaseError(CbrkitXaiError):
    """A case base that cannot be read, written or used as asked."""


class FeaturesError(CaseBaseError):
    """Features that a case base lacks, or holds under another fingerprint."""


class ConfigurationError(CbrkitXaiError):
    """A configuration that names something unknown or puts together what does not fit."""


class PluginError(CbrkitXaiError):
    """A plugin that breaks the contract."""


class ParameterError(CbrkitXaiError, ValueError):
    """An argument outside what is allowed."""


class NotOrganizableError(CbrkitXaiError):
    """No organisation of the case base fulfils the stated conditions; says what came closest."""


class MissingDependencyError(CbrkitXaiError):
    """A package that this component needs is not installed."""


class ClassifierError(CbrkitXaiError):
    """A classifier that cannot be loaded, or whose answers are no probabilities."""


class NotApplicableError(CbrkitXaiError):
    """An explainer that this classifier or photo cannot serve."""


class BudgetSpentError(CbrkitXaiError):
    """The calls or seconds that an explainer may take are used up."""


def first_sentence(error: BaseException) -> str:
    """Return what an error says in one line; attrs' validators put their objects behind the sentence."""
    text = error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
    return " ".join(text.split())


def without_place(error: CbrkitXaiError) -> str:
    """Return what is wrong and what to do about it, where the place has been named already."""
    return error.what if error.next_step is None else f"{error.what}; {error.next_step}"


def nearest_spelling(name: str, known: Iterable[str]) -> str | None:
    """Return a sentence naming the known spelling nearest to `name`, or None."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else None
