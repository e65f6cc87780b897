"""Control points of second-generation radiations and records (C.36.2.2.5.1.1).

An attribute under the rule is present at the first control point, and later if and only if its value changes. The
rule holds again inside the items of devices; their counts stand at every control point, 0 where nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from transcoder.dicom.elements import Element, Item, tag_of
from transcoder.findings import Finding
from transcoder.validator.axis import Axis, check_axis
from transcoder.validator.catalogue_state import found
from transcoder.validator.openings import check_device_items
from transcoder.validator.plausible import check_energies, check_meterset, check_rates, dosimeter_unit
from transcoder.validator.raw import children, columns, number, numbers, repeats, text

__all__ = ["SEQUENCES", "check"]

RULE = "PS3.3 C.36.2.2.5.1.1"
POINTS = "PS3.3 C.36.2.2.5"


class Ruled(NamedTuple):
    """An attribute under the control point rule, and when its other conditions are met."""

    word: str
    due: str = "always"


_GENERAL = (Ruled("CumulativeMeterset", "dosimetric"), Ruled("ReferencedTreatmentPositionIndex", "positions"))
_MODE = Ruled("ReferencedRadiationGenerationModeIndex", "modes")
_EXTERNAL = (*_GENERAL, Ruled("DeliveryRate"), _MODE)

# Attributes in the order of Tables C.36.15-1, C.36.17-1, C.36.19-1 and C.36.23-1.
SEQUENCES: dict[str, tuple[Ruled, ...]] = {
    "CArmPhotonElectronControlPointSequence": (
        *_EXTERNAL,
        Ruled("SourceRollAngle"),
        Ruled("RTBeamLimitingDeviceAngle"),
        Ruled("SourceToPatientSurfaceDistance"),
        Ruled("SourceToExternalContourDistance"),
    ),
    "TomotherapeuticControlPointSequence": (
        *_EXTERNAL,
        Ruled("SourceRollAngle"),
        Ruled("TomotherapeuticLeafOpenDurations", "plan"),
    ),
    "RoboticPathControlPointSequence": (
        *_EXTERNAL,
        Ruled("RoboticNodeIdentifier"),
        Ruled("RTTreatmentSourceCoordinates", "plan"),
        Ruled("RadiationSourceCoordinateSystemYawAngle", "plan"),
        Ruled("RadiationSourceCoordinateSystemRollAngle", "plan"),
        Ruled("RadiationSourceCoordinateSystemPitchAngle", "plan"),
    ),
    "RTRadiationSalvageRecordControlPointSequence": (*_GENERAL, _MODE),
}
SALVAGE = "RTRadiationSalvageRecordControlPointSequence"


def check(item: Item) -> Iterator[Finding]:
    """All rules about the control points of one radiation or record."""
    for sequence, ruled in SEQUENCES.items():
        points = children(item, sequence)
        if points:
            yield from _check_points(item, sequence, ruled, points)
    yield from check_energies(item)


def _check_points(item: Item, sequence: str, ruled: Sequence[Ruled], points: list[Item]) -> Iterator[Finding]:
    # The salvage record may start at a resumed value, which contradicts "shall be 0.0" of Table C.36.2.2.5-1.
    axis = Axis(
        sequence, "NumberOfRTControlPoints", "RTControlPointIndex", 1, "CumulativeMeterset", "", POINTS,
        starts_at_zero=sequence != SALVAGE,
    )  # fmt: skip
    yield from check_axis(item, points, axis, sequence)
    for attribute in ruled:
        yield from _ruled(item, points, attribute, sequence)
    if sequence != SALVAGE:  # there every device is optional (C.36.23.1.1)
        yield from check_device_items(item, points, sequence)
    yield from check_rates(points, sequence)
    yield from _last_meterset(item, points, sequence)
    yield from _turns(points, sequence)
    yield from _durations(item, points, sequence)
    yield from _times(points, sequence)


def _ruled(item: Item, points: Sequence[Item], attribute: Ruled, sequence: str) -> Iterator[Finding]:
    tag = tag_of(attribute.word)
    elements = [point.get(tag) for point in points]
    if elements[0] is None and _is_due(item, attribute.due):
        message = f"{attribute.word} is absent at the first control point"
        yield found("V202", message, f"{sequence}[0]/{attribute.word}", RULE)
    held = [(place, element) for place, element in enumerate(elements) if element is not None]
    again = repeats([element for _, element in held])
    if again:
        message = f"{attribute.word} repeats its value unchanged at {len(again)} control point(s)"
        yield found("V201", message, f"{sequence}[{held[again[0]][0]}]/{attribute.word}", RULE)


def _is_due(item: Item, due: str) -> bool:
    record = text(item, "RTRecordFlag")
    if due == "dosimetric":
        detail = text(item, "RTRadiationPhysicalAndGeometricContentDetailFlag")
        return record == "YES" or detail in ("FULL", "IDENT_ONLY")
    if due == "positions":
        return tag_of("TreatmentPositionSequence") in item
    if due == "modes":
        return tag_of("NumberOfRadiationGenerationModes") in item
    return due == "always" or record == "NO"


def _last_meterset(item: Item, points: Sequence[Item], sequence: str) -> Iterator[Finding]:
    for place in range(len(points) - 1, -1, -1):
        value = number(points[place], "CumulativeMeterset")
        if value is not None:
            path = f"{sequence}[{place}]/CumulativeMeterset"
            yield from check_meterset(value, dosimeter_unit(item), path, "PS3.3 C.36.2.2.5.1.3")
            return


def _turns(points: Sequence[Item], sequence: str) -> Iterator[Finding]:
    """A C-arm turns by less than a full turn between neighbouring points; a ring gantry may turn further."""
    if sequence != "CArmPhotonElectronControlPointSequence":
        return
    for word in ("SourceRollAngle", "RTBeamLimitingDeviceAngle"):
        tag = tag_of(word)
        held = [(place, element) for place, point in enumerate(points) if (element := point.get(tag)) is not None]
        table = columns([element for _, element in held])
        if table is None:
            continue
        wide = np.flatnonzero(np.abs(np.diff(table[:, 0])) > 360)
        if wide.size:
            place = held[int(wide[0]) + 1][0]
            message = f"{word} moves by more than a full turn between two control points"
            yield found("V222", message, f"{sequence}[{place}]/{word}", "PS3.3 C.36.1.1.5")


def _durations(item: Item, points: Sequence[Item], sequence: str) -> Iterator[Finding]:
    """One duration for each leaf of the binary collimator (C.36.17)."""
    if sequence != "TomotherapeuticControlPointSequence":
        return
    leaves = {
        int(count)
        for device in children(item, "RTBeamLimitingDeviceDefinitionSequence")
        for parallel in children(device, "ParallelRTBeamDelimiterDeviceSequence")
        if text(parallel, "ParallelRTBeamDelimiterOpeningMode") == "BINARY"
        and (count := number(parallel, "NumberOfParallelRTBeamDelimiters")) is not None
    }
    for word in ("TomotherapeuticLeafOpenDurations", "TomotherapeuticLeafInitialClosedDurations"):
        wrong = [place for place, size in _sizes(points, word) if leaves and size not in leaves]
        if wrong:
            message = f"{word} does not hold one value for each leaf at {len(wrong)} control point(s)"
            yield found("V213", message, f"{sequence}[{wrong[0]}]/{word}", "PS3.3 C.36.17")


def _sizes(points: Sequence[Item], word: str) -> Iterator[tuple[int, int]]:
    tag = tag_of(word)
    for place, point in enumerate(points):
        values = numbers(point.get(tag))
        if values is not None and values.size:
            yield place, values.size


def _times(points: Sequence[Item], sequence: str) -> Iterator[Finding]:
    """Recorded times do not run backwards (Table C.36.2.2.5-1); times in one offset compare as text."""
    word = "RecordedRTControlPointDateTime"
    element: Element | None = points[0].get(tag_of(word))
    if element is None:
        return
    times = [text(point, word) for point in points]
    if any(sign in time[8:] for time in times for sign in "+-"):
        return
    for place in range(1, len(times)):
        if times[place] and times[place - 1] and times[place] < times[place - 1]:
            message = f"{word} is earlier than at the control point before"
            yield found("V224", message, f"{sequence}[{place}]/{word}", POINTS)
            return
