"""Demands of the text that are easily missed in whole conversions."""

from __future__ import annotations

from conversions import convert, decoded, encoded, pairs, refusals
from plans.devices import ASYMX, ASYMY, JAWS, Device, Opening, field_of
from plans.modifiers import block, compensator
from plans.plan import beam, plan
from plans.points import still
from pydicom import Dataset

OPEN = field_of(-30, 30, -30, 30)


def one_beam(**more: object) -> Dataset:
    return plan("gap", [beam(1, "Gap", JAWS, still(OPEN), **more)])


def radiation(source: Dataset) -> Dataset:
    source = decoded(encoded(source))
    outcome = convert(source)
    assert refusals(outcome) == []
    (pair,) = pairs(source, outcome)
    return pair.second.radiation


def test_an_unknown_device_type_is_refused_and_does_not_crash() -> None:
    source = plan("gap", [beam(1, "Gap", [Device("LEAFY"), ASYMY], still([Opening("LEAFY", (-1, 1)), OPEN[1]]))])
    assert refusals(convert(source)) == ["T018"]


def test_a_compensator_that_does_not_tell_its_divergence_is_not_divergent() -> None:
    # C.8.8.14.9: absent means as if ABSENT was specified.
    item = compensator(
        1, [[1, 2], [3, 4]], spacing=(12, 10), corner=(-20, 18), material="Brass",
        CompensatorMountingPosition="PATIENT_SIDE", CompensatorType="STANDARD",
    )  # fmt: skip
    (made,) = radiation(one_beam(CompensatorSequence=[item])).CompensatorDefinitionSequence
    assert made.CompensatorShapeSequence[0].CompensatorDivergence == "ABSENT"


def test_jaw_boundaries_that_the_plan_tells_are_not_assumed() -> None:
    # C.8.8.14: Leaf Position Boundaries may be present for jaws too. X jaws: along y; Y jaws: along -x.
    devices = [Device("ASYMX", (-180.0, 190.0)), ASYMY]
    made = radiation(plan("gap", [beam(1, "Gap", devices, still(OPEN))])).RTBeamLimitingDeviceDefinitionSequence
    assert made[0].ParallelRTBeamDelimiterDeviceSequence[0].ParallelRTBeamDelimiterBoundaries == [-180, 190]


def test_apertures_that_overlap_cannot_be_held() -> None:
    # C.36.2.2.13: the polygons of one block shall not overlap; C.8.8.14.4: the apertures form a union.
    apertures = [
        block(number, "APERTURE", [(x, x), (x + 30, x), (x + 30, x + 30), (x, x + 30)], BlockThickness=60)
        for number, x in ((1, -30), (2, -10))
    ]
    assert refusals(convert(one_beam(BlockSequence=apertures)))


def test_minus_zero_is_no_other_position() -> None:
    source = one_beam()
    source.BeamSequence[0].ControlPointSequence[1].IsocenterPosition = ["-0", "0.0", "0"]
    assert len(radiation(source).TreatmentPositionSequence) == 1


def test_leaves_along_y_bring_a_warning_where_the_readings_differ() -> None:
    device = Device("MLCY", (-30.0, -10.0, 20.0))
    outcome = convert(plan("gap", [beam(1, "Gap", [ASYMX, device], still([OPEN[0], Opening("MLCY", (-7, -2, 3, 8))]))]))
    assert any("MLCY" in finding.message or "C.8.8.14.17" in finding.cite for finding in outcome.findings)
