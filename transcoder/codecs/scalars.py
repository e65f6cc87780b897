"""Values that keep their meaning: numbers, texts, units, choices and labels."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import Any, ClassVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from transcoder.codecs.registry import Assumed, Code, Refused, codec

__all__ = ["DeriveUid", "FirstOf", "Label", "Number", "Numbered", "Offset", "Scale", "Text"]

Number_ = NDArray[np.float64]


@codec(
    "stated",
    first="text",
    second="text",
    required=0,
    normalises="what the standard lets an absent value mean is written out",
)
class Stated:
    """A text whose absence has a meaning by the standard <-> the text, with that meaning written out."""

    @staticmethod
    def forward(value: list[str] | None, absent: str) -> tuple[list[str]]:
        return (value or [absent],)

    @staticmethod
    def backward(value: list[str], absent: str) -> tuple[list[str]]:
        return (value,)


@codec("number", first="number", second="number")
class Number:
    """The same number in the same unit, whatever the VR: number (..., k) <-> number (..., k)."""

    @staticmethod
    def forward(value: Number_) -> tuple[Number_]:
        return (value,)

    @staticmethod
    def backward(value: Number_) -> tuple[Number_]:
        return (value,)


@codec("text", first="text", second="text")
class Text:
    """The same text, where the VR of the other side differs."""

    @staticmethod
    def forward(value: list[str]) -> tuple[list[str]]:
        return (value,)

    @staticmethod
    def backward(value: list[str]) -> tuple[list[str]]:
        return (value,)


@codec("term", first="text", second="text")
class Term:
    """A text <-> the same text, which must be one of the ``known`` terms of the first generation on the way back."""

    @staticmethod
    def forward(value: list[str], known: tuple[str, ...]) -> tuple[list[str]]:
        return (value,)

    @staticmethod
    def backward(value: list[str], known: tuple[str, ...]) -> tuple[list[str]]:
        if any(each and each not in known for each in value):
            raise Refused("T220", f"an RT Plan knows only {' and '.join(known)}")
        return (value,)


@codec(
    "same_number",
    first="number",
    second="number number",
)
class SameNumber:
    """One number (1,) <-> the same number twice, because two attributes of the second generation must agree."""

    @staticmethod
    def forward(value: Number_) -> tuple[Number_, Number_]:
        return value, value

    @staticmethod
    def backward(value: Number_, other: Number_) -> tuple[Number_]:
        if value[0] != other[0]:
            raise Refused("T222", "what is described in another plane than that of the isocenter has no scaled form")
        return (value,)


@codec("code", first="code", second="code")
class Coded:
    """The same coded concept."""

    @staticmethod
    def forward(value: Code) -> tuple[Code]:
        return (value,)

    @staticmethod
    def backward(value: Code) -> tuple[Code]:
        return (value,)


@codec("scale", first="number", second="number")
class Scale:
    """Another unit: second = first x ``by``, a ratio written ``numerator/denominator``.

    The two factors are applied one after the other, so that a whole ratio stays exact.
    """

    @staticmethod
    def forward(value: Number_, by: str) -> tuple[Number_]:
        ratio = Fraction(by)
        return (value * ratio.numerator / ratio.denominator,)

    @staticmethod
    def backward(value: Number_, by: str) -> tuple[Number_]:
        ratio = Fraction(by)
        return (value * ratio.denominator / ratio.numerator,)


@codec("offset", first="number", second="number")
class Offset:
    """An index counted from another start: second = first + ``by``."""

    @staticmethod
    def forward(value: Number_, by: int) -> tuple[Number_]:
        return (value + by,)

    @staticmethod
    def backward(value: Number_, by: int) -> tuple[Number_]:
        return (value - by,)


@codec("first_of", first="text*", second="text", required=0, normalises="which of several texts was the one carried")
class FirstOf:
    """The first of several texts that has a value; on the way back it goes to text number ``back``."""

    @staticmethod
    def forward(*values: list[str] | None, back: int = 0, longest: int = 64) -> tuple[list[str] | None]:
        for value in values:
            if value and value[0].strip():
                line = " ".join(value[0].split())
                return ([line],) if len(line) <= longest else ([line[: longest - 3] + "..."],)
        return (None,)

    @staticmethod
    def lost(*values: list[str] | None, back: int = 0, longest: int = 64) -> tuple[bool, ...]:
        """All texts but the first with a value, and that one too where it is cut."""
        lines = [" ".join(value[0].split()) if value else "" for value in values]
        chosen = next((number for number, line in enumerate(lines) if line), -1)
        return tuple(bool(line) and (number != chosen or len(line) > longest) for number, line in enumerate(lines))

    @staticmethod
    def backward(value: list[str], back: int = 0, longest: int = 64) -> tuple[list[str] | None, ...]:
        return (*[None] * back, value)


@codec(
    "label",
    first="text text number",
    second="text text",
    required=0,
    normalises="a name that does not fit is cut and numbered, and stands whole in the description; a label that looks "
    "cut from its description is taken for that; blanks are single; a beam without a name gets one",
)
class Label:
    """A name and a description <-> a label of at most 16 characters, unique in its set, and a description.

    PS3.3 A.86.1.4.4.2 and 10.9.1: User Content Label is SH and differs between the radiations of a set. A name
    that is too long or taken is cut and given the beam's number; then the description holds the whole name.
    """

    MOST = 16

    @staticmethod
    def forward(
        name: list[str] | None, description: list[str] | None, number: Number_ | None, taken: Any = ()
    ) -> tuple[list[str], list[str] | None]:
        count = "" if number is None else str(int(number[0]))
        whole = " ".join((name[0] if name else "").split()) or f"Beam {count}".strip()
        label = whole
        if len(whole) > Label.MOST or whole in taken:
            label = Label.cut(whole, count)
        if label in taken:
            raise Refused("T140", "no label of 16 characters tells this beam from the others of its group")
        text = (description[0] if description else "").strip()
        if label != whole:
            text = whole
        text = " ".join(text.split())
        return [label], [text[:64]] if text else None

    @staticmethod
    def backward(
        label: list[str], description: list[str] | None, taken: Any = ()
    ) -> tuple[list[str], list[str] | None, None]:
        _, mark, tail = label[0].rpartition("~")
        text = description[0] if description else ""
        if mark and tail.isdigit() and text and label[0] == Label.cut(text, tail):
            return [text], None, None
        return label, description, None

    @staticmethod
    def lost(
        name: list[str] | None, description: list[str] | None, number: Number_ | None, taken: Any = ()
    ) -> tuple[bool, ...]:
        """A name longer than a description, and a description that gives way to the name or is cut."""
        label, shown = Label.forward(name, description, number, taken)
        kept = (shown or [""])[0]
        whole = " ".join((description[0] if description else "").split())
        stated = " ".join((name[0] if name else "").split())
        return bool(stated) and stated not in (label[0], kept), bool(whole) and whole != kept

    @staticmethod
    def cut(name: str, number: str) -> str:
        """A label of at most 16 characters from a name and a number."""
        tail = f"~{number}"
        return name[: Label.MOST - len(tail)].rstrip() + tail


@codec(
    "axis_distance",
    first="number",
    second="number number",
    settles="beam modifiers are described at the source-axis distance",
    normalises="beam modifiers are described at the source-axis distance",
)
class AxisDistance:
    """Source-axis distance (1,) mm <-> the same, and the distance at which beam modifiers are described (1,) mm.

    An RT Plan describes them at the isocenter (C.8.8.14); those of another plane are scaled (C.36.12.2.1).
    """

    @staticmethod
    def forward(value: Number_) -> tuple[Number_, Number_]:
        return value, value

    @staticmethod
    def backward(value: Number_, other: Number_ | None = None) -> tuple[Number_]:
        return (value,)


@codec(
    "numbered",
    first="text number",
    second="text",
    required=0,
    normalises="a name made of the word and a number is taken for the number; a number beside a name is not named",
    omits=(0, 1),
)
class Numbered:
    """A name, or where there is none, ``word`` and the item's number <-> a label that must have a value."""

    DIGITS = 10  # of the largest IS

    @staticmethod
    def forward(name: list[str] | None, number: Number_ | None, word: str) -> tuple[list[str]]:
        if name and name[0].strip():
            return (name[:1],)
        return ([word if number is None else f"{word} {int(number[0])}"],)

    @staticmethod
    def backward(label: list[str], word: str) -> tuple[list[str] | None, Number_ | None]:
        stem, _, tail = label[0].rpartition(" ")
        # Only a number as it would be written: "Wedge 01" is a name.
        if stem == word and tail.isdecimal() and tail == str(int(tail)) and len(tail) <= Numbered.DIGITS:
            return None, np.array([float(tail)])
        return (None if label[0] == word else label), None


@codec(
    "slot", first="number", second="text number", required=0, normalises="a distance without a slot's ID is left out"
)
class Slot:
    """The distance (1,) mm of an accessory's slot <-> slot ID and distance (C.36.2.2.3).

    A distance needs the slot's ``id``, which only the site knows; without it the ID is empty and no distance.
    """

    @staticmethod
    def forward(distance: Number_ | None, id: str | None = None) -> tuple[list[str], Number_ | list[str] | None]:  # noqa: A002 - the standard's word
        if not id:
            return [""], None
        # Beside a slot ID the distance is demanded, empty where it is unknown (Type 2C).
        return [id], [""] if distance is None else distance

    @staticmethod
    def backward(slot: list[str] | None, distance: Number_ | None, id: str | None = None) -> tuple[Number_ | None]:  # noqa: A002 - as above
        return (distance,)


@codec("accessory_code", first="text", second="text text text", required=0)
class AccessoryCode:
    """A code that a device reads <-> Device Alternate Identifier with its type and format (10.36).

    Type and format are demanded beside a value; where the site does not tell them they are BARCODE, the example
    that both generations give, and UNSPECIFIED.
    """

    @staticmethod
    def forward(
        value: list[str] | None,
        type: str | None = None,  # noqa: A002 - the standard's words
        format: str | None = None,  # noqa: A002 - as above
    ) -> tuple[list[str] | None, list[str] | Assumed | None, list[str] | Assumed | None]:
        if not value or not value[0]:
            return None, None, None
        return value[:1], [type] if type else Assumed(["BARCODE"]), [format] if format else Assumed(["UNSPECIFIED"])

    @staticmethod
    def backward(
        value: list[str] | None,
        kind: list[str] | None,
        form: list[str] | None,
        type: str | None = None,  # noqa: A002 - as above
        format: str | None = None,  # noqa: A002 - as above
    ) -> tuple[list[str] | None]:
        return (value,)


@codec(
    "mode_label",
    first="number text text",
    second="text",
    required=1,
    one_way="a display label made of energy, particle and fluence",
)
class ModeLabel:
    """Energy (1,), radiation type, fluence mode ID -> a label of at most 16 characters, such as ``6 MV FFF``."""

    UNITS: ClassVar[dict[str, str]] = {"PHOTON": "MV", "ELECTRON": "MeV"}

    @staticmethod
    def forward(energy: Number_, particle: list[str] | None, fluence: list[str] | None) -> tuple[list[str]]:
        unit = ModeLabel.UNITS.get(particle[0] if particle else "", "")
        text = f"{energy[0]:g} {unit} {fluence[0] if fluence else ''}"
        return ([" ".join(text.split())[:16].rstrip()],)


@codec(
    "detail_flag",
    first="number text",
    second="text",
    required=0,
    one_way="says how certain the second-generation content is",
)
class DetailFlag:
    """Metersets (n, 1) or None, and the rules that had to assume or leave out -> the detail flag (decision 4)."""

    @staticmethod
    def forward(meterset: Number_ | None, incomplete: list[str] | None) -> tuple[list[str]]:
        if meterset is None:
            return (["GEOMETRY_ONLY"],)
        return (["IDENT_ONLY" if incomplete else "FULL"],)


@codec(
    "derive_uid",
    first="text",
    second="text",
    one_way="a hash cannot be turned back; Definition Source names the source",
)
class DeriveUid:
    """The UID of a source instance, a role and keys -> a new UID under the 2.25 root (PS3.5 B.2, PS3.4 C.3.5).

    The same source, role, keys and mapping edition give the same UID on any machine. What is no instance but a
    place or a volume is ``stable``: it is the same under every edition.
    """

    @staticmethod
    def forward(
        source: list[str], role: str, key: tuple[Any, ...], edition: str, stable: bool = False
    ) -> tuple[list[str]]:
        parts = [source[0], role, "" if stable else edition, *(_key_text(part) for part in key)]
        digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
        return ([f"2.25.{_version_8(digest[:16])}"],)


def _version_8(digest: bytes) -> int:
    # RFC 9562 version 8: a UUID whose bits the application makes.
    return UUID(
        bytes=digest[:6] + bytes([digest[6] & 0x0F | 0x80, digest[7], digest[8] & 0x3F | 0x80]) + digest[9:]
    ).int


def _key_text(part: Any) -> str:
    if isinstance(part, np.ndarray):
        return ",".join(f"{value:.12g}" for value in part.tolist())
    if isinstance(part, list):
        return ",".join(map(str, part))
    return "" if part is None else str(part)
