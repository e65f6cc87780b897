"""File meta information against the data set that follows it (PS3.10 7.1, C.12.1.1.1)."""

from __future__ import annotations

from collections.abc import Iterator

from transcoder.dicom.elements import Damaged, Item
from transcoder.dicom.files import file_meta
from transcoder.findings import Finding
from transcoder.validator.catalogue_state import found
from transcoder.validator.raw import text

__all__ = ["check"]

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
