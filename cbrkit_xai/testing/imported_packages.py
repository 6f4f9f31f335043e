"""Which packages a component's own module imports, found by reading it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

_CORE = "cbrkit-xai"


def needed_packages(factory: Callable[..., Any]) -> set[str]:
    """Return the distributions, as pip names them, that a factory's module imports anywhere in its text.

    What cbrkit-xai itself requires is always there, and left out; so is what no distribution brings.
    """
    module = sys.modules.get(getattr(factory, "__module__", None) or "")
    path = getattr(module, "__file__", None)
    if path is None or not Path(path).is_file():
        return set()
    found: set[str] = set()
    for name in _imported(Path(path)):
        found |= {_plain(one) for one in distributions_of(name)}
    return found - _always_there()


def _imported(path: Path) -> Iterator[str]:
    """Yield the top-level names that a file imports at run time, at whatever depth."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    only_for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in only_for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def distributions_of(name: str) -> list[str]:
    """Return the distributions that bring a top-level module or package."""
    return _distributions().get(name, [])


@lru_cache(maxsize=1)
def _distributions() -> dict[str, list[str]]:
    return dict(metadata.packages_distributions())


@lru_cache(maxsize=1)
def _always_there() -> set[str]:
    required = metadata.distribution(_CORE).requires or []
    plain = [one for one in required if "extra ==" not in one]
    return {_plain(re.split(r"[^\w.-]", one, maxsplit=1)[0]) for one in plain} | {_CORE}


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
