"""For each codec the values it is made for, and what comes back of them: its normalisation as a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from amounts import (
    CODE,
    SCALES,
    as_metersets,
    at_every_point,
    beam_names,
    device_names,
    doses,
    first_carried,
    mappings,
    names_or_numbers,
    names_told,
    only_points,
    several_texts,
    shares,
    weights,
)
from hypothesis import strategies as st
from motions import (
    CONTINUED,
    POSITIONS,
    TILT,
    TURN,
    deliveries,
    eccentric_in_support,
    fractions,
    held,
    index_column,
    matrices,
    moments,
    moments_told,
    shown_angles,
    shown_or_geometry,
    table_positions,
    table_travels,
    with_isocenter,
)
from shapes import (
    ANGLES,
    ORDERS,
    READINGS,
    boundaries,
    bounded_plainly,
    continuous_angles,
    described_plainly,
    foreign_boundaries,
    foreign_positions,
    from_start,
    machine_angles,
    outlines,
    positions,
    row_by_row,
    settled_angles,
    spacing_told,
    thickness_pixels,
    tidy_outline,
    triplets,
    upright,
)
from stones import LENGTH, TEXTS, WORDS, Drawn, Values, column, decimals, numbers, one, perhaps, plain


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
    "told_time": Law(moments_told().map(lambda pair: (pair, {}))),
    "planned_index": Law(
        plain(index_column(0)), plain(index_column(1)),
    ),
    "delivered_isocenter": Law(table_travels()),
    "only": Law(plain(st.lists(LENGTH, min_size=1, max_size=4).map(column))),
    "completion": Law(fractions()),
    "spent": Law(plain(shares().map(column))),
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
