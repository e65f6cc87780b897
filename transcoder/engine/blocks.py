"""Runs the nodes of a sheet forward: rules, pairs of sequences, assembled records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from transcoder.codecs.blocks import disjoint
from transcoder.codecs.registry import ASSEMBLERS, Cell, Lost, Refused
from transcoder.dicom.columns import Column, RowWriter
from transcoder.dicom.elements import Item, tag_of, vr_of
from transcoder.dicom.values import encode_numbers, numbers
from transcoder.engine.conditions import hold
from transcoder.engine.distinct import run_distinct
from transcoder.engine.openings import open_devices
from transcoder.engine.reading import Missing, holders_at, items_at, read
from transcoder.engine.rules import convert, kinds_of, run_rule
from transcoder.engine.scope import DeviceWriter, Scope
from transcoder.engine.writing import finish_points
from transcoder.findings import Origin, Severity
from transcoder.mapping.model import Assemble, Bind, Distinct, Each, Node, Records, Rule, Single, TableInput
from transcoder.paths import Path

__all__ = ["bind", "plain_kind", "run_nodes"]


def run_nodes(scope: Scope, nodes: Sequence[Node]) -> None:
    """Run rules and blocks in order."""
    for node in nodes:
        if isinstance(node, Rule):
            run_rule(scope, node)
        elif isinstance(node, Each):
            _run_each(scope, node)
        elif isinstance(node, Distinct):
            run_distinct(scope, node, run_nodes)
        else:
            _run_assemble(scope, node)


def bind(scope: Scope, binds: Sequence[Bind]) -> dict[str, Cell]:
    """The bound values of a block, read from the source."""
    found: dict[str, Cell] = {}
    for each in binds:
        if not each.first:
            continue
        via = each.via if each.via and each.via[0].codec and each.side == "second" else ()
        kinds = kinds_of(scope, each.via, each.first) if via else [plain_kind(path) for path in each.first]
        cells = [read(scope, path, kind) for path, kind in zip(each.first, kinds, strict=True)]
        sources = tuple(element for cell in cells for element in cell.sources)
        if cells[0].value is None:
            found[each.name] = Cell(None, sources)
        elif via:
            found[each.name] = Cell(convert(scope, via, [cell.value for cell in cells])[0], sources)
        else:
            found[each.name] = Cell(cells[0].value, sources)
    return found


def plain_kind(path: Path) -> str:
    """The kind in which a value without codec is read."""
    return "number" if _is_numeric(path) else "text"


def _is_numeric(path: Path) -> bool:
    return not path.keyword or vr_of(tag_of(path.keyword)) in ("DS", "IS", "FD", "FL", "US", "UL", "SS", "SL")


def _run_each(scope: Scope, block: Each) -> None:
    if block.one_way == "backward" or not hold(scope, block.when):
        return
    items, sequence = items_at(scope, block.first)
    if not items:
        return
    merged: dict[int, Item] = {}
    walked = [item for item in items if not block.when_item or _per_item(scope, item).get(block.when_item)]
    openings = open_devices(scope, block, walked) if block.openings else {}
    count = 0
    for place, item in enumerate(walked):
        inner = _item_scope(scope, block, item, items.index(item))
        if block.single and hold(inner, block.single.when):
            if merged:
                _merge(inner, block, block.single, item, merged)
                continue
            merged[0] = item
        target = scope.target.append(scope.targets[block.second.role], block.second.steps)
        count = _numbered(scope, block, target)
        if merged.get(0) is item:
            merged[1] = target
        inner = inner.child(
            targets={f"{block.id}_item": target},
            places={f"{block.id}_item": scope.place(block.second.role, f"{block.second.plain}[{count - 1}]")},
        )
        if not _bind_item(scope, block, inner):
            continue
        if block.openings:
            writer = _device_writer(scope, block, count)
            inner = inner.child(tables={block.openings.role: openings[place]}, writers={block.openings.role: writer})
        run_nodes(inner, block.rules)
    _write_count(scope, block.count, count)
    if sequence is not None:
        scope.run.ledger.carry([sequence], block.id)


def _bind_item(scope: Scope, block: Each, inner: Scope) -> bool:
    try:
        inner.bound.update(bind(inner, block.binds))
    except Missing:
        return False
    except Refused as refusal:
        place = inner.places.get(block.role, "")
        scope.run.tell(refusal.code, Severity.ERROR, str(refusal), place, block.id, block.cite)
        return False
    return True


def _per_item(scope: Scope, item: Item) -> dict[str, Any]:
    return scope.per_item(item) or {}


def _item_scope(scope: Scope, block: Each, item: Item, number: int) -> Scope:
    known = _per_item(scope, item)
    place = scope.place(block.first.role, f"{block.first.plain}[{number}]") if block.first.steps else ""
    return scope.child(
        items={block.role: item, **_holder(scope, block, item), **known.get("items", {})},
        places={block.role: place, **known.get("places", {})},
        bound={name: value for name, value in known.items() if isinstance(value, Cell)},
        tables=known.get("tables", {}),
        writers=known.get("writers", {}),
    )


def _holder(scope: Scope, block: Each, item: Item) -> dict[str, Item]:
    """The item around this one, where a block walks a sequence that is nested in another."""
    if not any(step.every for step in block.first.steps[:-1]):
        return {}
    around = next(outer for outer, inner in holders_at(scope, block.first) if any(each is item for each in inner))
    return {f"{block.role}_holder": around}


def _numbered(scope: Scope, block: Each, target: Item) -> int:
    holder = scope.targets[block.second.role]
    element = holder[tag_of(block.second.keyword)] if len(block.second.steps) == 1 else None
    count = len(element.items) if element is not None else 1
    if block.number:
        tag = tag_of(block.number)
        scope.target.put(target, tag, vr_of(tag), encode_numbers(np.array([float(count)]), vr_of(tag)), Origin.MAPPED)
    return count


def _write_count(scope: Scope, path: Path | None, count: int) -> None:
    if path is not None:
        tag = tag_of(path.keyword)
        holder = scope.targets[path.role]
        scope.target.put(holder, tag, vr_of(tag), encode_numbers(np.array([float(count)]), vr_of(tag)), Origin.MAPPED)


def _device_writer(scope: Scope, block: Each, number: int) -> DeviceWriter:
    openings = block.openings
    assert openings is not None  # noqa: S101 - asked for only where the block has openings
    points = scope.writers["rt_control_points"]
    assert isinstance(points, RowWriter)  # noqa: S101 - the family makes it one
    writer = DeviceWriter(points, openings.second, openings.second_key, openings.count, number)
    points.add_nested(openings.second, openings.second_key, openings.count, number, None)
    return writer


def _merge(scope: Scope, block: Each, single: Single, item: Item, merged: dict[int, Item]) -> None:
    """Put one more item into the one that the other side can hold (decision 14)."""
    apart = {tag_of(word) for word in single.differ}
    kept, other = merged[0], item
    for tag in (kept.keys() | other.keys()) - apart:
        here, there = kept.get(tag), other.get(tag)
        if here is None or there is None or here.raw.strip(b" \0") != there.raw.strip(b" \0"):
            scope.run.tell(
                single.code, Severity.ERROR, single.message, scope.places.get(block.role, ""), block.id, block.cite
            )
            return
    scope.run.ledger.derive(list(item.values()), block.id)
    lost = [element for tag, element in item.items() if tag in apart]
    scope.run.ledger.lose(lost, block.id, "never: merged into the item of another (decision 14)")
    inner = scope.child(targets={f"{block.id}_item": merged[1]})
    for rule in block.rules:
        if isinstance(rule, Rule) and rule.id in single.merge:
            run_rule(inner, rule)
    if not disjoint(_outlines(merged[1], single.apart)):
        place = scope.places.get(block.role, "")
        scope.run.tell(single.code, Severity.ERROR, "the merged outlines may overlap", place, block.id, block.cite)


def _outlines(item: Item, apart: Path) -> list[np.ndarray]:
    sequence = item.get(tag_of(apart.steps[0].keyword))
    inner = tag_of(apart.keyword)
    return [values for each in (sequence.items if sequence else []) if (values := numbers(each[inner])) is not None]


def _run_assemble(scope: Scope, block: Assemble) -> None:
    try:
        records = {each.name: _input_records(scope, each) for each in block.inputs}
        made = ASSEMBLERS[block.via](**records)
    except Refused as refusal:
        place = scope.places.get("group", "")
        scope.run.tell(refusal.code, Severity.ERROR, str(refusal), place, block.id, block.cite)
        return
    except Missing:
        return
    for each in block.blocks:
        _write_records(scope, each, made.get(each.name, []))
    for lost in made.get("lost", []):
        _lose(scope, block, lost)


def _lose(scope: Scope, block: Assemble, lost: Lost) -> None:
    scope.run.ledger.lose(lost.sources, block.id, f"never: {lost.reason}")
    if lost.code:
        severity = Severity.INFO if lost.code == "T106" else Severity.WARNING
        scope.run.tell(lost.code, severity, f"not carried: {lost.reason}", lost.place, block.id, block.cite)


def _input_records(scope: Scope, each: TableInput) -> list[dict[str, Cell]]:
    records = []
    for item, around, place in _walked(scope, each.over):
        known = _per_item(scope, item if around is None else around)
        if each.when_item and not known.get(each.when_item):
            continue
        inner = scope.child(
            items={each.role: item, **known.get("items", {})},
            places={each.role: place, **known.get("places", {})},
            bound={name: value for name, value in known.items() if isinstance(value, Cell)},
            tables=known.get("tables", {}),
            writers=known.get("writers", {}),
        )
        records.append({name: _field(inner, path) for name, path in each.fields})
    return records


def _walked(scope: Scope, path: Path) -> Iterator[tuple[Item, Item | None, str]]:
    """The items of an input, each with the one around it where the sequence is nested in another, and its place."""
    if not any(step.every for step in path.steps[:-1]):
        for number, item in enumerate(items_at(scope, path)[0]):
            yield item, None, scope.place(path.role, f"{path.plain}[{number}]")
        return
    for outer, items in holders_at(scope, path):
        for number, item in enumerate(items):
            yield item, outer, scope.place(path.role, f"{path.plain}[{number}]")


def _field(scope: Scope, path: Path) -> Cell:
    return read(scope, path, plain_kind(path))


def _write_records(scope: Scope, block: Records, records: list[dict[str, Any]] | dict[str, Cell]) -> None:
    if isinstance(records, dict):
        _write_columns(scope, block, records)
        return
    for number, record in enumerate(records):
        target = scope.target.append(scope.targets[block.second.role], block.second.steps)
        inner = scope.child(
            targets={f"{block.name}_item": target},
            places={f"{block.name}_item": scope.place(block.second.role, f"{block.second.plain}[{number}]")},
            bound={name: value for name, value in record.items() if isinstance(value, Cell)},
        )
        if block.number:
            tag = tag_of(block.number)
            value = encode_numbers(np.array([number + 1.0]), vr_of(tag))
            scope.target.put(target, tag, vr_of(tag), value, Origin.MAPPED)
        run_nodes(inner, block.rules)
        for nested in block.nested:
            _write_records(inner, nested, record.get(nested.name, []))


def _write_columns(scope: Scope, block: Records, record: dict[str, Cell]) -> None:
    """A sequence of many small items, written as columns."""
    rules = [rule for rule in block.rules if isinstance(rule, Rule)]
    writer = RowWriter(len(next(iter(record.values())).value))
    for rule in rules:
        cell = record[rule.first[0].name]
        (values,) = convert(scope, rule.via, [cell.value])
        writer.add(Column.full(rule.second[0].keyword, values, Origin.MAPPED))
        scope.run.ledger.carry(cell.sources, rule.id)
    finish_points(scope, scope.targets[block.second.role], tag_of(block.second.keyword), writer)
