"""One small case for each finding code of treatment records; :mod:`tests.docs.cases` takes them in."""

from __future__ import annotations

from collections.abc import Callable

from tests.docs.samples import SAMPLES, Change, lines_of, put, sample
from transcoder.api import convert_instance
from transcoder.dicom.elements import Item, tag_of
from transcoder.mapping.catalog import load

__all__ = ["record_cases"]


def recorded(name: str, *changes: Change, delivered_by: str = "plan", without: str = "?") -> list[str]:
    """The findings of converting a sample record after these changes; ``without`` is the file that is not given."""
    source = sample(f"records/{name}")
    for change in changes:
        change(source.item)
    beside = sorted((SAMPLES / "records").glob(f"{name}.*.dcm"))
    others = [sample(str(each.relative_to(SAMPLES))[:-4]) for each in beside if without not in each.name]
    return lines_of(convert_instance(source, others, load(), delivered_by=delivered_by))


def _machine_as_text(root: Item) -> None:
    root.put(tag_of("TreatmentMachineSequence"), "LO", b"text")


_SESSION = "TreatmentSessionBeamSequence[0]"
_DOUBTED: dict[str, list[Change]] = {
    "T295": [put(f"{_SESSION}/DeliveredPrimaryMeterset", "20")],
    "T296": [put(f"{_SESSION}/ControlPointDeliverySequence[0]/DeliveredMeterset", "20")],
    "T297": [put(f"{_SESSION}/ControlPointDeliverySequence[1]/DeliveredMeterset", "20")],
    "T298": [put("TreatmentMachineSequence[0]/TreatmentMachineName", "Another")],
    "T299": [put(f"{_SESSION}/SpecifiedPrimaryMeterset", "500")],
}


_RECORDED: dict[str, str] = {
    "T130": "bad/falling-meterset",
    "T131": "bad/unknown-beam",
    "T132": "bad/another-patient",
    "T133": "first/delivered-above-specified",
    "T134": "bad/times-run-backwards",
    "T135": "first/no-beam-number",
    "T136": "first/continued-and-next-fraction",
    "T137": "bad/time-missing",
    "T138": "first/interrupted-window",
    "T139": "first/interrupted-window",
    "T141": "bad/treatment-and-verification",
    "T260": "first/dose-of-one-beam-in-two",
}


def _part_missing() -> list[str]:
    return recorded("first/measured-doses", put("MeasuredDoseReferenceSequence[0]/MeasuredDoseValue", "1.5 "))


_FROM_SETS = {"T265": "set-not-at-hand", "T266": "either-set", "T267": "delivered-without-number"}


def _moved_and_turned() -> list[str]:
    point = "TreatmentSessionBeamSequence[0]/ControlPointDeliverySequence[1]"
    return recorded("first/moving-table", put(f"{point}/TableTopPitchAngle", b"\0\0\x80\x3f"))


def record_cases() -> dict[str, Callable[[], list[str]]]:
    """What is said of sample records, with the plan or the set that is beside them."""
    whole = "first/complete-fraction"
    return {
        **{code: lambda changes=changes: recorded(whole, *changes) for code, changes in _DOUBTED.items()},  # type: ignore[misc]
        **{code: lambda name=name: recorded(name) for code, name in _RECORDED.items()},  # type: ignore[misc]
        **{
            code: lambda name=name: recorded(f"bad/{name}", delivered_by="set")  # type: ignore[misc]
            for code, name in _FROM_SETS.items()
        },
        "T142": _moved_and_turned,
        "T261": _part_missing,
        "T268": lambda: recorded("first/set-for-the-plan", without="radiation-1"),
        "T269": lambda: recorded("first/set-for-the-plan"),
        "T270": lambda: recorded("first/entered-by-hand"),
        "T285": lambda: recorded("first/overrides", _machine_as_text),
    }
