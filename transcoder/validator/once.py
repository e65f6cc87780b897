"""One fault, one finding: where several checks see the same fault at one place, the one that knows most speaks.

The checks stay independent of each other, so that each of them can be read and tested alone; what they say is
weighed here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from transcoder.findings import Finding

__all__ = ["SPEAKS_FOR", "told_once"]

_NO_CONTENT = frozenset(["V141", "V202", "V207", "V211", "V225"])
_NO_VALUE = _NO_CONTENT | {"V130", "V131", "V132", "V133", "V240", "V281", "V282", "V291"}

# A finding of the code on the left makes those on the right at the same path superfluous.
SPEAKS_FOR: dict[str, frozenset[str]] = {
    # What has no value, or none that can be read, breaks every rule about the value too.
    "V110": frozenset(["V207"]),
    **dict.fromkeys(("V111", "V114"), _NO_CONTENT),
    **dict.fromkeys(("V120", "V122", "V123", "V124", "V125", "V127", "V129", "V142"), _NO_VALUE),
    # The tables see that something is absent or too much, a rule of this place knows what for.
    "V202": frozenset(["V113"]),
    "V204": frozenset(["V113"]),
    "V280": frozenset(["V140"]),
    "V282": frozenset(["V110", "V111"]),
    "V283": frozenset(["V160", "V161"]),
    # What should not be there is neither counted nor followed.
    "V116": frozenset(["V141", "V240"]),
    # What is absent at the first control point is one of those at which a changing parameter is absent.
    "V113": frozenset(["V211"]),
    # A code that is not the one asked for is mostly not in the context group of the one asked for either.
    "V155": frozenset(["V150", "V151", "V152", "V154"]),
    # A reference gives the wrong class: the instance itself knows best, then the rule of the place.
    "V302": frozenset(["V136", "V281", "V291"]),
    "V136": frozenset(["V291"]),
    "V281": frozenset(["V291"]),
}


def told_once(findings: Iterable[Finding]) -> list[Finding]:
    """The findings without those that another one at the same path speaks for."""
    all_ = list(findings)
    silent: dict[str, set[str]] = defaultdict(set)
    for finding in all_:
        silent[finding.path].update(SPEAKS_FOR.get(finding.code, ()))
    return [finding for finding in all_ if finding.code not in silent[finding.path]]
