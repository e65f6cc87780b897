"""Undecoded values <-> numbers and texts (PS3.5 section 6.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from pydicom.charset import (
    CODES_TO_ENCODINGS,
    STAND_ALONE_ENCODINGS,
    convert_encodings,
    decode_bytes,
    default_encoding,
    encode_string,
    python_encoding,
)
from pydicom.valuerep import format_number_as_ds

from transcoder.dicom.elements import Element

__all__ = [
    "NUMERIC_VRS",
    "TEXT_VRS",
    "Texts",
    "ValueFault",
    "decimal",
    "encode_numbers",
    "numbers",
    "parse_decimals",
    "whole_number",
]

Numbers = NDArray[np.float64]

# numpy type of each binary VR (PS3.5 Table 6.2-1), little endian.
_BINARY = {"FD": "<f8", "FL": "<f4", "OF": "<f4", "OD": "<f8", "US": "<u2", "UL": "<u4", "SS": "<i2", "SL": "<i4"}
NUMERIC_VRS = frozenset([*_BINARY, "DS", "IS"])
TEXT_VRS = frozenset(["AE", "AS", "CS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT"])
_SINGLE = frozenset(["LT", "ST", "UR", "UT"])
# VRs whose characters depend on Specific Character Set (PS3.5 6.1.2.3).
_CODED_VRS = frozenset(["LO", "LT", "PN", "SH", "ST", "UC", "UT"])
# Behind these the character set is the first one again (PS3.5 6.1.2.5.3).
_DELIMITERS = {"PN": b"\\^=\r\n\t\f"}
_LONGEST = {"DS": 16, "IS": 12}
_ALLOWED = b"0123456789+-.eE \\"
_SPACED = re.compile(rb"(?<=[0-9.eE+-]) +(?=[0-9.eE+-])")


class ValueFault(ValueError):  # noqa: N818 - what it is, in plain words
    """A value cannot be read as its VR demands; ``code`` is the finding's code. The value is not repeated."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def parse_decimals(text: bytes, vr: str, *, lenient: bool = False) -> list[float]:
    """The numbers of a DS or IS value; raises :class:`ValueFault`.

    ``lenient`` also reads what is unambiguous although the VR forbids it: blanks inside a number, and too many
    characters (decision 16).
    """
    if lenient:
        text = _SPACED.sub(b"", text)
    if text.translate(None, _ALLOWED) or (vr == "IS" and text.translate(None, b"0123456789+- \\")):
        raise ValueFault("T001", f"characters that {vr} does not permit")
    parts = text.split(b"\\")
    if not lenient and max(map(len, parts)) > _LONGEST[vr] and max(len(part.strip()) for part in parts) > _LONGEST[vr]:
        raise ValueFault("T002", f"more than {_LONGEST[vr]} characters, which {vr} does not permit")
    try:
        return list(map(float, parts))
    except ValueError:
        raise ValueFault("T003", f"not a number as {vr} writes it") from None


def numbers(element: Element, *, lenient: bool = False) -> Numbers | None:
    """The numbers (k,) of an element, None when it is empty; raises :class:`ValueFault`."""
    raw = element.raw
    if element.vr in _BINARY:
        if not raw:
            return None
        kind = np.dtype(_BINARY[element.vr])
        if len(raw) % kind.itemsize:
            raise ValueFault("T003", f"{len(raw)} bytes are no whole number of {element.vr} values")
        values = np.frombuffer(raw, kind).astype(np.float64)
    elif element.vr in ("DS", "IS"):
        text = raw.strip(b" \0")
        if not text:
            return None
        values = np.array(parse_decimals(text, element.vr, lenient=lenient))
    else:
        raise ValueFault("T003", f"{element.vr} holds no numbers")
    if not np.isfinite(values).all():
        raise ValueFault("T004", "not a finite number")
    return values


def whole_number(element: Element | None) -> int | None:
    """The first number of an element as a whole one, None where there is none or it cannot be read."""
    try:
        held = numbers(element) if element is not None else None
    except ValueFault:
        return None
    return None if held is None or held[0] != held[0] else int(held[0])


def encode_numbers(values: Numbers, vr: str) -> bytes:
    """Numbers (k,) as the value of a numeric VR; raises :class:`ValueFault` beyond its range."""
    if vr == "DS":
        return b"\\".join(map(_decimal_bytes, values.tolist()))
    whole = np.rint(values)
    if vr == "IS" or _BINARY[vr][1] in "ui":
        low, high = (-(2**31), 2**31 - 1) if vr == "IS" else _range(vr)
        if (np.abs(whole - values) > 1e-9).any() or (whole < low).any() or (whole > high).any():
            raise ValueFault("T005", f"not a whole number within the range of {vr}")
        if vr == "IS":
            return b"\\".join([b"%d" % int(value) for value in whole])
        return whole.astype(_BINARY[vr]).tobytes()
    return values.astype(_BINARY[vr]).tobytes()


@cache
def _range(vr: str) -> tuple[int, int]:
    info = np.iinfo(np.dtype(_BINARY[vr]))
    return int(info.min), int(info.max)


# Machines move in tenths of a millimetre or degree, so that a plan repeats most of its numbers.
@lru_cache(maxsize=1 << 14)
def _decimal_bytes(value: float) -> bytes:
    return decimal(value).encode()


def decimal(value: float) -> str:
    """The shortest decimal string of at most 16 characters that is nearest to ``value``."""
    text = repr(value + 0.0)
    text = text.removesuffix(".0")
    return text if len(text) <= 16 else format_number_as_ds(value)


class Texts:
    """Decodes and encodes text under one Specific Character Set (PS3.3 C.12.1.1.2)."""

    def __init__(self, terms: Sequence[str] = ()) -> None:
        self.terms = tuple(terms)
        self._encodings: list[str] = list(convert_encodings(list(terms) or ["ISO_IR 6"]))
        readable = (*self._encodings, default_encoding)
        self._escapes = tuple(code for code, encoding in CODES_TO_ENCODINGS.items() if encoding in readable)

    @classmethod
    def of(cls, element: Element | None) -> Texts:
        """The character set that an element (0008,0005) names; raises :class:`ValueFault` for an unknown one."""
        if element is None or element.is_empty():
            return cls()
        terms = [part.strip() for part in element.raw.decode("ascii", "replace").split("\\")]
        # Checked beforehand, because pydicom only warns and warnings are state that threads share.
        standalone = [term for term in terms if term in STAND_ALONE_ENCODINGS]
        if any(term not in python_encoding for term in terms) or (standalone and len(terms) > 1):
            raise ValueFault("T006", "Specific Character Set names no character set of C.12.1.1.2")
        return cls(terms)

    def decode(self, element: Element) -> list[str]:
        """The values of a text element; an empty list when it is empty. Raises :class:`ValueFault`."""
        raw = element.raw.rstrip(b" \0") if element.vr != "UI" else element.raw.rstrip(b"\0 ")
        if not raw:
            return []
        # Multi-byte text of ISO 2022 hides behind escape sequences in seven bits.
        if element.vr in _CODED_VRS and (not raw.isascii() or b"\x1b" in raw):
            text = self.whole(raw, element.vr)
        else:
            text = raw.decode("latin-1" if element.vr not in _CODED_VRS else "ascii", "replace")
        parts = [text] if element.vr in _SINGLE else text.split("\\")
        return [part.rstrip() if element.vr in _SINGLE else part.strip() for part in parts]

    def whole(self, raw: bytes, vr: str) -> str:
        """All values of a text element as one text, delimiters included; raises :class:`ValueFault`."""
        fault = ValueFault("T007", "text that the Specific Character Set does not permit")
        if not self.terms or not all((b"\x1b" + part).startswith(self._escapes) for part in raw.split(b"\x1b")[1:]):
            raise fault
        try:
            if len(self._encodings) == 1:
                return raw.decode(self._encodings[0])
            text: str = decode_bytes(raw, self._encodings, set(_DELIMITERS.get(vr, b"\\\r\n\t\f")))
        except (UnicodeError, LookupError, UserWarning):
            raise fault from None
        if "\ufffd" in text:
            raise fault
        return text

    def encode(self, values: Sequence[str], vr: str) -> bytes:
        """Text values of one element; raises :class:`ValueFault` when the character set has no such character."""
        text = "\\".join(values)
        if text.isascii():
            return text.encode("ascii")
        fault = ValueFault("T007", "text that the Specific Character Set cannot write")
        if vr not in _CODED_VRS:
            raise fault
        try:
            if len(self._encodings) == 1:
                return text.encode(self._encodings[0])
            raw = bytes(encode_string(text, self._encodings))
        except (UnicodeError, UserWarning):
            raise fault from None
        if self.whole(raw, vr) != text:
            raise fault
        return raw
