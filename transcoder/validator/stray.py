"""Elements that the tables do not hold at their place: extensions, misplaced, private and foreign ones."""

from __future__ import annotations

from functools import cache

from transcoder.dicom.elements import Element, keyword
from transcoder.standard import iod_for, positions
from transcoder.validator.raw import DEEPEST, text
from transcoder.validator.scope import Scope
from transcoder.validator.values import BINARY, fault

__all__ = ["judge_stray"]

# PS3.5 section 7.1 and PS3.10: groups of commands, file meta information and directory records.
_FOREIGN_GROUPS = frozenset([0x0000, 0x0002, 0x0006])
_PADDING = 0xFFFCFFFC
_GROUP_LENGTH = 0x0000


@cache
def _elsewhere(sop_class_uid: str) -> frozenset[int]:
    iod = iod_for(sop_class_uid)
    return frozenset(attribute.tag for _, attribute, _ in positions(iod.key)) if iod else frozenset()


def judge_stray(tag: int, element: Element, scope: Scope, depth: int = 0) -> None:
    """Note what an element outside the tables means, and check its value and everything below it."""
    group, number = tag >> 16, tag & 0xFFFF
    if number == _GROUP_LENGTH or tag == _PADDING:  # retired, without meaning (PS3.5 7.2, PS3.10 7.2)
        return
    if group & 1:
        _private(tag, scope)
    elif group in _FOREIGN_GROUPS:
        scope.tell_once("V164", "element of a group that does not belong in a data set", tag, "PS3.5 7.1")
    else:
        _extension(tag, scope)
    _below(element, scope, depth)


def _private(tag: int, scope: Scope) -> None:
    number = tag & 0xFFFF
    if number <= 0xFF:  # a private creator, or one of the reserved numbers below 0010
        if number < 0x10:
            scope.tell_once("V164", "private group has no elements below 0010", tag, "PS3.5 7.8.1")
        return
    creator = scope.item.get((tag & 0xFFFF0000) | number >> 8)
    if creator is None or not creator.raw.strip(b" \0"):
        scope.tell_once("V162", "no private creator in this item reserves the block", tag, "PS3.5 7.8.1")


def _extension(tag: int, scope: Scope) -> None:
    if keyword(tag).startswith("("):
        scope.tell_once("V163", "attribute is not in the data dictionary", tag, "PS3.6 6")
        return
    if tag in _elsewhere(text(scope.root.item, "SOPClassUID")):
        scope.tell_once("V161", "attribute belongs to the IOD, but not to this place", tag, "PS3.4 B.3.3")
    else:
        scope.tell_once("V160", "attribute belongs to no module of the IOD (standard extended)", tag, "PS3.4 B.3.3")


def _below(element: Element, scope: Scope, depth: int) -> None:
    """Values and private blocks below an unknown sequence; its structure is nobody's business."""
    value = element.value
    if isinstance(value, bytes) and element.vr != "SQ":
        wrong = fault(element.vr, value, scope.charset) if element.vr not in BINARY and value else None
        if wrong:
            scope.tell(wrong.code, wrong.message, element.tag, "PS3.5 6.2")
        return
    if depth >= DEEPEST:
        return
    items = scope.enter(element) or ()
    for index, item in enumerate(items):
        inner = Scope(item, scope.run, scope, element.tag, items, index)
        for tag, child in item.items():
            if tag >> 16 & 1 and tag & 0xFFFF > 0xFF:
                _private(tag, inner)
            _below(child, inner, depth + 1)
