"""Runs one rule from the first to the second generation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

from transcoder.codecs.registry import CODECS, Assumed, Cell, Code, Refused
from transcoder.dicom.elements import Element
from transcoder.engine.conditions import hold
from transcoder.engine.reading import Missing, read
from transcoder.engine.scope import Scope
from transcoder.engine.tables import concept, look_up
from transcoder.engine.writing import write, write_constant, write_empty
from transcoder.findings import Origin, Severity
from transcoder.mapping.model import Otherwise, Rule, Via
from transcoder.paths import Path

__all__ = ["argument", "convert", "kinds_of", "run_rule"]


def run_rule(scope: Scope, rule: Rule) -> None:
    """Carry what the rule says; what goes wrong becomes a finding, so that the other rules still speak."""
    if rule.one_way == "backward":
        return
    try:
        if not (hold(scope, rule.when_first) and _holds_in_target(scope, rule)):
            _lose(scope, rule)
            return
        if rule.value is not None:
            write_constant(scope, rule, rule.second[0])
            if rule.detail:
                scope.incomplete.append(rule.id)
        else:
            _carry(scope, rule)
    except Missing:
        return
    except Refused as refusal:
        place = _named_place(scope, rule, refusal.about)
        scope.run.tell(refusal.code, Severity.ERROR, str(refusal), place, rule.id, rule.cite)


def _holds_in_target(scope: Scope, rule: Rule) -> bool:
    # A rule with a source reads its second-side conditions on the way back only.
    return bool(rule.first) or hold(scope, rule.when_second)


def _lose(scope: Scope, rule: Rule) -> None:
    if not rule.lost:
        return
    for path, kind in zip(rule.first, kinds_of(scope, rule.via, rule.first), strict=True):
        _lose_cell(scope, rule, read(scope, path, kind))


def _lose_cell(scope: Scope, rule: Rule, cell: Cell) -> None:
    """Declare what a rule read and could not carry, in the ledger and as a finding."""
    scope.run.ledger.lose(cell.sources, rule.id, f"never: {rule.lost}")
    if _says_something(cell):
        scope.run.tell(
            "T106", Severity.INFO, f"not carried: {rule.lost}", _source_place(scope, rule), rule.id, rule.cite
        )


def _says_something(cell: Cell) -> bool:
    return any(not element.is_empty() for element in cell.sources)


def _carry(scope: Scope, rule: Rule) -> None:
    kinds = kinds_of(scope, rule.via, rule.first)
    cells = [read(scope, path, kind) for path, kind in zip(rule.first, kinds, strict=True)]
    if not rule.always and all(cell.value is None for cell in cells):
        # Most rules of a sheet, for what no source says all of: no codec does with nothing but an `always` one.
        _without(scope, rule, cells)
        return
    if rule.otherwise and rule.otherwise[-1].action == "refuse":
        cells = [
            # A codec that takes a sparse column judges it itself.
            cell if kind == "sparse" else _stated_at_first(scope, path, cell)
            for path, kind, cell in zip(rule.first, kinds, cells, strict=True)
        ]
    outputs = _convert_cells(scope, rule, cells)
    if outputs is None:
        _without(scope, rule, cells)
        return
    written = _write_all(scope, rule, outputs, Origin.GENERATED if _makes_name(rule) else Origin.MAPPED)
    if written is None and rule.detail:
        scope.incomplete.append(rule.id)
    _note(scope, rule, cells, written)


def _stated_at_first(scope: Scope, path: Path, cell: Cell) -> Cell:
    """A column that must have a value has it at the first control point (C.8.8.14.5), else it counts as missing."""
    if path.role not in scope.tables or cell.value is None:
        return cell
    first = cell.value[0]
    absent = np.isnan(first).any() if isinstance(first, np.ndarray) else first == ""
    return Cell(None, cell.sources) if absent else cell


def _convert_cells(scope: Scope, rule: Rule, cells: list[Cell]) -> tuple[Any, ...] | None:
    """The second-generation values, None where the source has not what the codec needs."""
    values = [cell.value for cell in cells]
    if not cells:
        return None
    if not rule.via or not rule.via[0].codec:
        present = bool(values) and values[0] is not None and not (rule.otherwise and _is_empty(values[0]))
        return (values[0],) * len(rule.second) if present else None
    if not rule.always and not _enough(rule.via[0].codec, values):
        return None
    outputs = convert(scope, rule.via, values)
    if all(output is None for output in outputs) and not rule.always and not rule.lost:
        return None
    return outputs


def _is_empty(value: Any) -> bool:
    return isinstance(value, Element) and value.is_empty()


def _enough(name: str, values: list[Any]) -> bool:
    needed = 1 if name == "table" else CODECS[name].required
    if needed == 0:
        return any(value is not None for value in values)
    return all(value is not None for value in values[:needed])


def convert(scope: Scope, vias: tuple[Via, ...], values: list[Any]) -> tuple[Any, ...]:
    """Values through a chain of codecs, forward."""
    for number, via in enumerate(vias):
        if number and all(value is None for value in values):
            break
        values = list(_apply(scope, via, values))
    return tuple(values)


def _apply(scope: Scope, via: Via, values: list[Any]) -> tuple[Any, ...]:
    if via.codec == "table":
        table = scope.run.mapping.tables[str(dict(via.arguments)["name"])]
        return look_up(scope.run.mapping, table, values)
    info = CODECS[via.codec]
    arguments = {name: argument(scope, value) for name, value in via.arguments}
    if via.codec == "derive_uid":
        arguments["edition"] = scope.run.mapping.digest
    result: tuple[Any, ...] = info.forward(*values, **arguments)
    if info.note is not None and (told := info.note(*values, **arguments)):
        scope.run.tell(told[0], Severity.WARNING, told[1], scope.places.get("beam", ""), cite=told[2])
    return result


def argument(scope: Scope, value: Any) -> Any:
    """The value of a codec argument: bound, of the site, or as it is written."""
    if isinstance(value, tuple):
        return tuple(argument(scope, each) for each in value)
    if isinstance(value, str) and value.startswith("$"):
        return scope.bound.get(value[1:], Cell(None)).value
    if isinstance(value, str) and value.startswith("site:"):
        return scope.run.site(value[5:])
    return value


def kinds_of(scope: Scope, vias: tuple[Via, ...], paths: tuple[Path, ...]) -> Sequence[str]:
    """The kinds of value in which the first codec of a chain wants its paths."""
    if not vias or not vias[0].codec:
        return ("element",) * len(paths)
    if vias[0].codec == "table":
        return scope.run.mapping.tables[str(dict(vias[0].arguments)["name"])].first
    return _codec_kinds(vias[0].codec, len(paths))


@cache
def _codec_kinds(name: str, number: int) -> tuple[str, ...]:
    kinds = list(CODECS[name].first)
    if kinds[-1].endswith("*"):
        last = kinds.pop()[:-1]
        kinds.extend([last] * (number - len(kinds)))
    return tuple(kinds[:number])


def _write_all(scope: Scope, rule: Rule, outputs: tuple[Any, ...], origin: Origin) -> list[Element] | None:
    """Write each value; None when nothing with a value was written, else the elements copied along."""
    copied: list[Element] = []
    wrote = False
    for path, output in zip(rule.second, outputs, strict=False):
        if isinstance(output, Assumed):
            _tell_assumed(scope, rule, path, output.value)
            copied.extend(write(scope, rule, path, output.value, Origin.ASSUMED))
        elif isinstance(output, list) and output == [""]:
            write_empty(scope, path)
        elif output is not None:
            copied.extend(write(scope, rule, path, output, origin))
            wrote = True
    return copied if wrote else None


def _note(scope: Scope, rule: Rule, cells: list[Cell], copied: list[Element] | None) -> None:
    ledger = scope.run.ledger
    lost = _lost(scope, rule, cells)
    for number, cell in enumerate(cells):
        if copied is None and rule.lost:
            _lose_cell(scope, rule, cell)
        elif copied is None or _makes_name(rule):
            ledger.derive(cell.sources, rule.id)
        elif number < len(lost) and lost[number]:
            _lose_cell(scope, rule, cell)
        else:
            ledger.carry(cell.sources, rule.id)
    if copied:
        ledger.carry(copied, rule.id)
    for name in _bound_arguments(rule):
        ledger.derive(scope.bound.get(name, Cell(None)).sources, rule.id)


def _lost(scope: Scope, rule: Rule, cells: list[Cell]) -> tuple[bool, ...]:
    """Which of the source values the codec does not carry whole."""
    info = CODECS.get(rule.via[0].codec) if rule.via else None
    if info is None or info.lost is None:
        return ()
    arguments = {name: argument(scope, value) for name, value in rule.via[0].arguments}
    return info.lost(*(cell.value for cell in cells), **arguments)


def _bound_arguments(rule: Rule) -> Iterator[str]:
    for via in rule.via:
        for _, value in via.arguments:
            for each in value if isinstance(value, tuple) else (value,):
                if isinstance(each, str) and each.startswith("$"):
                    yield each[1:]


def _makes_name(rule: Rule) -> bool:
    return rule.generated or any(via.codec == "derive_uid" for via in rule.via)


def _without(scope: Scope, rule: Rule, cells: list[Cell]) -> None:
    """What the rule says for a source without value."""
    for cell in cells:
        if not cell.sources:
            continue
        scope.run.ledger.derive(cell.sources, rule.id)
        if rule.lost and _says_something(cell):
            _lose_cell(scope, rule, cell)
    if not rule.otherwise:
        if rule.detail:
            scope.incomplete.append(rule.id)
        return
    lacking = next((number for number, cell in enumerate(cells) if cell.value is None), 0)
    for otherwise in rule.otherwise:
        if _do_otherwise(scope, rule, otherwise, lacking):
            return
    if rule.detail:
        scope.incomplete.append(rule.id)


def _do_otherwise(scope: Scope, rule: Rule, otherwise: Otherwise, lacking: int) -> bool:
    """Try one alternative; whether it settled the matter. ``lacking`` is the place of the first absent value."""
    action = otherwise.action
    if action in ("empty", "omit") and rule.detail:
        scope.incomplete.append(rule.id)
    if action == "empty":
        for path in rule.second:
            write_empty(scope, path)
    elif action == "refuse":
        _refuse(scope, rule, lacking)
    elif action == "omit":
        return True
    elif action == "site":
        value = scope.run.site(str(otherwise.value))
        return value is not None and _write_given(scope, rule, value, Origin.SET)
    elif action == "plan_site":
        return _write_plan_value(scope, rule, scope.run.site(str(otherwise.value)))
    elif otherwise.first:
        return _derive(scope, rule, otherwise)
    else:
        _write_given(scope, rule, otherwise.value, Origin.ASSUMED)
    return True


def _refuse(scope: Scope, rule: Rule, lacking: int) -> None:
    derived = [path for otherwise in rule.otherwise for path in otherwise.first]
    if scope.run.failed and any(path.name or path.role in scope.tables for path in (*rule.first, *derived)):
        # What this rule lacks is what an error before it kept back; that one is the reason to show.
        return
    place = _named_place(scope, rule, lacking)
    message = "a value that the target must have is missing"
    scope.run.tell("T010", Severity.ERROR, message, place, rule.id, rule.cite)


def _derive(scope: Scope, rule: Rule, otherwise: Otherwise) -> bool:
    kinds = kinds_of(scope, otherwise.via, otherwise.first)
    if not otherwise.via or not otherwise.via[0].codec:
        kinds = ("element",)
    cells = [read(scope, path, kind) for path, kind in zip(otherwise.first, kinds, strict=True)]
    if not any(cells):
        return False
    values = [cell.value for cell in cells]
    if otherwise.via and otherwise.via[0].codec:
        if not _enough(otherwise.via[0].codec, values):
            return False
        outputs = convert(scope, otherwise.via, values)
    else:
        if isinstance(values[0], Element) and values[0].is_empty():
            return False
        outputs = tuple(values)
    if all(output is None for output in outputs):
        return False
    assumed = otherwise.action == "assume"
    _write_all(scope, rule, outputs, Origin.ASSUMED if assumed else Origin.MAPPED)
    for cell in cells:
        scope.run.ledger.derive(cell.sources, rule.id)
    if assumed:
        _tell_assumed(scope, rule, rule.second[0], outputs[0])
    else:
        names = ", ".join(_source_name(scope, path) for path in otherwise.first)
        scope.run.tell(
            "T103", Severity.INFO, f"derived from {names}", _target_place(scope, rule.second[0]), rule.id, rule.cite
        )
    return True


def _source_name(scope: Scope, path: Path) -> str:
    """The attribute a value was derived from, and the instance that holds it where that is not the source."""
    if path.name:
        return path.name.replace("_", " ")
    companion = scope.places.get(path.role, "").partition("/")[0]
    return f"{path.keyword} of the {companion}" if companion.islower() else path.keyword


def _write_plan_value(scope: Scope, rule: Rule, value: Any) -> bool:
    """A site value in first-generation terms: it goes through the codec like a value of the plan."""
    if value is None:
        return False
    values = np.atleast_1d(np.asarray(value, dtype=float))
    if (np.diff(values) <= 0).any():
        # The order of the leaves is told by the plan's own boundaries alone; turned ones would swap the leaves unseen.
        raise Refused("T053", "boundaries that a site gives must increase")
    outputs = convert(scope, rule.via, [values])
    _write_all(scope, rule, outputs, Origin.SET)
    return True


def _write_given(scope: Scope, rule: Rule, value: Any, origin: Origin) -> bool:
    """A value of a site or an assumption, as the codec would have made it."""
    path = rule.second[0]
    given: Any
    if isinstance(value, str) and value in scope.run.mapping.concepts and path.keyword.endswith("CodeSequence"):
        given = concept(scope.run.mapping, value)
    elif isinstance(value, str):
        given = [value]
    else:
        given = np.atleast_1d(np.asarray(value, dtype=float))
    for each in rule.second:
        write(scope, rule, each, given, origin)
    if origin is Origin.ASSUMED:
        _tell_assumed(scope, rule, path, given)
    return True


def _tell_assumed(scope: Scope, rule: Rule, path: Path, value: Any) -> None:
    if rule.detail:
        scope.incomplete.append(rule.id)
    scope.run.tell(
        "T102",
        Severity.WARNING,
        f"assumed {_shown(value)}: the source does not say it",
        _target_place(scope, path),
        rule.id,
        rule.cite,
    )


def _shown(value: Any) -> str:
    """An assumed value in words; it comes from a sheet, never from a patient. UIDs are made, not worth a line."""
    if isinstance(value, Code):
        return value.meaning
    if isinstance(value, np.ndarray):
        return ", ".join(f"{number:g}" for number in value.tolist())
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return "a derived UID" if text.startswith("2.25.") else text


def _target_place(scope: Scope, path: Path) -> str:
    return scope.place(path.role, path.plain)


def _named_place(scope: Scope, rule: Rule, number: int) -> str:
    """The place of one of the rule's source values; for bound values the sheet names it below the beam."""
    if not rule.missing:
        return _source_place(scope, rule, number)
    return scope.place("beam", rule.missing[min(number, len(rule.missing) - 1)])


def _source_place(scope: Scope, rule: Rule, number: int = 0) -> str:
    path = next((path for path in (*rule.first[number:], *rule.first) if path.steps), None)
    if path is None:
        return _target_place(scope, rule.second[0]) if rule.second else ""
    table = scope.tables.get(path.role)
    return f"{table.path}/{path.plain}" if table else scope.place(path.role, path.plain)
