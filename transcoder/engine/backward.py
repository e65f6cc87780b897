"""Runs one rule from the second to the first generation: the same rule, read from its other side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from transcoder.codecs.registry import CODECS, Cell, Refused
from transcoder.dicom.elements import Element
from transcoder.engine.conditions import hold
from transcoder.engine.reading import Missing, read
from transcoder.engine.rules import argument
from transcoder.engine.scope import Scope
from transcoder.engine.tables import look_up_back
from transcoder.engine.writing import write, write_constant
from transcoder.findings import Origin, Severity
from transcoder.mapping.model import Mapping, Rule, Table, Via

__all__ = ["convert_back", "run_rule_back"]


def run_rule_back(scope: Scope, rule: Rule) -> None:
    """Bring back what the rule says; what goes wrong becomes a finding, so that the other rules still speak.

    The scope holds second-generation items and columns as its source and first-generation ones as its target. Values
    for names that blocks bind (``$name``) go into ``scope.bound``, for the block to place them.
    """
    if rule.one_way == "forward" or not rule.first:
        return
    try:
        if not hold(scope, rule.when_second):
            return
        if rule.value is not None:
            write_constant(scope, rule, rule.first[0])
        else:
            _carry_back(scope, rule)
    except Missing:
        return
    except Refused as refusal:
        scope.run.tell(refusal.code, Severity.ERROR, str(refusal), _source_place(scope, rule), rule.id, rule.cite)


def _carry_back(scope: Scope, rule: Rule) -> None:
    kinds = _kinds_back(scope.run.mapping, rule)
    cells = [read(scope, path, kind) for path, kind in zip(rule.second, kinds, strict=True)]
    outputs = _outputs(scope, rule, [cell.value for cell in cells])
    wrote = _write_back(scope, rule, outputs, cells)
    for cell in cells:
        if wrote:
            scope.run.ledger.carry(cell.sources, rule.id)
        else:
            scope.run.ledger.derive(cell.sources, rule.id)


def _kinds_back(mapping: Mapping, rule: Rule) -> list[str]:
    if not rule.via or not rule.via[0].codec:
        return ["element"] * len(rule.second)
    last = rule.via[-1]
    kinds = _table(mapping, last).second if last.codec == "table" else CODECS[last.codec].second
    return list(kinds[: len(rule.second)])


def _outputs(scope: Scope, rule: Rule, values: list[Any]) -> tuple[Any, ...]:
    """The first-generation values, none where the source has not what the codec needs."""
    if values[0] is None:
        return ()
    if not rule.via or not rule.via[0].codec:
        empty = isinstance(values[0], Element) and values[0].is_empty()
        return () if empty else (values[0],)
    return convert_back(scope, rule.via, values)


def convert_back(scope: Scope, vias: tuple[Via, ...], values: list[Any]) -> tuple[Any, ...]:
    """Values through a chain of codecs, from its end to its start."""
    for via in reversed(vias):
        if all(value is None for value in values):
            break
        values = list(_apply_back(scope, via, values))
    return tuple(values)


def _apply_back(scope: Scope, via: Via, values: list[Any]) -> tuple[Any, ...]:
    if via.codec == "table":
        table = _table(scope.run.mapping, via)
        found = look_up_back(scope.run.mapping, table, values)
        if all(value is None for value in found) and not table.open and not _is_shared(scope, table, values):
            raise Refused("T018", f"a term that table '{table.name}' does not hold")
        return found
    backward = CODECS[via.codec].backward
    if backward is None:
        return ()
    result: tuple[Any, ...] = backward(*values, **{name: argument(scope, value) for name, value in via.arguments})
    return result


def _table(mapping: Mapping, via: Via) -> Table:
    return mapping.tables[str(dict(via.arguments)["name"])]


def _is_shared(scope: Scope, table: Table, values: list[Any]) -> bool:
    """Whether only aliases have these values: several terms mean it, and none of them is chosen."""
    return any(
        value is not None for value in look_up_back(scope.run.mapping, replace(table, rows=table.aliases), values)
    )


def _write_back(scope: Scope, rule: Rule, outputs: tuple[Any, ...], cells: list[Cell]) -> bool:
    """Write each value to its first-generation path, or bind it; whether anything was written."""
    # Companions stand beside the second-generation value; here they were read as part of its address.
    plain = replace(rule, first=rule.second, companions=()) if rule.companions else rule
    sources = tuple(source for cell in cells for source in cell.sources)
    wrote = False
    for path, output in zip(rule.first, outputs, strict=False):
        if output is None or (isinstance(output, list) and output == [""]):
            continue
        if path.name:
            scope.bound[path.name] = Cell(output, sources)
        else:
            copied = write(scope, plain, path, output, Origin.MAPPED)
            scope.run.ledger.carry(copied, rule.id)
        wrote = True
    return wrote


def _source_place(scope: Scope, rule: Rule) -> str:
    path = next((path for path in rule.second if path.steps), None)
    if path is None:
        return ""
    table = scope.tables.get(path.role)
    return f"{table.path}/{path.plain}" if table else scope.place(path.role, path.plain)
