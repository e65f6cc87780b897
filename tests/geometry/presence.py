"""The presence rule for control points, C.36.2.2.5.1.1, told without the validator: what an output does against it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydicom import Dataset

# Attributes under the rule that every control point 1 must have; an empty one is a value (2C).
ALWAYS = (
    "ReferencedTreatmentPositionIndex", "DeliveryRate", "SourceRollAngle", "RTBeamLimitingDeviceAngle",
    "SourceToPatientSurfaceDistance", "SourceToExternalContourDistance",
)  # fmt: skip
RULED = (*ALWAYS, "CumulativeMeterset", "ReferencedRadiationGenerationModeIndex")
NESTED = (
    ("RTBeamLimitingDeviceOpeningSequence", "NumberOfRTBeamLimitingDeviceOpenings",
     "RTBeamLimitingDeviceDefinitionSequence", "NumberOfRTBeamLimitingDevices",
     ("RTBeamLimitingDeviceOffset", "ParallelRTBeamDelimiterPositions")),
    ("WedgePositionSequence", "NumberOfWedgePositions",
     "WedgeDefinitionSequence", "NumberOfWedges",
     ("WedgePosition",)),
)  # fmt: skip


def breaches(radiation: Dataset) -> Iterator[str]:
    """What the control points of a radiation do against the rule."""
    points = radiation.CArmPhotonElectronControlPointSequence
    if int(radiation.NumberOfRTControlPoints) != len(points) or len(points) < 2:
        yield "number of control points"
    if [int(point.RTControlPointIndex) for point in points] != list(range(1, len(points) + 1)):
        yield "indices do not count from 1"
    yield from _plain(radiation, points)
    for sequence, count, definitions, devices, words in NESTED:
        known = [int(device.DeviceIndex) for device in radiation.get(definitions, [])]
        if int(radiation.get(devices, 0)) != len(known):
            yield f"{devices} contradicts the items"
        yield from _nested(points, sequence, count, known, words)


def _plain(radiation: Dataset, points: Any) -> Iterator[str]:
    needed = list(ALWAYS)
    if radiation.RTRadiationPhysicalAndGeometricContentDetailFlag != "GEOMETRY_ONLY":
        needed.append("CumulativeMeterset")
    if "NumberOfRadiationGenerationModes" in radiation:
        needed.append("ReferencedRadiationGenerationModeIndex")
    yield from (f"{word} is absent at point 1" for word in needed if word not in points[0])
    if "CumulativeMeterset" in points[0] and points[0].CumulativeMeterset != 0:
        yield "the meterset does not begin at 0"
    populated: dict[str, Any] = {}
    for number, point in enumerate(points, start=1):
        for word in RULED:
            if word in point:
                if word in populated and populated[word] == point[word].value:
                    yield f"{word} is repeated unchanged at point {number}"
                populated[word] = point[word].value
        has_rate = point.get("DeliveryRate") is not None
        if has_rate != bool(point.get("DeliveryRateUnitSequence")):
            yield f"the unit does not stand beside the rate at point {number}"


def _nested(points: Any, sequence: str, count: str, known: list[int], words: tuple[str, ...]) -> Iterator[str]:
    populated: dict[tuple[int, str], Any] = {}
    for number, point in enumerate(points, start=1):
        items = list(point.get(sequence, []))
        if not known:
            if count in point or sequence in point:
                yield f"{count} or its items at point {number} without a device"
            continue
        if count not in point or int(point[count].value) != len(items):
            yield f"{count} at point {number} is not {len(items)}"
        if sequence in point and not items:
            yield f"an empty {sequence} at point {number}"
        indices = [int(item.ReferencedDeviceIndex) for item in items]
        if len(set(indices)) != len(indices) or not set(indices) <= set(known):
            yield f"devices of {sequence} at point {number}"
        if number == 1 and sorted(indices) != sorted(known):
            yield f"not every device in {sequence} at point 1"
        for index, item in zip(indices, items, strict=True):
            held = [word for word in words if word in item]
            if not held or (number == 1 and len(held) != len(words)):
                yield f"device {index} in {sequence} at point {number} says {held}"
            for word in held:
                if populated.get((index, word)) == item[word].value:
                    yield f"{word} of device {index} is repeated unchanged at point {number}"
                populated[index, word] = item[word].value
