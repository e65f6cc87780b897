"""Runs an ``assemble`` block backward: items of the second side -> records -> fields of the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from transcoder.codecs.registry import COUNTING, DISASSEMBLERS, Assumed, Cell, Refused
from transcoder.dicom.columns import fill
from transcoder.dicom.elements import Item, tag_of, vr_of
from transcoder.dicom.held import HeldRowWriter
from transcoder.dicom.values import encode_numbers
from transcoder.engine.backward import convert_back, kinds_back, write_values
from transcoder.engine.reading import Missing, items_at, read
from transcoder.engine.scope import DeviceRows, Scope
from transcoder.findings import Origin, Severity
from transcoder.mapping.model import Assemble, Node, Records, Rule, TableInput
from transcoder.paths import Path, Step

__all__ = ["run_assemble_back"]

Runner = Callable[[Scope, Sequence[Node]], None]
Record = dict[str, Any]


def run_assemble_back(scope: Scope, block: Assemble, run: Runner) -> None:
    """Take the records apart and write what each input of the first side gets."""
    errors = len(scope.run.findings)
    try:
        records = {each.name: _records(scope, each, run) for each in block.blocks}
        if any(each.severity is Severity.ERROR for each in scope.run.findings[errors:]) or not any(records.values()):
            return
        known: dict[str, Record] = {}
        for entry in block.inputs:
            for uid, value in _known(scope, entry).items():
                known.setdefault(uid, {}).update(value)
        counted = {"counted": scope.run.counted.setdefault(block.id, {})} if block.via in COUNTING else {}
        made = DISASSEMBLERS[block.via](**records, known=known, **counted)
        for entry in block.inputs:
            _write_input(scope, block, entry, made[entry.name])
        for note in dict.fromkeys(made["notes"]):
            place = block.blocks[0].second.plain
            scope.run.tell("T106", Severity.INFO, f"not carried: {note}", place, block.id, block.cite)
    except Refused as refusal:
        place = block.blocks[0].second.plain
        scope.run.tell(refusal.code, Severity.ERROR, str(refusal), place, block.id, block.cite)
    except Missing:
        return


def _records(scope: Scope, block: Records, run: Runner) -> Any:
    items, sequence = items_at(scope, block.second)
    if sequence is not None:
        scope.run.ledger.carry([sequence], block.name)
    if block.columns:
        return _columns(scope, block, items)
    return [_record(scope, block, item, number, run) for number, item in enumerate(items)]


def _record(scope: Scope, block: Records, item: Item, number: int, run: Runner) -> Record:
    role = f"{block.name}_item"
    place = scope.place(block.second.role, f"{block.second.plain}[{number}]")
    inner = scope.child(items={role: item}, places={role: place})
    names = {path.name for node in block.rules if isinstance(node, Rule) for path in node.first if path.name}
    for name in names:
        inner.bound.pop(name, None)
    run(inner, block.rules)
    record: Record = {name: inner.bound.get(name, Cell(None)) for name in names}
    if block.number:
        record["number"] = read(inner, Path(role, (Step(block.number),)), "number")
        scope.run.ledger.derive(record["number"].sources, block.name)
    for nested in block.nested:
        record[nested.name] = _records(inner, nested, run)
    return record


def _columns(scope: Scope, block: Records, items: list[Item]) -> Record:
    """A sequence of many small items as columns (n, 1)."""
    table = DeviceRows(list(items), block.second.plain)
    found: Record = {}
    for rule in block.rules:
        assert isinstance(rule, Rule)  # noqa: S101 - a list of columns holds rules only
        role = f"{block.name}_column"
        inner = scope.child(tables={role: table})
        (kind,) = kinds_back(scope.run.mapping, rule.via, rule.second)
        cell = read(inner, Path(role, rule.second[0].steps), kind)
        value = None if cell.value is None else convert_back(scope, rule.via, [fill(cell.value)])[0]
        found[rule.first[0].name] = Cell(value, cell.sources)
        scope.run.ledger.carry(cell.sources, rule.id)
    return found


def _known(scope: Scope, entry: TableInput) -> dict[str, Record]:
    """What the second side itself tells of the radiations that an input is about, by their UID."""
    if not entry.when_item:
        return {}
    found: dict[str, Record] = {}
    for uid, known in scope.run.members.items():
        inner = scope.child(**known)
        found[uid] = {name: read(inner, path, "number") for name, path in entry.fields if path.role in inner.tables}
    return found


def _write_input(scope: Scope, block: Assemble, entry: TableInput, records: list[Record]) -> None:
    for record in records:
        if entry.when_item:
            known = scope.run.members.get(record["radiation"].value[0])
            if known is None:
                raise Refused("T206", "a dose names a radiation that the set does not hold")
            inner = scope.child(**known)
            if entry.holder:
                target = scope.target.append(inner.targets[entry.holder], entry.over.steps[-1:])
                inner = inner.child(targets={entry.role: target})
        elif entry.over.steps:
            target = scope.target.append(scope.targets[entry.over.role], entry.over.steps)
            inner = scope.child(targets={entry.role: target})
        else:
            inner = scope.child(targets={entry.role: scope.targets[entry.over.role]})
        for name, path in entry.fields:
            if name in record and not path.name and path.role not in inner.tables and record[name]:
                _write_field(inner, block, path, record[name])


def _write_field(scope: Scope, block: Assemble, path: Path, cell: Cell) -> None:
    if isinstance(cell.value, dict):
        _write_keyed(scope, path, cell.value)
        scope.run.ledger.carry([each for column in cell.value.values() for each in column.sources], block.id)
        return
    value = cell.value
    if isinstance(value, Assumed):
        value = value.value
        message = f"assumed {', '.join(map(str, value))}: the source does not say it"
        scope.run.tell("T102", Severity.WARNING, message, scope.place(path.role, path.plain), block.id, block.cite)
    origin = Origin.MAPPED if cell.sources else Origin.ASSUMED
    write_values(scope, block.id, block.cite, (path,), (value,), origin)
    scope.run.ledger.carry(cell.sources, block.id)


def _write_keyed(scope: Scope, path: Path, columns: dict[int, Cell]) -> None:
    """``Sequence[Key]/Attribute``: one column over the control points for each value of the key."""
    step, last = path.steps
    writer = scope.writers[path.role]
    assert isinstance(writer, HeldRowWriter)  # noqa: S101 - the join makes it one
    vr = vr_of(tag_of(step.key))
    for key, cell in sorted(columns.items()):
        writer.announce(step.keyword, step.key, key, vr, encode_numbers(np.array([float(key)]), vr))
        column = writer.column(last.keyword, cell.value, Origin.MAPPED)
        writer.add_nested(step.keyword, step.key, "", key, column)
