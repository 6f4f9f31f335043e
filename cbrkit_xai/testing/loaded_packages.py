"""Which packages a plugin loads before any component is used, found out in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from cbrkit_xai.entry_points import installed
from cbrkit_xai.testing.imported_packages import distributions_of

LIGHT = ("attr", "attrs", "cbrkit_xai", "numpy", "pluggy")
"""What a plugin may load, besides the standard library, itself and other plugins."""

Imports = tuple[str, ...]
"""A hook module, or an empty text, and the modules that its records' factories name."""

_WHAT_THEY_LOAD = """
import importlib, json, sys
import attrs, numpy, pluggy, cbrkit_xai

def place(name):
    module = sys.modules.get(name)
    return getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)

loaded = []
for hooks, *factories in json.loads(sys.argv[1]):
    found = {}
    for name in (hooks, *factories):
        before = set(sys.modules)
        try:
            name and importlib.import_module(name)
        except Exception:
            if name == hooks:
                raise
        tops = {one.partition(".")[0] for one in set(sys.modules) - before}
        found.setdefault(name, {}).update({top: place(top) for top in sorted(tops)})
    loaded.append((found, place((hooks or name).partition(".")[0])))
sys.stderr.write("\\n" + json.dumps(loaded))
"""


class CannotBeImportedError(Exception):
    """In a process of its own a hook module raises."""


def foreign_packages(imports: Imports, siblings: tuple[Imports, ...], distribution: str) -> Iterator[str]:
    """Yield what a plugin loads of others, as sentences: `importing planted loads scipy`.

    Parameters
    ----------
    imports : tuple of str
        The hook module and its factories' modules.
    siblings : tuple of these
        Of all plugins of the distribution: one process tells what each of them loads.
    distribution : str
        Whose packages are its own.

    Raises
    ------
    CannotBeImportedError
        The hook module raises in a process of its own.
    """
    together = siblings if imports in siblings else (imports,)
    suspected = list(_sentences(imports, _loaded_by(together)[together.index(imports)], distribution))
    if suspected:
        # Whoever comes first pays for all that follow: a suspect is asked alone.
        yield from _sentences(imports, _loaded_by((imports,))[0], distribution)


_Loaded = tuple[Mapping[str, Mapping[str, str | None]], str | None]
"""Top-level packages with their places, by the module whose import loaded them; and where the plugin is."""


def _sentences(imports: Imports, loaded: _Loaded, distribution: str) -> Iterator[str]:
    by_module, home = loaded
    own = {name.partition(".")[0] for name in imports[:1]}
    for module, packages in by_module.items():
        foreign = [
            name
            for name, place in packages.items()
            if name not in own and not _may_be_loaded(name, place, home, distribution)
        ]
        if foreign:
            yield f"importing {module} loads {', '.join(foreign)}"


def _may_be_loaded(name: str, place: str | None, home: str | None, distribution: str) -> bool:
    if name in LIGHT or name in sys.stdlib_module_names or name in _plugins():
        return True
    bringing = distributions_of(name)
    if bringing:
        return distribution in bringing
    # Without a distribution: made on the fly as by Cython, or a file beside the plugin's own.
    return place is None or (home is not None and _folder(place) == _folder(home))


def _folder(place: str) -> Path:
    """Return where a module, or the folder of a package, lies."""
    path = Path(place)
    return path.parent.parent if path.name == "__init__.py" else path.parent


@lru_cache(maxsize=1)
def _plugins() -> frozenset[str]:
    return frozenset(one.point.value.partition(".")[0] for one in installed() if one.point is not None)


@lru_cache(maxsize=64)
def _loaded_by(asked: tuple[Imports, ...]) -> list[_Loaded]:
    """Return what each loads in a fresh process, one after the other."""
    done = subprocess.run(  # noqa: S603 - our own interpreter, with modules that are installed
        [sys.executable, "-c", _WHAT_THEY_LOAD, json.dumps(asked)],
        capture_output=True,
        text=True,
        timeout=120,
        # What can be imported here can be imported there, be it installed or not.
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    if done.returncode:
        raise CannotBeImportedError(done.stderr.strip().splitlines()[-1])
    loaded: list[_Loaded] = json.loads(done.stderr.splitlines()[-1])
    return loaded
