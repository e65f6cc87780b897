"""Where the patient lies: isocenter and couch angles <-> a rigid matrix (PS3.3 10.39, C.8.8.14.12, IEC 61217).

The matrix maps a point of the patient frame (x left, y posterior, z head) to the IEC FIXED system (x to the right
of somebody who faces the gantry, y towards the gantry, z up), whose origin is the isocenter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transcoder.codecs.angles import fold
from transcoder.codecs.registry import Refused, codec

_SIZE, _AXES = 16, 3

__all__ = ["PATIENT_AXES", "TablePosition", "TreatmentPosition", "rotation_x", "rotation_y", "rotation_z"]

Array = NDArray[np.float64]

# Rows: the FIXED x, y and z axes written in patient axes, with the couch at zero (C.7.3.1.1.2).
PATIENT_AXES: dict[str, tuple[tuple[int, int, int], ...]] = {
    "HFS": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    "HFP": ((-1, 0, 0), (0, 0, 1), (0, 1, 0)),
    "FFS": ((-1, 0, 0), (0, 0, -1), (0, -1, 0)),
    "FFP": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "HFDR": ((0, 1, 0), (0, 0, 1), (1, 0, 0)),
    "HFDL": ((0, -1, 0), (0, 0, 1), (-1, 0, 0)),
    "FFDR": ((0, -1, 0), (0, 0, -1), (1, 0, 0)),
    "FFDL": ((0, 1, 0), (0, 0, -1), (-1, 0, 0)),
}
RIGID = 1e-6
# How far in mm a point may lie from where the matrix has it: decimal strings hold 16 characters.
AGREES = 1e-3


def rotation_x(angle: float) -> Array:
    """The matrix (3, 3) that turns a point by ``angle`` degrees about x, right-handed."""
    cos, sin = _unit(angle)
    return np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])


def rotation_y(angle: float) -> Array:
    """The matrix (3, 3) that turns a point by ``angle`` degrees about y, right-handed."""
    cos, sin = _unit(angle)
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])


def rotation_z(angle: float) -> Array:
    """The matrix (3, 3) that turns a point by ``angle`` degrees about z, right-handed."""
    cos, sin = _unit(angle)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


def _unit(angle: float) -> tuple[float, float]:
    # Quarter turns are exact, so that a couch at 90 degrees gives whole numbers.
    quarter, rest = divmod(angle, 90.0)
    if rest == 0:
        return ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[int(quarter) % 4]
    radians = np.deg2rad(angle)
    return float(np.cos(radians)), float(np.sin(radians))


@codec(
    "treatment_position",
    first="number number number number number text",
    second="number number text",
    required=3,
    normalises="the eccentric rotation is part of the patient support angle; angles in [0, 360)",
)
class TreatmentPosition:
    """Isocenter, couch angles and patient position <-> Image to Equipment Mapping Matrix and treatment point.

    first: isocenter (3,) mm in the patient frame; patient support, eccentric, pitch and roll angle (1,) deg, of which
    the last two may be None for 0; patient position. second: matrix (16,) row-major, mm; the isocenter (3,) mm again
    as location coordinates, and the patient position that the orientation codes name.
    """

    @staticmethod
    def forward(
        isocenter: Array,
        support: Array | None,
        eccentric: Array | None,
        pitch: Array | None,
        roll: Array | None,
        position: list[str] | None,
    ) -> tuple[Array, Array, list[str]]:
        if isocenter.shape != (3,) or np.isnan(isocenter).any():
            raise Refused("T041", "Isocenter Position does not hold three coordinates")
        axes = PATIENT_AXES.get(position[0] if position else "")
        if axes is None:
            raise Refused(
                "T042",
                "no axes are defined for this Patient Position" if position else "Patient Position is missing",
                about=5,
            )
        # The order of C.8.8.14.12: support, eccentric, then pitch before roll.
        rotation = (
            rotation_z(_angle(support) + _angle(eccentric)) @ rotation_x(_angle(pitch)) @ rotation_y(_angle(roll))
        ) @ np.array(axes, dtype=float)
        matrix = np.eye(4)
        matrix[:3, :3] = rotation
        matrix[:3, 3] = -rotation @ isocenter
        return matrix.ravel() + 0.0, isocenter, list(position or [])

    @staticmethod
    def backward(
        matrix: Array, point: Array | None, position: list[str] | None
    ) -> tuple[Array, Array, Array, Array, Array, list[str]]:
        if matrix.size != _SIZE:
            raise Refused("T043", f"a matrix of {matrix.size} numbers, which has {_SIZE}")
        if point is not None and point.size != _AXES:
            raise Refused("T041", f"an isocenter of {point.size} numbers, which has {_AXES}", about=1)
        pose = matrix.reshape(4, 4)
        rotation = pose[:3, :3]
        _require_rigid(pose)
        axes = PATIENT_AXES.get(position[0] if position else "")
        if axes is None:
            raise Refused("T042", "the patient orientation codes name no patient position")
        couch = rotation @ np.array(axes, dtype=float).T
        isocenter = -rotation.T @ pose[:3, 3]
        if point is not None:
            apart = float(np.linalg.norm(np.ravel(point) - isocenter))
            if not apart <= AGREES:
                message = f"the treatment point lies {apart:.3g} mm from what the matrix maps to the isocenter"
                raise Refused("T291", message, about=1)
            isocenter = point
        support, pitch, roll = _couch_angles(couch)
        return isocenter, support, np.zeros(1), pitch, roll, list(position or [])


@codec(
    "table_position",
    first="sparse",
    second="number",
    normalises="a position that is not stated again is written out; what is relative to an unknown start is left out",
)
class TablePosition:
    """Table top position (n, 1) mm, NaN where the point does not state it <-> absolute position (n, 1) mm.

    Without a value at the first control point all later ones are relative to an unknown start (C.8.8.14.6), and the
    second generation knows absolute positions only (10.40.1.1): then there is none.
    """

    @staticmethod
    def forward(position: Array) -> tuple[Array | None]:
        stated = ~np.isnan(position[:, 0])
        if not stated[0]:
            return (None,)
        last = np.maximum.accumulate(np.where(stated, np.arange(len(position)), 0))
        return (position[last],)

    @staticmethod
    def backward(position: Array) -> tuple[Array]:
        return (position,)


def _angle(value: Array | None) -> float:
    return 0.0 if value is None or np.isnan(value[0]) else float(value[0])


def _require_rigid(pose: Array) -> None:
    rotation = pose[:3, :3]
    residual = float(np.abs(rotation @ rotation.T - np.eye(3)).max())
    if not np.array_equal(pose[3], [0, 0, 0, 1]):
        raise Refused("T043", "the last row of Image to Equipment Mapping Matrix is not 0 0 0 1")
    if residual > RIGID or np.linalg.det(rotation) < 0:
        stretch, skew = _off_rigid(rotation)
        mirrored = "mirrors, and " if np.linalg.det(rotation) < 0 else ""
        message = f"{mirrored}it is off by {stretch:.3g} mm in 100 mm and {skew:.3g} degrees"
        raise Refused("T043", f"Image to Equipment Mapping Matrix is not rigid: {message}")


def _off_rigid(rotation: Array) -> tuple[float, float]:
    """How far axes of 100 mm come out too long or too short (mm), and their angles from 90 degrees (deg)."""
    lengths = np.linalg.norm(rotation, axis=0)
    stretch = float(np.abs(lengths - 1).max() * 100)
    if not (lengths > 0).all():
        return stretch, 90.0
    unit = rotation / lengths
    cosines = np.clip((unit.T @ unit)[np.triu_indices(3, 1)], -1, 1)
    return stretch, float(np.abs(90 - np.rad2deg(np.arccos(cosines))).max())


def _couch_angles(couch: Array) -> tuple[Array, Array, Array]:
    """Support, pitch and roll (1,) deg of Rz(support) Rx(pitch) Ry(roll), pitch within 90 degrees."""
    sine = float(np.clip(couch[2, 1], -1, 1))
    if abs(sine) > 1 - 1e-12:
        raise Refused("T044", "the table top stands upright: support and roll angle cannot be told apart")
    pitch = np.rad2deg(np.arcsin(sine))
    support = np.rad2deg(np.arctan2(-couch[0, 1], couch[1, 1]))
    roll = np.rad2deg(np.arctan2(-couch[2, 0], couch[2, 2]))
    angles = fold(np.round(np.array([support, pitch, roll]), 9) + 0.0)
    return angles[:1], angles[1:2], angles[2:]
