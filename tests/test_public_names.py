"""The public surface: what stands in `__all__` is what can be imported, and nothing hides it."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import cbrkit_xai as cx
from cbrkit_xai import Registry, hookimpl

SOURCE = Path(cx.__file__).read_text(encoding="utf-8")
EAGER = {"API_VERSION"}


def names_for_type_checkers():
    (block,) = [node for node in ast.parse(SOURCE).body if isinstance(node, ast.If)]
    return {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_all_is_sorted_and_says_nothing_twice():
    assert cx.__all__ == sorted(set(cx.__all__), key=lambda name: (not name.isupper(), name.islower(), name))


def test_what_is_listed_is_what_is_imported_lazily():
    assert set(cx.__all__) == set(cx._HOME) | EAGER


def test_type_checkers_see_the_same_names_from_the_same_modules():
    expected = {name: f"cbrkit_xai.{home}" for name, home in cx._HOME.items()}
    assert names_for_type_checkers() == expected


@pytest.mark.parametrize("name", cx.__all__)
def test_every_public_name_is_importable_from_its_own_module_and_documented(name):
    value = getattr(cx, name)
    if name in EAGER:
        return
    home = importlib.import_module(f"cbrkit_xai.{cx._HOME[name]}")
    assert value is getattr(home, name)
    assert name == "hookimpl" or inspect.getdoc(value)
    assert getattr(value, "__module__", home.__name__) == home.__name__ or name == "hookimpl"


def test_the_listing_for_completion_is_the_public_surface():
    assert dir(cx) == sorted(cx.__all__)


def test_a_star_import_brings_every_public_name():
    scope = {}
    exec("from cbrkit_xai import *", scope)  # noqa: S102 - the statement under test
    assert set(cx.__all__) <= set(scope)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'cbrkit_xai' has no attribute 'metric'"):
        _ = cx.metric
    assert not hasattr(cx, "no_such_name")


def modules():
    return [one.name for one in pkgutil.walk_packages(cx.__path__, "cbrkit_xai.")]


def test_no_module_has_the_name_of_a_public_function():
    assert not {name.removeprefix("cbrkit_xai.") for name in modules()} & set(cx.__all__)


def test_use_and_configuration_stay_functions_when_every_module_is_imported():
    for name in modules():
        if not name.endswith("__main__") and ".testing" not in name:
            importlib.import_module(name)
    assert inspect.isfunction(cx.use)
    assert inspect.isfunction(cx.configuration)
    assert cx.use("cosine").name == "cosine"


def test_plugins_can_pin_a_version_of_the_interface():
    assert cx.API_VERSION == (1, 0)
    assert cx.__version__.startswith("1.")


def test_a_metric_takes_as_few_lines_as_the_readme_says():
    """The first ten lines of anyone's plugin, as in `docs` and in the house style."""

    class Manhattan:
        def pairwise(self, queries, references):
            return abs(queries[:, None] - references[None]).sum(axis=2)

    class Plugin:
        @hookimpl
        def cbrkit_xai_metrics(self):
            yield cx.MetricPlugin(
                name="city-block", summary="Sum", source="Minkowski 1910", factory=Manhattan
            )

    registry = Registry()
    registry.register(Plugin())
    assert isinstance(registry.create("metric", "city-block"), Manhattan)
