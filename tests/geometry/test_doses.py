"""Beam doses and coefficients against the meterset to dose mapping of the set (C.8.8.14.7, C.36.11.1.1)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conversions import REAL, SAMPLES, Pair, UnusableError, convert_file, pairs
from pydicom import Dataset

FILES = [*SAMPLES, *(sorted(REAL.glob("*.dcm")) if REAL.is_dir() else [])]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_doses(path: Path) -> None:
    try:
        plan, outcome = convert_file(path)
    except UnusableError as reason:
        pytest.skip(str(reason))
    for pair in pairs(plan, outcome) if outcome.made else ():
        if "RadiationDoseSequence" not in pair.set:
            assert pair.use.get("BeamDose") is None or pair.use.get("BeamMeterset") is None
            continue
        _check(pair)


def _check(pair: Pair) -> None:
    identified = pair.set.RadiationDoseIdentificationSequence
    assert [item.RadiationDoseIdentificationIndex for item in identified] == list(range(1, len(identified) + 1))
    radiation = pair.second.radiation.SOPInstanceUID
    (item,) = [
        item
        for item in pair.set.RadiationDoseSequence
        if item.ReferencedRTRadiationSequence[0].ReferencedSOPInstanceUID == radiation
    ]
    parameters = item.RadiationDoseValuesParametersSequence
    assert len(parameters) == len(identified)
    assert [each.PrimaryDoseValueIndicator for each in parameters].count("YES") == 1
    for each in parameters:
        target = identified[each.ReferencedRadiationDoseIdentificationIndex - 1]
        for values in each.get("DoseValuesSequence", []):
            _check_curve(pair, target, values)
    carried = [each for each in parameters if each.get("DoseValuesSequence")]
    assert bool(carried) == (pair.use.get("BeamDose") is not None and bool(pair.use.get("BeamMeterset")))


def _check_curve(pair: Pair, target: Dataset, values: Dataset) -> None:
    mapping = np.array(
        [(float(row.CumulativeMeterset), float(row.RadiationDoseValue)) for row in values.MetersetToDoseMappingSequence]
    )
    metersets = np.array([float(point.held["CumulativeMeterset"]) for point in pair.second.points])
    assert len(mapping) >= 2
    assert mapping[0].tolist() == [0, 0]
    assert mapping[-1, 0] == metersets[-1]
    assert (np.diff(mapping[:, 0]) > 0).all()
    assert (np.diff(mapping[:, 1]) >= 0).all()
    dose = _dose(pair, str(values.RadiobiologicalDoseEffectFlag))
    coefficients = _coefficients(pair, target)
    if coefficients is None:
        assert mapping[-1, 1] == dose
        return
    # Where a step delivers nothing, the coefficient behind it counts.
    last = np.append(np.diff(metersets) > 0, True) & ~np.isnan(coefficients)
    at_points = np.interp(metersets[last], mapping[:, 0], mapping[:, 1])
    assert np.allclose(at_points, coefficients[last] * dose, rtol=1e-12, atol=1e-12)


def _dose(pair: Pair, effect: str) -> float:
    """The beam dose, or the alternate one where its type is what the flag says (C.8.8.13: the types differ)."""
    alternate = {"YES": "EFFECTIVE", "NO": "PHYSICAL"}[effect] == pair.use.get("AlternateBeamDoseType")
    return float(pair.use.AlternateBeamDose if alternate else pair.use.BeamDose)


def _coefficients(pair: Pair, target: Dataset) -> np.ndarray | None:  # type: ignore[type-arg]
    """The coefficients (n,) of the dose reference that an identification was made from, by its label."""
    numbers = [
        int(reference.DoseReferenceNumber)
        for reference in pair.plan.get("DoseReferenceSequence", [])
        if target.RadiationDoseIdentificationLabel
        in (reference.get("DoseReferenceDescription"), f"Dose reference {reference.DoseReferenceNumber}")
    ]
    if not numbers:
        return None
    found = np.full(len(pair.first.points), np.nan)
    for place, point in enumerate(pair.first.beam.ControlPointSequence):
        for item in point.get("ReferencedDoseReferenceSequence", []):
            value = item.get("CumulativeDoseReferenceCoefficient")
            if int(item.ReferencedDoseReferenceNumber) in numbers and value is not None:
                found[place] = float(value)
    return None if np.isnan(found).all() else found
