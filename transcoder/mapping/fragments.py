"""Puts the rules of a fragment where a sheet uses it, so that each is a row of the sheet with a mark of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from transcoder.errors import MappingError
from transcoder.mapping.marks import Mark
from transcoder.mapping.yamlmarks import Marked, Route

__all__ = ["open_fragments"]

Marks = dict[Route, Mark]
Names = dict[str, str]
# Words that name a rule or a list of rules, and take the name of the using sheet in front.
_NAMED = ("id", "same", "empty")


def open_fragments(files: list[Marked]) -> None:
    """Replace every ``use`` in these files by the rows of its fragment; a second run changes nothing."""
    fragments = {name: each for each in files for name in each.data.get("fragments", {})}
    for file in files:
        if "sheet" in file.data:
            rows, marks = _opened(file, fragments)
            file.data["rules"] = rows
            stale = [route for route in file.marks if route[:1] == ("rules",) and len(route) > 1]
            for route in stale:
                del file.marks[route]
            file.marks.update(marks)


def _opened(file: Marked, fragments: dict[str, Marked]) -> tuple[list[Any], Marks]:
    marks: Marks = {}
    opener = _Opener(fragments, marks)
    return opener.rows(file, file.data["rules"], ("rules",), ("rules",), "", {}), marks


class _Opener:
    def __init__(self, fragments: dict[str, Marked], marks: Marks) -> None:
        self.fragments = fragments
        self.marks = marks

    def rows(self, file: Marked, rows: list[Any], source: Route, target: Route, prefix: str, names: Names) -> list[Any]:
        """The rows with fragments opened; ``source`` is where they stand, ``target`` where they are going to."""
        found: list[Any] = []
        for number, row in enumerate(rows):
            place = (*source, number)
            if "use" not in row:
                found.append(self._row(file, row, place, (*target, len(found)), prefix, names))
                continue
            for each in self._used(file, row, place, (*target, len(found)), names):
                found.append(each)
        return found

    def _used(self, file: Marked, row: dict[str, Any], place: Route, target: Route, names: Names) -> Iterator[Any]:
        name = row["use"]
        fragment = self.fragments.get(name)
        if fragment is None:
            raise MappingError(f"{file.mark(place)}: M106 no fragment is called '{name}'")
        own = {key: _filled(text, names) for key, text in {**row.get("with", {}), "as": row["as"]}.items()}
        route: Route = ("fragments", name)
        *outer, first = target
        number = int(first)
        for at, inner in enumerate(fragment.data["fragments"][name]):
            if "use" in inner:
                for each in self._used(fragment, inner, (*route, at), (*outer, number), own):
                    yield each
                    number += 1
                continue
            yield self._row(fragment, inner, (*route, at), (*outer, number), own["as"], own)
            number += 1

    def _row(self, file: Marked, row: Any, source: Route, target: Route, prefix: str, names: Names) -> Any:
        for route, mark in file.marks.items():
            if route[: len(source)] == source:
                self.marks[(*target, *route[len(source) :])] = mark
        found = _filled(row, names)
        for word in _NAMED:
            if str(found.get(word, "")).startswith("."):
                found[word] = prefix + found[word]
        for place, holder, word in _lists(row, found):
            self._forget((*target, *place))
            inner = _at(row, place)
            holder[word] = self.rows(file, inner, (*source, *place), (*target, *place), prefix, names)
        return found

    def _forget(self, route: Route) -> None:
        for stale in [each for each in self.marks if len(each) > len(route) and each[: len(route)] == route]:
            del self.marks[stale]


def _lists(row: Any, found: Any) -> Iterator[tuple[Route, Any, str]]:
    """Where a row holds lists of rows: the way to each, and what holds it in ``found``."""
    for block in ("each", "distinct"):
        for word in ("rules", "member_rules"):
            if word in row.get(block, {}):
                yield (block, word), found[block], word
    for number, records in enumerate(row.get("assemble", {}).get("blocks", [])):
        yield from _record_lists(records, found["assemble"]["blocks"][number], ("assemble", "blocks", number))


def _record_lists(records: Any, found: Any, route: Route) -> Iterator[tuple[Route, Any, str]]:
    yield (*route, "rules"), found, "rules"
    for number, inner in enumerate(records.get("nested", [])):
        yield from _record_lists(inner, found["nested"][number], (*route, "nested", number))


def _at(row: Any, route: Route) -> Any:
    for part in route:
        row = row[part]
    return row


def _filled(value: Any, names: Names) -> Any:
    """A copy with the words of a fragment filled in."""
    if isinstance(value, dict):
        return {_filled(key, names): _filled(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, names) for each in value]
    if isinstance(value, str):
        for name, text in names.items():
            value = value.replace(f"%{name}", text)
    return value
