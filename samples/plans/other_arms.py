"""Sets of tomotherapeutic and robotic-arm radiations, which no RT Plan can hold."""

from pydicom import Dataset

from .elements import code, item
from .foreign import bundle_of

__all__ = ["ROBOTIC", "TOMOTHERAPEUTIC", "other_arms"]

TOMOTHERAPEUTIC = "1.2.840.10008.5.1.4.1.1.481.14"
ROBOTIC = "1.2.840.10008.5.1.4.1.1.481.15"
# Of a C-arm only.
_ARM = (
    "CArmPhotonElectronControlPointSequence", "NumberOfWedges", "NumberOfCompensators", "NumberOfBlocks",
    "NumberOfBoluses", "NumberOfGeneralAccessories", "RTToleranceSetSequence",
)  # fmt: skip

_SEEN = ("SourceToPatientSurfaceDistance", "SourceToExternalContourDistance", "RTBeamLimitingDeviceAngle")


def other_arms(sop_class: str) -> list[Dataset]:
    """A set with one radiation of this class: four control points of which each states a meterset."""
    name = "tomotherapeutic" if sop_class == TOMOTHERAPEUTIC else "robotic-arm"
    return bundle_of("static-jaws", name, lambda whole, radiations: _change(whole, radiations, sop_class))[:2]


def _change(whole: Dataset, radiations: list[Dataset], sop_class: str) -> None:
    del radiations[1:]
    (radiation,) = radiations
    radiation.SOPClassUID = sop_class
    first = radiation.CArmPhotonElectronControlPointSequence[0]
    for word in _ARM:
        radiation.pop(word, None)
    later = [item(RTControlPointIndex=number, NumberOfRTBeamLimitingDeviceOpenings=0) for number in (2, 3, 4)]
    points = [first, *later]
    for number, point in enumerate(points):
        point.CumulativeMeterset = 60.5 * number
    radiation.NumberOfRTControlPoints = len(points)
    (_tomotherapeutic if sop_class == TOMOTHERAPEUTIC else _robotic)(radiation, points)
    reference = item(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=radiation.SOPInstanceUID)
    whole.RTRadiationSequence = [reference]
    for group in whole.get("TreatmentPositionGroupSequence", []):
        group.ReferencedRTRadiationSequence = [reference]


def _tomotherapeutic(radiation: Dataset, points: list[Dataset]) -> None:
    radiation.TableSpeed, radiation.RevolutionTime = 0.5, 20.0
    radiation.RTTreatmentTechniqueCodeSequence = [code("130108", "Helical Beam")]
    for number, point in enumerate(points):
        for word in _SEEN:
            point.pop(word, None)
        point.SourceRollAngle = 7.05 * number
        point.TomotherapeuticLeafOpenDurations = [0.25 + 0.01 * number]
    radiation.TomotherapeuticControlPointSequence = points


def _robotic(radiation: Dataset, points: list[Dataset]) -> None:
    radiation.EquipmentFrameOfReferenceUID = "1.2.840.10008.1.4.3.2"
    del radiation.RadiationSourceAxisDistance
    radiation.RTBeamModifierDefinitionDistance = 800.0
    radiation.RTTreatmentTechniqueCodeSequence = [code("130140", "Non-Synchronized Robotic Treatment")]
    radiation.RoboticPathNodeSetCodeSequence = [code("130362", "Head Node Set")]
    points[0].DeliveryRateUnitSequence = [code("Gy/s", "Gy/s", "UCUM")]
    for number, point in enumerate(points):
        for word in (*_SEEN, "SourceRollAngle"):
            point.pop(word, None)
        point.RoboticNodeIdentifier = number + 1
        point.RTTreatmentSourceCoordinates = [10.0 * number, 0.0, 800.0]
        point.RadiationSourceCoordinateSystemYawAngle = 1.0 * number
        point.RadiationSourceCoordinateSystemRollAngle = 2.0 * number
        point.RadiationSourceCoordinateSystemPitchAngle = 3.0 * number
    radiation.RoboticPathControlPointSequence = points
