"""Where something stands in a sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["NOWHERE", "Mark", "Place"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something stands in a sheet: file, line and column, both from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Place:
    """Where a node stands in its file: the marks of the file and the way to the node."""

    marks: Mapping[tuple[str | int, ...], Mark]
    route: tuple[str | int, ...]

    def at(self, *parts: str | int) -> Mark:
        """The mark of a part of the node, or of the nearest part that holds it."""
        route = (*self.route, *parts)
        while route not in self.marks:
            route = route[:-1]
        return self.marks[route]


NOWHERE = Place({(): Mark("", 1, 1)}, ())
