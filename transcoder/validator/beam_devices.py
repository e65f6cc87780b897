"""Beam limiting devices and wedges of first-generation beams, planned and delivered (C.8.8.14, C.8.8.14.18)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from transcoder.dicom.elements import Element, Item, tag_of
from transcoder.findings import Finding
from transcoder.validator.catalogue_state import found
from transcoder.validator.leaves import Bank, check_boundaries, check_positions
from transcoder.validator.openings import bank_of, check_definitions
from transcoder.validator.raw import children, integer, text, values_differ

__all__ = ["Key", "axis_twin", "banks_of", "check_devices", "positions"]

BEAMS = "PS3.3 C.8.8.14"
POINTS = "PS3.3 C.8.8.14.5"
COMPLETE = "PS3.3 C.8.8.14.18"
# What an opening of an enhanced device consists of, the telling one first.
OPENED_BY = ("ParallelRTBeamDelimiterPositions", "RTBeamDelimiterGeometrySequence", "RTBeamLimitingDeviceOffset")
_TWINS = {"X": "ASYMX", "ASYMX": "X", "Y": "ASYMY", "ASYMY": "Y"}

# A type may occur twice in one beam (two layers of leaves), so an occurrence number makes the key.
Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Held:
    """The item of one device at one control point."""

    point: int
    path: str
    element: Element


def axis_twin(kind: str) -> str:
    """The other name of the same jaw axis, empty for leaves."""
    return _TWINS.get(kind, "")


def check_devices(beam: Item, points: Sequence[Item], path: str, place: str, *, planned: bool) -> Iterator[Finding]:
    """Collimators and wedges of one beam; ``path`` names the beam and ``place`` its control points."""
    defined = "BeamLimitingDeviceSequence" if planned else "BeamLimitingDeviceLeafPairsSequence"
    banks = banks_of(beam, defined)
    for count, device in enumerate(children(beam, defined)):
        pairs = integer(device, "NumberOfLeafJawPairs")
        if pairs:
            where = f"{path}/{defined}[{count}]/LeafPositionBoundaries"
            yield from check_boundaries(device.get(tag_of("LeafPositionBoundaries")), pairs, where, BEAMS, first=True)
    held = positions(points, place, banks)
    for key, entries in held.items():
        yield from _complete(entries, len(points), place, planned=planned)
        bank = banks.get(key) or banks.get((axis_twin(key[0]), 0))
        if bank is not None:
            yield from check_positions([entry.element for entry in entries], [entry.path for entry in entries], bank)
    if planned:
        yield from _at_first(set(banks), held, place)
    yield from _wedges(points, place)
    yield from _enhanced(beam, points, path, place)


def banks_of(beam: Item, defined: str) -> dict[Key, Bank]:
    """The collimators of a beam by type and number of occurrence."""
    banks: dict[Key, Bank] = {}
    seen: Counter[str] = Counter()
    for device in children(beam, defined):
        kind, pairs = text(device, "RTBeamLimitingDeviceType"), integer(device, "NumberOfLeafJawPairs")
        if pairs is not None and pairs >= 0:
            banks[kind, seen[kind]] = Bank(pairs, paired=True, cite=BEAMS)
        seen[kind] += 1
    return banks


def positions(points: Sequence[Item], place: str, banks: Mapping[Key, Bank]) -> dict[Key, list[Held]]:
    """The positions of each device over the control points.

    Of several devices of one type the one that has as many leaves is meant, else the one at the same place.
    """
    held: dict[Key, list[Held]] = {}
    tag = tag_of("LeafJawPositions")
    shared = {kind for kind, number in banks if number}
    for number, point in enumerate(points):
        seen: Counter[str] = Counter()
        for count, device in enumerate(children(point, "BeamLimitingDevicePositionSequence")):
            kind, element = text(device, "RTBeamLimitingDeviceType"), device.get(tag)
            key = (kind, seen[kind])
            seen[kind] += 1
            if element is None:
                continue
            if kind in shared:
                size = element.raw.count(b"\\") + 1
                fitting = [each for each, bank in banks.items() if each[0] == kind and bank.size == size]
                key = fitting[0] if len(fitting) == 1 else key
            path = f"{place}[{number}]/BeamLimitingDevicePositionSequence[{count}]/LeafJawPositions"
            held.setdefault(key, []).append(Held(number, path, element))
    return held


def _complete(entries: Sequence[Held], count: int, place: str, *, planned: bool) -> Iterator[Finding]:
    """A device that moves stands at every control point, one that rests at the first only."""
    if len(entries) < 2:
        return
    changes = values_differ([entry.element for entry in entries])
    there = {entry.point for entry in entries}
    if changes and len(there) < count:
        absent = next(number for number in range(count) if number not in there)
        message = f"a device moves during the beam and has no position at {count - len(there)} control point(s)"
        path = f"{place}[{absent}]/BeamLimitingDevicePositionSequence"
        yield found("V211" if planned else "V212", message, path, POINTS if planned else "PS3.3 C.8.8.21")
    if not changes and planned:
        message = f"a device that rests is repeated at {len(entries) - 1} later control point(s)"
        yield found("V226", message, entries[1].path, BEAMS)


def _at_first(defined: set[Key], held: dict[Key, list[Held]], place: str) -> Iterator[Finding]:
    """The first control point positions every device of the beam (Table C.8-50)."""
    there = {key for key, entries in held.items() if entries[0].point == 0}
    for key in sorted(defined - there):
        if (axis_twin(key[0]), 0) in there - defined:
            continue
        message = f"device {key[0]} has no position at the first control point"
        yield found("V225", message, f"{place}[0]/BeamLimitingDevicePositionSequence", BEAMS)


def _wedges(points: Sequence[Item], place: str) -> Iterator[Finding]:
    """A wedge that is moved in or out stands at every control point."""
    held: dict[int | None, list[tuple[int, Element]]] = {}
    tag = tag_of("WedgePosition")
    for number, point in enumerate(points):
        for wedge in children(point, "WedgePositionSequence"):
            element = wedge.get(tag)
            if element is not None:
                held.setdefault(integer(wedge, "ReferencedWedgeNumber"), []).append((number, element))
    for entries in held.values():
        there = {number for number, _ in entries}
        if len(there) < len(points) and values_differ([element for _, element in entries]):
            absent = next(number for number in range(len(points)) if number not in there)
            message = f"a wedge moves and has no position at {len(points) - len(there)} control point(s)"
            yield found("V211", message, f"{place}[{absent}]/WedgePositionSequence", POINTS)


def _enhanced(beam: Item, points: Sequence[Item], path: str, place: str) -> Iterator[Finding]:
    """Enhanced devices use the second generation's macros, but items are complete and stand at all points."""
    devices = children(beam, "EnhancedRTBeamLimitingDeviceSequence")
    if not devices:
        return
    yield from check_definitions(devices, f"{path}/EnhancedRTBeamLimitingDeviceSequence")
    held = _openings(points, place)
    for device in devices:
        index = integer(device, "DeviceIndex")
        entries = held.get(index, [])
        if not entries or entries[0].point != 0:
            message = f"device {index} has no opening at the first control point"
            yield found("V225", message, f"{place}[0]/EnhancedRTBeamLimitingOpeningSequence", COMPLETE)
        bank = bank_of(device)
        if bank is not None and entries:
            yield from check_positions([entry.element for entry in entries], [entry.path for entry in entries], bank)
        if len(entries) > 1 and values_differ([entry.element for entry in entries]):
            absent = sorted(set(range(len(points))) - {entry.point for entry in entries})
            if absent:
                message = f"a device moves during the beam and has no opening at {len(absent)} control point(s)"
                yield found("V211", message, f"{place}[{absent[0]}]/EnhancedRTBeamLimitingOpeningSequence", COMPLETE)


def _openings(points: Sequence[Item], place: str) -> dict[int | None, list[Held]]:
    held: dict[int | None, list[Held]] = {}
    sequence = "EnhancedRTBeamLimitingOpeningSequence"
    for number, point in enumerate(points):
        for count, opening in enumerate(children(point, sequence)):
            # Leaves have positions, a circular collimator an outline, and a fixed one an offset only.
            word = next((each for each in OPENED_BY if tag_of(each) in opening), "")
            element = opening.get(tag_of(word)) if word else None
            if element is not None:
                path = f"{place}[{number}]/{sequence}[{count}]/{word}"
                held.setdefault(integer(opening, "ReferencedDeviceIndex"), []).append(Held(number, path, element))
    return held
