"""What only the file shows: its header against the data set (PS3.10 7.1, C.12.1.1.1), elements as they are encoded."""

from __future__ import annotations

from collections.abc import Iterator

from transcoder.dicom.elements import Damaged, Item, keyword
from transcoder.dicom.files import file_meta
from transcoder.findings import Finding
from transcoder.validator.catalogue_state import found
from transcoder.validator.raw import each_item, text

__all__ = ["check", "check_order"]

HEADER = "PS3.10 7.1"
SAME = "PS3.3 C.12.1.1.1"
PAIRS = (("MediaStorageSOPClassUID", "SOPClassUID"), ("MediaStorageSOPInstanceUID", "SOPInstanceUID"))
# Every transfer syntax of the standard is registered below this root (PS3.6 Table A-1).
REGISTERED = "1.2.840.10008.1.2"


def check(raw: bytes, item: Item) -> Iterator[Finding]:
    """Findings about the header of a file, given its bytes and its data set; a file without one has none."""
    try:
        meta = file_meta(raw)
    except Damaged:  # told when it was read
        return
    if not meta:
        return
    for word, own in PAIRS:
        said, true = text(meta, word), text(item, own)
        if said and true and said != true:
            yield found("V296", f"it is not the {own} of the data set", word, SAME)
    syntax = text(meta, "TransferSyntaxUID")
    if syntax != REGISTERED and not syntax.startswith(f"{REGISTERED}."):
        message = (
            "it is none of the standard's; read as explicit VR little endian" if syntax else "it is absent or empty"
        )
        yield found("V297", message, "TransferSyntaxUID", HEADER)


def check_order(item: Item) -> Iterator[Finding]:
    """The elements of the data set and of each item stand in the order of their tags (PS3.5 7.1)."""
    places = []
    for path, holder in each_item(item):
        tags = list(holder)
        ordered = sorted(tags)
        if tags != ordered:
            place = next(count for count, (tag, due) in enumerate(zip(tags, ordered, strict=True)) if tag != due)
            word = keyword(tags[place])
            places.append(f"{path}/{word}" if path else word)
    if places:
        message = "it stands before an element with a smaller tag" + _again(len(places))
        yield found("V298", message, places[0], "PS3.5 7.1")


def _again(number: int) -> str:
    return f"; such are in {number} items" if number > 1 else ""
