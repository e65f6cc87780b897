"""Samples of static beams."""

from pydicom import Dataset

from .corpus import Encoding, sample
from .devices import (
    ASYMX,
    ASYMY,
    JAWS,
    JAWS_AND_MLC40,
    JAWS_AND_MLC60,
    MLC40,
    MLC60,
    Device,
    Opening,
    disc,
    field_of,
    jaw,
    leaves,
    ruler,
)
from .elements import Values, code, item, put_raw
from .plan import beam, plan
from .points import HOME, point, still


@sample()
def static_jaws(name: str) -> Dataset:
    """Two static beams shaped by asymmetric jaws only.

    Trap: The second control point holds an index and a weight, nothing else; X and Y openings are asymmetric.
    See: C.8.8.14.5 example a
    """
    anterior = beam(1, "Anterior", JAWS, still(field_of(-50, 40, -60, 70), SourceToSurfaceDistance=912.5))
    left = beam(2, "Left", JAWS, still(field_of(-35, 45, -60, 70), GantryAngle=90, SourceToSurfaceDistance=843))
    return plan(name, [anterior, left])


@sample(Encoding.IMPLICIT)
def static_jaws_symmetric(name: str) -> Dataset:
    """Symmetric jaws X and Y, as an old planning system writes them.

    Trap: A symmetric pair still has two positions; no pitch, no roll, no distances, no dose rate.
    See: C.8.8.14
    """
    devices = (Device("X"), Device("Y"))
    bare: Values = {key: None for key in HOME if "Pitch" in key or "Roll" in key or key == "DoseRateSet"}
    openings = [Opening("X", (-50, 50)), Opening("Y", (-75, 75))]
    old: Values = {"TreatmentDeliveryType": None}
    return plan(name, [beam(1, "AP", devices, still(openings, **bare), **old)])


@sample()
def static_mlc(name: str) -> Dataset:
    """A static beam with jaws and 40 leaf pairs fitted to a disc.

    Trap: The order is all leaves of side 1, then all of side 2; closed pairs meet off the axis.
    See: C.8.8.14, Leaf/Jaw Positions
    """
    openings = [*field_of(-45, 55, -50, 50), disc(MLC40, 42, along=5, across=-3)]
    points = still(openings, GantryAngle=315, BeamLimitingDeviceAngle=15)
    return plan(name, [beam(1, "Disc", JAWS_AND_MLC40, points)])


@sample(Encoding.EXPLICIT_UNDEFINED_LENGTH)
def step_and_shoot(name: str) -> Dataset:
    """Three segments; the leaves move between them while no dose is delivered.

    Trap: Beam Type is STATIC by its definition, although the leaves change; weights repeat; the jaws stand still and
    appear only at the first control point. Sequences have undefined length.
    See: C.8.8.14 Beam Type, C.8.8.14.5 example e
    """
    jaws = field_of(-45, 45, -50, 50)
    shapes = [disc(MLC60, radius, along=along) for radius, along in ((40, 0.0), (28, 12.5), (22, -14.0))]
    steps = [(0.0, 0), (0.45, 0), (0.45, 1), (0.8, 1), (0.8, 2), (1.0, 2)]
    points = [point(weight, [*jaws, shapes[shape]], GantryAngle=210) for weight, shape in steps]
    return plan(name, [beam(1, "Three segments", JAWS_AND_MLC60, points)])


@sample()
def energy_switch(name: str) -> Dataset:
    """Two photon energies in one step-and-shoot beam.

    Trap: The energy is discrete: it changes over a segment without dose, and the second generation has no energy at
    its control points, but one generation mode for each energy.
    See: C.8.8.14.5
    """
    opening = field_of(-40, 40, -40, 40)
    steps = [(0.0, 6, 600), (0.6, 6, 600), (0.6, 10, 400), (1.0, 10, 400)]
    points = [point(weight, opening, NominalBeamEnergy=energy, DoseRateSet=rate) for weight, energy, rate in steps]
    return plan(name, [beam(1, "6 then 10 MV", JAWS, points)])


@sample()
def fff(name: str) -> Dataset:
    """A flattening-filter-free beam beside a flattened one of the same energy.

    Trap: Only Primary Fluence Mode tells them apart; the first beam has the mode STANDARD without an identifier.
    See: C.8.8.14, Primary Fluence Mode Sequence
    """
    flat, free = item(FluenceMode="STANDARD"), item(FluenceMode="NON_STANDARD", FluenceModeID="FFF")
    opening = field_of(-20, 20, -20, 20)
    beams = [
        beam(1, "Flat", JAWS, still(opening), PrimaryFluenceModeSequence=[flat]),
        beam(2, "Free", JAWS, still(opening, DoseRateSet=1400), PrimaryFluenceModeSequence=[free]),
    ]
    return plan(name, beams)


@sample()
def mlcy(name: str) -> Dataset:
    """Leaves that move along Y, with an aperture that has no mirror symmetry and edges not symmetric about 0.

    Trap: Turned by +90 degrees every boundary changes its sign and the order reverses; a symmetric aperture would hide
    a mirrored result.
    See: C.8.8.14.17, C.36.1.1.9
    """
    device = Device("MLCY", ruler((20, 10.0), start=-90.0), 400.0)
    opening = leaves(device, lambda x: (-25 - 0.3 * x, 20 + 0.1 * x) if -60 < x < 80 else (4.0, 4.0))
    return plan(name, [beam(1, "Leaves on Y", (*JAWS, device), still([*field_of(-60, 80, -60, 40), opening]))])


@sample()
def treatment_technique(name: str) -> Dataset:
    """Beams whose technique is coded.

    Trap: With the code nothing needs to be inferred from the motion; one of the three has no code.
    See: C.8.8.14 RT Treatment Technique Code Sequence, CID 9583
    """
    opening = field_of(-30, 30, -30, 30)
    arc = [
        point(0, opening, GantryAngle=300, GantryRotationDirection="CW"),
        point(1, opening, GantryAngle=60),
    ]
    coded = [code("130102", "Static Beam")], [code("130103", "Arc Beam")]
    beams = [
        beam(1, "Coded static", JAWS, still(opening), RTTreatmentTechniqueCodeSequence=coded[0]),
        beam(2, "Coded arc", JAWS, arc, RTTreatmentTechniqueCodeSequence=coded[1]),
        beam(3, "Not coded", JAWS, still(opening, GantryAngle=180)),
    ]
    return plan(name, beams)


@sample()
def decimal_spellings(name: str) -> Dataset:
    """Legal but unusual decimal strings: signs, exponents, padding, 16 digits, integers with a fraction.

    Trap: The numbers must survive exactly, and with --preserve their texts too.
    See: PS3.5 6.2, DS
    """
    openings = [jaw(ASYMX, -40, 40), jaw(ASYMY, -50, 50)]
    points = still(openings, GantryAngle="+1.800000E+02")
    result = beam(1, "Decimals", JAWS, points, SourceAxisDistance="1.0e3", FinalCumulativeMetersetWeight="1.000")
    first = result.ControlPointSequence[0]
    put_raw(first, "IsocenterPosition", r" 12.5\-0.0 \-1234.5678901234")
    put_raw(first.BeamLimitingDevicePositionSequence[0], "LeafJawPositions", r"-4E1\ 0040.0")
    return plan(name, [result])
