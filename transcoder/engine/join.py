"""From a set and its radiations to one first-generation instance, by the sheets that split it."""

from __future__ import annotations

from collections.abc import Sequence, Set
from contextlib import suppress
from dataclasses import dataclass
from itertools import count as counting

import numpy as np

from transcoder.codecs.registry import Cell, Refused
from transcoder.dicom.elements import Element, Item, encode, tag_of
from transcoder.dicom.held import HeldRowWriter
from transcoder.dicom.instance import Instance
from transcoder.dicom.values import Texts, ValueFault, encode_numbers, whole_number
from transcoder.engine.backward import elements_below
from transcoder.engine.beside import Consulted
from transcoder.engine.blocks_back import bind_back, run_nodes_back
from transcoder.engine.instructions import open_back
from transcoder.engine.ledger import Ledger
from transcoder.engine.merging import content, merge_root, without
from transcoder.engine.motion import motion_of, unsettled
from transcoder.engine.points import close_points, open_points
from transcoder.engine.preflight import check_requires
from transcoder.engine.preflight_back import Members, check_members
from transcoder.engine.reading import Missing
from transcoder.engine.references import Directory, check_links, write_references
from transcoder.engine.salvage import check_salvaged, read_alike
from transcoder.engine.scope import Run, Scope
from transcoder.engine.split import Made, Outcome
from transcoder.engine.surrogate import StandIns, stand_in
from transcoder.engine.tree import TargetTree
from transcoder.findings import Finding, Origin, Severity
from transcoder.mapping.model import Declared, Family, Sheet, flatten
from transcoder.mapping.model import Mapping as Sheets
from transcoder.mapping.targets import Target
from transcoder.paths import Path, parse

__all__ = ["join"]

_UID = tag_of("SOPInstanceUID")


def join(
    sets: Sequence[Instance],
    others: Sequence[Instance],
    sheets: Sheets,
    family: Family,
    *,
    software: str,
    lenient: bool = False,
    surrogate: bool = False,
) -> Outcome:
    """Convert one set, or several as the groups of one instance; ``others`` hold the radiations that they name.

    With ``surrogate`` a stand-in takes the place of a radiation that the first generation cannot hold.
    """
    others = read_alike(others, family, sheets)
    members = Members.of(sets, others, family)
    stand_ins = StandIns(list(sets), list(others))
    if surrogate:
        stand_ins = stand_in(sets, others, sheets, {each.sop_instance_uid for each in members.instances()})
        sets, others = stand_ins.sets, stand_ins.others
        members = Members.of(sets, others, family)
    beside = Consulted.of(sets, members, others, family)
    texts = _texts([*sets, *members.instances(), *beside.instances()])
    if isinstance(texts, Finding):
        return Outcome(findings=[texts])
    of_set, of_radiation = (stand_ins.declared(_declared(sheets, target, beside.roles())) for target in family.targets)
    run = Run(sheets, Ledger(stand_ins.item(sets[0]), of_set), texts, lenient)
    for each in sets[1:]:
        run.ledger.add(stand_ins.item(each), of_set)
    for each in members.instances():
        run.ledger.add(stand_ins.item(each), of_radiation)
    beside.account(run.ledger, sheets, _declared(sheets, family.targets[1], {*beside.roles(), "radiation"}))
    stand_ins.tell(run)
    alike = check_salvaged(run, members.instances(), family, members.place(family))
    check_members(run, sets, members, family, {*stand_ins.classes, *alike})
    beside.check(run)
    outcome = Outcome(findings=run.findings, parts=[*members.names(), *beside.names()])
    if _failed(run):
        return outcome
    joiner = _Joiner(run, sets, members, beside, others, family, software)
    with suppress(Missing):
        joiner.all()
    if _failed(run):
        return outcome
    sources = [*sets, *members.instances(), *beside.instances()]
    directory = Directory(sets[0], [*sources, *others], [joiner.tree.root], listing=beside.instances())
    write_references(run, joiner.tree, directory)
    data, tally, count = joiner.tree.finish()
    run.ledger.target(tally, count)
    uid = joiner.tree.root[_UID].raw.rstrip(b"\0").decode()
    check_links(run, sources, uid)
    if _failed(run):
        return outcome
    standard = next(uid for uid, kind in family.sop_classes if kind == "standard")
    outcome.made.append(Made(family.root, standard, uid, data))
    outcome.account, unaccounted = run.ledger.close()
    outcome.ledger = run.ledger
    run.findings.extend(unaccounted)
    return outcome


def _failed(run: Run) -> bool:
    return run.failed


def _declared(sheets: Sheets, target: Target, without: set[str]) -> dict[str, Declared]:
    """What the sheets of a target declare of its second side, without those of other roles."""
    named = [sheet for sheet in sheets.sheets.values() if sheet.name in target.sheets]
    mine = [sheet for sheet in named if sheet.second not in without]
    return {each.path: each for sheet in mine for each in sheet.declared_second}


def _texts(sources: Sequence[Instance]) -> Texts | Finding:
    """How the values are decoded: the instances of one source speak one character set."""
    place = "SpecificCharacterSet"
    elements = [source.item.get(tag_of(place)) for source in sources]
    if len({_raw(element) for element in elements}) > 1:
        message = "a set and its radiations that differ in Specific Character Set cannot be joined"
        return Finding("T006", Severity.ERROR, message, place, cite="PS3.3 C.12.1.1.2")
    try:
        return Texts.of(elements[0])
    except ValueFault:
        return Finding("T006", Severity.ERROR, "Specific Character Set names no known character set", place)


def _raw(element: Element | None) -> bytes:
    return element.raw.strip(b" \0") if element is not None else b""


@dataclass(slots=True)
class _Beam:
    """One radiation on its way: what is seen of it, its columns, and the items that it fills."""

    instance: Instance
    scope: Scope
    writer: HeldRowWriter


class _Joiner:
    def __init__(
        self,
        run: Run,
        sets: Sequence[Instance],
        members: Members,
        beside: Consulted,
        others: Sequence[Instance],
        family: Family,
        software: str,
    ) -> None:
        self.run = run
        self.others = others
        self.sets = sets
        self.members = members
        self.beside = beside
        self.family = family
        self.set_target, self.radiation_target = family.targets
        self.tree = TargetTree()
        standard = next(uid for uid, kind in family.sop_classes if kind == "standard")
        names = ", ".join(each.sop_instance_uid for each in sets)
        conversion = (
            f"Transcoded from SOP Class {sets[0].sop_class_uid}, instance {names}, with mapping {run.mapping.digest}"
        )
        self.scope = Scope(
            run=run,
            items={},
            places={},
            tables={},
            target=self.tree,
            targets={},
            writers={},
            bound={
                "software": Cell([software]),
                "conversion": Cell([conversion]),
                "edition": Cell(run.mapping.digest),
                "sop_class": Cell([standard]),
                "sets": Cell([each.sop_instance_uid for each in sets]),
                "labels": Cell([]),
            },
            incomplete=[],
        )

    def all(self) -> None:
        """Each set with its radiations."""
        for number, source in enumerate(self.sets, start=1):
            self._set(source, number)

    def _set(self, source: Instance, number: int) -> None:
        role = self.set_target.role
        # A joined set fills a root of its own, which is merged: what an instance has once comes from the first set.
        root = self.tree.root if number == 1 else Item()
        scope = self.scope.child(
            items={role: source.item, "instance": source.item},
            places={role: "", "instance": ""},
            targets={self.family.root: root, "source": root},
        )
        if not self.set_target.group_by:
            group = self.tree.append(self.tree.root, self.set_target.per.steps)
            scope = scope.child(targets={self.set_target.item_role: group})
            self._number(group, self.set_target.number, number)
        check_requires(scope, self.family, role)
        scope = open_back(scope, self.family, source, self.others)
        scope = self.beside.open(scope, source.sop_instance_uid)
        for each in self.beside.instances():
            self._account_shared(scope, each)
        beams = [self._radiation(scope, each, place) for place, each in enumerate(self.members.of_set(source))]
        if self.run.failed:
            return
        known = {beam.instance.sop_instance_uid: _known(beam.scope) for beam in beams if beam is not None}
        self.run.members.update(known)
        scope.per_item = lambda item: known.get(_referenced(item))
        for name in self.set_target.sheets:
            self._set_sheet(scope, self.run.mapping.sheets[name], beams)
        reserved = self._reserved([beam for beam in beams if beam is not None])
        for beam in beams:
            if beam is not None:
                self._close(beam, reserved)
        if (count := self.radiation_target.count) is not None:
            self._number(scope.targets[count.role], count, len(beams))
        if root is not self.tree.root:
            merge_root(self.run, self.tree, root)

    def _set_sheet(self, scope: Scope, sheet: Sheet, beams: Sequence[_Beam | None]) -> None:
        """Run a sheet of the set; what it says of a group of items goes to each of them."""
        if not self.set_target.group_by or sheet.first != self.set_target.item_role:
            self._sheet(scope, sheet)
            return
        for beam in beams:
            if beam is not None:
                item = beam.scope.targets[self.radiation_target.item_role]
                self._sheet(scope.child(targets={sheet.first: item}), sheet)

    def _radiation(self, scope: Scope, source: Instance, number: int) -> _Beam | None:
        target = self.radiation_target
        place = f"{self.family.members.plain}[{number}]"
        holder = self.tree.root if target.per.role == self.family.root else scope.targets[target.per.role]
        use = self.tree.append(holder, target.per.steps)
        scope = scope.child(
            items={target.role: source.item},
            places={target.role: place},
            targets={target.item_role: use, **{role: Item() for role, _ in target.lookups}},
        )
        self._account_shared(scope, source)
        scope = self.beside.open(scope, source.sop_instance_uid)
        check_requires(scope, self.family, target.role)
        opened = open_points(scope, self.family.second_points)
        if opened is None:
            return None
        writer = HeldRowWriter(len(opened.items))
        first, second = self.family.first_points.role, self.family.second_points.role
        scope = scope.child(tables={second: opened}, writers={first: writer})
        for name in target.sheets:
            sheet = self.run.mapping.sheets[name]
            if sheet.second != "instance":
                scope.bound["motion"] = Cell([motion_of(writer, self.family.first_points)])
                self._sheet(scope, sheet)
        return _Beam(source, scope, writer)

    def _sheet(self, scope: Scope, sheet: Sheet) -> None:
        if sheet.binds:
            try:
                scope = scope.child(bound=bind_back(scope, sheet.binds))
            except Missing:
                return
            except Refused as refusal:
                place = next(each.second[0] for each in sheet.binds if each.second)
                scope.run.tell(refusal.code, Severity.ERROR, str(refusal), scope.place(place.role, place.plain))
                return
        run_nodes_back(scope, sheet.rules)

    def _account_shared(self, scope: Scope, source: Instance) -> None:
        """What stands in every instance comes back once, from the set; a radiation that differs is told of."""
        common = [self.run.mapping.sheets[name] for name in self.radiation_target.sheets]
        paths = [
            (rule.id, path)
            for sheet in common
            if sheet.second == "instance"
            for rule in flatten(sheet.rules)
            for path in rule.second
            if path.role == "instance" and path.steps
        ]
        whole = scope.items["instance"]
        for rule, path in paths:
            tag = tag_of(path.steps[0].keyword)
            mine, shared = source.item.get(tag), whole.get(tag)
            if mine is None:
                continue
            if shared is not None and content(mine) == content(shared):
                self.run.ledger.derive(elements_below(mine), rule)
            else:
                reason = "never: the first-generation instance has it once, and takes it from the set"
                self.run.ledger.lose(elements_below(mine), rule, reason)

    def _reserved(self, beams: Sequence[_Beam]) -> set[int | None]:
        """The numbers that the radiations of a set bring along: none of them goes to a beam that has none."""
        role = self.family.first_points.path.role
        keys = [tag_of(path.steps[-1].key) for each, path in self.radiation_target.lookups if each == role]
        return {whole_number(beam.scope.targets[role].get(key)) for beam in beams for key in keys}

    def _close(self, beam: _Beam, reserved: Set[int | None]) -> None:
        """Put the looked-up items where they belong, name them, and encode the control points."""
        for role, path in self.radiation_target.lookups:
            if path.role == self.family.root and path.steps[-1].key:
                own = role == self.family.first_points.path.role
                self._place(beam.scope, role, path, shared=not own, reserved=reserved if own else set())
            elif path.role == self.family.root:
                self._place_only(beam.scope, role, path)
        for word in unsettled(beam.writer, self.family.first_points):
            message = f"{word} changes in a segment that radiates, where it would have two values"
            place = beam.scope.place(self.radiation_target.role, self.family.second_points.path.plain)
            self.run.tell("T290", Severity.ERROR, message, place, cite="PS3.3 C.8.8.14.5")
        close_points(beam.scope, self.family.first_points, beam.writer)

    def _place(self, scope: Scope, role: str, path: Path, *, shared: bool, reserved: Set[int | None]) -> None:
        """Find or make the item that a number leads to, and write the number where it is referred to."""
        item = scope.targets[role]
        step = path.steps[-1]
        reference = parse(step.value)
        holder = scope.targets[reference.role]
        if not item:
            return
        sequence = self.tree.root.get(tag_of(step.keyword))
        held = sequence.items if sequence is not None else []
        key, referring = tag_of(step.key), tag_of(reference.keyword)
        wanted = whole_number(item.get(key)) or whole_number(holder.get(referring))
        taken = {whole_number(each.get(key)): each for each in held}
        for number, each in taken.items():
            if shared and wanted in (None, number) and without(each, key) == without(item, key):
                self._put(holder, reference.keyword, number or 0)
                return
        if wanted is None or wanted in taken:
            if wanted is not None and not shared:
                message = "the number is taken in this instance; the beam gets another one"
                self.run.tell("T201", Severity.INFO, message, scope.places[self.radiation_target.role])
            wanted = next(number for number in counting(1) if number not in taken and number not in reserved)
        if sequence is None:
            sequence = self.tree.put(self.tree.root, tag_of(step.keyword), "SQ", [], Origin.MAPPED)
        sequence.items.append(item)
        self._put(item, step.key, wanted)
        self._put(holder, reference.keyword, wanted)

    def _place_only(self, scope: Scope, role: str, path: Path) -> None:
        """Put the item where the instance has one for all beams; it must be the same for each of them."""
        item, tag = scope.targets[role], tag_of(path.keyword)
        held = self.tree.root.get(tag)
        if held is None:
            self.tree.put(self.tree.root, tag, "SQ", [item], Origin.MAPPED)
        elif encode(held.items[0]) != encode(item):
            message = f"the radiations differ in what the instance has once: {path.keyword}"
            self.run.tell("T205", Severity.ERROR, message, scope.places[self.radiation_target.role])

    def _number(self, item: Item, path: Path | None, number: int) -> None:
        if path is not None:
            self._put(item, path.keyword, number)

    def _put(self, item: Item, keyword: str, number: int) -> None:
        value = encode_numbers(np.array([float(number)]), "IS")
        self.tree.put(item, tag_of(keyword), "IS", value, Origin.GENERATED)


def _known(scope: Scope) -> dict[str, object]:
    return {
        "items": scope.items,
        "places": scope.places,
        "tables": scope.tables,
        "targets": scope.targets,
        "writers": scope.writers,
    }


def _referenced(item: Item) -> str:
    element = item.get(tag_of("ReferencedSOPInstanceUID"))
    return element.raw.rstrip(b"\0 ").decode("ascii", "replace") if element is not None else ""
