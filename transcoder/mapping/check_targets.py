"""Whether the rules produce every Type 1, 1C, 2 and 2C attribute of the target IODs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from transcoder.mapping.check_fault import Fault
from transcoder.mapping.check_roles import SECOND, Base, Visit, iod_of, visits
from transcoder.mapping.check_writes import ABSENT, EMPTY, FULL, Write, writes_of
from transcoder.mapping.model import (
    Condition,
    Distinct,
    Each,
    Family,
    Mapping,
    Mark,
    NotWritten,
    Place,
    Records,
)
from transcoder.mapping.targets import Target
from transcoder.standard import Attribute, iod, modules

__all__ = ["target_faults"]

# Written by the engine for every target: what it references, by study and series (C.12.2).
_BY_ENGINE = ("ReferencedSeriesSequence", "StudiesContainingOtherReferencedInstancesSequence")
_NEEDS = {"1": FULL, "2": EMPTY, "1C": ABSENT, "2C": ABSENT}
_OPPOSITE = {"present": "absent", "in": "not_in", "zero": "nonzero"}
_TOLD = {FULL: "with a value", EMPTY: "at least empty"}


@dataclass(frozen=True, slots=True)
class _Item:
    """A kind of item that a block makes: the role of its content, its position, and where the block stands."""

    role: str
    base: Base
    place: Place


@dataclass(slots=True)
class _Target:
    """One target IOD and everything that is written into it."""

    key: str
    mark: Mark
    roots: frozenset[str]
    writes: list[Write] = field(default_factory=list)
    items: list[_Item] = field(default_factory=list)
    unwritten: dict[str, NotWritten] = field(default_factory=dict)
    assured: dict[str, NotWritten] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)


def target_faults(mapping: Mapping) -> Iterator[Fault]:
    """A fault for each attribute that the standard asks for and no rule surely gives."""
    used: set[str] = set()
    for family in mapping.families.values():
        for target in family.targets:
            found = _collect(mapping, family, target)
            yield from _of_target(found)
            used |= found.used
    for sheet in mapping.sheets.values():
        for entry in (*sheet.not_written, *sheet.assured):
            if entry.path not in used:
                yield Fault(
                    entry.mark, "M215", f"{entry.path} needs no such entry: a rule gives it, or nothing asks for it"
                )


def _collect(mapping: Mapping, family: Family, target: Target) -> _Target:
    found = _Target(iod_of(target.sop_class), target.mark, frozenset([target.role, "instance"]))
    for visit in visits(mapping):
        if visit.sheet.name in target.sheets:
            found.writes.extend(each for each in writes_of(visit, mapping, family) if each.base.iod == found.key)
            found.items.extend(each for each in _items(visit, family) if each.base.iod == found.key)
    for sheet in mapping.sheets.values():
        if sheet.name in target.sheets:
            found.unwritten.update({each.path: each for each in sheet.not_written})
            found.assured.update({each.path: each for each in sheet.assured})
    points = family.second_points
    if points.path.role == target.role:
        base = Base(found.key, points.path.plain)
        found.writes.extend(
            [
                Write(base, target.role, "points", FULL),
                Write(base.below(points.index), points.role, "points", FULL),
                Write(Base(found.key, points.count.plain), target.role, "points", FULL),
            ]
        )
        found.items.append(_Item(points.role, base, Place({(): target.mark}, ())))
    found.writes.extend(Write(Base(found.key, word), target.role, "references", FULL, True) for word in _BY_ENGINE)
    return found


def _items(visit: Visit, family: Family) -> Iterator[_Item]:
    node = visit.node
    if isinstance(node, (Each, Distinct, Records)):
        name = node.name if isinstance(node, Records) else node.id
        bases = visit.bases(node.second, SECOND) or ()
        yield from (_Item(f"{name}_item", base, node.place) for base in bases)
        if isinstance(node, Distinct) and node.members is not None:
            yield from (_Item(f"{name}_item_member", base.below(node.members.plain), node.place) for base in bases)
        if isinstance(node, Each) and node.openings is not None:
            for base in visit.roles.get((SECOND, family.second_points.role), ()):
                yield _Item(node.openings.role, base.below(node.openings.second), node.place)


def _of_target(target: _Target) -> Iterator[Fault]:
    usage = {use.key: use.usage for use in iod(target.key).modules}
    told: set[tuple[str, str]] = set()
    for module in modules(target.key):
        forced = usage[module.key] == "M"
        for fault, key in _level(target, module.attributes, "", target.roots, target.mark, forced=forced):
            if key not in told:
                told.add(key)
                yield fault


Told = tuple[Fault, tuple[str, str]]


def _level(
    target: _Target,
    rows: tuple[Attribute, ...],
    above: str,
    roles: frozenset[str],
    mark: Mark,
    *,
    forced: bool = True,
    brought: bool = False,
) -> Iterator[Told]:
    for row in rows:
        path = f"{above}/{row.keyword}".lstrip("/")
        direct = [each for each in target.writes if each.base.prefix == path and each.role in roles]
        below = [each for each in target.writes if each.base.prefix.startswith(path + "/") and each.role in roles]
        items = [each for each in target.items if each.base.prefix == path]
        opened = [each for each in items if _opens(each, direct)]
        silent = brought and not direct and not below
        if row.type in _NEEDS and not silent and not _has_word(target, target.unwritten, path, direct or below):
            need = _NEEDS[row.type] if forced else ABSENT
            if fault := _judge(target, row, path, need, direct, below, mark):
                yield fault, (path, ",".join(sorted(roles)))
        for item in opened:
            yield from _level(target, row.children, path, roles | {item.role}, item.place.at())
        if below and not opened:
            brings = any(each.whole for each in direct)
            yield from _level(target, row.children, path, roles, mark, brought=brings)


def _opens(item: _Item, direct: list[Write]) -> bool:
    if item.role.endswith("_member"):
        return any(each.role == item.role.removesuffix("_member") for each in direct)
    return any(each.by == item.role.removesuffix("_item") or not item.role.endswith("_item") for each in direct)


def _judge(
    target: _Target, row: Attribute, path: str, need: int, direct: list[Write], below: list[Write], mark: Mark
) -> Fault | None:
    if not direct and not below:
        return Fault(mark, "M213", f"Type {row.type} attribute {path} is written by no rule and not under not_written")
    if need == ABSENT or _is_sure(path, need, [*direct, *below]) or _has_word(target, target.assured, path, []):
        return None
    by = ", ".join(dict.fromkeys(each.by for each in direct or below))
    message = f"Type {row.type} attribute {path} must be there {_TOLD[need]}, and these rules may leave it out: {by}"
    return Fault(mark, "M214", message)


def _is_sure(path: str, need: int, writes: list[Write]) -> bool:
    fit = [each for each in writes if each.sure >= need or (each.base.prefix != path and each.sure > ABSENT)]
    for write in fit:
        if all(_holds_here(condition, path) for condition in write.when):
            return True
    return any(_are_opposite(one.when, other.when) for one in fit for other in fit)


def _holds_here(condition: Condition, path: str) -> bool:
    """Whether a condition is no limit for this position: its own absence, or the presence of what it stands in."""
    plain = condition.path.plain
    own = path.endswith(plain)
    around = f"/{path}/".find(f"/{plain}/") >= 0 and not own
    return (condition.test == "absent" and own) or (condition.test == "present" and around)


def _are_opposite(one: tuple[Condition, ...], other: tuple[Condition, ...]) -> bool:
    if len(one) != 1 or len(other) != 1 or (one[0].path, one[0].values) != (other[0].path, other[0].values):
        return False
    tests = {one[0].test, other[0].test}
    return any(tests == {test, opposite} for test, opposite in _OPPOSITE.items())


def _has_word(target: _Target, words: dict[str, NotWritten], path: str, writes: list[Write]) -> bool:
    """Whether a sheet gives its word for a position or for what holds it, and no rule writes it here anyway."""
    here = path
    while here and not writes:
        if here in words:
            target.used.add(here)
            return True
        here = here.rpartition("/")[0]
    return False
