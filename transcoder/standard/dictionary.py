"""The data dictionary of PS3.6: keywords with their VR, VM, and whether they are retired."""

from __future__ import annotations

from functools import cache

from pydicom.datadict import DicomDictionary

__all__ = ["is_keyword", "is_retired", "keywords", "vm_of", "vr_of_keyword"]

Entry = tuple[str, str, bool]


@cache
def _entries() -> dict[str, Entry]:
    return {word: (vr, vm, bool(retired)) for vr, vm, _, retired, word in DicomDictionary.values() if word}


def keywords() -> tuple[str, ...]:
    """Every keyword of PS3.6."""
    return tuple(_entries())


def is_keyword(word: str) -> bool:
    """Whether PS3.6 has this keyword."""
    return word in _entries()


def is_retired(word: str) -> bool:
    """Whether PS3.6 marks the attribute as retired; unknown words are not."""
    return word in _entries() and _entries()[word][2]


def vr_of_keyword(word: str) -> str:
    """The VR of a keyword; empty for an unknown one."""
    return _entries().get(word, ("", "", False))[0]


def vm_of(word: str) -> str:
    """The VM of a keyword; empty for an unknown one."""
    return _entries().get(word, ("", "", False))[1]
