"""What an explainer gives back, and what running it adds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs
import numpy as np

from cbrkit_xai.case import Target
from cbrkit_xai.features import Array, frozen


def _floats(values: Any) -> Array | None:
    return None if values is None else frozen(np.array(values, dtype=np.float64))


def _flags(values: Any) -> Array | None:
    return None if values is None else frozen(np.array(values, dtype=bool))


def _details(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(dict(values))


@attrs.frozen(kw_only=True, eq=False)
class Explanation:
    """Why a classifier gave a photo its probability of one class.

    An explainer fills in the first five; `explain` the others.

    Parameters
    ----------
    attribution : (h, w) float array or None
        How much each pixel speaks for the class; below 0, how much it speaks against it.
    mask : (h, w) bool array or None
        The pixels that the explanation keeps.
    details : mapping of str to JSON values
        What a reader may want to know: steps, gap, precision, ...
    note : str
        What a reader must know beside the picture, in a line: how far it can be trusted.
    stopped : str
        Why it ended before it was done; empty if it was done.
    method : str
        Name of the explainer.
    target : Target or None
        The explained class, its probability, and the classifier's fingerprint.
    photo : str
        Name of the photo.
    pixels : (h, w, 3) uint8 array or None
        The photo as the classifier saw it.
    size : (int, int) or None
        Width and height of the photo itself, to which pictures are stretched.
    seed : int
        Of the random choices.
    calls : int
        Photos shown to the classifier; one that went forward and backward counts once.
    seconds : float
        Time the explainer took.
    passed_over : mapping of str to str
        Methods that should have come first, each with the reason why it could not be run.
    """

    attribution: Array | None = attrs.field(default=None, converter=_floats, repr=False)
    mask: Array | None = attrs.field(default=None, converter=_flags, repr=False)
    details: Mapping[str, Any] = attrs.field(factory=dict, converter=_details)
    note: str = ""
    stopped: str = ""
    method: str = ""
    target: Target | None = None
    photo: str = ""
    pixels: Array | None = attrs.field(default=None, repr=False)
    size: tuple[int, int] | None = None
    seed: int = 0
    calls: int = 0
    seconds: float = 0.0
    passed_over: Mapping[str, str] = attrs.field(factory=dict, converter=_details)

    def save(self, path: str | Path) -> Path:
        """Write the explanation as a picture (PNG), and return its path.

        Raises
        ------
        OSError
            The file cannot be written.
        """
        from cbrkit_xai.explaining.picture import write_picture

        return write_picture([self], path)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, without the arrays."""
        return {
            "photo": self.photo,
            "method": self.method,
            "target": None if self.target is None else attrs.asdict(self.target),
            "calls": self.calls,
            "seconds": self.seconds,
            "seed": self.seed,
            "note": self.note,
            "stopped": self.stopped,
            "passed_over": dict(self.passed_over),
            "details": dict(self.details),
        }
