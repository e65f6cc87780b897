"""Doses of the records of one fraction -> measured and calculated doses of a session (PS3.3 C.36.21, C.8.8.19)."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import fsum, isclose
from typing import Any

import numpy as np

from transcoder.codecs.delivered_doses import CALCULATED, MEASURED, Point
from transcoder.codecs.doses import REFERENCE
from transcoder.codecs.registry import Cell, Refused, disassembler
from transcoder.codecs.scalars import Numbered

__all__ = ["delivered_doses_back"]

Record = dict[str, Any]
Counted = dict[tuple[str, Point], tuple[Any, ...]]
NONE = Cell(None)
_EMPTY = Cell([""])
_SAME = 1e-9
_INSIDE = "points of a dose mapping before its end; a session item tells the dose of the whole beam (C.8.8.21)"
_EARLY = "a dose measured before the end of its radiation; a session item tells the dose of the whole beam (C.8.8.21)"
_UNUSED = "an identification of which no dose is told (C.8.8.20)"
_EFFECTIVE = "that a dose is an effective one, which a treatment record does not tell (C.8.8.20)"


@disassembler("delivered_doses", counts=True)
def delivered_doses_back(
    identifications: list[Record], radiations: list[Record], known: dict[str, Record], counted: Counted
) -> dict[str, Any]:
    """What the session and its items say of the doses of a record set.

    ``known`` has the cumulative meterset (n, 1) of each record by its UID, ``counted`` the points that have a number.
    A label that this software makes gives its number back; any other point is numbered anew and described by its
    label. Raises :class:`~transcoder.codecs.registry.Refused` where a dose belongs to nothing.
    """
    labels = {int(each["number"].value[0]): each["label"] for each in identifications if each["number"]}
    mapped, told, notes = _Points(CALCULATED, counted), _Points(MEASURED, counted), _Notes()
    beams: dict[str, list[Record]] = {"beam_measured": [], "beam_calculated": []}
    named: set[str] = set()
    for radiation in radiations:
        held = known.get((radiation["radiation"].value or [""])[0])
        if held is None or not held["meterset"]:
            raise Refused("T206", "a dose names a radiation that the set does not hold")
        end = float(held["meterset"].value[-1, 0])
        for label, dose in _calculated(radiation, labels, end, notes):
            named.add(_text(label))
            beams["beam_calculated"].append({"radiation": radiation["radiation"], **mapped.take(label, NONE, 0, dose)})
        for label, device, place, dose in _measured(radiation, end, notes):
            named.add(_text(label))
            beams["beam_measured"].append(
                {"radiation": radiation["radiation"], **told.take(label, device, place, dose)}
            )
    notes.add(_UNUSED, when=any(_text(label) not in named and not _is_made(label) for label in labels.values()))
    unread: dict[str, list[Record]] = {name: [] for name in ("beams", "session", "references", "names")}
    unread |= {"session_measured": [], "session_calculated": []}
    return {**unread, **beams, "measured": told.items(), "calculated": mapped.items(), "notes": list(notes.texts)}


@dataclass(slots=True)
class _Notes:
    texts: dict[str, None] = field(default_factory=dict)

    def add(self, text: str, *, when: bool) -> None:
        if when:
            self.texts[text] = None


@dataclass(slots=True)
class _Points:
    """The points of one sequence of the session, each with the doses of its beams."""

    word: str
    counted: Counted
    found: dict[Point, Record] = field(default_factory=dict)

    def take(self, label: Cell, device: Cell, place: int, dose: Cell) -> Record:
        """What the session item says of this dose; ``place`` tells points apart that look alike."""
        identity = (tuple(label.value or ()), tuple(device.value or ()), place)
        point, described = self._point(identity, label)
        number = Cell(np.array([float(point.number)]), label.sources)
        names = {"number": number, "own": NONE} if point.word == REFERENCE else {"number": NONE, "own": number}
        description = label if described and label else NONE
        held = self.found.setdefault(point, {**names, "description": description, "type": device, "doses": []})
        held["doses"].append(dose)
        return {**names, "value": dose}

    def _point(self, identity: tuple[Any, ...], label: Cell) -> tuple[Point, bool]:
        """The point of this identity, and whether it needs its description."""
        for word in (REFERENCE, self.word):
            _, number = Numbered.backward(label.value or [""], word)
            if number is not None and self._has(point := Point(word, int(number[0])), identity):
                return point, False
        numbers = range(1, len(self.counted) + 2)
        return next(point for each in numbers if self._has(point := Point(self.word, each), identity)), True

    def _has(self, point: Point, identity: tuple[Any, ...]) -> bool:
        return self.counted.setdefault((self.word, point), identity) == identity

    def items(self) -> list[Record]:
        """The items of the sequence: the dose of a session is the sum of those of its beams (C.8.8.19)."""
        found = []
        for _, held in sorted(self.found.items(), key=lambda each: each[0].rank):
            doses = held.pop("doses")
            sources = tuple(source for dose in doses for source in dose.sources)
            total = Cell(np.array([fsum(float(dose.value[0]) for dose in doses)]), sources)
            gray = Cell(["GY"], sources)
            found.append({**held, "type": held["type"] if held["type"] else _EMPTY, "units": gray, "value": total})
        return found


def _calculated(radiation: Record, labels: dict[int, Cell], end: float, notes: _Notes) -> list[tuple[Cell, Cell]]:
    """The label of each calculated dose with the dose at the end of the radiation."""
    found = []
    for each in radiation["parameters"]:
        number = each["identification"].value
        label = None if number is None else labels.get(int(number[0]))
        if label is None:
            raise Refused("T210", "a dose names no item of Radiation Dose Identification Sequence")
        meterset, dose = each["mapping"]["meterset"], each["mapping"]["dose"]
        if not meterset or not dose:
            raise Refused("T211", "Meterset to Dose Mapping Sequence has no values")
        if not isclose(meterset.value[-1, 0], end, rel_tol=_SAME, abs_tol=_SAME):
            raise Refused("T211", "a dose is not mapped up to the last meterset of its radiation (C.36.11.1.1)")
        notes.add(_INSIDE, when=len(meterset.value) > 2)
        notes.add(_EFFECTIVE, when=each["effect"].value == ["YES"])
        sources = (*dose.sources, *meterset.sources, *each["identification"].sources)
        found.append((label, Cell(dose.value[-1], sources)))
    return found


def _measured(radiation: Record, end: float, notes: _Notes) -> list[tuple[Cell, Cell, int, Cell]]:
    """Description, device and dose of what was measured over the whole radiation, and its place among its like."""
    found: list[tuple[Cell, Cell, int, Cell]] = []
    alike: dict[tuple[Any, ...], int] = {}
    for each in radiation["measured"]:
        if not each["meterset"] or not each["dose"]:
            raise Refused("T211", "Measured Meterset to Dose Mapping Sequence has no values")
        early = not isclose(each["meterset"].value[0], end, rel_tol=_SAME, abs_tol=_SAME)
        notes.add(_EARLY, when=early)
        if early:
            continue
        looks = (tuple(each["description"].value or ()), tuple(each["device"].value or ()))
        place = alike[looks] = alike.get(looks, -1) + 1
        dose = Cell(each["dose"].value, (*each["dose"].sources, *each["meterset"].sources))
        found.append((each["description"], each["device"], place, dose))
    return found


def _is_made(label: Cell) -> bool:
    """Whether a label holds a number alone."""
    return any(Numbered.backward([_text(label)], word)[1] is not None for word in (REFERENCE, MEASURED, CALCULATED))


def _text(label: Cell) -> str:
    return str((label.value or [""])[0])
