"""Keeps finished fits, so that a recommendation need not organise the case base again.

A fit is stamped with the case base's content and the configuration's hash; a stale one is
simply never found. It is JSON: nothing in it can run.
"""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import attrs

from cbrkit_xai.cache import cache_folder, write_atomically

VERSION = 1
"""Raised whenever a fit would come out differently from the same input."""

_logger = logging.getLogger("cbrkit_xai")
SHIPPED = Path(__file__).parent / "bases" / "fits"


def fit_key(content_hash: str, configuration_hash: str, makers: str) -> str:
    """Return the name of a fit; `makers` says what code and which weights made it."""
    return hashlib.sha256(f"{VERSION} {content_hash} {configuration_hash} {makers}".encode()).hexdigest()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@attrs.frozen(kw_only=True)
class FitCache:
    """Fits as files, read from several folders and written to the first.

    Parameters
    ----------
    folder : Path
        Written to, where it can be; a cache that cannot be written only costs time.
    shipped : Path
        Fits of the bundled case bases.
    """

    folder: Path = attrs.field(factory=lambda: cache_folder() / "fits")
    shipped: Path = SHIPPED

    def get(self, key: str) -> dict[str, Any] | None:
        """Return a fit, or None; a damaged file counts as none."""
        for folder in (self.folder, self.shipped):
            try:
                digest, _, text = (folder / f"{key}.json").read_text(encoding="utf-8").partition("\n")
                if digest == _digest(text):
                    return json.loads(text)
            except (OSError, ValueError):
                continue
        return None

    def put(self, key: str, fit: dict[str, Any]) -> None:
        """Keep a fit."""
        text = json.dumps(fit, sort_keys=True, separators=(",", ":"))
        try:
            write_atomically(self.folder / f"{key}.json", f"{_digest(text)}\n{text}".encode())
        except OSError as error:
            _logger.warning("the fit is not kept: %s", error)
