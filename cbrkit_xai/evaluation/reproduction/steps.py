"""Progress through work of several parts, told as one."""

from __future__ import annotations

import attrs

from cbrkit_xai.protocols import Progress

TOTAL = 1000


@attrs.define
class Steps:
    """Gives each part a callback of its own, and tells the whole.

    Parameters
    ----------
    progress : callable, optional
        Called with (done, `TOTAL`).
    shares : tuple of float
        How long each part takes, about, in parts of the whole.
    """

    progress: Progress | None
    shares: tuple[float, ...]
    _begun: int = 0

    def next(self) -> Progress:
        """Return the callback of the next part; those before it are done."""
        total = sum(self.shares)
        before, here = sum(self.shares[: self._begun]), self.shares[self._begun]
        self._begun += 1

        def report(done: int, of: int) -> None:
            if self.progress is not None:
                share = before + here * (done / of if of else 1.0)
                self.progress(round(TOTAL * share / total), TOTAL)

        report(0, 1)
        return report

    def finish(self) -> None:
        """Tell that all is done."""
        if self.progress is not None:
            self.progress(TOTAL, TOTAL)
