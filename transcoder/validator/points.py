"""State across control points: the second-generation rule and the first-generation rule.

Bulk columns are decoded at once from raw bytes; a finding speaks for all control points that share its fault.
"""

from __future__ import annotations

from collections.abc import Iterator

from transcoder.dicom.elements import Item
from transcoder.findings import Finding
from transcoder.validator import points_first, points_second

__all__ = ["check"]


def check(item: Item) -> Iterator[Finding]:
    """Findings about the control points of one instance, whatever its generation."""
    yield from points_second.check(item)
    yield from points_first.check(item)
