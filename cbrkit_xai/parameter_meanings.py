"""What the docstring of a component says of its parameters."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

_SECTION = re.compile(r"^Parameters\n-+\n(.*?)(?=^\S[^\n]*\n-+\n|\Z)", re.MULTILINE | re.DOTALL)
_ENTRY = re.compile(r"^(\S[^\n]*) : [^\n]*\n((?:[ \t]+[^\n]*\n?|\n)*)", re.MULTILINE)


def parameter_meanings(factory: Callable[..., Any]) -> dict[str, str]:
    """Return what a factory's numpy docstring says of each parameter, in one line each."""
    section = _SECTION.search(inspect.getdoc(factory) or "")
    meanings: dict[str, str] = {}
    for names, meaning in _ENTRY.findall(section[1] if section else ""):
        for name in names.split(", "):
            meanings[name] = " ".join(meaning.split())
    return meanings
