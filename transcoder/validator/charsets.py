"""Text under Specific Character Set, as far as a validator needs it (PS3.3 C.12.1.1.2, PS3.5 section 6.1)."""

from __future__ import annotations

from collections.abc import Sequence

from transcoder.dicom.values import Texts, ValueFault

__all__ = ["DEFAULT", "decode", "faulty_terms", "terms"]

DEFAULT: tuple[str, ...] = ()

# Defined terms of C.12.1.1.2 with the codec that reads them; terms with code extensions share the codec.
_SINGLE = {
    "": "ascii",
    "ISO_IR 6": "ascii",
    "ISO_IR 100": "latin_1",
    "ISO_IR 101": "iso8859_2",
    "ISO_IR 109": "iso8859_3",
    "ISO_IR 110": "iso8859_4",
    "ISO_IR 144": "iso8859_5",
    "ISO_IR 127": "iso8859_6",
    "ISO_IR 126": "iso8859_7",
    "ISO_IR 138": "iso8859_8",
    "ISO_IR 148": "iso8859_9",
    "ISO_IR 203": "iso8859_15",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 166": "tis_620",
}
_ALONE = {"ISO_IR 192": "utf_8", "GB18030": "gb18030", "GBK": "gbk"}
_EXTENDED = {term.replace("ISO_IR", "ISO 2022 IR"): codec for term, codec in _SINGLE.items() if term}
_MULTIBYTE = {
    "ISO 2022 IR 87": "iso2022_jp",
    "ISO 2022 IR 159": "iso2022_jp_2",
    "ISO 2022 IR 149": "euc_kr",
    "ISO 2022 IR 58": "gb2312",
}
_ESCAPE = b"\x1b"


def terms(raw: bytes) -> tuple[str, ...]:
    """The values of Specific Character Set, without padding."""
    return tuple(part.strip(b" \0").decode("latin-1") for part in raw.split(b"\\"))


def faulty_terms(sets: Sequence[str]) -> list[str]:
    """The values that are no defined terms, or that do not go together with others (C.12.1.1.2)."""
    if len(sets) == 1:
        return [term for term in sets if term not in _SINGLE and term not in _ALONE and term not in _EXTENDED]
    first, *others = sets
    faulty = [] if first in _SINGLE or first in _EXTENDED else [first]
    return faulty + [term for term in others if term not in _EXTENDED and term not in _MULTIBYTE]


def decode(raw: bytes, sets: Sequence[str]) -> str | None:
    """The text, or None when the bytes do not follow the character set."""
    first = sets[0] if sets else ""
    codec = _ALONE.get(first) or _SINGLE.get(first) or _EXTENDED.get(first)
    if codec is None:  # told once at the attribute itself
        return raw.decode("latin-1")
    if _ESCAPE in raw:
        return _extended(raw, sets)
    try:
        return raw.decode(codec)
    except UnicodeDecodeError:
        return None


def _extended(raw: bytes, sets: Sequence[str]) -> str | None:
    """Text with code extensions (PS3.5 6.1.2.5); an escape sequence of a set that is not named is a fault."""
    if sets and faulty_terms(sets):  # told once at the attribute itself
        return raw.decode("latin-1")
    try:
        return Texts(sets).whole(raw, "PN")
    except ValueFault:
        return None
