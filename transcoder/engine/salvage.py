"""Treatment records that were entered by hand and lack what the record of a device needs (PS3.3 A.86.1.9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from transcoder.dicom.elements import Item, tag_of
from transcoder.dicom.instance import Instance
from transcoder.engine.scope import Run
from transcoder.engine.split import Outcome
from transcoder.findings import Finding, Severity
from transcoder.mapping.model import Family, Mapping

__all__ = ["check_salvaged", "instead_of", "read_alike", "salvaged"]

# What says that a value is not there, or that nobody told where the patient lay; anything else is wrong, and wrong in a
# salvage record too.
_LACKS = frozenset(["T010", "T042", "T137", "T142"])
_ORIGIN, _MACHINES, _MACHINE = (
    tag_of(word) for word in ("TreatmentRecordContentOrigin", "TreatmentMachineSequence", "TreatmentMachineName")
)

# What a salvage record may hold (C.36.23.1.1) and a treatment session item must (C.8.8.21): in the record, at its first
# control point, at all of them. Without the axis distance nobody knows in which plane the devices are described.
_ROOT = (
    "RadiationSourceAxisDistance",
    "RTBeamLimitingDeviceDefinitionSequence",
    "RadiationGenerationModeSequence",
    "TreatmentPositionSequence",
)
_FIRST = ("SourceRollAngle", "RTBeamLimitingDeviceAngle", "RTBeamLimitingDeviceOpeningSequence")
_EVERY = ("RecordedRTControlPointDateTime",)


def instead_of(family: Family, sheets: Mapping) -> Family | None:
    """The family that takes what this one cannot, or None."""
    return next((each for each in sheets.families.values() if each.instead_of == family.name), None)


def read_alike(others: Sequence[Instance], family: Family, sheets: Mapping) -> list[Instance]:
    """Salvage records with their control points under the name that the records of a device have."""
    salvage = instead_of(family, sheets)
    if salvage is None:
        return list(others)
    there, here = (tag_of(each.second_points.path.keyword) for each in (salvage, family))
    return [
        _renamed(each, there, here) if each.sop_class_uid == salvage.targets[1].sop_class else each for each in others
    ]


def _renamed(instance: Instance, there: int, here: int) -> Instance:
    item = Item()
    item.update(instance.item)
    if there in item:
        item.put(here, "SQ", item.pop(there).items)
    return Instance(item, instance.path, instance.raw)


def check_salvaged(run: Run, members: Sequence[Instance], family: Family, place: Callable[[Instance], str]) -> set[str]:
    """Findings for what salvage records lack; the classes that are read like the records of a device."""
    salvage = instead_of(family, run.mapping)
    if salvage is None:
        return set()
    uid = salvage.targets[1].sop_class
    points = family.second_points.path.keyword
    for each in members:
        if each.sop_class_uid == uid:
            for word in _lacking(each.item, points, salvage.second_points.path.keyword):
                message = "a salvage record without this attribute has no item of a treatment session"
                cite = "PS3.3 C.8.8.21, C.36.23.1.1"
                run.tell("T271", Severity.ERROR, message, f"{place(each)}/{word}", cite=cite)
    return {uid}


def _lacking(item: Item, points: str, shown: str) -> Iterator[str]:
    yield from (word for word in _ROOT if _is_empty(item, word))
    held = item[tag_of(points)].items if tag_of(points) in item else []
    for word in (*_FIRST, *_EVERY):
        asked = held[:1] if word in _FIRST else held
        if not held or any(_is_empty(point, word) for point in asked):
            yield f"{shown}/{word}"


def _is_empty(item: Item, word: str) -> bool:
    element = item.get(tag_of(word))
    return element is None or element.is_empty()


def salvaged(
    source: Instance, sheets: Mapping, family: Family, refused: Outcome, make: Callable[[Family], Outcome]
) -> Outcome:
    """What another family makes of a source that this one refused for what it lacks, if it was entered by hand."""
    other = instead_of(family, sheets)
    errors = [finding for finding in refused.findings if finding.severity is Severity.ERROR]
    if other is None or not all(finding.code in _LACKS for finding in errors) or not _by_hand(source.item, sheets):
        return refused
    made = make(other)
    if not made.made:
        # What even a salvage record needs is what has to be given.
        return made
    message = "entered by hand, and the record of a C-arm needs this value: salvage records are made of the session"
    told = [
        Finding("T270", Severity.WARNING, message, finding.path, finding.rule, "PS3.3 A.86.1.9; decision 51")
        for finding in errors
    ]
    made.findings = [*told, *made.findings]
    return made


def _by_hand(item: Item, sheets: Mapping) -> bool:
    """Whether the record, or else the site for its machine, says that users gave its content."""
    said = _text(item, _ORIGIN)
    if said:
        return said == "USER"
    machines = item[_MACHINES].items if _MACHINES in item else []
    name = _text(machines[0], _MACHINE) if machines else ""
    return bool(sheets.machines.get(name, {}).get("content_origin", sheets.site.get("content_origin")) == "USER")


def _text(item: Item, tag: int) -> str:
    element = item.get(tag)
    return element.raw.strip(b"\0 ").decode("utf-8", "replace") if element is not None else ""
