"""What it takes to keep a case: a policy's verdict, and every feature the base holds."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import attrs

from cbrkit_xai.errors import CbrkitXaiError

if TYPE_CHECKING:
    from cbrkit_xai.case_base import CaseBase
    from cbrkit_xai.choice import Use
    from cbrkit_xai.features import Array
    from cbrkit_xai.images import Image
    from cbrkit_xai.registry import Registry

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
    base: CaseBase, image: Image, registry: Registry
) -> tuple[dict[str, Array], dict[str, Use]]:
    """Describe a photo by every representation that the base holds.

    One that cannot be computed here is left out and logged; a later fit fills it in from the
    pixels or names what is missing.

    Returns
    -------
    features : dict of fingerprint to array
    representations : dict of fingerprint to Use
    """
    features: dict[str, Array] = {}
    representations: dict[str, Use] = {}
    for fingerprint, use in base.representations.items():
        try:
            representation = registry.create("representation", use)
            if representation.fingerprint != fingerprint:
                raise CbrkitXaiError(f"makes {representation.fingerprint!r} here")
            features[fingerprint] = representation.describe(image.pixels[None])[0]
            representations[fingerprint] = use
        except CbrkitXaiError as error:
            _logger.warning("features %s are not kept for %s: %s", fingerprint, image.name, error)
    return features, representations
