"""Outlines and thickness maps of blocks and compensators, as 32-bit float streams."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transcoder.codecs.registry import Refused, codec

__all__ = ["BlockEdge", "CompensatorMap"]

Array = NDArray[np.float64]


@codec(
    "block_edge",
    first="number number",
    second="number",
    required=1,
    normalises="a polygon that repeats its first vertex at the end is written open; 32-bit floats",
)
class BlockEdge:
    """Block Data (2k,) mm and its number of points (1,) <-> Block Edge Data (2k,) mm (C.36.2.2.13).

    The second generation closes the polygon implicitly and lets no vertex occur twice.
    """

    @staticmethod
    def forward(data: Array, points: Array | None) -> tuple[Array]:
        if data.size % 2 or (points is not None and data.size != 2 * int(points[0])):
            raise Refused("T061", "Block Data does not hold Block Number of Points pairs")
        outline = data.reshape(-1, 2)
        if len(outline) > 1 and (outline[0] == outline[-1]).all():
            outline = outline[:-1]
        if len(outline) < 3 or len(np.unique(outline, axis=0)) != len(outline):
            raise Refused("T062", "the block outline is no simple polygon: a vertex occurs twice or fewer than three")
        return (outline.ravel(),)

    @staticmethod
    def backward(data: Array) -> tuple[Array, Array]:
        return data, np.array([data.size / 2])


@codec(
    "compensator_map",
    first="number number number number number",
    second="number",
    normalises="pixels become triplets row by row; 32-bit floats",
)
class CompensatorMap:
    """Thickness pixels (rows x columns,) mm, rows, columns, spacing (2,), position (2,) <-> triplets x, y, t (3k,).

    Rows run along +x and columns along -y from the upper left pixel (C.8.8.14.10, C.36.2.2.12.1.3); spacing is
    between rows, then between columns (10.7.1.3).
    """

    @staticmethod
    def forward(thickness: Array, rows: Array, columns: Array, spacing: Array, position: Array) -> tuple[Array]:
        height, width = int(rows[0]), int(columns[0])
        if thickness.size != height * width or spacing.size != 2 or position.size != 2:
            raise Refused("T063", "Compensator Thickness Data does not hold rows x columns pixels")
        x = position[0] + np.arange(width) * spacing[1]
        y = position[1] - np.arange(height) * spacing[0]
        grid = np.stack([np.tile(x, height), np.repeat(y, width), thickness], axis=1)
        return (grid.ravel(),)

    @staticmethod
    def backward(triplets: Array) -> tuple[Array, Array, Array, Array, Array]:
        grid = triplets.reshape(-1, 3)
        x = np.unique(grid[:, 0])
        y = np.unique(grid[:, 1])[::-1]
        if len(x) * len(y) != len(grid):
            raise Refused("T063", "the thickness map is no full grid")
        order = np.lexsort((grid[:, 0], -grid[:, 1]))
        spacing = np.array([_step(y[::-1]), _step(x)])
        return grid[order, 2], np.array([len(y)]), np.array([len(x)]), spacing, np.array([x[0], y[0]])


def _step(values: Array) -> float:
    steps = np.diff(values)
    if steps.size == 0:
        return 1.0
    if np.ptp(steps) > 1e-3:
        raise Refused("T063", "the thickness map has no regular spacing")
    return float(np.round(steps.mean(), 6))
