"""Making a condition true or false by writing what it looks at: the mutator behind the tests of conditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from struct import pack
from typing import Any

from minimal import LOCAL, number_value, text_value

from transcoder.dicom.elements import Item, tag_of, vr_of
from transcoder.standard import context_group
from transcoder.validator.conditions import compile_condition
from transcoder.validator.scope import Run, Scope

OTHER = "OTHER"


def scope_at(root: Item, words: Sequence[str]) -> Scope:
    """The scope of the last item (always the last one of its sequence) along a path of sequences, made where absent."""
    scope = Scope(root, Run())
    for word in words:
        tag = tag_of(word)
        if tag not in scope.item:
            scope.item.put(tag, "SQ", [Item()])
        items = scope.item[tag].items
        if not items:
            items.append(Item())
        scope = Scope(items[-1], scope.run, scope, tag, items, len(items) - 1)
    return scope


def _holder(scope: Scope, reference: str) -> tuple[Item, str]:
    """The item and keyword that a reference names, the items on the way made where absent."""
    item = scope.item
    if reference.startswith("/"):
        item, reference = scope.root.item, reference[1:]
    above: Scope | None = scope
    while reference.startswith("../"):
        above = above.up if above else None
        assert above is not None, reference
        item, reference = above.item, reference[3:]
    *sequences, word = reference.split("/")
    for name in sequences:
        tag = tag_of(name)
        if tag not in item or not item[tag].items:
            item.put(tag, "SQ", [Item()])
        item = item[tag].items[0]
    return item, word


def write(scope: Scope, reference: str, value: Any) -> None:
    """Write a value, or a coded entry given as (value, scheme), where a reference points."""
    item, word = _holder(scope, reference)
    tag = tag_of(word)
    vr = vr_of(tag)
    if vr == "SQ":
        item.put(tag, vr, [_code(*value)] if isinstance(value, (tuple, list)) else [Item()])
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        item.put(tag, vr, number_value(vr, int(value)))
    else:
        item.put(tag, vr, text_value(vr, str(value)) if vr not in ("US", "UL", "FD", "FL") else number_value(vr, 1))


def remove(scope: Scope, reference: str) -> None:
    """Remove what a reference points at, from all items it reaches."""
    item, word = _holder(scope, reference)
    item.pop(tag_of(word), None)


def _code(value: str, scheme: str) -> Item:
    item = Item()
    item.put(tag_of("CodeValue"), "SH", text_value("SH", value))
    item.put(tag_of("CodingSchemeDesignator"), "SH", text_value("SH", scheme))
    return item


def solve(scope: Scope, condition: Mapping[str, Any], want: bool) -> None:
    """Write what makes the condition true or false, as far as that is in the file at all."""
    ((operator, argument),) = condition.items()
    if operator in ("all", "any"):
        everyone = (operator == "all") == want
        for each in _ordered(argument):
            solve(scope, each, want)
            if not everyone and compile_condition(each)(scope) is want:
                break
    elif operator == "not":
        solve(scope, argument, not want)
    elif operator in ("present", "nonempty", "absent", "empty"):
        if (operator in ("present", "nonempty")) == want:
            write(scope, argument, 1 if _is_number(argument) else OTHER)
        else:
            remove(scope, argument)
    elif operator in _VALUES:
        _VALUES[operator](scope, argument, want)
    elif operator in ("first_item_of", "not_last_item_of"):
        _move(scope, argument, first=operator == "first_item_of", want=want)


def _ordered(conditions: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those that a value decides first, then presence, last what nothing in the file decides."""
    hard = ("external", "cp_value_changed", "changes_within", "references_instances_in", "sop_class_not_in")
    order = {**dict.fromkeys(("present", "absent", "nonempty", "empty"), 1), **dict.fromkeys(hard, 2)}
    return sorted(conditions, key=lambda each: order.get(next(iter(each)), 0))


def _is_number(reference: str) -> bool:
    return vr_of(tag_of(reference.rsplit("/", 1)[-1])) in ("US", "UL", "SS", "SL", "FD", "FL", "DS", "IS")


def _equals(scope: Scope, argument: Sequence[Any], want: bool) -> None:
    wrong = 77 if isinstance(argument[1], (int, float)) or _is_number(argument[0]) else OTHER
    write(scope, argument[0], argument[1] if want else wrong)


def _not_equals(scope: Scope, argument: Sequence[Any], want: bool) -> None:
    _equals(scope, argument, not want)


def _in(scope: Scope, argument: Sequence[Any], want: bool) -> None:
    write(scope, argument[0], argument[1][0] if want else OTHER)


def _first_in(scope: Scope, argument: Sequence[Any], want: bool) -> None:
    write(scope, argument[0], argument[1][0] if want else OTHER)


def _points_to(scope: Scope, argument: Sequence[str], want: bool) -> None:
    item, word = _holder(scope, argument[0])
    tag = tag_of(argument[1] if want else "BeamName")
    item.put(tag_of(word), "AT", pack("<HH", tag >> 16, tag & 0xFFFF))


def _more_items(scope: Scope, argument: Sequence[Any], want: bool) -> None:
    item, word = _holder(scope, argument[0])
    items = item[tag_of(word)].items if tag_of(word) in item else item.put(tag_of(word), "SQ", []).items
    assert isinstance(items, list)
    while len(items) <= argument[1] and want:
        items.append(Item())


def _greater(scope: Scope, argument: Sequence[Any], want: bool) -> None:
    write(scope, argument[0], argument[1] + 1 if want else argument[1])


def _code_in(scope: Scope, argument: Sequence[Any], want: bool) -> None:
    write(scope, argument[0], argument[1][0] if want else (LOCAL[1], LOCAL[0]))


def _code_in_cid(scope: Scope, argument: Sequence[Any], want: bool) -> None:
    group = context_group(argument[1])
    assert group is not None
    scheme, value = next(iter(group.codes))
    write(scope, argument[0], (value, scheme) if want else (LOCAL[1], LOCAL[0]))


def _value_in(scope: Scope, argument: Sequence[Any], want: bool) -> None:
    write(scope, argument[0], 1)
    write(scope, argument[1], 1 if want else 2)


def _private(scope: Scope, argument: str, want: bool) -> None:
    item, word = _holder(scope, argument)
    item.put(tag_of(word), "AT", b"\x09\x00\x10\x00" if want else b"\x08\x00\x10\x00")


def _lookup(scope: Scope, argument: Mapping[str, Any], want: bool) -> None:
    key, own = argument["match"]
    write(scope, own, 1)
    named = argument["sequence"]
    place = named if named[0] in "/." else "/RTBeamLimitingDeviceDefinitionSequence"
    write(scope, f"{place}/{key}", 1)
    for operator in ("equals", "in", "code_in"):
        if operator in argument:
            reference, value = argument[operator]
            _VALUES[operator](scope, (f"{place}/{reference}", value), want)
    if "present" in argument:
        solve(scope, {"present": f"{place}/{argument['present']}"}, want)


_VALUES = {
    "equals": _equals,
    "not_equals": _not_equals,
    "in": _in,
    "first_in": _first_in,
    "points_to": _points_to,
    "more_items_than": _more_items,
    "greater_than": _greater,
    "code_in": _code_in,
    "code_in_cid": _code_in_cid,
    "value_in": _value_in,
    "any_value_private_tag": _private,
    "lookup": _lookup,
}


def _move(scope: Scope, word: str, *, first: bool, want: bool) -> None:
    """Set an item before or after the one in question, so that it is (or is not) the first (or the last)."""
    holder = scope.within(tag_of(word))
    if holder is None:  # a macro used below another sequence
        return
    items = holder.items
    assert isinstance(items, list)
    if first and not want:
        items.insert(0, Item())
    elif not first and want:
        items.append(Item())
    holder.index = next(place for place, item in enumerate(items) if item is holder.item)
