"""Control points of the first generation: what changes anywhere stands at every point (PS3.3 C.8.8.14.5)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from transcoder.dicom.columns import Column, Nested, RowWriter
from transcoder.dicom.elements import encode_element, encode_item, tag_of

__all__ = ["HeldRowWriter"]

Array = NDArray[np.float64]


@dataclass(slots=True)
class HeldRowWriter(RowWriter):
    """Columns and nested device columns; a device is told by a key that need not be its number."""

    keys: dict[tuple[int, int], bytes] = field(default_factory=dict)
    # Columns that are no numbers, by name, for what is told from the motion.
    words: dict[str, list[str] | list[bytes]] = field(default_factory=dict)
    # Sequences that name all devices wherever they name one, as wedges do (C.8.8.14).
    together: set[int] = field(default_factory=set)

    def column(
        self,
        keyword: str,
        values: Array | list[str] | list[bytes],
        origin: str,
        *,
        empty_first: bool = False,
    ) -> Column:
        """A column under the presence rule of this generation."""
        return Column.held(keyword, values, origin)

    def announce(self, sequence: str, key: str, device: int, vr: str, value: bytes) -> None:
        """Say by which key the items of a device are told, before any of its columns come."""
        tag = tag_of(sequence)
        self.nested.setdefault(tag, Nested(tag, tag_of(key), 0)).devices.setdefault(device, [])
        self.keys[tag, device] = encode_element(tag_of(key), vr, value)

    def add_nested(self, sequence: str, key: str, count: str, device: int, column: Column | None) -> None:
        """Take a column of an announced device in."""
        if column is not None:
            self.nested[tag_of(sequence)].devices[device].append(column)

    def _openings(self, nested: Nested) -> list[Column]:
        sequences: list[bytes | None] = []
        for place in range(self.length):
            named = {
                device: columns
                for device, columns in nested.devices.items()
                if not place or any(column.rows[place] is not None for column in columns)
            }
            if named and nested.tag in self.together:
                named = nested.devices
            items = [self._item(nested, device, columns, place) for device, columns in named.items()]
            sequences.append(encode_element(nested.tag, "SQ", b"".join(items)) if items else None)
        return [Column(nested.tag, sequences, "mapped")]

    def _item(self, nested: Nested, device: int, columns: list[Column], place: int) -> bytes:
        """The item of a device at a point: complete, also with what does not change (C.8.8.14.18)."""
        parts = [(nested.key_tag, self.keys[nested.tag, device])]
        self._count("mapped", 1)
        for column in columns:
            row = column.rows[place] or column.rows[0]
            if row is not None:
                parts.append((column.tag, row))
                self._count(column.origin, 1)
        return encode_item(b"".join([row for _, row in sorted(parts)]))
