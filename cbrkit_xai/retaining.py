"""What it takes to keep a case: a policy's verdict, and the features by which it is found again."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from cbrkit_xai.choice import Use
from cbrkit_xai.describing import described
from cbrkit_xai.errors import CaseBaseError, FeaturesError

if TYPE_CHECKING:
    from cbrkit_xai.case_base import CaseBase
    from cbrkit_xai.features import Array
    from cbrkit_xai.images import Image
    from cbrkit_xai.protocols import Representation
    from cbrkit_xai.registry import Registry
    from cbrkit_xai.stores.embedded import CaseStore

_logger = logging.getLogger("cbrkit_xai")


@attrs.frozen(kw_only=True)
class Verdict:
    """Whether a case is kept, and why.

    Parameters
    ----------
    keeps : bool
        True to store it.
    reason : str
        One sentence for the person who offered the case.
    """

    keeps: bool
    reason: str


def features_to_keep(
    base: CaseBase, image: Image, registry: Registry, own: Representation, own_use: Use
) -> tuple[dict[str, Array], dict[str, Use]]:
    """Describe a photo by every representation that the base holds, and by the recommender's own.

    One of the base's that cannot be computed here is left out and logged; a later fit fills it in
    from the pixels or names what is missing. The recommender's own is left to the pixels where the
    base keeps them; where it does not, the photo could not be organised without.

    Parameters
    ----------
    base : CaseBase
        That is to gain the photo.
    image : Image
        The photo.
    registry : Registry
        Where the base's representations are found.
    own : Representation
        The recommender's.
    own_use : Use
        What made `own`.

    Returns
    -------
    features : dict of fingerprint to array
    representations : dict of fingerprint to Use
        Without those of which no use is known.
    """
    features: dict[str, Array] = {}
    representations: dict[str, Use] = {}
    trusted = list(_named_by(own_use))
    for fingerprint, use in base.representations.items():
        try:
            # The base may be a stranger's: it must not choose which program runs here.
            representation = registry.create("representation", use, from_base=use not in trusted)
            if representation.fingerprint != fingerprint:
                raise FeaturesError(f"{use} makes {representation.fingerprint!r} here")
            features[fingerprint] = _row(representation, image)
            representations[fingerprint] = use
        except Exception as error:  # a stranger's code may raise anything, and the votes matter more
            _logger.warning("features %s are not kept for %s: %s", fingerprint, image.name, error)
    for looked_up, made_by in _looked_up(base, own, own_use):
        # The PNG that a base embeds gives everything back but the colours that the file stored.
        given_back = base.pictures.embedded and getattr(looked_up, "pixels", "srgb") == "srgb"
        if not given_back and looked_up.fingerprint not in features:
            features[looked_up.fingerprint] = _row(looked_up, image)
            if made_by is not None:
                representations[looked_up.fingerprint] = made_by
    return features, representations


def _row(representation: Any, image: Image) -> Array:
    row = described(representation, [image])
    if isinstance(row, Mapping):
        raise FeaturesError(
            f"{representation.fingerprint!r} gives {len(row)} arrays at once, and a base stores one",
            where="representation",
            allowed="one array per photo, or a base that keeps its photos' pixels",
            next_step="import the votes anew with --embed",
        )
    return row[0]


def _looked_up(base: CaseBase, representation: Any, use: Use | None) -> Iterator[tuple[Any, Use | None]]:
    """Yield the representations whose features `CaseBase.columns` will look for, and what makes them."""
    held = base.features.get(representation.fingerprint, {})
    stored_as = getattr(representation, "stored_as", None)
    made_of = getattr(representation, "made_of", None)
    if all(case.image_sha256 in held for case in base.cases):
        yield representation, use
    elif stored_as is not None:
        yield from _looked_up(base, stored_as, None)
    elif made_of:
        for name, part in made_of.items():
            yield from _looked_up(base, part, parts_of(use).get(name) if use is not None else None)
    else:
        yield representation, use


def _named_by(use: Use) -> Iterator[Use]:
    """Yield what a reader chose, and the parts that it names, at any depth."""
    yield use
    for part in parts_of(use).values():
        yield from _named_by(part)


def parts_of(use: Use) -> dict[str, Use]:
    """Return the components in the parameter `parts` by name or place; none where there is no such thing."""
    parts = use.parameters.get("parts")
    if isinstance(parts, tuple):
        parts = {str(place): part for place, part in enumerate(parts)}
    named = parts.items() if isinstance(parts, Mapping) else ()
    uses = {name: Use(name=part) if isinstance(part, str) else part for name, part in named}
    return {name: part for name, part in uses.items() if isinstance(part, Use)}


def check_is_store_of(base: CaseBase, store: CaseStore) -> None:
    """Refuse a store that keeps another case base than the one that was fitted.

    Raises
    ------
    CaseBaseError
        The answer would forget the cases that the recommender knows.
    """
    if base.path is None or base.path.resolve() != store.path.resolve():
        raise CaseBaseError(
            f"this store does not keep {base.name!r}, to which the recommender was fitted",
            where=str(store.path),
            allowed="no store" if base.path is None else f"the store {base.path}",
            next_step="fit what store.load() gives",
        )
