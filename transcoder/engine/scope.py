"""What a rule can see: items and tables by role on both sides, bound values, site values; and the run it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from transcoder.codecs.registry import Cell
from transcoder.dicom.columns import Rows, RowWriter, elements_of
from transcoder.dicom.elements import Element, Item
from transcoder.dicom.values import Texts
from transcoder.engine.ledger import Ledger
from transcoder.engine.tree import TargetTree
from transcoder.findings import Finding, Severity
from transcoder.mapping.model import Mapping

__all__ = ["Bound", "DeviceRows", "DeviceWriter", "PointRows", "Run", "Scope"]

Bound = Cell


@dataclass(slots=True)
class PointRows:
    """The control points of a source: its items, read as columns."""

    items: list[Item]
    path: str

    def rows(self, keyword: str) -> Rows:
        """The element of this keyword at each control point."""
        return elements_of(self.items, keyword)


@dataclass(slots=True)
class DeviceRows:
    """What the control points say of one device: the nested item of each point, None where it says nothing."""

    items: list[Item | None]
    path: str

    def rows(self, keyword: str) -> Rows:
        """The element of this keyword at each control point."""
        return elements_of(self.items, keyword)


@dataclass(slots=True)
class DeviceWriter:
    """Where a device's columns go: the nested sequence, its key, and the device's number."""

    points: RowWriter
    sequence: str
    key: str
    count: str
    device: int


@dataclass(slots=True)
class Run:
    """One conversion: mapping, ledger, findings, policy, and how the values of the source are decoded."""

    mapping: Mapping
    ledger: Ledger
    texts: Texts
    lenient: bool
    findings: list[Finding] = field(default_factory=list)
    machine: str = ""
    # On the way back: the first-generation item that stands for an item of the second, by its identity.
    made: dict[int, Item] = field(default_factory=dict)
    # On the way back: what a scope needs to see of each radiation of the set, by its UID.
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    # On the way back: the numbers that a block has given so far, over all sets that are joined.
    counted: dict[str, dict[Any, Any]] = field(default_factory=dict)

    def site(self, name: str) -> Any:
        """The site's value for this machine, else for all machines, else None."""
        return self.mapping.machines.get(self.machine, {}).get(name, self.mapping.site.get(name))

    def tell(self, code: str, severity: Severity, message: str, path: str = "", rule: str = "", cite: str = "") -> None:
        """Record a finding, once."""
        finding = Finding(code, severity, message, path, rule, cite)
        if finding not in self.findings:
            self.findings.append(finding)

    @property
    def failed(self) -> bool:
        """Whether an error was found."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)


@dataclass(slots=True)
class Scope:
    """Roles of the source and the target, and bound values; blocks open child scopes."""

    run: Run
    items: dict[str, Item]
    places: dict[str, str]
    tables: dict[str, PointRows | DeviceRows]
    target: TargetTree
    targets: dict[str, Item]
    writers: dict[str, RowWriter | DeviceWriter]
    bound: dict[str, Bound]
    incomplete: list[str]
    per_item: Callable[[Item], dict[str, Any] | None] = lambda _item: None

    def child(
        self,
        *,
        items: dict[str, Item] | None = None,
        places: dict[str, str] | None = None,
        tables: dict[str, PointRows | DeviceRows] | None = None,
        targets: dict[str, Item] | None = None,
        writers: dict[str, RowWriter | DeviceWriter] | None = None,
        bound: dict[str, Bound] | None = None,
    ) -> Scope:
        """A scope that sees more than this one."""
        return Scope(
            self.run,
            {**self.items, **(items or {})},
            {**self.places, **(places or {})},
            {**self.tables, **(tables or {})},
            self.target,
            {**self.targets, **(targets or {})},
            {**self.writers, **(writers or {})},
            {**self.bound, **(bound or {})},
            self.incomplete,
            self.per_item,
        )

    def place(self, role: str, steps: str) -> str:
        """The path of an attribute in the source, with item numbers, for messages."""
        base = self.places.get(role, "")
        return f"{base}/{steps}" if base and steps else base or steps


def sources(elements: list[Element]) -> tuple[Element, ...]:
    """Source elements as the opaque part of a bound value."""
    return tuple(elements)
