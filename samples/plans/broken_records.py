"""Treatment records that must be refused: a small good one with one thing wrong."""

from .corpus import Given, bad_record
from .devices import JAWS_AND_MLC40, MLC40, disc, field_of
from .elements import reference, uid
from .plan import beam, plan
from .points import still
from .records import two_beams
from .session import record, whole_fraction

RADIATION_RECORD = "1.2.840.10008.5.1.4.1.1.481.19"


@bad_record()
def times_run_backwards(name: str) -> Given:
    """A fraction of two beams.

    Wrong: the second control point of the first beam is earlier than the first.
    See: C.8.8.21 Treatment Control Point Time
    """
    planned = two_beams(name)
    items = whole_fraction(planned, begun=600)
    items[0].ControlPointDeliverySequence[1].TreatmentControlPointTime = "100000"
    return {"": record(name, planned, items)}


@bad_record()
def time_missing(name: str) -> Given:
    """A fraction of two beams.

    Wrong: a control point has no time, which the second generation demands of each.
    See: C.36.2.2.5 Recorded RT Control Point DateTime
    """
    planned = two_beams(name)
    items = whole_fraction(planned)
    items[1].ControlPointDeliverySequence[1].TreatmentControlPointTime = ""
    return {"": record(name, planned, items)}


@bad_record()
def unknown_beam(name: str) -> Given:
    """A fraction of two beams, with a plan.

    Wrong: the second item names beam 7, which the plan does not hold.
    See: C.8.8.21 Referenced Beam Number
    """
    planned = two_beams(name)
    items = whole_fraction(planned)
    items[1].ReferencedBeamNumber = 7
    return {"": record(name, planned, items), "plan": planned}


@bad_record()
def unknown_fraction_group(name: str) -> Given:
    """A fraction of two beams, with a plan.

    Wrong: the record names fraction group 3, which the plan does not hold.
    See: C.8.8.21 Referenced Fraction Group Number
    """
    planned = two_beams(name)
    return {"": record(name, planned, whole_fraction(planned), ReferencedFractionGroupNumber=3), "plan": planned}


@bad_record()
def another_patient(name: str) -> Given:
    """A fraction of two beams, with a plan.

    Wrong: the plan is one of another patient.
    See: C.7.1.1 Patient ID
    """
    planned = two_beams(name)
    return {"": record(name, planned, whole_fraction(planned), PatientID="SAMPLE-another"), "plan": planned}


@bad_record()
def falling_meterset(name: str) -> Given:
    """A fraction of two beams.

    Wrong: less is delivered at the second control point than at the first.
    See: C.8.8.21.2.2
    """
    planned = two_beams(name)
    items = whole_fraction(planned)
    items[0].ControlPointDeliverySequence[0].DeliveredMeterset = "100"
    items[0].ControlPointDeliverySequence[1].DeliveredMeterset = "40"
    return {"": record(name, planned, items)}


@bad_record()
def leaves_without_plan(name: str) -> Given:
    """Leaves and jaws, without the plan.

    Wrong: nobody tells where the leaves lie; a record of the first generation has no leaf boundaries.
    See: C.36.2.2.19 Parallel RT Beam Delimiter Boundaries
    """
    points = still([*field_of(-45, 55, -50, 50), disc(MLC40, 42)])
    planned = plan(name, [beam(1, "Disc", JAWS_AND_MLC40, points)])
    return {"": record(name, planned, whole_fraction(planned))}


@bad_record()
def treatment_and_verification(name: str) -> Given:
    """A fraction of two beams.

    Wrong: one of them was delivered to verify, in the same fraction; a record set has one usage.
    See: C.36.20 RT Radiation Set Usage
    """
    planned = two_beams(name)
    items = whole_fraction(planned)
    items[1].TreatmentDeliveryType = "VERIFICATION"
    return {"": record(name, planned, items)}


@bad_record()
def made_from_second_generation(name: str) -> Given:
    """A fraction of two beams.

    Wrong: it was made from second-generation records, which are the truth.
    See: C.8.8.13.2
    """
    planned = two_beams(name)
    items = whole_fraction(planned)
    items[0].DefinitionSourceSequence = [reference(RADIATION_RECORD, uid(name, "made from"))]
    return {"": record(name, planned, items)}
