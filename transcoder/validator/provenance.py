"""Definition Source and Common Instance Reference as far as one instance shows them (C.8.8.13.2, C.12.2).

Both compare the references of an instance with each other; what needs the referenced instance stands in ``bundle``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from transcoder.dicom.elements import Item, keyword, tag_of
from transcoder.findings import Finding
from transcoder.validator.catalogue_state import found
from transcoder.validator.classes import (
    PERMITTED_SOURCES,
    RADIATION_RECORDS,
    RADIATION_SET,
    RADIATIONS,
    SALVAGE_RECORD,
    SECOND,
)
from transcoder.validator.raw import children, each_item, integer, text

__all__ = ["Listed", "Named", "Source", "check", "listed", "named", "sources"]

SOURCE = "DefinitionSourceSequence"
RULE = "PS3.3 C.8.8.13.2"
COMMON = "PS3.3 C.12.2"
SAME_STUDY, OTHER_STUDIES = "ReferencedSeriesSequence", "StudiesContainingOtherReferencedInstancesSequence"
# These name studies, patients and procedure steps, not composite instances of a series.
_NOT_INSTANCES = (
    "ReferencedStudySequence",
    "ReferencedPatientSequence",
    "ReferencedPerformedProcedureStepSequence",
    "ReferencedVisitSequence",
)


class Named(NamedTuple):
    """A reference to an instance and where it stands."""

    path: str
    sop_class: str
    instance: str


class Listed(NamedTuple):
    """An instance in the common references; ``study`` is empty for the study of the referring instance."""

    path: str
    sop_class: str
    instance: str
    series: str
    study: str


class Source(NamedTuple):
    """A definition source: the place it stands at, its item, and the number of the beam made from it."""

    path: str
    place: str
    sop_class: str
    instance: str
    beam: int | None
    own_beam: int | None


def named(root: Item) -> list[Named]:
    """Every reference to an instance outside the common references."""
    references = []
    for path, item in each_item(root):
        if tag_of("ReferencedSOPInstanceUID") not in item or path.startswith((SAME_STUDY, OTHER_STUDIES)):
            continue
        if path.rsplit("/", 1)[-1].startswith(_NOT_INSTANCES):
            continue
        references.append(Named(path, text(item, "ReferencedSOPClassUID"), text(item, "ReferencedSOPInstanceUID")))
    return references


def listed(root: Item) -> list[Listed]:
    """The content of the common references, both studies' worth."""
    entries = list(_listed_series(root, "", ""))
    for place, study in enumerate(children(root, OTHER_STUDIES)):
        path = f"{OTHER_STUDIES}[{place}]/"
        entries.extend(_listed_series(study, path, text(study, "StudyInstanceUID")))
    return entries


def _listed_series(holder: Item, path: str, study: str) -> Iterator[Listed]:
    for place, series in enumerate(children(holder, SAME_STUDY)):
        for count, entry in enumerate(children(series, "ReferencedInstanceSequence")):
            where = f"{path}{SAME_STUDY}[{place}]/ReferencedInstanceSequence[{count}]"
            sop_class, instance = text(entry, "ReferencedSOPClassUID"), text(entry, "ReferencedSOPInstanceUID")
            yield Listed(where, sop_class, instance, text(series, "SeriesInstanceUID"), study)


def sources(root: Item) -> list[Source]:
    """The definition sources of an instance, one for each item at the permitted places."""
    found_: list[Source] = []
    for place, holder, path, own in _holders(root):
        for count, entry in enumerate(children(holder, SOURCE)):
            found_.append(
                Source(
                    f"{path}{SOURCE}[{count}]",
                    place,
                    text(entry, "ReferencedSOPClassUID"),
                    text(entry, "ReferencedSOPInstanceUID"),
                    integer(entry, "ReferencedBeamNumber"),
                    own,
                )
            )
    return found_


def _holders(root: Item) -> Iterator[tuple[str, Item, str, int | None]]:
    place = _root_place(root)
    if place:
        yield place, root, "", None
    numbers = {
        "FractionGroupSequence": "FractionGroupNumber",
        "BeamSequence": "BeamNumber",
        "TreatmentSessionBeamSequence": "ReferencedBeamNumber",
    }
    for sequence, word in numbers.items():
        for count, item in enumerate(children(root, sequence)):
            yield sequence, item, f"{sequence}[{count}]/", integer(item, word)


def _root_place(root: Item) -> str:
    sop_class = text(root, "SOPClassUID")
    if sop_class == RADIATION_SET:
        return "set"
    if sop_class in RADIATIONS | RADIATION_RECORDS | {SALVAGE_RECORD}:
        flag = text(root, "RTRecordFlag")
        return "record" if flag == "YES" or (not flag and sop_class in RADIATION_RECORDS) else "radiation"
    return ""


def check(root: Item) -> Iterator[Finding]:
    """Findings about the provenance and the common references of one instance."""
    references, common = named(root), listed(root)
    yield from _sources(root)
    yield from _common(root, references, common)


def _sources(root: Item) -> Iterator[Finding]:
    own = text(root, "SOPInstanceUID")
    derived = {text(item, "ReferencedSOPInstanceUID") for item in children(root, "SourceInstanceSequence")}
    for place, holder, path, _ in _holders(root):
        items = children(holder, SOURCE)
        if len(items) > 1:
            yield found("V280", f"{len(items)} items where one is permitted", f"{path}{SOURCE}", RULE)
        for count, entry in enumerate(items):
            yield from _source(entry, place, f"{path}{SOURCE}[{count}]", own, derived)


def _source(entry: Item, place: str, path: str, own: str, derived: set[str]) -> Iterator[Finding]:
    sop_class, instance = text(entry, "ReferencedSOPClassUID"), text(entry, "ReferencedSOPInstanceUID")
    if sop_class and sop_class not in PERMITTED_SOURCES[place]:
        message = "the class of the source is not permitted at this place"
        yield found("V281", message, f"{path}/ReferencedSOPClassUID", "PS3.3 C.36.2.1.6, C.8.8.13, C.8.8.14.19")
    named_beam = integer(entry, "ReferencedBeamNumber")
    if place in ("radiation", "record"):
        if named_beam is None:
            message = "ReferencedBeamNumber is absent or empty"
            yield found("V282", message, f"{path}/ReferencedBeamNumber", "PS3.3 C.36.2.1.6")
    else:
        macro = {tag_of("ReferencedSOPClassUID"), tag_of("ReferencedSOPInstanceUID")}
        for tag in entry:
            if tag not in macro and not tag >> 16 & 1:
                message = "the item holds more than the reference to an instance"
                yield found("V283", message, f"{path}/{keyword(tag)}", "PS3.3 Table 10-11")
    if own and instance == own:
        yield found("V284", "an instance is not made from itself", f"{path}/ReferencedSOPInstanceUID", RULE)
    if instance and instance in derived:
        message = "the same instance stands in SourceInstanceSequence: a derivation is not a transcoding"
        yield found("V287", message, path, RULE)


def _common(root: Item, references: Sequence[Named], common: Sequence[Listed]) -> Iterator[Finding]:
    """Complete, minimal and of one mind with the references (Table C.12-8)."""
    second = text(root, "SOPClassUID") in SECOND
    classes = {entry.instance: entry.sop_class for entry in common}
    own = text(root, "SOPInstanceUID")
    absent = [each for each in references if each.instance and each.instance not in classes and each.instance != own]
    for each in absent:
        if f"/{each.path}".rsplit("/", 1)[-1].startswith(SOURCE):
            yield found("V285" if second else "V286", "the source is not listed", each.path, COMMON)
    others = [each for each in absent if not f"/{each.path}".rsplit("/", 1)[-1].startswith(SOURCE)]
    if others and (second or common):
        count = len({each.instance for each in others})
        message = f"{count} referenced instance(s) are not listed"
        yield found("V288" if second else "V289", message, others[0].path, COMMON)
    for each in references:
        if each.instance in classes and each.sop_class and classes[each.instance] != each.sop_class:
            message = "the SOP Class differs from the one listed"
            yield found("V291", message, f"{each.path}/ReferencedSOPClassUID", COMMON)
    used = {each.instance for each in references}
    idle = [entry for entry in common if entry.instance not in used]
    if idle:
        message = f"{len(idle)} listed instance(s) are referred to nowhere else"
        yield found("V290", message, idle[0].path, COMMON)
