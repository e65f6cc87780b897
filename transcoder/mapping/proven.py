"""Sheets as overlays change them, proved before anything is converted by them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from transcoder.errors import MappingError
from transcoder.mapping.catalog import load
from transcoder.mapping.model import Mapping

__all__ = ["load_proven"]


def load_proven(overlays: Iterable[Path] = ()) -> Mapping:
    """The mapping with these overlays; raises :class:`MappingError` where they break what holds of the sheets."""
    return _load(tuple(Path(each).resolve() for each in overlays))


@cache
def _load(overlays: tuple[Path, ...]) -> Mapping:
    mapping = load(overlays)
    if overlays:
        # The shipped sheets are proved by the tests.
        from transcoder.mapping.check import check

        faults = check(mapping)
        if faults:
            raise MappingError("\n".join(map(str, faults)))
    return mapping
