"""What stands beside a set of the second generation: an RT Treatment Preparation and an RT Physician Intent."""

from collections.abc import Callable, Sequence

from pydicom import Dataset

from .elements import code, item, put, reference, uid

__all__ = ["BESIDE", "intent", "preparation"]

CLASS = "1.2.840.10008.5.1.4.1.1.481."
PREPARATION, INTENT = f"{CLASS}22", f"{CLASS}10"
# Patient, study and equipment, as the set has them.
_SHARED = (
    "SpecificCharacterSet", "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID",
    "StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber", "Manufacturer",
    "ManufacturerModelName", "DeviceSerialNumber", "SoftwareVersions", "SeriesDate", "SeriesTime",
    "InstanceCreationDate", "InstanceCreationTime", "ContentDate", "ContentTime",
)  # fmt: skip


def _header(source: Dataset, role: str, sop_class: str, modality: str) -> Dataset:
    name = str(source.SOPInstanceUID)
    made = item(**{word: source[word].value for word in _SHARED if word in source})
    put(made, SOPClassUID=sop_class, SOPInstanceUID=uid(name, role), SeriesInstanceUID=uid(name, role, "series"))
    return put(made, Modality=modality, SeriesNumber=9, AuthorIdentificationSequence=[])


def _listed(*instances: Dataset) -> list[Dataset]:
    """Items of Referenced Series Sequence (C.12.2), one for each series."""
    series: dict[str, list[Dataset]] = {}
    for each in instances:
        series.setdefault(each.SeriesInstanceUID, []).append(reference(each.SOPClassUID, each.SOPInstanceUID))
    return [item(SeriesInstanceUID=name, ReferencedInstanceSequence=each) for name, each in series.items()]


def _device(number: int, procedure: Dataset, label: str, kind: Dataset) -> Dataset:
    device = item(
        Manufacturer="", ManufacturerModelName="", ManufacturerModelVersion="", DeviceSerialNumber="",
        SoftwareVersions="", ManufacturerDeviceIdentifier="", DeviceLabel=label, DeviceTypeCodeSequence=[kind],
        DeviceAlternateIdentifier="", RTAccessoryDeviceSlotID="",
    )  # fmt: skip
    return item(
        PatientTreatmentPreparationProcedureIndex=number,
        PatientTreatmentPreparationProcedureCodeSequence=[procedure],
        PatientTreatmentPreparationDeviceSequence=[device],
        PatientTreatmentPreparationProcedureParameterDescription="",
        PatientTreatmentPreparationProcedureParameterSequence=[],
    )


def preparation(members: Sequence[Dataset]) -> Dataset:
    """A preparation of the whole set: mask, eye shield and lasers, isocentric."""
    source = members[0]
    radiation = members[1]
    position = item(
        PatientOrientationCodeSequence=radiation.PatientOrientationCodeSequence,
        PatientEquipmentRelationshipCodeSequence=radiation.PatientEquipmentRelationshipCodeSequence,
        RTPatientPositionSequence=[],
    )
    named = [reference(source.SOPClassUID, source.SOPInstanceUID)]
    return put(
        _header(source, "preparation", PREPARATION, "PLAN"),
        EntityLongLabel="Head, mask with marks",
        EntityDescription="Marks are on the mask",
        RTPatientPositionScopeSequence=[item(ReferencedRTRadiationSetSequence=named)],
        RTTreatmentPreparationPatientPositionSequence=[position],
        PatientTreatmentPreparationMethodCodeSequence=[code("130630", "Isocentric Setup Method")],
        PatientTreatmentPreparationMethodDescription="Align to the marks, then move to the isocenter",
        PatientTreatmentPreparationProcedureSequence=[
            _device(1, code("130637", "Patient Fixation Procedure"), "Mask 7", code("130111", "Head Mask")),
            _device(
                2,
                code("130636", "Patient Shielding Procedure"),
                "Shield",
                code("469266003", "Eye radiation shield", "SCT"),
            ),
            _device(3, code("130638", "Patient Alignment Procedure"), "Lasers", code("128151", "Laser Cross-hairs")),
            item(
                PatientTreatmentPreparationProcedureIndex=4,
                PatientTreatmentPreparationProcedureCodeSequence=[code("130652", "Collision Checks")],
                PatientTreatmentPreparationProcedureParameterDescription="",
                PatientTreatmentPreparationProcedureParameterSequence=[],
            ),
        ],
        ReferencedSeriesSequence=_listed(source),
    )


def _objective(volume: str, value: str, meaning: str, dose: float) -> Dataset:
    effect = item(RadiobiologicalDoseEffectFlag="NO")
    parameter = item(
        ValueType="NUMERIC",
        ConceptNameCodeSequence=[code("130019", "Specified Radiation Dose")],
        NumericValue=dose,
        MeasurementUnitsCodeSequence=[code("Gy", "Gray", "UCUM")],
        RadiobiologicalDoseEffectSequence=[effect],
    )
    return item(
        DosimetricObjectiveUID=uid(volume, value),
        DosimetricObjectiveTypeCodeSequence=[code(value, meaning)],
        DosimetricObjectiveParameterSequence=[parameter],
        AbsoluteDosimetricObjectiveFlag="YES",
        DosimetricObjectivePurpose="",
        ReferencedConceptualVolumeUID=volume,
        DosimetricObjectiveEvaluationScope="CURRENT",
    )


def intent(members: Sequence[Dataset]) -> Dataset:
    """A palliative intent with one prescription, which the set is made to name."""
    source = members[0]
    made = put(
        _header(source, "intent", INTENT, "RTINTENT"),
        UserContentLongLabel="Intent",
        ContentDescription="",
        ContentCreatorName="",
        RTTreatmentPhaseIntentPresenceFlag="NO",
    )
    goal = item(
        RTPhysicianIntentIndex=1,
        TreatmentSite="Brain",
        TreatmentSiteCodeSequence=[code("12738006", "Brain", "SCT")],
        RTPhysicianIntentNarrative="",
        RTTreatmentIntentType="PALLIATIVE",
        RTTreatmentApproachLabel="",
        RTProtocolCodeSequence=[],
        RTDiagnosisCodeSequence=[],
        RTPhysicianIntentInputInstanceSequence=[],
    )
    # The volume of a dose that the set tells, where there is one.
    told = [each.ConceptualVolumeSequence[0] for each in source.get("RadiationDoseIdentificationSequence", [])]
    name = told[0].ConceptualVolumeUID if told else uid(str(source.SOPInstanceUID), "volume")
    volume = item(
        ConceptualVolumeUID=name,
        ConceptualVolumeCombinationFlag="NO",
        ConceptualVolumeSegmentationDefinedFlag="NO",
    )
    anatomy = item(
        EntityLabel="PTV",
        TherapeuticRoleCategoryCodeSequence=[code("130041", "RT Target")],
        TherapeuticRoleTypeCodeSequence=[code("228793007", "PTV", "SCT")],
        ConceptualVolumeBlockingConstraint="",
        ConceptualVolumeCategoryCodeSequence=[],
        ConceptualVolumeSequence=[volume],
        ConceptualVolumeDescription="",
    )
    anatomy.ConceptualVolumeOptimizationPrecedence = None
    objectives = [
        _objective(name, "130009", "Prescription Radiation Dose", 30),
        _objective(name, "130003", "Minimum Radiation Dose", 28.5),
        _objective(name, "130004", "Maximum Radiation Dose", 32.1),
        _objective(name, "130005", "Minimum Mean Radiation Dose", 29.5),
    ]
    prescription = item(
        RTPrescriptionLabel="Brain 30",
        RTPrescriptionIndex=1,
        ReferencedRTPhysicianIntentIndex=1,
        ReferencedDosimetricObjectivesSequence=[
            item(ReferencedDosimetricObjectiveUID=each.DosimetricObjectiveUID) for each in objectives
        ],
        RTAnatomicPrescriptionSequence=[anatomy],
        FractionBasedRelationshipSequence=[],
        PriorTreatmentDoseDescription="",
        PriorTreatmentReferenceSequence=[],
        PlanningInputInformationSequence=[],
        PrescriptionNotes="Thirty in ten, whole brain",
        PatientTreatmentOrientationSequence=[],
    )
    put(made, RTPhysicianIntentSequence=[goal], RTPrescriptionSequence=[prescription])
    made.DosimetricObjectiveSequence = objectives
    chosen = [item(ReferencedRTPrescriptionIndex=1)]
    put(
        source,
        ReferencedRTPhysicianIntentSequence=[
            reference(INTENT, made.SOPInstanceUID, ReferencedRTPrescriptionSequence=chosen)
        ],
    )
    held = list(source.get("ReferencedSeriesSequence", []))
    source.ReferencedSeriesSequence = [*held, *_listed(made)]
    return made


# The folder, the sample whose set it stands beside, and what stands there.
BESIDE: dict[str, tuple[str, tuple[Callable[[Sequence[Dataset]], Dataset], ...]]] = {
    "preparation": ("no-plan-intent", (preparation,)),
    "intent": ("no-plan-intent", (intent,)),
    "preparation-and-intent": ("dose-references", (preparation, intent)),
}
