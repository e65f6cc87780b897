"""Treatment records: whole conversions of the samples, and the same machine as in the plan they were delivered from."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

import transcoder
from transcoder import ConversionError, Severity

from ..conftest import SAMPLES

sys.path.insert(0, str(SAMPLES))
from plans import BAD_RECORDS, GOOD, RECORDS, with_meta
from plans.session import record, whole_fraction

FOLDER = SAMPLES / "records"
RECORD_SET, RECORD = "1.2.840.10008.5.1.4.1.1.481.16", "1.2.840.10008.5.1.4.1.1.481.19"
PLANNED = "ReferencedRTInstanceSequence"
SALVAGE = "1.2.840.10008.5.1.4.1.1.481.17"
RT_PLAN = "1.2.840.10008.5.1.4.1.1.481.5"
RADIATION = "1.2.840.10008.5.1.4.1.1.481.13"
# What each sample must be refused for.
REFUSALS = {
    "times-run-backwards": "T134",
    "time-missing": "T137",
    "unknown-beam": "T131",
    "unknown-fraction-group": "T131",
    "another-patient": "T132",
    "falling-meterset": "T130",
    "leaves-without-plan": "T010",
    "treatment-and-verification": "T141",
    "made-from-second-generation": "T113",
    "set-not-at-hand": "T265",
    "by-hand-falling": "T130 T010",
    "by-hand-without-position": "T010 T010",
    "either-set": "T266",
    "delivered-without-number": "T267",
}


def parts(name: str, folder: str = "first") -> list[Path]:
    """The file of a sample and what is given beside it."""
    return sorted(path for path in (FOLDER / folder).glob(f"{name}*.dcm") if path.name.partition(".")[0] == name)


@cache
def converted(name: str) -> transcoder.Result:
    by = RECORDS[name].delivered_by
    return transcoder.transcode(transcoder.read(parts(name)), to="second", delivered_by=by)


def of_class(result: transcoder.Result, uid: str) -> list[pydicom.Dataset]:
    return [each for each in result.bundle.instances if uid == each.SOPClassUID]


@pytest.mark.parametrize("name", RECORDS)
def test_valid_and_accounted_for(name: str) -> None:
    result = converted(name)
    assert [str(each) for each in transcoder.validate(result.bundle) if each.severity is Severity.ERROR] == []
    source, target = result.account.source, result.account.target
    assert source.unaccounted == 0
    assert source.elements == source.carried + source.derived + source.declared
    assert target.elements == target.mapped + target.set + target.generated + target.assumed


@pytest.mark.parametrize("name", RECORDS)
def test_elements_are_counted_independently(name: str) -> None:
    """The sums of the ledger are those that pydicom counts, for the record and for its plan; a set is consulted."""
    account = converted(name).account
    sources = [path for path in parts(name) if path.name in (f"{name}.dcm", f"{name}.plan.dcm")]
    assert account.source.elements == sum(_count(pydicom.dcmread(path)) for path in sources)
    assert account.target.elements == sum(map(_count, converted(name).bundle.instances))


def _count(dataset: pydicom.Dataset) -> int:
    return sum(1 for _ in dataset.iterall())


@pytest.mark.parametrize("name", RECORDS)
def test_committed_samples_are_those_made_now(name: str) -> None:
    held = sorted((FOLDER / "second" / name).glob("*.dcm"))
    made = [each for each in converted(name).bundle.instances if each.SOPClassUID in (RECORD_SET, RECORD, SALVAGE)]
    assert [pydicom.dcmread(path) for path in held] == made


@pytest.mark.parametrize("name", BAD_RECORDS)
def test_refused_with_its_code(name: str) -> None:
    by = BAD_RECORDS[name].delivered_by
    with pytest.raises(ConversionError) as caught:
        transcoder.transcode(transcoder.read(parts(name, "bad")), to="second", delivered_by=by)
    errors = [each.code for each in caught.value.findings if each.severity is Severity.ERROR]
    assert errors == REFUSALS[name].split()


# Not delivered here: two layers of one type, which a record cannot tell apart; positions that are relative; a beam that
# two fraction groups use; a shape of which only the plan knows.
LEFT_OUT = {"duplicate-mlcx", "relative-couch", "two-fraction-groups"}


def _delivered_plans() -> list[str]:
    """Sample plans that a machine of the record's make can have delivered as they stand."""
    found = []
    for name, sample in GOOD.items():
        plan = sample.build()
        groups = plan.get("FractionGroupSequence", [])
        shares = groups[0].ReferencedBeamSequence if groups else []
        plain = plan.SOPClassUID == RT_PLAN and not any("CompensatorSequence" in each for each in plan.BeamSequence)
        if shares and plain and name not in LEFT_OUT and all("BeamMeterset" in each for each in shares):
            found.append(name)
    return found


@pytest.mark.parametrize("name", _delivered_plans())
def test_a_plan_delivered_as_it_stands(name: str) -> None:
    """Every angle, opening, boundary, energy, meterset and matrix of a record is that of the planned radiation."""
    plan = with_meta(GOOD[name].build())
    delivered = with_meta(record(name, plan, whole_fraction(plan)))
    try:
        planned = transcoder.transcode(transcoder.read([plan]))
    except ConversionError as error:
        pytest.fail(str(error))
    result = transcoder.transcode(transcoder.read([delivered, plan]))
    radiations = {_number(each): each for each in of_class(planned, RADIATION)}
    records = of_class(result, RECORD)
    assert records
    for each in records:
        other = radiations[_number(each)]
        assert _machine(each) == _machine(other), name
        # Metersets of a record have passed through decimal strings.
        assert np.allclose(_metersets(each), _metersets(other), rtol=0, atol=1e-5)
    assert not [f for f in transcoder.validate(result.bundle) if f.severity is Severity.ERROR]


def _number(instance: pydicom.Dataset) -> int:
    return int(instance.DefinitionSourceSequence[0].ReferencedBeamNumber)


def _metersets(instance: pydicom.Dataset) -> list[float]:
    found: list[float] = []
    for point in instance.CArmPhotonElectronControlPointSequence:
        found.append(point.get("CumulativeMeterset", found[-1] if found else None))
    return found


def _machine(instance: pydicom.Dataset) -> dict[str, Any]:
    """What the machine did, point by point with all values held, in numbers."""
    points: list[dict[str, Any]] = []
    held: dict[str, Any] = {}
    for point in instance.CArmPhotonElectronControlPointSequence:
        for word in ("SourceRollAngle", "RTBeamLimitingDeviceAngle", "DeliveryRate"):
            if word in point:
                held[word] = getattr(point, word)
        if "ReferencedTreatmentPositionIndex" in point:
            position = instance.TreatmentPositionSequence[point.ReferencedTreatmentPositionIndex - 1]
            held["matrix"] = [round(float(v), 6) + 0.0 for v in position.ImageToEquipmentMappingMatrix]
        if "ReferencedRadiationGenerationModeIndex" in point:
            mode = instance.RadiationGenerationModeSequence[point.ReferencedRadiationGenerationModeIndex - 1]
            fluence = mode.RadiationFluenceModifierCodeSequence[0].CodeValue
            held["mode"] = (mode.NominalEnergy, mode.RadiationTypeCodeSequence[0].CodeValue, fluence)
        for word in ("RTBeamLimitingDeviceOpeningSequence", "WedgePositionSequence"):
            for opening in point.get(word, []):
                values = opening.get("ParallelRTBeamDelimiterPositions") or opening.get("WedgePosition")
                held[word, opening.ReferencedDeviceIndex] = np.array(values).tolist()
        points.append(dict(held))
    devices = [
        (
            device.DeviceTypeCodeSequence[0].CodeValue,
            device.BeamModifierOrientationAngle,
            list(device.ParallelRTBeamDelimiterDeviceSequence[0].ParallelRTBeamDelimiterBoundaries),
        )
        for device in instance.RTBeamLimitingDeviceDefinitionSequence
    ]
    distance = instance.RadiationSourceAxisDistance
    return {"points": points, "devices": devices, "distance": distance, "frame": instance.FrameOfReferenceUID}


def test_a_session_that_completes_one_fraction_and_delivers_the_next() -> None:
    """The example of Table C.36.20-3, sessions 2 and its sets X and Y."""
    result = converted("continued-and-next-fraction")
    sets = {int(each.ClinicalFractionNumber): each for each in of_class(result, RECORD_SET)}
    assert {number: each.RTTreatmentFractionCompletionStatus for number, each in sets.items()} == {
        1: "PARTIAL",
        2: "COMPLETE",
    }
    assert {number: each.RTRadiationSetDeliveryNumber for number, each in sets.items()} == {1: 1, 2: 2}
    records = {each.SOPInstanceUID: each for each in of_class(result, RECORD)}
    members = {
        number: [records[item.ReferencedSOPInstanceUID] for item in each.ReferencedRTRadiationRecordSequence]
        for number, each in sets.items()
    }
    flags = {number: [each.TreatmentDeliveryContinuationFlag for each in found] for number, found in members.items()}
    assert flags == {1: ["YES"], 2: ["NO", "NO"]}
    sessions = {each.TreatmentSessionUID for each in [*sets.values(), *records.values()]}
    assert len(sessions) == 1
    assert [point.CumulativeMeterset for point in members[1][0].CArmPhotonElectronControlPointSequence] == [0, 72.5]


def test_an_interrupted_delivery_and_its_continuation_lie_end_to_end() -> None:
    first, second = of_class(converted("interrupted-window"), RECORD)
    one, other = (each.CArmPhotonElectronControlPointSequence for each in (first, second))
    assert one[-1].CumulativeMeterset == 43.5
    assert other[-1].CumulativeMeterset == 56.5
    # Where it stopped and where it went on is no planned point, and stands in both.
    stated = [point.get("ReferencedRadiationRTControlPointIndex") for point in (*one, *other)]
    assert [each for each in stated if each is not None] == list(range(1, 21))
    assert stated[len(one) - 1] is None
    assert stated[len(one)] is None
    # The first point of the continuation is complete, though only the first of all points stated everything.
    for word in ("SourceRollAngle", "RTBeamLimitingDeviceAngle", "DeliveryRate", "ReferencedTreatmentPositionIndex"):
        assert word in other[0]
    assert other[0].NumberOfRTBeamLimitingDeviceOpenings == 3


def test_overrides_are_violations_that_were_overridden() -> None:
    (first, _) = of_class(converted("overrides"), RECORD)
    named, unnamed = first.TreatmentToleranceViolationSequence
    assert named.TreatmentToleranceViolationIdentification == "GantryAngle"
    assert named.TreatmentToleranceViolationTypeCodeSequence[0].CodeValue == "130473"
    assert named.OverrideSequence[0].OperatorIdentificationSequence[0].PersonName == "Operator^One"
    assert named.OverrideSequence[0].OverrideReason == "Reading drifted"
    assert named.OverrideSequence[0].OverrideDateTime == "20240304100010.00"
    assert len(unnamed.OverrideSequence) == 0
    told = {each.path.partition("/")[0] for each in converted("overrides").findings if each.code == "T102"}
    assert "TreatmentToleranceViolationSequence[0]" in told


def test_terminations() -> None:
    machine, unknown = of_class(converted("machine-termination"), RECORD)
    assert machine.RTTreatmentTerminationStatus == unknown.RTTreatmentTerminationStatus == "ABNORMAL"
    assert machine.RTTreatmentTerminationReasonCodeSequence[0].CodeValue == "110501"
    assert machine.MachineSpecificTreatmentTerminationCodeSequence[0].CodeValue == "LEAF-7"
    assert machine.InterlockSequence[0].InterlockDescription == "Leaf did not follow"
    assert len(unknown.RTTreatmentTerminationReasonCodeSequence) == 0
    assert "RTTreatmentTerminationReasonCodeSequence" not in of_class(converted("complete-fraction"), RECORD)[0]


def test_a_moving_table_by_hand() -> None:
    """Feet first supine at support 30: the isocenter moves against the table, and the matrix follows (10.39)."""
    (moving,) = of_class(converted("moving-table"), RECORD)
    turn = np.array([[np.cos(np.pi / 6), -0.5, 0], [0.5, np.cos(np.pi / 6), 0], [0, 0, 1]])
    axes = np.array([[-1, 0, 0], [0, 0, -1], [0, -1, 0]])
    for step, position in enumerate(moving.TreatmentPositionSequence):
        matrix = np.array(position.ImageToEquipmentMappingMatrix, dtype=float).reshape(4, 4)
        assert np.allclose(matrix[:3, :3], turn @ axes, atol=1e-9)
        # A mark on the patient that lay at the isocenter at first goes where the table goes.
        went = (matrix @ [0, 0, 0, 1])[:3]
        assert np.allclose(went, turn @ [-2 * step, 10 * step, 0], atol=1e-6)
    assert len(moving.TreatmentPositionSequence) == 3


def test_nothing_is_referenced_that_gave_no_instruction() -> None:
    """Decision 9: an RT Plan was delivered, no RT Radiation Set."""
    for name, sample in RECORDS.items():
        for each in converted(name).bundle.instances:
            if each.SOPClassUID in (RECORD_SET, RECORD):
                word = "ReferencedRTRadiationSetSequence" if each.SOPClassUID == RECORD_SET else PLANNED
                assert (word in each) == (sample.delivered_by == "set")


def test_two_layers_of_one_type_are_not_told_apart() -> None:
    """The plan is at hand, and yet nobody says which of its layers is meant: refused, not guessed."""
    plan = with_meta(GOOD["duplicate-mlcx"].build())
    with pytest.raises(ConversionError) as caught:
        transcoder.transcode(transcoder.read([with_meta(record("x", plan, whole_fraction(plan))), plan]))
    assert {each.code for each in caught.value.findings if each.severity is Severity.ERROR} == {"T010"}


def test_an_isocenter_nobody_told_stands_in_no_frame_of_the_plan() -> None:
    """The plan is at hand and the item names no beam of it: an arbitrary frame, no guessed origin."""
    plan = with_meta(GOOD["static-jaws"].build())
    items = whole_fraction(plan)
    del items[0].ReferencedBeamNumber
    result = transcoder.transcode(transcoder.read([with_meta(record("x", plan, items)), plan]))
    unnamed, named = of_class(result, RECORD)
    assert named.FrameOfReferenceUID == plan.FrameOfReferenceUID
    assert unnamed.FrameOfReferenceUID != plan.FrameOfReferenceUID
    assert "FrameOfReferenceUID" in {each.path for each in result.findings if each.code == "T102"}


def test_each_record_without_a_plan_has_a_frame_of_its_own() -> None:
    """Beams may have several isocenters, and all are the origin of their frame."""
    frames = {each.FrameOfReferenceUID for each in of_class(converted("arc-record"), RECORD)}
    assert len(frames) == len(of_class(converted("arc-record"), RECORD)) == 5


def test_boundaries_of_a_site_must_increase(tmp_path: Path) -> None:
    """Falling ones would turn the boundaries and leave the leaves where they are."""
    for edges, code in (("[-200, 0, 200]", "T058"), ("[200, 0, -200]", "T053")):
        site = tmp_path / f"{code}.yaml"
        site.write_text(f"overlay: clinic\nsite: {{leaf_boundaries: {edges}}}\n")
        with pytest.raises(ConversionError) as caught:
            transcoder.transcode(transcoder.read(parts("leaves-without-plan", "bad")), overlays=[site])
        assert {each.code for each in caught.value.findings if each.severity is Severity.ERROR} == {code}


def test_definition_source_names_the_item() -> None:
    (unnamed,) = of_class(converted("no-beam-number"), RECORD)
    assert "DefinitionSourceSequence" not in unnamed
    source = of_class(converted("complete-fraction"), RECORD)[1].DefinitionSourceSequence[0]
    assert source.ReferencedBeamNumber == 2
    assert source.ReferencedSOPClassUID == "1.2.840.10008.5.1.4.1.1.481.4"


def test_two_runs_are_identical() -> None:
    name = "continued-and-next-fraction"
    again = transcoder.transcode(transcoder.read(parts(name)))
    assert again.bundle.encoded() == converted(name).bundle.encoded()
