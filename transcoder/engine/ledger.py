"""The ledger: every element of a source has a fate, every element of a target an origin.

Readers and writers tell it as they go, so nothing depends on a rule's good will; what nobody told it of is
unaccounted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from transcoder.dicom.elements import Element, Item, keyword
from transcoder.findings import Account, Entry, Fate, Finding, Origin, Severity
from transcoder.mapping.model import Declared

__all__ = ["Ledger", "Note", "count_of"]

_CREATOR_LOW, _CREATOR_HIGH = 0x10, 0xFF


class Note(NamedTuple):
    """What became of an element, by which rule, and why where it has no home."""

    fate: Fate
    rule: str
    reason: str


Row = tuple[str, Note]
_HOLDER = Note(Fate.DERIVED, "", "a sequence says nothing beyond what it holds")
_RANK = {Fate.CARRIED: 3, Fate.DECLARED: 2, Fate.DERIVED: 1, Fate.UNACCOUNTED: 0}


class Ledger:
    """Marks of one source by element identity; the source is kept alive for as long as the ledger.

    A set comes with its radiations: :meth:`add` takes more instances in, each with what its sheets declare.
    """

    def __init__(self, source: Item, declared: Mapping[str, Declared]) -> None:
        self.declared = declared
        self._roots = [(source, declared)]
        self._marks: dict[int, Note] = {}
        self._targets: Counter[Origin] = Counter()
        self._elements = 0

    def add(self, source: Item, declared: Mapping[str, Declared]) -> None:
        """Account for one more instance of the same source."""
        self._roots.append((source, declared))

    def carry(self, elements: Iterable[Element], rule: str) -> None:
        """These elements stand in a target by this rule."""
        note = Note(Fate.CARRIED, rule, "")
        self._marks.update(dict.fromkeys(map(id, elements), note))

    def derive(self, elements: Iterable[Element], rule: str) -> None:
        """These elements were read by a rule and decided something, without standing in a target."""
        self._mark(elements, Note(Fate.DERIVED, rule, ""))

    def lose(self, elements: Iterable[Element], rule: str, reason: str) -> None:
        """These elements have no home, for this reason."""
        self._mark(elements, Note(Fate.DECLARED, rule, reason))

    def _mark(self, elements: Iterable[Element], note: Note) -> None:
        for element in elements:
            held = self._marks.get(id(element))
            if held is None or _RANK[held[0]] < _RANK[note[0]]:
                self._marks[id(element)] = note

    def target(self, tally: Mapping[Origin, int], elements: int) -> None:
        """The elements of one finished target by origin, and their number counted on its own."""
        self._targets.update(tally)
        self._elements += elements

    def close(self) -> tuple[Account, list[Finding]]:
        """The account, and one finding for each path with unaccounted elements."""
        rows, _, private = self._walk()
        account = Account()
        account.private = dict(private)
        findings: list[Finding] = []
        for (path, (fate, rule, reason)), count in sorted(Counter(rows).items()):
            account.source.elements += count
            setattr(account.source, fate.value, getattr(account.source, fate.value) + count)
            account.entries.append(Entry(path, fate.value, count, rule, reason))
            if fate is Fate.UNACCOUNTED:
                findings.append(
                    Finding("T100", Severity.WARNING, f"{count} element(s) that no rule accounts for", path)
                )
        account.target.elements = self._elements
        for origin, count in self._targets.items():
            setattr(account.target, origin.value, count)
        return account, findings

    def fates(self) -> dict[int, Note]:
        """What became of each single element, by its identity."""
        rows, elements, _ = self._walk()
        return {id(element): note for (_, note), element in zip(rows, elements, strict=True)}

    def _walk(self) -> tuple[list[Row], list[Element], Counter[str]]:
        """Position and fate of every element, the elements themselves, and the private ones by creator."""
        walk: tuple[list[Row], list[Element], Counter[str]] = [], [], Counter()
        for source, declared in self._roots:
            self.declared = declared
            self._close_item(source, "", None, *walk)
        return walk

    def _close_item(
        self,
        item: Item,
        path: str,
        above: Declared | None,
        rows: list[Row],
        elements: list[Element],
        private: Counter[str],
    ) -> str:
        """Account for one item; returns a rule that carried something of it, or nothing."""
        carrier = ""
        for tag, element in item.items():
            if tag >> 16 & 1:
                self._close_private(item, element, path, rows, elements, private)
                continue
            place = f"{path}/{keyword(tag)}" if path else keyword(tag)
            declared = self.declared.get(place, above)
            note = self._marks.get(id(element))
            if isinstance(element.value, list):
                inner, start = "", len(rows)
                for child in element.value:
                    inner = self._close_child(child, place, declared, rows, elements, private) or inner
                note = note or (Note(Fate.CARRIED, inner, "") if inner else None)
                if note is None and declared is None and not _has_open(rows[start:]):
                    note = _HOLDER
            note = note or _declared(declared)
            if note[0] is Fate.CARRIED:
                carrier = note[1]
            rows.append((place, note))
            elements.append(element)
        return carrier

    def _close_child(
        self,
        child: Item,
        place: str,
        declared: Declared | None,
        rows: list[Row],
        elements: list[Element],
        private: Counter[str],
    ) -> str:
        if declared is None or not declared.where:
            return self._close_item(child, place, declared, rows, elements, private)
        # The reason holds for an item that nothing was carried of; what a carried one lacks is unaccounted.
        start = len(rows)
        carrier = self._close_item(child, place, None, rows, elements, private)
        for number in range(start, len(rows)) if not carrier else ():
            path, note = rows[number]
            if note[0] is Fate.UNACCOUNTED:
                rows[number] = path, _declared(declared)
        return carrier

    def _close_private(
        self,
        item: Item,
        element: Element,
        path: str,
        rows: list[Row],
        elements: list[Element],
        private: Counter[str],
    ) -> None:
        creator = _creator(item, element.tag)
        count = 1 + sum(count_of(child) for child in element.items) if element.vr == "SQ" else 1
        private[creator] += count
        place = f"{path}/" if path else ""
        note = Note(Fate.DECLARED, "private", "private elements are not copied; --preserve keeps them")
        rows.extend([(f"{place}({element.tag >> 16:04X},xx{element.tag & 0xFF:02X})", note)] * count)
        elements.extend([element] * count)


def _declared(declared: Declared | None) -> Note:
    if declared is None:
        return Note(Fate.UNACCOUNTED, "", "")
    reason = f"{declared.kind}: {declared.reason}"
    return Note(Fate.DERIVED if declared.kind == "derived" else Fate.DECLARED, "not_carried", reason)


def _creator(item: Item, tag: int) -> str:
    number = tag & 0xFFFF
    block = tag if _CREATOR_LOW <= number <= _CREATOR_HIGH else tag & 0xFFFF0000 | number >> 8
    element = item.get(block)
    name = element.raw.decode("ascii", "replace").strip(" \0") if element else ""
    return name or f"({tag >> 16:04X}) without creator"


def count_of(item: Item) -> int:
    """The number of elements in an item, nested ones included."""
    return sum(
        1 + sum(count_of(child) for child in element.items) if element.vr == "SQ" else 1 for element in item.values()
    )


def _has_open(rows: list[Row]) -> bool:
    """Whether something of these is unaccounted for."""
    return any(note.fate is Fate.UNACCOUNTED for _, note in rows)
