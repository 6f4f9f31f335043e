"""Several representations of a photo at once, each under a name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from cbrkit_xai.components import RepresentationPlugin
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.protocols import Representation
from cbrkit_xai.representations.programs import programs_of


def _by_name(values: Mapping[str, Representation]) -> Mapping[str, Representation]:
    # In one order, or equal choices would have different fingerprints.
    return MappingProxyType({name: values[name] for name in sorted(values)})


def _has_parts(instance: Any, attribute: attrs.Attribute[Any], value: Mapping[str, Any]) -> None:
    if not value:
        raise ParameterError(
            "there are no parts",
            where=attribute.name,
            allowed='at least one representation, such as colour = { use = "histogram" }',
        )


@attrs.frozen(kw_only=True)
class Several:
    """Describes a photo by several arrays, of which a metric such as `fused` compares each by itself.

    Parameters
    ----------
    parts : table of name to representation
        The names are those by which the metric knows them.
    """

    parts: Mapping[str, Representation] = attrs.field(converter=_by_name, validator=_has_parts, hash=False)

    @property
    def fingerprint(self) -> str:
        """The names and fingerprints of the parts."""
        parts = ", ".join(f"{name}=[{part.fingerprint}]" for name, part in self.parts.items())
        return f"several({parts})"

    @property
    def runs(self) -> str:
        """The programs that its parts would run, if any."""
        return programs_of(self.parts.values())

    @property
    def made_of(self) -> Mapping[str, Representation]:
        """The parts, which a case base stores each by itself."""
        return self.parts

    def joined(self, features: Mapping[str, Array]) -> dict[str, Array]:
        """Return the parts' features as they are, in the order of the names."""
        return {name: features[name] for name in self.parts}

    def describe(self, images: Array) -> dict[str, Array]:
        """Map `(n, h, w, 3)` uint8 images to what each part makes of them, n rows each."""
        return self.joined(
            {name: _one_array(name, part.describe(images)) for name, part in self.parts.items()}
        )


def _one_array(name: str, features: Any) -> Array:
    if isinstance(features, Mapping):
        raise ParameterError(
            f"gives {len(features)} arrays",
            where=f"parts.{name}",
            allowed="a representation that gives one array",
            next_step="name its parts among the others",
        )
    return features


@hookimpl
def cbrkit_xai_representations() -> Iterator[RepresentationPlugin]:
    """Register several representations at once."""
    yield RepresentationPlugin(
        name="several",
        summary="Several representations at once, each under a name",
        source="Brito-Borges et al. 2022, section 3.2: D = <M, H, f>",
        factory="cbrkit_xai.representations.several:Several",
        examples=({"parts": {"colour": {"use": "histogram"}, "pixels": {"use": "pixels"}}},),
        yields="several",
    )
