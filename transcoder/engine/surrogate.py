"""Stand-ins for radiations that no RT Plan can hold, made before the way back runs (``--surrogate``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from transcoder.dicom.elements import Item, tag_of, vr_of
from transcoder.dicom.instance import Instance
from transcoder.dicom.values import encode_numbers, numbers
from transcoder.engine.scope import Run
from transcoder.engine.tables import concept
from transcoder.engine.tree import code_item
from transcoder.engine.writing import constant_bytes
from transcoder.findings import Severity
from transcoder.mapping.demands import Surrogate
from transcoder.mapping.marks import NOWHERE
from transcoder.mapping.model import Declared
from transcoder.mapping.model import Mapping as Sheets

__all__ = ["Everything", "StandIns", "is_stand_in", "stand_in"]

_METERSET = "CumulativeMeterset"
_UNIT = "RadiationDosimeterUnitSequence"
_POINTS = "CArmPhotonElectronControlPointSequence"
_MARKS = {"UserContentLabel": "label", "ContentDescription": "description"}


@dataclass(slots=True)
class StandIns:
    """The sets and the other instances with stand-ins in their places, and what each of them stands for."""

    sets: list[Instance]
    others: list[Instance]
    originals: dict[int, Item] = field(default_factory=dict)
    sheet: Surrogate | None = None

    def item(self, instance: Instance) -> Item:
        """The data set that is accounted for."""
        return self.originals.get(id(instance), instance.item)

    @property
    def classes(self) -> frozenset[str]:
        """The classes that have stand-ins here."""
        return frozenset(self.sheet.classes if self.sheet is not None else ())

    def declared(self, known: Mapping[str, Declared]) -> Mapping[str, Declared]:
        """What is declared of the elements of an original."""
        return known if self.sheet is None else Everything(self.sheet)

    def tell(self, run: Run) -> None:
        """Say of each stand-in that it is one."""
        if self.sheet is not None:
            message = "a stand-in with one static beam for each radiation: not for treatment"
            run.tell("T223", Severity.WARNING, message, "RTRadiationSequence", cite=self.sheet.cite)


class Everything(Mapping[str, Declared]):
    """The same reason for every path: nothing of a radiation that is stood in for has a home in its stand-in."""

    def __init__(self, sheet: Surrogate) -> None:
        self._declared = Declared("", "never", sheet.reason, "", NOWHERE.at())

    def __getitem__(self, path: str) -> Declared:
        return self._declared

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


def stand_in(sets: Sequence[Instance], others: Sequence[Instance], sheets: Sheets, members: set[str]) -> StandIns:
    """Put a stand-in where a set names a radiation of a class that RT Plan cannot hold."""
    sheet = next(iter(sheets.surrogates.values()))
    found = StandIns(list(sets), list(others))
    for place, each in enumerate(others):
        if each.sop_class_uid in sheet.classes and each.sop_instance_uid in members:
            made = Instance(_radiation(each.item, sheet, sheets), each.path)
            found.originals[id(made)] = each.item
            found.others[place] = made
    if found.originals:
        found.sheet = sheet
        for place, each in enumerate(sets):
            made = Instance(_marked(each.item, sheet), each.path)
            found.originals[id(made)] = each.item
            found.sets[place] = made
    return found


def _marked(item: Item, sheet: Surrogate) -> Item:
    """The set without what holds of its radiations only, named as a stand-in."""
    made = Item()
    made.update({tag: element for tag, element in item.items() if tag not in set(map(tag_of, sheet.drop))})
    for word, mark in _MARKS.items():
        made.put(tag_of(word), vr_of(tag_of(word)), getattr(sheet, mark).encode("ascii"))
    return made


def _radiation(item: Item, sheet: Surrogate, sheets: Sheets) -> Item:
    made = _built(sheet.put, sheets)
    _keep(made, item, sheet.keep)
    for word, inner in sheet.first.items():
        held = item.get(tag_of(word))
        if held is not None and held.items:
            first = Item()
            _keep(first, held.items[0], inner)
            made.put(tag_of(word), "SQ", [first])
    for word, other in sheet.instead.items():
        if tag_of(word) not in made and (held := item.get(tag_of(other))) is not None:
            made.put(tag_of(word), vr_of(tag_of(word)), held.raw)
    # The openings that are put are those of the isocenter plane.
    axis = made.get(tag_of("RadiationSourceAxisDistance"))
    if axis is not None:
        made.put(tag_of("RTBeamModifierDefinitionDistance"), axis.vr, axis.raw)
    for word, mark in _MARKS.items():
        made.put(tag_of(word), vr_of(tag_of(word)), getattr(sheet, mark).encode("ascii"))
    held = item.get(tag_of(next(path for uid, path in sheet.classes.items() if uid == _class_of(item))))
    points = _points(held.items if held is not None else [], sheet, sheets)
    _count_otherwise(made, points, sheet, sheets)
    made.put(tag_of(_POINTS), "SQ", points)
    return made


def _count_otherwise(made: Item, points: Sequence[Item], sheet: Surrogate, sheets: Sheets) -> None:
    """Bring metersets to the dosimeter unit that an RT Plan knows in the place of theirs."""
    unit = made.get(tag_of(_UNIT))
    codes = [_code(each) for each in (unit.items if unit is not None else [])]
    for word, (other, ratio) in sheet.units.items():
        if codes != [concept(sheets, word).key]:
            continue
        made.put(tag_of(_UNIT), "SQ", [code_item(concept(sheets, other))])
        tag, factor = tag_of(_METERSET), Fraction(ratio)
        for point in points:
            if tag in point and (value := numbers(point[tag])) is not None:
                scaled = value * factor.numerator / factor.denominator
                point.put(tag, "FD", encode_numbers(scaled, "FD"))


def _code(item: Item) -> tuple[str, str]:
    words = ("CodeValue", "CodingSchemeDesignator")
    value, scheme = (
        item[tag_of(word)].raw.decode("ascii", "replace").strip(" \0") if tag_of(word) in item else "" for word in words
    )
    return value, scheme


def _class_of(item: Item) -> str:
    return Instance(item).sop_class_uid


def _keep(made: Item, item: Item, words: Sequence[str]) -> None:
    made.update({tag_of(word): item[tag_of(word)] for word in words if tag_of(word) in item})


def _points(points: Sequence[Item], sheet: Surrogate, sheets: Sheets) -> list[Item]:
    """The start of the beam and its end, with the first and the last meterset that are stated."""
    start, end = _built(sheet.point, sheets), Item()
    tag = tag_of(_METERSET)
    stated = [point[tag] for point in points if tag in point and not point[tag].is_empty()]
    if stated:
        start[tag], end[tag] = stated[0], stated[-1]
    for number, point in enumerate((start, end), start=1):
        point.put(tag_of("RTControlPointIndex"), "US", number.to_bytes(2, "little"))
    return [start, end]


def _built(data: Mapping[str, Any], sheets: Sheets) -> Item:
    """An item of constants: concepts by their names, items as mappings."""
    made = Item()
    for word, value in data.items():
        tag = tag_of(word)
        content: bytes | list[Item]
        if vr_of(tag) == "SQ":
            content = [
                code_item(concept(sheets, each)) if isinstance(each, str) else _built(each, sheets) for each in value
            ]
        else:
            content = constant_bytes(tag, value)
        made.put(tag, vr_of(tag), content)
    return made


def is_stand_in(item: Item, sheets: Sheets) -> bool:
    """Whether a beam or fraction group bears the mark of a stand-in, or says that it was made from what needs one."""
    for sheet in sheets.surrogates.values():
        texts = [item.get(tag_of(word)) for word in ("FractionGroupDescription", "BeamDescription")]
        if any(each is not None and each.raw.rstrip(b" \0") == sheet.description.encode("ascii") for each in texts):
            return True
        source = item.get(tag_of("DefinitionSourceSequence"))
        for each in source.items if source is not None else []:
            named = each.get(tag_of("ReferencedSOPClassUID"))
            if named is not None and named.raw.rstrip(b" \0").decode("ascii", "replace") in sheet.classes:
                return True
    return False
