"""Runs a ``distinct`` block forward: one target item for each distinct combination of columns, named by an index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from transcoder.codecs.registry import Cell, Refused
from transcoder.dicom.columns import Column, RowWriter
from transcoder.dicom.elements import Item, tag_of, vr_of
from transcoder.dicom.values import encode_numbers
from transcoder.engine.reading import Missing, items_at
from transcoder.engine.scope import Scope
from transcoder.engine.writing import write_empty
from transcoder.findings import Origin, Severity
from transcoder.mapping.model import Distinct, Node
from transcoder.paths import Path

__all__ = ["run_distinct"]

Runner = Callable[[Scope, Sequence[Node]], None]
Row = dict[str, Cell]


def run_distinct(scope: Scope, block: Distinct, run: Runner) -> None:
    """Group the rows, write an item for each group, and the group's number at each row."""
    try:
        rows, scopes = (_point_rows(scope, block), None) if block.over is None else _item_rows(scope, block)
    except Missing:
        return
    except Refused as refusal:
        scope.run.tell(refusal.code, Severity.ERROR, str(refusal), _place(scope, block), block.id, block.cite)
        return
    groups = _groups(scope, block, rows)
    for key, members in groups.items():
        target = scope.target.append(scope.targets[block.second.role], block.second.steps)
        number = len(_sequence(scope, block).items) if len(block.second.steps) == 1 else 1
        if block.number:
            _put_number(scope, target, block.number, number)
        outer = scopes[members[0]] if scopes else scope
        bound = {name: _representative(rows, members, name) for name in key[1]}
        place = scope.place(block.second.role, f"{block.second.plain}[{number - 1}]")
        inner = outer.child(targets={f"{block.id}_item": target}, places={f"{block.id}_item": place}, bound=bound)
        run(inner, block.rules)
        _write_members(scope, block, inner, scopes, members, run)
        groups[key] = [number, *members]
    _write_index(scope, block, groups, len(rows))
    if block.count is not None and groups:
        total = len(_sequence(scope, block).items)
        _put_number(scope, scope.targets[block.count.role], block.count.keyword, total)
    if not groups and block.otherwise_empty:
        write_empty(scope, block.second)


def _place(scope: Scope, block: Distinct) -> str:
    path = block.columns[0].first[0]
    table = scope.tables.get(path.role)
    return f"{table.path}/{path.plain}" if table else scope.place(path.role, path.plain)


def _sequence(scope: Scope, block: Distinct) -> Any:
    return scope.targets[block.second.role][tag_of(block.second.keyword)]


def _point_rows(scope: Scope, block: Distinct) -> list[Row]:
    from transcoder.engine.blocks import bind

    columns = bind(scope, block.columns)
    length = next(writer.length for writer in scope.writers.values() if isinstance(writer, RowWriter))
    cells = {name: _at_points(cell, length) for name, cell in columns.items()}
    return [{name: held[place] for name, held in cells.items()} for place in range(length)]


def _at_points(cell: Cell, length: int) -> list[Cell]:
    """The cell of a column at each control point; points of equal value share one, as most of them do."""
    if cell.value is None:
        return [cell] * length
    values = cell.value[:length]
    known: dict[Any, Cell] = {}
    if not isinstance(values, np.ndarray):
        known = {value: Cell([value], cell.sources) for value in dict.fromkeys(values)}
        return [known[value] for value in values]
    absent = set(np.argwhere(np.isnan(values.reshape(len(values), -1)))[:, 0].tolist())
    keys = [b"" if place in absent else value.tobytes() for place, value in enumerate(values)]
    for key, value in zip(keys, values, strict=True):
        if key not in known:
            known[key] = Cell(value if key else None, cell.sources)
    return [known[key] for key in keys]


def _item_rows(scope: Scope, block: Distinct) -> tuple[list[Row], list[Scope]]:
    from transcoder.engine.blocks import bind

    assert block.over is not None  # noqa: S101 - asked for only where the block walks items
    items, _ = items_at(scope, block.over)
    rows, scopes = [], []
    for number, item in enumerate(items):
        known = scope.per_item(item) or {}
        if block.when_item and not known.get(block.when_item):
            continue
        place = scope.place(block.over.role, f"{block.over.plain}[{number}]")
        inner = scope.child(
            items={block.role: item, **known.get("items", {})},
            places={block.role: place, **known.get("places", {})},
            bound={name: value for name, value in known.items() if isinstance(value, Cell)},
        )
        rows.append(bind(inner, block.columns))
        scopes.append(inner)
    return rows, scopes


def _groups(scope: Scope, block: Distinct, rows: list[Row]) -> dict[Any, list[int]]:
    groups: dict[Any, list[int]] = {}
    keys: dict[int, Any] = {}
    needed = block.needs or (block.columns[0].name if block.over is not None else "")
    for place, row in enumerate(rows):
        if needed and row[needed].value is None:
            scope.run.ledger.derive(row[needed].sources, block.id)
            continue
        key = tuple(_key_of(cell, keys) for cell in row.values()), tuple(row)
        groups.setdefault(key, []).append(place)
    return groups


def _key_of(cell: Cell, keys: dict[int, Any]) -> Any:
    """What two cells of equal value share; told once for a cell that stands in several rows."""
    if id(cell) not in keys:
        keys[id(cell)] = _key(cell.value)
    return keys[id(cell)]


def _key(value: Any) -> Any:
    # Adding 0.0 makes one zero of the two that a float has.
    return (
        (value + 0.0).tobytes() if isinstance(value, np.ndarray) else tuple(value) if isinstance(value, list) else value
    )


def _representative(rows: list[Row], members: list[int], name: str) -> Cell:
    cell = rows[members[0]][name]
    if len(members) == 1:
        return cell
    # The cells of a column of control points have all its elements in common.
    apart = {id(sources): sources for sources in (rows[place][name].sources for place in members)}
    return Cell(cell.value, tuple(element for sources in apart.values() for element in sources))


def _put_number(scope: Scope, item: Item, word: str, number: int) -> None:
    tag = tag_of(word)
    scope.target.put(item, tag, vr_of(tag), encode_numbers(np.array([float(number)]), vr_of(tag)), Origin.MAPPED)


def _write_index(scope: Scope, block: Distinct, groups: dict[Any, list[int]], length: int) -> None:
    if block.index is None:
        return
    numbers = np.zeros(length)
    for number, *members in groups.values():
        numbers[members] = number
    writer = scope.writers.get(block.index.role)
    if isinstance(writer, RowWriter):
        if groups:
            writer.add(Column.of(block.index.keyword, numbers[:, None], Origin.MAPPED))
            writer.values[block.index.plain] = numbers[:, None]
        return
    for place, number in enumerate(numbers.astype(int).tolist()):
        item = _nth(scope, block.index, place)
        if item is not None and number:
            _put_number(scope, item, block.index.keyword, number)
        elif item is not None and block.otherwise_index is not None:
            tag = tag_of(block.otherwise_index.keyword)
            scope.target.put(item, tag, vr_of(tag), b"", Origin.SET)


def _nth(scope: Scope, path: Path, place: int) -> Item | None:
    element = scope.targets[path.role].get(tag_of(path.steps[0].keyword))
    return element.items[place] if element is not None and place < len(element.items) else None


def _write_members(
    scope: Scope, block: Distinct, inner: Scope, scopes: list[Scope] | None, members: list[int], run: Runner
) -> None:
    if block.members is None or scopes is None:
        return
    for place in members:
        target = scope.target.append(inner.targets[block.members.role], block.members.steps)
        run(scopes[place].child(targets={**inner.targets, f"{block.id}_item_member": target}), block.member_rules)
