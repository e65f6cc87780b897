"""Plans that are legal or nearly so and easily misread: exact, or a clear refusal, never a silent guess."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pydicom
import pytest
from plans.elements import put_raw

import transcoder
from transcoder.batch import Options, convert_folder
from transcoder.mapping.catalog import load

from ..conftest import SAMPLES

Change = Callable[[pydicom.Dataset], object]


def sample(name: str, change: Change) -> pydicom.Dataset:
    plan = pydicom.dcmread(SAMPLES / "first" / f"{name}.dcm")
    change(plan)
    return plan


def refusals(plan: pydicom.Dataset) -> list[tuple[str, str]]:
    with pytest.raises(transcoder.ConversionError) as caught:
        transcoder.transcode(transcoder.read([plan]))
    return [(f.code, f.path) for f in caught.value.findings if f.severity is transcoder.Severity.ERROR]


def beam(plan: pydicom.Dataset) -> pydicom.Dataset:
    return plan.BeamSequence[0]


def referenced(plan: pydicom.Dataset) -> pydicom.Dataset:
    return plan.FractionGroupSequence[0].ReferencedBeamSequence[0]


def device(plan: pydicom.Dataset, number: int = 0) -> pydicom.Dataset:
    return beam(plan).BeamLimitingDeviceSequence[number]


OPENINGS = "BeamLimitingDevicePositionSequence"
NUMBER = "DoseReferenceNumber"


def first_point(plan: pydicom.Dataset) -> pydicom.Dataset:
    return beam(plan).ControlPointSequence[0]


def coefficient(plan: pydicom.Dataset) -> pydicom.Dataset:
    return first_point(plan).ReferencedDoseReferenceSequence[0]


def two_makes(plan: pydicom.Dataset) -> None:
    for number, each in enumerate(plan.BeamSequence):
        each.ManufacturerModelName = f"Model {number % 2}"


def two_doses(plan: pydicom.Dataset) -> None:
    """C.8.8.13: without a type a dose is physical, and so the other one must not be."""
    referenced(plan).BeamDose, referenced(plan).AlternateBeamDose = 2, 3
    referenced(plan).AlternateBeamDoseType = "PHYSICAL"


REFUSED: list[tuple[str, str, Change, str]] = [
    ("no devices", "static-jaws", lambda p: delattr(beam(p), "BeamLimitingDeviceSequence"), "T060"),
    ("no couch angle", "static-jaws", lambda p: delattr(first_point(p), "PatientSupportAngle"), "T010"),
    ("no eccentric angle", "static-jaws", lambda p: delattr(first_point(p), "TableTopEccentricAngle"), "T010"),
    ("no openings at the first point", "static-jaws", lambda p: delattr(first_point(p), OPENINGS), "T010"),
    ("negative meterset", "static-jaws", lambda p: setattr(referenced(p), "BeamMeterset", -5), "T025"),
    ("no SOP Instance UID", "static-jaws", lambda p: delattr(p, "SOPInstanceUID"), "T010"),
    ("no study", "static-jaws", lambda p: delattr(p, "StudyInstanceUID"), "T010"),
    ("no device type", "collimator-rotation", lambda p: delattr(device(p, 2), "RTBeamLimitingDeviceType"), "T010"),
    ("two makes of machine", "sliding-window-9-beams", lambda p: two_makes(p), "T070"),
    ("doses of one kind", "static-jaws", lambda p: two_doses(p), "T072"),
    ("negative dose", "static-jaws", lambda p: setattr(referenced(p), "BeamDose", -1), "T071"),
    ("goal without number", "dose-references", lambda p: delattr(p.DoseReferenceSequence[0], NUMBER), "T073"),
    ("no number of a goal", "dose-references", lambda p: put_raw(coefficient(p), f"Referenced{NUMBER}", "ONE"), "T001"),
    ("no rows", "compensator", lambda p: delattr(beam(p).CompensatorSequence[0], "CompensatorRows"), "T010"),
    ("unknown device", "static-jaws", lambda p: setattr(device(p), "RTBeamLimitingDeviceType", "LEAFY"), "T018"),
]  # fmt: skip


@pytest.mark.parametrize(("title", "name", "change", "code"), REFUSED, ids=[row[0] for row in REFUSED])
def test_refused(title: str, name: str, change: Change, code: str) -> None:
    found = refusals(sample(name, change))
    assert code in [each for each, _ in found], title
    assert all(path for _, path in found)


def test_missing_couch_angle_is_named() -> None:
    found = refusals(sample("static-jaws", lambda p: delattr(first_point(p), "PatientSupportAngle")))
    assert ("T010", "BeamSequence[0]/ControlPointSequence/PatientSupportAngle") in found


@pytest.mark.parametrize(
    "name", ["前方左側照射野第一番目の非常に長い名前です", "AB前方CD左側EF照射野GH第一番目", "顎前方", "Feld 前方"]
)
def test_names_in_iso_2022(name: str) -> None:
    """C.12.1.1.2: a cut label and the whole name in the description, in the characters of the source."""

    def rename(plan: pydicom.Dataset) -> None:
        beam(plan).BeamName = name

    source = sample("names-japanese", rename)
    result = transcoder.transcode(transcoder.read([source]))
    radiation = next(each for each in result.bundle.instances if "RTRecordFlag" in each)
    label = str(radiation.UserContentLabel)
    if len(name) <= 16:
        assert label == name
    else:
        assert label == name[:14] + "~1"
        assert radiation.ContentDescription == name
    assert not [f for f in transcoder.validate(result.bundle) if f.severity is transcoder.Severity.ERROR]


def test_empty_character_set_is_left_out() -> None:
    result = transcoder.transcode(
        transcoder.read([sample("static-jaws", lambda p: setattr(p, "SpecificCharacterSet", ""))])
    )
    assert all("SpecificCharacterSet" not in each for each in result.bundle.instances)


def test_cut_description_is_told() -> None:
    result = transcoder.transcode(
        transcoder.read([sample("static-jaws", lambda p: setattr(p, "RTPlanDescription", "x" * 900))])
    )
    lost = [f for f in result.findings if f.code == "T106" and f.rule == "set.description"]
    assert lost
    entry = next(e for e in result.account.entries if e.path == "RTPlanDescription")
    assert entry.fate == "declared"


def test_long_label_is_a_description_where_there_is_none() -> None:
    """10.9.1.1.1: a longer text that identifies further; the description of the beam comes first."""
    for described in (False, True):

        def change(plan: pydicom.Dataset, described: bool = described) -> None:
            beam(plan).EntityLongLabel = "Boost, left"
            if described:
                beam(plan).BeamDescription = "From the left"

        result = transcoder.transcode(transcoder.read([sample("static-jaws", change)]))
        made = next(each for each in result.bundle.instances if "RTRecordFlag" in each)
        assert made.ContentDescription == ("From the left" if described else "Boost, left")
        entry = next(e for e in result.account.entries if e.path == "BeamSequence/EntityLongLabel")
        assert entry.fate == ("declared" if described else "carried")


def test_volume_and_frame_do_not_depend_on_the_site(tmp_path: Path) -> None:
    """C.36.11: a conceptual volume lets dose be summed over sets; its UID follows from the dose reference alone."""
    overlay = tmp_path / "site.yaml"
    overlay.write_text("overlay: x\nsite: {tray_slot: T1}\n", encoding="utf-8")

    def volumes(overlays: list[Path]) -> list[str]:
        result = transcoder.transcode(transcoder.read([SAMPLES / "first" / "dose-references.dcm"]), overlays=overlays)
        identified = result.bundle.instances[0].RadiationDoseIdentificationSequence
        return [item.ConceptualVolumeSequence[0].ConceptualVolumeUID for item in identified]

    assert volumes([]) == volumes([overlay])


def test_output_below_the_source_is_no_source(tmp_path: Path) -> None:
    (tmp_path / "plan.dcm").write_bytes((SAMPLES / "first" / "static-jaws.dcm").read_bytes())
    for _ in range(2):
        lines = convert_folder([tmp_path], tmp_path / "out", load(), Options())
        assert [line.status for line in lines] == ["converted"]


def test_moving_couch_is_no_static_beam() -> None:
    """CID 9511 has no term for a patient who is moved under radiation: assumed, with a warning."""
    result = transcoder.transcode(transcoder.read([SAMPLES / "first" / "dynamic-couch.dcm"]))
    told = [f for f in result.findings if f.rule == "beam.technique" and f.code == "T102"]
    assert told


EMPTY = {
    "": ("DoseReferenceSequence", "ToleranceTableSequence", "ReferencedStructureSetSequence"),
    "BeamSequence": (
        "WedgeSequence",
        "CompensatorSequence",
        "BlockSequence",
        "ReferencedBolusSequence",
        "ApplicatorSequence",
        "GeneralAccessorySequence",
        "PrimaryFluenceModeSequence",
        "EnhancedRTBeamLimitingDeviceSequence",
    ),
    "ControlPointSequence": ("WedgePositionSequence", "ReferencedDoseReferenceSequence"),
}


def test_empty_sequences_say_nothing() -> None:
    """PS3.5 7.4.5: many systems write what they do not have as a sequence of length 0."""

    def empty(plan: pydicom.Dataset) -> None:
        for place, words in EMPTY.items():
            item = plan if not place else beam(plan) if place == "BeamSequence" else first_point(plan)
            for word in words:
                setattr(item, word, [])

    result = transcoder.transcode(transcoder.read([sample("static-jaws", empty)]))
    assert result.account.source.unaccounted == 0
    assert not [f for f in transcoder.validate(result.bundle) if f.severity is transcoder.Severity.ERROR]


@pytest.mark.parametrize(
    "word", ["NumberOfFractionPatternDigitsPerDay", "RepeatFractionCycleLength", "FractionPattern"]
)
def test_half_a_fraction_pattern_is_none(word: str) -> None:
    """C.36.2.1.1: pattern and counters only make sense together; an empty one is absent (PS3.5 7.4.5)."""
    plan = sample("two-fraction-groups", lambda p: setattr(p.FractionGroupSequence[0], word, None))
    result = transcoder.transcode(transcoder.read([plan]))
    first = next(each for each in result.bundle.instances if "RTRadiationSequence" in each)
    assert "FractionPatternSequence" not in first
    assert not [f for f in transcoder.validate(result.bundle) if f.severity is transcoder.Severity.ERROR]


def places(item: pydicom.Dataset, path: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """Every element of an item, by tags and numbers of items; of a sequence its first items."""
    for element in item:
        yield (*path, element.tag)
        if element.VR == "SQ":
            for number, child in enumerate(element.value[:2]):
                yield from places(child, (*path, element.tag, number))


@pytest.mark.parametrize("name", ["block-aperture", "compensator", "dose-references", "wedge-motorized", "fff"])
def test_whatever_lacks_is_a_finding(name: str) -> None:
    """Each element taken away, and emptied: refused by a finding, or converted with everything accounted for."""
    paths = list(places(sample(name, lambda plan: None)))
    for path in paths:
        for empties in (False, True):
            plan = sample(name, lambda plan: None)
            item = plan
            for tag, number in zip(path[:-1:2], path[1:-1:2], strict=True):
                item = item[tag].value[number]
            if empties:
                item[path[-1]].value = [] if item[path[-1]].VR == "SQ" else None
            else:
                del item[path[-1]]
            # Any other exception than this one is the fault that the test looks for.
            with suppress(transcoder.ConversionError):
                account = transcoder.transcode(transcoder.read([plan])).account
                assert account.source.unaccounted == 0, path
