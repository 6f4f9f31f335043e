"""Several feature vectors of a photo, laid end to end."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal

import attrs
import numpy as np

from cbrkit_xai.components import RepresentationPlugin
from cbrkit_xai.errors import ParameterError
from cbrkit_xai.features import Array
from cbrkit_xai.freezing import numbers
from cbrkit_xai.hookspecs import hookimpl
from cbrkit_xai.metrics.squared_differences import sums_of_squares, vectors
from cbrkit_xai.protocols import Representation
from cbrkit_xai.representations.programs import programs_of


def _parts(values: Iterable[Representation]) -> tuple[Representation, ...]:
    return tuple(values)


def _has_parts(instance: Any, attribute: attrs.Attribute[Any], value: tuple[Any, ...]) -> None:
    if not value:
        raise ParameterError(
            "there are no parts",
            where=attribute.name,
            allowed='at least one representation, such as [{ use = "histogram" }]',
        )


def _one_for_each_part(
    instance: Concatenation, attribute: attrs.Attribute[Any], value: tuple[float, ...] | None
) -> None:
    if value is None:
        return
    if len(value) != len(instance.parts):
        raise ParameterError(
            f"there are {len(value)} weights for {len(instance.parts)} parts",
            where=attribute.name,
            allowed="one weight for each part, in their order",
        )
    for weight in value:
        if not 0 < weight < math.inf:
            raise ParameterError(
                f"{weight!r} does not fit", where=attribute.name, allowed="finite numbers above 0"
            )


@attrs.frozen(kw_only=True)
class Concatenation:
    """One vector made of the vectors that several representations give.

    Parameters
    ----------
    parts : list of representations
        Each of which gives vectors, in the order in which they are laid.
    scale : {"none", "norm"}
        Whether each part is divided by its own Euclidean length first, so that none drowns the others by
        its unit; a part of zeros stays as it is.
    weights : list of numbers, optional
        What each part is then multiplied by; 1 where not given. A Euclidean distance gets weights that
        are the squares of these.
    """

    parts: tuple[Representation, ...] = attrs.field(converter=_parts, validator=_has_parts)
    scale: Literal["none", "norm"] = attrs.field(
        default="none", validator=attrs.validators.in_(("none", "norm"))
    )
    weights: tuple[float, ...] | None = attrs.field(
        default=None, converter=attrs.converters.optional(numbers), validator=_one_for_each_part
    )

    @property
    def fingerprint(self) -> str:
        """The fingerprints of the parts, and how they are scaled and weighted."""
        parts = ", ".join(f"[{part.fingerprint}]" for part in self.parts)
        weights = ", ".join(f"{weight!r}" for weight in self._weights)
        return f"concatenation({parts}; scale={self.scale}; weights={weights})"

    @property
    def runs(self) -> str:
        """The programs that its parts would run, if any."""
        return programs_of(self.parts)

    @property
    def made_of(self) -> Mapping[str, Representation]:
        """The parts by their place, "0" and up, which a case base may store each by itself."""
        return MappingProxyType({str(place): part for place, part in enumerate(self.parts)})

    def joined(self, features: Mapping[str, Array]) -> Array:
        """Map the parts' features, `(n, d_i)` each, to `(n, sum of d_i)` float32.

        Raises
        ------
        ParameterError
            A part does not give vectors.
        """
        laid = [
            self._scaled(vectors(features[name], f"parts[{name}]")) * weight
            for name, weight in zip(self.made_of, self._weights, strict=True)
        ]
        return np.concatenate(laid, axis=1).astype(np.float32)

    def describe(self, images: Array) -> Array:
        """Map `(n, h, w, 3)` uint8 images to `(n, d)` float32 features."""
        return self.joined({name: part.describe(images) for name, part in self.made_of.items()})  # type: ignore[misc]

    @property
    def _weights(self) -> tuple[float, ...]:
        return self.weights or (1.0,) * len(self.parts)

    def _scaled(self, rows: Array) -> Array:
        if self.scale == "none":
            return rows
        lengths = np.sqrt(sums_of_squares(rows.copy()))[:, None]  # (n, 1)
        return rows / np.where(lengths > 0, lengths, 1.0)


@hookimpl
def cbrkit_xai_representations() -> Iterator[RepresentationPlugin]:
    """Register the concatenation."""
    parts = [{"use": "histogram"}, {"use": "histogram", "bins": 8}]
    yield RepresentationPlugin(
        name="concatenation",
        summary="The vectors of several representations, end to end",
        source="early fusion; Snoek, Worring and Smeulders 2005",
        factory="cbrkit_xai.representations.concatenation:Concatenation",
        examples=({"parts": parts}, {"parts": parts, "scale": "norm", "weights": [2, 0.5]}),
        yields="vectors",
    )
