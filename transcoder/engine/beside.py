"""What is consulted beside a set and its radiations: an intent that the set names, a preparation made for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from transcoder.dicom.elements import Element, Item, children_of, plain_text, tag_of
from transcoder.dicom.instance import Instance
from transcoder.dicom.values import whole_number
from transcoder.engine.ledger import Ledger
from transcoder.engine.preflight_back import Members
from transcoder.engine.scope import Run, Scope
from transcoder.findings import Severity
from transcoder.mapping.demands import Beside as Entry
from transcoder.mapping.model import Declared, Family, Mapping

__all__ = ["Consulted"]

_UID = tag_of("ReferencedSOPInstanceUID")
_RADIATIONS, _SETS = tag_of("ReferencedRTRadiationSequence"), tag_of("ReferencedRTRadiationSetSequence")
_GROUPS, _GROUP = tag_of("TreatmentPositionGroupSequence"), tag_of("TreatmentPositionGroupUID")
_NAMED_GROUP = tag_of("ReferencedTreatmentPositionGroupUID")
_CHOSEN, _CHOSEN_INDEX = tag_of("ReferencedRTPrescriptionSequence"), tag_of("ReferencedRTPrescriptionIndex")
_PRESCRIPTIONS, _PRESCRIPTION = tag_of("RTPrescriptionSequence"), tag_of("RTPrescriptionIndex")
_PARENT, _GOAL_OF = tag_of("ReferencedParentRTPrescriptionIndex"), tag_of("ReferencedRTPhysicianIntentIndex")
_GOALS, _GOAL = tag_of("RTPhysicianIntentSequence"), tag_of("RTPhysicianIntentIndex")
_OBJECTIVES, _OBJECTIVE = tag_of("DosimetricObjectiveSequence"), tag_of("DosimetricObjectiveUID")
_OBJECTIVES_NAMED = tag_of("ReferencedDosimetricObjectivesSequence")
_OBJECTIVE_NAMED, _EXTENT = tag_of("ReferencedDosimetricObjectiveUID"), tag_of("DosimetricObjectiveEvaluationScope")
_PATIENT = tuple(map(tag_of, ("PatientID", "IssuerOfPatientID")))


@dataclass(slots=True)
class Consulted:
    """The instances found, by their role and by the UID of the set or radiation that they are for."""

    family: Family
    members: Members
    sets: Sequence[Instance]
    found: dict[tuple[str, str], list[Instance]] = field(default_factory=dict)
    dangling: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, sets: Sequence[Instance], members: Members, others: Sequence[Instance], family: Family) -> Consulted:
        """Look among other instances for those that the family consults."""
        made = cls(family, members, sets)
        for entry in family.beside:
            known = [each for each in others if each.sop_class_uid == entry.sop_class]
            for source in sets:
                if entry.named is not None:
                    names = {plain_text(item, _UID) for item in children_of(source.item, tag_of(entry.named.keyword))}
                    made._note(
                        entry, source.sop_instance_uid, [each for each in known if each.sop_instance_uid in names]
                    )
                elif entry.scope is not None:
                    made._prepare(entry, source, known)
        return made

    def _note(self, entry: Entry, uid: str, instances: list[Instance]) -> None:
        held = self.found.setdefault((entry.role, uid), [])
        held.extend(each for each in instances if each not in held)

    def _prepare(self, entry: Entry, source: Instance, known: Sequence[Instance]) -> None:
        assert entry.scope is not None  # noqa: S101 - called for entries with a scope
        inside = [each.sop_instance_uid for each in self.members.of_set(source)]
        for instance in known:
            for scope in children_of(instance.item, tag_of(entry.scope.keyword)):
                names, lost = _concerned(scope, source, inside)
                self.dangling += [(entry.role, word) for word in lost]
                for uid in names:
                    self._note(entry, uid, [instance])

    def instances(self) -> list[Instance]:
        """The instances that are consulted, each once."""
        chosen = [row[0] for row in self.found.values() if len(row) == 1]
        return list({id(each): each for each in chosen}.values())

    def names(self) -> list[str]:
        """The UIDs of all instances that are for a source, consulted or not."""
        return list({each.sop_instance_uid: None for row in self.found.values() for each in row})

    def roles(self) -> set[str]:
        """The roles that instances beside the sources may have."""
        return {entry.role for entry in self.family.beside}

    def account(self, ledger: Ledger, sheets: Mapping, common: dict[str, Declared]) -> None:
        """Open an account for each instance, with what the sheets of its role declare."""
        for entry in self.family.beside:
            mine = [sheet for sheet in sheets.sheets.values() if sheet.second == entry.role]
            declared = {each.path: each for sheet in mine for each in sheet.declared_second}
            for instance in self.instances():
                if instance.sop_class_uid == entry.sop_class:
                    ledger.add(instance.item, {**common, **declared})

    def check(self, run: Run) -> None:
        """Findings for what is of another patient, missing, or there more than once."""
        patients = {tuple(plain_text(source.item, tag) for tag in _PATIENT) for source in self.sets}
        for entry in self.family.beside:
            rows = [(uid, row) for (role, uid), row in self.found.items() if role == entry.role]
            if any(
                tuple(plain_text(each.item, tag) for tag in _PATIENT) not in patients for _, row in rows for each in row
            ):
                message = f"the {entry.role} made for this set is of another patient"
                run.tell("T230", Severity.ERROR, message, "PatientID", cite="PS3.3 C.7.1.1")
            if any(len(row) > 1 for _, row in rows):
                message = f"more than one {entry.role} for the same; none of them is consulted"
                place = entry.named.plain if entry.named is not None else self.family.members.plain
                run.tell("T231", Severity.WARNING, message, place, cite=entry.cite)
            if entry.named is not None:
                self._check_named(run, entry, entry.named.keyword)
        for role, word in dict.fromkeys(self.dangling):
            message = f"the {role} is made for something that the set does not hold"
            run.tell("T233", Severity.WARNING, message, f"{role}/{word}", cite="PS3.3 C.36.2.3.3")

    def _check_named(self, run: Run, entry: Entry, keyword: str) -> None:
        for source in self.sets:
            element = source.item.get(tag_of(keyword))
            if element is None:
                continue
            held = self.found.get((entry.role, source.sop_instance_uid), [])
            if len(held) == len(element.items) == 1 or not element.items:
                run.ledger.derive(_below(element), "beside")
                continue
            if len(held) < len(element.items):
                message = f"the {entry.role} that the set names is not among the sources; nothing is taken from it"
                run.tell("T232", Severity.WARNING, message, keyword, cite=entry.cite)
            run.ledger.lose(_below(element), "beside", f"never: no one {entry.role} is consulted")

    def open(self, scope: Scope, uid: str) -> Scope:
        """A scope with the roles of what is consulted for one set or radiation."""
        for entry in self.family.beside:
            row = self.found.get((entry.role, uid), [])
            if len(row) != 1:
                continue
            scope = scope.child(items={entry.role: row[0].item}, places={entry.role: entry.role})
            if entry.parts:
                scope = _chosen_parts(scope, scope.items["set"], row[0].item, entry)
        return scope


def _concerned(scope: Item, source: Instance, inside: list[str]) -> tuple[list[str], list[str]]:
    """The radiations of a set that a preparation is for, and the sequences that name what is not there."""
    named = [plain_text(each, _UID) for each in children_of(scope, _RADIATIONS)]
    found, lost = [uid for uid in named if uid in inside], []
    for each in children_of(scope, _SETS):
        if plain_text(each, _UID) != source.sop_instance_uid:
            continue
        some = [plain_text(item, _UID) for item in children_of(each, _RADIATIONS)]
        groups = [plain_text(item, _NAMED_GROUP) for item in children_of(each, _GROUPS)]
        known = {plain_text(group, _GROUP): group for group in children_of(source.item, _GROUPS)}
        if set(some) - set(inside):
            lost.append("ReferencedRTRadiationSequence")
        if set(groups) - known.keys():
            lost.append("TreatmentPositionGroupSequence")
        for group in groups:
            some += [plain_text(item, _UID) for item in children_of(known.get(group, Item()), _RADIATIONS)]
        found += [uid for uid in some if uid in inside] if some or groups else inside
    return list(dict.fromkeys(found)), lost


def _chosen_parts(scope: Scope, source: Item, intent: Item, entry: Entry) -> Scope:
    """Roles for the one prescription that the set is for, and for the one goal that it serves (C.36.6.1.5)."""
    prescriptions = {whole_number(item.get(_PRESCRIPTION)): item for item in children_of(intent, _PRESCRIPTIONS)}
    goals = {whole_number(item.get(_GOAL)): item for item in children_of(intent, _GOALS)}
    named = [
        whole_number(each.get(_CHOSEN_INDEX)) for item in _named(source, entry) for each in children_of(item, _CHOSEN)
    ]
    chosen = [number for number in dict.fromkeys(named) if number in prescriptions]
    if len(chosen) < len(set(named)):
        message = "the set names a prescription that the intent does not hold"
        place = "ReferencedRTPhysicianIntentSequence/ReferencedRTPrescriptionSequence"
        scope.run.tell("T233", Severity.WARNING, message, place, cite=entry.cite)
    if len(chosen) == 1:
        scope = scope.child(items={"objectives": _objectives_of(intent, prescriptions, chosen[0])})
    wanted = {_goal_of(prescriptions, number) for number in chosen}
    for role, numbers_, known in (("prescription", chosen, prescriptions), ("goal", list(wanted), goals)):
        if len(numbers_) > 1:
            message = f"the set serves more than one {role} of the intent; nothing is taken from any"
            scope.run.tell("T234", Severity.WARNING, message, "ReferencedRTPhysicianIntentSequence", cite=entry.cite)
        elif numbers_ and (item := known.get(numbers_[0])) is not None:
            path = dict(entry.parts)[role]
            place = f"{entry.role}/{path.plain}[{list(known).index(numbers_[0])}]"
            scope = scope.child(items={role: item}, places={role: place})
    return scope


def _objectives_of(intent: Item, prescriptions: dict[int | None, Item], number: int | None) -> Item:
    """The objectives of one prescription alone; those that others share or that look back are no doses of a plan.

    C.36.6.1.6 and C.36.6.1.7: the value of a shared objective is the dose of all its prescriptions together, that of
    a LIFETIME objective counts the dose of prior treatments.
    """
    users: dict[str, set[int | None]] = {}
    for each, prescription in prescriptions.items():
        for named in children_of(prescription, _OBJECTIVES_NAMED):
            users.setdefault(plain_text(named, _OBJECTIVE_NAMED), set()).add(each)
    found = [
        each
        for each in children_of(intent, _OBJECTIVES)
        if users.get(plain_text(each, _OBJECTIVE)) == {number} and plain_text(each, _EXTENT) == "CURRENT"
    ]
    held = Item()
    held.put(_OBJECTIVES, "SQ", found)
    return held


def _named(source: Item, entry: Entry) -> list[Item]:
    return children_of(source, tag_of(entry.named.keyword)) if entry.named is not None else []


def _goal_of(prescriptions: dict[int | None, Item], number: int | None) -> int | None:
    item = prescriptions.get(number, Item())
    parent = whole_number(item.get(_PARENT))
    owner = item if parent is None else prescriptions.get(parent, Item())
    return whole_number(owner.get(_GOAL_OF))


def _below(element: Element) -> Iterator[Element]:
    yield element
    for item in element.items:
        for each in item.values():
            yield from _below(each)
