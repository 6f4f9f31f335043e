"""A retention policy's answer."""

from __future__ import annotations

import attrs


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
