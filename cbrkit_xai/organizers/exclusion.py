"""Which cases must not speak to which query."""

from __future__ import annotations

from collections.abc import Sequence

from cbrkit_xai.errors import ParameterError


def check_exclude(exclude: Sequence[Sequence[str]], queries: int) -> Sequence[Sequence[str]]:
    """Return `exclude` if it holds one list of ids per query.

    Raises
    ------
    ParameterError
        It has another length, or a text stands where a list of texts belongs.
    """
    if isinstance(exclude, str) or len(exclude) != queries:
        raise ParameterError(
            f"{exclude!r}" if isinstance(exclude, str) else f"{len(exclude)} rows for {queries} queries",
            where="exclude",
            allowed="one list of case ids per query, which may be empty",
        )
    for query, held_out in enumerate(exclude):
        if isinstance(held_out, str):
            raise ParameterError(
                f"{held_out!r} is a text",
                where=f"exclude[{query}]",
                allowed="a list of case ids",
                next_step=f"write [{held_out!r}]",
            )
    return exclude
