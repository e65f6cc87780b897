"""A term that the other generation has no attribute for, kept at the head of a description."""

from __future__ import annotations

from transcoder.codecs.registry import codec

__all__ = ["Described"]

BETWEEN = ": "


@codec(
    "described",
    first="text text",
    second="text",
    required=0,
    normalises="a term that the standard does not define stays in the description, a description that begins with one "
    "that it does is taken apart",
)
class Described:
    """A defined term and a description <-> one description that begins with the term: ``ELECTRON_SQUARE: 10 x 10``.

    ``terms`` are those of the standard; nothing else at the head of a description is taken for one.
    """

    @staticmethod
    def forward(
        term: list[str] | None, description: list[str] | None, terms: tuple[str, ...]
    ) -> tuple[list[str] | None]:
        parts = [value[0].strip() for value in (term, description) if value and value[0].strip()]
        return ([BETWEEN.join(parts)] if parts else None,)

    @staticmethod
    def backward(description: list[str], terms: tuple[str, ...]) -> tuple[list[str] | None, list[str] | None]:
        head, _, rest = description[0].partition(BETWEEN)
        if head in terms:
            return [head], [rest] if rest else None
        return None, description
