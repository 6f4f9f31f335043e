"""Random masks with soft edges: coarse grids, enlarged, at random places."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.random import Generator

from cbrkit_xai.features import Array


@attrs.frozen(kw_only=True, eq=False)
class SoftMasks:
    """Masks of Petsiuk et al. 2018, section 3.2, each made when it is asked for.

    A grid of s x s cells that are on or off is enlarged bilinearly to s + 1 cells of
    ceil(side / s) pixels, and a window of the photo's size is cut out of it at random. Each
    pixel's value is a mean of cells, so its expectation is the chance that a cell is on.
    """

    cells: Array  # (n, s, s) bool
    shifts: Array  # (n, 2) int, rows and columns cut off at the top and left
    height: int
    width: int
    rows: Array  # (enlarged height, s), from cells to pixels
    columns: Array  # (enlarged width, s)

    @classmethod
    def drawn(
        cls, samples: int, grid: int, visible: float, shape: tuple[int, ...], rng: Generator
    ) -> SoftMasks:
        """Draw `samples` masks of `shape` (h, w), each cell on with the chance `visible`."""
        height, width = shape
        down, right = -(-height // grid), -(-width // grid)  # pixels of a cell, rounded up
        return cls(
            cells=rng.random((samples, grid, grid)) < visible,
            shifts=rng.integers(0, [down, right], (samples, 2)),
            height=height,
            width=width,
            rows=_enlarging(grid, down),
            columns=_enlarging(grid, right),
        )

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, number: int) -> Array:
        """Return one mask, `(h, w)` from 0 to 1."""
        top, left = self.shifts[number]
        rows, columns = self.rows[top : top + self.height], self.columns[left : left + self.width]
        return rows @ self.cells[number] @ columns.T


def _enlarging(grid: int, cell: int) -> Array:
    """Return the `((grid + 1) * cell, grid)` matrix that interpolates between the centres of cells.

    Beyond the outer centres the value of the outer cell goes on.
    """
    pixels = (grid + 1) * cell
    centres = (np.arange(pixels) + 0.5) * grid / pixels - 0.5  # of the pixels, in cells
    centres = centres.clip(0, grid - 1)
    return np.maximum(0, 1 - np.abs(centres[:, None] - np.arange(grid)))
