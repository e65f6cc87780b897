"""Which attribute refers to which item inside one instance, and which numbers are unique: rows of the tables.

Paths name sequences from the data set root; a target that starts with ``..`` climbs from the item that holds the
reference, any other starts at the root.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

__all__ = [
    "COLLIMATORS",
    "DEVICES",
    "HOLDERS",
    "INDICES",
    "PARAMETERS",
    "POINT_SEQUENCES",
    "REFERENCES",
    "TOLERANCES",
    "UNIQUE",
    "Key",
    "Reference",
]


class Reference(NamedTuple):
    """``word`` in the items of ``path`` has a value of ``key`` in one of the ``targets``."""

    path: str
    word: str
    targets: tuple[str, ...]
    key: str
    cite: str
    only_with_target: bool = False


class Key(NamedTuple):
    """``word`` identifies the items of ``path``: unique, or for indices running from 1 by 1."""

    path: str
    word: str
    cite: str


def _plan() -> Iterable[Reference]:
    group, beam, ion = "FractionGroupSequence", "BeamSequence", "IonBeamSequence"
    scheme, beams, ions = "C.8.8.13", "C.8.8.14", "C.8.8.25"
    point = f"{beam}/ControlPointSequence"
    doses = ("DoseReferenceSequence",)
    number, prescribed = "ReferencedDoseReferenceNumber", "DoseReferenceNumber"
    yield Reference(f"{group}/ReferencedBeamSequence", "ReferencedBeamNumber", (beam, ion), "BeamNumber", scheme)
    yield Reference(f"{group}/ReferencedDoseReferenceSequence", number, doses, prescribed, scheme)
    for place in ("ReferencedBeamSequence", "ReferencedBrachyApplicationSetupSequence"):
        yield Reference(f"{group}/{place}", "ReferencedDoseReferenceUID", doses, "DoseReferenceUID", scheme)
    yield Reference(
        f"{group}/ReferencedBrachyApplicationSetupSequence", "ReferencedBrachyApplicationSetupNumber",
        ("ApplicationSetupSequence",), "ApplicationSetupNumber", scheme,
    )  # fmt: skip
    for place, cite in ((beam, beams), (ion, ions)):
        tolerance, setup = ("ToleranceTableSequence", "IonToleranceTableSequence"), ("PatientSetupSequence",)
        yield Reference(place, "ReferencedToleranceTableNumber", tolerance, "ToleranceTableNumber", cite)
        yield Reference(place, "ReferencedPatientSetupNumber", setup, "PatientSetupNumber", cite)
    yield Reference(f"{beam}/ReferencedDoseReferenceSequence", number, doses, prescribed, beams)
    yield Reference(
        f"{beam}/ReferencedDoseReferenceSequence/BeamDoseVerificationControlPointSequence",
        "ReferencedControlPointIndex", ("../../ControlPointSequence",), "ControlPointIndex", "C.8.8.14.16",
    )  # fmt: skip
    yield Reference(
        f"{beam}/PlannedVerificationImageSequence", "ReferencedReferenceImageNumber",
        ("../ReferencedReferenceImageSequence",), "ReferenceImageNumber", beams,
    )  # fmt: skip
    wedge = "ReferencedWedgeNumber"
    yield Reference(f"{point}/ReferencedDoseReferenceSequence", number, doses, prescribed, beams)
    yield Reference(f"{point}/WedgePositionSequence", wedge, ("../../WedgeSequence",), "WedgeNumber", beams)
    yield Reference(
        f"{point}/EnhancedRTBeamLimitingOpeningSequence", "ReferencedDeviceIndex",
        ("../../EnhancedRTBeamLimitingDeviceSequence",), "DeviceIndex", "C.8.8.14.17",
    )  # fmt: skip
    ion_point = f"{ion}/IonControlPointSequence"
    yield Reference(f"{ion_point}/IonWedgePositionSequence", wedge, ("../../IonWedgeSequence",), "WedgeNumber", ions)
    for device in ("RangeShifter", "LateralSpreadingDevice", "RangeModulator"):
        yield Reference(
            f"{ion_point}/{device}SettingsSequence", f"Referenced{device}Number",
            (f"../../{device}Sequence",), f"{device}Number", ions,
        )  # fmt: skip
    yield Reference(
        "ApplicationSetupSequence/ChannelSequence", "ReferencedSourceNumber", ("SourceSequence",), "SourceNumber",
        "C.8.8.15",
    )  # fmt: skip


def _treatment_record() -> Iterable[Reference]:
    beam, cite = "TreatmentSessionBeamSequence", "C.8.8.21"
    yield Reference(
        f"{beam}/ControlPointDeliverySequence/WedgePositionSequence", "ReferencedWedgeNumber",
        ("../../RecordedWedgeSequence",), "WedgeNumber", cite,
    )  # fmt: skip
    yield Reference(
        f"{beam}/ControlPointDeliverySequence/EnhancedRTBeamLimitingOpeningSequence", "ReferencedDeviceIndex",
        ("../../EnhancedRTBeamLimitingDeviceSequence",), "DeviceIndex", cite,
    )  # fmt: skip
    for kind in ("Measured", "Calculated"):
        yield Reference(
            f"{beam}/Referenced{kind}DoseReferenceSequence", f"Referenced{kind}DoseReferenceNumber",
            (f"{kind}DoseReferenceSequence",), f"{kind}DoseReferenceNumber", cite,
        )  # fmt: skip
    # The setup may stand in the record or in its plan only.
    yield Reference(beam, "ReferencedPatientSetupNumber", ("PatientSetupSequence",), "PatientSetupNumber", cite, True)


POINT_SEQUENCES = (
    "CArmPhotonElectronControlPointSequence",
    "TomotherapeuticControlPointSequence",
    "RoboticPathControlPointSequence",
    "RTRadiationSalvageRecordControlPointSequence",
)
COLLIMATORS, WEDGES = "RTBeamLimitingDeviceDefinitionSequence", "WedgeDefinitionSequence"
HOLDERS, SUPPORTS = "RTAccessoryHolderDefinitionSequence", "PatientSupportDevicesSequence"
DEVICES = {
    COLLIMATORS: "C.36.2.2.19",
    WEDGES: "C.36.2.2.10",
    "CompensatorDefinitionSequence": "C.36.2.2.12",
    "BlockDefinitionSequence": "C.36.2.2.13",
    HOLDERS: "C.36.2.2.14",
    "GeneralAccessoryDefinitionSequence": "C.36.2.2.15",
    "BolusDefinitionSequence": "C.36.2.2.16",
}
PARAMETERS = "PatientSupportPositionDeviceParameterSequence"
TOLERANCES = "PatientSupportPositionDeviceToleranceSequence"
SUPPORT_POSITION = f"TreatmentPositionSequence/PatientSupportPositionSequence/{PARAMETERS}"


def _radiation() -> Iterable[Reference]:
    device, index = "ReferencedDeviceIndex", "DeviceIndex"
    for place in POINT_SEQUENCES:
        yield Reference(
            place, "ReferencedTreatmentPositionIndex", ("TreatmentPositionSequence",), "TreatmentPositionIndex",
            "C.36.2.2.5",
        )  # fmt: skip
        yield Reference(
            place, "ReferencedRadiationGenerationModeIndex", ("RadiationGenerationModeSequence",),
            "RadiationGenerationModeIndex", "C.36.15",
        )  # fmt: skip
        opening = f"{place}/RTBeamLimitingDeviceOpeningSequence"
        yield Reference(opening, device, (COLLIMATORS,), index, "C.36.2.2.20")
        yield Reference(f"{place}/WedgePositionSequence", device, (WEDGES,), index, "C.36.2.2.11")
    for place in DEVICES:
        yield Reference(place, "ReferencedRTAccessoryHolderDeviceIndex", (HOLDERS,), index, "C.36.2.2.3")
    for place in (SUPPORT_POSITION, f"RTToleranceSetSequence/{TOLERANCES}"):
        yield Reference(place, device, (SUPPORTS,), index, "10.40")


def _other_second() -> Iterable[Reference]:
    dose, key = "ReferencedRadiationDoseIdentificationIndex", "RadiationDoseIdentificationIndex"
    where = "RadiationDoseSequence/RadiationDoseValuesParametersSequence"
    yield Reference(where, dose, ("RadiationDoseIdentificationSequence",), key, "C.36.11")
    prescription, phase = "RTPrescriptionSequence", "IntendedRTTreatmentPhaseSequence"
    intent = "ReferencedRTPhysicianIntentIndex"
    yield Reference(prescription, intent, ("RTPhysicianIntentSequence",), "RTPhysicianIntentIndex", "C.36.6")
    yield Reference(
        prescription, "ReferencedParentRTPrescriptionIndex", (prescription,), "RTPrescriptionIndex", "C.36.6"
    )
    yield Reference(
        f"{prescription}/FractionBasedRelationshipSequence", "ReferencedRTPrescriptionIndex", (prescription,),
        "RTPrescriptionIndex", "C.36.6",
    )  # fmt: skip
    yield Reference(
        f"{prescription}/ReferencedDosimetricObjectivesSequence", "ReferencedDosimetricObjectiveUID",
        ("DosimetricObjectiveSequence",), "DosimetricObjectiveUID", "C.36.6",
    )  # fmt: skip
    yield Reference(
        f"{prescription}/ReferencedRTTreatmentPhaseSequence", "ReferencedRTTreatmentPhaseIndex", (phase,),
        "RTTreatmentPhaseIndex", "C.36.6",
    )  # fmt: skip
    for word in ("BasisRTTreatmentPhaseIndex", "RelatedRTTreatmentPhaseIndex"):
        yield Reference("RTTreatmentPhaseIntervalSequence", word, (phase,), "RTTreatmentPhaseIndex", "C.36.2.1.3")
    yield Reference(
        "RTSegmentAnnotationSequence", "ReferencedSegmentReferenceIndex", ("SegmentReferenceSequence",),
        "SegmentReferenceIndex", "C.36.8",
    )  # fmt: skip


REFERENCES: tuple[Reference, ...] = (*_plan(), *_treatment_record(), *_radiation(), *_other_second())

UNIQUE: tuple[Key, ...] = (
    Key("BeamSequence", "BeamNumber", "C.8.8.14"),
    Key("IonBeamSequence", "BeamNumber", "C.8.8.25"),
    Key("BeamSequence/WedgeSequence", "WedgeNumber", "C.8.8.14"),
    Key("BeamSequence/CompensatorSequence", "CompensatorNumber", "C.8.8.14"),
    Key("BeamSequence/BlockSequence", "BlockNumber", "C.8.8.14"),
    Key("BeamSequence/GeneralAccessorySequence", "GeneralAccessoryNumber", "C.8.8.14"),
    Key("BeamSequence/ReferencedReferenceImageSequence", "ReferenceImageNumber", "C.8.8.14"),
    Key("BeamSequence/ControlPointSequence/WedgePositionSequence", "ReferencedWedgeNumber", "C.8.8.14"),
    Key("FractionGroupSequence", "FractionGroupNumber", "C.8.8.13"),
    Key("FractionGroupSequence/ReferencedBeamSequence", "ReferencedBeamNumber", "C.8.8.13"),
    Key("DoseReferenceSequence", "DoseReferenceNumber", "C.8.8.10"),
    Key("ToleranceTableSequence", "ToleranceTableNumber", "C.8.8.11"),
    Key("PatientSetupSequence", "PatientSetupNumber", "C.8.8.12"),
    Key("ApplicationSetupSequence", "ApplicationSetupNumber", "C.8.8.15"),
    Key("SourceSequence", "SourceNumber", "C.8.8.15"),
    Key("MeasuredDoseReferenceSequence", "MeasuredDoseReferenceNumber", "C.8.8.19"),
    Key("CalculatedDoseReferenceSequence", "CalculatedDoseReferenceNumber", "C.8.8.20"),
    *(
        Key(f"{place}/{nested}", "ReferencedDeviceIndex", "C.36.2.2.5.1.1")
        for place in POINT_SEQUENCES
        for nested in ("RTBeamLimitingDeviceOpeningSequence", "WedgePositionSequence")
    ),
    Key("RTRadiationSequence", "ReferencedSOPInstanceUID", "C.36.10"),
    Key("ReferencedRTRadiationRecordSequence", "ReferencedSOPInstanceUID", "C.36.20"),
    Key("TreatmentPositionGroupSequence", "TreatmentPositionGroupUID", "C.36.10"),
    Key("DosimetricObjectiveSequence", "DosimetricObjectiveUID", "C.36.6"),
    Key("RTTreatmentPhaseIntervalSequence", "RelatedRTTreatmentPhaseIndex", "C.36.2.1.3"),
    Key("RTSegmentAnnotationSequence", "SegmentCharacteristicsPrecedence", "C.36.8"),
    Key(
        "RadiationDoseSequence/RadiationDoseValuesParametersSequence",
        "ReferencedRadiationDoseIdentificationIndex",
        "C.36.11",
    ),
    Key(
        "RadiationDoseSequence/RadiationDoseValuesParametersSequence/DoseValuesSequence",
        "RadiobiologicalDoseEffectFlag",
        "C.36.11",
    ),
)

INDICES: tuple[Key, ...] = (
    *(Key(place, "DeviceIndex", cite) for place, cite in DEVICES.items()),
    Key(SUPPORTS, "DeviceIndex", "C.36.2.2.2"),
    Key("AcquisitionDeviceSequence", "DeviceIndex", "C.36.2.2.22"),
    Key("BeamSequence/EnhancedRTBeamLimitingDeviceSequence", "DeviceIndex", "C.36.2.2.19"),
    Key("BlockDefinitionSequence/BlockSlabSequence", "BlockSlabNumber", "C.36.2.2.13"),
    Key("TreatmentPositionSequence", "TreatmentPositionIndex", "C.36.2.2.4"),
    Key("RadiationGenerationModeSequence", "RadiationGenerationModeIndex", "C.36.2.2.7"),
    Key(SUPPORT_POSITION, "DeviceOrderIndex", "10.40"),
    Key(
        f"{SUPPORT_POSITION}/PatientSupportPositionParameterSequence",
        "PatientSupportPositionParameterOrderIndex",
        "10.40",
    ),
    Key(f"RTToleranceSetSequence/{TOLERANCES}", "DeviceOrderIndex", "C.36.2.2.17"),
    Key(
        f"RTToleranceSetSequence/{TOLERANCES}/PatientSupportPositionToleranceSequence",
        "PatientSupportPositionToleranceOrderIndex",
        "C.36.2.2.17",
    ),
    Key("RadiationDoseIdentificationSequence", "RadiationDoseIdentificationIndex", "C.36.11"),
    Key(
        "RadiationDoseSequence/ExpectedInVivoMeasurementValuesSequence",
        "ExpectedInVivoMeasurementValueIndex",
        "C.36.11",
    ),
    Key("RTPhysicianIntentSequence", "RTPhysicianIntentIndex", "C.36.5"),
    Key("RTPrescriptionSequence", "RTPrescriptionIndex", "C.36.6"),
    Key("IntendedRTTreatmentPhaseSequence", "RTTreatmentPhaseIndex", "C.36.2.1.2"),
    Key("SegmentReferenceSequence", "SegmentReferenceIndex", "C.36.9"),
    Key("RTSegmentAnnotationSequence", "RTSegmentAnnotationIndex", "C.36.8"),
    Key("RTRadiationTaskSequence", "RadiationOrderIndex", "C.36.24"),
    Key("PatientTreatmentPreparationProcedureSequence", "PatientTreatmentPreparationProcedureIndex", "C.36.2.3.4"),
)
