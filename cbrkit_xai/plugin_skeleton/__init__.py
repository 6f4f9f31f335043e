"""The files of a new plugin: a distribution with one working component of any kind and its test."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from importlib import resources
from string import Template

from cbrkit_xai.components import kinds
from cbrkit_xai.errors import ParameterError, nearest_spelling

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_PREFIX = "cbrkit-xai-"
_KINDS = tuple(record.kind for record in kinds())

_ALWAYS = ("attrs>=24.2", "cbrkit-xai>=1.0.0.dev0,<2")
_DEPENDENCIES: Mapping[str, tuple[str, ...]] = {
    "metric": (*_ALWAYS, "scipy>=1.14"),
    "retention-policy": _ALWAYS,
    "configuration": (_ALWAYS[1], "cbrkit-xai-histogram"),
}
"""What the module of a kind imports, where that is not attrs, ours and numpy."""

_IN_A_FILE = 'In a configuration\'s file: `{key} = "{component}"`.'
_USAGE: Mapping[str, str] = {
    "reuse-strategy": _IN_A_FILE.replace("{key}", "reuse"),
    "retention-policy": _IN_A_FILE.replace("{key}", "retention"),
    "explainer": "For a photo: `cbrkit-xai explain photo.jpg --method {component}`.",
    "classifier": "For a photo: `cbrkit-xai explain photo.jpg --classifier {component}`.",
    "judge": 'In Python: `cbrkit_xai.default_registry().create("judge", "{component}")`.',
    "configuration": "For a photo: `cbrkit-xai recommend photo.jpg -c {component}`.",
}
"""How a component is used, where that is not by its kind's key in a configuration."""


def component_name(distribution: str) -> str:
    """Return what a distribution's component is called unless another name is given."""
    return distribution.removeprefix(_PREFIX)


def module_name(distribution: str) -> str:
    """Return the module that a distribution brings."""
    return distribution.replace("-", "_")


def skeleton(distribution: str, kind: str, component: str | None = None) -> dict[str, str]:
    """Return the files of a plugin, by their paths in its folder.

    Parameters
    ----------
    distribution : str
        What pip will call it, in kebab-case; the module is the same with underscores.
    kind : str
        The kind of component it registers, such as `"metric"`.
    component : str, optional
        The component's name; by default the distribution's without `cbrkit-xai-`.

    Raises
    ------
    ParameterError
        A name is not in kebab-case, or there is no such kind.
    """
    if kind not in _KINDS:
        raise ParameterError(
            f"no kind {kind!r}",
            where="kind",
            allowed=", ".join(_KINDS),
            next_step=nearest_spelling(kind, _KINDS),
        )
    component = component_name(distribution) if component is None else component
    module = module_name(distribution)
    _check_name(distribution, module, "name")
    _check_name(component, "", "component")
    source = _template(f"{kind}.py")
    usage = _USAGE.get(kind, _IN_A_FILE).format(key=kind, component=component)
    dependencies = _DEPENDENCIES.get(kind, (*_ALWAYS, "numpy>=2.0"))
    values = {
        "Component": _class_name(component, kind, source),
        "component": component,
        "dependencies": ", ".join(f'"{one}"' for one in dependencies),
        "distribution": distribution,
        "kind": kind,
        "kind_in_words": kind.replace("-", " "),
        "module": module,
        "usage": usage,
    }
    files = {
        "README.md": _template("README.md"),
        "pyproject.toml": _template("pyproject.toml"),
        f"src/{module}/__init__.py": source,
        "tests/test_contract.py": _template("test_contract.py"),
    }
    return {path: Template(text).substitute(values) for path, text in files.items()}


def _check_name(name: str, module: str, where: str) -> None:
    what = "component" if where == "component" else "plugin"
    if keyword.iskeyword(module):
        raise ParameterError(
            f"{name!r} is a word of Python's, and cannot be imported",
            where=where,
            allowed="any other name",
            next_step=f"did you mean '{_PREFIX}{name}'?",
        )
    if not _NAME.fullmatch(name):
        lower = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        is_meant = len(lower) > len(name) // 2 and lower != name and _NAME.fullmatch(lower)
        raise ParameterError(
            f"{name!r} is not a name for a {what}",
            where=where,
            allowed="lower-case words joined by hyphens, the first beginning with a letter, such as "
            "'cbrkit-xai-minkowski'",
            next_step=f"did you mean {lower!r}?" if is_meant else None,
        )


def _class_name(component: str, kind: str, source: str) -> str:
    name = "".join(word.capitalize() for word in component.split("-"))
    is_taken = re.search(rf"\b{name}\b", source) is not None
    # The module imports records by their names, and `None` is no class.
    return f"{name}{kind.title().replace('-', '')}" if is_taken or keyword.iskeyword(name) else name


def _template(name: str) -> str:
    return resources.files(__name__).joinpath("templates", f"{name}.txt").read_text(encoding="utf-8")
