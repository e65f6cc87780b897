"""Doses of treatment records in figures: what was calculated and measured, beam by beam (PS3.3 C.36.21, C.8.8.19)."""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest

import transcoder
from transcoder import Severity
from transcoder.codecs.delivered_doses import delivered_doses
from transcoder.codecs.registry import Cell

from ..conftest import SAMPLES

sys.path.insert(0, str(SAMPLES))
from plans import RECORDS, with_meta
from plans.delivered_doses import calculated, calculated_here, measured, measured_here

FOLDER = SAMPLES / "records"
RECORD_SET, RADIATION_SET = "1.2.840.10008.5.1.4.1.1.481.16", "1.2.840.10008.5.1.4.1.1.481.12"
Points = dict[str, list[tuple[float, float]]]


def forward(name: str, change: Callable[[pydicom.Dataset], None] = lambda record: None) -> transcoder.Result:
    """A sample record, changed, with the plan beside it."""
    given = RECORDS[name].build()
    change(given[""])
    return transcoder.transcode(transcoder.read([with_meta(each) for each in given.values()]))


def sets(result: transcoder.Result) -> list[pydicom.Dataset]:
    return [each for each in result.bundle.instances if each.SOPClassUID == RECORD_SET]


def labels(record_set: pydicom.Dataset) -> list[str]:
    items = record_set.get("RadiationDoseIdentificationSequence", [])
    assert [each.RadiationDoseIdentificationIndex for each in items] == list(range(1, len(items) + 1))
    return [each.RadiationDoseIdentificationLabel for each in items]


def mapped(record_set: pydicom.Dataset) -> list[Points]:
    """For each record the mapping of meterset (MU) to dose (Gy) of each identification, by its label."""
    names = labels(record_set)
    return [
        {
            names[each.ReferencedRadiationDoseIdentificationIndex - 1]: [
                (point.CumulativeMeterset, point.RadiationDoseValue) for point in each.MetersetToDoseMappingSequence
            ]
            for each in record.get("RadiationDoseValuesParametersSequence", [])
        }
        for record in record_set.RadiationDoseSequence
    ]


def readings(record_set: pydicom.Dataset) -> list[list[tuple[str, str, float, float]]]:
    """For each record: description, code of the device, meterset (MU) and dose (Gy) of each measured dose."""
    return [
        [
            (
                each.MeasuredDoseDescription,
                "".join(code.CodeValue for code in each.DoseMeasurementDeviceCodeSequence),
                each.CumulativeMeterset,
                each.RadiationDoseValue,
            )
            for each in record.get("MeasuredMetersetToDoseMappingSequence", [])
        ]
        for record in record_set.RadiationDoseSequence
    ]


def told(result: transcoder.Result, *codes: str) -> list[tuple[str, str]]:
    return [(each.code, each.message.removeprefix("not carried: ")) for each in result.findings if each.code in codes]


def home(result: transcoder.Result) -> pydicom.Dataset:
    """The treatment record that comes back from the record sets and records of a conversion, made anew."""
    records = [each for each in result.bundle.instances if each.SOPClassUID[-2:] in ("16", "19")]
    made = transcoder.transcode(transcoder.read(records), to="first", remake=True)
    assert [each for each in transcoder.validate(made.bundle) if each.severity is not Severity.INFO] == []
    (record,) = made.bundle.instances
    return record


# --- forward ---------------------------------------------------------------------------------------------


def test_measured_doses_stand_at_the_end_of_their_record() -> None:
    """100 and 112.5 MU were delivered; 128704 is Diode and 128707 Ion Chamber (CID 7026)."""
    result = forward("measured-doses")
    (record_set,) = sets(result)
    assert labels(record_set) == ["Exit dose", "Measured dose 2"]
    assert mapped(record_set) == [{}, {}]
    assert readings(record_set) == [
        [("Exit dose", "128704", 100, 0.482), ("Measured dose 2", "128707", 100, 1.025)],
        [("Exit dose", "128704", 112.5, 0.461), ("Measured dose 2", "128707", 112.5, 1.101)],
    ]
    assert told(result, "T260", "T261") == [("T260", "a dose that is not in gray has no place (C.36.21)")]


def test_calculated_doses_rise_with_the_meterset() -> None:
    result = forward("calculated-doses")
    (record_set,) = sets(result)
    assert labels(record_set) == ["Dose reference 1", "Dose reference 2", "Cord, lower end"]
    assert mapped(record_set) == [
        {
            "Dose reference 1": [(0, 0), (141.2, 1.18)],
            "Dose reference 2": [(0, 0), (141.2, 1.2)],
            "Cord, lower end": [(0, 0), (141.2, 0.05)],
        },
        {
            "Dose reference 1": [(0, 0), (96.8, 0.79)],
            "Dose reference 2": [(0, 0), (96.8, 0.801)],
            "Cord, lower end": [(0, 0), (96.8, 0.32)],
        },
    ]
    assert readings(record_set) == [[], []]
    assert [code for code, _ in told(result, "T260", "T261")] == ["T260"]
    lost = [each for each in result.account.entries if each.path.endswith("/ReferencedCalculatedDoseReferenceNumber")]
    assert [(each.fate, each.count) for each in lost] == [("declared", 1)]


def test_a_dose_reference_has_one_volume_in_plan_and_record() -> None:
    """Doses of plan and record to one conceptual volume can be compared (10.33)."""
    given = RECORDS["calculated-doses"].build()
    planned = transcoder.transcode(transcoder.read([with_meta(given["plan"])]))
    (plan_set,) = [each for each in planned.bundle.instances if each.SOPClassUID == RADIATION_SET]
    (record_set,) = sets(forward("calculated-doses"))

    def volumes(one: pydicom.Dataset) -> list[str]:
        items = one.RadiationDoseIdentificationSequence
        return [each.ConceptualVolumeSequence[0].ConceptualVolumeUID for each in items]

    assert volumes(record_set)[:2] == volumes(plan_set)[:2]
    assert volumes(record_set)[2] not in volumes(plan_set), "no beam of the plan contributes to the third reference"


def test_each_fraction_has_its_own_part() -> None:
    """The rest of beam 2 delivered 72.5 of its 112.5 MU; the next fraction both beams."""
    rest, whole = sets(forward("doses-of-two-fractions"))
    assert mapped(rest) == [{"Dose reference 1": [(0, 0), (72.5, 0.58)]}]
    assert mapped(whole) == [{"Dose reference 1": [(0, 0), (mu, 0.9)]} for mu in (100, 112.5)]
    tld = "464983000"
    assert readings(rest) == [[("Measured dose 4", tld, 72.5, 0.55)]]
    assert readings(whole) == [[("Measured dose 4", tld, 100, 0.87)], [("Measured dose 4", tld, 112.5, 0.91)]]


def test_the_dose_of_a_session_is_that_of_its_only_beam() -> None:
    (record_set,) = sets(forward("dose-of-the-only-beam"))
    assert mapped(record_set) == [{"Dose reference 2": [(0, 0), (100, 1.02)]}]
    assert readings(record_set) == [[("Dose reference 2", "706247001", 100, 0.99)]]


def test_a_dose_of_some_beams_only_is_declared() -> None:
    result = forward("dose-of-one-beam-in-two")
    (record_set,) = sets(result)
    assert "RadiationDoseSequence" not in record_set
    assert told(result, "T260") == [("T260", "each record of a set needs a dose, and one of them has none (C.36.21)")]


# What is changed in the sample of two measured beams, and what is told of it.
LOSSES: dict[str, tuple[Callable[[pydicom.Dataset], None], set[tuple[str, str]]]] = {}


def loss(*expected: tuple[str, str]) -> Callable[[Callable[[pydicom.Dataset], None]], None]:
    def enter(change: Callable[[pydicom.Dataset], None]) -> None:
        LOSSES[change.__name__] = (change, {("T260", "a dose that is not in gray has no place (C.36.21)"), *expected})

    return enter


@loss(("T261", "the doses of the beams do not make this dose of the session"))
def a_sum_that_is_none(record: pydicom.Dataset) -> None:
    record.MeasuredDoseReferenceSequence[0].MeasuredDoseValue = "0.95"


@loss(("T260", "one dose of several beams is not divided among their records"))
def a_dose_of_the_session_alone(record: pydicom.Dataset) -> None:
    record.MeasuredDoseReferenceSequence.append(measured(2.5, MeasuredDoseReferenceNumber=7))


@loss(("T260", "a dose without value or without the point that it belongs to"))
def a_dose_without_value(record: pydicom.Dataset) -> None:
    item = measured_here(1, own=2)
    item.MeasuredDoseValue = ""
    record.TreatmentSessionBeamSequence[1].ReferencedMeasuredDoseReferenceSequence[1] = item
    record.MeasuredDoseReferenceSequence[1].MeasuredDoseValue = "1.025"


@loss(("T260", "the unit of a measured dose stands in Measured Dose Reference Sequence, which does not name this one"))
def a_dose_without_unit(record: pydicom.Dataset) -> None:
    items = record.TreatmentSessionBeamSequence[0].ReferencedMeasuredDoseReferenceSequence
    items.append(measured_here(1, reference=5))


@loss(("T260", "a dose mapping rises from 0 along the meterset (C.36.11.1.1)"))
def a_calculated_dose_below_zero(record: pydicom.Dataset) -> None:
    doses = [calculated_here(-0.1, own=1)]
    record.TreatmentSessionBeamSequence[0].ReferencedCalculatedDoseReferenceSequence = doses


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_told(name: str) -> None:
    change, expected = LOSSES[name]
    result = forward("measured-doses", change)
    assert set(told(result, "T260", "T261")) == expected
    assert result.account.source.unaccounted == 0
    assert [each for each in transcoder.validate(result.bundle) if each.severity is Severity.ERROR] == []


def test_a_described_reading_loses_its_dose_reference() -> None:
    """No attribute leads from a measured dose to the identification of a calculated one."""

    def described(record: pydicom.Dataset) -> None:
        record.MeasuredDoseReferenceSequence[0].MeasuredDoseDescription = "Under the bolus"

    result = forward("dose-of-the-only-beam", described)
    assert told(result, "T106") == [("T106", "a measured dose tells its point by its description alone (C.36.21)")]
    (lost,) = [
        each
        for each in result.account.entries
        if each.path == "MeasuredDoseReferenceSequence/ReferencedDoseReferenceNumber"
    ]
    assert lost.fate == "declared"


@pytest.mark.parametrize("text", ["A" * 65, "Skin\r\nleft", "Skin\\left"])
def test_a_description_that_is_no_label(text: str) -> None:
    """Descriptions are short texts (ST), labels are LO: one line, 64 characters, no backslash (PS3.5 6.2)."""

    def described(record: pydicom.Dataset) -> None:
        record.CalculatedDoseReferenceSequence[0].CalculatedDoseReferenceDescription = text
        record.MeasuredDoseReferenceSequence[0].MeasuredDoseDescription = text

    result = forward("dose-of-the-only-beam", described)
    (record_set,) = sets(result)
    assert labels(record_set) == ["Dose reference 2"]
    assert readings(record_set)[0][0][0] == text
    assert ("T106", "the label of a dose has one line of 64 characters (C.36.21)") in told(result, "T106")
    assert result.account.source.unaccounted == 0
    (point,) = home(result).CalculatedDoseReferenceSequence
    assert point.ReferencedDoseReferenceNumber == 2


def test_a_blank_description_is_none() -> None:
    def blank(record: pydicom.Dataset) -> None:
        record.MeasuredDoseReferenceSequence[0].MeasuredDoseDescription = "  "

    result = forward("dose-of-the-only-beam", blank)
    assert readings(sets(result)[0])[0][0][0] == "Dose reference 2"
    assert result.account.source.unaccounted == 0


def test_a_dose_without_a_meterset_has_no_place() -> None:
    """Some records, as those that people wrote down, have no control point that tells where a beam ended."""
    one = {"radiation": Cell(["1.2"]), "meterset": Cell(None)}
    dose = {
        "radiation": one["radiation"],
        "number": Cell(np.array([1.0])),
        "own": Cell(None),
        "value": Cell(np.array([2.0]), ("v",)),
    }
    made = delivered_doses(
        beams=[one], session=[one], beam_measured=[], beam_calculated=[dose], session_measured=[],
        session_calculated=[dose], measured=[], calculated=[], references=[], names=[],
    )  # fmt: skip
    assert [(each.code, each.sources) for each in made.pop("lost")] == [("T260", ("v",))]
    assert made == {}


def test_numbers_that_stand_twice_are_refused() -> None:
    def twice(record: pydicom.Dataset) -> None:
        record.MeasuredDoseReferenceSequence[1].MeasuredDoseReferenceNumber = 1

    with pytest.raises(transcoder.ConversionError) as caught:
        forward("measured-doses", twice)
    assert {each.code for each in caught.value.findings if each.severity is Severity.ERROR} == {"T073"}


# --- back ------------------------------------------------------------------------------------------------


def test_measured_doses_come_back() -> None:
    record = home(forward("measured-doses"))
    points = [
        (each.get("MeasuredDoseReferenceNumber"), each.DoseUnits, float(each.MeasuredDoseValue), each.MeasuredDoseType,
         each.get("MeasuredDoseDescription"))
        for each in record.MeasuredDoseReferenceSequence
    ]  # fmt: skip
    assert points == [(1, "GY", 0.943, "DIODE", "Exit dose"), (2, "GY", 2.126, "ION_CHAMBER", None)]
    parts = [
        [(each.ReferencedMeasuredDoseReferenceNumber, each.MeasuredDoseValue)
         for each in item.ReferencedMeasuredDoseReferenceSequence]
        for item in record.TreatmentSessionBeamSequence
    ]  # fmt: skip
    assert parts == [[(1, 0.482), (2, 1.025)], [(1, 0.461), (2, 1.101)]]
    assert "CalculatedDoseReferenceSequence" not in record


def test_calculated_doses_come_back() -> None:
    """A dose reference that had a description of its own comes back as a point of the record."""
    record = home(forward("calculated-doses"))
    points = [
        (each.get("ReferencedDoseReferenceNumber"), each.get("CalculatedDoseReferenceNumber"),
         each.CalculatedDoseReferenceDoseValue, each.get("CalculatedDoseReferenceDescription"))
        for each in record.CalculatedDoseReferenceSequence
    ]  # fmt: skip
    assert points == [(1, None, 1.97, None), (2, None, 2.001, None), (None, 1, 0.37, "Cord, lower end")]


def test_the_parts_of_two_fractions_make_one_session() -> None:
    record = home(forward("doses-of-two-fractions"))
    (dose,) = record.CalculatedDoseReferenceSequence
    (reading,) = record.MeasuredDoseReferenceSequence
    assert (dose.ReferencedDoseReferenceNumber, dose.CalculatedDoseReferenceDoseValue) == (1, 2.38)
    assert (reading.MeasuredDoseReferenceNumber, reading.MeasuredDoseValue, reading.MeasuredDoseType) == (
        4,
        2.33,
        "TLD",
    )


def test_points_of_two_fractions_are_numbered_together() -> None:
    """One point is described alike in both sets, another stands in the second set alone."""

    def described(record: pydicom.Dataset) -> None:
        record.MeasuredDoseReferenceSequence[0].MeasuredDoseDescription = "Exit"
        record.MeasuredDoseReferenceSequence.append(
            measured(0.2, MeasuredDoseReferenceNumber=9, MeasuredDoseDescription="Entry")
        )
        last = record.TreatmentSessionBeamSequence[2]
        last.ReferencedMeasuredDoseReferenceSequence.insert(0, measured_here(0.2, own=9))

    record = home(forward("doses-of-two-fractions", described))
    points = {each.MeasuredDoseReferenceNumber: each for each in record.MeasuredDoseReferenceSequence}
    named = {number: (each.MeasuredDoseDescription, each.MeasuredDoseValue) for number, each in points.items()}
    assert sorted(named.values()) == [("Entry", 0.2), ("Exit", 2.33)]
    parts = [
        {named[each.ReferencedMeasuredDoseReferenceNumber][0]: float(each.MeasuredDoseValue)
         for each in item.ReferencedMeasuredDoseReferenceSequence}
        for item in record.TreatmentSessionBeamSequence
    ]  # fmt: skip
    assert parts == [{"Exit": 0.55}, {"Exit": 0.87}, {"Exit": 0.91, "Entry": 0.2}]


def changed(name: str, tmp_path: Path, change: Callable[[pydicom.Dataset], None]) -> transcoder.Result:
    """The way back of a sample after a change of its record set."""
    for path in (FOLDER / "second" / name).glob("*.dcm"):
        dataset = pydicom.dcmread(path)
        dataset.pop("DefinitionSourceSequence", None)
        if dataset.SOPClassUID == RECORD_SET:
            change(dataset)
        dataset.save_as(tmp_path / path.name)
    return transcoder.transcode(transcoder.read([tmp_path]), to="first")


def test_a_reading_before_the_end_is_no_dose_of_the_beam(tmp_path: Path) -> None:
    def early(record_set: pydicom.Dataset) -> None:
        record_set.RadiationDoseSequence[0].MeasuredMetersetToDoseMappingSequence[0].CumulativeMeterset = 50.0

    result = changed("measured-doses", tmp_path, early)
    (record,) = result.bundle.instances
    values = [float(each.MeasuredDoseValue) for each in record.MeasuredDoseReferenceSequence]
    assert sorted(values) == [0.461, 2.126]
    assert any("before the end of its radiation" in message for _, message in told(result, "T106"))


def test_two_readings_that_look_alike_stay_two(tmp_path: Path) -> None:
    def alike(record_set: pydicom.Dataset) -> None:
        one, two = record_set.RadiationDoseSequence[0].MeasuredMetersetToDoseMappingSequence
        for word in ("MeasuredDoseDescription", "DoseMeasurementDeviceCodeSequence"):
            setattr(two, word, one[word].value)

    (record,) = changed("measured-doses", tmp_path, alike).bundle.instances
    first = record.TreatmentSessionBeamSequence[0].ReferencedMeasuredDoseReferenceSequence
    assert len({each.ReferencedMeasuredDoseReferenceNumber for each in first}) == 2


def test_what_another_maker_tells_beside_the_doses_is_declared(tmp_path: Path) -> None:
    """A volume with segments from elsewhere, an expected measurement, a device without a first-generation term."""

    def richer(record_set: pydicom.Dataset) -> None:
        item = record_set.RadiationDoseIdentificationSequence[0]
        item.ReferencedRadiationDoseIdentificationIndex = 1
        item.RadiationDoseIdentificationLabel = "Bladder"
        item.ConceptualVolumeSequence[0].ConceptualVolumeCombinationFlag = "YES"
        item.ConceptualVolumeSequence[0].ConceptualVolumeCombinationDescription = "both"
        reading = record_set.RadiationDoseSequence[0].MeasuredMetersetToDoseMappingSequence[0]
        reading.ReferencedExpectedInVivoMeasurementValueIndex = 1
        reading.DoseMeasurementDeviceCodeSequence[0].CodeValue = "128708"

    result = changed("measured-doses", tmp_path, richer)
    (record,) = result.bundle.instances
    types = [each.MeasuredDoseType for each in record.MeasuredDoseReferenceSequence]
    assert sorted(types) == ["", "DIODE", "ION_CHAMBER"]
    assert result.account.source.unaccounted == 0
    declared = {each.path.rpartition("/")[2] for each in result.account.entries if each.fate == "declared"}
    assert declared >= {
        "ReferencedRadiationDoseIdentificationIndex",
        "ConceptualVolumeCombinationFlag",
        "ConceptualVolumeCombinationDescription",
        "ReferencedExpectedInVivoMeasurementValueIndex",
        "DoseMeasurementDeviceCodeSequence",
    }
    assert any("an identification of which no dose is told" in message for _, message in told(result, "T106"))


def test_an_effective_dose_is_told(tmp_path: Path) -> None:
    def effective(record_set: pydicom.Dataset) -> None:
        for each in record_set.RadiationDoseSequence[0].RadiationDoseValuesParametersSequence:
            each.RadiobiologicalDoseEffectFlag = "YES"

    result = changed("calculated-doses", tmp_path, effective)
    assert any("effective" in message for _, message in told(result, "T106"))


@pytest.mark.parametrize(
    ("code", "word", "value"),
    [("T211", "CumulativeMeterset", 99.0), ("T210", "ReferencedRadiationDoseIdentificationIndex", 9)],
)
def test_a_dose_that_belongs_to_nothing_is_refused(code: str, word: str, value: float, tmp_path: Path) -> None:
    def wrong(record_set: pydicom.Dataset) -> None:
        item = record_set.RadiationDoseSequence[0].RadiationDoseValuesParametersSequence[0]
        setattr(item.MetersetToDoseMappingSequence[-1] if word not in item else item, word, value)

    with pytest.raises(transcoder.ConversionError) as caught:
        changed("calculated-doses", tmp_path, wrong)
    assert {each.code for each in caught.value.findings if each.severity is Severity.ERROR} == {code}


def test_a_calculated_point_of_the_record_keeps_its_number() -> None:
    def numbered(record: pydicom.Dataset) -> None:
        record.CalculatedDoseReferenceSequence = [calculated(None, CalculatedDoseReferenceNumber=6)]
        for item in record.TreatmentSessionBeamSequence:
            item.ReferencedCalculatedDoseReferenceSequence = [calculated_here(0.5, own=6)]

    record = home(forward("measured-doses", numbered))
    (point,) = record.CalculatedDoseReferenceSequence
    assert (point.CalculatedDoseReferenceNumber, point.CalculatedDoseReferenceDoseValue) == (6, 1)


# --- any doses -------------------------------------------------------------------------------------------

PARTS = {
    "Measured": (measured_here, "MeasuredDoseValue"),
    "Calculated": (calculated_here, "CalculatedDoseReferenceDoseValue"),
}


def scattered(record: pydicom.Dataset, chance: random.Random) -> None:
    """Doses of dose references and of points of the record, of all beams or of some, described or not."""
    for kind, (part, value) in PARTS.items():
        points = chance.sample([(word, number) for word in ("reference", "own") for number in (1, 2, 5)], 3)
        whole = chance.random() < 0.6
        sums: dict[tuple[str, int], float] = {}
        for item in record.TreatmentSessionBeamSequence:
            told = {each: chance.randint(-100, 3000) / 1000 for each in points if whole or chance.random() < 0.7}
            sums |= {each: sums.get(each, 0) + dose for each, dose in told.items()}
            parts = [part(dose, **{word: number}) for (word, number), dose in told.items()]
            setattr(item, f"Referenced{kind}DoseReferenceSequence", parts)
        totals = [_total(kind, value, point, total, chance) for point, total in sums.items() if chance.random() < 0.9]
        setattr(record, f"{kind}DoseReferenceSequence", totals)


def _total(kind: str, value: str, point: tuple[str, int], total: float, chance: random.Random) -> pydicom.Dataset:
    word = "ReferencedDoseReferenceNumber" if point[0] == "reference" else f"{kind}DoseReferenceNumber"
    made = calculated(round(total, 3)) if kind == "Calculated" else measured(round(total, 3))
    setattr(made, word, point[1])
    if kind == "Measured":
        made.MeasuredDoseType = chance.choice(["", "DIODE", "FILM", "MOSFET"])
        made.DoseUnits = chance.choice(["GY", "GY", "GY", "RELATIVE"])
    described = "MeasuredDoseDescription" if kind == "Measured" else "CalculatedDoseReferenceDescription"
    if text := chance.choice(["", "Exit", "Point A", "x" * 70]):
        setattr(made, described, text)
    assert value in made
    return made


@pytest.mark.parametrize("seed", range(16))
def test_no_dose_is_lost_in_silence_and_none_is_made_up(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - a seed that tells the case
    before: list[pydicom.Dataset] = []

    def change(record: pydicom.Dataset) -> None:
        scattered(record, chance)
        before.append(record)

    result = forward(chance.choice(["measured-doses", "doses-of-two-fractions", "calculated-doses"]), change)
    assert result.account.source.unaccounted == 0
    assert [each for each in transcoder.validate(result.bundle) if each.severity is not Severity.INFO] == []
    after = home(result)
    for item, other in zip(before[0].TreatmentSessionBeamSequence, after.TreatmentSessionBeamSequence, strict=True):
        for kind, (_, value) in PARTS.items():
            word = f"Referenced{kind}DoseReferenceSequence"
            was, came = (sorted(float(each[value].value) for each in one.get(word, [])) for one in (item, other))
            assert not Counter(came) - Counter(was)
            assert came == was or told(result, "T260")
