"""The parts of a configuration, and the keys that a file may have."""

from __future__ import annotations

from collections.abc import Mapping

KIND_OF_PART: Mapping[str, str] = {
    "representation": "representation",
    "metric": "metric",
    "organizer": "organizer",
    "aggregator": "aggregator",
    "reuse": "reuse-strategy",
    "retention": "retention-policy",
}
"""The parts of a configuration, and the kind of component that each names."""

KEYS = ("extends", "name", "profile", *KIND_OF_PART, "k")
"""What a file may say of one configuration."""

GRID = "grid"
"""The key of a table by which a file stands for several configurations."""
