"""Treatment records that can be converted, with the plan they belong to or without it."""

from pydicom import Dataset

from .corpus import GOOD, Encoding, Given, recorded
from .devices import JAWS, field_of
from .dynamic import vmat_plan
from .elements import code, item
from .plan import DATE, beam, fraction_group, plan, setup, share
from .points import point, still
from .session import clock, delivered, metersets, record, whole_fraction

OPERATOR = "Operator^One"


def two_beams(name: str) -> Dataset:
    """A plan of two beams of 100 and 112.5 MU, jaws and leaves."""
    anterior = beam(1, "Anterior", JAWS, still(field_of(-50, 40, -60, 70), SourceToSurfaceDistance=912.5))
    left = beam(2, "Left", JAWS, still(field_of(-35, 45, -60, 70), GantryAngle=90, SourceToSurfaceDistance=843))
    return plan(name, [anterior, left])


def _sample_plan(name: str) -> Dataset:
    return GOOD[name].build()


@recorded()
def complete_fraction(name: str) -> Given:
    """A fraction of two static beams delivered as planned, with its plan.

    Trap: Only with the plan is it known that no beam is missing; isocenter and frame of reference come from it.
    See: C.36.20.1.3
    """
    planned = two_beams(name)
    return {"": record(name, planned, whole_fraction(planned)), "plan": planned}


@recorded()
def without_plan(name: str) -> Given:
    """The same fraction without its plan.

    Trap: No isocenter, no frame of reference: an arbitrary one with its origin at the isocenter; PARTIAL, because
    nobody knows which beams were due.
    See: 10.39.1.2, C.36.20.1.3
    """
    planned = two_beams(name)
    return {"": record(name, planned, whole_fraction(planned))}


@recorded()
def interrupted_fraction(name: str) -> Given:
    """The second beam is stopped by the operator at 40 of 112.5 MU.

    Trap: The last control point repeats the meterset at which it ended; it corresponds to no planned point.
    See: C.8.8.21.2.2
    """
    planned = two_beams(name)
    units = metersets(planned)
    first, second = planned.BeamSequence
    items = [
        delivered(first, units[1]),
        delivered(second, units[2], stop=40, begun=60, TreatmentTerminationDescription="Patient coughed"),
    ]
    return {"": record(name, planned, items), "plan": planned}


@recorded()
def continued_and_next_fraction(name: str) -> Given:
    """A session that completes an interrupted fraction and delivers the next one.

    Trap: Two record sets, PARTIAL and COMPLETE; two items name beam 2, so that their sources cannot be told apart; the
    continuation counts on from 40 MU and its record from 0.
    See: C.36.20.1.3, Table C.36.20-3
    """
    planned = two_beams(name)
    rest = delivered(planned.BeamSequence[1], metersets(planned)[2], start=40)
    return {"": record(name, planned, [rest, *whole_fraction(planned, fraction=2, begun=120)]), "plan": planned}


@recorded()
def interrupted_window(name: str) -> Given:
    """A sliding window of 20 control points, stopped between two of them, and its continuation.

    Trap: Points before the start and behind the end were not reached and are no part of the record; the first point of
    the continuation states what only the first of all points had stated.
    See: C.8.8.21.2.2, Figure C.8.8.21-3
    """
    planned = _sample_plan("sliding-window")
    only = planned.BeamSequence[0]
    items = [delivered(only, 100, stop=43.5), delivered(only, 100, start=43.5, begun=300)]
    return {"": record(name, planned, items), "plan": planned}


@recorded(Encoding.IMPLICIT)
def vmat_record(name: str) -> Given:
    """An arc of 178 control points and 60 leaf pairs, delivered whole, with its plan.

    Trap: The record has no leaf boundaries; every control point has its own time.
    See: C.8.8.21, C.36.2.2.19
    """
    planned = vmat_plan(1, 178, name)
    return {"": record(name, planned, whole_fraction(planned)), "plan": planned}


@recorded()
def arc_record(name: str) -> Given:
    """Arcs at the limits of the rotation directions, delivered, without their plan.

    Trap: As in the plan the direction alone decides how far the source turned.
    See: C.8.8.14.8
    """
    planned = _sample_plan("full-turn-arc")
    return {"": record(name, planned, whole_fraction(planned))}


@recorded()
def overrides(name: str) -> Given:
    """Two parameters were overridden, one by a named operator.

    Trap: The second generation knows overrides of a tolerance violation only, and asks when, of which kind and why; an
    override without its operator is a violation alone.
    See: C.36.22
    """
    planned = two_beams(name)
    items = whole_fraction(planned)
    items[0].ControlPointDeliverySequence[1].OverrideSequence = [
        item(OverrideParameterPointer=0x300A011E, OperatorsName=OPERATOR, OverrideReason="Reading drifted"),
        item(OverrideParameterPointer=0x300A0128, OperatorsName=""),
    ]
    items[0].TreatmentVerificationStatus = "VERIFIED_OVR"
    return {"": record(name, planned, items), "plan": planned}


@recorded()
def machine_termination(name: str) -> Given:
    """One beam ends by an interlock of the machine, one for a reason nobody knows.

    Trap: ABNORMAL covers both; the reason of the first is assumed from its status, the second has none; the interlock
    itself is the same macro in both generations.
    See: C.8.8.21, C.36.2.2.18, CID 9561
    """
    planned = two_beams(name)
    units = metersets(planned)
    interlock = item(
        InterlockDateTime=DATE + clock(12),
        InterlockDescription="Leaf did not follow",
        InterlockOriginDescription="Leaf control",
        InterlockCodeSequence=[code("130829", "MLC Position Interlock")],
        InterlockResolutionCodeSequence=[code("130453", "Treatment Terminated")],
        InterlockResolutionUserSequence=[],
    )
    first, second = planned.BeamSequence
    machine = [code("LEAF-7", "Leaf 7 stuck", "99EXAMPLE")]
    items = [
        delivered(first, units[1], stop=62.5, TreatmentTerminationStatus="MACHINE", InterlockSequence=[interlock],
                  MachineSpecificTreatmentTerminationCodeSequence=machine),
        delivered(second, units[2], stop=30, begun=120, TreatmentTerminationStatus="UNKNOWN"),
    ]  # fmt: skip
    return {"": record(name, planned, items), "plan": planned}


@recorded()
def delivered_above_specified(name: str) -> Given:
    """A beam of which 0.4 MU more were delivered than specified.

    Trap: A record tells what happened; the values stand as they are, with a warning.
    See: C.8.8.21.2.1
    """
    planned = two_beams(name)
    items = whole_fraction(planned)
    items[0].DeliveredPrimaryMeterset = "100.4"
    items[0].ControlPointDeliverySequence[1].DeliveredMeterset = "100.4"
    return {"": record(name, planned, items), "plan": planned}


@recorded()
def no_beam_number(name: str) -> Given:
    """An item that names no beam, and a setup field.

    Trap: Without a number there is no Definition Source; the setup field makes no record.
    See: C.36.2.1.6.1.4
    """
    planned = two_beams(name)
    items = whole_fraction(planned)
    del items[0].ReferencedBeamNumber
    items[1].TreatmentDeliveryType = "SETUP"
    return {"": record(name, planned, items)}


@recorded()
def verification(name: str) -> Given:
    """A plan delivered to a phantom, without a fraction number.

    Trap: The usage is PLAN_QA; Current Fraction Number is empty, and so neither count is written.
    See: C.36.10.1.1, C.36.20.1.2
    """
    planned = two_beams(name)
    units = metersets(planned)
    items = [
        delivered(each, units[each.BeamNumber], fraction="", TreatmentDeliveryType="VERIFICATION", begun=60 * i)
        for i, each in enumerate(planned.BeamSequence)
    ]
    return {"": record(name, planned, items), "plan": planned}


@recorded()
def moving_table(name: str) -> Given:
    """The table top moves lengthwise and sideways under radiation, at a support angle of 30 degrees, feet first.

    Trap: Positions are absolute, so each control point is a treatment position of its own; the isocenter runs through
    the patient against the table.
    See: C.8.8.21.1, C.36.2.2.4, 10.39
    """
    opening = field_of(-20, 20, -50, 50)
    points = [point(w, opening, PatientSupportAngle=30) for w in (0, 0.5, 1)]
    planned = plan(name, [beam(1, "Moving", JAWS, points)], setups=[setup(1, "FFS")])
    only = delivered(planned.BeamSequence[0], 100)
    for step, each in enumerate(only.ControlPointDeliverySequence):
        each.TableTopLongitudinalPosition = str(800 + 10 * step)
        each.TableTopLateralPosition = str(5 - 2 * step)
        each.TableTopVerticalPosition = "-100"
    return {"": record(name, planned, [only]), "plan": planned}


@recorded()
def wedge_record(name: str) -> Given:
    """A motorized wedge that was in for the first segment and out for the second.

    Trap: The record has neither effective angle nor tray; the plan has the angle.
    See: C.8.8.21 Recorded Wedge Sequence
    """
    planned = _sample_plan("wedge-motorized")
    return {"": record(name, planned, whole_fraction(planned)), "plan": planned}


@recorded()
def electron_record(name: str) -> Given:
    """Electrons through an applicator with a cutout.

    Trap: What kind of block it was is told by the plan alone.
    See: C.8.8.21 Recorded Block Sequence, Applicator Sequence
    """
    planned = _sample_plan("electron-applicator-cutout")
    return {"": record(name, planned, whole_fraction(planned)), "plan": planned}


@recorded()
def enhanced_record(name: str) -> Given:
    """Devices in second-generation terms inside a treatment record.

    Trap: Here the record has its own leaf boundaries, and no plan is needed.
    See: C.8.8.14.17, C.8.8.21
    """
    planned = _sample_plan("enhanced-devices")
    return {"": record(name, planned, whole_fraction(planned))}


@recorded()
def mlcy_record(name: str) -> Given:
    """Leaves that move along y, delivered.

    Trap: Boundaries come from the plan and positions from the record, and both are turned together.
    See: C.8.8.14.17, C.36.1.1.9
    """
    planned = _sample_plan("mlcy")
    return {"": record(name, planned, whole_fraction(planned)), "plan": planned}


@recorded()
def leaves_from_the_top(name: str) -> Given:
    """Leaves counted from the highest edge on, by a plan whose boundaries decrease.

    Trap: The record does not tell in which order its leaves are; the plan does.
    See: C.8.8.14 Leaf Position Boundaries
    """
    planned = _sample_plan("leaves-and-one-jaw")
    return {"": record(name, planned, whole_fraction(planned)), "plan": planned}


@recorded()
def fff_record(name: str) -> Given:
    """Flattened and free beams whose record does not tell them apart.

    Trap: The fluence mode is that of the plan; without it a free beam would be taken for a flattened one.
    See: C.8.8.14 Primary Fluence Mode Sequence
    """
    planned = _sample_plan("fff")
    items = whole_fraction(planned)
    for each in items:
        del each.PrimaryFluenceModeSequence
    return {"": record(name, planned, items), "plan": planned}


@recorded()
def second_fraction_group(name: str) -> Given:
    """The second fraction group of a plan whose first one is due elsewhere.

    Trap: Complete is the fraction when the beams of its own group are.
    See: C.8.8.21 Referenced Fraction Group Number, C.36.20.1.3
    """
    planned = two_beams(name)
    planned.FractionGroupSequence = [fraction_group(1, [share(1, 100)]), fraction_group(2, [share(2, 50)], 5)]
    items = [delivered(planned.BeamSequence[1], 50)]
    return {"": record(name, planned, items, ReferencedFractionGroupNumber=2), "plan": planned}
