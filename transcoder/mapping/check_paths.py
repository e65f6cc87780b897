"""Whether keywords, roles, positions and bound names of a sheet exist."""

from __future__ import annotations

from collections.abc import Iterator

from transcoder.mapping.check_fault import Fault, fault
from transcoder.mapping.check_roles import FIRST, SECOND, Base, Visit, in_block, in_input, index
from transcoder.mapping.marks import Mark, Place
from transcoder.mapping.model import Assemble, Bind, Condition, Distinct, Each, Mapping, Records, Rule
from transcoder.paths import Path, Step
from transcoder.standard import dictionary

__all__ = ["path_faults", "place_faults"]


def path_faults(visit: Visit, mapping: Mapping) -> Iterator[Fault]:
    """The faults of every path and condition of one node."""
    node = visit.node
    if isinstance(node, Rule):
        yield from _of_rule(visit, node, mapping)
    elif isinstance(node, Each):
        yield from _of_each(visit, node, mapping)
    elif isinstance(node, Distinct):
        yield from _of_distinct(visit, node)
    elif isinstance(node, Records):
        yield from place_faults(visit, node.second, SECOND, node.place.at("second"))
    elif isinstance(node, Assemble):
        yield from _of_inputs(visit, node)


def _of_rule(visit: Visit, rule: Rule, mapping: Mapping) -> Iterator[Fault]:
    at = rule.place.at
    for side, paths in ((FIRST, rule.first), (SECOND, rule.second)):
        for number, path in enumerate(paths):
            yield from place_faults(visit, path, side, at(side, number), retired=rule.retired)
    for number, each in enumerate(rule.otherwise):
        for path in each.first:
            yield from place_faults(visit, path, FIRST, at("otherwise", number))
    for side, conditions in ((FIRST, rule.when_first), (SECOND, rule.when_second)):
        for number, condition in enumerate(conditions):
            yield from _of_condition(visit, condition, side, at("when", side, number), mapping)
    for word, _ in rule.companions:
        for base in visit.bases(rule.second[0], SECOND) or ():
            yield from _position(base.outer().below(word), at("with", word))


def _of_each(visit: Visit, block: Each, mapping: Mapping) -> Iterator[Fault]:
    at = block.place.at
    yield from place_faults(visit, block.first, FIRST, at("first"))
    yield from place_faults(visit, block.second, SECOND, at("second"))
    if block.count is not None:
        yield from place_faults(visit, block.count, SECOND, at("count"))
    inner = in_block(visit)
    for number, condition in enumerate(block.when):
        yield from _of_condition(visit, condition, FIRST, at("when", number), mapping)
    for number, condition in enumerate(block.second_when):
        yield from _of_condition(inner, condition, SECOND, at("second_when", number), mapping)
    yield from _of_binds(inner, block.binds, block.place, "bind")
    for word, side, role in (
        (block.number, SECOND, f"{block.id}_item"),
        (block.first_number, FIRST, block.role),
        (block.first_same, FIRST, block.role),
    ):
        if word:
            yield from _words(inner, (word,), side, role, at("number"))
    if block.single is not None:
        yield from _words(inner, block.single.differ, FIRST, block.role, at("single", "differ"))


def _of_distinct(visit: Visit, block: Distinct) -> Iterator[Fault]:
    at = block.place.at
    if block.over is not None:
        yield from place_faults(visit, block.over, FIRST, at("over"))
    yield from place_faults(visit, block.second, SECOND, at("second"))
    for word, path in (("count", block.count), ("index", block.index), ("otherwise_index", block.otherwise_index)):
        if path is not None:
            yield from place_faults(visit, path, SECOND, at(word))
    inner = in_block(visit)
    if block.members is not None:
        yield from place_faults(inner, block.members, SECOND, at("members"))
    yield from _of_binds(inner, block.columns, block.place, "columns")
    if block.number:
        yield from _words(inner, (block.number,), SECOND, f"{block.id}_item", at("number"))
    if block.needs and block.needs not in {column.name for column in block.columns}:
        yield fault(
            at("needs"),
            "M207",
            f"no column is called '{block.needs}'",
            block.needs,
            [each.name for each in block.columns],
        )


def _of_inputs(visit: Visit, block: Assemble) -> Iterator[Fault]:
    for each in block.inputs:
        at = block.place.at("inputs", each.name, "over")
        yield from place_faults(visit, each.over, FIRST, at)
        inner = in_input(visit, each.role, each.over, each.when_item)
        if each.holder and (FIRST, each.holder) not in visit.roles:
            known = sorted(role for side, role in visit.roles if side == FIRST)
            mark = block.place.at("inputs", each.name, "holder")
            yield fault(mark, "M202", f"no role '@{each.holder}' is open here", each.holder, known)
        for word, path in each.fields:
            yield from place_faults(inner, path, FIRST, block.place.at("inputs", each.name, "fields", word))


def _of_binds(visit: Visit, binds: tuple[Bind, ...], place: Place, word: str) -> Iterator[Fault]:
    for bind in binds:
        for side, paths in ((FIRST, bind.first), (SECOND, bind.second)):
            for number, path in enumerate(paths):
                yield from place_faults(visit, path, side, place.at(word, bind.name, side, number))


def _of_condition(visit: Visit, condition: Condition, side: str, mark: Mark, mapping: Mapping) -> Iterator[Fault]:
    yield from place_faults(visit, condition.path, side, mark)
    if dictionary.vr_of(condition.path.keyword) == "SQ":
        for name in condition.values:
            if name not in mapping.concepts:
                yield fault(mark, "M209", f"'{name}' is no concept", str(name), mapping.concepts)


def _words(visit: Visit, words: tuple[str, ...], side: str, role: str, mark: Mark) -> Iterator[Fault]:
    for word in words:
        yield from place_faults(visit, Path(role, (Step(word),)), side, mark)


def place_faults(visit: Visit, path: Path, side: str, mark: Mark, *, retired: bool = False) -> Iterator[Fault]:
    """The faults of one path: its name, its role, its keywords, its selectors, its position."""
    if path.name:
        if path.name not in visit.names:
            yield fault(mark, "M207", f"'${path.name}' is bound by nothing around it", path.name, visit.names)
        return
    words = list(_keyword_faults(path, mark))
    yield from words
    if words:
        return
    bases = visit.bases(path, side)
    if bases is None:
        known = sorted({role for _, role in visit.roles})
        yield fault(mark, "M202", f"no role '@{path.role}' is open here", path.role, known)
        return
    for base in dict.fromkeys(bases):
        yield from _position(base, mark, retired=retired)
        yield from _selectors(base, path, mark)


def _keyword_faults(path: Path, mark: Mark) -> Iterator[Fault]:
    for step in path.steps:
        for word in (step.keyword, *(key for key, _ in step.keys)):
            if word and not dictionary.is_keyword(word):
                yield fault(mark, "M200", f"PS3.6 has no keyword '{word}'", word, dictionary.keywords())


def _position(base: Base, mark: Mark, *, retired: bool = False) -> Iterator[Fault]:
    known = index(base.iod)
    if not base.prefix or base.prefix in known:
        return
    outer, _, word = base.prefix.rpartition("/")
    if not dictionary.is_keyword(word):
        yield fault(mark, "M200", f"PS3.6 has no keyword '{word}'", word, dictionary.keywords())
    elif not (retired or (dictionary.is_retired(word) and (not outer or outer in known))):
        beside = [each.rpartition("/")[2] for each in known if each.rpartition("/")[0] == outer]
        where = f"below {outer} " if outer else ""
        yield fault(mark, "M201", f"'{word}' has no place {where}in the IOD {base.iod}", word, beside)


def _selectors(base: Base, path: Path, mark: Mark) -> Iterator[Fault]:
    outer = base.prefix.removesuffix(path.plain).rstrip("/")
    for step in path.steps:
        outer = f"{outer}/{step.keyword}".lstrip("/")
        for key, _ in step.keys if step.key else ():
            yield from _position(Base(base.iod, f"{outer}/{key}"), mark)
