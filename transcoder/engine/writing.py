"""Writes values by path: into items of the target, and into the columns of its control points."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from transcoder.codecs.registry import Code
from transcoder.dicom.columns import Column, RowWriter
from transcoder.dicom.elements import Element, Item, encode, encode_element, encode_item, keyword, tag_of, vr_of
from transcoder.dicom.held import HeldRowWriter
from transcoder.dicom.values import NUMERIC_VRS, ValueFault, encode_numbers
from transcoder.engine.reading import Missing
from transcoder.engine.scope import DeviceWriter, Scope
from transcoder.engine.tables import concept
from transcoder.engine.tree import code_item, copy_element
from transcoder.findings import Origin, Severity
from transcoder.mapping.model import Rule
from transcoder.paths import Path

__all__ = ["EVERY_POINT", "constant_bytes", "finish_points", "write", "write_constant", "write_empty"]

# What RT Plan demands at every control point, whether it changes or not (``hold``).
EVERY_POINT = "every point"
# What both generations demand at every control point.
ALWAYS = "always"
# PS3.5 Table 6.2-1: the most characters of one value.
_MOST_CHARACTERS = {"AE": 16, "CS": 16, "LO": 64, "LT": 10240, "PN": 194, "SH": 16, "ST": 1024, "UI": 64}


def write(scope: Scope, rule: Rule, path: Path, value: Any, origin: Origin) -> list[Element]:
    """Write one value; returns the source elements that a copied sequence brought along."""
    if path.name or value is None:
        return []
    if path.role in scope.writers:
        _write_column(scope, rule, path, value, origin)
        return _inner(value)
    item = _holder(scope, path, origin)
    tag = tag_of(path.keyword)
    copied: list[Element] = []
    if isinstance(value, Element):
        made = copy_element(value, copied)
        scope.target.put(item, tag, made.vr, made.value, origin)
    elif isinstance(value, Code):
        scope.target.put(item, tag, "SQ", [code_item(value)], origin)
    else:
        scope.target.put(item, tag, vr_of(tag), _encoded(scope, rule, path, tag, value), origin)
    _write_companions(scope, rule, item)
    return copied


def _holder(scope: Scope, path: Path, origin: Origin) -> Item:
    item = scope.targets[path.role]
    steps = path.steps
    for number, step in enumerate(steps[:-1]):
        if step.key:
            item = scope.target.append(item, steps[number : number + 1], origin)
            _write_key(scope, item, step.key, step.value)
        elif step.every:
            item = scope.target.append(item, steps[number : number + 1], origin)
        else:
            item = scope.target.place(item, steps[number : number + 2], origin)
    return item


def _write_key(scope: Scope, item: Item, key: str, value: str) -> None:
    tag = tag_of(key)
    _put_plain(scope, item, tag, value)


def _put_plain(scope: Scope, item: Item, tag: int, value: Any) -> None:
    """A constant by the VR of its attribute: a concept for SQ, else its bytes."""
    vr = vr_of(tag)
    if vr == "SQ":
        scope.target.put(item, tag, vr, [code_item(concept(scope.run.mapping, value))], Origin.SET)
    else:
        scope.target.put(item, tag, vr, constant_bytes(tag, value), Origin.SET)


def constant_bytes(tag: int, value: Any) -> bytes:
    """A constant as the value field of its attribute: a tag by its keyword for AT, a number, or a text."""
    vr = vr_of(tag)
    if vr == "AT":
        return _pair(tag_of(value))
    if vr in NUMERIC_VRS:
        return encode_numbers(np.atleast_1d(np.asarray(value, dtype=float)), vr)
    return str(value).encode("ascii")


def _pair(tag: int) -> bytes:
    """A tag as a value of AT (PS3.5 6.2)."""
    return (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little")


def _write_companions(scope: Scope, rule: Rule, item: Item) -> None:
    for word, value in rule.companions:
        _put_plain(scope, item, tag_of(word), value)


def _encoded(scope: Scope, rule: Rule, path: Path, tag: int, value: Any) -> bytes:
    vr = vr_of(tag)
    try:
        if isinstance(value, np.ndarray):
            return encode_numbers(value, vr)
        texts = [str(each) for each in value]
        if vr == "AT":
            return b"".join(_pair(tag_of(text)) for text in texts)
        most = _MOST_CHARACTERS.get(vr)
        if most and any(len(text) > most for text in texts):
            raise ValueFault("T008", f"more than {most} characters, which {vr} does not permit")
        return scope.run.texts.encode(texts, vr)
    except ValueFault as fault:
        source = rule.first[0] if rule.first else path
        place = scope.place(source.role, source.plain) if source.steps else scope.place(path.role, path.plain)
        scope.run.tell(fault.code, Severity.ERROR, f"{fault.message} ({path.keyword})", place, rule.id, rule.cite)
        raise Missing(fault.message) from None


def write_empty(scope: Scope, path: Path, origin: Origin = Origin.SET, *, every: bool = False) -> None:
    """An attribute without value, or a sequence without items (Type 2); in a column at the first point or at every."""
    if path.role in scope.writers:
        writer = scope.writers[path.role]
        tag = tag_of(path.keyword)
        row = encode_element(tag, vr_of(tag), b"")
        held = writer.columns.get(tag) if every and isinstance(writer, RowWriter) else None
        rows = held.rows if held is not None else [None] * _points(writer).length
        filled = [each or (row if every or not place else None) for place, each in enumerate(rows)]
        _add(writer, path, Column(tag, filled, origin if held is None else held.origin))
        return
    item = _holder(scope, path, origin)
    tag = tag_of(path.keyword)
    vr = vr_of(tag)
    scope.target.put(item, tag, vr, [] if vr == "SQ" else b"", origin)


def write_constant(scope: Scope, rule: Rule, path: Path) -> None:
    """The constant of a rule: empty, a concept, a number or a text."""
    value = rule.value
    if value == "empty":
        write_empty(scope, path, every=rule.hold == EVERY_POINT)
        return
    if isinstance(value, dict):
        value = concept(scope.run.mapping, value["code"])
    if path.role in scope.writers:
        _write_constant_column(scope, rule, path, value)
        return
    if not isinstance(value, Code):
        value = [value] if isinstance(value, str) else np.atleast_1d(np.asarray(value, dtype=float))
    write(scope, rule, path, value, Origin.SET)


def _write_constant_column(scope: Scope, rule: Rule, path: Path, value: Any) -> None:
    writer = scope.writers[path.role]
    points = _points(writer)
    tag = tag_of(path.keyword)
    if isinstance(value, (Code, str)):
        item = code_item(value) if isinstance(value, Code) else Item()
        content = encode_item(encode(item)) if isinstance(value, Code) else constant_bytes(tag, value)
        row = encode_element(tag, vr_of(tag), content)
        held = points.columns.get(tag_of(rule.hold.removeprefix("with ")))
        rows = [row if _has_value(there) else None for there in (held.rows if held else [None] * points.length)]
        _add(writer, path, Column(tag, rows, Origin.SET, 1 + len(item)))
        return
    numbers = np.atleast_1d(np.asarray(value, dtype=float))
    _add(writer, path, Column.of(path.keyword, np.tile(numbers, (points.length, 1)), Origin.SET))


def _has_value(row: bytes | None) -> bool:
    # The header of an element with a 16-bit length has eight bytes (PS3.5 7.1.2).
    return row is not None and len(row) > 8


def _write_column(scope: Scope, rule: Rule, path: Path, value: Any, origin: Origin) -> None:
    writer = scope.writers[path.role]
    empty_first = any(each.action == "empty" for each in rule.otherwise)
    try:
        if isinstance(value, list) and value and not isinstance(value[0], str):
            value = [b"" if element is None else _items_of(element) for element in _standing(value)]
        elif isinstance(value, list):
            value = [scope.run.texts.encode([text], "CS") for text in value]
        points = _points(writer)
        if rule.hold == ALWAYS or (rule.hold == EVERY_POINT and isinstance(points, HeldRowWriter)):
            column = Column.stating(path.keyword, value, origin, [True] * len(value))
        else:
            column = points.column(path.keyword, value, origin, empty_first=empty_first)
    except ValueFault as fault:
        scope.run.tell(
            fault.code,
            Severity.ERROR,
            f"{fault.message} ({path.keyword})",
            scope.place(path.role, path.plain),
            rule.id,
            rule.cite,
        )
        raise Missing(fault.message) from None
    _add(writer, path, column)
    name = path.plain if isinstance(writer, RowWriter) else f"{writer.sequence}/{path.plain}#{writer.device}"
    if isinstance(value, np.ndarray):
        _points(writer).values[name] = value
    elif isinstance(points, HeldRowWriter):
        points.words[name] = value


def _inner(value: Any) -> list[Element]:
    """What stands below the sequences of a column that is copied."""
    rows = [row for row in value if isinstance(row, Element)] if isinstance(value, list) else []
    return [each for row in rows for item in row.items for inner in item.values() for each in (inner, *_inner([inner]))]


def _standing(rows: list[Element | None]) -> list[Element | None]:
    """The rows of a column: a point that does not state a sequence leaves it as it was (C.8.8.14.5, C.36.2.2.5.1.1)."""
    found: list[Element | None] = []
    for row in rows:
        found.append(row if row is not None or not found else found[-1])
    return found


def _items_of(element: Element) -> bytes:
    return b"".join(encode_item(encode(item)) for item in element.items)


def _add(writer: RowWriter | DeviceWriter, path: Path, column: Column) -> None:
    if isinstance(writer, RowWriter):
        writer.add(column)
    else:
        writer.points.add_nested(writer.sequence, writer.key, writer.count, writer.device, column)


def _points(writer: RowWriter | DeviceWriter) -> RowWriter:
    return writer if isinstance(writer, RowWriter) else writer.points


def finish_points(scope: Scope, holder: Item, tag: int, writer: RowWriter) -> None:
    """Encode the control points into their sequence."""
    data = writer.encode()
    tally = Counter({Origin(origin): count for origin, count in writer.tally.items()})
    scope.target.put_ready(holder, tag, data, tally)


def word_of(path: Path) -> str:
    """The keyword a path ends in, for messages."""
    return keyword(tag_of(path.keyword))
