"""Attributes that an old system passed on as UN are read as what they are (PS3.5 6.2.2)."""

from __future__ import annotations

import struct
from pathlib import Path

import pydicom
import pytest
from pydicom import config
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

import transcoder
from transcoder.batch import Options, convert_folder
from transcoder.mapping.catalog import load

from ..conftest import SAMPLES

ITEM = b"\xfe\xff\x00\xe0"


@pytest.fixture
def unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """pydicom writes UN where it is told to."""
    monkeypatch.setattr(config, "replace_un_with_known_vr", False)


def implicit(content: pydicom.Dataset) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, True
    write_dataset(buffer, content)
    return buffer.getvalue()


def as_unknown(element: pydicom.DataElement) -> pydicom.DataElement:
    if element.VR == "SQ":
        items = [implicit(child) for child in element.value]
        raw = b"".join(ITEM + struct.pack("<I", len(item)) + item for item in items)
    else:
        alone = pydicom.Dataset()
        alone.add(element)
        raw = implicit(alone)[8:]
    return pydicom.DataElement(element.tag, "UN", raw)


def without_knowledge(name: str, path: Path) -> Path:
    """A sample whose beams, and the first points of them, hold nothing but what the writer does not know."""
    plan = pydicom.dcmread(SAMPLES / "first" / f"{name}.dcm")
    for beam in plan.BeamSequence:
        for item in (beam.ControlPointSequence[0], beam):
            for element in [each for each in item if not each.tag.is_private and each.tag != 0x300A0111]:
                item[element.tag] = as_unknown(element)
    plan.save_as(path)
    return path


@pytest.mark.usefixtures("unknown")
@pytest.mark.parametrize("name", ["fff", "wedge-standard", "enhanced-devices", "treatment-technique", "static-mlc"])
def test_unknown_is_read_as_what_it_is(name: str, tmp_path: Path) -> None:
    plain = transcoder.transcode(transcoder.read([SAMPLES / "first" / f"{name}.dcm"]))
    made = transcoder.transcode(transcoder.read([without_knowledge(name, tmp_path / "plan.dcm")]))
    assert [each.to_json() for each in made.bundle.instances] == [each.to_json() for each in plain.bundle.instances]
    assert made.account.source == plain.account.source


@pytest.mark.usefixtures("unknown")
def test_bytes_that_are_no_sequence_are_damage(tmp_path: Path) -> None:
    plan = pydicom.dcmread(SAMPLES / "first" / "fff.dcm")
    plan.BeamSequence[0][0x30020050] = pydicom.DataElement(0x30020050, "UN", b"no items")
    plan.save_as(tmp_path / "plan.dcm")
    (line,) = convert_folder([tmp_path / "plan.dcm"], tmp_path / "out", load(), Options())
    (fault,) = (each for each in line.findings if each.severity is transcoder.Severity.ERROR)
    assert (line.status, fault.code, fault.path) == ("refused", "S003", "BeamSequence[0]/PrimaryFluenceModeSequence")
