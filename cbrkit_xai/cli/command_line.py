"""The command line that repeats what was done, as it stands on a report."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

NOT_REPEATED = ("output", "jobs", "as_json")
"""Options on which no result depends: a report must have the same bytes whatever they were."""


def command_line(context: click.Context, leave_out: Collection[str] = NOT_REPEATED) -> str:
    """Return what was typed, without what no result depends on and without the folders of this machine.

    Arguments always stand there; of the options those that were given.

    Parameters
    ----------
    leave_out : collection of str
        Names of parameters.
    """
    words = ["cbrkit-xai", str(context.info_name)]
    for parameter in context.command.params:
        name = parameter.name or ""
        value = context.params.get(name)
        if name in leave_out or value is None:
            continue
        if isinstance(parameter, click.Argument):
            words.append(_bare(str(value)))
        elif context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            words += _option(parameter, value)
    return shlex.join([*words, "-o", "DIR"])


def _option(parameter: click.Parameter, value: Any) -> Iterator[str]:
    name = max(parameter.opts, key=len)
    if getattr(parameter, "is_flag", False):
        yield name
        return
    for one in value if isinstance(value, tuple) else (value,):
        yield name
        yield ",".join(map(_bare, str(one).split(",")))


def _bare(text: str) -> str:
    """Return a path's last part; anything else as it is."""
    path = Path(text)
    return path.name if "/" in text and (path.is_absolute() or path.exists()) else text
