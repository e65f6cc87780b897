"""Domains of the codecs of metersets, doses and texts."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from stones import LINES, WORDS, Drawn, Values, column, decimals, numbers, one, perhaps

from transcoder.codecs import Code
from transcoder.codecs.scalars import Label


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
