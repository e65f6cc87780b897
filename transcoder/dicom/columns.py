"""Columns over sequence items: (n, k) arrays <-> element bytes, under the presence rule of each generation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from transcoder.dicom.elements import Element, Item, encode_element, encode_item, tag_of, vr_of
from transcoder.dicom.values import NUMERIC_VRS, Texts, ValueFault, encode_numbers, numbers, parse_decimals

__all__ = ["Column", "Nested", "RowWriter", "Rows", "changes", "elements_of", "fill", "number_column", "text_column"]

Array = NDArray[np.float64]
Rows = list[Element | None]


def elements_of(items: Sequence[Item | None], keyword: str) -> Rows:
    """The element of this keyword in each item, None where it is absent."""
    tag = tag_of(keyword)
    return [None if item is None else item.get(tag) for item in items]


def number_column(rows: Rows, *, lenient: bool = False) -> tuple[Array, list[int]]:
    """Numbers (n, k) with NaN where absent or empty, and the rows that state them; raises :class:`ValueFault`.

    All decimal strings of the column are parsed at once.
    """
    stated = [place for place, element in enumerate(rows) if element is not None and not element.is_empty()]
    if not stated:
        return np.full((len(rows), 1), np.nan), []
    first = rows[stated[0]]
    assert first is not None  # noqa: S101 - `stated` holds places of elements
    if first.vr in ("DS", "IS"):
        raws = [element.raw.strip(b" \0") for place in stated if (element := rows[place]) is not None]
        values = np.array(parse_decimals(b"\\".join(raws), first.vr, lenient=lenient))
        width = raws[0].count(b"\\") + 1
        if values.size != width * len(raws) or any(raw.count(b"\\") + 1 != width for raw in raws):
            raise ValueFault("T028", "the number of values differs between control points")
    else:
        parts = [numbers(element) for place in stated if (element := rows[place]) is not None]
        width = parts[0].size if parts[0] is not None else 0
        if any(part is None or part.size != width for part in parts):
            raise ValueFault("T028", "the number of values differs between control points")
        values = np.concatenate([part for part in parts if part is not None])
    if not np.isfinite(values).all():
        raise ValueFault("T004", "not a finite number")
    column = np.full((len(rows), width), np.nan)
    column[stated] = values.reshape(len(stated), width)
    return column, stated


def text_column(rows: Rows, texts: Texts) -> list[str]:
    """The first value of each row, held where it is absent; empty before the first one."""
    held = ""
    column: list[str] = []
    for element in rows:
        if element is not None and (values := texts.decode(element)):
            held = values[0]
        column.append(held)
    return column


def fill(column: Array) -> Array:
    """The column (n, k) with each absent row taking the value stated before it (C.8.8.14.5, C.36.2.2.5.1.1)."""
    absent = np.isnan(column[:, 0])
    if not absent.any():
        return column
    source = np.where(absent, 0, np.arange(len(column)))
    np.maximum.accumulate(source, out=source)
    return column[source]


def changes(column: Array | list[str] | list[bytes]) -> list[bool]:
    """For each row whether it differs from the row before; the first always does."""
    if isinstance(column, np.ndarray):
        before, after = column[:-1], column[1:]
        same = ((before == after) | (np.isnan(before) & np.isnan(after))).all(axis=1)
        return [True, *(~same).tolist()]
    return [True, *(here != there for here, there in zip(column[1:], column[:-1], strict=True))]


@dataclass(slots=True)
class Column:
    """Encoded rows of one attribute; None where the row does not hold it."""

    tag: int
    rows: list[bytes | None]
    origin: str
    elements: int = 1

    @classmethod
    def of(
        cls, keyword: str, values: Array | list[str] | list[bytes], origin: str, *, empty_first: bool = False
    ) -> Column:
        """A column that states only what changes (C.36.2.2.5.1.1); NaN rows are left out, or empty at the start."""
        column = cls.stating(keyword, values, origin, changes(values))
        if empty_first and isinstance(values, np.ndarray) and np.isnan(values[0, 0]):
            column.rows[0] = encode_element(column.tag, vr_of(column.tag), b"")
        return column

    @classmethod
    def held(cls, keyword: str, values: Array | list[str] | list[bytes], origin: str) -> Column:
        """A column that states every row where it changes anywhere, else the first row only (C.8.8.14.5)."""
        changed = changes(values)
        stated = [True] * len(changed) if any(changed[1:]) else changed
        return cls.stating(keyword, values, origin, stated)

    @classmethod
    def stating(cls, keyword: str, values: Array | list[str] | list[bytes], origin: str, stated: list[bool]) -> Column:
        """A column that states these rows, as far as they have a value."""
        tag = tag_of(keyword)
        vr = vr_of(tag)
        if isinstance(values, np.ndarray):
            return cls(tag, _number_rows(tag, vr, values, list(stated)), origin)
        raws = [_raw(value) for value in values]
        rows = [
            encode_element(tag, vr, raw) if there and (raw or vr == "SQ") else None
            for raw, there in zip(raws, stated, strict=True)
        ]
        return cls(tag, rows, origin)

    @classmethod
    def full(cls, keyword: str, values: Array, origin: str) -> Column:
        """A column (n, k) that states every row."""
        tag = tag_of(keyword)
        return cls(tag, _number_rows(tag, vr_of(tag), values, [True] * len(values)), origin)

    def at(self, row: int) -> bytes | None:
        """The encoded element of a row, if it has one."""
        return self.rows[row]


def _raw(value: str | bytes) -> bytes:
    return value.encode("ascii") if isinstance(value, str) else value


def _number_rows(tag: int, vr: str, values: Array, stated: list[bool]) -> list[bytes | None]:
    known = ~np.isnan(values[:, 0])
    here = [place for place, there in enumerate(stated) if there and known[place]]
    rows: list[bytes | None] = [None] * len(values)
    if not here:
        return rows
    if vr in NUMERIC_VRS and vr not in ("DS", "IS"):
        # One conversion and one header for the whole column; the rows are slices of it.
        data = encode_numbers(values[here].ravel(), vr)
        size = len(data) // len(here)
        header = encode_element(tag, vr, data[:size])[:-size] if size % 2 == 0 else b""
        for number, place in enumerate(here):
            rows[place] = header + data[number * size : (number + 1) * size]
        return rows
    for place in here:
        rows[place] = encode_element(tag, vr, encode_numbers(values[place], vr))
    return rows


@dataclass(slots=True)
class Nested:
    """The openings of all devices: per device its key and columns, a count attribute at every row."""

    tag: int
    key_tag: int
    count_tag: int
    devices: dict[int, list[Column]] = field(default_factory=dict)


@dataclass(slots=True)
class RowWriter:
    """The control points of a target: columns and nested device columns, encoded item by item at the end."""

    length: int
    columns: dict[int, Column] = field(default_factory=dict)
    nested: dict[int, Nested] = field(default_factory=dict)
    values: dict[str, Array] = field(default_factory=dict)
    tally: dict[str, int] = field(default_factory=dict)

    def column(
        self, keyword: str, values: Array | list[str] | list[bytes], origin: str, *, empty_first: bool = False
    ) -> Column:
        """A column under the presence rule of this generation: only what changes (C.36.2.2.5.1.1)."""
        return Column.of(keyword, values, origin, empty_first=empty_first)

    def add(self, column: Column) -> None:
        """Take a column in; a later one of the same attribute replaces it."""
        self.columns[column.tag] = column

    def add_nested(self, sequence: str, key: str, count: str, device: int, column: Column | None) -> None:
        """Take a column of one device in; None only announces the device."""
        tag = tag_of(sequence)
        nested = self.nested.setdefault(tag, Nested(tag, tag_of(key), tag_of(count)))
        columns = nested.devices.setdefault(device, [])
        if column is not None:
            columns.append(column)

    def encode(self) -> bytes:
        """All items, elements in tag order; fills :attr:`tally` with the number of elements by origin."""
        blocks: list[Column] = sorted(self.columns.values(), key=lambda column: column.tag)
        for nested in self.nested.values():
            blocks.extend(self._openings(nested))
        blocks.sort(key=lambda column: column.tag)
        for block in blocks:
            written = sum(row is not None for row in block.rows)
            self.tally[block.origin] = self.tally.get(block.origin, 0) + written * block.elements
        rows = [
            b"".join([row for block in blocks if (row := block.rows[place]) is not None])
            for place in range(self.length)
        ]
        return b"".join([encode_item(row) for row in rows])

    def _openings(self, nested: Nested) -> list[Column]:
        counts: list[bytes | None] = []
        sequences: list[bytes | None] = []
        for place in range(self.length):
            items: list[bytes] = []
            for device, columns in nested.devices.items():
                parts = [(column.tag, row) for column in columns if (row := column.rows[place]) is not None]
                if not parts:
                    continue
                key = encode_element(nested.key_tag, "US", device.to_bytes(2, "little"))
                ordered = sorted([(nested.key_tag, key), *parts])
                items.append(encode_item(b"".join([row for _, row in ordered])))
                self._count("mapped", 1)
                for column in columns:
                    if column.rows[place] is not None:
                        self._count(column.origin, 1)
            counts.append(encode_element(nested.count_tag, "US", len(items).to_bytes(2, "little")))
            sequences.append(encode_element(nested.tag, "SQ", b"".join(items)) if items else None)
        return [Column(nested.count_tag, counts, "mapped"), Column(nested.tag, sequences, "mapped")]

    def _count(self, origin: str, number: int) -> None:
        self.tally[origin] = self.tally.get(origin, 0) + number
