"""Named codecs: a pair of pure functions between first- and second-generation values, and the law that binds them.

A codec is a class with two static functions, ``forward`` and ``backward``. Each takes one value per path of its
side, and the arguments the rule gives by name; it returns one value per path of the other side. Values are

- ``number``   ndarray of float: shape (k,) for one element, (n, k) for a column over n control points
- ``text``     list of str: one entry per value, or per control point in a column
- ``stated``   list of str: one entry per control point, empty where the point does not state it
- ``code``     :class:`Code`
- ``None``     the element is absent or empty
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from transcoder.errors import TranscoderError

__all__ = [
    "ABSENT",
    "ASSEMBLERS",
    "CODECS",
    "COUNTING",
    "DISASSEMBLERS",
    "RECORDS",
    "Assumed",
    "Cell",
    "Code",
    "CodecInfo",
    "Lost",
    "Refused",
    "assembler",
    "codec",
    "disassembler",
]


class Code(NamedTuple):
    """A coded concept: value, scheme designator and meaning (PS3.3 section 8)."""

    value: str
    scheme: str
    meaning: str

    @property
    def key(self) -> tuple[str, str]:
        """What identifies the concept; the meaning is for people."""
        return self.value, self.scheme


class Assumed(NamedTuple):
    """A value that a codec had to assume; it is written, marked, and reported."""

    value: Any


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a record together with the source elements it comes from (opaque to codecs)."""

    value: Any
    sources: tuple[Any, ...] = ()

    def __bool__(self) -> bool:
        return self.value is not None


class Lost(NamedTuple):
    """Source elements that an assembler finds no place for: the finding's code (none where another one tells it),
    the reason, and the sequence in which they stand."""

    code: str
    reason: str
    place: str
    sources: tuple[Any, ...]


ABSENT = Cell(None)
"""What a source that is not there gives; most rules of a sheet read it."""


class Refused(TranscoderError):  # noqa: N818 - what a codec does, not what goes wrong inside it
    """A codec cannot convert these values: the finding's code and the reason, without identifying values.

    ``about`` is the place of the value at fault among those of its side.
    """

    def __init__(self, code: str, message: str, about: int = 0) -> None:
        super().__init__(message)
        self.code = code
        self.about = about


@dataclass(frozen=True, slots=True)
class CodecInfo:
    """What the registry knows of a codec: kinds of values per side, what it normalises, and its functions."""

    name: str
    first: tuple[str, ...]
    second: tuple[str, ...]
    required: int
    normalises: str
    one_way: str
    eager: bool
    settles: str
    settles_beside: tuple[str, ...]
    omits: tuple[int, ...]
    forward: Callable[..., Any]
    backward: Callable[..., Any] | None
    doc: str
    note: Callable[..., tuple[str, str, str] | None] | None
    lost: Callable[..., tuple[bool, ...]] | None


CODECS: dict[str, CodecInfo] = {}
ASSEMBLERS: dict[str, Callable[..., dict[str, list[Any]]]] = {}
DISASSEMBLERS: dict[str, Callable[..., dict[str, Any]]] = {}
# Those that number what several joined sets share: they take the numbers given so far.
COUNTING: set[str] = set()
# Of each assembler the lists it makes: the fields of their records, and whether a field always has a value.
RECORDS: dict[str, dict[str, dict[str, bool]]] = {}


def assembler(name: str, **makes: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function that makes lists of records from lists of records; each field is a :class:`Cell`.

    ``makes`` names each list and, separated by blanks, the fields of its records and the lists nested in it; those
    that may be without value end in ``?``.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        if name in ASSEMBLERS:
            raise ValueError(f"assembler '{name}' is registered twice")
        ASSEMBLERS[name] = function
        RECORDS[name] = {
            each: {field.rstrip("?"): not field.endswith("?") for field in fields.split()}
            for each, fields in makes.items()
        }
        return function

    return register


def disassembler(name: str, *, counts: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the way back of an assembler: from its lists of records to those that it takes, and notes of losses.

    One that ``counts`` is given ``counted``, a dictionary that it keeps over all joined sets.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        if name in DISASSEMBLERS:
            raise ValueError(f"the way back of assembler '{name}' is registered twice")
        DISASSEMBLERS[name] = function
        if counts:
            COUNTING.add(name)
        return function

    return register


def codec(
    name: str,
    first: str,
    second: str,
    *,
    required: int | None = None,
    normalises: str = "",
    one_way: str = "",
    eager: bool = False,
    settles: str = "",
    settles_beside: str = "",
    omits: tuple[int, ...] = (),
) -> Callable[[type], type]:
    """Register a class as the codec ``name``; its static ``note`` may tell a finding (code, message, section) of
    the same values, and ``lost`` which of the first-generation values do not arrive whole.

    ``first`` and ``second`` are the kinds of its values, separated by blanks; a last kind that ends in ``*``
    repeats. ``required`` is how many leading first-generation values must be there. ``normalises`` names what
    comes back equal in meaning but not in form; ``one_way`` is the reason why there is no ``backward``,
    ``eager`` says that ``backward`` has something to say even where its value is absent; ``settles`` names what
    the way back and out again gives in another form on the second side, with the same meaning, and ``settles_beside``
    the attributes of which one differs, too, wherever that is so. ``omits`` names the places
    among the first-generation values that may be left out for what ``normalises`` says, although they were read.
    """

    def register(cls: type) -> type:
        if name in CODECS:
            raise ValueError(f"codec '{name}' is registered twice")
        backward = getattr(cls, "backward", None)
        if (backward is None) != bool(one_way):
            raise ValueError(f"codec '{name}' has either a backward function or a reason for having none")
        kinds = tuple(first.split())
        CODECS[name] = CodecInfo(
            name=name,
            first=kinds,
            second=tuple(second.split()),
            required=len(kinds) if required is None else required,
            normalises=normalises,
            one_way=one_way,
            eager=eager,
            settles=settles,
            settles_beside=tuple(settles_beside.split()),
            omits=omits,
            forward=getattr(cls, "forward"),  # noqa: B009 - the class is only known by its shape
            backward=backward,
            doc=(cls.__doc__ or "").strip(),
            note=getattr(cls, "note", None),
            lost=getattr(cls, "lost", None),
        )
        return cls

    return register
