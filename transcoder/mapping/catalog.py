"""Finds the sheets, checks their shape and builds the mapping; overlays change it by rule id, table and site value."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from transcoder.errors import MappingError
from transcoder.mapping.build import Builder, SheetFault
from transcoder.mapping.demands import Surrogate
from transcoder.mapping.families import family
from transcoder.mapping.fragments import open_fragments
from transcoder.mapping.model import Family, Mapping, Sheet, SiteValue, Table, flatten
from transcoder.mapping.overlay import lay_over
from transcoder.mapping.suggest import suggestion
from transcoder.mapping.yamlmarks import Marked, Route, read

__all__ = ["folder", "load", "schema"]

Concept = tuple[str, str, str]


@cache
def folder() -> Path:
    """Where the sheets are: inside the installed package, or beside it in a checkout."""
    here = Path(__file__).resolve().parent.parent
    for place in (here / "_mappings", here.parent / "mappings"):
        if (place / "mapping.schema.json").is_file():
            return place
    raise MappingError("mappings: M100 the mapping sheets are not installed")


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of the sheets."""
    loaded: dict[str, Any] = json.loads((folder() / "mapping.schema.json").read_text(encoding="utf-8"))
    return loaded


def load(overlays: Iterable[Path] = (), root: Path | None = None) -> Mapping:
    """The mapping of the shipped sheets with these overlays; raises :class:`MappingError`, one line per fault."""
    return _load(tuple(Path(each).resolve() for each in overlays), root)


@cache
def _load(overlays: tuple[Path, ...], root: Path | None) -> Mapping:
    base = root or folder()
    files = sorted(base.rglob("*.yaml"))
    marked = [read(file, file.relative_to(base.parent).as_posix()) for file in files]
    site_files = [read(file) for file in overlays]
    _require_shape([*marked, *site_files])
    open_fragments(marked)
    for overlay in site_files:
        lay_over(marked, overlay)
    if site_files:
        _require_shape(marked)
        open_fragments(marked)
    digest = hashlib.sha256()
    for each in (*marked, *site_files):
        digest.update(each.file.encode() + json.dumps(_effective(each.data), sort_keys=True).encode())
    return _assemble(marked, site_files, "sha256:" + digest.hexdigest())


def _effective(value: Any) -> Any:
    """What decides about outputs: everything but examples, so that one more example names no new edition."""
    if isinstance(value, dict):
        return {key: _effective(each) for key, each in value.items() if key != "example"}
    return [_effective(each) for each in value] if isinstance(value, list) else value


def _require_shape(files: Iterable[Marked]) -> None:
    faults = [fault for each in files for fault in shape_faults(each)]
    if faults:
        raise MappingError("\n".join(faults))


def shape_faults(marked: Marked) -> Iterator[str]:
    """One line for each place where a file does not have the shape of the schema."""
    import jsonschema

    validator = jsonschema.Draft202012Validator(schema())
    for error in sorted(
        validator.iter_errors(marked.data), key=lambda each: [str(part) for part in each.absolute_path]
    ):
        leaf = error
        while leaf.context:
            leaf = max(leaf.context, key=lambda each: len(each.absolute_path))
        word = _unknown_word(leaf)
        near = suggestion(word, leaf.schema.get("properties", {})) if word else ""
        place: Route = (*leaf.absolute_path, word) if word else tuple(leaf.absolute_path)
        yield f"{marked.mark(place)}: M101 {leaf.message[:160]}{near}"


def _unknown_word(error: Any) -> str:
    """The first word of a mapping that its schema does not know."""
    if error.validator != "additionalProperties" or not isinstance(error.instance, dict):
        return ""
    known = error.schema.get("properties", {})
    return next((word for word in error.instance if word not in known), "")


def _assemble(files: list[Marked], overlays: list[Marked], digest: str) -> Mapping:
    concepts = _concepts([*files, *overlays])
    faults: list[str] = []
    sheets: dict[str, Sheet] = {}
    families: dict[str, Family] = {}
    for each in files:
        try:
            if "sheet" in each.data:
                sheet = Builder(each).sheet()
                sheets[sheet.name] = sheet
            elif "family" in each.data:
                families[each.data["family"]] = family(each)
        except SheetFault as fault:
            faults.append(str(fault))
    tables = {name: table for each in files if "tables" in each.data for name, table in _tables(each, concepts, faults)}
    values = {
        name: SiteValue(name, entry["kind"], entry["meaning"])
        for each in files
        for name, entry in each.data.get("site_values", {}).items()
    }
    site, machines = _site(overlays, values, concepts, faults)
    faults.extend(_repeated_ids(sheets.values()))
    if faults:
        raise MappingError("\n".join(faults))
    surrogates = {each.data["surrogate"]: Surrogate.of(each.data) for each in files if "surrogate" in each.data}
    return Mapping(digest, families, sheets, tables, concepts, values, site, machines, surrogates)


def _concepts(files: list[Marked]) -> dict[str, Concept]:
    found: dict[str, Concept] = {}
    for each in files:
        for name, (value, scheme, meaning) in each.data.get("concepts", {}).items():
            found[name] = (value, scheme, meaning)
    return found


def _tables(file: Marked, concepts: dict[str, Concept], faults: list[str]) -> Iterator[tuple[str, Table]]:
    for name, entry in file.data["tables"].items():
        mark = file.mark(("tables", name))
        kinds = (*entry["first"], *entry["second"])
        for row in (*entry["rows"], *entry.get("aliases", []), *entry.get("back", [])):
            if len(row) != len(kinds):
                faults.append(f"{mark}: M107 a row of table '{name}' has {len(row)} cells, not {len(kinds)}")
            for cell, kind in zip(row, kinds, strict=False):
                if kind == "code" and cell not in concepts:
                    faults.append(f"{mark}: M108 '{cell}' is no concept{suggestion(str(cell), concepts)}")
        table = Table(
            name=name,
            cite=entry["cite"],
            mark=mark,
            first=tuple(entry["first"]),
            second=tuple(entry["second"]),
            rows=tuple(tuple(row) for row in entry["rows"]),
            aliases=tuple(tuple(row) for row in entry.get("aliases", [])),
            back=tuple(tuple(row) for row in entry.get("back", [])),
            open=entry.get("open", False),
        )
        faults.extend(_not_one_to_one(table))
        yield name, table


def _not_one_to_one(table: Table) -> Iterator[str]:
    split = len(table.first)
    heads = [row[:split] for row in (*table.rows, *table.aliases)]
    tails = [row[split:] for row in (*table.rows, *table.back)]
    for side, cells in (("first", heads), ("second", tails)):
        repeated = {cell for cell in cells if cells.count(cell) > 1}
        for cell in sorted(repeated, key=str):
            yield f"{table.mark}: M109 table '{table.name}' is not one-to-one: {side} {list(cell)} stands twice"


def _site(
    overlays: list[Marked], values: dict[str, SiteValue], concepts: dict[str, Concept], faults: list[str]
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    site: dict[str, Any] = {}
    machines: dict[str, dict[str, Any]] = {}
    for overlay in overlays:
        groups: list[tuple[Route, dict[str, Any], dict[str, Any]]] = [(("site",), overlay.data.get("site", {}), site)]
        for machine, entries in overlay.data.get("machines", {}).items():
            groups.append((("machines", machine), entries, machines.setdefault(machine, {})))
        for route, entries, into in groups:
            for name, value in entries.items():
                mark = overlay.mark((*route, name))
                if name not in values:
                    faults.append(f"{mark}: M110 no site value is called '{name}'{suggestion(name, values)}")
                elif not _is_of_kind(value, values[name].kind):
                    faults.append(f"{mark}: M101 site value '{name}' is a {values[name].kind}, not {value!r}")
                elif values[name].kind == "code" and value not in concepts:
                    faults.append(f"{mark}: M108 '{value}' is no concept{suggestion(str(value), concepts)}")
                into[name] = value
    return site, machines


def _is_of_kind(value: Any, kind: str) -> bool:
    if kind != "number":
        return isinstance(value, str)
    values = value if isinstance(value, list) else [value]
    return bool(values) and all(isinstance(each, int | float) and not isinstance(each, bool) for each in values)


def _repeated_ids(sheets: Iterable[Sheet]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for sheet in sheets:
        for rule in flatten(sheet.rules):
            if rule.id in seen:
                yield f"{rule.mark}: M103 rule '{rule.id}' stands at {seen[rule.id]} already"
            seen[rule.id] = str(rule.mark)
