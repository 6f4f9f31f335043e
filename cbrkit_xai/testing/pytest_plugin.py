"""Fixtures; `pytest_plugins = "cbrkit_xai.testing.pytest_plugin"` in a conftest.py brings them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from cbrkit_xai.case_base import CaseBase
    from cbrkit_xai.registry import Registry


@pytest.fixture(scope="session")
def tiny_case_base() -> CaseBase:
    """Return 12 photos of three colours with votes and pixels: any configuration can be fitted to them.

    People preferred lime for the red ones, ig for the green ones, and xrai for the blue ones.
    """
    from cbrkit_xai.testing.small_base import small_case_base

    return small_case_base()


@pytest.fixture
def make_registry() -> Callable[..., Registry]:
    """Return a function that makes a registry of the core's components and the given plugins alone."""

    def make(*plugins: object, discover: bool = False) -> Registry:
        from cbrkit_xai.registry import Registry

        registry = Registry(discover=discover)
        for plugin in plugins:
            registry.register(plugin)
        return registry

    return make
