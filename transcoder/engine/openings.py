"""Finds, for each device of a block, what each control point says of it; never by a guess."""

from __future__ import annotations

from transcoder.codecs.apertures import match_openings
from transcoder.codecs.registry import Refused
from transcoder.dicom.elements import Item, tag_of
from transcoder.dicom.values import ValueFault, numbers
from transcoder.engine.scope import DeviceRows, PointRows, Scope
from transcoder.findings import Severity
from transcoder.mapping.model import Each, Openings

__all__ = ["open_devices"]

_TYPE, _PAIRS, _POSITIONS = (
    tag_of("RTBeamLimitingDeviceType"),
    tag_of("NumberOfLeafJawPairs"),
    tag_of("LeafJawPositions"),
)
Shape = tuple[str, int]


def open_devices(scope: Scope, block: Each, devices: list[Item]) -> dict[int, DeviceRows]:
    """For each device by its place in the block, its items over the control points; faults become findings."""
    openings = block.openings
    assert openings is not None  # noqa: S101 - called for blocks with openings only
    points = scope.tables["control_points"]
    assert isinstance(points, PointRows)  # noqa: S101 - the family makes it one
    found = {
        place: DeviceRows([None] * len(points.items), f"{points.path}/{openings.first}")
        for place in range(len(devices))
    }
    match = _by_shape if openings.match == "leaves_and_jaws" else _by_number
    cache: dict[tuple[Shape, ...], list[int]] = {}
    for point, element in enumerate(points.rows(openings.first)):
        if element is None:
            continue
        items = element.items
        try:
            chosen = match(scope, block, openings, devices, items, cache)
        except (Refused, ValueFault) as fault:
            place = f"{points.path}[{point}]/{openings.first}"
            scope.run.tell(fault.code, Severity.ERROR, str(fault), place, block.id, block.cite)
            return found
        for device, item in zip(chosen, items, strict=True):
            found[device].items[point] = item
        scope.run.ledger.derive([element], block.id)
    return found


def _by_shape(
    scope: Scope,
    block: Each,
    _openings: Openings,
    devices: list[Item],
    items: list[Item],
    cache: dict[tuple[Shape, ...], list[int]],
) -> list[int]:
    shapes = tuple(_shape(scope, item) for item in items)
    if shapes not in cache:
        chosen, by_axis = match_openings([_device(scope, device) for device in devices], shapes)
        if by_axis:
            place = scope.place(block.first.role, block.first.plain)
            message = "the opening names the axis of its device by another term; one device of that axis is defined"
            scope.run.tell("T104", Severity.WARNING, message, place, block.id, "PS3.3 C.8.8.14; decision 15")
        cache[shapes] = chosen
    return cache[shapes]


def _shape(scope: Scope, item: Item) -> Shape:
    kind = item.get(_TYPE)
    positions = item.get(_POSITIONS)
    name = scope.run.texts.decode(kind) if kind else []
    count = positions.raw.count(b"\\") + 1 if positions is not None and not positions.is_empty() else 0
    return (name[0] if name else "", count)


def _device(scope: Scope, item: Item) -> Shape:
    kind, pairs = item.get(_TYPE), item.get(_PAIRS)
    name = scope.run.texts.decode(kind) if kind else []
    held = numbers(pairs) if pairs is not None else None
    return (name[0] if name else "", int(held[0]) if held is not None else 0)


def _by_number(
    scope: Scope,
    block: Each,
    openings: Openings,
    devices: list[Item],
    items: list[Item],
    _cache: dict[tuple[Shape, ...], list[int]],
) -> list[int]:
    own = tag_of(openings.number or block.number)
    known = [_number(device, own) for device in devices]
    chosen = []
    for item in items:
        wanted = _number(item, tag_of(openings.first_key))
        if wanted is None or known.count(wanted) != 1:
            raise Refused("T051", "no device is defined, or two are, for the number that a control point names")
        chosen.append(known.index(wanted))
    if len(set(chosen)) != len(chosen):
        raise Refused("T055", "one control point names the same device twice")
    return chosen


def _number(item: Item, tag: int) -> int | None:
    element = item.get(tag)
    held = numbers(element) if element is not None else None
    return None if held is None else int(held[0])
