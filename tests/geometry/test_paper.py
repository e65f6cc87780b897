"""Rotations drawn on paper: what each case must give was worked out by hand, and both models are held to it.

FIXED: X to the right of somebody who faces the gantry, Y towards the gantry, Z up. A patient HFS at couch 0 has the
left side at +X, the head at +Y and the front at +Z.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from conversions import Pair, convert, decoded, encoded, pairs, refusals
from plans.devices import JAWS, field_of
from plans.plan import beam, plan, setup
from plans.points import still

SIN_3, COS_3 = 0.05233596, 0.99862953
Place = tuple[float, float, float]
Field = tuple[float, float]
LEFT, HEAD, FRONT = (10.0, 0.0, 0.0), (0.0, 0.0, 10.0), (0.0, -10.0, 0.0)


@dataclass(frozen=True)
class Case:
    """A point of the patient (left, posterior, head; mm from the isocenter), its place in FIXED, where it is seen."""

    point: Place
    fixed: Place
    seen: Field
    position: str
    settings: dict[str, float]


def case(point: Place, fixed: Place, seen: Field, position: str = "HFS", **settings: float) -> Case:
    return Case(point, fixed, seen, position, settings)


FAR_HEAD, FAR_LEFT = (0.0, 0.0, 100.0), (100.0, 0.0, 0.0)
# What is 100 mm away and turned by 3 degrees rises or falls by UP and comes nearer to, or away from, the source.
OUT, UP = 100 * COS_3, 100 * SIN_3
NEARER, FARTHER = OUT / (1 - UP / 1000), OUT / (1 + UP / 1000)

CASES = {
    # Nothing turned: left is right of the viewer at X, the head is at the gantry; gantry 0 looks down on it.
    "left": case(LEFT, (10, 0, 0), (10, 0)),
    "head": case(HEAD, (0, 10, 0), (0, 10)),
    "front": case(FRONT, (0, 0, 10), (0, 0)),
    # 100 mm nearer to a source at 1000 mm, everything looks 1000/900 as large.
    "nearer": case((9.0, -100.0, 18.0), (9, 18, 100), (10, 20)),
    # The couch turns counter-clockwise from above: X goes to Y. What was on the right is now at the gantry.
    "couch 90, left": case(LEFT, (0, 10, 0), (0, 10), PatientSupportAngle=90),
    # And the head, which was at the gantry, now lies to the left of the viewer.
    "couch 90, head": case(HEAD, (-10, 0, 0), (-10, 0), PatientSupportAngle=90),
    "couch 270, head": case(HEAD, (10, 0, 0), (10, 0), PatientSupportAngle=270),
    # Both turns are about vertical axes and add up: 30 + 60 = 90.
    "couch 30, eccentric 60": case(LEFT, (0, 10, 0), (0, 10), PatientSupportAngle=30, TableTopEccentricAngle=60),
    # Pitch is right-handed about +X: the head end, at +Y, rises.
    "pitch 3": case(FAR_HEAD, (0, OUT, UP), (0, NEARER), TableTopPitchAngle=3),
    # Feet first the feet, at +Y, rise, and the head goes down.
    "pitch 3, feet first": case(FAR_HEAD, (0, -OUT, -UP), (0, -FARTHER), "FFS", TableTopPitchAngle=3),
    # Roll is clockwise seen along +Y, as a gantry of the same angle: the side at +X goes down.
    "roll 3": case(FAR_LEFT, (OUT, 0, -UP), (FARTHER, 0), TableTopRollAngle=3),
    # The couch is turned first, and the pitch goes about its own X axis: the head, now at -X, still rises.
    "couch 90, pitch 3": case(FAR_HEAD, (-OUT, 0, UP), (-NEARER, 0), PatientSupportAngle=90, TableTopPitchAngle=3),
    # Pitch comes before roll (C.8.8.14.12). Pitch 90 stands the table's Y axis upright; a roll of 90 about it takes
    # the table's X axis, right-handed about the vertical, from X to Y. Rolled first, the left side would go down to
    # -Z and, lying on the axis of the pitch, stay there.
    "pitch 90, roll 90": case(LEFT, (0, 10, 0), (0, 10), TableTopPitchAngle=90, TableTopRollAngle=90),
    # Gantry 90: clockwise seen from the isocenter. The source is at +X, over the left side; GANTRY's X points down.
    "gantry 90, left": case(LEFT, (10, 0, 0), (0, 0), GantryAngle=90),
    "gantry 90, front": case(FRONT, (0, 0, 10), (-10, 0), GantryAngle=90),
    "gantry 270, front": case(FRONT, (0, 0, 10), (10, 0), GantryAngle=270),
    "gantry 180, left": case(LEFT, (10, 0, 0), (-10, 0), GantryAngle=180),
    # Collimator 90: counter-clockwise seen from the source, so that its X axis points where Y was, and Y where -X was.
    "collimator 90, left": case(LEFT, (10, 0, 0), (0, -10), BeamLimitingDeviceAngle=90),
    "collimator 90, head": case(HEAD, (0, 10, 0), (10, 0), BeamLimitingDeviceAngle=90),
    # Prone, feet first, on either side: what is down and what is first say where the left side and the front go.
    "HFP": case(LEFT, (-10, 0, 0), (-10, 0), "HFP"),
    "FFS": case(LEFT, (-10, 0, 0), (-10, 0), "FFS"),
    "FFS, head": case(HEAD, (0, -10, 0), (0, -10), "FFS"),
    "FFP": case(LEFT, (10, 0, 0), (10, 0), "FFP"),
    "FFP, front": case(FRONT, (0, 0, -10), (0, 0), "FFP"),
    "HFDR, left up": case(LEFT, (0, 0, 10), (0, 0), "HFDR"),
    # On the right side, head at the gantry, seen from the feet: the front points to the viewer's left.
    "HFDR, front": case(FRONT, (-10, 0, 0), (-10, 0), "HFDR"),
    "HFDL, left down": case(LEFT, (0, 0, -10), (0, 0), "HFDL"),
    "HFDL, front": case(FRONT, (10, 0, 0), (10, 0), "HFDL"),
    "FFDR, front": case(FRONT, (10, 0, 0), (10, 0), "FFDR"),
    "FFDL, front": case(FRONT, (-10, 0, 0), (-10, 0), "FFDL"),
}
ISOCENTER = (12.0, -34.0, 56.0)


def made(drawn: Case) -> Pair:
    points = still(field_of(-30, 30, -30, 30), IsocenterPosition=ISOCENTER, **drawn.settings)
    source = decoded(encoded(plan("paper", [beam(1, "Paper", JAWS, points)], setups=[setup(position=drawn.position)])))
    outcome = convert(source)
    assert refusals(outcome) == []
    (pair,) = pairs(source, outcome)
    return pair


@pytest.mark.parametrize("name", CASES)
def test_both_models_give_what_paper_gives(name: str) -> None:
    drawn = CASES[name]
    pair = made(drawn)
    here, there = pair.first.points[0], pair.second.points[0]
    place = np.array([np.add(drawn.point, ISOCENTER)])
    assert np.allclose(pair.first.fixed(here, place), drawn.fixed, atol=2e-6)
    matrix = pair.second.matrix(there)
    assert np.allclose(matrix @ np.append(place[0], 1), [*drawn.fixed, 1], atol=2e-6)
    assert np.allclose(pair.first.project(here, place), drawn.seen, atol=2e-5)
    assert np.allclose(pair.second.project(there, place), drawn.seen, atol=2e-5)


def test_the_source_is_where_the_gantry_is() -> None:
    # At gantry 90 the source stands at +X, 1000 mm away: of two points on that line, both are seen in the middle.
    pair = made(case(LEFT, (0, 0, 0), (0, 0), GantryAngle=90))
    line = np.array([np.add((distance, 0, 0), ISOCENTER) for distance in (-200.0, 0.0, 300.0)])
    assert np.allclose(pair.second.project(pair.second.points[0], line), 0, atol=1e-9)
