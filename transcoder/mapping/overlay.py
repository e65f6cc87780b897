"""Lays a site's file over the shipped sheets: by rule id, sheet, table and site value; marks follow the overlay."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from transcoder.errors import MappingError
from transcoder.mapping.suggest import suggestion
from transcoder.mapping.yamlmarks import Marked, Route

__all__ = ["lay_over"]

Place = tuple[Marked, Route, dict[str, Any]]


def lay_over(files: list[Marked], overlay: Marked) -> None:
    """Change the shipped data by rule id and table name; what an overlay names must exist."""
    _make_own(files, overlay.data.get("rules", {}))
    rules = _rules(files)
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


def _rules(files: list[Marked]) -> dict[str, Place]:
    """Every rule of the sheets by its id, those of fragments by the id that the using sheet gives them."""
    rules = {place[2]["id"]: place for each in files if "sheet" in each.data for place in _rule_places(each)}
    for user, file, name in _uses(files):
        for place in _rows(file, file.data["fragments"][name], ("fragments", name)):
            rules.setdefault(user["as"] + place[2]["id"], place)
    return rules


def _make_own(files: list[Marked], changed: dict[str, Any]) -> None:
    """Give each use of a fragment that has a changed rule a fragment of its own: other uses keep the shipped one."""
    for user, file, name in list(_uses(files)):
        rows = file.data["fragments"][name]
        if not any(user["as"] + place[2]["id"] in changed for place in _rows(file, rows, ())):
            continue
        own = f"{name}_of_{user['as']}"
        file.data["fragments"][own] = deepcopy(rows)
        for route, mark in list(file.marks.items()):
            if route[:2] == ("fragments", name):
                file.marks[("fragments", own, *route[2:])] = mark
        user["use"] = own


def _uses(files: list[Marked]) -> Iterator[tuple[dict[str, Any], Marked, str]]:
    """The rows of sheets that use a fragment, with the file of the fragment and its name."""
    fragments = {name: each for each in files for name in each.data.get("fragments", {})}
    for each in files:
        for row in _use_rows(each.data["rules"]) if "sheet" in each.data else ():
            if row["use"] in fragments:
                yield row, fragments[row["use"]], row["use"]


def _use_rows(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict) and "use" in data:
        yield data
    for each in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _use_rows(each)


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
