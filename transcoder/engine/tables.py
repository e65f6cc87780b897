"""Code tables as a pair of look-ups; concepts by name, codes by value and scheme."""

from __future__ import annotations

from typing import Any

import numpy as np

from transcoder.codecs.registry import Code, Refused
from transcoder.mapping.model import Mapping, Table

__all__ = ["concept", "look_up", "look_up_back"]


def concept(mapping: Mapping, name: str) -> Code:
    """The code that a concept name stands for."""
    return Code(*mapping.concepts[name])


def look_up(mapping: Mapping, table: Table, values: list[Any]) -> tuple[Any, ...]:
    """Second-generation values for first-generation ones; None each where an open table does not know the term."""
    key = tuple(_cell_of(value, kind) for value, kind in zip(values, table.first, strict=True))
    width = len(table.first)
    for row in (*table.rows, *table.aliases):
        if tuple(map(str, row[:width])) == key:
            return tuple(_value(mapping, cell, kind) for cell, kind in zip(row[width:], table.second, strict=True))
    if table.open:
        return (None,) * len(table.second)
    raise Refused("T018", f"a term that table '{table.name}' does not hold")


def look_up_back(mapping: Mapping, table: Table, values: list[Any]) -> tuple[Any, ...]:
    """First-generation values for second-generation ones; None each where no row has them."""
    width = len(table.first)
    for row in (*table.rows, *table.back):
        cells = [_value(mapping, cell, kind) for cell, kind in zip(row[width:], table.second, strict=True)]
        if all(_same(cell, value) for cell, value in zip(cells, values, strict=True)):
            return tuple(_value(mapping, cell, kind) for cell, kind in zip(row[:width], table.first, strict=True))
    return (None,) * width


def _cell_of(value: Any, kind: str) -> str:
    if value is None:
        return ""
    if kind == "code":
        return str(value.value)
    if kind == "number":
        return f"{float(value[0]):g}"
    return str(value[0]) if value else ""


def _value(mapping: Mapping, cell: Any, kind: str) -> Any:
    if kind == "code":
        return concept(mapping, cell)
    if kind == "number":
        return np.array([float(cell)])
    return [str(cell)]


def _same(cell: Any, value: Any) -> bool:
    if value is None:
        return False
    if isinstance(cell, Code):
        return bool(cell.key == value.key)
    if isinstance(cell, np.ndarray):
        return bool(cell[0] == value[0])
    return bool(cell == list(value))
