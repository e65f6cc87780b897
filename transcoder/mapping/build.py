"""Plain data of a sheet -> its records. The shape was checked before, so only names and paths can be wrong here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from transcoder.mapping.model import (
    Assemble,
    Bind,
    Condition,
    Declared,
    Distinct,
    Each,
    Mark,
    Node,
    NotWritten,
    Openings,
    Otherwise,
    Place,
    Records,
    Rule,
    Sheet,
    Single,
    TableInput,
    Via,
)
from transcoder.mapping.yamlmarks import Marked, Route
from transcoder.paths import Path, PathError, parse

__all__ = ["Builder", "SheetFault"]

_BLOCKS = ("same", "empty", "each", "distinct", "assemble")


class SheetFault(Exception):  # noqa: N818 - a fault of a sheet is what the rest of the code calls it
    """One fault of a sheet: where, its code and what is wrong."""

    def __init__(self, mark: Mark, code: str, message: str) -> None:
        super().__init__(f"{mark}: {code} {message}")


class Builder:
    """Builds the records of one file, whose fragments are opened already."""

    def __init__(self, marked: Marked) -> None:
        self.marked = marked

    def sheet(self) -> Sheet:
        """The sheet of this file; raises :class:`SheetFault`."""
        data = self.marked.data
        roots = data["roots"]
        return Sheet(
            name=data["sheet"],
            title=data["title"],
            cite=data["cite"],
            file=self.marked.file,
            first=roots["first"],
            second=roots["second"],
            rules=self.nodes(data["rules"], ("rules",), roots["first"], roots["second"]),
            binds=self.binds(data.get("bind", {}), ("bind",), roots["first"], roots["second"]),
            declared=tuple(self._declared(data, "first")),
            declared_second=tuple(self._declared(data, "second")),
            not_written=tuple(self._words(data, "not_written")),
            assured=tuple(self._words(data, "assured")),
            place=self.place(()),
        )

    def place(self, route: Route) -> Place:
        """Where a part of this file stands."""
        return Place(self.marked.marks, route)

    def _words(self, data: dict[str, Any], kind: str) -> Iterator[NotWritten]:
        for number, row in enumerate(data.get(kind, {}).get("second", [])):
            within = row.get("within", "")
            for outer in within if isinstance(within, list) else [within]:
                for at, word in enumerate(row["keywords"]):
                    mark = self.marked.mark((kind, "second", number, "keywords", at))
                    yield NotWritten(f"{outer}/{word}".lstrip("/"), row["reason"], mark)

    def _declared(self, data: dict[str, Any], side: str) -> Iterator[Declared]:
        for path, (kind, reason, *more) in data.get("not_carried", {}).get(side, {}).items():
            extra = more[0] if more else {}
            mark = self.marked.mark(("not_carried", side, path))
            yield Declared(path, kind, reason, extra.get("where", ""), mark, extra.get("retired", False))

    def nodes(self, rows: list[Any], route: Route, first: str, second: str) -> tuple[Node, ...]:
        """The nodes of a list of rows."""
        found: list[Node] = []
        for number, row in enumerate(rows):
            place = (*route, number)
            kind = next((word for word in _BLOCKS if word in row), "rule")
            build: Callable[..., Any] = getattr(self, f"_{kind}")
            found.extend(build(row, place, first, second))
        return tuple(found)

    def _rule(self, row: dict[str, Any], route: Route, first: str, second: str) -> Iterator[Rule]:
        when = row.get("when", {})
        one_way = row.get("one_way", "")
        value = row.get("value")
        if "code" in row:
            value = {"code": row["code"]}
        yield Rule(
            id=row["id"],
            mark=self.marked.mark(route),
            first=self.paths(row.get("first", []), (*route, "first"), first),
            second=self.paths(row.get("second", []), (*route, "second"), second),
            via=self.vias(row.get("via", []), (*route, "via")),
            value=value,
            companions=tuple(row.get("with", {}).items()),
            otherwise=tuple(self._otherwise(each, (*route, "otherwise"), first) for each in row.get("otherwise", [])),
            when_first=self.conditions(when.get("first", []), (*route, "when"), first),
            when_second=self.conditions(when.get("second", []), (*route, "when"), second),
            one_way=one_way,
            reason=row.get("reason", ""),
            cite=row["cite"],
            note=row.get("note", ""),
            lost=row.get("lost", ""),
            lost_back=row.get("lost_back", ""),
            only_back=row.get("only_back", ""),
            missing=_words(row.get("missing", ())),
            hold=row.get("hold", ""),
            detail=row.get("detail", False),
            always=row.get("always", False),
            generated=row.get("generated", False),
            example=row.get("example"),
            place=self.place(route),
        )

    def _same(self, row: dict[str, Any], route: Route, first: str, second: str) -> Iterator[Rule]:
        without = dict.fromkeys(row.get("otherwise_empty", ()), (Otherwise("empty"),))
        without.update(dict.fromkeys(row.get("otherwise_refuse", ()), (Otherwise("refuse"),)))
        for number, word in enumerate(row["keywords"]):
            path = self.path(word, (*route, "keywords", number), "")
            example = row.get("example") if number == 0 else None
            yield Rule(
                id=f"{row['same']}.{word}",
                mark=self.marked.mark((*route, "keywords", number)),
                first=(path.within(first),),
                second=(path.within(second),),
                otherwise=without.get(word, ()),
                cite=row["cite"],
                retired=row.get("retired", False),
                example={**example, "all": True} if example else None,
                place=self.place((*route, "keywords", number)),
            )

    def _empty(self, row: dict[str, Any], route: Route, _first: str, second: str) -> Iterator[Rule]:
        within = f"{row['within']}/" if "within" in row else ""
        for number, word in enumerate(row["keywords"]):
            place = (*route, "keywords", number)
            yield Rule(
                id=f"{row['empty']}.{word}",
                mark=self.marked.mark(place),
                second=(self.path(within + word, place, second),),
                value="empty",
                cite=row["cite"],
                note="unknown to the source",
                lost_back=row.get("lost_back", ""),
                place=self.place(place),
            )

    def _each(self, row: dict[str, Any], route: Route, first: str, second: str) -> Iterator[Each]:
        block, place = row["each"], (*route, "each")
        role = block.get("as", block["id"])
        single = block.get("single")
        yield Each(
            id=block["id"],
            mark=self.marked.mark(place),
            first=self.path(block["first"], (*place, "first"), first),
            second=self.path(block["second"], (*place, "second"), second),
            rules=self.nodes(block["rules"], (*place, "rules"), role, f"{block['id']}_item"),
            role=role,
            number=block.get("number", ""),
            first_number=block.get("first_number", ""),
            first_same=block.get("first_same", ""),
            count=self._optional(block, "count", place, second),
            first_count=self._optional(block, "first_count", place, first),
            when=self.conditions(block.get("when", []), (*place, "when"), first),
            second_when=self.conditions(block.get("second_when", []), (*place, "second_when"), f"{block['id']}_item"),
            one_way=block.get("one_way", ""),
            back_when=self.conditions(block.get("back_when", []), (*place, "back_when"), second),
            when_item=block.get("when_item", "").removeprefix("$"),
            single=self._single(single, (*place, "single"), role) if single else None,
            binds=self.binds(block.get("bind", {}), (*place, "bind"), role, f"{block['id']}_item"),
            openings=_openings(block.get("openings")),
            moment=(block["moment"]["item"], block["moment"]["point"]) if "moment" in block else None,
            lost_back=block.get("lost_back", ""),
            cite=block["cite"],
            place=self.place(place),
        )

    def _single(self, entry: dict[str, Any], route: Route, role: str) -> Single:
        return Single(
            self.conditions(entry["when"], route, role),
            entry["code"],
            entry["message"],
            tuple(entry["merge"]),
            tuple(entry["differ"]),
            self.path(entry["apart"], route, f"{role}_item"),
        )

    def _distinct(self, row: dict[str, Any], route: Route, first: str, second: str) -> Iterator[Distinct]:
        block, place = row["distinct"], (*route, "distinct")
        over = self._optional(block, "over", place, first)
        role = block.get("as", f"{block['id']}_row")
        item = f"{block['id']}_item"
        yield Distinct(
            id=block["id"],
            mark=self.marked.mark(place),
            over=over,
            columns=self.binds(block["columns"], (*place, "columns"), role if over else first, item),
            second=self.path(block["second"], (*place, "second"), second),
            rules=self.nodes(block["rules"], (*place, "rules"), first if over is None else role, item),
            role=role,
            when_item=block.get("when_item", "").removeprefix("$"),
            needs=block.get("needs", ""),
            number=block.get("number", ""),
            count=self._optional(block, "count", place, second),
            index=self._optional(block, "index", place, second),
            otherwise_index=self._optional(block, "otherwise_index", place, second),
            members=self._optional(block, "members", place, item),
            member_rules=self.nodes(block.get("member_rules", []), (*place, "member_rules"), role, f"{item}_member"),
            otherwise_empty=block.get("otherwise_empty", False),
            cite=block["cite"],
            place=self.place(place),
        )

    def _assemble(self, row: dict[str, Any], route: Route, first: str, second: str) -> Iterator[Assemble]:
        block, place = row["assemble"], (*route, "assemble")
        yield Assemble(
            id=block["id"],
            mark=self.marked.mark(place),
            via=block["via"],
            inputs=tuple(
                self._input(name, entry, (*place, "inputs"), first) for name, entry in block["inputs"].items()
            ),
            blocks=tuple(
                self._records(each, (*place, "blocks", number), first, second)
                for number, each in enumerate(block["blocks"])
            ),
            cite=block["cite"],
            place=self.place(place),
        )

    def _input(self, name: str, entry: dict[str, Any], route: Route, first: str) -> TableInput:
        role = entry.get("as", f"{name}_row")
        return TableInput(
            name=name,
            over=self.path(entry["over"], (*route, name, "over"), first),
            fields=tuple(
                (word, self.path(path, (*route, name, "fields", word), role)) for word, path in entry["fields"].items()
            ),
            role=role,
            when_item=entry.get("when_item", "").removeprefix("$"),
            holder=entry.get("holder", ""),
        )

    def _records(self, entry: dict[str, Any], route: Route, first: str, second: str) -> Records:
        item = f"{entry['records']}_item"
        return Records(
            name=entry["records"],
            second=self.path(entry["second"], (*route, "second"), second),
            rules=self.nodes(entry["rules"], (*route, "rules"), first, item),
            number=entry.get("number", ""),
            columns=entry.get("columns", False),
            nested=tuple(
                self._records(each, (*route, "nested", number), first, item)
                for number, each in enumerate(entry.get("nested", []))
            ),
            place=self.place(route),
        )

    def binds(self, entries: dict[str, Any], route: Route, first: str, second: str) -> tuple[Bind, ...]:
        """The bindings of a block, by name."""
        return tuple(
            Bind(
                name,
                self.paths(entry.get("first", []), (*route, name, "first"), first),
                self.paths(entry.get("second", []), (*route, name, "second"), second),
                self.vias(entry.get("via", []), (*route, name, "via")),
                entry.get("as", "second"),
            )
            for name, entry in entries.items()
        )

    def _otherwise(self, entry: Any, route: Route, first: str) -> Otherwise:
        if isinstance(entry, str):
            return Otherwise(entry)
        ((action, body),) = entry.items()
        if action in ("site", "plan_site"):
            return Otherwise(action, value=body)
        if isinstance(body, dict) and "first" in body:
            return Otherwise(action, self.paths(body["first"], route, first), self.vias(body.get("via", []), route))
        return Otherwise(action, value=body)

    def conditions(self, rows: list[Any], route: Route, root: str) -> tuple[Condition, ...]:
        """The conditions of a list, all of which must hold."""
        return tuple(self.condition(row, route, root) for row in rows)

    def condition(self, row: dict[str, Any], route: Route, root: str) -> Condition:
        """One condition, written ``{test: path}`` or ``{test: [path, values]}``."""
        ((test, body),) = row.items()
        if isinstance(body, list):
            values = body[1] if isinstance(body[1], list) else [body[1]]
            return Condition(test, self.path(body[0], route, root), tuple(map(str, values)))
        return Condition(test, self.path(body, route, root))

    def vias(self, entry: Any, route: Route) -> tuple[Via, ...]:
        """A codec, or a chain of codecs."""
        rows = entry if isinstance(entry, list) else [entry]
        return tuple(self._via(row) for row in rows)

    def _via(self, row: Any) -> Via:
        if isinstance(row, str):
            return Via(row)
        ((name, arguments),) = row.items()
        if name == "table":
            return Via("table", (("name", arguments),))
        return Via(
            name, tuple((key, tuple(value) if isinstance(value, list) else value) for key, value in arguments.items())
        )

    def paths(self, entry: Any, route: Route, root: str) -> tuple[Path, ...]:
        """One path or a list of them, each with its role made explicit."""
        rows = entry if isinstance(entry, list) else [entry]
        return tuple(self.path(row, route, root) for row in rows)

    def path(self, text: str, route: Route, root: str) -> Path:
        """A path with its role; raises :class:`SheetFault`."""
        try:
            return parse(text).within(root)
        except PathError as error:
            raise SheetFault(self.marked.mark(route), "M102", str(error)) from None

    def _optional(self, block: dict[str, Any], word: str, route: Route, root: str) -> Path | None:
        return self.path(block[word], (*route, word), root) if word in block else None


def _words(entry: Any) -> tuple[str, ...]:
    return (entry,) if isinstance(entry, str) else tuple(entry)


def _openings(entry: dict[str, str] | None) -> Openings | None:
    if entry is None:
        return None
    return Openings(
        role=entry["as"],
        match=entry["match"],
        number=entry.get("number", ""),
        first=entry["first"],
        first_key=entry["first_key"],
        second=entry["second"],
        second_key=entry["second_key"],
        count=entry["count"],
        together=bool(entry.get("together", False)),
    )
