"""The validator: what breaks the standard in one instance or in several that belong together.

It knows nothing of the mapping; it takes data sets from anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from transcoder.dicom.elements import Item
from transcoder.findings import Finding
from transcoder.validate import points
from transcoder.validate.iod import check_tables

__all__ = ["check_bundle", "check_instance"]


def check_instance(item: Item) -> list[Finding]:
    """Everything found in one data set: tables, control points, references inside."""
    findings = check_tables(item)
    findings.extend(points.check(item))
    return findings


def check_bundle(items: Sequence[Item]) -> list[list[Finding]]:
    """The findings of each data set, those that come from looking at all of them together included."""
    return [check_instance(item) for item in items]
