"""Treatment records with one thing wrong: refused with a code and a place, or told and converted as they stand."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pydicom
import pytest

import transcoder
from transcoder import ConversionError, Severity

from ..conftest import SAMPLES

sys.path.insert(0, str(SAMPLES))
from plans import with_meta
from plans.records import two_beams
from plans.session import delivered, metersets, record, whole_fraction

RECORD_SET, RECORD = "1.2.840.10008.5.1.4.1.1.481.16", "1.2.840.10008.5.1.4.1.1.481.19"
Change = Callable[[pydicom.Dataset], object]


def beam(root: pydicom.Dataset, place: int = 0) -> pydicom.Dataset:
    return root.TreatmentSessionBeamSequence[place]


def point(root: pydicom.Dataset, place: int = 0) -> pydicom.Dataset:
    return beam(root).ControlPointDeliverySequence[place]


def text(holder: pydicom.Dataset, word: str, value: str) -> None:
    """Put a decimal string that pydicom itself would not write."""
    element = pydicom.DataElement(word, "DS", "0")
    element._value = value
    holder.add(element)


def no_points(root: pydicom.Dataset) -> None:
    beam(root).ControlPointDeliverySequence = []
    beam(root).NumberOfControlPoints = 0


def given(change: Change, items: list[pydicom.Dataset] | None = None) -> transcoder.Result:
    """The conversion of a fraction of two beams, with its plan, after a change of the record."""
    plan = two_beams("wrong")
    root = record("wrong", plan, items or whole_fraction(plan))
    change(root)
    return transcoder.transcode(transcoder.read([with_meta(root), with_meta(plan)]), to="second")


def opening(root: pydicom.Dataset) -> pydicom.Dataset:
    return point(root).BeamLimitingDevicePositionSequence[0]


def setter(find: Callable[[pydicom.Dataset], pydicom.Dataset], word: str, value: Any) -> Change:
    return lambda root: setattr(find(root), word, value)


WRONG: dict[str, tuple[str, str, Change]] = {
    "minutes": ("T016", "PrimaryDosimeterUnit", setter(lambda root: root, "PrimaryDosimeterUnit", "MINUTE")),
    "brachytherapy": ("T011", "SOPClassUID", setter(lambda root: root, "SOPClassUID", "1.2.840.10008.5.1.4.1.1.481.6")),
    "summary": ("T011", "SOPClassUID", setter(lambda root: root, "SOPClassUID", "1.2.840.10008.5.1.4.1.1.481.7")),
    "ions": ("T011", "SOPClassUID", setter(lambda root: root, "SOPClassUID", "1.2.840.10008.5.1.4.1.1.481.9")),
    "protons": ("T015", "RadiationType", setter(beam, "RadiationType", "PROTON")),
    "neutrons": ("T015", "RadiationType", setter(beam, "RadiationType", "NEUTRON")),
    "no control points": ("T020", "ControlPointDeliverySequence", no_points),
    "control points miscounted": ("T026", "ControlPointDeliverySequence", setter(beam, "NumberOfControlPoints", 9)),
    "no items": ("T114", "TreatmentSessionBeamSequence", setter(lambda root: root, "TreatmentSessionBeamSequence", [])),
    "meterset NaN": ("T001", "/DeliveredMeterset", lambda root: text(point(root, 1), "DeliveredMeterset", "NaN")),
    "meterset overflows": ("T004", "/DeliveredMeterset", lambda root: text(point(root), "DeliveredMeterset", "1e400")),
    "meterset missing": ("T130", "/DeliveredMeterset", lambda root: text(point(root, 1), "DeliveredMeterset", "")),
    "meterset below 0": ("T130", "/DeliveredMeterset", setter(point, "DeliveredMeterset", -5)),
    "index below 0": ("T131", "ReferencedControlPointIndex", setter(point, "ReferencedControlPointIndex", -1)),
    "primary meterset NaN": (
        "T001",
        "PrimaryMeterset",
        lambda root: text(beam(root), "DeliveredPrimaryMeterset", "NaN"),
    ),
    "gantry NaN": ("T001", "GantryAngle", lambda root: text(point(root), "GantryAngle", "NaN")),
    "table overflows": (
        "T004",
        "VerticalPosition",
        lambda root: text(point(root), "TableTopVerticalPosition", "1e400"),
    ),
    "pairs contradict": (
        "T052",
        "BeamLimitingDevicePositionSequence",
        lambda root: setattr(beam(root).BeamLimitingDeviceLeafPairsSequence[0], "NumberOfLeafJawPairs", 5),
    ),
    "positions contradict": (
        "T052",
        "BeamLimitingDevicePositionSequence",
        setter(opening, "LeafJawPositions", [-10, 10, 20]),
    ),
    "device undefined": ("T051", "PositionSequence", setter(opening, "RTBeamLimitingDeviceType", "MLCX")),
    "fraction below 0": ("T005", "FractionNumber", setter(beam, "CurrentFractionNumber", -3)),
    "control point unknown": (
        "T131",
        "ReferencedControlPointIndex",
        lambda root: setattr(point(root, 1), "ReferencedControlPointIndex", 7),
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_refused_with_code_and_place(name: str) -> None:
    code, place, change = WRONG[name]
    with pytest.raises(ConversionError) as caught:
        given(change)
    errors = [each for each in caught.value.findings if each.severity is Severity.ERROR]
    assert {each.code for each in errors} == {code}
    assert all(place in each.path for each in errors)


def warned(result: transcoder.Result) -> set[str]:
    """The codes of warnings, but for values that were assumed."""
    return {each.code for each in result.findings if each.severity is Severity.WARNING} - {"T102"}


def completion(result: transcoder.Result) -> list[str]:
    sets = [each for each in result.bundle.instances if each.SOPClassUID == RECORD_SET]
    return [each.RTTreatmentFractionCompletionStatus for each in sets]


def test_two_items_of_one_number_are_both_converted() -> None:
    result = given(setter(lambda root: beam(root, 1), "ReferencedBeamNumber", 1))
    assert {"T136"} <= warned(result)
    assert len([each for each in result.bundle.instances if each.SOPClassUID == RECORD]) == 2
    # The second beam of the plan was not delivered, whatever was delivered twice.
    assert completion(result) == ["PARTIAL"]


def test_a_beam_of_which_only_a_portal_image_was_made_is_not_delivered() -> None:
    result = given(setter(lambda root: beam(root, 1), "TreatmentDeliveryType", "TRMT_PORTFILM"))
    assert completion(result) == ["PARTIAL"]


def test_a_whole_fraction_gives_no_warning() -> None:
    result = given(lambda root: None)
    assert warned(result) == set()
    assert completion(result) == ["COMPLETE"]


DOUBTS: dict[str, tuple[set[str], Change]] = {
    "beam and points": ({"T295"}, setter(beam, "DeliveredPrimaryMeterset", 20)),
    "another machine": (
        {"T298"},
        lambda root: setattr(root.TreatmentMachineSequence[0], "TreatmentMachineName", "Another"),
    ),
    "another meterset": ({"T297", "T299"}, setter(beam, "SpecifiedPrimaryMeterset", 500)),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_what_does_not_fit_together_is_told(name: str) -> None:
    codes, change = DOUBTS[name]
    assert warned(given(change)) == codes


def resumed(stop: float | None = None, **more: object) -> list[pydicom.Dataset]:
    """A fraction whose first beam was resumed at 20 units of 100."""
    plan = two_beams("wrong")
    units, beams = metersets(plan), plan.BeamSequence
    return [delivered(beams[0], units[1], start=20.0, stop=stop, **more), delivered(beams[1], units[2], begun=60)]


def test_a_continuation_is_no_doubt() -> None:
    result = given(lambda root: None, resumed())
    assert warned(result) == {"T139"}
    assert completion(result) == ["PARTIAL"]


def test_a_delivery_that_begins_above_0_should_be_a_continuation() -> None:
    assert warned(given(lambda root: None, resumed(TreatmentDeliveryType="TREATMENT"))) == {"T139", "T296"}


def test_a_continuation_that_overruns_what_was_specified() -> None:
    """85 units after the 20 of another session: less than 100 for itself, and more in the end."""

    def overrun(root: pydicom.Dataset) -> None:
        point(root, 1).DeliveredMeterset = 105
        beam(root).DeliveredPrimaryMeterset = 85

    result = given(overrun, resumed())
    assert warned(result) == {"T133", "T139"}
    (told,) = [each for each in result.findings if each.code == "T133"]
    assert told.message == "105 delivered, 100 specified"
    assert told.path.endswith("ControlPointDeliverySequence[1]/DeliveredMeterset")


def test_a_normal_end_that_falls_short() -> None:
    assert "T297" in warned(given(lambda root: None, resumed(stop=60, TreatmentTerminationStatus="NORMAL")))
    assert "T297" not in warned(given(lambda root: None, resumed(stop=60)))
