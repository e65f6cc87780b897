"""The instance being written: elements put by path, each with its origin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from transcoder.codecs.registry import Code, Refused
from transcoder.dicom.elements import Element, Item, encode, keyword, tag_of, vr_of
from transcoder.findings import Origin
from transcoder.paths import Step

__all__ = ["TargetTree", "code_item", "copy_element"]

_CODE_VALUE, _SCHEME, _MEANING = tag_of("CodeValue"), tag_of("CodingSchemeDesignator"), tag_of("CodeMeaning")
_LONG_CODE_VALUE = tag_of("LongCodeValue")
_LONGEST_CODE_VALUE = 16


class TargetTree:
    """One target instance: its root, and the origin of each element that was put into it."""

    def __init__(self) -> None:
        self.root = Item()
        # By identity; the element is held with its origin, since a freed one would lend its identity to another.
        self._origins: dict[int, tuple[Element, Origin]] = {}
        self._ready: dict[int, Counter[Origin]] = {}

    def put(self, item: Item, tag: int, vr: str, value: bytes | list[Item], origin: Origin) -> Element:
        """Store an element of this origin; what is nested in it has the same origin unless put on its own."""
        element = item.put(tag, vr, value)
        self._origins[id(element)] = (element, origin)
        return element

    def origin_of(self, element: Element) -> Origin:
        """Where an element comes from."""
        return self._origins.get(id(element), (element, Origin.MAPPED))[1]

    def put_ready(self, item: Item, tag: int, value: bytes, tally: Counter[Origin]) -> None:
        """Store a sequence whose items are encoded already, with the number of elements inside by origin."""
        element = self.put(item, tag, "SQ", value, Origin.MAPPED)
        self._ready[id(element)] = tally

    def place(self, item: Item, steps: Sequence[Step], origin: Origin) -> Item:
        """The item that holds the last step's attribute; sequences and items on the way are made where absent."""
        for step in steps[:-1]:
            tag = tag_of(step.keyword)
            element = item.get(tag)
            if element is None:
                element = self.put(item, tag, "SQ", [], origin)
            children = element.value
            assert isinstance(children, list)  # noqa: S101 - only sequences are put on the way
            if step.every or not children:
                children.append(Item())
                item = children[-1]
            else:
                item = children[min(step.number, len(children) - 1)]
        return item

    def append(self, item: Item, steps: Sequence[Step], origin: Origin = Origin.MAPPED) -> Item:
        """A new item at the end of the sequence that the steps name."""
        holder = self.place(item, steps, origin)
        tag = tag_of(steps[-1].keyword)
        element = holder.get(tag)
        if element is None:
            element = self.put(holder, tag, "SQ", [], origin)
        children = element.value
        assert isinstance(children, list)  # noqa: S101 - a sequence that takes items is not encoded yet
        children.append(Item())
        return children[-1]

    def finish(self) -> tuple[bytes, Counter[Origin], int]:
        """The encoded data set, its elements by origin, and their number."""
        tally: Counter[Origin] = Counter()
        self._tally(self.root, Origin.MAPPED, tally)
        return encode(self.root), tally, tally.total()

    def _tally(self, item: Item, above: Origin, tally: Counter[Origin]) -> None:
        for element in item.values():
            origin = self._origins.get(id(element), (element, above))[1]
            tally[origin] += 1
            if id(element) in self._ready:
                tally.update(self._ready[id(element)])
            elif isinstance(element.value, list):
                for child in element.value:
                    self._tally(child, origin, tally)


def code_item(code: Code) -> Item:
    """The item of a code sequence (PS3.3 Table 8.8-1)."""
    item = Item()
    long = len(code.value) > _LONGEST_CODE_VALUE
    item.put(_LONG_CODE_VALUE if long else _CODE_VALUE, "UC" if long else "SH", code.value.encode("ascii"))
    item.put(_SCHEME, "SH", code.scheme.encode("ascii"))
    item.put(_MEANING, "LO", code.meaning.encode("ascii"))
    return item


def copy_element(element: Element, elements: list[Element]) -> Element:
    """A copy without private and group length elements; ``elements`` gets each source element that was copied."""
    elements.append(element)
    if not isinstance(element.value, list):
        if vr_of(element.tag) == "SQ" and element.vr != "SQ":
            raise Refused("T285", f"{keyword(element.tag)} is encoded as {element.vr}, the attribute is SQ")
        vr = element.vr if element.vr != "UN" else vr_of(element.tag)
        return Element(element.tag, vr, element.value)
    items = []
    for child in element.value:
        item = Item()
        for tag, inner in child.items():
            if not tag >> 16 & 1 and tag & 0xFFFF:
                item[tag] = copy_element(inner, elements)
        items.append(item)
    return Element(element.tag, element.vr, items)
