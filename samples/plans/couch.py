"""Samples of couch and patient: turns and kicks, patient positions, isocenters."""

from pydicom import Dataset

from .corpus import Encoding, sample
from .devices import JAWS, field_of
from .elements import Values
from .plan import beam, plan, setup
from .points import point, rotating, still, turn, weights

OPEN = field_of(-30, 40, -35, 25)
COUCH: Values = {
    "TableTopVerticalPosition": -124.5,
    "TableTopLongitudinalPosition": 812,
    "TableTopLateralPosition": 3.2,
}


@sample()
def couch_kicks(name: str) -> Dataset:
    """Three beams at patient support angles 0, 45 and 315, one with eccentric turn, pitch and roll.

    Trap: The order of the rotations matters: support, eccentric, pitch, roll; the roll is given as 359.2; positions of
    the table top are absolute.
    See: C.8.8.14.6, C.8.8.14.12
    """
    tilted: Values = {"TableTopEccentricAngle": 10, "TableTopEccentricAxisDistance": 150, "TableTopPitchAngle": 1.5}
    isocenter: Values = {"IsocenterPosition": (12.5, -48.0, 103.25)}
    beams = [
        beam(1, "Couch 0", JAWS, still(OPEN, **COUCH, **isocenter)),
        beam(2, "Couch 45", JAWS, still(OPEN, GantryAngle=30, PatientSupportAngle=45, **COUCH, **isocenter)),
        beam(
            3,
            "Couch 315 tilted",
            JAWS,
            still(OPEN, PatientSupportAngle=315, TableTopRollAngle=359.2, **tilted, **COUCH, **isocenter),
        ),
    ]
    return plan(name, beams)


@sample()
def dynamic_couch(name: str) -> Dataset:
    """The patient support turns: evenly during the first beam, in one step without dose in the second.

    Trap: Each angle is a treatment position of its own in the second generation; counter-clockwise from above
    increases the angle; the turn crosses 0/360.
    See: C.8.8.14.5 example d, C.8.8.14.8, C.36.2.2.4
    """
    rows = zip(weights(5), turn(350, 40, 5), rotating("CC", 5), strict=True)
    turning = [
        point(weight, OPEN, PatientSupportAngle=angle, PatientSupportRotationDirection=direction, **COUCH)
        for weight, angle, direction in rows
    ]
    steps = [(0, 10, "NONE"), (0.3, 10, "CW"), (0.3, 340, "NONE"), (1, 340, "NONE")]
    stepping = [
        point(weight, OPEN, PatientSupportAngle=angle, PatientSupportRotationDirection=direction)
        for weight, angle, direction in steps
    ]
    return plan(name, [beam(1, "Turning", JAWS, turning), beam(2, "One step", JAWS, stepping)])


@sample()
def relative_couch(name: str) -> Dataset:
    """The table top moves along during a beam, from a starting place that is not known.

    Trap: An empty position at the first control point makes all later ones relative to it.
    See: C.8.8.14.6
    """
    places = ["", 10, 20.5]
    points = [
        point(weight, OPEN, TableTopLongitudinalPosition=place)
        for weight, place in zip(weights(3), places, strict=True)
    ]
    return plan(name, [beam(1, "Moving", JAWS, points)])


@sample(Encoding.IMPLICIT)
def hfp(name: str) -> Dataset:
    """Head first prone.

    Trap: The isocenter and the openings have no symmetry, so any axis swapped or mirrored shows.
    See: C.7.3.1.1.2, C.36.2.2.4
    """
    return _positioned(name, "HFP")


@sample()
def ffs(name: str) -> Dataset:
    """Feet first supine.

    Trap: As in hfp: nothing is symmetric.
    See: C.7.3.1.1.2, C.36.2.2.4
    """
    return _positioned(name, "FFS")


@sample()
def ffp(name: str) -> Dataset:
    """Feet first prone.

    Trap: As in hfp: nothing is symmetric.
    See: C.7.3.1.1.2, C.36.2.2.4
    """
    return _positioned(name, "FFP")


@sample()
def hfdr(name: str) -> Dataset:
    """Head first, lying on the right side.

    Trap: As in hfp; the patient's left points up.
    See: C.7.3.1.1.2, C.36.2.2.4
    """
    return _positioned(name, "HFDR")


@sample()
def multi_isocenter(name: str) -> Dataset:
    """Two isocenters in one plan, and two setups that are not in the order of the beams.

    Trap: The isocenter belongs to the beam, not to the plan; the setup is found by its number, not by its place.
    See: C.8.8.14 Isocenter Position, C.36.2.2.4
    """
    beams = [
        beam(1, "Upper", JAWS, still(OPEN, IsocenterPosition=(10, -20, 150)), ReferencedPatientSetupNumber=2),
        beam(2, "Lower", JAWS, still(OPEN, IsocenterPosition=(10, -20, -85.5)), ReferencedPatientSetupNumber=1),
    ]
    return plan(name, beams, setups=[setup(1, "FFS"), setup(2, "HFS")])


def _positioned(name: str, position: str) -> Dataset:
    points = still(OPEN, GantryAngle=70, PatientSupportAngle=20, IsocenterPosition=(31.5, -72.25, 148))
    return plan(name, [beam(1, position, JAWS, points)], setups=[setup(position=position)])
