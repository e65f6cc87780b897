"""Leaves and jaws: boundaries, positions, and which opening belongs to which device.

A delimiter that moves along y is one whose own system is turned by +90 degrees about the beam axis. A point (x, y)
of the collimator system then has x' = +y and y' = -x (C.36.1.1.5, C.36.1.1.9). Positions run along x' and keep
their sign; boundaries run along y', so they are negated, and with them the order of the leaves is reversed
(C.36.2.2.19, C.36.2.2.20). Leaves of the first generation count from pair 1, at whichever edge it lies (C.8.8.14);
those of the second from the lowest boundary.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from transcoder.codecs.planes import at_isocenter
from transcoder.codecs.registry import Refused, codec

__all__ = ["BoundaryOrder", "LeafBoundaries", "LeafPositions", "match_openings"]

Array = NDArray[np.float64]
FULL = 360.0
QUARTER = 90.0
AS_NOTED = "as_noted"
# What positions and boundaries take up: without a change of one of these they do not change.
_CAUSES = (
    "RTBeamLimitingDeviceOffset BeamModifierOrientationAngle RTBeamModifierDefinitionDistance LeafPositionBoundaries"
)
_READINGS_DIFFER = (
    "T107",
    "the note of C.8.8.14.17 and the geometry of C.36.2.2.19 give different openings for these leaves along y",
    "PS3.3 C.8.8.14.17",
)


def _quarters(angle: Array | None) -> int:
    """The quarter turns of a device about the beam axis."""
    if angle is None:
        raise Refused("T051", "a device without a type; along which axis it moves is not known")
    turns, rest = divmod(float(angle[0]) % FULL, QUARTER)
    if rest:
        raise Refused("T057", "Beam Modifier Orientation Angle is no multiple of 90 degrees (C.8.8.14.17)")
    return int(turns)


def _is_mirrored(angle: Array | None, mlcy: str) -> bool:
    """Whether y' runs against the direction along which the first generation counts leaves."""
    turns = _quarters(angle)
    return turns == 2 or turns == (3 if mlcy == AS_NOTED else 1)


def _is_reversed(angle: Array | None) -> bool:
    """Whether x' runs against the direction of the first generation's positions."""
    return _quarters(angle) > 1


def _increasing(boundaries: Array) -> Array:
    """The boundaries (N+1,) from the lowest on."""
    steps = np.diff(boundaries)
    if (steps > 0).all():
        return boundaries
    if (steps < 0).all():
        return boundaries[::-1]
    raise Refused("T053", "Leaf Position Boundaries neither increase nor decrease")


@codec("boundary_order", first="number", second="number", normalises="boundaries of the second generation increase")
class BoundaryOrder:
    """Leaf position boundaries (N+1,) mm -> 1.0 where they increase, -1.0 where they decrease, (1,).

    The second generation has one order only (C.36.2.2.19), so that the way back says 1.0.
    """

    @staticmethod
    def forward(boundaries: Array) -> tuple[Array]:
        falls = boundaries.size > 1 and bool((np.diff(boundaries) < 0).all())
        return (np.array([-1.0 if falls else 1.0]),)

    @staticmethod
    def backward(boundaries: Array) -> tuple[Array]:
        return (np.array([1.0]),)


@codec(
    "leaf_boundaries",
    first="number",
    second="number",
    settles="an offset is part of positions and boundaries, a turn of 180 degrees of their signs",
    settles_beside=_CAUSES,
    normalises="boundaries that decrease come back increasing; a device at 180 or 270 degrees is described at 0 or 90",
)
class LeafBoundaries:
    """Leaf position boundaries (N+1,) mm at the isocenter <-> delimiter boundaries (N+1,) mm, increasing.

    ``angle`` (1,) deg is the device's Beam Modifier Orientation Angle; ``mlcy: as_noted`` takes the reading of the
    note in C.8.8.14.17 instead of the geometry. On the way back ``sad`` and ``plane`` (1,) mm scale from the
    definition plane to the isocenter, and ``shift`` (1,) mm is the device's constant offset across its travel.
    """

    @staticmethod
    def forward(
        boundaries: Array,
        angle: Array | None,
        mlcy: str = "",
        pairs: Array | None = None,
        sad: Array | None = None,
        plane: Array | None = None,
        shift: Array | None = None,
    ) -> tuple[Array]:
        if pairs is not None and boundaries.size != int(pairs[0]) + 1:
            raise Refused("T058", f"{boundaries.size} boundaries do not enclose {int(pairs[0])} pairs")
        rising = _increasing(boundaries)
        return (-rising[::-1] + 0.0 if _is_mirrored(angle, mlcy) else rising,)

    @staticmethod
    def backward(
        boundaries: Array,
        angle: Array | None,
        mlcy: str = "",
        pairs: Array | None = None,
        sad: Array | None = None,
        plane: Array | None = None,
        shift: Array | None = None,
    ) -> tuple[Array]:
        if not (np.diff(boundaries) > 0).all():
            raise Refused("T053", "Parallel RT Beam Delimiter Boundaries do not increase (C.36.2.2.19)")
        if shift is not None and shift[0] != 0:
            boundaries = boundaries + shift[0]
        return LeafBoundaries.forward(at_isocenter(boundaries, sad, plane), angle, mlcy, pairs)

    @staticmethod
    def note(boundaries: Array, angle: Array, mlcy: str = "", **_: object) -> tuple[str, str, str] | None:
        """A warning where the two readings of leaves along y differ (decision 1)."""
        if boundaries.size == 2:
            # A jaw pair: its extent is asked for once and no leaf changes places.
            return None
        differ = float(angle[0]) == QUARTER and not np.array_equal(boundaries, -boundaries[::-1])
        return _READINGS_DIFFER if differ else None


@codec(
    "leaf_positions",
    first="number number",
    second="number number",
    required=1,
    settles="an offset is part of positions and boundaries, a turn of 180 degrees of their signs",
    settles_beside=_CAUSES,
    normalises="an offset becomes part of positions and boundaries; a device at 180 or 270 degrees is at 0 or 90",
)
class LeafPositions:
    """Leaf or jaw positions (n, 2N) mm <-> delimiter positions (n, 2N) mm by boundary, negative side first, and offset.

    The lists of both banks are reversed at +90 degrees, and where ``order`` (1,) is -1.0 because the boundaries
    decrease; both together leave them as they are. A jaw pair has one delimiter, so it stays as it is. The offset
    (n, 2) mm is 0 on the way forward; on the way back its part along the travel is added, and the constant one
    across comes out as (1,) mm, for the boundaries. ``sad`` and ``plane`` (1,) mm scale to the isocenter.
    """

    @staticmethod
    def forward(
        positions: Array,
        shift: Array | None,
        angle: Array | None,
        mlcy: str = "",
        order: Array | None = None,
        sad: Array | None = None,
        plane: Array | None = None,
    ) -> tuple[Array, Array]:
        falls = order is not None and float(order[0]) < 0
        flipped = positions if _is_mirrored(angle, mlcy) == falls else _flipped(positions)
        return flipped, np.zeros((len(positions), 2))

    @staticmethod
    def backward(
        positions: Array,
        offset: Array | None,
        angle: Array | None,
        mlcy: str = "",
        order: Array | None = None,
        sad: Array | None = None,
        plane: Array | None = None,
    ) -> tuple[Array, Array | None]:
        shift = None
        if offset is not None and np.any(offset != 0):
            if np.any(offset[:, 1] != offset[0, 1]):
                raise Refused("T216", "an offset across the travel of a device changes, and its boundaries cannot")
            positions, shift = positions + offset[:, :1], offset[0, 1:]
        positions = at_isocenter(positions, sad, plane)
        if _is_reversed(angle):
            half = positions.shape[1] // 2
            positions = -np.concatenate([positions[:, half:], positions[:, :half]], axis=1) + 0.0
        return LeafPositions.forward(positions, None, angle, mlcy, order)[0], shift

    @staticmethod
    def note(
        positions: Array, shift: Array | None, angle: Array, mlcy: str = "", **_: object
    ) -> tuple[str, str, str] | None:
        """A warning where the two readings of leaves along y differ (decision 1)."""
        differ = float(angle[0]) == QUARTER and not np.array_equal(positions, _flipped(positions), equal_nan=True)
        return _READINGS_DIFFER if differ else None


def _flipped(positions: Array) -> Array:
    """The leaves of both banks in reverse order."""
    half = positions.shape[1] // 2
    return np.concatenate([positions[:, :half][:, ::-1], positions[:, half:][:, ::-1]], axis=1)


# One axis, two names (decision 15): X and ASYMX both name the jaw pair that moves along x.
_SAME_AXIS = {"X": "ASYMX", "ASYMX": "X", "Y": "ASYMY", "ASYMY": "Y"}


def match_openings(
    devices: Sequence[tuple[str, int]], openings: Sequence[tuple[str, int]]
) -> tuple[list[int], list[int]]:
    """For each opening (type, number of values) the index of its device (type, pairs); never a guess.

    Returns the device indices and the positions of the openings that were matched by their axis only. Raises
    :class:`Refused` where an opening has no device, two could be meant, or the counts contradict.
    """
    found: list[int] = []
    by_axis: list[int] = []
    for place, (kind, values) in enumerate(openings):
        candidates = [index for index, (name, _) in enumerate(devices) if name == kind]
        if not candidates:
            other = _SAME_AXIS.get(kind, "")
            candidates = [index for index, (name, _) in enumerate(devices) if name == other]
            by_axis.append(place)
        if not candidates:
            raise Refused("T051", f"no Beam Limiting Device of type {kind} is defined for this opening")
        fitting = [index for index in candidates if 2 * devices[index][1] == values]
        if not fitting:
            raise Refused("T052", f"{values} positions contradict the number of pairs of the {kind} device")
        if len(fitting) > 1:
            raise Refused("T054", f"two {kind} devices with the same number of pairs: the opening fits both")
        if fitting[0] in found:
            raise Refused("T055", f"two openings of one control point fit the same {kind} device")
        found.append(fitting[0])
    return found, by_axis
