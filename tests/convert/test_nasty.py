"""Plans that are legal or nearly so and easily misread: exact, or a clear refusal, never a silent guess."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

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


def device(plan: pydicom.Dataset) -> pydicom.Dataset:
    return beam(plan).BeamLimitingDeviceSequence[0]


OPENINGS = "BeamLimitingDevicePositionSequence"


def first_point(plan: pydicom.Dataset) -> pydicom.Dataset:
    return beam(plan).ControlPointSequence[0]


REFUSED: list[tuple[str, str, Change, str]] = [
    ("no devices", "static-jaws", lambda p: delattr(beam(p), "BeamLimitingDeviceSequence"), "T060"),
    ("no couch angle", "static-jaws", lambda p: delattr(first_point(p), "PatientSupportAngle"), "T010"),
    ("no eccentric angle", "static-jaws", lambda p: delattr(first_point(p), "TableTopEccentricAngle"), "T010"),
    ("no openings at the first point", "static-jaws", lambda p: delattr(first_point(p), OPENINGS), "T010"),
    ("negative meterset", "static-jaws", lambda p: setattr(referenced(p), "BeamMeterset", -5), "T025"),
    ("no SOP Instance UID", "static-jaws", lambda p: delattr(p, "SOPInstanceUID"), "T010"),
    ("no study", "static-jaws", lambda p: delattr(p, "StudyInstanceUID"), "T010"),
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
