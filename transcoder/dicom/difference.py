"""What differs between two data sets, element by element; values that may identify a patient are not shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from transcoder.dicom.elements import Element, Item, keyword, tag_of
from transcoder.dicom.values import NUMERIC_VRS, ValueFault, encode_numbers, numbers

__all__ = ["Difference", "Gone", "Kind", "Matching", "differences", "expanded", "from_first_turn"]

ABSENT, EMPTY = "-", "empty"
_SHOWN = 40
FULL = 360.0


class Kind(StrEnum):
    """What a trip did to a value; an element without value says as much as none."""

    LOST = "lost"
    NEW = "new"
    CHANGED = "changed"
    HOLLOW = "hollow"


class Gone(IntEnum):
    """What had to arrive of an item: something, nothing that anyone would miss, or nothing at all."""

    NO = 0
    PERHAPS = 1
    YES = 2


@dataclass(frozen=True, slots=True)
class Difference:
    """One element that differs: its path with item numbers, its position without, and both values as far as shown.

    ``subject`` is the thing that the element tells of: the items around it as far as the first that has a name of its
    own, which may be told of at several places. ``element`` is the one before, if any.
    """

    path: str
    plain: str
    before: str
    after: str
    subject: tuple[str, ...] = ()
    element: Element | None = None
    # The position of the outermost sequence in which a whole item is new.
    added: str = ""
    # Whether the whole item was left behind, and nothing of it had to arrive.
    left: bool = False

    @property
    def kind(self) -> Kind:
        """Whether the value was lost, is new, or is another one."""
        was, is_there = (each not in (ABSENT, EMPTY) for each in (self.before, self.after))
        if was:
            return Kind.CHANGED if is_there else Kind.LOST
        return Kind.NEW if is_there else Kind.HOLLOW


@dataclass(frozen=True, slots=True)
class Matching:
    """How two data sets are compared.

    Numbers are equal where they differ by no more than the fraction ``within``. Items of a sequence that ``keys``
    names are matched by that attribute, others by their place. ``subjects`` names for each sequence the attribute
    that tells which thing its items tell of, empty where they tell of what the item around them does. ``gone`` tells
    what had to arrive of an item; one that was left behind has no counterpart.
    """

    within: float = 0.0
    keys: Mapping[str, str] = field(default_factory=dict)
    subjects: Mapping[str, str] = field(default_factory=dict)
    gone: Callable[[Item], Gone] | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the data sets the comparison is; ``named`` once the subject is told by a name of its own."""

    path: str = ""
    plain: str = ""
    subject: tuple[str, ...] = ()
    named: bool = False
    added: str = ""
    left: bool = False

    def inside(self, name: str, number: int, one: Item, other: Item, how: Matching) -> _Place:
        """The place inside an item of the sequence ``name``."""
        subject, named = self.subject, self.named
        key = how.subjects.get(name)
        if not named and key is None:
            subject = (*subject, f"{name}[{number}]")
        elif not named and key:
            element = one.get(tag_of(key)) or other.get(tag_of(key))
            subject, named = (*subject, str(_key(element))), True
        added = self.added or ("" if one else f"{self.plain}{name}")
        left = self.left or (how.gone is not None and not other and how.gone(one) is not Gone.NO)
        return _Place(f"{self.path}{name}[{number}]/", f"{self.plain}{name}/", subject, named, added, left)


def differences(before: Item, after: Item, how: Matching | None = None, place: str = "") -> Iterator[Difference]:
    """Every element that only one of two data sets holds, or that differs in value."""
    return _differences(before, after, how or Matching(), _Place(place))


def _differences(before: Item, after: Item, how: Matching, place: _Place) -> Iterator[Difference]:
    for tag in sorted(before.keys() | after.keys()):
        if not tag & 0xFFFF:
            continue
        here, there = before.get(tag), after.get(tag)
        if here is there:
            continue
        if _is_sequence(here) or _is_sequence(there):
            yield from _items(tag, here, there, how, place)
        elif not _same(_key(here), _key(there), how.within):
            yield _difference(tag, here, there, place)


def _difference(tag: int, here: Element | None, there: Element | None, place: _Place) -> Difference:
    name = _name(tag)
    path, plain = f"{place.path}{name}", f"{place.plain}{name}"
    return Difference(path, plain, _told(here), _told(there), place.subject, here, place.added, place.left)


def _name(tag: int) -> str:
    return keyword(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _same(here: object, there: object, within: float) -> bool:
    if here == there:
        return True
    if not within or not isinstance(here, tuple) or not isinstance(there, tuple) or len(here) != len(there):
        return False
    return all(abs(one - other) <= within * max(1.0, abs(one)) for one, other in zip(here, there, strict=True))


def _items(tag: int, here: Element | None, there: Element | None, how: Matching, place: _Place) -> Iterator[Difference]:
    left, right = (here.items if here else []), (there.items if there else [])
    if not left and not right and (here is None) != (there is None):
        yield _difference(tag, here, there, place)
    name = _name(tag)
    pairs = _pairs(left, right, how, tag_of(how.keys[name]) if name in how.keys else None)
    for number, (one, other) in enumerate(pairs):
        yield from _differences(one, other, how, place.inside(name, number, one, other, how))


def _pairs(left: list[Item], right: list[Item], how: Matching, key: int | None) -> list[tuple[Item, Item]]:
    """The items of both sides that belong together, in the order of the left ones; what is over stands alone."""
    stay = left
    for least in (Gone.YES, Gone.PERHAPS) if how.gone is not None else ():
        if len(stay) > len(right) or least is Gone.YES:
            stay = [item for item in stay if how.gone is not None and how.gone(item) < least]
    if key is not None:
        right = _alike(stay, right, key)
    paired = {id(one): other for one, other in zip(stay, right, strict=False)}
    over = right[len(stay) :]
    return [*((one, paired.get(id(one), Item())) for one in left), *((Item(), other) for other in over)]


def _alike(left: list[Item], right: list[Item], key: int) -> list[Item]:
    """The right items in the order of the left ones to which they are most alike; first those of the same key."""
    scores = sorted(
        (-_likeness(one, other, key), _key(one.get(key)) != _key(other.get(key)), abs(here - there), here, there)
        for here, one in enumerate(left)
        for there, other in enumerate(right)
    )
    found: dict[int, int] = {}
    taken: set[int] = set()
    for *_, here, there in scores:
        if here not in found and there not in taken:
            found[here] = there
            taken.add(there)
    rest = [other for there, other in enumerate(right) if there not in taken]
    return [right[found[here]] if here in found else Item() for here in range(len(left))] + rest


def _likeness(one: Item, other: Item, key: int) -> int:
    """The number of values that two items share."""
    return sum(
        tag in other and tag != key and not isinstance(element.value, list) and _key(element) == _key(other[tag])
        for tag, element in one.items()
    )


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
        return EMPTY
    if element.vr == "CS" or element.vr in NUMERIC_VRS:
        value = _key(element)
        text = "\\".join(f"{each:g}" for each in value) if isinstance(value, tuple) else _text(element)
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(element.raw)} bytes)"
    if element.vr == "UI":
        return "a UID"
    return f"{element.vr}, {len(element.raw.strip(bytes(1) + b' '))} bytes"


def _text(element: Element) -> str:
    return element.raw.decode("ascii", "replace").strip(" \0")


def expanded(
    root: Item,
    points: tuple[str, ...],
    keys: Mapping[str, str],
    counted: frozenset[str],
    gone: Callable[[Item], Gone] | None = None,
) -> Item:
    """A copy in which each control point states what holds there, so that omitted repeats make no difference.

    ``points`` is the way from the root to the control points, ``keys`` names for each sequence in them the attribute
    by which its items are told apart, ``counted`` what belongs to one point only. A point that is ``gone`` stays
    as it is.
    """
    copy = Item()
    copy.update(root)
    tag = tag_of(points[0])
    element = copy.get(tag)
    if element is None or not isinstance(element.value, list):
        return copy
    if len(points) > 1:
        items = [expanded(item, points[1:], keys, counted, gone) for item in element.items]
    else:
        items = _filled(element.items, keys, {tag_of(word) for word in counted}, gone)
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


def _filled(
    items: list[Item], keys: Mapping[str, str], own: set[int], gone: Callable[[Item], Gone] | None
) -> list[Item]:
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
        found.append(item if gone is not None and gone(item) is Gone.YES else now)
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
