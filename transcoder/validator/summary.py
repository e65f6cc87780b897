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

from transcoder.dicom.elements import Item
from transcoder.validator import provenance
from transcoder.validator.classes import RADIATION_RECORDS, RADIATION_SET, RADIATIONS
from transcoder.validator.provenance import Listed, Named, Source
from transcoder.validator.raw import children, integer, number, text
from transcoder.validator.reference_rules import DEVICES, POINT_SEQUENCES
from transcoder.validator.references import places

__all__ = ["Delivered", "Device", "Group", "Link", "Pool", "Summary", "summarise"]


class Device(NamedTuple):
    """What tells one treatment device from another (C.36.2.2.1): the strongest identifier present decides."""

    serial: str
    identifier: str
    label: str
    model: tuple[str, str]


class Group(NamedTuple):
    """One fraction group of a plan: its number, planned fractions, and meterset by beam number."""

    number: int | None
    fractions: int | None
    metersets: tuple[tuple[int, float | None], ...]


class Delivered(NamedTuple):
    """One beam of a treatment record: place, beam number and specified meterset."""

    path: str
    beam: int | None
    specified: float | None


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
    beams: tuple[int, ...] = ()
    delivered: tuple[Delivered, ...] = ()
    indices: tuple[tuple[str, Sequence[int]], ...] = ()
    links: tuple[Link, ...] = ()
    mapped: tuple[Mapped, ...] = ()
    fraction_group: int | None = None

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


MAPPING = "RadiationDoseSequence/RadiationDoseValuesParametersSequence/DoseValuesSequence"
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
        study=text(item, "StudyInstanceUID"),
        series=text(item, "SeriesInstanceUID"),
        frame=text(item, "FrameOfReferenceUID"),
        references=tuple(provenance.named(item)),
        common=tuple(provenance.listed(item)),
        sources=tuple(provenance.sources(item)),
        device=_device(item),
        label=_digest(text(item, "UserContentLabel")) if text(item, "UserContentLabel") else "",
        session=text(item, "TreatmentSessionUID"),
        meterset=_last_meterset(item),
        fractions=integer(item, "IntendedNumberOfFractions") or integer(item, "NumberOfFractionsPlanned"),
        continued=text(item, "TreatmentDeliveryContinuationFlag") == "YES",
        termination=text(item, "RTTreatmentTerminationStatus"),
        completion=text(item, "RTTreatmentFractionCompletionStatus"),
        groups=_groups(item),
        beams=_numbers(item, "BeamSequence", "BeamNumber"),
        delivered=_delivered(item),
        indices=_indices(item),
        links=_links(item),
        mapped=_mapped(item),
        fraction_group=integer(item, "ReferencedFractionGroupNumber"),
    )


def _digest(*values: str) -> str:
    return sha256("\n".join(values).encode()).hexdigest()[:16]


def _device(item: Item) -> Device | None:
    for entry in children(item, "TreatmentDeviceIdentificationSequence"):
        return Device(
            text(entry, "DeviceSerialNumber"),
            text(entry, "ManufacturerDeviceIdentifier"),
            text(entry, "DeviceLabel"),
            (text(entry, "Manufacturer"), text(entry, "ManufacturerModelName")),
        )
    return None


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


def _delivered(item: Item) -> tuple[Delivered, ...]:
    sequence = "TreatmentSessionBeamSequence"
    return tuple(
        Delivered(
            f"{sequence}[{place}]", integer(beam, "ReferencedBeamNumber"), number(beam, "SpecifiedPrimaryMeterset")
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
    if text(item, "SOPClassUID") != RADIATION_SET:
        return ()
    for path, chain in places(item, MAPPING):
        for entry in children(chain[1], "ReferencedRTRadiationSequence")[:1]:
            points = children(chain[-1], "MetersetToDoseMappingSequence")
            last = number(points[-1], "CumulativeMeterset") if points else None
            if last is not None:
                where = f"{path}/MetersetToDoseMappingSequence[{len(points) - 1}]/CumulativeMeterset"
                found_.append(Mapped(where, text(entry, "ReferencedSOPInstanceUID"), last))
    return tuple(found_)
