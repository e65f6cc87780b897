"""Angles that turn: an angle with a rotation direction <-> one continuous rotation angle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transcoder.codecs.registry import Refused, codec

__all__ = ["ContinuousAngle"]

Column = NDArray[np.float64]
FULL = 360.0
# Decimal Strings hold 16 characters; a folded angle is rounded well inside that.
DECIMALS = 9


@codec(
    "continuous_angle",
    first="sparse text",
    second="number",
    required=1,
    normalises="angle into [0, 360); the direction behind the last point and where nothing moves is NONE",
)
class ContinuousAngle:
    """IEC angle and rotation direction <-> continuous rotation angle (PS3.3 C.36.1.1.5, C.8.8.14.8).

    first: angle (n, 1) deg, NaN where the point does not state it; direction (n) CW, CC or NONE, holding for the
    segment behind the point. second: roll (n, 1) deg, unbounded; each value differs from its angle by whole turns
    only. ``increasing`` is the direction in which the angle grows: CW for gantry, pitch and roll, CC for
    collimator, patient support and eccentric rotation, because of where each is viewed from (C.8.8.14,
    C.8.8.14.12). An angle that is stated again with a direction is a full turn (C.8.8.14.8).
    """

    @staticmethod
    def forward(angle: Column, direction: list[str] | None, increasing: str) -> tuple[Column]:
        stated = angle[:, 0]
        if np.isnan(stated[0]):
            raise Refused("T031", "the angle is not stated at the first control point")
        roll = np.empty(len(stated))
        roll[0] = stated[0]
        for here in range(1, len(stated)):
            if np.isnan(stated[here]):
                roll[here] = roll[here - 1]
                continue
            turn = direction[here - 1] if direction else ""
            roll[here] = _next(roll[here - 1], stated[here], turn or "NONE", increasing)
        return (roll[:, None],)

    @staticmethod
    def backward(roll: Column, increasing: str) -> tuple[Column, list[str]]:
        values = roll[:, 0]
        steps = np.diff(values)
        if np.any(np.abs(steps) > FULL):
            raise Refused("T033", "more than one turn between two control points (C.8.8.14.8 permits 360 degrees)")
        falling = "CC" if increasing == "CW" else "CW"
        turns = np.where(steps > 0, increasing, np.where(steps < 0, falling, "NONE")).tolist()
        return fold(values)[:, None], [*turns, "NONE"]


def _next(roll: float, angle: float, turn: str, increasing: str) -> float:
    if turn == "NONE":
        if (angle - roll) % FULL:
            raise Refused("T032", "the angle changes although its rotation direction is NONE")
        return roll
    step = (angle - roll) % FULL or FULL
    if turn != increasing:
        step -= FULL
        step = step or -FULL
    return float(angle + FULL * round((roll + step - angle) / FULL))


def fold(angle: Column) -> Column:
    """Angles (n,) in degrees brought into [0, 360); those already there stay to the last bit."""
    inside = (angle >= 0) & (angle < FULL)
    folded = np.round(np.mod(angle, FULL), DECIMALS) % FULL
    return np.where(inside, angle, folded)
