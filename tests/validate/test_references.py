"""References and identifiers inside one instance: good instances pass, each named mutation is found."""

from __future__ import annotations

import pytest
from build import (
    CLASS,
    at,
    code,
    common,
    instruction,
    make,
    plan,
    put,
    radiation,
    radiation_set,
    record,
    record_set,
    reference,
    treatment_record,
    uid,
)
from mutate import Mutation, add, both, drop, repeat, write

from transcoder.dicom.elements import Item, tag_of
from transcoder.validator import points, references
from transcoder.validator.instance import CHECKS
from transcoder.validator.iod import check_tables
from transcoder.validator.reference_rules import INDICES, REFERENCES, UNIQUE

CP = "CArmPhotonElectronControlPointSequence"
OPENING = "RTBeamLimitingDeviceOpeningSequence"
DEVICES = "RTBeamLimitingDeviceDefinitionSequence"
PARALLEL = "ParallelRTBeamDelimiterDeviceSequence"
POSITION = "TreatmentPositionSequence[0]"
SUPPORT = f"{POSITION}/PatientSupportPositionSequence[0]/PatientSupportPositionDeviceParameterSequence[0]"
PARAMETERS = f"{SUPPORT}/PatientSupportPositionParameterSequence"
BEAM = "BeamSequence[0]"
SESSION = "TreatmentSessionBeamSequence[0]"
GROUP = "FractionGroupSequence[0]"
BLD = f"{BEAM}/ControlPointSequence[0]/BeamLimitingDevicePositionSequence[0]"
MODE = "RadiationGenerationModeSequence"
SOURCE = "DefinitionSourceSequence"
DOSE = "RadiationDoseSequence[0]/RadiationDoseValuesParametersSequence[0]"
MAPPING = "MetersetToDoseMappingSequence"
PLANNED = f"{DOSE}/DoseValuesSequence[0]/{MAPPING}"
OTHERS = "StudiesContainingOtherReferencedInstancesSequence"
MIRRORED = (-1, 0, 0, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 0, 0, 1)
SCALED = (2, 0, 0, 0, 0, 0, 2, 0, 0, -2, 0, 0, 0, 0, 0, 1)
COLUMNS = (1, 0, 0, 0, 0, 0, -1, 0, 0, 1, 0, 0, 5, 6, 7, 1)


def mode(energy: float) -> Item:
    """A second generation mode that has the machine code of the first."""
    return make(
        RadiationGenerationModeIndex=2,
        RadiationGenerationModeMachineCodeSequence=code("6X", "99M"),
        RadiationTypeCodeSequence=code("290006006", "SCT"),
        NominalEnergy=energy,
        RadiationFluenceModifierCodeSequence=code("130355"),
    )


def others(study: str, series: str, name: str) -> Mutation:
    """List an instance under another study."""
    held = make(SeriesInstanceUID=uid(series), ReferencedInstanceSequence=[reference("5", name)])
    return write("", OTHERS, [make(StudyInstanceUID=study, ReferencedSeriesSequence=[held])])


def other_record(sequence: str) -> Item:
    """A treatment record of the first of thirty fractions of another kind of beam."""
    return make({"NumberOfFractionsPlanned": 30, sequence: [make(CurrentFractionNumber=1)]})


def ion_record() -> Item:
    return other_record("TreatmentSessionIonBeamSequence")


def brachy_record() -> Item:
    return other_record("TreatmentSessionApplicationSetupSequence")


TABLE: list[tuple[object, str, Mutation, str]] = [
    (plan, "beam", write(f"{GROUP}/ReferencedBeamSequence[0]", "ReferencedBeamNumber", 9), "V240"),
    (plan, "dose", write(f"{GROUP}/ReferencedBeamSequence[0]", "ReferencedDoseReferenceUID", uid("no")), "V240"),
    (plan, "tolerance table", write(BEAM, "ReferencedToleranceTableNumber", 9), "V240"),
    (plan, "setup", write(BEAM, "ReferencedPatientSetupNumber", 9), "V240"),
    (plan, "setups gone", drop("", "PatientSetupSequence"), "V240"),
    (plan, "wedge", write(f"{BEAM}/ControlPointSequence[0]/WedgePositionSequence[0]",
                           "ReferencedWedgeNumber", 9), "V240"),
    (plan, "collimator", write(BLD, "RTBeamLimitingDeviceType", "MLCY"), "V240"),
    (plan, "dose of the group", write(GROUP, "ReferencedDoseReferenceSequence",
                                      [make(ReferencedDoseReferenceNumber=9)]), "V240"),
    (plan, "dose of a point", write(f"{BEAM}/ControlPointSequence[1]", "ReferencedDoseReferenceSequence",
                                    [make(ReferencedDoseReferenceNumber=9)]), "V240"),
    (treatment_record, "measured dose", write(SESSION, "ReferencedMeasuredDoseReferenceSequence",
                                              [make(ReferencedMeasuredDoseReferenceNumber=1)]), "V240"),
    (radiation, "mode", write(f"{CP}[0]", "ReferencedRadiationGenerationModeIndex", 2), "V240"),
    (radiation, "position", write(f"{CP}[0]", "ReferencedTreatmentPositionIndex", 2), "V240"),
    (radiation, "device", write(f"{CP}[1]/{OPENING}[0]", "ReferencedDeviceIndex", 3), "V240"),
    (radiation, "wedge", write(f"{CP}[2]/WedgePositionSequence[0]", "ReferencedDeviceIndex", 2), "V240"),
    (radiation, "holder", write("WedgeDefinitionSequence[0]", "ReferencedRTAccessoryHolderDeviceIndex", 2), "V240"),
    (radiation, "slot", write("WedgeDefinitionSequence[0]", "RTAccessoryHolderSlotID", "2"), "V240"),
    (radiation, "support", write(SUPPORT, "ReferencedDeviceIndex", 2), "V240"),
    (radiation_set, "dose", write("RadiationDoseSequence[0]/RadiationDoseValuesParametersSequence[0]",
                                  "ReferencedRadiationDoseIdentificationIndex", 2), "V240"),
    (plan, "beam twice", repeat("", "BeamSequence"), "V241"),
    (plan, "wedge twice", repeat(BEAM, "WedgeSequence"), "V241"),
    (plan, "group twice", repeat("", "FractionGroupSequence"), "V241"),
    (plan, "beam of a group twice", repeat(GROUP, "ReferencedBeamSequence"), "V241"),
    (plan, "setup twice", repeat("", "PatientSetupSequence"), "V241"),
    (plan, "tolerance twice", repeat("", "ToleranceTableSequence"), "V241"),
    (plan, "dose twice", repeat("", "DoseReferenceSequence"), "V241"),
    (radiation, "device twice at a point", repeat(f"{CP}[0]", OPENING), "V241"),
    (radiation_set, "radiation twice", repeat("", "RTRadiationSequence"), "V241"),
    (record_set, "record twice", repeat("", "ReferencedRTRadiationRecordSequence"), "V241"),
    (radiation, "device index from zero", write(f"{DEVICES}[0]", "DeviceIndex", 0), "V242"),
    (radiation, "device index twice", write(f"{DEVICES}[1]", "DeviceIndex", 1), "V242"),
    (radiation, "mode index", write(f"{MODE}[0]", "RadiationGenerationModeIndex", 2), "V242"),
    (radiation, "position index", write(POSITION, "TreatmentPositionIndex", 2), "V242"),
    (radiation, "order of devices", write(SUPPORT, "DeviceOrderIndex", 2), "V242"),
    (radiation, "order of parameters", write(f"{PARAMETERS}[1]",
                                             "PatientSupportPositionParameterOrderIndex", 3), "V242"),
    (radiation_set, "dose index", write("RadiationDoseIdentificationSequence[0]",
                                        "RadiationDoseIdentificationIndex", 0), "V242"),
    (plan, "jaw under its other name", write(BLD, "RTBeamLimitingDeviceType", "Y"), "V243"),
    (plan, "two layers of one type", write(f"{BEAM}/BeamLimitingDeviceSequence[0]", "RTBeamLimitingDeviceType", "MLCX"),
     "V244"),
    (radiation, "holder holds itself", write("RTAccessoryHolderDefinitionSequence[0]",
                                             "ReferencedRTAccessoryHolderDeviceIndex", 1), "V245"),
    (plan, "beam in no group", add("", "BeamSequence", make(BeamNumber=7)), "V246"),
    (record, "link without instance", drop("", "ReferencedRTInstanceSequence"), "V247"),
    (radiation, "one code for two energies", add("", MODE, mode(10)), "V248"),
    (radiation, "two apertures", repeat("", "BlockDefinitionSequence"), "V249"),
    (radiation_set, "radiation in no group", add("", "RTRadiationSequence", reference("13", "third")), "V250"),
    (radiation_set, "stranger in a group", write("TreatmentPositionGroupSequence[0]/ReferencedRTRadiationSequence[0]",
                                                 "ReferencedSOPInstanceUID", uid("third")), "V250"),
    (radiation_set, "dose of no radiation", repeat("", "RadiationDoseSequence"), "V250"),
    # geometry
    (radiation, "mirrored", write(POSITION, "ImageToEquipmentMappingMatrix", MIRRORED), "V270"),
    (radiation, "scaled", write(POSITION, "ImageToEquipmentMappingMatrix", SCALED), "V270"),
    (radiation, "column by column", write(POSITION, "ImageToEquipmentMappingMatrix", COLUMNS), "V270"),
    (radiation, "label", write(f"{DEVICES}[0]/{PARALLEL}[0]",
                               "ParallelRTBeamDelimiterDeviceOrientationLabelCodeSequence", code("130335")), "V272"),
    (radiation, "angle", write(f"{DEVICES}[1]", "BeamModifierOrientationAngle", 90), "V272"),
    (radiation, "plane", write("", "RTBeamModifierDefinitionDistance", 600), "V273"),
    (radiation, "ends exchanged", write(f"{DEVICES}[1]", "RTBeamLimitingDeviceProximalDistance", 500), "V274"),
    # doses
    (radiation_set, "dose before the beam", write(f"{PLANNED}[0]", "RadiationDoseValue", 0.1), "V232"),
    (record_set, "meterset before the beam", write(f"{DOSE}/{MAPPING}[0]", "CumulativeMeterset", 1), "V232"),
    (radiation_set, "dose falls", write(f"{PLANNED}[1]", "RadiationDoseValue", -0.1), "V233"),
    (radiation_set, "meterset stands", write(f"{PLANNED}[1]", "CumulativeMeterset", 0), "V233"),
    (record_set, "meterset falls", write(f"{DOSE}/{MAPPING}[1]", "CumulativeMeterset", -1), "V233"),
    (radiation_set, "no primary dose", write(DOSE, "PrimaryDoseValueIndicator", "NO"), "V234"),
    # fractions
    (treatment_record, "fraction beyond its own plan", write(SESSION, "CurrentFractionNumber", 31), "V229"),
    (treatment_record, "negative fraction", write(SESSION, "CurrentFractionNumber", -1), "V229"),
    (ion_record, "fraction beyond its own plan", write("TreatmentSessionIonBeamSequence[0]", "CurrentFractionNumber",
                                                       31), "V229"),
    (brachy_record, "fraction beyond its own plan", write("TreatmentSessionApplicationSetupSequence[0]",
                                                          "CurrentFractionNumber", 31), "V229"),
    (radiation_set, "no fraction", write("", "IntendedNumberOfFractions", 0), "V230"),
    (plan, "no fraction", write(GROUP, "NumberOfFractionsPlanned", 0), "V230"),
    (treatment_record, "no fraction", write("", "NumberOfFractionsPlanned", 0), "V230"),
    # provenance
    (radiation_set, "two sources", add("", SOURCE, reference("5", "other plan")), "V280"),
    (radiation, "set as source", write(f"{SOURCE}[0]", "ReferencedSOPClassUID", CLASS + "12"), "V281"),
    (radiation_set, "ion plan as source", write(f"{SOURCE}[0]", "ReferencedSOPClassUID", CLASS + "8"), "V281"),
    (record, "plan as source of a record", write(f"{SOURCE}[0]", "ReferencedSOPClassUID", CLASS + "5"), "V281"),
    (plan, "plan as source of a beam", write(BEAM, SOURCE, [reference("5", "plan 2")]), "V281"),
    (plan, "radiation as source of a group", write(GROUP, SOURCE, [reference("13", "radiation")]), "V281"),
    (treatment_record, "radiation as source", write(SESSION, SOURCE,
                                                    [reference("13", "radiation")]), "V281"),
    (radiation, "no beam", drop(f"{SOURCE}[0]", "ReferencedBeamNumber"), "V282"),
    (record, "empty beam", write(f"{SOURCE}[0]", "ReferencedBeamNumber", None), "V282"),
    (radiation_set, "beam in a set", write(f"{SOURCE}[0]", "ReferencedBeamNumber", 1), "V283"),
    (plan, "beam in a beam", write(BEAM, SOURCE, [reference("13", "radiation", ReferencedBeamNumber=1)]), "V283"),
    (radiation, "made from itself", write(f"{SOURCE}[0]", "ReferencedSOPInstanceUID", uid("radiation")), "V284"),
    (radiation, "source not listed", write(f"{SOURCE}[0]", "ReferencedSOPInstanceUID", uid("other plan")), "V285"),
    (plan, "source not listed", write(BEAM, SOURCE, [reference("13", "radiation")]), "V286"),
    (radiation, "also a derivation", write("", "SourceInstanceSequence", [reference("5", "plan")]), "V287"),
    (radiation_set, "radiation not listed", write("", "ReferencedSeriesSequence", common(("5", "plan"))), "V288"),
    (plan, "listed in part", both(write("", "ReferencedSeriesSequence", common(("3", "structures"))),
                                  write("", "ReferencedStructureSetSequence", [reference("3", "structures")]),
                                  write("", "ReferencedDoseSequence", [reference("2", "dose")])), "V289"),
    (radiation_set, "listed in vain", add("", "ReferencedSeriesSequence", common(("3", "structures"))[0]), "V290"),
    (radiation_set, "listed under another class",
     write("ReferencedSeriesSequence[0]/ReferencedInstanceSequence[0]", "ReferencedSOPClassUID", CLASS + "14"), "V291"),
    (radiation_set, "own study among the others", others(uid("study"), "series 5", "plan"), "V293"),
    (radiation_set, "instance twice", repeat("ReferencedSeriesSequence[0]", "ReferencedInstanceSequence"), "V294"),
    (radiation_set, "series twice", add("", "ReferencedSeriesSequence", common(("13", "radiation"))[0]), "V294"),
    (radiation_set, "other study twice", both(others(uid("other study"), "series 3", "structures"),
                                              repeat("", OTHERS)), "V294"),
    (radiation_set, "series of another study twice", both(others(uid("other study"), "series 3", "structures"),
                                                          repeat(f"{OTHERS}[0]", "ReferencedSeriesSequence")), "V294"),
    (radiation_set, "instance of another study twice",
     both(others(uid("other study"), "series 3", "structures"),
          repeat(f"{OTHERS}[0]/ReferencedSeriesSequence[0]", "ReferencedInstanceSequence")), "V294"),
    (radiation_set, "plan in two series", add("ReferencedSeriesSequence[0]", "ReferencedInstanceSequence",
                                              reference("5", "plan")), "V295"),
    (radiation_set, "plan in two studies", others(uid("other study"), "series 5", "plan"), "V295"),
]  # fmt: skip


NAMES = [f"{row[3]} {row[1]}" for row in TABLE]


def codes(item: Item) -> set[str]:
    others = [check for check in CHECKS if check not in (check_tables, points.check)]
    return {finding.code for check in others for finding in check(item)}


GOOD = [plan, radiation, radiation_set, record, record_set, treatment_record, instruction, ion_record, brachy_record]


@pytest.mark.parametrize("build_good", GOOD)
def test_good_instances_have_no_findings(build_good) -> None:
    assert codes(build_good()) == set()


@pytest.mark.parametrize(("build_good", "name", "mutation", "code_"), TABLE, ids=NAMES)
def test_mutation_is_found(build_good, name, mutation, code_) -> None:
    item = build_good()
    mutation(item)
    assert code_ in codes(item)


def test_keywords_of_the_rules_are_in_the_dictionary() -> None:
    for rule in REFERENCES:
        words = [*rule.path.split("/"), rule.word, rule.key]
        words += [word for target in rule.targets for word in target.split("/") if word != ".."]
        assert all(tag_of(word) for word in words)
    for key in (*UNIQUE, *INDICES):
        assert all(tag_of(word) for word in (*key.path.split("/"), key.word))


def test_a_setup_of_a_record_may_stand_in_its_plan_only() -> None:
    item = treatment_record()
    put(at(item, SESSION), "ReferencedPatientSetupNumber", 1)
    assert codes(item) == set()
    put(item, "PatientSetupSequence", [make(PatientSetupNumber=2)])
    assert codes(item) == {"V240"}


def test_instances_of_two_studies_are_listed_once_each() -> None:
    item = radiation_set()
    put(item, "ReferencedDoseSequence", [reference("2", "dose")])
    held = make(SeriesInstanceUID=uid("series 2"), ReferencedInstanceSequence=[reference("2", "dose")])
    put(item, OTHERS, [make(StudyInstanceUID=uid("other study"), ReferencedSeriesSequence=[held])])
    assert codes(item) == set()


def test_free_text_is_not_repeated_in_messages() -> None:
    item = radiation()
    put(at(item, "WedgeDefinitionSequence[0]"), "RTAccessoryHolderSlotID", "SECRET")
    assert not any("SECRET" in str(finding) for finding in references.check(item))
