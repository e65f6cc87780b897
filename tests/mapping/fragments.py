"""Fragments of examples <-> items of undecoded elements: keywords, plain values, and concept names for codes."""

from __future__ import annotations

from typing import Any

import numpy as np

from transcoder.codecs.registry import Code
from transcoder.dicom.elements import Element, Item, keyword, tag_of, vr_of
from transcoder.dicom.values import NUMERIC_VRS, Texts, encode_numbers, numbers
from transcoder.engine.tree import code_item
from transcoder.mapping.model import Mapping

__all__ = ["item_of", "plain"]

_CODE_WORDS = frozenset(["CodeValue", "LongCodeValue", "CodingSchemeDesignator", "CodeMeaning"])


def item_of(fragment: dict[str, Any], mapping: Mapping) -> Item:
    """The item that a fragment describes."""
    item = Item()
    for word, value in fragment.items():
        tag = tag_of(word)
        vr = vr_of(tag)
        if vr == "SQ":
            item.put(tag, vr, [_child(each, mapping) for each in value])
        else:
            item.put(tag, vr, _encoded(value, vr))
    return item


def _child(value: Any, mapping: Mapping) -> Item:
    if isinstance(value, str):
        return code_item(Code(*mapping.concepts[value]))
    rest = {word: each for word, each in value.items() if word != "code"}
    item = item_of(rest, mapping)
    if "code" in value:
        item.update(code_item(Code(*mapping.concepts[value["code"]])))
    return item


def _encoded(value: Any, vr: str) -> bytes:
    values = value if isinstance(value, list) else [value]
    if values in ([], [""]):
        return b""
    if vr == "AT":
        return b"".join(
            (tag_of(word) >> 16).to_bytes(2, "little") + (tag_of(word) & 0xFFFF).to_bytes(2, "little")
            for word in values
        )
    if vr in NUMERIC_VRS:
        return encode_numbers(np.array([float(each) for each in values]), vr)
    return "\\".join(each["Alphabetic"] if isinstance(each, dict) else str(each) for each in values).encode()


def plain(item: Item, mapping: Mapping) -> dict[str, Any]:
    """The fragment that describes an item: numbers as floats, single values without a list, codes by name."""
    return {keyword(tag): _value(element, mapping) for tag, element in sorted(item.items())}


def _value(element: Element, mapping: Mapping) -> Any:
    if element.vr == "SQ":
        return [_plain_child(child, mapping) for child in element.items]
    if element.vr == "AT":
        pairs = np.frombuffer(element.raw, "<u2").reshape(-1, 2).tolist()
        return _single([keyword(group << 16 | number) for group, number in pairs])
    if element.vr in NUMERIC_VRS:
        held = numbers(element)
        return "" if held is None else _single([round(each, 9) + 0.0 for each in held.tolist()])
    return _single(Texts().decode(element)) or ""


def _plain_child(child: Item, mapping: Mapping) -> Any:
    found = plain(child, mapping)
    if "CodeValue" not in found and "LongCodeValue" not in found:
        return found
    code = (found.get("CodeValue", found.get("LongCodeValue")), found["CodingSchemeDesignator"])
    name = next(name for name, concept in mapping.concepts.items() if concept[:2] == code)
    rest = {word: value for word, value in found.items() if word not in _CODE_WORDS}
    return {"code": name, **rest} if rest else name


def _single(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values
