"""The treatment field of a C-Arm Photon-Electron Radiation, worked out from its own attributes (PS3.3 C.36).

Nothing here comes from the converter and nothing from an RT Plan. A value that a control point does not hold is the
one populated last, attribute by attribute and, for openings and wedges, device by device (C.36.2.2.5.1.1).

The matrix maps the patient to FIXED (10.39.1.2). GANTRY is FIXED turned about Y by the Source Roll Angle, the base
beam modifier system is GANTRY turned about Z by the RT Beam Limiting Device Angle (C.36.15.1), and a modifier's own
system is that turned about z by its Beam Modifier Orientation Angle, z pointing to the source (C.36.1.1.9). All
turns are right-handed (C.36.1.1.5), so coordinates turn the other way.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydicom import Dataset

Array = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

JAW_PAIR, LEAF_PAIRS = "130330", "130331"
MONITOR_UNITS_PER_SECOND = "{MU}/s"
APERTURE_BLOCK = "130123"
HELD = (
    "CumulativeMeterset", "ReferencedTreatmentPositionIndex", "DeliveryRate", "DeliveryRateUnitSequence",
    "ReferencedRadiationGenerationModeIndex", "SourceRollAngle", "RTBeamLimitingDeviceAngle",
    "SourceToPatientSurfaceDistance", "SourceToExternalContourDistance",
)  # fmt: skip


def across_z(field: Array, degrees: float) -> Array:
    """Coordinates (m, 2) in a system that is turned about z by so many degrees."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.column_stack([field[:, 0] * cosine + field[:, 1] * sine, field[:, 1] * cosine - field[:, 0] * sine])


def across_y(places: Array, degrees: float) -> Array:
    """Coordinates (m, 3) in a system that is turned about Y by so many degrees."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x, y, z = places.T
    return np.column_stack([x * cosine - z * sine, y, x * sine + z * cosine])


@dataclass(frozen=True)
class Edge:
    """What one device does to points: whether a delimiter covers each, its tips with their offset, and open."""

    covered: Flags
    low: Array
    high: Array
    open: Flags


@dataclass(frozen=True)
class Point:
    """The device at one control point: what is held, openings and wedge positions by device index."""

    index: int
    held: dict[str, Any]
    openings: dict[int, dict[str, Any]]
    wedges: dict[int, dict[str, Any]]


class Radiation:
    """One radiation and its control points."""

    def __init__(self, radiation: Dataset) -> None:
        self.radiation = radiation
        self.source = float(radiation.RadiationSourceAxisDistance)
        self.plane = float(radiation.RTBeamModifierDefinitionDistance)
        self.devices = list(radiation.get("RTBeamLimitingDeviceDefinitionSequence", []))
        self.points = tuple(self._points())

    def _points(self) -> Iterator[Point]:
        held: dict[str, Any] = dict.fromkeys(HELD)
        openings: dict[int, dict[str, Any]] = {}
        wedges: dict[int, dict[str, Any]] = {}
        for item in self.radiation.CArmPhotonElectronControlPointSequence:
            _take(held, item, HELD)
            for nested, known in (("RTBeamLimitingDeviceOpeningSequence", openings), ("WedgePositionSequence", wedges)):
                for opening in item.get(nested, []):
                    words = [element.keyword for element in opening]
                    _take(known.setdefault(int(opening.ReferencedDeviceIndex), {}), opening, words)
            yield Point(
                int(item.RTControlPointIndex),
                dict(held),
                {number: dict(values) for number, values in openings.items()},
                {number: dict(values) for number, values in wedges.items()},
            )

    def position(self, point: Point) -> Dataset:
        """The treatment position of a control point."""
        wanted = int(point.held["ReferencedTreatmentPositionIndex"])
        return next(p for p in self.radiation.TreatmentPositionSequence if int(p.TreatmentPositionIndex) == wanted)

    def matrix(self, point: Point) -> Array:
        """From the patient to FIXED, (4, 4), mm."""
        values = [float(value) for value in self.position(point).ImageToEquipmentMappingMatrix]
        return np.array(values).reshape(4, 4)

    def mode(self, point: Point) -> Dataset:
        """The radiation generation mode of a control point."""
        wanted = int(point.held["ReferencedRadiationGenerationModeIndex"])
        modes = self.radiation.RadiationGenerationModeSequence
        return next(mode for mode in modes if int(mode.RadiationGenerationModeIndex) == wanted)

    def project(self, point: Point, places: Array) -> Array:
        """Points (m, 3) of the patient seen from the source on the definition plane, (m, 2) mm, base axes."""
        matrix = self.matrix(point)
        gantry = across_y(places @ matrix[:3, :3].T + matrix[:3, 3], float(point.held["SourceRollAngle"]))
        depth = self.source - gantry[:, 2:]
        return across_z(gantry[:, :2] * self.plane / depth, float(point.held["RTBeamLimitingDeviceAngle"]))

    def edges(self, point: Point, field: Array) -> list[Edge]:
        """For each device, by its index, what it does to points (m, 2) of the definition plane."""
        return [_edge(device, point.openings[int(device.DeviceIndex)], field) for device in self.devices]

    def thin_edge(self, point: Point, wedge: Dataset) -> Array:
        """The direction from the thick to the thin edge in FIXED: +y of the wedge's own system (C.36.2.2.10)."""
        turn = math.radians(float(point.held["RTBeamLimitingDeviceAngle"]) + float(wedge.BeamModifierOrientationAngle))
        roll = math.radians(float(point.held["SourceRollAngle"]))
        x, y = -math.sin(turn), math.cos(turn)
        # A vector of GANTRY in FIXED: its x axis is (cos, 0, -sin).
        return np.array([x * math.cos(roll), y, -x * math.sin(roll)])


def thickness(compensator: Dataset) -> dict[tuple[float, float], float]:
    """Thickness by place in the definition plane, from the triplets of the side that the map faces (C.36.2.2.12)."""
    shape = compensator.CompensatorShapeSequence[0]
    side = str(compensator.CompensatorMapOrientation)
    word = {"SOURCE_SIDE": "CompensatorProximalThicknessMap", "PATIENT_SIDE": "CompensatorDistalThicknessMap"}[side]
    triplets = floats(shape[word].value).reshape(-1, 3)
    return {(round(float(x), 3), round(float(y), 3)): float(t) for x, y, t in triplets}


def outlines(radiation: Dataset) -> list[tuple[str, Array]]:
    """The outlines of the blocks: device type, and the polygon (k, 2) mm in the definition plane, base axes."""
    found = []
    for block in radiation.get("BlockDefinitionSequence", []):
        for edge in block.BlockEdgeDataSequence:
            polygon = floats(edge.BlockEdgeData).reshape(-1, 2)
            assert float(block.BeamModifierOrientationAngle) == 0
            found.append((str(block.DeviceTypeCodeSequence[0].CodeValue), polygon))
    return found


def floats(data: Any) -> Array:
    """The numbers of an OF value."""
    return np.frombuffer(bytes(data), "<f4").astype(float)


def _take(known: dict[str, Any], item: Dataset, words: Any) -> None:
    for word in words:
        if word in item:
            known[word] = item[word].value


def _edge(device: Dataset, opening: dict[str, Any], field: Array) -> Edge:
    own = across_z(field, float(device.BeamModifierOrientationAngle))
    parallel = device.ParallelRTBeamDelimiterDeviceSequence[0]
    count = int(parallel.NumberOfParallelRTBeamDelimiters)
    shift_x, shift_y = (float(value) for value in opening["RTBeamLimitingDeviceOffset"])
    boundaries = np.array([float(value) for value in parallel.ParallelRTBeamDelimiterBoundaries]) + shift_y
    assert len(boundaries) == count + 1
    assert (np.diff(boundaries) > 0).all()
    positions = np.array([float(value) for value in opening["ParallelRTBeamDelimiterPositions"]]) + shift_x
    assert len(positions) == 2 * count
    leaf = np.searchsorted(boundaries, own[:, 1]) - 1
    covered = (leaf >= 0) & (leaf < count)
    low = np.where(covered, positions[np.clip(leaf, 0, count - 1)], np.nan)
    high = np.where(covered, positions[np.clip(leaf, 0, count - 1) + count], np.nan)
    return Edge(covered, low, high, covered & (low < own[:, 0]) & (own[:, 0] < high))
