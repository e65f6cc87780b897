"""Definition Source as far as one instance shows it (C.8.8.13.2); ``bundle_sources`` looks at the source."""

from __future__ import annotations

from collections.abc import Iterator
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
)
from transcoder.validator.common import SOURCE
from transcoder.validator.raw import children, integer, text

__all__ = ["Source", "check", "sources"]

RULE = "PS3.3 C.8.8.13.2"


class Source(NamedTuple):
    """A definition source: the place it stands at, its item, and the number of the beam made from it."""

    path: str
    place: str
    sop_class: str
    instance: str
    beam: int | None
    own_beam: int | None


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
    """Findings about the definition sources of one instance."""
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
