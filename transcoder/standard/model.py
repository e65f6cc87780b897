"""The records that the tables of the standard are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

__all__ = ["Attribute", "Condition", "ContextGroup", "Facts", "Iod", "Module", "ModuleUse", "Rule"]

Condition: TypeAlias = Mapping[str, Any]
Rule: TypeAlias = Mapping[str, Any]
Facts: TypeAlias = Mapping[str, Any]

_UPPER = frozenset(["dvh", "lut", "roi", "rt", "sop", "voi"])


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """One row of a module or macro table (PS3.3 section 5.4); equal only to itself.

    ``condition`` of Type 1C and 2C is None where nobody has curated it yet; ``otherwise`` says whether the attribute
    may be present when the condition is not met: true, false or ``{"only_if": condition}`` (PS3.5 section 7.4.2).
    """

    keyword: str
    tag: int
    vr: str
    vm: str
    type: str
    section: str = ""
    condition: Condition | None = None
    otherwise: bool | Condition = True
    items: str = ""
    enumerated_values: tuple[str, ...] = ()
    defined_terms: tuple[str, ...] = ()
    context_groups: tuple[tuple[int, str], ...] = ()
    templates: tuple[tuple[int, str], ...] = ()
    codes: tuple[tuple[str, str], ...] = ()
    rules: tuple[Rule, ...] = ()
    children: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Module:
    """One module with its attributes (PS3.3 Annex C)."""

    key: str
    section: str
    attributes: tuple[Attribute, ...]

    @property
    def name(self) -> str:
        """The name as the standard writes it, near enough for a message."""
        return " ".join(word.upper() if word in _UPPER else word.capitalize() for word in self.key.split("-"))


@dataclass(frozen=True, slots=True)
class ModuleUse:
    """A module in an IOD: usage M, U or C, for C with the condition (PS3.3 section A.1.3)."""

    key: str
    usage: str
    condition: Condition | None = None
    otherwise: bool | Condition = True
    prohibited: Condition | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Iod:
    """One IOD: its SOP Classes, its modules and what it narrows, by path (PS3.3 Annex A)."""

    key: str
    name: str
    section: str
    sop_classes: tuple[str, ...]
    modules: tuple[ModuleUse, ...]
    narrowed: Mapping[str, Facts]
    functional_groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ContextGroup:
    """One context group: codes as (scheme, value) with their meaning, included groups resolved (PS3.16 Annex B).

    The concept names that the rows of a template permit have the same form (PS3.16 Annex A).
    """

    cid: int
    name: str
    extensible: bool
    uid: str
    codes: Mapping[tuple[str, str], str]
    kind: str = "CID"

    @property
    def label(self) -> str:
        """Number and name for a message."""
        return f"{self.kind} {self.cid} {self.name}"
