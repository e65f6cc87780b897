"""Samples of collimators and codings beyond the usual machine."""

import math

from pydicom import Dataset

from .corpus import Encoding, sample
from .devices import ASYMX, ASYMY, JAWS_AND_MLC40, MLC40, Device, Opening, disc, field_of, jaw, leaves, ruler
from .elements import Values, item
from .plan import beam, fraction_group, plan, share
from .points import point, still

PRIVATE_PLAN_OF_TWO_LAYERS = "1.2.246.352.70.1.70"
PRIVATE_PLAN_OF_MR_LINAC = "2.16.840.1.114493.1.2.1.4.1.1.481.5"


@sample()
def dual_layer(name: str) -> Dataset:
    """Two leaf layers, half a leaf apart, typed MLCX1 and MLCX2, under a private SOP Class with fixed jaws.

    Trap: Types that the standard does not know; no source distance of any device; MLCX2 stands before MLCX1; a setup
    beam with null weights and no meterset comes first; non-standard fluence.
    See: C.8.8.14 RT Beam Limiting Device Type
    """
    proximal = Device("MLCX1", ruler((28, 10.0), start=-140.0))
    distal = Device("MLCX2", ruler((29, 10.0), start=-145.0))
    devices = (Device("X"), Device("Y"), distal, proximal)
    fixed = [Opening("X", (-140, 140)), Opening("Y", (-140, 140))]
    steps = [(0.0, 0.0), (0.5, 8.0), (1.0, 16.0)]
    moving = [
        point(w, [*fixed, disc(distal, 40, along=x), disc(proximal, 44, along=-x)], DoseRateSet=800) for w, x in steps
    ]
    parked = [point("", [*fixed, disc(distal, 30), disc(proximal, 30)], GantryAngle=90) for _ in range(2)]
    free = [item(FluenceMode="NON_STANDARD", FluenceModeID="FFF")]
    beams = [
        beam(1, "Setup kV", devices, parked, TreatmentDeliveryType="SETUP", PrimaryFluenceModeSequence=free),
        beam(2, "Two layers", devices, moving, PrimaryFluenceModeSequence=free),
    ]
    shares = [share(1, None), share(2, 231.7)]
    return plan(name, beams, groups=[fraction_group(1, shares, 20)], SOPClassUID=PRIVATE_PLAN_OF_TWO_LAYERS)


@sample()
def duplicate_mlcx(name: str) -> Dataset:
    """Two leaf layers both typed MLCX, with 35 and 34 pairs, no jaws, source axis distance 900 mm.

    Trap: The type is no key and the order is none: an opening is matched by its number of leaf pairs. At the later
    control points one layer stands alone. The second beam has a meterset of 0.
    See: C.8.8.14 Beam Limiting Device Position Sequence
    """
    upper = Device("MLCX", ruler((35, 8.0), start=-140.0), 400.0)
    lower = Device("MLCX", ruler((34, 8.0), start=-136.0), 450.0)
    settings: Values = {"GantryAngle": 120, "NominalBeamEnergy": 6, "DoseRateSet": 650}
    steps = [(0.0, 30), (0.5, 30), (0.5, 22), (1.0, 22)]
    one_moves = [point(w, [disc(upper, 30), disc(lower, radius)], **settings) for w, radius in steps]
    beams = [
        beam(1, "Lower moves", (upper, lower), one_moves, SourceAxisDistance=900),
        beam(2, "No dose", (lower, upper), still([disc(lower, 25), disc(upper, 25)]), SourceAxisDistance=900),
    ]
    return plan(name, beams, groups=[fraction_group(1, [share(1, 150), share(2, 0)], 5)])


@sample()
def enhanced_devices(name: str) -> Dataset:
    """Enhanced beam limiting devices: jaws and leaves in second-generation terms inside an RT Plan.

    Trap: Values move one to one, but an item that is present is complete, unchanged offset included; the offset of the
    second beam has no classic form.
    See: C.8.8.14.17, C.8.8.14.18
    """
    jaws = field_of(-50, 50, -45, 55)
    moving = [point(w, [*jaws, disc(MLC40, 40, along=x)]) for w, x in ((0, -10), (0.4, 0), (1, 10))]
    shifted = Opening(MLC40.kind, disc(MLC40, 35).positions, offset=(4.0, -2.5))
    beams = [
        beam(1, "Leaves move", JAWS_AND_MLC40, moving, enhanced=True),
        beam(2, "Leaves offset", JAWS_AND_MLC40, still([*jaws, shifted], GantryAngle=180), enhanced=True),
    ]
    return plan(name, beams)


@sample(Encoding.IMPLICIT)
def private_class_viewray(name: str) -> Dataset:
    """A plain plan under a private SOP Class.

    Trap: The content is standard, the class is not: the provenance link of the standard permits RT Plan Storage only.
    See: C.36.10, C.36.2.1.6, Definition Source Sequence
    """
    device = Device("MLCX", ruler((30, 10.5), start=-157.5))
    points = still([disc(device, 45)], DoseRateSet=550)
    return plan(name, [beam(1, "Private class", (device,), points)], SOPClassUID=PRIVATE_PLAN_OF_MR_LINAC)


@sample()
def jaw_named_otherwise(name: str) -> Dataset:
    """A jaw defined as ASYMY and positioned as Y, as real files have it.

    Trap: X and ASYMX name the same axis; the match is unambiguous but not what the standard says.
    See: C.8.8.14, RT Beam Limiting Device Type in the control points
    """
    openings = [jaw(ASYMX, -30, 30), Opening("Y", (-45, 45))]
    return plan(name, [beam(1, "Y for ASYMY", (ASYMX, ASYMY), still(openings))])


@sample()
def leaves_and_one_jaw(name: str) -> Dataset:
    """Leaves and one pair of jaws; collimator at 270 degrees; the leaf edges do not begin at the lowest one.

    Trap: No jaw along the leaves; the boundaries decrease, so a sorted copy must reorder both banks alike.
    See: C.8.8.14 Leaf Position Boundaries
    """
    device = Device("MLCX", tuple(reversed(ruler((20, 10.0), start=-100.0))), 350.0)
    opening = leaves(device, lambda y: (-20 - 10 * math.sin(y / 30), 25 + 0.1 * y))
    points = still([jaw(ASYMY, -100, 100), opening], BeamLimitingDeviceAngle=270)
    return plan(name, [beam(1, "Reversed", (ASYMY, device), points)])
