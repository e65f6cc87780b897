"""Openings of beam limiting devices and positions of wedges at second-generation control points.

Attributes inside the items follow the control point rule again, device by device (C.36.2.2.5.1.1); the counts
stand at every control point as soon as devices are defined (C.36.2.2.9, C.36.2.2.11).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from transcoder.dicom.elements import Element, Item, tag_of
from transcoder.findings import Finding
from transcoder.validator.catalogue_state import found
from transcoder.validator.leaves import Bank, check_boundaries, check_positions
from transcoder.validator.raw import children, code, integer, number, numbers, repeats, text

__all__ = ["bank_of", "check_definitions", "check_device_items"]

RULE = "PS3.3 C.36.2.2.5.1.1"
DEFINITION = "PS3.3 C.36.2.2.19"
OPENING = "PS3.3 C.36.2.2.20"
# CID 9540
JAW_PAIR, LEAF_PAIRS, CIRCULAR, SINGLE_LEAVES = "130330", "130331", "130332", "130333"
# The attributes of an opening that follow the control point rule (Table C.36.2.2.20-1).
OFFSET, POSITIONS, OUTLINE = (
    "RTBeamLimitingDeviceOffset",
    "ParallelRTBeamDelimiterPositions",
    "RTBeamDelimiterGeometrySequence",
)


class Held(NamedTuple):
    """The item of one device at one control point."""

    point: int
    path: str
    item: Item


class Kind(NamedTuple):
    """The attributes that carry one kind of device in a radiation and in its control points."""

    defined: str
    number: str
    tally: str
    sequence: str
    cite: str


OPENINGS = Kind(
    "RTBeamLimitingDeviceDefinitionSequence", "NumberOfRTBeamLimitingDevices", "NumberOfRTBeamLimitingDeviceOpenings",
    "RTBeamLimitingDeviceOpeningSequence", "PS3.3 C.36.2.2.9",
)  # fmt: skip
WEDGES = Kind(
    "WedgeDefinitionSequence", "NumberOfWedges", "NumberOfWedgePositions", "WedgePositionSequence", "PS3.3 C.36.2.2.11"
)


def check_device_items(item: Item, points: Sequence[Item], sequence: str) -> Iterator[Finding]:
    """Counts and items of collimators and wedges at every control point."""
    for kind in (OPENINGS, WEDGES):
        yield from _counts(item, points, kind, sequence)
    devices = {integer(device, "DeviceIndex"): device for device in children(item, OPENINGS.defined)}
    held = _by_device(points, OPENINGS, sequence)
    lacking = [index for index, device in devices.items() if _due(device) and not _is_at_first(held.get(index, ()))]
    if lacking:
        message = f"no opening at the first control point for device {', '.join(map(str, lacking))}"
        yield found("V202", message, f"{sequence}[0]/{OPENINGS.sequence}", RULE)
    for index, device in devices.items():
        if index in held:
            yield from _check_opening(device, held[index])
    yield from _check_wedges(item, points, sequence)
    yield from check_definitions(children(item, OPENINGS.defined), OPENINGS.defined)


def _counts(item: Item, points: Sequence[Item], kind: Kind, sequence: str) -> Iterator[Finding]:
    tag = tag_of(kind.tally)
    if integer(item, kind.number):
        absent = [place for place, point in enumerate(points) if tag not in point]
        if absent:
            message = f"{kind.tally} is absent at {len(absent)} control point(s); it is 0 where nothing changes"
            yield found("V204", message, f"{sequence}[{absent[0]}]/{kind.tally}", kind.cite)
    for place, point in enumerate(points):
        said, there = integer(point, kind.tally), len(children(point, kind.sequence))
        if said is not None and said != there:
            message = f"{kind.tally} is {said}, {kind.sequence} holds {there} item(s)"
            yield found("V205", message, f"{sequence}[{place}]/{kind.tally}", kind.cite)
            return


def _by_device(points: Sequence[Item], kind: Kind, sequence: str) -> dict[int | None, list[Held]]:
    held: dict[int | None, list[Held]] = {}
    for place, point in enumerate(points):
        for count, entry in enumerate(children(point, kind.sequence)):
            path = f"{sequence}[{place}]/{kind.sequence}[{count}]"
            held.setdefault(integer(entry, "ReferencedDeviceIndex"), []).append(Held(place, path, entry))
    return held


def _is_at_first(held: Sequence[Held]) -> bool:
    return bool(held) and held[0].point == 0


def _check_opening(device: Item, held: Sequence[Held]) -> Iterator[Finding]:
    due = _due(device)
    for word in (OFFSET, POSITIONS, OUTLINE):
        yield from _nested(word, held, due=word in due)
    yield from _idle(held)
    bank = bank_of(device)
    if bank is not None:
        elements = _elements(POSITIONS, held)
        places = [f"{entry.path}/{POSITIONS}" for entry, _ in elements]
        yield from check_positions([element for _, element in elements], places, bank)


def _due(device: Item) -> tuple[str, ...]:
    """Which attributes the first opening of a device must hold; nothing is said here of fixed apertures."""
    kind = code(device, "DeviceTypeCodeSequence")
    if kind == CIRCULAR:
        return (OFFSET, OUTLINE)
    if kind not in (JAW_PAIR, LEAF_PAIRS, SINGLE_LEAVES):
        return ()
    modes = {text(entry, "ParallelRTBeamDelimiterOpeningMode") for entry in _parallel(device)}
    if modes and modes != {"BINARY"}:
        return (OFFSET, POSITIONS)
    return (OFFSET,)


def _elements(word: str, held: Sequence[Held]) -> list[tuple[Held, Element]]:
    tag = tag_of(word)
    return [(entry, element) for entry in held if (element := entry.item.get(tag)) is not None]


def _nested(word: str, held: Sequence[Held], *, due: bool) -> Iterator[Finding]:
    elements = _elements(word, held)
    first = held[0]
    if due and first.point == 0 and (not elements or elements[0][0] is not first):
        yield found("V202", f"{word} is absent at the first control point", f"{first.path}/{word}", RULE)
    again = repeats([element for _, element in elements])
    if again:
        message = f"{word} repeats its value unchanged at {len(again)} control point(s)"
        yield found("V201", message, f"{elements[again[0]][0].path}/{word}", RULE)


def _idle(held: Sequence[Held]) -> Iterator[Finding]:
    ruled = [tag_of(word) for word in (OFFSET, POSITIONS, OUTLINE)]
    idle = [entry for entry in held[1:] if not any(tag in entry.item for tag in ruled)]
    if idle:
        message = f"the item of a device says nothing that changes, at {len(idle)} control point(s)"
        yield found("V203", message, idle[0].path, RULE)


def _check_wedges(item: Item, points: Sequence[Item], sequence: str) -> Iterator[Finding]:
    held = _by_device(points, WEDGES, sequence)
    for count, device in enumerate(children(item, WEDGES.defined)):
        index = integer(device, "DeviceIndex")
        entries = held.get(index, [])
        if not entries or entries[0].point != 0:
            message = f"wedge {index if index is not None else count + 1} has no position at the first control point"
            yield found("V202", message, f"{sequence}[0]/{WEDGES.sequence}", RULE)
    moving = _moving_wedges(held)
    for entries in held.values():
        for before, now in pairwise(entries):
            if _wedge_state(before.item) == _wedge_state(now.item):
                # An unchanged wedge beside one that moves is not excluded in so many words.
                code_ = "V203" if now.point in moving else "V201"
                yield found(code_, "WedgePosition repeats its value unchanged", f"{now.path}/WedgePosition", RULE)
                break


def _wedge_state(entry: Item) -> tuple[str, float | None]:
    return text(entry, "WedgePosition"), number(entry, "RadiationBeamWedgeThinEdgeDistance")


def _moving_wedges(held: dict[int | None, list[Held]]) -> set[int]:
    return {
        now.point
        for entries in held.values()
        for before, now in pairwise(entries)
        if _wedge_state(before.item) != _wedge_state(now.item)
    }


def check_definitions(devices: Sequence[Item], path: str) -> Iterator[Finding]:
    """Boundaries, mounting sides and extents of parallel delimiters (C.36.2.2.19)."""
    for place, device in enumerate(devices):
        for parallel in _parallel(device)[:1]:
            pairs = integer(parallel, "NumberOfParallelRTBeamDelimiters")
            if pairs is None:
                continue
            below = f"{path}[{place}]/ParallelRTBeamDelimiterDeviceSequence[0]"
            word = "ParallelRTBeamDelimiterBoundaries"
            yield from check_boundaries(parallel.get(tag_of(word)), pairs, f"{below}/{word}", DEFINITION, first=False)
            yield from _extents(parallel, pairs, below)


def _extents(parallel: Item, pairs: int, path: str) -> Iterator[Finding]:
    word = "ParallelRTBeamDelimiterOpeningExtents"
    values = numbers(parallel.get(tag_of(word)))
    if values is not None and values.size and values.size != 2 * pairs:
        yield found("V213", f"{values.size} extents where {2 * pairs} are due", f"{path}/{word}", DEFINITION)


def bank_of(device: Item) -> Bank | None:
    """How many positions a device takes; ``None`` for one without parallel delimiters."""
    for parallel in _parallel(device):
        pairs = integer(parallel, "NumberOfParallelRTBeamDelimiters")
        if pairs:
            return Bank(pairs, code(device, "DeviceTypeCodeSequence") != SINGLE_LEAVES, OPENING)
    return None


def _parallel(device: Item) -> list[Item]:
    return children(device, "ParallelRTBeamDelimiterDeviceSequence")
