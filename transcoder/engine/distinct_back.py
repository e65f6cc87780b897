"""Runs a ``distinct`` block backward: what its items hold is written at every row that names them by their index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from transcoder.codecs.registry import CODECS, Assumed, Cell, Refused
from transcoder.dicom.elements import Item, tag_of
from transcoder.dicom.values import whole_number
from transcoder.engine.backward import convert_back, elements_below, write_values
from transcoder.engine.reading import Missing, items_at, read
from transcoder.engine.scope import Scope
from transcoder.findings import Severity
from transcoder.mapping.model import Bind, Distinct, Node
from transcoder.paths import Path

__all__ = ["run_distinct_back"]

Runner = Callable[[Scope, Sequence[Node]], None]
Row = dict[str, Cell]


def run_distinct_back(scope: Scope, block: Distinct, run: Runner) -> None:
    """Run the rules for each item, then write its columns at the rows that name it."""
    items, sequence = items_at(scope, block.second)
    if sequence is not None:
        scope.run.ledger.carry([sequence], block.id)
    try:
        if block.members is not None:
            _by_members(scope, block, items, run)
        elif block.over is not None:
            _by_items(scope, block, items, run)
        else:
            _by_points(scope, block, items, run)
    except Missing:
        return
    except Refused as refusal:
        place = scope.place(block.second.role, block.second.plain)
        scope.run.tell(refusal.code, Severity.ERROR, str(refusal), place, block.id, block.cite)


def _run_item(scope: Scope, block: Distinct, item: Item, number: int, run: Runner) -> Row:
    """What the rules bind for one item of the second side."""
    role = f"{block.id}_item"
    place = scope.place(block.second.role, f"{block.second.plain}[{number}]")
    inner = scope.child(items={role: item}, places={role: place})
    for column in block.columns:
        inner.bound.pop(column.name, None)
    run(inner, block.rules)
    return {column.name: inner.bound.get(column.name, Cell(None)) for column in block.columns}


def _by_points(scope: Scope, block: Distinct, items: list[Item], run: Runner) -> None:
    assert block.index is not None  # noqa: S101 - a block over control points has one
    named = read(scope, block.index, "number")
    scope.run.ledger.derive(named.sources, block.id)
    own = _by_index(block, items)
    indices = [] if named.value is None else named.value[:, 0].tolist()
    places = [own.get(int(index)) if index == index else None for index in indices]
    failed = len(scope.run.findings)
    chosen = sorted({place for place in places if place is not None})
    rows = {place: _run_item(scope, block, items[place], place, run) for place in chosen}
    _leave_unnamed(scope, block, items, rows)
    if any(finding.severity is Severity.ERROR for finding in scope.run.findings[failed:]):
        return
    for item in items:
        scope.run.ledger.derive([item[tag] for tag in [tag_of(block.number)] if tag in item], block.id)
    if named.value is None:
        if items:
            raise Refused("T206", f"no control point names an item of {block.second.keyword}")
        return
    if None in places:
        raise Refused("T206", f"a control point names no item of {block.second.keyword}")
    _count(scope, block, len(items))
    for column in block.columns:
        cells = [rows[place][column.name] for place in places if place is not None]
        _write_column(scope, block, column, cells)


def _by_index(block: Distinct, items: list[Item]) -> dict[int | None, int]:
    """The places of the items by the number by which they are named."""
    own = {whole_number(item.get(tag_of(block.number))): place for place, item in enumerate(items)}
    if len(own) < len(items):
        raise Refused("T206", f"two items of {block.second.keyword} have the same {block.number}")
    return own


def _leave_unnamed(scope: Scope, block: Distinct, items: list[Item], rows: Mapping[int, Row]) -> None:
    """An item that no control point names takes no part in the beam, and is told of."""
    for place, item in enumerate(items):
        if place in rows or not rows:
            continue
        elements = [each for element in item.values() for each in elements_below(element)]
        scope.run.ledger.lose(elements, block.id, "never: no control point names the item")
        where = scope.place(block.second.role, f"{block.second.plain}[{place}]")
        scope.run.tell(
            "T106", Severity.INFO, "not carried: no control point names the item", where, block.id, block.cite
        )


def _count(scope: Scope, block: Distinct, found: int) -> None:
    if block.count is None:
        return
    element = scope.items[block.count.role].get(tag_of(block.count.keyword))
    if element is None:
        return
    scope.run.ledger.derive([element], block.id)
    if whole_number(scope.items[block.count.role].get(tag_of(block.count.keyword))) != found:
        raise Refused("T039", f"{block.count.keyword} contradicts the items")


def _write_column(scope: Scope, block: Distinct, column: Bind, cells: list[Cell]) -> None:
    """One column of the first side from the value of each control point's item."""
    present = [cell.value is not None for cell in cells]
    if not any(present):
        return
    if not all(present):
        raise Refused("T207", f"some items of {block.second.keyword} hold what others leave out")
    guessed = any(isinstance(cell.value, Assumed) for cell in cells)
    values = np.array([_plain(cell.value) for cell in cells], dtype=float)
    if guessed and np.any(values != values[0]):
        raise Refused("T208", "an angle changes between two treatment positions and nothing says which way it turns")
    outputs: tuple[Any, ...] = (values,)
    if column.via and column.via[0].codec:
        outputs = convert_back(scope, column.via, [values])
    sources = [source for cell in {id(cell): cell for cell in cells}.values() for source in cell.sources]
    if not outputs:
        _leave(scope, block, column, values, sources)
        return
    write_values(scope, block.id, block.cite, column.first, outputs)
    scope.run.ledger.carry(sources, block.id)


def _leave(scope: Scope, block: Distinct, column: Bind, values: Any, sources: list[Any]) -> None:
    """A column whose codec has no way back; that it changes is told, because nothing else need say so."""
    scope.run.ledger.derive(sources, block.id)
    if np.any(values != values[0]):
        message = f"not carried: {CODECS[column.via[-1].codec].one_way}"
        place = scope.place(block.second.role, block.second.plain)
        scope.run.tell("T106", Severity.INFO, message, place, block.id, block.cite)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Assumed) else value


def _by_items(scope: Scope, block: Distinct, items: list[Item], run: Runner) -> None:
    """Items of another sequence name the item by its number, as blocks name their tray."""
    assert block.index is not None  # noqa: S101 - a block over items without members has one
    naming, _ = items_at(scope, Path(block.index.role, block.index.steps[:1]))
    own = _by_index(block, items)
    for item in naming:
        element = item.get(tag_of(block.index.keyword))
        target = scope.run.made.get(id(item))
        if element is None or element.is_empty() or target is None:
            continue
        scope.run.ledger.derive([element], block.id)
        place = own.get(whole_number(item.get(tag_of(block.index.keyword))))
        if place is None:
            raise Refused("T206", f"{block.index.keyword} names no item of {block.second.keyword}")
        inner = scope.child(targets={block.role: target})
        row = _run_item(inner, block, items[place], place, run)
        scope.run.ledger.derive([each for each in [items[place].get(tag_of(block.number))] if each], block.id)
        _write_row(inner, block, row)


def _by_members(scope: Scope, block: Distinct, items: list[Item], run: Runner) -> None:
    """Items list the radiations they stand for: what they hold comes back beside each of them."""
    assert block.members is not None  # noqa: S101 - asked for only where the block has members
    for number, item in enumerate(items):
        inner = scope.child(items={f"{block.id}_item": item})
        members, sequence = items_at(inner, block.members)
        if sequence is not None:
            scope.run.ledger.derive([sequence], block.id)
        for member in members:
            known = scope.per_item(member)
            if known is None:
                raise Refused("T206", f"{block.second.keyword} names a radiation that the set does not hold")
            scope.run.ledger.derive(list(member.values()), block.id)
            own = inner.child(**known)
            _write_row(own, block, _run_item(own, block, item, number, run))


def _write_row(scope: Scope, block: Distinct, row: Row) -> None:
    for column in block.columns:
        cell = row[column.name]
        if cell.value is None or not column.first:
            continue
        path = column.first[0]
        write_values(scope, block.id, block.cite, (path,), (_plain(cell.value),))
        scope.run.ledger.carry(cell.sources, block.id)
