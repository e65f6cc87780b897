"""What a family file demands of a source: conditions, look-ups that must succeed, instances beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from transcoder.mapping.model import Condition
from transcoder.paths import Path

__all__ = ["Beside", "Companion", "Need", "Require", "Skip", "Surrogate"]


@dataclass(frozen=True, slots=True)
class Skip:
    """Items that make no instance: the conditions, the kind of reason, the reason, and the finding that says so."""

    when: tuple[Condition, ...]
    kind: str
    reason: str
    finding: str


@dataclass(frozen=True, slots=True)
class Require:
    """What must hold before anything is converted, else the finding ``code``; an error refuses the source."""

    code: str
    scope: str
    when: Condition
    message: str
    cite: str
    optional: bool
    severity: str
    given: Condition | None


@dataclass(frozen=True, slots=True)
class Need:
    """A look-up that must find its item where the instance it searches is at hand, else an error ``code``."""

    code: str
    message: str
    cite: str


@dataclass(frozen=True, slots=True)
class Companion:
    """An instance that may be consulted beside the source: its IOD, and the path that names it."""

    role: str
    iod: str
    sop_class: str
    named: Path


@dataclass(frozen=True, slots=True)
class Beside:
    """A second-generation instance that is consulted beside a set and its radiations.

    Either the set names it (``named``, a sequence of references) or it says itself what it is for (``scope``);
    ``parts`` are the roles of items in it that a set chooses.
    """

    role: str
    sop_class: str
    named: Path | None
    scope: Path | None
    parts: tuple[tuple[str, Path], ...]
    cite: str


@dataclass(frozen=True, slots=True)
class Surrogate:
    """What stands for a radiation that an RT Plan cannot hold: kept attributes, first items, and what is put.

    ``classes`` have their control points by SOP Class; ``instead`` names the attribute that takes the place of one
    that is absent; ``drop`` is left out of the set. ``units`` are dosimeter units that an RT Plan counts by another
    one, each with the ratio to it.
    """

    classes: dict[str, str]
    keep: tuple[str, ...]
    first: dict[str, tuple[str, ...]]
    instead: dict[str, str]
    put: dict[str, Any]
    point: dict[str, Any]
    drop: tuple[str, ...]
    units: dict[str, tuple[str, str]]
    label: str
    description: str
    reason: str
    cite: str

    @classmethod
    def of(cls, data: dict[str, Any]) -> Surrogate:
        """From the plain data of its sheet."""
        return cls(
            data["classes"],
            tuple(data["keep"]),
            {word: tuple(inner) for word, inner in data["first"].items()},
            data["instead"],
            data["put"],
            data["point"],
            tuple(data["drop"]),
            {word: (unit, ratio) for word, (unit, ratio) in data.get("units", {}).items()},
            data["label"],
            data["description"],
            data["reason"],
            data["cite"],
        )
