"""The reader of the standard's text, on a few tables in the shape of that text."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

TABLES = """## C.1 Codes
Table 8.8-1. Code Sequence Macro Attributes
Attribute Name | Tag | Type | Attribute Description
Code Value | (0008,0100) | 1C | The code.

## C.2 Device
Table 10.36-1. Device Identification Macro Attributes
Attribute Name | Tag | Type | Attribute Description
Device Type Code Sequence | (3010,002E) | 1 | The type.
>Include Table 8.8-1 “Code Sequence Macro Attributes” | BCID 9573 “Devices”.
Device Label | (3010,002D) | 1 | Label, see CID 4711.

## C.3 Use
Table C.3-1. Treatment Module Attributes
Attribute Name | Tag | Type | Attribute Description
Treatment Device Identification Sequence | (300A,063A) | 1 | The device. ¶ Only a single Item shall be included.
>Include Table 10.36-1 “Device Identification Macro Attributes”. | DCID 9551 “Treatment Delivery Device Type”.
Energy Unit Code Sequence | (300A,0684) | 2 | The unit.
>Include Table 8.8-1, “Code Sequence Macro Attributes” | If it is a photon, Defined CID is 9521 "Units"
Text after the table speaks of CID 4712.
"""


@pytest.fixture(scope="module")
def reader() -> ModuleType:
    """The script, which is no part of the package."""
    path = Path(__file__).parents[2] / ".ci" / "read_text.py"
    spec = importlib.util.spec_from_file_location("read_text", path)
    assert spec
    assert spec.loader
    module = sys.modules["read_text"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_invocation_is_stronger_than_its_macro(reader: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "sect_C.txt").write_text(TABLES, "utf-8")
    tables, others = reader.read(tmp_path)
    reached, named = reader.Reader(tables).expand("C.3-1")
    device = ("TreatmentDeviceIdentificationSequence", "DeviceTypeCodeSequence")
    assert reached[device] == ("1", "10.36-1")
    assert named == {
        device: [("C.3-1", "defined", "CID 9551")],
        ("EnergyUnitCodeSequence",): [("C.3-1", "defined", "CID 9521")],
    }
    assert [(section, number) for section, number, _ in others] == [("C.2", "10.36-1"), ("C.3", "C.3-1")]


def test_a_group_is_for_the_sequence_that_is_named(reader: ModuleType) -> None:
    cell = "Radiation Type Code Sequence (300A,067F) DCID 9525 “Particle”. ¶ BTID 15302 “Parameters”."
    assert list(reader.mentions("x", cell)) == [
        (("x", "defined", "CID 9525"), "RadiationTypeCodeSequence"),
        (("x", "baseline", "TID 15302"), ""),
    ]


def test_a_line_that_nobody_has_read_stops_the_reader(reader: ModuleType) -> None:
    assert reader.said("C.36.2.2.19.1")
    with pytest.raises(SystemExit):
        reader.said("C.99")


def test_names_of_modules_become_highdicoms_keys(reader: ModuleType) -> None:
    assert reader.key_of("C-Arm Photon-Electron Beam Module Attributes") == "c-arm-photon-electron-beam"
