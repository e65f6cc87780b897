"""Displayed couch parameters: their units and places, and whether they say what the matrix says (10.39, 10.40).

The text gives no zero of the table top and no place of the patient on it, so that a table top position by itself says
nothing of the matrix. Positions of one planned radiation are compared with each other instead: the patient does not
move on the table between them. Positions of a record are not (C.36.12.1.1), nor what a vendor's codes, an eccentric
table top, several devices at once or an isocentric support move, since the text does not say along which axes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from transcoder.dicom.elements import Item, tag_of
from transcoder.findings import Finding
from transcoder.validator.catalogue_state import found
from transcoder.validator.geometry import MATRIX, matrix_of
from transcoder.validator.patient import IEC_FIXED, IEC_TABLE_TOP, lies, turned
from transcoder.validator.raw import Numbers, children, code, number, numbers, text
from transcoder.validator.reference_rules import PARAMETERS, TOLERANCES
from transcoder.validator.references import places

__all__ = ["check", "couch_rotation"]

CITE, PARAMETER_CITE = "PS3.3 10.39.1.2", "PS3.3 10.40.1"
POSITIONS, SHOWN = "TreatmentPositionSequence", "PatientSupportPositionSequence"
# Tables 10.40-2 and 10.40-3, in the order of the tables.
IEC = ("126801", "126806", "126807", "126808", "126802", "126803")
ISOCENTRIC = ("126814", "126812", "126813", "126815", "126816", "126817")
ECCENTRIC_DISTANCE, ECCENTRIC_ANGLE = "126804", "126805"
ANGLES = frozenset([*IEC[:1], *IEC[4:], *ISOCENTRIC[:3], ECCENTRIC_ANGLE])
LENGTHS = frozenset([*IEC[1:4], *ISOCENTRIC[3:], ECCENTRIC_DISTANCE])
UNITS = dict.fromkeys(sorted(ANGLES), "deg") | dict.fromkeys(sorted(LENGTHS), "mm")
# Where parameters are listed, one list for each support device: displayed positions and tolerances (C.36.2.2.17).
LISTS = (
    (f"{POSITIONS}/{SHOWN}/{PARAMETERS}", "PatientSupportPositionParameterSequence"),
    (f"RTToleranceSetSequence/{TOLERANCES}", "PatientSupportPositionToleranceSequence"),
)
LOCATION, TREATMENT_POINT = "PatientLocationCoordinatesSequence", "130073"
REFERENCE, ISOCENTER = "EquipmentReferencePointCoordinatesSequence", "130359"
# Displayed angles are rounded to a tenth of a degree or better, lengths to a millimetre; what images found of the
# patient's lie on the day of treatment turns a recorded matrix by a few degrees more.
ANGLE, RECORDED_ANGLE, LENGTH = np.radians(0.5), np.radians(5.0), 2.0
# Beyond half a right angle another orientation code than the one given would be nearer.
ANOTHER_LIE = np.radians(45.0)


class Support(NamedTuple):
    """A displayed support position: its yaw about FIXED Z, the tilt within, and where the table top lies."""

    turn: Numbers
    tilt: Numbers
    shift: Numbers | None


def check(root: Item) -> Iterator[Finding]:
    """Findings about the displayed couch parameters of one second-generation instance."""
    for path, word in LISTS:
        for place, chain in places(root, path):
            parameters = children(chain[-1], word)
            yield from _listed(parameters, f"{place}/{word}")
            if path.startswith(POSITIONS):
                yield from _order(parameters, f"{place}/{word}")
    if text(root, "EquipmentFrameOfReferenceUID") not in ("", IEC_FIXED):
        return
    held: list[tuple[str, Numbers, Support]] = []
    for count, position in enumerate(children(root, POSITIONS)):
        place = f"{POSITIONS}[{count}]"
        matrix, support = matrix_of(position), _support(position)
        if matrix is None:
            continue
        yield from _location(root, position, matrix, place)
        if support is not None:
            yield from _lie(root, matrix, support, f"{place}/{MATRIX}")
            held.append((f"{place}/{MATRIX}", matrix, support))
    if text(root, "RTRecordFlag") != "YES":
        yield from _moves(held)


def couch_rotation(yaw: float, pitch: float, roll: float) -> Numbers:
    """Rotation of the table top in IEC FIXED, angles in degrees, applied yaw, pitch, roll (C.8.8.14.12)."""
    rotation: Numbers = _turn(yaw) @ _tilt(pitch, roll)
    return rotation


def _turn(yaw: float) -> Numbers:
    z = np.radians(yaw)
    return np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])


def _tilt(pitch: float, roll: float) -> Numbers:
    x, y = np.radians([pitch, roll])
    tilt = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    lean = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    both: Numbers = tilt @ lean
    return both


def _concept(parameter: Item) -> str:
    """The code of a parameter of the tables, empty for one of a vendor."""
    name = code(parameter, "ConceptNameCodeSequence")
    scheme = [text(entry, "CodingSchemeDesignator") for entry in children(parameter, "ConceptNameCodeSequence")]
    return name if name in UNITS and scheme[:1] == ["DCM"] else ""


def _listed(parameters: Sequence[Item], path: str) -> Iterator[Finding]:
    """Units, and each parameter of the tables once (10.40.1)."""
    names = [_concept(parameter) for parameter in parameters]
    for place, (name, parameter) in enumerate(zip(names, parameters, strict=True)):
        unit = code(parameter, "MeasurementUnitsCodeSequence")
        if name and unit and unit != UNITS[name]:
            message = f"{'an angle' if name in ANGLES else 'a length'} ({name}) in {unit}, {UNITS[name]} is due"
            yield found("V276", message, f"{path}[{place}]/MeasurementUnitsCodeSequence", PARAMETER_CITE)
    for name, times in Counter(filter(None, names)).items():
        if times > 1:
            place = len(names) - 1 - names[::-1].index(name)
            message = f"parameter {name} is shown {times} times"
            yield found("V277", message, f"{path}[{place}]/ConceptNameCodeSequence", PARAMETER_CITE)


def _order(parameters: Sequence[Item], path: str) -> Iterator[Finding]:
    """The parameters of a device that uses one of the tables stand in its order; tolerances are not applied in one."""
    names = [_concept(parameter) for parameter in parameters]
    for table, section in ((IEC, "10.40.1.1"), (ISOCENTRIC, "10.40.1.2")):
        # Codes of both tables, or of a vendor among them, follow the order that the vendor documents.
        order = [table.index(name) for name in names] if set(names) <= set(table) else []
        if order != sorted(order):
            yield found("V277", "the parameters are not in the order of the table", path, f"PS3.3 {section}")


def _support(position: Item) -> Support | None:
    """The displayed position where one device shows at least an angle, all of it by codes of one table."""
    lists = [
        children(device, "PatientSupportPositionParameterSequence")
        for shown in children(position, SHOWN)
        for device in children(shown, PARAMETERS)
    ]
    if len(lists) != 1:
        return None
    names = [_concept(parameter) for parameter in lists[0]]
    values = {name: number(each, "NumericValue") for name, each in zip(names, lists[0], strict=True)}
    if len(values) < len(names) or None in values.values() or values.get(ECCENTRIC_ANGLE):
        return None
    known = {name: value for name, value in values.items() if value is not None}
    known.pop(ECCENTRIC_ANGLE, None)
    table = next((table for table in (IEC, ISOCENTRIC) if known.keys() <= set(table)), None)
    if table is None or ANGLES.isdisjoint(known) or _has_other_units(names, lists[0]):
        return None
    angles = [known.get(name, 0.0) for name in table if name in ANGLES]  # yaw, pitch, roll in both tables
    lengths = [known[name] for name in IEC if name in LENGTHS and name in known]
    return Support(_turn(angles[0]), _tilt(*angles[1:]), np.array(lengths) if len(lengths) == 3 else None)


def _has_other_units(names: Sequence[str], parameters: Sequence[Item]) -> bool:
    units = (code(parameter, "MeasurementUnitsCodeSequence") for parameter in parameters)
    return any(unit and unit != UNITS[name] for name, unit in zip(names, units, strict=True))


def _lie(root: Item, matrix: Numbers, support: Support, path: str) -> Iterator[Finding]:
    """The couch angles on top of the patient's orientation give the rotation of the matrix."""
    couch = support.turn @ support.tilt
    away = min(turned(matrix[:3, :3], couch @ patient) for patient in lies(root))
    on_table = text(root, "FrameOfReferenceUID") == IEC_TABLE_TOP
    message = f"the displayed couch angles turn the patient {np.degrees(away):.1f} degrees away from it"
    if away > (ANGLE if on_table else ANOTHER_LIE):
        yield found("V271", message, path, CITE)
    elif away > (RECORDED_ANGLE if text(root, "RTRecordFlag") == "YES" else ANGLE):
        yield found("V275", message, path, CITE)


def _moves(held: Sequence[tuple[str, Numbers, Support]]) -> Iterator[Finding]:
    """From position to position the matrices move the patient as the displayed couch moves.

    A point p of the patient lies at turn (shift + tilt (R p + d)), with R and d the same at all positions. Pitch and
    roll turn about the origin of the table top (C.8.8.14.12), from which the patient's distance d is unknown: lengths
    are compared between positions of the same pitch and roll.
    """
    origins: dict[bytes, Numbers] = {}
    for path, matrix, support in held:
        turn = turned(_on_table(*held[0][1:]), _on_table(matrix, support))
        if turn > ANGLE:
            message = f"against the first position it turns the patient {np.degrees(turn):.1f} degrees away"
            yield found("V271", f"{message} from where the displayed couch turns", path, CITE)
        elif support.shift is not None:
            origin = support.turn.T @ matrix[:3, 3] - support.shift
            gap = float(np.linalg.norm(origin - origins.setdefault(_same(support.tilt), origin)))
            if gap > LENGTH:
                message = f"against an earlier position it moves the patient {gap:.1f} mm away"
                yield found("V271", f"{message} from where the displayed table top moves", path, CITE)


def _on_table(matrix: Numbers, support: Support) -> Numbers:
    """The patient's orientation on the table top: the rotation of the matrix with that of the couch taken out."""
    rotation: Numbers = (support.turn @ support.tilt).T @ matrix[:3, :3]
    return rotation


def _same(tilt: Numbers) -> bytes:
    """A key that rotations share which differ by rounding only."""
    rounded: bytes = (np.round(tilt, 4) + 0.0).tobytes()
    return rounded


def _location(root: Item, position: Item, matrix: Numbers, place: str) -> Iterator[Finding]:
    """The isocentric treatment location of the patient lies at the isocentre of the machine."""
    isocenter = _isocenter(root)
    for count, point in enumerate(children(position, LOCATION)):
        named = {text(entry, "CodeValue") for entry in children(point, "PatientLocationCoordinatesCodeSequence")}
        where = numbers(point.get(tag_of("ThreeDPointCoordinates")))
        if TREATMENT_POINT in named and where is not None and where.size == 3:
            gap = float(np.linalg.norm(matrix[:3, :3] @ where + matrix[:3, 3] - isocenter))
            if gap > LENGTH:
                message = f"the matrix brings the isocentric treatment location {gap:.1f} mm off the isocentre"
                yield found("V278", message, f"{place}/{LOCATION}[{count}]/ThreeDPointCoordinates", "PS3.3 10.39")


def _isocenter(root: Item) -> Numbers:
    """Where the machine has its isocentre: as said, else at the origin of IEC FIXED."""
    for point in children(root, REFERENCE):
        where = numbers(point.get(tag_of("ThreeDPointCoordinates")))
        if code(point, "EquipmentReferencePointCodeSequence") == ISOCENTER and where is not None and where.size == 3:
            return where
    return np.zeros(3)
