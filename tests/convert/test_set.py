"""What an RT Radiation Set must hold, section by section of PS3.3."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ..conftest import Converted

Convert = Callable[[str], Converted]


def test_intent_from_the_plan_or_assumed(converted: Convert) -> None:
    """C.36.10.1.1, decision 6."""
    qa, silent = converted("machine-qa"), converted("no-plan-intent")
    assert qa.sets[0].RTRadiationSetIntent == "MACHINE_QA"
    assert silent.sets[0].RTRadiationSetIntent == "TREATMENT"
    told = [f for f in silent.result.findings if f.rule == "set.intent"]
    assert [(f.code, f.severity.value) for f in told] == [("T102", "warning")]


def test_fraction_pattern(converted: Convert) -> None:
    """C.36.2.1.1: the counters beside the weekday pattern; the group's own number of fractions."""
    found = converted("two-fraction-groups")
    for group, target in zip(found.plan.FractionGroupSequence, found.sets, strict=True):
        assert target.IntendedNumberOfFractions == group.NumberOfFractionsPlanned
        if group.get("FractionPattern"):
            (pattern,) = target.FractionPatternSequence
            assert pattern.NumberOfFractionPatternDigitsPerDay == group.NumberOfFractionPatternDigitsPerDay
            assert pattern.RepeatFractionCycleLength == group.RepeatFractionCycleLength
            assert pattern.WeekdayFractionPatternSequence[0].FractionPattern == group.FractionPattern


def test_position_groups_follow_the_patient_setups(converted: Convert) -> None:
    """C.36.10.1.3: each radiation in exactly one group."""
    for name in ("static-jaws", "two-fraction-groups", "setup-beams"):
        for target in converted(name).sets:
            members = [
                item.ReferencedSOPInstanceUID
                for group in target.TreatmentPositionGroupSequence
                for item in group.ReferencedRTRadiationSequence
            ]
            assert sorted(members) == sorted(item.ReferencedSOPInstanceUID for item in target.RTRadiationSequence)


def test_dose_contribution(converted: Convert) -> None:
    """C.36.11: one identification for each dose reference that beams contribute to, dose = coefficient x beam dose."""
    found = converted("dose-references")
    (target,) = found.sets
    (group,) = found.plan.FractionGroupSequence
    labels = [each.RadiationDoseIdentificationLabel for each in target.RadiationDoseIdentificationSequence]
    assert len(target.RadiationDoseSequence) == len(target.RTRadiationSequence)
    numbers = {ref.get("DoseReferenceDescription"): ref.DoseReferenceNumber for ref in found.plan.DoseReferenceSequence}
    beams = {beam.BeamNumber: beam for beam in found.plan.BeamSequence}
    checked = 0
    for use, dose in zip(group.ReferencedBeamSequence, target.RadiationDoseSequence, strict=True):
        parameters = dose.RadiationDoseValuesParametersSequence
        assert len(parameters) == len(labels)
        assert [each.PrimaryDoseValueIndicator for each in parameters].count("YES") == 1
        for each in parameters:
            label = labels[each.ReferencedRadiationDoseIdentificationIndex - 1]
            for values in each.get("DoseValuesSequence", []):
                mapping = values.MetersetToDoseMappingSequence
                assert (mapping[0].CumulativeMeterset, mapping[0].RadiationDoseValue) == (0.0, 0.0)
                assert mapping[-1].CumulativeMeterset == pytest.approx(float(use.BeamMeterset))
                assert (np.diff([row.CumulativeMeterset for row in mapping]) > 0).all()
                if label in numbers:
                    checked += _ends_as_planned(beams[use.ReferencedBeamNumber], use, numbers[label], values)
    assert checked


def _ends_as_planned(beam: object, use: object, number: int, values: object) -> int:
    last = beam.ControlPointSequence[-1].get("ReferencedDoseReferenceSequence", [])  # type: ignore[attr-defined]
    factor = next(
        (float(r.CumulativeDoseReferenceCoefficient) for r in last if r.ReferencedDoseReferenceNumber == number), 1.0
    )
    end = values.MetersetToDoseMappingSequence[-1].RadiationDoseValue  # type: ignore[attr-defined]
    doses = [float(use.BeamDose), float(use.get("AlternateBeamDose", "nan"))]  # type: ignore[attr-defined]
    assert any(end == pytest.approx(dose * factor) for dose in doses)
    return 1


def test_frame_of_reference(converted: Convert) -> None:
    """Decision 5: from the plan, else from its structure set, else a derived one that is marked assumed."""
    given = converted("static-jaws")
    assert given.sets[0].FrameOfReferenceUID == given.plan.FrameOfReferenceUID
    found = converted("no-frame-of-reference")
    assert "FrameOfReferenceUID" not in found.plan
    assert any(f.rule == "sop.frame_of_reference" and f.code == "T103" for f in found.result.findings)


def test_who_converted(converted: Convert) -> None:
    """C.12.1.1.5, decision 13: this software and the mapping digest stand in Contributing Equipment."""
    for instance in converted("static-jaws").result.bundle.instances:
        item = instance.ContributingEquipmentSequence[-1]
        assert item.ManufacturerModelName == "rt-transcoder"
        assert "sha256:" in item.ContributionDescription


def test_new_series_for_each_class(converted: Convert) -> None:
    """A.86.1.1.1.1, decision 8: the study of the source, one series for each SOP Class, Modality RTRAD."""
    found = converted("static-jaws")
    series = {instance.SOPClassUID: {instance.SeriesInstanceUID} for instance in found.result.bundle.instances}
    assert len({uid for uids in series.values() for uid in uids}) == 2
    for instance in found.result.bundle.instances:
        assert instance.StudyInstanceUID == found.plan.StudyInstanceUID
        assert instance.SeriesInstanceUID != found.plan.SeriesInstanceUID
        assert instance.Modality == "RTRAD"
