"""The validator: what breaks the standard in one instance or in several that belong together.

It knows nothing of the mapping; it takes data sets from anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

from transcoder.dicom.elements import Item
from transcoder.findings import Finding
from transcoder.validator.bundle import check_across
from transcoder.validator.instance import check_instance
from transcoder.validator.once import told_once

__all__ = ["check_bundle", "check_instance"]


def check_bundle(items: Sequence[Item]) -> list[list[Finding]]:
    """The findings of each data set, those that come from looking at all of them together included."""
    findings = [check_instance(item) for item in items]
    for place, finding in check_across(items):
        findings[place].append(finding)
    return [told_once(each) for each in findings]
