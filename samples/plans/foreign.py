"""Sets and radiations as another maker writes them: forms that no conversion of a plan of ours gives.

Each starts from what the transcoder makes of a sample plan, since a set is long; all that tells of that origin is
taken out, and then the function of the sample changes what it is about.
"""

import math
from collections.abc import Callable
from copy import deepcopy

import numpy as np
from pydicom import Dataset
from pydicom.uid import UID

from .corpus import GOOD, encode, with_meta
from .elements import code, item, put, uid

Change = Callable[[Dataset, list[Dataset]], None]
FOREIGN: dict[str, tuple[str, Change]] = {}
# What a vendor's system does not write of another's conversion.
ORIGIN = ("DefinitionSourceSequence", "ConversionSourceAttributesSequence", "ContributingEquipmentSequence")
X_LABEL, Y_LABEL = code("130334", "X Orientation"), code("130335", "Y Orientation")
LEAVES = code("130331", "Leaf Pairs")


def foreign(base: str) -> Callable[[Change], Change]:
    """Register a bundle that starts from a sample plan, under the name of its function with dashes."""

    def register(function: Change) -> Change:
        FOREIGN[function.__name__.replace("_", "-")] = (base, function)
        return function

    return register


def build_foreign(name: str) -> list[Dataset]:
    """The set and its radiations."""
    base, change = FOREIGN[name]
    return bundle_of(base, name, change)


def bundle_of(base: str, name: str, *changes: Change) -> list[Dataset]:
    """A set and its radiations that start from a sample plan, under names of their own."""
    made = _converted(base)
    names: dict[str, UID] = {}
    for each in made:
        for word in ORIGIN:
            each.pop(word, None)
        each.pop("ReferencedSeriesSequence", None)
        rename(each, name, names)
        put(each, Manufacturer="Another Maker", ManufacturerModelName="Delivery Planner", PatientID=f"FOREIGN-{name}")
        each.PatientName = "Phantom^Foreign"
    whole, radiations = made[0], made[1:]
    whole.UserContentLabel = name[:16]
    for change in changes:
        change(whole, radiations)
    _list_references(whole, radiations)
    return made


def _converted(base: str) -> list[Dataset]:
    import transcoder

    plan = with_meta(GOOD[base].build(), GOOD[base].encoding)
    return list(transcoder.transcode(transcoder.read([plan]), to="second").bundle.instances)


def rename(dataset: Dataset, name: str, names: dict[str, UID]) -> None:
    """Other names for everything that was named on the way, so that these files do not change with the sheets."""
    for element in dataset.iterall():
        if element.VR == "UI" and str(element.value).startswith("2.25."):
            element.value = names.setdefault(str(element.value), uid(name, "foreign", str(len(names))))


def _list_references(whole: Dataset, radiations: list[Dataset]) -> None:
    series: dict[str, list[Dataset]] = {}
    for each in radiations:
        reference = item(ReferencedSOPClassUID=each.SOPClassUID, ReferencedSOPInstanceUID=each.SOPInstanceUID)
        series.setdefault(str(each.SeriesInstanceUID), []).append(reference)
    whole.ReferencedSeriesSequence = [
        item(SeriesInstanceUID=name, ReferencedInstanceSequence=found) for name, found in series.items()
    ]


def encoded(dataset: Dataset) -> bytes:
    """The Part 10 file of an instance."""
    return encode(with_meta(dataset))


# --- small tools -----------------------------------------------------------------------------------------


def devices(radiation: Dataset) -> list[Dataset]:
    """The definitions of the beam limiting devices."""
    return list(radiation.RTBeamLimitingDeviceDefinitionSequence)


def points(radiation: Dataset) -> list[Dataset]:
    """The control points."""
    return list(radiation.CArmPhotonElectronControlPointSequence)


def openings(radiation: Dataset, index: int) -> list[Dataset]:
    """The openings of one device, of the control points that have one."""
    return [
        each
        for point in points(radiation)
        for each in point.get("RTBeamLimitingDeviceOpeningSequence", [])
        if each.ReferencedDeviceIndex == index
    ]


def no_display(radiation: Dataset) -> None:
    """Take out what the couch displays: the matrix alone says where the patient lies."""
    for position in radiation.TreatmentPositionSequence:
        position.PatientSupportPositionSequence = []


def matrix(axes: np.ndarray, isocenter: tuple[float, float, float]) -> list[str]:  # type: ignore[type-arg]
    """Row by row from FIXED axes in patient axes and the isocenter, as decimal strings."""
    whole = np.eye(4)
    whole[:3, :3], whole[:3, 3] = axes, -axes @ np.array(isocenter)
    return [format(round(value, 10) + 0.0, ".12g") for value in whole.ravel()]


SUPINE = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], dtype=float)


def turned(yaw: float, pitch: float = 0.0, roll: float = 0.0) -> np.ndarray:  # type: ignore[type-arg]
    """FIXED axes in the axes of a patient who lies head first supine on a turned couch."""
    y, p, r = (math.radians(angle) for angle in (yaw, pitch, roll))
    about_z = np.array([[math.cos(y), -math.sin(y), 0], [math.sin(y), math.cos(y), 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, math.cos(p), -math.sin(p)], [0, math.sin(p), math.cos(p)]])
    about_y = np.array([[math.cos(r), 0, math.sin(r)], [0, 1, 0], [-math.sin(r), 0, math.cos(r)]])
    return np.asarray(about_z @ about_x @ about_y @ SUPINE)


def place(radiation: Dataset, number: int, axes: np.ndarray, isocenter: tuple[float, float, float]) -> None:  # type: ignore[type-arg]
    """Set one treatment position."""
    position = radiation.TreatmentPositionSequence[number]
    position.ImageToEquipmentMappingMatrix = matrix(axes, isocenter)
    position.PatientLocationCoordinatesSequence[0].ThreeDPointCoordinates = list(isocenter)


# --- devices ---------------------------------------------------------------------------------------------


@foreign("static-mlc")
def turned_devices(_whole: Dataset, radiations: list[Dataset]) -> None:
    """Jaws at 180 and 270 degrees, leaves at -180, each with an offset along and across its travel."""
    for radiation in radiations:
        turns = ((180.0, X_LABEL), (270.0, Y_LABEL), (-180.0, X_LABEL))
        for device, (angle, label) in zip(devices(radiation), turns, strict=True):
            device.BeamModifierOrientationAngle = angle
            parallel = device.ParallelRTBeamDelimiterDeviceSequence[0]
            parallel.ParallelRTBeamDelimiterDeviceOrientationLabelCodeSequence = [label]
            for number, opening in enumerate(openings(radiation, device.DeviceIndex)):
                opening.RTBeamLimitingDeviceOffset = [2.5 + number, -1.25]
        leaves = openings(radiation, 3)[0]
        leaves.ParallelRTBeamDelimiterPositions = [
            value + 0.25 * place for place, value in enumerate(leaves.ParallelRTBeamDelimiterPositions)
        ]


@foreign("conformal-arc")
def moving_offset(_whole: Dataset, radiations: list[Dataset]) -> None:
    """Leaves that keep their shape and follow the target by their offset alone."""
    for radiation in radiations:
        (index,) = [
            device.DeviceIndex
            for device in devices(radiation)
            if device.DeviceTypeCodeSequence[0].CodeValue == "130331"
        ]
        found = openings(radiation, index)
        for number, opening in enumerate(found):
            opening.RTBeamLimitingDeviceOffset = [0.5 * number, 2.0]
            if number:
                del opening.ParallelRTBeamDelimiterPositions


@foreign("static-mlc")
def two_leaf_layers(_whole: Dataset, radiations: list[Dataset]) -> None:
    """Two layers of leaves along x, half a leaf apart, and no jaws."""
    for radiation in radiations:
        first = devices(radiation)[2]
        second = deepcopy(first)
        parallel = second.ParallelRTBeamDelimiterDeviceSequence[0]
        parallel.ParallelRTBeamDelimiterBoundaries = [
            float(value) + 2.5 for value in parallel.ParallelRTBeamDelimiterBoundaries
        ]
        put(first, DeviceIndex=1, DeviceLabel="Upper layer")
        put(second, DeviceIndex=2, DeviceLabel="Lower layer")
        radiation.RTBeamLimitingDeviceDefinitionSequence = [first, second]
        radiation.NumberOfRTBeamLimitingDevices = 2
        point = points(radiation)[0]
        (upper,) = openings(radiation, 3)
        lower = deepcopy(upper)
        lower.ParallelRTBeamDelimiterPositions = [
            value * 0.5 for value in map(float, upper.ParallelRTBeamDelimiterPositions)
        ]
        upper.ReferencedDeviceIndex, lower.ReferencedDeviceIndex = 1, 2
        point.RTBeamLimitingDeviceOpeningSequence = [upper, lower]
        point.NumberOfRTBeamLimitingDeviceOpenings = 2


@foreign("static-mlc")
def single_leaves(_whole: Dataset, radiations: list[Dataset]) -> None:
    """Single leaves, each mounted on one side, beside two jaws."""
    for radiation in radiations:
        device = devices(radiation)[2]
        device.DeviceTypeCodeSequence = [code("130333", "Single Leaves")]
        parallel = device.ParallelRTBeamDelimiterDeviceSequence[0]
        count = int(parallel.NumberOfParallelRTBeamDelimiters)
        parallel.ParallelRTBeamDelimiterLeafMountingSide = ["N", "P"] * (count // 2)
        for opening in openings(radiation, 3):
            opening.ParallelRTBeamDelimiterPositions = list(opening.ParallelRTBeamDelimiterPositions)[:count]


@foreign("static-jaws")
def binary_leaves(_whole: Dataset, radiations: list[Dataset]) -> None:
    """Leaves that are either open or closed."""
    for radiation in radiations:
        for device in devices(radiation):
            parallel = device.ParallelRTBeamDelimiterDeviceSequence[0]
            parallel.ParallelRTBeamDelimiterOpeningMode = "BINARY"
            parallel.ParallelRTBeamDelimiterOpeningExtents = [-100.0, 100.0]


@foreign("static-jaws")
def fixed_collimator(_whole: Dataset, radiations: list[Dataset]) -> None:
    """A cone that cannot be changed beside the jaws."""
    for radiation in radiations:
        device = deepcopy(devices(radiation)[0])
        del device.ParallelRTBeamDelimiterDeviceSequence
        put(device, DeviceIndex=3, DeviceLabel="Cone 15")
        device.DeviceTypeCodeSequence = [code("130344", "Photon Fixed Aperture")]
        outline = item(OutlineShapeType="CIRCULAR", CenterOfCircularOutline=[0.0, 0.0], DiameterOfCircularOutline=15.0)
        device.FixedRTBeamDelimiterDeviceSequence = [outline]
        radiation.RTBeamLimitingDeviceDefinitionSequence.append(device)
        radiation.NumberOfRTBeamLimitingDevices = 3


@foreign("static-jaws")
def circular_collimator(_whole: Dataset, radiations: list[Dataset]) -> None:
    """A circular collimator whose diameter varies beside the jaws."""
    for radiation in radiations:
        device = deepcopy(devices(radiation)[0])
        del device.ParallelRTBeamDelimiterDeviceSequence
        put(device, DeviceIndex=3, DeviceLabel="Iris")
        device.DeviceTypeCodeSequence = [code("130332", "Variable Circular Collimator")]
        radiation.RTBeamLimitingDeviceDefinitionSequence.append(device)
        radiation.NumberOfRTBeamLimitingDevices = 3
        outline = item(OutlineShapeType="CIRCULAR", CenterOfCircularOutline=[0.0, 0.0], DiameterOfCircularOutline=30.0)
        opening = item(
            ReferencedDeviceIndex=3, RTBeamLimitingDeviceOffset=[0.0, 0.0], RTBeamDelimiterGeometrySequence=[outline]
        )
        point = points(radiation)[0]
        point.RTBeamLimitingDeviceOpeningSequence.append(opening)
        point.NumberOfRTBeamLimitingDeviceOpenings = 3


# --- the patient and the couch ---------------------------------------------------------------------------


@foreign("static-jaws")
def pitched_couch(_whole: Dataset, radiations: list[Dataset]) -> None:
    """A couch that is turned, pitched and rolled, with nothing displayed."""
    for radiation in radiations:
        no_display(radiation)
        place(radiation, 0, turned(40, 1.5, -2.25), (12.5, -34.0, 56.25))


@foreign("dynamic-couch")
def moving_isocenter(_whole: Dataset, radiations: list[Dataset]) -> None:
    """Treatment positions that differ in their isocenter only, with nothing displayed."""
    for radiation in radiations:
        no_display(radiation)
        for number, position in enumerate(radiation.TreatmentPositionSequence):
            position.PatientSupportPositionSequence = []
            place(radiation, number, SUPINE, (10.0 + number, -20.0, 30.0))


# --- what an RT Plan has no place for --------------------------------------------------------------------


@foreign("static-jaws")
def without_home(whole: Dataset, radiations: list[Dataset]) -> None:
    """Content that RT Plan has no place for: area limits, makers and identifiers of devices, machine codes."""
    for radiation in radiations:
        area = item(
            OutlineShapeType="RECTANGULAR",
            OutlineLeftVerticalEdge=-90.0,
            OutlineRightVerticalEdge=90.0,
            OutlineUpperHorizontalEdge=90.0,
            OutlineLowerHorizontalEdge=-90.0,
        )
        points(radiation)[0].BeamAreaLimitSequence = [area]
        machine = radiation.TreatmentDeviceIdentificationSequence[0]
        put(machine, ManufacturerDeviceClassUID="2.25.77", SoftwareVersions="9.1", ManufacturerModelVersion="3")
        put(machine, ManufacturerDeviceIdentifier="M-1")
        for device in devices(radiation):
            put(device, Manufacturer="Jaw Works", ManufacturerModelName="J2", DeviceSerialNumber="42")
            put(device, SoftwareVersions="1.2", ManufacturerModelVersion="B", ManufacturerDeviceIdentifier="J-7")
            put(device, DeviceAlternateIdentifier="J7", DeviceAlternateIdentifierType="BARCODE")
            put(device, DeviceAlternateIdentifierFormat="EAN13", LongDeviceDescription="a jaw with a name")
            put(device, RTBeamLimitingDeviceProximalDistance=280.0, RTBeamLimitingDeviceDistalDistance=360.0)
        mode = radiation.RadiationGenerationModeSequence[0]
        put(mode, RadiationGenerationModeDescription="six with filter")
        mode.RadiationGenerationModeMachineCodeSequence = [code("6X", "6 MV", "99FOREIGN")]
    whole.IssuerOfPatientID = None


@foreign("static-jaws")
def no_second_meterset(_whole: Dataset, radiations: list[Dataset]) -> None:
    """Three control points of which the second delivers nothing and so says no meterset again."""
    for radiation in radiations:
        first, last = points(radiation)
        middle = item(RTControlPointIndex=2, NumberOfRTBeamLimitingDeviceOpenings=0)
        last.RTControlPointIndex = 3
        radiation.CArmPhotonElectronControlPointSequence = [first, middle, last]
        radiation.NumberOfRTControlPoints = 3


@foreign("full-turn-arc")
def whole_turns(_whole: Dataset, radiations: list[Dataset]) -> None:
    """A source that starts several turns away from zero, at exactly 360 degrees and below zero."""
    for number, radiation in enumerate(radiations):
        for point in points(radiation):
            if "SourceRollAngle" in point:
                point.SourceRollAngle = float(point.SourceRollAngle) + 360.0 * (number - 2)


@foreign("block-shielding")
def sliced_blocks(_whole: Dataset, radiations: list[Dataset]) -> None:
    """Blocks that are sliced into slabs."""
    for radiation in radiations:
        for block in radiation.get("BlockDefinitionSequence", []):
            thickness = 70.0
            block.RadiationBeamBlockThickness = thickness
            block.NumberOfBlockSlabItems = 2
            block.BlockSlabSequence = [
                item(
                    BlockSlabNumber=number,
                    RadiationBeamBlockSlabThickness=thickness / 2,
                    DeviceAlternateIdentifier=f"S{number}",
                    DeviceAlternateIdentifierType="BARCODE",
                    DeviceAlternateIdentifierFormat="EAN13",
                )
                for number in (1, 2)
            ]


@foreign("block-shielding")
def holder_with_slots(_whole: Dataset, radiations: list[Dataset]) -> None:
    """A tray with slots, of which one holds the block."""
    for radiation in radiations:
        for holder in radiation.get("RTAccessoryHolderDefinitionSequence", []):
            holder.RTAccessoryHolderSlotExistenceFlag = "YES"
            slot = item(RTAccessoryHolderSlotID="LOWER", RTAccessoryHolderSlotDistance=640.0)
            holder.RTAccessoryHolderSlotSequence = [slot]
            put(holder, RTAccessoryHolderWaterEquivalentThickness=7.5)
        for block in radiation.get("BlockDefinitionSequence", []):
            if "ReferencedRTAccessoryHolderDeviceIndex" in block:
                block.RTAccessoryHolderSlotID = "LOWER"


@foreign("dose-references")
def no_doses(whole: Dataset, _radiations: list[Dataset]) -> None:
    """A set that says nothing of doses."""
    for word in ("RadiationDoseSequence", "RadiationDoseIdentificationSequence"):
        whole.pop(word, None)


@foreign("dose-references")
def several_doses(whole: Dataset, _radiations: list[Dataset]) -> None:
    """Doses at several places under labels that say nothing of an RT Plan."""
    for number, each in enumerate(whole.RadiationDoseIdentificationSequence):
        each.RadiationDoseIdentificationLabel = f"Dose at place {number}"


@foreign("static-jaws")
def jaws_as_leaf_pairs(_whole: Dataset, radiations: list[Dataset]) -> None:
    """Jaws called leaf pairs, of which there is one: the example of C.36.2.2.19.1.5."""
    for radiation in radiations:
        for device in devices(radiation):
            device.DeviceTypeCodeSequence = [LEAVES]


@foreign("tolerance-tables")
def no_tolerance_label(_whole: Dataset, radiations: list[Dataset]) -> None:
    """Tolerances under a label of the maker's own, the same in all radiations."""
    for radiation in radiations:
        for each in radiation.get("RTToleranceSetSequence", []):
            each.RTToleranceSetLabel = "Site default"
