"""The case bases that ship with the package."""

from __future__ import annotations

from importlib import resources

from cbrkit_xai.case_base import CaseBase
from cbrkit_xai.errors import CaseBaseError, nearest_spelling
from cbrkit_xai.stores.embedded import load

_PACKAGE = "cbrkit_xai.bases"
_ENDING = ".cbr"


def bundled_names() -> tuple[str, ...]:
    """Return the names that `load_bundled` knows."""
    found = (item.name for item in resources.files(_PACKAGE).iterdir())
    return tuple(sorted(name.removesuffix(_ENDING) for name in found if name.endswith(_ENDING)))


def load_bundled(name: str) -> CaseBase:
    """Read a case base that ships with the package; it may be installed where nothing can be written.

    Raises
    ------
    CaseBaseError
        There is none of that name.
    """
    names = bundled_names()
    if name not in names:
        raise CaseBaseError(
            f"no bundled case base {name!r}",
            allowed=", ".join(map(repr, names)) or "none in this installation",
            next_step=nearest_spelling(name, names) or "give a file to load your own: CaseBase.load(path)",
        )
    with resources.as_file(resources.files(_PACKAGE) / f"{name}{_ENDING}") as path:
        return load(path, immutable=True)
