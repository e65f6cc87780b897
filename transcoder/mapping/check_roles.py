"""Where in an IOD each path of a sheet points: roles opened by families and blocks, and the names that are bound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from transcoder.codecs.registry import RECORDS
from transcoder.mapping.model import (
    Assemble,
    Distinct,
    Each,
    Family,
    Mapping,
    Node,
    Records,
    Sheet,
)
from transcoder.mapping.targets import Target
from transcoder.paths import Path
from transcoder.standard import Attribute, iod_for, positions

__all__ = [
    "FIRST",
    "SECOND",
    "SOURCE",
    "Base",
    "Roles",
    "Visit",
    "bases_of_family",
    "in_block",
    "in_input",
    "index",
    "iod_of",
    "visits",
]

FIRST, SECOND = "first", "second"
# The root of the first generation, whatever the family calls it: what the sheets of all families share starts there.
SOURCE = "source"
# Names that the engine binds: for the whole run, for a fraction group, for an instance, for the item of a use.
_ENGINE_NAMES = frozenset(
    [
        "software",
        "conversion",
        "edition",
        "radiation_class",
        "group_number",
        "labels",
        "beam_number",
        "role",
        "sop_class",
        "sets",
        "motion",
    ]
)
_RADIATION_NAMES = frozenset(["incomplete"])


@dataclass(frozen=True, slots=True)
class Base:
    """What a role stands for: an IOD and the position in it, empty for the root of the data set."""

    iod: str
    prefix: str = ""

    def below(self, plain: str) -> Base:
        """The position ``plain`` further down."""
        return Base(self.iod, f"{self.prefix}/{plain}".strip("/"))

    def outer(self) -> Base:
        """The position of the item that holds this one."""
        return Base(self.iod, self.prefix.rpartition("/")[0])


Roles = dict[tuple[str, str], tuple[Base, ...]]


@dataclass(frozen=True, slots=True)
class Visit:
    """A node of a sheet with what can be seen where it stands, for one family that uses the sheet.

    ``given`` are the names that always have a value; ``owner`` is the assembled block around it, ``within`` the list
    of records that it stands in.
    """

    family: Family
    sheet: Sheet
    node: Node | Records
    roles: Roles
    names: frozenset[str]
    given: frozenset[str] = frozenset()
    owner: Assemble | None = None
    within: str = ""

    def bases(self, path: Path, side: str) -> tuple[Base, ...] | None:
        """The positions that a path names, one for each IOD it serves; None where its role is unknown."""
        found = self.roles.get((side, path.role)) or self.roles.get((SECOND if side == FIRST else FIRST, path.role))
        return None if found is None else tuple(base.below(path.plain) for base in found)


@cache
def index(iod: str) -> dict[str, tuple[Attribute, ...]]:
    """Every position of an IOD with its rows, one for each module that has it."""
    found: dict[str, list[Attribute]] = {}
    for path, attribute, _ in positions(iod):
        found.setdefault(path, []).append(attribute)
    return {path: tuple(rows) for path, rows in found.items()}


def visits(mapping: Mapping) -> Iterator[Visit]:
    """Every node of every sheet that a family uses."""
    for family in mapping.families.values():
        for sheet in mapping.sheets.values():
            targets = [target for target in family.targets if sheet.name in target.sheets]
            if targets and sheet.rules:
                yield from _sheet(mapping, family, sheet, targets)


def iod_of(sop_class: str) -> str:
    """The key of the IOD of a SOP Class, empty where the tables do not hold it."""
    found = iod_for(sop_class)
    return found.key if found else ""


def bases_of_family(family: Family) -> dict[str, Base]:
    """The first-generation roles that a family opens."""
    root = next(iter(uid for uid, kind in family.sop_classes if kind == "standard"), "")
    found = {role: Base(iod_of(root)) for role in (family.root, SOURCE)}
    found |= {companion.role: Base(companion.iod) for companion in (*family.companions, *family.instructions)}
    for target in family.targets:
        found[target.item_role] = found[target.per.role].below(target.per.plain)
        for name, path in target.lookups:
            found.setdefault(name, found[path.role].below(path.plain))
    points = family.first_points
    found[points.role] = found[points.path.role].below(points.path.plain)
    return found


def _sheet(mapping: Mapping, family: Family, sheet: Sheet, targets: list[Target]) -> Iterator[Visit]:
    roles: Roles = {(FIRST, role): (base,) for role, base in bases_of_family(family).items()}
    for target in targets:
        roles[SECOND, target.role] = (Base(iod_of(target.sop_class)),)
    roles[SECOND, "instance"] = tuple(Base(iod_of(target.sop_class)) for target in targets)
    for each in family.beside:
        roles[SECOND, each.role] = (Base(iod_of(each.sop_class)),)
        roles |= {(SECOND, part): (Base(iod_of(each.sop_class), path.plain),) for part, path in each.parts}
    given = _ENGINE_NAMES
    names = given | {bind.name for bind in sheet.binds}
    points = family.second_points
    if any(target.role == points.path.role for target in targets):
        names |= _RADIATION_NAMES
    by_role = {target.role: Base(iod_of(target.sop_class)) for target in family.targets}
    roles[SECOND, points.role] = (by_role[points.path.role].below(points.path.plain),)
    yield from _nodes(Visit(family, sheet, sheet.rules[0], roles, names, given), sheet.rules, family)


def _nodes(outer: Visit, nodes: tuple[Node, ...], family: Family) -> Iterator[Visit]:
    for node in nodes:
        visit = replace(outer, node=node)
        yield visit
        if isinstance(node, Each):
            yield from _nodes(_in_each(visit, node, family), node.rules, family)
        elif isinstance(node, Distinct):
            yield from _in_distinct(visit, node, family)
        elif isinstance(node, Assemble):
            for block in node.blocks:
                yield from _in_records(visit, node, block, family)


def _open(visit: Visit, added: Roles, names: Iterable[str], given: Iterable[str]) -> Visit:
    roles = {**visit.roles, **added}
    return replace(visit, roles=roles, names=visit.names | {*names, *given}, given=visit.given | {*given})


def _in_each(visit: Visit, block: Each, family: Family) -> Visit:
    added: Roles = {
        (FIRST, block.role): visit.bases(block.first, FIRST) or (),
        (SECOND, f"{block.id}_item"): visit.bases(block.second, SECOND) or (),
    }
    if any(step.every for step in block.first.steps[:-1]):
        outer = Path(block.first.role, block.first.steps[:-1])
        added[FIRST, f"{block.role}_holder"] = visit.bases(outer, FIRST) or ()
    names = [bind.name for bind in block.binds]
    if block.openings is not None:
        for side, word, points in (
            (FIRST, block.openings.first, family.first_points),
            (SECOND, block.openings.second, family.second_points),
        ):
            bases = visit.roles.get((side, points.role), ())
            added[side, block.openings.role] = tuple(base.below(word) for base in bases)
    return _open(visit, added, names, _of_item(block.when_item))


def _in_distinct(visit: Visit, block: Distinct, family: Family) -> Iterator[Visit]:
    item = f"{block.id}_item"
    added: Roles = {(SECOND, item): visit.bases(block.second, SECOND) or ()}
    if block.over is not None:
        added[FIRST, block.role] = visit.bases(block.over, FIRST) or ()
    given = _of_item(block.when_item)
    if block.over is not None:
        given.append(block.needs or block.columns[0].name)
    inner = _open(visit, added, [column.name for column in block.columns], given)
    yield from _nodes(inner, block.rules, family)
    if block.members is not None:
        member: Roles = {(SECOND, f"{item}_member"): inner.bases(block.members, SECOND) or ()}
        yield from _nodes(_open(inner, member, (), ()), block.member_rules, family)


def _in_records(visit: Visit, owner: Assemble, block: Records, family: Family) -> Iterator[Visit]:
    yield replace(visit, node=block, owner=owner)
    fields = RECORDS.get(owner.via, {}).get(block.name, {})
    added: Roles = {(SECOND, f"{block.name}_item"): visit.bases(block.second, SECOND) or ()}
    inner = _open(visit, added, fields, [field for field, always in fields.items() if always])
    inner = replace(inner, owner=owner, within=block.name)
    yield from _nodes(inner, block.rules, family)
    for nested in block.nested:
        yield from _in_records(inner, owner, nested, family)


def in_input(visit: Visit, role: str, over: Path, when_item: str) -> Visit:
    """What the fields of an input of an assembled block see."""
    added: Roles = {(FIRST, role): visit.bases(over, FIRST) or ()}
    return _open(visit, added, (), _of_item(when_item))


def in_block(visit: Visit) -> Visit:
    """What the binds or columns of a block see: its own item as well."""
    node = visit.node
    added: Roles = {}
    if isinstance(node, Each):
        added = {
            (FIRST, node.role): visit.bases(node.first, FIRST) or (),
            (SECOND, f"{node.id}_item"): visit.bases(node.second, SECOND) or (),
        }
    elif isinstance(node, Distinct):
        added[SECOND, f"{node.id}_item"] = visit.bases(node.second, SECOND) or ()
        if node.over is not None:
            added[FIRST, node.role] = visit.bases(node.over, FIRST) or ()
    return replace(visit, roles={**visit.roles, **added})


def _of_item(when_item: str) -> list[str]:
    return [when_item] if when_item else []
