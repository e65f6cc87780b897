"""Opens the control points of a beam as columns and closes those of the radiation."""

from __future__ import annotations

import numpy as np

from transcoder.dicom.columns import Column, RowWriter, number_column
from transcoder.dicom.elements import tag_of, vr_of
from transcoder.dicom.values import ValueFault, encode_numbers
from transcoder.engine.reading import Missing, items_at, read
from transcoder.engine.scope import PointRows, Scope
from transcoder.engine.spans import delivered_items
from transcoder.engine.writing import finish_points
from transcoder.findings import Origin, Severity
from transcoder.mapping.targets import Points
from transcoder.paths import Path

__all__ = ["close_points", "open_points"]


def open_points(scope: Scope, points: Points) -> PointRows | None:
    """The control points of the beam or radiation in scope; None, with a finding, where they cannot be counted."""
    place = scope.place(points.path.role, points.path.plain)
    items, _ = items_at(scope, _all(points.path))
    if len(items) < 2:
        _fault(scope, "T020", f"{len(items)} control points; a beam has at least two", place)
        return None
    stated = read(scope, points.count, "number").value
    if stated is not None and int(stated[0]) != len(items):
        _fault(scope, "T026", f"{points.count.keyword} contradicts the {len(items)} items", place)
        return None
    table = PointRows(items, place)
    if points.index and not _counts_up(scope, table, points.index, points.start):
        return None
    if points.delivered:
        reached = delivered_items(scope, points, items, place)
        return None if reached is None else PointRows(reached, place)
    return table


def _counts_up(scope: Scope, table: PointRows, index: str, start: int) -> bool:
    place = f"{table.path}/{index}"
    rows = table.rows(index)
    try:
        values, _ = number_column(rows)
    except ValueFault as fault:
        _fault(scope, fault.code, fault.message, place)
        return False
    if not np.array_equal(values[:, 0], np.arange(start, start + len(rows))):
        _fault(scope, "T027", f"{index} does not count up from {start} by 1", place)
        return False
    return True


def _fault(scope: Scope, code: str, message: str, place: str) -> None:
    scope.run.tell(code, Severity.ERROR, message, place, cite="PS3.3 C.8.8.14")


def close_points(scope: Scope, points: Points, writer: RowWriter) -> None:
    """Number the control points, where they are numbered, and encode them into their sequence."""
    numbers = np.arange(points.start, points.start + writer.length, dtype=float)
    try:
        if points.index:
            writer.add(Column.full(points.index, numbers[:, None], Origin.MAPPED))
    except ValueFault as fault:
        scope.run.tell(fault.code, Severity.ERROR, fault.message, str(points.path))
        raise Missing(fault.message) from None
    holder = scope.targets[points.path.role]
    finish_points(scope, holder, tag_of(points.path.keyword), writer)
    tag = tag_of(points.count.keyword)
    count = encode_numbers(np.array([float(writer.length)]), vr_of(tag))
    scope.target.put(holder, tag, vr_of(tag), count, Origin.MAPPED)


def _all(path: Path) -> Path:
    from dataclasses import replace

    return Path(path.role, (*path.steps[:-1], replace(path.steps[-1], every=True)))
