"""The conformance kit: the contract of each kind of component, as checks that anyone can run.

`pip install "cbrkit-xai[testing]"` brings what it needs (Hypothesis and pytest). The strategies are in
`cbrkit_xai.testing.strategies`, the fixtures `tiny_case_base` and `make_registry` in
`cbrkit_xai.testing.pytest_plugin`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cbrkit_xai.lazy_names import lazy_names

if TYPE_CHECKING:
    from cbrkit_xai.testing.checking import (
        check_aggregator,
        check_classifier,
        check_configuration,
        check_explainer,
        check_judge,
        check_metric,
        check_organizer,
        check_plugin,
        check_representation,
        check_retention,
        check_reuse,
        checks_for,
        laws_of,
    )
    from cbrkit_xai.testing.laws import Check, ContractError, Law, Result, run
    from cbrkit_xai.testing.parametrizing import parametrize_components
    from cbrkit_xai.testing.small_base import small_case_base
    from cbrkit_xai.testing.small_classifier import Redness

_HOME = {
    "Check": "laws",
    "ContractError": "laws",
    "Law": "laws",
    "Redness": "small_classifier",
    "Result": "laws",
    "check_aggregator": "checking",
    "check_classifier": "checking",
    "check_configuration": "checking",
    "check_explainer": "checking",
    "check_judge": "checking",
    "check_metric": "checking",
    "check_organizer": "checking",
    "check_plugin": "checking",
    "check_representation": "checking",
    "check_retention": "checking",
    "check_reuse": "checking",
    "checks_for": "checking",
    "laws_of": "checking",
    "parametrize_components": "parametrizing",
    "run": "laws",
    "small_case_base": "small_base",
}

__all__ = [
    "Check",
    "ContractError",
    "Law",
    "Redness",
    "Result",
    "check_aggregator",
    "check_classifier",
    "check_configuration",
    "check_explainer",
    "check_judge",
    "check_metric",
    "check_organizer",
    "check_plugin",
    "check_representation",
    "check_retention",
    "check_reuse",
    "checks_for",
    "laws_of",
    "parametrize_components",
    "run",
    "small_case_base",
]

__getattr__, __dir__ = lazy_names(__name__, _HOME, __all__)
