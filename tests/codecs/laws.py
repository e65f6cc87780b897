"""For each codec the values it is made for, and what comes back of them: its normalisation as a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from transcoder.codecs import Code
from transcoder.codecs.scalars import Label

Array = np.ndarray[Any, np.dtype[np.float64]]
Values = tuple[Any, ...]
Drawn = tuple[Values, dict[str, Any]]


@dataclass(frozen=True)
class Law:
    """The domain of a codec on either side, and what the two ways make of it.

    ``first`` and ``second`` draw values and arguments. ``tidy_first(values, arguments)`` is what
    backward(forward(values)) must give, ``tidy_second`` what forward(backward(values)) must give. ``known`` tells
    what a way back needs beside the second-generation values, because the engine reads it elsewhere; ``again`` gives
    the arguments with which what came back is brought forth again.
    """

    first: st.SearchStrategy[Drawn]
    second: st.SearchStrategy[Drawn] | None = None
    tidy_first: Callable[..., Values] = lambda values, _arguments: values
    tidy_second: Callable[..., Values] = lambda values, _arguments: values
    known: Callable[..., dict[str, Any]] = lambda _values, arguments: arguments
    again: Callable[..., dict[str, Any]] = lambda arguments: arguments
    within: float = 0.0


# --- building stones -----------------------------------------------------------------------------------------------
def decimals(low: float, high: float, places: int = 4) -> st.SearchStrategy[float]:
    """Numbers as a decimal string holds them."""
    scale = 10**places
    return st.integers(round(low * scale), round(high * scale)).map(lambda whole: whole / scale)


LENGTH = decimals(-400, 400, 2)
LINES = st.text("abAB ~123()²é", max_size=40)
WORDS = st.text("abcXYZ0123", min_size=1, max_size=16)
TEXTS = st.lists(st.text("abAB ~é", min_size=1), min_size=1, max_size=3)


def numbers(value: st.SearchStrategy[float], low: int = 1, high: int = 6) -> st.SearchStrategy[Array]:
    """An element (k,)."""
    return st.lists(value, min_size=low, max_size=high).map(np.array)


def one(value: st.SearchStrategy[float]) -> st.SearchStrategy[Array]:
    """An element with one value (1,)."""
    return value.map(lambda number: np.array([number]))


def plain(*values: st.SearchStrategy[Any], **arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Drawn]:
    """Values and arguments that do not depend on each other."""
    return st.tuples(st.tuples(*values), st.fixed_dictionaries(arguments))


def column(values: list[float]) -> Array:
    """A column (n, 1)."""
    return np.array(values, dtype=float)[:, None]


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


# --- metersets and doses -------------------------------------------------------------------------------------------
@st.composite
def shares(draw: st.DrawFn) -> list[float]:
    """Numbers that rise unevenly from 0, here and there not at all."""
    steps = draw(st.lists(st.one_of(st.just(0.0), decimals(0.001, 50, 3)), min_size=1, max_size=30))
    return np.cumsum([0.0, *steps, draw(decimals(0.001, 50, 3))]).round(3).tolist()


@st.composite
def weights(draw: st.DrawFn) -> Drawn:
    weight = column(draw(shares()))
    return (weight, weight[-1], draw(one(decimals(0.001, 2000, 3)))), {}


def as_metersets(values: Values, _arguments: dict[str, Any]) -> Values:
    weight, final, total = values
    return weight / final[0] * total[0], total, total


@st.composite
def doses(draw: st.DrawFn) -> Drawn:
    meterset = column(draw(shares()))
    share = np.maximum.accumulate(
        np.append(0.0, draw(numbers(decimals(0.001, 1.5, 3), len(meterset) - 1, len(meterset) - 1)))
    )
    share[meterset[:, 0] == 0] = 0
    share[-1] = max(share[-1], 0.001)
    # A step that delivers nothing gives no dose; the end is always told.
    for here in range(1, len(share)):
        if meterset[here, 0] == meterset[here - 1, 0]:
            share[here] = share[here - 1]
    unknown = draw(st.lists(st.booleans(), min_size=len(share), max_size=len(share)))
    share = np.where([*unknown[:-1], False], np.nan, share)
    coefficient = draw(st.sampled_from([None, column(share.tolist())])) if share[-1] > 0 else None
    return (draw(one(decimals(0.001, 30, 3))), coefficient, meterset), {}


def at_every_point(values: Values, _arguments: dict[str, Any]) -> Values:
    """The coefficients, linear where none was told (C.36.11.1.1), as parts of the end dose."""
    dose, coefficient, meterset = values
    units = meterset[:, 0]
    if coefficient is None:
        return dose, column((units / units[-1]).tolist()), None
    share = coefficient[:, 0]
    known = ~np.isnan(share)
    heights = np.interp(units, np.append(0.0, units[known]), np.append(0.0, share[known]))
    return dose * share[-1], column((heights / share[-1]).tolist()), None


def only_points(values: Values, arguments: dict[str, Any]) -> Values:
    (mapping,) = values
    units = np.unique(np.append(0.0, arguments["meterset"][:, 0]))
    return (np.stack([units, np.interp(units, mapping[:, 0], mapping[:, 1])], axis=1),)


@st.composite
def mappings(draw: st.DrawFn) -> Drawn:
    meterset = column(draw(shares()))
    units = np.unique(meterset)
    dose = np.cumsum([0.0, *draw(st.lists(decimals(0, 2, 3), min_size=len(units) - 1, max_size=len(units) - 1))])
    dose[-1] += 0.5
    return (np.stack([units, dose], axis=1),), {"meterset": meterset}


# --- positions -----------------------------------------------------------------------------------------------------
CONTINUED = st.sampled_from([["YES"], ["NO"]])
POSITIONS = st.sampled_from([["HFS"], ["HFP"], ["FFS"], ["FFP"], ["HFDR"], ["HFDL"], ["FFDR"], ["FFDL"]])
TURN = st.one_of(decimals(-400, 760, 2), st.sampled_from([0.0, 90.0, 180.0, 270.0, 360.0]))
TILT = decimals(-80, 80, 2)


def perhaps(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The value, or none."""
    return st.one_of(st.none(), value)


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


# --- texts ---------------------------------------------------------------------------------------------------------
@st.composite
def several_texts(draw: st.DrawFn) -> Drawn:
    texts = draw(st.lists(st.one_of(st.none(), st.just([" "]), LINES.map(lambda line: [line])), min_size=1, max_size=4))
    return tuple(texts), {"back": draw(st.integers(0, len(texts) - 1)), "longest": draw(st.sampled_from([12, 64]))}


def first_carried(values: Values, arguments: dict[str, Any]) -> Values:
    held_text = next((" ".join(value[0].split()) for value in values if value and value[0].strip()), None)
    if held_text is None:
        return (*[None] * arguments["back"], None)
    longest = arguments["longest"]
    fitting = held_text if len(held_text) <= longest else held_text[: longest - 3] + "..."
    return (*[None] * arguments["back"], [fitting])


@st.composite
def beam_names(draw: st.DrawFn) -> Drawn:
    name = draw(LINES)
    taken = draw(st.sampled_from([(), (" ".join(name.split()),), ("Other",)]))
    description = draw(perhaps(LINES.map(lambda line: [line])))
    return ([name] if draw(st.booleans()) else None, description, draw(one(st.integers(1, 40).map(float)))), {
        "taken": taken
    }


def names_told(values: Values, arguments: dict[str, Any]) -> Values:
    name, description, number = values
    count = str(int(number[0]))
    whole = " ".join((name or [""])[0].split()) or f"Beam {count}"
    text = " ".join((description or [""])[0].split())[:64]
    if len(whole) > Label.MOST or whole in arguments["taken"]:
        return [whole], None, None
    if (
        text
        and "~" in whole
        and whole == Label.cut(text, whole.rpartition("~")[2])
        and whole.rpartition("~")[2].isdigit()
    ):
        return [text], None, None
    return [whole], [text] if text else None, None


@st.composite
def device_names(draw: st.DrawFn) -> Drawn:
    word = draw(st.sampled_from(["Wedge", "Bolus ROI"]))
    name = draw(
        st.one_of(
            st.none(),
            LINES,
            st.integers(0, 120).map(lambda n: f"{word} {n}"),
            st.just(f"{word} 007"),
            st.just(f"{word} ²"),
        )
    )
    return (None if name is None else [name], draw(perhaps(one(st.integers(0, 99).map(float))))), {"word": word}


def names_or_numbers(values: Values, arguments: dict[str, Any]) -> Values:
    name, number = values
    word = arguments["word"]
    if not (name and name[0].strip()):
        return None, number
    looks = [n for n in range(121) if name[0] == f"{word} {n}"]
    if looks:
        return None, np.array([float(looks[0])])
    return (None if name[0] == word else name), None


CODE = st.builds(Code, WORDS, WORDS, WORDS)
SCALES = st.sampled_from(["1/60", "60", "10", "1/10", "3/7"])

LAWS: dict[str, Law] = {
    "number": Law(plain(numbers(LENGTH)), plain(numbers(LENGTH))),
    "text": Law(plain(TEXTS), plain(TEXTS)),
    "stated": Law(
        plain(st.one_of(st.none(), TEXTS), absent=st.just("ABSENT")),
        plain(TEXTS, absent=st.just("ABSENT")),
        tidy_first=lambda values, arguments: (values[0] or [arguments["absent"]],),
    ),
    "code": Law(plain(CODE), plain(CODE)),
    "scale": Law(plain(numbers(LENGTH), by=SCALES), plain(numbers(LENGTH), by=SCALES), within=1e-12),
    "offset": Law(
        plain(numbers(st.integers(0, 500).map(float)), by=st.integers(-2, 2)),
        plain(numbers(st.integers(0, 500).map(float)), by=st.integers(-2, 2)),
    ),
    "first_of": Law(
        several_texts(),
        plain(WORDS.map(lambda t: [t]), back=st.integers(0, 2), longest=st.just(64)),
        tidy_first=first_carried,
    ),
    "axis_distance": Law(
        plain(one(decimals(500, 2000, 1))),
        plain(one(decimals(500, 2000, 1)), one(decimals(500, 2000, 1))),
        tidy_second=lambda values, _arguments: (values[0], values[0]),
    ),
    "same_number": Law(plain(one(LENGTH)), one(LENGTH).map(lambda value: ((value, value), {}))),
    "term": Law(
        plain(st.sampled_from([["IN"], ["OUT"], ["IN", "OUT"]]), known=st.just(("IN", "OUT"))),
        plain(st.sampled_from([["IN"], ["OUT"], ["OUT", ""]]), known=st.just(("IN", "OUT"))),
    ),
    "described": Law(
        plain(
            st.sampled_from([["ELECTRON_RECT"], ["ELECTRON_OPEN"], None]),
            st.one_of(st.none(), WORDS.map(lambda word: [word])),
            terms=st.just(("ELECTRON_RECT", "ELECTRON_OPEN")),
        ).filter(lambda drawn: any(drawn[0])),
        st.sampled_from(["10 x 10", "ELECTRON_RECT", "ELECTRON_OPEN: 6 x 6", "CONE: 5"]).map(
            lambda text: (([text],), {"terms": ("ELECTRON_RECT", "ELECTRON_OPEN")})
        ),
    ),
    "numbered": Law(
        device_names(),
        plain(st.one_of(WORDS, st.just("Wedge 3"), st.just("Wedge 03")).map(lambda t: [t]), word=st.just("Wedge")),
        tidy_first=names_or_numbers,
    ),
    "label": Law(
        beam_names(),
        tidy_first=names_told,
    ),
    "slot": Law(
        plain(perhaps(one(LENGTH)), id=st.sampled_from([None, "A"])),
        plain(st.just(["A"]), perhaps(one(LENGTH)), id=st.just("A")),
        tidy_first=lambda values, arguments: values if arguments["id"] else (None,),
        tidy_second=lambda values, _arguments: (values[0], [""] if values[1] is None else values[1]),
    ),
    "accessory_code": Law(
        plain(perhaps(WORDS.map(lambda t: [t])), type=st.just("RFID"), format=st.just("F")),
        plain(WORDS.map(lambda t: [t]), st.just(["RFID"]), st.just(["F"]), type=st.just("RFID"), format=st.just("F")),
    ),
    "mode_label": Law(
        plain(
            one(decimals(0.05, 25, 2)),
            st.sampled_from([["PHOTON"], ["ELECTRON"], None]),
            perhaps(WORDS.map(lambda t: [t])),
        )
    ),
    "detail_flag": Law(plain(perhaps(shares().map(column)), st.sampled_from([None, ["rule"]]))),
    "derive_uid": Law(
        plain(WORDS.map(lambda t: [t]), role=WORDS, key=st.lists(WORDS, max_size=3).map(tuple), edition=WORDS)
    ),
    "continuous_angle": Law(
        machine_angles(), continuous_angles(), tidy_first=settled_angles, tidy_second=from_start, within=1e-7
    ),
    "boundary_order": Law(
        plain(boundaries(falling=True)), plain(boundaries(falling=False)),
        tidy_first=lambda _values, _arguments: (np.array([1.0]),),
        tidy_second=lambda _values, _arguments: (np.array([1.0]),),
    ),
    "leaf_boundaries": Law(
        plain(boundaries(falling=True), angle=ANGLES, mlcy=READINGS),
        foreign_boundaries(),
        tidy_first=lambda values, _arguments: (np.sort(values[0]),),
        tidy_second=bounded_plainly, again=upright,
        within=1e-12,
    ),
    "leaf_positions": Law(
        plain(positions(), st.none(), angle=ANGLES, mlcy=READINGS, order=ORDERS),
        foreign_positions(),
        tidy_second=described_plainly, again=upright,
        within=1e-12,
    ),
    "block_edge": Law(outlines(), outlines(tidy=True), tidy_first=tidy_outline),
    "compensator_map": Law(
        thickness_pixels(), triplets(), tidy_first=spacing_told, tidy_second=row_by_row, within=1e-5
    ),
    "dose_mapping": Law(
        doses(), mappings(), tidy_first=at_every_point, tidy_second=only_points,
        known=lambda values, arguments: arguments or {"meterset": values[2]}, within=1e-9,
    ),
    "treatment_position": Law(
        plain(
            numbers(LENGTH, 3, 3),
            *(perhaps(one(angle)) for angle in (TURN, TURN, TILT, TURN)),
            POSITIONS,
        ),
        matrices(), tidy_first=eccentric_in_support, tidy_second=with_isocenter, within=1e-7,
    ),
    "shown_angle": Law(
        plain(perhaps(one(TURN)), optional=st.booleans()), shown_angles(),
        known=lambda values, arguments: {**arguments, "geometry": None if values[0] is None else values[0] % 360},
        tidy_second=shown_or_geometry,
    ),
    "table_position": Law(table_positions(), plain(numbers(LENGTH).map(lambda v: v[:, None])), tidy_first=held),
    "meterset": Law(weights(), plain(shares().map(column)), tidy_first=as_metersets, within=1e-9),
    "delivered_meterset": Law(
        deliveries(), deliveries(resumed=False), within=1e-9,
        tidy_first=lambda values, _arguments: (values[0] - values[0][0],),
    ),
    "date_time": Law(
        moments().map(lambda pair: (pair, {})),
        moments().map(lambda pair: (([date + time for date, time in zip(*pair, strict=True)],), {})),
    ),
    "planned_index": Law(
        plain(index_column(0)), plain(index_column(1)),
    ),
    "delivered_isocenter": Law(table_travels()),
    "only": Law(plain(st.lists(LENGTH, min_size=1, max_size=4).map(column))),
    "completion": Law(fractions()),
    "last": Law(plain(shares().map(column))),
    "began": Law(moments().map(lambda pair: (([date + time for date, time in zip(*pair, strict=True)],), {}))),
    "specified_meterset": Law(plain(shares().map(column), shares().map(lambda units: column(units)[:1]), CONTINUED)),
    "specified_total": Law(
        plain(shares().map(column), shares().map(column), CONTINUED, st.sampled_from([["NORMAL"], ["ABNORMAL"]]))
    ),
    "technique": Law(
        shares().flatmap(
            lambda units: st.tuples(
                st.tuples(
                    st.just(column(units)),
                    numbers(LENGTH, len(units), len(units)).map(lambda v: v[:, None]),
                    st.lists(numbers(LENGTH, len(units), len(units)).map(lambda v: v[:, None]), max_size=2),
                ),
                st.just({}),
            )
        )
    ),
}  # fmt: skip
