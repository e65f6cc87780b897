"""Whole conversions, seen by two models that know nothing of the converter or of each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from compare import compare, shown_couch
from conversions import (
    REAL,
    ROOT,
    SAMPLES,
    Pair,
    UnusableError,
    convert,
    convert_file,
    decoded,
    encoded,
    pairs,
    refusals,
)
from first_model import thickness
from presence import breaches
from pydicom import Dataset
from random_plans import random_plan
from second_model import Radiation

# These must convert: without them the claims about their subject would be empty.
REQUIRED = {
    "mlcy", "dual-layer", "duplicate-mlcx", "enhanced-devices", "collimator-rotation", "hfdr", "couch-kicks",
    "dynamic-couch", "multi-isocenter", "leaves-and-one-jaw", "full-turn-arc", "compensator", "wedge-standard",
    "wedge-motorized", "block-aperture", "block-shielding", "vmat-two-arcs", "hfp", "ffs", "ffp", "energy-switch",
}  # fmt: skip


def converted(path: Path) -> list[Pair]:
    """The beams of a file with their radiations; skips, with the reason, what makes none."""
    try:
        plan, outcome = convert_file(path)
    except UnusableError as reason:
        pytest.skip(f"{path.name}: {reason}")
    if not outcome.made:
        assert path.stem not in REQUIRED
        assert refusals(outcome)
        pytest.skip(f"{path.name} is refused: {' '.join(refusals(outcome))}")
    return list(pairs(plan, outcome))


def judge(found: list[Pair], seed: int) -> None:
    draw = np.random.default_rng(seed)
    for pair in found:
        compare(pair, draw)
        assert list(breaches(pair.second.radiation)) == []


def test_samples_are_there() -> None:
    assert {path.stem for path in SAMPLES} >= REQUIRED


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_sample(path: Path) -> None:
    judge(converted(path), 1)


@pytest.mark.skipif(not REAL.is_dir(), reason="the folder of clinical files is not beside the repository")
@pytest.mark.parametrize("path", sorted(REAL.glob("*.dcm")) if REAL.is_dir() else [], ids=lambda path: path.stem)
def test_clinical_file(path: Path) -> None:
    judge(converted(path), 2)


@pytest.mark.parametrize("seed", range(40))
def test_random_plan(seed: int) -> None:
    # As a file would hold it: Table Top Pitch and Roll Angle have 32 bits.
    plan = decoded(encoded(random_plan(seed)))
    outcome = convert(plan)
    assert refusals(outcome) == []
    judge(list(pairs(plan, outcome)), seed)


def sample(name: str) -> list[Pair]:
    return converted(ROOT / "samples" / "first" / f"{name}.dcm")


def test_compensator_is_compared_pixel_by_pixel() -> None:
    brass = next(pair for pair in sample("compensator") if "CompensatorShapeSequence" in _compensator(pair))
    expected = thickness(brass.first.beam.CompensatorSequence[0])
    assert len(expected) == 20
    # The first pixel lies at the upper left, the next one to its right, the one below it 12 mm lower (C.8.8.14.10).
    assert [expected[place] for place in ((-20.0, 18.0), (-10.0, 18.0), (-20.0, 6.0))] == [2.0, 2.35, 2.8]


def _compensator(pair: Pair) -> Dataset:
    item: Dataset = pair.second.radiation.CompensatorDefinitionSequence[0]
    return item


TABLE = {
    "126806": "TableTopLateralPosition",
    "126807": "TableTopLongitudinalPosition",
    "126808": "TableTopVerticalPosition",
}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_table_positions_shown_are_absolute(path: Path) -> None:
    for pair in converted(path):
        points = pair.first.beam.ControlPointSequence
        for code, word in TABLE.items():
            first = points[0].get(word)
            shown = [shown_couch(pair.second.position(point)).get(code) for point in pair.second.points]
            if first is None:
                # The later ones are relative to an unknown start (C.8.8.14.6): no absolute position is known.
                assert shown == [None] * len(shown)
                continue
            held = first
            for point, value in zip(points, shown, strict=True):
                held = point[word].value if word in point else held
                assert value is None or value == float(held)


# What a converter could get wrong, done to a good radiation: the comparison must see each.
def _mirror_boundaries(radiation: Dataset) -> None:
    parallel = radiation.RTBeamLimitingDeviceDefinitionSequence[-1].ParallelRTBeamDelimiterDeviceSequence[0]
    parallel.ParallelRTBeamDelimiterBoundaries = [-v for v in reversed(parallel.ParallelRTBeamDelimiterBoundaries)]


def _change_positions(change: Callable[[list[float]], list[float]]) -> Callable[[Dataset], None]:
    def mutate(radiation: Dataset) -> None:
        for point in radiation.CArmPhotonElectronControlPointSequence:
            for opening in point.get("RTBeamLimitingDeviceOpeningSequence", []):
                values = opening.get("ParallelRTBeamDelimiterPositions")
                if values is not None and len(values) > 2:
                    opening.ParallelRTBeamDelimiterPositions = change(list(values))

    return mutate


def _reverse_banks(values: list[float]) -> list[float]:
    half = len(values) // 2
    return [*values[:half][::-1], *values[half:][::-1]]


def _swap_banks(values: list[float]) -> list[float]:
    half = len(values) // 2
    return [-value for value in (*values[half:], *values[:half])]


def _set_points(word: str, change: Callable[[float], float]) -> Callable[[Dataset], None]:
    def mutate(radiation: Dataset) -> None:
        for point in radiation.CArmPhotonElectronControlPointSequence:
            if point.get(word) is not None:
                setattr(point, word, change(point[word].value))

    return mutate


def _set_matrix(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Dataset], None]:  # type: ignore[type-arg]
    def mutate(radiation: Dataset) -> None:
        for position in radiation.TreatmentPositionSequence:
            matrix = np.array([float(v) for v in position.ImageToEquipmentMappingMatrix]).reshape(4, 4)
            position.ImageToEquipmentMappingMatrix = [f"{v:.10g}" for v in change(matrix).ravel()]

    return mutate


def _turn_device(radiation: Dataset) -> None:
    for device in radiation.RTBeamLimitingDeviceDefinitionSequence:
        device.BeamModifierOrientationAngle = -device.BeamModifierOrientationAngle


def _turn_wedge(radiation: Dataset) -> None:
    wedge = radiation.WedgeDefinitionSequence[0]
    wedge.BeamModifierOrientationAngle = (wedge.BeamModifierOrientationAngle + 180) % 360


def _drop_last_opening(radiation: Dataset) -> None:
    del radiation.CArmPhotonElectronControlPointSequence[-1].RTBeamLimitingDeviceOpeningSequence


def _mirror_outline(radiation: Dataset) -> None:
    edge = radiation.BlockDefinitionSequence[0].BlockEdgeDataSequence[0]
    data = np.frombuffer(edge.BlockEdgeData, "<f4").reshape(-1, 2) * np.array([1, -1], "<f4")
    edge.BlockEdgeData = data.astype("<f4").tobytes()


def _flip_map(radiation: Dataset) -> None:
    shape = radiation.CompensatorDefinitionSequence[0].CompensatorShapeSequence[0]
    data = np.frombuffer(shape.CompensatorDistalThicknessMap, "<f4").reshape(-1, 3).copy()
    data[:, 2] = data[::-1, 2]
    shape.CompensatorDistalThicknessMap = data.tobytes()


ERRORS = {
    "boundaries mirrored": ("mlcy", _mirror_boundaries),
    "order of the leaves": ("mlcy", _change_positions(_reverse_banks)),
    "order of the leaves, decreasing": ("leaves-and-one-jaw", _change_positions(_reverse_banks)),
    "banks swapped": ("mlcy", _change_positions(_swap_banks)),
    "device turned by -90": ("mlcy", _turn_device),
    "collimator the other way": ("collimator-rotation", _set_points("RTBeamLimitingDeviceAngle", lambda v: -v)),
    "collimator one turn off": ("collimator-rotation", _set_points("RTBeamLimitingDeviceAngle", lambda v: v % 360)),
    "gantry the other way": ("conformal-arc", _set_points("SourceRollAngle", lambda v: -v)),
    "gantry without its turns": ("full-turn-arc", _set_points("SourceRollAngle", lambda v: v % 360)),
    "couch the other way": ("couch-kicks", _set_matrix(lambda m: np.vstack([m[:3] * [[-1], [-1], [1]], m[3:]]))),
    "matrix transposed": ("hfdr", _set_matrix(lambda m: m.T)),
    "isocenter not moved to the origin": ("multi-isocenter", _set_matrix(lambda m: m * [1, 1, 1, -1])),
    "rate per minute": ("static-jaws", _set_points("DeliveryRate", lambda v: v * 60)),
    "meterset as weight": ("sliding-window", _set_points("CumulativeMeterset", lambda v: v / 100)),
    "wedge the other way": ("wedge-standard", _turn_wedge),
    "block mirrored": ("block-aperture", _mirror_outline),
    "compensator upside down": ("compensator", _flip_map),
    "an opening lost": ("sliding-window", _drop_last_opening),
}


@pytest.mark.parametrize("name", ERRORS)
def test_comparison_sees(name: str) -> None:
    source, spoil = ERRORS[name]
    seen = 0
    for pair in sample(source):
        try:
            spoil(pair.second.radiation)
        except AttributeError:
            continue
        spoilt = Pair(pair.name, pair.plan, pair.use, pair.first, Radiation(pair.second.radiation), pair.set)
        try:
            compare(spoilt, np.random.default_rng(3))
        except (AssertionError, KeyError):
            seen += 1
    assert seen
