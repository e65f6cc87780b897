"""The RT Radiation Set of the plan that a treatment record names: it may have given the instructions, or stand for it.

A set belongs to a plan where it was made from it, or where the plan names it as the source of a fraction group
(PS3.3 C.8.8.13.2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from transcoder.dicom.elements import Item, children_of, plain_text, scan, tag_of, vr_of
from transcoder.dicom.instance import Instance
from transcoder.dicom.values import ValueFault, encode_numbers, numbers, whole_number
from transcoder.engine.conditions import hold
from transcoder.engine.leaf_order import take_order
from transcoder.engine.preflight_back import Members
from transcoder.engine.reading import items_at
from transcoder.engine.scope import Scope
from transcoder.findings import Severity
from transcoder.mapping.model import Family
from transcoder.mapping.targets import Target

__all__ = [
    "Planned",
    "delivered_by",
    "of_record",
    "open_back",
    "open_radiation",
    "open_set",
    "planned_of",
    "stand_for_plan",
]

_PLAN, _UID = (tag_of(word) for word in ("ReferencedRTPlanSequence", "ReferencedSOPInstanceUID"))
_SOURCE, _NUMBER = tag_of("DefinitionSourceSequence"), tag_of("ReferencedBeamNumber")
_GROUPS, _GROUP = tag_of("FractionGroupSequence"), tag_of("FractionGroupNumber")
_BEAMS, _BEAM = tag_of("BeamSequence"), tag_of("BeamNumber")
_POINTS, _METERSET = tag_of("CArmPhotonElectronControlPointSequence"), tag_of("CumulativeMeterset")
_SPECIFIED = tag_of("SpecifiedPrimaryMeterset")
# Units within which a specified meterset, a decimal string, is that of a radiation.
_SAME = 0.05


@dataclass(frozen=True, slots=True)
class Planned:
    """A set of the plan that a record names, and its radiations at hand by the number of their beam."""

    set: Instance
    radiations: dict[int, Instance]


def of_record(scope: Scope, family: Family, others: Sequence[Instance]) -> list[Planned]:
    """The sets among other instances that belong to the record's plan."""
    named = _named(scope.items[family.root], _PLAN)
    if len(named) != 1 or not family.instructions:
        return []
    set_entry, _ = family.instructions
    plan = scope.items.get("plan", Item())
    number = whole_number(scope.items[family.root].get(tag_of("ReferencedFractionGroupNumber")))
    groups = [group for group in children_of(plan, _GROUPS) if number in (None, whole_number(group.get(_GROUP)))]
    sources = {uid for group in groups for uid in _named(group, _SOURCE)}
    found = [
        each
        for each in others
        if each.sop_class_uid == set_entry.sop_class
        and (each.sop_instance_uid in sources or named[0] in _named(each.item, _SOURCE))
    ]
    return [Planned(each, _radiations(scope, family, each, others, named[0], plan)) for each in found]


def _radiations(
    scope: Scope, family: Family, source: Instance, others: Sequence[Instance], plan_uid: str, plan: Item
) -> dict[int, Instance]:
    in_plan = {
        uid: whole_number(beam.get(_BEAM)) for beam in children_of(plan, _BEAMS) for uid in _named(beam, _SOURCE)
    }
    plan_family = _plan_family(scope, family)
    found: dict[int, Instance] = {}
    for each in Members.of([source], others, plan_family).of_set(source):
        told = [
            whole_number(item.get(_NUMBER))
            for item in children_of(each.item, _SOURCE)
            if plain_text(item, _UID) == plan_uid
        ]
        number = told[0] if told else in_plan.get(each.sop_instance_uid)
        if number is not None and each.sop_class_uid == family.instructions[1].sop_class:
            found.setdefault(number, each)
    return found


def _plan_family(scope: Scope, family: Family) -> Family:
    wanted = family.instructions[0].sop_class
    return next(each for each in scope.run.mapping.families.values() if each.targets[0].sop_class == wanted)


def _fitting(scope: Scope, target: Target, found: list[Planned]) -> list[Planned]:
    """Those that hold every beam delivered; where several do, those in which the metersets agree as well."""
    items = list(_delivered(scope, target))
    wanted = {number for item in items if (number := whole_number(item.get(_NUMBER))) is not None}
    fit = [each for each in found if wanted <= each.radiations.keys()]
    if len(fit) > 1:
        fit = [each for each in fit if all(_agrees(item, each) for item in items)]
    return fit


def _delivered(scope: Scope, target: Target) -> Iterator[Item]:
    for item in items_at(scope, target.per)[0]:
        inner = scope.child(items={target.item_role: item})
        if not any(hold(inner, skip.when) for skip in target.skips):
            yield item


def _agrees(item: Item, planned: Planned) -> bool:
    radiation = planned.radiations.get(whole_number(item.get(_NUMBER)) or 0)
    specified = _number(item, _SPECIFIED)
    stated = (
        [_number(point, _METERSET) for point in children_of(radiation.item, _POINTS)] if radiation is not None else []
    )
    total = next((value for value in reversed(stated) if value is not None), None)
    return specified is None or total is None or abs(specified - total) <= _SAME


def planned_of(scope: Scope, family: Family, found: list[Planned]) -> Planned | None:
    """The set that gave the instructions; where that cannot be told the record is refused."""
    where = "ReferencedRTPlanSequence"
    if not found:
        message = "no RT Radiation Set of the plan that the record names is among the sources"
        scope.run.tell("T265", Severity.ERROR, message, where, cite="PS3.3 C.36.20; decision 9")
        return None
    fit = found if len(found) == 1 else _fitting(scope, family.targets[1], found)
    if len(fit) != 1:
        message = f"{len(found)} RT Radiation Sets of the plan are among the sources, and {len(fit)} fit the record"
        scope.run.tell("T266", Severity.ERROR, message, where, cite="PS3.3 C.36.20; decision 9")
        return None
    return fit[0]


def open_set(scope: Scope, family: Family, planned: Planned) -> None:
    """Open the role of the set that gave the instructions."""
    role = family.instructions[0].role
    scope.items[role], scope.places[role] = planned.set.item, "planned set"


def open_radiation(scope: Scope, family: Family, planned: Planned, place: str) -> Scope | None:
    """The scope with the radiation that gave the instructions for an item; None where no radiation is told."""
    target = family.targets[1]
    radiation = planned.radiations.get(whole_number(scope.items[target.item_role].get(_NUMBER)) or 0)
    if radiation is None:
        message = "the set that gave the instructions holds no radiation of this beam that is among the sources"
        scope.run.tell("T267", Severity.ERROR, message, f"{place}/ReferencedBeamNumber", cite="PS3.3 C.36.22")
        return None
    role = family.instructions[1].role
    return scope.child(items={role: radiation.item}, places={role: "planned radiation"})


def delivered_by(sets: Sequence[Instance], family: Family) -> str:
    """What record sets say of their instructions: a ``set`` that they name, else a ``plan``."""
    if not family.instructions:
        return "plan"
    tag = tag_of(family.instructions[0].named.steps[0].keyword)
    return "set" if any(_named(each.item, tag) for each in sets) else "plan"


def open_back(scope: Scope, family: Family, source: Instance, others: Sequence[Instance]) -> Scope:
    """On the way back: the set that a record set names, and the plan that was made from that set, where at hand."""
    if not family.instructions:
        return scope
    entry = family.instructions[0]
    named = _named(source.item, tag_of(entry.named.steps[0].keyword))
    planned = [each for each in others if each.sop_class_uid == entry.sop_class and each.sop_instance_uid in named]
    if len(planned) != 1:
        return scope
    scope = scope.child(items={entry.role: planned[0].item}, places={entry.role: "planned set"})
    plans = {each.sop_class for each in family.companions if each.role == "plan"}
    made = [each for each in others if each.sop_class_uid in plans and _is_of(each.item, planned[0])]
    return scope.child(items={"plan": made[0].item}, places={"plan": "plan"}) if len(made) == 1 else scope


def _is_of(plan: Item, planned: Instance) -> bool:
    return any(planned.sop_instance_uid in _named(group, _SOURCE) for group in children_of(plan, _GROUPS))


def stand_for_plan(
    scope: Scope, family: Family, found: list[Planned], others: Sequence[Instance], software: str
) -> None:
    """Where the plan that the record names is not at hand, what its set says of it: the set brought back in memory."""
    if "plan" in scope.items or not found:
        return
    where = "ReferencedRTPlanSequence"
    fit = _fitting(scope, family.targets[1], found)
    plan = _brought_back(scope, family, fit[0], others, software) if len(fit) == 1 else None
    if plan is None or not _counts_leaves_alike(scope, family, plan):
        message = "an RT Radiation Set of the plan is among the sources, and it cannot stand for the plan"
        scope.run.tell("T268", Severity.WARNING, message, where, cite="PS3.3 C.8.8.17, C.8.8.21")
        return
    root = scope.items[family.root]
    plan.put(tag_of("SOPInstanceUID"), "UI", _named(root, _PLAN)[0].encode())
    number = whole_number(root.get(tag_of("ReferencedFractionGroupNumber")))
    if number is not None:
        children_of(plan, _GROUPS)[0].put(
            _GROUP, vr_of(_GROUP), encode_numbers(np.array([float(number)]), vr_of(_GROUP))
        )
    scope.items["plan"], scope.places["plan"] = plan, "planned set"
    message = "the plan that the record names is not among the sources, and its RT Radiation Set stands for it"
    scope.run.tell("T269", Severity.INFO, message, where, cite="PS3.3 C.8.8.17, C.8.8.13.2")


def _brought_back(
    scope: Scope, family: Family, planned: Planned, others: Sequence[Instance], software: str
) -> Item | None:
    from transcoder.engine.join import join

    beside = [each for each in others if each is not planned.set]
    outcome = join([planned.set], beside, scope.run.mapping, _plan_family(scope, family), software=software)
    return scan(outcome.made[0].data, implicit=False) if outcome.made else None


def _counts_leaves_alike(scope: Scope, family: Family, plan: Item) -> bool:
    """Whether it is known which leaf is which; the boundaries are turned where the record counts from the top."""
    beams = {whole_number(beam.get(_BEAM)): beam for beam in children_of(plan, _BEAMS)}
    pairs = [(item, beams.get(whole_number(item.get(_NUMBER)))) for item in _delivered(scope, family.targets[1])]
    return all(take_order(item, beam) for item, beam in pairs if beam is not None)


def _named(item: Item, tag: int) -> list[str]:
    return [uid for each in children_of(item, tag) if (uid := plain_text(each, _UID))]


def _number(item: Item, tag: int) -> float | None:
    try:
        held = numbers(item[tag]) if tag in item else None
    except ValueFault:
        return None
    return None if held is None else float(held[0])
