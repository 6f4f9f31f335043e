"""Finds what other packages bring, or says what to install."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType

from cbrkit_xai.errors import MissingDependencyError

DISTRIBUTION = "cbrkit-xai-latent"


def module(name: str, *, pip_name: str) -> ModuleType:
    """Import a module on use.

    Raises
    ------
    MissingDependencyError
        It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise _missing(f"the module {error.name!r} is not installed", pip_name) from error


def data_file(package: str, path: str, *, pip_name: str) -> Path:
    """Return where a data file of an installed package lies, without importing the package.

    Raises
    ------
    MissingDependencyError
        The package, or this file in it, is not there.
    """
    found = importlib.util.find_spec(package)  # a top-level name: finding it runs none of its code
    for folder in (found.submodule_search_locations if found else None) or ():
        if (file := Path(folder, path)).is_file():
            return file
    raise _missing(f"the package {pip_name!r} with its file {path!r} is not installed", pip_name)


def _missing(what: str, pip_name: str) -> MissingDependencyError:
    return MissingDependencyError(what, where=DISTRIBUTION, next_step=f"pip install {pip_name}")
