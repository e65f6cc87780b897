"""The validator: what breaks the standard in one instance or in several that belong together.

It knows nothing of the mapping; it takes data sets from anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from transcoder.dicom.elements import Item
from transcoder.findings import Finding
from transcoder.validator import bundle, geometry, points, provenance, references
from transcoder.validator.iod import check_tables

__all__ = ["check_bundle", "check_instance"]


def check_instance(item: Item) -> list[Finding]:
    """Everything found in one data set: tables, control points, references, geometry, provenance."""
    return [*_check_inside(item), *geometry.check(item), *provenance.check(item)]


def check_bundle(items: Sequence[Item]) -> list[list[Finding]]:
    """The findings of each data set, those that come from looking at all of them together included."""
    findings = [_check_inside(item) for item in items]
    for place, finding in bundle.check_across(items):  # geometry and provenance come with it
        findings[place].append(finding)
    return findings


def _check_inside(item: Item) -> list[Finding]:
    return [*check_tables(item), *points.check(item), *references.check(item)]
