"""Treatment records: what a machine writes down while it delivers a plan (PS3.3 A.29, C.8.8.17 to C.8.8.21)."""

import copy
from collections.abc import Sequence

from pydicom import Dataset
from pydicom.uid import RTBeamsTreatmentRecordStorage, RTPlanStorage

from .elements import item, put, reference, uid
from .plan import DATE, MACHINE, instance

# What a control point of a plan says and one of a record does not.
_PLAN_ONLY = (
    "ControlPointIndex",
    "CumulativeMetersetWeight",
    "IsocenterPosition",
    "SourceToSurfaceDistance",
    "ReferencedDoseReferenceSequence",
)
# Attributes of a beam that its record has as well.
_SHARED = (
    "BeamName",
    "BeamType",
    "RadiationType",
    "PrimaryFluenceModeSequence",
    "SourceAxisDistance",
    "ReferencedPatientSetupNumber",
    "EnhancedRTBeamLimitingDeviceDefinitionFlag",
    "EnhancedRTBeamLimitingDeviceSequence",
    "ApplicatorSequence",
    "GeneralAccessorySequence",
    "ReferencedBolusSequence",
    "NumberOfWedges",
    "NumberOfCompensators",
    "NumberOfBoli",
    "NumberOfBlocks",
)
_TABLE = {"TableTopVerticalPosition": -120.5, "TableTopLongitudinalPosition": 815, "TableTopLateralPosition": 4.5}


def delivered(
    beam: Dataset,
    meterset: float,
    *,
    start: float = 0.0,
    stop: float | None = None,
    begun: float = 0.0,
    fraction: int | str = 1,
    **more: object,
) -> Dataset:
    """The item of a session for a planned beam of this meterset (MU), delivered from `start` to `stop`.

    begun : seconds after 10:00 at which radiation began. Delivered metersets follow the equation of C.8.8.21.2.2.
    """
    end = meterset if stop is None else stop
    points = [
        _delivered_point(i, p, beam, meterset, start, end, begun) for i, p in enumerate(beam.ControlPointSequence)
    ]
    shared = {word: copy.deepcopy(beam[word].value) for word in _SHARED if word in beam}
    pairs = [
        item(RTBeamLimitingDeviceType=d.RTBeamLimitingDeviceType, NumberOfLeafJawPairs=d.NumberOfLeafJawPairs)
        for d in beam.get("BeamLimitingDeviceSequence", [])
    ]
    defaults: dict[str, object] = {
        "ReferencedBeamNumber": beam.BeamNumber,
        "BeamLimitingDeviceLeafPairsSequence": pairs or None,
        "CurrentFractionNumber": fraction,
        "TreatmentDeliveryType": "CONTINUATION" if start else "TREATMENT",
        "TreatmentTerminationStatus": "NORMAL" if stop is None else "OPERATOR",
        "TreatmentVerificationStatus": "VERIFIED",
        "SpecifiedPrimaryMeterset": meterset,
        "DeliveredPrimaryMeterset": end - start,
        "RecordedWedgeSequence": [_recorded_wedge(w) for w in beam.get("WedgeSequence", [])] or None,
        "RecordedBlockSequence": [_recorded_block(b) for b in beam.get("BlockSequence", [])] or None,
        "NumberOfControlPoints": len(points),
        "ControlPointDeliverySequence": points,
    }
    return item(**{word: value for word, value in (shared | defaults | more).items() if value is not None})


def _delivered_point(
    index: int, planned: Dataset, beam: Dataset, meterset: float, start: float, end: float, begun: float
) -> Dataset:
    weight = float(planned.CumulativeMetersetWeight) / float(beam.FinalCumulativeMetersetWeight)
    specified = round(meterset * weight, 6)
    reached = min(max(specified, start), end)
    point = copy.deepcopy(planned)
    for word in _PLAN_ONLY:
        if word in point:
            delattr(point, word)
    if index == 0:
        put(point, NominalBeamEnergyUnit="MV" if beam.RadiationType == "PHOTON" else "MEV", **_TABLE)
    return put(
        point,
        ReferencedControlPointIndex=index,
        TreatmentControlPointDate=DATE,
        TreatmentControlPointTime=clock(begun + (reached - start) / 10),
        SpecifiedMeterset=specified,
        DeliveredMeterset=reached,
        DoseRateDelivered=float(point.DoseRateSet) if "DoseRateSet" in point else None,
    )


def clock(seconds: float) -> str:
    """A time of the session, counted from 10:00."""
    whole, rest = divmod(round(seconds, 2), 60)
    return f"{10 + int(whole) // 60:02d}{int(whole) % 60:02d}{rest:05.2f}"


def _recorded_wedge(wedge: Dataset) -> Dataset:
    words = ("WedgeNumber", "WedgeType", "WedgeID", "AccessoryCode", "WedgeAngle", "WedgeOrientation")
    return item(**{word: wedge[word].value for word in words if word in wedge})


def _recorded_block(block: Dataset) -> Dataset:
    words = ("BlockTrayID", "TrayAccessoryCode", "AccessoryCode", "BlockName")
    return item(ReferencedBlockNumber=block.BlockNumber, **{word: block[word].value for word in words if word in block})


def record(name: str, plan: Dataset, items: Sequence[Dataset], **more: object) -> Dataset:
    """The record of a session in which items of a plan were delivered; more : attributes at the root."""
    result = instance(name, "record")
    for word in ("FrameOfReferenceUID", "PositionReferenceIndicator"):
        delattr(result, word)
    group = plan.FractionGroupSequence[0]
    general: dict[str, object] = {
        "SOPClassUID": RTBeamsTreatmentRecordStorage,
        "SpecificCharacterSet": plan.get("SpecificCharacterSet"),
        "Modality": "RTRECORD",
        "Manufacturer": "Example Machines",
        "ManufacturerModelName": "Recorder",
        "PatientName": plan.PatientName,
        "PatientID": plan.PatientID,
        "StudyInstanceUID": plan.StudyInstanceUID,
        "InstanceNumber": 1,
        "TreatmentDate": DATE,
        "TreatmentTime": clock(0),
        "ReferencedRTPlanSequence": [reference(RTPlanStorage, plan.SOPInstanceUID)],
        "ReferencedFractionGroupNumber": group.FractionGroupNumber,
        "NumberOfFractionsPlanned": group.NumberOfFractionsPlanned,
        "PatientSetupSequence": copy.deepcopy(plan.PatientSetupSequence),
        "TreatmentMachineSequence": [
            item(
                TreatmentMachineName=MACHINE,
                Manufacturer="Example Machines",
                InstitutionName="",
                ManufacturerModelName="Linac",
                DeviceSerialNumber="A-17",
            )
        ],
        "PrimaryDosimeterUnit": "MU",
        "TreatmentSessionUID": uid(name, "session"),
        "TreatmentSessionBeamSequence": list(items),
    }
    return put(result, **(general | more))


def metersets(plan: Dataset) -> dict[int, float]:
    """The meterset of each beam of the first fraction group, MU."""
    shares = plan.FractionGroupSequence[0].ReferencedBeamSequence
    return {int(share.ReferencedBeamNumber): float(share.BeamMeterset) for share in shares}


def whole_fraction(plan: Dataset, *, fraction: int = 1, begun: float = 0.0) -> list[Dataset]:
    """Every beam of a plan delivered as planned, a minute after one another."""
    units = metersets(plan)
    return [
        delivered(beam, units[int(beam.BeamNumber)], begun=begun + 60 * i, fraction=fraction)
        for i, beam in enumerate(plan.BeamSequence)
        if int(beam.BeamNumber) in units
    ]
