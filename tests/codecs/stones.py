"""Building stones of the domains of codecs: numbers, columns, texts, and what a domain draws."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

Array = np.ndarray[Any, np.dtype[np.float64]]
Values = tuple[Any, ...]
Drawn = tuple[Values, dict[str, Any]]


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


def perhaps(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The value, or none."""
    return st.one_of(st.none(), value)
