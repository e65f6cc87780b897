"""Matrices, orientation labels and distances inside one instance (10.39, C.36.2.2.19, C.36.12)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from transcoder.dicom.elements import Item, tag_of
from transcoder.findings import Finding
from transcoder.validator.catalogue_state import found
from transcoder.validator.patient import IEC_FIXED
from transcoder.validator.raw import Numbers, children, code, is_close, items_with, number, numbers, text
from transcoder.validator.reference_rules import COLLIMATORS, DEVICES, POINT_SEQUENCES

__all__ = ["MATRIX", "check", "is_rigid", "matrix_of"]

MATRIX = "ImageToEquipmentMappingMatrix"
# A matrix written with six decimals is orthonormal to about 1e-6; a float32 detour costs 1e-7 a term.
RIGID = 1e-4
X_ORIENTATION, Y_ORIENTATION = "130334", "130335"


def check(root: Item) -> Iterator[Finding]:
    """Findings about the geometry of one second-generation instance."""
    for path, item in items_with(root, tag_of(MATRIX), outside=[tag_of(word) for word in POINT_SEQUENCES]):
        yield from _matrix(item, f"{path}/{MATRIX}" if path else MATRIX)
    yield from _orientations(root)
    yield from _distances(root)


def _matrix(item: Item, path: str) -> Iterator[Finding]:
    if matrix_of(item, rigid=False) is not None and matrix_of(item) is None:
        message = "the matrix is not a rotation with a translation (determinant +1, last row 0 0 0 1, row by row)"
        yield found("V270", message, path, "PS3.3 10.39")


def matrix_of(item: Item, *, rigid: bool = True) -> Numbers | None:
    """The matrix of a position, (4, 4); ``None`` without 16 numbers, or when it has to be rigid and is not."""
    values = numbers(item.get(tag_of(MATRIX)))
    if values is None or values.size != 16:
        return None
    matrix = values.reshape(4, 4)
    return matrix if not rigid or is_rigid(matrix) else None


def is_rigid(matrix: Numbers) -> bool:
    """Whether a (4, 4) matrix is a rotation and a translation: orthonormal, determinant +1, last row 0 0 0 1."""
    rotation = matrix[:3, :3]
    return bool(
        np.allclose(matrix[3], (0, 0, 0, 1), atol=RIGID)
        and np.allclose(rotation @ rotation.T, np.eye(3), atol=RIGID)
        and np.linalg.det(rotation) > 0
    )


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
