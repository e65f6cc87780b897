"""What must hold of a set and its radiations before they are joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from transcoder.dicom.elements import Item, children_of, plain_text, tag_of
from transcoder.dicom.instance import Instance
from transcoder.engine.scope import Run
from transcoder.findings import Severity
from transcoder.mapping.model import Family

__all__ = ["Members", "check_members"]

_REFERENCED = tag_of("ReferencedSOPInstanceUID")
_SOURCE = tag_of("DefinitionSourceSequence")
_SOURCE_CLASS = tag_of("ReferencedSOPClassUID")


@dataclass(frozen=True, slots=True)
class Members:
    """The radiations that each set names, in its order; None for one that is not at hand."""

    by_set: dict[str, list[tuple[str, Instance | None]]]

    @classmethod
    def of(cls, sets: Sequence[Instance], others: Sequence[Instance], family: Family) -> Members:
        """Find the radiations of the sets among other instances."""
        known = {each.sop_instance_uid: each for each in others}
        found = {}
        for source in sets:
            named = children_of(source.item, tag_of(family.members.keyword))
            names = [plain_text(item, _REFERENCED) for item in named]
            found[source.sop_instance_uid] = [(name, known.get(name)) for name in names]
        return cls(found)

    def of_set(self, source: Instance) -> list[Instance]:
        """The radiations of one set."""
        return [each for _, each in self.by_set[source.sop_instance_uid] if each is not None]

    def names(self) -> list[str]:
        """The UIDs of all radiations that the sets name."""
        return [name for row in self.by_set.values() for name, _ in row]

    def instances(self) -> list[Instance]:
        """The radiations of all sets, each once."""
        found = [each for row in self.by_set.values() for _, each in row if each is not None]
        return list({id(each): each for each in found}.values())

    def place(self, family: Family) -> Callable[[Instance], str]:
        """Where the sets name a radiation, for messages."""
        numbers = {
            id(each): number for row in self.by_set.values() for number, (_, each) in enumerate(row) if each is not None
        }
        return lambda instance: f"{family.members.plain}[{numbers[id(instance)]}]"


def check_members(
    run: Run, sets: Sequence[Instance], members: Members, family: Family, permitted: Set[str] = frozenset()
) -> None:
    """Findings for radiations that are missing, of another kind, or do not belong together."""
    word = family.members.plain
    radiation_class = family.targets[1].sop_class
    for source in sets:
        if not source.sop_instance_uid:
            message = "the set has no UID, and that of what is made of it follows from it"
            run.tell("T010", Severity.ERROR, message, "SOPInstanceUID", cite="PS3.3 C.12.1")
        row = members.by_set[source.sop_instance_uid]
        if not row:
            run.tell("T200", Severity.ERROR, "the set names no radiation", word, cite="PS3.3 C.36.10")
        names = [name for name, _ in row]
        for number, (name, each) in enumerate(row):
            place = f"{word}[{number}]"
            if each is None:
                message = "the radiation that the set names is not among the sources"
                run.tell("T200", Severity.ERROR, message, place, cite="PS3.3 C.36.10")
            elif names.count(name) > 1:
                run.tell("T200", Severity.ERROR, "the set names a radiation twice", place, cite="PS3.3 C.36.10")
            elif each.sop_class_uid not in {radiation_class, *permitted}:
                _tell_class(run, each, family, place)
    every = [*sets, *members.instances()]
    _same(run, every, ("PatientID", "IssuerOfPatientID"), "T212", "patients", "C.7.1.1")
    if family.joined_by is None:
        # The records of a fraction may each have a frame of their own (10.39.1.2).
        _same(run, every, ("FrameOfReferenceUID",), "T202", "frames of reference", "C.36.10.1.2")
    _check_machines(run, members.instances())
    for each in every:
        _check_source(run, each, {uid for uid, kind in family.sop_classes if kind == "standard"})


def _tell_class(run: Run, instance: Instance, family: Family, place: str) -> None:
    section = "C.8.8.14" if family.joined_by is None else "C.8.8.21"
    for uid, code, text in family.other_members:
        if uid == instance.sop_class_uid:
            run.tell(code, Severity.ERROR, text, place, cite=f"PS3.3 {section}")
            return
    run.tell("T011", Severity.ERROR, "no sheets convert instances of this SOP Class", f"{place}/SOPClassUID")


def _same(run: Run, instances: Sequence[Instance], words: Sequence[str], code: str, what: str, section: str) -> None:
    values = {tuple(plain_text(each.item, tag_of(word)) for word in words) for each in instances}
    if len(values) > 1:
        message = f"the set and its radiations are of two {what}"
        run.tell(code, Severity.ERROR, message, words[0], cite=f"PS3.3 {section}")


def _check_machines(run: Run, radiations: Sequence[Instance]) -> None:
    words = ("DeviceLabel", "Manufacturer", "ManufacturerModelName", "DeviceSerialNumber")
    found = set()
    for each in radiations:
        element = each.item.get(tag_of("TreatmentDeviceIdentificationSequence"))
        item = element.items[0] if element is not None and element.items else Item()
        found.add(tuple(plain_text(item, tag_of(word)) for word in words))
    if len(found) > 1:
        message = "the radiations of the set are of two treatment devices"
        run.tell("T202", Severity.ERROR, message, "TreatmentDeviceIdentificationSequence", cite="PS3.3 C.36.10")


def _check_source(run: Run, instance: Instance, permitted: set[str]) -> None:
    element = instance.item.get(_SOURCE)
    for number, item in enumerate(element.items if element is not None else []):
        named = item.get(_SOURCE_CLASS)
        if named is not None and named.raw.rstrip(b"\0 ").decode("ascii", "replace") not in permitted:
            message = "Definition Source names an instance of a class that it permits none of"
            place = f"DefinitionSourceSequence[{number}]/ReferencedSOPClassUID"
            run.tell("T213", Severity.ERROR, message, place, cite="PS3.3 C.36.10, C.36.2.1.6")
