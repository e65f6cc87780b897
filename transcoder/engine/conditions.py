"""The closed set of tests that rules, blocks and families may make."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from transcoder.codecs.registry import Cell, Code
from transcoder.dicom.columns import RowWriter
from transcoder.dicom.elements import tag_of
from transcoder.dicom.values import NUMERIC_VRS
from transcoder.engine.reading import decoded, find, items_at, read, value_of
from transcoder.engine.scope import Scope
from transcoder.mapping.model import Condition
from transcoder.paths import Path, parse

__all__ = ["TESTS", "hold"]


def hold(scope: Scope, conditions: Iterable[Condition]) -> bool:
    """Whether all conditions hold."""
    return all(TESTS[condition.test](scope, condition) for condition in conditions)


def _is_present(scope: Scope, path: Path) -> bool:
    if path.name:
        return bool(read(scope, path, "number"))
    if path.role in scope.tables:
        return bool(read(scope, path, "number"))
    if path.role in scope.writers:
        writer = scope.writers[path.role]
        return isinstance(writer, RowWriter) and tag_of(path.keyword) in writer.columns
    if not path.steps:
        return path.role in scope.items
    every = next((number for number, step in enumerate(path.steps) if step.every), None)
    if every is not None and every < len(path.steps) - 1:
        children, _ = items_at(scope, Path(path.role, path.steps[: every + 1]))
        rest = Path("_", path.steps[every + 1 :])
        return any(_is_present(scope.child(items={"_": child}), rest) for child in children)
    element = find(scope, path)
    return element is not None and not element.is_empty()


def _texts(scope: Scope, path: Path) -> list[str]:
    """The values of a path as text; codes by the name of their concept."""
    if path.name:
        return _shown(read(scope, path, "text"))
    every = next((number for number, step in enumerate(path.steps) if step.every), None)
    if every is not None:
        children, _ = items_at(scope, Path(path.role, path.steps[: every + 1]))
        rest = Path("_", path.steps[every + 1 :])
        return [text for child in children for text in _texts(scope.child(items={"_": child}), rest)]
    element = find(scope, path)
    if element is None:
        return []
    place = scope.place(path.role, path.plain)
    if element.vr == "SQ":
        code = value_of(scope.run, element, "code", place)
        return _concept_names(scope, code) if code else []
    if element.vr in NUMERIC_VRS:
        return _shown(Cell(value_of(scope.run, element, "number", place)))
    return decoded(scope.run, element, place)


def _shown(cell: Cell) -> list[str]:
    value = cell.value
    if value is None:
        return []
    if isinstance(value, np.ndarray):
        # All digits, so that what is nearly a right angle is none; -0 is 0.
        return [f"{number + 0.0:.15g}" for number in value.ravel().tolist()]
    return [str(each) for each in value] if isinstance(value, (list, tuple)) else [str(value)]


def _concept_names(scope: Scope, code: Code) -> list[str]:
    names = [name for name, concept in scope.run.mapping.concepts.items() if concept[:2] == code.key]
    # A code that no sheet knows is a value too: it is in none of their lists.
    return names or [" ".join(code.key)]


def _is_zero(scope: Scope, path: Path) -> bool:
    value = read(scope, path, "number").value
    return value is None or bool((np.nan_to_num(np.asarray(value, dtype=float)) == 0).all())


def _is_in(scope: Scope, condition: Condition) -> bool:
    values = _texts(scope, condition.path)
    return bool(values) and all(value in condition.values for value in values)


def _counts(scope: Scope, condition: Condition) -> bool:
    """Whether a number is that of the items of the sequence beside it; an absent number says nothing."""
    value = read(scope, condition.path, "number").value
    if value is None:
        return True
    items, _ = items_at(scope, parse(f"{condition.values[0]}[]").within(condition.path.role))
    return int(value[0]) == len(items)


def _is_same(scope: Scope, condition: Condition) -> bool:
    """Whether two attributes have the same value, or one of them none."""
    here, there = _texts(scope, condition.path), _texts(scope, parse(condition.values[0]))
    return not here or not there or here == there


def _is_not_positive(scope: Scope, path: Path) -> bool:
    value = read(scope, path, "number").value
    return value is None or not (np.asarray(value, dtype=float) > 0).any()


def _is_unique(scope: Scope, condition: Condition) -> bool:
    """Whether no two items of a sequence have the same values in these attributes."""
    items, _ = items_at(scope, condition.path)
    inner = [scope.child(items={"_": item}) for item in items]
    keys = [tuple(tuple(_texts(each, parse(word).within("_"))) for word in condition.values) for each in inner]
    return len(set(keys)) == len(keys)


def _is_steady(scope: Scope, condition: Condition) -> bool:
    """Whether one value of an attribute never changes over the control points, whatever device it belongs to."""
    columns = read(scope, condition.path, "sparse").value or {}
    place = int(condition.values[0])
    for cell in columns.values():
        if place >= cell.value.shape[1]:
            return False
        stated = cell.value[~np.isnan(cell.value[:, place]), place]
        if np.any(stated != stated[0]):
            return False
    return True


def _is_alike(scope: Scope, condition: Condition) -> bool:
    """Whether all items of a sequence have the same values in these attributes."""
    items, _ = items_at(scope, condition.path)
    inner = [scope.child(items={"_": item}) for item in items]
    return len({tuple(tuple(_texts(each, parse(word).within("_"))) for word in condition.values) for each in inner}) < 2


def _is_without(scope: Scope, condition: Condition) -> bool:
    """Whether no item of a sequence has all of these values: an attribute, its value, and so on."""
    items, _ = items_at(scope, condition.path)
    wanted = list(zip(condition.values[::2], condition.values[1::2], strict=True))
    inner = [scope.child(items={"_": item}) for item in items]
    return not any(all(value in _texts(each, parse(word).within("_")) for word, value in wanted) for each in inner)


TESTS: dict[str, Callable[[Scope, Condition], Any]] = {
    "present": lambda scope, condition: _is_present(scope, condition.path),
    "absent": lambda scope, condition: not _is_present(scope, condition.path),
    "in": _is_in,
    "equals": _is_in,
    "not_in": lambda scope, condition: not _is_in(scope, condition),
    "zero": lambda scope, condition: _is_zero(scope, condition.path),
    "nonzero": lambda scope, condition: not _is_zero(scope, condition.path),
    "counts": _counts,
    "unique": _is_unique,
    "steady": _is_steady,
    "without": _is_without,
    "alike": _is_alike,
    "same": _is_same,
    "not_positive": lambda scope, condition: _is_not_positive(scope, condition.path),
}
