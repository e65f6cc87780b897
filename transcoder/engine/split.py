"""From one first-generation instance to its second-generation instances, as a family file says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from transcoder.codecs.registry import Cell
from transcoder.dicom.columns import RowWriter
from transcoder.dicom.elements import Item, tag_of
from transcoder.dicom.instance import Instance
from transcoder.dicom.values import Texts, ValueFault
from transcoder.engine.blocks import bind, run_nodes
from transcoder.engine.conditions import hold
from transcoder.engine.instructions import Planned, of_record, open_radiation, open_set, planned_of, stand_for_plan
from transcoder.engine.ledger import Ledger
from transcoder.engine.points import close_points, open_points
from transcoder.engine.preflight import check_machines, check_requires, run_checks
from transcoder.engine.reading import Missing, items_at, read
from transcoder.engine.references import Directory, write_references
from transcoder.engine.scope import Run, Scope
from transcoder.engine.sources import Group, add_companions, groups_of, has_lost, look_up, number_of
from transcoder.engine.tree import TargetTree
from transcoder.findings import Account, Finding, Severity
from transcoder.mapping.model import Family, Sheet
from transcoder.mapping.model import Mapping as Sheets
from transcoder.mapping.targets import Target

__all__ = ["Made", "Outcome", "split"]

_UID = tag_of("SOPInstanceUID")
_LABEL = tag_of("UserContentLabel")


@dataclass(frozen=True, slots=True)
class Made:
    """One instance that was made: its role, names and encoded data set (explicit VR little endian).

    ``file`` is the whole file where it is given back as it was.
    """

    role: str
    sop_class_uid: str
    sop_instance_uid: str
    data: bytes
    file: bytes = b""


@dataclass(slots=True)
class Outcome:
    """What became of one source: the instances made (none when it was refused), the account, the findings.

    ``answer`` is an instance that was there already and says the same; ``parts`` names the instances that were
    converted as parts of the source; ``ledger`` tells of single elements what the account tells of positions.
    """

    made: list[Made] = field(default_factory=list)
    account: Account = field(default_factory=Account)
    findings: list[Finding] = field(default_factory=list)
    answer: Instance | None = None
    parts: list[str] = field(default_factory=list)
    ledger: Ledger | None = None


def split(
    source: Instance,
    others: Sequence[Instance],
    sheets: Sheets,
    family: Family,
    *,
    software: str,
    lenient: bool = False,
    finish: Callable[[Item, Instance], int] | None = None,
    delivered_by: str = "plan",
) -> Outcome:
    """Convert one instance; ``others`` may be consulted, ``finish`` may add to each set and says how much it added.

    ``delivered_by`` says what gave the instructions for what a record tells of: the ``plan``, or the ``set`` of it.
    """
    run = _run(source, sheets, family, lenient)
    if run is None:
        fault = Finding(
            "T006", Severity.ERROR, "Specific Character Set names no known character set", "SpecificCharacterSet"
        )
        return Outcome(findings=[fault])
    trees: list[tuple[Target, TargetTree]] = []
    with suppress(Missing):
        splitter = _Splitter(run, source, others, family, software)
        splitter.consult(others, software, delivered_by)
        trees = splitter.trees()
    outcome = Outcome(findings=run.findings)
    if run.failed:
        return outcome
    directory = Directory(source, others, [tree.root for _, tree in trees])
    for target, tree in trees:
        write_references(run, tree, directory)
        added = finish(tree.root, source) if finish and target.role == "set" else 0
        data, tally, count = tree.finish()
        run.ledger.target(tally, count)
        uid = tree.root[_UID].raw.rstrip(b"\0").decode()
        outcome.made.append(Made(target.role, target.sop_class, uid, data))
        assert added >= 0  # noqa: S101 - what `finish` adds is counted by the tree itself
    outcome.account, unaccounted = run.ledger.close()
    outcome.ledger = run.ledger
    run.findings.extend(unaccounted)
    return outcome


def _run(source: Instance, sheets: Sheets, family: Family, lenient: bool) -> Run | None:
    declared = {each.path: each for sheet in sheets.sheets_of(family) for each in sheet.declared}
    try:
        texts = Texts.of(source.item.get(tag_of("SpecificCharacterSet")))
    except ValueFault:
        return None
    return Run(sheets, Ledger(source.item, declared), texts, lenient)


class _Splitter:
    def __init__(self, run: Run, source: Instance, others: Sequence[Instance], family: Family, software: str) -> None:
        self.run = run
        self.source = source
        self.family = family
        self.set_target, self.radiation_target = family.targets
        self.planned: Planned | None = None
        private = dict(family.sop_classes).get(source.sop_class_uid) == "private"
        self.scope = Scope(
            run=run,
            items={family.root: source.item, "source": source.item},
            places={},
            tables={},
            target=TargetTree(),
            targets={},
            writers={},
            bound={
                "software": Cell([software]),
                "conversion": Cell([self._conversion()]),
                "edition": Cell(run.mapping.digest),
                "radiation_class": Cell([self.radiation_target.sop_class]),
            },
            incomplete=[],
        )
        add_companions(self.scope, family, others)
        if private:
            run.tell("T112", Severity.WARNING, "Definition Source permits RT Plan Storage only and is left out",
                     "SOPClassUID", cite="PS3.3 C.36.10; decision 17")  # fmt: skip

    def consult(self, others: Sequence[Instance], software: str, delivered_by: str) -> None:
        """Open the roles of the set that gave the instructions, or that stands for a plan that is not at hand."""
        if not self.family.instructions:
            return
        found = of_record(self.scope, self.family, others)
        stand_for_plan(self.scope, self.family, found, others, software)
        if delivered_by == "set":
            self.planned = planned_of(self.scope, self.family, found)
        if self.planned is not None:
            open_set(self.scope, self.family, self.planned)

    def _conversion(self) -> str:
        return (
            f"Transcoded from SOP Class {self.source.sop_class_uid}, instance {self.source.sop_instance_uid}, "
            f"with mapping {self.run.mapping.digest}"
        )

    def trees(self) -> list[tuple[Target, TargetTree]]:
        """All target trees: for each group its set, then its radiations."""
        check_requires(self.scope, self.family, self.family.root)
        run_checks(self.scope, self.family)
        if self.run.failed:
            return []
        found: list[tuple[Target, TargetTree]] = []
        for group in groups_of(self.scope, self.set_target):
            found.extend(self._group(group))
        if not found and not self.run.failed:
            self.run.tell("T114", Severity.ERROR, "no item tells of a treatment beam", self.set_target.per.plain)
        return found

    def _group(self, group: Group) -> list[tuple[Target, TargetTree]]:
        target = self.set_target
        place = f"{target.per.plain}[{group.place}]"
        scope = self.scope.child(items={target.item_role: group.item}, places={target.item_role: place})
        check_requires(scope, self.family, target.item_role)
        bound = {"group_number": number_of(scope, target, group.place), "beam_number": Cell(None), "labels": Cell([])}
        scope = look_up(scope.child(bound=bound), target)
        if has_lost(scope, target):
            return []
        known: dict[int, dict[str, Any]] = {}
        radiations = self._radiations(scope, known, group.members)
        if "machines" in self.family.checks:
            check_machines(scope, [entry["items"]["beam"] for entry in known.values()])
        if not radiations or self.run.failed:
            return radiations
        scope.per_item = lambda item: known.get(id(item))
        tree, _ = self._instance(scope, self.set_target)
        return [(self.set_target, tree), *radiations]

    def _radiations(
        self, scope: Scope, known: dict[int, dict[str, Any]], members: Sequence[int] | None
    ) -> list[tuple[Target, TargetTree]]:
        target = self.radiation_target
        uses, _ = items_at(scope, target.per)
        found: list[tuple[Target, TargetTree]] = []
        for number, use in enumerate(uses):
            if members is not None and number not in members:
                continue
            place = scope.place(target.per.role, f"{target.per.plain}[{number}]")
            inner = scope.child(items={target.item_role: use}, places={target.item_role: place})
            inner = look_up(inner, target)
            if has_lost(inner, target) or self._skipped(inner, target):
                continue
            opened = inner if self.planned is None else open_radiation(inner, self.family, self.planned, place)
            entry = None if opened is None else self._radiation(opened, target, number)
            if entry is None:
                continue
            known[id(use)] = entry
            found.append((target, entry["tree"]))
        return found

    def _skipped(self, scope: Scope, target: Target) -> bool:
        for skip in target.skips:
            if hold(scope, skip.when):
                message = f"{skip.kind}: {skip.reason}"
                self.run.tell(skip.finding, Severity.INFO, message, scope.places["beam"], cite="PS3.3 C.8.8.14")
                return True
        return False

    def _radiation(self, scope: Scope, target: Target, place: int) -> dict[str, Any] | None:
        table = open_points(scope, self.family.first_points)
        if table is None:
            return None
        writer = RowWriter(len(table.items))
        first, second = self.family.first_points.role, self.family.second_points.role
        scope = scope.child(tables={first: table}, writers={second: writer})
        self.run.machine = (read(scope, self.family.machine, "text").value or [""])[0]
        errors = len(self.run.findings)
        check_requires(scope, self.family, target.item_role)
        if any(finding.severity is Severity.ERROR for finding in self.run.findings[errors:]):
            return None
        bound = {"beam_number": number_of(scope, target, place)}
        tree, root = self._instance(scope.child(bound=bound), target, writer)
        if _LABEL in root:
            scope.bound["labels"].value.extend(self.run.texts.decode(root[_LABEL]))
        uid = root[_UID].raw.rstrip(b"\0").decode() if _UID in root else ""
        roles = {target.item_role, *(role for role, _ in target.lookups)} & scope.items.keys()
        return {
            "tree": tree,
            "radiation_uid": Cell([uid]),
            "radiation_class": Cell([target.sop_class]),
            "items": {role: scope.items[role] for role in roles},
            "places": {role: scope.places[role] for role in roles},
            "tables": {first: table},
            "writers": {second: writer},
        }

    def _instance(self, scope: Scope, target: Target, writer: RowWriter | None = None) -> tuple[TargetTree, Item]:
        tree = TargetTree()
        # Of one source two families make different content, which bears different names.
        role = f"{self.family.name} {target.role}" if self.family.instead_of else target.role
        bound = {"role": Cell(role), "sop_class": Cell([target.sop_class])}
        inner = scope.child(targets={target.role: tree.root, "instance": tree.root}, bound=bound)
        inner.target = tree
        inner.incomplete = []
        inner.per_item = scope.per_item
        for name in target.sheets:
            self._sheet(inner, self.run.mapping.sheets[name])
        if writer is not None:
            close_points(inner, self.family.second_points, writer)
        return tree, tree.root

    def _sheet(self, scope: Scope, sheet: Sheet) -> None:
        if sheet.binds:
            try:
                scope = scope.child(bound=bind(scope, sheet.binds))
            except Missing:
                return
        if "rt_control_points" in scope.writers:
            scope.bound["incomplete"] = Cell(scope.incomplete or None)
        run_nodes(scope, sheet.rules)
