"""Treatment records with measured and calculated doses, with the plan they belong to or without it."""

from pydicom import Dataset

from .corpus import GOOD, Given, recorded
from .devices import JAWS, field_of
from .elements import item
from .plan import beam, plan
from .points import still
from .records import two_beams
from .session import delivered, metersets, record, whole_fraction


def measured(value: float | None, **more: object) -> Dataset:
    """A measured dose of a session, Gy unless more says otherwise."""
    return item(
        **{"DoseUnits": "GY", "MeasuredDoseValue": "" if value is None else value, "MeasuredDoseType": ""} | more
    )


def measured_here(value: float, own: int | None = None, reference: int | None = None) -> Dataset:
    """A measured dose of one beam: of a point that the record numbers, or of a dose reference of the plan."""
    return item(
        ReferencedDoseReferenceNumber=reference, ReferencedMeasuredDoseReferenceNumber=own, MeasuredDoseValue=value
    )


def calculated(value: float | None, **more: object) -> Dataset:
    """A calculated dose of a session, Gy."""
    return item(CalculatedDoseReferenceDoseValue="" if value is None else value, **more)


def calculated_here(value: float, own: int | None = None, reference: int | None = None) -> Dataset:
    """A calculated dose of one beam, Gy."""
    return item(
        ReferencedDoseReferenceNumber=reference,
        ReferencedCalculatedDoseReferenceNumber=own,
        CalculatedDoseReferenceDoseValue=value,
    )


@recorded()
def measured_doses(name: str) -> Given:
    """Doses measured at each of two beams: a diode, an ion chamber, and a portal imager in relative units.

    Trap: A measured dose stands at the meterset at which its beam ended and has no number, only a description; what is
    relative has no place; the dose of the session is the sum of those of its beams.
    See: C.8.8.19, C.36.21, CID 7026
    """
    planned = two_beams(name)
    items = whole_fraction(planned)
    items[0].ReferencedMeasuredDoseReferenceSequence = [
        measured_here(0.482, own=1), measured_here(1.025, own=2), measured_here(0.97, own=3)
    ]  # fmt: skip
    items[1].ReferencedMeasuredDoseReferenceSequence = [measured_here(0.461, own=1), measured_here(1.101, own=2)]
    points = [
        measured(0.943, MeasuredDoseReferenceNumber=1, MeasuredDoseType="DIODE", MeasuredDoseDescription="Exit dose"),
        measured(2.126, MeasuredDoseReferenceNumber=2, MeasuredDoseType="ION_CHAMBER"),
        measured(0.97, MeasuredDoseReferenceNumber=3, MeasuredDoseType="EPID", DoseUnits="RELATIVE"),
    ]
    return {"": record(name, planned, items, MeasuredDoseReferenceSequence=points), "plan": planned}


@recorded()
def calculated_doses(name: str) -> Given:
    """Doses calculated for each of two beams at three dose references of the plan, and for one beam at the skin.

    Trap: The conceptual volume of a dose reference is the one that the plan gives it in its own set; a dose that only
    one of the records has cannot be identified.
    See: C.8.8.20, C.36.21, 10.33
    """
    planned = GOOD["dose-references"].build()
    doses = {1: (1.18, 0.79), 2: (1.2, 0.801), 3: (0.05, 0.32)}
    items = whole_fraction(planned)
    for place, each in enumerate(items):
        each.ReferencedCalculatedDoseReferenceSequence = [
            calculated_here(values[place], reference=number) for number, values in doses.items()
        ]
    items[1].ReferencedCalculatedDoseReferenceSequence.append(calculated_here(0.21, own=1))
    points = [calculated(round(sum(values), 3), ReferencedDoseReferenceNumber=each) for each, values in doses.items()]
    points[2].CalculatedDoseReferenceDescription = "Cord, lower end"
    points.append(calculated(None, CalculatedDoseReferenceNumber=1, CalculatedDoseReferenceDescription="Skin"))
    return {"": record(name, planned, items, CalculatedDoseReferenceSequence=points), "plan": planned}


@recorded()
def doses_of_two_fractions(name: str) -> Given:
    """A session that completes one fraction and delivers the next, with a calculated and a measured dose of each beam.

    Trap: Two record sets hold parts of one dose of the session; each mapping ends at the meterset of its own record.
    See: C.8.8.19, C.8.8.20, C.36.21
    """
    planned = two_beams(name)
    rest = delivered(planned.BeamSequence[1], metersets(planned)[2], start=40)
    items = [rest, *whole_fraction(planned, fraction=2, begun=120)]
    doses, readings = (0.58, 0.9, 0.9), (0.55, 0.87, 0.91)
    for each, dose, reading in zip(items, doses, readings, strict=True):
        each.ReferencedCalculatedDoseReferenceSequence = [calculated_here(dose, reference=1)]
        each.ReferencedMeasuredDoseReferenceSequence = [measured_here(reading, own=4)]
    result = record(
        name, planned, items,
        CalculatedDoseReferenceSequence=[calculated(sum(doses), ReferencedDoseReferenceNumber=1)],
        MeasuredDoseReferenceSequence=[measured(sum(readings), MeasuredDoseReferenceNumber=4, MeasuredDoseType="TLD")],
    )  # fmt: skip
    return {"": result, "plan": planned}


@recorded()
def dose_of_the_only_beam(name: str) -> Given:
    """A session of one beam whose doses are told for the session alone, without the plan.

    Trap: The dose of the session is that of its only record.
    See: C.8.8.19, C.8.8.20
    """
    only = beam(1, "Single", JAWS, still(field_of(-50, 50, -50, 50)))
    planned = plan(name, [only])
    result = record(
        name, planned, [delivered(only, 100)],
        CalculatedDoseReferenceSequence=[calculated(1.02, ReferencedDoseReferenceNumber=2)],
        MeasuredDoseReferenceSequence=[measured(0.99, ReferencedDoseReferenceNumber=2, MeasuredDoseType="FILM")],
    )  # fmt: skip
    return {"": result}


@recorded()
def dose_of_one_beam_in_two(name: str) -> Given:
    """A diode at one of two beams.

    Trap: Each record of a set has an item with a dose, so that a set cannot tell of one record alone; the dose is
    declared as lost.
    See: C.36.21 Radiation Dose Sequence
    """
    planned = two_beams(name)
    items = whole_fraction(planned)
    items[0].ReferencedMeasuredDoseReferenceSequence = [measured_here(0.48, own=1)]
    points = [measured(0.48, MeasuredDoseReferenceNumber=1, MeasuredDoseType="DIODE", MeasuredDoseDescription="Exit")]
    return {"": record(name, planned, items, MeasuredDoseReferenceSequence=points), "plan": planned}
