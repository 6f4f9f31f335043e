"""Whether the parts of a configuration fit together, said before any photo is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cbrkit_xai.choice import Use
from cbrkit_xai.components import MetricPlugin, OrganizerPlugin, RepresentationPlugin
from cbrkit_xai.errors import ConfigurationError, nearest_spelling
from cbrkit_xai.retaining import parts_of

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
    _refuse_mixture(registry, representation)
    if isinstance(described, RepresentationPlugin) and isinstance(compared, MetricPlugin):
        _refuse_features(described, compared, registry)
        if described.yields == compared.accepts == "several":
            _refuse_parts(registry, representation, metric)
    if isinstance(organized, OrganizerPlugin) and organized.needs_embedding:
        _refuse_without_embedding(organized, metric, made_metric, registry)


_PARTS_OF: Mapping[str, tuple[str, ...]] = {
    "vectors": ("vectors",),
    "pixels": ("pixels",),
    "several": ("vectors", "pixels"),
}
"""What the parts of a representation may yield, by what the whole yields."""


def _refuse_mixture(registry: Registry, representation: Use) -> None:
    """Refuse parts of a representation of which its whole cannot be made, at any depth."""
    whole = registry.find("representation", representation.name)
    for name, part in _parts(registry, "representation", representation).items():
        record = registry.find("representation", part.name)
        if isinstance(whole, RepresentationPlugin) and isinstance(record, RepresentationPlugin):
            allowed = _PARTS_OF[whole.yields]
            if record.yields not in allowed:
                raise ConfigurationError(
                    f"{whole.name!r} cannot be made of {record.name!r}, which yields {record.yields}",
                    where=f"representation.parts.{name}",
                    allowed=f"what yields {' or '.join(allowed)}: "
                    + ", ".join(
                        one
                        for one in registry.names("representation")
                        if getattr(registry.find("representation", one), "yields", None) in allowed
                    ),
                    next_step="choose another part",
                )
        _refuse_mixture(registry, part)


def _parts(registry: Registry, kind: str, whole: Use) -> dict[str, Use]:
    """Return the components of that kind in the parameter `parts`, which may hold anything else."""
    known = registry.names(kind)
    return {name: part for name, part in parts_of(whole).items() if part.name in known}


def _refuse_parts(registry: Registry, representation: Use, metric: Use) -> None:
    """Refuse parts of a metric that are not those of the representation, or cannot take what they yield."""
    arrays = _parts(registry, "representation", representation)
    metrics = _parts(registry, "metric", metric)
    if not arrays or not metrics:  # a stranger's may name them otherwise
        return
    for name in metrics:
        if name not in arrays:
            raise ConfigurationError(
                f"{representation.name!r} has no part {name!r}",
                where=f"metric.parts.{name}",
                allowed=", ".join(arrays),
                next_step=nearest_spelling(name, arrays) or "name the parts alike in both",
            )
    for name in arrays:
        if name not in metrics:
            raise ConfigurationError(
                f"{metric.name!r} compares no part {name!r}, which {representation.name!r} has",
                where="metric.parts",
                allowed=f"a metric for each of {', '.join(arrays)}",
                next_step=f"add a metric for {name!r}, or leave the part out",
            )
    for name, part in metrics.items():
        described = registry.find("representation", arrays[name].name)
        compared = registry.find("metric", part.name)
        if isinstance(described, RepresentationPlugin) and isinstance(compared, MetricPlugin):
            _refuse_features(described, compared, registry, where=f"metric.parts.{name}")


def _refuse_features(
    described: RepresentationPlugin, compared: MetricPlugin, registry: Registry, *, where: str = "metric"
) -> None:
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
        where=where,
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
