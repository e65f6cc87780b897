"""Treatment records beside the RT Radiation Set of their plan, which gave the instructions or stands for the plan."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pydicom
import pytest
from click.testing import CliRunner

import transcoder
from transcoder import ConversionError, Severity
from transcoder.api import convert_instance
from transcoder.cli.convert import convert
from transcoder.dicom.elements import scan, tag_of
from transcoder.dicom.files import read_file
from transcoder.dicom.instance import Instance
from transcoder.mapping.catalog import load

from ..conftest import SAMPLES

sys.path.insert(0, str(SAMPLES))
from plans import GOOD, with_meta
from plans.records_of_sets import sets_of
from plans.session import record, whole_fraction

FIRST, SECOND = SAMPLES / "records" / "first", SAMPLES / "records" / "second"
NAME = "delivered-from-the-set"
SET, RECORD_SET, RECORD, TREATMENT = (f"1.2.840.10008.5.1.4.1.1.481.{number}" for number in (12, 16, 19, 4))
# A plan tells more of how its beams came about than its set: what each differs in and why it may.
MADE = {"FrameOfReferenceUID", "PositionReferenceIndicator", "UserContentLongLabel", "ContentDescription"}


def made(name: str) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path) for path in sorted((SECOND / name).glob("*.dcm"))]


def given(name: str, word: str) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path) for path in sorted(FIRST.glob(f"{name}.{word}*.dcm"))]


def test_set_and_radiations_are_named() -> None:
    whole, *records = made(NAME)
    (planned,) = given(NAME, "set")
    radiations = {each.DefinitionSourceSequence[0].ReferencedBeamNumber: each for each in given(NAME, "radiation")}
    (named,) = whole.ReferencedRTRadiationSetSequence
    assert (named.ReferencedSOPClassUID, named.ReferencedSOPInstanceUID) == (SET, planned.SOPInstanceUID)
    for each in records:
        radiation = radiations[each.DefinitionSourceSequence[0].ReferencedBeamNumber]
        (named,) = each.ReferencedRTInstanceSequence
        assert named.ReferencedSOPInstanceUID == radiation.SOPInstanceUID
        # The same machine, beam by beam.
        assert each.RadiationSourceAxisDistance == radiation.RadiationSourceAxisDistance
    assert whole.RTTreatmentFractionCompletionStatus == "COMPLETE"
    assert (whole.RTRadiationSetDeliveryNumber, whole.ClinicalFractionNumber) == (1, 1)


def test_metersets_tell_which_set_it_was() -> None:
    whole, only = made("one-set-of-two")
    sets = {each.IntendedNumberOfFractions: each.SOPInstanceUID for each in given("one-set-of-two", "set")}
    assert whole.ReferencedRTRadiationSetSequence[0].ReferencedSOPInstanceUID == sets[5]
    radiations = {each.SOPInstanceUID: each for each in given("one-set-of-two", "radiation")}
    named = radiations[only.ReferencedRTInstanceSequence[0].ReferencedSOPInstanceUID]
    assert named.CArmPhotonElectronControlPointSequence[-1].CumulativeMeterset == 50


@pytest.mark.parametrize(
    "name", ["mlcy", "leaves-and-one-jaw", "wedge-motorized", "electron-applicator-cutout", "fff", "couch-kicks"]
)
def test_a_set_gives_what_its_plan_gives(name: str) -> None:
    plan = with_meta(GOOD[name].build())
    delivered = with_meta(record(name, plan, whole_fraction(plan)))
    sets = [with_meta(each) for each in sets_of(plan, name).values()]
    by_plan, by_set = (
        [each for each in transcoder.transcode(transcoder.read([delivered, *beside]), to="second").bundle.instances
         if each.SOPClassUID in (RECORD_SET, RECORD)]
        for beside in ([plan], sets)
    )  # fmt: skip
    assert len(by_plan) == len(by_set) > 1
    for one, other in zip(by_plan, by_set, strict=True):
        for each in (one, other):
            for word in MADE:
                each.pop(word, None)
        assert one == other


def test_the_plan_is_named_again_where_its_set_is_at_hand() -> None:
    paths = [*(SECOND / NAME).glob("*.dcm"), *FIRST.glob(f"{NAME}.set*"), *FIRST.glob(f"{NAME}.radiation*")]
    home = transcoder.transcode(transcoder.read(paths), to="first").bundle.instances
    (back,) = [each for each in home if each.SOPClassUID == TREATMENT]
    source = pydicom.dcmread(FIRST / f"{NAME}.dcm")
    assert back.ReferencedRTPlanSequence == source.ReferencedRTPlanSequence
    assert back.NumberOfFractionsPlanned == source.NumberOfFractionsPlanned
    (alone,) = transcoder.transcode(transcoder.read([SECOND / NAME]), to="first").bundle.instances
    assert alone["ReferencedRTPlanSequence"].is_empty
    assert alone["NumberOfFractionsPlanned"].is_empty


def _read(path: Path) -> Instance:
    found = read_file(path)
    assert isinstance(found, Instance)
    return found


def test_a_plan_made_from_the_set_leads_to_it() -> None:
    """The set came first here: it names no plan, and the plan that old systems read names the set (C.8.8.13.2)."""
    beside = [_read(path) for word in ("set", "radiation") for path in sorted(FIRST.glob(f"{NAME}.{word}*"))]
    outcome = convert_instance(beside[0], beside[1:], load(), remake=True)
    plan = Instance(scan(outcome.made[0].data, implicit=False))
    for each in beside:
        each.item.pop(tag_of("DefinitionSourceSequence"))
    source = _read(FIRST / f"{NAME}.dcm")
    (named,) = source.item[tag_of("ReferencedRTPlanSequence")].items
    named.put(tag_of("ReferencedSOPInstanceUID"), "UI", plan.sop_instance_uid.encode())
    out = convert_instance(source, [plan, *beside], load(), delivered_by="set")
    assert [str(each) for each in out.findings if each.severity is Severity.ERROR] == []
    whole, *records = [Instance(scan(each.data, implicit=False)) for each in out.made]
    back = convert_instance(whole, [plan, *records, *beside], load(), remake=True)
    (again,) = scan(back.made[0].data, implicit=False)[tag_of("ReferencedRTPlanSequence")].items
    assert again[tag_of("ReferencedSOPInstanceUID")].raw.rstrip(b"\0").decode() == plan.sop_instance_uid


def test_the_counts_of_fractions_are_due() -> None:
    """Table C.36.20-1: both are required where the set is referenced and its usage is TREATMENT."""
    plan = pydicom.dcmread(FIRST / f"{NAME}.plan.dcm")
    uncounted = pydicom.dcmread(FIRST / f"{NAME}.dcm")
    for each in uncounted.TreatmentSessionBeamSequence:
        each.CurrentFractionNumber = None
    sets = [*given(NAME, "set"), *given(NAME, "radiation")]
    assert transcoder.transcode(transcoder.read([uncounted, plan, *sets]), to="second").bundle.instances
    with pytest.raises(ConversionError) as caught:
        transcoder.transcode(transcoder.read([uncounted, plan, *sets]), to="second", delivered_by="set")
    errors = [each for each in caught.value.findings if each.severity is Severity.ERROR]
    assert [(each.code, each.path) for each in errors] == [
        ("T010", "TreatmentSessionBeamSequence/CurrentFractionNumber"),
    ] * 2


def test_another_patient_is_refused() -> None:
    sets = [*given(NAME, "set"), *given(NAME, "radiation")]
    for each in sets:
        each.PatientID = "SOMEBODY-ELSE"
    source = pydicom.dcmread(FIRST / f"{NAME}.dcm")
    for by in ("plan", "set"):
        with pytest.raises(ConversionError) as caught:
            transcoder.transcode(transcoder.read([source, *sets]), to="second", delivered_by=by)
        assert {each.code for each in caught.value.findings if each.severity is Severity.ERROR} == {"T132"}


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_folder_with_sets_beside_its_records(jobs: str, tmp_path: Path) -> None:
    """The plan is not there, so that the record and its set have nothing but the plan's name in common."""
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for path in [FIRST / f"{NAME}.dcm", *FIRST.glob(f"{NAME}.set*"), *FIRST.glob(f"{NAME}.radiation*")]:
        (source / path.name).write_bytes(path.read_bytes())
    options = ["--to", "second", "--delivered-by", "set", "--jobs", jobs]
    result = CliRunner().invoke(convert, [str(source), "-o", str(out), *options])
    assert result.exit_code == 0, result.output
    lines = json.loads((out / "report.json").read_text())["inputs"]
    assert [line["status"] for line in lines] == ["converted", "skipped", "skipped", "skipped"]
    assert {finding["code"] for line in lines[1:] for finding in line["findings"]} == {"S004"}
    (whole,) = out.rglob("*RecordSet.dcm")
    assert "ReferencedRTRadiationSetSequence" in pydicom.dcmread(whole)


def test_nobody_else_gives_instructions() -> None:
    with pytest.raises(transcoder.UsageError, match="plan or set"):
        transcoder.transcode(transcoder.read([FIRST / f"{NAME}.dcm"]), delivered_by="console")


def leaves_of(delivered: pydicom.Dataset) -> list[pydicom.Dataset]:
    """The leaf positions at the first point of the first item."""
    (opening,) = (
        point.BeamLimitingDevicePositionSequence
        for point in delivered.TreatmentSessionBeamSequence[0].ControlPointDeliverySequence[:1]
    )
    return [each for each in opening if each.RTBeamLimitingDeviceType == "MLCX"]


@pytest.mark.parametrize(("stray", "told"), [(0.0, True), (0.2, False)])
def test_an_opening_that_is_the_same_from_both_ends_tells_no_order(stray: float, told: bool) -> None:
    """A rectangle fits either order: that makes no difference, unless a leaf strayed and nobody knows which."""
    plan = with_meta(GOOD["leaves-and-one-jaw"].build())
    for point in plan.BeamSequence[0].ControlPointSequence:
        for each in point.get("BeamLimitingDevicePositionSequence", []):
            if each.RTBeamLimitingDeviceType == "MLCX":
                half = len(each.LeafJawPositions) // 2
                each.LeafJawPositions = [-20] * half + [20] * half
    delivered = with_meta(record("x", plan, whole_fraction(plan)))
    (leaves,) = leaves_of(delivered)
    leaves.LeafJawPositions = [*leaves.LeafJawPositions[:-1], 20 + stray]
    sets = [with_meta(each) for each in sets_of(plan, "x").values()]
    try:
        found = transcoder.transcode(transcoder.read([delivered, *sets]), to="second").findings
    except ConversionError as error:
        found = error.findings
    assert ("T269" in {each.code for each in found}, "T268" in {each.code for each in found}) == (told, not told)


def test_leaves_that_are_not_told_apart_take_nothing_from_the_set() -> None:
    """A set counts leaves from below; a record that fits neither order would have its leaves mirrored by a guess."""
    plan = with_meta(GOOD["leaves-and-one-jaw"].build())
    delivered = with_meta(record("x", plan, whole_fraction(plan)))
    (leaves,) = leaves_of(delivered)
    leaves.LeafJawPositions = [float(value) - 30 for value in leaves.LeafJawPositions]
    sets = [with_meta(each) for each in sets_of(plan, "x").values()]
    with pytest.raises(ConversionError) as caught:
        transcoder.transcode(transcoder.read([delivered, *sets]), to="second")
    assert {"T268", "T010"} <= {each.code for each in caught.value.findings}
