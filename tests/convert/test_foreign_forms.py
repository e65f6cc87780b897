"""Sets of other makers, form by form: what the standard permits and no conversion of ours writes."""

from __future__ import annotations

import math
import sys
from copy import deepcopy

import pytest
from pydicom import Dataset

import transcoder
from transcoder.engine.split import Outcome
from transcoder.findings import Account

from ..conftest import SAMPLES
from .test_foreign import E, brought, errors, of_each

sys.path.insert(0, str(SAMPLES))
from plans.elements import code, item
from plans.foreign import SUPINE, Change, bundle_of, devices, place, points


def plan_of(base: str, *changes: Change, valid: bool = True) -> tuple[Dataset, Account]:
    """The plan of a set that is itself right, judged, with an account in which nothing is forgotten."""
    datasets = bundle_of(base, "form", *changes)
    assert not valid or errors(datasets) == []
    outcome = brought(datasets)
    assert [str(found) for found in outcome.findings if found.severity is E or found.code == "T100"] == []
    assert outcome.account is not None
    assert outcome.account.source.unaccounted == 0
    bundle = transcoder.Bundle(encoded=[outcome.made[0].data])
    assert [str(found) for found in transcoder.validate(bundle) if found.severity is E] == []
    return bundle.instances[0], outcome.account


def refusal(base: str, *changes: Change) -> tuple[Outcome, set[str]]:
    """What becomes of a set that is refused, with the codes of its errors."""
    outcome = brought(bundle_of(base, "form", *changes))
    assert outcome.made == []
    return outcome, {found.code for found in outcome.findings if found.severity is E}


def fates(account: Account, path: str) -> set[str]:
    return {entry.fate for entry in account.entries if entry.path == path}


# --- numbers ---------------------------------------------------------------------------------------------


def test_a_number_of_a_source_is_kept_beside_beams_without_one() -> None:
    """Beams without a Definition Source are counted around those that have one (C.36.2.1.6, C.8.8.14)."""

    def number_last(_whole: Dataset, radiations: list[Dataset]) -> None:
        source = item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.481.5", ReferencedSOPInstanceUID="1.2.3")
        source.ReferencedBeamNumber = 1
        radiations[-1].DefinitionSourceSequence = [source]

    plan, _ = plan_of("static-jaws", number_last, valid=False)
    assert [(int(beam.BeamNumber), str(beam.BeamName)) for beam in plan.BeamSequence] == [(2, "Anterior"), (1, "Left")]


def test_fractions_are_empty_where_the_set_says_none() -> None:
    """C.36.10: a set that names an intent need not say the number; C.8.8.13: the attribute is Type 2."""

    def without(whole: Dataset, _radiations: list[Dataset]) -> None:
        del whole.IntendedNumberOfFractions
        named = item(ReferencedSOPClassUID="1.2.840.10008.5.1.4.1.1.481.10", ReferencedSOPInstanceUID="1.2.3.4")
        named.ReferencedRTPrescriptionSequence = [item(ReferencedRTPrescriptionIndex=1)]
        whole.ReferencedRTPhysicianIntentSequence = [named]

    plan, _ = plan_of("static-jaws", without, valid=False)
    assert plan.FractionGroupSequence[0].NumberOfFractionsPlanned is None


def test_one_of_several_patterns_is_not_chosen() -> None:
    """C.36.2.1.1: each item is an alternative, and an RT Plan has one pattern (C.8.8.13)."""

    def two(whole: Dataset, _radiations: list[Dataset]) -> None:
        patterns = [item(FractionPattern="1111100"), item(FractionPattern="1010100")]
        whole.FractionPatternSequence = [item(NumberOfFractionPatternDigitsPerDay=1, RepeatFractionCycleLength=1)]
        whole.FractionPatternSequence[0].WeekdayFractionPatternSequence = patterns

    plan, account = plan_of("static-jaws", two)
    assert "FractionPattern" not in plan.FractionGroupSequence[0]
    assert fates(account, "FractionPatternSequence/WeekdayFractionPatternSequence/FractionPattern") == {"declared"}


# --- modes and wedges ------------------------------------------------------------------------------------


def energies(plan: Dataset) -> list[list[str]]:
    return [
        [str(p.NominalBeamEnergy) for p in b.ControlPointSequence if "NominalBeamEnergy" in p]
        for b in plan.BeamSequence
    ]


def test_what_no_control_point_names_is_declared() -> None:
    """A mode and a position that no control point names are no part of the beam."""

    def more(radiation: Dataset) -> None:
        mode = deepcopy(radiation.RadiationGenerationModeSequence[0])
        mode.RadiationGenerationModeIndex, mode.NominalEnergy = 2, 15.0
        radiation.RadiationGenerationModeSequence.append(mode)
        radiation.NumberOfRadiationGenerationModes = 2
        radiation.TreatmentPositionSequence.append(deepcopy(radiation.TreatmentPositionSequence[0]))
        radiation.TreatmentPositionSequence[1].TreatmentPositionIndex = 2
        radiation.TreatmentPositionSequence[1].PatientSupportPositionSequence = []
        place(radiation, 1, SUPINE, (5.0, 5.0, 5.0))

    plan, account = plan_of("static-jaws", of_each(more))
    assert energies(plan) == [["6"], ["6"]]
    assert fates(account, "RadiationGenerationModeSequence/NominalEnergy") == {"carried", "declared"}
    assert fates(account, "TreatmentPositionSequence/ImageToEquipmentMappingMatrix") == {"carried", "declared"}


def test_all_wedges_stand_together() -> None:
    """C.8.8.14: the number of wedge positions of a control point is the number of wedges, one that rests included."""

    def another(radiation: Dataset) -> None:
        radiation.WedgeDefinitionSequence.append(deepcopy(radiation.WedgeDefinitionSequence[0]))
        radiation.WedgeDefinitionSequence[1].DeviceIndex = 2
        radiation.WedgeDefinitionSequence[1].DeviceLabel = "Resting"
        radiation.NumberOfWedges = 2
        first = points(radiation)[0]
        first.WedgePositionSequence.append(deepcopy(first.WedgePositionSequence[0]))
        first.WedgePositionSequence[1].ReferencedDeviceIndex = 2
        first.NumberOfWedgePositions = 2

    plan, _ = plan_of("wedge-motorized", of_each(another))
    rows = [
        [(int(each.ReferencedWedgeNumber), str(each.WedgePosition)) for each in point.get("WedgePositionSequence", [])]
        for point in plan.BeamSequence[0].ControlPointSequence
    ]
    assert rows == [[(1, "IN"), (2, "IN")]] * 2 + [[(1, "OUT"), (2, "IN")]] * 2


def radiating(radiation: Dataset) -> None:
    for number, point in enumerate(points(radiation)):
        point.CumulativeMeterset = 10.0 * number


@pytest.mark.parametrize(
    ("base", "word"), [("energy-switch", "NominalBeamEnergy"), ("wedge-motorized", "WedgePosition")]
)
def test_a_discrete_value_that_changes_while_radiating_is_refused(base: str, word: str) -> None:
    """C.8.8.14.5: a segment that does not radiate shall be used."""
    outcome, codes = refusal(base, of_each(radiating))
    assert codes == {"T290"}
    assert all(word in found.message and found.path for found in outcome.findings if found.code == "T290")


def test_a_fluence_that_an_rt_plan_does_not_know_is_refused() -> None:
    """CID 9549 may be extended; a plan that says nothing is treated with a flattened beam."""

    def other(radiation: Dataset) -> None:
        mode = radiation.RadiationGenerationModeSequence[0]
        mode.RadiationFluenceModifierCodeSequence = [code("F9", "Another filter", "99FOREIGN")]

    assert refusal("static-jaws", of_each(other))[1] == {"T220"}


@pytest.mark.parametrize("turns", [(359.9999999999, 360.0), (0.0, 1e-10), (-1e-10, 0.0)])
def test_the_noise_of_an_angle_is_no_motion(turns: tuple[float, float]) -> None:
    """C.8.8.14.8: with the direction NONE the angle is the same; so the beam is static."""

    def turn(radiation: Dataset) -> None:
        for point, angle in zip(points(radiation), turns, strict=True):
            point.SourceRollAngle = angle

    plan, _ = plan_of("static-jaws", of_each(turn))
    for beam in plan.BeamSequence:
        assert beam.BeamType == "STATIC"
        assert ["GantryAngle" in point for point in beam.ControlPointSequence] == [True, False]
        assert beam.ControlPointSequence[0].GantryRotationDirection == "NONE"


def test_two_items_with_one_index_are_refused() -> None:
    """Else the last one would be taken for the other, here 10 MV for 6."""

    def same_index(radiation: Dataset) -> None:
        radiation.RadiationGenerationModeSequence[1].RadiationGenerationModeIndex = 1
        for point in points(radiation):
            point.pop("ReferencedRadiationGenerationModeIndex", None)
        points(radiation)[0].ReferencedRadiationGenerationModeIndex = 1

    assert refusal("energy-switch", of_each(same_index))[1] == {"T206"}
    same_device = of_each(lambda radiation: setattr(devices(radiation)[1], "DeviceIndex", 1))
    assert "T206" in refusal("static-mlc", same_device)[1]


def test_a_dose_identification_without_index_is_refused() -> None:
    def without(whole: Dataset, _radiations: list[Dataset]) -> None:
        del whole.RadiationDoseIdentificationSequence[0].RadiationDoseIdentificationIndex

    assert refusal("dose-references", without)[1] == {"T210"}


# --- devices ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("angle", "enhanced"), [(-0.0, False), (0.0, False), (90.00001, True), (90.00000000001, True), (45.0, True)]
)
def test_any_other_angle_takes_the_enhanced_form(angle: float, enhanced: bool) -> None:
    """C.8.8.14.17: word for word, down to the last digit."""

    def turn(radiation: Dataset) -> None:
        devices(radiation)[0 if angle < 45 else 1].BeamModifierOrientationAngle = angle

    plan, _ = plan_of("static-mlc", of_each(turn), valid=False)
    for beam in plan.BeamSequence:
        assert (beam.get("EnhancedRTBeamLimitingDeviceDefinitionFlag") == "YES") == enhanced
        if enhanced:
            assert angle in [each.BeamModifierOrientationAngle for each in beam.EnhancedRTBeamLimitingDeviceSequence]


def test_a_radiation_without_devices_is_refused() -> None:
    """C.8.8.14: a beam has one at least."""

    def without(radiation: Dataset) -> None:
        radiation.NumberOfRTBeamLimitingDevices = 0
        del radiation.RTBeamLimitingDeviceDefinitionSequence
        for point in points(radiation):
            point.pop("NumberOfRTBeamLimitingDeviceOpenings", None)
            point.pop("RTBeamLimitingDeviceOpeningSequence", None)

    assert refusal("static-jaws", of_each(without))[1] == {"T060"}


# --- the patient and the couch ---------------------------------------------------------------------------

POSITION = "TreatmentPositionSequence/PatientSupportPositionSequence"
PARAMETERS = f"{POSITION}/PatientSupportPositionDeviceParameterSequence/PatientSupportPositionParameterSequence"


def support(radiation: Dataset) -> Dataset:
    return radiation.TreatmentPositionSequence[0].PatientSupportPositionSequence[0]


def test_a_couch_of_which_nothing_is_displayed() -> None:
    """10.40: ABSENT is a method."""

    def absent(radiation: Dataset) -> None:
        support(radiation).PatientSupportPositionSpecificationMethod = "ABSENT"
        del support(radiation).PatientSupportPositionDeviceParameterSequence

    plan, _ = plan_of("static-jaws", of_each(absent))
    assert {str(beam.ControlPointSequence[0].PatientSupportAngle) for beam in plan.BeamSequence} == {"0"}


def parameters(radiation: Dataset) -> list[Dataset]:
    return list(
        support(radiation).PatientSupportPositionDeviceParameterSequence[0].PatientSupportPositionParameterSequence
    )


def test_a_couch_that_is_identified_has_the_same_positions() -> None:
    """10.40.1.1: the codes say what the parameters are, whichever the method; those of one couch have one order."""

    def by_device(radiation: Dataset) -> None:
        support(radiation).PatientSupportPositionSpecificationMethod = "DEVICE_SPECIFIC"
        (device,) = support(radiation).PatientSupportPositionDeviceParameterSequence
        device.DeviceOrderIndex, device.ReferencedDeviceIndex = 1, 1
        for number, each in enumerate(parameters(radiation), start=1):
            each.PatientSupportPositionParameterOrderIndex = number

    plan, _ = plan_of("multi-isocenter", of_each(by_device), valid=False)
    before, _ = plan_of("multi-isocenter")
    for beam, other in zip(plan.BeamSequence, before.BeamSequence, strict=True):
        for point, same in zip(beam.ControlPointSequence, other.ControlPointSequence, strict=True):
            assert {each.tag: each.repval for each in point} == {each.tag: each.repval for each in same}


def test_a_couch_of_other_codes_is_declared() -> None:
    """10.40.1.2: the parameters of an isocentric couch are not those of IEC 61217; the matrix says where it stands."""

    def isocentric(radiation: Dataset) -> None:
        others = {"126801": "126814", "126802": "126812", "126803": "126813"}
        others |= {"126806": "126815", "126807": "126816", "126808": "126817"}
        for each in parameters(radiation):
            concept = each.ConceptNameCodeSequence[0]
            concept.CodeValue, concept.CodeMeaning = others[concept.CodeValue], "Isocentric"

    _, account = plan_of("static-jaws", of_each(isocentric), valid=False)
    assert fates(account, f"{PARAMETERS}/NumericValue") == {"declared"}


def test_points_beside_the_isocenter_are_declared() -> None:
    """CID 9553 may be extended; the isocenter is told by its code and not by its place."""

    def another(radiation: Dataset) -> None:
        row = radiation.TreatmentPositionSequence[0].PatientLocationCoordinatesSequence
        row.insert(0, deepcopy(row[0]))
        row[0].ThreeDPointCoordinates = [1.0, 2.0, 3.0]
        row[0].PatientLocationCoordinatesCodeSequence = [code("P1", "Another point", "99FOREIGN")]

    _, account = plan_of("static-jaws", of_each(another))
    path = "TreatmentPositionSequence/PatientLocationCoordinatesSequence/ThreeDPointCoordinates"
    assert fates(account, path) == {"carried", "declared"}

    def none(radiation: Dataset) -> None:
        radiation.TreatmentPositionSequence[0].PatientLocationCoordinatesSequence = []

    plan_of("static-jaws", of_each(none))


def test_an_isocenter_beside_the_matrix_is_refused() -> None:
    def aside(radiation: Dataset) -> None:
        point = radiation.TreatmentPositionSequence[0].PatientLocationCoordinatesSequence[0]
        point.ThreeDPointCoordinates = [value + 3.0 for value in map(float, point.ThreeDPointCoordinates)]

    outcome, codes = refusal("static-jaws", of_each(aside))
    assert codes == {"T291"}
    (told, *_) = [found.message for found in outcome.findings if found.code == "T291"]
    assert f"{3 * math.sqrt(3):.3g} mm" in told


def test_a_matrix_that_is_not_rigid_is_refused_with_its_residual() -> None:
    def skewed(radiation: Dataset) -> None:
        position = radiation.TreatmentPositionSequence[0]
        values = [float(value) for value in position.ImageToEquipmentMappingMatrix]
        position.ImageToEquipmentMappingMatrix = [values[0] * 1.01, values[1] + 0.01, *values[2:]]

    outcome, codes = refusal("static-jaws", of_each(skewed))
    assert codes == {"T043"}
    message = next(found.message for found in outcome.findings if found.code == "T043")
    assert " mm " in message
    assert message.endswith("degrees")
