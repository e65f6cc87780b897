"""Positions and boundaries of leaves and jaws, whole columns at once (C.36.2.2.19, C.36.2.2.20, C.8.8.14)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from transcoder.dicom.elements import Element
from transcoder.findings import Finding
from transcoder.validator.catalogue_state import found
from transcoder.validator.raw import Numbers, columns, numbers

__all__ = ["Bank", "check_boundaries", "check_positions"]

# A closed pair may overlap by what the encoder rounds away (positions in mm).
CROSSING = 0.05
# No collimator reaches half a metre off the axis in the plane of the isocentre.
FARTHEST = 500.0


@dataclass(frozen=True, slots=True)
class Bank:
    """What a device demands of its positions: number of pairs or single leaves, and values per position list."""

    pairs: int
    paired: bool
    cite: str

    @property
    def size(self) -> int:
        """How many positions one control point holds."""
        return 2 * self.pairs if self.paired else self.pairs


def check_positions(elements: Sequence[Element], paths: Sequence[str], bank: Bank) -> Iterator[Finding]:
    """Number, order and reach of the positions that one device takes; ``paths`` name the elements."""
    table = columns(elements)
    if table is None or not bank.size or table.shape[1] != bank.size:
        yield from _sizes(elements, paths, bank)
        return
    if bank.paired:
        yield from _crossings(table, paths, bank)
    yield from _reach(table, paths, bank)


def _sizes(elements: Sequence[Element], paths: Sequence[str], bank: Bank) -> Iterator[Finding]:
    wrong = [
        (path, values.size)
        for element, path in zip(elements, paths, strict=True)
        if (values := numbers(element)) is not None and values.size and values.size != bank.size
    ]
    if wrong:
        path, size = wrong[0]
        message = f"{size} positions where {bank.size} are due{_more(len(wrong))}"
        yield found("V213", message, path, bank.cite)


def _crossings(table: Numbers, paths: Sequence[str], bank: Bank) -> Iterator[Finding]:
    overlap = table[:, : bank.pairs] - table[:, bank.pairs :]
    crossed = overlap > CROSSING
    if not crossed.any():
        return
    rows = np.flatnonzero(crossed.any(axis=1))
    pair = int(np.flatnonzero(crossed[rows[0]])[0]) + 1
    message = f"pair {pair} crosses by {overlap[rows[0], pair - 1]:g} mm{_more(rows.size)}"
    yield found("V217", message, paths[int(rows[0])], bank.cite)


def _reach(table: Numbers, paths: Sequence[str], bank: Bank) -> Iterator[Finding]:
    far = np.abs(table).max(axis=1) > FARTHEST
    if far.any():
        rows = np.flatnonzero(far)
        worst = np.abs(table[rows[0]]).max()
        message = f"a position lies {worst:g} mm off the axis{_more(rows.size)}; the unit is mm"
        yield found("V218", message, paths[int(rows[0])], bank.cite)


def check_boundaries(element: Element | None, pairs: int, path: str, cite: str, *, first: bool) -> Iterator[Finding]:
    """N+1 boundaries that increase; first generation only lists them from pair 1, so there it is a warning."""
    values = numbers(element)
    if values is None or not values.size:
        return
    if values.size != pairs + 1:
        yield found("V214", f"{values.size} boundaries where {pairs + 1} are due", path, cite)
    if (np.diff(values) <= 0).any():
        place = int(np.flatnonzero(np.diff(values) <= 0)[0]) + 2
        message = f"boundary {place} is not greater than the one before it"
        yield found("V216" if first else "V215", message, path, cite)


def _more(count: int) -> str:
    return f", at {count} control points in all" if count > 1 else ""
