"""Rules of single attributes beyond type, representation and terms: counts, ranges, agreement with neighbours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from transcoder.dicom.elements import Element, keyword, tag_of
from transcoder.standard import Attribute
from transcoder.validator.conditions import compile_condition, number_of, reference, values_of
from transcoder.validator.multiplicity import range_of
from transcoder.validator.raw import items_of
from transcoder.validator.scope import Scope
from transcoder.validator.values import Fault, count

__all__ = ["JUDGED_WITH_POINTS", "Check", "compile_rule", "counted"]

Check: TypeAlias = Callable[[Scope, Element], Fault | None]

# Counts that belong to the state of control points and are judged there with all points at once.
JUDGED_WITH_POINTS = frozenset(
    [
        "NumberOfControlPoints",
        "NumberOfRTControlPoints",
        "NumberOfRTBeamLimitingDeviceOpenings",
        "NumberOfWedgePositions",
    ]
)
_COUNT = re.compile(r"= count\((\S+)\)")


def _number(scope: Scope, word: str) -> float | None:
    elements = reference(word).elements(scope)
    return number_of(elements[0]) if elements else None


def _whole(number: float) -> str:
    return f"{number:g}"


def _multiplicity(rule: Any) -> Check:
    words = rule.get("product") or [rule["of"]]

    def check(scope: Scope, element: Element) -> Fault | None:
        expected = float(rule.get("times", 1))
        for word in words:
            number = _number(scope, word)
            if number is None:
                return None
            expected *= number
        expected += rule.get("plus", 0)
        values = count(element.vr, element.raw)
        if values == expected:
            return None
        return Fault("V127", f"{values} values, {_whole(expected)} by {' and '.join(words)}")

    return check


def _length(rule: Any) -> Check:
    def check(scope: Scope, element: Element) -> Fault | None:
        expected = float(rule["times"])
        for word in rule["product"]:
            number = _number(scope, word)
            if number is None:
                return None
            expected *= number
        if len(element.raw.strip(b" \0")) == expected:
            return None
        return Fault("V132", f"length is not {_whole(expected)}, which {' and '.join(rule['product'])} ask for")

    return check


def _pattern(rule: Any) -> Check:
    pattern = re.compile(rule["pattern"].encode())

    def check(scope: Scope, element: Element) -> Fault | None:
        return (
            None
            if pattern.search(element.raw.strip(b" \0"))
            else Fault("V133", "value does not have the form asked for")
        )

    return check


def _least(rule: Any) -> Check:
    def check(scope: Scope, element: Element) -> Fault | None:
        number = number_of(element)
        return (  # not "less than": nothing holds of what is no number
            Fault("V133", f"value is less than {rule['value']}")
            if number is not None and not number >= rule["value"]
            else None
        )

    return check


def _differs(rule: Any) -> Check:
    place = reference(rule["attribute"])

    def check(scope: Scope, element: Element) -> Fault | None:
        others = place.elements(scope)
        mine = element.raw.strip(b" \0")
        if mine and others and others[0].raw.strip(b" \0") == mine:
            return Fault("V132", f"value equals {rule['attribute']}")
        return None

    return check


def _value_by(rule: Any) -> Check:
    place = reference(rule["attribute"])

    def check(scope: Scope, element: Element) -> Fault | None:
        for other in place.elements(scope):
            for value in values_of(other)[:1]:
                wanted = rule.get(str(value))
                if wanted is not None and values_of(element)[:1] != [wanted]:
                    return Fault("V132", f"value is not {wanted}, which {rule['attribute']} asks for")
        return None

    return check


def _sign_by(rule: Any) -> Check:
    place = reference(rule["attribute"])

    def check(scope: Scope, element: Element) -> Fault | None:
        number = number_of(element)
        for other in place.elements(scope):
            for value in values_of(other)[:1]:
                sign = rule.get(str(value), "any")
                if number is not None and ((sign == ">=0" and number < 0) or (sign == "<=0" and number > 0)):
                    return Fault("V132", f"sign contradicts {rule['attribute']}")
        return None

    return check


def _only_if(code: str, message: str) -> Callable[[Any], Check]:
    def compile_(rule: Any) -> Check:
        verdict, value = compile_condition(rule["cond"]), rule.get("value")

        def check(scope: Scope, element: Element) -> Fault | None:
            if element.is_empty() or (value is not None and value not in values_of(element)):
                return None
            return Fault(code, message) if verdict(scope) is False else None

        return check

    return compile_


def _if_then(rule: Any) -> Check:
    when, then = compile_condition(rule["if"]), compile_condition(rule["then"])

    def check(scope: Scope, element: Element) -> Fault | None:
        if when(scope) and then(scope) is False:
            return Fault("V132", f"value contradicts {_mentioned(rule['then'])}")
        return None

    return check


def _mentioned(condition: Any) -> str:
    ((_, argument),) = condition.items()
    return str(argument[0])


def _child_fixed(rule: Any) -> Check:
    tag = tag_of(rule["attribute"])

    def check(scope: Scope, element: Element) -> Fault | None:
        for item in items_of(element):
            held = item.get(tag)
            if held is not None and not held.is_empty() and values_of(held) != [rule["value"]]:
                return Fault("V132", f"{keyword(tag)} in an item is not {rule['value']}")
        return None

    return check


_CLASS = tag_of("ReferencedSOPClassUID")


def _class_in(rule: Any) -> Check:
    permitted = frozenset(rule["values"])

    def check(scope: Scope, element: Element) -> Fault | None:
        for place, item in enumerate(items_of(element)):
            held = values_of(item[_CLASS]) if _CLASS in item else []
            if held and held[0] not in permitted:
                below = f"[{place}]/{keyword(_CLASS)}"
                return Fault("V136", "the class of the referenced instance is not permitted here", below)
        return None

    return check


def _one_with(rule: Any) -> Check:
    tag, wanted = tag_of(rule["equals"][0]), rule["equals"][1]

    def check(scope: Scope, element: Element) -> Fault | None:
        items = items_of(element)
        number = sum(1 for item in items if tag in item and values_of(item[tag]) == [wanted])
        if not items or number == 1:
            return None
        return Fault("V132", f"{number} items have {keyword(tag)} {wanted}, 1 shall")

    return check


def _items_by(rule: Any) -> Check:
    place = reference(rule["attribute"])

    def check(scope: Scope, element: Element) -> Fault | None:
        number = len(items_of(element))
        for other in place.elements(scope):
            for value in values_of(other)[:1]:
                limits = range_of(rule.get(str(value), "0-n"))
                if limits and not limits[0] <= number <= limits[1]:
                    return Fault("V140", f"{number} items, {rule[str(value)]} for this {rule['attribute']}")
        return None

    return check


def _same_count(rule: Any) -> Check:
    place = reference(rule["sequence"])

    def check(scope: Scope, element: Element) -> Fault | None:
        others = place.elements(scope)
        if not others or len(items_of(others[0])) == len(items_of(element)):
            return None
        return Fault("V141", f"{len(items_of(element))} items, {len(items_of(others[0]))} in {rule['sequence']}")

    return check


_KINDS: dict[str, Callable[[Any], Check]] = {
    "allowed_only_if": _only_if("V116", "present though its condition is not met"),
    "child_fixed": _child_fixed,
    "class_in": _class_in,
    "exactly_one_item_with": _one_with,
    "if_then": _if_then,
    "item_count_by": _items_by,
    "item_count_equals_count": _same_count,
    "length": _length,
    "meaningful_only_if": _only_if("V134", "attribute has no meaning with the values around it"),
    "not_equal_to": _differs,
    "regex": _pattern,
    "sign_by": _sign_by,
    "value_allowed_only_if": _only_if("V132", "value is not permitted with the values around it"),
    "value_by": _value_by,
    "value_min": _least,
    "vm": _multiplicity,
}
# What belongs to the codes is compiled there.
ELSEWHERE = frozenset(["codes_by_group", "group_by_code", "group_by_value"])


def compile_rule(rule: Any) -> Check | None:
    """The check of a rule; None for a rule that another part of the validator judges."""
    return None if rule["kind"] in ELSEWHERE else _KINDS[rule["kind"]](rule)


def counted(attribute: Attribute) -> Iterator[Check]:
    """Checks of the number of items of a sequence (the "Items" sentences of the tables)."""
    items = attribute.items
    limits = range_of(items) if items else None
    if limits:
        yield _between(*limits)
    elif items.startswith("= count"):
        match = _COUNT.match(items)
        if match:
            yield _same_count({"sequence": match[1]})
    elif items.startswith("= ") and items[2:] not in JUDGED_WITH_POINTS:
        yield _as_counted(items[2:])


def _between(low: int, high: int) -> Check:
    asked = f"{low}" if low == high else f"at least {low}" if high > 1 << 20 else f"{low} to {high}"

    def check(scope: Scope, element: Element) -> Fault | None:
        number = len(items_of(element))
        return None if low <= number <= high or not number else Fault("V140", f"{number} items, {asked} permitted")

    return check


def _as_counted(word: str) -> Check:
    def check(scope: Scope, element: Element) -> Fault | None:
        expected, number = _number(scope, word), len(items_of(element))
        if expected is None or number == expected:
            return None
        return Fault("V141", f"{number} items, {_whole(expected)} by {word}")

    return check
