"""What somebody's programs a component made of others would run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def programs_of(components: Iterable[Any]) -> str:
    """Return what the components name in `runs`, one after the other; empty if none does."""
    programs = [getattr(component, "runs", "") for component in components]
    return ", ".join(dict.fromkeys(program for program in programs if program))
