"""One pytest case per component and law."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cbrkit_xai.errors import ParameterError, nearest_spelling
from cbrkit_xai.registry import Registry
from cbrkit_xai.testing.checking import checks_for


def parametrize_components(
    source: Any, *, expected_failures: Mapping[str, str] | None = None, registry: Registry | None = None
) -> Any:
    """Return a decorator that runs a test, which takes `check`, for every check of some components.

    Parameters
    ----------
    source : str, module, record or list
        What `checks_for` takes: a module with hooks, a distribution, a component's name.
    expected_failures : mapping of str to str, optional
        Checks, by their id, that are known to fail, each with the reason; one that passes after all
        fails the test (a strict xfail).
    registry : Registry, optional
        Where names are found.

    Raises
    ------
    ParameterError
        An expected failure names no check, or gives no reason.

    Examples
    --------
    >>> from cbrkit_xai.testing import parametrize_components
    >>> @parametrize_components("median")
    ... def test_contract(check):
    ...     check()
    """
    import pytest

    checks = checks_for(source, registry=registry)
    expected = dict(expected_failures or {})
    ids = [check.id for check in checks]
    for name, reason in expected.items():
        if name not in ids:
            raise ParameterError(
                f"{name!r} names no check",
                where="expected_failures",
                allowed=f"ids of the {len(ids)} checks, such as {ids[0]!r}" if ids else "there are no checks",
                next_step=nearest_spelling(name, ids),
            )
        if not isinstance(reason, str) or not reason.strip():
            raise ParameterError(
                f"{name!r} has no reason", where="expected_failures", allowed="a sentence that says why"
            )
    return pytest.mark.parametrize(
        "check",
        [
            pytest.param(
                check,
                id=check.id,
                marks=[pytest.mark.xfail(reason=expected[check.id], strict=True)]
                if check.id in expected
                else [],
            )
            for check in checks
        ],
    )
