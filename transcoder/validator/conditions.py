"""Conditions of Type 1C and 2C and of modules, with three values: met, not met, not known (PS3.5 section 7.4.2).

A condition is a tree of operators (docs/validator.md); it is compiled once into a function of the scope. ``None``
means that the file does not tell: the operator ``external`` and what needs other instances. The two rules about
control points are judged elsewhere (``points``), on whole columns; here they are open, and not counted as unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from struct import calcsize, iter_unpack, pack
from typing import Any, TypeAlias

from transcoder.dicom.elements import Element, tag_of, vr_of
from transcoder.standard import Attribute, context_group
from transcoder.validator.raw import FORMATS, items_of, text_of
from transcoder.validator.scope import Scope, parts

__all__ = [
    "Decided",
    "Reference",
    "Verdict",
    "code_of",
    "compile_condition",
    "conditional",
    "is_worldly",
    "number_of",
    "reference",
    "values_of",
]

Decided: TypeAlias = bool | None
Verdict: TypeAlias = Callable[[Scope], Decided]

_UNKNOWN = frozenset(["external", "references_instances_in"])


@dataclass(frozen=True, slots=True)
class Reference:
    """A path of keywords from the item: ``X``, ``X/Y``, ``../X`` one level up, ``/X`` from the root."""

    up: int
    tags: tuple[int, ...]

    def elements(self, scope: Scope) -> list[Element]:
        """All elements that the path reaches."""
        start = scope.root if self.up < 0 else scope.above(self.up)
        return list(parts(start.item, self.tags)) if start else []


def reference(text: str) -> Reference:
    """The reference that a text spells; raises KeyError for an unknown keyword."""
    up = 0
    if text.startswith("/"):
        up, text = -1, text[1:]
    while text.startswith("../"):
        up, text = up + 1, text[3:]
    return Reference(up, tuple(tag_of(word) for word in text.split("/")))


def values_of(element: Element) -> list[str | float]:
    """The values of an element as text, of binary ones as numbers; damaged ones give none."""
    value = element.value
    if not isinstance(value, bytes):
        return []
    vr = element.vr if element.vr != "UN" else vr_of(element.tag)
    if vr in FORMATS:
        whole = len(value) - len(value) % calcsize(FORMATS[vr])
        return [number for (number,) in iter_unpack(FORMATS[vr], value[:whole])]
    stripped = value.strip(b" \0")
    return [part.strip().decode("latin-1") for part in stripped.split(b"\\")] if stripped else []


def number_of(element: Element | None) -> float | None:
    """The first value as a number, None when there is none."""
    for value in values_of(element) if element else ():
        try:
            return float(value)
        except ValueError:
            return None
    return None


def code_of(elements: Iterable[Element]) -> list[tuple[str, str]]:
    """Scheme and value of the first item of each code sequence."""
    found = []
    for element in elements:
        for item in items_of(element)[:1]:
            texts = [text_of(item.get(tag)) for tag in _CODE_TAGS]
            found.append((texts[0], texts[1] or texts[2] or texts[3]))
    return found


_CODE_TAGS = tuple(map(tag_of, ("CodingSchemeDesignator", "CodeValue", "LongCodeValue", "URNCodeValue")))


def _same(value: str | float, wanted: Any) -> bool:
    if isinstance(wanted, (int, float)) and not isinstance(wanted, bool):
        try:
            return float(value) == wanted
        except ValueError:
            return False
    return str(value) == str(wanted)


def _values(place: Reference) -> Callable[[Scope], list[str | float]]:
    return lambda scope: [value for element in place.elements(scope) for value in values_of(element)]


def _greater(value: str | float, limit: float) -> bool:
    try:
        return float(value) > limit
    except ValueError:
        return False


def _joined(parts_: Sequence[Verdict], decisive: bool) -> Verdict:
    """The first part that is decisive decides: not met for all of them, met for any of them."""

    def decide(scope: Scope) -> Decided:
        known = True
        for part in parts_:
            verdict = part(scope)
            if verdict is decisive:
                return decisive
            known = known and verdict is not None
        return not decisive if known else None

    return decide


def _not(part: Verdict) -> Verdict:
    def decide(scope: Scope) -> Decided:
        verdict = part(scope)
        return None if verdict is None else not verdict

    return decide


def _present(word: str) -> Verdict:
    place = reference(word)
    if place.up == 0 and len(place.tags) == 1:  # the common case, without a walk
        tag = place.tags[0]
        return lambda scope: tag in scope.item
    return lambda scope: bool(place.elements(scope))


def _nonempty(word: str) -> Verdict:
    place = reference(word)
    return lambda scope: any(not element.is_empty() for element in place.elements(scope))


def _equals(argument: Sequence[Any]) -> Verdict:
    values, wanted = _values(reference(argument[0])), argument[1]
    return lambda scope: any(_same(value, wanted) for value in values(scope))


def _not_equals(argument: Sequence[Any]) -> Verdict:
    values, wanted = _values(reference(argument[0])), argument[1]

    def decide(scope: Scope) -> Decided:
        there = values(scope)
        return bool(there) and not any(_same(value, wanted) for value in there)

    return decide


def _in(argument: Sequence[Any]) -> Verdict:
    values, wanted = _values(reference(argument[0])), argument[1]
    return lambda scope: any(_same(value, each) for value in values(scope) for each in wanted)


def _first_in(argument: Sequence[Any]) -> Verdict:
    values, wanted = _values(reference(argument[0])), argument[1]
    return lambda scope: any(_same(value, each) for value in values(scope)[:1] for each in wanted)


def _points_to(argument: Sequence[str]) -> Verdict:
    place, tag = reference(argument[0]), tag_of(argument[1])
    wanted = pack("<HH", tag >> 16, tag & 0xFFFF)

    def points(element: Element) -> bool:
        return any(element.raw[at : at + 4] == wanted for at in range(0, len(element.raw), 4))

    return lambda scope: any(map(points, place.elements(scope)))


def _more_items_than(argument: Sequence[Any]) -> Verdict:
    place, limit = reference(argument[0]), int(argument[1])
    return lambda scope: any(len(items_of(element)) > limit for element in place.elements(scope))


def _greater_than(argument: Sequence[Any]) -> Verdict:
    values, limit = _values(reference(argument[0])), float(argument[1])
    return lambda scope: any(_greater(value, limit) for value in values(scope))


def _value_in(argument: Sequence[Any]) -> Verdict:
    left, right = _values(reference(argument[0])), _values(reference(argument[1]))
    return lambda scope: any(_same(value, other) for value in left(scope) for other in right(scope))


def _code_in(argument: Sequence[Any]) -> Verdict:
    place = reference(argument[0])
    wanted = frozenset((scheme, value) for value, scheme in argument[1])
    return lambda scope: any(code in wanted for code in code_of(place.elements(scope)))


def _code_in_cid(argument: Sequence[Any]) -> Verdict:
    place, group = reference(argument[0]), context_group(int(argument[1]))
    wanted = frozenset(group.codes) if group else frozenset()
    return lambda scope: any(code in wanted for code in code_of(place.elements(scope)))


def _sop_class_not_in(argument: Sequence[str]) -> Verdict:
    tag, wanted = tag_of("SOPClassUID"), frozenset(argument)
    return lambda scope: text_of(scope.root.item.get(tag)) not in wanted


def _first_item_of(word: str) -> Verdict:
    tag = tag_of(word)

    def decide(scope: Scope) -> Decided:
        holder = scope.within(tag)
        return holder is not None and holder.index == 0

    return decide


def _not_last_item_of(word: str) -> Verdict:
    tag = tag_of(word)

    def decide(scope: Scope) -> Decided:
        holder = scope.within(tag)
        return holder is not None and holder.index < len(holder.items) - 1

    return decide


def _cp_value_changed(_: Any) -> Verdict:
    first = frozenset(map(tag_of, ("ControlPointSequence", "ControlPointDeliverySequence")))

    def decide(scope: Scope) -> Decided:
        above: Scope | None = scope
        while above is not None:
            if above.tag in first:  # an item present there is complete (C.8.8.14.18)
                return True
            above = above.up
        return None

    return decide


_LOOKED_AT = ("equals", "in", "present", "code_in")


def _lookup(argument: dict[str, Any]) -> Verdict:
    key, own = (tag_of(word) for word in argument["match"])
    inner = compile_condition({op: argument[op] for op in _LOOKED_AT if op in argument})
    named = argument["sequence"]
    place = reference(named if named[0] in "/." else "/RTBeamLimitingDeviceDefinitionSequence")
    beams = tag_of("EnhancedRTBeamLimitingDeviceSequence")

    def search(scope: Scope, sequences: Iterable[Element], mine: str | float | None) -> Decided:
        for sequence in sequences:
            for item in items_of(sequence):
                if _text_or_number(item.get(key)) == mine:
                    return inner(Scope(item, scope.run, scope.root))
        return None

    def decide(scope: Scope) -> Decided:
        mine = _text_or_number(scope.item.get(own))
        if named[0] == ".":
            return search(scope, place.elements(scope), mine)
        known = (decide, mine)
        if known in scope.run.decided:  # the same devices at every control point
            return scope.run.decided[known]
        sequences = place.elements(scope)
        if sequences:
            verdict = scope.run.decided[known] = search(scope, sequences, mine)
            return verdict
        above: Scope | None = scope
        while above is not None:  # first generation: the devices of the beam around
            if beams in above.item:
                return search(scope, [above.item[beams]], mine)
            above = above.up
        return None

    return decide


def _text_or_number(element: Element | None) -> str | float | None:
    values = values_of(element) if element else []
    return values[0] if values else None


def _any_value_private_tag(word: str) -> Verdict:
    tag = tag_of(word)

    def decide(scope: Scope) -> Decided:
        raw = scope.item[tag].raw if tag in scope.item else b""
        return any(raw[at] & 1 for at in range(0, len(raw), 4))

    return decide


def _open(_: Any) -> Verdict:
    return lambda scope: None


_OPERATORS: dict[str, Callable[[Any], Verdict]] = {
    "all": lambda argument: _joined(list(map(compile_condition, argument)), decisive=False),
    "any": lambda argument: _joined(list(map(compile_condition, argument)), decisive=True),
    "not": lambda argument: _not(compile_condition(argument)),
    "present": _present,
    "absent": lambda argument: _not(_present(argument)),
    "nonempty": _nonempty,
    "empty": lambda argument: _not(_nonempty(argument)),
    "equals": _equals,
    "not_equals": _not_equals,
    "in": _in,
    "first_in": _first_in,
    "points_to": _points_to,
    "more_items_than": _more_items_than,
    "greater_than": _greater_than,
    "value_in": _value_in,
    "code_in": _code_in,
    "code_in_cid": _code_in_cid,
    "sop_class_not_in": _sop_class_not_in,
    "first_item_of": _first_item_of,
    "not_last_item_of": _not_last_item_of,
    "lookup": _lookup,
    "any_value_private_tag": _any_value_private_tag,
    "cp_value_changed": _cp_value_changed,
    "changes_within": _open,
    "references_instances_in": _open,
    "external": _open,
}
OPERATORS = frozenset(_OPERATORS)


def compile_condition(condition: Any) -> Verdict:
    """The function that decides a condition; raises KeyError for an unknown operator or keyword."""
    ((operator, argument),) = condition.items()
    verdict = _OPERATORS[operator](argument)
    place = argument[0] if isinstance(argument, (list, tuple)) and argument else argument
    at_root = operator != "value_in" and isinstance(place, str) and place.startswith("/")
    return _once(verdict) if at_root else verdict


def _once(verdict: Verdict) -> Verdict:
    """The verdict remembered for the instance: what stands at the root is the same for every control point."""

    def decide(scope: Scope) -> Decided:
        decided = scope.run.decided
        if verdict not in decided:
            decided[verdict] = verdict(scope)
        return decided[verdict]

    return decide


def is_worldly(condition: Any) -> bool:
    """Whether a condition asks for something outside the file; only such ones count as not decidable."""
    ((operator, argument),) = condition.items()
    if operator in ("all", "any"):
        return any(is_worldly(each) for each in argument)
    return operator in _UNKNOWN or (operator == "not" and is_worldly(argument))


def conditional(attribute: Attribute) -> bool:
    """Whether the attribute is of Type 1C or 2C."""
    return attribute.type in ("1C", "2C")
