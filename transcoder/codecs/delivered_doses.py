"""Measured and calculated doses of a session -> doses of the records of one fraction (PS3.3 C.8.8.19 to C.36.21)."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from math import fsum, isclose
from typing import Any, NamedTuple

import numpy as np

from transcoder.codecs.doses import REFERENCE, require_unique
from transcoder.codecs.registry import Assumed, Cell, Lost, Refused, assembler

__all__ = ["CALCULATED", "MEASURED", "Point", "delivered_doses"]

# Labels of points that a record numbers itself.
MEASURED, CALCULATED = "Measured dose", "Calculated dose"
Record = dict[str, Cell]
# Decimal strings of one machine; less is no difference.
_SAME = 1e-6
# The characters of a label (LO).
_LABEL = 64
_PLACES = {MEASURED: "MeasuredDoseReferenceSequence", CALCULATED: "CalculatedDoseReferenceSequence"}
_NO_DOSE = "each record of a set needs a dose, and one of them has none (C.36.21)"
_NOT_ALL = "a dose identification needs a calculated dose of each record (C.36.21)"
_NOT_GRAY = "a dose that is not in gray has no place (C.36.21)"
_NO_UNIT = "the unit of a measured dose stands in Measured Dose Reference Sequence, which does not name this one"
_NO_POINT = "a dose without value or without the point that it belongs to"
_UNDIVIDED = "one dose of several beams is not divided among their records"
_UNMAPPED = "a dose mapping rises from 0 along the meterset (C.36.11.1.1)"
_NO_END = "a dose belongs to a meterset, and nobody tells at which one its beam ended (C.36.21)"
_NOT_SUM = "the doses of the beams do not make this dose of the session"
_NO_LABEL = "the label of a dose has one line of 64 characters (C.36.21)"
_NAMELESS = "a measured dose tells its point by its description alone (C.36.21)"
_UNUSED = "no record holds a dose of this point"


class Point(NamedTuple):
    """What received a dose: a dose reference of the plan, or a point that the record numbers itself."""

    word: str
    number: int

    @property
    def label(self) -> str:
        """Its name where it has no description."""
        return f"{self.word} {self.number}"

    @property
    def rank(self) -> tuple[bool, int]:
        """Dose references of the plan come first."""
        return self.word != REFERENCE, self.number


@assembler(
    "delivered_doses",
    identifications="label volume volume_uid? plan? record?",
    radiations="radiation parameters? measured?",
    parameters="identification effect mapping",
    mapping="meterset dose",
    measured="meterset dose device? description",
)
def delivered_doses(
    beams: list[Record],
    session: list[Record],
    beam_measured: list[Record],
    beam_calculated: list[Record],
    session_measured: list[Record],
    session_calculated: list[Record],
    measured: list[Record],
    calculated: list[Record],
    references: list[Record],
    names: list[Record],
) -> dict[str, list[Any]]:
    """The doses of the records of one fraction (C.36.21).

    A calculated dose becomes a mapping of the delivered meterset to it, from 0 on; its point becomes an identification
    where each record has a dose of it, because a record holds as many doses as there are identifications. A measured
    dose stands at the end of its record with device and description. Where nothing was calculated, the measured
    points are the identifications. What is told of the whole session alone is the dose of its only record.
    """
    alone = _uid(beams[0]) if len(session) == 1 and beams else ""
    told = _Doses(MEASURED).read(measured, beam_measured, session_measured, alone)
    mapped = _Doses(CALCULATED).read(calculated, beam_calculated, session_calculated, alone)
    ends = {_uid(beam): float(beam["meterset"].value[-1, 0]) for beam in beams if beam["meterset"]}
    told.keep_gray()
    told.keep_ended(ends)
    mapped.keep_ended(ends)
    mapped.keep_rising(ends)
    uids = [_uid(beam) for beam in beams]
    kept = _kept(uids, mapped, told)
    identified = sorted(kept or told.used(), key=lambda point: point.rank)
    if not identified:
        return {"lost": [*told.settle(()), *mapped.settle(())]}
    require_unique(references)
    holder = mapped if kept else told
    made = {
        "identifications": [_identification(each, holder, references, names) for each in identified],
        "radiations": [_radiation(beam, ends, identified if kept else [], mapped, told) for beam in beams],
    }
    for point in kept:
        description = mapped.points.get(point, {}).get("description", Cell(None))
        if description and not _is_label(description.value[0]):
            mapped.lose("T106", _NO_LABEL, description)
    for point in told.used():
        if kept and _text(told.points[point], "description"):
            told.lose("T106", _NAMELESS, told.points[point]["number"])
    return {**made, "lost": [*told.settle(told.used()), *mapped.settle(kept)]}


@dataclass(slots=True)
class _Doses:
    """The measured or the calculated doses of a session: their points, and what each record has of them."""

    word: str
    points: dict[Point, Record] = field(default_factory=dict)
    held: dict[str, dict[Point, Cell]] = field(default_factory=dict)
    lost: list[Lost] = field(default_factory=list)

    def read(self, points: list[Record], mine: list[Record], all_of_session: list[Record], alone: str) -> _Doses:
        """Take in the points, the doses of the records of this fraction, and what the session says beside them."""
        for item in points:
            point = self._point(item)
            if point is None:
                self.lose("T260", _NO_POINT, *item.values())
            elif point in self.points:
                raise Refused("T073", f"two items of {_PLACES[self.word]} have the same number")
            else:
                self.points[point] = item
        for item in mine:
            self._take(item)
        parts: dict[Point, list[float]] = {}
        for item in all_of_session:
            if (point := self._point(item)) is not None and item["value"]:
                parts.setdefault(point, []).append(float(item["value"].value[0]))
        for point, item in self.points.items():
            self._take_total(point, item["value"], parts.get(point), alone)
        return self

    def _point(self, item: Record) -> Point | None:
        """The point that an item names; where it names two, the one that is known."""
        words = (("number", REFERENCE), ("own", self.word))
        named = [Point(word, int(item[name].value[0])) for name, word in words if item[name]]
        return next((point for point in named if point in self.points), named[0] if named else None)

    def _take(self, item: Record) -> None:
        point = self._point(item)
        if point is None or not item["value"]:
            self.lose("T260", _NO_POINT, *item.values())
        elif self.word == MEASURED and point not in self.points:
            self.lose("T260", _NO_UNIT, *item.values())
        else:
            held = self.held.setdefault(_uid(item), {})
            if point in held:
                raise Refused("T073", "one beam has two doses of the same number")
            sources = (source for name in ("value", "number", "own") for source in item[name].sources)
            held[point] = Cell(item["value"].value, tuple(sources))

    def _take_total(self, point: Point, total: Cell, parts: list[float] | None, alone: str) -> None:
        if not total:
            return
        if parts is not None:
            if not isclose(fsum(parts), float(total.value[0]), rel_tol=_SAME, abs_tol=_SAME):
                self.lose("T261", _NOT_SUM, total)
        elif alone:
            self.held.setdefault(alone, {})[point] = total
        else:
            self.lose("T260", _UNDIVIDED, total)

    def keep_gray(self) -> None:
        """Leave out what is relative."""
        self._drop(lambda _, point, __: _text(self.points[point], "units") != ["GY"], _NOT_GRAY)

    def keep_ended(self, ends: dict[str, float]) -> None:
        """Leave out what has no meterset to stand at."""
        self._drop(lambda uid, _, __: uid not in ends, _NO_END)

    def keep_rising(self, ends: dict[str, float]) -> None:
        """Leave out what has no mapping, of a record that ends at this meterset."""
        self._drop(lambda uid, _, dose: ends[uid] <= 0 or dose.value[0] < 0, _UNMAPPED)

    def drop(self, uid: str, reason: str, kept: Container[Point] = ()) -> None:
        """Leave out doses of a record."""
        self._drop(lambda each, point, _: each == uid and point not in kept, reason)

    def _drop(self, unfit: Any, reason: str) -> None:
        for uid, held in self.held.items():
            for point in [point for point, dose in held.items() if unfit(uid, point, dose)]:
                self.lose("T260", reason, held.pop(point))

    def used(self) -> set[Point]:
        """The points of which a record holds a dose."""
        return {point for held in self.held.values() for point in held}

    def lose(self, code: str, reason: str, *cells: Cell) -> None:
        """Note that values have no place."""
        sources = tuple(source for cell in cells for source in cell.sources)
        if sources:
            self.lost.append(Lost(code, reason, _PLACES[self.word], sources))

    def settle(self, used: Container[Point]) -> list[Lost]:
        """All that has no place; why a point is not used was told with its doses."""
        for point, item in self.points.items():
            if point not in used:
                self.lose("", _UNUSED, *item.values())
        return self.lost

    def name(self, point: Point, *, label: bool = False) -> Cell:
        """The description of a point or, where it has none that a label can hold, its number."""
        item = self.points.get(point, {})
        described = item.get("description", Cell(None))
        told = [text for text in described.value or () if text.strip()]
        if told and (not label or _is_label(told[0])):
            return Cell(told, described.sources)
        numbers = (source for name in ("number", "own") if name in item for source in item[name].sources)
        return Cell([point.label], (*numbers, *(() if told else described.sources)))


def _kept(uids: list[str], mapped: _Doses, told: _Doses) -> set[Point]:
    """The points of which each record that has no measured dose has a calculated one; else all doses are left out."""
    if not mapped.used() and not told.used():
        return set()
    needy = [uid for uid in uids if not told.held.get(uid)]
    asked = needy or [uid for uid in uids if mapped.held.get(uid)]
    kept = set.intersection(*({*mapped.held.get(uid, {})} for uid in asked)) if asked else set()
    full = [uid for uid in uids if kept and kept <= mapped.held.get(uid, {}).keys()]
    for uid in uids:
        if needy and not kept:
            told.drop(uid, _NO_DOSE)
            mapped.drop(uid, _NO_DOSE)
        else:
            mapped.drop(uid, _NOT_ALL, kept if uid in full else ())
    return kept


def _identification(point: Point, holder: _Doses, references: list[Record], names: list[Record]) -> Record:
    """What identifies a dose; the volume of a dose reference is the one that the plan gives it, too."""
    item = holder.points.get(point, {})
    numbers = tuple(source for name in ("number", "own") if name in item for source in item[name].sources)
    of_plan = point.word == REFERENCE
    uid = next((each["uid"] for each in references if of_plan and int(each["number"].value[0]) == point.number), None)
    plan, record = (Cell(names[0][name].value, numbers) for name in ("plan", "record"))
    return {
        "label": holder.name(point, label=True),
        "volume": Cell(point.label.lower()),
        "volume_uid": Cell(uid.value, (*numbers, *uid.sources)) if uid else Cell(None),
        "plan": plan if of_plan else Cell(None),
        "record": record,
    }


def _radiation(
    beam: Record, ends: dict[str, float], identified: list[Point], mapped: _Doses, told: _Doses
) -> dict[str, Any]:
    uid = _uid(beam)
    end = ends.get(uid, 0.0)
    doses = mapped.held.get(uid, {})
    parameters = [
        {
            "identification": Cell(np.array([float(number)])),
            "effect": Cell(Assumed(["NO"])),
            "mapping": {
                "meterset": Cell(np.array([[0.0], [end]])),
                "dose": Cell(np.array([[0.0], [doses[point].value[0]]]), doses[point].sources),
            },
        }
        for number, point in enumerate(identified, start=1)
        if point in doses
    ]
    measured = [
        {
            "meterset": Cell(np.array([end])),
            "dose": Cell(dose.value, (*dose.sources, *told.points[point]["units"].sources)),
            "device": told.points[point]["type"],
            "description": told.name(point),
        }
        for point, dose in sorted(told.held.get(uid, {}).items(), key=lambda each: each[0].rank)
    ]
    return {"radiation": beam["radiation"], "parameters": parameters, "measured": measured}


def _uid(record: Record) -> str:
    return str((record["radiation"].value or [""])[0])


def _is_label(text: str) -> bool:
    """Whether a text fits into a value of LO (PS3.5 6.2)."""
    return len(text) <= _LABEL and text.isprintable() and "\\" not in text


def _text(record: Record, name: str) -> list[str]:
    return record[name].value or []
