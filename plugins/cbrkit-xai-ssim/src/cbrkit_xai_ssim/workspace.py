"""Memory that is used again and again within one call."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray


@attrs.frozen(eq=False)
class Workspace:
    """Arrays by name, with whatever was last written into them.

    One pair of photos needs some 6 MB of intermediate results. Taken anew for each pair, this
    memory costs more time (page faults) than the arithmetic done in it. A workspace belongs to
    one call, never to a component, so that components may be used by several threads at once.
    """

    _arrays: dict[tuple[str, tuple[int, ...], str], NDArray[Any]] = attrs.field(factory=dict, init=False)

    def array(self, name: str, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
        """Return the array of that name, shape and type; its content is left over from earlier."""
        key = (name, shape, np.dtype(dtype).str)
        if key not in self._arrays:
            self._arrays[key] = np.empty(shape, dtype)
        return self._arrays[key]
