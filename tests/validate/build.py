"""Small instances for tests, built from keywords: just what the rules across items look at, not whole IODs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from struct import pack
from typing import TypeAlias

from transcoder.dicom.elements import Item, encode, scan, tag_of, vr_of

Value: TypeAlias = "str | float | int | Sequence[float] | Sequence[str] | Sequence[Item] | None"

FORMATS = {"FD": "d", "FL": "f", "US": "H", "UL": "L", "SS": "h", "SL": "l"}
ROOT = "1.2.826.0.1.3680043.10.9999."
CLASS = "1.2.840.10008.5.1.4.1.1.481."
MM_JAWS = (-50.0, 50.0)


def encoded(vr: str, value: object) -> bytes:
    """The bytes of a value in a value representation."""
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    if vr in FORMATS:
        return pack(f"<{len(values)}{FORMATS[vr]}", *[int(each) if FORMATS[vr] in "HLhl" else each for each in values])
    text = "\\".join(each if isinstance(each, str) else f"{each:g}" for each in values).encode()
    return text + (b"\0" if vr == "UI" else b" ") * (len(text) % 2)


def put(item: Item, word: str, value: Value) -> None:
    """Store a value under its keyword; ``None`` stores an empty element."""
    tag = tag_of(word)
    vr = vr_of(tag)
    if vr == "SQ":
        item.put(tag, vr, list(value or []))  # type: ignore[arg-type]
    else:
        item.put(tag, vr, b"" if value is None else encoded(vr, value))


def make(values: Mapping[str, Value] | None = None, **more: Value) -> Item:
    """An item from keywords and values."""
    item = Item()
    for word, value in {**(values or {}), **more}.items():
        put(item, word, value)
    return item


def fresh(item: Item) -> Item:
    """The same data set read back from its bytes, so that no two places share an item."""
    return scan(encode(item), implicit=False)


def code(value: str, scheme: str = "DCM") -> list[Item]:
    """A code sequence of one item."""
    return [make(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning="meaning")]


def at(item: Item, path: str) -> Item:
    """The item at a path such as ``BeamSequence[0]/ControlPointSequence[1]``; the item itself for an empty one."""
    for part in path.split("/") if path else []:
        word, _, number = part.rstrip("]").partition("[")
        item = item[tag_of(word)].items[int(number)]
    return item


def uid(name: str) -> str:
    """A UID that belongs to a name."""
    return ROOT + str(int.from_bytes(name.encode(), "big"))[:30]


def reference(number: str, name: str, **more: Value) -> Item:
    """A reference to an instance by the last part of its class UID and its name."""
    return make({"ReferencedSOPClassUID": CLASS + number, "ReferencedSOPInstanceUID": uid(name), **more})


def head(number: str, name: str, frame: str = "frame") -> dict[str, Value]:
    """The attributes that every instance of the same patient and study shares."""
    return {
        "SOPClassUID": CLASS + number,
        "SOPInstanceUID": uid(name),
        "PatientID": "PHANTOM",
        "PatientName": "PHANTOM^ONE",
        "StudyInstanceUID": uid("study"),
        "SeriesInstanceUID": uid(f"series {number}"),
        "FrameOfReferenceUID": uid(frame),
    }


def common(*named: tuple[str, str]) -> list[Item]:
    """Common references to instances of the same study, by class number and name; a class is a series."""
    series = {number: [reference(number, name) for other, name in named if other == number] for number, _ in named}
    return [
        make(SeriesInstanceUID=uid(f"series {number}"), ReferencedInstanceSequence=instances)
        for number, instances in series.items()
    ]


def plan_point(index: int, weight: float, leaves: Sequence[float] | None, **more: Value) -> Item:
    """A control point of an RT Plan beam with, where given, positions of one MLCX of two pairs."""
    values: dict[str, Value] = {"ControlPointIndex": index, "CumulativeMetersetWeight": weight, **more}
    devices = [make(RTBeamLimitingDeviceType="ASYMY", LeafJawPositions=MM_JAWS)] if index == 0 else []
    if leaves is not None:
        devices.append(make(RTBeamLimitingDeviceType="MLCX", LeafJawPositions=leaves))
    if devices:
        values["BeamLimitingDevicePositionSequence"] = devices
    return make(values)


def beam() -> Item:
    """A dynamic arc of three control points with jaws, an MLC and a wedge that stays in."""
    still = {"BeamLimitingDeviceAngle": 10, "BeamLimitingDeviceRotationDirection": "NONE", "NominalBeamEnergy": 6}
    points = [
        plan_point(
            0, 0, (-5, -5, 5, 5), GantryAngle=180, GantryRotationDirection="CW", DoseRateSet=600, **still,
            PatientSupportAngle=0, PatientSupportRotationDirection="NONE", IsocenterPosition=(0, 0, 0),
            TableTopVerticalPosition=None,
            WedgePositionSequence=[make(ReferencedWedgeNumber=1, WedgePosition="IN")],
        ),
        plan_point(1, 0.5, (-6, -6, 6, 6), GantryAngle=200, GantryRotationDirection="CW"),
        plan_point(2, 1, (-7, -7, 7, 7), GantryAngle=220, GantryRotationDirection="NONE"),
    ]  # fmt: skip
    return make(
        BeamNumber=1,
        BeamType="DYNAMIC",
        RadiationType="PHOTON",
        PrimaryDosimeterUnit="MU",
        BeamLimitingDeviceSequence=[
            make(RTBeamLimitingDeviceType="ASYMY", NumberOfLeafJawPairs=1),
            make(RTBeamLimitingDeviceType="MLCX", NumberOfLeafJawPairs=2, LeafPositionBoundaries=(-10, 0, 10)),
        ],
        WedgeSequence=[make(WedgeNumber=1)],
        ReferencedToleranceTableNumber=1,
        ReferencedPatientSetupNumber=1,
        FinalCumulativeMetersetWeight=1,
        NumberOfControlPoints=3,
        ControlPointSequence=points,
    )


def plan() -> Item:
    """An RT Plan of one beam."""
    return make(
        **head("5", "plan"),
        DoseReferenceSequence=[make(DoseReferenceNumber=1, DoseReferenceUID=uid("dose"))],
        ToleranceTableSequence=[make(ToleranceTableNumber=1)],
        PatientSetupSequence=[make(PatientSetupNumber=1)],
        FractionGroupSequence=[
            make(
                FractionGroupNumber=1,
                NumberOfFractionsPlanned=30,
                ReferencedBeamSequence=[
                    make(ReferencedBeamNumber=1, BeamMeterset=120, ReferencedDoseReferenceUID=uid("dose"))
                ],
            )
        ],
        BeamSequence=[beam()],
    )


IDENTITY = (1, 0, 0, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 0, 0, 1)  # head first, supine, isocentre at the origin


def opening(index: int, positions: Sequence[float], **more: Value) -> Item:
    """An opening of one device."""
    return make({"ReferencedDeviceIndex": index, **more, "ParallelRTBeamDelimiterPositions": positions})


def parallel(pairs: int, boundaries: Sequence[float]) -> list[Item]:
    """The description of parallel delimiters along X."""
    return [
        make(
            NumberOfParallelRTBeamDelimiters=pairs,
            ParallelRTBeamDelimiterDeviceOrientationLabelCodeSequence=code("130334"),
            ParallelRTBeamDelimiterOpeningMode="VARIABLE",
            ParallelRTBeamDelimiterBoundaries=boundaries,
        )
    ]


def radiation_point(index: int, meterset: float, openings: Sequence[Item], **more: Value) -> Item:
    """A control point of a C-arm radiation."""
    values: dict[str, Value] = {
        "RTControlPointIndex": index,
        "CumulativeMeterset": meterset,
        "NumberOfRTBeamLimitingDeviceOpenings": len(openings),
        "NumberOfWedgePositions": len(more.get("WedgePositionSequence", ())),  # type: ignore[arg-type]
        **more,
    }
    if openings:
        values["RTBeamLimitingDeviceOpeningSequence"] = openings
    return make(values)


def parameter(order: int, value: float, name: str) -> Item:
    """A displayed couch parameter; the angles of the tables are in degrees, all else in mm."""
    angles = ("126801", "126802", "126803", "126805", "126812", "126813", "126814")
    return make(
        PatientSupportPositionParameterOrderIndex=order,
        ConceptNameCodeSequence=code(name),
        NumericValue=value,
        MeasurementUnitsCodeSequence=code("deg" if name in angles else "mm", "UCUM"),
    )


def position() -> Item:
    """A treatment position head first, supine, couch at zero."""
    device = make(
        ReferencedDeviceIndex=1,
        DeviceOrderIndex=1,
        PatientSupportPositionParameterSequence=[parameter(1, 0, "126801"), parameter(2, 12, "126806")],
    )
    return make(
        TreatmentPositionIndex=1,
        ImageToEquipmentMappingMatrix=IDENTITY,
        PatientSupportPositionSequence=[make(PatientSupportPositionDeviceParameterSequence=[device])],
    )


def points() -> list[Item]:
    """Three control points: leaves move at each, the gantry at the second, the wedge leaves at the third."""
    return [
        radiation_point(
            1, 0, [opening(1, MM_JAWS, RTBeamLimitingDeviceOffset=(0, 0)),
                   opening(2, (-5, -5, 5, 5), RTBeamLimitingDeviceOffset=(0, 0))],
            ReferencedTreatmentPositionIndex=1, ReferencedRadiationGenerationModeIndex=1, DeliveryRate=10,
            DeliveryRateUnitSequence=code("{MU}/s", "UCUM"), SourceRollAngle=180, RTBeamLimitingDeviceAngle=10,
            SourceToPatientSurfaceDistance=900, SourceToExternalContourDistance=None,
            WedgePositionSequence=[make(ReferencedDeviceIndex=1, WedgePosition="IN")],
        ),
        radiation_point(2, 60, [opening(2, (-6, -6, 6, 6))], SourceRollAngle=200),
        radiation_point(
            3, 120, [opening(2, (-7, -7, 7, 7))],
            WedgePositionSequence=[make(ReferencedDeviceIndex=1, WedgePosition="OUT")],
        ),
    ]  # fmt: skip


def radiation(name: str = "radiation", label: str = "A1") -> Item:
    """A C-arm radiation made from the plan."""
    slot = make(RTAccessoryHolderSlotID="1")
    return make(
        **head("13", name),
        RTRecordFlag="NO",
        RTRadiationPhysicalAndGeometricContentDetailFlag="FULL",
        UserContentLabel=label,
        EquipmentFrameOfReferenceUID="1.2.840.10008.1.4.3.1",
        PatientOrientationCodeSequence=[
            make(CodeValue="102538003", PatientOrientationModifierCodeSequence=code("40199007", "SCT"))
        ],
        PatientEquipmentRelationshipCodeSequence=code("102540008", "SCT"),
        TreatmentDeviceIdentificationSequence=[
            make(Manufacturer="M", ManufacturerModelName="X", DeviceSerialNumber="1", DeviceLabel="L1")
        ],
        RadiationDosimeterUnitSequence=code("{MU}", "UCUM"),
        RTBeamModifierDefinitionDistance=1000,
        RadiationSourceAxisDistance=1000,
        PatientSupportDevicesSequence=[make(DeviceIndex=1)],
        NumberOfRadiationGenerationModes=1,
        RadiationGenerationModeSequence=[
            make(
                RadiationGenerationModeIndex=1,
                RadiationGenerationModeMachineCodeSequence=code("6X", "99M"),
                RadiationTypeCodeSequence=code("290006006", "SCT"),
                EnergyUnitCodeSequence=code("MV", "UCUM"),
                NominalEnergy=6,
                RadiationFluenceModifierCodeSequence=code("130355"),
            )
        ],
        TreatmentPositionSequence=[position()],
        NumberOfRTBeamLimitingDevices=2,
        RTBeamLimitingDeviceDefinitionSequence=[
            make(
                DeviceIndex=1,
                DeviceTypeCodeSequence=code("130330"),
                BeamModifierOrientationAngle=0,
                ParallelRTBeamDelimiterDeviceSequence=parallel(1, (-200, 200)),
            ),
            make(
                DeviceIndex=2,
                DeviceTypeCodeSequence=code("130331"),
                BeamModifierOrientationAngle=0,
                RTBeamLimitingDeviceProximalDistance=300,
                RTBeamLimitingDeviceDistalDistance=400,
                ParallelRTBeamDelimiterDeviceSequence=parallel(2, (-10, 0, 10)),
            ),
        ],
        NumberOfWedges=1,
        WedgeDefinitionSequence=[
            make(DeviceIndex=1, ReferencedRTAccessoryHolderDeviceIndex=1, RTAccessoryHolderSlotID="1")
        ],
        RTAccessoryHolderDefinitionSequence=[make(DeviceIndex=1, RTAccessoryHolderSlotSequence=[slot])],
        BlockDefinitionSequence=[make(DeviceIndex=1, DeviceTypeCodeSequence=code("130123"))],
        NumberOfRTControlPoints=3,
        CArmPhotonElectronControlPointSequence=points(),
        DefinitionSourceSequence=[reference("5", "plan", ReferencedBeamNumber=1)],
        ReferencedSeriesSequence=common(("5", "plan")),
    )


def radiation_set() -> Item:
    """The set of two radiations, made from the plan."""
    members = [reference("13", "radiation"), reference("13", "second")]
    mapping = [make(CumulativeMeterset=mu, RadiationDoseValue=mu / 100) for mu in (0, 120)]
    doses = [
        make(
            ReferencedRTRadiationSequence=[member],
            RadiationDoseValuesParametersSequence=[
                make(
                    ReferencedRadiationDoseIdentificationIndex=1,
                    PrimaryDoseValueIndicator="YES",
                    DoseValuesSequence=[make(MetersetToDoseMappingSequence=mapping)],
                )
            ],
        )
        for member in members
    ]
    item = make(
        **head("12", "set"),
        IntendedNumberOfFractions=30,
        TreatmentPositionGroupSequence=[
            make(TreatmentPositionGroupUID=uid("group"), ReferencedRTRadiationSequence=members)
        ],
        RTRadiationSequence=members,
        RadiationDoseIdentificationSequence=[make(RadiationDoseIdentificationIndex=1)],
        RadiationDoseSequence=doses,
        DefinitionSourceSequence=[reference("5", "plan")],
        ReferencedSeriesSequence=common(("13", "radiation"), ("13", "second"), ("5", "plan")),
    )
    return fresh(item)


def record(name: str = "record", of: str = "radiation") -> Item:
    """A C-arm record of a radiation."""
    item = radiation(name)
    changes: dict[str, Value] = {
        "SOPClassUID": CLASS + "19",
        "SeriesInstanceUID": uid("series 19"),
        "RTRecordFlag": "YES",
        "RTRadiationPhysicalAndGeometricContentDetailFlag": "IDENT_ONLY",
        "TreatmentSessionUID": uid("session"),
        "RTTreatmentTerminationStatus": "NORMAL",
        "TreatmentDeliveryContinuationFlag": "NO",
        "ReferencedRTInstanceSequence": [reference("13", of)],
        "DefinitionSourceSequence": [reference("4", "treatment", ReferencedBeamNumber=1)],
        "ReferencedSeriesSequence": common(("13", of), ("4", "treatment")),
    }
    for word, value in changes.items():
        put(item, word, value)
    for place, point in enumerate(item[tag_of("CArmPhotonElectronControlPointSequence")].items):
        put(point, "RecordedRTControlPointDateTime", f"2024010110000{place}")
        put(point, "ReferencedRadiationRTControlPointIndex", place + 1)
    put(at(item, "RTBeamLimitingDeviceDefinitionSequence[1]"), "ReferencedDefinedDeviceIndex", 2)
    return item


def record_set() -> Item:
    """The record set of both radiations."""
    members = [reference("19", "record"), reference("19", "other record")]
    mapping = [make(CumulativeMeterset=mu, RadiationDoseValue=mu / 100) for mu in (0, 120)]
    doses = [
        make(
            ReferencedRTRadiationRecordSequence=[member],
            RadiationDoseValuesParametersSequence=[
                make(ReferencedRadiationDoseIdentificationIndex=1, MetersetToDoseMappingSequence=mapping)
            ],
        )
        for member in members
    ]
    item = make(
        **head("16", "record set"),
        TreatmentSessionUID=uid("session"),
        RTTreatmentFractionCompletionStatus="COMPLETE",
        ReferencedRTRadiationSetSequence=[reference("12", "set")],
        ReferencedRTRadiationRecordSequence=members,
        RadiationDoseIdentificationSequence=[make(RadiationDoseIdentificationIndex=1)],
        RadiationDoseSequence=doses,
        ReferencedSeriesSequence=common(("12", "set"), ("19", "record"), ("19", "other record")),
    )
    return fresh(item)


def treatment_record() -> Item:
    """An RT Beams Treatment Record of the plan."""
    delivered = [
        make(
            ReferencedControlPointIndex=place, SpecifiedMeterset=60 * place, DeliveredMeterset=60 * place,
            TreatmentControlPointDate="20240101", TreatmentControlPointTime=f"10000{place}", DoseRateDelivered=600,
            GantryAngle=180 + 20 * place,
        )
        for place in range(3)
    ]  # fmt: skip
    return make(
        **head("4", "treatment"),
        ReferencedRTPlanSequence=[reference("5", "plan")],
        ReferencedFractionGroupNumber=1,
        NumberOfFractionsPlanned=30,
        TreatmentSessionBeamSequence=[
            make(
                ReferencedBeamNumber=1,
                SpecifiedPrimaryMeterset=120,
                NumberOfControlPoints=3,
                ControlPointDeliverySequence=delivered,
            )
        ],
    )


def instruction() -> Item:
    """A delivery instruction that delivers one radiation of the set and omits the other."""
    return make(
        **head("21", "instruction"),
        ReferencedRTRadiationSetSequence=[reference("12", "set")],
        RTRadiationTaskSequence=[make(ReferencedRTRadiationSequence=[reference("13", "radiation")])],
        OmittedRadiationSequence=[make(ReferencedRTRadiationSequence=[reference("13", "second")])],
        ReferencedSeriesSequence=common(("12", "set"), ("13", "radiation"), ("13", "second")),
    )


def bundle() -> list[Item]:
    """Plan, set, two radiations, their records in both generations and an instruction: everything agrees."""
    return [
        plan(),
        radiation_set(),
        radiation(),
        radiation("second", "A2"),
        record_set(),
        record(),
        record("other record", "second"),
        treatment_record(),
        instruction(),
    ]
