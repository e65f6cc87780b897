"""Treatment records that were entered by hand and lack what the record of a C-arm needs."""

from pydicom import Dataset

from .corpus import GOOD, Given, bad_record, recorded
from .session import delivered, record


def _typed_in(name: str) -> Dataset:
    """A window that was interrupted and continued, as somebody wrote it down afterwards: no times, no plan."""
    planned = GOOD["sliding-window"].build()
    only = planned.BeamSequence[0]
    items = [delivered(only, 100, stop=43.5), delivered(only, 100, start=43.5, begun=300)]
    for each in items:
        for point in each.ControlPointDeliverySequence:
            point.TreatmentControlPointTime = ""
    return record(name, planned, items, TreatmentRecordContentOrigin="USER")


@recorded()
def entered_by_hand(name: str) -> Given:
    """A sliding window that was interrupted and continued, entered by hand without times and without its plan.

    Trap: Times and leaf boundaries are missing, which only a salvage record can do without; the second item begins at
    the meterset at which it was resumed.
    See: A.86.1.9, C.36.23
    """
    return {"": _typed_in(name)}


@bad_record()
def by_hand_without_position(name: str) -> Given:
    """The same record.

    Wrong: nobody tells how the patient lay, which a salvage record must tell as well.
    See: C.36.2.2.4, 10.12
    """
    result = _typed_in(name)
    del result.PatientSetupSequence
    return {"": result}


@bad_record()
def by_hand_falling(name: str) -> Given:
    """The same record, its metersets falling.

    Wrong: less is delivered at a control point than at the one before; that is no lack, and no salvage record mends it.
    See: C.8.8.21.2.2
    """
    result = _typed_in(name)
    result.TreatmentSessionBeamSequence[0].ControlPointDeliverySequence[-1].DeliveredMeterset = "1"
    return {"": result}
