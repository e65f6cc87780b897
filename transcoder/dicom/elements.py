"""A data set as a tree of undecoded elements, from bytes and back (PS3.5 section 7).

pydicom decodes element by element, which costs more than everything else this package does. Here values stay
bytes until a rule asks for them, and whole columns of control points are then decoded at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from struct import Struct

from pydicom.datadict import dictionary_VM, dictionary_VR, keyword_for_tag, tag_for_keyword

__all__ = [
    "Damaged",
    "Element",
    "Item",
    "children_of",
    "encode",
    "encode_element",
    "encode_item",
    "is_single",
    "keyword",
    "plain_text",
    "scan",
    "scan_items",
    "tag_of",
    "vr_of",
    "walk",
]

ITEM = 0xFFFEE000
ITEM_END = 0xFFFEE00D
SEQUENCE_END = 0xFFFEE0DD
UNDEFINED = 0xFFFFFFFF
# PS3.5 Table 7.1-1: these value representations have a 32-bit length in explicit encoding.
LONG_VRS = frozenset(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"])
BINARY_VRS = frozenset(["AT", "FD", "FL", "OB", "OD", "OF", "OL", "OV", "OW", "SL", "SS", "SV", "UL", "UN", "US", "UV"])
SHORT_VRS = frozenset(
    [
        "AE",
        "AS",
        "AT",
        "CS",
        "DA",
        "DS",
        "DT",
        "FD",
        "FL",
        "IS",
        "LO",
        "LT",
        "PN",
        "SH",
        "SL",
        "SS",
        "ST",
        "TM",
        "UI",
        "UL",
        "US",
    ]
)
_SHORT, _LONG = ({vr.encode(): vr for vr in vrs} for vrs in (SHORT_VRS, LONG_VRS))
_IMPLICIT = Struct("<HHL")
_EXPLICIT = Struct("<HH2sH")
_LENGTH = Struct("<L")
_LONG_HEADER = Struct("<HH2sHL")
MAX_SHORT_LENGTH = 0xFFFE


class Damaged(ValueError):  # noqa: N818 - what it is, in plain words
    """The bytes do not follow the encoding rules; ``path`` says where, with item numbers from 0."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.path = path

    def within(self, part: str) -> Damaged:
        """The same damage, seen from one level further up."""
        return Damaged(self.message, f"{part}/{self.path}" if self.path else part)


class Element:
    """One element: its tag, its VR, and a value of undecoded bytes or, for a sequence, of items.

    A sequence that this package built may also hold its items ready encoded (explicit VR little endian).
    """

    __slots__ = ("tag", "value", "vr")

    def __init__(self, tag: int, vr: str, value: bytes | list[Item]) -> None:
        self.tag = tag
        self.vr = vr
        self.value = value

    def __repr__(self) -> str:
        size = f"{len(self.value)} {'bytes' if isinstance(self.value, bytes) else 'items'}"
        return f"Element({keyword(self.tag)}, {self.vr}, {size})"

    @property
    def items(self) -> list[Item]:
        """The items of a sequence, an empty list for anything else."""
        if isinstance(self.value, list):
            return self.value
        return scan_items(self.value, 0, len(self.value), implicit=False)[0] if self.vr == "SQ" else []

    @property
    def raw(self) -> bytes:
        """The undecoded value; empty for a sequence held as items."""
        return self.value if isinstance(self.value, bytes) else b""

    def is_empty(self) -> bool:
        """Whether the element has neither value nor items; blanks are no text, but zero is a number."""
        if self.vr in BINARY_VRS:
            return not self.value
        return not (self.value if isinstance(self.value, list) else self.value.strip(b" \0"))


class Item(dict[int, Element]):
    """A data set or sequence item: elements by tag."""

    __slots__ = ()

    def put(self, tag: int, vr: str, value: bytes | list[Item]) -> Element:
        """Store and return a new element."""
        element = self[tag] = Element(tag, vr, value)
        return element


@cache
def vr_of(tag: int) -> str:
    """The VR that PS3.6 gives a tag; UN for private and unknown ones, the first where it leaves a choice."""
    if tag & 0xFFFF == 0:
        return "UL"
    if tag >> 16 & 1:
        return "LO" if 0x10 <= tag & 0xFFFF <= 0xFF else "UN"
    try:
        vr = dictionary_VR(tag)
    except KeyError:
        return "UN"
    return "OW" if vr.startswith("OB or") else vr[:2]


@cache
def is_single(tag: int) -> bool:
    """Whether PS3.6 permits one value only."""
    try:
        return bool(dictionary_VM(tag) == "1")
    except KeyError:
        return False


@cache
def keyword(tag: int) -> str:
    """The PS3.6 keyword of a tag, or ``(gggg,eeee)``."""
    return keyword_for_tag(tag) or f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


@cache
def tag_of(word: str) -> int:
    """The tag of a PS3.6 keyword; raises KeyError when there is none."""
    tag = tag_for_keyword(word)
    if tag is None:
        raise KeyError(word)
    return tag


def children_of(item: Item, tag: int) -> list[Item]:
    """The items of a sequence; none where it is absent. Raises :class:`Damaged` for bytes that are none."""
    element = item.get(tag)
    return element.items if element is not None else []


def plain_text(item: Item, tag: int) -> str:
    """The bytes of an element without padding as text of one byte a character, to compare; empty where absent."""
    element = item.get(tag)
    return element.raw.strip(b"\0 ").decode("latin-1") if element is not None else ""


def scan(buffer: bytes, start: int = 0, stop: int | None = None, *, implicit: bool) -> Item:
    """The data set that ``buffer[start:stop]`` encodes in little endian; raises :class:`Damaged`."""
    end = len(buffer) if stop is None else stop
    item, position = _scan_item(buffer, start, end, implicit, undefined=False)
    if position != end:
        raise Damaged(f"{end - position} bytes follow the data set")
    return item


def scan_items(
    buffer: bytes, start: int, stop: int, *, implicit: bool, undefined: bool = False
) -> tuple[list[Item], int]:
    """The items of a sequence value and the position behind it; raises :class:`Damaged`."""
    items: list[Item] = []
    position = start
    while position < stop:
        if position + 8 > stop:
            raise Damaged("sequence ends inside an item header")
        group, number, length = _IMPLICIT.unpack_from(buffer, position)
        tag = group << 16 | number
        position += 8
        if tag == SEQUENCE_END and undefined:
            return items, position
        if tag != ITEM:
            raise Damaged(f"item expected, ({group:04X},{number:04X}) found", f"[{len(items)}]")
        try:
            if length == UNDEFINED:
                item, position = _scan_item(buffer, position, stop, implicit, undefined=True)
            else:
                if position + length > stop:
                    raise Damaged(f"item is {position + length - stop} bytes longer than what holds it")
                item, position = _scan_item(buffer, position, position + length, implicit, undefined=False)
        except Damaged as damage:
            raise damage.within(f"[{len(items)}]") from None
        items.append(item)
    if undefined:
        raise Damaged("sequence of undefined length has no end")
    return items, position


def _scan_item(buffer: bytes, start: int, stop: int, implicit: bool, *, undefined: bool) -> tuple[Item, int]:
    item = Item()
    position = start
    while position < stop:
        if position + 8 > stop:
            raise Damaged("data set ends inside an element header")
        if implicit:
            group, number, length = _IMPLICIT.unpack_from(buffer, position)
            tag = group << 16 | number
            position += 8
            if tag == ITEM_END and undefined:
                return item, position
            vr = vr_of(tag)
        else:
            group, number, code, length = _EXPLICIT.unpack_from(buffer, position)
            tag = group << 16 | number
            if tag == ITEM_END and undefined:
                return item, position + 8
            position += 8
            vr = _SHORT.get(code, "")
            if not vr:
                vr = _LONG.get(code, "")
                if not vr:
                    raise Damaged("unknown value representation", keyword(tag))
                if position + 4 > stop:
                    raise Damaged("data set ends inside an element header", keyword(tag))
                (length,) = _LENGTH.unpack_from(buffer, position)
                position += 4
        if tag in item:
            raise Damaged("element occurs twice", keyword(tag))
        if vr == "SQ" or length == UNDEFINED:
            value, position = _scan_sequence(buffer, position, stop, length, tag, implicit or vr == "UN")
            item[tag] = Element(tag, "SQ", value)
            continue
        following = position + length
        if following > stop:
            raise Damaged(f"value is {following - stop} bytes longer than what holds it", keyword(tag))
        item[tag] = Element(tag, vr, buffer[position:following])
        position = following
    if undefined:
        raise Damaged("item of undefined length has no end")
    return item, position


def _scan_sequence(
    buffer: bytes, position: int, stop: int, length: int, tag: int, implicit: bool
) -> tuple[list[Item], int]:
    end = stop if length == UNDEFINED else position + length
    if end > stop:
        raise Damaged(f"sequence is {end - stop} bytes longer than what holds it", keyword(tag))
    try:
        return scan_items(buffer, position, end, implicit=implicit, undefined=length == UNDEFINED)
    except Damaged as damage:
        path = keyword(tag) + damage.path if damage.path.startswith("[") else keyword(tag)
        raise Damaged(damage.message, path) from None


def encode(item: Item) -> bytes:
    """The data set in explicit VR little endian, elements in tag order, items of defined length."""
    parts: list[bytes] = []
    for tag in sorted(item):
        element = item[tag]
        value = element.value
        if isinstance(value, list):
            value = b"".join([encode_item(encode(each)) for each in value])
        parts.append(encode_element(tag, element.vr, value))
    return b"".join(parts)


def encode_item(content: bytes) -> bytes:
    """One sequence item of defined length around its encoded elements."""
    return _IMPLICIT.pack(ITEM >> 16, ITEM & 0xFFFF, len(content)) + content


def encode_element(tag: int, vr: str, value: bytes) -> bytes:
    """One element in explicit VR little endian; raises ValueError when the value is too long for its VR."""
    if len(value) % 2:
        value += b"\0" if vr in ("UI", "OB", "UN") else b" "
    if vr in LONG_VRS:
        return _LONG_HEADER.pack(tag >> 16, tag & 0xFFFF, vr.encode(), 0, len(value)) + value
    if len(value) > MAX_SHORT_LENGTH:
        raise ValueError(f"{keyword(tag)} holds more than {MAX_SHORT_LENGTH} bytes")
    return _EXPLICIT.pack(tag >> 16, tag & 0xFFFF, vr.encode(), len(value)) + value


def walk(item: Item, path: str = "") -> Iterator[tuple[str, Element]]:
    """Every element of the tree with its path, parents before children."""
    for tag in sorted(item):
        element = item[tag]
        place = f"{path}/{keyword(tag)}" if path else keyword(tag)
        yield place, element
        if element.vr == "SQ":
            for number, child in enumerate(element.items):
                yield from walk(child, f"{place}[{number}]")
