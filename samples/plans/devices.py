"""Beam limiting devices and their openings, in the classic and in the enhanced coding."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from pydicom import Dataset

from .elements import code, item

JAW_EXTENT = (-200.0, 200.0)


@dataclass(frozen=True)
class Device:
    """A jaw or leaf set; kind : RT Beam Limiting Device Type, boundaries : (pairs + 1,), mm, isocentric plane."""

    kind: str
    boundaries: tuple[float, ...] = ()
    distance: float | None = None

    @property
    def pairs(self) -> int:
        """Number of leaf or jaw pairs."""
        return max(1, len(self.boundaries) - 1)

    @property
    def along_y(self) -> bool:
        """Whether the leaves or jaws move along the Y axis of the collimator."""
        return self.kind.endswith("Y")


@dataclass(frozen=True)
class Opening:
    """Where a device stands; positions : (2 * pairs,), mm, side 1 then side 2; offset : only the enhanced coding."""

    kind: str
    positions: tuple[float, ...]
    offset: tuple[float, float] = (0.0, 0.0)


def ruler(*stretches: tuple[int, float], start: float) -> tuple[float, ...]:
    """Leaf boundaries from the first edge on, as stretches of (count, width in mm)."""
    edges = [start]
    for count, width in stretches:
        edges += [edges[-1] + width * (i + 1) for i in range(count)]
    return tuple(edges)


ASYMX = Device("ASYMX", distance=367.0)
ASYMY = Device("ASYMY", distance=279.0)
MLC40 = Device("MLCX", ruler((40, 10.0), start=-200.0), 465.0)
MLC60 = Device("MLCX", ruler((10, 10.0), (40, 5.0), (10, 10.0), start=-200.0), 509.0)
JAWS = (ASYMX, ASYMY)
JAWS_AND_MLC40 = (*JAWS, MLC40)
JAWS_AND_MLC60 = (*JAWS, MLC60)


def jaw(device: Device, low: float, high: float) -> Opening:
    """A jaw pair from low to high, mm."""
    return Opening(device.kind, (low, high))


def field_of(x1: float, x2: float, y1: float, y2: float) -> tuple[Opening, Opening]:
    """Asymmetric jaws, mm."""
    return jaw(ASYMX, x1, x2), jaw(ASYMY, y1, y2)


def leaves(device: Device, edges: Callable[[float], tuple[float, float]]) -> Opening:
    """A leaf opening; edges : from the middle of a leaf (mm) to the positions of its two sides (mm)."""
    middles = [(low + high) / 2 for low, high in pairwise(device.boundaries)]
    pairs = [edges(middle) for middle in middles]
    side_1, side_2 = ([round(pair[side], 1) for pair in pairs] for side in (0, 1))
    return Opening(device.kind, (*side_1, *side_2))


def chord(across: float, radius: float) -> float:
    """Half of the chord of a disc at a distance from its centre, mm; 0 outside."""
    return math.sqrt(max(0.0, radius**2 - across**2))


def disc(device: Device, radius: float, along: float = 0.0, across: float = 0.0) -> Opening:
    """Leaves fitted to a disc; its centre is given along and across the leaves, mm."""

    def edges(middle: float) -> tuple[float, float]:
        half = chord(middle - across, radius)
        return along - half, along + half

    return leaves(device, edges)


def classic_device(device: Device) -> Dataset:
    """An item of the Beam Limiting Device Sequence (PS3.3 C.8.8.14)."""
    return item(
        RTBeamLimitingDeviceType=device.kind,
        SourceToBeamLimitingDeviceDistance=device.distance,
        NumberOfLeafJawPairs=device.pairs,
        LeafPositionBoundaries=device.boundaries or None,
    )


def classic_opening(opening: Opening) -> Dataset:
    """An item of the Beam Limiting Device Position Sequence (PS3.3 C.8.8.14)."""
    return item(RTBeamLimitingDeviceType=opening.kind, LeafJawPositions=opening.positions)


def enhanced_device(index: int, device: Device) -> Dataset:
    """An item of the Enhanced RT Beam Limiting Device Sequence (PS3.3 C.8.8.14.17, C.36.2.2.19)."""
    leaf = code("130331", "Leaf Pairs") if device.pairs > 1 else code("130330", "Jaw Pair")
    label = code("130335", "Y Orientation") if device.along_y else code("130334", "X Orientation")
    delimiters = item(
        NumberOfParallelRTBeamDelimiters=device.pairs,
        ParallelRTBeamDelimiterDeviceOrientationLabelCodeSequence=[label],
        ParallelRTBeamDelimiterOpeningMode="VARIABLE",
        ParallelRTBeamDelimiterBoundaries=list(device.boundaries or JAW_EXTENT),
    )
    return item(
        DeviceIndex=index,
        Manufacturer="Example Linacs",
        ManufacturerModelName="",
        ManufacturerModelVersion="",
        DeviceTypeCodeSequence=[leaf],
        DeviceLabel=device.kind,
        DeviceSerialNumber="",
        SoftwareVersions="",
        ManufacturerDeviceIdentifier="",
        DeviceAlternateIdentifier="",
        RTAccessoryDeviceSlotID="",
        BeamModifierOrientationAngle=90.0 if device.along_y else 0.0,
        RTBeamLimitingDeviceProximalDistance=device.distance,
        RTBeamLimitingDeviceDistalDistance=None if device.distance is None else device.distance + 80.0,
        ParallelRTBeamDelimiterDeviceSequence=[delimiters],
    )


def enhanced_opening(index: int, opening: Opening) -> Dataset:
    """An item of the Enhanced RT Beam Limiting Opening Sequence, complete wherever it stands (PS3.3 C.8.8.14.18)."""
    return item(
        ReferencedDeviceIndex=index,
        RTBeamLimitingDeviceOffset=list(opening.offset),
        ParallelRTBeamDelimiterPositions=list(opening.positions),
    )
