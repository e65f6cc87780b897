"""Runs one rule from the second to the first generation: the same rule, read from its other side."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from transcoder.codecs.registry import CODECS, Cell, Refused
from transcoder.dicom.columns import changes
from transcoder.dicom.elements import Element, Item, encode, encode_element, tag_of, vr_of
from transcoder.engine.conditions import hold
from transcoder.engine.reading import Missing, code_of, find, locate, read
from transcoder.engine.rules import argument
from transcoder.engine.scope import Scope
from transcoder.engine.tables import concept, look_up_back
from transcoder.engine.writing import EVERY_POINT, constant_bytes, write, write_constant
from transcoder.findings import Origin, Severity
from transcoder.mapping.marks import NOWHERE
from transcoder.mapping.model import Mapping, Rule, Table, Via
from transcoder.paths import Path

__all__ = ["convert_back", "elements_below", "kinds_back", "run_rule_back", "write_values"]


def run_rule_back(scope: Scope, rule: Rule) -> None:
    """Bring back what the rule says; what goes wrong becomes a finding, so that the other rules still speak.

    The scope holds second-generation items and columns as its source and first-generation ones as its target. Values
    for names that blocks bind (``$name``) go into ``scope.bound``, for the block to place them. A rule of the way
    forward writes nothing; the constant that it had to write there is accounted for.
    """
    try:
        if rule.one_way == "forward" or not rule.first:
            _account(scope, rule)
        elif not hold(scope, rule.when_second):
            return
        elif rule.one_way == "backward":
            if hold(scope, rule.when_first):
                _make(scope, rule)
        else:
            _carry_back(scope, rule)
    except Missing:
        return
    except Refused as refusal:
        scope.run.tell(refusal.code, Severity.ERROR, str(refusal), _source_place(scope, rule), rule.id, rule.cite)


def _account(scope: Scope, rule: Rule) -> None:
    """Elements that hold what a rule of the way forward always writes say nothing that the first side lacks."""
    for path in rule.second:
        if path.name or path.role in scope.tables:
            _account_column(scope, rule, path)
            continue
        element = find(scope, path)
        if element is None or path.role not in scope.items:
            continue
        _account_element(scope, rule, element)


def _account_element(scope: Scope, rule: Rule, element: Element) -> None:
    known = element.is_empty() or (_says_what_stands(scope, rule, element) if rule.value is None else False)
    if known or (rule.value is not None and _is_constant(scope, rule, element)):
        scope.run.ledger.derive(elements_below(element), rule.id)
    elif rule.only_back:
        raise Refused("T217", f"the first generation takes another value for granted: {rule.only_back}")
    elif rule.lost_back:
        scope.run.ledger.lose(elements_below(element), rule.id, f"never: {rule.lost_back}")
        message = f"not carried: {rule.lost_back}"
        scope.run.tell("T106", Severity.INFO, message, _source_place(scope, rule), rule.id, rule.cite)
    elif rule.value is None:
        scope.run.ledger.derive(elements_below(element), rule.id)


def _says_what_stands(scope: Scope, rule: Rule, element: Element) -> bool:
    """Whether the first side, as written so far, says the same by the attribute that the rule reads."""
    if not rule.first or rule.first[0].name or rule.first[0].role in scope.writers:
        return False
    held = _written(scope, rule.first[0])
    return held is not None and _content(held).strip(b" \0") == _content(element).strip(b" \0")


def _account_column(scope: Scope, rule: Rule, path: Path) -> None:
    if path.name or len(path.steps) != 1:
        return
    rows = [element for element in scope.tables[path.role].rows(path.keyword) if element is not None]
    if rule.value is None or all(_is_constant(scope, rule, element) for element in rows):
        scope.run.ledger.derive([each for element in rows for each in elements_below(element)], rule.id)
    elif rule.only_back:
        raise Refused("T217", f"the first generation takes another value for granted: {rule.only_back}")


def _is_constant(scope: Scope, rule: Rule, element: Element) -> bool:
    if rule.value == "empty":
        return element.is_empty()
    if isinstance(rule.value, dict):
        code = code_of(scope.run, element)
        return code is not None and code.key == concept(scope.run.mapping, rule.value["code"]).key
    return bool(element.raw.rstrip(b" \0") == constant_bytes(element.tag, rule.value).rstrip(b" \0"))


def elements_below(element: Element) -> list[Element]:
    """An element and all that stands inside its items."""
    below = [inner for item in element.items for each in item.values() for inner in elements_below(each)]
    return [element, *below]


def _make(scope: Scope, rule: Rule) -> None:
    """What only the way back writes: a constant, or a value by a codec that runs in this direction."""
    if rule.value is not None:
        write_constant(scope, rule, rule.first[0])
        return
    if not rule.second:
        _demand(scope, rule)
        return
    if not rule.via or not rule.via[0].codec or rule.via[0].codec == "table":
        _carry_back(scope, rule)
        return
    info = CODECS[rule.via[0].codec]
    if info.one_way == "":
        _carry_back(scope, rule)
        return
    cells = [read(scope, path, kind) for path, kind in zip(rule.second, info.first, strict=False)]
    if any(cell.value is None for cell in cells[: info.required]):
        return
    arguments = {name: argument(scope, value) for name, value in rule.via[0].arguments}
    if rule.via[0].codec == "derive_uid":
        arguments["edition"] = scope.run.mapping.digest
    outputs = info.forward(*(cell.value for cell in cells), **arguments)
    for path, output in zip(rule.first, outputs, strict=False):
        write(scope, _reversed(rule), path, output, Origin.GENERATED)
    for cell in cells:
        scope.run.ledger.derive(cell.sources, rule.id)


def _demand(scope: Scope, rule: Rule) -> None:
    """An attribute that other rules should have written: from the site where they have not, else a refusal."""
    element = _written(scope, rule.first[0])
    if element is not None and not element.is_empty():
        return
    for otherwise in rule.otherwise:
        if otherwise.action == "site" and (value := scope.run.site(str(otherwise.value))) is not None:
            write(scope, rule, rule.first[0], [str(value)], Origin.SET)
            return
    place = scope.place("radiation", rule.missing[0]) if rule.missing else ""
    message = f"a value that {rule.first[0].keyword} needs is missing"
    scope.run.tell("T010", Severity.ERROR, message, place, rule.id, rule.cite)


def _carry_back(scope: Scope, rule: Rule) -> None:
    kinds = kinds_back(scope.run.mapping, rule.via, rule.second)
    cells = [read(scope, path, kind) for path, kind in zip(rule.second, kinds, strict=True)]
    _require_companions(scope, rule)
    _require_single(rule, kinds, cells)
    outputs = _outputs(scope, rule, [cell.value for cell in cells])
    wrote = _write_back(scope, rule, outputs, cells)
    for cell in cells:
        if wrote:
            scope.run.ledger.carry(cell.sources, rule.id)
        elif cell.value is not None and _has_no_term(scope, rule):
            scope.run.ledger.lose(cell.sources, rule.id, "never: the first generation has no term for it")
        else:
            scope.run.ledger.derive(cell.sources, rule.id)


def _require_companions(scope: Scope, rule: Rule) -> None:
    """What stands beside a value must be what the rule takes it for: an angle in radians is no angle in degrees."""
    for path in rule.second:
        keys = [step.key for step in path.steps[:-1] if step.key]
        item = _item_of(scope, path) if keys or rule.companions else None
        if item is None:
            continue
        for word, value in rule.companions:
            element = item.get(tag_of(word))
            if element is not None and not _is_companion(scope, element, value):
                raise Refused("T209", f"{word} is not what {path.keyword} needs to be read by")
        for word in (*keys, *(word for word, _ in rule.companions)):
            if (element := item.get(tag_of(word))) is not None:
                scope.run.ledger.derive(elements_below(element), rule.id)


def _require_single(rule: Rule, kinds: list[str], cells: list[Cell]) -> None:
    for path, kind, cell in zip(rule.second, kinds, cells, strict=True):
        held = cell.sources[0] if kind == "code" and cell.sources else None
        if isinstance(held, Element) and len(held.items) > 1:
            raise Refused("T219", f"{path.keyword} has several items; the first generation has a place for one")


def _is_companion(scope: Scope, element: Element, value: Any) -> bool:
    if (element.vr == "SQ") != (vr_of(element.tag) == "SQ"):
        return False
    if element.vr == "SQ":
        code = code_of(scope.run, element)
        return code is not None and code.key == concept(scope.run.mapping, value).key
    return bool(element.raw.rstrip(b" \0") == constant_bytes(element.tag, value).rstrip(b" \0"))


def _item_of(scope: Scope, path: Path) -> Item | None:
    """The item in which the last step of a source path stands."""
    outer = scope.items.get(path.role)
    if outer is None or len(path.steps) == 1:
        return outer
    holder = locate(scope, outer, path.steps)
    if holder is None:
        return None
    sequence = locate(scope, outer, path.steps[:-1])
    items = sequence.items if sequence is not None else []
    return next((item for item in items if any(each is holder for each in item.values())), None)


def kinds_back(mapping: Mapping, vias: tuple[Via, ...], paths: tuple[Path, ...]) -> list[str]:
    """The kinds of value in which the last codec of a chain wants its second-generation paths."""
    if not vias or not vias[0].codec:
        return ["element"] * len(paths)
    last = vias[-1]
    kinds = _table(mapping, last).second if last.codec == "table" else CODECS[last.codec].second
    return list(kinds[: len(paths)])


def _outputs(scope: Scope, rule: Rule, values: list[Any]) -> tuple[Any, ...]:
    """The first-generation values, none where the source has not what the codec needs."""
    eager = _is_eager(rule)
    if values[0] is None and not eager:
        return ()
    if not rule.via or not rule.via[0].codec:
        empty = isinstance(values[0], Element) and values[0].is_empty()
        kept = not rule.otherwise or any(each.action == "empty" for each in rule.otherwise)
        if empty and kept and (not rule.otherwise or values[0].vr != "SQ"):
            # Empty on the way forward, too: a Type 2 attribute on either side.
            return (values[0],)
        return () if empty or values[0] is None else (values[0],)
    return convert_back(scope, rule.via, values, eager=eager)


def _is_eager(rule: Rule) -> bool:
    return bool(rule.via) and rule.via[0].codec in CODECS and CODECS[rule.via[0].codec].eager


def convert_back(scope: Scope, vias: tuple[Via, ...], values: list[Any], *, eager: bool = False) -> tuple[Any, ...]:
    """Values through a chain of codecs, from its end to its start."""
    for via in reversed(vias):
        if not eager and all(value is None for value in values):
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


def _has_no_term(scope: Scope, rule: Rule) -> bool:
    return bool(rule.via) and rule.via[0].codec == "table" and _table(scope.run.mapping, rule.via[0]).open


def _table(mapping: Mapping, via: Via) -> Table:
    return mapping.tables[str(dict(via.arguments)["name"])]


def _is_shared(scope: Scope, table: Table, values: list[Any]) -> bool:
    """Whether only aliases have these values: several terms mean it, and none of them is chosen."""
    return any(
        value is not None for value in look_up_back(scope.run.mapping, replace(table, rows=table.aliases), values)
    )


def _held(scope: Scope, rule: Rule, paths: tuple[Path, ...], outputs: tuple[Any, ...]) -> Rule:
    """Columns that belong together, as an angle and its direction, stand at every point where one of them changes.

    A full turn changes the direction and not the angle (C.8.8.14.8).
    """
    columns = [each for path, each in zip(paths, outputs, strict=False) if path.role in scope.writers]
    moving = any(any(changes(each)[1:]) for each in columns if isinstance(each, (np.ndarray, list)))
    return replace(rule, hold=EVERY_POINT) if len(columns) > 1 and moving else rule


def _reversed(rule: Rule) -> Rule:
    """The rule as the writer wants it: with the side at fault first, and without companions."""
    # Companions stand beside the second-generation value; here they were read as part of its address.
    return replace(rule, first=rule.second, companions=(), otherwise=())


def _write_back(scope: Scope, rule: Rule, outputs: tuple[Any, ...], cells: list[Cell]) -> bool:
    """Write each value to its first-generation path, or bind it; whether anything was written."""
    sources = tuple(source for cell in cells for source in cell.sources)
    plain = _held(scope, _reversed(rule), rule.first, outputs)
    wrote = False
    eager = _is_eager(rule)
    for path, output in zip(rule.first, outputs, strict=False):
        if output is None and eager and path.name:
            # An eager codec says that there is nothing, whatever another rule has bound.
            scope.bound[path.name] = Cell(None, sources)
        if output is None or (isinstance(output, list) and output == [""]):
            continue
        if path.name:
            scope.bound[path.name] = Cell(output, sources)
        else:
            scope.run.ledger.carry(_write_once(scope, plain, path, output), rule.id)
        wrote = True
    return wrote


def _write_once(scope: Scope, rule: Rule, path: Path, output: Any, origin: Origin = Origin.MAPPED) -> list[Element]:
    """Write a value; where another item of the source has written one, it must be the same."""
    before = None if path.role in scope.writers else _written(scope, path)
    before = None if before is not None and before.is_empty() else before
    held = None if before is None else encode_element(before.tag, before.vr, _content(before))
    copied = write(scope, rule, path, output, origin)
    after = None if held is None else _written(scope, path)
    if after is not None and encode_element(after.tag, after.vr, _content(after)) != held:
        raise Refused("T205", f"two items of the source differ in what the first generation holds once: {path.keyword}")
    return copied


def _written(scope: Scope, path: Path) -> Element | None:
    item = scope.targets.get(path.role)
    if item is None or any(step.key or step.every for step in path.steps):
        return None
    return locate(scope, item, path.steps)


def _content(element: Element) -> bytes:
    if isinstance(element.value, list):
        return b"".join(encode(item) for item in element.value)
    return bytes(element.value)


def write_values(
    scope: Scope,
    name: str,
    cite: str,
    paths: tuple[Path, ...],
    values: tuple[Any, ...],
    origin: Origin = Origin.MAPPED,
) -> None:
    """Write values that a block has put together; ``name`` is the block's, for the account."""
    rule = Rule(id=name, mark=NOWHERE.at(), first=paths, second=paths, cite=cite)
    rule = _held(scope, rule, paths, values)
    for path, value in zip(paths, values, strict=False):
        if value is not None:
            scope.run.ledger.carry(_write_once(scope, rule, path, value, origin), name)


def _source_place(scope: Scope, rule: Rule) -> str:
    path = next((path for path in rule.second if path.steps), None)
    if path is None:
        return ""
    table = scope.tables.get(path.role)
    return f"{table.path}/{path.plain}" if table else scope.place(path.role, path.plain)
