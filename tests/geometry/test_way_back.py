"""Plans made from radiations, ours and those of other makers, seen by the two models from the other side."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator

import numpy as np
import pydicom
import pytest
from compare import (
    NEAR,
    compare_blocks,
    compare_compensators,
    compare_numbers,
    compare_position,
    compare_turns,
    compare_wedges,
)
from conversions import ROOT, Pair, decoded, encoded, sheets
from first_model import Beam, patient_axes, turned
from pydicom import Dataset
from second_model import Radiation

from transcoder.api import convert_instance
from transcoder.dicom.elements import scan
from transcoder.dicom.instance import Instance

sys.path.insert(0, str(ROOT / "samples"))
from plans.elements import code
from plans.foreign import FOREIGN, build_foreign, bundle_of, no_display, place

OURS = sorted(path for path in (ROOT / "samples" / "second").iterdir() if path.is_dir())
# Devices that the models do not know: what is said of them is compared word for word instead.
COPIED = {"single-leaves", "binary-leaves", "fixed-collimator", "circular-collimator"}
# A plan is refused where it would have to say what no set says.
REFUSED = {
    "bolus": {"T010"}, "compensator": {"T010"},
}  # fmt: skip
REACH = 120.0


def bring_back(datasets: list[Dataset]) -> tuple[Dataset | None, set[str]]:
    """The plan of a set, which is the first data set, and the codes of errors."""
    instances = [Instance(scan(encoded(each), implicit=False)) for each in datasets]
    outcome = convert_instance(instances[0], instances[1:], sheets(), to="first", remake=True)
    codes = {finding.code for finding in outcome.findings if str(finding.severity) == "error"}
    return (decoded(outcome.made[0].data) if outcome.made else None), codes


def pairs(plan: Dataset, datasets: list[Dataset]) -> Iterator[Pair]:
    """Each beam with the radiation that its Definition Source names."""
    known = {str(each.SOPInstanceUID): each for each in datasets}
    (group,) = plan.FractionGroupSequence
    for use in group.ReferencedBeamSequence:
        (beam,) = [each for each in plan.BeamSequence if each.BeamNumber == use.ReferencedBeamNumber]
        (setup,) = [
            each for each in plan.PatientSetupSequence if each.PatientSetupNumber == beam.ReferencedPatientSetupNumber
        ]
        radiation = known[str(beam.DefinitionSourceSequence[0].ReferencedSOPInstanceUID)]
        yield Pair(
            str(beam.BeamNumber), plan, use, Beam(beam, str(setup.PatientPosition)), Radiation(radiation), datasets[0]
        )


def judge(pair: Pair, draw: np.random.Generator, reach: float = REACH) -> None:
    """The same points are seen at the same place and are open in both, or blocked."""
    scale = pair.second.source / pair.second.plane
    for here, there in zip(pair.first.points, pair.second.points, strict=True):
        isocenter = np.array([float(value) for value in here.held["IsocenterPosition"]])
        places = draw.uniform(-reach, reach, (60, 3)) + isocenter
        field, again = pair.first.project(here, places), pair.second.project(there, places)
        assert np.abs(field - again * scale).max() < NEAR
        ours, theirs = pair.first.edges(here, field), pair.second.edges(there, again)
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert (one.open == other.open).all()
        compare_position(pair, here, there)
        compare_numbers(pair, here, there)
    compare_turns(pair)


def judge_modifiers(pair: Pair, draw: np.random.Generator) -> None:
    from collections import Counter

    compare_wedges(pair, Counter())
    compare_blocks(pair, draw, Counter())
    compare_compensators(pair, Counter())


@pytest.mark.parametrize("name", [path.name for path in OURS])
def test_ours(name: str) -> None:
    files = sorted((ROOT / "samples" / "second" / name).iterdir())
    instances = [pydicom.dcmread(file) for file in files]
    known = {str(each.SOPInstanceUID): each for each in instances}
    for whole in (each for each in instances if "RTRadiationSequence" in each):
        members = [whole, *(known[str(each.ReferencedSOPInstanceUID)] for each in whole.RTRadiationSequence)]
        plan, codes = bring_back(members)
        assert codes == REFUSED.get(name, set())
        for pair in pairs(plan, members) if plan is not None else ():
            draw = np.random.default_rng(7)
            judge(pair, draw)
            judge_modifiers(pair, draw)


@pytest.mark.parametrize("name", sorted(FOREIGN.keys() - COPIED))
def test_of_other_makers(name: str) -> None:
    members = build_foreign(name)
    plan, codes = bring_back(members)
    assert codes == set()
    assert plan is not None
    for pair in pairs(plan, members):
        draw = np.random.default_rng(11)
        judge(pair, draw)
        judge_modifiers(pair, draw)


@pytest.mark.parametrize("name", sorted(COPIED))
def test_enhanced_devices_are_copied(name: str) -> None:
    members = build_foreign(name)
    plan, _ = bring_back(members)
    assert plan is not None
    for beam, radiation in zip(plan.BeamSequence, members[1:], strict=True):
        assert beam.EnhancedRTBeamLimitingDeviceDefinitionFlag == "YES"
        theirs = radiation.RTBeamLimitingDeviceDefinitionSequence
        for one, other in zip(beam.EnhancedRTBeamLimitingDeviceSequence, theirs, strict=True):
            for element in other:
                assert element.tag not in one or one[element.tag].value == element.value
                assert element.tag in one
        first = {o.ReferencedDeviceIndex: o for o in beam.ControlPointSequence[0].EnhancedRTBeamLimitingOpeningSequence}
        assert first.keys() == {device.DeviceIndex for device in theirs}
        for opening in radiation.CArmPhotonElectronControlPointSequence[0].RTBeamLimitingDeviceOpeningSequence:
            assert {e.tag: e.value for e in opening} == {e.tag: e.value for e in first[opening.ReferencedDeviceIndex]}


@pytest.mark.parametrize(
    ("plane", "base"), [(500.0, "static-mlc"), (1500.0, "block-aperture"), (2000.0, "wedge-standard")]
)
def test_another_plane_is_scaled(plane: float, base: str) -> None:
    """No C-arm of the standard has one (C.36.12.2.1), and what comes of it is right all the same."""

    def move(_whole: Dataset, radiations: list[Dataset]) -> None:
        for radiation in radiations:
            radiation.RTBeamModifierDefinitionDistance = plane

    members = bundle_of(base, "plane", move)
    plan, codes = bring_back(members)
    assert codes == set()
    assert plan is not None
    for pair in pairs(plan, members):
        # Jaws of this plane reach 100 mm across at the isocenter.
        judge(pair, np.random.default_rng(3), 60)
        for block, other in zip(
            pair.first.beam.get("BlockSequence", []),
            pair.second.radiation.get("BlockDefinitionSequence", []),
            strict=True,
        ):
            edge = np.frombuffer(other.BlockEdgeDataSequence[0].BlockEdgeData, "<f4").astype(float)
            assert np.allclose([float(value) for value in block.BlockData], edge * 1000 / plane, rtol=1e-6)


POSTURES = {
    "S": code("40199007", "supine", "SCT"), "P": code("1240000", "prone", "SCT"),
    "DR": code("102535000", "right lateral decubitus", "SCT"), "DL": code("102536004", "left lateral decubitus", "SCT"),
}  # fmt: skip
RELATIONS = {"HF": code("102540008", "headfirst", "SCT"), "FF": code("102541007", "feet-first", "SCT")}


@pytest.mark.parametrize("position", [start + rest for start in RELATIONS for rest in POSTURES])
@pytest.mark.parametrize(
    "couch", [(0, 0, 0, 0), (30, 0, 1.5, -2), (350, 20, -3, 0.5), (90, 0, 0, 10), (180, 270, 2, 2)]
)
def test_every_patient_position(position: str, couch: tuple[float, float, float, float]) -> None:
    """A matrix built by turning axes one after the other comes back as angles that put the patient where he was."""
    axes = np.eye(3)
    for axis, angle in ((2, couch[0]), (2, couch[1]), (0, couch[2]), (1, couch[3])):
        axes = np.array([turned(each, axes[axis], angle) for each in axes])
    # Columns: left, posterior and head of the patient in FIXED.
    matrix = np.array([each @ axes for each in patient_axes(position)]).T

    def lay(_whole: Dataset, radiations: list[Dataset]) -> None:
        for radiation in radiations:
            no_display(radiation)
            place(radiation, 0, matrix, (11.0, -22.0, 33.0))
            (orientation,) = radiation.PatientOrientationCodeSequence
            orientation.PatientOrientationModifierCodeSequence = [POSTURES[position[2:]]]
            radiation.PatientEquipmentRelationshipCodeSequence = [RELATIONS[position[:2]]]

    members = bundle_of("static-jaws", "couch", lay)
    plan, codes = bring_back(members)
    assert codes == set()
    assert plan is not None
    for pair in pairs(plan, members):
        judge(pair, np.random.default_rng(5))
        assert pair.first.position == position
        point = pair.first.beam.ControlPointSequence[0]
        assert math.isclose(
            math.remainder(float(point.PatientSupportAngle) - couch[0] - couch[1], 360), 0, abs_tol=1e-6
        )
        assert float(point.TableTopEccentricAngle) == 0
