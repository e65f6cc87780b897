"""Samples of beams with something in them: wedges, blocks, compensators, boli, applicators, accessories."""

from pydicom import Dataset

from .corpus import Encoding, sample
from .devices import ASYMX, ASYMY, JAWS, field_of, jaw
from .elements import Values
from .modifiers import accessory, applicator, block, bolus, compensator, wedge
from .plan import beam, plan, setup
from .points import point, still, weights

OPEN = field_of(-60, 60, -80, 80)


@sample()
def wedge_standard(name: str) -> Dataset:
    """A hard wedge in each of two beams, thin edges opposite.

    Trap: Orientation is an angle in the collimator's system; the second wedge has no factor and no identifier.
    See: C.8.8.14 Wedge Sequence
    """
    right = wedge(1, "STANDARD", 30, 90, WedgeFactor=0.612, SourceToWedgeTrayDistance=573, AccessoryCode="30R")
    left = wedge(1, "STANDARD", 30, 270, WedgeID=None)
    beams = [
        beam(1, "Wedge right", JAWS, still(OPEN, wedges=["IN"], GantryAngle=45), WedgeSequence=[right]),
        beam(2, "Wedge left", JAWS, still(OPEN, wedges=["IN"], GantryAngle=315), WedgeSequence=[left]),
    ]
    return plan(name, beams)


@sample()
def wedge_motorized(name: str) -> Dataset:
    """A motorized wedge that is in for the first segment and out for the second.

    Trap: Wedge Position is discrete: it changes over a segment without dose; the effective angle is below 60 degrees.
    See: C.8.8.14.5, C.8.8.14.14
    """
    motorized = wedge(1, "MOTORIZED", 60, 180, WedgeFactor=0.27, EffectiveWedgeAngle=34.5)
    steps = [(0.0, "IN"), (0.7, "IN"), (0.7, "OUT"), (1.0, "OUT")]
    points = [point(weight, OPEN, wedges=[position]) for weight, position in steps]
    return plan(name, [beam(1, "In then out", JAWS, points, WedgeSequence=[motorized])])


@sample()
def wedge_virtual(name: str) -> Dataset:
    """A wedge made by a moving jaw: once left to the machine, once with the jaw's way in the control points.

    Trap: The first beam is STATIC although its jaw will move; the second is DYNAMIC, and the jaw alone is repeated.
    See: C.8.8.14 Wedge Type and note 5
    """
    by_machine = wedge(1, "DYNAMIC", 45, 0, WedgeID="EDW45IN")
    spelled_out = wedge(1, "DYNAMIC", 30, 0, WedgeID="VW30")
    moving = [
        point(weight, [jaw(ASYMX, -60, 60), jaw(ASYMY, -80 + 140 * weight, 80)], wedges=["IN"]) for weight in weights(8)
    ]
    beams = [
        beam(1, "Left to machine", JAWS, still(OPEN, wedges=["IN"]), WedgeSequence=[by_machine]),
        beam(2, "Spelled out", JAWS, moving, WedgeSequence=[spelled_out]),
    ]
    return plan(name, beams)


@sample()
def electron_applicator_cutout(name: str) -> Dataset:
    """Electrons through a square applicator with a cutout.

    Trap: The cutout is a block of type APERTURE held by the applicator; energy in MeV; no code exists for the fluence.
    See: C.8.8.14 Applicator Sequence, Block Sequence
    """
    cutout = block(
        1, "APERTURE", [(-38, -42), (40, -42), (45, 10), (20, 44), (-30, 40)],
        BlockName="Cutout", BlockTrayID="FFDA10", SourceToBlockTrayDistance=950, BlockDivergence="ABSENT",
        BlockThickness=15, AccessoryCode="CUT-7",
    )  # fmt: skip
    electrons = beam(
        1,
        "Electrons",
        JAWS,
        still(field_of(-75, 75, -75, 75), NominalBeamEnergy=9, SourceToSurfaceDistance=1000),
        RadiationType="ELECTRON",
        ApplicatorSequence=[applicator("A10", "ELECTRON_SQUARE", 100)],
        BlockSequence=[cutout],
    )
    return plan(name, [electrons], setups=[setup(SetupTechnique="FIXED_SSD")])


@sample()
def block_aperture(name: str) -> Dataset:
    """A photon field shaped by one divergent aperture block.

    Trap: Blocking material is outside the contour; the edge is on the isocentric plane, counter-clockwise, not closed.
    See: C.8.8.14.4
    """
    aperture = block(
        1, "APERTURE", [(-50, -60), (50, -60), (55, 0), (30, 65), (-40, 65), (-55, 20)],
        BlockName="Aperture", BlockTrayID="T1", BlockThickness=75, BlockTransmission=0.03,
        BlockMountingPosition="PATIENT_SIDE",
    )  # fmt: skip
    return plan(name, [beam(1, "Blocked", JAWS, still(OPEN), BlockSequence=[aperture], TotalBlockTrayFactor=0.967)])


@sample()
def block_shielding(name: str) -> Dataset:
    """Two shielding blocks on one coded tray, one known by its material, one by its transmission.

    Trap: Blocking material is inside the contour; with an empty Material ID the thickness is absent; one block hangs on
    the source side.
    See: C.8.8.14 Block Sequence, C.8.8.14.11
    """
    lead = block(
        1, "SHIELDING", [(20, 30), (50, 30), (50, 70), (30, 70)], material="Lead",
        BlockName="Lung left", BlockTrayID="T2", TrayAccessoryCode="TRAY-2", AccessoryCode="BLK-1",
        BlockThickness=60, BlockMountingPosition="SOURCE_SIDE",
    )  # fmt: skip
    unknown = block(
        2, "SHIELDING", [(-50, 30), (-20, 30), (-35, 65)], material="",
        BlockName="Lung right", BlockTrayID="T2", TrayAccessoryCode="TRAY-2",
        BlockTransmission=0.05, BlockDivergence="ABSENT", BlockMountingPosition="PATIENT_SIDE",
    )  # fmt: skip
    return plan(
        name, [beam(1, "Shielded", JAWS, still(OPEN), BlockSequence=[lead, unknown], TotalBlockTrayFactor=0.95)]
    )


@sample(Encoding.DEFLATED, "compensator")
def compensator_grid(name: str) -> Dataset:
    """A brass compensator given by thickness and a second one given by transmission.

    Trap: Rows and columns differ in number and in spacing, the grid has no symmetry, rows run towards -y; the first is
    divergent, the second has no material. Deflated transfer syntax.
    See: C.8.8.14.9, C.8.8.14.10
    """
    thickness = [[round(2 + 0.8 * row + 0.35 * column, 2) for column in range(5)] for row in range(4)]
    transmission = [[round(0.95 - 0.04 * row - 0.02 * column, 3) for column in range(3)] for row in range(6)]
    brass = compensator(
        1, thickness, spacing=(12, 10), corner=(-20, 18), material="Brass",
        CompensatorID="C1", CompensatorTrayID="CT1", CompensatorDivergence="PRESENT",
        CompensatorMountingPosition="PATIENT_SIDE", CompensatorType="STANDARD", AccessoryCode="CMP-1",
    )  # fmt: skip
    by_transmission = compensator(1, transmission, spacing=(10, 15), corner=(-15, 25), material="")
    beams = [
        beam(1, "Brass", JAWS, still(OPEN), CompensatorSequence=[brass], TotalCompensatorTrayFactor=0.98),
        beam(2, "Transmission", JAWS, still(OPEN, GantryAngle=180), CompensatorSequence=[by_transmission]),
    ]
    return plan(name, beams)


@sample(name="bolus")
def bolus_region(name: str) -> Dataset:
    """A bolus that is a region of the referenced structure set.

    Trap: The plan knows a region number, not a shape; the second beam has none.
    See: C.8.8.14 Referenced Bolus Sequence
    """
    boli = [bolus(5, "Bolus 5 mm")]
    distances: Values = {"SourceToSurfaceDistance": 900, "SourceToExternalContourDistance": 895}
    beams = [
        beam(1, "With bolus", JAWS, still(OPEN, **distances), ReferencedBolusSequence=boli),
        beam(2, "Without", JAWS, still(OPEN, GantryAngle=180)),
    ]
    return plan(name, beams)


@sample()
def general_accessories(name: str) -> Dataset:
    """A graticule, a reticle and an image detector.

    Trap: The distance of a slot has a home only beside the slot's ID, which the plan does not have.
    See: C.8.8.14 General Accessory Sequence
    """
    accessories = [
        accessory(1, "Graticule", "GRATICULE", 650),
        accessory(2, "Reticle", "RETICLE", 657),
        accessory(3, "Detector", "IMAGE_DETECTOR", 1400),
    ]
    return plan(name, [beam(1, "Accessories", JAWS, still(OPEN), GeneralAccessorySequence=accessories)])
