"""What is told of the deliveries of a treatment record before its items are converted (PS3.3 C.8.8.21)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from transcoder.dicom.elements import Item, children_of, tag_of
from transcoder.dicom.values import ValueFault, numbers, whole_number
from transcoder.engine.reading import items_at, shown, value_of
from transcoder.engine.scope import Scope
from transcoder.findings import Severity
from transcoder.paths import parse

__all__ = ["check_deliveries"]

_SESSION = "TreatmentSessionBeamSequence"
_POINTS, _DELIVERED = "ControlPointDeliverySequence", "DeliveredMeterset"
_VERIFICATION, _CONTINUATION = "VERIFICATION", "CONTINUATION"
# Terms of items that make no record (the family skips them).
_NO_TREATMENT = frozenset(["SETUP", "OPEN_PORTFILM", "TRMT_PORTFILM"])
# Decimal strings of one machine; less is no difference.
_SAME = 1e-9
# Units of meterset within which two statements of one meterset agree, since their digits may differ.
_NEAR = 0.05


@dataclass(frozen=True, slots=True)
class _Metersets:
    """What an item tells of its metersets, in units of the dosimeter; None where it does not."""

    specified: float | None
    delivered: float | None
    start: float | None
    end: float | None


def check_deliveries(scope: Scope) -> None:
    """Whether items can be told apart, name a beam, belong together, and agree with themselves and with the plan."""
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
        told = _metersets(scope, item, where)
        _tell_excess(scope, told, item, where)
        _tell_contradictions(scope, told, item, kind, where)
        _tell_plan(scope, told, item, where)
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


def _metersets(scope: Scope, item: Item, where: str) -> _Metersets:
    reached = [_plain(point, _DELIVERED) for point in _items(item, _POINTS)]
    due = [_plain(point, "SpecifiedMeterset") for point in _items(item, _POINTS)]
    specified = _number(scope, item, "SpecifiedPrimaryMeterset", where)
    return _Metersets(
        specified=specified if specified is not None or not due else due[-1],
        delivered=_number(scope, item, "DeliveredPrimaryMeterset", where),
        start=reached[0] if reached else None,
        end=reached[-1] if reached else None,
    )


def _tell_excess(scope: Scope, told: _Metersets, item: Item, where: str) -> None:
    """More delivered than specified: by this item, or by it and what it continues (C.8.8.21.2)."""
    if told.specified is None:
        return
    last = f"{_POINTS}[{len(_items(item, _POINTS)) - 1}]/{_DELIVERED}"
    for value, word in ((told.delivered, "DeliveredPrimaryMeterset"), (told.end, last)):
        if value is not None and value - told.specified > _SAME:
            message = f"{value:g} delivered, {told.specified:g} specified"
            _tell(scope, "T133", Severity.WARNING, message, f"{where}/{word}", "C.8.8.21.2.1")
            return


def _tell_contradictions(scope: Scope, told: _Metersets, item: Item, kind: str, where: str) -> None:
    if told.start is None or told.end is None:
        return
    spent = told.end - told.start
    if told.delivered is not None and abs(told.delivered - spent) > _NEAR:
        message = f"{told.delivered:g} delivered by the beam, {spent:g} between its first and its last control point"
        _tell(scope, "T295", Severity.WARNING, message, f"{where}/DeliveredPrimaryMeterset", "C.8.8.21.2.1")
    if told.start > _NEAR and kind != _CONTINUATION:
        message = f"the delivery began at a meterset of {told.start:g} and is not called a continuation"
        _tell(scope, "T296", Severity.WARNING, message, f"{where}/TreatmentDeliveryType", "C.8.8.21.2.2")
    short = told.specified is not None and told.specified - told.end > _NEAR
    if short and _text(scope, item, "TreatmentTerminationStatus") == "NORMAL":
        message = f"ended normally at {told.end:g} of {told.specified:g} specified"
        _tell(scope, "T297", Severity.WARNING, message, f"{where}/TreatmentTerminationStatus", "C.8.8.21")


def _tell_plan(scope: Scope, told: _Metersets, item: Item, where: str) -> None:
    """What contradicts the beam of the plan that the item names, where the plan is at hand."""
    number, plan = whole_number(item.get(tag_of("ReferencedBeamNumber"))), scope.items.get("plan", Item())
    beam = _numbered(plan, "BeamSequence", "BeamNumber", number)
    if number is None or beam is None:
        return
    count = len(_items(beam, "ControlPointSequence"))
    for place, point in enumerate(_items(item, _POINTS)):
        index = whole_number(point.get(tag_of("ReferencedControlPointIndex")))
        if index is not None and not 0 <= index < count:
            message = f"the planned beam has no control point of index {index}"
            at = f"{where}/{_POINTS}[{place}]/ReferencedControlPointIndex"
            _tell(scope, "T131", Severity.ERROR, message, at, "C.8.8.21")
            break
    machines = {_text(scope, each, "TreatmentMachineName") for each in (beam, *_machines(scope))} - {""}
    if len(machines) > 1:
        message = "the beam was planned for another machine; what is taken from the plan is that of the planned one"
        _tell(scope, "T298", Severity.WARNING, message, f"{where}/ReferencedBeamNumber", "C.8.8.18")
    planned = _planned_meterset(scope, plan, number)
    if planned is not None and told.specified is not None and abs(planned - told.specified) > _NEAR:
        message = f"{told.specified:g} specified by the record, {planned:g} by the plan"
        _tell(scope, "T299", Severity.WARNING, message, f"{where}/SpecifiedPrimaryMeterset", "C.8.8.21.2.1")


def _machines(scope: Scope) -> list[Item]:
    return items_at(scope, parse("@record/TreatmentMachineSequence[]"))[0]


def _planned_meterset(scope: Scope, plan: Item, number: int) -> float | None:
    group = whole_number(scope.items["record"].get(tag_of("ReferencedFractionGroupNumber")))
    uses = _numbered(plan, "FractionGroupSequence", "FractionGroupNumber", group) or Item()
    use = _numbered(uses, "ReferencedBeamSequence", "ReferencedBeamNumber", number)
    return None if use is None else _plain(use, "BeamMeterset")


def _numbered(holder: Item, sequence: str, word: str, number: int | None) -> Item | None:
    found = [each for each in _items(holder, sequence) if number == whole_number(each.get(tag_of(word)))]
    return found[0] if number is not None and len(found) == 1 else None


def _items(item: Item, word: str) -> list[Item]:
    return children_of(item, tag_of(word))


def _plain(item: Item, word: str) -> float | None:
    """A number, None where there is none; one that cannot be read is told where it is converted."""
    element = item.get(tag_of(word))
    try:
        held = numbers(element) if element is not None else None
    except ValueFault:
        return None
    return None if held is None or not len(held) else float(held[0])


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
