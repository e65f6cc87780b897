"""What a family file demands of a source: conditions, look-ups that must succeed, instances beside it."""

from __future__ import annotations

from dataclasses import dataclass

from transcoder.mapping.model import Condition
from transcoder.paths import Path

__all__ = ["Beside", "Companion", "Need", "Require", "Skip"]


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
