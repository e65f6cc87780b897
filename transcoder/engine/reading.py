"""Reads values by path: from items, from the columns of control points, and from bound values."""

from __future__ import annotations

from typing import Any

import numpy as np

from transcoder.codecs.registry import ABSENT, Cell, Code
from transcoder.dicom.columns import Rows, fill, number_column, text_column
from transcoder.dicom.elements import Element, Item, is_single, keyword, tag_of, vr_of
from transcoder.dicom.values import ValueFault, numbers
from transcoder.engine.scope import DeviceRows, PointRows, Run, Scope
from transcoder.errors import TranscoderError
from transcoder.findings import Severity
from transcoder.paths import Path, Step

__all__ = ["Missing", "code_of", "decoded", "find", "holders_at", "items_at", "locate", "read", "shown", "value_of"]

_CODE_VALUES = ("CodeValue", "LongCodeValue", "URNCodeValue")
_EQUIVALENT = tag_of("EquivalentCodeSequence")


class Missing(TranscoderError):  # noqa: N818 - what it is, in plain words
    """A value could not be read; the finding stands in the run already."""


def read(scope: Scope, path: Path, kind: str) -> Cell:
    """The value of a path as a codec wants it (see :mod:`transcoder.codecs.registry`), None where it is absent."""
    if path.name:
        return scope.bound.get(path.name, ABSENT)
    if path.role in scope.tables:
        return _column(scope, scope.tables[path.role], path, kind)
    if path.role in scope.writers:
        return _written(scope, path, kind)
    if kind in ("sparse", "stated") and any(step.every for step in path.steps[:-1]):
        return _of_all(scope, path, kind)
    element = find(scope, path)
    if element is None:
        return ABSENT
    place = scope.place(path.role, path.plain)
    inner = element.items[0].values() if kind == "code" and element.items else ()
    for each in inner:
        below = [held for item in each.items for held in item.values()] if each.tag == _EQUIVALENT else ()
        scope.run.ledger.lose(below, "code", "never: an equivalent of a code that is carried itself (8.8)")
    return Cell(value_of(scope.run, element, kind, place), (element, *inner))


def _of_all(scope: Scope, path: Path, kind: str) -> Cell:
    """The values of an attribute over the items of a sequence, one each; of items that make instances, those only."""
    *outer, last = path.steps
    items, _ = items_at(scope, Path(path.role, tuple(outer)))
    items = [item for item in items if scope.per_item(item) is not None] or items
    if not items:
        return Cell(None)
    table = PointRows(items, scope.place(path.role, Path(path.role, tuple(outer)).plain))
    return _cell(scope.run, table.rows(last.keyword), kind, table.path)


def value_of(run: Run, element: Element, kind: str, place: str) -> Any:
    """The decoded value of one element; an illegal one is a finding and raises :class:`Missing`."""
    try:
        if kind in ("number", "sparse"):
            return _with_leniency(run, element, place)
        if kind in ("text", "stated"):
            values = _texts_of(run, element)
            if values and len(values) > 1 and is_single(element.tag):
                raise ValueFault("T038", "more values than the attribute permits")
            return values
        if kind == "code":
            return code_of(run, element)
    except ValueFault as fault:
        run.tell(fault.code, Severity.ERROR, fault.message, place, cite="PS3.5 6.2")
        raise Missing(fault.message) from None
    if (element.vr == "SQ") != (vr_of(element.tag) == "SQ"):
        _tell_encoding(run, element, place)
    return element


def _tell_encoding(run: Run, element: Element, place: str) -> None:
    message = f"encoded as {element.vr}, the attribute is {vr_of(element.tag)}"
    run.tell("T285", Severity.ERROR, message, place, cite="PS3.6 6")
    raise Missing(message)


def _texts_of(run: Run, element: Element) -> list[str] | None:
    if vr_of(element.tag) == "AT":
        named = shown(run, element)
        return [named] if named else None
    return run.texts.decode(element) or None


def _with_leniency(run: Run, element: Element, place: str) -> Any:
    try:
        return numbers(element)
    except ValueFault as fault:
        if not run.lenient or fault.code not in ("T001", "T002", "T003"):
            raise
        value = numbers(element, lenient=True)
        run.tell("T101", Severity.WARNING, f"read although: {fault.message}", place, cite="PS3.5 6.2; decision 16")
        return value


def code_of(run: Run, element: Element) -> Code | None:
    """The coded concept in the first item of a code sequence, None when there is none."""
    for item in element.items[:1]:
        for word in _CODE_VALUES:
            if (held := item.get(tag_of(word))) is not None:
                scheme = item.get(tag_of("CodingSchemeDesignator"))
                meaning = item.get(tag_of("CodeMeaning"))
                return Code(
                    _one(run, held),
                    _one(run, scheme),
                    _one(run, meaning),
                )
    return None


def _one(run: Run, element: Element | None) -> str:
    """The first value of a text element, empty where there is none."""
    values = decoded(run, element, keyword(element.tag)) if element is not None else []
    return values[0] if values else ""


def find(scope: Scope, path: Path) -> Element | None:
    """The element that a path names, or None."""
    item = scope.items.get(path.role)
    if item is None:
        item = scope.targets.get(path.role)
    return None if item is None or not path.steps else locate(scope, item, path.steps)


def locate(scope: Scope, item: Item, steps: tuple[Step, ...]) -> Element | None:
    """The element below an item that the steps name, or None."""
    for step in steps[:-1]:
        element = item.get(tag_of(step.keyword))
        children = element.items if element is not None else []
        chosen = _choose(scope, children, step)
        if chosen is None:
            return None
        item = chosen
    return item.get(tag_of(steps[-1].keyword))


def _choose(scope: Scope, children: list[Item], step: Step) -> Item | None:
    if step.key:
        wanted = [(key, _wanted(scope, value)) for key, value in step.keys]
        matching = [child for child in children if all(_has(scope.run, child, key, value) for key, value in wanted)]
        return matching[0] if len(matching) == 1 else None
    if not step.number and len(children) > 1 and not step.every:
        # Which of several items is meant cannot be told from a step that names none.
        return None
    return children[step.number] if step.number < len(children) else None


def _has(run: Run, child: Item, key: str, value: str | None) -> bool:
    return value is not None and _key(run, child, key) == value


def _wanted(scope: Scope, text: str) -> str | None:
    if not text.startswith("@"):
        return text
    from transcoder.paths import parse

    element = find(scope, parse(text))
    return None if element is None else shown(scope.run, element)


def _key(run: Run, item: Item, keyword: str) -> str | None:
    element = item.get(tag_of(keyword))
    return None if element is None else shown(run, element)


def shown(run: Run, element: Element) -> str | None:
    """A key value in a form that compares: whole numbers without signs and zeros, text as it is."""
    if element.vr in ("IS", "US", "UL", "DS"):
        try:
            held = numbers(element, lenient=run.lenient)
        except ValueFault:
            return None
        return None if held is None else f"{held[0]:g}"
    if element.vr == "SQ":
        return _concept_name(run, code_of(run, element))
    if vr_of(element.tag) == "AT":
        if element.vr not in ("AT", "UN") or len(element.raw) % 4:
            _tell_encoding(run, element, keyword(element.tag))
        group, number = element.raw[:2], element.raw[2:4]
        return keyword(int.from_bytes(group, "little") << 16 | int.from_bytes(number, "little")) if number else None
    values = decoded(run, element, keyword(element.tag))
    return values[0] if values else None


def decoded(run: Run, element: Element, place: str) -> list[str]:
    """The values of a text element; what its character set does not permit is a finding and raises :class:`Missing`."""
    try:
        return run.texts.decode(element)
    except ValueFault as fault:
        run.tell(fault.code, Severity.ERROR, fault.message, place, cite="PS3.5 6.1")
        raise Missing(fault.message) from None


def _concept_name(run: Run, code: Code | None) -> str | None:
    """The name under which the sheets know a code."""
    if code is None:
        return None
    return next((name for name, concept in run.mapping.concepts.items() if concept[:2] == code.key), None)


def items_at(scope: Scope, path: Path) -> tuple[list[Item], Element | None]:
    """All items that a block walks, and the sequence element that holds them (None for a role)."""
    if not path.steps:
        item = scope.items.get(path.role)
        return ([] if item is None else [item]), None
    if any(step.every for step in path.steps[:-1]):
        return [item for _, items in holders_at(scope, path) for item in items], None
    element = find(scope, path)
    if element is None:
        return [], None
    step = path.steps[-1]
    if element.vr != "SQ" and vr_of(element.tag) == "SQ":
        _tell_encoding(scope.run, element, scope.place(path.role, path.plain))
    children = element.items
    if step.every:
        return children, element
    chosen = _choose(scope, children, step)
    return ([] if chosen is None else [chosen]), element


def holders_at(scope: Scope, path: Path) -> list[tuple[Item, list[Item]]]:
    """For a sequence nested in another one: each outer item with the items that it holds."""
    outer, _ = items_at(scope, Path(path.role, path.steps[:-1]))
    tag = tag_of(path.keyword)
    found = [(holder, element) for holder in outer if (element := holder.get(tag)) is not None]
    for _, element in found:
        if element.vr != "SQ" and vr_of(tag) == "SQ":
            _tell_encoding(scope.run, element, scope.place(path.role, path.plain))
    return [(holder, element.items) for holder, element in found]


def _column(scope: Scope, table: PointRows | DeviceRows, path: Path, kind: str) -> Cell:
    if len(path.steps) == 1:
        rows = table.rows(path.steps[0].keyword)
        return _cell(scope.run, rows, kind, f"{table.path}/{path.plain}")
    return _keyed_columns(scope, table, path)


def _cell(run: Run, rows: Rows, kind: str, place: str) -> Cell:
    elements = tuple([element for element in rows if element is not None])
    if not elements:
        return ABSENT
    try:
        if kind in ("number", "sparse"):
            column = _number_column(run, rows, place)
            if column is None:
                return Cell(None, elements)
            return Cell(column if kind == "sparse" else fill(column), elements)
        if kind == "text":
            return Cell(text_column(rows, run.texts), elements)
        if kind == "stated":
            return Cell([_first(run, element) for element in rows], elements)
    except ValueFault as fault:
        run.tell(fault.code, Severity.ERROR, fault.message, place, cite="PS3.5 6.2")
        raise Missing(fault.message) from None
    return Cell(rows, elements)


def _first(run: Run, element: Element | None) -> str:
    values = run.texts.decode(element) if element is not None else []
    return values[0] if values else ""


def _number_column(run: Run, rows: Rows, place: str) -> Any:
    try:
        column, stated = number_column(rows)
    except ValueFault as fault:
        if not run.lenient or fault.code not in ("T001", "T002", "T003"):
            raise
        column, stated = number_column(rows, lenient=True)
        run.tell("T101", Severity.WARNING, f"read although: {fault.message}", place, cite="PS3.5 6.2; decision 16")
    return column if stated else None


def _keyed_columns(scope: Scope, table: PointRows | DeviceRows, path: Path) -> Cell:
    """``Sequence[Key]/Attribute``: one column for each value of the key, by that value."""
    step, last = path.steps
    key_tag = tag_of(step.key)
    by_key: dict[int, list[Item | None]] = {}
    for place, element in enumerate(table.rows(step.keyword)):
        for child in element.items if element is not None else []:
            named = f"{table.path}/{step.keyword}/{step.key}"
            held = value_of(scope.run, child[key_tag], "number", named) if key_tag in child else None
            if held is not None:
                by_key.setdefault(int(held[0]), [None] * len(table.items))[place] = child
    columns: dict[int, Cell] = {}
    for key, items in by_key.items():
        rows = DeviceRows(items, f"{table.path}/{step.keyword}").rows(last.keyword)
        cell = _cell(scope.run, rows, "sparse", f"{table.path}/{path.plain}")
        if cell:
            columns[key] = cell
    return Cell(columns or None)


def _written(scope: Scope, path: Path, kind: str) -> Cell:
    """A column of the target that rules have written already."""
    writer = scope.writers.get(path.role)
    values = getattr(writer, "values", {})
    if kind == "columns":
        return Cell([column for (name, column) in values.items() if name.startswith(path.plain + "#")])
    held = values.get(path.plain)
    return Cell(held if isinstance(held, np.ndarray) else None)
