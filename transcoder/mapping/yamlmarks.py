"""YAML with strict scalars, and the line and column of everything in it.

Only whole and decimal numbers and ``true``, ``false`` are not strings: ``NO``, ``12:30:00`` and ``0010`` stay what
they look like.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from transcoder.errors import MappingError
from transcoder.mapping.marks import Mark

__all__ = ["Marked", "Route", "read"]

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+\Z")
Route = tuple[str | int, ...]


class Marked:
    """Plain data read from one file, with the mark of each place in it."""

    def __init__(self, data: Any, marks: dict[Route, Mark], file: str) -> None:
        self.data = data
        self.marks = marks
        self.file = file

    def mark(self, route: Route) -> Mark:
        """The mark of a place, or of the nearest place that holds it."""
        while route not in self.marks:
            route = route[:-1]
        return self.marks[route]


def read(path: Path, name: str = "") -> Marked:
    """Read one file; raises :class:`MappingError` with file, line and column where it is no YAML."""
    shown = name or path.name
    try:
        node = _composed(path.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Mark(shown, mark.line + 1, mark.column + 1) if mark else Mark(shown, 1, 1)
        raise MappingError(f"{place}: M100 not YAML: {error.problem}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"{shown}:1:1: M100 cannot be read: {type(error).__name__}") from None
    marks: dict[Route, Mark] = {(): Mark(shown, 1, 1)}
    data = {} if node is None else _build(node, (), marks, shown)
    return Marked(data, marks, shown)


def _composed(text: str) -> yaml.Node | None:
    """The tree of nodes. The loader written in C is six times as quick; what is wrong is told by the other one."""
    quick = getattr(yaml, "CSafeLoader", None)
    if quick is not None:
        with suppress(yaml.YAMLError):
            return yaml.compose(text, Loader=quick)
    return yaml.compose(text, Loader=yaml.SafeLoader)


def _build(node: yaml.Node, route: Route, marks: dict[Route, Mark], file: str) -> Any:
    marks[route] = Mark(file, node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in found:
                place = Mark(file, key_node.start_mark.line + 1, key_node.start_mark.column + 1)
                raise MappingError(f"{place}: M104 '{key}' stands here twice")
            found[key] = _build(value_node, (*route, key), marks, file)
        return found
    if isinstance(node, yaml.SequenceNode):
        return [_build(each, (*route, number), marks, file) for number, each in enumerate(node.value)]
    return _scalar(node)


def _scalar(node: yaml.Node) -> Any:
    text = str(node.value)
    if getattr(node, "style", None):
        return text
    if _NUMBER.match(text):
        return int(text)
    if _DECIMAL.match(text):
        return float(text)
    return {"true": True, "false": False}.get(text, text)
