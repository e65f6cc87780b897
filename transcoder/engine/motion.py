"""Whether a beam moves while it radiates (PS3.3 C.8.8.14, Beam Type)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from transcoder.dicom.columns import RowWriter
from transcoder.dicom.held import HeldRowWriter
from transcoder.mapping.targets import Points

__all__ = ["motion_of", "unsettled"]


def motion_of(writer: RowWriter, points: Points) -> str:
    """DYNAMIC where a column changes between two control points between which the meterset does, else STATIC."""
    segments = _radiating(writer, points)
    for name, column in writer.values.items():
        if name == points.meterset or name in points.apart:
            continue
        if (_changes(column) & segments).any():
            return "DYNAMIC"
    words = writer.words if isinstance(writer, HeldRowWriter) else {}
    moving = {name: rows for name, rows in words.items() if name not in points.apart}
    return "DYNAMIC" if any((_moves(name, rows) & segments).any() for name, rows in moving.items()) else "STATIC"


def unsettled(writer: HeldRowWriter, points: Points) -> list[str]:
    """What has no values between two others and changes while the beam radiates (C.8.8.14.5)."""
    segments = _radiating(writer, points)
    columns = {name: _changes(column) for name, column in writer.values.items()}
    columns |= {name: _moves(name, rows) for name, rows in writer.words.items()}
    names = {name: name.rpartition("/")[2].partition("#")[0] for name in columns}
    found = {names[name] for name, changed in columns.items() if (changed & segments).any()}
    return [word for word in points.discrete if word in found]


def _radiating(writer: RowWriter, points: Points) -> NDArray[np.bool_]:
    """The segments over which the meterset rises; all of them where there is none."""
    weight = writer.values.get(points.meterset)
    if weight is None:
        return np.ones(max(writer.length - 1, 0), dtype=bool)
    return np.asarray(np.diff(weight[:, 0]) > 0)


def _changes(column: NDArray[np.float64]) -> NDArray[np.bool_]:
    before, after = column[:-1], column[1:]
    return np.asarray(~((before == after) | (np.isnan(before) & np.isnan(after))).all(axis=1))


def _moves(name: str, rows: list[str] | list[bytes]) -> NDArray[np.bool_]:
    """The segments in which a device turns, wholly perhaps, or in which a term changes."""
    if name.endswith("RotationDirection"):
        return np.array([row in (b"CW", b"CC") for row in rows[:-1]], dtype=bool)
    return np.array([one != other for one, other in pairwise(rows)], dtype=bool)
