"""Every registered codec obeys its law: one way and back gives the same, up to what it says it normalises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import LAWS, Law

from transcoder.codecs import CODECS, Code, CodecInfo
from transcoder.codecs.registry import Assumed
from transcoder.codecs.scalars import Label

LIMITS = settings(derandomize=True, deadline=None, max_examples=60, database=None)
ROUND = {"continuous_angle", "treatment_position"}  # angles are compared on the circle
TWO_WAY = sorted(name for name, info in CODECS.items() if info.backward)


def law_of(name: str) -> tuple[CodecInfo, Law]:
    assert name in LAWS, f"codec '{name}' has no law: add its domain to laws.py"
    return CODECS[name], LAWS[name]


def same(one: Any, other: Any, within: float, *, round_: bool = False) -> bool:
    """Whether two values are equal: numbers within a tolerance, relative beyond 1."""
    if isinstance(one, Assumed) or isinstance(other, Assumed):
        return same(getattr(one, "value", one), getattr(other, "value", other), within)
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        if one.shape != other.shape:
            return False
        # What no point states is the same on both sides.
        apart = np.where(np.isnan(one) & np.isnan(other), 0.0, one - other)
        other = np.nan_to_num(other)
        if round_:
            apart = np.minimum(np.abs(apart) % 360, 360 - np.abs(apart) % 360)
        return bool((np.abs(apart) <= within * np.maximum(1, np.abs(other))).all())
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return False
    return bool(one == other)


def assert_same(found: tuple[Any, ...], expected: tuple[Any, ...], within: float, *, round_: bool = False) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert same(one, other, within, round_=round_), f"{one!r} is not {other!r}"


def test_every_codec_has_a_law_and_every_law_a_codec() -> None:
    assert LAWS.keys() == CODECS.keys()


@pytest.mark.parametrize("name", CODECS)
def test_a_codec_goes_back_or_says_why_not(name: str) -> None:
    info, law = law_of(name)
    assert bool(info.backward) != bool(info.one_way)
    assert info.doc
    if info.one_way:
        assert len(info.one_way.split()) > 4
        assert law.second is None


@pytest.mark.parametrize("name", CODECS)
def test_back_again(name: str) -> None:
    info, law = law_of(name)

    @LIMITS
    @given(law.first)
    def holds(drawn: tuple[tuple[Any, ...], dict[str, Any]]) -> None:
        values, arguments = drawn
        forward = info.forward(*values, **arguments)
        assert len(forward) == len(info.second)
        assert len(info.forward(*values, **arguments)) == len(forward)
        if info.backward is None:
            return
        found = info.backward(*(_bare(value) for value in forward), **law.known(values, arguments))
        expected = law.tidy_first(values, arguments)
        assert_same(found[: len(expected)], expected, law.within, round_=name in ROUND)
        if not info.normalises and name != "accessory_code":
            assert_same(expected, values[: len(expected)], 0)

    holds()


@pytest.mark.parametrize("name", [name for name in TWO_WAY if name != "label"])
def test_forth_again(name: str) -> None:
    info, law = law_of(name)
    assert law.second is not None
    backward = info.backward
    assert backward is not None

    @LIMITS
    @given(law.second)
    def holds(drawn: tuple[tuple[Any, ...], dict[str, Any]]) -> None:
        values, arguments = drawn
        first = backward(*values, **arguments)
        if name == "dose_mapping":
            found = info.forward(*first[:2], arguments["meterset"])
        else:
            found = info.forward(*first, **law.again(arguments))
        assert_same(found, law.tidy_second(values, arguments), law.within)

    holds()


@LIMITS
@given(
    st.text("abAB~123é", min_size=1, max_size=16), st.one_of(st.none(), st.text("abAB~12é", min_size=1, max_size=60))
)
def test_a_label_comes_forth_again(label: str, description: str | None) -> None:
    # What a label that was cut needs beside its text is the beam's number and which names were taken.
    backward = CODECS["label"].backward
    assert backward is not None
    name, text, _ = backward([label], None if description is None else [description])
    number = label.rpartition("~")[2]
    cut = name[0] != label
    taken = (name[0],) if cut else ()
    found = CODECS["label"].forward(
        name, text, np.array([float(number)]) if cut and number.isdecimal() else None, taken
    )
    if cut and number != str(int(number)):
        return  # a number that no beam has
    assert found == ([label], None if description is None else [description])
    assert len(found[0][0]) <= Label.MOST


def test_labels_of_a_set_differ() -> None:
    taken: list[str] = []
    for number, name in enumerate(
        ["Field", "Field", "Field", "A name that is much too long", "A name that is much longer"], 1
    ):
        (label,), _ = CODECS["label"].forward([name], None, np.array([float(number)]), taken)
        assert label not in taken
        taken.append(label)
    assert taken == ["Field", "Field~2", "Field~3", "A name that is~4", "A name that is~5"]


@LIMITS
@given(
    st.lists(st.tuples(*(st.text("ab", min_size=1, max_size=3) for _ in range(3))), min_size=2, max_size=2, unique=True)
)
def test_other_names_give_other_uids(pair: list[tuple[str, str, str]]) -> None:
    made = [CODECS["derive_uid"].forward([source], role, (key,), "edition")[0][0] for source, role, key in pair]
    assert made[0] != made[1]
    assert all(uid.startswith("2.25.") and len(uid) <= 64 for uid in made)


def _bare(value: Any) -> Any:
    """What the way back would read: an assumed value as any other, an empty element as none."""
    value = value.value if isinstance(value, Assumed) else value
    return None if isinstance(value, list) and value == [""] else value


def test_code_is_what_codecs_hand_on() -> None:
    assert Code("1", "DCM", "one").key == ("1", "DCM")
