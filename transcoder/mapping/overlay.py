"""Lays a site's file over the shipped sheets: by rule id, sheet, table and site value; marks follow the overlay."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from transcoder.errors import MappingError
from transcoder.mapping.suggest import suggestion
from transcoder.mapping.yamlmarks import Marked, Route

__all__ = ["lay_over"]

Place = tuple[Marked, Route, dict[str, Any]]


def lay_over(files: list[Marked], overlay: Marked) -> None:
    """Change the shipped data by rule id and table name; what an overlay names must exist."""
    rules = {place[2]["id"]: place for each in files if "sheet" in each.data for place in _rule_places(each)}
    sheets = {each.data["sheet"]: each for each in files if "sheet" in each.data}
    tables = {name: each for each in files for name in each.data.get("tables", {})}
    for kind, known in (("rules", rules), ("add", sheets), ("tables", tables)):
        for name in overlay.data.get(kind, {}):
            if name not in known:
                near = suggestion(name, known)
                raise MappingError(f"{overlay.mark((kind, name))}: M111 the sheets have no '{name}'{near}")
    for name, changes in overlay.data.get("rules", {}).items():
        _change(*rules[name], changes, overlay, ("rules", name))
    for name, rows in overlay.data.get("add", {}).items():
        _add(sheets[name], rows, overlay, ("add", name))
    for name, entry in overlay.data.get("tables", {}).items():
        _extend(tables[name].data["tables"][name], entry)
        tables[name].marks["tables", name] = overlay.mark(("tables", name))
    for each in files:
        if "family" in each.data:
            each.data["sop_classes"].update(overlay.data.get("sop_classes", {}))


def _change(file: Marked, route: Route, row: dict[str, Any], changes: dict[str, Any], over: Marked, at: Route) -> None:
    for key, value in changes.items():
        row[key] = value
        _move_marks(file, (*route, key), over, (*at, key))


def _add(file: Marked, rows: list[Any], over: Marked, at: Route) -> None:
    for number, row in enumerate(rows):
        file.data["rules"].append(row)
        _move_marks(file, ("rules", len(file.data["rules"]) - 1), over, (*at, number))


def _extend(table: dict[str, Any], entry: dict[str, Any]) -> None:
    width = len(table["first"])
    for kind, rows in entry.items():
        replaced = [row[:width] for row in rows]
        table[kind] = [row for row in table.get(kind, []) if row[:width] not in replaced] + rows


def _move_marks(file: Marked, route: Route, over: Marked, at: Route) -> None:
    """Let what stands at ``route`` be told as standing where the overlay has it."""
    for stale in [each for each in file.marks if each[: len(route)] == route]:
        del file.marks[stale]
    for there, mark in over.marks.items():
        if there[: len(at)] == at:
            file.marks[(*route, *there[len(at) :])] = mark


def _rule_places(file: Marked) -> Iterator[Place]:
    yield from _rows(file, file.data["rules"], ("rules",))


def _rows(file: Marked, rows: list[Any], route: Route) -> Iterator[Place]:
    for number, row in enumerate(rows):
        place = (*route, number)
        if "id" in row:
            yield file, place, row
        for word in ("each", "distinct"):
            for inner in ("rules", "member_rules"):
                yield from _rows(file, row.get(word, {}).get(inner, []), (*place, word, inner))
        blocks = row.get("assemble", {}).get("blocks", [])
        for at, block in enumerate(blocks):
            yield from _record_rows(file, block, (*place, "assemble", "blocks", at))


def _record_rows(file: Marked, block: dict[str, Any], route: Route) -> Iterator[Place]:
    yield from _rows(file, block["rules"], (*route, "rules"))
    for number, inner in enumerate(block.get("nested", [])):
        yield from _record_rows(file, inner, (*route, "nested", number))
