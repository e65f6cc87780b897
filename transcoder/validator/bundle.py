"""Rules across the instances of one call, checked over summaries so that memory stays flat.

What an instance refers to and what is not among the inputs stays unjudged, but for the members of a set of which
others are there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from transcoder.dicom.elements import Item
from transcoder.findings import Finding
from transcoder.validator import bundle_records, bundle_sources
from transcoder.validator.bundle_index import Index, Judged, differs, same_device, same_patient
from transcoder.validator.catalogue_state import found
from transcoder.validator.classes import MEMBERS, RADIATION_SET
from transcoder.validator.common import Named
from transcoder.validator.summary import Device, Summary, summarise

__all__ = ["check_across", "check_summaries"]


def check_across(items: Sequence[Item]) -> list[tuple[int, Finding]]:
    """Findings of the instances as a whole, each with the number of the instance it belongs to."""
    return check_summaries(summarise(item) for item in items)


def check_summaries(summaries: Iterable[Summary]) -> list[tuple[int, Finding]]:
    """The same over summaries, which workers may have made."""
    index = Index(summaries)
    judged: list[Judged] = []
    for rule in (_twins, _names, _classes, _common, _sets, bundle_sources.check, bundle_records.check):
        judged.extend(rule(index))
    return sorted(judged, key=lambda pair: pair[0])


def _twins(index: Index) -> Iterator[Judged]:
    seen: set[str] = set()
    for place, summary in enumerate(index.summaries):
        if summary.instance and summary.instance in seen:
            message = "an input before this one has the same SOP Instance UID; only the first is followed"
            yield place, found("V300", message, "SOPInstanceUID", "PS3.5 9")
        seen.add(summary.instance)


def _names(index: Index) -> Iterator[Judged]:
    """One patient ID of one issuer stands for one patient (C.7.1.1); the name itself is never told."""
    first: dict[str, Summary] = {}
    for place, summary in enumerate(index.summaries):
        if not summary.name:
            continue
        before = first.setdefault(summary.patient, summary)
        if before.name != summary.name and same_patient(before, summary):
            message = "an input before this one has the same Patient ID and another Patient's Name"
            yield place, found("V328", message, "PatientName", "PS3.3 C.7.1.1")


def _classes(index: Index) -> Iterator[Judged]:
    """A reference tells the class and, silently, the patient of the instance it leads to."""
    for place, summary in enumerate(index.summaries):
        strangers = 0
        for reference in summary.references:
            target = index.get(reference.instance)
            if target is None:
                continue
            if reference.sop_class and target.sop_class and reference.sop_class != target.sop_class:
                message = "the referenced instance has another SOP Class"
                path = f"{reference.path}/ReferencedSOPClassUID"
                yield place, found("V302", message, path, "PS3.3 10.8")
            if not same_patient(target, summary) and not strangers:
                strangers += 1
                message = "the referenced instance belongs to another patient"
                yield place, found("V305", message, reference.path, "PS3.3 C.7.1.1")


def _common(index: Index) -> Iterator[Judged]:
    """Study and series in the common references are those of the instances (C.12.2)."""
    for place, summary in enumerate(index.summaries):
        for entry in summary.common:
            target = index.get(entry.instance)
            if target is None:
                continue
            study = entry.study or summary.study
            wrong = [
                word
                for word, said, true in (("study", study, target.study), ("series", entry.series, target.series))
                if said and true and said != true
            ]
            if wrong:
                message = f"the instance belongs to another {' and '.join(wrong)}"
                yield place, found("V307", message, entry.path, "PS3.3 C.12.2")


def _sets(index: Index) -> Iterator[Judged]:
    for place, summary in enumerate(index.summaries):
        if summary.sop_class not in MEMBERS:
            continue
        role, _ = MEMBERS[summary.sop_class]
        members = summary.roles.get(role, ())
        yield from _absent(index, place, members)
        yield from _studies(index, place, summary, members)
        yield from _devices(index, place, members)
        yield from _frames(index, place, summary, members)
        if summary.sop_class == RADIATION_SET:
            yield from _labels(index, place, members)
        yield from _mappings(index, place, summary)
    yield from _orphans(index)


def _absent(index: Index, place: int, members: Sequence[Named]) -> Iterator[Judged]:
    absent = [member for member in members if index.get(member.instance) is None]
    if absent and len(absent) < len(members):
        message = f"{len(absent)} of {len(members)} members are not among the inputs"
        yield place, found("V301", message, absent[0].path, "PS3.3 C.36.10, C.36.20")


def _studies(index: Index, place: int, summary: Summary, members: Sequence[Named]) -> Iterator[Judged]:
    for member in members:
        target = index.get(member.instance)
        if target is not None and differs(summary.study, target.study):
            message = "a member of the set belongs to another study"
            yield place, found("V306", message, member.path, "PS3.3 A.86.1.1.1.1")
            return


def _devices(index: Index, place: int, members: Sequence[Named]) -> Iterator[Judged]:
    """All members name one treatment device (C.36.10.1.2, C.36.20.1.1)."""
    known: list[Device] = []
    for member in members:
        target = index.get(member.instance)
        if target is None or target.device is None:
            continue
        # Each with each: what one leaves out another may hold, and no two may differ.
        if not all(same_device(each, target.device) for each in known):
            message = "the treatment device differs from that of an earlier member"
            yield place, found("V309", message, member.path, "PS3.3 C.36.10.1.2, C.36.20.1.1")
            return
        if target.device not in known:
            known.append(target.device)


def _frames(index: Index, place: int, summary: Summary, members: Sequence[Named]) -> Iterator[Judged]:
    """Radiations share the frame of reference of their set (C.36.10.1.2); records may not (A.86.1.9.4.5)."""
    if summary.sop_class != RADIATION_SET:
        return
    first = summary.frame
    for member in members:
        target = index.get(member.instance)
        if target is None or not target.frame:
            continue
        first = first or target.frame
        if target.frame != first:
            message = "the frame of reference differs from that of the set"
            yield place, found("V308", message, member.path, "PS3.3 C.36.10.1.2")
            return


def _labels(index: Index, place: int, members: Sequence[Named]) -> Iterator[Judged]:
    seen: set[str] = set()
    for member in members:
        target = index.get(member.instance)
        if target is None or not target.label:
            continue
        if target.label in seen:
            message = "another radiation of the set has the same User Content Label"
            yield place, found("V310", message, member.path, "PS3.3 A.86.1.4.4.2")
            return
        seen.add(target.label)


def _mappings(index: Index, place: int, summary: Summary) -> Iterator[Judged]:
    for mapped in summary.mapped:
        target = index.get(mapped.instance)
        if target is None or target.meterset is None:
            continue
        if abs(mapped.meterset - target.meterset) > max(1e-3, 1e-6 * abs(target.meterset)):
            message = f"the mapping ends at {mapped.meterset:g}, the radiation at {target.meterset:g}"
            yield place, found("V315", message, mapped.path, "PS3.3 C.36.11.1.1")


def _orphans(index: Index) -> Iterator[Judged]:
    """A member that no set names while the inputs hold sets of its kind for the same patient."""
    for sop_class, (role, classes) in MEMBERS.items():
        sets = [summary for summary in index.summaries if summary.sop_class == sop_class]
        patients = {summary.patient for summary in sets}
        held = Counter(member.instance for summary in sets for member in summary.roles.get(role, ()))
        for place, summary in enumerate(index.summaries):
            if summary.sop_class not in classes or summary.patient not in patients:
                continue
            if summary.instance not in held:
                message = "no set among the inputs refers to this instance"
                yield place, found("V303", message, "SOPInstanceUID", "PS3.3 C.36.10, C.36.20.1.1")
            elif sop_class != RADIATION_SET and held[summary.instance] > 1:
                message = "more than one record set refers to this record"
                yield place, found("V304", message, "SOPInstanceUID", "PS3.3 C.36.20.1.1")
