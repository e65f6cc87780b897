"""Several sets in one instance: what each says of the whole, brought together."""

from __future__ import annotations

import numpy as np

from transcoder.dicom.elements import Element, Item, encode, keyword, tag_of
from transcoder.dicom.values import encode_numbers, numbers
from transcoder.engine.scope import Run
from transcoder.engine.tree import TargetTree
from transcoder.findings import Origin, Severity

__all__ = ["content", "merge_root", "without"]

# Items that others name by a number: two of one number and different content cannot stand in one sequence.
_NUMBERED = {tag_of("DoseReferenceSequence"): tag_of("DoseReferenceNumber")}
# Items that say one value of the whole instance, to which each set contributes its part (C.8.8.19).
_SUMMED = {
    tag_of("MeasuredDoseReferenceSequence"): tag_of("MeasuredDoseValue"),
    tag_of("CalculatedDoseReferenceSequence"): tag_of("CalculatedDoseReferenceDoseValue"),
}


def content(element: Element) -> bytes:
    """The value of an element as bytes that compare: without padding, a sequence item by item."""
    if isinstance(element.value, list):
        return b"".join(encode(item) for item in element.value)
    return bytes(element.value).strip(b" \0")


def merge_root(run: Run, tree: TargetTree, root: Item) -> None:
    """Take what one more set says into the root of the instance; where it differs, the first set counts."""
    for tag, element in root.items():
        held = tree.root.get(tag)
        if held is None:
            tree.root[tag] = element
        elif isinstance(element.value, list) and isinstance(held.value, list):
            _merge_items(run, tree, held, element)
        elif content(held) != content(element) and tree.origin_of(element) is not Origin.GENERATED:
            message = "the joined sets differ in what an instance has once; the first counts"
            run.tell("T246", Severity.WARNING, message, keyword(tag), cite="PS3.3 C.8.8.9")


def without(item: Item, tag: int) -> bytes:
    """An item as bytes, but for one element."""
    kept = Item()
    kept.update({each: element for each, element in item.items() if each != tag})
    return encode(kept)


def _merge_items(run: Run, tree: TargetTree, held: Element, added: Element) -> None:
    known = {encode(item) for item in held.items}
    key = _NUMBERED.get(held.tag)
    taken = {content(item[key]) for item in held.items if key in item} if key else set()
    summed = _SUMMED.get(held.tag)
    for item in added.items:
        if summed is not None and _add(tree, held, item, summed):
            continue
        if encode(item) in known:
            continue
        if key is not None and key in item and content(item[key]) in taken:
            message = "two of the joined sets give one number to different items"
            run.tell("T205", Severity.ERROR, message, keyword(held.tag), cite="PS3.3 C.8.8.10")
        held.items.append(item)


def _add(tree: TargetTree, held: Element, item: Item, tag: int) -> bool:
    """Add the value of an item to that of the one that is the same but for this value, where there is one."""
    for each in held.items:
        if without(each, tag) == without(item, tag) and tag in each and tag in item:
            parts = [value for part in (each, item) if (value := numbers(part[tag])) is not None]
            tree.put(each, tag, each[tag].vr, encode_numbers(np.sum(parts, axis=0), each[tag].vr), Origin.MAPPED)
            return True
    return False
