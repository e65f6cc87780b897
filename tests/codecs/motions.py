"""Domains of the codecs of positions and of deliveries."""

from __future__ import annotations

from typing import Any

import numpy as np
from amounts import shares
from hypothesis import strategies as st
from stones import LENGTH, Array, Drawn, Values, column, decimals, numbers, perhaps

# --- positions -----------------------------------------------------------------------------------------------------
CONTINUED = st.sampled_from([["YES"], ["NO"]])
POSITIONS = st.sampled_from([["HFS"], ["HFP"], ["FFS"], ["FFP"], ["HFDR"], ["HFDL"], ["FFDR"], ["FFDL"]])
TURN = st.one_of(decimals(-400, 760, 2), st.sampled_from([0.0, 90.0, 180.0, 270.0, 360.0]))
TILT = decimals(-80, 80, 2)


def eccentric_in_support(values: Values, _arguments: dict[str, Any]) -> Values:
    isocenter, support, eccentric, pitch, roll, position = values
    turns = [0.0 if angle is None else angle[0] for angle in (support, eccentric, pitch, roll)]
    return (
        isocenter, np.array([(turns[0] + turns[1]) % 360]), np.zeros(1),
        np.array([turns[2] % 360]), np.array([turns[3] % 360]), position,
    )  # fmt: skip


@st.composite
def matrices(draw: st.DrawFn) -> Drawn:
    """Any rigid pose whose table top does not stand upright, the isocenter it sends to the origin, a position."""
    rotation = np.eye(3)
    position = draw(POSITIONS)
    for axis, angle in ((2, draw(TURN)), (0, draw(TILT)), (1, draw(TURN))):
        cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        turn = np.eye(3)
        one_, other = [number for number in range(3) if number != axis]
        turn[one_, one_] = turn[other, other] = cosine
        turn[one_, other], turn[other, one_] = (-sine, sine) if axis != 1 else (sine, -sine)
        rotation = rotation @ turn
    rotation = rotation @ np.array(AXES[position[0]])
    isocenter = draw(numbers(LENGTH, 3, 3))
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, -rotation @ isocenter
    return (matrix.ravel(), draw(st.sampled_from([None, isocenter])), position), {}


# The FIXED axes in patient axes at couch 0, written down anew: rows x, y, z (C.7.3.1.1.2).
AXES = {
    "HFS": [[1, 0, 0], [0, 0, 1], [0, -1, 0]], "HFP": [[-1, 0, 0], [0, 0, 1], [0, 1, 0]],
    "FFS": [[-1, 0, 0], [0, 0, -1], [0, -1, 0]], "FFP": [[1, 0, 0], [0, 0, -1], [0, 1, 0]],
    "HFDR": [[0, 1, 0], [0, 0, 1], [1, 0, 0]], "HFDL": [[0, -1, 0], [0, 0, 1], [-1, 0, 0]],
    "FFDR": [[0, -1, 0], [0, 0, -1], [1, 0, 0]], "FFDL": [[0, 1, 0], [0, 0, -1], [-1, 0, 0]],
}  # fmt: skip


def with_isocenter(values: Values, _arguments: dict[str, Any]) -> Values:
    matrix, _, position = values
    pose = matrix.reshape(4, 4)
    return matrix, -pose[:3, :3].T @ pose[:3, 3], position


@st.composite
def shown_angles(draw: st.DrawFn) -> Drawn:
    """What a display shows of an angle of the matrix: whole turns more or less, or nothing."""
    geometry = np.array([draw(decimals(0, 359.99, 2))])
    shown = draw(perhaps(st.integers(-2, 2).map(lambda turns: geometry + 360 * turns)))
    return (shown,), {"geometry": geometry, "optional": draw(st.booleans())}


def shown_or_geometry(values: Values, arguments: dict[str, Any]) -> Values:
    (shown,) = values
    unsaid = arguments["optional"] and arguments["geometry"][0] == 0
    return (shown if shown is not None else None if unsaid else arguments["geometry"],)


@st.composite
def table_positions(draw: st.DrawFn) -> Drawn:
    values = [draw(LENGTH), *draw(st.lists(st.one_of(st.just(np.nan), LENGTH), max_size=10))]
    return (column(values),), {}


def held(values: Values, _arguments: dict[str, Any]) -> Values:
    found = values[0][:, 0].tolist()
    for here in range(1, len(found)):
        found[here] = found[here - 1] if np.isnan(found[here]) else found[here]
    return (column(found),)


# --- deliveries ----------------------------------------------------------------------------------------------------
@st.composite
def deliveries(draw: st.DrawFn, resumed: bool = True) -> Drawn:
    start = draw(decimals(0, 200, 3)) if resumed else 0.0
    return (column((np.array(draw(shares())) + start).round(3).tolist()),), {}


@st.composite
def moments(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """Dates and times of control points in their order, as DA and TM have them."""
    seconds = sorted(draw(st.lists(st.integers(0, 3 * 86400 - 1), min_size=2, max_size=8)))
    rest = draw(st.sampled_from(["", ".25", ".000001"]))
    dates = [f"202403{4 + each // 86400:02d}" for each in seconds]
    return dates, [f"{each % 86400 // 3600:02d}{each % 3600 // 60:02d}{each % 60:02d}{rest}" for each in seconds]


def moments_told() -> st.SearchStrategy[tuple[list[str], list[str]]]:
    """The same, where a point may lack its date or its time."""
    lacking = st.sampled_from([(0, 0), (1, 0), (0, 1)])
    return st.tuples(moments(), lacking).map(
        lambda drawn: tuple(["", *told[1:]] if lost else told for told, lost in zip(*drawn, strict=True))
    )


def index_column(low: int) -> st.SearchStrategy[Array]:
    """Indices of control points, here and there none."""
    here = st.one_of(st.just(np.nan), st.integers(low, 300).map(float))
    return st.lists(here, min_size=2, max_size=20).map(column)


@st.composite
def table_travels(draw: st.DrawFn) -> Drawn:
    count = draw(st.integers(2, 6))
    axes = [column(draw(st.lists(LENGTH, min_size=count, max_size=count))) for _ in range(3)]
    angles = [np.full((count, 1), draw(TILT)) for _ in range(2)]
    planned = np.tile(draw(numbers(LENGTH, 3, 3)), (2, 1))
    values = (column(list(range(count))), planned, *axes, None, *angles)
    return values, {"position": draw(POSITIONS)}


@st.composite
def fractions(draw: st.DrawFn) -> Drawn:
    count = draw(st.integers(1, 4))
    status = draw(st.lists(st.sampled_from(["NORMAL", "OPERATOR"]), min_size=count, max_size=count))
    kinds = draw(st.lists(st.sampled_from(["TREATMENT", "CONTINUATION"]), min_size=count, max_size=count))
    beams = column([float(number) for number in range(1, count + 1)])
    return (status, kinds, beams, draw(perhaps(st.just(beams))), beams, ["TREATMENT"] * count), {}
