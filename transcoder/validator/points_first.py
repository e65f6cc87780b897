"""Control points of first-generation beams, planned and delivered (C.8.8.14.5, C.8.8.14.18, C.8.8.21).

What changes anywhere in a beam stands at every control point of it; items of devices are complete.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transcoder.dicom.elements import Element, Item, tag_of
from transcoder.findings import Finding
from transcoder.validator.axis import Axis, check_axis, number_of_points
from transcoder.validator.beam_devices import check_devices
from transcoder.validator.beam_motion import check_directions, check_static, check_turns
from transcoder.validator.catalogue_state import found
from transcoder.validator.plausible import HALF_UNIT, LEAST_ENERGY, check_limit, check_meterset, dosimeter_unit
from transcoder.validator.raw import children, column, columns, integer, number, text, values_differ

__all__ = ["check"]

POINTS = "PS3.3 C.8.8.14.5"
ANGLES = tuple(
    f"{axis}Angle"
    for axis in ("Gantry", "BeamLimitingDevice", "PatientSupport", "TableTopEccentric", "TableTopPitch", "TableTopRoll")
)
DIRECTIONS = tuple(
    f"{axis}RotationDirection"
    for axis in ("Gantry", "BeamLimitingDevice", "PatientSupport", "TableTopEccentric", "TableTopPitch", "TableTopRoll")
)
TABLE = ("TableTopVerticalPosition", "TableTopLongitudinalPosition", "TableTopLateralPosition")
# Type 1C or 2C with 'if ... changes during Beam', in the order of Table C.8-50; the others there are Type 3.
REQUIRED = (*ANGLES, *DIRECTIONS, *TABLE, "IsocenterPosition")
PITCH = ("GantryPitchAngle", "GantryPitchRotationDirection")
OPTIONAL = ("NominalBeamEnergy", "DoseRateSet", *PITCH, "SourceToSurfaceDistance")
MEV_PARTICLES = ("PHOTON", "ELECTRON", "")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of beam: where it stands and which attributes carry its axis."""

    beams: str
    axis: Axis
    planned: bool = True


def _axis(sequence: str, cite: str = POINTS) -> Axis:
    return Axis(
        sequence, "NumberOfControlPoints", "ControlPointIndex", 0, "CumulativeMetersetWeight",
        "FinalCumulativeMetersetWeight", cite,
    )  # fmt: skip


BEAMS = Kind("BeamSequence", _axis("ControlPointSequence"))
ION_BEAMS = Kind("IonBeamSequence", _axis("IonControlPointSequence", "PS3.3 C.8.8.25"))
DELIVERED = "TreatmentSessionBeamSequence"
BRACHY = Axis(
    "BrachyControlPointSequence", "NumberOfControlPoints", "ControlPointIndex", 0, "CumulativeTimeWeight",
    "FinalCumulativeTimeWeight", "PS3.3 C.8.8.15",
)  # fmt: skip


def check(item: Item) -> Iterator[Finding]:
    """All rules about the control points of one plan or record."""
    for place, beam in enumerate(children(item, BEAMS.beams)):
        yield from _check_beam(beam, f"{BEAMS.beams}[{place}]")
    for place, beam in enumerate(children(item, ION_BEAMS.beams)):
        yield from _check_axis_only(beam, ION_BEAMS.axis, f"{ION_BEAMS.beams}[{place}]")
    for place, beam in enumerate(children(item, DELIVERED)):
        yield from _check_delivered(beam, f"{DELIVERED}[{place}]")
    yield from _check_brachy(item)
    yield from _check_metersets(item)


def _check_axis_only(holder: Item, axis: Axis, path: str) -> Iterator[Finding]:
    points = children(holder, axis.sequence)
    if points:
        yield from check_axis(holder, points, axis, f"{path}/{axis.sequence}")
        yield from check_turns(points, f"{path}/{axis.sequence}")


def _check_beam(beam: Item, path: str) -> Iterator[Finding]:
    points = children(beam, BEAMS.axis.sequence)
    if not points:
        return
    place = f"{path}/{BEAMS.axis.sequence}"
    yield from check_axis(beam, points, BEAMS.axis, place)
    for word in REQUIRED:
        yield from _complete(points, word, "V211", place, POINTS)
    for word in OPTIONAL:
        yield from _complete(points, word, "V212", place, POINTS)
    yield from check_devices(beam, points, path, place, planned=True)
    yield from check_directions(points, place)
    yield from check_turns(points, place)
    yield from check_static(beam, points, path)
    yield from _plausible(beam, points, place)


def _complete(points: Sequence[Item], word: str, code: str, path: str, cite: str) -> Iterator[Finding]:
    """A parameter that changes stands at every control point."""
    tag = tag_of(word)
    there: list[Element] = [element for point in points if (element := point.get(tag)) is not None]
    if len(there) in (0, 1, len(points)) or not values_differ(there):
        return
    absent = [place for place, point in enumerate(points) if tag not in point]
    message = f"{word} changes during the beam and is absent at {len(absent)} control point(s)"
    yield found(code, message, f"{path}[{absent[0]}]/{word}", cite)


def _plausible(beam: Item, points: Sequence[Item], path: str) -> Iterator[Finding]:
    yield from check_limit(points, "DoseRateSet", 6000, "V219", path, "PS3.3 C.8.8.14")
    # Photons and electrons of an accelerator; ion beams reach several hundred MeV.
    limit = 50.0 if text(beam, "RadiationType") in MEV_PARTICLES else 1000.0
    least = 0.0 if text(beam, "TreatmentDeliveryType") == "SETUP" else LEAST_ENERGY
    yield from check_limit(points, "NominalBeamEnergy", limit, "V220", path, "PS3.3 C.8.8.14", least)


def _check_delivered(beam: Item, path: str) -> Iterator[Finding]:
    points = children(beam, "ControlPointDeliverySequence")
    if not points:
        return
    cite = "PS3.3 C.8.8.21"
    place = f"{path}/ControlPointDeliverySequence"
    yield from number_of_points(beam, points, "NumberOfControlPoints", place, cite)
    for word in (*REQUIRED, "NominalBeamEnergy"):
        # "or if ... changes during beam administration" does not say at which points.
        yield from _complete(points, word, "V212", place, cite)
    yield from check_devices(beam, points, path, place, planned=False)
    yield from check_turns(points, place)
    for word in ("SpecifiedMeterset", "DeliveredMeterset"):
        yield from _never_falls(points, word, place)
    for word in ("DoseRateSet", "DoseRateDelivered"):
        yield from check_limit(points, word, 6000, "V219", place, cite)
    yield from _recorded_times(points, place)
    yield from _accumulated(beam, points, path)


def _accumulated(beam: Item, points: Sequence[Item], path: str) -> Iterator[Finding]:
    """The delivered meterset of the beam is what its control points add up to (C.8.8.21.2.1).

    A delivery that was resumed starts above zero; records count it from there or from zero.
    """
    word = "DeliveredPrimaryMeterset"
    total, held = number(beam, word), column(points, "DeliveredMeterset")
    if total is None or held is None or len(held[0]) < len(points):
        return
    start, end = float(held[1][0]), float(held[1][-1])
    if min(abs(total - end), abs(total - (end - start))) > HALF_UNIT:
        message = f"{total:g}, the control points run from {start:g} to {end:g}"
        yield found("V231", message, f"{path}/{word}", "PS3.3 C.8.8.21.2.1")


def _never_falls(points: Sequence[Item], word: str, path: str) -> Iterator[Finding]:
    tag = tag_of(word)
    elements = [element for point in points if (element := point.get(tag)) is not None and not element.is_empty()]
    table = columns(elements)
    if table is not None and len(elements) == len(points) and (table[1:, 0] < table[:-1, 0]).any():
        place = int((table[1:, 0] < table[:-1, 0]).argmax()) + 1
        yield found("V227", f"{word} is less than at the point before", f"{path}[{place}]/{word}", "PS3.3 C.8.8.21.2.2")


def _recorded_times(points: Sequence[Item], path: str) -> Iterator[Finding]:
    words = ("TreatmentControlPointDate", "TreatmentControlPointTime")
    stamps = [text(point, words[0]) + text(point, words[1]) for point in points]
    for place in range(1, len(stamps)):
        if stamps[place] and stamps[place - 1] and stamps[place] < stamps[place - 1]:
            message = "the recorded time is earlier than at the control point before"
            yield found("V224", message, f"{path}[{place}]/{words[1]}", "PS3.3 C.8.8.21")
            return


def _check_brachy(item: Item) -> Iterator[Finding]:
    for setup, entry in enumerate(children(item, "ApplicationSetupSequence")):
        for place, channel in enumerate(children(entry, "ChannelSequence")):
            path = f"ApplicationSetupSequence[{setup}]/ChannelSequence[{place}]"
            yield from _check_axis_only(channel, BRACHY, path)


def _check_metersets(item: Item) -> Iterator[Finding]:
    units = {integer(beam, "BeamNumber"): dosimeter_unit(beam) for beam in children(item, BEAMS.beams)}
    for place, group in enumerate(children(item, "FractionGroupSequence")):
        for count, beam in enumerate(children(group, "ReferencedBeamSequence")):
            path = f"FractionGroupSequence[{place}]/ReferencedBeamSequence[{count}]/BeamMeterset"
            unit = units.get(integer(beam, "ReferencedBeamNumber"), "MU")
            from_plan = columns([element]) if (element := beam.get(tag_of("BeamMeterset"))) is not None else None
            if from_plan is not None:
                yield from check_meterset(float(from_plan[0, 0]), unit, path, "PS3.3 C.8.8.13")
