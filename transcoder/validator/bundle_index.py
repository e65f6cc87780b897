"""Summaries by SOP Instance UID, as the rules across instances look them up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from transcoder.findings import Finding
from transcoder.validator.summary import Summary

__all__ = ["Index", "Judged", "differs"]

Judged: TypeAlias = tuple[int, Finding]


class Index:
    """The summaries of one call in order, and by SOP Instance UID (the first where two share one)."""

    def __init__(self, summaries: Iterable[Summary]) -> None:
        self.summaries: list[Summary] = list(summaries)
        self._places: dict[str, int] = {}
        for place, summary in enumerate(self.summaries):
            if summary.instance:
                self._places.setdefault(summary.instance, place)

    def get(self, instance: str) -> Summary | None:
        """The summary of an instance, ``None`` when it is not among the inputs."""
        place = self._places.get(instance)
        return None if place is None else self.summaries[place]


def differs(left: str, right: str) -> bool:
    """Whether two identifiers are both given and unequal."""
    return bool(left and right and left != right)
