"""Overlays change what they name, nothing else, and never by accident; scalars stay what they look like."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from transcoder.api import convert_instance
from transcoder.dicom.files import read_file
from transcoder.mapping.catalog import load
from transcoder.mapping.model import Mapping
from transcoder.mapping.yamlmarks import read

SAMPLES = Path(__file__).parents[2] / "samples" / "first"


def _load(tmp_path: Path, text: str) -> Mapping:
    path = tmp_path / "site.yaml"
    path.write_text("overlay: test\n" + text, "utf-8")
    return load([path])


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("12:30:00", "12:30:00"),
        ("0010", "0010"),
        ("2026-01-03", "2026-01-03"),
        ("1e5", "1e5"),
        ("0x10", "0x10"),
        ("null", "null"),
        ("~", "~"),
        ("1.", "1."),
        ("'7'", "7"),
        ("7", 7),
        ("-7", -7),
        ("0.5", 0.5),
        ("true", True),
        ("'true'", "true"),
    ],
)
def test_strict_scalars(written: str, read_as: object, tmp_path: Path) -> None:
    path = tmp_path / "value.yaml"
    path.write_text(f"value: {written}\n", "utf-8")
    value = read(path).data["value"]
    assert value == read_as
    assert type(value) is type(read_as)


def test_a_rule_is_changed_by_its_id(tmp_path: Path) -> None:
    before, after = load().rules(), _load(tmp_path, "rules:\n  set.intent: {otherwise: [refuse]}\n").rules()
    assert [each.action for each in after["set.intent"].otherwise] == ["refuse"]
    assert after["set.intent"].first == before["set.intent"].first
    assert {name for name in before if before[name] != after[name]} == {"set.intent"}


def test_a_rule_of_a_fragment_is_changed_where_it_is_named(tmp_path: Path) -> None:
    before = load().rules()
    mapping = _load(tmp_path, "rules:\n  wedge.code_absent: {value: none known}\n")
    after = mapping.rules()
    assert {name for name in before if before[name].value != after[name].value} == {"wedge.code_absent"}
    assert before["device.code_absent"].value == after["device.code_absent"].value == "empty"
    assert str(after["wedge.code_absent"].mark) == str(before["wedge.code_absent"].mark)


def test_the_shipped_mapping_stays_as_it_is(tmp_path: Path) -> None:
    _load(tmp_path, "rules:\n  set.intent: {otherwise: [refuse]}\n")
    assert [each.action for each in load().rules()["set.intent"].otherwise] == ["site", "assume"]


def test_a_rule_is_added(tmp_path: Path) -> None:
    text = "add:\n  plan.radiation:\n  - {id: my.limit, second: TreatmentTimeLimit, value: 300, cite: PS3.3 C.36.13}\n"
    assert _load(tmp_path, text).rules()["my.limit"].value == 300


def test_a_row_is_added_to_a_table(tmp_path: Path) -> None:
    text = "concepts: {skin: ['1', 99X, Skin]}\ntables:\n  special_mode:\n    rows: [[TSEI, skin]]\n"
    table = _load(tmp_path, text).tables["special_mode"]
    assert table.rows == (("TBI", "total_body_irradiation"), ("TSEI", "skin"))


def test_a_row_is_replaced(tmp_path: Path) -> None:
    table = _load(tmp_path, "tables:\n  fluence_assumed:\n    rows: [[NON_STANDARD, partially_flattened]]\n").tables
    assert table["fluence_assumed"].rows == (("NON_STANDARD", "partially_flattened"),)


def test_a_class_is_added(tmp_path: Path) -> None:
    family = _load(tmp_path, "sop_classes: {'1.2.3': private}\n").families["plan"]
    assert dict(family.sop_classes)["1.2.3"] == "private"


def test_an_overlay_names_another_edition(tmp_path: Path) -> None:
    assert _load(tmp_path, "site: {fractions: 30}\n").digest != load().digest


def test_an_example_names_no_other_edition(tmp_path: Path) -> None:
    text = "rules:\n  beam.sad: {example: {first: {}, second: {}}}\n"
    one = _load(tmp_path, text)
    assert one.rules()["beam.sad"].example == {"first": {}, "second": {}}
    # The overlay itself is part of the edition, so compare two that differ in the example only.
    other = _load(tmp_path / "..", text.replace("first: {}", "first: {SourceAxisDistance: 1}"))
    assert one.digest == other.digest


def _converted(mapping: Mapping, name: str) -> list[pydicom.Dataset]:
    outcome = convert_instance(read_file(SAMPLES / name), [], mapping)
    from io import BytesIO

    return [pydicom.dcmread(BytesIO(made.data), force=True) for made in outcome.made]


def test_a_site_value_is_used(tmp_path: Path) -> None:
    mapping = _load(tmp_path, "site: {jaw_boundaries: [-210, 210]}\n")
    assert _boundaries(_converted(mapping, "static-jaws-symmetric.dcm")[1]) == [[-210.0, 210.0], [-210.0, 210.0]]


def test_a_machine_value_goes_before_a_site_value(tmp_path: Path) -> None:
    machine = pydicom.dcmread(SAMPLES / "static-jaws-symmetric.dcm").BeamSequence[0].TreatmentMachineName
    text = f"site: {{jaw_boundaries: [-210, 210]}}\nmachines:\n  {machine}: {{jaw_boundaries: [-190, 190]}}\n"
    mapping = _load(tmp_path, text)
    assert _boundaries(_converted(mapping, "static-jaws-symmetric.dcm")[1]) == [[-190.0, 190.0], [-190.0, 190.0]]


def _boundaries(radiation: pydicom.Dataset) -> list[list[float]]:
    return [
        list(device.ParallelRTBeamDelimiterDeviceSequence[0].ParallelRTBeamDelimiterBoundaries)
        for device in radiation.RTBeamLimitingDeviceDefinitionSequence
    ]
