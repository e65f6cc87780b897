"""DICOM files in and out (PS3.10 section 7), with and without their header; folders and DICOMDIRs."""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from transcoder.dicom.elements import Damaged, Item, encode_element, scan, tag_of
from transcoder.dicom.instance import Instance
from transcoder.findings import Finding, Severity

__all__ = [
    "IMPLEMENTATION_CLASS_UID",
    "IMPLEMENTATION_VERSION",
    "Unread",
    "decode",
    "encode_file",
    "file_meta",
    "find_files",
    "read_file",
    "read_instances",
    "replacing",
    "write_file",
]

_PREAMBLE = 128
_PREFIX = b"DICM"
_START = _PREAMBLE + len(_PREFIX)
IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
# Names this implementation in what it writes (PS3.10 7.1); the UID is under the 2.25 root.
IMPLEMENTATION_CLASS_UID = "2.25.221283416894270943312470286893150519213"
IMPLEMENTATION_VERSION = "RT_TRANSCODER_01"
# A data set without a header starts with group 8 (or with a header that lost its preamble).
_FIRST_GROUPS = (0x0008, 0x0002)


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that gave no instance: skipped (not DICOM) or failed (damaged), with the finding that says why."""

    path: str
    status: str
    finding: Finding


def find_files(sources: Iterable[Path]) -> Iterator[Path]:
    """Every file that the sources name: files as they are, folders recursively, DICOMDIRs by their records."""
    for source in sources:
        if source.is_dir():
            for folder, names, files in os.walk(source):
                names.sort()
                yield from (Path(folder) / name for name in sorted(files) if name != "DICOMDIR")
        elif source.name == "DICOMDIR":
            yield from _listed(source)
        else:
            yield source


def _listed(directory: Path) -> Iterator[Path]:
    """The files that a DICOMDIR's records name (PS3.3 F.3)."""
    unread = read_file(directory)
    if isinstance(unread, Unread):
        yield directory
        return
    records = unread.item.get(tag_of("DirectoryRecordSequence"))
    for record in records.items if records is not None else []:
        name = record.get(tag_of("ReferencedFileID"))
        if name is not None and not name.is_empty():
            parts = [part.strip() for part in name.raw.decode("ascii", "replace").rstrip(" \0").split("\\")]
            # A File ID names files below the DICOMDIR's folder only (PS3.10 8.5).
            if not {"..", "."} & set(parts):
                yield directory.parent.joinpath(*parts)


def read_instances(sources: Iterable[Path]) -> Iterator[Instance | Unread]:
    """Each file of the sources, read; what cannot be read comes as :class:`Unread` and stops nothing."""
    for path in find_files(sources):
        yield read_file(path)


def read_file(path: Path) -> Instance | Unread:
    """One file, read whole."""
    shown = path.as_posix()
    if path.exists() and not path.is_file():
        # A pipe or a device has no end to wait for.
        return _unread(shown, "skipped", "S002", "not a file")
    try:
        raw = path.read_bytes()
    except OSError as error:
        return _unread(shown, "failed", "S001", f"cannot be read: {type(error).__name__}")
    if not _looks_like_dicom(raw):
        return _unread(shown, "skipped", "S002", "not a DICOM file")
    try:
        return Instance(decode(raw), shown, raw)
    except Damaged as damage:
        return _unread(shown, "refused", "S003", f"damaged: {damage.message}", damage.path)
    except (zlib.error, ValueError, LookupError, RecursionError) as error:
        return _unread(shown, "refused", "S003", f"damaged: {type(error).__name__}")


def _unread(path: str, status: str, code: str, message: str, place: str = "") -> Unread:
    severity = Severity.INFO if status == "skipped" else Severity.ERROR
    return Unread(path, status, Finding(code, severity, message, place, cite="PS3.10 7"))


def _looks_like_dicom(raw: bytes) -> bool:
    if raw[_PREAMBLE:_START] == _PREFIX:
        return True
    return len(raw) >= 8 and int.from_bytes(raw[:2], "little") in _FIRST_GROUPS and raw[3] == 0


def decode(raw: bytes) -> Item:
    """The data set of a file; raises :class:`Damaged`. A file without header is read as what fits."""
    if raw[_PREAMBLE:_START] == _PREFIX:
        return _decode_with_header(raw)
    start = _end_of_meta(raw, 0) if raw[:2] == b"\x02\x00" else 0
    return _decode_bare(raw, start)


def file_meta(raw: bytes) -> Item:
    """The file meta information of a file, empty for one without header; raises :class:`Damaged`."""
    if raw[_PREAMBLE:_START] == _PREFIX:
        return scan(raw, _START, _end_of_meta(raw, _START), implicit=False)
    return scan(raw, 0, _end_of_meta(raw, 0), implicit=False)


def _decode_with_header(raw: bytes) -> Item:
    start, meta = _end_of_meta(raw, _START), file_meta(raw)
    element = meta.get(tag_of("TransferSyntaxUID"))
    syntax = element.raw.rstrip(b"\0 ").decode("ascii", "replace") if element is not None else ""
    if not syntax:
        return _decode_bare(raw, start)
    if syntax == DEFLATED:
        return scan(zlib.decompress(raw[start:], -zlib.MAX_WBITS), implicit=False)
    if syntax == BIG_ENDIAN:
        return _from_big_endian(raw)
    return _decode_as(raw, start, implicit=syntax == IMPLICIT)


def _decode_as(raw: bytes, start: int, *, implicit: bool) -> Item:
    try:
        return scan(raw, start, implicit=implicit)
    except Damaged as damage:
        try:
            scan(raw, start, implicit=not implicit)
        except Damaged:
            raise damage from None
        said, is_ = ("implicit", "explicit") if implicit else ("explicit", "implicit")
        raise Damaged(f"the transfer syntax says {said} VR, the data set is encoded with {is_} VR") from None


def _end_of_meta(raw: bytes, start: int) -> int:
    """Where group 0002 ends, whatever its group length says (PS3.10 7.1: explicit VR little endian)."""
    position = start
    while raw[position : position + 2] == b"\x02\x00":
        if position + 12 > len(raw):
            raise Damaged("the file ends inside its meta information")
        long = raw[position + 4 : position + 6] in (b"OB", b"UN", b"OW", b"UT")
        size = raw[position + 8 : position + 12] if long else raw[position + 6 : position + 8]
        position += (12 if long else 8) + int.from_bytes(size, "little")
    return position


def _decode_bare(raw: bytes, start: int) -> Item:
    # The two bytes behind the first tag are a VR in explicit encoding and a length in implicit.
    explicit = raw[start + 4 : start + 6].isalpha() and raw[start + 4 : start + 6].isupper()
    try:
        return scan(raw, start, implicit=not explicit)
    except Damaged as damage:
        try:
            return scan(raw, start, implicit=explicit)
        except Damaged:
            raise damage from None


def _from_big_endian(raw: bytes) -> Item:
    """Big endian is retired and rare: pydicom turns it round."""
    import pydicom
    from pydicom.filewriter import dcmwrite

    data = pydicom.dcmread(BytesIO(raw))
    list(data.iterall())
    buffer = BytesIO()
    del data.file_meta
    data.preamble = None
    dcmwrite(buffer, data, implicit_vr=False, little_endian=True, force_encoding=True)
    return scan(buffer.getvalue(), implicit=False)


def encode_file(data: bytes, sop_class_uid: str, sop_instance_uid: str) -> bytes:
    """A Part 10 file around an encoded data set (explicit VR little endian)."""
    rows = (
        (0x00020001, "OB", b"\0\1"),
        (0x00020002, "UI", sop_class_uid.encode()),
        (0x00020003, "UI", sop_instance_uid.encode()),
        (0x00020010, "UI", EXPLICIT.encode()),
        (0x00020012, "UI", IMPLEMENTATION_CLASS_UID.encode()),
        (0x00020013, "SH", IMPLEMENTATION_VERSION.encode()),
    )
    meta = b"".join(encode_element(tag, vr, value) for tag, vr, value in rows)
    length = encode_element(0x00020000, "UL", len(meta).to_bytes(4, "little"))
    return b"\0" * _PREAMBLE + _PREFIX + length + meta + data


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with _replacing(path, "wb") as file:
        file.write(content)


@contextmanager
def replacing(path: Path) -> Iterator[IO[str]]:
    """A text file to write into, which takes its place when all is written, or not at all."""
    with _replacing(path, "w") as file:
        yield file


@contextmanager
def _replacing(path: Path, mode: str) -> Iterator[IO[Any]]:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".partial-")
    try:
        with os.fdopen(handle, mode, encoding=None if "b" in mode else "utf-8") as file:
            yield file
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
