"""Plans with nothing straight in them: every angle, device and position drawn, the builders of samples/ around them."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

from plans.devices import Device, Opening
from plans.modifiers import block, wedge
from plans.plan import beam, fraction_group, plan, setup, share
from plans.points import Point, point
from pydicom import Dataset

POSITIONS = ("HFS", "FFS", "HFP", "FFP", "HFDR", "HFDL", "FFDR", "FFDL")
Draw = random.Random


def random_plan(seed: int, *, eccentric: bool = True, draw: Draw | None = None) -> Dataset:
    """A plan of three beams, each with a patient position of its own; ``eccentric`` lets the table top turn so."""
    draw = draw or random.Random(seed)  # noqa: S311 - a fixed sequence is wanted
    beams = [_beam(draw, number, enhanced=(seed + number) % 3 == 0, eccentric=eccentric) for number in (1, 2, 3)]
    setups = [setup(number, POSITIONS[(seed + number) % 8]) for number in (3, 1, 2)]
    groups = [fraction_group(1, [share(b.BeamNumber, round(draw.uniform(5, 400), 3)) for b in beams])]
    return plan(f"random-{seed}", beams, groups=groups, setups=setups)


def _beam(draw: Draw, number: int, *, enhanced: bool, eccentric: bool) -> Dataset:
    devices = _devices(draw, enhanced=enhanced)
    count = draw.randint(2, 6)
    more: dict[str, object] = {}
    if draw.random() < 0.5:
        more["WedgeSequence"] = [wedge(1, "STANDARD", 30, draw.randrange(0, 360, 15))]
    if draw.random() < 0.5:
        more["BlockSequence"] = [block(1, "APERTURE", _outline(draw), BlockThickness=60)]
    points = _points(draw, devices, count, wedged="WedgeSequence" in more, enhanced=enhanced, eccentric=eccentric)
    return beam(
        number, f"Drawn {number}", devices, points, enhanced=enhanced, ReferencedPatientSetupNumber=number,
        SourceAxisDistance=draw.choice((1000, 900, 812.5)), **more,
    )  # fmt: skip


def _devices(draw: Draw, *, enhanced: bool) -> list[Device]:
    jaws = draw.choice((("ASYMX", "ASYMY"), ("X", "Y"), ("ASYMY",), ()))
    leaves = draw.choice((("MLCX",), ("MLCY",), ("MLCX", "MLCY"), ("MLCX", "MLCX"), ("MLCY", "MLCY")))
    devices = [Device(kind, distance=300) for kind in jaws]
    for place, kind in enumerate(leaves):
        edges = [round(draw.uniform(-150, -60), 1)]
        for _ in range(7 + 3 * place):
            edges.append(round(edges[-1] + draw.choice((2.5, 5, 10, 17.5, 30)), 1))
        if not enhanced and draw.random() < 0.5:
            edges.reverse()
        devices.append(Device(kind, tuple(edges), 450))
    draw.shuffle(devices)
    return devices


def _points(
    draw: Draw, devices: list[Device], count: int, *, wedged: bool, enhanced: bool, eccentric: bool
) -> list[Point]:
    final = draw.choice((1, 100, 87.5))
    steps = [0, *(draw.choice((0, 1, 1, 2.5)) for _ in range(count - 2)), 1]
    weights = [round(sum(steps[: n + 1]) / sum(steps) * final, 6) for n in range(count)]
    walks = {
        name: _walk(draw, count, *limits)
        for name, limits in {
            "Gantry": (0.6, 360), "BeamLimitingDevice": (0.5, 360), "PatientSupport": (0.3, 360),
            "TableTopEccentric": (0.2, 40) if eccentric else (0.0, 0),
            "TableTopPitch": (0.3, 4), "TableTopRoll": (0.3, 4),
        }.items()
    }  # fmt: skip
    isocenter = [round(draw.uniform(-200, 200), 2) for _ in range(3)]
    moves = draw.random() < 0.2
    still = [draw.random() < 0.4 for _ in devices]
    openings = [_opening(draw, device, enhanced=enhanced) for device in devices]
    rate, energy = draw.choice((100, 450, 600)), draw.choice((6, 10, 15))
    found = []
    for n in range(count):
        openings = [
            kept if stays or n == 0 else _opening(draw, device, enhanced=enhanced)
            for device, kept, stays in zip(devices, openings, still, strict=True)
        ]
        if moves:
            isocenter = [round(value + draw.uniform(-20, 20), 2) for value in isocenter]
        settings: dict[str, object] = {
            "IsocenterPosition": tuple(isocenter),
            "DoseRateSet": rate,
            "NominalBeamEnergy": energy,
        }
        for name, (angles, directions) in walks.items():
            settings[f"{name}Angle"], settings[f"{name}RotationDirection"] = angles[n], directions[n]
        if draw.random() < 0.3:
            rate, other = draw.choice((100, 450, 600)), draw.choice((6, 10, 15))
            # A discrete value changes only where nothing radiates (C.8.8.14.5).
            energy = other if weights[n : n + 2] == [weights[n]] * 2 else energy
        found.append(point(weights[n], openings, wedges=["IN"] if wedged else (), **settings))
    return found


def _walk(draw: Draw, count: int, chance: float, most: float) -> tuple[list[float], list[str]]:
    """Angles in [0, 360) and the direction of the turn that follows each: short, long, none, or a whole turn."""
    moving = draw.random() < chance
    angles = [round(draw.uniform(-most, most) % 360, 1)]
    directions = []
    for _ in range(count - 1):
        way = draw.choice(("CW", "CC", "NONE")) if moving else "NONE"
        step = draw.choice((round(draw.uniform(0.1, most - 0.1), 1), 360 if most == 360 else 1)) if way != "NONE" else 0
        # Either direction may go with either sign: the next angle is drawn, the direction tells the way to it.
        angles.append(round((angles[-1] + step) % 360, 1) % 360)
        directions.append(way)
    return angles, [*directions, "NONE"]


def _opening(draw: Draw, device: Device, *, enhanced: bool) -> Opening:
    low = [round(draw.uniform(-90, 60), 2) for _ in range(device.pairs)]
    high = [round(value + draw.uniform(0, 90), 2) for value in low]
    if device.kind in ("X", "Y"):
        high = [abs(low[0])]
        low = [-high[0]]
    offset = (round(draw.uniform(-5, 5), 1), round(draw.uniform(-5, 5), 1)) if enhanced else (0.0, 0.0)
    return Opening(device.kind, (*low, *high), offset)


def _outline(draw: Draw) -> list[tuple[float, float]]:
    corners: list[Callable[[float], tuple[float, float]]] = [
        lambda r: (r, 0.3 * r), lambda r: (-0.2 * r, r), lambda r: (-r, -0.4 * r), lambda r: (0.1 * r, -r),
    ]  # fmt: skip
    outline = [tuple(round(value, 2) for value in corner(draw.uniform(20, 70))) for corner in corners]
    assert all(one != other for one, other in pairwise(outline))
    return [(x, y) for x, y in outline]
