"""Names that a package imports when they are first used."""

import sys
from types import ModuleType

import pytest

from cbrkit_xai.lazy_names import lazy_names


@pytest.fixture
def package(monkeypatch):
    """A package of two modules, of which nothing is imported yet."""
    made = ModuleType("made_up")
    made.__path__ = []
    inner = ModuleType("made_up.inner")
    inner.Thing = object()
    monkeypatch.setitem(sys.modules, "made_up", made)
    monkeypatch.setitem(sys.modules, "made_up.inner", inner)
    made.__getattr__, made.__dir__ = lazy_names("made_up", {"Thing": "inner"}, ["VERSION", "Thing"])
    return made


def test_a_name_is_imported_when_it_is_asked_for_and_then_is_there(package):
    assert "Thing" not in vars(package)
    assert package.Thing is sys.modules["made_up.inner"].Thing
    assert vars(package)["Thing"] is package.Thing


def test_an_unknown_name_is_an_attribute_error_that_names_package_and_name(package):
    with pytest.raises(AttributeError, match="module 'made_up' has no attribute 'Thong'"):
        _ = package.Thong


def test_dir_lists_the_public_names_alone(package):
    assert dir(package) == ["Thing", "VERSION"]
