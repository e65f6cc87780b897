"""What is told of the deliveries of a treatment record before its items are converted (PS3.3 C.8.8.21)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from transcoder.dicom.elements import Item, tag_of
from transcoder.engine.reading import items_at, shown, value_of
from transcoder.engine.scope import Scope
from transcoder.findings import Severity
from transcoder.paths import parse

__all__ = ["check_deliveries"]

_SESSION = "TreatmentSessionBeamSequence"
_VERIFICATION = "VERIFICATION"
# Terms of items that make no record (the family skips them).
_NO_TREATMENT = frozenset(["SETUP", "OPEN_PORTFILM", "TRMT_PORTFILM"])
# Decimal strings of one machine; less is no difference.
_SAME = 1e-9


def check_deliveries(scope: Scope) -> None:
    """Whether items can be told apart, name a beam, belong together, and delivered no more than was specified."""
    items, _ = items_at(scope, parse(f"@record/{_SESSION}[]"))
    numbers = [_text(scope, item, "ReferencedBeamNumber") for item in items]
    twice = Counter(numbers)
    usages: dict[str, set[bool]] = {}
    for place, item in enumerate(items):
        where = f"{_SESSION}[{place}]"
        if (source := item.get(tag_of("DefinitionSourceSequence"))) is not None and source.items:
            message = "this item was made from a second-generation instance; convert that one instead"
            _tell(scope, "T113", Severity.ERROR, message, f"{where}/DefinitionSourceSequence", "C.8.8.13.2")
        kind = _text(scope, item, "TreatmentDeliveryType")
        if kind in _NO_TREATMENT:
            continue
        _tell_number(scope, numbers[place], twice, where)
        _tell_excess(scope, item, where)
        usages.setdefault(_text(scope, item, "CurrentFractionNumber"), set()).add(kind == _VERIFICATION)
    if any(len(kinds) > 1 for kinds in usages.values()):
        message = "one fraction holds treatment and verification, and a record set has one usage"
        _tell(scope, "T141", Severity.ERROR, message, f"{_SESSION}/TreatmentDeliveryType", "C.36.20")


def _tell_number(scope: Scope, number: str, twice: Counter[str], where: str) -> None:
    place = f"{where}/ReferencedBeamNumber"
    if not number:
        message = "the item names no beam, so that its record can have no Definition Source"
        _tell(scope, "T135", Severity.WARNING, message, place, "C.36.2.1.6.1.4")
    elif twice[number] > 1:
        message = "several items name this beam; the Definition Source of their records fits each of them"
        _tell(scope, "T136", Severity.WARNING, message, place, "C.36.2.1.6.1.4")


def _tell_excess(scope: Scope, item: Item, where: str) -> None:
    specified = _number(scope, item, "SpecifiedPrimaryMeterset", where)
    delivered = _number(scope, item, "DeliveredPrimaryMeterset", where)
    if specified is not None and delivered is not None and delivered - specified > _SAME:
        message = f"{delivered:g} delivered, {specified:g} specified"
        _tell(scope, "T133", Severity.WARNING, message, f"{where}/DeliveredPrimaryMeterset", "C.8.8.21.2.1")


def _number(scope: Scope, item: Item, word: str, where: str) -> float | None:
    element = item.get(tag_of(word))
    if element is None:
        return None
    value: Any = value_of(scope.run, element, "number", f"{where}/{word}")
    return None if value is None else float(value[0])


def _text(scope: Scope, item: Item, word: str) -> str:
    element = item.get(tag_of(word))
    return (shown(scope.run, element) or "") if element is not None and not element.is_empty() else ""


def _tell(scope: Scope, code: str, severity: Severity, message: str, place: str, section: str) -> None:
    scope.run.tell(code, severity, message, place, cite=f"PS3.3 {section}")
