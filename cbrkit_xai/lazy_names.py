"""Imports a package's public names when they are first used, so that importing the package stays fast."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def lazy_names(
    package: str, homes: Mapping[str, str], names: list[str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return what a package needs as its `__getattr__` and its `__dir__`.

    Parameters
    ----------
    package : str
        Its `__name__`.
    homes : mapping of str to str
        From each name that is imported on use to the module that it stands in, relative to the package.
    names : list of str
        Its `__all__`.
    """

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{package}.{homes[name]}"), name)
        setattr(sys.modules[package], name, value)  # the next time Python finds it by itself
        return value

    return get, lambda: sorted(names)
