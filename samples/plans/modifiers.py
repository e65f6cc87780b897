"""What hangs in the beam: wedges, compensators, boli, blocks, applicators, accessories (PS3.3 C.8.8.14)."""

from collections.abc import Sequence

from pydicom import Dataset

from .elements import item

Polygon = Sequence[tuple[float, float]]


def wedge(number: int, kind: str, angle: float, orientation: float, **more: object) -> Dataset:
    """A wedge; angle, orientation : deg."""
    return item(
        WedgeNumber=number,
        WedgeType=kind,
        WedgeAngle=angle,
        WedgeOrientation=orientation,
        **({"WedgeID": f"W{angle:g}", "WedgeFactor": ""} | more),
    )


def block(number: int, kind: str, edge: Polygon, *, material: str = "Cerrobend", **more: object) -> Dataset:
    """A block; edge : (points, 2), mm, in the isocentric plane, not closed."""
    return item(
        BlockNumber=number,
        BlockType=kind,
        MaterialID=material,
        BlockNumberOfPoints=len(edge),
        BlockData=[coordinate for vertex in edge for coordinate in vertex],
        **({"SourceToBlockTrayDistance": 657.0, "BlockDivergence": "PRESENT"} | more),
    )


def compensator(
    number: int, grid: Sequence[Sequence[float]], *, spacing: tuple[float, float], corner: tuple[float, float],
    material: str, **more: object,
) -> Dataset:  # fmt: skip
    """A compensator; grid : (rows, columns), mm of the material, or transmissions when material is "";
    spacing : between rows, between columns, mm; corner : x, y of the first pixel, mm."""
    values = [value for row in grid for value in row]
    return item(
        CompensatorNumber=number,
        MaterialID=material,
        SourceToCompensatorTrayDistance=650.0,
        CompensatorRows=len(grid),
        CompensatorColumns=len(grid[0]),
        CompensatorPixelSpacing=spacing,
        CompensatorPosition=corner,
        CompensatorThicknessData=values if material else None,
        CompensatorTransmissionData=None if material else values,
        **more,
    )


def bolus(roi: int, name: str) -> Dataset:
    """A bolus that is a region of the referenced structure set."""
    return item(
        ReferencedROINumber=roi, BolusID=name, BolusDescription=f"{name} of the phantom", AccessoryCode="BOL-05"
    )


def applicator(name: str, kind: str, opening: float) -> Dataset:
    """A square electron applicator; opening : mm."""
    geometry = item(ApplicatorApertureShape="SYM_SQUARE", ApplicatorOpening=opening)
    return item(
        ApplicatorID=name,
        AccessoryCode="APP-1",
        ApplicatorType=kind,
        ApplicatorGeometrySequence=[geometry],
        SourceToApplicatorMountingPositionDistance=519.0,
        ApplicatorDescription="Electron applicator",
    )


def accessory(number: int, name: str, kind: str | None, distance: float) -> Dataset:
    """A general accessory; distance : from the source, mm."""
    return item(
        GeneralAccessoryNumber=number,
        GeneralAccessoryID=name,
        GeneralAccessoryDescription=f"{name} of the example machine",
        GeneralAccessoryType=kind,
        AccessoryCode=f"ACC-{number}",
        SourceToGeneralAccessoryDistance=distance,
    )
