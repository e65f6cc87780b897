"""Samples of text and of private elements: what must pass through unharmed."""

from pydicom import DataElement, Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from .corpus import Encoding, bad, encode, sample, with_meta
from .devices import JAWS, field_of
from .elements import Values, item
from .plan import beam, plan
from .points import point, still

OPEN = field_of(-40, 40, -50, 50)
ITEM_TAG = b"\xfe\xff\x00\xe0"


@sample()
def names_japanese(name: str) -> Dataset:
    """A patient name in three scripts and Japanese labels, with code extensions.

    Trap: The character set has an empty first value and escape sequences; beams inherit it.
    See: C.12.1.1.2, PS3.5 H.3
    """
    charset: Values = {
        "SpecificCharacterSet": ["", "ISO 2022 IR 87"],
        "PatientName": "Phantom^Kikai=模型^機械=もけい^きかい",
    }
    beams = [beam(1, "前方", JAWS, still(OPEN)), beam(2, "左側方", JAWS, still(OPEN, GantryAngle=90))]
    return plan(name, beams, RTPlanLabel="計画一", RTPlanDescription="日本語の見本", **charset)


@sample(Encoding.IMPLICIT)
def names_cyrillic(name: str) -> Dataset:
    """A patient name and labels in a single-byte Cyrillic character set.

    Trap: The bytes mean nothing without the character set of the root.
    See: C.12.1.1.2
    """
    charset: Values = {"SpecificCharacterSet": "ISO_IR 144", "PatientName": "Фантом^Пример"}
    fields = [beam(1, "Спереди", JAWS, still(OPEN)), beam(2, "Слева", JAWS, still(OPEN, GantryAngle=90))]
    return plan(name, fields, RTPlanLabel="План 1", RTPlanDescription="Пример на русском языке", **charset)


@sample()
def names_utf8(name: str) -> Dataset:
    """Long labels in UTF-8, two of them equal in their first 16 characters.

    Trap: The second generation's label has 16 characters and is unique; some characters take three bytes.
    See: C.8.8.14 Beam Name and Entity Long Label, User Content Identification (10.9)
    """
    charset: Values = {"SpecificCharacterSet": "ISO_IR 192", "PatientName": "Phantom^Größe=幻影^測試"}
    beams = [
        beam(1, "Boost Überschneidung links", JAWS, still(OPEN), EntityLongLabel="Überschneidung → links"),
        beam(2, "Boost Überschneidung rechts", JAWS, still(OPEN, GantryAngle=270), BeamDescription="Größe geprüft"),
        beam(3, "Ελληνικά", JAWS, still(OPEN, GantryAngle=180)),
    ]
    return plan(name, beams, RTPlanLabel="Übersicht", RTPlanName="Ein Plan mit Umlauten: äöüß", **charset)


@sample()
def long_and_empty_names(name: str) -> Dataset:
    """Beams with an equal name, with an empty one and with none.

    Trap: A unique label of 16 characters must be found for each.
    See: 10.9, User Content Label
    """
    names = ["Field", "Field", "", None, "A name of exactly sixty-four characters, that is the limit of LO"]
    beams = [beam(i, label or "", JAWS, still(OPEN)) for i, label in enumerate(names, start=1)]
    del beams[3].BeamName
    return plan(name, beams)


@sample()
def private_elements(name: str) -> Dataset:
    """Private elements of several creators at the root, in a beam and in a control point.

    Trap: A plan integrity hash that must not be carried as if it were still valid; a private sequence stored as UN
    bytes; two creators in one group with different blocks; an XML text with its length beside it.
    See: PS3.5 7.8, PS3.5 6.2.2
    """
    result = plan(name, [beam(1, "AP", JAWS, still(OPEN))])
    xml = b'<?xml version="1.0"?><Extended><Beam Number="1" Technique="STATIC"/></Extended> '
    _private(result, 0x3253, 0x10, "Varian Medical Systems VISION 3253", {0x00: xml, 0x01: b"%d" % len(xml)})
    integrity = Dataset()
    _private(integrity, 0x3287, 0x10, "Varian Medical Systems VISION 3287", {0x04: bytes(range(32))})
    _private(result, 0x3287, 0x10, "Varian Medical Systems VISION 3287", {0x00: _as_unknown(integrity)})

    only = result.BeamSequence[0]
    nested = _as_unknown(item(BeamNumber=1, BeamName="Nested"))
    _private(only, 0x3285, 0x10, "Varian Medical Systems VISION 3285", {0x00: nested})
    first = only.ControlPointSequence[0]
    first.add(DataElement(0x32490010, "LO", "EXAMPLE PLANNING 1.0"))
    first.add(DataElement(0x32490011, "LO", "EXAMPLE MACHINE"))
    first.add(DataElement(0x32491001, "SH", "SEGMENT-A"))
    first.add(DataElement(0x32491101, "DS", "12.50"))
    first.add(DataElement(0x32491102, "SQ", [item(BeamDescription="In a private sequence")]))
    return result


@bad()
def private_leaves(name: str) -> bytes:
    """A helical delivery, whose leaves stand in private elements of its control points.

    Wrong: without them the beam is an open field that turns; what they mean only their vendor can say.
    See: PS3.5 7.8.1, A.86.1.6
    """
    points = [point(w, OPEN, GantryAngle=180, GantryRotationDirection=d) for w, d in ((0, "CW"), (1, "NONE"))]
    result = plan(name, [beam(1, "Helical", JAWS, points)])
    _private(result.BeamSequence[0], 0x300D, 0x10, "TOMO_HA_01", {0xA4: b"HELICAL "})
    _private(result.BeamSequence[0].ControlPointSequence[1], 0x300D, 0x10, "TOMO_HA_01", {0xA7: b"0.5\\0.25"})
    return encode(with_meta(result))


def _private(target: Dataset, group: int, block: int, creator: str, values: dict[int, bytes]) -> None:
    """Private elements of unknown value representation, in one block."""
    target.add(DataElement(group << 16 | block, "LO", creator))
    for element, value in values.items():
        target.add(DataElement(group << 16 | block << 8 | element, "UN", value))


def _as_unknown(content: Dataset) -> bytes:
    """One item of a sequence as UN carries it: Implicit VR Little Endian (PS3.5 6.2.2)."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, True
    length = write_dataset(buffer, content)
    return ITEM_TAG + length.to_bytes(4, "little") + buffer.getvalue()
