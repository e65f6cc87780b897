"""Records against what they record: sets, radiations, plans and instructions (C.36.20, C.36.22, C.36.24, C.8.8.21)."""

from __future__ import annotations

from collections.abc import Iterator

from transcoder.validator.bundle_index import Index, Judged, differs, same_device
from transcoder.validator.catalogue_state import found
from transcoder.validator.classes import (
    DELIVERY_INSTRUCTION,
    RADIATION_RECORD_SET,
    RADIATION_RECORDS,
    SALVAGE_RECORD,
    TREATMENT_RECORDS,
)
from transcoder.validator.common import Named
from transcoder.validator.plausible import HALF_UNIT
from transcoder.validator.summary import Group, Summary

__all__ = ["check"]

# A delivery that ended normally stops within this share of the planned meterset.
NORMAL = 0.05


def check(index: Index) -> Iterator[Judged]:
    """Findings about records, record sets and delivery instructions."""
    for place, summary in enumerate(index.summaries):
        yield from _links(index, place, summary)
        if summary.sop_class == RADIATION_RECORD_SET:
            yield from _sessions(index, place, summary)
            yield from _completion(index, place, summary)
            yield from _deliveries(index, place, summary)
            yield from _of_the_set(index, place, summary)
        elif summary.sop_class in RADIATION_RECORDS:
            yield from _delivered_meterset(index, place, summary)
            yield from _delivered_on(index, place, summary)
        elif summary.sop_class == DELIVERY_INSTRUCTION:
            yield from _tasks(index, place, summary)
        elif summary.sop_class in TREATMENT_RECORDS:
            yield from _treatment_record(index, place, summary)


def _role(index: Index, summary: Summary, role: str) -> Iterator[tuple[Named, Summary]]:
    for reference in summary.roles.get(role, ()):
        target = index.get(reference.instance)
        if target is not None:
            yield reference, target


def _links(index: Index, place: int, summary: Summary) -> Iterator[Judged]:
    """Indices of devices, control points and prescriptions resolve in the instance they point into."""
    if not summary.links:
        return
    known: dict[str, set[int]] = {}
    for role in ("ReferencedRTInstanceSequence", "ReferencedRTPhysicianIntentSequence"):
        for _, target in _role(index, summary, role):
            for sequence, values in target.indices:
                known.setdefault(sequence, set()).update(values)
            if role == "ReferencedRTInstanceSequence":
                known = {link.sequence: known.get(link.sequence, set()) for link in summary.links} | known
    for link in summary.links:
        if link.sequence in known and link.value not in known[link.sequence]:
            message = f"{link.value} is no index of {link.sequence} in the referenced instance"
            yield place, found("V318", message, link.path, "PS3.3 C.36.2.2.19.1.5, C.36.10")


def _sessions(index: Index, place: int, summary: Summary) -> Iterator[Judged]:
    for reference, record in _role(index, summary, "ReferencedRTRadiationRecordSequence"):
        if differs(summary.session, record.session):
            message = "the Treatment Session UID differs from that of the record set"
            yield place, found("V311", message, reference.path, "PS3.3 C.36.20.1.1")
            return


def _completion(index: Index, place: int, summary: Summary) -> Iterator[Judged]:
    """COMPLETE exactly when each radiation of the set has a record, not continued and ended normally."""
    sets = [target for _, target in _role(index, summary, "ReferencedRTRadiationSetSequence")]
    members = summary.roles.get("ReferencedRTRadiationRecordSequence", ())
    records = [record for member in members if (record := index.get(member.instance)) is not None]
    if not sets or len(records) != len(members) or not summary.completion:
        return
    due = {member.instance for member in sets[0].roles.get("RTRadiationSequence", ())}
    recorded = {each.instance for record in records for each in record.roles.get("ReferencedRTInstanceSequence", ())}
    whole = due <= recorded and all(not each.continued and each.termination == "NORMAL" for each in records)
    if whole != (summary.completion == "COMPLETE"):
        message = f"{summary.completion}, by its records it is {'COMPLETE' if whole else 'PARTIAL'}"
        yield place, found("V317", message, "RTTreatmentFractionCompletionStatus", "PS3.3 C.36.20.1.3")


def _of_the_set(index: Index, place: int, summary: Summary) -> Iterator[Judged]:
    """The set that a record set names holds the radiations that its records are of (Table C.36.20-1)."""
    for _, planned in _role(index, summary, "ReferencedRTRadiationSetSequence"):
        held = {member.instance for member in planned.roles.get("RTRadiationSequence", ())}
        for reference, record in _role(index, summary, "ReferencedRTRadiationRecordSequence"):
            recorded = {each.instance for each in record.roles.get("ReferencedRTInstanceSequence", ())}
            if held and not recorded <= held:
                message = "the record is of a radiation that the set of the record set does not hold"
                yield place, found("V331", message, reference.path, "PS3.3 C.36.20")


def _deliveries(index: Index, place: int, summary: Summary) -> Iterator[Judged]:
    for _, planned in _role(index, summary, "ReferencedRTRadiationSetSequence"):
        if summary.delivery is not None and planned.fractions is not None and summary.delivery > planned.fractions:
            message = f"delivery {summary.delivery} of a set intended for {planned.fractions} fractions"
            yield place, found("V229", message, "RTRadiationSetDeliveryNumber", "PS3.3 C.36.20.1.2, C.36.10")


def _delivered_meterset(index: Index, place: int, summary: Summary) -> Iterator[Judged]:
    if summary.termination != "NORMAL" or summary.continued or summary.sop_class == SALVAGE_RECORD:
        return
    for reference, planned in _role(index, summary, "ReferencedRTInstanceSequence"):
        if planned.meterset and summary.meterset is not None:
            message = ""
            if differs(summary.unit, planned.unit):
                message = f"delivered in {summary.unit}, planned in {planned.unit}"
            elif not abs(summary.meterset - planned.meterset) <= NORMAL * planned.meterset:
                message = f"{summary.meterset:g} delivered, {planned.meterset:g} planned, terminated normally"
            if message:
                yield place, found("V316", message, reference.path, "PS3.3 C.36.22")


def _delivered_on(index: Index, place: int, summary: Summary) -> Iterator[Judged]:
    """A radiation is defined for one device; a record of another one says that the patient was moved there."""
    for reference, planned in _role(index, summary, "ReferencedRTInstanceSequence"):
        if summary.device and planned.device and not same_device(summary.device, planned.device):
            message = "the record names another treatment device than the radiation"
            yield place, found("V327", message, reference.path, "PS3.3 C.36.10.1.2, C.36.12")


def _tasks(index: Index, place: int, summary: Summary) -> Iterator[Judged]:
    """Each radiation of the set is a task or omitted, none is both (C.36.24)."""
    tasks = [task.instance for task in summary.roles.get("RTRadiationTaskSequence", ()) if _is_radiation(task)]
    omitted = [task.instance for task in summary.roles.get("OmittedRadiationSequence", ()) if _is_radiation(task)]
    for _, planned in _role(index, summary, "ReferencedRTRadiationSetSequence"):
        due = sorted(member.instance for member in planned.roles.get("RTRadiationSequence", ()))
        if due != sorted(tasks + omitted):
            message = f"{len(tasks)} tasks and {len(omitted)} omitted for {len(due)} radiations, or other ones"
            yield place, found("V319", message, "RTRadiationTaskSequence", "PS3.3 C.36.24")


def _is_radiation(reference: Named) -> bool:
    return "ReferencedRTRadiationSequence" in reference.path


def _treatment_record(index: Index, place: int, summary: Summary) -> Iterator[Judged]:
    for _, plan in _role(index, summary, "ReferencedRTPlanSequence"):
        if not plan.groups and not plan.beams:
            continue
        groups = [group for group in plan.groups if group.number == summary.fraction_group]
        if summary.fraction_group is not None and not groups:
            message = f"the plan holds no fraction group {summary.fraction_group}"
            yield place, found("V325", message, "ReferencedFractionGroupNumber", "PS3.3 C.8.8.21")
        yield from _beams(place, summary, plan)
        group = groups[0] if groups else plan.groups[0] if len(plan.groups) == 1 else None
        if group is None:
            continue
        if summary.fractions is not None and group.fractions is not None and summary.fractions != group.fractions:
            message = f"{summary.fractions} fractions in the record, {group.fractions} in the plan"
            yield place, found("V326", message, "NumberOfFractionsPlanned", "PS3.3 C.8.8.21")
        yield from _fraction_numbers(place, summary, group)
        yield from _specified(place, summary, group)


def _specified(place: int, summary: Summary, group: Group) -> Iterator[Judged]:
    """The specified meterset of each beam is that of the plan (C.8.8.21.2.1), to half a unit."""
    planned = dict(group.metersets)
    for beam in summary.delivered:
        meterset = planned.get(beam.beam) if beam.beam is not None else None
        if beam.specified is not None and meterset is not None and not abs(beam.specified - meterset) <= HALF_UNIT:
            message = f"{beam.specified:g} specified, the plan sets {meterset:g}"
            yield place, found("V329", message, f"{beam.path}/SpecifiedPrimaryMeterset", "PS3.3 C.8.8.21.2.1")


def _fraction_numbers(place: int, summary: Summary, group: Group) -> Iterator[Judged]:
    """Fractions that are within what the record says itself (V229 tells the others), and beyond the plan."""
    for delivered in summary.delivered_fractions:
        own = summary.fractions if summary.fractions is not None else delivered.number
        if group.fractions is not None and group.fractions < delivered.number <= own:
            message = f"fraction {delivered.number}, the plan holds {group.fractions}"
            yield place, found("V326", message, delivered.path, delivered.cite)


def _beams(place: int, summary: Summary, plan: Summary) -> Iterator[Judged]:
    points = {beam.number: beam.points for beam in plan.beams}
    for beam in summary.delivered:
        if beam.beam is not None and beam.beam not in points:
            message = f"the plan holds no beam {beam.beam}"
            yield place, found("V325", message, f"{beam.path}/ReferencedBeamNumber", "PS3.3 C.8.8.21")
        elif beam.beam is not None and beam.last_point is not None and beam.last_point >= points[beam.beam]:
            message = f"control point {beam.last_point} is referred to, the beam of the plan has {points[beam.beam]}"
            yield place, found("V325", message, f"{beam.path}/ControlPointDeliverySequence", "PS3.3 C.8.8.21")
