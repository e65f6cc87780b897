"""What a mapping sheet says, as frozen records. ``mappings/README.md`` explains each word of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from transcoder.mapping.marks import NOWHERE, Mark, Place
from transcoder.paths import Path

if TYPE_CHECKING:
    from transcoder.mapping.demands import Beside, Companion, Require, Surrogate
    from transcoder.mapping.targets import Points, Target

__all__ = [
    "Assemble",
    "Bind",
    "Condition",
    "Declared",
    "Distinct",
    "Each",
    "Family",
    "Mapping",
    "Mark",
    "Node",
    "NotWritten",
    "Openings",
    "Otherwise",
    "Place",
    "Records",
    "Rule",
    "Sheet",
    "Single",
    "SiteValue",
    "Table",
    "TableInput",
    "Via",
    "flatten",
    "nodes_of",
]


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of the closed set (see ``transcoder.engine.conditions``) on one path of one side."""

    test: str
    path: Path
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Via:
    """A named codec or code table with its arguments; an argument ``$name`` is bound, ``site:name`` a site value."""

    codec: str
    arguments: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Otherwise:
    """What to do without a source value: derive, site, assume, empty, omit or refuse."""

    action: str
    first: tuple[Path, ...] = ()
    via: tuple[Via, ...] = ()
    value: Any = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One correspondence: paths on both sides, the codec between them, and its section of the standard."""

    id: str
    mark: Mark
    first: tuple[Path, ...] = ()
    second: tuple[Path, ...] = ()
    via: tuple[Via, ...] = ()
    value: Any = None
    companions: tuple[tuple[str, Any], ...] = ()
    otherwise: tuple[Otherwise, ...] = ()
    when_first: tuple[Condition, ...] = ()
    when_second: tuple[Condition, ...] = ()
    one_way: str = ""
    reason: str = ""
    cite: str = ""
    note: str = ""
    lost: str = ""
    lost_back: str = ""
    only_back: str = ""
    missing: tuple[str, ...] = ()
    hold: str = ""
    detail: bool = False
    always: bool = False
    generated: bool = False
    retired: bool = False
    example: Any = None
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Bind:
    """A value that either side can tell: read from the first, or, on the way back, from the second.

    ``side`` says in whose terms the value is; the codec translates what the other side says.
    """

    name: str
    first: tuple[Path, ...]
    second: tuple[Path, ...]
    via: tuple[Via, ...]
    side: str = "second"


@dataclass(frozen=True, slots=True)
class Openings:
    """How control points speak of the devices a block defines: nested sequence and key of each side.

    ``together`` holds where the sequence of the first side names all devices wherever it names one.
    """

    role: str
    match: str
    number: str
    first: str
    first_key: str
    second: str
    second_key: str
    count: str
    together: bool = False


@dataclass(frozen=True, slots=True)
class Single:
    """Items of which the other side holds one: merged by the rules ``merge`` where they are equal but for ``differ``.

    The outlines ``apart`` must not overlap; anything else refuses with ``code``.
    """

    when: tuple[Condition, ...]
    code: str
    message: str
    merge: tuple[str, ...]
    differ: tuple[str, ...]
    apart: Path


@dataclass(frozen=True, slots=True)
class Each:
    """A pair of sequences walked together; ``number`` and ``count`` belong to the second side.

    ``moment`` names the time of an item and that of a control point of the second side: on the way back an item of
    a first side that stands inside the control points goes to the point at which its segment ends. ``lost_back`` says
    why an item that ``second_when`` leaves aside does not come back.
    """

    id: str
    mark: Mark
    first: Path
    second: Path
    rules: tuple[Node, ...]
    role: str = ""
    number: str = ""
    first_number: str = ""
    first_same: str = ""
    count: Path | None = None
    first_count: Path | None = None
    when: tuple[Condition, ...] = ()
    second_when: tuple[Condition, ...] = ()
    back_when: tuple[Condition, ...] = ()
    one_way: str = ""
    when_item: str = ""
    single: Single | None = None
    binds: tuple[Bind, ...] = ()
    openings: Openings | None = None
    moment: tuple[str, str] | None = None
    lost_back: str = ""
    cite: str = ""
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Distinct:
    """Columns over control points, or over the items of a sequence <-> one item for each distinct combination."""

    id: str
    mark: Mark
    over: Path | None
    columns: tuple[Bind, ...]
    second: Path
    rules: tuple[Node, ...]
    role: str = ""
    when_item: str = ""
    needs: str = ""
    number: str = ""
    count: Path | None = None
    index: Path | None = None
    otherwise_index: Path | None = None
    members: Path | None = None
    member_rules: tuple[Node, ...] = ()
    otherwise_empty: bool = False
    cite: str = ""
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TableInput:
    """Items of one sequence as records: one field for each named path.

    ``holder`` is the role of the item around each, where the sequence is nested in another one.
    """

    name: str
    over: Path
    fields: tuple[tuple[str, Path], ...]
    role: str = ""
    when_item: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Records:
    """A list of records, or one of ``columns`` (m, 1), <-> the items of a sequence; ``nested`` ones stand inside."""

    name: str
    second: Path
    rules: tuple[Node, ...]
    number: str = ""
    columns: bool = False
    nested: tuple[Records, ...] = ()
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Assemble:
    """Records made by a structural codec from several inputs; ``blocks`` write each list of records."""

    id: str
    mark: Mark
    via: str
    inputs: tuple[TableInput, ...]
    blocks: tuple[Records, ...]
    cite: str = ""
    place: Place = field(default=NOWHERE, compare=False, repr=False)


Node = Rule | Each | Distinct | Assemble


@dataclass(frozen=True, slots=True)
class Declared:
    """An attribute position, perhaps a retired one, that no rule carries: the kind, the reason, and where."""

    path: str
    kind: str
    reason: str
    where: str
    mark: Mark
    retired: bool = False


@dataclass(frozen=True, slots=True)
class NotWritten:
    """A position of the target about which a sheet gives its word (``not_written``, ``assured``), and why."""

    path: str
    reason: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Sheet:
    """One file of rules between a role of the first and a role of the second generation."""

    name: str
    title: str
    cite: str
    file: str
    first: str
    second: str
    rules: tuple[Node, ...]
    binds: tuple[Bind, ...]
    declared: tuple[Declared, ...]
    declared_second: tuple[Declared, ...] = ()
    not_written: tuple[NotWritten, ...] = ()
    assured: tuple[NotWritten, ...] = ()
    place: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Table:
    """A code table, one-to-one but for aliases; an ``open`` one says nothing of a term it does not hold."""

    name: str
    cite: str
    mark: Mark
    first: tuple[str, ...]
    second: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    aliases: tuple[tuple[Any, ...], ...] = ()
    back: tuple[tuple[Any, ...], ...] = ()
    open: bool = False


@dataclass(frozen=True, slots=True)
class SiteValue:
    """A value that only the site knows (machine data): its kind, meaning and unit."""

    name: str
    kind: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Family:
    """How instances of both generations split and join, and which SOP Classes take part.

    Sets that agree in ``joined_by`` always make one first-generation instance. ``instructions`` are the roles of a set
    and of a radiation that may have given the instructions for what the source tells of. A family ``instead_of``
    another one takes sources that lack what that one needs.
    """

    name: str
    root: str
    sop_classes: tuple[tuple[str, str], ...]
    refused_classes: tuple[tuple[str, str, str], ...]
    targets: tuple[Target, ...]
    members: Path
    other_members: tuple[tuple[str, str, str], ...]
    first_points: Points
    second_points: Points
    requires: tuple[Require, ...]
    machine: Path
    companions: tuple[Companion, ...] = ()
    instructions: tuple[Companion, ...] = ()
    checks: tuple[str, ...] = ()
    one_way: str = ""
    instead_of: str = ""
    beside: tuple[Beside, ...] = ()
    joined_by: Path | None = None
    refused_creators: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Mapping:
    """All sheets, tables, concepts and site values of one edition, with the digest that names the edition."""

    digest: str
    families: dict[str, Family]
    sheets: dict[str, Sheet]
    tables: dict[str, Table]
    concepts: dict[str, tuple[str, str, str]]
    site_values: dict[str, SiteValue]
    site: dict[str, Any] = field(default_factory=dict)
    machines: dict[str, dict[str, Any]] = field(default_factory=dict)
    surrogates: dict[str, Surrogate] = field(default_factory=dict)

    def sheets_of(self, family: Family) -> list[Sheet]:
        """The sheets of a family: those that its targets use, and those of its root."""
        used = {name for target in family.targets for name in target.sheets}
        return [sheet for sheet in self.sheets.values() if sheet.name in used or sheet.first == family.root]

    def rules(self) -> dict[str, Rule]:
        """Every rule by its id, blocks opened."""
        return {rule.id: rule for sheet in self.sheets.values() for rule in flatten(sheet.rules)}


def nodes_of(nodes: tuple[Node, ...]) -> Iterator[Node]:
    """Every node in and below ``nodes``, blocks before what they hold."""
    for node in nodes:
        yield node
        if isinstance(node, Assemble):
            yield from (each for block in node.blocks for each in _nodes_of_records(block))
        elif not isinstance(node, Rule):
            yield from nodes_of(node.rules)
            if isinstance(node, Distinct):
                yield from nodes_of(node.member_rules)


def _nodes_of_records(block: Records) -> Iterator[Node]:
    yield from nodes_of(block.rules)
    yield from (node for inner in block.nested for node in _nodes_of_records(inner))


def flatten(nodes: tuple[Node, ...]) -> list[Rule]:
    """The rules in and below ``nodes``, in order."""
    return [node for node in nodes_of(nodes) if isinstance(node, Rule)]
