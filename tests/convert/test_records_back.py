"""Treatment records of the second generation come back as RT Beams Treatment Records, one for each session."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pydicom
import pytest
from click.testing import CliRunner

import transcoder
from transcoder import Severity
from transcoder.cli.convert import convert
from transcoder.dicom.files import read_file
from transcoder.dicom.instance import Instance
from transcoder.mapping.catalog import load
from transcoder.roundtrip import Trip, round_trip

from ..conftest import SAMPLES

sys.path.insert(0, str(SAMPLES))
from plans import RECORDS

FOLDER = Path(__file__).parents[2] / "samples" / "records"
# What a salvage record of ours holds is not enough for a session item.
SALVAGED = {"entered-by-hand"}
ALL = sorted(path.name for path in (FOLDER / "second").iterdir())
NAMES = [name for name in ALL if name not in SALVAGED]


@cache
def back(name: str) -> transcoder.Result:
    return transcoder.transcode(transcoder.read([FOLDER / "second" / name]), to="first")


def record_of(name: str) -> pydicom.Dataset:
    (made,) = back(name).bundle.instances
    assert made.SOPClassUID == "1.2.840.10008.5.1.4.1.1.481.4"
    return made


def instances(paths: list[Path]) -> list[Instance]:
    read = [read_file(path) for path in paths]
    return [each for each in read if isinstance(each, Instance)]


def beside(name: str) -> list[Path]:
    """The plan of a record, or its set with the radiations."""
    return sorted((FOLDER / "first").glob(f"{name}.*.dcm"))


def plans(name: str) -> list[Instance]:
    return instances(beside(name))


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_comes_back_valid(name: str) -> None:
    record_of(name)
    told = [finding for finding in transcoder.validate(back(name).bundle) if finding.severity is not Severity.INFO]
    assert told == []


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_unaccounted(name: str) -> None:
    result = back(name)
    assert not [finding for finding in result.findings if finding.code == "T100"]
    assert result.account.target.elements == sum(1 for _ in record_of(name).iterall())
    held = [pydicom.dcmread(path) for path in (FOLDER / "second" / name).glob("*.dcm")]
    assert result.account.source.elements == sum(1 for each in held for _ in each.iterall())


@pytest.mark.parametrize("name", NAMES)
def test_out_and_home_again(name: str) -> None:
    (source,) = instances([FOLDER / "first" / f"{name}.dcm"])
    trip = round_trip(source, plans(name), load(), delivered_by=RECORDS[name].delivered_by)
    assert trip is not None
    assert trip.status == "returned"
    assert [row for row in trip.rows if not row.reason] == []


@pytest.mark.parametrize("name", NAMES)
def test_home_and_out_again(name: str) -> None:
    held = instances(sorted((FOLDER / "second" / name).glob("*.dcm")))
    trips = [round_trip(each, [other for other in held if other is not each] + plans(name), load()) for each in held]
    (trip,) = [each for each in trips if isinstance(each, Trip)]
    assert trip.status == "returned"
    assert [row for row in trip.rows if not row.reason] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_item_names_its_record(name: str) -> None:
    held = {each.SOPInstanceUID: each for each in map(pydicom.dcmread, (FOLDER / "second" / name).glob("*.dcm"))}
    for item in record_of(name).TreatmentSessionBeamSequence:
        (named,) = item.DefinitionSourceSequence
        record = held[named.ReferencedSOPInstanceUID]
        assert record.SOPClassUID == named.ReferencedSOPClassUID
        source = record.get("DefinitionSourceSequence", [])
        assert item.get("ReferencedBeamNumber") == (source[0].ReferencedBeamNumber if source else None)


def test_the_sets_of_one_session_are_one_record() -> None:
    """Session 2 of Table C.36.20-3: the rest of a fraction, and the next one."""
    record = record_of("continued-and-next-fraction")
    told = [(item.CurrentFractionNumber, item.TreatmentDeliveryType) for item in record.TreatmentSessionBeamSequence]
    assert told == [(1, "CONTINUATION"), (2, "TREATMENT"), (2, "TREATMENT")]
    paths = sorted((FOLDER / "second" / "continued-and-next-fraction").glob("*.dcm"), reverse=True)
    other = transcoder.transcode(transcoder.read(paths), to="first")
    assert other.bundle.encoded() == back("continued-and-next-fraction").bundle.encoded()


def test_a_folder_with_two_sets_of_one_session(tmp_path: Path) -> None:
    source = str(FOLDER / "second" / "continued-and-next-fraction")
    result = CliRunner().invoke(convert, [source, "--to", "first", "-o", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert len(list(tmp_path.rglob("*.dcm"))) == 1
    lines = json.loads((tmp_path / "report.json").read_text())["inputs"]
    assert {line["status"] for line in lines} == {"converted"}
    assert len({tuple(line["outputs"]) for line in lines}) == 1


def test_a_reason_tells_who_ended_a_delivery() -> None:
    status = {name: [item.TreatmentTerminationStatus for item in record_of(name).TreatmentSessionBeamSequence]
              for name in ("complete-fraction", "interrupted-fraction", "machine-termination")}  # fmt: skip
    assert status["complete-fraction"] == ["NORMAL", "NORMAL"]
    assert status["interrupted-fraction"] == ["NORMAL", "OPERATOR"]
    assert status["machine-termination"] == ["MACHINE", "UNKNOWN"]


def test_metersets_delivered_and_specified() -> None:
    done, stopped = record_of("interrupted-fraction").TreatmentSessionBeamSequence
    assert done.SpecifiedPrimaryMeterset == done.DeliveredPrimaryMeterset
    assert stopped.DeliveredPrimaryMeterset == 40
    assert "SpecifiedPrimaryMeterset" not in stopped
    last = stopped.ControlPointDeliverySequence[-1]
    assert last.DeliveredMeterset == 40
    assert last["SpecifiedMeterset"].is_empty
    (continued, *_) = record_of("continued-and-next-fraction").TreatmentSessionBeamSequence
    assert all(point["SpecifiedMeterset"].is_empty for point in continued.ControlPointDeliverySequence)


def test_an_override_comes_back_where_it_was_made() -> None:
    before = pydicom.dcmread(FOLDER / "first" / "overrides.dcm").TreatmentSessionBeamSequence
    after = record_of("overrides").TreatmentSessionBeamSequence
    places = [place for place, point in enumerate(after[0].ControlPointDeliverySequence) if "OverrideSequence" in point]
    assert places == [1]
    (item,) = after[0].ControlPointDeliverySequence[1].OverrideSequence
    (was, *_) = before[0].ControlPointDeliverySequence[1].OverrideSequence
    for word in ("OverrideParameterPointer", "OperatorsName", "OverrideReason"):
        assert item[word].value == was[word].value
    assert after[0].TreatmentVerificationStatus == "VERIFIED_OVR"
    assert after[1].TreatmentVerificationStatus == ""


def test_verification_is_never_invented() -> None:
    for name in NAMES:
        if name != "overrides":
            assert {item.TreatmentVerificationStatus for item in record_of(name).TreatmentSessionBeamSequence} == {""}


def test_a_turning_beam_is_dynamic() -> None:
    motion = {name: {item.BeamType for item in record_of(name).TreatmentSessionBeamSequence}
              for name in ("complete-fraction", "vmat-record")}  # fmt: skip
    assert motion == {"complete-fraction": {"STATIC"}, "vmat-record": {"DYNAMIC"}}


@pytest.mark.parametrize("name", ALL)
def test_a_preserved_record_comes_back_byte_for_byte(name: str, tmp_path: Path) -> None:
    source = FOLDER / "first" / f"{name}.dcm"
    out, home = tmp_path / "out", tmp_path / "home"
    paths = [str(source), *map(str, beside(name))]
    options = ["--to", "second", "--delivered-by", RECORDS[name].delivered_by, "--preserve", "-o", str(out)]
    assert CliRunner().invoke(convert, [*paths, *options]).exit_code == 0
    records = [path for path in out.rglob("*.dcm") if "Record" in path.name]
    result = CliRunner().invoke(convert, [*map(str, records), "--to", "first", "-o", str(home)])
    assert result.exit_code == 0, result.output
    (restored,) = home.rglob("*.dcm")
    assert restored.read_bytes() == source.read_bytes()


def changed(name: str, folder: Path, **values: str) -> Path:
    """A copy of a sample whose record sets and records hold these values, None for none."""
    for path in (FOLDER / "second" / name).glob("*.dcm"):
        dataset = pydicom.dcmread(path)
        dataset.pop("DefinitionSourceSequence", None)
        for word, value in values.items():
            setattr(dataset, word, value)
        dataset.save_as(folder / path.name)
    return folder


def test_a_record_of_another_maker_names_no_beam(tmp_path: Path) -> None:
    made = transcoder.transcode(transcoder.read([changed("complete-fraction", tmp_path)]), to="first")
    (record,) = made.bundle.instances
    assert all("ReferencedBeamNumber" not in item for item in record.TreatmentSessionBeamSequence)
    assert not [finding for finding in transcoder.validate(made.bundle) if finding.severity is Severity.ERROR]


def test_the_treatment_began_when_the_first_point_says(tmp_path: Path) -> None:
    """A record set may be written down days after the fraction was delivered."""
    folder = changed("complete-fraction", tmp_path, ContentDate="20240309", ContentTime="235959")
    (record,) = transcoder.transcode(transcoder.read([folder]), to="first").bundle.instances
    assert (record.TreatmentDate, record.TreatmentTime) == ("20240304", "100000.00")


def points_changed(name: str, change: Callable[[pydicom.Dataset], object]) -> list[pydicom.Dataset]:
    """The record set and records of a sample after a change of each record."""
    held = [pydicom.dcmread(path) for path in sorted((FOLDER / "second" / name).glob("*.dcm"))]
    for each in held:
        if "CArmPhotonElectronControlPointSequence" in each:
            change(each)
    return held


@pytest.mark.parametrize(("place", "value"), [(1, -5.0), (0, -5.0), (0, 1000.0)])
def test_a_meterset_that_falls_is_refused(place: int, value: float) -> None:
    def fall(root: pydicom.Dataset) -> None:
        root.CArmPhotonElectronControlPointSequence[place].CumulativeMeterset = value

    with pytest.raises(transcoder.ConversionError) as caught:
        transcoder.transcode(transcoder.read(points_changed("complete-fraction", fall)), to="first")
    assert {each.code for each in caught.value.findings if each.severity is Severity.ERROR} == {"T130"}


def test_the_start_of_a_continuation_is_not_known() -> None:
    """Its record counts from 0, and so does what is made of it: somebody has to be told."""
    assert [each.path for each in back("interrupted-window").findings if each.code == "T139"]
    assert not [each for each in back("complete-fraction").findings if each.code == "T139"]


def test_what_a_salvage_record_delivered_from_where_it_resumed() -> None:
    """C.36.23: its first control point has "the actual value at which the treatment was started or resumed"."""

    def resume(root: pydicom.Dataset) -> None:
        first, last = root.CArmPhotonElectronControlPointSequence
        first.CumulativeMeterset, last.CumulativeMeterset = 20.0, 100.0
        root.SOPClassUID, root.TreatmentRecordContentOrigin = "1.2.840.10008.5.1.4.1.1.481.17", "USER"
        root.StartingMetersetValueKnownFlag, root.TreatmentDeliveryContinuationFlag = "YES", "YES"
        root.RTRadiationSalvageRecordControlPointSequence = root.CArmPhotonElectronControlPointSequence
        del root.CArmPhotonElectronControlPointSequence

    held = points_changed("complete-fraction", resume)
    for reference in held[0].ReferencedRTRadiationRecordSequence:
        reference.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.481.17"
    result = transcoder.transcode(transcoder.read(held), to="first")
    for item in result.bundle.instances[0].TreatmentSessionBeamSequence:
        assert [point.DeliveredMeterset for point in item.ControlPointDeliverySequence] == [20, 100]
        assert item.DeliveredPrimaryMeterset == 80
    assert not [each for each in result.findings if each.code == "T139"]


def test_a_first_point_without_a_meterset_is_refused() -> None:
    def drop(root: pydicom.Dataset) -> None:
        del root.CArmPhotonElectronControlPointSequence[0].CumulativeMeterset

    with pytest.raises(transcoder.ConversionError) as caught:
        transcoder.transcode(transcoder.read(points_changed("complete-fraction", drop)), to="first")
    assert {each.code for each in caught.value.findings if each.severity is Severity.ERROR} == {"T221"}


def test_planned_points_count_from_1() -> None:
    def count_from_0(root: pydicom.Dataset) -> None:
        root.CArmPhotonElectronControlPointSequence[0].ReferencedRadiationRTControlPointIndex = 0

    with pytest.raises(transcoder.ConversionError) as caught:
        transcoder.transcode(transcoder.read(points_changed("complete-fraction", count_from_0)), to="first")
    assert {each.code for each in caught.value.findings if each.severity is Severity.ERROR} == {"T206"}


@pytest.mark.parametrize(("offset", "whole"), [("+0100", True), ("-0500", False), (None, False)])
def test_an_hour_of_another_zone_is_refused(offset: str | None, whole: bool) -> None:
    """Dates and times of the first generation are those of Timezone Offset From UTC."""

    def zoned(root: pydicom.Dataset) -> None:
        if offset:
            root.TimezoneOffsetFromUTC = offset
        for point in root.CArmPhotonElectronControlPointSequence:
            point.RecordedRTControlPointDateTime = f"{point.RecordedRTControlPointDateTime}+0100"

    held = points_changed("complete-fraction", zoned)
    if offset:
        held[0].TimezoneOffsetFromUTC = offset
    if whole:
        (made,) = transcoder.transcode(transcoder.read(held), to="first").bundle.instances
        (first, *_) = made.TreatmentSessionBeamSequence[0].ControlPointDeliverySequence
        assert (made.TimezoneOffsetFromUTC, first.TreatmentControlPointTime) == ("+0100", "100000.00")
        return
    with pytest.raises(transcoder.ConversionError) as caught:
        transcoder.transcode(transcoder.read(held), to="first")
    assert {each.code for each in caught.value.findings if each.severity is Severity.ERROR} == {"T137"}


def test_a_missing_record_refuses_the_set() -> None:
    paths = sorted((FOLDER / "second" / "complete-fraction").glob("*.dcm"))[:-1]
    with pytest.raises(transcoder.ConversionError) as caught:
        transcoder.transcode(transcoder.read(paths), to="first")
    assert {each.code for each in caught.value.findings if each.severity is Severity.ERROR} == {"T200"}


def test_a_table_that_moves_says_that_the_isocenter_does() -> None:
    told = [finding.message for finding in back("moving-table").findings if finding.code == "T106"]
    assert any("holds no isocenter" in message for message in told)


def test_leaves_come_back_with_their_boundaries() -> None:
    """A record in the plain form has none, and a plan that counts its leaves from the top would mirror them."""
    (item,) = record_of("leaves-from-the-top").TreatmentSessionBeamSequence
    assert item.EnhancedRTBeamLimitingDeviceDefinitionFlag == "YES"
    assert "BeamLimitingDeviceLeafPairsSequence" not in item
    (leaves,) = [
        each.ParallelRTBeamDelimiterDeviceSequence[0]
        for each in item.EnhancedRTBeamLimitingDeviceSequence
        if each.ParallelRTBeamDelimiterDeviceSequence[0].NumberOfParallelRTBeamDelimiters > 1
    ]
    assert len(leaves.ParallelRTBeamDelimiterBoundaries) == leaves.NumberOfParallelRTBeamDelimiters + 1
    assert "EnhancedRTBeamLimitingDeviceDefinitionFlag" not in record_of("arc-record").TreatmentSessionBeamSequence[0]
