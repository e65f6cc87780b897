"""How a patient lies on the table: orientation codes as rotations (C.36.2.2.4, 10.12)."""

from __future__ import annotations

import numpy as np

from transcoder.dicom.elements import Item
from transcoder.validator.raw import Numbers, children, code, text

__all__ = ["IEC_FIXED", "IEC_TABLE_TOP", "lies", "turned"]

IEC_FIXED, IEC_TABLE_TOP = "1.2.840.10008.1.4.3.1", "1.2.840.10008.1.4.3.3"
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


def lies(root: Item) -> list[Numbers]:
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


def turned(left: Numbers, right: Numbers) -> float:
    """The rotation angle that carries one rotation into the other, radians."""
    cosine = (np.trace(left.T @ right) - 1) / 2
    return float(np.arccos(np.clip(cosine, -1, 1)))
