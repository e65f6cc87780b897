"""Plans, fraction groups, setups and beams (PS3.3 A.20.3 and the modules it names)."""

from collections.abc import Sequence

from pydicom import Dataset
from pydicom.uid import RTPlanStorage, RTStructureSetStorage

from .devices import Device, classic_device, enhanced_device
from .elements import item, put, reference, uid
from .points import Point, control_points, is_dynamic

DATE, TIME = "20240304", "101500"
MACHINE = "Linac A"
_COUNTED = {
    "NumberOfWedges": "WedgeSequence",
    "NumberOfCompensators": "CompensatorSequence",
    "NumberOfBoli": "ReferencedBolusSequence",
    "NumberOfBlocks": "BlockSequence",
}


def beam(
    number: int,
    name: str,
    devices: Sequence[Device],
    points: Sequence[Point],
    *,
    enhanced: bool = False,
    **more: object,
) -> Dataset:
    """A beam: what is counted is counted here; more : attributes of the beam, None takes a default away."""
    definitions: dict[str, object] = {"BeamLimitingDeviceSequence": [classic_device(d) for d in devices]}
    if enhanced:
        definitions = {
            "EnhancedRTBeamLimitingDeviceDefinitionFlag": "YES",
            "EnhancedRTBeamLimitingDeviceSequence": [enhanced_device(i, d) for i, d in enumerate(devices, start=1)],
        }
    defaults: dict[str, object] = {
        "BeamType": "DYNAMIC" if is_dynamic(points) else "STATIC",
        "RadiationType": "PHOTON",
        "TreatmentMachineName": MACHINE,
        "PrimaryDosimeterUnit": "MU",
        "SourceAxisDistance": 1000,
        "TreatmentDeliveryType": "TREATMENT",
        "ReferencedPatientSetupNumber": 1,
        "FinalCumulativeMetersetWeight": None if points[-1].weight == "" else points[-1].weight,
    }
    counts = {count: len(list(_items(more.get(sequence)))) for count, sequence in _COUNTED.items()}
    return item(
        BeamNumber=number,
        BeamName=name,
        NumberOfControlPoints=len(points),
        ControlPointSequence=control_points(points, enhanced=enhanced),
        **(definitions | counts | defaults | more),
    )


def share(number: int, meterset: float | None, **more: object) -> Dataset:
    """The part of a beam in a fraction group; meterset : MU, None leaves Beam Meterset out."""
    return item(ReferencedBeamNumber=number, BeamMeterset=meterset, **more)


def fraction_group(number: int, shares: Sequence[Dataset], fractions: int = 25, **more: object) -> Dataset:
    """A fraction group of beams."""
    return item(
        FractionGroupNumber=number,
        NumberOfFractionsPlanned=fractions,
        NumberOfBeams=len(shares),
        ReferencedBeamSequence=list(shares) or None,
        NumberOfBrachyApplicationSetups=0,
        **more,
    )


def setup(number: int = 1, position: str | None = "HFS", **more: object) -> Dataset:
    """A patient setup; position : Patient Position."""
    technique = {"SetupTechnique": "ISOCENTRIC"} | more
    return item(PatientSetupNumber=number, PatientPosition=position, **technique)


def plan(
    name: str,
    beams: Sequence[Dataset],
    *,
    groups: Sequence[Dataset] | None = None,
    setups: Sequence[Dataset] | None = None,
    **more: object,
) -> Dataset:
    """An RT Plan of the sample `name`; more : attributes at the root, None takes a default away."""
    if groups is None:
        groups = [fraction_group(1, [share(b.BeamNumber, 100 + 12.5 * i) for i, b in enumerate(beams)])]
    general: dict[str, object] = {
        "SOPClassUID": RTPlanStorage,
        "Modality": "RTPLAN",
        "RTPlanLabel": name[:16],
        "RTPlanName": f"Sample {name}",
        "RTPlanDate": DATE,
        "RTPlanTime": TIME,
        "PlanIntent": "CURATIVE",
        "RTPlanGeometry": "PATIENT",
        "ReferencedStructureSetSequence": [reference(RTStructureSetStorage, uid(name, "structures"))],
        "ApprovalStatus": "UNAPPROVED",
        "FractionGroupSequence": list(groups) or None,
        "BeamSequence": list(beams) or None,
        "PatientSetupSequence": list(setups or [setup()]),
    }
    return put(instance(name, "plan"), **(general | more))


def instance(name: str, role: str) -> Dataset:
    """What every instance of a sample has: patient, study, series, frame of reference, equipment."""
    return item(
        InstanceCreationDate=DATE,
        InstanceCreationTime=TIME,
        SOPInstanceUID=uid(name, role),
        PatientName="Phantom^" + name.replace("-", " ").title(),
        PatientID=f"SAMPLE-{name}",
        PatientBirthDate="",
        PatientSex="",
        StudyInstanceUID=uid(name, "study"),
        StudyDate=DATE,
        StudyTime=TIME,
        StudyID="1",
        AccessionNumber="",
        ReferringPhysicianName="",
        SeriesInstanceUID=uid(name, role, "series"),
        SeriesNumber=1,
        OperatorsName="",
        FrameOfReferenceUID=uid(name, "frame of reference"),
        PositionReferenceIndicator="",
        Manufacturer="Example Planning",
        ManufacturerModelName="Planner",
        DeviceSerialNumber="0001",
        SoftwareVersions="1.0",
    )


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()
