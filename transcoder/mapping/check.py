"""What can be proved of the sheets before any instance is read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace

from transcoder.mapping.check_fault import Fault, fault
from transcoder.mapping.check_paths import path_faults, place_faults
from transcoder.mapping.check_roles import (
    FIRST,
    SECOND,
    SOURCE,
    Roles,
    Visit,
    bases_of_family,
    in_block,
    iod_of,
    visits,
)
from transcoder.mapping.check_targets import target_faults
from transcoder.mapping.check_values import bind_faults, value_faults
from transcoder.mapping.coverage import rule_reads
from transcoder.mapping.marks import Mark
from transcoder.mapping.model import Each, Family, Mapping, Rule
from transcoder.paths import parse

__all__ = ["Fault", "check"]

# A citation names a section of the standard or a decision: PS3.3 C.8.8.14, 10.36, CID 9525, TID 15302, decision 4.
_CITE = re.compile(r"PS3\.\d+ \S|\bCID \d|\bTID \d|\bdecisions? \d|\b(?:[A-Z]\.)?\d+(?:\.\d+)+")
_CODE = re.compile(r"[A-Z]\d{3}\Z")


def check(mapping: Mapping, codes: Collection[str] = ()) -> list[Fault]:
    """Every fault of the sheets, by file and line; ``codes`` are the finding codes that exist, where they are known."""
    found = [
        *_of_families(mapping, codes),
        *_of_nodes(mapping, codes),
        *_of_declared(mapping),
        *target_faults(mapping),
    ]
    unique = dict.fromkeys(found)
    return sorted(unique, key=lambda each: (each.mark.file, each.mark.line, each.mark.column, each.code))


def _of_nodes(mapping: Mapping, codes: Collection[str]) -> Iterator[Fault]:
    seen: set[str] = set()
    for visit in visits(mapping):
        if visit.sheet.name not in seen:
            seen.add(visit.sheet.name)
            yield from _of_sheet(visit, mapping)
        yield from path_faults(visit, mapping)
        yield from value_faults(in_block(visit), mapping)
        node = visit.node
        if isinstance(node, Rule) and not _CITE.search(node.cite):
            yield Fault(node.place.at("cite"), "M212", f"rule '{node.id}' cites no section: '{node.cite}'")
        if isinstance(node, Each) and node.single is not None:
            yield from _code(node.single.code, node.place.at("single", "code"), codes)


def _of_sheet(visit: Visit, mapping: Mapping) -> Iterator[Fault]:
    sheet = visit.sheet
    for side, role in ((FIRST, sheet.first), (SECOND, sheet.second)):
        if (side, role) not in visit.roles:
            known = [name for where, name in visit.roles if where == side]
            yield fault(sheet.place.at("roots", side), "M202", f"no role '@{role}' is open here", role, known)
    yield from bind_faults(visit, sheet.binds, sheet.place.at, mapping)
    for bind in sheet.binds:
        for side, paths in ((FIRST, bind.first), (SECOND, bind.second)):
            for number, path in enumerate(paths):
                yield from place_faults(visit, path, side, sheet.place.at("bind", bind.name, side, number))


def _of_families(mapping: Mapping, codes: Collection[str]) -> Iterator[Fault]:
    for family in mapping.families.values():
        for target in family.targets:
            for name in target.sheets:
                if name not in mapping.sheets:
                    yield fault(target.mark, "M219", f"no sheet is called '{name}'", name, mapping.sheets)
            for code in (*(skip.finding for skip in target.skips), *(need.code for _, need in target.needs)):
                yield from _code(code, target.mark, codes)
            if not iod_of(target.sop_class):
                yield Fault(target.mark, "M219", f"the tables of the standard hold no SOP Class {target.sop_class}")
        yield from _of_family_paths(mapping, family)
        for require in family.requires:
            yield from _code(require.code, _family_mark(family), codes)
        for _, code, _ in (*family.refused_classes, *family.refused_creators):
            yield from _code(code, _family_mark(family), codes)


def _of_family_paths(mapping: Mapping, family: Family) -> Iterator[Fault]:
    visit = next((each for each in visits(mapping) if each.family is family), None)
    if visit is None:
        return
    roles: Roles = {(FIRST, role): (base,) for role, base in bases_of_family(family).items()}
    roles |= {key: bases for key, bases in visit.roles.items() if key[0] == SECOND}
    visit = replace(visit, roles=roles)
    mark = _family_mark(family)
    for require in family.requires:
        yield from place_faults(visit, require.when.path, FIRST, mark)
    for target in family.targets:
        yield from place_faults(visit, target.per, FIRST, target.mark)
        paths = [path for _, path in target.lookups] + [*target.group_by, *([target.number] if target.number else [])]
        for path in paths:
            yield from place_faults(visit, path, FIRST, target.mark)
        for skip in target.skips:
            for condition in skip.when:
                yield from place_faults(visit, condition.path, FIRST, target.mark)


def _family_mark(family: Family) -> Mark:
    return family.targets[0].mark


def _code(code: str, mark: Mark, codes: Collection[str]) -> Iterator[Fault]:
    if not _CODE.match(code) or (codes and code not in codes):
        yield fault(mark, "M210", f"no finding has the code '{code}'", code, codes)


def _of_declared(mapping: Mapping) -> Iterator[Fault]:
    """Entries of not_carried: their positions exist, and a rule for the same position only beside a `where`."""
    roots = {SOURCE, *(family.root for family in mapping.families.values())}
    for sheet in mapping.sheets.values():
        if sheet.first not in roots:
            for each in sheet.declared:
                message = f"not_carried stands in a sheet of '{sheet.first}'; only {sorted(roots)} are looked at"
                yield Fault(each.mark, "M218", message)
    for family in mapping.families.values():
        visit = next((each for each in visits(mapping) if each.family is family), None)
        if visit is not None:
            yield from _of_declared_by(mapping, family, visit)


def _of_declared_by(mapping: Mapping, family: Family, visit: Visit) -> Iterator[Fault]:
    carried = rule_reads(mapping, family.name)
    for sheet in mapping.sheets_of(family):
        for each in sheet.declared if sheet.first in (SOURCE, family.root) else ():
            path = parse(each.path).within(family.root)
            faults = list(place_faults(visit, path, FIRST, each.mark, retired=each.retired))
            yield from (Fault(each.mark, "M217", f"not_carried: {found.message}") for found in faults)
            if not each.where and (rule := carried.get(each.path)):
                message = f"'{each.path}' has the rule '{rule}': say where the entry holds"
                yield Fault(each.mark, "M216", message)
