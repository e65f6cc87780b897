"""Paths of the mapping sheets: parse, print, compare.

::

    path      = ["@" role "/"] step { "/" step }  |  "$" name
    step      = Keyword [ "[" selector "]" ]
    selector  = ""                         every item (only where a block walks items)
              | number                     one item, from 0
              | Keyword "=" value          the item whose element has that value
              | ... "&" Keyword "=" value  the one among them whose other element has that value
              | Keyword                    all items, told apart by that element's value

``$name`` is a value bound by a block. Keywords are those of PS3.6.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property

__all__ = ["Path", "PathError", "Step", "parse"]

_STEP = re.compile(r"(?P<keyword>[A-Z][A-Za-z0-9]*)(?:\[(?P<selector>[^\]]*)\])?\Z")
_ROLE = re.compile(r"@(?P<role>[a-z_]+)\Z")
_NAME = re.compile(r"\$(?P<name>[a-z_]+)\Z")
_KEYWORD = re.compile(r"[A-Z][A-Za-z0-9]*\Z")
_KEYED = re.compile(r"(?P<key>[A-Z][A-Za-z0-9]*)=(?P<value>.+)\Z")


class PathError(ValueError):
    """The text is not a path; the message says which part is wrong."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: a keyword, and for a sequence which item: all, one by number, or one by a value."""

    keyword: str
    every: bool = False
    number: int = 0
    key: str = ""
    value: str = ""

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """Each keyword that chooses the item, with the value that it must have."""
        first, *others = self.value.split("&")
        return ((self.key, first), *((word, value) for word, _, value in (each.partition("=") for each in others)))

    def __str__(self) -> str:
        if self.every:
            return f"{self.keyword}[]"
        if self.key:
            return f"{self.keyword}[{self.key}={self.value}]" if self.value else f"{self.keyword}[{self.key}]"
        return f"{self.keyword}[{self.number}]" if self.number else self.keyword


@dataclass(frozen=True)
class Path:
    """A parsed path: where it starts (a role, or a bound name) and its steps."""

    role: str
    steps: tuple[Step, ...]
    name: str = ""

    def __str__(self) -> str:
        if self.name:
            return f"${self.name}"
        text = "/".join(map(str, self.steps))
        return f"@{self.role}/{text}" if self.role else text

    @cached_property
    def keyword(self) -> str:
        """The keyword of the last step."""
        return self.steps[-1].keyword if self.steps else ""

    @cached_property
    def plain(self) -> str:
        """The steps without selectors: the attribute position in the IOD, relative to the role."""
        return "/".join(step.keyword for step in self.steps)

    def within(self, role: str) -> Path:
        """The same path with its role made explicit."""
        return self if self.role or self.name else Path(role, self.steps)


@cache
def parse(text: str) -> Path:
    """The path that ``text`` writes; raises :class:`PathError`."""
    if named := _NAME.match(text):
        return Path("", (), named["name"])
    parts = text.split("/") if "=" not in text else _split(text)
    role = ""
    if parts[0].startswith("@"):
        match = _ROLE.match(parts.pop(0))
        if not match:
            raise PathError(f"'{text}': a role is written @lowercase")
        role = match["role"]
        if not parts:
            return Path(role, ())
    return Path(role, tuple(_step(part, text) for part in parts))


def _split(text: str) -> list[str]:
    parts, depth, current = [], 0, ""
    for char in text:
        depth += (char == "[") - (char == "]")
        if char == "/" and depth == 0:
            parts.append(current)
            current = ""
        else:
            current += char
    return [*parts, current]


def _step(part: str, text: str) -> Step:
    match = _STEP.match(part)
    if not match:
        raise PathError(f"'{text}': '{part}' is not a keyword with an optional [selector]")
    word, selector = match["keyword"], match["selector"]
    if selector is None:
        return Step(word)
    if selector == "":
        return Step(word, every=True)
    if selector.isdigit():
        return Step(word, number=int(selector))
    if _KEYWORD.match(selector):
        return Step(word, key=selector)
    keyed = _KEYED.match(selector)
    if not keyed:
        raise PathError(f"'{text}': selector '[{selector}]' is neither empty, a number, Keyword nor Keyword=value")
    return Step(word, key=keyed["key"], value=keyed["value"])
