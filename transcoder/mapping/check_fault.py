"""A fault of a sheet that the static check found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from transcoder.mapping.model import Mark
from transcoder.mapping.suggest import suggestion

__all__ = ["Fault", "fault"]


@dataclass(frozen=True, slots=True)
class Fault:
    """Where, its code, what is wrong, and what may have been meant; prints as one line."""

    mark: Mark
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.mark}: {self.code} {self.message}"


def fault(mark: Mark, code: str, message: str, word: str = "", known: Iterable[str] = ()) -> Fault:
    """A fault with the nearest of the words that would have been right."""
    return Fault(mark, code, message + (suggestion(word, known) if word else ""))
