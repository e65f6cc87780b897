"""Whether a beam moves while it radiates (PS3.3 C.8.8.14, Beam Type)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from transcoder.dicom.columns import RowWriter
from transcoder.dicom.held import HeldRowWriter
from transcoder.mapping.targets import Points

__all__ = ["motion_of"]


def motion_of(writer: RowWriter, points: Points) -> str:
    """DYNAMIC where a column changes between two control points between which the meterset does, else STATIC."""
    weight = writer.values.get(points.meterset)
    segments = np.ones(max(writer.length - 1, 0), dtype=bool) if weight is None else np.diff(weight[:, 0]) > 0
    for name, column in writer.values.items():
        if name == points.meterset or name in points.apart:
            continue
        before, after = column[:-1], column[1:]
        changed = ~((before == after) | (np.isnan(before) & np.isnan(after))).all(axis=1)
        if (changed & segments).any():
            return "DYNAMIC"
    words = writer.words if isinstance(writer, HeldRowWriter) else {}
    moving = {name: rows for name, rows in words.items() if name not in points.apart}
    return "DYNAMIC" if any((_moves(name, rows) & segments).any() for name, rows in moving.items()) else "STATIC"


def _moves(name: str, rows: list[str] | list[bytes]) -> NDArray[np.bool_]:
    """The segments in which a device turns, wholly perhaps, or in which a term changes."""
    if name.endswith("RotationDirection"):
        return np.array([row in (b"CW", b"CC") for row in rows[:-1]], dtype=bool)
    return np.array([one != other for one, other in pairwise(rows)], dtype=bool)
