"""Control points: whole machine states in, the attributes the standard wants at each point out (PS3.3 C.8.8.14.5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from pydicom import Dataset

from .devices import Opening, classic_opening, enhanced_opening
from .elements import item

HOME: Mapping[str, object] = {
    "NominalBeamEnergy": 6,
    "DoseRateSet": 600,
    "GantryAngle": 0,
    "GantryRotationDirection": "NONE",
    "BeamLimitingDeviceAngle": 0,
    "BeamLimitingDeviceRotationDirection": "NONE",
    "PatientSupportAngle": 0,
    "PatientSupportRotationDirection": "NONE",
    "TableTopEccentricAngle": 0,
    "TableTopEccentricRotationDirection": "NONE",
    "TableTopPitchAngle": 0,
    "TableTopPitchRotationDirection": "NONE",
    "TableTopRollAngle": 0,
    "TableTopRollRotationDirection": "NONE",
    "TableTopVerticalPosition": "",
    "TableTopLongitudinalPosition": "",
    "TableTopLateralPosition": "",
    "IsocenterPosition": (0, 0, 0),
}


@dataclass(frozen=True)
class Point:
    """The machine at one control point; weight : cumulative meterset weight or "", wedges : IN or OUT by number,
    doses : cumulative coefficient by dose reference number."""

    weight: float | str
    openings: tuple[Opening, ...]
    settings: Mapping[str, object]
    wedges: tuple[str, ...] = ()
    doses: tuple[tuple[int, float | str], ...] = ()


def point(
    weight: float | str,
    openings: Sequence[Opening],
    *,
    wedges: Sequence[str] = (),
    doses: Sequence[tuple[int, float | str]] = (),
    **settings: object,
) -> Point:
    """A machine state: the home position with the settings given; a setting of None is not encoded at all."""
    return Point(weight, tuple(openings), {**HOME, **settings}, tuple(wedges), tuple(doses))


def still(openings: Sequence[Opening], *, wedges: Sequence[str] = (), **settings: Any) -> list[Point]:
    """The two states of a static beam."""
    return [point(weight, openings, wedges=wedges, **settings) for weight in (0, 1)]


def weights(count: int) -> list[float]:
    """Evenly growing cumulative weights from 0 to exactly 1; (count,)."""
    return [round(i / (count - 1), 6) for i in range(count)]


def turn(first: float, by: float, count: int) -> list[float]:
    """Angles in [0, 360) of an even turn, positive = increasing; (count,), deg."""
    return [round(first + by * i / (count - 1), 1) % 360 for i in range(count)]


def rotating(direction: str, count: int) -> list[str]:
    """Directions of a turn: they hold for the segment that follows, so the last is NONE; (count,)."""
    return [direction] * (count - 1) + ["NONE"]


def is_dynamic(points: Sequence[Point]) -> bool:
    """Whether anything moves while dose is delivered: the definition of Beam Type (PS3.3 C.8.8.14)."""
    return any(
        before.weight != after.weight and replace(before, weight=after.weight, doses=after.doses) != after
        for before, after in pairwise(points)
    )


def control_points(points: Sequence[Point], *, enhanced: bool = False) -> list[Dataset]:
    """Items of the Control Point Sequence: the first complete, then at every point all that changes anywhere."""
    first = points[0]
    settings = [key for key in first.settings if any(p.settings[key] != first.settings[key] for p in points)]
    settings = [key for key in first.settings if key in settings or _turns(key, points)]
    moving = [i for i in range(len(first.openings)) if any(p.openings[i] != first.openings[i] for p in points)]
    wedges = any(p.wedges != first.wedges for p in points)
    items = [_item(0, first, list(first.settings), range(len(first.openings)), enhanced, bool(first.wedges))]
    return items + [_item(i, p, settings, moving, enhanced, wedges) for i, p in enumerate(points) if i > 0]


def _turns(key: str, points: Sequence[Point]) -> bool:
    """Whether an angle changes although its values are equal: by a full turn (PS3.3 C.8.8.14.8)."""
    direction = key.replace("Angle", "RotationDirection")
    return direction != key and any(p.settings.get(direction, "NONE") != "NONE" for p in points)


def _item(
    index: int, state: Point, settings: Sequence[str], openings: Sequence[int], enhanced: bool, wedges: bool
) -> Dataset:
    if enhanced:
        keyword = "EnhancedRTBeamLimitingOpeningSequence"
        positions = [enhanced_opening(i + 1, state.openings[i]) for i in openings]
    else:
        keyword = "BeamLimitingDevicePositionSequence"
        positions = [classic_opening(state.openings[i]) for i in openings]
    wedge_positions = [item(ReferencedWedgeNumber=n, WedgePosition=w) for n, w in enumerate(state.wedges, start=1)]
    doses = [item(ReferencedDoseReferenceNumber=n, CumulativeDoseReferenceCoefficient=c) for n, c in state.doses]
    return item(
        ControlPointIndex=index,
        CumulativeMetersetWeight=state.weight,
        ReferencedDoseReferenceSequence=doses or None,
        WedgePositionSequence=wedge_positions if wedges else None,
        **{keyword: positions or None},
        **{key: state.settings[key] for key in settings},
    )
