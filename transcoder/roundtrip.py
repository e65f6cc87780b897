"""There and back: what a source loses on the way to the other generation and home again, each loss with its reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping as Map
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from transcoder.api import convert_instance, convert_sets, joined
from transcoder.dicom.difference import Difference, Gone, Matching, differences, expanded, from_first_turn
from transcoder.dicom.elements import Item, encode, scan, tag_of
from transcoder.dicom.instance import Instance
from transcoder.engine.instructions import delivered_by as told_by
from transcoder.engine.ledger import Note
from transcoder.engine.preflight_back import Members
from transcoder.engine.split import Outcome
from transcoder.engine.way_back import in_order
from transcoder.findings import Fate, Finding, Severity
from transcoder.mapping.model import Family, Mapping
from transcoder.mapping.reasons import Causes, Reasons, reasons_of
from transcoder.validator import check_bundle

__all__ = ["Row", "Trip", "round_trip"]

_SOURCE = tag_of("DefinitionSourceSequence")
# Relative: what 16 characters keep of a number (PS3.5 6.2), with a place to spare for a product.
DECIMAL = 1e-11
# What names an instance, or says when, by whom and from what it was made, differs between any two instances.
_OWN = frozenset(
    {
        "SOPInstanceUID", "SeriesInstanceUID", "DefinitionSourceSequence", "ConversionSourceAttributesSequence",
        "ContributingEquipmentSequence", "ReferencedSeriesSequence",
        "StudiesContainingOtherReferencedInstancesSequence",
    }
)  # fmt: skip
Fates = Map[int, Note]


@dataclass(frozen=True, slots=True)
class Row:
    """One difference and the reason for it, empty where there is none."""

    path: str
    before: str
    after: str
    reason: str

    def as_dict(self) -> dict[str, str]:
        """The row as a JSON object."""
        return {"path": self.path, "before": self.before, "after": self.after, "reason": self.reason}


@dataclass(slots=True)
class Trip:
    """What became of one source: refused on the way out or back, or returned, with its differences."""

    path: str
    status: str
    rows: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def unexplained(self) -> int:
        """The number of differences without a reason."""
        return sum(not row.reason for row in self.rows)

    def as_dict(self) -> dict[str, Any]:
        """The trip as a JSON object."""
        return {
            "path": self.path,
            "status": self.status,
            "differences": len(self.rows),
            "unexplained": self.unexplained,
            "rows": [row.as_dict() for row in self.rows],
            "findings": [finding.as_dict() for finding in self.findings],
        }


def round_trip(
    source: Instance,
    others: Sequence[Instance],
    mapping: Mapping,
    *,
    lenient: bool = False,
    delivered_by: str = "plan",
) -> Trip | None:
    """Take a source to the other generation and back, and a second time out to see that nothing drifts.

    A difference is explained by what the ledger declared on the way out, by what a rule or codec says that it
    normalises, or by a rule of one direction; and the second way out must give the content of the first, or what
    came back does not mean the same. None for an instance that is no source by itself.
    """
    for family in mapping.families.values():
        if source.sop_class_uid in {uid for uid, _ in family.sop_classes}:
            return _from_first(source, others, mapping, family, lenient=lenient, delivered_by=delivered_by)
        if source.sop_class_uid == family.targets[0].sop_class:
            sets = [source, *(each for each in others if each.sop_class_uid == source.sop_class_uid)]
            group = next(each for each in joined(sets, others, mapping, every=False) if source in each)
            group = in_order(group, family)
            # Sets that make one instance go together, with the first of them.
            return _from_second(group, others, mapping, family, lenient=lenient) if group[0] is source else None
    return None


def _from_first(
    source: Instance,
    others: Sequence[Instance],
    mapping: Mapping,
    family: Family,
    *,
    lenient: bool,
    delivered_by: str,
) -> Trip:
    out = convert_instance(source, others, mapping, lenient=lenient, delivered_by=delivered_by)
    if not out.made:
        return Trip(source.path, "refused", findings=out.findings)
    first = _instances(out)
    back = _home(first, others, mapping, family)
    if not back.made:
        return Trip(source.path, "refused on the way back", findings=back.findings)
    home = _instances(back)[0].item
    trip = Trip(source.path, "returned", findings=[*out.findings, *back.findings])
    reasons = reasons_of(mapping, family, "first")
    points, keys = reasons.points()
    fates = _fates(out)
    gone = partial(_gone, fates=fates, own=frozenset(map(tag_of, reasons.own)))
    before = expanded(source.item, points, keys, reasons.own, gone)
    after = expanded(home, points, keys, reasons.own)
    found = list(differences(before, after, Matching(keys=reasons.numbers, subjects=reasons.subjects, gone=gone)))
    causes = _causes(found) | _shared(source.item, family) | _left_behind(back)
    trip.rows.extend(_rows(found, reasons, fates, causes))
    trip.rows.extend(_faults([], [each.item for each in first], "way out: "))
    trip.rows.extend(_faults([source.item], [home]))
    copy = _consulting(_unlinked(home), source.item, family)
    again = convert_instance(Instance(copy), others, mapping, lenient=lenient, delivered_by=delivered_by)
    trip.rows.extend(_drift(first, again, reasons_of(mapping, family, "second"), _fates(back)))
    trip.rows.extend(_unsettled(home, again, others, mapping, family))
    return trip


def _from_second(
    sets: Sequence[Instance], others: Sequence[Instance], mapping: Mapping, family: Family, *, lenient: bool
) -> Trip:
    source = sets[0]
    back = convert_sets(sets, others, mapping, lenient=lenient, remake=True)
    if not back.made:
        return Trip(source.path, "refused", findings=back.findings)
    arrived = _instances(back)[0].item
    home = _naming(_unlinked(arrived), others, family)
    by = told_by(sets, family)
    out = convert_instance(Instance(home), others, mapping, lenient=lenient, delivered_by=by)
    if not out.made:
        return Trip(source.path, "refused on the way back", findings=out.findings)
    parts = Members.of(sets, others, family)
    before = [each.item for one in sets for each in (one, *parts.of_set(one))]
    made = [each.item for each in _instances(out)]
    trip = Trip(source.path, "returned", findings=[*back.findings, *out.findings])
    if len(before) != len(made):
        trip.rows.append(Row("RTRadiationSequence", str(len(before)), str(len(made)), ""))
    reasons = reasons_of(mapping, family, "second")
    points, keys = reasons.points()
    how = Matching(DECIMAL, subjects=reasons.subjects)
    fates = _fates(back)
    for number, pair in enumerate(zip(before, made, strict=False)):
        here, there = (expanded(item, points, keys, reasons.own) for item in pair)
        found = list(differences(here, there, how, f"radiation {number}: " if number else "set: "))
        stated = [each for each in found if not _is_hollow(each)]
        trip.rows.extend(_rows(stated, reasons, fates, _causes(found) | _left_behind(out), settled=True))
    trip.rows.extend(_faults([], [arrived], "way back: "))
    trip.rows.extend(_faults(before, made))
    trip.rows.extend(_unsettled_alone(sets, others, mapping, family, home, out))
    return trip


def _unsettled_alone(
    sets: Sequence[Instance],
    others: Sequence[Instance],
    mapping: Mapping,
    family: Family,
    home: Item,
    out: Outcome,
) -> list[Row]:
    """The same for a set: what is consulted beside it names that set and not the one of the second way out."""
    beside = {each.sop_class for each in family.beside}
    alone = [each for each in others if each.sop_class_uid not in beside]
    if len(alone) == len(others):
        return _unsettled(home, out, others, mapping, family)
    back = convert_sets(sets, alone, mapping, remake=True)
    plain = _naming(_unlinked(_instances(back)[0].item), alone, family)
    return _unsettled(plain, convert_instance(Instance(plain), alone, mapping), alone, mapping, family)


def _consulting(home: Item, source: Item, family: Family) -> Item:
    """What came home, with the source's reference to what it consults where it has an empty place for one."""
    for companion in family.companions:
        tag = tag_of(companion.named.steps[0].keyword)
        if companion.named.role != family.root or tag not in home or tag not in source:
            continue
        if home[tag].is_empty():
            home[tag] = source[tag]
        for _, path in (each for target in family.targets for each in target.lookups):
            value = path.steps[-1].value if path.role == companion.role else ""
            word = value.removeprefix(f"@{family.root}/")
            if word != value and tag_of(word) in source and tag_of(word) not in home:
                home[tag_of(word)] = source[tag_of(word)]
    return home


def _naming(home: Item, others: Sequence[Instance], family: Family) -> Item:
    """What came home, naming the one instance at hand that it could consult where it has an empty place for that."""
    for companion in family.companions:
        sequence, name = companion.named.steps
        tag = tag_of(sequence.keyword)
        known = [each for each in others if each.sop_class_uid == companion.sop_class]
        if companion.named.role == family.root and tag in home and home[tag].is_empty() and len(known) == 1:
            item = Item()
            item.put(tag_of("ReferencedSOPClassUID"), "UI", companion.sop_class.encode())
            item.put(tag_of(name.keyword), "UI", known[0].sop_instance_uid.encode())
            home.put(tag, "SQ", [item])
    return home


def _home(made: Sequence[Instance], others: Sequence[Instance], mapping: Mapping, family: Family) -> Outcome:
    """The way home of what was made, beside the set that gave the instructions."""
    sets = [each for each in made if each.sop_class_uid == family.targets[0].sop_class]
    gave = {each.sop_class for each in family.instructions}
    beside = [each for each in others if each.sop_class_uid in gave]
    return convert_sets(sets, [*(each for each in made if each not in sets), *beside], mapping, remake=True)


def _fates(outcome: Outcome) -> Fates:
    return outcome.ledger.fates() if outcome.ledger is not None else {}


def _gone(item: Item, fates: Fates, own: frozenset[int]) -> Gone:
    """What of an item had to arrive, by what the ledger says of what stands in it.

    A control point is told by what is its ``own``, because its other values may hold at later ones.
    """
    names = [fates[id(item[tag])] for tag in own if tag in item and id(item[tag]) in fates]
    if names and all(note.fate is Fate.DECLARED for note in names):
        return Gone.YES
    told: set[Gone] = set()
    for element in item.values():
        if element.items:
            told.update(_gone(inner, fates, own) for inner in element.items)
        else:
            note = fates.get(id(element))
            fate = note.fate if note is not None else Fate.CARRIED
            told.add({Fate.DECLARED: Gone.YES, Fate.DERIVED: Gone.PERHAPS}.get(fate, Gone.NO))
        if Gone.NO in told:
            return Gone.NO
    return min(told, default=Gone.PERHAPS)


def _rows(
    found: list[Difference], reasons: Reasons, fates: Fates, causes: Causes, *, settled: bool = False
) -> list[Row]:
    """Each difference with its reason; ``settled`` admits those of :meth:`Reasons.settled`, too."""
    rows = []
    for each in found:
        note = fates.get(id(each.element))
        reason = reasons.of(each, note, causes) or (reasons.settled(each, note, causes) if settled else "")
        rows.append(Row(each.path, each.before, each.after, reason))
    return rows


def _left_behind(outcome: Outcome) -> dict[str, set[tuple[str, ...]]]:
    """As causes: the rules and blocks that found no home for something on the second leg of a trip."""
    return {f"@{each.rule}": {()} for each in outcome.account.entries if each.fate == Fate.DECLARED.value}


def _shared(source: Item, family: Family) -> dict[str, set[tuple[str, ...]]]:
    """As causes: the sequences of which several uses name the same item."""
    group, use = family.targets
    if use.per.role != group.item_role:
        return {}
    uses = [item for outer in _items_of(source, group.per.keyword) for item in _items_of(outer, use.per.keyword)]
    causes: dict[str, set[tuple[str, ...]]] = {}
    for _, path in use.lookups:
        step = path.steps[-1]
        word = step.value.removeprefix(f"@{use.item_role}/")
        named = [item[tag_of(word)].raw for item in uses if word != step.value and tag_of(word) in item]
        if len(set(named)) < len(named):
            causes[f"@{step.keyword}"] = {()}
    return causes


def _items_of(item: Item, word: str) -> list[Item]:
    element = item.get(tag_of(word))
    return element.items if element is not None else []


def _causes(found: Sequence[Difference]) -> dict[str, set[tuple[str, ...]]]:
    causes: dict[str, set[tuple[str, ...]]] = {}
    for each in found:
        causes.setdefault(each.plain.rpartition("/")[2], set()).add(each.subject)
    return causes


def _faults(before: Sequence[Item], after: Sequence[Item], place: str = "") -> list[Row]:
    """What breaks the standard in what came back and did not in what went out; nothing is a reason for that."""
    known = Counter((each.code, _plain(each.path)) for each in _errors(before))
    rows = []
    for each in _errors(after):
        key = each.code, _plain(each.path)
        known[key] -= 1
        if known[key] < 0:
            rows.append(Row(f"{place}{each.path}", "valid", f"{each.code} {each.message}", ""))
    return rows


def _errors(items: Sequence[Item]) -> list[Finding]:
    return [each for found in check_bundle(items) for each in found if each.severity is Severity.ERROR]


def _plain(path: str) -> str:
    return re.sub(r"\[\d+\]", "", path)


def _drift(first: list[Instance], again: Outcome, reasons: Reasons, fates: Fates) -> list[Row]:
    """What differs between the instances of the first and of the second way out, names left aside.

    Explained is only what the way back declared as lost, what a codec settles on the second side, and what is no
    content but made from it, as labels are; an empty value says as much as none.
    Numbers that went through a decimal string agree within its 16 characters.
    """
    if len(again.made) != len(first):
        code = next((finding.code for finding in again.findings if finding.severity == "error"), "")
        return [Row("second way out", f"{len(first)} instances", f"{len(again.made)} instances {code}".strip(), "")]
    rows = []
    how = Matching(DECIMAL, subjects=reasons.subjects)
    for one, other, made in zip(first, _instances(again), again.made, strict=True):
        before, after = (from_first_turn(each.item, *reasons.turning()) for each in (one, other))
        found = list(differences(before, after, how))
        causes = _causes(found)
        for each in found:
            if not _is_own(each):
                reason = reasons.settled(each, fates.get(id(each.element)), causes)
                rows.append(Row(f"second way out, {made.role}: {each.path}", each.before, each.after, reason))
    return rows


def _unsettled(home: Item, out: Outcome, others: Sequence[Instance], mapping: Mapping, family: Family) -> list[Row]:
    """What a second way home changes in what the first one brought.

    That is in the form of the way back already, so that nothing is left to normalise: no difference has a reason.
    """
    if not out.made:
        return []
    back = _home(_instances(out), others, mapping, family)
    if not back.made:
        code = next((finding.code for finding in back.findings if finding.severity == "error"), "")
        return [Row("second way home", "1 instance", f"0 instances {code}".strip(), "")]
    found = differences(home, _instances(back)[0].item, Matching(DECIMAL))
    return [Row(f"second way home: {each.path}", each.before, each.after, "") for each in found if not _is_own(each)]


def _is_own(each: Difference) -> bool:
    """Whether a difference only names an instance; an empty value says as much as none."""
    return _is_hollow(each) or each.plain.split("/", 1)[0] in _OWN or each.plain.endswith("UID")


def _is_hollow(each: Difference) -> bool:
    return each.kind == "hollow"


def _instances(outcome: Outcome) -> list[Instance]:
    return [Instance(scan(made.data, implicit=False)) for made in outcome.made]


def _unlinked(home: Item) -> Item:
    """A copy that does not name its source: otherwise the way out would lead to what it was made from."""
    copy = scan(encode(home), implicit=False)
    for element in copy.values():
        for item in element.items:
            item.pop(_SOURCE, None)
    return copy
