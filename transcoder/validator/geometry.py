"""Matrices and angles: rigid, and of one mind with what is displayed beside them (10.39, 10.40, C.36.2.2.19)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from transcoder.dicom.elements import Item, tag_of
from transcoder.findings import Finding
from transcoder.validator.catalogue_state import found
from transcoder.validator.raw import Numbers, children, code, each_item, is_close, number, numbers, text
from transcoder.validator.reference_rules import COLLIMATORS, DEVICES, POINT_SEQUENCES

__all__ = ["check", "couch_rotation", "is_rigid", "patient_rotation"]

MATRIX = "ImageToEquipmentMappingMatrix"
IEC_FIXED, IEC_TABLE_TOP = "1.2.840.10008.1.4.3.1", "1.2.840.10008.1.4.3.3"
# A matrix written with six decimals is orthonormal to about 1e-6; a float32 detour costs 1e-7 a term.
RIGID = 1e-4
# Displayed couch angles are rounded to a tenth of a degree or better.
ANGLE = np.radians(0.5)
X_ORIENTATION, Y_ORIENTATION = "130334", "130335"
# Table 10.40-2 and Table 10.40-3: the codes of yaw, pitch and roll.
YAW, PITCH, ROLL = {"126801", "126814"}, {"126802", "126812"}, {"126803", "126813"}
ECCENTRIC = {"126804", "126805"}

SUPINE, PRONE, LATERAL_LEFT, LATERAL_RIGHT = "40199007", "1240000", "102536004", "102535000"
HEAD_FIRST, FEET_FIRST = "102540008", "102541007"
# Rows give FIXED X, Y, Z in patient axes (x left, y posterior, z head) with the couch at zero.
_PATIENT = {
    (HEAD_FIRST, SUPINE): ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    (FEET_FIRST, SUPINE): ((-1, 0, 0), (0, 0, -1), (0, -1, 0)),
    (HEAD_FIRST, PRONE): ((-1, 0, 0), (0, 0, 1), (0, 1, 0)),
    (FEET_FIRST, PRONE): ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    (HEAD_FIRST, LATERAL_RIGHT): ((0, 1, 0), (0, 0, 1), (1, 0, 0)),
    (HEAD_FIRST, LATERAL_LEFT): ((0, -1, 0), (0, 0, 1), (-1, 0, 0)),
    (FEET_FIRST, LATERAL_RIGHT): ((0, -1, 0), (0, 0, -1), (1, 0, 0)),
    (FEET_FIRST, LATERAL_LEFT): ((0, 1, 0), (0, 0, -1), (-1, 0, 0)),
}


def check(root: Item) -> Iterator[Finding]:
    """Findings about the geometry of one second-generation instance."""
    tag = tag_of(MATRIX)
    skipped = tuple(POINT_SEQUENCES)
    for path, item in each_item(root):
        if tag in item and not path.startswith(skipped):
            yield from _matrix(root, item, path)
    yield from _orientations(root)
    yield from _distances(root)


def is_rigid(matrix: Numbers) -> bool:
    """Whether a (4, 4) matrix is a rotation and a translation: orthonormal, determinant +1, last row 0 0 0 1."""
    rotation = matrix[:3, :3]
    return bool(
        np.allclose(matrix[3], (0, 0, 0, 1), atol=RIGID)
        and np.allclose(rotation @ rotation.T, np.eye(3), atol=RIGID)
        and np.linalg.det(rotation) > 0
    )


def couch_rotation(yaw: float, pitch: float, roll: float) -> Numbers:
    """Rotation of the table top in IEC FIXED, angles in degrees, applied yaw, pitch, roll (C.8.8.14.12)."""
    z, x, y = np.radians([yaw, pitch, roll])
    turn = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    lean = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    rotation: Numbers = turn @ tilt @ lean
    return rotation


def patient_rotation(root: Item) -> list[Numbers]:
    """Rotations from patient to table that the orientation codes allow; all eight when they say nothing known."""
    if text(root, "FrameOfReferenceUID") == IEC_TABLE_TOP:  # no patient model yet (10.39.1.2)
        return [np.eye(3)]
    modifier = ""
    for entry in children(root, "PatientOrientationCodeSequence"):
        modifier = code(entry, "PatientOrientationModifierCodeSequence")
    key = (code(root, "PatientEquipmentRelationshipCodeSequence"), modifier)
    if key in _PATIENT:
        return [np.array(_PATIENT[key], dtype=np.float64)]
    return [np.array(rows, dtype=np.float64) for rows in _PATIENT.values()]


def _matrix(root: Item, item: Item, path: str) -> Iterator[Finding]:
    place = f"{path}/{MATRIX}" if path else MATRIX
    values = numbers(item.get(tag_of(MATRIX)))
    if values is None or values.size != 16:
        return
    matrix = values.reshape(4, 4)
    if not is_rigid(matrix):
        message = "the matrix is not a rotation with a translation (determinant +1, last row 0 0 0 1, row by row)"
        yield found("V270", message, place, "PS3.3 10.39")
        return
    if text(root, "EquipmentFrameOfReferenceUID") in ("", IEC_FIXED):
        yield from _couch(root, item, matrix, place)


def _couch(root: Item, item: Item, matrix: Numbers, place: str) -> Iterator[Finding]:
    angles = _displayed(item)
    if angles is None:
        return
    couch = couch_rotation(*angles)
    deviations = [_angle_between(matrix[:3, :3], couch @ patient) for patient in patient_rotation(root)]
    if min(deviations) > ANGLE:
        message = f"the displayed couch angles turn the patient {np.degrees(min(deviations)):.1f} degrees away from it"
        yield found("V271", message, place, "PS3.3 10.39.1.2")


def _displayed(item: Item) -> tuple[float, float, float] | None:
    """Yaw, pitch and roll in degrees when the support position shows any angle and no eccentric rotation."""
    angles = [0.0, 0.0, 0.0]
    seen = False
    for position in children(item, "PatientSupportPositionSequence"):
        for device in children(position, "PatientSupportPositionDeviceParameterSequence"):
            for parameter in children(device, "PatientSupportPositionParameterSequence"):
                name, value = code(parameter, "ConceptNameCodeSequence"), number(parameter, "NumericValue")
                if name in ECCENTRIC and value:
                    return None
                for place, names in enumerate((YAW, PITCH, ROLL)):
                    if name in names and value is not None:
                        angles[place], seen = value, True
    return (angles[0], angles[1], angles[2]) if seen else None


def _angle_between(left: Numbers, right: Numbers) -> float:
    """The rotation angle that carries one rotation into the other, radians."""
    cosine = (np.trace(left.T @ right) - 1) / 2
    return float(np.arccos(np.clip(cosine, -1, 1)))


def _orientations(root: Item) -> Iterator[Finding]:
    """Angle 0 is labelled X, angle 90 is labelled Y (C.36.2.2.19.1.1)."""
    for place, device in enumerate(children(root, COLLIMATORS)):
        angle = number(device, "BeamModifierOrientationAngle")
        for parallel in children(device, "ParallelRTBeamDelimiterDeviceSequence")[:1]:
            word = "ParallelRTBeamDelimiterDeviceOrientationLabelCodeSequence"
            label = code(parallel, word)
            due = {0.0: X_ORIENTATION, 90.0: Y_ORIENTATION}.get(angle) if angle is not None else None
            if due and label and label != due:
                path = f"{COLLIMATORS}[{place}]/ParallelRTBeamDelimiterDeviceSequence[0]/{word}"
                message = f"the label at {angle:g} degrees is not {due}"
                yield found("V272", message, path, "PS3.3 C.36.2.2.19.1.1")


def _distances(root: Item) -> Iterator[Finding]:
    plane, axis = number(root, "RTBeamModifierDefinitionDistance"), number(root, "RadiationSourceAxisDistance")
    iec = text(root, "EquipmentFrameOfReferenceUID") == IEC_FIXED
    if iec and plane is not None and axis is not None and not is_close(plane, axis, absolute=1e-3):
        message = f"{plane:g} mm, RadiationSourceAxisDistance is {axis:g} mm; with the IEC frame they are the same"
        yield found("V273", message, "RTBeamModifierDefinitionDistance", "PS3.3 C.36.12.2.1")
    for sequence in DEVICES:
        for place, device in enumerate(children(root, sequence)):
            near = number(device, "RTBeamLimitingDeviceProximalDistance")
            far = number(device, "RTBeamLimitingDeviceDistalDistance")
            if near is not None and far is not None and near > far:
                message = "the proximal end lies farther from the source than the distal end"
                path = f"{sequence}[{place}]/RTBeamLimitingDeviceProximalDistance"
                yield found("V274", message, path, "PS3.3 C.36.2.2.19.1.4")
