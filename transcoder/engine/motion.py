"""Whether a beam moves while it radiates (PS3.3 C.8.8.14, Beam Type)."""

from __future__ import annotations

import numpy as np

from transcoder.dicom.columns import RowWriter

__all__ = ["motion_of"]

_WEIGHT = "CumulativeMetersetWeight"


def motion_of(writer: RowWriter) -> str:
    """DYNAMIC where a column changes between two control points between which the meterset does, else STATIC."""
    weight = writer.values.get(_WEIGHT)
    segments = np.ones(max(writer.length - 1, 0), dtype=bool) if weight is None else np.diff(weight[:, 0]) > 0
    for name, column in writer.values.items():
        if name == _WEIGHT:
            continue
        before, after = column[:-1], column[1:]
        changed = ~((before == after) | (np.isnan(before) & np.isnan(after))).all(axis=1)
        if (changed & segments).any():
            return "DYNAMIC"
    return "STATIC"
