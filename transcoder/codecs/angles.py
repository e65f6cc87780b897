"""Angles that turn: an angle with a rotation direction <-> one continuous rotation angle."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transcoder.codecs.registry import Assumed, Refused, codec

__all__ = ["ContinuousAngle", "ShownAngle", "fold"]

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
    C.8.8.14.12). An angle that is stated again with a direction is a full turn (C.8.8.14.8); a direction that leads
    to no stated angle might be one or none, and is refused. Differences below 1e-9 degrees are none: they come from
    adding turns to binary fractions.
    """

    @staticmethod
    def forward(angle: Column, direction: list[str] | None, increasing: str) -> tuple[Column]:
        stated = angle[:, 0]
        if np.isnan(stated[0]):
            raise Refused("T031", "the angle is not stated at the first control point")
        roll = np.empty(len(stated))
        # Turns are counted from the first point: 360 there is 0.
        roll[0] = fold(stated[:1])[0]
        before = stated[0]
        for here in range(1, len(stated)):
            turn = direction[here - 1] if direction else ""
            if np.isnan(stated[here]):
                if turn in ("CW", "CC"):
                    raise Refused("T036", "a rotation direction leads to a point that states no angle (C.8.8.14.5)")
                roll[here] = roll[here - 1]
                continue
            step = _step(_remainder(stated[here] - before), turn or "NONE", increasing)
            before = stated[here]
            # From the stated angle, so that a value differs from it by whole turns and not by rounding.
            roll[here] = before + FULL * round((roll[here - 1] + step - before) / FULL) if step else roll[here - 1]
        return (roll[:, None],)

    @staticmethod
    def backward(roll: Column, increasing: str) -> tuple[Column, list[str]]:
        values = roll[:, 0]
        steps = np.round(np.diff(values), DECIMALS)
        if np.any(np.abs(steps) > FULL):
            raise Refused("T033", "more than one turn between two control points (C.8.8.14.8 permits 360 degrees)")
        falling = "CC" if increasing == "CW" else "CW"
        turns = np.where(steps > 0, increasing, np.where(steps < 0, falling, "NONE")).tolist()
        # Where nothing turns, the angle stays the one before to the last bit.
        turning = np.concatenate([[True], steps != 0])
        last = np.maximum.accumulate(np.where(turning, np.arange(len(values)), 0))
        return fold(values[last])[:, None], [*turns, "NONE"]


@codec(
    "shown_angle",
    first="number",
    second="number",
    required=1,
    eager=True,
    settles="an angle that was displayed nowhere is displayed; the matrix beside it says the same",
    normalises="an angle that is displayed nowhere comes from the geometry, in [0, 360)",
)
class ShownAngle:
    """A couch angle (1,) deg <-> the angle that a display shows (1,) deg (PS3.3 10.39, 10.40.1.1).

    The geometry is in the mapping matrix; a display adds whole turns, and so which way the couch goes. ``geometry``
    (1,) deg is what the matrix says: a displayed angle that contradicts it is refused, and one that is displayed
    nowhere is marked, because nothing tells its turns. An ``optional`` angle of 0 that no display shows is none.
    """

    AGREES = 1e-3

    @staticmethod
    def forward(angle: Column | None, geometry: Column | None = None, optional: bool = False) -> tuple[Column | None]:
        return (angle,)

    @staticmethod
    def backward(
        shown: Column | None, geometry: Column | None = None, optional: bool = False
    ) -> tuple[Column | Assumed | None]:
        geometry = None if geometry is None else np.ravel(geometry)
        if shown is None:
            return (None if geometry is None or (optional and geometry[0] == 0) else Assumed(geometry),)
        if geometry is not None:
            apart = float((shown[0] - geometry[0] + FULL / 2) % FULL - FULL / 2)
            if abs(apart) > ShownAngle.AGREES:
                message = (
                    f"a displayed couch angle is {abs(apart):.3g} degrees off the Image to Equipment Mapping Matrix"
                )
                raise Refused("T215", f"{message} (10.39)")
        return (shown,)


def _step(forward: float, turn: str, increasing: str) -> float:
    """The signed turn in degrees to an angle that lies ``forward`` (in [0, 360)) ahead."""
    if turn == "NONE":
        if forward:
            raise Refused("T032", "the angle changes although its rotation direction is NONE")
        return 0.0
    if turn not in ("CW", "CC"):
        raise Refused("T035", "a rotation direction that is none of CW, CC and NONE")
    if turn == increasing:
        return forward or FULL
    return forward - FULL


def _remainder(angle: float) -> float:
    """An angle brought into [0, 360), without the noise of binary fractions."""
    return round(float(angle) % FULL, DECIMALS) % FULL


def fold(angle: Column) -> Column:
    """Angles (n,) in degrees brought into [0, 360); those already there stay to the last bit."""
    inside = (angle >= 0) & (angle < FULL)
    folded = np.round(np.mod(angle, FULL), DECIMALS) % FULL
    return np.where(inside, angle, folded)
