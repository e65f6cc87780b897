"""Samples of beams that move while they deliver, and the two makers of large plans."""

import math
from collections.abc import Sequence

from pydicom import Dataset

from .corpus import Encoding, sample
from .devices import JAWS, JAWS_AND_MLC40, JAWS_AND_MLC60, MLC40, MLC60, Opening, chord, disc, field_of, leaves
from .plan import beam, plan
from .points import Point, point, rotating, turn, weights


def sliding_window_plan(beams: int, points: int, name: str = "sliding-window-large") -> Dataset:
    """A plan of evenly spaced beams with moving leaf pairs; points : control points of each beam."""
    jaws = field_of(-60, 60, -65, 65)
    return plan(name, [_sliding_beam(i + 1, 360 / beams * i, jaws, points) for i in range(beams)])


def vmat_plan(arcs: int, points: int, name: str = "vmat-large") -> Dataset:
    """A plan of arcs, clockwise and counter-clockwise in turn; points : control points of each arc."""
    jaws = field_of(-55, 55, -65, 65)
    return plan(name, [_vmat_arc(i + 1, jaws, points) for i in range(arcs)])


@sample()
def sliding_window(name: str) -> Dataset:
    """One beam with the leaf pairs sliding across the field, 20 control points.

    Trap: Jaws do not move, so later control points carry the leaves alone; weights have six digits.
    See: C.8.8.14.5 example e
    """
    return sliding_window_plan(1, 20, name)


@sample(Encoding.IMPLICIT_UNDEFINED_LENGTH)
def sliding_window_9_beams(name: str) -> Dataset:
    """Nine beams of twelve control points each.

    Trap: Many beams, undefined lengths, gantry angles every 40 degrees.
    See: C.8.8.14.5
    """
    return sliding_window_plan(9, 12, name)


@sample(Encoding.IMPLICIT)
def vmat_two_arcs(name: str) -> Dataset:
    """Two arcs of 178 control points and 60 leaf pairs, clockwise and back.

    Trap: Both arcs cross 0/360; the angle must become continuous with the sign of the direction.
    See: C.8.8.14.8, C.36.1.1.5
    """
    return vmat_plan(2, 178, name)


@sample()
def conformal_arc(name: str) -> Dataset:
    """An arc of 19 control points whose leaves follow the target, with a dose rate that changes at each point.

    Trap: The dose rate belongs to the segment that follows; the weights grow evenly.
    See: C.8.8.14.5 example b
    """
    count = 19
    rows = zip(weights(count), turn(270, 180, count), rotating("CW", count), strict=True)
    points = [
        point(
            weight,
            [*field_of(-50, 50, -40, 40), disc(MLC40, 38, along=12 * math.sin(math.radians(angle)))],
            GantryAngle=angle,
            GantryRotationDirection=direction,
            DoseRateSet=400 + 10 * (i % 4),
        )
        for i, (weight, angle, direction) in enumerate(rows)
    ]
    return plan(name, [beam(1, "Conformal", JAWS_AND_MLC40, points)])


@sample()
def full_turn_arc(name: str) -> Dataset:
    """Arcs at the limits: 358 degrees in one segment, 360 in four, 360 in one, and 2 degrees.

    Trap: Between the same two angles the direction alone decides whether the arc is 358 or 2 degrees; equal angles
    with a direction are a full turn; 360 degrees are the most one segment may have.
    See: C.8.8.14.8
    """
    return plan(
        name,
        [
            _open_arc(1, "179 CC 181", "CC", [179, 181]),
            _open_arc(2, "Full turn in four", "CW", [180, 270, 0, 90, 180]),
            _open_arc(3, "Full turn in one", "CW", [5, 5]),
            _open_arc(4, "179 CW 181", "CW", [179, 181]),
            _open_arc(5, "181 CW 179", "CW", [181, 179]),
        ],
    )


@sample()
def collimator_rotation(name: str) -> Dataset:
    """The collimator turns from 350 to 10 degrees during a static gantry beam.

    Trap: Seen from the source the counter-clockwise turn increases the angle, and it crosses 0/360.
    See: C.8.8.14.8, Beam Limiting Device Rotation Direction
    """
    angles = turn(350, 20, 5)
    rows = zip(weights(5), angles, rotating("CC", 5), strict=True)
    opening = [*field_of(-45, 45, -20, 20), disc(MLC40, 40)]
    points = [
        point(weight, opening, BeamLimitingDeviceAngle=angle, BeamLimitingDeviceRotationDirection=direction)
        for weight, angle, direction in rows
    ]
    return plan(name, [beam(1, "Turning", JAWS_AND_MLC40, points)])


def _open_arc(number: int, label: str, direction: str, angles: Sequence[float]) -> Dataset:
    rows = zip(weights(len(angles)), angles, rotating(direction, len(angles)), strict=True)
    points = [
        point(weight, field_of(-30, 30, -30, 30), GantryAngle=angle, GantryRotationDirection=turning)
        for weight, angle, turning in rows
    ]
    return beam(number, label, JAWS, points)


def _sliding_beam(number: int, gantry: float, jaws: Sequence[Opening], count: int) -> Dataset:
    steps = weights(count)
    points = [point(t, [*jaws, _window(t, number)], GantryAngle=gantry, BeamLimitingDeviceAngle=5) for t in steps]
    return beam(number, f"Window {number}", JAWS_AND_MLC60, points)


def _window(time: float, seed: int) -> Opening:
    """Both banks run from the left edge of the field to the right; side 2 leads."""

    def edges(middle: float) -> tuple[float, float]:
        half = chord(middle, 58)
        lag, lead = 1.4 + 0.2 * math.sin(middle + seed), 0.7 + 0.2 * math.cos(middle * 0.7)
        return half * (2 * time**lag - 1), half * (2 * time**lead - 1)

    return leaves(MLC60, edges)


def _vmat_arc(number: int, jaws: Sequence[Opening], count: int) -> Dataset:
    clockwise = number % 2 == 1
    angles = turn(181, 358, count) if clockwise else turn(179, -358, count)
    rows = zip(_uneven_weights(count), angles, rotating("CW" if clockwise else "CC", count), strict=True)
    return beam(
        number,
        f"Arc {number}",
        JAWS_AND_MLC60,
        [_vmat_point(number, weight, angle, direction, jaws) for weight, angle, direction in rows],
    )


def _vmat_point(number: int, weight: float, angle: float, direction: str, jaws: Sequence[Opening]) -> Point:
    phase = math.radians(angle)

    def edges(middle: float) -> tuple[float, float]:
        half = chord(middle, 50)
        wave = middle / 20 + number
        return half * (0.3 * math.sin(phase + wave) - 0.6), half * (0.6 + 0.35 * math.cos(2 * phase - wave))

    return point(
        weight,
        [*jaws, leaves(MLC60, edges)],
        GantryAngle=angle,
        GantryRotationDirection=direction,
        BeamLimitingDeviceAngle=30 if number % 2 else 330,
    )


def _uneven_weights(count: int) -> list[float]:
    shares = [1 + 0.5 * math.sin(i / 7) for i in range(1, count)]
    total, grown = sum(shares), 0.0
    result = [0.0]
    for share in shares:
        grown += share
        result.append(round(grown / total, 6))
    return result
