"""The report of a conversion as lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from transcoder.findings import Account, Finding, Severity

__all__ = ["Line", "lines"]


class Line(Protocol):
    """What is shown of an input."""

    path: str
    status: str
    outputs: list[str]
    findings: list[Finding]
    account: Account


def lines(inputs: Iterable[Line]) -> Iterator[str]:
    """One line for each input, with its errors and warnings below, and a line of sums at the end."""
    counts: dict[str, int] = {}
    for each in inputs:
        counts[each.status] = counts.get(each.status, 0) + 1
        yield _head(each)
        # What was assumed on the way matters only where something came out.
        shown = (Severity.ERROR,) if each.status in ("refused", "failed") else (Severity.ERROR, Severity.WARNING)
        for finding in each.findings:
            if finding.severity in shown:
                yield f"    {finding}"
    yield ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "no input"


def _head(each: Line) -> str:
    text = f"{each.status:<10} {each.path}"
    if each.status == "converted":
        source = each.account.source
        text += f"  {len(each.outputs)} instances, {source.elements} elements: {source.carried} carried, "
        text += f"{source.derived} derived, {source.declared} declared, {source.unaccounted} unaccounted"
    return text
