"""Runs the nodes of a sheet from the second to the first generation: the same nodes, read from their other side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from transcoder.codecs.registry import Cell, Refused
from transcoder.dicom.elements import Element, Item, tag_of, vr_of
from transcoder.dicom.held import HeldRowWriter
from transcoder.dicom.values import encode_numbers, whole_number
from transcoder.engine.backward import convert_back, elements_below, kinds_back, run_rule_back
from transcoder.engine.blocks import plain_kind
from transcoder.engine.conditions import hold
from transcoder.engine.distinct_back import run_distinct_back
from transcoder.engine.doses_back import run_assemble_back
from transcoder.engine.points_back import run_at_points
from transcoder.engine.reading import Missing, items_at, read
from transcoder.engine.scope import DeviceRows, DeviceWriter, PointRows, Scope
from transcoder.findings import Origin, Severity
from transcoder.mapping.model import Bind, Distinct, Each, Node, Openings, Rule

__all__ = ["bind_back", "run_nodes_back"]


def run_nodes_back(scope: Scope, nodes: Sequence[Node]) -> None:
    """Run rules and blocks in order, from their second side."""
    for node in nodes:
        if isinstance(node, Rule):
            run_rule_back(scope, node)
        elif isinstance(node, Each):
            _run_each(scope, node)
        elif isinstance(node, Distinct):
            run_distinct_back(scope, node, run_nodes_back)
        else:
            run_assemble_back(scope, node, run_nodes_back)


def bind_back(scope: Scope, binds: Sequence[Bind]) -> dict[str, Cell]:
    """The bound values of a block as far as the second side tells them, in the terms of the side that owns them."""
    found: dict[str, Cell] = {}
    for each in binds:
        if not each.second:
            continue
        owned = each.side == "first" and bool(each.via and each.via[0].codec)
        kinds = kinds_back(scope.run.mapping, each.via, each.second) if owned else [*map(plain_kind, each.second)]
        cells = [read(scope, path, kind) for path, kind in zip(each.second, kinds, strict=True)]
        value = cells[0].value
        if owned and value is not None:
            value = convert_back(scope, each.via, [cell.value for cell in cells])[0]
        found[each.name] = Cell(value, tuple(element for cell in cells for element in cell.sources))
    return found


def _run_each(scope: Scope, block: Each) -> None:
    if block.one_way == "forward" or not hold(scope, block.back_when):
        return
    items, sequence = items_at(scope, block.second)
    item_role = f"{block.id}_item"
    chosen = [item for item in items if hold(scope.child(items={item_role: item}), block.second_when)]
    _leave_aside(scope, block, items, chosen)
    if block.moment is not None:
        _run_moments(scope, block, chosen, sequence)
        return
    inner_scopes: list[tuple[Scope, Item]] = []
    for item in chosen:
        place = scope.place(block.second.role, f"{block.second.plain}[{items.index(item)}]")
        inner = _target_scope(scope, block, item, place, len(inner_scopes))
        if inner is None:
            continue
        inner.items[item_role], inner.places[item_role] = item, place
        _number(inner, block, item, len(inner_scopes) + 1)
        inner_scopes.append((inner, item))
    openings = _openings(scope, block, [item for _, item in inner_scopes]) if block.openings else {}
    for number, (inner, _) in enumerate(inner_scopes):
        _run_item(inner, block, number, openings)
    _count(scope, block, items, len(inner_scopes))
    if sequence is not None and inner_scopes:
        scope.run.ledger.carry([sequence], block.id)


def _leave_aside(scope: Scope, block: Each, items: list[Item], chosen: list[Item]) -> None:
    """Say of the items that are not for this block why they are for none, where the block knows."""
    kept = {id(item) for item in chosen}
    lost = [item for item in items if id(item) not in kept] if block.lost_back else []
    for item in lost:
        elements = [each for element in item.values() for each in elements_below(element)]
        scope.run.ledger.lose(elements, block.id, f"never: {block.lost_back}")
    if lost:
        place = scope.place(block.second.role, block.second.plain)
        message = f"{len(lost)} item(s) not carried: {block.lost_back}"
        scope.run.tell("T253", Severity.WARNING, message, place, block.id, block.cite)


def _run_moments(scope: Scope, block: Each, chosen: list[Item], sequence: Element | None) -> None:
    items = sequence.items if sequence is not None else []
    named = [(item, scope.place(block.second.role, f"{block.second.plain}[{items.index(item)}]")) for item in chosen]
    try:
        run_at_points(scope, block, named, run_nodes_back)
    except Refused as refusal:
        place = scope.place(block.second.role, block.second.plain)
        scope.run.tell(refusal.code, Severity.ERROR, str(refusal), place, block.id, block.cite)
        return
    if sequence is not None:
        scope.run.ledger.carry([sequence], block.id)


def _target_scope(scope: Scope, block: Each, item: Item, place: str, number: int) -> Scope | None:
    """The scope in which an item comes back: into an item of its own, or into the one that its radiation has."""
    if block.when_item:
        known = scope.per_item(item)
        return None if known is None else scope.child(**known)
    if block.first.steps:
        known_item = _same_item(scope, block, item, place) if block.first_same else None
        target = known_item or scope.target.append(scope.targets[block.first.role], block.first.steps)
    elif number or scope.targets[block.first.role]:
        message = f"more than one item of {block.second.keyword}; the first generation has one place for it"
        scope.run.tell("T203", Severity.ERROR, message, place, block.id, block.cite)
        return None
    else:
        target = scope.targets[block.first.role]
    scope.run.made[id(item)] = target
    return scope.child(targets={block.role: target})


def _siblings(scope: Scope, block: Each) -> list[Item]:
    sequence = scope.targets[block.first.role].get(tag_of(block.first.keyword))
    return sequence.items if sequence is not None else []


def _same_item(scope: Scope, block: Each, item: Item, place: str) -> Item | None:
    """The item that another block has made of the same thing, told by the value of one attribute."""
    tag, role, trial = tag_of(block.first_same), f"{block.id}_item", Item()
    inner = scope.child(items={role: item}, places={role: place}, targets={block.role: trial})
    for rule in block.rules:
        if isinstance(rule, Rule) and rule.first and rule.first[0].keyword == block.first_same:
            run_rule_back(inner, rule)
    wanted = trial.get(tag)
    named = [each for each in _siblings(scope, block) if wanted is not None and tag in each]
    return next((each for each in named if wanted is not None and each[tag].raw == wanted.raw), None)


def _number(scope: Scope, block: Each, item: Item, number: int) -> None:
    """Count the item on the first side; on the second its number is a name only, which has done its work."""
    if block.first_same:
        taken = {whole_number(each.get(tag_of(block.first_number))) for each in _siblings(scope, block)}
        number = next(each for each in range(1, len(taken) + 2) if each not in taken)
    if block.first_number and tag_of(block.first_number) not in scope.targets[block.role]:
        tag = tag_of(block.first_number)
        value = encode_numbers(np.array([float(number)]), vr_of(tag))
        scope.target.put(scope.targets[block.role], tag, vr_of(tag), value, Origin.GENERATED)
    if block.number and (held := item.get(tag_of(block.number))) is not None:
        scope.run.ledger.derive([held], block.id)


def _run_item(scope: Scope, block: Each, number: int, openings: dict[int, DeviceRows]) -> None:
    try:
        scope.bound.update(bind_back(scope, block.binds))
    except Missing:
        return
    except Refused as refusal:
        place = scope.places[f"{block.id}_item"]
        scope.run.tell(refusal.code, Severity.ERROR, str(refusal), place, block.id, block.cite)
        return
    if block.openings is None:
        run_nodes_back(scope, block.rules)
        return
    role = block.openings.role
    for rule in block.rules:
        if _is_of(rule, role) and role not in scope.writers:
            # The rules before have written what the device is known by.
            writer = _announced(scope, block, block.openings, number + 1)
            if writer is None:
                return
            scope = scope.child(tables={role: openings[number]}, writers={role: writer})
        run_nodes_back(scope, [rule])


def _is_of(node: Node, role: str) -> bool:
    return isinstance(node, Rule) and any(path.role == role for path in (*node.first, *node.second))


def _announced(scope: Scope, block: Each, openings: Openings, number: int) -> DeviceWriter | None:
    """Where the columns of a device go; its key is what the rules have written into its definition."""
    own = openings.number or block.first_number or openings.first_key
    key = scope.targets[block.role].get(tag_of(own))
    if key is None:
        return None
    points = scope.writers["control_points"]
    assert isinstance(points, HeldRowWriter)  # noqa: S101 - the join makes it one
    vr = vr_of(tag_of(openings.first_key))
    value = key.raw if key.vr == vr else encode_numbers(np.array([float(number)]), vr)
    points.announce(openings.first, openings.first_key, number, vr, value)
    if openings.together:
        points.together.add(tag_of(openings.first))
    return DeviceWriter(points, openings.first, openings.first_key, "", number)


def _openings(scope: Scope, block: Each, devices: list[Item]) -> dict[int, DeviceRows]:
    """For each device by its place, its items over the control points, told by the index that they name."""
    openings = block.openings
    assert openings is not None  # noqa: S101 - called for blocks with openings only
    points = scope.tables["rt_control_points"]
    assert isinstance(points, PointRows)  # noqa: S101 - the join makes it one
    own, naming = tag_of(block.number), tag_of(openings.second_key)
    places = {whole_number(device.get(own)): place for place, device in enumerate(devices)}
    path = f"{points.path}/{openings.second}"
    found = {place: DeviceRows([None] * len(points.items), path) for place in range(len(devices))}
    if len(places) < len(devices):
        message = f"two items of {block.second.keyword} have the same {block.number}"
        named = scope.place(block.second.role, block.second.plain)
        scope.run.tell("T206", Severity.ERROR, message, named, block.id, block.cite)
        return found
    for point, element in enumerate(points.rows(openings.second)):
        for number, item in enumerate(element.items if element is not None else []):
            wanted = whole_number(item.get(naming))
            place = places.get(wanted) if wanted is not None else None
            where = f"{points.path}[{point}]/{openings.second}[{number}]"
            if place is None:
                message = "an index of a device that is not defined, or is not described in the same form"
                scope.run.tell("T051", Severity.ERROR, message, where, block.id, block.cite)
                return found
            if found[place].items[point] is not None:
                message = "one control point names the same device twice"
                scope.run.tell("T055", Severity.ERROR, message, where, block.id, block.cite)
                return found
            found[place].items[point] = item
            scope.run.ledger.derive([item[naming]], block.id)
        if element is not None:
            scope.run.ledger.derive([element], block.id)
    scope.run.ledger.derive([each for each in points.rows(openings.count) if each is not None], block.id)
    return found


def _count(scope: Scope, block: Each, items: list[Item], made: int) -> None:
    """Write the first side's count, 0 included; judge and account for that of the second."""
    if block.first_count is not None:
        tag = tag_of(block.first_count.keyword)
        value = encode_numbers(np.array([float(made)]), vr_of(tag))
        scope.target.put(scope.targets[block.first_count.role], tag, vr_of(tag), value, Origin.GENERATED)
    if block.count is None:
        return
    element = scope.items[block.count.role].get(tag_of(block.count.keyword))
    if element is None:
        return
    scope.run.ledger.derive([element], block.id)
    if whole_number(scope.items[block.count.role].get(element.tag)) != len(items):
        message = f"{block.count.keyword} contradicts the items"
        place = scope.place(block.count.role, block.count.plain)
        scope.run.tell("T039", Severity.ERROR, message, place, block.id, block.cite)
