"""Codes against context groups: outside, under another scheme, with another meaning (PS3.3 8; PS3.16 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from transcoder.dicom.elements import Item, tag_of
from transcoder.standard import Attribute, ContextGroup, code_meanings, context_group
from transcoder.validator.conditions import reference, values_of
from transcoder.validator.scope import Scope
from transcoder.validator.values import Fault

__all__ = ["CodeCheck", "compile_codes"]

CodeCheck = Callable[[Scope, Item], Iterator[Fault]]

_SCHEME, _VALUE, _LONG, _URN, _MEANING = map(
    tag_of, ("CodingSchemeDesignator", "CodeValue", "LongCodeValue", "URNCodeValue", "CodeMeaning")
)
# PS3.16 section 8: designators of the same scheme; the retired ones name codes of other values.
_ALIASES = {"99SDM": "SRT", "SNM3": "SRT", "SCTID": "SCT"}


def _text(item: Item, tag: int) -> str:
    element = item.get(tag)
    return element.raw.strip(b" \0").decode("latin-1") if element else ""


def _plain(meaning: str) -> str:
    return " ".join(meaning.casefold().split())


def _named(groups: Sequence[ContextGroup]) -> str:
    return " or ".join(f"CID {group.cid} {group.name}" for group in groups)


def _outside(scheme: str, value: str, groups: Sequence[ContextGroup], kind: str) -> Fault:
    for group in groups:
        for other, known in group.codes:
            if known == value and other != scheme:
                return Fault(
                    "V154", f"code {value} of CID {group.cid} belongs to scheme {other}, not {scheme or 'none'}"
                )
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


def _groups(pairs: Sequence[tuple[int, str]]) -> tuple[tuple[ContextGroup, ...], str]:
    groups = tuple(group for cid, _ in pairs if (group := context_group(cid)) is not None)
    kinds = {kind for _, kind in pairs}
    complete = len(groups) == len(pairs)
    return (groups if complete else ()), ("defined" if kinds == {"defined"} else "baseline")


def _chosen(rules: Sequence[Mapping[str, object]]) -> tuple[str, dict[str, int]]:
    for rule in rules:
        if rule["kind"] == "cid_by":
            choices = {key: cid for key, cid in rule.items() if isinstance(cid, int)}
            return str(rule["attribute"]), choices
    return "", {}


def compile_codes(attribute: Attribute) -> CodeCheck | None:
    """The check of one item of a code sequence; None when the sequence holds no codes."""
    words = {child.keyword for child in attribute.children}
    if "CodeMeaning" not in words:
        return None
    groups, kind = _groups(attribute.context_groups)
    fixed = frozenset(attribute.codes)
    by, choices = _chosen(attribute.rules)
    place = reference(by) if by else None

    def check(scope: Scope, item: Item) -> Iterator[Fault]:
        scheme = _text(item, _SCHEME)
        scheme = _ALIASES.get(scheme, scheme)
        value = _text(item, _VALUE) or _text(item, _LONG) or _text(item, _URN)
        if not value:
            return
        used = groups
        if place is not None:
            cids = [choices[str(v)] for e in place.elements(scope) for v in values_of(e)[:1] if str(v) in choices]
            used = _groups([(cid, "defined") for cid in cids])[0]
        if fixed and (scheme, value) not in fixed:
            yield Fault("V155", f"code is not {' or '.join(f'({v}, {s})' for s, v in sorted(fixed))}")
        yield from _against(scheme, value, _text(item, _MEANING), used, kind)

    return check
