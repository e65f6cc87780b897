"""Attributes of the data dictionary that a writer with an old one encoded as UN (PS3.5 6.2.2).

Systems pass on what they do not know with the value representation UN, a sequence in Implicit VR Little Endian within
its bytes. Read as unknown, a newer attribute such as a fluence mode or an enhanced device would be taken for absent.
"""

from __future__ import annotations

from dataclasses import replace

from transcoder.dicom.elements import Damaged, Element, Item, keyword, scan_items, vr_of
from transcoder.dicom.instance import Instance

__all__ = ["named"]

# The header of such an element in a file: its VR and two reserved bytes.
_HEADER = b"UN\0\0"


def named(instance: Instance) -> Instance:
    """The instance with each attribute under its own VR; itself where nothing is unknown. May raise Damaged."""
    if instance.raw and _HEADER not in instance.raw:
        return instance
    item = _item(instance.item)
    return instance if item is instance.item else replace(instance, item=item)


def _item(item: Item) -> Item:
    changed = {tag: new for tag, element in item.items() if (new := _element(element)) is not element}
    return Item({**item, **changed}) if changed else item


def _child(element: Element, number: int) -> Item:
    try:
        return _item(element.items[number])
    except Damaged as damage:
        raise damage.within(f"{keyword(element.tag)}[{number}]") from None


def _element(element: Element) -> Element:
    if isinstance(element.value, list):
        children = [_child(element, number) for number in range(len(element.value))]
        same = all(new is old for new, old in zip(children, element.value, strict=True))
        return element if same else Element(element.tag, element.vr, children)
    vr = "UN" if element.vr != "UN" or element.tag >> 16 & 1 else vr_of(element.tag)
    if vr == "UN":
        return element
    if vr != "SQ":
        return Element(element.tag, vr, element.value)
    try:
        return Element(element.tag, vr, scan_items(element.value, 0, len(element.value), implicit=True)[0])
    except Damaged as damage:
        raise Damaged(damage.message, keyword(element.tag)) from None
