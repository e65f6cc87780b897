"""References inside one instance: numbers and indices resolve and are unique (C.8.8.13, C.8.8.14, C.36.2.2)."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from transcoder.dicom.elements import Item, tag_of
from transcoder.findings import Finding
from transcoder.validator.beam_devices import axis_twin
from transcoder.validator.catalogue_state import found
from transcoder.validator.raw import children, code, comparable, first_number, integer, text, text_of, whole
from transcoder.validator.reference_rules import DEVICES, HOLDERS, INDICES, REFERENCES, UNIQUE, Key, Reference

__all__ = ["check", "places"]

# The item itself last, the data set first.
Chain = tuple[Item, ...]
Place = tuple[str, Chain]

APERTURE = "130123"  # CID 9517 Aperture Block


def check(item: Item) -> Iterator[Finding]:
    """Findings about references and identifiers inside one instance."""
    for reference in REFERENCES:
        yield from _resolve(item, reference)
    for key in UNIQUE:
        yield from _unique(item, key)
    for key in INDICES:
        yield from _running(item, key)
    yield from _collimators(item, "BeamSequence", "ControlPointSequence", "BeamLimitingDeviceSequence")
    session = ("TreatmentSessionBeamSequence", "ControlPointDeliverySequence", "BeamLimitingDeviceLeafPairsSequence")
    yield from _collimators(item, *session)
    yield from _unused_beams(item)
    yield from _holders(item)
    yield from _defined_devices(item)
    yield from _machine_codes(item)
    yield from _apertures(item)
    yield from _members(item)


def places(root: Item, path: str) -> Iterator[Place]:
    """Every item of a sequence given by its path, with the items that hold it."""
    words = path.split("/")
    for numbers, chain in _numbered(root, words):
        yield _place(words, numbers), chain


def _place(words: Sequence[str], numbers: Sequence[int]) -> str:
    return "/".join([f"{word}[{number}]" for word, number in zip(words, numbers, strict=True)])


def _numbered(root: Item, words: Sequence[str]) -> list[tuple[tuple[int, ...], Chain]]:
    """The items of :func:`places` with their numbers, of which a path is written only where a finding needs it."""
    found_: list[tuple[tuple[int, ...], Chain]] = [((), (root,))]
    for word in words:
        found_ = [
            ((*numbers, count), (*chain, child))
            for numbers, chain in found_
            for count, child in enumerate(children(chain[-1], word))
        ]
    return found_


def _identifier(item: Item, word: str) -> int | str | None:
    """A number or index as an integer, a UID or type as text, ``None`` when absent or empty."""
    element = item.get(tag_of(word))
    if element is None or element.is_empty():
        return None
    value = first_number(element)
    return whole(value) if value is not None else text_of(element)


def _resolve(root: Item, reference: Reference) -> Iterator[Finding]:
    # A target without its number is told of itself, and may be the one that is meant; a UID may be left out.
    known: dict[tuple[int, ...], set[int | str | None]] = {}
    words = reference.path.split("/")
    for numbers, chain in _numbered(root, words):
        value = _identifier(chain[-1], reference.word)
        if value is None:
            continue
        holders = tuple(id(_holder(chain, target)) for target in reference.targets)
        if holders not in known:
            known[holders] = {_identifier(target, reference.key) for target in _targets(chain, reference)}
        meant = {value} if reference.key.endswith("UID") else {value, None}
        if not meant & known[holders] and (known[holders] or not reference.only_with_target):
            shown = f" {value}" if isinstance(value, int) else ""
            target = " or ".join(name.rsplit("/", 1)[-1] for name in reference.targets)
            message = f"{reference.word}{shown} is no {reference.key} of {target}"
            place = f"{_place(words, numbers)}/{reference.word}"
            yield found("V240", message, place, f"PS3.3 {reference.cite}")


def _targets(chain: Chain, reference: Reference) -> Iterator[Item]:
    for target in reference.targets:
        for _, found_ in _numbered(_holder(chain, target), target.replace("../", "").split("/")):
            yield found_[-1]


def _holder(chain: Chain, target: str) -> Item:
    """The item from which the path of a target leads: so many levels up, else the data set."""
    climbs = target.count("../")
    return chain[-1 - climbs] if climbs else chain[0]


def _siblings(root: Item, path: str) -> Iterator[tuple[str, list[Item]]]:
    """Each occurrence of a sequence, with its items."""
    head, _, word = path.rpartition("/")
    for place, chain in places(root, head) if head else [("", (root,))]:
        items = children(chain[-1], word)
        if items:
            yield (f"{place}/{word}" if place else word), items


def _unique(root: Item, key: Key) -> Iterator[Finding]:
    for path, items in _siblings(root, key.path):
        seen: set[int | str] = set()
        for count, item in enumerate(items):
            value = _identifier(item, key.word)
            if value is None:
                continue
            if value in seen:
                shown = f" {value}" if isinstance(value, int) else ""
                message = f"{key.word}{shown} occurs more than once"
                yield found("V241", message, f"{path}[{count}]/{key.word}", f"PS3.3 {key.cite}")
            seen.add(value)


def _running(root: Item, key: Key) -> Iterator[Finding]:
    for path, items in _siblings(root, key.path):
        values = [integer(item, key.word) for item in items]
        if all(value is None for value in values):
            continue
        for count, value in enumerate(values):
            if value is not None and value != count + 1:
                message = f"{key.word} is {value}, {count + 1} is due: it starts at 1 and grows by 1"
                yield found("V242", message, f"{path}[{count}]/{key.word}", f"PS3.3 {key.cite}")
                break


def _collimators(root: Item, beams: str, points: str, defined: str) -> Iterator[Finding]:
    """Positions name a defined device; X and ASYMX (Y and ASYMY) are two names of one axis."""
    word = "RTBeamLimitingDeviceType"
    for path, chain in places(root, beams):
        kinds = [text(device, word) for device in children(chain[-1], defined)]
        if not kinds:
            continue
        for kind in sorted({kind for kind in kinds if kinds.count(kind) > 1}):
            message = f"{kinds.count(kind)} devices have type {kind}; only order or number of leaves tells them apart"
            yield found("V244", message, f"{path}/{defined}", "PS3.3 C.8.8.14")
        told: set[str] = set()
        for place, held in places(chain[-1], f"{points}/BeamLimitingDevicePositionSequence"):
            kind = text(held[-1], word)
            if not kind or kind in kinds or kind in told:
                continue
            told.add(kind)
            where = f"{path}/{place}/{word}"
            if kinds.count(axis_twin(kind)) == 1:
                message = f"{kind} is positioned, {axis_twin(kind)} is defined; both name the same axis"
                yield found("V243", message, where, "PS3.3 C.8.8.14")
            else:
                yield found("V240", f"{word} {kind} is no device of {defined}", where, "PS3.3 C.8.8.14")


def _unused_beams(root: Item) -> Iterator[Finding]:
    used = {
        integer(chain[-1], "ReferencedBeamNumber")
        for _, chain in places(root, "FractionGroupSequence/ReferencedBeamSequence")
    }
    if not children(root, "FractionGroupSequence"):
        return
    for place, beam in enumerate(children(root, "BeamSequence")):
        value = integer(beam, "BeamNumber")
        if value is not None and value not in used:
            path = f"BeamSequence[{place}]/BeamNumber"
            yield found("V246", f"no fraction group refers to beam {value}", path, "PS3.3 C.8.8.13")


def _holders(root: Item) -> Iterator[Finding]:
    """No holder holds itself, and a slot named in a holder is one of its slots (C.36.2.2.3, C.36.2.2.14)."""
    word = "ReferencedRTAccessoryHolderDeviceIndex"
    for count, holder in enumerate(children(root, HOLDERS)):
        index = integer(holder, "DeviceIndex")
        if index is not None and index == integer(holder, word):
            yield found("V245", f"holder {index} is held by itself", f"{HOLDERS}[{count}]/{word}", "PS3.3 C.36.2.2.3")
    slots = {
        integer(holder, "DeviceIndex"): {
            text(slot, "RTAccessoryHolderSlotID") for slot in children(holder, "RTAccessoryHolderSlotSequence")
        }
        for holder in children(root, HOLDERS)
    }
    for sequence in DEVICES:
        for count, device in enumerate(children(root, sequence)):
            slot, index = text(device, "RTAccessoryHolderSlotID"), integer(device, word)
            if slot and slots.get(index) and slot not in slots[index]:
                path = f"{sequence}[{count}]/RTAccessoryHolderSlotID"
                yield found("V240", f"holder {index} has no such slot", path, "PS3.3 C.36.2.2.3")


def _defined_devices(root: Item) -> Iterator[Finding]:
    """A link to a device of another instance needs that instance (C.36.2.2.19.1.5)."""
    if children(root, "ReferencedRTInstanceSequence"):
        return
    word = "ReferencedDefinedDeviceIndex"
    for sequence in DEVICES:
        for count, device in enumerate(children(root, sequence)):
            if tag_of(word) in device:
                message = f"{word} needs ReferencedRTInstanceSequence, which is absent"
                yield found("V247", message, f"{sequence}[{count}]/{word}", "PS3.3 C.36.2.2.19.1.5")


def _machine_codes(root: Item) -> Iterator[Finding]:
    """Modes that differ in energy, particle or fluence modifier have different machine codes."""
    seen: dict[str, list[Hashable]] = {}
    for count, mode in enumerate(children(root, "RadiationGenerationModeSequence")):
        machine = code(mode, "RadiationGenerationModeMachineCodeSequence")
        if not machine:
            continue
        beam = [comparable(mode[tag]) if tag in mode else None for tag in map(tag_of, _OF_A_MODE)]
        if seen.setdefault(machine, beam) != beam:
            path = f"RadiationGenerationModeSequence[{count}]/RadiationGenerationModeMachineCodeSequence"
            message = "a mode with another energy, particle or fluence has the same machine code"
            yield found("V248", message, path, "PS3.3 C.36.2.2.7.1.2")


_OF_A_MODE = (
    "NominalEnergy",
    "MinimumNominalEnergy",
    "MaximumNominalEnergy",
    "RadiationTypeCodeSequence",
    "RadiationFluenceModifierCodeSequence",
)


def _apertures(root: Item) -> Iterator[Finding]:
    sequence = "BlockDefinitionSequence"
    apertures = [
        count
        for count, block in enumerate(children(root, sequence))
        if code(block, "DeviceTypeCodeSequence") == APERTURE
    ]
    if len(apertures) > 1:
        message = f"{len(apertures)} aperture blocks where one is allowed"
        yield found("V249", message, f"{sequence}[{apertures[1]}]", "PS3.3 C.36.2.2.13")


def _members(root: Item) -> Iterator[Finding]:
    """Groups and doses of a set name each of its radiations once (C.36.10, C.36.11, C.36.21)."""
    groups, word = children(root, "TreatmentPositionGroupSequence"), "ReferencedRTRadiationSequence"
    if groups and all(children(group, word) for group in groups):
        path = f"TreatmentPositionGroupSequence/{word}"
        yield from _matches(root, "RTRadiationSequence", path, "PS3.3 C.36.10")
    for members, cite in (("RTRadiationSequence", "C.36.11"), ("ReferencedRTRadiationRecordSequence", "C.36.21")):
        word = "ReferencedRTRadiationSequence" if members == "RTRadiationSequence" else members
        if children(root, "RadiationDoseSequence") and children(root, members):
            yield from _matches(root, members, f"RadiationDoseSequence/{word}", f"PS3.3 {cite}")


def _matches(root: Item, members: str, path: str, cite: str) -> Iterator[Finding]:
    due, there = _instances(root, members), _instances(root, path)
    missing = {instance: place for place, instance in due if instance not in {other for _, other in there}}
    foreign = [place for place, instance in there if instance not in {other for _, other in due}]
    twice = [place for count, (place, instance) in enumerate(there) if instance in {e for _, e in there[:count]}]
    if missing or foreign or twice:
        message = f"{len(missing)} of {members} missing, {len(foreign)} foreign, {len(twice)} named more than once"
        yield found("V250", message, [*foreign, *twice, *missing.values()][0], cite)


def _instances(root: Item, path: str) -> list[tuple[str, str]]:
    """The instances that the items of a sequence refer to, each with its place."""
    return [(place, text(chain[-1], "ReferencedSOPInstanceUID")) for place, chain in places(root, path)]
