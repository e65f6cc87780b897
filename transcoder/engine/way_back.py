"""From a set to the plan it came from, or to a new one: what is at hand is given back, the rest is made."""

from __future__ import annotations

from collections.abc import Sequence

from transcoder.dicom.elements import Damaged, Element, Item, children_of, encode, plain_text, scan, tag_of
from transcoder.dicom.files import decode
from transcoder.dicom.instance import Instance
from transcoder.engine.instructions import delivered_by
from transcoder.engine.join import join
from transcoder.engine.ledger import count_of
from transcoder.engine.preflight_back import Members
from transcoder.engine.preserve import is_block, restore
from transcoder.engine.salvage import instead_of
from transcoder.engine.split import Made, Outcome, split
from transcoder.findings import Account, Entry, Fate, Finding, Severity
from transcoder.mapping.model import Family, Mapping

__all__ = ["bring_back", "family_of_set", "in_order", "lineage"]

_SOURCE = tag_of("DefinitionSourceSequence")
_NAMED = tag_of("ReferencedSOPInstanceUID")
_FRAME = tag_of("FrameOfReferenceUID")
_STUDY = tag_of("StudyInstanceUID")


def bring_back(
    sets: Sequence[Instance],
    others: Sequence[Instance],
    sheets: Mapping,
    family: Family,
    *,
    software: str,
    lenient: bool = False,
    remake: bool = False,
    surrogate: bool = False,
) -> Outcome:
    """The first-generation instance of a set, or of several as its groups (C.8.8.13.2).

    A set that was made from an instance among ``others`` is answered by that one, and a set that holds its source by
    the source, byte for byte; ``remake`` makes a new instance in either case. Sets that are joined on demand are
    always made anew; those that make one instance in any case are answered together.
    """
    sets = in_order(sets, family)
    if not remake and (len(sets) == 1 or family.joined_by is not None):
        found = _answered(sets, others, family) or _restored(sets, others, sheets, family, software)
        if found is not None:
            found.parts = Members.of(sets, others, family).names()
            return found
    if family.one_way:
        return Outcome(findings=[Finding("T009", Severity.ERROR, family.one_way, "SOPClassUID")])
    return join(sets, others, sheets, family, software=software, lenient=lenient, surrogate=surrogate)


def lineage(source: Instance, others: Sequence[Instance], mapping: Mapping) -> tuple[str, ...]:
    """What sets must share to be joined: their study, and the one instance that their radiations were made from.

    Sets that the family joins in any case share the study and what it joins them by.
    """
    family = family_of_set(source, mapping)
    study = plain_text(source.item, _STUDY)
    if family.joined_by is not None:
        shared = plain_text(source.item, tag_of(family.joined_by.keyword))
        return (study, family.name, shared) if shared else (source.sop_instance_uid,)
    members = Members.of([source], others, family).of_set(source)
    plans = {name for member in members for name in _names(member)}
    if len(plans) != 1:
        return (source.sop_instance_uid,)
    return study, *plans


def family_of_set(source: Instance, mapping: Mapping) -> Family:
    """The family whose sets are of this class."""
    return next(each for each in mapping.families.values() if each.targets[0].sop_class == source.sop_class_uid)


def in_order(sets: Sequence[Instance], family: Family) -> list[Instance]:
    """The sets of one instance as it tells of them: by the number that they count, then by their names."""
    if family.joined_by is None:
        return list(sets)
    counted = [tag_of(word) for word in ("ClinicalFractionNumber", "RTRadiationSetDeliveryNumber")]
    return sorted(sets, key=lambda each: (*(_count(each.item.get(tag)) for tag in counted), each.sop_instance_uid))


def _count(element: Element | None) -> int:
    return int.from_bytes(element.raw, "little") if element is not None and element.vr == "US" else 0


def _names(instance: Instance) -> set[str]:
    return {plain_text(item, _NAMED) for item in children_of(instance.item, _SOURCE)}


def _answered(sets: Sequence[Instance], others: Sequence[Instance], family: Family) -> Outcome | None:
    """The instance that each set, or what it holds, names as its definition source, where it is at hand."""
    named = [_names(each) for each in sets]
    if family.joined_by is not None:
        members = Members.of(sets, others, family)
        named = [set().union(*map(_names, [each, *members.of_set(each)])) for each in sets]
    for other in others:
        if all(other.sop_instance_uid in names for names in named):
            message = "the instance that the set was made from is among the sources; nothing new is made"
            finding = Finding("T240", Severity.INFO, message, "DefinitionSourceSequence", cite="PS3.3 C.8.8.13.2")
            account = _account(sets, "the instance that it was made from is at hand")
            return Outcome(answer=other, findings=[finding], account=account)
    return None


def _restored(
    sets: Sequence[Instance], others: Sequence[Instance], sheets: Mapping, family: Family, software: str
) -> Outcome | None:
    try:
        contents = {restore(each.item) for each in sets}
    except ValueError:
        return Outcome(findings=[_fault("the preserved source does not match its digest")])
    content = contents.pop()
    if content is None or contents:
        return None
    try:
        held = decode(content)
    except Damaged:
        return Outcome(findings=[_fault("the preserved source cannot be read")])
    was = Instance(held, raw=content)
    by = delivered_by(sets, family)
    again = split(was, others, sheets, family, software=software, lenient=True, delivered_by=by)
    other = instead_of(family, sheets)
    if not again.made and other is not None:
        again = split(was, others, sheets, other, software=software, lenient=True, delivered_by=by)
    changed = _changed(sets, others, again, frame_unknown=_FRAME not in held)
    if changed is None:
        message = "whether the set was changed since is not known: another mapping edition or structure set made it"
        findings = [Finding("T242", Severity.WARNING, message, "", cite="Not a matter of the standard")]
    elif changed:
        message = "the set or a radiation was changed since it was made; --remake converts what it holds now"
        return Outcome(findings=[_fault(message)])
    else:
        findings = []
    message = "the preserved source is given back byte for byte"
    findings.append(Finding("T243", Severity.INFO, message, "", cite="PS3.3 C.8.8.13.2"))
    made = Made(family.root, was.sop_class_uid, was.sop_instance_uid, encode(held), content)
    account = _account(sets, "the preserved source is given back")
    account.target.elements = account.target.mapped = count_of(held)
    return Outcome(made=[made], account=account, findings=findings)


def _fault(message: str) -> Finding:
    return Finding("T241", Severity.ERROR, message, "")


def _changed(
    sets: Sequence[Instance], others: Sequence[Instance], made: Outcome, *, frame_unknown: bool
) -> bool | None:
    """Whether the set or a radiation differs from what its source gives today; None where that cannot be told."""
    known = {each.sop_instance_uid: each for each in [*sets, *others]}
    again = {each.sop_instance_uid: each.data for each in made.made}
    if any(each.sop_instance_uid not in again for each in sets):
        return None
    pairs = [(known[uid].item, scan(data, implicit=False)) for uid, data in again.items() if uid in known]
    changed = any(_plain(here) != _plain(there) for here, there in pairs)
    # A frame of reference that a structure set gave cannot be told again without it.
    return None if changed and frame_unknown else changed


def _plain(item: Item) -> bytes:
    kept = Item()
    kept.update({tag: element for tag, element in item.items() if not is_block(tag)})
    return encode(kept)


def _account(sets: Sequence[Instance], reason: str) -> Account:
    """Nothing of the sets is converted, because their own source stands for all that they hold."""
    count = sum(count_of(each.item) for each in sets)
    account = Account(entries=[Entry("", Fate.DERIVED.value, count, "way_back", reason)])
    account.source.elements = account.source.derived = count
    return account
