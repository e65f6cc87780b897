"""Treatment records beside the RT Radiation Set of their plan: it gave the instructions, or stands for the plan."""

from pydicom import Dataset
from pydicom.uid import UID

from .corpus import GOOD, Given, bad_record, recorded, with_meta
from .foreign import rename
from .plan import fraction_group, share
from .records import two_beams
from .session import delivered, record, whole_fraction


def sets_of(plan: Dataset, name: str) -> Given:
    """The sets and radiations of a plan, under names that do not change with the sheets."""
    import transcoder

    names = {str(each.value): UID(each.value) for each in plan.iterall() if each.VR == "UI"}
    found: Given = {}
    for each in transcoder.transcode(transcoder.read([with_meta(plan)]), to="second").bundle.instances:
        for word in ("ConversionSourceAttributesSequence", "ContributingEquipmentSequence"):
            each.pop(word, None)
        rename(each, name, names)
        word = "radiation" if "RTRecordFlag" in each else "set"
        found[f"{word}-{sum(key.startswith(word) for key in found) + 1}"] = each
    return found


@recorded(delivered_by="set")
def delivered_from_the_set(name: str) -> Given:
    """A fraction whose machine had its instructions from the RT Radiation Set of the plan.

    Trap: Record set and records name what gave the instructions; then both counts of fractions are due.
    See: C.36.20, C.36.22
    """
    planned = two_beams(name)
    return {"": record(name, planned, whole_fraction(planned)), "plan": planned, **sets_of(planned, name)}


@recorded(delivered_by="set")
def one_set_of_two(name: str) -> Given:
    """The second of two fraction groups that use one beam, beside the set of each and without the plan.

    Trap: A set names the plan it was made from and no fraction group; which set it was is told by the metersets.
    See: C.36.10, C.8.8.13.2
    """
    planned = two_beams(name)
    shares = [share(1, 100), share(2, 112.5)]
    planned.FractionGroupSequence = [fraction_group(1, shares), fraction_group(2, [share(2, 50)], 5)]
    items = [delivered(planned.BeamSequence[1], 50)]
    return {"": record(name, planned, items, ReferencedFractionGroupNumber=2), **sets_of(planned, name)}


@recorded()
def set_for_the_plan(name: str) -> Given:
    """Leaves that move along y, delivered, with the RT Radiation Set of the plan instead of the plan.

    Trap: Boundaries, isocenter and the beams that were due are those of the set; it gave no instructions.
    See: C.36.2.2.19, C.8.8.13.2
    """
    planned = GOOD["mlcy"].build()
    return {"": record(name, planned, whole_fraction(planned)), **sets_of(planned, name)}


@bad_record(delivered_by="set")
def set_not_at_hand(name: str) -> Given:
    """A fraction of two beams with its plan, said to be delivered from the set.

    Wrong: no set of the plan is given, and a reference names what is there.
    See: C.36.20 Referenced RT Radiation Set Sequence
    """
    planned = two_beams(name)
    return {"": record(name, planned, whole_fraction(planned)), "plan": planned}


@bad_record(delivered_by="set")
def either_set(name: str) -> Given:
    """A fraction of two beams, delivered from the set of one of two fraction groups that are alike.

    Wrong: nothing tells which of the two sets gave the instructions.
    See: C.36.20 Referenced RT Radiation Set Sequence
    """
    planned = two_beams(name)
    shares = [share(1, 100), share(2, 112.5)]
    planned.FractionGroupSequence = [fraction_group(1, shares), fraction_group(2, shares, 5)]
    return {"": record(name, planned, whole_fraction(planned)), "plan": planned, **sets_of(planned, name)}


@bad_record(delivered_by="set")
def delivered_without_number(name: str) -> Given:
    """A fraction of two beams that was delivered from the set.

    Wrong: the second item names no beam, so that nobody knows its radiation.
    See: C.36.22 Referenced RT Instance Sequence
    """
    planned = two_beams(name)
    items = whole_fraction(planned)
    del items[1].ReferencedBeamNumber
    return {"": record(name, planned, items), "plan": planned, **sets_of(planned, name)}
