"""A rule or block of the mapping sheets as a page of text, made from the sheet itself."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Iterator
from typing import Any

from transcoder.codecs import CODECS
from transcoder.codecs.registry import ASSEMBLERS
from transcoder.mapping.check_roles import FIRST, SECOND, Base, Visit, in_block, in_input, index, visits
from transcoder.mapping.model import (
    Assemble,
    Bind,
    Condition,
    Declared,
    Distinct,
    Each,
    Mapping,
    Node,
    Otherwise,
    Records,
    Rule,
    Via,
    flatten,
    nodes_of,
)
from transcoder.paths import Path
from transcoder.standard import iod

__all__ = ["names", "page"]

NOT_CARRIED, PRIVATE = "not_carried", "private"
_PRIVATE = """# private

Private elements are not copied: only their owner knows what they mean for another object, and a vendor's integrity
hash over the plan would be carried as if it were still valid. The ledger counts them by private creator, and
`--preserve` keeps the whole source in a private block from which it can be restored (docs/preserve.md)."""
_TESTS = {
    "present": "{path} has a value",
    "absent": "{path} has no value",
    "in": "{path} is one of {values}",
    "equals": "{path} is {values}",
    "not_in": "{path} is absent or none of {values}",
    "zero": "{path} is absent or 0 throughout",
    "nonzero": "{path} is somewhere not 0",
    "not_positive": "{path} is absent or 0",
}


def names(mapping: Mapping) -> list[str]:
    """Every word that has a page: ids of rules and blocks, and the two notes of the ledger that are no rules."""
    found = {node.id for node in (visit.node for visit in visits(mapping)) if not isinstance(node, Records)}
    return sorted(found | mapping.rules().keys() | {NOT_CARRIED, PRIVATE})


def page(mapping: Mapping, name: str) -> str:
    """The page of a rule or block as Markdown; raises :class:`KeyError` where there is none."""
    if name == NOT_CARRIED:
        return "\n".join(_not_carried(mapping))
    if name == PRIVATE:
        return _PRIVATE
    for visit in visits(mapping):
        node = visit.node
        if not isinstance(node, Records) and node.id == name:
            body = _rule(mapping, visit, node) if isinstance(node, Rule) else _block(mapping, visit, node)
            return "\n".join([*_head(visit, node), *body])
    raise KeyError(name)


def _head(visit: Visit, node: Rule | Each | Distinct | Assemble) -> Iterator[str]:
    yield f"# {node.id}"
    yield ""
    yield f"{visit.sheet.title} (sheet {visit.sheet.name}), {node.mark.file}:{node.mark.line}"
    yield f"See {node.cite}"


# --- rules -----------------------------------------------------------------------------------------------


def _rule(mapping: Mapping, visit: Visit, rule: Rule) -> Iterator[str]:
    arrow = {"forward": "->", "backward": "<-"}.get(rule.one_way, "<->" if rule.first else "")
    yield from _section("What it carries" if rule.first else "What it writes")
    for path in rule.first:
        yield from _place("first ", visit, path, FIRST)
    if arrow and rule.first:
        yield f"  {arrow}"
    for path in rule.second:
        yield from _place("second", visit, path, SECOND)
    yield from _how(mapping, rule)
    yield from _when(visit, rule)
    yield from _without(mapping, visit, rule)
    for title, text in (
        ("What is lost", rule.lost),
        ("Why one way only", rule.reason),
        ("Note", rule.note),
    ):
        if text:
            yield from _section(title)
            yield text[0].upper() + text[1:] + "."
    yield from _example(rule)


def _how(mapping: Mapping, rule: Rule) -> Iterator[str]:
    yield from _section("How")
    if rule.value is not None:
        yield f"Always {_constant(mapping, rule.value)}."
    elif not rule.first:
        yield "RT Plan has no such attribute."
    elif not rule.via:
        yield "Copied as it is."
    for number, via in enumerate(rule.via):
        if number:
            yield "Then:"
        yield from _via(mapping, via)
    if rule.companions:
        yield "Beside it: " + ", ".join(f"{word} = {value}" for word, value in rule.companions) + "."
    if rule.hold:
        yield f"At the control points {rule.hold}."
    if rule.detail:
        yield "Where it is assumed or missing, the detail flag of the radiation is IDENT_ONLY (decision 4)."


def _via(mapping: Mapping, via: Via) -> Iterator[str]:
    arguments = dict(via.arguments)
    if via.codec == "table":
        yield from _table(mapping, str(arguments["name"]))
        return
    info = CODECS[via.codec]
    yield f"Codec {via.codec}" + (f" with {_given(via)}" if arguments else "") + ":"
    yield from (f"    {line}".rstrip() for line in inspect.cleandoc(info.doc).splitlines())
    if info.normalises:
        yield f"    Normalises: {info.normalises}."
    for value in arguments.values():
        if isinstance(value, str) and value.startswith("site:"):
            yield f"    Site value {value[5:]}: {mapping.site_values[value[5:]].meaning}."


def _table(mapping: Mapping, name: str) -> Iterator[str]:
    table = mapping.tables[name]
    width = len(table.first)
    yield f"Code table {name} ({table.cite}), {table.mark.file}:{table.mark.line}:"
    for rows, arrow in ((table.rows, "<->"), (table.aliases, "->"), (table.back, "<-")):
        for row in rows:
            left = _cells(mapping, row[:width], table.first)
            yield f"    {left} {arrow} {_cells(mapping, row[width:], table.second)}"
    yield "    Any other term is " + ("taken for no value." if table.open else "refused (T018).")


def _cells(mapping: Mapping, cells: tuple[Any, ...], kinds: tuple[str, ...]) -> str:
    shown = [
        _concept(mapping, cell) if kind == "code" else _shown(cell) for cell, kind in zip(cells, kinds, strict=True)
    ]
    return ", ".join(shown)


def _concept(mapping: Mapping, name: str) -> str:
    value, scheme, meaning = mapping.concepts[name]
    return f'({value}, {scheme}, "{meaning}")'


def _constant(mapping: Mapping, value: Any) -> str:
    if value == "empty":
        return "present and empty"
    if isinstance(value, dict):
        return _concept(mapping, value["code"])
    return _concept(mapping, value) if isinstance(value, str) and value in mapping.concepts else _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "\\".join(map(str, value))
    return '""' if value == "" else str(value)


def _when(visit: Visit, rule: Rule) -> Iterator[str]:
    if rule.when_first or rule.when_second:
        yield from _section("When")
    for side, conditions in (("forward", rule.when_first), ("backward", rule.when_second)):
        where = FIRST if side == "forward" else SECOND
        # Without a source the second-side conditions hold forward too: they look at what is written already.
        told = "" if not rule.first else f"{side}: "
        for condition in conditions:
            yield f"- {told}{_condition(visit, condition, where)}"


def _condition(visit: Visit, condition: Condition, side: str) -> str:
    path = ", ".join(_positions(visit, condition.path, side)) or str(condition.path)
    return _TESTS[condition.test].format(path=path, values=", ".join(condition.values))


def _without(mapping: Mapping, visit: Visit, rule: Rule) -> Iterator[str]:
    if rule.value is not None:
        return
    yield from _section("Without a source value")
    for number, each in enumerate(rule.otherwise, start=1):
        yield f"{number}. {_otherwise(mapping, visit, each)}"
    if not rule.otherwise:
        yield "The codec decides." if rule.always else "The target attribute is left out."


def _otherwise(mapping: Mapping, visit: Visit, each: Otherwise) -> str:
    if each.first:
        told = ", ".join(position for path in each.first for position in _positions(visit, path, FIRST) or [str(path)])
        through = (
            " through " + ", then ".join(_named(via) for via in each.via) if each.via and each.via[0].codec else ""
        )
        word = "assumed, with a warning (T102), from" if each.action == "assume" else "derived (T103) from"
        return f"{word} {told}{through}"
    if each.action in ("site", "plan_site"):
        through = ", through the codec" if each.action == "plan_site" else ""
        return f"the site value {each.value}{through}: {mapping.site_values[str(each.value)].meaning}"
    if each.action == "assume":
        return f"assumed, with a warning (T102): {_constant(mapping, each.value)}"
    return {"empty": "present and empty", "omit": "left out", "refuse": "the source is refused (T010)"}[each.action]


def _named(via: Via) -> str:
    if via.codec == "table":
        return f"table {dict(via.arguments)['name']}"
    given = _given(via)
    return f"codec {via.codec}" + (f" ({given})" if given else "")


def _given(via: Via) -> str:
    return ", ".join(f"{word} = {_shown(value)}" for word, value in via.arguments)


def _example(rule: Rule) -> Iterator[str]:
    if not rule.example:
        return
    yield from _section("Example")
    for side in ("site", "bound", "given", "first", "second", "back"):
        if rule.example.get(side):
            yield f"    {side:<6}  {json.dumps(rule.example[side], ensure_ascii=False)}"


# --- blocks ----------------------------------------------------------------------------------------------


def _block(mapping: Mapping, visit: Visit, node: Each | Distinct | Assemble) -> Iterator[str]:
    if isinstance(node, Each):
        yield from _each(visit, node)
    elif isinstance(node, Distinct):
        yield from _distinct(mapping, visit, node)
    else:
        yield from _assemble(visit, node)
    yield from _section("Rules inside")
    yield from _listed(rule.id for rule in flatten((node,)))


def _each(visit: Visit, node: Each) -> Iterator[str]:
    yield from _section("What it carries")
    yield "Each item of the first is one item of the second."
    yield from _place("first ", visit, node.first, FIRST)
    yield from _place("second", visit, node.second, SECOND)
    if node.count is not None:
        yield from _place("count ", visit, node.count, SECOND)
    if node.number:
        yield f"  {node.number} numbers the items from 1."
    if node.when or node.second_when:
        yield from _section("When")
        yield from (f"- forward: {_condition(visit, each, FIRST)}" for each in node.when)
        yield from (f"- backward: {_condition(in_block(visit), each, SECOND)}" for each in node.second_when)
    if node.binds:
        yield from _section("Values bound for its rules")
        yield from _binds(in_block(visit), node.binds)
    if node.openings is not None:
        yield from _section("Control points")
        yield f"{node.openings.first} (by {node.openings.first_key}) <-> {node.openings.second} (by"
        yield f"{node.openings.second_key}), counted at each control point by {node.openings.count}."
    if node.single is not None:
        yield from _section("One item only")
        told = " and ".join(_condition(in_block(visit), each, FIRST) for each in node.single.when)
        yield f"Items of which {told} are merged into one where they differ in"
        yield f"{', '.join(node.single.differ)} only; else: {node.single.message} ({node.single.code})."


def _distinct(mapping: Mapping, visit: Visit, node: Distinct) -> Iterator[str]:
    yield from _section("What it carries")
    yield "One item of the second for each distinct combination of the values below."
    if node.over is not None:
        yield from _place("over  ", visit, node.over, FIRST)
    yield from _place("second", visit, node.second, SECOND)
    if node.index is not None:
        yield from _place("index ", visit, node.index, SECOND)
    yield from _section("Values")
    yield from _binds(in_block(visit), node.columns)
    for codec in dict.fromkeys(via.codec for bind in node.columns for via in bind.via if via.codec):
        yield from _via(mapping, Via(codec))


def _assemble(visit: Visit, node: Assemble) -> Iterator[str]:
    yield from _section("What it reads")
    for each in node.inputs:
        inner = in_input(visit, each.role, each.over, each.when_item)
        yield f"{each.name}, from {', '.join(_positions(visit, each.over, FIRST)) or each.over}:"
        for word, path in each.fields:
            yield f"    {word}: {', '.join(_positions(inner, path, FIRST)) or path}"
    yield from _section("How")
    yield f"Assembler {node.via}:"
    doc = inspect.cleandoc(ASSEMBLERS[node.via].__doc__ or "")
    yield from (f"    {line}".rstrip() for line in doc.splitlines())


def _binds(visit: Visit, binds: Iterable[Bind]) -> Iterator[str]:
    for bind in binds:
        told = [position for path in bind.first for position in _positions(visit, path, FIRST) or [str(path)]]
        through = f" through {', then '.join(map(_named, bind.via))}" if bind.via and bind.via[0].codec else ""
        yield f"  ${bind.name}: {', '.join(told)}{through}"


# --- what is not carried ---------------------------------------------------------------------------------


def _not_carried(mapping: Mapping) -> Iterator[str]:
    yield "# not_carried"
    yield ""
    yield "Attributes of an RT Plan that no rule carries. derived: follows from other content; never: the second"
    yield "generation has no place for it; notyet: another second-generation object has, which is not made yet."
    for kind in ("derived", "never", "notyet"):
        yield from _section(kind)
        entries = [entry for sheet in mapping.sheets.values() for entry in sheet.declared if entry.kind == kind]
        yield from (_declared(entry) for entry in sorted(entries, key=lambda entry: entry.path))


def _declared(entry: Declared) -> str:
    where = f" ({entry.where})" if entry.where else ""
    return f"- {entry.path}{where}: {entry.reason}"


# --- places ----------------------------------------------------------------------------------------------


def _section(title: str) -> Iterator[str]:
    yield ""
    yield f"## {title}"
    yield ""


def _listed(words: Iterable[str]) -> Iterator[str]:
    return (f"- {word}" for word in words)


def _positions(visit: Visit, path: Path, side: str) -> list[str]:
    """The positions a path names, from the root of the instance, selectors kept; nothing for a bound value."""
    if path.name:
        return []
    return list(dict.fromkeys(_written(base, path) for base in visit.bases(path, side) or ()))


def _written(base: Base, path: Path) -> str:
    outer = base.prefix.removesuffix(path.plain) if path.plain else base.prefix
    return f"{outer}{'/'.join(map(str, path.steps))}" or "the whole instance"


def _place(label: str, visit: Visit, path: Path, side: str) -> Iterator[str]:
    if path.name:
        yield f"  {label}  ${path.name}{_origin(visit, path.name)}"
        return
    homes: dict[str, list[str]] = {}
    for base in visit.bases(path, side) or ():
        rows = index(base.iod).get(base.prefix, ())
        kind = (
            f"  ({rows[0].tag >> 16:04X},{rows[0].tag & 0xFFFF:04X}) {rows[0].vr} Type {rows[0].type}" if rows else ""
        )
        homes.setdefault(_written(base, path) + kind, []).append(iod(base.iod).name)
    for text, iods in homes.items():
        yield f"  {label}  {text}, {' and '.join(iods)}"


def _origin(visit: Visit, name: str) -> str:
    """Where a bound value comes from: the sheet, or the innermost block around the rule that has one of this name."""
    told: list[tuple[Bind, str]] = [(bind, "of the sheet") for bind in visit.sheet.binds]
    made = ""
    for block in _around(visit.sheet.rules, visit.node):
        if isinstance(block, Assemble):
            made = f", made by block {block.id}"
        else:
            binds = block.binds if isinstance(block, Each) else block.columns
            told.extend((bind, f"of block {block.id}") for bind in binds)
    for bind, owner in reversed(told):
        if bind.name == name:
            positions = [position for path in bind.first for position in _positions(visit, path, FIRST)]
            return f", a value {owner}: {', '.join(positions)}"
    return made or ", given by the engine"


def _around(nodes: tuple[Node, ...], wanted: Node | Records) -> list[Each | Distinct | Assemble]:
    """The blocks that hold a node, the outermost first."""
    for node in nodes:
        if not isinstance(node, Rule) and node is not wanted and any(each is wanted for each in nodes_of((node,))):
            inner = () if isinstance(node, Assemble) else node.rules
            return [node, *_around(inner, wanted)]
    return []
