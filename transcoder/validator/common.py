"""Common Instance Reference: complete, minimal and of one mind with the references of the instance (C.12.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from transcoder.dicom.elements import Item, tag_of
from transcoder.findings import Finding
from transcoder.validator.catalogue_state import found
from transcoder.validator.classes import SECOND
from transcoder.validator.raw import children, items_with, text

__all__ = ["SOURCE", "Listed", "Named", "check", "listed", "named"]

SOURCE = "DefinitionSourceSequence"
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


def named(root: Item) -> list[Named]:
    """Every reference to an instance outside the common references."""
    references = []
    common = (tag_of(SAME_STUDY), tag_of(OTHER_STUDIES))
    for path, item in items_with(root, tag_of("ReferencedSOPInstanceUID"), outside=common):
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


def check(root: Item) -> Iterator[Finding]:
    """Findings about the common references of one instance."""
    references, common = named(root), listed(root)
    yield from _common(root, references, common)
    yield from _once(root, common)
    own = text(root, "StudyInstanceUID")
    for place, study in enumerate(children(root, OTHER_STUDIES)):
        if own and text(study, "StudyInstanceUID") == own:
            message = "the study of this instance stands among the other studies"
            yield found("V293", message, f"{OTHER_STUDIES}[{place}]/StudyInstanceUID", COMMON)


def _once(root: Item, common: Sequence[Listed]) -> Iterator[Finding]:
    """Each study, series and instance has one item; an instance belongs to one series of one study."""
    yield from _twice(children(root, OTHER_STUDIES), "StudyInstanceUID", OTHER_STUDIES)
    yield from _twice(children(root, SAME_STUDY), "SeriesInstanceUID", SAME_STUDY)
    for place, study in enumerate(children(root, OTHER_STUDIES)):
        yield from _twice(children(study, SAME_STUDY), "SeriesInstanceUID", f"{OTHER_STUDIES}[{place}]/{SAME_STUDY}")
    homes: dict[str, tuple[str, str]] = {}
    for entry in common:
        home = (entry.study or text(root, "StudyInstanceUID"), entry.series)
        first = homes.setdefault(entry.instance, home) if entry.instance else home
        if first != home:
            message = "the instance is listed in another series before"
            yield found("V295", message, f"{entry.path}/ReferencedSOPInstanceUID", COMMON)
    yield from _instances_twice(common)


def _twice(items: Sequence[Item], word: str, path: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for place, item in enumerate(items):
        value = text(item, word)
        if value and value in seen:
            yield found("V294", f"an item before this one has the same {word}", f"{path}[{place}]/{word}", COMMON)
        seen.add(value)


def _instances_twice(common: Sequence[Listed]) -> Iterator[Finding]:
    """Instances listed again under the same study and series."""
    seen: set[tuple[str, str, str]] = set()
    again = []
    for entry in common:
        key = (entry.study, entry.series, entry.instance)
        if entry.instance and key in seen:
            again.append(entry)
        seen.add(key)
    if again:
        message = f"{len(again)} instance(s) are listed more than once"
        yield found("V294", message, f"{again[0].path}/ReferencedSOPInstanceUID", COMMON)


def _classes(references: Sequence[Named], due: Mapping[str, str]) -> Iterator[Finding]:
    """References that give an instance another class than it is listed with, each pair of the two once."""
    pairs = {(each.instance, each.sop_class): each for each in reversed(references)}
    for each in reversed(pairs.values()):
        if each.sop_class and each.sop_class != due.get(each.instance, each.sop_class):
            message = "the SOP Class differs from the one listed"
            yield found("V291", message, f"{each.path}/ReferencedSOPClassUID", COMMON)


def _common(root: Item, references: Sequence[Named], common: Sequence[Listed]) -> Iterator[Finding]:
    """Complete, minimal and of one mind with the references (Table C.12-8)."""
    second = text(root, "SOPClassUID") in SECOND
    classes = {entry.instance: entry.sop_class for entry in common}
    own = text(root, "SOPInstanceUID")
    absent = [each for each in references if each.instance and each.instance not in classes and each.instance != own]
    sources = [each for each in absent if f"/{each.path}".rsplit("/", 1)[-1].startswith(SOURCE)]
    if sources:
        message = "the source is not listed" + (f", nor are {len(sources) - 1} more" if sources[1:] else "")
        yield found("V285" if second else "V286", message, sources[0].path, COMMON)
    told = {each.instance for each in sources}
    others = [each for each in absent if each.instance not in told]
    if others and (second or common):
        count = len({each.instance for each in others})
        message = f"{count} referenced instance(s) are not listed"
        yield found("V288" if second else "V289", message, others[0].path, COMMON)
    yield from _classes(references, classes)
    used = {each.instance for each in references}
    idle = [entry for entry in common if entry.instance not in used]
    if idle:
        message = f"{len(idle)} listed instance(s) are referred to nowhere else"
        yield found("V290", message, idle[0].path, COMMON)
