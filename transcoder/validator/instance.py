"""Everything that the validator says of one instance: the one list of its checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from transcoder.dicom.elements import Item
from transcoder.findings import Finding
from transcoder.validator import common, couch, doses, fractions, geometry, points, provenance, references
from transcoder.validator.iod import check_tables
from transcoder.validator.once import told_once

__all__ = ["CHECKS", "check_instance"]

CHECKS: tuple[Callable[[Item], Iterable[Finding]], ...] = (
    check_tables,
    points.check,
    references.check,
    doses.check,
    fractions.check,
    provenance.check,
    common.check,
    geometry.check,
    couch.check,
)


def check_instance(item: Item) -> list[Finding]:
    """Everything found in one data set by the tables and by the rules that need no other instance."""
    return told_once(finding for check in CHECKS for finding in check(item))
