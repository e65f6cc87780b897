"""Samples of what belongs to the whole plan: fraction groups, prescription, setup, tolerances, approval."""

from pydicom import Dataset
from pydicom.uid import RTStructureSetStorage

from .corpus import Encoding, sample
from .devices import JAWS, field_of
from .elements import Values, item, put, uid
from .plan import DATE, TIME, beam, fraction_group, instance, plan, setup, share
from .points import Point, point, still, weights

OPEN = field_of(-40, 40, -50, 50)


@sample()
def two_fraction_groups(name: str) -> Dataset:
    """Two groups with fraction patterns; the second beam belongs to both, with different metersets.

    Trap: One beam becomes two radiations, because the second generation has absolute metersets.
    See: C.8.8.13, note 2; C.8.8.14.1
    """
    beams = [beam(n, label, JAWS, still(OPEN)) for n, label in ((1, "First only"), (2, "Shared"), (3, "Second only"))]
    pattern: Values = {"NumberOfFractionPatternDigitsPerDay": 1, "RepeatFractionCycleLength": 1}
    groups = [
        fraction_group(1, [share(1, 120), share(2, 85.5)], 15, FractionPattern="1010100", **pattern),
        fraction_group(2, [share(2, 60.25), share(3, 110)], 10, FractionPattern="0101000", **pattern),
    ]
    return plan(name, beams, groups=groups)


@sample()
def setup_beams(name: str) -> Dataset:
    """A treatment beam with a setup beam, a port film beam, and a beam in no group.

    Trap: The setup beam is in the group without a meterset and its weights are all zero; the numbers are not in order;
    the last beam is delivered by nobody.
    See: C.8.8.14 Treatment Delivery Type
    """
    idle = [point(0, OPEN, GantryAngle=90), point(0, OPEN, GantryAngle=90)]
    beams = [
        beam(7, "Treatment", JAWS, still(OPEN)),
        beam(3, "Setup lateral", JAWS, idle, TreatmentDeliveryType="SETUP"),
        beam(5, "Port film", JAWS, still(field_of(-100, 100, -100, 100)), TreatmentDeliveryType="OPEN_PORTFILM"),
        beam(9, "In no group", JAWS, still(OPEN, GantryAngle=270)),
    ]
    shares = [share(3, None), share(7, 180), share(5, 2)]
    return plan(name, beams, groups=[fraction_group(1, shares, 30)])


@sample()
def no_meterset(name: str) -> Dataset:
    """A plan without any Beam Meterset.

    Trap: Only geometry can be converted; the weights have no scale.
    See: C.8.8.13 Beam Meterset, C.36.2.1.6
    """
    beams = [beam(1, "No meterset", JAWS, still(OPEN)), beam(2, "Null weights", JAWS, _null_weights())]
    return plan(name, beams, groups=[fraction_group(1, [share(1, None), share(2, None)])])


@sample()
def no_plan_intent(name: str) -> Dataset:
    """A plan without Plan Intent and without approval.

    Trap: The intent is optional here and Type 1 in the RT Radiation Set.
    See: C.8.8.9 Plan Intent
    """
    return plan(name, [beam(1, "AP", JAWS, still(OPEN))], PlanIntent=None, ApprovalStatus=None)


@sample()
def approved(name: str) -> Dataset:
    """An approved plan.

    Trap: The second generation has no approval inside its instances.
    See: C.8.8.16
    """
    review: Values = {"ReviewDate": "20240305", "ReviewTime": "090000", "ReviewerName": "Reviewer^Example"}
    return plan(name, [beam(1, "AP", JAWS, still(OPEN))], ApprovalStatus="APPROVED", **review)


@sample()
def machine_qa(name: str) -> Dataset:
    """A plan for the machine, not for a patient: device geometry, no structure set, intent MACHINE_QA.

    Trap: The geometry is that of the device; the phantom's setup and isocenter still place it.
    See: C.8.8.9.1
    """
    root: Values = {"RTPlanGeometry": "TREATMENT_DEVICE", "ReferencedStructureSetSequence": None}
    return plan(name, [beam(1, "QA", JAWS, still(OPEN))], PlanIntent="MACHINE_QA", **root)


@sample()
def tolerance_tables(name: str) -> Dataset:
    """Two tolerance tables, one with tolerances of jaws and leaves.

    Trap: The second beam uses the first table and the third none; the tables have gaps.
    See: C.8.8.11
    """
    jaws = [
        item(RTBeamLimitingDeviceType=kind, BeamLimitingDevicePositionTolerance=limit)
        for kind, limit in (("ASYMX", 2), ("ASYMY", 2), ("MLCX", 1.5))
    ]
    photons = item(
        ToleranceTableNumber=1,
        ToleranceTableLabel="Photons",
        GantryAngleTolerance=1,
        BeamLimitingDeviceAngleTolerance=0.5,
        BeamLimitingDeviceToleranceSequence=jaws,
        PatientSupportAngleTolerance=2,
        TableTopEccentricAngleTolerance=2,
        TableTopPitchAngleTolerance=3,
        TableTopRollAngleTolerance=3,
        TableTopVerticalPositionTolerance=20,
        TableTopLongitudinalPositionTolerance=25,
        TableTopLateralPositionTolerance=15,
    )
    coarse = item(ToleranceTableNumber=2, ToleranceTableLabel="Coarse", GantryAngleTolerance=5)
    tables = {1: 2, 2: 1, 3: None}
    beams = [beam(n, f"Table {t}", JAWS, still(OPEN), ReferencedToleranceTableNumber=t) for n, t in tables.items()]
    return plan(name, beams, ToleranceTableSequence=[photons, coarse])


@sample()
def dose_references(name: str) -> Dataset:
    """Dose references of target and organ, beam doses of both types, cumulative coefficients.

    Trap: The coefficient multiplies Beam Dose; one beam has a retired specification point; physical and effective
    doses stand beside each other; the coefficient is present at every control point.
    See: C.8.8.10, C.8.8.13, C.8.8.14.7
    """
    target, point_in_target = uid(name, "target"), uid(name, "point")
    references = [
        item(DoseReferenceNumber=1, DoseReferenceUID=target, DoseReferenceStructureType="VOLUME",
             DoseValuePurpose="TRACKING", DoseValueInterpretation="NOMINAL", DoseReferenceDescription="Target",
             ReferencedROINumber=3, DoseReferenceType="TARGET", TargetPrescriptionDose=20),
        item(DoseReferenceNumber=2, DoseReferenceUID=point_in_target, DoseReferenceStructureType="COORDINATES",
             DoseValuePurpose="QA", DoseValueInterpretation="ACTUAL", DoseReferenceDescription="Point",
             DoseReferencePointCoordinates=(3.1, 4.2, 5.3), DoseReferenceType="TARGET"),
        item(DoseReferenceNumber=3, DoseReferenceStructureType="VOLUME", ReferencedROINumber=7,
             DoseReferenceDescription="Cord", DoseReferenceType="ORGAN_AT_RISK", OrganAtRiskMaximumDose=12),
    ]  # fmt: skip
    both: Values = {"BeamDoseType": "PHYSICAL", "AlternateBeamDoseType": "EFFECTIVE"}
    shares = [
        share(1, 141.2, ReferencedDoseReferenceUID=target, BeamDose=1.2, AlternateBeamDose=1.26, **both),
        share(2, 96.8, BeamDose=0.8, BeamDoseSpecificationPoint=(3.1, 4.2, 5.3)),
    ]
    groups = [fraction_group(1, shares, 10, BeamDoseMeaning="FRACTION_LEVEL")]
    beams = [_beam_with_coefficients(1, 1.1476), _beam_with_coefficients(2, 1.00175)]
    return plan(name, beams, groups=groups, DoseReferenceSequence=references)


@sample(Encoding.EXPLICIT_UNDEFINED_LENGTH)
def prescription_and_setup(name: str) -> Dataset:
    """A rich prescription and a rich patient setup.

    Trap: Most of it belongs to other second-generation objects than the set and its radiations; a constraint of the
    fraction group replaces one of the plan; the second setup has a free text instead of a position.
    See: C.8.8.10, C.8.8.12
    """
    references = [
        item(DoseReferenceNumber=1, DoseReferenceStructureType="VOLUME", ReferencedROINumber=3,
             DoseReferenceDescription="PTV", DoseReferenceType="TARGET", ConstraintWeight=100,
             DeliveryWarningDose=52, DeliveryMaximumDose=54, TargetMinimumDose=47.5, TargetPrescriptionDose=50,
             TargetMaximumDose=53.5, TargetUnderdoseVolumeFraction=5),
        item(DoseReferenceNumber=2, DoseReferenceStructureType="VOLUME", ReferencedROINumber=7,
             DoseReferenceDescription="Cord", NominalPriorDose=6, DoseReferenceType="ORGAN_AT_RISK",
             ConstraintWeight=80, OrganAtRiskFullVolumeDose=20, OrganAtRiskLimitDose=45,
             OrganAtRiskMaximumDose=40, OrganAtRiskOverdoseVolumeFraction=2),
        item(DoseReferenceNumber=3, DoseReferenceStructureType="SITE", DoseReferenceDescription="Chest",
             DoseReferenceType="TARGET", TargetPrescriptionDose=50),
    ]  # fmt: skip
    constraint = item(ReferencedDoseReferenceNumber=1, DeliveryWarningDose=51, TargetPrescriptionDose=50)
    groups = [fraction_group(1, [share(1, 210)], 25, ReferencedDoseReferenceSequence=[constraint])]
    text: Values = {"PrescriptionDescription": "50 Gy in 25 fractions to the target", "TreatmentSite": "Chest"}
    return plan(
        name,
        [beam(1, "AP", JAWS, still(OPEN))],
        groups=groups,
        setups=[_rich_setup(), setup(2, None, PatientAdditionalPosition="Arms above the head", SetupTechnique=None)],
        DoseReferenceSequence=references,
        **text,
    )


@sample()
def no_frame_of_reference(name: str) -> Dataset:
    """A plan without a Frame of Reference, as the module is optional.

    Trap: A radiation needs one: the referenced structure set of the next sample carries it.
    See: A.20.3, C.7.4.1, 10.39.1.2
    """
    result = plan(name, [beam(1, "AP", JAWS, still(OPEN))])
    del result.FrameOfReferenceUID, result.PositionReferenceIndicator
    return result


@sample(name="no-frame-of-reference.structures")
def structures_of_no_frame_of_reference(name: str) -> Dataset:
    """The RT Structure Set that the plan no-frame-of-reference refers to.

    Trap: The frame of reference is inside a sequence, and the patient and study are those of the plan.
    See: C.8.8.5
    """
    owner = name.removesuffix(".structures")
    frame = uid(owner, "frame of reference")
    region = item(ROINumber=1, ReferencedFrameOfReferenceUID=frame, ROIName="External", ROIGenerationAlgorithm="MANUAL")
    square = item(
        ContourGeometricType="CLOSED_PLANAR",
        NumberOfContourPoints=4,
        ContourData=[-100, -80, 0, 100, -80, 0, 100, 80, 0, -100, 80, 0],
    )
    observation = item(ObservationNumber=1, ReferencedROINumber=1, RTROIInterpretedType="EXTERNAL", ROIInterpreter="")
    result = put(
        instance(owner, "structures"),
        SOPClassUID=RTStructureSetStorage,
        Modality="RTSTRUCT",
        StructureSetLabel="External",
        StructureSetDate=DATE,
        StructureSetTime=TIME,
        ReferencedFrameOfReferenceSequence=[item(FrameOfReferenceUID=frame)],
        StructureSetROISequence=[region],
        ROIContourSequence=[item(ReferencedROINumber=1, ContourSequence=[square])],
        RTROIObservationsSequence=[observation],
        ApprovalStatus="UNAPPROVED",
    )
    del result.FrameOfReferenceUID, result.PositionReferenceIndicator
    return result


def _null_weights() -> list[Point]:
    return [point("", OPEN, GantryAngle=180), point("", OPEN, GantryAngle=180)]


def _beam_with_coefficients(number: int, final: float) -> Dataset:
    points = [
        point(weight, OPEN, doses=[(1, weight), (2, final * weight), (3, "")], GantryAngle=40 * number)
        for weight in weights(2)
    ]
    return beam(number, f"Beam {number}", JAWS, points)


def _rich_setup() -> Dataset:
    mask = item(
        FixationDeviceType="MASK", FixationDeviceLabel="Mask 3", FixationDeviceDescription="Thermoplastic mask",
        FixationDevicePosition="F2", FixationDevicePitchAngle=2.5, FixationDeviceRollAngle=0, AccessoryCode="FIX-3",
    )  # fmt: skip
    lasers = item(
        SetupDeviceType="LASER_POINTER", SetupDeviceLabel="Lasers", SetupDeviceParameter="", AccessoryCode="LAS-1"
    )
    meter = item(
        SetupDeviceType="DISTANCE_METER", SetupDeviceLabel="", SetupDeviceParameter=912.5,
        SetupReferenceDescription="Sternal mark",
    )  # fmt: skip
    shield = item(ShieldingDeviceType="EYE", ShieldingDeviceLabel="Eye left", ShieldingDevicePosition="L")
    breath = item(RespiratoryMotionCompensationTechnique="BREATH_HOLD", RespiratorySignalSource="SPIROMETER")
    return setup(
        PatientSetupLabel="Mask setup",
        FixationDeviceSequence=[mask],
        ShieldingDeviceSequence=[shield],
        SetupTechniqueDescription="Align to marks, then shift",
        SetupDeviceSequence=[lasers, meter],
        TableTopVerticalSetupDisplacement=-15,
        TableTopLongitudinalSetupDisplacement=42.5,
        TableTopLateralSetupDisplacement=7,
        MotionSynchronizationSequence=[breath],
    )
