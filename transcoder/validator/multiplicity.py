"""Value multiplicity: how many values an attribute may hold (PS3.5 section 6.4, PS3.6)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

__all__ = ["fits", "range_of"]

_FORM = re.compile(r"(\d+)(?:-(\d*)(n?))?")


@cache
def fits(vm: str) -> Callable[[int], bool]:
    """The test of a number of values against a multiplicity such as ``1``, ``1-3``, ``1-n``, ``2-2n``."""
    choices = [_one(part.strip()) for part in vm.split(" or ")]
    return choices[0] if len(choices) == 1 else lambda number: any(choice(number) for choice in choices)


def _one(vm: str) -> Callable[[int], bool]:
    match = _FORM.fullmatch(vm)
    if not match:
        return lambda number: True
    low, high, open_ = int(match[1]), match[2], match[3]
    if high is None:
        return lambda number: number == low
    if open_:
        step = int(high or 1)
        return lambda number: number >= low and (number - low) % step == 0
    return lambda number: low <= number <= int(high)


@cache
def range_of(items: str) -> tuple[int, int] | None:
    """Least and greatest number of items of ``1``, ``0-1``, ``1-n``; None for what is counted by an attribute."""
    match = _FORM.fullmatch(items)
    if not match:
        return None
    low = int(match[1])
    if match[2] is None:
        return low, low
    return low, 1 << 30 if match[3] else int(match[2])
