"""Domains of the codecs of angles, beam limiting devices, blocks and compensators."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from stones import LENGTH, Array, Drawn, Values, column, decimals, numbers, one, perhaps

# --- angles --------------------------------------------------------------------------------------------------------
FALLS = {"CW": "CC", "CC": "CW"}
MOVES = st.one_of(
    st.just(("hold", 0.0)), st.just(("rest", 0.0)), st.just(("turn", 0.0)),
    decimals(-360, 360, 3).map(lambda step: ("turn", step)),
)  # fmt: skip


@st.composite
def machine_angles(draw: st.DrawFn) -> Drawn:
    """Angles as an RT Plan states them, in any range (C.8.8.14.13): held, restated, turned either way, a whole turn."""
    increasing = draw(st.sampled_from(["CW", "CC"]))
    angle = draw(decimals(-400, 760, 3))
    angles, directions = [angle], []
    for kind, step in draw(st.lists(MOVES, min_size=1, max_size=40)):
        if kind == "turn":
            way = draw(st.sampled_from(["CW", "CC"])) if step == 0 else increasing if step > 0 else FALLS[increasing]
            angle = round(angle + step, 3) % 360 if draw(st.booleans()) else round(angle + step - 360, 3)
        else:
            way = "NONE" if kind == "hold" or draw(st.booleans()) else ""
            # The same direction in space may be written another turn away.
            angle = angle + 360 if kind == "rest" and draw(st.booleans()) else angle
        angles.append(np.nan if kind == "hold" else angle)
        directions.append(way)
    return (column(angles), [*directions, draw(st.sampled_from(["NONE", "CW"]))]), {"increasing": increasing}


def settled_angles(values: Values, _arguments: dict[str, Any]) -> Values:
    angles, directions = values[0][:, 0].copy(), list(values[1])
    for here in range(1, len(angles)):
        if np.isnan(angles[here]):
            angles[here] = angles[here - 1]
        if directions[here - 1] == "":
            directions[here - 1] = "NONE"
    return column((angles % 360).tolist()), [*directions[:-1], "NONE"]


@st.composite
def continuous_angles(draw: st.DrawFn) -> Drawn:
    start = draw(decimals(-2000, 2000, 3))
    steps = draw(st.lists(st.one_of(decimals(-360, 360, 3), st.sampled_from([0.0, 360.0, -360.0])), max_size=40))
    return (column(np.cumsum([start, *steps]).round(3).tolist()),), {"increasing": draw(st.sampled_from(["CW", "CC"]))}


def from_start(values: Values, _arguments: dict[str, Any]) -> Values:
    """Whole turns before the first point have no place in the first generation."""
    (roll,) = values
    return (roll - 360 * np.floor(roll[0] / 360),)


# --- apertures -----------------------------------------------------------------------------------------------------
ANGLES = st.sampled_from([np.array([0.0]), np.array([90.0])])
QUARTERS = st.sampled_from([np.array([angle]) for angle in (0.0, 90.0, 180.0, 270.0, -90.0, -180.0, 360.0)])
PLANES = st.sampled_from([500.0, 1000.0, 2000.0]).map(
    lambda plane: {"sad": np.array([1000.0]), "plane": np.array([plane])}
)
READINGS = st.sampled_from(["", "as_noted"])


@st.composite
def boundaries(draw: st.DrawFn, falling: bool) -> Array:
    edges = np.array(sorted(draw(st.sets(LENGTH, min_size=2, max_size=20))))
    return edges[::-1] if falling and draw(st.booleans()) else edges


@st.composite
def positions(draw: st.DrawFn) -> Array:
    pairs, points = draw(st.integers(1, 8)), draw(st.integers(1, 4))
    return np.array(draw(st.lists(LENGTH, min_size=2 * pairs * points, max_size=2 * pairs * points))).reshape(
        points, -1
    )


@st.composite
def foreign_positions(draw: st.DrawFn) -> Drawn:
    """Positions as no plan of ours gives them: any quarter turn, an offset, another plane."""
    found = draw(positions())
    along = numbers(LENGTH, len(found), len(found))
    across = np.full(len(found), draw(LENGTH))
    offset = draw(perhaps(along.map(lambda shift: np.stack([shift, across], axis=1))))
    arguments = {"angle": draw(QUARTERS), "mlcy": draw(READINGS), **draw(PLANES)}
    return (found, offset), arguments


def described_plainly(values: Values, arguments: dict[str, Any]) -> Values:
    """The same leaves of a device at 0 or 90 degrees, at the isocenter and without an offset."""
    found, offset = values
    found = found if offset is None else found + offset[:, :1]
    found = found * arguments["sad"][0] / arguments["plane"][0]
    if arguments["angle"][0] % 360 >= 180:
        # Half a turn: what was the highest leaf is the lowest, and what was its far bank its near one.
        found = -found[:, ::-1]
    return found, np.zeros((len(found), 2))


@st.composite
def foreign_boundaries(draw: st.DrawFn) -> Drawn:
    arguments = {"angle": draw(QUARTERS), "mlcy": draw(READINGS), "shift": draw(perhaps(one(LENGTH))), **draw(PLANES)}
    return (draw(boundaries(falling=False)),), arguments


def bounded_plainly(values: Values, arguments: dict[str, Any]) -> Values:
    shift = 0.0 if arguments["shift"] is None else arguments["shift"][0]
    found = (values[0] + shift) * arguments["sad"][0] / arguments["plane"][0]
    return (-found[::-1] if arguments["angle"][0] % 360 >= 180 else found,)


def upright(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments with which a plan made of these would be read: its devices stand at 0 or 90 degrees."""
    return {"angle": arguments["angle"] % 180, "mlcy": arguments["mlcy"]}


ORDERS = st.sampled_from([None, np.array([1.0]), np.array([-1.0])])


# --- blocks and compensators ---------------------------------------------------------------------------------------
@st.composite
def outlines(draw: st.DrawFn, tidy: bool = False) -> Drawn:
    """A simple polygon around a point, in RT Plan with vertices that follow themselves and a stated end."""
    # No gap of half a turn, or an edge might pass the middle on the other side and cross another one.
    turns = sorted({0, 120, 240} | draw(st.sets(st.integers(0, 359), max_size=9)))
    radii = draw(st.lists(decimals(10, 150, 1), min_size=len(turns), max_size=len(turns)))
    middle = np.array([draw(decimals(-50, 50, 1)), draw(decimals(-50, 50, 1))])
    vertices = [
        (middle + radius * np.array([np.cos(np.radians(turn)), np.sin(np.radians(turn))])).round(2).tolist()
        for turn, radius in zip(turns, radii, strict=True)
    ]
    if tidy:
        return (np.array(vertices).ravel(),), {}
    repeats = [draw(st.integers(1, 2)) for _ in vertices]
    vertices = [vertex for vertex, count in zip(vertices, repeats, strict=True) for _ in range(count)]
    vertices += vertices[:1] * draw(st.integers(0, 2))
    points = draw(st.sampled_from([None, np.array([float(len(vertices))])]))
    return (np.array(vertices).ravel(), points), {}


def tidy_outline(values: Values, _arguments: dict[str, Any]) -> Values:
    vertices: list[list[float]] = []
    for vertex in values[0].reshape(-1, 2).tolist():
        if not vertices or vertices[-1] != vertex:
            vertices.append(vertex)
    while vertices[0] == vertices[-1]:
        vertices.pop()
    return np.array(vertices).ravel(), np.array([len(vertices)])


@st.composite
def thickness_pixels(draw: st.DrawFn) -> Drawn:
    rows, columns = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    thickness = np.array(draw(st.lists(decimals(0, 90, 2), min_size=rows * columns, max_size=rows * columns)))
    spacing = np.array([draw(decimals(0.5, 30, 2)), draw(decimals(0.5, 30, 2))])
    position = np.array([draw(LENGTH), draw(LENGTH)])
    return (thickness, np.array([rows]), np.array([columns]), spacing, position), {}


def spacing_told(values: Values, _arguments: dict[str, Any]) -> Values:
    thickness, rows, columns, spacing, position = values
    told = np.array([spacing[0] if rows[0] > 1 else 1.0, spacing[1] if columns[0] > 1 else 1.0])
    return thickness, rows, columns, told, position


@st.composite
def triplets(draw: st.DrawFn) -> Drawn:
    """A full grid in any order: the order of triplets is not significant (C.36.2.2.12)."""
    (thickness, rows, columns, spacing, position), _ = draw(thickness_pixels())
    x = position[0] + np.arange(columns[0]) * spacing[1]
    y = position[1] - np.arange(rows[0]) * spacing[0]
    grid = [(a, b) for b in y for a in x]
    found = [[a, b, t] for (a, b), t in zip(grid, thickness, strict=True)]
    return (np.array(draw(st.permutations(found))).ravel(),), {}


def row_by_row(values: Values, _arguments: dict[str, Any]) -> Values:
    grid = values[0].reshape(-1, 3).tolist()
    return (np.array(sorted(grid, key=lambda triplet: (-triplet[1], triplet[0]))).ravel(),)
