"""The four verbs: read, transcode, validate, write. No printing, no global state; safe from several threads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from transcoder import __version__
from transcoder.dicom.bundle import Bundle, instance_of
from transcoder.dicom.elements import Damaged, encode, scan
from transcoder.dicom.files import Unread, encode_file, read_instances, write_file
from transcoder.dicom.instance import Instance
from transcoder.dicom.unknown import named
from transcoder.engine.preserve import embed
from transcoder.engine.salvage import salvaged
from transcoder.engine.split import Outcome, split
from transcoder.engine.way_back import bring_back, family_of_set, lineage
from transcoder.errors import ConversionError, SourceError, UsageError
from transcoder.findings import Account, Finding, Severity
from transcoder.mapping.model import Family, Mapping
from transcoder.mapping.proven import load_proven

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = [
    "Bundle",
    "Result",
    "class_direction",
    "class_name",
    "consulted_classes",
    "convert_instance",
    "convert_sets",
    "direction_of",
    "instruction_classes",
    "is_companion",
    "is_member",
    "joined",
    "joining",
    "read",
    "transcode",
    "validate",
    "write",
]

SECOND_GENERATION = "1.2.840.10008.5.1.4.1.1.481."
_SECOND = frozenset(SECOND_GENERATION + str(number) for number in range(10, 26))
_COMPANIONS = frozenset([SECOND_GENERATION + "3"])
# What gave the instructions for a delivery where nobody says otherwise.
PLAN = "plan"
SOFTWARE = f"rt-transcoder {__version__}"


@dataclass(frozen=True, slots=True)
class Result:
    """What a conversion gave: the new instances, the ledger, and what was noticed."""

    bundle: Bundle
    account: Account
    findings: list[Finding]


def read(sources: Iterable[str | Path | Dataset]) -> Bundle:
    """Instances from paths (files, folders, DICOMDIRs) or pydicom data sets.

    Raises :class:`~transcoder.errors.SourceError` when a file is damaged or none is DICOM; files of a folder that
    are not DICOM are passed over.
    """
    instances: list[Instance] = []
    findings: list[Finding] = []
    for source in sources:
        if not isinstance(source, (str, Path)):
            instances.append(instance_of(source))
            continue
        for each in read_instances([Path(source)]):
            if isinstance(each, Unread):
                findings.append(each.finding)
            else:
                instances.append(each)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors or not instances:
        told = errors or findings
        raise SourceError("; ".join(map(str, told)) or "no source was given", told)
    return Bundle(instances)


def direction_of(instance: Instance, mapping: Mapping) -> str:
    """``second`` for a first-generation source, ``first`` for a second-generation one, empty for anything else."""
    return class_direction(instance.sop_class_uid, mapping)


def class_direction(uid: str, mapping: Mapping) -> str:
    """The direction in which instances of a SOP Class are converted (see :func:`direction_of`)."""
    if uid in _SECOND:
        return "first"
    for family in mapping.families.values():
        if uid in {each for each, _ in family.sop_classes} | {each for each, _, _ in family.refused_classes}:
            return "second"
    return ""


def consulted_classes(present: set[str], mapping: Mapping) -> set[str]:
    """The SOP Classes whose instances may be needed beside sources of the classes that are there."""
    wanted = set()
    for family in mapping.families.values():
        roots = {uid for uid, _ in family.sop_classes}
        if present & roots:
            wanted |= {each.sop_class for each in (*family.companions, *family.instructions)}
        if present & {family.targets[0].sop_class}:
            wanted |= roots | _SECOND | _COMPANIONS
    return wanted


def instruction_classes(present: set[str], mapping: Mapping) -> set[str]:
    """The classes of sets that gave the instructions for sources of the classes that are there, or stand for a plan."""
    found = [family for family in mapping.families.values() if present & {uid for uid, _ in family.sop_classes}]
    return {each.sop_class for family in found for each in family.instructions}


def is_companion(instance: Instance) -> bool:
    """Whether the instance is no source itself but may be consulted (an RT Structure Set)."""
    return instance.sop_class_uid in _COMPANIONS


def convert_instance(
    instance: Instance,
    others: Sequence[Instance],
    mapping: Mapping,
    *,
    to: str = "",
    preserve: bool = False,
    lenient: bool = False,
    remake: bool = False,
    surrogate: bool = False,
    delivered_by: str = PLAN,
) -> Outcome:
    """Convert one source: a first-generation instance, or a set whose radiations are among ``others``.

    A refusal is an outcome with error findings and nothing made.
    """
    direction = direction_of(instance, mapping)
    if to and direction and to != direction:
        return _refused("T009", f"the source is of the {to} generation already", "SOPClassUID")
    if not direction:
        return _refused("T011", "no sheets convert instances of this SOP Class", "SOPClassUID")
    if direction == "first":
        return convert_sets([instance], others, mapping, lenient=lenient, remake=remake, surrogate=surrogate)
    family = _family(instance, mapping)
    for uid, code, text in family.refused_classes:
        if uid == instance.sop_class_uid:
            return _refused(code, text, "SOPClassUID")
    finish = embed if preserve else None
    try:
        source, beside = named(instance), [named(other) for other in others]
    except Damaged as damage:
        return _damaged(damage)

    def make(chosen: Family) -> Outcome:
        options = {"software": SOFTWARE, "delivered_by": delivered_by}
        return split(source, beside, mapping, chosen, lenient=lenient, finish=finish, **options)

    made = make(family)
    return made if made.made else salvaged(source, mapping, family, made, make)


def convert_sets(
    sets: Sequence[Instance],
    others: Sequence[Instance],
    mapping: Mapping,
    *,
    lenient: bool = False,
    remake: bool = False,
    surrogate: bool = False,
) -> Outcome:
    """Convert a set, or several that are joined as the groups of one first-generation instance."""
    try:
        sets, others = [named(each) for each in sets], [named(other) for other in others]
    except Damaged as damage:
        return _damaged(damage)
    for family in mapping.families.values():
        if sets[0].sop_class_uid == family.targets[0].sop_class:
            return bring_back(
                sets, others, mapping, family, software=SOFTWARE, lenient=lenient, remake=remake, surrogate=surrogate
            )
    return _refused("T011", "no sheets convert instances of this SOP Class", "SOPClassUID")


def is_member(instance: Instance, mapping: Mapping) -> bool:
    """Whether the instance is converted as a part of another one: a radiation with the set that names it."""
    if instance.sop_class_uid not in _SECOND:
        return False
    return all(instance.sop_class_uid != family.targets[0].sop_class for family in mapping.families.values())


def joined(
    sets: Sequence[Instance], others: Sequence[Instance], mapping: Mapping, *, every: bool = True
) -> list[list[Instance]]:
    """The sets of one study whose radiations come from one first-generation instance, together; others alone.

    Without ``every`` only those are together that make one instance in any case, as the record sets of a session.
    """
    groups: dict[tuple[str, ...], list[Instance]] = {}
    for each in sets:
        together = every or family_of_set(each, mapping).joined_by is not None
        key = lineage(each, others, mapping) if together else (each.sop_instance_uid,)
        groups.setdefault(key, []).append(each)
    return list(groups.values())


def joining(mapping: Mapping) -> dict[str, str]:
    """The classes of sets of which several make one instance in any case, and the attribute that they share then."""
    return {
        family.targets[0].sop_class: family.joined_by.keyword
        for family in mapping.families.values()
        if family.joined_by is not None
    }


def _family(instance: Instance, mapping: Mapping) -> Family:
    for family in mapping.families.values():
        known = {uid for uid, _ in family.sop_classes} | {uid for uid, _, _ in family.refused_classes}
        if instance.sop_class_uid in known:
            return family
    raise ConversionError("no family takes this SOP Class")


def _damaged(damage: Damaged) -> Outcome:
    fault = Finding("S003", Severity.ERROR, f"damaged: {damage.message}", damage.path, cite="PS3.5 6.2.2")
    return Outcome(findings=[fault])


def _refused(code: str, message: str, path: str) -> Outcome:
    return Outcome(findings=[Finding(code, Severity.ERROR, message, path)])


def transcode(
    bundle: Bundle,
    to: str = "",
    *,
    preserve: bool = False,
    overlays: Iterable[str | Path] = (),
    policy: str = "raise",
    join: bool = False,
    remake: bool = False,
    surrogate: bool = False,
    delivered_by: str = PLAN,
) -> Result:
    """Convert the instances of a bundle to the other generation.

    ``to`` is ``second`` or ``first``, or empty to take it from the SOP Classes; ``policy`` ``warn`` also reads
    values that are illegal and yet unambiguous. On the way to the first generation ``join`` makes one instance of
    the sets that share a source (record sets of one session always make one), and ``remake`` makes a new one even
    where the source is at hand; without it the result holds that source. ``surrogate`` makes a marked stand-in of a
    set whose radiations no RT Plan can hold. ``delivered_by`` ``set`` says that the RT Radiation Set of the plan, which
    is among the sources, gave the instructions for what treatment records tell of. Raises
    :class:`~transcoder.errors.ConversionError`, which carries the findings, when a source cannot be converted; never
    returns a part.
    """
    if to not in ("", "first", "second"):
        raise UsageError(f"'{to}' is no generation: first or second")
    if policy not in ("raise", "warn"):
        raise UsageError(f"'{policy}' is no policy: raise or warn")
    if delivered_by not in (PLAN, "set"):
        raise UsageError(f"'{delivered_by}' gives no instructions: plan or set")
    mapping = load_proven(tuple(Path(each) for each in overlays))
    members = list(bundle.members())
    made: list[bytes] = []
    findings: list[Finding] = []
    account = Account()
    for group in _sources(members, mapping, to, join=join):
        others = [other for other in members if other not in group]
        if len(group) > 1:
            outcome = convert_sets(group, others, mapping, lenient=policy == "warn", remake=remake, surrogate=surrogate)
        else:
            outcome = convert_instance(
                group[0],
                others,
                mapping,
                to=to,
                preserve=preserve,
                lenient=policy == "warn",
                remake=remake,
                surrogate=surrogate,
                delivered_by=delivered_by,
            )
        findings.extend(outcome.findings)
        made.extend(each.data for each in outcome.made)
        if outcome.answer is not None:
            made.append(encode(outcome.answer.item))
        account = _sum(account, outcome.account)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if errors or not made:
        raise ConversionError("; ".join(map(str, errors[:5])) or "nothing to convert", findings)
    return Result(Bundle(encoded=made), account, findings)


def _sources(members: Sequence[Instance], mapping: Mapping, to: str, *, join: bool) -> list[list[Instance]]:
    """What is converted by itself, in order: companions and radiations come with what names them."""
    alone = [each for each in members if not is_companion(each) and not is_member(each, mapping)]
    back = [each for each in alone if each.sop_class_uid in _SECOND]
    if back and to == "first":
        alone = back
    elif to == "second":
        aside = instruction_classes({each.sop_class_uid for each in alone}, mapping)
        alone = [each for each in alone if each.sop_class_uid not in aside]
        back = [each for each in back if each in alone]
    return [[each] for each in alone if each not in back] + joined(back, members, mapping, every=join)


def _sum(left: Account, right: Account) -> Account:
    if not left.entries:
        return right
    joined = Account(entries=left.entries + right.entries, private={**left.private})
    for name, count in right.private.items():
        joined.private[name] = joined.private.get(name, 0) + count
    joined.source = replace(left.source, **_added(left.source, right.source))
    joined.target = replace(left.target, **_added(left.target, right.target))
    return joined


def _added(left: object, right: object) -> dict[str, int]:
    from dataclasses import asdict

    mine, theirs = asdict(left), asdict(right)  # type: ignore[call-overload]  # both are the counting records
    return {name: mine[name] + theirs[name] for name in mine}


def validate(bundle: Bundle) -> list[Finding]:
    """What breaks the standard in the instances of a bundle, each path behind ``instances[n]``."""
    from transcoder.validator import check_bundle

    found = check_bundle(bundle.items())
    return [
        replace(finding, path=f"instances[{number}]" + (f"/{finding.path}" if finding.path else ""))
        for number, findings in enumerate(found)
        for finding in findings
    ]


def write(bundle: Bundle, folder: str | Path) -> list[Path]:
    """Write each instance as a Part 10 file, whole or not at all; returns the paths in the bundle's order."""
    target = Path(folder)
    paths = []
    for number, data in enumerate(bundle.encoded(), start=1):
        names = Instance(scan(data, implicit=False))
        path = target / f"{number:02d}-{class_name(names.sop_class_uid)}.dcm"
        write_file(path, encode_file(data, names.sop_class_uid, names.sop_instance_uid))
        paths.append(path)
    return paths


def class_name(uid: str) -> str:
    """A short name of a SOP Class for file names: its PS3.6 keyword without ``Storage``."""
    from pydicom.uid import UID

    keyword = UID(uid).keyword or "Instance"
    return keyword.removesuffix("Storage")
