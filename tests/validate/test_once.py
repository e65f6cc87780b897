"""One fault gives one finding, whichever checks see it; the same fault in many items is one finding with a number."""

from __future__ import annotations

import pytest
from build import CLASS, at, reference
from files import ROOT, load, samples
from mutate import Mutation, add, drop, repeat, write

from transcoder.dicom.elements import Item, tag_of
from transcoder.findings import Severity
from transcoder.validator import catalogue, catalogue_state, check_bundle, check_instance
from transcoder.validator.once import SPEAKS_FOR

SET, RADIATION = 0, 1
SOURCE, GROUP = "DefinitionSourceSequence", "TreatmentPositionGroupSequence[0]"
CP = "CArmPhotonElectronControlPointSequence"
CODES = catalogue.CODES | catalogue_state.CODES


def converted() -> list[Item]:
    """A radiation set and its radiations, complete in every module."""
    return [load(path) for path in samples("second/vmat-two-arcs")]


def sample(name: str) -> Item:
    """A sample by its path below the folder of samples."""
    return load(ROOT / "samples" / name)


def long(path: str, word: str) -> Mutation:
    """A value longer than its representation can hold in explicit encoding, as an implicit file may have it."""

    def mutation(root: Item) -> None:
        at(root, path)[tag_of(word)].value = b"1" * 0x10000

    return mutation


# number of the instance, mutation, code, path
TABLE: list[tuple[int, Mutation, str, str]] = [
    (RADIATION, repeat("", SOURCE), "V280", SOURCE),
    (RADIATION, drop(f"{SOURCE}[0]", "ReferencedBeamNumber"), "V282", f"{SOURCE}[0]/ReferencedBeamNumber"),
    (RADIATION, write(f"{SOURCE}[0]", "ReferencedBeamNumber", None), "V282", f"{SOURCE}[0]/ReferencedBeamNumber"),
    (SET, write(f"{SOURCE}[0]", "ReferencedBeamNumber", 1), "V283", f"{SOURCE}[0]/ReferencedBeamNumber"),
    (SET, write(f"{SOURCE}[0]", "RTPlanLabel", "label"), "V283", f"{SOURCE}[0]/RTPlanLabel"),
    (RADIATION, drop(f"{CP}[0]", "SourceRollAngle"), "V202", f"{CP}[0]/SourceRollAngle"),
    (RADIATION, drop(f"{CP}[0]", "RTBeamLimitingDeviceOpeningSequence"), "V202",
     f"{CP}[0]/RTBeamLimitingDeviceOpeningSequence"),
    (RADIATION, drop(f"{CP}[3]", "NumberOfRTBeamLimitingDeviceOpenings"), "V204",
     f"{CP}[3]/NumberOfRTBeamLimitingDeviceOpenings"),
    (RADIATION, drop(f"{CP}[0]", "RTControlPointIndex"), "V110", f"{CP}[0]/RTControlPointIndex"),
    (RADIATION, write(f"{CP}[0]", "RTControlPointIndex", None), "V111", f"{CP}[0]/RTControlPointIndex"),
    (SET, write("RTRadiationSequence[0]", "ReferencedSOPClassUID", CLASS + "14"), "V302",
     "RTRadiationSequence[0]/ReferencedSOPClassUID"),
    (SET, write("RTRadiationSequence[1]", "ReferencedSOPClassUID", CLASS + "5"), "V302",
     "RTRadiationSequence[1]/ReferencedSOPClassUID"),
    (SET, write(f"{SOURCE}[0]", "ReferencedSOPClassUID", CLASS + "13"), "V281", f"{SOURCE}[0]/ReferencedSOPClassUID"),
    (RADIATION, drop("", "TreatmentPositionSequence"), "V116", f"{CP}[0]/ReferencedTreatmentPositionIndex"),
    (SET, add(GROUP, "ReferencedRTRadiationSequence", Item()), "V250", f"{GROUP}/ReferencedRTRadiationSequence[2]"),
]  # fmt: skip


@pytest.mark.parametrize(("number", "mutation", "code", "path"), TABLE, ids=[f"{row[2]} {row[3]}" for row in TABLE])
def test_one_fault_is_one_finding(number: int, mutation: Mutation, code: str, path: str) -> None:
    items = converted()
    mutation(items[number])
    told = [(each.code, each.path) for findings in check_bundle(items) for each in findings if each.severity != "info"]
    assert [pair for pair in told if pair[1] == path] == [(code, path)]


PLAN = "static-mlc"
ARC = "vmat-two-arcs"
MODE = "RadiationGenerationModeSequence[0]/RadiationTypeCodeSequence[0]"
BEAM_POINT = "BeamSequence[0]/ControlPointSequence[0]"
# sample, mutation, code, path: one finding in the whole instance, that of its cause
CAUSES: list[tuple[str, Mutation, str, str]] = [
    (f"first/{PLAN}.dcm", drop("BeamSequence[0]", "BeamNumber"), "V110", "BeamSequence[0]/BeamNumber"),
    (f"first/{ARC}.dcm", drop(BEAM_POINT, "GantryRotationDirection"), "V113", f"{BEAM_POINT}/GantryRotationDirection"),
    (f"first/{ARC}.dcm", write(BEAM_POINT, "NominalBeamEnergy", 0), "V220", f"{BEAM_POINT}/NominalBeamEnergy"),
    (f"second/{ARC}/01-RTRadiationSet.dcm", drop(GROUP, "ReferencedRTRadiationSequence"), "V110",
     f"{GROUP}/ReferencedRTRadiationSequence"),
    (f"second/{ARC}/02-CArmPhotonElectronRadiation.dcm", drop(MODE, "CodingSchemeDesignator"), "V113",
     f"{MODE}/CodingSchemeDesignator"),
    (f"second/{ARC}/02-CArmPhotonElectronRadiation.dcm", drop("", "ReferencedSeriesSequence"), "V285", f"{SOURCE}[0]"),
    (f"second/{ARC}/02-CArmPhotonElectronRadiation.dcm",
     write("ReferencedSeriesSequence[0]/ReferencedInstanceSequence[0]", "ReferencedSOPClassUID", CLASS + "8"), "V291",
     f"{SOURCE}[0]/ReferencedSOPClassUID"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "mutation", "code", "path"), CAUSES, ids=[f"{row[2]} {row[3]}" for row in CAUSES])
def test_what_follows_from_a_fault_is_not_told_beside_it(name: str, mutation: Mutation, code: str, path: str) -> None:
    item = sample(name)
    mutation(item)
    assert [(each.code, each.path) for each in check_instance(item) if each.severity != "info"] == [(code, path)]


def test_a_wrong_number_of_values_is_told_once() -> None:
    item = sample("first/block-aperture.dcm")
    block = "BeamSequence[0]/BlockSequence[0]"
    write(block, "BlockData", [0.0] * 11)(item)
    told = [(each.code, each.path) for each in check_instance(item) if each.severity == "error"]
    assert told == [("V127", f"{block}/BlockData")]


def test_a_device_without_pairs_has_no_positions() -> None:
    item = sample(f"first/{PLAN}.dcm")
    write("BeamSequence[0]/BeamLimitingDeviceSequence[0]", "NumberOfLeafJawPairs", 0)(item)
    (told,) = [each for each in check_instance(item) if each.severity == "error"]
    assert (told.code, told.message) == ("V213", "2 positions where 0 are due")


def test_a_setup_beam_may_have_no_energy() -> None:
    item = sample(f"first/{ARC}.dcm")
    write(BEAM_POINT, "NominalBeamEnergy", 0)(item)
    write("BeamSequence[0]", "TreatmentDeliveryType", "SETUP")(item)
    assert not [each for each in check_instance(item) if each.code == "V220"]


def test_a_reference_to_a_uid_that_no_item_has_leads_nowhere_though_the_uid_is_optional() -> None:
    item = sample("first/dose-references.dcm")
    write("FractionGroupSequence[0]/ReferencedBeamSequence[0]", "ReferencedDoseReferenceUID", "1.2.3.4")(item)
    assert [each.code for each in check_instance(item) if each.severity == "error"] == ["V240"]


def test_what_is_forbidden_in_many_items_is_one_finding() -> None:
    item = converted()[RADIATION]
    del item[tag_of("NumberOfRTBeamLimitingDevices")]
    told = [(each.code, each.path) for each in check_instance(item) if each.severity == "error"]
    assert told == [
        ("V116", "RTBeamLimitingDeviceDefinitionSequence"),
        ("V116", f"{CP}[0]/NumberOfRTBeamLimitingDeviceOpenings"),
    ]


def test_sources_that_are_not_listed_are_counted() -> None:
    item = sample(f"first/{PLAN}.dcm")
    number = len(item[tag_of("BeamSequence")].items)
    for place in range(number):
        write(f"BeamSequence[{place}]", SOURCE, [reference("13", f"radiation {place}")])(item)
    write("BeamSequence[0]", SOURCE, [reference("13", "radiation 0")])(item)
    write("FractionGroupSequence[0]", SOURCE, [reference("12", "set")])(item)
    told = [each for each in check_instance(item) if each.code == "V286"]
    assert [each.message for each in told] == [f"the source is not listed, nor are {number} more"]


def test_an_instance_alone_is_told_of_a_class_that_is_not_permitted() -> None:
    item = converted()[SET]
    write("RTRadiationSequence[1]", "ReferencedSOPClassUID", CLASS + "5")(item)
    told = [(each.code, each.path) for each in check_instance(item) if each.severity == "error"]
    assert told == [("V136", "RTRadiationSequence[1]/ReferencedSOPClassUID")]


def test_nothing_is_silenced_by_what_weighs_less_and_nobody_silences_his_speaker() -> None:
    order = (Severity.ERROR, Severity.WARNING, Severity.INFO)
    for code, silent in SPEAKS_FOR.items():
        assert all(order.index(CODES[code].severity) <= order.index(CODES[each].severity) for each in silent)
        assert all(code not in SPEAKS_FOR.get(each, ()) for each in silent)


def test_what_is_absent_in_many_items_is_one_finding() -> None:
    item = converted()[RADIATION]
    points = item[tag_of(CP)].items
    for point in points:
        del point[tag_of("RTControlPointIndex")]
    (told,) = [each for each in check_instance(item) if each.path.endswith("/RTControlPointIndex")]
    assert told.path == f"{CP}[0]/RTControlPointIndex"
    assert told.message == f"Type 1 attribute is absent, in {len(points)} items"


def test_modes_of_values_that_cannot_be_encoded_are_told_apart() -> None:
    """Two modes under one machine code differ whether or not their values fit their representation."""
    item = converted()[RADIATION]
    modes = item[tag_of("RadiationGenerationModeSequence")]
    modes.value = [*modes.items, *converted()[RADIATION][modes.tag].items]
    word = "RadiationGenerationModeSequence[{}]/RadiationTypeCodeSequence[0]"
    for mode in modes.items:
        mode[tag_of("RadiationGenerationModeMachineCodeSequence")] = mode[tag_of("RadiationTypeCodeSequence")]
    assert "V248" not in {each.code for each in check_instance(item)}
    long(word.format(0), "CodeMeaning")(item)
    long(word.format(1), "CodeMeaning")(item)
    assert "V248" not in {each.code for each in check_instance(item)}
    at(item, word.format(1))[tag_of("CodeMeaning")].value += b"2"
    assert "V248" in {each.code for each in check_instance(item)}


def test_the_section_about_a_meaning_is_the_one_about_code_meanings() -> None:
    item = converted()[RADIATION]
    write("PatientOrientationCodeSequence[0]", "CodeMeaning", "lying")(item)
    (told,) = [each for each in check_instance(item) if each.code == "V153"]
    assert told.cite == "PS3.3 8.3"
