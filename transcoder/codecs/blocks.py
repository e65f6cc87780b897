"""Outlines and thickness maps of blocks and compensators, as 32-bit float streams."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transcoder.codecs.planes import at_isocenter
from transcoder.codecs.registry import Refused, codec

__all__ = ["BlockEdge", "CompensatorMap", "disjoint"]

Array = NDArray[np.float64]
# Twice the area in mm² below which three points are on one line: edges that touch do not cross.
TOUCHING = 1e-6


@codec(
    "block_edge",
    first="number number",
    second="number",
    required=1,
    normalises="a vertex that follows itself, the first behind the last included, is written once; 32-bit floats",
)
class BlockEdge:
    """Block Data (2k,) mm and its number of points (1,) <-> Block Edge Data (2k,) mm (C.36.2.2.13).

    The second generation closes the polygon implicitly, lets no vertex occur twice and no edges cross. What counts
    is the polygon as it is written, in 32-bit floats. On the way back ``sad`` and ``plane`` (1,) mm scale from the
    definition plane to the isocenter.
    """

    @staticmethod
    def forward(
        data: Array, points: Array | None, sad: Array | None = None, plane: Array | None = None
    ) -> tuple[Array]:
        if data.size % 2 or (points is not None and data.size != 2 * int(points[0])):
            raise Refused("T061", "Block Data does not hold Block Number of Points pairs")
        outline = data.reshape(-1, 2)
        written = outline.astype(np.float32)
        kept = (written != np.roll(written, 1, axis=0)).any(axis=1)
        # Of equal neighbours the first stays; the one behind the end is the first vertex again.
        kept[:1] = True
        while len(kept) > 1 and (written[kept][0] == written[kept][-1]).all() and kept.sum() > 1:
            kept[np.flatnonzero(kept)[-1]] = False
        outline = outline[kept]
        if len(outline) < 3 or len(np.unique(outline.astype(np.float32), axis=0)) != len(outline):
            raise Refused("T062", "the block outline is no simple polygon: a vertex occurs twice or fewer than three")
        if _crosses(outline):
            raise Refused("T062", "the block outline is no simple polygon: two of its edges cross")
        return (outline.ravel(),)

    @staticmethod
    def backward(data: Array, sad: Array | None = None, plane: Array | None = None) -> tuple[Array, Array]:
        return at_isocenter(data, sad, plane), np.array([data.size / 2])


def _crosses(outline: Array) -> bool:
    """Whether two edges of a closed polygon (k, 2) cross inside both."""
    ends = np.roll(outline, -1, axis=0)
    for place in range(len(outline) - 2):
        start, end = outline[place], ends[place]
        others, their_ends = outline[place + 2 :], ends[place + 2 :]
        apart = _side(start, end, others) * _side(start, end, their_ends) < 0
        if (apart & (_side(others, their_ends, start) * _side(others, their_ends, end) < 0)).any():
            return True
    return False


def _side(start: Array, end: Array, point: Array) -> Array:
    """On which side of the line from start to end a point lies: positive on the left, 0 on the line."""
    along, to = end - start, point - start
    side: Array = along[..., 0] * to[..., 1] - along[..., 1] * to[..., 0]
    return np.where(np.abs(side) < TOUCHING, 0.0, side)


@codec(
    "compensator_map",
    first="number number number number number",
    second="number",
    normalises="triplets are put in order row by row; the spacing of a single row or column is 1 mm; 32-bit floats",
)
class CompensatorMap:
    """Thickness pixels (rows x columns,) mm, rows, columns, spacing (2,), position (2,) <-> triplets x, y, t (3k,).

    Rows run along +x and columns along -y from the upper left pixel (C.8.8.14.10, C.36.2.2.12.1.3); spacing is
    between rows, then between columns (10.7.1.3). On the way back ``sad`` and ``plane`` (1,) mm scale places, and
    no thickness, from the definition plane to the isocenter.
    """

    @staticmethod
    def forward(
        thickness: Array,
        rows: Array,
        columns: Array,
        spacing: Array,
        position: Array,
        sad: Array | None = None,
        plane: Array | None = None,
    ) -> tuple[Array]:
        height, width = int(rows[0]), int(columns[0])
        if thickness.size != height * width or spacing.size != 2 or position.size != 2:
            raise Refused("T063", "Compensator Thickness Data does not hold rows x columns pixels")
        x = position[0] + np.arange(width) * spacing[1]
        y = position[1] - np.arange(height) * spacing[0]
        grid = np.stack([np.tile(x, height), np.repeat(y, width), thickness], axis=1)
        return (grid.ravel(),)

    @staticmethod
    def backward(
        triplets: Array, sad: Array | None = None, plane: Array | None = None
    ) -> tuple[Array, Array, Array, Array, Array]:
        grid = triplets.reshape(-1, 3).copy()
        grid[:, :2] = at_isocenter(grid[:, :2], sad, plane)
        x = np.unique(grid[:, 0])
        y = np.unique(grid[:, 1])[::-1]
        if len(x) * len(y) != len(grid):
            raise Refused("T063", "the thickness map is no full grid")
        order = np.lexsort((grid[:, 0], -grid[:, 1]))
        if (grid[order, 0] != np.tile(x, len(y))).any() or (grid[order, 1] != np.repeat(y, len(x))).any():
            raise Refused("T063", "the thickness map is no full grid")
        spacing = np.array([_step(y[::-1]), _step(x)])
        return grid[order, 2], np.array([len(y)]), np.array([len(x)]), spacing, np.array([x[0], y[0]])


def _step(values: Array) -> float:
    steps = np.diff(values)
    if steps.size == 0:
        return 1.0
    if np.ptp(steps) > 1e-3:
        raise Refused("T063", "the thickness map has no regular spacing")
    return float(np.round(steps.mean(), 6))


def disjoint(outlines: list[Array]) -> bool:
    """Whether no two outlines (2k,) can overlap: some axis-parallel line parts each pair (C.36.2.2.13).

    Outlines that only interlock without such a line are not told apart from overlapping ones.
    """
    boxes = [outline.reshape(-1, 2) for outline in outlines]
    spans = [(box.min(axis=0), box.max(axis=0)) for box in boxes]
    return all(
        bool((low > other_high).any() or (other_low > high).any())
        for place, (low, high) in enumerate(spans)
        for other_low, other_high in spans[:place]
    )
