"""The fits that ship with the bundled base."""

from __future__ import annotations

import pytest

from cbrkit_xai import CaseBase
from cbrkit_xai.bases.fits import named_configurations
from cbrkit_xai.configurations import Configuration
from cbrkit_xai.fit_cache import SHIPPED, FitCache

CONFIGURATIONS = [
    one for one in named_configurations() if one.name in ("hist-cos", "hist-euc", "lf-cos", "lf-euc")
]
"""Those that the bundled base, which holds no pixels, can serve."""


def approximately(value: object) -> object:
    """Numbers may differ in their last digits from one machine to the next."""
    if isinstance(value, float):
        return pytest.approx(value, rel=1e-6, abs=1e-6)
    if isinstance(value, list):
        return [approximately(part) for part in value]
    if isinstance(value, dict):
        return {name: approximately(part) for name, part in value.items()}
    return value


def test_there_is_one_fit_for_each_configuration_that_needs_no_pixels():
    assert len(list(SHIPPED.glob("*.json"))) == len(CONFIGURATIONS) == 16


@pytest.mark.parametrize("chosen", CONFIGURATIONS, ids=lambda chosen: chosen.label)
def test_a_shipped_fit_is_what_fitting_anew_gives(chosen: Configuration, tmp_path):
    cache = FitCache(folder=tmp_path, shipped=tmp_path)
    chosen.fit(CaseBase.bundled("coco200-auto"), cache=cache)
    (made,) = tmp_path.glob("*.json")
    shipped = FitCache(folder=SHIPPED).get(made.stem)
    assert shipped is not None, "made by other code than this; run python -m cbrkit_xai.bases.fits"
    assert cache.get(made.stem) == approximately(shipped)
