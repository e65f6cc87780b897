"""Summaries by SOP Instance UID, as the rules across instances look them up, and when two of them mean one thing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from transcoder.findings import Finding
from transcoder.validator.summary import Device, Summary

__all__ = ["Index", "Judged", "differs", "same_device", "same_patient"]

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


def same_patient(left: Summary, right: Summary) -> bool:
    """Whether two instances name one patient; an issuer that one of them leaves out says nothing (C.7.1.1)."""
    if left.issuer and right.issuer and left.issuer != right.issuer:
        return False
    return left.patient == right.patient


def same_device(left: Device, right: Device) -> bool:
    """Whether two identifications mean one device: the first identifier that both hold decides."""
    if any(one and other and one != other for one, other in zip(left.model, right.model, strict=True)):
        return False
    for one, other in zip(left[:3], right[:3], strict=True):
        if one and other:
            return one == other
    return True
