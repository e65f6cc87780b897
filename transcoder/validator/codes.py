"""Codes against context groups: outside, under another scheme, with another meaning (PS3.3 8; PS3.16 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from transcoder.dicom.elements import Item, tag_of
from transcoder.standard import Attribute, ContextGroup, code_groups, code_meanings, context_group, template
from transcoder.validator.conditions import code_of, reference, values_of
from transcoder.validator.scope import Scope
from transcoder.validator.values import Fault

__all__ = ["CodeCheck", "chooses_codes", "compile_codes"]

CodeCheck: TypeAlias = Callable[[Scope, Item], Iterator[Fault]]
Groups: TypeAlias = tuple[tuple[ContextGroup, ...], str]
Chooser: TypeAlias = Callable[[Scope], Groups]

_SCHEME, _VALUE, _LONG, _URN, _MEANING = map(
    tag_of, ("CodingSchemeDesignator", "CodeValue", "LongCodeValue", "URNCodeValue", "CodeMeaning")
)
# PS3.16 section 8: designators of the same scheme; the retired ones name codes of other values.
_ALIASES = {"99SDM": "SRT", "SNM3": "SRT", "SCTID": "SCT"}


def _text(item: Item, tag: int) -> str:
    element = item.get(tag)
    return element.raw.strip(b" \0").decode("latin-1") if element else ""


def _code(item: Item) -> tuple[str, str]:
    scheme = _text(item, _SCHEME)
    return _ALIASES.get(scheme, scheme), _text(item, _VALUE) or _text(item, _LONG) or _text(item, _URN)


def _plain(meaning: str) -> str:
    return " ".join(meaning.casefold().split())


def _named(groups: Sequence[ContextGroup]) -> str:
    return " or ".join(group.label for group in groups)


def _outside(scheme: str, value: str, groups: Sequence[ContextGroup], kind: str) -> Fault:
    for group in groups:
        for other, known in group.codes:
            if known == value and other != scheme:
                named = f"{group.kind} {group.cid}"
                return Fault("V154", f"code {value} of {named} belongs to scheme {other}, not {scheme or 'none'}")
    if kind != "defined":
        return Fault("V152", f"code is not in {_named(groups)}, which is a suggestion")
    if any(group.extensible for group in groups):
        return Fault("V151", f"code is not in {_named(groups)}, which may be extended")
    return Fault("V150", f"code is not in {_named(groups)}, which may not be extended")


def _against(scheme: str, value: str, meaning: str, groups: Sequence[ContextGroup], kind: str) -> Iterator[Fault]:
    listed = [group for group in groups if group.codes]
    held = any((scheme, value) in group.codes for group in listed)
    if not held and groups and len(listed) == len(groups):
        yield _outside(scheme, value, groups, kind)
    known = code_meanings(scheme, value) if scheme != "UCUM" or held else ()  # units are written in many ways
    if known and meaning and _plain(meaning) not in map(_plain, known):
        yield Fault("V153", f"meaning of ({value}, {scheme}) is not {' or '.join(map(repr, known))}")


def _together(pairs: Sequence[tuple[ContextGroup | None, str]]) -> Groups:
    """Groups that hold together, with their kind; none when one of them has no tables."""
    groups = tuple(group for group, _ in pairs if group is not None)
    kinds = {kind for _, kind in pairs}
    return (groups if len(groups) == len(pairs) else ()), ("defined" if kinds == {"defined"} else "baseline")


def _codes_at(word: str) -> Callable[[Scope], Sequence[tuple[str, str]]]:
    """The codes that a reference names; ``.`` is the item itself, which is a coded entry."""
    if word == ".":
        return lambda scope: [_code(scope.item)]
    place = reference(word)
    return lambda scope: code_of(place.elements(scope))


def _choices(rule: Mapping[str, Any]) -> dict[str, tuple[ContextGroup | None, str]]:
    groups = {key: (context_group(cid), kind) for key, (cid, kind) in rule.get("cids", {}).items()}
    return groups | {key: (template(tid), kind) for key, (tid, kind) in rule.get("tids", {}).items()}


def _by_code(rule: Mapping[str, Any]) -> Chooser:
    choices, codes = _choices(rule), _codes_at(rule["attribute"])

    def choose(scope: Scope) -> Groups:
        return _together([choices[key] for key in map(" ".join, codes(scope)) if key in choices])

    return choose


def _by_value(rule: Mapping[str, Any]) -> Chooser:
    choices, place = _choices(rule), reference(rule["attribute"])

    def choose(scope: Scope) -> Groups:
        keys = [str(value) for element in place.elements(scope) for value in values_of(element)[:1]]
        return _together([choices[key] for key in keys if key in choices])

    return choose


_CHOOSERS: Mapping[str, Callable[[Mapping[str, Any]], Chooser]] = {
    "group_by_code": _by_code,
    "group_by_value": _by_value,
}


def _members(key: str) -> frozenset[tuple[str, str]]:
    """The codes that a key of a rule stands for: those of a context group by its number, or one code."""
    scheme, _, value = key.partition(" ")
    if value:
        return frozenset([(scheme, value)])
    group = context_group(int(key))
    return frozenset(group.codes) if group else frozenset()


def _fixed_by_group(rule: Mapping[str, Any]) -> Callable[[Scope], frozenset[tuple[str, str]] | None]:
    """The codes permitted beside certain other codes; None when the other code is none of these."""
    codes = _codes_at(rule["attribute"])
    choices = [
        (_members(key), frozenset((scheme, value) for scheme, value in fixed)) for key, fixed in rule["by"].items()
    ]

    def choose(scope: Scope) -> frozenset[tuple[str, str]] | None:
        there = codes(scope)
        return next((fixed for members, fixed in choices if not members.isdisjoint(there)), None)

    return choose


def chooses_codes(attribute: Attribute) -> bool:
    """Whether the tables say which codes a sequence takes."""
    by_rule = any(rule["kind"] in _CHOOSERS or rule["kind"] == "codes_by_group" for rule in attribute.rules)
    return bool(attribute.context_groups or attribute.templates or attribute.codes or by_rule)


def compile_codes(attribute: Attribute) -> CodeCheck | None:
    """The check of one item of a code sequence; None when the sequence holds no codes."""
    words = {child.keyword for child in attribute.children}
    if "CodeMeaning" not in words:
        return None
    groups, kind = _together(code_groups(attribute))
    always = frozenset(attribute.codes) or None
    chooser = next((_CHOOSERS[rule["kind"]](rule) for rule in attribute.rules if rule["kind"] in _CHOOSERS), None)
    fixed = next((_fixed_by_group(rule) for rule in attribute.rules if rule["kind"] == "codes_by_group"), None)

    def check(scope: Scope, item: Item) -> Iterator[Fault]:
        code = _code(item)
        if not code[1] or not (code[0] or _text(item, _URN)):  # what has no scheme can be in no group: V113 is told
            return
        wanted = fixed(scope) if fixed else always
        if wanted is not None and code not in wanted:
            listed = " or ".join(f"({value}, {scheme})" for scheme, value in sorted(wanted))
            yield Fault("V155", f"code is not {listed}" if listed else "no code is permitted here")
        used, by = chooser(scope) if chooser else (groups, kind)
        yield from _against(*code, _text(item, _MEANING), used, by)

    return check
