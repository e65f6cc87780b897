"""The axis of a delivery: number and indices of its control points and the meterset that orders them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from transcoder.dicom.elements import Item, tag_of
from transcoder.findings import Finding
from transcoder.validator.catalogue_state import found
from transcoder.validator.raw import column, integer, is_close, number, numbers

__all__ = ["Axis", "check_axis", "number_of_points"]

MINIMUM_POINTS = 2


@dataclass(frozen=True, slots=True)
class Axis:
    """Which attributes carry the axis of one kind of delivery, and the section that rules them."""

    sequence: str
    count: str
    index: str
    start: int
    meterset: str
    final: str
    cite: str
    starts_at_zero: bool = True


def check_axis(holder: Item, points: Sequence[Item], axis: Axis, path: str) -> Iterator[Finding]:
    """Count, indices and meterset of the control points below ``holder``; ``path`` names the sequence."""
    yield from number_of_points(holder, points, axis.count, path, axis.cite)
    yield from _indices(points, axis, path)
    yield from _meterset(holder, points, axis, path)


def number_of_points(holder: Item, points: Sequence[Item], count: str, path: str, cite: str) -> Iterator[Finding]:
    """At least two control points, as many as the count says."""
    said = integer(holder, count)
    if len(points) < MINIMUM_POINTS:
        yield found("V206", f"{len(points)} control point(s) where at least two are needed", path, cite)
    if said is not None and said != len(points):
        yield found("V206", f"{count} is {said}, the sequence holds {len(points)} item(s)", path, cite)


def _indices(points: Sequence[Item], axis: Axis, path: str) -> Iterator[Finding]:
    for place, point in enumerate(points):
        index = integer(point, axis.index)
        if index != axis.start + place and (index is not None or place == 0):
            message = f"{axis.index} is {index}, {axis.start + place} is due: it starts at {axis.start} and grows by 1"
            yield found("V207", message, f"{path}[{place}]/{axis.index}", axis.cite)
            return


def _meterset(holder: Item, points: Sequence[Item], axis: Axis, path: str) -> Iterator[Finding]:
    held = column(points, axis.meterset)
    if held is None:
        return
    places, values = held
    if axis.starts_at_zero and places[0] == 0 and values[0] != 0:
        message = f"{axis.meterset} of the first control point is {values[0]:g}, zero is due"
        yield found("V208", message, f"{path}[0]/{axis.meterset}", axis.cite)
    falls = np.flatnonzero(np.diff(values) < 0)
    if falls.size:
        place = places[int(falls[0]) + 1]
        message = f"{axis.meterset} falls at {falls.size} control point(s); it may stay or grow only"
        yield found("V209", message, f"{path}[{place}]/{axis.meterset}", axis.cite)
    if axis.final and places[-1] == len(points) - 1:
        yield from _final(holder, float(values[-1]), axis, path, len(points) - 1)


def _final(holder: Item, last: float, axis: Axis, path: str, place: int) -> Iterator[Finding]:
    if numbers(holder.get(tag_of(axis.final))) is None:
        return
    final = number(holder, axis.final)
    if final is not None and not is_close(final, last):
        message = f"{axis.final} is {final:g}, the last control point has {last:g}"
        yield found("V210", message, f"{path}[{place}]/{axis.meterset}", axis.cite)
