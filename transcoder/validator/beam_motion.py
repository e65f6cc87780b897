"""Motion of first-generation beams against what they declare: rotation directions and Beam Type."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from transcoder.dicom.elements import Item
from transcoder.findings import Finding
from transcoder.validator.beam_devices import banks_of, positions
from transcoder.validator.catalogue_state import found
from transcoder.validator.raw import Numbers, column, text, values_differ

__all__ = ["check_directions", "check_static", "check_turns"]

AXES = (
    ("GantryAngle", "GantryRotationDirection"),
    ("BeamLimitingDeviceAngle", "BeamLimitingDeviceRotationDirection"),
    ("PatientSupportAngle", "PatientSupportRotationDirection"),
    ("TableTopEccentricAngle", "TableTopEccentricRotationDirection"),
)
FULL_TURN = 360.0
# Those of which C.8.8.14.8 limits the rotation between two control points to a full turn, and the others.
ROTATIONS = tuple(angle for angle, _ in AXES)
ANGLES = (*ROTATIONS, "TableTopPitchAngle", "TableTopRollAngle", "GantryPitchAngle")
STATIC_PARAMETERS = (
    "GantryAngle", "BeamLimitingDeviceAngle", "PatientSupportAngle", "TableTopEccentricAngle", "TableTopPitchAngle",
    "TableTopRollAngle", "TableTopVerticalPosition", "TableTopLongitudinalPosition", "TableTopLateralPosition",
)  # fmt: skip


def check_directions(points: Sequence[Item], path: str) -> Iterator[Finding]:
    """An angle that moves in a segment has a direction at the point before it (C.8.8.14.8)."""
    for angle, direction in AXES:
        values = _filled(points, angle)
        if values is None:
            continue
        moves = np.abs(np.diff(values)) % 360 > 1e-6
        if not moves.any():
            continue
        said = ""
        for place in range(len(points) - 1):
            said = text(points[place], direction) or said
            if moves[place] and said == "NONE":
                message = f"{angle} moves in the segment that follows, {direction} is NONE"
                yield found("V222", message, f"{path}[{place}]/{direction}", "PS3.3 C.8.8.14.8")
                break


def check_turns(points: Sequence[Item], path: str) -> Iterator[Finding]:
    """Angles beyond a full turn, which C.8.8.14.13 leaves open, and turns by more than one (C.8.8.14.8)."""
    for word in ANGLES:
        held = column(points, word)
        if held is None:
            continue
        places, values = held
        beyond = np.flatnonzero(np.abs(values) > FULL_TURN)
        if beyond.size:
            message = f"{word} is {values[beyond[0]]:g} degrees, at {beyond.size} control point(s)"
            yield found("V228", message, f"{path}[{places[int(beyond[0])]}]/{word}", "PS3.3 C.8.8.14.13")
        wide = np.flatnonzero(np.abs(np.diff(values)) > FULL_TURN)
        if wide.size and word in ROTATIONS:
            message = f"{word} moves by more than a full turn between two control points"
            yield found("V222", message, f"{path}[{places[int(wide[0]) + 1]}]/{word}", "PS3.3 C.8.8.14.8")


def check_static(beam: Item, points: Sequence[Item], path: str) -> Iterator[Finding]:
    """A STATIC beam keeps every parameter while the meterset grows (Table C.8-50, Beam Type)."""
    if text(beam, "BeamType") != "STATIC" or len(points) < 2:
        return
    weights = _filled(points, "CumulativeMetersetWeight")
    if weights is None:
        return
    delivering = np.diff(weights) != 0
    for word in STATIC_PARAMETERS:
        values = _filled(points, word)
        if values is not None and (delivering & (np.diff(values) != 0)).any():
            yield found("V223", f"{word} changes while the meterset grows", f"{path}/BeamType", "PS3.3 C.8.8.14")
    if _leaves_move(beam, points, delivering):
        yield found("V223", "LeafJawPositions change while the meterset grows", f"{path}/BeamType", "PS3.3 C.8.8.14")


def _filled(points: Sequence[Item], word: str) -> Numbers | None:
    """The value at each control point, (n,) float64, absent ones as at the point before."""
    held = column(points, word)
    if held is None or held[0][0] != 0:
        return None
    places, values = held
    filled: Numbers = values[np.searchsorted(places, np.arange(len(points)), side="right") - 1]
    return filled


def _leaves_move(beam: Item, points: Sequence[Item], delivering: npt.NDArray[np.bool_]) -> bool:
    held = positions(points, "", banks_of(beam, "BeamLimitingDeviceSequence"))
    return any(
        delivering[before.point : now.point].any() and values_differ([before.element, now.element])
        for entries in held.values()
        for before, now in pairwise(entries)
    )
