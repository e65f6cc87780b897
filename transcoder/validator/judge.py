"""Judging one item against a level, and through its sequences everything below it."""

from __future__ import annotations

from transcoder.dicom.elements import Element, Item
from transcoder.validator import charsets
from transcoder.validator.level import Level, Need, Spec
from transcoder.validator.raw import DEEPEST
from transcoder.validator.scope import Scope
from transcoder.validator.stray import judge_stray
from transcoder.validator.values import BINARY, count, fault

__all__ = ["judge"]

_CHARSET = 0x00080005
_MEMORY = 1024  # values remembered per attribute; repeated ones are the rule in control points


def judge(level: Level, scope: Scope, depth: int = 0) -> None:
    """Note all findings about an item: what is absent, what is wrong, what does not belong."""
    item = scope.item
    if _CHARSET in item:
        scope.charset = _charset(item[_CHARSET], scope)
    for spec in level.always:
        if spec.tag not in item:
            _absent(spec, spec.always, scope)
    for spec in level.conditional:
        _presence(spec, scope, spec.tag in item)
    by_tag = level.by_tag
    for tag, element in item.items():
        known = by_tag.get(tag)
        if known is None:
            judge_stray(tag, element, scope)
        elif isinstance(element.value, list) or element.vr == "SQ" or known.vr == "SQ":
            _sequence(known, element, scope, depth)
        else:
            _value(known, element, element.value, scope)


def _charset(element: Element, scope: Scope) -> tuple[str, ...]:
    sets = charsets.terms(element.raw)
    for term in charsets.faulty_terms(sets):
        extension = term.startswith("ISO 2022") and len(sets) == 1
        message = "an extension needs further terms" if extension else "value is not a defined term"
        scope.tell("V126", message, element.tag, "C.12.1.1.2")
    return sets


def _absent(spec: Spec, code: str, scope: Scope) -> None:
    kinds = {"V110": "Type 1", "V112": "Type 2", "V113": "Type 1C", "V115": "Type 2C"}
    met = ", whose condition is met," if code in ("V113", "V115") else ""
    scope.tell_once(code, f"{kinds[code]} attribute{met} is absent", spec.tag, spec.section)


def _empty(spec: Spec, what: str, scope: Scope) -> None:
    kind = "Type 1" if spec.filled == "V111" else "Type 1C"
    scope.tell_once(spec.filled, f"{kind} {what}", spec.tag, spec.section)


def _presence(spec: Spec, scope: Scope, present: bool) -> None:
    forbidden, open_ = not spec.permitted, False
    for need in spec.needs:
        if present and need.allowed is True:
            return
        verdict = need.verdict(scope)
        if verdict:
            if not present:
                _absent(spec, need.code, scope)
            return
        if verdict is None:
            open_ = open_ or need.worldly
            forbidden = False
        elif present and not _refused(need, scope):
            forbidden = False
    if forbidden and present:
        scope.tell_once("V116", "present though its condition is not met", spec.tag, spec.section)
    elif open_:
        scope.run.undecided.add((id(spec), scope.tag))


def _refused(need: Need, scope: Scope) -> bool:
    return need.allowed(scope) is False if callable(need.allowed) else not need.allowed


def _value(spec: Spec, element: Element, raw: bytes, scope: Scope) -> None:
    if raw in spec.good and element.vr == spec.vr:
        _apply_rules(spec, element, scope)
        return
    if not _is_represented(spec, element, scope):
        return
    if not raw.strip(b" \0") if element.vr not in BINARY else not raw:
        if spec.filled:
            _empty(spec, "attribute is empty", scope)
        return
    wrong = fault(element.vr, raw, scope.charset)
    if wrong:
        scope.tell(wrong.code, wrong.message, spec.tag, _VALUE_SECTION.get(wrong.code, "PS3.5 6.2"))
    sound = counted = not wrong
    if not wrong or wrong.code == "V128":
        counted = _multiplicity(spec, element, raw, scope)
        sound &= counted
        sound &= _terms(spec, raw, element, scope)
    # Not asked of the findings: of many alike only the first are noted.
    if sound and len(raw) % 2 == 0 and element.vr == spec.vr and raw.isascii() and b"\x1b" not in raw:
        if len(spec.good) >= _MEMORY:
            spec.good.clear()
        spec.good.add(raw)
    _apply_rules(spec, element, scope, told="" if counted else "V127")


# What a code means is no matter of the attribute that holds it.
_CODE_SECTION = {"V153": "8.3"}
_VALUE_SECTION = {"V125": "C.12.1.1.2", "V128": "PS3.5 6.2"}


def _is_represented(spec: Spec, element: Element, scope: Scope) -> bool:
    if len(element.raw) % 2:
        scope.tell("V129", f"value has an odd length of {len(element.raw)} bytes", spec.tag, "PS3.5 7.1.1")
    if element.vr in spec.vrs:
        return True
    asked = " or ".join(sorted(spec.vrs))
    if element.vr == "UN":
        scope.tell("V121", f"value representation is UN, known to be {asked}", spec.tag, "PS3.5 6.2.2")
        wrong = fault(spec.vr, element.raw, scope.charset) if element.raw.strip(b" \0") else None
        if wrong and len(spec.vrs) == 1:
            scope.tell(wrong.code, wrong.message, spec.tag, "PS3.5 6.2")
        return False
    scope.tell("V120", f"value representation is {element.vr}, shall be {asked}", spec.tag, "PS3.6 6")
    return False


def _multiplicity(spec: Spec, element: Element, raw: bytes, scope: Scope) -> bool:
    number = count(element.vr, raw, scope.charset)
    if spec.takes(number):
        return True
    scope.tell("V127", f"{number} values, {spec.vm} permitted", spec.tag, "PS3.6 6")
    return False


def _terms(spec: Spec, raw: bytes, element: Element, scope: Scope) -> bool:
    listed = spec.enumerated or spec.defined
    if not listed:
        return True
    values = _plain_values(element, raw)
    if all(value in listed or not value for value in values):
        return True
    terms = ", ".join(sorted(listed)[:12]) + (", ..." if len(listed) > 12 else "")
    code, what = ("V130", "the enumerated values") if spec.enumerated else ("V131", "the defined terms")
    scope.tell(code, f"value is not among {what} {terms}", spec.tag, spec.section)
    return False


def _plain_values(element: Element, raw: bytes) -> list[str]:
    if element.vr in ("US", "UL"):
        size = BINARY[element.vr]
        return [str(int.from_bytes(raw[at : at + size], "little")) for at in range(0, len(raw), size)]
    return [part.strip(b" \0").decode("latin-1") for part in raw.split(b"\\")]


def _apply_rules(spec: Spec, element: Element, scope: Scope, told: str = "") -> None:
    for rule in spec.rules:
        wrong = rule(scope, element)
        if wrong and wrong.code != told:
            scope.tell(wrong.code, wrong.message, spec.tag, spec.section, wrong.below)


def _sequence(spec: Spec, element: Element, scope: Scope, depth: int) -> None:
    if not isinstance(element.value, list) and element.vr != "SQ":
        _is_represented(spec, element, scope)
        return
    if spec.vr != "SQ":
        scope.tell("V120", f"value representation is SQ, shall be {spec.vr}", spec.tag, "PS3.6 6")
        return
    items = scope.enter(element)
    if items is None:
        return
    if not items and spec.filled:
        _empty(spec, "sequence has no item", scope)
    _apply_rules(spec, element, scope)
    if depth >= DEEPEST:
        scope.tell("V142", f"sequences nest deeper than {DEEPEST} levels", spec.tag, "PS3.5 7.5")
        return
    level = spec.below()
    for index, item in enumerate(items):
        inner = Scope(item, scope.run, scope, spec.tag, items, index)
        if spec.codes:
            _codes(spec, scope, inner, item)
        judge(level, inner, depth + 1)


def _codes(spec: Spec, scope: Scope, inner: Scope, item: Item) -> None:
    if spec.codes is None:
        return
    for wrong in spec.codes(scope, item):
        inner.tell_item(wrong.code, wrong.message, _CODE_SECTION.get(wrong.code, spec.section))
