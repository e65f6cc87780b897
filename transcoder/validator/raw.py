"""Values of undecoded elements, one by one and as whole columns of control points.

A value that does not follow its value representation gives ``None`` (or an empty text): telling so is the business
of the table-driven part, and nothing here raises on damaged content.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from operator import itemgetter
from struct import Struct, calcsize

import numpy as np
import numpy.typing as npt

from transcoder.dicom.elements import Damaged, Element, Item, keyword, tag_of, vr_of

__all__ = [
    "DEEPEST",
    "FORMATS",
    "Numbers",
    "children",
    "code",
    "column",
    "columns",
    "comparable",
    "each_item",
    "first_number",
    "integer",
    "is_close",
    "items_of",
    "items_with",
    "number",
    "numbers",
    "repeats",
    "text",
    "text_of",
    "texts",
    "values_differ",
    "whole",
]

# Levels of sequences that are followed: no IOD nests that deep, a crafted file may.
DEEPEST = 60
Numbers = npt.NDArray[np.float64]

# Of the value representations that hold numbers in binary; the values stand one behind the other.
FORMATS = {"FD": "<d", "FL": "<f", "US": "<H", "SS": "<h", "UL": "<L", "SL": "<l", "UV": "<Q", "SV": "<q"}
_SINGLE = {vr: Struct(form) for vr, form in FORMATS.items()}
_TEXT = frozenset(["DS", "IS"])


def items_of(element: Element | None) -> list[Item]:
    """The items of a sequence; none when it is absent, no sequence or damaged."""
    if element is None:
        return []
    try:
        return element.items
    except Damaged:
        return []


def children(item: Item, word: str) -> list[Item]:
    """The items of the sequence that has this keyword; none when it is absent, no sequence or damaged."""
    return items_of(item.get(tag_of(word)))


def text_of(element: Element | None) -> str:
    """The value as text without padding; empty when absent, empty or a sequence."""
    return element.raw.strip(b" \0").decode("latin-1") if element else ""


def text(item: Item, word: str) -> str:
    """The text of the element that has this keyword; empty when absent, empty or a sequence."""
    return text_of(item.get(tag_of(word)))


def texts(item: Item, word: str) -> list[str]:
    """The values of a multi-valued text element without padding."""
    whole = text(item, word)
    return [part.strip() for part in whole.split("\\")] if whole else []


def code(item: Item, word: str) -> str:
    """The code value of the first item of a code sequence, whichever of the three attributes holds it."""
    for entry in children(item, word):
        return text(entry, "CodeValue") or text(entry, "LongCodeValue") or text(entry, "URNCodeValue")
    return ""


def numbers(element: Element | None) -> Numbers | None:
    """All values of a numeric element, (n,) float64; ``None`` when absent, not numeric, damaged or not finite."""
    if element is None or not isinstance(element.value, bytes):
        return None
    return _decode(_vr(element), element.value)


def first_number(element: Element | None) -> float | None:
    """The first value of a numeric element; ``None`` where :func:`numbers` gives none."""
    if element is None or not isinstance(element.value, bytes):
        return None
    vr, raw = _vr(element), element.value
    single = _SINGLE.get(vr)
    if single is None or len(raw) != single.size:
        values = _decode(vr, raw)
        return float(values[0]) if values is not None and values.size else None
    # An array costs ten times as much as its one number, and indices and counts are most of what is asked for.
    value = float(single.unpack(raw)[0])
    return value if math.isfinite(value) else None


def number(item: Item, word: str) -> float | None:
    """The first value of a numeric element."""
    return first_number(item.get(tag_of(word)))


def whole(value: float | None) -> int | None:
    """A number as an integer when it is a whole one."""
    return int(value) if value is not None and value == int(value) else None


def integer(item: Item, word: str) -> int | None:
    """The first value of a numeric element when it is a whole number."""
    return whole(first_number(item.get(tag_of(word))))


def columns(elements: Sequence[Element]) -> Numbers | None:
    """The values of one attribute over several items, (n, k) float64; ``None`` when they differ in count or fail."""
    if not elements:
        return None
    vr = _vr(elements[0])
    raws = [element.raw for element in elements]
    if vr in _TEXT:
        counts = {raw.count(b"\\") for raw in raws}
        whole = _decode(vr, b"\\".join(raws))
    else:
        counts = {len(raw) for raw in raws}
        whole = _decode(vr, b"".join(raws))
    if whole is None or len(counts) != 1 or not whole.size or whole.size % len(raws):
        return None
    return whole.reshape(len(raws), -1)


def column(points: Sequence[Item], word: str) -> tuple[list[int], Numbers] | None:
    """The control points that hold an attribute, and its values (k,); None where none or not single numbers."""
    tag = tag_of(word)
    places: list[int] = []
    elements: list[Element] = []
    for place, point in enumerate(points):
        element = point.get(tag)
        if element is not None and not element.is_empty():
            places.append(place)
            elements.append(element)
    table = columns(elements)
    if table is None or table.shape[1] != 1:
        return None
    values: Numbers = table[:, 0]
    return places, values


def repeats(elements: Sequence[Element]) -> list[int]:
    """The places (from 1) where an element has the value of the one before it."""
    if len(elements) < 2:
        return []
    table = columns(elements) if isinstance(elements[0].value, bytes) else None
    if table is not None:
        return [int(place) + 1 for place in np.flatnonzero((table[1:] == table[:-1]).all(axis=1))]
    keys = [comparable(element) for element in elements]
    return [place for place in range(1, len(keys)) if keys[place] == keys[place - 1]]


def values_differ(elements: Sequence[Element]) -> bool:
    """Whether the elements hold more than one value; numbers are compared as numbers ('0' equals '0.0')."""
    raws = [element.raw.strip(b" \0") for element in elements]
    if isinstance(elements[0].value, bytes) and len(set(raws)) == 1:
        return False
    table = columns(elements) if isinstance(elements[0].value, bytes) else None
    if table is not None:
        return bool((table != table[0]).any())
    return len({comparable(element) for element in elements}) > 1


def each_item(item: Item, path: str = "", depth: int = 0) -> Iterator[tuple[str, Item]]:
    """The data set and every item below it, each with its path, parents first."""
    yield path, item
    if depth > DEEPEST:
        return
    for tag, element in item.items():
        if element.vr != "SQ":
            continue
        place = f"{path}/{keyword(tag)}" if path else keyword(tag)
        for count, child in enumerate(items_of(element)):
            yield from each_item(child, f"{place}[{count}]", depth + 1)


def items_with(root: Item, tag: int, *, outside: Sequence[int] = ()) -> list[tuple[str, Item]]:
    """The data set and every item below it that hold an attribute, each with its path, parents first.

    The sequences ``outside`` of the data set are not entered. Paths are written for what is found only.
    """
    found: list[tuple[str, Item]] = []
    _find_items(root, tag, frozenset(outside), [], found)
    return found


def _find_items(
    item: Item, tag: int, closed: frozenset[int], trail: list[tuple[int, int]], found: list[tuple[str, Item]]
) -> None:
    if tag in item:
        found.append(("/".join(f"{keyword(below)}[{count}]" for below, count in trail), item))
    if len(trail) > DEEPEST:
        return
    for below, element in item.items():
        if element.vr != "SQ" or below in closed:
            continue
        for count, child in enumerate(items_of(element)):
            trail.append((below, count))
            _find_items(child, tag, frozenset(), trail, found)
            trail.pop()


def _vr(element: Element) -> str:
    return vr_of(element.tag) if element.vr == "UN" else element.vr


def _decode(vr: str, raw: bytes) -> Numbers | None:
    if vr not in _TEXT and vr not in FORMATS:
        return None
    try:
        values = _from_text(raw) if vr in _TEXT else _from_binary(vr, raw)
    except (ValueError, OverflowError):
        return None
    return values if np.isfinite(values).all() else None


def _from_text(raw: bytes) -> Numbers:
    raw = raw.strip(b" \0")
    if not raw:
        return np.empty(0)
    if b"_" in raw:  # float() would read 1_000
        raise ValueError("underscore")
    return np.array(list(map(float, raw.split(b"\\"))))


def _from_binary(vr: str, raw: bytes) -> Numbers:
    if len(raw) % calcsize(FORMATS[vr]):
        raise ValueError(vr)
    return np.frombuffer(raw, np.dtype(FORMATS[vr])).astype(np.float64)


def comparable(element: Element) -> Hashable:
    """What equals that of another element with the same content: numbers as numbers, text without padding."""
    if isinstance(element.value, list):
        return tuple(
            tuple((tag, comparable(below)) for tag, below in sorted(child.items(), key=itemgetter(0)))
            for child in element.value
        )
    values = numbers(element)
    return tuple(values.tolist()) if values is not None else element.value.strip(b" \0")


def is_close(left: float, right: float, relative: float = 1e-6, absolute: float = 1e-6) -> bool:
    """Whether two numbers agree within what a decimal string of 16 characters loses."""
    return math.isclose(left, right, rel_tol=relative, abs_tol=absolute)
