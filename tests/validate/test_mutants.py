"""Good instances are free of errors, and every mutant of them is found out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
from build import CLASS, make
from files import load, samples
from minimal import minimal, text_value
from mutants import MUTATORS, Mutator, Row, rows

from transcoder.dicom.elements import Item, encode, tag_of
from transcoder.standard import iod_for, iods
from transcoder.validator import check_instance
from transcoder.validator.iod import check_tables

# Samples that are what real files are and not what the standard asks for; what they bring.
DEVIANT = {
    "dual-layer": {"V130"},  # names of devices of a vendor (C.8.8.14)
    "duplicate-mlcx": {"V213"},  # two MLCX with different numbers of leaves
}
LEAST_ROWS = 4000


@pytest.mark.parametrize("key", iods())
def test_the_least_instance_has_no_fault(key: str) -> None:
    faults = [each for each in check_tables(minimal(key)) if each.severity != "info"]
    assert not faults, faults[:5]


@pytest.mark.parametrize("path", samples("first") + samples("second"), ids=lambda path: path.stem)
def test_good_samples_bring_no_error(path: Path) -> None:
    errors = [each for each in check_instance(load(path)) if each.severity == "error"]
    assert {each.code for each in errors} <= DEVIANT.get(path.stem, set()), [str(each) for each in errors[:5]]


def killed(row: Row) -> bool:
    """Whether a finding with one of the expected codes stands at the place or below it."""
    return any(
        each.code in row.expected and (each.path.startswith(row.path) or row.path.startswith(each.path))
        for each in check_tables(row.mutant)
    )


def survivors(mutator: Mutator) -> tuple[int, list[str]]:
    """Number of mutants of one mutator over all IODs and samples, and those that nobody noticed.

    A place that several IODs share is broken in the first of them only.
    """
    number = 0
    alive: list[str] = []
    seen: set[str] = set()
    good = [(key, key, encode(minimal(key))) for key in iods()]
    for path in samples("first")[::6] + samples("second")[::6]:
        item = load(path)
        iod = iod_for(item[tag_of("SOPClassUID")].raw.decode().rstrip("\0"))
        content = encode(item)
        if iod and path.stem not in DEVIANT and len(content) < 30_000:
            good.append((path.stem, iod.key, content))
    for source, key, content in good:
        for row in rows(source, key, content, mutator, seen):
            number += 1
            if not killed(row):
                alive.append(f"{source} {row.path}: {sorted(row.expected)}")
    return number, alive


_COUNTS: Counter[str] = Counter()


@pytest.mark.parametrize("mutator", MUTATORS, ids=lambda mutator: mutator.__name__)
def test_every_mutant_is_killed(mutator: Mutator) -> None:
    number, alive = survivors(mutator)
    _COUNTS[mutator.__name__] = number
    assert number, "the mutator finds nothing to do"
    assert not alive, "\n".join([f"{len(alive)} of {number}", *alive[:30]])


def test_there_are_enough_mutants() -> None:
    if len(_COUNTS) == len(MUTATORS):
        assert sum(_COUNTS.values()) >= LEAST_ROWS, dict(_COUNTS)


def found_at_root(key: str, change: Mapping[str, tuple[str, bytes | None]]) -> set[str]:
    item = minimal(key)
    for word, (vr, value) in change.items():
        if value is None:
            del item[tag_of(word)]
        else:
            item.put(tag_of(word), vr, value)
    return {each.code for each in check_tables(item)}


def test_an_unknown_class_never_passes() -> None:
    assert found_at_root("rt-plan", {"SOPClassUID": ("UI", b"1.2.840.10008.5.1.4.1.1.2\0")}) == {"V100"}
    assert {each.code for each in check_tables(Item())} == {"V100"}


@pytest.mark.parametrize("uid", ["1.2.246.352.70.1.70", "2.16.840.1.114493.1.2.1.4.1.1.481.5"])
def test_private_plan_classes_are_plans(uid: str) -> None:
    assert found_at_root("rt-plan", {"SOPClassUID": ("UI", text_value("UI", uid))}) <= {"V119"}


def test_an_attribute_that_only_our_edition_has_is_known() -> None:
    """Ethnic Group (C.7.1.1) was replaced after 2024c."""
    assert found_at_root("rt-plan", {"EthnicGroup": ("SH", b"text")}) <= {"V119"}


# Attributes whose terms stand in another section than their table: a term of it, and one that it has not.
TERMS_ELSEWHERE = [
    ("rt-physician-intent", "PatientPosition", b"PFDR", b"HFX "),  # C.7.3.1.1.2
    ("rt-physician-intent", "PatientPosition", b"HFS ", b"SITTING "),  # only in a patient setup
    ("rt-image", "PatientPosition", b"LFP ", b"SUPINE"),
]


@pytest.mark.parametrize(("key", "word", "good", "bad"), TERMS_ELSEWHERE)
def test_terms_that_stand_in_another_section_are_known(key: str, word: str, good: bytes, bad: bytes) -> None:
    assert "V131" not in found_at_root(key, {word: ("CS", good)})
    assert "V131" in found_at_root(key, {word: ("CS", bad)})


@pytest.mark.parametrize(("value", "told"), [("AFDL", False), ("SITTING", False), ("HFX", True)])
def test_a_patient_may_sit_in_a_setup(value: str, told: bool) -> None:
    item = load(next(path for path in samples("first") if path.stem == "static-mlc"))
    item[tag_of("PatientSetupSequence")].items[0].put(tag_of("PatientPosition"), "CS", text_value("CS", value))
    assert ("V131" in {each.code for each in check_instance(item)}) is told


@pytest.mark.parametrize(("role", "told"), [(b"PARENT", False), (b"NEIGHBOUR ", True)])
def test_the_roles_of_a_responsible_person_are_known(role: bytes, told: bool) -> None:
    person = {"ResponsiblePerson": ("PN", b"A^B "), "ResponsiblePersonRole": ("CS", role)}
    assert ("V131" in found_at_root("rt-plan", person)) is told


def test_modules_are_judged() -> None:
    patient = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex")
    assert "V101" in found_at_root("rt-plan", dict.fromkeys(patient, ("LO", None)))
    groups = minimal("rt-plan")
    group = groups.put(tag_of("FractionGroupSequence"), "SQ", [Item()]).items[0]
    group.put(tag_of("NumberOfBeams"), "IS", b"1 ")
    assert "V102" in {each.code for each in check_tables(groups)}
    both = minimal("rt-plan", "rt-beams", "rt-brachy-application-setups")
    assert "V103" in {each.code for each in check_tables(both)}


def test_counts_are_judged() -> None:
    radiation = minimal("c-arm-photon-electron-radiation")
    radiation.put(tag_of("NumberOfRadiationGenerationModes"), "US", b"\x02\0")
    assert "V141" in {each.code for each in check_tables(radiation)}


FIRST_GENERATION_COUNTS = [
    ("5", "FractionGroupSequence", "NumberOfBeams", "ReferencedBeamSequence"),
    ("5", "FractionGroupSequence", "NumberOfBrachyApplicationSetups", "ReferencedBrachyApplicationSetupSequence"),
    ("5", "BeamSequence", "NumberOfWedges", "WedgeSequence"),
    ("5", "BeamSequence", "NumberOfCompensators", "CompensatorSequence"),
    ("5", "BeamSequence", "NumberOfBoli", "ReferencedBolusSequence"),
    ("5", "BeamSequence", "NumberOfBlocks", "BlockSequence"),
    ("4", "TreatmentSessionBeamSequence", "NumberOfWedges", "RecordedWedgeSequence"),
]


@pytest.mark.parametrize(("number", "holder", "count", "sequence"), FIRST_GENERATION_COUNTS)
def test_counts_of_the_first_generation_are_judged(number: str, holder: str, count: str, sequence: str) -> None:
    def told(said: int) -> set[str]:
        entry = make({count: said, sequence: [make()]})
        item = make({"SOPClassUID": CLASS + number, holder: [entry]})
        return {each.code for each in check_tables(item) if each.path == f"{holder}[0]/{sequence}"}

    assert told(1) == set()
    assert told(2) == told(7) == {"V141"}
    assert told(0) == {"V116", "V141"}


def test_wedge_positions_of_a_control_point_are_counted() -> None:
    point = make(WedgePositionSequence=[make(ReferencedWedgeNumber=1, WedgePosition="IN")])
    beam = make(NumberOfWedges=2, WedgeSequence=[make(), make()], ControlPointSequence=[point])
    item = make(SOPClassUID=CLASS + "5", BeamSequence=[beam])
    place = "BeamSequence[0]/ControlPointSequence[0]/WedgePositionSequence"
    assert {each.code for each in check_tables(item) if each.path == place} == {"V141"}


def test_functional_groups_are_judged() -> None:
    image = minimal("enhanced-rt-image")
    image[tag_of("SharedFunctionalGroupsSequence")].items[0].clear()
    assert "V143" in {each.code for each in check_tables(image)}


def test_identifiers_are_different() -> None:
    same = {"StudyInstanceUID": ("UI", b"1.2.3\0"), "SOPInstanceUID": ("UI", b"1.2.3\0")}
    assert "V135" in found_at_root("rt-plan", same)


def test_character_sets_are_judged() -> None:
    assert "V126" in found_at_root("rt-plan", {"SpecificCharacterSet": ("CS", b"UTF-8 ")})
    utf8 = {"SpecificCharacterSet": ("CS", b"ISO_IR 192"), "PatientName": ("PN", "Äöü^Žž ".encode())}
    assert found_at_root("rt-plan", utf8) <= {"V119"}
    latin = {"SpecificCharacterSet": ("CS", b"ISO_IR 192"), "PatientName": ("PN", b"\xe4\xf6")}
    assert "V125" in found_at_root("rt-plan", latin)


def test_undecidable_conditions_are_counted_once() -> None:
    told = [each for each in check_tables(minimal("rt-plan")) if each.code == "V119"]
    assert len(told) == 1
    assert int(told[0].message.split()[0]) > 5


def test_one_fault_in_many_items_is_counted() -> None:
    plan = load(samples("first")[0])
    points = [Item() for _ in range(100)]
    plan[tag_of("BeamSequence")].items[0].put(tag_of("ControlPointSequence"), "SQ", points)
    for point in points:
        point.put(tag_of("ControlPointIndex"), "IS", b"x ")
    told = [each for each in check_tables(plan) if each.path.endswith("/ControlPointIndex")]
    assert len(told) == 21
    assert told[0].path == "BeamSequence[0]/ControlPointSequence[0]/ControlPointIndex"
    assert told[-1].message == "the same in 80 further items"


def test_messages_hold_no_value_of_the_patient() -> None:
    """A wrong value of an identifying attribute is told without the value."""
    item = minimal("rt-plan")
    for word, vr in (("PatientName", "PN"), ("PatientID", "LO"), ("PatientSex", "CS"), ("PatientBirthDate", "DA")):
        item.put(tag_of(word), vr, b"SECRET\x01VALUE=SECRET=SECRET=" + b"X" * 80 + b"  ")
    text = " ".join(map(str, check_tables(item)))
    assert "V124" in text
    assert "SECRET" not in text
