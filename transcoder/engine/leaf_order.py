"""In which order a treatment record counts its leaves, told by the planned openings that it reached.

A set counts leaves from the lowest edge on (PS3.3 C.36.2.2.19.1.2); the plan that was delivered may have counted them
from the top, and its record, which has no boundaries, does as the plan did (C.8.8.21).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from transcoder.dicom.elements import Item, children_of, plain_text, tag_of
from transcoder.dicom.values import ValueFault, encode_numbers, numbers, whole_number

__all__ = ["take_order"]

_DEVICES, _KIND = tag_of("BeamLimitingDeviceSequence"), tag_of("RTBeamLimitingDeviceType")
_BOUNDARIES, _POSITIONS = tag_of("LeafPositionBoundaries"), tag_of("LeafJawPositions")
_OPENINGS = tag_of("BeamLimitingDevicePositionSequence")
_PLANNED, _DELIVERED = tag_of("ControlPointSequence"), tag_of("ControlPointDeliverySequence")
_INDEX, _REACHED, _DUE = (tag_of(w) for w in ("ReferencedControlPointIndex", "DeliveredMeterset", "SpecifiedMeterset"))
# Mean distance in mm over all leaves: more is another opening, not another reading of the same one.
_NEAR = 1.0
# By what the wrong order must fit worse than the right one: less is how exactly a machine moves.
_CLEARLY = 3.0
# Units of meterset within which a planned point was reached.
_SAME = 0.05

Column = NDArray[np.float64]


def take_order(delivered: Item, planned: Item) -> bool:
    """Turn the boundaries of a planned beam where the record counts its leaves the other way.

    False where neither order fits what was planned, or both do, so that nobody knows which leaf is which.
    """
    for device in children_of(planned, _DEVICES):
        edges = _values(device, _BOUNDARIES)
        if edges is None or len(edges) <= 2:
            continue
        kind = plain_text(device, _KIND)
        if all(here is None for here in _held(children_of(delivered, _DELIVERED), kind)):
            # It says nothing of these leaves, or in enhanced form, which has boundaries of its own (C.8.8.14.17).
            continue
        pairs = list(_pairs(delivered, planned, kind))
        if not pairs:
            return False
        apart = _mean([here - there for here, there in pairs])
        turned = _mean([_turned(here) - there for here, there in pairs])
        better, worse = sorted((apart, turned))
        if better > _NEAR or (worse <= _CLEARLY * better and not _is_alike(delivered, kind)):
            return False
        if turned < apart:
            device.put(_BOUNDARIES, "DS", encode_numbers(edges[::-1], "DS"))
    return True


def _pairs(delivered: Item, planned: Item, kind: str) -> Iterator[tuple[Column, Column]]:
    """The leaves recorded and planned at each planned point that was reached."""
    due = list(_held(children_of(planned, _PLANNED), kind))
    points = children_of(delivered, _DELIVERED)
    for place, (point, here) in enumerate(zip(points, _held(points, kind), strict=True)):
        number = whole_number(point[_INDEX]) if _INDEX in point else place
        there = due[number] if number is not None and 0 <= number < len(due) else None
        if here is not None and there is not None and len(here) == len(there) and _was_reached(point):
            yield here, there


def _held(points: list[Item], kind: str) -> Iterator[Column | None]:
    """The positions of a device at each point, where a point does not state them those before."""
    held: Column | None = None
    for point in points:
        for opening in children_of(point, _OPENINGS):
            if plain_text(opening, _KIND) == kind:
                held = _values(opening, _POSITIONS)
        yield held


def _is_alike(delivered: Item, kind: str) -> bool:
    """Whether every opening is the same from either end, so that the order makes no difference."""
    held = _held(children_of(delivered, _DELIVERED), kind)
    return all(here is None or np.array_equal(here, _turned(here)) for here in held)


def _was_reached(point: Item) -> bool:
    reached, due = _values(point, _REACHED), _values(point, _DUE)
    return reached is None or due is None or abs(float(reached[0] - due[0])) <= _SAME


def _turned(positions: Column) -> Column:
    banks = positions.reshape(2, -1)[:, ::-1]
    return banks.reshape(-1)


def _mean(distances: list[Column]) -> float:
    return float(np.abs(np.concatenate(distances)).mean())


def _values(item: Item, tag: int) -> Column | None:
    try:
        return numbers(item[tag]) if tag in item else None
    except ValueFault:
        return None
