"""Files that must be refused: a small good plan with one thing wrong, or no plan that this converter takes."""

from collections.abc import Callable

from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.uid import RTIonPlanStorage

from .corpus import bad, encode, with_meta
from .devices import JAWS, Device, classic_device, disc, field_of, ruler
from .elements import Values, item, put, put_raw
from .modifiers import accessory
from .plan import DATE, TIME, beam, plan
from .points import Point, point, still

OPEN = field_of(-40, 40, -50, 50)
LEAVES = Device("MLCX", ruler((10, 10.0), start=-50.0), 465.0)


@bad()
def ion_plan(name: str) -> bytes:
    """An RT Ion Plan.

    Wrong: another SOP Class, with ion beams.
    See: A.49
    """
    ion_point = item(ControlPointIndex=0, CumulativeMetersetWeight=0, NominalBeamEnergy=140, GantryAngle=0)
    ion_beam = item(
        BeamNumber=1, BeamName="Ion", BeamType="STATIC", RadiationType="PROTON", ScanMode="NONE",
        TreatmentMachineName="Ion A", PrimaryDosimeterUnit="MU", NumberOfControlPoints=2,
        IonControlPointSequence=[ion_point, item(ControlPointIndex=1, CumulativeMetersetWeight=1)],
    )  # fmt: skip
    result = plan(name, [], groups=[], SOPClassUID=RTIonPlanStorage)
    return encode(with_meta(put(result, IonBeamSequence=[ion_beam])))


@bad()
def brachy_plan(name: str) -> bytes:
    """A brachytherapy plan.

    Wrong: the same SOP Class, but an application setup instead of beams.
    See: C.8.8.15
    """
    source = item(
        SourceNumber=1, SourceType="LINE", SourceIsotopeName="Ir-192", SourceIsotopeHalfLife=73.83,
        ReferenceAirKermaRate=40820, SourceStrengthReferenceDate=DATE, SourceStrengthReferenceTime=TIME,
    )  # fmt: skip
    dwell = [item(ControlPointIndex=i, CumulativeTimeWeight=10 * i, ControlPointRelativePosition=0) for i in range(2)]
    channel = item(
        ChannelNumber=1, ChannelLength=1200, ChannelTotalTime=10, SourceMovementType="STEPWISE",
        SourceApplicatorStepSize=5, TransferTubeNumber="", ReferencedSourceNumber=1, NumberOfControlPoints=2,
        FinalCumulativeTimeWeight=10, BrachyControlPointSequence=dwell,
    )  # fmt: skip
    application = item(
        ApplicationSetupType="MANCHESTER", ApplicationSetupNumber=1, TotalReferenceAirKerma=113,
        ChannelSequence=[channel],
    )  # fmt: skip
    group = item(
        FractionGroupNumber=1, NumberOfFractionsPlanned=3, NumberOfBeams=0, NumberOfBrachyApplicationSetups=1,
        ReferencedBrachyApplicationSetupSequence=[item(ReferencedBrachyApplicationSetupNumber=1)],
    )  # fmt: skip
    brachy: Values = {
        "BrachyTreatmentTechnique": "INTRACAVITARY",
        "BrachyTreatmentType": "HDR",
        "TreatmentMachineSequence": [item(TreatmentMachineName="Afterloader A")],
        "SourceSequence": [source],
        "ApplicationSetupSequence": [application],
    }
    return encode(with_meta(plan(name, [], groups=[group], **brachy)))


@bad()
def neutron_beam(name: str) -> bytes:
    """A beam of neutrons.

    Wrong: the C-arm radiation takes photons and electrons only.
    See: A.86.1.5.1
    """
    return _changed(name, lambda p: put(_beam(p), RadiationType="NEUTRON"))


@bad()
def proton_beam(name: str) -> bytes:
    """A beam of protons in an RT Plan.

    Wrong: the C-arm radiation takes photons and electrons only.
    See: A.86.1.5.1
    """
    return _changed(name, lambda p: put(_beam(p), RadiationType="PROTON"))


@bad()
def minute_dosimeter(name: str) -> bytes:
    """A beam measured in minutes.

    Wrong: legal here, but the C-arm radiation counts in monitor units.
    See: A.86.1.5.4.2, CID 9552
    """
    return _changed(name, lambda p: put(_beam(p), PrimaryDosimeterUnit="MINUTE"))


@bad()
def truncated(name: str) -> bytes:
    """A file that ends inside the beams.

    Wrong: the last bytes are missing, in the middle of a nested sequence.
    See: PS3.10 7
    """
    content = _changed(name)
    return content[: content.index(_tag("ControlPointSequence")) + 500]


@bad(name="not-dicom.txt")
def not_dicom(_: str) -> bytes:
    """A text file.

    Wrong: no DICOM at all.
    See: PS3.10 7
    """
    return b"This is not a DICOM file.\nIt only lies in the same folder.\n"


@bad()
def duplicate_beam_numbers(name: str) -> bytes:
    """Two beams with one number.

    Wrong: the reference of the fraction group is ambiguous.
    See: C.8.8.14 Beam Number
    """
    return _changed(name, lambda p: put(_beam(p, 1), BeamNumber=1))


@bad()
def missing_beam(name: str) -> bytes:
    """A fraction group that refers to a beam 3.

    Wrong: there is none.
    See: A.20.3.1
    """
    return _changed(name, lambda p: put(_shares(p)[1], ReferencedBeamNumber=3))


@bad()
def decreasing_weights(name: str) -> bytes:
    """Cumulative weights 0, 1.2, 1.

    Wrong: they must not decrease.
    See: C.8.8.14.5
    """
    return _changed(name, lambda p: put(_point(p, 1), CumulativeMetersetWeight=1.2))


@bad()
def missing_weights(name: str) -> bytes:
    """Control points without weights although there is a meterset.

    Wrong: the meterset of each point is unknown; the element is Type 2.
    See: C.8.8.14.1
    """
    return _changed(name, *(lambda p, i=i: _drop(_point(p, i), "CumulativeMetersetWeight") for i in range(3)))


@bad()
def first_weight_not_zero(name: str) -> bytes:
    """Cumulative weights 0.1, 0.5, 1.

    Wrong: the first must be 0.
    See: C.8.8.14 Cumulative Meterset Weight
    """
    return _changed(name, lambda p: put(_point(p, 0), CumulativeMetersetWeight=0.1))


@bad()
def final_weight_mismatch(name: str) -> bytes:
    """A final weight of 2 with a last point at 1.

    Wrong: they must be equal, or the meterset is not the whole one.
    See: C.8.8.14 Final Cumulative Meterset Weight
    """
    return _changed(name, lambda p: put(_beam(p), FinalCumulativeMetersetWeight=2))


@bad()
def wrong_leaf_count(name: str) -> bytes:
    """18 leaf positions for 10 pairs.

    Wrong: 20 are due.
    See: C.8.8.14 Leaf/Jaw Positions
    """
    return _changed(name, lambda p: put(_opening(p, 2), LeafJawPositions=[-10] * 9 + [10] * 9))


@bad()
def undefined_device(name: str) -> bytes:
    """An opening of an MLCY.

    Wrong: the beam defines none.
    See: C.8.8.14 Beam Limiting Device Position Sequence
    """
    return _changed(name, lambda p: put(_opening(p, 2), RTBeamLimitingDeviceType="MLCY"))


@bad()
def ambiguous_devices(name: str) -> bytes:
    """Two layers typed MLCX with the same number of pairs.

    Wrong: nothing tells which opening belongs to which.
    See: C.8.8.14 Beam Limiting Device Position Sequence
    """

    def double(p: Dataset) -> None:
        _beam(p).BeamLimitingDeviceSequence.append(classic_device(LEAVES))
        for each in _beam(p).ControlPointSequence:
            openings = each.BeamLimitingDevicePositionSequence
            openings.append(item(RTBeamLimitingDeviceType="MLCX", LeafJawPositions=[-5] * 10 + [5] * 10))

    return _changed(name, double)


@bad()
def two_machines(name: str) -> bytes:
    """Beams of one fraction group on two machines.

    Wrong: all radiations of an RT Radiation Set are defined for one treatment device.
    See: C.36.10
    """
    return _changed(name, lambda p: put(_beam(p, 1), TreatmentMachineName="Linac B"))


@bad()
def zero_control_points(name: str) -> bytes:
    """A beam with an empty Control Point Sequence.

    Wrong: two points are the least.
    See: C.8.8.14 Number of Control Points
    """
    return _changed(name, lambda p: put(_beam(p), NumberOfControlPoints=0, ControlPointSequence=[]))


@bad()
def one_control_point(name: str) -> bytes:
    """A beam with one control point.

    Wrong: two points are the least.
    See: C.8.8.14 Number of Control Points
    """

    def shorten(p: Dataset) -> None:
        put(_beam(p), NumberOfControlPoints=1, ControlPointSequence=[_point(p, 0)])

    return _changed(name, shorten)


@bad()
def missing_isocenter(name: str) -> bytes:
    """A first control point without an isocenter.

    Wrong: the treatment position cannot be computed.
    See: C.8.8.14 Isocenter Position
    """
    return _changed(name, lambda p: _drop(_point(p, 0), "IsocenterPosition"))


@bad()
def jaws_cross(name: str) -> bytes:
    """A jaw X1 at 20 mm and X2 at -20 mm.

    Wrong: the two sides cross.
    See: C.8.8.14 Leaf/Jaw Positions
    """
    return _changed(name, lambda p: put(_opening(p, 0), LeafJawPositions=[20, -20]))


@bad()
def nan_decimal(name: str) -> bytes:
    """A gantry angle of NaN.

    Wrong: not a decimal string.
    See: PS3.5 6.2
    """
    return _changed(name, lambda p: put_raw(_point(p, 0), "GantryAngle", "NaN"))


@bad()
def overflow_decimal(name: str) -> bytes:
    """A gantry angle of 1e999.

    Wrong: a legal text, but no finite number of double precision.
    See: PS3.5 6.2
    """
    return _changed(name, lambda p: put_raw(_point(p, 0), "GantryAngle", "1e999"))


@bad()
def too_long_decimal(name: str) -> bytes:
    """A gantry angle of 18 characters.

    Wrong: 16 are the most.
    See: PS3.5 6.2
    """
    return _changed(name, lambda p: put_raw(_point(p, 0), "GantryAngle", "90.000000000000001"))


@bad()
def embedded_space_decimal(name: str) -> bytes:
    """A gantry angle of "66 .0", as real files have it.

    Wrong: a space inside the number.
    See: PS3.5 6.2
    """
    return _changed(name, lambda p: put_raw(_point(p, 0), "GantryAngle", "66 .0"))


@bad()
def wrong_vr_value(name: str) -> bytes:
    """A beam number of ONE.

    Wrong: letters in an integer string.
    See: PS3.5 6.2
    """
    return _changed(name, lambda p: put_raw(_beam(p), "BeamNumber", "ONE"))


def _changed(name: str, *changes: Callable[[Dataset], object]) -> bytes:
    """The file of the small good plan, with each of the changes made."""
    result = plan(name, [beam(n, f"Beam {n}", (*JAWS, LEAVES), _points()) for n in (1, 2)])
    for change in changes:
        change(result)
    return encode(with_meta(result))


def _points() -> list[Point]:
    jaws = field_of(-40, 40, -45, 45)
    return [point(w, [*jaws, disc(LEAVES, r)], GantryAngle=90) for w, r in ((0, 40), (0.5, 30), (1, 20))]


def _beam(of: Dataset, index: int = 0) -> Dataset:
    found: Dataset = of.BeamSequence[index]
    return found


def _point(of: Dataset, index: int) -> Dataset:
    found: Dataset = _beam(of).ControlPointSequence[index]
    return found


def _opening(of: Dataset, index: int) -> Dataset:
    found: Dataset = _point(of, 0).BeamLimitingDevicePositionSequence[index]
    return found


def _shares(of: Dataset) -> list[Dataset]:
    return list(of.FractionGroupSequence[0].ReferencedBeamSequence)


def _drop(target: Dataset, keyword: str) -> None:
    del target[keyword]


def _tag(keyword: str) -> bytes:
    tag = tag_for_keyword(keyword)
    assert tag is not None
    return (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little")


@bad()
def accessory_without_type(name: str) -> bytes:
    """A general accessory whose type is neither given nor a term of the standard.

    Wrong: the second generation must have a coded device type, and a guess is none.
    See: C.8.8.14 General Accessory Sequence
    """
    accessories = [accessory(1, "Tray", None, 657), accessory(2, "Spoiler", "SPOILER", 700)]
    return encode(
        with_meta(plan(name, [beam(1, "Accessories", JAWS, still(OPEN), GeneralAccessorySequence=accessories)]))
    )


@bad()
def no_machine_no_setup(name: str) -> bytes:
    """A plan without machine name, source-axis distance, patient setup and isocenter.

    Wrong: device label, axis distance and treatment position must have values in the second generation.
    See: C.36.12, C.36.14, C.36.2.2.4
    """
    absent: Values = {"ReferencedPatientSetupNumber": None, "SourceAxisDistance": None}
    qa = beam(1, "QA", JAWS, still(OPEN, IsocenterPosition=""), TreatmentMachineName="", **absent)
    return encode(with_meta(plan(name, [qa], PatientSetupSequence=None)))
