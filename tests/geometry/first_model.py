"""The treatment field of a first-generation beam, worked out from IEC 61217 and PS3.3 C.8.8.14 alone.

Nothing here comes from the converter. The model turns axes one after the other by the rule of the right hand, each
about where the turns before it have left its axis; there is no product of matrices whose order could be mistaken.

FIXED: origin at the isocenter, X to the right of somebody who faces the gantry, Y towards the gantry, Z up.
GANTRY: turns about Y, clockwise seen from the isocenter, which looks along +Y: right-handed. Z points to the source.
BEAM LIMITING DEVICE: turns about the GANTRY's Z, counter-clockwise seen from the source, that is with Z pointing at
the eye: right-handed. PATIENT SUPPORT and TABLE TOP ECCENTRIC: counter-clockwise from above, Z pointing at the eye:
right-handed. Pitch and roll: clockwise seen along +X and +Y of the table top (C.8.8.14.12): right-handed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom import Dataset

Array = np.ndarray[Any, np.dtype[np.float64]]

X, Y, Z = np.eye(3)
# Which way the angle grows, seen as C.8.8.14 says; the other direction makes it fall.
GROWS = {
    "Gantry": ("GantryAngle", "GantryRotationDirection", "CW"),
    "Collimator": ("BeamLimitingDeviceAngle", "BeamLimitingDeviceRotationDirection", "CC"),
    "Support": ("PatientSupportAngle", "PatientSupportRotationDirection", "CC"),
    "Eccentric": ("TableTopEccentricAngle", "TableTopEccentricRotationDirection", "CC"),
    "Pitch": ("TableTopPitchAngle", "TableTopPitchRotationDirection", "CW"),
    "Roll": ("TableTopRollAngle", "TableTopRollRotationDirection", "CW"),
}
HELD = (
    "IsocenterPosition", "DoseRateSet", "NominalBeamEnergy", "SourceToSurfaceDistance",
    "SourceToExternalContourDistance", "CumulativeMetersetWeight",
    *(word for names in GROWS.values() for word in names[:2]),
)  # fmt: skip


def turned(vector: Array, axis: Array, degrees: float) -> Array:
    """The vector turned about a unit axis by the rule of the right hand (Rodrigues)."""
    turn = math.radians(degrees)
    along = axis * float(vector @ axis)
    return along + (vector - along) * math.cos(turn) + np.cross(axis, vector) * math.sin(turn)


def patient_axes(position: str) -> tuple[Array, Array, Array]:
    """Left, posterior and head of the patient in FIXED, the couch at zero (C.7.3.1.1.2).

    Head or feet first: the head points to the gantry or away from it. Supine: the back is down; prone: up; decubitus
    right: the right side is down, so that the left points up; left: down. The third axis follows, because left,
    posterior, head is a right-handed system.
    """
    head = {"HF": Y, "FF": -Y}[position[:2]]
    posture = position[2:]
    if posture in ("S", "P"):
        posterior = -Z if posture == "S" else Z
        return np.cross(posterior, head), posterior, head
    left = {"DR": Z, "DL": -Z}[posture]
    return left, np.cross(head, left), head


@dataclass(frozen=True)
class Edge:
    """What one device does to points: along and across its motion, whether a leaf pair covers it, its tips, open."""

    covered: np.ndarray[Any, np.dtype[np.bool_]]
    low: Array
    high: Array
    open: np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class Device:
    """A jaw or leaf pair set as the beam defines it; boundaries (N+1,) mm across the motion, None for jaws."""

    kind: str
    pairs: int
    boundaries: Array | None
    along_y: bool
    orientation: float = 0.0
    enhanced: bool = False


@dataclass(frozen=True)
class Opening:
    """Where a device stands: side 1 then side 2 (2N,) mm, and its offset, which only enhanced devices have."""

    positions: Array
    offset: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Point:
    """The machine at one control point."""

    index: int
    held: dict[str, Any]
    openings: tuple[Opening, ...]
    wedges: dict[int, str]


class Beam:
    """A beam of an RT Plan, one patient position, and the machine at each control point."""

    def __init__(self, beam: Dataset, position: str) -> None:
        self.beam = beam
        self.position = position
        self.distance = float(beam.SourceAxisDistance)
        self.devices = tuple(_devices(beam))
        self.points = tuple(self._points())

    def _points(self) -> Iterator[Point]:
        held: dict[str, Any] = dict.fromkeys(HELD)
        openings: dict[int, Opening] = {}
        wedges: dict[int, str] = {}
        for index, item in enumerate(self.beam.ControlPointSequence):
            for word in HELD:
                if word in item and not _is_empty(item[word].value):
                    held[word] = item[word].value
            openings.update(_openings(item, self.devices))
            for wedge in item.get("WedgePositionSequence", []):
                wedges[int(wedge.ReferencedWedgeNumber)] = str(wedge.WedgePosition)
            yield Point(index, dict(held), tuple(openings[n] for n in range(len(self.devices))), dict(wedges))

    def couch(self, point: Point) -> tuple[Array, Array, Array]:
        """The table top's axes in FIXED."""
        axes = (X, Y, Z)
        for name, axis in (("Support", 2), ("Eccentric", 2), ("Pitch", 0), ("Roll", 1)):
            axes = _turn(axes, axis, angle(point, name))
        return axes

    def collimator(self, point: Point) -> tuple[Array, Array, Array]:
        """The axes of BEAM LIMITING DEVICE in FIXED."""
        gantry = _turn((X, Y, Z), 1, angle(point, "Gantry"))
        return _turn(gantry, 2, angle(point, "Collimator"))

    def patient(self, point: Point) -> tuple[Array, Array, Array]:
        """Left, posterior and head of the patient in FIXED: the table top carries the patient."""
        tops = np.array(self.couch(point))
        left, posterior, head = (axis @ tops for axis in patient_axes(self.position))
        return left, posterior, head

    def fixed(self, point: Point, places: Array) -> Array:
        """Points (m, 3) of the patient in FIXED, mm."""
        from_isocenter = places - np.array([float(value) for value in point.held["IsocenterPosition"]])
        return from_isocenter @ np.array(self.patient(point))

    def project(self, point: Point, places: Array) -> Array:
        """Points (m, 3) of the patient seen from the source on the isocentric plane, (m, 2) mm, collimator axes."""
        seen = self.fixed(point, places) @ np.array(self.collimator(point)).T
        return seen[:, :2] * (self.distance / (self.distance - seen[:, 2:]))

    def place(self, point: Point, field: Array, height: Array) -> Array:
        """Points of the patient (m, 3) that are seen at ``field`` (m, 2) and lie ``height`` (m,) above the plane."""
        shrink = (self.distance - height) / self.distance
        seen = np.column_stack([field * shrink[:, None], height])
        fixed = seen @ np.array(self.collimator(point))
        isocenter = np.array([float(value) for value in point.held["IsocenterPosition"]])
        return fixed @ np.array(self.patient(point)).T + isocenter

    def edges(self, point: Point, field: Array) -> list[Edge]:
        """For each device what it does to points (m, 2) of the isocentric plane."""
        return [_edge(device, opening, field) for device, opening in zip(self.devices, point.openings, strict=True)]

    def thin_edge(self, point: Point, wedge: Dataset) -> Array:
        """The direction from the thick to the thin edge of a wedge in FIXED: +Y of IEC WEDGE FILTER."""
        return _turn(self.collimator(point), 2, float(wedge.WedgeOrientation))[1]

    def turn(self, name: str, start: Point, end: Point) -> float:
        """How far an axis turns between neighbouring points, in degrees of growing angle (C.8.8.14.8)."""
        word, direction, growing = GROWS[name]
        way = str(start.held[direction] or "NONE")
        if way == "NONE" or word not in self.beam.ControlPointSequence[end.index]:
            return 0.0
        ahead = (angle(end, name) - angle(start, name)) % 360
        if math.isclose(ahead, 360, abs_tol=1e-9) or math.isclose(ahead, 0, abs_tol=1e-9):
            ahead = 360.0
        return ahead if way == growing else ahead - 360 if ahead < 360 else -360.0


def thickness(compensator: Dataset) -> dict[tuple[float, float], float]:
    """The thickness of each pixel by its place in the isocentric plane: rows along +x, columns along -y."""
    row_gap, column_gap = (float(value) for value in compensator.CompensatorPixelSpacing)
    left, top = (float(value) for value in compensator.CompensatorPosition)
    values = [float(value) for value in compensator.CompensatorThicknessData]
    found = {}
    for row in range(int(compensator.CompensatorRows)):
        for column in range(int(compensator.CompensatorColumns)):
            place = (round(left + column * column_gap, 3), round(top - row * row_gap, 3))
            found[place] = values[row * int(compensator.CompensatorColumns) + column]
    return found


def outlines(beam: Dataset) -> list[tuple[str, Array]]:
    """The blocks of a beam: APERTURE or SHIELDING, and the polygon (k, 2) mm in the isocentric plane."""
    return [
        (str(block.BlockType), np.array([float(value) for value in block.BlockData]).reshape(-1, 2))
        for block in beam.get("BlockSequence", [])
        if not _is_empty(block.get("BlockData"))
    ]


def within(polygon: Array, field: Array) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which points (m, 2) a closed polygon (k, 2) surrounds, by counting the edges that a ray to +x meets."""
    inside = np.zeros(len(field), dtype=bool)
    for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        spans = (y1 > field[:, 1]) != (y2 > field[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing = x1 + (field[:, 1] - y1) * (x2 - x1) / (y2 - y1)
        inside ^= spans & (field[:, 0] < crossing)
    return inside


def _turn(axes: tuple[Array, Array, Array], about: int, degrees: float) -> tuple[Array, Array, Array]:
    x, y, z = (turned(axis, axes[about], degrees) for axis in axes)
    return x, y, z


def angle(point: Point, name: str) -> float:
    """The angle of an axis, 0 where the beam never states it."""
    value = point.held[GROWS[name][0]]
    return 0.0 if value is None else float(value)


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or (hasattr(value, "__len__") and len(value) == 0)


def _devices(beam: Dataset) -> Iterator[Device]:
    if beam.get("EnhancedRTBeamLimitingDeviceDefinitionFlag") == "YES":
        for item in beam.EnhancedRTBeamLimitingDeviceSequence:
            parallel = item.ParallelRTBeamDelimiterDeviceSequence[0]
            pairs = int(parallel.NumberOfParallelRTBeamDelimiters)
            edges = _numbers(parallel.ParallelRTBeamDelimiterBoundaries)
            turn = float(item.BeamModifierOrientationAngle)
            yield Device(str(item.DeviceIndex), pairs, edges, turn == 90, turn, True)
        return
    for item in beam.get("BeamLimitingDeviceSequence", []):
        kind = str(item.RTBeamLimitingDeviceType)
        along_y = kind.rstrip("12").endswith("Y")
        leaves = kind.startswith("MLC")
        edges = _numbers(item.LeafPositionBoundaries) if leaves else None
        yield Device(kind, int(item.NumberOfLeafJawPairs), edges, along_y)


def _openings(item: Dataset, devices: tuple[Device, ...]) -> Iterator[tuple[int, Opening]]:
    for opening in item.get("EnhancedRTBeamLimitingOpeningSequence", []):
        place = next(n for n, device in enumerate(devices) if device.kind == str(opening.ReferencedDeviceIndex))
        offset = _numbers(opening.RTBeamLimitingDeviceOffset)
        yield place, Opening(_numbers(opening.ParallelRTBeamDelimiterPositions), (offset[0], offset[1]))
    for opening in item.get("BeamLimitingDevicePositionSequence", []):
        positions = _numbers(opening.LeafJawPositions)
        kind = str(opening.RTBeamLimitingDeviceType)
        sized = [n for n, device in enumerate(devices) if 2 * device.pairs == positions.size]
        named = [n for n in sized if devices[n].kind == kind]
        fitting = named or [n for n in sized if _jaw_axis(devices[n].kind) == _jaw_axis(kind)]
        (place,) = fitting
        yield place, Opening(positions)


def _jaw_axis(kind: str) -> str:
    return kind if kind.startswith("MLC") else kind[-1]


def _edge(device: Device, opening: Opening, field: Array) -> Edge:
    if device.enhanced:
        # The device's own axes, turned counter-clockwise seen from the source as the collimator is (C.36.1.1.9).
        turn = math.radians(device.orientation)
        along = field @ np.array([math.cos(turn), math.sin(turn)])
        across = field @ np.array([-math.sin(turn), math.cos(turn)]) - opening.offset[1]
    else:
        along, across = (field[:, 1], field[:, 0]) if device.along_y else (field[:, 0], field[:, 1])
    side_1, side_2 = opening.positions[: device.pairs], opening.positions[device.pairs :]
    pair = np.full(len(field), -1)
    for number in range(device.pairs):
        if device.boundaries is None:
            pair[:] = 0
        else:
            one, other = device.boundaries[number], device.boundaries[number + 1]
            pair[(min(one, other) < across) & (across < max(one, other))] = number
    covered = pair >= 0
    low = np.where(covered, side_1[pair] + opening.offset[0], np.nan)
    high = np.where(covered, side_2[pair] + opening.offset[0], np.nan)
    return Edge(covered, low, high, covered & (low < along) & (along < high))


def _numbers(values: Any) -> Array:
    return np.array([float(value) for value in values])
