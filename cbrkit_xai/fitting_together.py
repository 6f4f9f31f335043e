"""Whether the parts of a configuration fit together, said before any photo is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cbrkit_xai.choice import Use
from cbrkit_xai.components import MetricPlugin, OrganizerPlugin, RepresentationPlugin
from cbrkit_xai.errors import ConfigurationError

if TYPE_CHECKING:
    from cbrkit_xai.registry import Registry


def refuse_misfits(
    registry: Registry, representation: Use, metric: Use, organizer: Use, made_metric: Any
) -> None:
    """Refuse a metric that cannot take what the representation yields, or do what the organizer asks.

    Raises
    ------
    ConfigurationError
        Names what would fit.
    """
    described = registry.find("representation", representation.name)
    compared = registry.find("metric", metric.name)
    organized = registry.find("organizer", organizer.name)
    if isinstance(described, RepresentationPlugin) and isinstance(compared, MetricPlugin):
        _refuse_features(described, compared, registry)
    if isinstance(organized, OrganizerPlugin) and organized.needs_embedding:
        _refuse_without_embedding(organized, metric, made_metric, registry)


def _refuse_features(described: RepresentationPlugin, compared: MetricPlugin, registry: Registry) -> None:
    if compared.accepts in ("any", described.yields):
        return
    fitting = [
        name
        for name in registry.names("metric")
        if getattr(registry.find("metric", name), "accepts", "any") in ("any", described.yields)
    ]
    raise ConfigurationError(
        f"the metric {compared.name!r} takes {compared.accepts}, "
        f"the representation {described.name!r} yields {described.yields}",
        where="metric",
        allowed=", ".join(fitting) or "none is installed",
        next_step="choose another metric or representation",
    )


def _refuse_without_embedding(
    organized: OrganizerPlugin, metric: Use, made_metric: Any, registry: Registry
) -> None:
    if hasattr(made_metric, "embed"):
        return
    without = [
        name
        for name in registry.names("organizer")
        if not getattr(registry.find("organizer", name), "needs_embedding", False)
    ]
    raise ConfigurationError(
        f"the organizer {organized.name!r} needs a metric that is Euclidean after a mapping (embed), "
        f"and {metric.name!r} is not",
        where="organizer",
        allowed=", ".join(without),
        next_step="choose another organizer, or a metric such as 'euclidean', 'cosine' or 'hellinger'",
    )
