"""Counts of fractions inside one instance: planned, intended and delivered (C.8.8.13, C.8.8.21, C.36.10)."""

from __future__ import annotations

from collections.abc import Iterator

from transcoder.dicom.elements import Item
from transcoder.findings import Finding
from transcoder.validator.catalogue_state import found
from transcoder.validator.raw import children, integer

__all__ = ["DELIVERED", "check", "delivered_fractions", "intended_fractions"]

# Where a treatment record counts the fraction of each delivery, with the section of the table.
DELIVERED = {
    "TreatmentSessionBeamSequence": "PS3.3 C.8.8.21",
    "TreatmentSessionIonBeamSequence": "PS3.3 C.8.8.26",
    "TreatmentSessionApplicationSetupSequence": "PS3.3 C.8.8.22",
}
CURRENT, PLANNED = "CurrentFractionNumber", "NumberOfFractionsPlanned"


def check(root: Item) -> Iterator[Finding]:
    """Findings about the fractions of one plan, set or record."""
    yield from _none(root, "IntendedNumberOfFractions", "", "PS3.3 C.36.10")
    yield from _none(root, PLANNED, "", "PS3.3 C.8.8.21")
    for place, group in enumerate(children(root, "FractionGroupSequence")):
        yield from _none(group, PLANNED, f"FractionGroupSequence[{place}]/", "PS3.3 C.8.8.13")
    planned = integer(root, PLANNED)
    for path, current, cite in delivered_fractions(root):
        if current < 0 or (planned is not None and current > planned):
            asked = f"of {planned} planned" if planned is not None else "is no count"
            yield found("V229", f"fraction {current} {asked}", path, cite)


def delivered_fractions(root: Item) -> Iterator[tuple[str, int, str]]:
    """Path, value and section of each fraction number that a record holds."""
    for sequence, cite in DELIVERED.items():
        for place, entry in enumerate(children(root, sequence)):
            current = integer(entry, CURRENT)
            if current is not None:
                yield f"{sequence}[{place}]/{CURRENT}", current, cite


def intended_fractions(root: Item) -> int | None:
    """The number of fractions that a set, or a record of its plan, names."""
    intended = integer(root, "IntendedNumberOfFractions")
    return integer(root, PLANNED) if intended is None else intended


def _none(item: Item, word: str, path: str, cite: str) -> Iterator[Finding]:
    value = integer(item, word)
    if value is not None and value < 1:
        yield found("V230", f"{value} fractions are none to deliver", f"{path}{word}", cite)
