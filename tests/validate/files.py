"""Sample files as trees of undecoded elements."""

from __future__ import annotations

import zlib
from pathlib import Path

from transcoder.dicom.elements import Item, scan

ROOT = Path(__file__).parents[2]
IMPLICIT, DEFLATED = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99"
_TRANSFER_SYNTAX = b"\x02\x00\x10\x00"


def samples(folder: str) -> list[Path]:
    """The files of a folder of samples; none where it has not been made."""
    return sorted((ROOT / "samples" / folder).glob("**/*.dcm"))


def load(path: Path) -> Item:
    """The data set of a Part 10 file."""
    return load_bytes(path.read_bytes())


def load_bytes(whole: bytes) -> Item:
    """The data set in the bytes of a Part 10 file (PS3.10 7.1)."""
    assert whole[128:132] == b"DICM"
    length = int.from_bytes(whole[140:144], "little")
    meta, body = whole[144 : 144 + length], whole[144 + length :]
    at = meta.index(_TRANSFER_SYNTAX)
    size = int.from_bytes(meta[at + 6 : at + 8], "little")
    syntax = meta[at + 8 : at + 8 + size].rstrip(b"\0").decode()
    if syntax == DEFLATED:
        body = zlib.decompress(body, -zlib.MAX_WBITS)
    return scan(body, implicit=syntax == IMPLICIT)
