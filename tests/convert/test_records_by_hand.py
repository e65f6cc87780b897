"""RT Radiation Salvage Records: made of sessions that were entered by hand, and brought back where they tell enough."""

from __future__ import annotations

import sys
from pathlib import Path

import pydicom
import pytest

import transcoder
from transcoder import ConversionError, Severity

from ..conftest import SAMPLES

sys.path.insert(0, str(SAMPLES))
from plans import RECORDS, with_meta

FOLDER = SAMPLES / "records"
SALVAGE, RECORD = "1.2.840.10008.5.1.4.1.1.481.17", "1.2.840.10008.5.1.4.1.1.481.19"
SHOWN, POINTS = "RTRadiationSalvageRecordControlPointSequence", "CArmPhotonElectronControlPointSequence"


def typed_in() -> pydicom.Dataset:
    return with_meta(RECORDS["entered-by-hand"].build()[""])


def made() -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path) for path in sorted((FOLDER / "second" / "entered-by-hand").glob("*.dcm"))]


def errors(caught: pytest.ExceptionInfo[ConversionError]) -> list[transcoder.Finding]:
    return [each for each in caught.value.findings if each.severity is Severity.ERROR]


def test_a_session_entered_by_hand_becomes_salvage_records() -> None:
    whole, first, rest = made()
    assert [each.SOPClassUID for each in (first, rest)] == [SALVAGE, SALVAGE]
    assert [each.ReferencedSOPInstanceUID for each in whole.ReferencedRTRadiationRecordSequence] == [
        first.SOPInstanceUID, rest.SOPInstanceUID,
    ]  # fmt: skip
    assert {each.ReferencedSOPClassUID for each in whole.ReferencedRTRadiationRecordSequence} == {SALVAGE}
    assert {each.TreatmentRecordContentOrigin for each in (first, rest)} == {"USER"}
    assert [each[SHOWN][0].CumulativeMeterset for each in (first, rest)] == [0, 43.5]
    assert [each[SHOWN][-1].CumulativeMeterset for each in (first, rest)] == [43.5, 100]
    assert {each.StartingMetersetValueKnownFlag for each in (first, rest)} == {"YES"}
    assert [each.TreatmentDeliveryContinuationFlag for each in (first, rest)] == ["NO", "YES"]
    assert not any("RecordedRTControlPointDateTime" in point for each in (first, rest) for point in each[SHOWN])


def test_each_value_that_was_missing_is_named() -> None:
    told = transcoder.transcode(transcoder.read([typed_in()]), to="second").findings
    paths = {each.path.partition("/")[2] for each in told if each.code == "T270"}
    assert paths == {"ControlPointDeliverySequence/TreatmentControlPointTime", "BeamLimitingDeviceLeafPairsSequence"}


def test_a_device_that_lacks_the_same_is_refused() -> None:
    for origin in ("DEVICE", None):
        source = typed_in()
        source.TreatmentRecordContentOrigin = origin
        with pytest.raises(ConversionError) as caught:
            transcoder.transcode(transcoder.read([source]), to="second")
        assert {each.code for each in errors(caught)} == {"T010"}


def test_a_site_may_know_that_users_entered_it(tmp_path: Path) -> None:
    source = typed_in()
    del source.TreatmentRecordContentOrigin
    overlay = tmp_path / "site.yaml"
    overlay.write_text("overlay: clinic\nmachines:\n  Linac A: {content_origin: USER}\n")
    found = transcoder.transcode(transcoder.read([source]), to="second", overlays=[overlay]).bundle.instances
    assert [each.SOPClassUID for each in found[1:]] == [SALVAGE, SALVAGE]
    source.TreatmentRecordContentOrigin = "DEVICE"
    with pytest.raises(ConversionError):
        transcoder.transcode(transcoder.read([source]), to="second", overlays=[overlay])


def test_what_lacks_nothing_stays_the_record_of_a_device() -> None:
    source = pydicom.dcmread(FOLDER / "first" / "without-plan.dcm")
    source.TreatmentRecordContentOrigin = "USER"
    records = transcoder.transcode(transcoder.read([source]), to="second").bundle.instances[1:]
    assert {each.SOPClassUID for each in records} == {RECORD}
    assert {each.TreatmentRecordContentOrigin for each in records} == {"USER"}


def test_no_energy_no_mode() -> None:
    source = typed_in()
    for item in source.TreatmentSessionBeamSequence:
        del item.ControlPointDeliverySequence[0].NominalBeamEnergy
        del item.ControlPointDeliverySequence[0].NominalBeamEnergyUnit
    result = transcoder.transcode(transcoder.read([source]), to="second")
    assert not [each for each in result.findings if each.code == "T100"]
    assert not any("RadiationGenerationModeSequence" in each for each in result.bundle.instances)
    assert not [each for each in transcoder.validate(result.bundle) if each.severity is Severity.ERROR]


def test_our_own_salvage_records_tell_too_little_for_the_way_back() -> None:
    with pytest.raises(ConversionError) as caught:
        transcoder.transcode(transcoder.read(made()), to="first")
    found = errors(caught)
    assert {each.code for each in found} == {"T271"}
    first = [each.path for each in found if each.path.startswith("ReferencedRTRadiationRecordSequence[0]")]
    assert {path.partition("/")[2] for path in first} == {
        "RadiationSourceAxisDistance", "RTBeamLimitingDeviceDefinitionSequence", "TreatmentPositionSequence",
        f"{SHOWN}/SourceRollAngle", f"{SHOWN}/RTBeamLimitingDeviceAngle", f"{SHOWN}/RecordedRTControlPointDateTime",
        f"{SHOWN}/RTBeamLimitingDeviceOpeningSequence",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name", ["complete-fraction", "interrupted-fraction", "vmat-record", "wedge-record", "overrides"]
)
def test_a_salvage_record_with_all_details_comes_back_like_the_record_of_a_device(name: str) -> None:
    """C.36.23.1.1 permits every attribute of the radiation."""
    held = [pydicom.dcmread(path) for path in sorted((FOLDER / "second" / name).glob("*.dcm"))]
    (plain,) = transcoder.transcode(transcoder.read(held), to="first").bundle.instances
    for reference in held[0].ReferencedRTRadiationRecordSequence:
        reference.ReferencedSOPClassUID = SALVAGE
    for each in held[1:]:
        each.SOPClassUID, each.TreatmentRecordContentOrigin = SALVAGE, "USER"
        each.StartingMetersetValueKnownFlag = "YES"
        points = each[POINTS].value
        del each[POINTS]
        setattr(each, SHOWN, points)
    result = transcoder.transcode(transcoder.read(held), to="first")
    (back,) = result.bundle.instances
    assert not [each for each in result.findings if each.code == "T100"]
    assert result.account.source.elements == sum(1 for each in held for _ in each.iterall())
    sources = [item.DefinitionSourceSequence[0].ReferencedSOPClassUID for item in back.TreatmentSessionBeamSequence]
    assert set(sources) == {SALVAGE}
    for each in (plain, back):
        each.pop("TreatmentRecordContentOrigin", None)
        each.pop("ReferencedSeriesSequence")
        for item in each.TreatmentSessionBeamSequence:
            del item.DefinitionSourceSequence
    assert plain == back
