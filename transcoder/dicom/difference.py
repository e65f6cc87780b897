"""What differs between two data sets, element by element; values that may identify a patient are not shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from transcoder.dicom.elements import Element, Item, keyword, tag_of
from transcoder.dicom.values import NUMERIC_VRS, ValueFault, encode_numbers, numbers

__all__ = ["Difference", "differences", "expanded", "from_first_turn"]

ABSENT = "-"
_SHOWN = 40
FULL = 360.0


@dataclass(frozen=True, slots=True)
class Difference:
    """One element that differs: its path with item numbers, its position without, and both values as far as shown."""

    path: str
    plain: str
    before: str
    after: str


def differences(
    before: Item,
    after: Item,
    place: str = "",
    plain: str = "",
    *,
    within: float = 0.0,
    keys: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Difference]:
    """Every element that only one of two data sets holds, or that differs in value.

    Numbers are compared as numbers, and are equal where they differ by no more than the fraction ``within``.
    Items of a sequence that ``keys`` names are matched by that attribute, others by their place.
    """
    for tag in sorted(before.keys() | after.keys()):
        if not tag & 0xFFFF:
            continue
        name = keyword(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
        here, there = before.get(tag), after.get(tag)
        path, position = f"{place}{name}", f"{plain}{name}"
        if _is_sequence(here) or _is_sequence(there):
            yield from _items(here, there, path, position, within, keys)
        elif not _same(_key(here), _key(there), within):
            yield Difference(path, position, _told(here), _told(there))


def _same(here: object, there: object, within: float) -> bool:
    if here == there:
        return True
    if not within or not isinstance(here, tuple) or not isinstance(there, tuple) or len(here) != len(there):
        return False
    return all(abs(one - other) <= within * max(1.0, abs(one)) for one, other in zip(here, there, strict=True))


def _items(
    here: Element | None,
    there: Element | None,
    path: str,
    plain: str,
    within: float,
    keys: Mapping[str, str],
) -> Iterator[Difference]:
    left, right = (here.items if here else []), (there.items if there else [])
    if not left and not right and (here is None) != (there is None):
        yield Difference(path, plain, _told(here), _told(there))
    key = keys.get(plain.rpartition("/")[2])
    if key is not None:
        right = _matched(left, right, tag_of(key))
    for number in range(max(len(left), len(right))):
        one = left[number] if number < len(left) else Item()
        other = right[number] if number < len(right) else Item()
        yield from differences(one, other, f"{path}[{number}]/", f"{plain}/", within=within, keys=keys)


def _matched(left: list[Item], right: list[Item], key: int) -> list[Item]:
    """The right items in the order of the left ones with the same key; as they are where a key is not unique."""
    names = [[_key(item.get(key)) for item in items] for items in (left, right)]
    if any(None in each or len(set(each)) != len(each) for each in names):
        return right
    by_name = dict(zip(names[1], right, strict=True))
    found = [by_name.pop(name, Item()) for name in names[0]]
    return [*found, *by_name.values()]


def _is_sequence(element: Element | None) -> bool:
    return element is not None and isinstance(element.value, list)


def _key(element: Element | None) -> object:
    if element is None:
        return None
    if element.vr in NUMERIC_VRS:
        try:
            held = numbers(element, lenient=True)
        except ValueFault:
            return element.raw.strip(b" \0")
        return () if held is None else tuple(held.tolist())
    return element.raw.strip(b" \0")


def _told(element: Element | None) -> str:
    if element is None:
        return ABSENT
    if element.is_empty():
        return "empty"
    if element.vr == "CS" or element.vr in NUMERIC_VRS:
        value = _key(element)
        text = "\\".join(f"{each:g}" for each in value) if isinstance(value, tuple) else _text(element)
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(element.raw)} bytes)"
    if element.vr == "UI":
        return "a UID"
    return f"{element.vr}, {len(element.raw.strip(bytes(1) + b' '))} bytes"


def _text(element: Element) -> str:
    return element.raw.decode("ascii", "replace").strip(" \0")


def expanded(root: Item, points: tuple[str, ...], keys: Mapping[str, str], counted: frozenset[str]) -> Item:
    """A copy in which each control point states what holds there, so that omitted repeats make no difference.

    ``points`` is the way from the root to the control points, ``keys`` names for each sequence in them the attribute
    by which its items are told apart, ``counted`` what belongs to one point only.
    """
    copy = Item()
    copy.update(root)
    tag = tag_of(points[0])
    element = copy.get(tag)
    if element is None or not isinstance(element.value, list):
        return copy
    if len(points) > 1:
        items = [expanded(item, points[1:], keys, counted) for item in element.items]
    else:
        items = _filled(element.items, keys, {tag_of(word) for word in counted})
    copy[tag] = Element(tag, "SQ", items)
    return copy


def from_first_turn(root: Item, points: str, words: Iterable[str]) -> Item:
    """A copy whose continuous angles count their turns from the first control point, which lies in [0, 360).

    Where a rotation starts to count is no content: 360 -> 0 is the turn from 0 to -360 (PS3.3 C.36.1.1.5).
    """
    sequence = root.get(tag_of(points))
    if sequence is None:
        return root
    tags = [tag_of(word) for word in words]
    items = []
    starts: dict[int, float] = {}
    for item in sequence.items:
        copy = Item()
        copy.update(item)
        for tag in tags:
            held = numbers(item[tag]) if tag in item else None
            if held is not None:
                start = starts.setdefault(tag, FULL * (held[0] // FULL))
                copy[tag] = Element(tag, item[tag].vr, encode_numbers(held - start, item[tag].vr))
        items.append(copy)
    whole = Item()
    whole.update(root)
    whole[tag_of(points)] = Element(sequence.tag, "SQ", items)
    return whole


def _filled(items: list[Item], keys: Mapping[str, str], own: set[int]) -> list[Item]:
    by_tag = {tag_of(sequence): tag_of(key) for sequence, key in keys.items()}
    held: Item = Item()
    found = []
    for item in items:
        now = Item()
        now.update({tag: element for tag, element in held.items() if tag not in own})
        for tag, element in item.items():
            before = now.get(tag)
            if tag in by_tag and before is not None:
                now[tag] = _merged(before, element, by_tag[tag])
            elif not element.is_empty() or tag in own or before is None:
                now[tag] = element
        found.append(now)
        held = now
    return found


def _merged(before: Element, element: Element, key: int) -> Element:
    """The items of a sequence at a point: those stated there, in the place of those that held before."""
    stated = {_key(item.get(key)): item for item in element.items}
    kept = [_joined(item, stated.get(_key(item.get(key)))) for item in before.items]
    known = {_key(item.get(key)) for item in before.items}
    if len(known) != len(before.items) or len(stated) != len(element.items):
        return element
    return Element(element.tag, "SQ", [*kept, *(item for name, item in stated.items() if name not in known)])


def _joined(before: Item, now: Item | None) -> Item:
    whole = Item()
    whole.update(before)
    whole.update(now or {})
    return whole
