"""Sets of other makers: what becomes of each, and what of those that an RT Plan cannot hold."""

from __future__ import annotations

import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
from pydicom import Dataset

import transcoder
from transcoder.api import convert_instance
from transcoder.batch import Options, convert_folder
from transcoder.engine.split import Outcome
from transcoder.findings import Severity
from transcoder.mapping.catalog import load

from ..conftest import SAMPLES

sys.path.insert(0, str(SAMPLES))
from plans.elements import code, item
from plans.foreign import (
    FOREIGN,
    Change,
    build_foreign,
    bundle_of,
    devices,
    no_display,
    openings,
    place,
    points,
    turned,
)

E = Severity.ERROR


def errors(datasets: list[Dataset]) -> list[str]:
    """What our validator holds against these instances."""
    return [str(found) for found in transcoder.validate(transcoder.read(datasets)) if found.severity is E]


def brought(datasets: list[Dataset]) -> Outcome:
    """What becomes of a set, which is the first data set, with what goes along."""
    whole, *others = list(transcoder.read(datasets).members())
    return convert_instance(whole, others, load(), to="first")


@pytest.mark.parametrize("name", FOREIGN)
def test_each(name: str) -> None:
    datasets = build_foreign(name)
    assert errors(datasets) == []
    outcome = brought(datasets)
    assert [str(found) for found in outcome.findings if found.severity is E or found.code == "T100"] == []
    (made,) = outcome.made
    plan = transcoder.Bundle(encoded=[made.data])
    assert [str(found) for found in transcoder.validate(plan) if found.severity is E] == []
    account = outcome.account
    assert account is not None
    source = account.source
    assert source.elements == source.carried + source.derived + source.declared
    # Definition Source names the set and each radiation, once each, and nothing else does.
    (written,) = plan.instances
    (group,) = written.FractionGroupSequence
    named = [each.DefinitionSourceSequence for each in (group, *written.BeamSequence)]
    assert [[str(each.ReferencedSOPInstanceUID) for each in row] for row in named] == [
        [str(each.SOPInstanceUID)] for each in datasets
    ]
    assert written.get("ApprovalStatus", "UNAPPROVED") == "UNAPPROVED"


def test_content_without_a_home_is_declared() -> None:
    """Nothing that a maker says is passed over in silence."""
    outcome = brought(build_foreign("without-home"))
    assert outcome.account is not None
    fates = {entry.path: entry.fate for entry in outcome.account.entries}
    device = "RTBeamLimitingDeviceDefinitionSequence"
    for path in (
        "CArmPhotonElectronControlPointSequence/BeamAreaLimitSequence",
        "CArmPhotonElectronControlPointSequence/BeamAreaLimitSequence/OutlineShapeType",
        "TreatmentDeviceIdentificationSequence/ManufacturerDeviceClassUID",
        "TreatmentDeviceIdentificationSequence/SoftwareVersions",
        "TreatmentDeviceIdentificationSequence/ManufacturerDeviceIdentifier",
        f"{device}/Manufacturer",
        f"{device}/DeviceSerialNumber",
        f"{device}/ManufacturerDeviceIdentifier",
        f"{device}/DeviceAlternateIdentifier",
        f"{device}/LongDeviceDescription",
        f"{device}/RTBeamLimitingDeviceProximalDistance",
        f"{device}/RTBeamLimitingDeviceDistalDistance",
        "RadiationGenerationModeSequence/RadiationGenerationModeDescription",
        "RadiationGenerationModeSequence/RadiationGenerationModeMachineCodeSequence",
    ):
        assert fates[path] == "declared", path
    assert all(entry.reason for entry in outcome.account.entries if entry.fate == "declared")


def test_arcs_of_a_whole_turn_are_dynamic() -> None:
    outcome = brought(build_foreign("whole-turns"))
    (plan,) = transcoder.Bundle(encoded=[outcome.made[0].data]).instances
    assert {str(beam.BeamType) for beam in plan.BeamSequence} == {"DYNAMIC"}
    whole = [
        beam
        for beam in plan.BeamSequence
        if len({str(point.get("GantryAngle")) for point in beam.ControlPointSequence}) == 1
    ]
    assert whole
    for beam in whole:
        assert "GantryAngle" in beam.ControlPointSequence[1]


# --- what is refused -------------------------------------------------------------------------------------


def of_each(change: Callable[[Dataset], object]) -> Change:
    """A change of every radiation."""

    def changed(_whole: Dataset, radiations: list[Dataset]) -> None:
        for radiation in radiations:
            change(radiation)

    return changed


def mode(radiation: Dataset) -> Dataset:
    return radiation.RadiationGenerationModeSequence[0]


def a_range(radiation: Dataset) -> None:
    del mode(radiation).NominalEnergy
    mode(radiation).MinimumNominalEnergy, mode(radiation).MaximumNominalEnergy = 6.0, 10.0


def two_modes(radiation: Dataset) -> None:
    last = radiation.RadiationGenerationModeSequence[-1]
    last.RadiationFluenceModifierCodeSequence = [code("130356", "Non-Flattening Filter Beam")]


def two_particles(radiation: Dataset) -> None:
    last = radiation.RadiationGenerationModeSequence[-1]
    last.RadiationTypeCodeSequence = [code("78947-3", "Electron Radiation")]


def mirrored(radiation: Dataset) -> None:
    position = radiation.TreatmentPositionSequence[0]
    position.ImageToEquipmentMappingMatrix = [-1, *position.ImageToEquipmentMappingMatrix[1:]]


def enlarged(radiation: Dataset) -> None:
    position = radiation.TreatmentPositionSequence[0]
    position.ImageToEquipmentMappingMatrix = [2 * float(value) for value in position.ImageToEquipmentMappingMatrix]


def two_turns(radiation: Dataset) -> None:
    first, last = points(radiation)
    last.SourceRollAngle = float(first.SourceRollAngle) + 720


def without_meterset(radiation: Dataset) -> None:
    radiation.RTRadiationPhysicalAndGeometricContentDetailFlag = "FULL"
    for point in points(radiation):
        point.pop("CumulativeMeterset", None)


def tilted(radiation: Dataset) -> None:
    place(radiation, 0, turned(40, 1, 1), (0.0, 0.0, 0.0))


def skipping(radiation: Dataset) -> None:
    points(radiation)[1].RTControlPointIndex = 3


def partial(radiation: Dataset) -> None:
    position = points(radiation)[0].WedgePositionSequence[0]
    position.WedgePosition, position.RadiationBeamWedgeThinEdgeDistance = "PARTIAL", 12.5


REFUSED: list[tuple[str, str, Change, str]] = [
    ("energy-range", "static-jaws", of_each(a_range), "T218"),
    ("two-fluences", "energy-switch", of_each(two_modes), "T205"),
    ("two-particles", "energy-switch", of_each(two_particles), "T205"),
    ("partial-wedge", "wedge-motorized", of_each(partial), "T220"),
    ("mirrored", "static-jaws", of_each(mirrored), "T043"),
    ("enlarged", "static-jaws", of_each(enlarged), "T043"),
    ("two-turns", "static-jaws", of_each(two_turns), "T033"),
    ("no-meterset", "static-jaws", of_each(without_meterset), "T221"),
    ("no-display", "dynamic-couch", of_each(no_display), "T208"),
    ("other-display", "static-jaws", of_each(tilted), "T215"),
    ("other-frame", "static-jaws", of_each(
        lambda radiation: setattr(radiation, "EquipmentFrameOfReferenceUID", "2.25.9")), "T217"),
    ("turned-block", "block-aperture", of_each(
        lambda radiation: setattr(radiation.BlockDefinitionSequence[0], "BeamModifierOrientationAngle", 90.0)), "T217"),
    ("numbering", "static-jaws", of_each(skipping), "T027"),
    ("no-such-device", "static-jaws", of_each(
        lambda radiation: setattr(openings(radiation, 2)[0], "ReferencedDeviceIndex", 7)), "T051"),
    ("no-such-mode", "static-jaws", of_each(
        lambda radiation: setattr(points(radiation)[0], "ReferencedRadiationGenerationModeIndex", 7)), "T206"),
    ("other-plane", "static-mlc", of_each(lambda radiation: (
        setattr(radiation, "RTBeamModifierDefinitionDistance", 500.0),
        setattr(devices(radiation)[2], "BeamModifierOrientationAngle", 45.0))), "T222"),
    ("two-tolerances", "tolerance-tables", lambda _whole, radiations: radiations[0].RTToleranceSetSequence.append(
        deepcopy(radiations[0].RTToleranceSetSequence[0])), "T203"),
    ("wrong-source", "static-jaws", of_each(lambda radiation: setattr(radiation, "DefinitionSourceSequence", [item(
        ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.481.2", ReferencedSOPInstanceUID="2.25.1")])), "T213"),
    ("two-machines", "static-jaws", lambda _whole, radiations: setattr(
        radiations[0].TreatmentDeviceIdentificationSequence[0], "DeviceLabel", "Other"), "T202"),
    ("two-frames", "static-jaws", lambda _whole, radiations: setattr(
        radiations[0], "FrameOfReferenceUID", "2.25.1"), "T202"),
    ("two-patients", "static-jaws", lambda _whole, radiations: setattr(radiations[0], "PatientID", "OTHER"), "T212"),
    ("no-radiation", "static-jaws", lambda whole, _radiations: setattr(whole, "RTRadiationSequence", []), "T200"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "base", "change", "expected"), REFUSED, ids=[row[0] for row in REFUSED])
def test_is_refused(name: str, base: str, change: Change, expected: str) -> None:
    outcome = brought(bundle_of(base, name, change))
    assert outcome.made == []
    found = [finding for finding in outcome.findings if finding.severity is E]
    assert expected in {finding.code for finding in found}
    assert all(finding.path for finding in found)


def test_nothing_is_written_for_what_is_refused(tmp_path: Path) -> None:
    """A set without one of its radiations is refused; the set beside it is converted."""
    source = tmp_path / "in"
    for name in ("turned-devices", "pitched-couch"):
        for number, each in enumerate(build_foreign(name)):
            path = source / name / f"{number}.dcm"
            path.parent.mkdir(parents=True, exist_ok=True)
            each.save_as(path, enforce_file_format=True)
    (source / "pitched-couch" / "2.dcm").unlink()
    out = tmp_path / "out"
    lines = list(convert_folder([source], out, load(), Options()))
    told = {finding.code for line in lines if line.status == "refused" for finding in line.findings}
    assert "T200" in told
    assert len(list(out.rglob("*.dcm"))) == 1


def test_a_set_without_uid_is_refused() -> None:
    """A finding of the source, and no internal error."""
    datasets = build_foreign("without-home")
    whole = next(each for each in datasets if "RTRadiationSequence" in each)
    del whole.SOPInstanceUID
    codes = {finding.code for finding in brought(datasets).findings if finding.severity == "error"}
    assert codes == {"T010"}
