"""Rules across instances: a bundle in which everything agrees, and one mutation of one member at a time."""

from __future__ import annotations

import pickle

import pytest
import test_couch
import test_points
import test_references
from build import CLASS, at, bundle, code, common, make, plan, put, radiation, record, reference, uid
from mutate import Mutation, add, both, drop, remove, write

from transcoder.dicom.elements import Item, tag_of
from transcoder.findings import Finding
from transcoder.validator.bundle import check_across, check_summaries
from transcoder.validator.bundle_index import same_device
from transcoder.validator.catalogue_state import CODES
from transcoder.validator.instance import CHECKS
from transcoder.validator.summary import Device, Pool, summarise

PLAN, SET, FIRST, SECOND, RECORD_SET, RECORD, OTHER_RECORD, TREATMENT, INSTRUCTION = range(9)
CP = "CArmPhotonElectronControlPointSequence"
DEVICE = "TreatmentDeviceIdentificationSequence[0]"
GROUP = "FractionGroupSequence[0]"
LEAVES = "RTBeamLimitingDeviceDefinitionSequence[1]"
SOURCE = "DefinitionSourceSequence"
MAPPING = (
    "RadiationDoseSequence[0]/RadiationDoseValuesParametersSequence[0]/DoseValuesSequence[0]/"
    "MetersetToDoseMappingSequence[1]"
)
DELIVERED = "RadiationDoseSequence[1]/RadiationDoseValuesParametersSequence[0]/MetersetToDoseMappingSequence[1]"
PRESCRIPTIONS = "ReferencedRTPrescriptionSequence"

# number of the instance, name, mutation, code
TABLE: list[tuple[int, str, Mutation, str]] = [
    (RECORD, "same UID", write("", "SOPInstanceUID", uid("other record")), "V300"),
    (SECOND, "other UID", write("", "SOPInstanceUID", uid("third")), "V301"),
    (FIRST, "other class", write("", "SOPClassUID", CLASS + "15"), "V302"),
    (SET, "radiation not named", remove("", "RTRadiationSequence", 1), "V303"),
    (RECORD_SET, "record not named", remove("", "ReferencedRTRadiationRecordSequence", 1), "V303"),
    (FIRST, "other patient", write("", "PatientID", "OTHER"), "V305"),
    (PLAN, "other patient", write("", "PatientID", "OTHER"), "V305"),
    (SECOND, "other study", write("", "StudyInstanceUID", uid("other study")), "V306"),
    (PLAN, "other study", write("", "StudyInstanceUID", uid("other study")), "V306"),
    (SET, "series of the reference", write("ReferencedSeriesSequence[0]", "SeriesInstanceUID", uid("no")), "V307"),
    (SECOND, "study of the reference", write("", "StudyInstanceUID", uid("other study")), "V307"),
    (SECOND, "frame", write("", "FrameOfReferenceUID", uid("other frame")), "V308"),
    (SET, "frame", write("", "FrameOfReferenceUID", uid("other frame")), "V308"),
    (SECOND, "serial number", write(DEVICE, "DeviceSerialNumber", "2"), "V309"),
    (SECOND, "model", write(DEVICE, "ManufacturerModelName", "Y"), "V309"),
    (OTHER_RECORD, "serial number", write(DEVICE, "DeviceSerialNumber", "2"), "V309"),
    (SECOND, "label", write("", "UserContentLabel", "A1"), "V310"),
    (RECORD, "session", write("", "TreatmentSessionUID", uid("other session")), "V311"),
    (FIRST, "meterset", write(f"{CP}[2]", "CumulativeMeterset", 130), "V312"),
    (FIRST, "rounded meterset", write(f"{CP}[2]", "CumulativeMeterset", 120.25), "V313"),
    (PLAN, "meterset", write(f"{GROUP}/ReferencedBeamSequence[0]", "BeamMeterset", 60), "V312"),
    (SET, "fractions", write("", "IntendedNumberOfFractions", 29), "V314"),
    (PLAN, "fractions", write(GROUP, "NumberOfFractionsPlanned", 29), "V314"),
    (SET, "mapping", write(MAPPING, "CumulativeMeterset", 100), "V315"),
    (RECORD_SET, "mapping", write(DELIVERED, "CumulativeMeterset", 100), "V315"),
    (RECORD, "half delivered", write(f"{CP}[2]", "CumulativeMeterset", 70), "V316"),
    (RECORD_SET, "called partial", write("", "RTTreatmentFractionCompletionStatus", "PARTIAL"), "V317"),
    (RECORD, "interrupted", write("", "RTTreatmentTerminationStatus", "ABNORMAL"), "V317"),
    (RECORD, "continued", write("", "TreatmentDeliveryContinuationFlag", "YES"), "V317"),
    (RECORD, "other device", write(LEAVES, "ReferencedDefinedDeviceIndex", 3), "V318"),
    (RECORD, "other point", write(f"{CP}[2]", "ReferencedRadiationRTControlPointIndex", 4), "V318"),
    (INSTRUCTION, "radiation forgotten", drop("", "OmittedRadiationSequence"), "V319"),
    (INSTRUCTION, "task and omitted", write("OmittedRadiationSequence[0]", "ReferencedRTRadiationSequence",
                                            [reference("13", "radiation")]), "V319"),
    (FIRST, "no such beam", write(f"{SOURCE}[0]", "ReferencedBeamNumber", 2), "V320"),
    (RECORD, "no such session beam", write(f"{SOURCE}[0]", "ReferencedBeamNumber", 2), "V320"),
    (PLAN, "names its radiation", write("BeamSequence[0]", SOURCE, [reference("13", "radiation")]), "V322"),
    (PLAN, "lists its set", write("", "ReferencedSeriesSequence", common(("12", "set"))), "V322"),
    (PLAN, "frame", write("", "FrameOfReferenceUID", uid("other frame")), "V323"),
    (SECOND, "other plan", write(f"{SOURCE}[0]", "ReferencedSOPInstanceUID", uid("other plan")), "V324"),
    (TREATMENT, "no such group", write("", "ReferencedFractionGroupNumber", 2), "V325"),
    (TREATMENT, "no such beam", write("TreatmentSessionBeamSequence[0]", "ReferencedBeamNumber", 2), "V325"),
    (TREATMENT, "fractions", write("", "NumberOfFractionsPlanned", 25), "V326"),
    (TREATMENT, "meterset", write("TreatmentSessionBeamSequence[0]", "SpecifiedPrimaryMeterset", 60), "V329"),
    (TREATMENT, "control point", write("TreatmentSessionBeamSequence[0]/ControlPointDeliverySequence[2]",
                                       "ReferencedControlPointIndex", 3), "V325"),
    (PLAN, "control point", remove("BeamSequence[0]", "ControlPointSequence", 2), "V325"),
    (RECORD, "unit", write("", "RadiationDosimeterUnitSequence", code("s", "UCUM")), "V316"),
    (FIRST, "unit", write("", "RadiationDosimeterUnitSequence", code("s", "UCUM")), "V312"),
    (PLAN, "unit", write("BeamSequence[0]", "PrimaryDosimeterUnit", "MINUTE"), "V312"),
    (TREATMENT, "fraction", both(drop("", "NumberOfFractionsPlanned"),
                                 write("TreatmentSessionBeamSequence[0]", "CurrentFractionNumber", 31)), "V326"),
    (RECORD, "device of the radiation", write(DEVICE, "DeviceSerialNumber", "2"), "V327"),
    (OTHER_RECORD, "model of the radiation", write(DEVICE, "ManufacturerModelName", "Y"), "V327"),
    (RECORD, "of a radiation of no set", write("ReferencedRTInstanceSequence[0]", "ReferencedSOPInstanceUID",
                                               uid("third")), "V331"),
    (SET, "recorded radiation not held", remove("", "RTRadiationSequence", 1), "V331"),
    (PLAN, "beam without radiation", both(add("", "BeamSequence", make(BeamNumber=2)),
                                          add(GROUP, "ReferencedBeamSequence", make(ReferencedBeamNumber=2))), "V330"),
    (PLAN, "radiation of a set-up beam", write("BeamSequence[0]", "TreatmentDeliveryType", "SETUP"), "V330"),
    (TREATMENT, "name", write("", "PatientName", "PHANTOM^TWO"), "V328"),
    (FIRST, "family name", write("", "PatientName", "OTHER^ONE"), "V328"),
    (RECORD_SET, "delivery", both(write("", "RTRadiationSetUsage", "TREATMENT"),
                                  write("", "RTRadiationSetDeliveryNumber", 31)), "V229"),
    (SET, "no fraction", write("", "IntendedNumberOfFractions", 0), "V314"),
]  # fmt: skip


def codes(pairs: list[tuple[int, Finding]]) -> set[str]:
    return {finding.code for _, finding in pairs}


def told(items: list[Item]) -> list[str]:
    """All that is said of instances whose modules are not complete."""
    alone = [str(finding) for item in items for check in CHECKS[1:] for finding in check(item)]
    return alone + [str(finding) for _, finding in check_across(items)]


def test_good_bundle_has_no_findings() -> None:
    assert told(bundle()) == []


@pytest.mark.parametrize(("number", "name", "mutation", "code_"), TABLE, ids=[f"{row[3]} {row[1]}" for row in TABLE])
def test_mutation_is_found(number, name, mutation, code_) -> None:
    items = bundle()
    mutation(items[number])
    assert code_ in codes(check_across(items))


def test_an_instance_alone_is_not_blamed_for_what_is_not_there() -> None:
    for item in bundle():
        assert told([item]) == []


def test_order_of_the_inputs_does_not_matter() -> None:
    items = bundle()
    put(items[SECOND], "UserContentLabel", "A1")
    forwards = check_across(items)
    backwards = check_across(items[::-1])
    assert sorted(str(finding) for _, finding in forwards) == sorted(str(finding) for _, finding in backwards)


def test_a_record_in_two_record_sets() -> None:
    items = bundle()
    again = bundle()[RECORD_SET]
    put(again, "SOPInstanceUID", uid("record set 2"))
    assert "V304" in codes(check_across([*items, again]))


def test_a_beam_recorded_twice_is_ambiguous() -> None:
    items = bundle()
    beam = at(items[TREATMENT], "TreatmentSessionBeamSequence[0]")
    add("", "TreatmentSessionBeamSequence", beam)(items[TREATMENT])
    assert "V321" in codes(check_across(items))


def reverse_bundle() -> list[Item]:
    """A plan made from a set: the sources point the other way."""
    items = bundle()[:4]
    for item in items[1:]:
        drop("", SOURCE)(item)
    drop("", "ReferencedSeriesSequence")(items[FIRST])
    drop("", "ReferencedSeriesSequence")(items[SECOND])
    put(items[SET], "ReferencedSeriesSequence", common(("13", "radiation"), ("13", "second")))
    put(at(items[PLAN], GROUP), SOURCE, [reference("12", "set")])
    put(at(items[PLAN], "BeamSequence[0]"), SOURCE, [reference("13", "radiation")])
    put(items[PLAN], "ReferencedSeriesSequence", common(("12", "set"), ("13", "radiation")))
    return items


@pytest.mark.parametrize(
    ("number", "mutation", "code_"),
    [
        (FIRST, write(f"{CP}[2]", "CumulativeMeterset", 130), "V312"),
        (SET, write("", "IntendedNumberOfFractions", 29), "V314"),
        (PLAN, write(f"BeamSequence[0]/{SOURCE}[0]", "ReferencedSOPInstanceUID", uid("third")), "V324"),
        (FIRST, write("", "ReferencedRTPlanSequence", [reference("5", "plan")]), "V322"),
    ],
)
def test_plan_made_from_a_set(number, mutation, code_) -> None:
    assert told(reverse_bundle()) == []
    items = reverse_bundle()
    mutation(items[number])
    assert code_ in codes(check_across(items))


def test_minutes_of_a_plan_are_sixty_seconds_of_a_radiation() -> None:
    items = bundle()[:4]
    put(at(items[PLAN], "BeamSequence[0]"), "PrimaryDosimeterUnit", "MINUTE")
    put(at(items[PLAN], f"{GROUP}/ReferencedBeamSequence[0]"), "BeamMeterset", 2)
    for item in items[2:]:
        put(item, "RadiationDosimeterUnitSequence", code("s", "UCUM"))
    assert check_across(items) == []


@pytest.mark.parametrize("kind", ["SETUP", "OPEN_PORTFILM", "TRMT_PORTFILM"])
def test_a_beam_that_does_not_treat_needs_no_radiation(kind: str) -> None:
    items = bundle()
    add("", "BeamSequence", make(BeamNumber=2, TreatmentDeliveryType=kind))(items[PLAN])
    add(GROUP, "ReferencedBeamSequence", make(ReferencedBeamNumber=2))(items[PLAN])
    assert "V330" not in codes(check_across(items))


@pytest.mark.parametrize("gone", [FIRST, SECOND, PLAN])
def test_a_set_is_compared_with_its_plan_when_all_are_there(gone: int) -> None:
    items = bundle()
    add("", "BeamSequence", make(BeamNumber=2))(items[PLAN])
    add(GROUP, "ReferencedBeamSequence", make(ReferencedBeamNumber=2))(items[PLAN])
    del items[gone]
    assert "V330" not in codes(check_across(items))


def test_a_device_that_says_less_does_not_hide_two_that_differ() -> None:
    items = bundle()
    drop(DEVICE, "DeviceSerialNumber")(items[FIRST])
    assert "V309" not in codes(check_across(items))
    third = radiation("third", "A3")
    put(at(third, DEVICE), "DeviceSerialNumber", "3")
    add("", "RTRadiationSequence", reference("13", "third"))(items[SET])
    assert "V309" in codes(check_across([*items, third]))


def test_prescription_index_of_an_intent() -> None:
    items = bundle()
    intent = radiation("intent")
    put(intent, "SOPClassUID", CLASS + "10")
    put(intent, "RTPrescriptionSequence", [reference("1", "x", RTPrescriptionIndex=1)])
    entry = reference("10", "intent", **{PRESCRIPTIONS: [reference("1", "y", ReferencedRTPrescriptionIndex=2)]})
    put(items[SET], "ReferencedRTPhysicianIntentSequence", [entry])
    assert "V318" in codes(check_across([*items, intent]))


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (Device("1", "", "a", ("", "m")), Device("1", "", "b", ("", "m")), True),
        (Device("1", "", "a", ("", "m")), Device("2", "", "a", ("", "m")), False),
        (Device("", "", "a", ("", "m")), Device("2", "", "a", ("", "m")), True),
        (Device("", "", "a", ("", "m")), Device("", "", "b", ("", "m")), False),
        (Device("1", "", "a", ("", "m")), Device("1", "", "a", ("", "n")), False),
        (Device("1", "", "a", ("M", "m")), Device("1", "", "a", ("", "m")), True),
    ],
)
def test_the_strongest_identifier_that_both_hold_decides(left, right, same) -> None:
    assert same_device(left, right) is same


def test_summaries_are_small_and_travel_between_processes() -> None:
    summaries = [summarise(item) for item in bundle()]
    frozen = [pickle.dumps(summary) for summary in summaries]
    assert max(map(len, frozen)) < 4000
    assert check_summaries(map(pickle.loads, frozen)) == []


def test_equal_parts_of_summaries_share_their_memory() -> None:
    pool = Pool()
    summaries = [summarise(item) for item in bundle()]
    frozen = [pickle.dumps(summary) for summary in (*summaries, *summaries)]
    thawed = [pool.share(summary) for summary in map(pickle.loads, frozen)]
    assert thawed == [*summaries, *summaries]
    first, again = thawed[FIRST], thawed[FIRST + len(summaries)]
    assert first.indices is again.indices
    assert first.device is again.device
    assert all(one.instance is other.instance for one, other in zip(first.common, again.common, strict=True))


def test_indices_of_control_points_take_no_room_for_each_point() -> None:
    assert dict(summarise(radiation()).indices)[CP] == range(1, 4)


def test_patient_and_label_travel_as_digests_only() -> None:
    item = radiation(label="LABEL OF A PATIENT")
    put(item, "PatientID", "SECRET-ID")
    frozen = pickle.dumps(summarise(item))
    assert b"SECRET-ID" not in frozen
    assert b"LABEL OF" not in frozen


@pytest.mark.parametrize("name", ["phantom^one", "PHANTOM^ONE^^^", "PHANTOM^ONE=幻", "=幻", "", "PHANTOM ^ONE "])
def test_one_name_may_be_written_in_several_ways(name: str) -> None:
    items = bundle()
    put(items[FIRST], "PatientName", name)
    put(items[FIRST], "SpecificCharacterSet", "ISO_IR 192")
    assert "V328" not in codes(check_across(items))


def test_a_name_is_compared_in_its_character_set() -> None:
    items = bundle()[:2]
    for item, charset, encoding in zip(items, ("ISO_IR 192", "ISO_IR 100"), ("utf-8", "latin-1"), strict=True):
        put(item, "SpecificCharacterSet", charset)
        item.put(tag_of("PatientName"), "PN", "Söder^Änne ".encode(encoding))
    assert check_across(items) == []


@pytest.mark.parametrize("word", ["PatientID", "IssuerOfPatientID"])
def test_another_patient_may_have_another_name(word: str) -> None:
    items = [*bundle()[:1], plan()]
    put(items[1], "SOPInstanceUID", uid("plan 2"))
    put(items[1], "PatientName", "OTHER")
    for item, value in zip(items, ("A", "B"), strict=True):
        put(item, word, value)
    assert check_across(items) == []


def test_no_identifier_no_comparison_of_names() -> None:
    items = [plan(), plan()]
    for number, item in enumerate(items):
        put(item, "SOPInstanceUID", uid(f"plan {number}"))
        put(item, "PatientName", f"NAME^{number}")
        put(item, "PatientID", None)
    assert check_across(items) == []


def test_a_name_is_never_told() -> None:
    items = bundle()
    put(items[PLAN], "PatientName", "SECRET^NAME")
    told_ = " ".join(str(finding) for _, finding in check_across(items))
    assert "V328" in told_
    assert "SECRET" not in told_
    assert b"secret" not in pickle.dumps(summarise(items[PLAN])).lower()


def test_a_fraction_beyond_what_a_record_says_itself_is_told_once() -> None:
    items = bundle()
    put(at(items[TREATMENT], "TreatmentSessionBeamSequence[0]"), "CurrentFractionNumber", 31)
    assert [line.partition(" ")[0] for line in told(items)] == ["V229"]


def test_records_of_different_machines_and_unfinished_fractions_are_partial() -> None:
    items = bundle()
    remove("", "ReferencedRTRadiationRecordSequence", 1)(items[RECORD_SET])
    assert "V317" in codes(check_across([items[SET], items[RECORD_SET], record()]))
    both(write("", "RTTreatmentFractionCompletionStatus", "PARTIAL"))(items[RECORD_SET])
    assert "V317" not in codes(check_across([items[SET], items[RECORD_SET], record()]))


def test_unknown_couch_codes_are_not_judged() -> None:
    item = radiation()
    put(item, "PatientOrientationCodeSequence", code("1", "99X"))
    assert told([item]) == []


def test_every_code_is_killed_by_a_mutation() -> None:
    # These have tests of their own, which need more than one changed item or a whole file.
    alone = {"V292", "V296", "V297", "V298", "V304", "V321"}
    rows = [*TABLE, *test_points.TABLE, *test_references.TABLE, *test_couch.TABLE]
    assert {row[3] for row in rows} | alone == set(CODES)
