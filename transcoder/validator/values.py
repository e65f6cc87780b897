"""Syntax of values by value representation, on undecoded bytes (PS3.5 section 6.2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from math import isinf
from typing import NamedTuple

import numpy as np

from transcoder.validator import charsets

__all__ = ["BINARY", "MULTI", "Fault", "count", "fault"]


class Fault(NamedTuple):
    """What is wrong with a value: code of the finding and message, never the value itself; where below it."""

    code: str
    message: str
    below: str = ""


BINARY = {
    "AT": 4, "FD": 8, "FL": 4, "OB": 1, "OD": 8, "OF": 4, "OL": 4, "OV": 8, "OW": 2,
    "SL": 4, "SS": 2, "SV": 8, "UL": 4, "US": 2, "UV": 8, "UN": 1,
}  # fmt: skip
# Representations in which the backslash parts values.
MULTI = frozenset(["AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "PN", "SH", "TM", "UC", "UI"])
_COUNTED = {vr: size for vr, size in BINARY.items() if vr[0] != "O" and vr != "UN"}
_TEXT_LIMITS = {"SH": 16, "LO": 64, "PN": 64, "ST": 1024, "LT": 10240, "UC": 0, "UT": 0, "UR": 0}
_PARAGRAPHS = frozenset(["ST", "LT", "UT"])

_TIME = rb"(?:[01]\d|2[0-3])(?:[0-5]\d(?:(?:[0-5]\d|60)(?:\.\d{1,6})?)?)?"
_DATE = rb"\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_ONE = {
    "AE": rb"[\x20-\x5b\x5d-\x7e]{0,16}",
    "AS": rb"\d{3}[DWMY]",
    "CS": rb"[A-Z0-9_ ]{0,16}",
    "DA": _DATE,
    "DS": rb"(?=[^\\]{0,16}(?:\\|\Z)) *[+-]?(?:\d++\.?\d*+|\.\d++)(?:[eE][+-]?\d++)? *+",
    "DT": rb"\d{4}(?:(?:0[1-9]|1[0-2])(?:(?:0[1-9]|[12]\d|3[01])(?:%s)?)?)?(?:[+-](?:0\d|1[0-4])[0-5]\d)? *" % _TIME,
    "IS": rb"(?=[^\\]{0,12}(?:\\|\Z)) *[+-]?\d+ *",
    "TM": _TIME + rb" *",
    "UI": rb"(?=[^\\]{0,64}(?:\\|\Z))(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))*",
}
# Values may be empty between backslashes (PS3.5 section 6.4). Each value is atomic: without that, a fault behind a
# hundred good values would be looked for in every way the good ones can be read.
_WHOLE = {vr: re.compile(rb"(?>(?:%s)?)(?>\\(?:%s)?)*+" % (one, one)) for vr, one in _ONE.items()}
_SINGLE = {vr: re.compile(rb"(?:%s)?" % one) for vr, one in _ONE.items()}
_LENGTHS = {"AE": 16, "AS": 4, "CS": 16, "DA": 8, "DS": 16, "DT": 26, "IS": 12, "TM": 14, "UI": 64}
_REPERTOIRES = {
    "AE": re.compile(rb"[\x20-\x7e]*"),
    "AS": re.compile(rb"[0-9DWMY]*"),
    "CS": re.compile(rb"[A-Z0-9_ ]*"),
    "DA": re.compile(rb"[0-9]*"),
    "DS": re.compile(rb"[0-9+\-eE. ]*"),
    "DT": re.compile(rb"[0-9+\-. ]*"),
    "IS": re.compile(rb"[0-9+\- ]*"),
    "TM": re.compile(rb"[0-9. ]*"),
    "UI": re.compile(rb"[0-9.]*"),
}
_CONTROL = re.compile(rb"[\x00-\x1a\x1c-\x1f\x7f]")  # ESC begins a code extension
_CONTROL_IN_PARAGRAPH = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_MAX_INTEGER = 2**31
_REAL = {"FL": "<f4", "OF": "<f4", "FD": "<f8", "OD": "<f8"}


def count(vr: str, raw: bytes, sets: Sequence[str] = charsets.DEFAULT) -> int:
    """The number of values; 1 for representations that hold one value only."""
    if not raw.strip(b" \0") and vr in MULTI:
        return 0
    if vr in MULTI:
        # The second byte of a character may look like the delimiter (PS3.5 6.1.2.5).
        text = charsets.decode(raw, sets) if b"\\" in raw and not _is_plain(raw) else None
        return (raw.count(b"\\") if text is None else text.count("\\")) + 1
    size = _COUNTED.get(vr)
    return len(raw) // size if size else int(bool(raw))


def fault(vr: str, raw: bytes, sets: Sequence[str] = charsets.DEFAULT) -> Fault | None:
    """The first thing wrong with a value, None when it follows its representation."""
    whole = _WHOLE.get(vr)
    if whole is not None:
        return _string_fault(vr, raw, whole)
    if vr in _TEXT_LIMITS:
        return _text_fault(vr, raw, sets)
    size = BINARY.get(vr)
    if size is None:
        return Fault("V120", f"value representation {vr!r} is unknown")
    if len(raw) % size:
        return Fault("V122", f"length {len(raw)} is no multiple of {size}")
    if vr in _REAL and not np.isfinite(np.frombuffer(raw, _REAL[vr])).all():
        return Fault("V122", "not a finite number")
    return None


def _string_fault(vr: str, raw: bytes, whole: re.Pattern[bytes]) -> Fault | None:
    padded = raw
    raw = raw[:-1] if raw[-1:] == (b"\0" if vr == "UI" else b" ") else raw
    if whole.fullmatch(raw):
        return _EXTRA[vr](raw) if vr in _EXTRA else None
    stripped = padded.rstrip(b" \0")
    if stripped != raw and whole.fullmatch(stripped):
        return Fault("V128", "padding is not the one of the value representation")
    parts = raw.split(b"\\")
    for place, part in enumerate(parts):
        if not _SINGLE[vr].fullmatch(part):
            return _part_fault(vr, part, place, len(parts))
    return Fault("V122", f"value is no {vr}")


def _part_fault(vr: str, part: bytes, place: int, of: int) -> Fault:
    which = f"value {place + 1} of {of}" if of > 1 else "value"
    if len(part) > _LENGTHS[vr]:
        return Fault("V123", f"{which} has {len(part)} characters, {vr} allows {_LENGTHS[vr]}")
    if not _REPERTOIRES[vr].fullmatch(part):
        return Fault("V124", f"{which} holds a character that {vr} does not allow")
    return Fault("V122", f"{which} is no {vr}")


def _dates(raw: bytes) -> Fault | None:
    for part in raw.split(b"\\"):
        if part and part[6:8] > b"28" and not _is_day(part):
            return Fault("V122", "there is no such day")
    return None


def _moments(raw: bytes) -> Fault | None:
    for part in raw.split(b"\\"):
        if part[6:8] > b"28" and part[:8].isdigit() and not _is_day(part[:8]):
            return Fault("V122", "there is no such day")
    return None


def _is_day(part: bytes) -> bool:
    try:
        date(int(part[:4]), int(part[4:6]), int(part[6:8]))
    except ValueError:
        return False
    return True


def _integers(raw: bytes) -> Fault | None:
    if len(raw) < 10:
        return None
    for part in raw.split(b"\\"):
        if part.strip() and not -_MAX_INTEGER <= int(part) < _MAX_INTEGER:
            return Fault("V122", "value is outside the range of a 32-bit integer")
    return None


def _decimals(raw: bytes) -> Fault | None:
    """A number that no rule can compare, because it is beyond the range of double precision, is none."""
    if (b"e" in raw or b"E" in raw) and any(isinf(float(part)) for part in raw.split(b"\\") if part.strip()):
        return Fault("V122", "number is beyond the range of double precision")
    return None


def _roots(raw: bytes) -> Fault | None:
    """Object identifiers begin with 0, 1 or 2 and have at least two components (ISO/IEC 8824, PS3.5 section 9)."""
    for part in raw.split(b"\\"):
        if part and (part[:1] not in b"012" or part[1:2] != b"."):
            return Fault("V122", "identifier does not begin with 0, 1 or 2 and a further component")
    return None


_EXTRA: dict[str, Callable[[bytes], Fault | None]] = {
    "DA": _dates,
    "DS": _decimals,
    "DT": _moments,
    "IS": _integers,
    "UI": _roots,
}


def _text_fault(vr: str, raw: bytes, sets: Sequence[str]) -> Fault | None:
    control = _CONTROL_IN_PARAGRAPH if vr in _PARAGRAPHS else _CONTROL
    body = raw[:-1] if raw[-1:] == b"\0" else raw
    if control.search(body):
        return Fault("V124", "text holds a control character")
    if body is not raw:
        return Fault("V128", "text is padded with a zero byte")
    if vr == "UR" and (raw[:1] == b" " or not raw.isascii()):
        return Fault("V122", "value is no UR")
    text = raw.decode("ascii") if _is_plain(raw) else charsets.decode(raw, sets)
    if text is None:
        return Fault("V125", "text does not follow Specific Character Set")
    limit = _TEXT_LIMITS[vr]
    if limit and len(text) > limit:
        return _long_text(vr, text, limit)
    return _name_fault(text) if vr == "PN" else None


def _is_plain(raw: bytes) -> bool:
    return raw.isascii() and b"\x1b" not in raw


def _long_text(vr: str, text: str, limit: int) -> Fault | None:
    values = [text] if vr in _PARAGRAPHS else text.split("\\")
    if vr == "PN":
        values = [group for value in values for group in value.split("=")]
    longest = max(len(value.rstrip(" ") if vr in _PARAGRAPHS else value.strip(" ")) for value in values)
    if longest > limit:
        return Fault("V123", f"text has {longest} characters, {vr} allows {limit}")
    return _name_fault(text) if vr == "PN" else None


def _name_fault(text: str) -> Fault | None:
    for name in text.split("\\"):
        groups = name.split("=")
        if len(groups) > 3:
            return Fault("V122", "name has more than three component groups")
        if any(group.count("^") > 4 for group in groups):
            return Fault("V122", "name has more than five components")
    return None
