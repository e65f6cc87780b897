"""The differences of round trips as a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from transcoder.findings import Finding, Severity

__all__ = ["lines"]

_WIDEST = 60


class _Row(Protocol):
    @property
    def path(self) -> str: ...
    @property
    def before(self) -> str: ...
    @property
    def after(self) -> str: ...
    @property
    def reason(self) -> str: ...


class _Trip(Protocol):
    @property
    def path(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def findings(self) -> list[Finding]: ...
    @property
    def rows(self) -> Sequence[_Row]: ...
    @property
    def unexplained(self) -> int: ...


def lines(trips: Iterable[_Trip]) -> Iterator[str]:
    """For each trip its differences as path, before, after and reason, and a line of sums at the end."""
    counts = {"returned": 0, "refused": 0, "differences": 0, "unexplained": 0}
    for trip in trips:
        returned = trip.status == "returned"
        counts["returned" if returned else "refused"] += 1
        counts["differences"] += len(trip.rows)
        counts["unexplained"] += trip.unexplained
        yield f"{trip.status:<10} {trip.path}" + (f"  {len(trip.rows)} differences" if returned else "")
        if not returned:
            yield from (f"    {finding}" for finding in trip.findings if finding.severity is Severity.ERROR)
        yield from _table(trip.rows)
    yield ", ".join(f"{count} {what}" for what, count in counts.items())


def _table(rows: Sequence[_Row]) -> Iterator[str]:
    widths = [min(_WIDEST, max((len(text) for text in column), default=0)) for column in _columns(rows)]
    for row in rows:
        cells = [text.ljust(width) for text, width in zip((row.path, row.before, row.after), widths, strict=True)]
        yield f"    {'  '.join(cells)}  {row.reason or 'UNEXPLAINED'}"


def _columns(rows: Sequence[_Row]) -> tuple[list[str], list[str], list[str]]:
    return [row.path for row in rows], [row.before for row in rows], [row.after for row in rows]
