"""What must be the same in a beam and in the radiation made from it; each function raises AssertionError."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import first_model
import numpy as np
import second_model
from conversions import Pair

NEAR = 1e-6  # mm
BLOCK_TYPES = {"APERTURE": second_model.APERTURE_BLOCK, "SHIELDING": "228739009"}
# Jaws have no boundaries in an RT Plan; the assumed ones reach beyond every point drawn here.
REACH = 100.0
Array = np.ndarray[Any, np.dtype[np.float64]]


def compare(pair: Pair, draw: np.random.Generator, tally: Counter[str] | None = None) -> None:
    """Everything that can be compared between a beam and its radiation."""
    tally = Counter() if tally is None else tally
    first, second = pair.first, pair.second
    assert [point.index for point in second.points] == [point.index + 1 for point in first.points]
    for here, there in zip(first.points, second.points, strict=True):
        tally["control points"] += 1
        compare_field(pair, here, there, draw, tally)
        compare_position(pair, here, there)
        compare_numbers(pair, here, there)
    compare_turns(pair)
    compare_wedges(pair, tally)
    compare_blocks(pair, draw, tally)
    compare_compensators(pair, tally)


def compare_field(
    pair: Pair, here: first_model.Point, there: second_model.Point, draw: np.random.Generator, tally: Counter[str]
) -> None:
    """Points are projected to the same place, and the same leaf pair leaves the same room there."""
    places = np.vstack([_anywhere(here, draw), _at_tips(pair, here, draw)])
    field, again = pair.first.project(here, places), pair.second.project(there, places)
    assert np.abs(field - again).max() < NEAR, f"projected {np.abs(field - again).max()} mm apart"
    ours, theirs = pair.first.edges(here, field), pair.second.edges(there, again)
    assert len(ours) == len(theirs)
    for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        assert (one.covered == other.covered).all(), f"device {number}: another leaf pair covers the point"
        assert np.allclose(one.low, other.low, atol=1e-9, equal_nan=True), f"device {number}: negative bank"
        assert np.allclose(one.high, other.high, atol=1e-9, equal_nan=True), f"device {number}: positive bank"
        assert (one.open == other.open).all(), f"device {number}: open in one and blocked in the other"
        tally["open"] += int(one.open.sum())
        tally["blocked"] += int((~one.open).sum())
    tally["points"] += len(places)


def compare_position(pair: Pair, here: first_model.Point, there: second_model.Point) -> None:
    """The isocenter lies at the origin, the patient lies as said, and the displayed couch agrees with the matrix."""
    position = pair.second.position(there)
    isocenter = np.array([float(value) for value in here.held["IsocenterPosition"]])
    matrix = pair.second.matrix(there)
    assert np.abs(matrix @ np.append(isocenter, 1) - [0, 0, 0, 1]).max() < NEAR
    assert np.allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-9)
    assert np.linalg.det(matrix[:3, :3]) > 0
    location = position.PatientLocationCoordinatesSequence[0]
    assert np.array_equal([float(value) for value in location.ThreeDPointCoordinates], isocenter)
    assert _patient_position(pair) == pair.first.position
    shown = shown_couch(position)
    for name, code in (("Support", "126801"), ("Pitch", "126802"), ("Roll", "126803")):
        if code in shown:
            assert _same_angle(shown[code], first_model.angle(here, name)), f"displayed {name}"
    if any(code in shown for code in ("126801", "126802", "126803")):
        assert first_model.angle(here, "Eccentric") == 0


def compare_numbers(pair: Pair, here: first_model.Point, there: second_model.Point) -> None:
    """Meterset, rate and its unit, energy, distances to the skin."""
    total = pair.use.get("BeamMeterset")
    if total is None:
        assert there.held["CumulativeMeterset"] is None
    else:
        weight, final = (
            float(here.held["CumulativeMetersetWeight"]),
            float(pair.first.beam.FinalCumulativeMetersetWeight),
        )
        expected = float(total) * weight / final if final else 0.0
        assert math.isclose(there.held["CumulativeMeterset"], expected, rel_tol=1e-12, abs_tol=1e-12)
    rate = here.held["DoseRateSet"]
    if rate is None:
        assert there.held["DeliveryRate"] is None
    else:
        assert math.isclose(there.held["DeliveryRate"] * 60, float(rate), rel_tol=1e-12)
        assert there.held["DeliveryRateUnitSequence"][0].CodeValue == second_model.MONITOR_UNITS_PER_SECOND
    mode = pair.second.mode(there)
    assert float(mode.NominalEnergy) == float(here.held["NominalBeamEnergy"])
    for word, second in (
        ("SourceToSurfaceDistance", "SourceToPatientSurfaceDistance"),
        ("SourceToExternalContourDistance", "SourceToExternalContourDistance"),
    ):
        value = here.held[word]
        assert there.held[second] == (None if value is None else float(value))
    assert {n: str(w["WedgePosition"]) for n, w in there.wedges.items()} == {
        place + 1: here.wedges[int(wedge.WedgeNumber)]
        for place, wedge in enumerate(pair.first.beam.get("WedgeSequence", []))
    }


def compare_turns(pair: Pair) -> None:
    """Every axis turns the same way and as far (C.8.8.14.8, C.36.1.1.5)."""
    first, second = pair.first.points, pair.second.points
    for place in range(1, len(first)):
        for name, word in (("Gantry", "SourceRollAngle"), ("Collimator", "RTBeamLimitingDeviceAngle")):
            turn = second[place].held[word] - second[place - 1].held[word]
            expected = pair.first.turn(name, first[place - 1], first[place])
            assert math.isclose(turn, expected, abs_tol=1e-9), f"{name} turns by {turn}, not by {expected}"
        before, after = (shown_couch(pair.second.position(point)) for point in (second[place - 1], second[place]))
        for name, code in (("Support", "126801"), ("Pitch", "126802"), ("Roll", "126803")):
            if code in before and code in after:
                expected = pair.first.turn(name, first[place - 1], first[place])
                assert math.isclose(after[code] - before[code], expected, abs_tol=1e-9), name


def compare_wedges(pair: Pair, tally: Counter[str]) -> None:
    """Wedges point the same way in FIXED and have the same angle."""
    ours = list(pair.first.beam.get("WedgeSequence", []))
    theirs = list(pair.second.radiation.get("WedgeDefinitionSequence", []))
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        tally["wedges"] += 1
        assert float(one.WedgeAngle) == other.RadiationBeamWedgeAngle
        for here, there in zip(pair.first.points, pair.second.points, strict=True):
            apart = pair.first.thin_edge(here, one) - pair.second.thin_edge(there, other)
            assert np.abs(apart).max() < 1e-9


def compare_blocks(pair: Pair, draw: np.random.Generator, tally: Counter[str]) -> None:
    """The same points lie behind blocks; apertures are a union (C.8.8.14.4), shielding blocks stand alone."""
    ours, theirs = first_model.outlines(pair.first.beam), second_model.outlines(pair.second.radiation)
    assert len(ours) == len(theirs)
    assert Counter(BLOCK_TYPES[kind] for kind, _ in ours) == Counter(code for code, _ in theirs)
    if not ours:
        return
    field = draw.uniform(-90, 90, (400, 2))
    for kind, code in BLOCK_TYPES.items():
        inside = [first_model.within(polygon, field) for name, polygon in ours if name == kind]
        again = [first_model.within(polygon, field) for name, polygon in theirs if name == code]
        for one, other in zip(inside, again, strict=True):
            assert (one == other).all()
        tally["outlines"] += len(inside)


def compare_compensators(pair: Pair, tally: Counter[str]) -> None:
    """Every pixel has the same place and thickness, in 32-bit floats."""
    ours = list(pair.first.beam.get("CompensatorSequence", []))
    theirs = list(pair.second.radiation.get("CompensatorDefinitionSequence", []))
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        if "CompensatorShapeSequence" not in other:
            tally["compensators without a shape"] += 1
            continue
        expected, found = first_model.thickness(one), second_model.thickness(other)
        assert expected.keys() == found.keys()
        assert all(math.isclose(found[place], value, rel_tol=1e-6) for place, value in expected.items())
        tally["pixels"] += len(expected)


def _anywhere(here: first_model.Point, draw: np.random.Generator) -> Array:
    isocenter = np.array([float(value) for value in here.held["IsocenterPosition"]])
    return draw.uniform(-REACH, REACH, (12, 3)) + isocenter


def _at_tips(pair: Pair, here: first_model.Point, draw: np.random.Generator) -> Array:
    """Points of the patient that are seen a third of a millimeter on either side of a leaf tip."""
    field = draw.uniform(-REACH, REACH, (16, 2))
    heights = draw.uniform(-REACH, REACH, len(field))
    edges = pair.first.edges(here, field)
    if not edges:
        return pair.first.place(here, field, heights)
    for number in range(len(field)):
        place = int(draw.integers(len(edges)))
        edge, device = edges[place], pair.first.devices[place]
        tip = float((edge.low if draw.random() < 0.5 else edge.high)[number])
        if math.isnan(tip) or abs(tip) > 150:
            continue
        # A length that takes no tip onto another one, or onto the boundary of a leaf.
        tip += 0.3137 if draw.random() < 0.5 else -0.3137
        field[number, int(device.along_y)] = tip
    return pair.first.place(here, field, heights)


def shown_couch(position: Any) -> dict[str, float]:
    """The displayed couch parameters of a treatment position, by code (10.40.1.1)."""
    support = position.PatientSupportPositionSequence
    if not support or support[0].PatientSupportPositionSpecificationMethod == "ABSENT":
        return {}
    (device,) = support[0].PatientSupportPositionDeviceParameterSequence
    return {
        str(item.ConceptNameCodeSequence[0].CodeValue): float(item.NumericValue)
        for item in device.PatientSupportPositionParameterSequence
    }


def _patient_position(pair: Pair) -> str:
    """What the orientation codes name (PS3.16 CID 19, 20, 21)."""
    radiation = pair.second.radiation
    (posture,) = radiation.PatientOrientationCodeSequence
    (modifier,) = posture.PatientOrientationModifierCodeSequence
    (relation,) = radiation.PatientEquipmentRelationshipCodeSequence
    assert "recumbent" in posture.CodeMeaning.lower()
    first = {"headfirst": "HF", "feet-first": "FF"}[relation.CodeMeaning.lower()]
    posture_word = modifier.CodeMeaning.lower()
    return (
        first
        + {"supine": "S", "prone": "P", "right lateral decubitus": "DR", "left lateral decubitus": "DL"}[posture_word]
    )


def _same_angle(one: float, other: float) -> bool:
    return math.isclose(math.remainder(one - other, 360), 0, abs_tol=1e-9)
