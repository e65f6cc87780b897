"""What the rules write into the target IODs: where, in which item, and how surely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from transcoder.codecs.registry import CODECS, RECORDS
from transcoder.mapping.check_roles import FIRST, SECOND, Base, Visit
from transcoder.mapping.model import Condition, Distinct, Each, Family, Mapping, Records, Rule, Via
from transcoder.paths import Path

__all__ = ["ABSENT", "EMPTY", "FULL", "Write", "writes_of"]

# How surely a write leaves something: an attribute with a value, one that may be empty, or perhaps none at all.
FULL, EMPTY, ABSENT = 2, 1, 0
# Codecs all of whose outputs have a value whenever the first has one.
_WHOLE_OUTPUT = frozenset(["table", "axis_distance", "treatment_position"])
# Codecs that give a value whatever they are given.
_ALWAYS_FULL = frozenset(["label", "detail_flag"])
_DEMANDS = frozenset(["present", "in", "equals", "nonzero"])
_SETTLES = {"refuse": FULL, "assume": FULL, "empty": EMPTY}


@dataclass(frozen=True, slots=True)
class Write:
    """One position that a rule or block writes; ``role`` is the item it stands in, ``whole`` brings all below."""

    base: Base
    role: str
    by: str
    sure: int
    whole: bool = False
    when: tuple[Condition, ...] = ()


def writes_of(visit: Visit, mapping: Mapping, family: Family) -> Iterator[Write]:
    """What one node writes."""
    node = visit.node
    if isinstance(node, Rule):
        yield from _by_rule(visit, node, mapping, family)
    elif isinstance(node, Each):
        yield from _by_each(visit, node, family)
    elif isinstance(node, Distinct):
        yield from _by_distinct(visit, node)
    elif isinstance(node, Records):
        fields = RECORDS.get(visit.owner.via, {}).get(visit.within, {}) if visit.owner else {}
        yield from _plain(visit, node.second, node.name, FULL if fields.get(node.name) else ABSENT)
        if node.number:
            yield from _in_item(visit, node.second, f"{node.name}_item", node.number, node.name)


def _by_rule(visit: Visit, rule: Rule, mapping: Mapping, family: Family) -> Iterator[Write]:
    if rule.one_way == "backward" or _only_omits(rule):
        return
    when = rule.when_first if rule.first else (*rule.when_first, *rule.when_second)
    for number, path in enumerate(rule.second):
        sure = _sureness(visit, rule, number, family)
        whole = _brings_all(rule, number, mapping)
        own = _makes_item(path)
        for base in () if path.name else visit.bases(path, SECOND) or ():
            yield Write(base, path.role, rule.id, FULL if own else sure, whole, () if own else when)
            yield from _beside(base, path, rule)


def _only_omits(rule: Rule) -> bool:
    return not rule.first and rule.value is None and all(each.action == "omit" for each in rule.otherwise)


def _makes_item(path: Path) -> bool:
    """Whether each write makes an item of its own, so that what stands in the item is never there without it."""
    return len(path.steps) > 1 and bool(path.steps[-2].key or path.steps[-2].every)


def _beside(base: Base, path: Path, rule: Rule) -> Iterator[Write]:
    """The keys that selectors write, and the companions of a rule."""
    outer = base.prefix.removesuffix(path.plain).rstrip("/")
    for step in path.steps[:-1]:
        outer = f"{outer}/{step.keyword}".lstrip("/")
        if step.key:
            yield Write(Base(base.iod, f"{outer}/{step.key}"), path.role, rule.id, FULL, True)
    for word, _ in rule.companions:
        yield Write(Base(base.iod, f"{outer}/{word}".lstrip("/")), path.role, rule.id, FULL, True)


def _sureness(visit: Visit, rule: Rule, number: int, family: Family) -> int:
    if rule.value is not None:
        return EMPTY if rule.value == "empty" else FULL
    codec = rule.via[-1].codec if rule.via else ""
    if number and codec not in _WHOLE_OUTPUT:
        return ABSENT
    if codec in _ALWAYS_FULL or _is_given(visit, rule, family):
        return FULL
    if rule.always:
        return EMPTY
    return _SETTLES.get(rule.otherwise[-1].action, ABSENT) if rule.otherwise else ABSENT


def _is_given(visit: Visit, rule: Rule, family: Family) -> bool:
    """Whether the source always holds what the codec needs: bound by the engine, required by the family or the rule."""
    name = rule.via[0].codec if rule.via else ""
    needed = CODECS[name].required if name in CODECS else len(rule.first)
    known = [path.name in visit.given if path.name else _is_required(visit, path, rule, family) for path in rule.first]
    return all(known[:needed]) if needed and known else any(known)


def _is_required(visit: Visit, path: Path, rule: Rule, family: Family) -> bool:
    if path.plain == "SOPInstanceUID":
        return True
    asked = [*rule.when_first, *(each.when for each in family.requires if not each.optional)]
    return any(
        each.test in _DEMANDS
        and each.path.plain == path.plain
        and visit.bases(each.path, FIRST) == visit.bases(path, FIRST)
        for each in asked
    )


def _brings_all(rule: Rule, number: int, mapping: Mapping) -> bool:
    if rule.value is not None:
        return isinstance(rule.value, dict)
    if not rule.via or not rule.via[0].codec:
        return True
    return _kind(rule.via[-1], number, mapping) == "code"


def _kind(via: Via, number: int, mapping: Mapping) -> str:
    if via.codec == "table":
        table = mapping.tables.get(str(dict(via.arguments)["name"]))
        kinds = table.second if table else ()
    else:
        kinds = CODECS[via.codec].second if via.codec in CODECS else ()
    return kinds[number] if number < len(kinds) else ""


def _by_each(visit: Visit, block: Each, family: Family) -> Iterator[Write]:
    sure = ABSENT if block.first.steps and not block.when_item else FULL
    yield from _plain(visit, block.second, block.id, sure, block.when)
    item = f"{block.id}_item"
    if block.number:
        yield from _in_item(visit, block.second, item, block.number, block.id)
    if block.count is not None:
        yield from _plain(visit, block.count, block.id, ABSENT)
    if block.openings is not None:
        points = family.second_points
        role = block.openings.role
        for base in visit.roles.get((SECOND, points.role), ()):
            yield Write(base.below(block.openings.second), points.role, block.id, FULL)
            yield Write(base.below(block.openings.count), points.role, block.id, FULL)
            yield Write(base.below(f"{block.openings.second}/{block.openings.second_key}"), role, block.id, FULL)


def _by_distinct(visit: Visit, block: Distinct) -> Iterator[Write]:
    over_points = block.over is None
    sure = FULL if over_points or block.when_item else EMPTY if block.otherwise_empty else ABSENT
    yield from _plain(visit, block.second, block.id, sure)
    item = f"{block.id}_item"
    if block.number:
        yield from _in_item(visit, block.second, item, block.number, block.id)
    for path in (block.count, block.index, block.otherwise_index):
        if path is not None:
            yield from _plain(visit, path, block.id, FULL if over_points else ABSENT)
    if block.members is not None:
        for base in visit.bases(block.second, SECOND) or ():
            yield Write(base.below(block.members.plain), item, block.id, FULL)


def _plain(visit: Visit, path: Path, by: str, sure: int, when: tuple[Condition, ...] = ()) -> Iterator[Write]:
    for base in visit.bases(path, SECOND) or ():
        yield Write(base, path.role, by, sure, when=when)


def _in_item(visit: Visit, sequence: Path, role: str, word: str, by: str) -> Iterator[Write]:
    for base in visit.bases(sequence, SECOND) or ():
        yield Write(base.below(word), role, by, FULL)
