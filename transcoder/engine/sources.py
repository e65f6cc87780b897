"""What a family file says of its sources: items that make one instance together, look-ups, companion instances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from transcoder.codecs.registry import Cell
from transcoder.dicom.elements import Item
from transcoder.dicom.instance import Instance
from transcoder.engine.reading import find, items_at, read, shown
from transcoder.engine.scope import Scope
from transcoder.findings import Severity
from transcoder.mapping.model import Family
from transcoder.mapping.targets import Target
from transcoder.paths import Path, parse

__all__ = ["Group", "add_companions", "groups_of", "has_lost", "look_up", "number_of"]


@dataclass(frozen=True, slots=True)
class Group:
    """What one set is made of: its first item, where that stands, and with ``group_by`` the places of all items."""

    item: Item
    place: int
    members: tuple[int, ...] | None


def groups_of(scope: Scope, target: Target) -> list[Group]:
    """The items of ``per``, or those together that agree in all values of ``group_by``."""
    items, _ = items_at(scope, target.per)
    if not target.group_by:
        return [Group(item, place, None) for place, item in enumerate(items)]
    found: dict[tuple[str | None, ...], list[int]] = {}
    for place, item in enumerate(items):
        inner = scope.child(items={target.item_role: item})
        found.setdefault(tuple(_key(inner, path) for path in target.group_by), []).append(place)
    return [Group(items[places[0]], places[0], tuple(places)) for places in found.values()]


def _key(scope: Scope, path: Path) -> str | None:
    element = find(scope, path)
    if element is None:
        return None
    scope.run.ledger.derive([element], "group")
    return None if element.is_empty() else shown(scope.run, element)


def number_of(scope: Scope, target: Target, place: int) -> Cell:
    """What tells this instance from others of its source: the number that the family names, else the place."""
    number = read(scope, target.number, "number") if target.number is not None else Cell(None)
    return number if number.value is not None else Cell(str(place))


def add_companions(scope: Scope, family: Family, others: Sequence[Instance]) -> None:
    """Open a role for each instance at hand that the source, or a companion before, names."""
    known = {other.sop_instance_uid: other for other in others}
    for companion in family.companions:
        outer = Path(companion.named.role, companion.named.steps[:-1])
        if outer.role not in scope.items:
            continue
        items, _ = items_at(scope, _every(outer))
        for item in items:
            named = find(scope.child(items={"_": item}), Path("_", companion.named.steps[-1:]))
            other = known.get(named.raw.rstrip(b"\0 ").decode("ascii", "replace")) if named is not None else None
            if other is not None and other.sop_class_uid == companion.sop_class:
                scope.items[companion.role] = other.item
                scope.places[companion.role] = companion.role
                break


def look_up(scope: Scope, target: Target) -> Scope:
    """Open a role for each item that the target's item names by a number."""
    needed = dict(target.needs)
    for role, path in target.lookups:
        if path.role not in scope.items or role in scope.items:
            continue
        items, _ = items_at(scope, path)
        if len(items) != 1 and role not in needed:
            _tell_dangling(scope, path)
        if len(items) == 1:
            siblings, _ = items_at(scope, _every(path))
            position = next(place for place, item in enumerate(siblings) if item is items[0])
            place = scope.place(path.role, f"{path.plain}[{position}]")
            scope = scope.child(items={role: items[0]}, places={role: place})
    return scope


def has_lost(scope: Scope, target: Target) -> bool:
    """Whether an item that must be found is not; each is told."""
    paths = dict(target.lookups)
    lost = False
    for role, need in target.needs:
        named = parse(paths[role].steps[-1].value)
        element = find(scope, named)
        at_hand = paths[role].role in scope.items and element is not None and not element.is_empty()
        if role in scope.items or (not at_hand and role != "beam"):
            continue
        place = scope.place(named.role, named.plain)
        scope.run.tell(need.code, Severity.ERROR, need.message, place, cite=need.cite)
        lost = True
    return lost


def _tell_dangling(scope: Scope, path: Path) -> None:
    """Say where an item names another one that its instance does not hold, or holds twice."""
    if not path.steps[-1].value:
        # A sequence of one item by itself: its rules say what is missing.
        return
    named = parse(path.steps[-1].value)
    element = find(scope, named)
    if element is not None and not element.is_empty():
        message = f"{named.keyword} names no item of {path.keyword}, or more than one"
        place = scope.place(named.role, named.plain)
        scope.run.ledger.lose([element], "lookup", f"never: {message}")
        scope.run.tell("T116", Severity.WARNING, message, place, cite="PS3.3 C.8.8.14")


def _every(path: Path) -> Path:
    last = replace(path.steps[-1], every=True, key="", value="")
    return Path(path.role, (*path.steps[:-1], last))
