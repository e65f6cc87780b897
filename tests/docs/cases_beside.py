"""One small case for each finding code of what is consulted beside a set; :mod:`tests.docs.cases` takes them in."""

from __future__ import annotations

from collections.abc import Callable

from tests.docs.samples import SAMPLES, at, lines_of, put, sample
from transcoder.api import convert_instance
from transcoder.dicom.elements import Item, encode, scan, tag_of
from transcoder.dicom.instance import Instance
from transcoder.mapping.catalog import load

__all__ = ["BESIDE"]


def back(folder: str, change: Callable[[list[Instance]], object]) -> list[str]:
    """The findings of bringing back a bundle of ``samples/beside`` after a change."""
    members = [sample(f"beside/{folder}/{path.stem}") for path in sorted((SAMPLES / "beside" / folder).glob("*.dcm"))]
    change(members)
    return lines_of(convert_instance(members[0], members[1:], load(), to="first"))


def _again(members: list[Instance]) -> None:
    """A second preparation for the same set."""
    more = Instance(scan(encode(members[-1].item), implicit=False))
    more.item.put(tag_of("SOPInstanceUID"), "UI", b"2.25.77\0")
    members.append(Instance(more.item))


def _second_prescription(members: list[Instance]) -> None:
    prescriptions = members[-1].item[tag_of("RTPrescriptionSequence")].items
    more = scan(encode(prescriptions[0]), implicit=False)
    put("RTPrescriptionIndex", b"\2\0")(more)
    prescriptions.append(more)
    chosen = at(members[0].item, "ReferencedRTPhysicianIntentSequence[0]")[tag_of("ReferencedRTPrescriptionSequence")]
    other = Item()
    put("ReferencedRTPrescriptionIndex", b"\2\0")(other)
    chosen.items.append(other)


_CHOSEN = "ReferencedRTPhysicianIntentSequence[0]/ReferencedRTPrescriptionSequence[0]/ReferencedRTPrescriptionIndex"
BESIDE: dict[str, Callable[[], list[str]]] = {
    "T230": lambda: back("preparation", lambda members: put("PatientID", "OTHER")(members[-1].item)),
    "T231": lambda: back("preparation", _again),
    "T232": lambda: back("intent", lambda members: members.pop()),
    "T233": lambda: back("intent", lambda members: put(_CHOSEN, b"\7\0")(members[0].item)),
    "T234": lambda: back("intent", _second_prescription),
}
