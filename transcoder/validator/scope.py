"""Where the validator stands: an item, the items that hold it, and what one run over an instance remembers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from transcoder.dicom.elements import Damaged, Element, Item, keyword
from transcoder.findings import Finding
from transcoder.validator.catalogue import found
from transcoder.validator.raw import items_of

__all__ = ["Run", "Scope", "parts"]

TOLD_EACH = 20  # findings of one kind at one place of the tables that are told item by item


@dataclass(slots=True)
class Recurring:
    """What is told once for all items of a sequence that share it, with their number."""

    code: str
    message: str
    path: str
    cite: str
    number: int = 0

    def told(self) -> Finding:
        """The finding, at the first of the places."""
        more = f", in {self.number} items" if self.number > 1 else ""
        return found(self.code, self.message + more, self.path, self.cite)


@dataclass(slots=True)
class Run:
    """What is remembered while one instance is judged."""

    findings: list[Finding] = field(default_factory=list)
    undecided: set[tuple[int, int]] = field(default_factory=set)
    recurring: dict[tuple[str, str], Recurring] = field(default_factory=dict)
    decided: dict[object, bool | None] = field(default_factory=dict)
    told_often: Counter[tuple[object, ...]] = field(default_factory=Counter)

    def told(self) -> list[Finding]:
        """All findings, those that recur in many items told once or counted."""
        more = [
            found(str(kind[0]), f"the same in {number - TOLD_EACH} further items", str(kind[1]), str(kind[2]))
            for kind, number in self.told_often.items()
            if number > TOLD_EACH
        ]
        return self.findings + more + [each.told() for each in self.recurring.values()]


class Scope:
    """One item with the way back to the root of the data set; the path is written only when it is asked for."""

    __slots__ = ("_top", "charset", "index", "item", "items", "run", "tag", "up")

    def __init__(
        self, item: Item, run: Run, up: Scope | None = None, tag: int = 0, items: Sequence[Item] = (), index: int = 0
    ) -> None:
        self.item = item
        self.run = run
        self.up = up
        self.tag = tag
        self.items = items
        self.index = index
        self._top: Scope | None = up.root if up else None
        self.charset: tuple[str, ...] = up.charset if up else ()

    @property
    def root(self) -> Scope:
        """The scope of the data set. It does not hold itself, so that an instance is freed as soon as it is judged."""
        return self._top or self

    @property
    def path(self) -> str:
        """The place of the item, such as ``BeamSequence[0]/ControlPointSequence[3]``; empty at the root."""
        if self.up is None:
            return ""
        return f"{self.up.place(self.tag)}[{self.index}]"

    def place(self, tag: int) -> str:
        """The path of an attribute of the item."""
        above = self.path
        return f"{above}/{keyword(tag)}" if above else keyword(tag)

    def tell(self, code: str, message: str, tag: int, cite: str, below: str = "") -> None:
        """Note a finding about an attribute of the item; the same one in many items is counted after the first.

        ``below`` is a part of the path that leads on from the attribute.
        """
        if self._is_new((code, self.pattern(tag), cite)):
            self.run.findings.append(found(code, message, self.place(tag) + below, cite))

    def tell_item(self, code: str, message: str, cite: str) -> None:
        """Note a finding about the item as a whole."""
        if self.up is not None and self._is_new((code, self.up.pattern(self.tag), cite)):
            self.run.findings.append(found(code, message, self.path, cite))

    def _is_new(self, kind: tuple[object, ...]) -> bool:
        self.run.told_often[kind] += 1
        return self.run.told_often[kind] <= TOLD_EACH

    def pattern(self, tag: int) -> str:
        """The path of an attribute of the item without item numbers."""
        words = [keyword(tag)]
        scope: Scope | None = self
        while scope is not None and scope.tag:
            words.append(keyword(scope.tag))
            scope = scope.up
        return "/".join(reversed(words))

    def tell_once(self, code: str, message: str, tag: int, cite: str) -> None:
        """Note what is the same in every item: an attribute that is absent, empty or in the wrong place."""
        key = (code, self.pattern(tag))
        if key not in self.run.recurring:
            self.run.recurring[key] = Recurring(code, message, self.place(tag), cite)
        self.run.recurring[key].number += 1

    def enter(self, element: Element) -> list[Item] | None:
        """The items of a sequence of the item; None, and noted, when it cannot be read."""
        try:
            return element.items
        except Damaged as damage:
            self.tell("V142", f"sequence cannot be read: {damage.message}", element.tag, "PS3.5 7.5")
            return None

    def within(self, tag: int) -> Scope | None:
        """The item itself or the nearest one above it that is an item of the sequence."""
        scope: Scope | None = self
        while scope is not None and scope.tag != tag:
            scope = scope.up
        return scope

    def above(self, levels: int) -> Scope | None:
        """The scope so many levels up, None beyond the root."""
        scope: Scope | None = self
        for _ in range(levels):
            scope = scope.up if scope else None
        return scope


def parts(item: Item, tags: Sequence[int]) -> Iterator[Element]:
    """The elements that a chain of tags reaches, through all items of the sequences on the way."""
    element = item.get(tags[0])
    if element is None:
        return
    if len(tags) == 1:
        yield element
        return
    for child in items_of(element):
        yield from parts(child, tags[1:])
