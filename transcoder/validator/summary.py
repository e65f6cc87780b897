"""What the rules across instances need to know of one instance: small, picklable, without patient data.

Ten thousand files fit in memory as summaries, about a kilobyte each. Identifying values are kept as digests; numbers,
UIDs and terms as they are.
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields, replace
from hashlib import sha256
from typing import Any, NamedTuple
from unicodedata import normalize

from transcoder.dicom.elements import Item, tag_of
from transcoder.validator import charsets, provenance
from transcoder.validator.classes import RADIATION_RECORD_SET, RADIATION_RECORDS, RADIATION_SET, RADIATIONS
from transcoder.validator.common import Listed, Named, listed, named
from transcoder.validator.fractions import delivered_fractions, intended_fractions
from transcoder.validator.provenance import Source
from transcoder.validator.raw import children, code, integer, number, text
from transcoder.validator.reference_rules import DEVICES, POINT_SEQUENCES
from transcoder.validator.references import places

__all__ = ["Beam", "Delivered", "Device", "Group", "Link", "Pool", "Summary", "summarise"]


class Device(NamedTuple):
    """What tells one treatment device from another (C.36.2.2.1): the strongest identifier present decides."""

    serial: str
    identifier: str
    label: str
    model: tuple[str, str]


class Beam(NamedTuple):
    """One beam of a plan: its number, the unit of its dosimeter, how many control points it has, whether it treats."""

    number: int
    unit: str
    points: int
    treats: bool


class Group(NamedTuple):
    """One fraction group of a plan: its number, planned fractions, and meterset by beam number."""

    number: int | None
    fractions: int | None
    metersets: tuple[tuple[int, float | None], ...]


class Delivered(NamedTuple):
    """One beam of a treatment record: place, beam number, specified meterset, the last point of the plan it names."""

    path: str
    beam: int | None
    specified: float | None
    last_point: int | None = None


class Fraction(NamedTuple):
    """The number of the fraction that one delivery of a record belongs to, where it stands, and the section."""

    path: str
    number: int
    cite: str


class Link(NamedTuple):
    """An index that points into another instance: where it stands, which sequence it means there, its value."""

    path: str
    sequence: str
    value: int


class Mapped(NamedTuple):
    """The last meterset of the dose mapping of one radiation in a set."""

    path: str
    instance: str
    meterset: float


@dataclass(frozen=True, slots=True)
class Summary:
    """One instance as the rules across instances see it."""

    sop_class: str
    instance: str
    patient: str
    study: str
    series: str
    frame: str
    issuer: str = ""
    name: str = ""
    references: tuple[Named, ...] = ()
    common: tuple[Listed, ...] = ()
    sources: tuple[Source, ...] = ()
    device: Device | None = None
    label: str = ""
    session: str = ""
    meterset: float | None = None
    fractions: int | None = None
    continued: bool = False
    termination: str = ""
    completion: str = ""
    groups: tuple[Group, ...] = ()
    beams: tuple[Beam, ...] = ()
    unit: str = ""
    delivered: tuple[Delivered, ...] = ()
    indices: tuple[tuple[str, Sequence[int]], ...] = ()
    links: tuple[Link, ...] = ()
    mapped: tuple[Mapped, ...] = ()
    fraction_group: int | None = None
    delivery: int | None = None
    delivered_fractions: tuple[Fraction, ...] = ()

    @property
    def roles(self) -> dict[str, tuple[Named, ...]]:
        """The references that rules follow, by the sequence at the root that holds them."""
        held: dict[str, tuple[Named, ...]] = {}
        for reference in self.references:
            role = reference.path.partition("[")[0]
            if role in ROLES:
                held[role] = (*held.get(role, ()), reference)
        return held


class Pool:
    """Gives equal parts of many summaries one place in memory: classes, paths, studies and devices recur."""

    # Fields that are alike as a whole in the instances of one machine; of the others only the texts recur.
    ALIKE = ("device", "indices")

    def __init__(self) -> None:
        self._held: dict[Hashable, Any] = {}

    def share(self, summary: Summary) -> Summary:
        """The summary, made of parts that other summaries have already."""
        parts = {each.name: _interned(getattr(summary, each.name)) for each in fields(summary)}
        for name in self.ALIKE:
            parts[name] = self._held.setdefault((name, parts[name]), parts[name])
        return replace(summary, **parts)


def _interned(value: Any) -> Any:
    if isinstance(value, str):
        return sys.intern(value)
    if not isinstance(value, tuple):
        return value
    parts = map(_interned, value)
    return type(value)._make(parts) if hasattr(value, "_make") else tuple(parts)


_PARAMETERS = "RadiationDoseSequence/RadiationDoseValuesParametersSequence"
# Where a set and a record set map metersets to doses, and what each mapping belongs to (C.36.11, C.36.21).
MAPPINGS = {
    RADIATION_SET: (f"{_PARAMETERS}/DoseValuesSequence", "ReferencedRTRadiationSequence"),
    RADIATION_RECORD_SET: (_PARAMETERS, "ReferencedRTRadiationRecordSequence"),
}
# References that rules across instances follow; the others matter for the common references only.
ROLES = (
    "RTRadiationSequence",
    "ReferencedRTRadiationRecordSequence",
    "ReferencedRTRadiationSetSequence",
    "ReferencedRTInstanceSequence",
    "ReferencedRTPhysicianIntentSequence",
    "ReferencedRTPlanSequence",
    "RTRadiationTaskSequence",
    "OmittedRadiationSequence",
)


def summarise(item: Item) -> Summary:
    """The summary of one instance."""
    return Summary(
        sop_class=text(item, "SOPClassUID"),
        instance=text(item, "SOPInstanceUID"),
        patient=_digest(text(item, "PatientID")),
        issuer=_digest(text(item, "IssuerOfPatientID")) if text(item, "IssuerOfPatientID") else "",
        name=_name(item),
        study=text(item, "StudyInstanceUID"),
        series=text(item, "SeriesInstanceUID"),
        frame=text(item, "FrameOfReferenceUID"),
        references=tuple(named(item)),
        common=tuple(listed(item)),
        sources=tuple(provenance.sources(item)),
        device=_device(item),
        label=_digest(text(item, "UserContentLabel")) if text(item, "UserContentLabel") else "",
        session=text(item, "TreatmentSessionUID"),
        meterset=_last_meterset(item),
        fractions=intended_fractions(item),
        continued=text(item, "TreatmentDeliveryContinuationFlag") == "YES",
        termination=text(item, "RTTreatmentTerminationStatus"),
        completion=text(item, "RTTreatmentFractionCompletionStatus"),
        groups=_groups(item),
        beams=_beams(item),
        unit=code(item, "RadiationDosimeterUnitSequence"),
        delivered=_delivered(item),
        indices=_indices(item),
        links=_links(item),
        mapped=_mapped(item),
        fraction_group=integer(item, "ReferencedFractionGroupNumber"),
        delivery=_delivery(item),
        delivered_fractions=tuple(Fraction(*each) for each in delivered_fractions(item)),
    )


def _digest(*values: str) -> str:
    return sha256("\n".join(values).encode()).hexdigest()[:16]


def _name(item: Item) -> str:
    """A digest of the patient's name as it is compared: its first component group, without case and empty ends."""
    element, sets = item.get(tag_of("PatientName")), item.get(tag_of("SpecificCharacterSet"))
    if element is None or not text(item, "PatientID"):
        return ""
    read = charsets.decode(element.raw.strip(b" \0"), charsets.terms(sets.raw) if sets else charsets.DEFAULT) or ""
    parts = [part.strip() for part in normalize("NFC", read).partition("=")[0].casefold().split("^")]
    whole = "^".join(parts).rstrip("^")
    return _digest(whole) if whole else ""


def _device(item: Item) -> Device | None:
    for entry in children(item, "TreatmentDeviceIdentificationSequence"):
        return Device(
            text(entry, "DeviceSerialNumber"),
            text(entry, "ManufacturerDeviceIdentifier"),
            text(entry, "DeviceLabel"),
            (text(entry, "Manufacturer"), text(entry, "ManufacturerModelName")),
        )
    return None


def _delivery(item: Item) -> int | None:
    """How often the set was delivered to the patient, by a record set of a treatment."""
    treated = text(item, "RTRadiationSetUsage") == "TREATMENT"
    return integer(item, "RTRadiationSetDeliveryNumber") if treated else None


def _last_meterset(item: Item) -> float | None:
    for sequence in POINT_SEQUENCES:
        for point in reversed(children(item, sequence)):
            value = number(point, "CumulativeMeterset")
            if value is not None:
                return value
    return None


def _numbers(item: Item, sequence: str, word: str) -> tuple[int, ...]:
    return tuple(value for entry in children(item, sequence) if (value := integer(entry, word)) is not None)


def _groups(item: Item) -> tuple[Group, ...]:
    return tuple(
        Group(
            integer(group, "FractionGroupNumber"),
            integer(group, "NumberOfFractionsPlanned"),
            tuple(
                (beam, number(entry, "BeamMeterset"))
                for entry in children(group, "ReferencedBeamSequence")
                if (beam := integer(entry, "ReferencedBeamNumber")) is not None
            ),
        )
        for group in children(item, "FractionGroupSequence")
    )


def _beams(item: Item) -> tuple[Beam, ...]:
    return tuple(
        Beam(
            each,
            text(beam, "PrimaryDosimeterUnit"),
            len(children(beam, "ControlPointSequence")),
            text(beam, "TreatmentDeliveryType") in ("", "TREATMENT", "CONTINUATION"),
        )
        for beam in children(item, "BeamSequence")
        if (each := integer(beam, "BeamNumber")) is not None
    )


def _delivered(item: Item) -> tuple[Delivered, ...]:
    sequence = "TreatmentSessionBeamSequence"
    return tuple(
        Delivered(
            f"{sequence}[{place}]",
            integer(beam, "ReferencedBeamNumber"),
            number(beam, "SpecifiedPrimaryMeterset"),
            max(_numbers(beam, "ControlPointDeliverySequence", "ReferencedControlPointIndex"), default=None),
        )
        for place, beam in enumerate(children(item, sequence))
    )


def _indices(item: Item) -> tuple[tuple[str, Sequence[int]], ...]:
    """The indices that other instances may point at."""
    words = dict.fromkeys(DEVICES, "DeviceIndex")
    words["RTPrescriptionSequence"] = "RTPrescriptionIndex"
    words |= {sequence: "RTControlPointIndex" for sequence in POINT_SEQUENCES[:1] if _is_radiation(item)}
    pairs = ((sequence, _run(_numbers(item, sequence, word))) for sequence, word in words.items())
    return tuple(pair for pair in pairs if pair[1])


def _run(values: tuple[int, ...]) -> Sequence[int]:
    """The values as a range when they grow by 1, as the indices of any number of control points shall."""
    run = range(values[0], values[0] + len(values)) if values else range(0)
    return run if values == tuple(run) else values


def _is_radiation(item: Item) -> bool:
    return text(item, "SOPClassUID") in RADIATIONS


def _links(item: Item) -> tuple[Link, ...]:
    links = []
    word = "ReferencedDefinedDeviceIndex"
    for sequence in DEVICES:
        for place, device in enumerate(children(item, sequence)):
            index = integer(device, word)
            if index is not None:
                links.append(Link(f"{sequence}[{place}]/{word}", sequence, index))
    intents = "ReferencedRTPhysicianIntentSequence"
    for place, intent in enumerate(children(item, intents)):
        for count, entry in enumerate(children(intent, "ReferencedRTPrescriptionSequence")):
            index = integer(entry, "ReferencedRTPrescriptionIndex")
            if index is not None:
                path = f"{intents}[{place}]/ReferencedRTPrescriptionSequence[{count}]/ReferencedRTPrescriptionIndex"
                links.append(Link(path, "RTPrescriptionSequence", index))
    if text(item, "SOPClassUID") in RADIATION_RECORDS:
        links.extend(_point_links(item))
    return tuple(links)


def _point_links(item: Item) -> list[Link]:
    """The first and the last planned control point that a record refers to stand for all of them."""
    sequence, word = POINT_SEQUENCES[0], "ReferencedRadiationRTControlPointIndex"
    links = [
        Link(f"{sequence}[{place}]/{word}", sequence, index)
        for place, point in enumerate(children(item, sequence))
        if (index := integer(point, word)) is not None
    ]
    return [min(links, key=lambda link: link.value), max(links, key=lambda link: link.value)] if links else []


def _mapped(item: Item) -> tuple[Mapped, ...]:
    """The end of each mapping from meterset to dose; the standard wants it at the last control point."""
    found_ = []
    mapping, member = MAPPINGS.get(text(item, "SOPClassUID"), ("", ""))
    if not mapping:
        return ()
    for path, chain in places(item, mapping):
        for entry in children(chain[1], member)[:1]:
            points = children(chain[-1], "MetersetToDoseMappingSequence")
            last = number(points[-1], "CumulativeMeterset") if points else None
            if last is not None:
                where = f"{path}/MetersetToDoseMappingSequence[{len(points) - 1}]/CumulativeMeterset"
                found_.append(Mapped(where, text(entry, "ReferencedSOPInstanceUID"), last))
    return tuple(found_)
