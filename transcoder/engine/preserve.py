"""Keeps the whole source inside a set, so that the way back restores it byte for byte.

A private block of the RT Radiation Set, creator ``RT TRANSCODER SOURCE``, group 0099:

====  ==  ===================================================================================
xx01  CS  form of the content: ``FILE``
xx02  OB  the source file as it was read, a padding byte behind an odd length
xx03  LO  SHA-256 of the source file, in hexadecimal
xx04  UL  length of the source file in bytes
xx05  UI  SOP Instance UID of the source
====  ==  ===================================================================================

The block holds everything of the source, patient data and private elements included; whoever removes identifying
attributes must remove it too. It is written only where the caller asks (``--preserve``). The content is not
compressed: builds of a compressor differ, and the same source must give the same bytes on any machine.
"""

from __future__ import annotations

import hashlib

from transcoder.dicom.elements import Item, encode
from transcoder.dicom.files import encode_file
from transcoder.dicom.instance import Instance

__all__ = ["CREATOR", "embed", "is_block", "restore"]

CREATOR = "RT TRANSCODER SOURCE"
_GROUP = 0x0099
_BLOCK = 0x10
_CREATOR_TAG = _GROUP << 16 | _BLOCK
_FORM, _CONTENT, _DIGEST, _LENGTH, _UID = ((_GROUP << 16 | _BLOCK << 8) + number for number in range(1, 6))


def embed(root: Item, source: Instance) -> int:
    """Put the source into the data set; returns the number of elements put."""
    content = source.raw or encode_file(encode(source.item), source.sop_class_uid, source.sop_instance_uid)
    rows = (
        (_CREATOR_TAG, "LO", CREATOR.encode()),
        (_FORM, "CS", b"FILE"),
        (_CONTENT, "OB", content + b"\0" * (len(content) % 2)),
        (_DIGEST, "LO", hashlib.sha256(content).hexdigest().encode()),
        (_LENGTH, "UL", len(content).to_bytes(4, "little")),
        (_UID, "UI", source.sop_instance_uid.encode()),
    )
    for tag, vr, value in rows:
        root.put(tag, vr, value)
    return len(rows)


def is_block(tag: int) -> bool:
    """Whether a tag belongs to the group of the block, that of its creator element included."""
    return tag >> 16 == _GROUP


def restore(root: Item) -> bytes | None:
    """The source file that a data set holds, None where it holds none; raises ValueError when it was altered."""
    creator = root.get(_CREATOR_TAG)
    if creator is None or creator.raw.strip(b" \0").decode("ascii", "replace") != CREATOR:
        return None
    content = root[_CONTENT].raw[: int.from_bytes(root[_LENGTH].raw, "little")]
    digest = root[_DIGEST].raw.strip(b" \0").decode("ascii", "replace")
    if hashlib.sha256(content).hexdigest() != digest:
        raise ValueError("the preserved source does not match its digest")
    return content
