"""There and back: what a source loses on the way to the other generation and home again, each loss with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from transcoder.api import convert_instance, convert_sets, joined
from transcoder.dicom.difference import Difference, differences, expanded, from_first_turn
from transcoder.dicom.elements import Item, encode, scan, tag_of
from transcoder.dicom.instance import Instance
from transcoder.engine.instructions import delivered_by as told_by
from transcoder.engine.preflight_back import Members
from transcoder.engine.split import Made, Outcome
from transcoder.engine.way_back import in_order
from transcoder.findings import Entry, Fate, Finding
from transcoder.mapping.model import Family, Mapping
from transcoder.mapping.reasons import Reasons

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
    back = _home(out, others, mapping, family)
    if not back.made:
        return Trip(source.path, "refused on the way back", findings=back.findings)
    home = _item(back.made[0])
    reasons = Reasons(mapping, family, "first")
    trip = Trip(source.path, "returned", findings=[*out.findings, *back.findings])
    points, keys = reasons.points()
    before, after = (expanded(item, points, keys, frozenset(reasons.own)) for item in (source.item, home))
    declared = _declared(out)
    found = list(differences(before, after, keys=reasons.numbers))
    differing = _words(found)
    for each in found:
        trip.rows.append(_row(each, _reason(each, reasons, declared, differing)))
    copy = _consulting(_unlinked(home), source.item, family)
    again = convert_instance(Instance(copy), others, mapping, lenient=lenient, delivered_by=delivered_by)
    trip.rows.extend(_drift(out.made, again, Reasons(mapping, family, "second"), _declared(back)))
    trip.rows.extend(_unsettled(home, again, others, mapping, family))
    return trip


def _from_second(
    sets: Sequence[Instance], others: Sequence[Instance], mapping: Mapping, family: Family, *, lenient: bool
) -> Trip:
    source = sets[0]
    back = convert_sets(sets, others, mapping, lenient=lenient, remake=True)
    if not back.made:
        return Trip(source.path, "refused", findings=back.findings)
    home = _naming(_unlinked(_item(back.made[0])), others, family)
    by = told_by(sets, family)
    out = convert_instance(Instance(home), others, mapping, lenient=lenient, delivered_by=by)
    if not out.made:
        return Trip(source.path, "refused on the way back", findings=out.findings)
    parts = Members.of(sets, others, family)
    before = [each for one in sets for each in (one, *parts.of_set(one))]
    declared = _declared(back)
    reasons = Reasons(mapping, family, "second")
    points, keys = reasons.points()
    trip = Trip(source.path, "returned", findings=[*back.findings, *out.findings])
    if len(before) != len(out.made):
        trip.rows.append(Row("RTRadiationSequence", str(len(before)), str(len(out.made)), ""))
    for number, (mine, made) in enumerate(zip(before, out.made, strict=False)):
        here, there = (expanded(item, points, keys, frozenset(reasons.own)) for item in (mine.item, _item(made)))
        name = f"radiation {number}" if number else "set"
        found = list(differences(here, there, place=f"{name}: ", within=DECIMAL))
        differing = _words(found)
        for each in found:
            if {each.before, each.after} == {"-", "empty"}:
                continue
            reason = _reason(each, reasons, declared, differing)
            trip.rows.append(_row(each, reason or _settled(each, reasons, declared, differing)))
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
    plain = _naming(_unlinked(_item(back.made[0])), alone, family)
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


def _home(out: Outcome, others: Sequence[Instance], mapping: Mapping, family: Family) -> Outcome:
    """The way home of what was made, beside the set that gave the instructions."""
    made = [Instance(_item(each)) for each in out.made]
    sets = [each for each in made if each.sop_class_uid == family.targets[0].sop_class]
    gave = {each.sop_class for each in family.instructions}
    beside = [each for each in others if each.sop_class_uid in gave]
    return convert_sets(sets, [*(each for each in made if each not in sets), *beside], mapping, remake=True)


def _row(each: Difference, reason: str) -> Row:
    return Row(each.path, each.before, each.after, reason)


def _declared(outcome: Outcome) -> dict[str, Entry]:
    """The ledger's entries by position; what was lost there speaks before what was not."""
    lost = [entry for entry in outcome.account.entries if entry.fate == Fate.DECLARED.value]
    return {entry.path: entry for entry in [*outcome.account.entries, *lost]}


def _drift(first: list[Made], again: Outcome, reasons: Reasons, declared: dict[str, Entry]) -> list[Row]:
    """What differs between the instances of the first and of the second way out, names left aside.

    Explained is only what the way back declared as lost, what a codec settles on the second side, and what is no
    content but made from it, as labels are; an empty value says as much as none.
    Numbers that went through a decimal string agree within its 16 characters.
    """
    if len(again.made) != len(first):
        code = next((finding.code for finding in again.findings if finding.severity == "error"), "")
        return [Row("second way out", f"{len(first)} instances", f"{len(again.made)} instances {code}".strip(), "")]
    rows = []
    for one, other in zip(first, again.made, strict=True):
        before, after = (from_first_turn(_item(made), *reasons.turning()) for made in (one, other))
        found = list(differences(before, after, within=DECIMAL))
        differing = _words(found)
        for each in found:
            if _is_own(each):
                continue
            reason = _settled(each, reasons, declared, differing)
            rows.append(Row(f"second way out, {one.role}: {each.path}", each.before, each.after, reason))
    return rows


def _unsettled(home: Item, out: Outcome, others: Sequence[Instance], mapping: Mapping, family: Family) -> list[Row]:
    """What a second way home changes in what the first one brought.

    That is in the form of the way back already, so that nothing is left to normalise: no difference has a reason.
    """
    if not out.made:
        return []
    back = _home(out, others, mapping, family)
    if not back.made:
        code = next((finding.code for finding in back.findings if finding.severity == "error"), "")
        return [Row("second way home", "1 instance", f"0 instances {code}".strip(), "")]
    found = differences(home, _item(back.made[0]), within=DECIMAL)
    return [Row(f"second way home: {each.path}", each.before, each.after, "") for each in found if not _is_own(each)]


def _reason(each: Difference, reasons: Reasons, declared: dict[str, Entry], differing: frozenset[str]) -> str:
    absent = each.before == "-"
    return reasons.of(each.plain, declared, differing, absent=absent, changed=not absent and each.after != "-")


def _settled(each: Difference, reasons: Reasons, declared: dict[str, Entry], differing: frozenset[str]) -> str:
    return reasons.settled(each.plain, declared, differing, absent=each.before == "-")


def _words(found: Sequence[Difference]) -> frozenset[str]:
    return frozenset(each.plain.rpartition("/")[2] for each in found)


def _is_own(each: Difference) -> bool:
    """Whether a difference only names an instance; an empty value says as much as none."""
    empty = {each.before, each.after} == {"-", "empty"}
    return empty or each.plain.split("/", 1)[0] in _OWN or each.plain.endswith("UID")


def _item(made: Made) -> Item:
    return scan(made.data, implicit=False)


def _unlinked(home: Item) -> Item:
    """A copy that does not name its source: otherwise the way out would lead to what it was made from."""
    copy = scan(encode(home), implicit=False)
    for element in copy.values():
        for item in element.items:
            item.pop(_SOURCE, None)
    return copy
