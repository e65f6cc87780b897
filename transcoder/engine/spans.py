"""Which control points a delivery reached, and the machine where it began (PS3.3 C.8.8.21.2.2)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from transcoder.dicom.columns import elements_of, number_column
from transcoder.dicom.elements import Element, Item, tag_of
from transcoder.dicom.values import ValueFault
from transcoder.engine.scope import Scope
from transcoder.findings import Severity
from transcoder.mapping.targets import Points

__all__ = ["delivered_items"]

Array = NDArray[np.float64]
CITE = "PS3.3 C.8.8.21.2.2"
# Metersets that differ by less are the same: both come from decimal strings.
SAME = 1e-9


def delivered_items(scope: Scope, points: Points, items: list[Item], place: str) -> list[Item] | None:
    """The points that the delivery reached; the first of them states all that points before it had stated.

    None, with a finding, where the delivered metersets are missing or fall.
    """
    delivered = _column(scope, items, points.delivered, place)
    specified = _column(scope, items, points.specified, place)
    if delivered is None or specified is None:
        return None
    if np.isnan(delivered).any():
        missing = int(np.flatnonzero(np.isnan(delivered))[0])
        _fault(scope, f"{points.delivered} has no value", f"{place}[{missing}]/{points.delivered}")
        return None
    if delivered[0] < 0:
        _fault(scope, f"{points.delivered} is below 0", f"{place}[0]/{points.delivered}")
        return None
    if (np.diff(delivered) < 0).any():
        falls = int(np.flatnonzero(np.diff(delivered) < 0)[0]) + 1
        _fault(scope, f"{points.delivered} is less than before", f"{place}[{falls}]/{points.delivered}")
        return None
    first, last = _span(delivered, specified)
    kept = items[first : last + 1]
    if first:
        kept = [_state(points, items[: first + 1]), *kept[1:]]
    dropped = [*items[:first], *items[last + 1 :]]
    if dropped:
        scope.run.ledger.lose(_all(dropped), "points", f"never: this delivery did not reach the point ({CITE})")
        message = f"{len(dropped)} control point(s) that this delivery did not reach are left out"
        scope.run.tell("T138", Severity.INFO, message, place, cite=CITE)
    return kept


def _column(scope: Scope, items: list[Item], word: str, place: str) -> Array | None:
    try:
        values, _ = number_column(elements_of(items, word), lenient=scope.run.lenient)
    except ValueFault as fault:
        scope.run.tell(fault.code, Severity.ERROR, fault.message, f"{place}/{word}", cite="PS3.5 6.2")
        return None
    return values[:, 0]


def _fault(scope: Scope, message: str, place: str) -> None:
    scope.run.tell("T130", Severity.ERROR, message, place, cite=CITE)


def _span(delivered: Array, specified: Array) -> tuple[int, int]:
    """The first and the last point reached: points treated before repeat the start, those not reached the end."""
    start, end = delivered[0], delivered[-1]
    first, last = int(np.flatnonzero(delivered == start)[-1]), int(np.flatnonzero(delivered == end)[0])
    if start == end:
        return 0, len(delivered) - 1
    while first and not _is_before(specified[first - 1], start, unknown=start > 0):
        first -= 1
    while last < len(delivered) - 1 and not _is_before(end, specified[last + 1], unknown=False):
        last += 1
    return first, last


def _is_before(one: float, other: float, *, unknown: bool) -> bool:
    return unknown if np.isnan(one) or np.isnan(other) else bool(other - one > SAME)


def _state(points: Points, items: list[Item]) -> Item:
    """One item with what the last of these items states, or an earlier one where it does not."""
    keys = {tag_of(word): tag_of(key) for word, key in points.devices}
    state = Item()
    for item in items:
        for tag, element in item.items():
            held = state.get(tag)
            if tag in keys and held is not None:
                element = _joined(held, element, keys[tag])
            state[tag] = element
    return state


def _joined(held: Element, later: Element, key: int) -> Element:
    """The items of a device sequence, each device as it was stated last."""
    if len(held.items) == len(later.items):
        return later
    named = {_name(item, key) for item in later.items}
    kept = [item for item in held.items if _name(item, key) not in named]
    return Element(later.tag, later.vr, [*kept, *later.items])


def _name(item: Item, key: int) -> bytes:
    element = item.get(key)
    return element.raw.strip(b" \0") if element is not None else b""


def _all(items: Iterable[Item]) -> list[Element]:
    found: list[Element] = []
    for item in items:
        for element in item.values():
            found.append(element)
            if isinstance(element.value, list):
                found.extend(_all(element.value))
    return found
