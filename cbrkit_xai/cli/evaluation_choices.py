"""What the commands that evaluate read from their options."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from cbrkit_xai.errors import ParameterError

if TYPE_CHECKING:
    from cbrkit_xai.configurations import Configuration
    from cbrkit_xai.evaluation.questions.contestants import StatedK

PAPERS_KS = "1:25"
"""The paper's numbers of neighbours."""

SELECTED: Final = "selected"

MOST_KS = 10_000
"""A range with more numbers is a slip of the pen."""


def chosen_ks(text: str) -> tuple[int, ...]:
    """Return the numbers of neighbours: `5`, `1,3,5`, `1:25` (25 among them), `1:25:2`, or several of these.

    Raises
    ------
    ParameterError
        Something else, or a number below 1.
    """
    found: list[int] = []
    for part in text.split(","):
        numbers = re.fullmatch(r"(\d+)(?::(\d+)(?::(\d+))?)?", part.strip())
        first, last, step = (
            (0, 0, 1)
            if numbers is None
            else (int(numbers[1]), int(numbers[2] or numbers[1]), int(numbers[3] or 1))
        )
        if first < 1 or last < first or step < 1 or (last - first) // step >= MOST_KS:
            raise ParameterError(
                f"{part.strip()!r} says no numbers of neighbours",
                where="-k",
                allowed="whole numbers of at least 1, such as 5, 1,3,5, 1:25 or 1:25:2; or selected, or "
                "selected,1:10",
            )
        found += range(first, last + 1, step)
    return tuple(dict.fromkeys(found))


def chosen_k(text: str) -> tuple[tuple[int, ...], StatedK]:
    """Return the numbers of neighbours, and at which of them configurations are judged.

    `selected` stands for the k that is best inside each fold, and may stand before the numbers that it is
    selected among, by default those of the paper: `selected`, `selected,1:10`.

    Raises
    ------
    ParameterError
        As `chosen_ks`.
    """
    first, _, others = text.partition(",")
    if first.strip() != SELECTED:
        return chosen_ks(text), None
    return chosen_ks(others or PAPERS_KS), SELECTED


def chosen_substitutes(texts: Sequence[str]) -> dict[str, str]:
    """Return what may stand for what, from `NAME=VALUE` texts.

    Raises
    ------
    ParameterError
        A text without both, or a name that is there twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, _, value = (part.strip() for part in text.partition("="))
        if not name or not value:
            raise ParameterError(
                f"{text!r} does not say what stands for what",
                where="--substitute",
                allowed="NAME=VALUE, such as latent=efficientnet-lite0",
            )
        if found.setdefault(name, value) != value:
            raise ParameterError(
                f"both {found[name]!r} and {value!r} would stand for {name!r}", where="--substitute"
            )
    return found


def named_configurations(
    names: Sequence[str], profile: str | None, organizers: Sequence[str] | None
) -> list[Configuration]:
    """Return what is named: configurations, labels `NAME/ORGANIZER@PROFILE`, or TOML files, with grids too.

    Parameters
    ----------
    profile : str, optional
        Of names that do not say theirs.
    organizers : sequence of str, optional
        In each of which names and files without a grid are evaluated, if they do not say theirs.

    Raises
    ------
    ConfigurationError
        Something that is none of these.
    click.UsageError
        A profile or an organizer for what says its own.
    """
    from cbrkit_xai.cli.choosing import chosen_configurations

    found: list[Configuration] = []
    for text in names:
        label = re.fullmatch(r"([^/@]+)(?:/([^/@]+))?(?:@([^/@]+))?", text)
        name, organizer, its_profile = label.groups() if label else (text, None, None)
        if text.endswith(".toml"):
            name, organizer, its_profile = text, None, None
        in_each: Sequence[str | None] = [organizer] if organizer else organizers or [None]
        for one in in_each:
            found += chosen_configurations(name, its_profile or profile_of(name, profile), one)[0]
    return list(dict.fromkeys(found))


def profile_of(name: str, profile: str | None) -> str | None:
    """Return the profile that the option gives a configuration; a file has its own."""
    return None if name.endswith(".toml") else profile
