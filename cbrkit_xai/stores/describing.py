"""What a case base keeps of a photo: the features of each representation, in the form they are stored in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from cbrkit_xai.choice import Use
from cbrkit_xai.describing import described
from cbrkit_xai.errors import FeaturesError
from cbrkit_xai.features import Array
from cbrkit_xai.retaining import parts_of

if TYPE_CHECKING:
    from cbrkit_xai.images import Image
    from cbrkit_xai.protocols import Representation


@attrs.frozen(kw_only=True)
class Describer:
    """The representations of a case base.

    Parameters
    ----------
    components : mapping of fingerprint to Representation
        In the form that is stored.
    uses : mapping of fingerprint to Use
        What makes them, where it is known.
    """

    components: Mapping[str, Representation] = attrs.field(factory=dict)
    uses: Mapping[str, Use] = attrs.field(factory=dict)

    @classmethod
    def of(cls, representations: Mapping[str, Representation], uses: Mapping[str, Use]) -> Describer:
        """Return the describer that stores for each representation what it can be derived from."""
        components: dict[str, Representation] = {}
        known: dict[str, Use] = {}
        for fingerprint, component in representations.items():
            for stored, use in stored_forms(component, uses.get(fingerprint)):
                components[stored.fingerprint] = stored
                use = uses.get(stored.fingerprint, use)
                if use is not None:
                    known[stored.fingerprint] = use
        return cls(components=components, uses=known)

    def describe(self, image: Image) -> dict[str, Array]:
        """Return one row per representation for one photo.

        Raises
        ------
        FeaturesError
            A representation of several parts, each of which has to be stored by itself.
        """
        rows: dict[str, Array] = {}
        for fingerprint, component in self.components.items():
            row = described(component, [image])
            if isinstance(row, Mapping):
                raise FeaturesError(
                    f"{fingerprint!r} has several parts",
                    next_step="name each of its representations by itself",
                )
            rows[fingerprint] = row[0]
        return rows


def stored_forms(component: Any, use: Use | None) -> Iterator[tuple[Representation, Use | None]]:
    """Yield what is kept for `component`: its stored form, or those of all that it is made of."""
    made_of: Mapping[str, Representation] = getattr(component, "made_of", None) or {}
    if not made_of:
        yield stored_form(component, use)
    for name, part in made_of.items():
        yield from stored_forms(part, None if use is None else parts_of(use).get(name))


def stored_form(component: Representation, use: Use | None) -> tuple[Representation, Use | None]:
    """Return the representation whose features are kept for `component`, and the use that makes it.

    A normalised form is derived from what is stored, so only that is.
    """
    stored = getattr(component, "stored_as", None)
    if stored is None:
        return component, use
    if use is None or type(stored) is not type(component):
        return stored, None
    # The same class with other parameters: `latent(norm="l2")` is stored as `latent(norm="none")`.
    parameters = {name: getattr(stored, name, value) for name, value in use.parameters.items()}
    return stored, Use(name=use.name, parameters=parameters)
