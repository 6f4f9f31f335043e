"""Which explanation of this image should I show? Case-based reasoning with pluggable parts.

Every public name stands in `__all__`; each is imported when it is first used, so that
listing plugins and printing help stay fast.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cbrkit_xai.lazy_names import lazy_names

if TYPE_CHECKING:
    from cbrkit_xai.case import Ballot, Case, Target
    from cbrkit_xai.case_base import CaseBase
    from cbrkit_xai.cases import Cases
    from cbrkit_xai.choice import Use, use
    from cbrkit_xai.components import (
        AggregatorPlugin,
        ClassifierPlugin,
        ConfigurationPlugin,
        ExplainerPlugin,
        JudgePlugin,
        MetricPlugin,
        OrganizerPlugin,
        Profile,
        RepresentationPlugin,
        RetentionPolicyPlugin,
        ReuseStrategyPlugin,
    )
    from cbrkit_xai.configuration_reading import load_configuration, load_configurations
    from cbrkit_xai.configurations import Configuration, configuration
    from cbrkit_xai.cycle import Recommender
    from cbrkit_xai.errors import BudgetSpentError, CbrkitXaiError
    from cbrkit_xai.explaining.explanation import Explanation
    from cbrkit_xai.explaining.picture import write_picture
    from cbrkit_xai.explaining.running import explain
    from cbrkit_xai.fit_cache import FitCache
    from cbrkit_xai.hookspecs import hookimpl
    from cbrkit_xai.images import Image, open_image, open_images
    from cbrkit_xai.neighbours import Entries, Neighbours
    from cbrkit_xai.recommendation import Recommendation
    from cbrkit_xai.registry import Registry, default_registry, register
    from cbrkit_xai.retaining import Verdict
    from cbrkit_xai.stores.embedded import CaseStore
    from cbrkit_xai.stores.importing import import_votes

logging.getLogger(__name__).addHandler(logging.NullHandler())  # silent unless the application asks

__version__ = "1.0.0.dev0"
API_VERSION = (1, 0)
"""What plugins pin: the first number changes when a plugin may have to."""

_HOME = {
    "AggregatorPlugin": "components",
    "Ballot": "case",
    "BudgetSpentError": "errors",
    "Case": "case",
    "CaseBase": "case_base",
    "CaseStore": "stores.embedded",
    "Cases": "cases",
    "CbrkitXaiError": "errors",
    "ClassifierPlugin": "components",
    "Configuration": "configurations",
    "ConfigurationPlugin": "components",
    "Entries": "neighbours",
    "ExplainerPlugin": "components",
    "Explanation": "explaining.explanation",
    "FitCache": "fit_cache",
    "Image": "images",
    "JudgePlugin": "components",
    "MetricPlugin": "components",
    "Neighbours": "neighbours",
    "OrganizerPlugin": "components",
    "Profile": "components",
    "Recommendation": "recommendation",
    "Recommender": "cycle",
    "Registry": "registry",
    "RepresentationPlugin": "components",
    "RetentionPolicyPlugin": "components",
    "ReuseStrategyPlugin": "components",
    "Target": "case",
    "Use": "choice",
    "Verdict": "retaining",
    "configuration": "configurations",
    "default_registry": "registry",
    "explain": "explaining.running",
    "hookimpl": "hookspecs",
    "import_votes": "stores.importing",
    "load_configuration": "configuration_reading",
    "load_configurations": "configuration_reading",
    "open_image": "images",
    "open_images": "images",
    "register": "registry",
    "use": "choice",
    "write_picture": "explaining.picture",
}

__all__ = [
    "API_VERSION",
    "AggregatorPlugin",
    "Ballot",
    "BudgetSpentError",
    "Case",
    "CaseBase",
    "CaseStore",
    "Cases",
    "CbrkitXaiError",
    "ClassifierPlugin",
    "Configuration",
    "ConfigurationPlugin",
    "Entries",
    "ExplainerPlugin",
    "Explanation",
    "FitCache",
    "Image",
    "JudgePlugin",
    "MetricPlugin",
    "Neighbours",
    "OrganizerPlugin",
    "Profile",
    "Recommendation",
    "Recommender",
    "Registry",
    "RepresentationPlugin",
    "RetentionPolicyPlugin",
    "ReuseStrategyPlugin",
    "Target",
    "Use",
    "Verdict",
    "configuration",
    "default_registry",
    "explain",
    "hookimpl",
    "import_votes",
    "load_configuration",
    "load_configurations",
    "open_image",
    "open_images",
    "register",
    "use",
    "write_picture",
]

__getattr__, __dir__ = lazy_names(__name__, _HOME, __all__)
