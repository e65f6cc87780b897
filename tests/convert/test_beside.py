"""Sets with an RT Treatment Preparation or an RT Physician Intent beside them, brought back to RT Plans."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset

import transcoder
from tests.conftest import SAMPLES
from transcoder.batch import Options, convert_folder
from transcoder.errors import ConversionError
from transcoder.findings import Severity
from transcoder.mapping.catalog import load

FOLDERS = ("preparation", "intent", "preparation-and-intent")


def bundle(folder: str) -> list[Dataset]:
    """The instances of a sample: the set, its radiations, and what stands beside them."""
    return [pydicom.dcmread(path) for path in sorted((SAMPLES / "beside" / folder).glob("*.dcm"))]


def brought_back(members: Sequence[Dataset]) -> transcoder.Result:
    """The plan of a bundle."""
    return transcoder.transcode(transcoder.read(members), to="first")


def plan_of(members: Sequence[Dataset]) -> Dataset:
    """The plan alone."""
    (plan,) = brought_back(members).bundle.instances
    return plan


def codes(result: transcoder.Result) -> list[str]:
    """The codes of what was noticed and needs a look."""
    return [finding.code for finding in result.findings if finding.severity is not Severity.INFO]


@pytest.mark.parametrize("folder", FOLDERS)
def test_samples_break_no_rule(folder: str) -> None:
    found = transcoder.validate(transcoder.read(bundle(folder)))
    assert [finding for finding in found if finding.severity is not Severity.INFO] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_element_is_accounted_for_and_the_plan_is_clean(folder: str) -> None:
    result = brought_back(bundle(folder))
    source = result.account.source
    assert source.unaccounted == 0
    assert source.elements == source.carried + source.derived + source.declared
    assert source.elements == sum(1 for each in bundle(folder) for _ in each.iterall())
    assert [each for each in transcoder.validate(result.bundle) if each.severity is not Severity.INFO] == []


def test_a_preparation_fills_the_patient_setup() -> None:
    """The macro comes back as it stands, and the classic attributes say the same where they can."""
    members = bundle("preparation")
    plan, preparation = plan_of(members), members[-1]
    (setup,) = plan.PatientSetupSequence
    assert setup.PatientSetupLabel == preparation.EntityLongLabel
    assert setup.PatientPosition == "HFS"
    assert {beam.ReferencedPatientSetupNumber for beam in plan.BeamSequence} == {setup.PatientSetupNumber}
    (macro,) = setup.PatientTreatmentPreparationSequence
    words = [each.keyword for each in macro]
    assert words == [each.keyword for each in preparation if "PatientTreatmentPreparation" in each.keyword]
    assert all(macro[word] == preparation[word] for word in words)
    assert setup.SetupTechnique == "ISOCENTRIC"
    assert [each.FixationDeviceType for each in setup.FixationDeviceSequence] == ["MASK"]
    assert [each.ShieldingDeviceType for each in setup.ShieldingDeviceSequence] == ["EYE"]
    assert [each.SetupDeviceType for each in setup.SetupDeviceSequence] == ["LASER_POINTER"]


def test_an_intent_fills_the_plan() -> None:
    members = bundle("intent")
    plan, goal = plan_of(members), members[-1].RTPhysicianIntentSequence[0]
    assert plan.PlanIntent == goal.RTTreatmentIntentType == "PALLIATIVE"
    assert plan.TreatmentSite == goal.TreatmentSite
    assert plan.TreatmentSiteCodeSequence == goal.TreatmentSiteCodeSequence
    assert plan.PrescriptionDescription == members[-1].RTPrescriptionSequence[0].PrescriptionNotes


def test_without_them_the_plan_says_nothing_of_it() -> None:
    """What the others say comes from them and from nowhere else."""
    plan = plan_of(bundle("preparation")[:-1])
    assert "SetupTechnique" not in plan.PatientSetupSequence[0]
    assert "PatientTreatmentPreparationSequence" not in plan.PatientSetupSequence[0]
    assert not {"PlanIntent", "TreatmentSite", "PrescriptionDescription"} & {each.keyword for each in plan}


def test_a_set_for_quality_assurance_keeps_its_own_intent() -> None:
    members = bundle("intent")
    members[0].RTRadiationSetIntent = "PLAN_QA"
    result = brought_back(members)
    assert result.bundle.instances[0].PlanIntent == "VERIFICATION"
    assert result.account.source.unaccounted == 0


def test_a_prescription_with_a_parent_serves_the_intent_of_its_parent() -> None:
    """C.36.6.1.5: the parent names the intent."""
    members = bundle("intent")
    child = Dataset()
    child.update(members[-1].RTPrescriptionSequence[0])
    del child.ReferencedRTPhysicianIntentIndex
    child.ReferencedParentRTPrescriptionIndex, child.RTPrescriptionIndex, child.PrescriptionNotes = 1, 2, "Boost"
    members[-1].RTPrescriptionSequence.append(child)
    members[0].ReferencedRTPhysicianIntentSequence[0].ReferencedRTPrescriptionSequence[
        0
    ].ReferencedRTPrescriptionIndex = 2
    plan = plan_of(members)
    assert (plan.PlanIntent, plan.PrescriptionDescription) == ("PALLIATIVE", "Boost")


def test_objectives_of_a_target_become_its_dose_reference() -> None:
    """Prescribed, least and greatest dose have a place (CID 9529); the mean has none and is declared."""
    members = bundle("intent")
    (reference,) = plan_of(members).DoseReferenceSequence
    assert (reference.DoseReferenceType, reference.DoseReferenceStructureType) == ("TARGET", "SITE")
    assert reference.DoseReferenceDescription == "PTV"
    doses = (reference.TargetMinimumDose, reference.TargetPrescriptionDose, reference.TargetMaximumDose)
    assert doses == (28.5, 30, 32.1)


def test_a_dose_and_a_goal_of_one_volume_are_one_dose_reference() -> None:
    """The volume of the first dose of the set is that of the prescription; the others stay as they are."""
    members = bundle("preparation-and-intent")
    volumes = [each.ConceptualVolumeSequence[0] for each in members[0].RadiationDoseIdentificationSequence]
    shared = members[-1].RTPrescriptionSequence[0].RTAnatomicPrescriptionSequence[0].ConceptualVolumeSequence[0]
    assert shared.ConceptualVolumeUID == volumes[0].ConceptualVolumeUID
    alone = plan_of(members[:3]).DoseReferenceSequence
    both = plan_of(members).DoseReferenceSequence
    assert [each.DoseReferenceUID for each in both] == [each.DoseReferenceUID for each in alone]
    pairs = zip(both, alone, strict=True)
    added = [{each.keyword for each in one} - {each.keyword for each in other} for one, other in pairs]
    assert added == [{"TargetPrescriptionDose", "TargetMinimumDose", "TargetMaximumDose"}, set(), set()]


def test_a_goal_of_another_volume_gets_a_free_number() -> None:
    members = bundle("preparation-and-intent")
    intent = members[-1]
    intent.RTPrescriptionSequence[0].RTAnatomicPrescriptionSequence[0].ConceptualVolumeSequence[
        0
    ].ConceptualVolumeUID = "2.25.4"
    for objective in intent.DosimetricObjectiveSequence:
        objective.ReferencedConceptualVolumeUID = "2.25.4"
    references = plan_of(members).DoseReferenceSequence
    numbers = [int(each.DoseReferenceNumber) for each in references]
    assert len(set(numbers)) == len(references) == 1 + len(plan_of(members[:3]).DoseReferenceSequence)
    assert [each.get("TargetPrescriptionDose") for each in references] == [None, None, None, 30]


def _shared(intent: Dataset) -> None:
    """The objectives are those of two prescriptions together (C.36.6.1.6)."""
    other = Dataset()
    other.update(intent.RTPrescriptionSequence[0])
    other.RTPrescriptionIndex = 2
    intent.RTPrescriptionSequence.append(other)


def _lifetime(intent: Dataset) -> None:
    """The objectives count prior treatments (C.36.6.1.7)."""
    for objective in intent.DosimetricObjectiveSequence:
        objective.DosimetricObjectiveEvaluationScope = "LIFETIME"


def _effective(intent: Dataset) -> None:
    """The doses are weighted by their effect (C.36.2.1.5)."""
    for objective in intent.DosimetricObjectiveSequence:
        parameter = objective.DosimetricObjectiveParameterSequence[0]
        parameter.RadiobiologicalDoseEffectSequence[0].RadiobiologicalDoseEffectFlag = "YES"


@pytest.mark.parametrize("change", [_shared, _lifetime, _effective])
def test_objectives_that_are_no_doses_of_this_plan_are_left_out(change: Callable[[Dataset], None]) -> None:
    members = bundle("intent")
    change(members[-1])
    result = brought_back(members)
    (reference,) = result.bundle.instances[0].DoseReferenceSequence
    assert not {each.keyword for each in reference if each.keyword.startswith("Target")}
    assert result.account.source.unaccounted == 0


def test_an_objective_in_another_unit_is_refused() -> None:
    members = bundle("intent")
    parameter = members[-1].DosimetricObjectiveSequence[0].DosimetricObjectiveParameterSequence[0]
    parameter.MeasurementUnitsCodeSequence[0].CodeValue = "cGy"
    with pytest.raises(ConversionError) as raised:
        brought_back(members)
    assert [each.code for each in raised.value.findings if each.severity is Severity.ERROR] == ["T209"]


def test_several_prescriptions_are_told_and_left_alone() -> None:
    members = bundle("intent")
    _shared(members[-1])
    chosen = members[0].ReferencedRTPhysicianIntentSequence[0].ReferencedRTPrescriptionSequence
    other = Dataset()
    other.ReferencedRTPrescriptionIndex = 2
    chosen.append(other)
    result = brought_back(members)
    plan = result.bundle.instances[0]
    assert codes(result) == ["T234"]
    assert plan.PlanIntent == "PALLIATIVE"
    assert not {"PrescriptionDescription", "DoseReferenceSequence"} & {each.keyword for each in plan}


def _scope(members: list[Dataset]) -> Dataset:
    held: Dataset = members[3].RTPatientPositionScopeSequence[0]
    return held


def _one_radiation(members: list[Dataset]) -> None:
    """The preparation names the second radiation itself."""
    name = members[0].RTRadiationSequence[1]
    assert name.ReferencedSOPInstanceUID == members[2].SOPInstanceUID
    del _scope(members).ReferencedRTRadiationSetSequence
    _scope(members).ReferencedRTRadiationSequence = [name]


def _part_of_the_set(members: list[Dataset]) -> None:
    """The preparation names the set, and in it the second radiation."""
    named = members[0].RTRadiationSequence[1]
    _scope(members).ReferencedRTRadiationSetSequence[0].ReferencedRTRadiationSequence = [named]


def _group(members: list[Dataset]) -> None:
    """The preparation names a treatment position group, which holds the second radiation."""
    first, second = members[0].RTRadiationSequence
    groups = []
    for number, named in enumerate((first, second), start=1):
        group = Dataset()
        group.TreatmentPositionGroupUID = f"2.25.{number}"
        group.TreatmentPositionGroupLabel = f"Patient setup {number}"
        group.ReferencedRTRadiationSequence = [named]
        groups.append(group)
    members[0].TreatmentPositionGroupSequence = groups
    named = Dataset()
    named.ReferencedTreatmentPositionGroupUID = "2.25.2"
    _scope(members).ReferencedRTRadiationSetSequence[0].TreatmentPositionGroupSequence = [named]


@pytest.mark.parametrize("change", [_one_radiation, _part_of_the_set, _group])
def test_a_preparation_for_some_beams_makes_a_setup_of_their_own(change: Callable[[list[Dataset]], None]) -> None:
    members = bundle("preparation-and-intent")
    change(members)
    result = brought_back(members)
    (plan,) = result.bundle.instances
    setups = {each.PatientSetupNumber: each for each in plan.PatientSetupSequence}
    used = [setups[beam.ReferencedPatientSetupNumber] for beam in plan.BeamSequence]
    assert ["SetupTechnique" in each for each in used] == [False, True]
    assert result.account.source.unaccounted == 0


def test_a_preparation_of_another_patient_is_refused() -> None:
    members = bundle("preparation")
    members[-1].PatientID = "OTHER"
    with pytest.raises(ConversionError) as raised:
        brought_back(members)
    assert [each.code for each in raised.value.findings if each.severity is Severity.ERROR] == ["T230"]


def test_a_preparation_for_another_set_is_not_looked_at() -> None:
    """It may even be of another patient: nothing connects it with this set."""
    members = bundle("preparation")
    members[-1].RTPatientPositionScopeSequence[0].ReferencedRTRadiationSetSequence[
        0
    ].ReferencedSOPInstanceUID = "2.25.5"
    members[-1].PatientID = "OTHER"
    result = brought_back(members)
    assert codes(result) == []
    assert "SetupTechnique" not in result.bundle.instances[0].PatientSetupSequence[0]


def test_an_intent_that_is_not_there_is_told() -> None:
    result = brought_back(bundle("intent")[:-1])
    assert codes(result) == ["T232"]
    assert "PlanIntent" not in result.bundle.instances[0]
    assert result.account.source.unaccounted == 0


def test_a_prescription_that_is_not_there_is_told() -> None:
    members = bundle("intent")
    chosen = members[0].ReferencedRTPhysicianIntentSequence[0].ReferencedRTPrescriptionSequence[0]
    chosen.ReferencedRTPrescriptionIndex = 7
    result = brought_back(members)
    assert codes(result) == ["T233"]
    assert "PlanIntent" not in result.bundle.instances[0]


def test_a_position_group_that_is_not_there_is_told() -> None:
    members = bundle("preparation-and-intent")
    _group(members)
    scope = _scope(members).ReferencedRTRadiationSetSequence[0]
    scope.TreatmentPositionGroupSequence[0].ReferencedTreatmentPositionGroupUID = "2.25.9"
    result = brought_back(members)
    assert "T233" in codes(result)
    assert not any("SetupTechnique" in each for each in result.bundle.instances[0].PatientSetupSequence)


def test_two_preparations_of_one_beam_are_told_and_left_alone() -> None:
    members = bundle("preparation")
    other = pydicom.dcmread(io.BytesIO((SAMPLES / "beside/preparation/03-RTTreatmentPreparation.dcm").read_bytes()))
    other.SOPInstanceUID = "2.25.77"
    result = brought_back([*members, other])
    assert codes(result) == ["T231"]
    assert "SetupTechnique" not in result.bundle.instances[0].PatientSetupSequence[0]


def test_an_unknown_method_stands_in_the_macro_alone() -> None:
    """Stereotactic Setup Method has no term in an RT Plan (CID 9571)."""
    members = bundle("preparation")
    members[-1].PatientTreatmentPreparationMethodCodeSequence[0].CodeValue = "130633"
    members[-1].PatientTreatmentPreparationMethodCodeSequence[0].CodeMeaning = "Stereotactic Setup Method"
    result = brought_back(members)
    (setup,) = result.bundle.instances[0].PatientSetupSequence
    assert codes(result) == []
    assert "SetupTechnique" not in setup
    macro = setup.PatientTreatmentPreparationSequence[0]
    assert macro.PatientTreatmentPreparationMethodCodeSequence[0].CodeValue == "130633"


def test_a_folder_gives_one_plan_and_a_line_for_each_file(tmp_path: Path) -> None:
    inputs = convert_folder([SAMPLES / "beside" / "preparation-and-intent"], tmp_path, load(), Options(to="first"))
    assert len(list(tmp_path.rglob("*.dcm"))) == 1
    assert [each.status for each in inputs] == ["converted"] * 5
    assert not [finding for each in inputs for finding in each.findings if finding.severity is Severity.ERROR]
