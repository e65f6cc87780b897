"""Several sets in one instance: what each says of the whole, brought together."""

from __future__ import annotations

from transcoder.dicom.elements import Element, Item, encode, keyword, tag_of
from transcoder.engine.scope import Run
from transcoder.engine.tree import TargetTree
from transcoder.findings import Origin, Severity

__all__ = ["content", "merge_root"]

# Items that others name by a number: two of one number and different content cannot stand in one sequence.
_NUMBERED = {tag_of("DoseReferenceSequence"): tag_of("DoseReferenceNumber")}


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
            _merge_items(run, held, element)
        elif content(held) != content(element) and tree.origin_of(element) is not Origin.GENERATED:
            message = "the joined sets differ in what an instance has once; the first counts"
            run.tell("T246", Severity.WARNING, message, keyword(tag), cite="PS3.3 C.8.8.9")


def _merge_items(run: Run, held: Element, added: Element) -> None:
    known = {encode(item) for item in held.items}
    key = _NUMBERED.get(held.tag)
    taken = {content(item[key]) for item in held.items if key in item} if key else set()
    for item in added.items:
        if encode(item) in known:
            continue
        if key is not None and key in item and content(item[key]) in taken:
            message = "two of the joined sets give one number to different items"
            run.tell("T205", Severity.ERROR, message, keyword(held.tag), cite="PS3.3 C.8.8.10")
        held.items.append(item)
