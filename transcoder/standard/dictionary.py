"""The data dictionary of PS3.6: keywords with their VR, VM, and whether they are retired."""

from __future__ import annotations

from pydicom.datadict import dictionary_is_retired, dictionary_VM, dictionary_VR, keyword_dict

__all__ = ["is_keyword", "is_retired", "keywords", "vm_of", "vr_of"]


def keywords() -> tuple[str, ...]:
    """Every keyword of PS3.6."""
    return tuple(keyword_dict)


def is_keyword(word: str) -> bool:
    """Whether PS3.6 has this keyword."""
    return bool(word) and word in keyword_dict


def is_retired(word: str) -> bool:
    """Whether PS3.6 marks the attribute as retired; unknown words are not."""
    return is_keyword(word) and dictionary_is_retired(keyword_dict[word])


def vr_of(word: str) -> str:
    """The VR of a keyword, the first where there is a choice; empty for an unknown one."""
    return dictionary_VR(keyword_dict[word])[:2] if is_keyword(word) else ""


def vm_of(word: str) -> str:
    """The VM of a keyword; empty for an unknown one."""
    return dictionary_VM(keyword_dict[word]) if is_keyword(word) else ""
