"""Findings and accounts: the plain records that every stage hands on.

Standard library only, so that each layer may use them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

__all__ = ["Account", "Entry", "Fate", "Finding", "Origin", "Severity", "SourceAccount", "TargetAccount"]


class Severity(StrEnum):
    """How much a finding weighs: an error stops the bundle, a warning asks for a look, info informs."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Fate(StrEnum):
    """What became of one source element."""

    CARRIED = "carried"
    DERIVED = "derived"
    DECLARED = "declared"
    UNACCOUNTED = "unaccounted"


class Origin(StrEnum):
    """Where one target element comes from."""

    MAPPED = "mapped"
    SET = "set"
    GENERATED = "generated"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing noticed: a stable code, its weight, the place, the rule and the section of the standard.

    ``path`` is written with keywords and item numbers from 0 (``BeamSequence[0]/BeamName``); it never holds
    a value of an identifying attribute.
    """

    code: str
    severity: Severity
    message: str
    path: str = ""
    rule: str = ""
    cite: str = ""

    def __str__(self) -> str:
        place = f" @ {self.path}" if self.path else ""
        cite = f"  ({self.cite})" if self.cite else ""
        return f"{self.code} {self.severity.value}  {self.message}{place}{cite}"

    def as_dict(self) -> dict[str, str]:
        """The finding as the JSON object of the report."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "message": self.message,
            "path": self.path,
            "rule": self.rule,
            "cite": self.cite,
        }

    @classmethod
    def of(cls, told: Mapping[str, str]) -> Finding:
        """The finding that :meth:`as_dict` told."""
        words = {word: value for word, value in told.items() if word != "severity"}
        return cls(severity=Severity(told["severity"]), **words)


@dataclass(slots=True)
class SourceAccount:
    """Counts of source elements by fate; ``elements`` is counted on its own and equals the sum."""

    elements: int = 0
    carried: int = 0
    derived: int = 0
    declared: int = 0
    unaccounted: int = 0


@dataclass(slots=True)
class TargetAccount:
    """Counts of target elements by origin; ``elements`` is counted on its own and equals the sum."""

    elements: int = 0
    mapped: int = 0
    set: int = 0
    generated: int = 0
    assumed: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: all elements of one path (item numbers left out) that share one fate."""

    path: str
    fate: str
    count: int
    rule: str = ""
    reason: str = ""

    def as_dict(self) -> dict[str, str | int]:
        """The entry as the JSON object of the report."""
        return {
            "path": self.path,
            "fate": self.fate,
            "count": self.count,
            "rule": self.rule,
            "reason": self.reason,
        }


@dataclass(slots=True)
class Account:
    """The ledger of one input: every source element by fate and every target element by origin."""

    source: SourceAccount = field(default_factory=SourceAccount)
    target: TargetAccount = field(default_factory=TargetAccount)
    entries: list[Entry] = field(default_factory=list)
    private: dict[str, int] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The account as the JSON object of the report."""
        return {
            "source": asdict(self.source),
            "target": asdict(self.target),
            "private": dict(sorted(self.private.items())),
            "entries": [entry.as_dict() for entry in self.entries],
        }

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Account:
        """The account that :meth:`as_dict` told."""
        source, target = SourceAccount(**told["source"]), TargetAccount(**told["target"])
        return cls(source, target, [Entry(**each) for each in told["entries"]], dict(told["private"]))
