"""What a treatment record says of a delivery: metersets reached, times, where the patient was, what was completed."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from transcoder.codecs.frames import PATIENT_AXES, rotation_x, rotation_y
from transcoder.codecs.registry import Refused, codec

__all__ = [
    "Began",
    "Completion",
    "DateTime",
    "DeliveredIsocenter",
    "DeliveredMeterset",
    "Only",
    "PlannedIndex",
    "SpecifiedMeterset",
    "SpecifiedTotal",
    "Spent",
    "ToldTime",
]

Column = NDArray[np.float64]
DECIMALS = 9
# A machine that stops at a control point stops within this many units of its meterset.
SAME = 0.05
DATE = re.compile(r"\d{8}\Z")
TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d|60)?)?(\.\d{1,6})?\Z")
# PS3.5 6.2: the digits of a date, and those of a date-time with all of them.
DAY = 8
WHOLE = 14


@codec(
    "delivered_meterset",
    first="sparse",
    second="number",
    normalises="metersets of a delivery that was resumed count from its own start",
)
class DeliveredMeterset:
    """Delivered meterset (n, 1) of the points reached <-> cumulative meterset (n, 1), 0.0 at the first point.

    The first generation counts on from the meterset at which an interrupted delivery resumes (C.8.8.21.2.2); the
    second demands 0.0 at the first control point of any radiation and its record (Table C.36.2.2.5-1).
    """

    @staticmethod
    def forward(delivered: Column) -> tuple[Column]:
        start = float(delivered[0, 0])
        return (delivered if start == 0 else np.round(delivered - start, DECIMALS),)

    @staticmethod
    def backward(meterset: Column) -> tuple[Column]:
        if np.isnan(meterset[0, 0]):
            raise Refused("T221", "the first control point has no Cumulative Meterset")
        if meterset[0, 0] < 0 or (np.diff(meterset[:, 0]) < 0).any():
            raise Refused("T130", "the meterset is below 0, or less than at a control point before")
        return (meterset,)

    @staticmethod
    def note(delivered: Column) -> tuple[str, str, str] | None:
        """A warning where the start of a resumed delivery has no place."""
        start = float(delivered[0, 0])
        message = f"the delivery resumes at a meterset of {start:g}; its record counts from 0"
        return ("T139", message, "PS3.3 C.36.2.2.5, C.8.8.21.2.2") if start else None


@codec("date_time", first="stated stated", second="stated", normalises="a time keeps its digits and no blanks")
class DateTime:
    """Date and time of each control point <-> one date-time each, which never runs backwards (C.8.8.21, C.36.2.2.5).

    offset : Timezone Offset From UTC of the instance, in which a date and a time without an offset are told (C.12.1).
    """

    @staticmethod
    def forward(dates: list[str], times: list[str], offset: list[str] | None = None) -> tuple[list[str]]:
        joined = []
        for place, (date, time) in enumerate(zip(dates, times, strict=True)):
            if not DATE.match(date) or not TIME.match(time):
                missing = not date or not time
                problem = "is missing" if missing else "is no date and time of PS3.5 6.2"
                raise Refused("T137", f"the time of control point {place} {problem}", about=int(bool(date)))
            joined.append(date + time)
        _require_order(joined)
        return (joined,)

    @staticmethod
    def backward(moments: list[str], offset: list[str] | None = None) -> tuple[list[str], list[str]]:
        plain = _without_offset(moments)
        offsets = {moment[len(local) :] for moment, local in zip(moments, plain, strict=True)}
        if len(offsets) > 1:
            raise Refused("T137", "the times of the control points differ in their offset from UTC")
        if not offsets <= {"", (offset or [""])[0]}:
            raise Refused("T137", "the times of the control points have an offset from UTC that the instance has not")
        dates, times = _split(plain)
        _require_order(plain)
        return dates, times


def _without_offset(moments: list[str]) -> list[str]:
    return [re.split(r"[+-]", moment)[0] for moment in moments]


def _split(moments: list[str]) -> tuple[list[str], list[str]]:
    for place, moment in enumerate(moments):
        if not DATE.match(moment[:DAY]) or not TIME.match(moment[DAY:]):
            raise Refused("T137", f"the moment of control point {place} is no date and time of PS3.5 6.2")
    return [moment[:DAY] for moment in moments], [moment[DAY:] for moment in moments]


def _require_order(moments: list[str]) -> None:
    padded = [(whole.ljust(WHOLE, "0"), rest.ljust(6, "0")) for whole, _, rest in (m.partition(".") for m in moments)]
    for place, (before, after) in enumerate(pairwise(padded), start=1):
        if after < before:
            raise Refused("T134", f"control point {place} is recorded as earlier than the one before")


@codec(
    "told_time",
    first="stated stated",
    second="stated",
    one_way="a control point of the first generation has a time in any case",
)
class ToldTime:
    """Date and time of each control point -> one date-time each, none where a point lacks either (C.36.2.2.5)."""

    @staticmethod
    def forward(dates: list[str], times: list[str]) -> tuple[list[str] | None]:
        if not all(dates) or not all(times):
            return (None,)
        return DateTime.forward(dates, times)


@codec(
    "planned_index",
    first="sparse sparse sparse",
    second="sparse",
    required=1,
    normalises="a point between two planned ones corresponds to none (Table C.36.2.2.5-1)",
    omits=(0, 2),
)
class PlannedIndex:
    """Index of the planned point (n, 1) from 0, delivered and specified meterset (n, 1) <-> its index from 1.

    A point at which the delivery was interrupted between two planned ones corresponds to neither, and has none
    (Table C.36.2.2.5-1, 2C).
    """

    @staticmethod
    def forward(index: Column, delivered: Column | None = None, specified: Column | None = None) -> tuple[Column]:
        if (index < 0).any():
            raise Refused("T206", "the index of a planned control point is below 0")
        if delivered is None or specified is None:
            return (index + 1,)
        between = np.abs(delivered - specified) > SAME
        return (np.where(between, np.nan, index + 1),)

    @staticmethod
    def backward(index: Column) -> tuple[Column, None, None]:
        if (index < 1).any():
            raise Refused("T206", "the index of a planned control point is below 1")
        return index - 1, None, None


@codec(
    "delivered_isocenter",
    first="sparse sparse sparse sparse sparse number number number",
    second="number",
    required=1,
    one_way="a record of the first generation holds no isocenter",
)
class DeliveredIsocenter:
    """The planned isocenters and the absolute table top -> the isocenter (n, 3) mm in the patient frame at each point.

    first: delivered meterset (n, 1), isocenters (m, 3) that the planned beam states, lateral, longitudinal and vertical
    position (n, 1) mm, eccentric, pitch and roll angle (n, 1) deg. The patient lies on the table top, so that a
    table top that moves by d moves the isocenter by -d in its system (IEC 61217). Without a planned isocenter the
    frame of reference is an arbitrary one with its origin there (10.39.1.2).
    """

    @staticmethod
    def forward(
        points: Column,
        planned: Column | None,
        lateral: Column | None,
        longitudinal: Column | None,
        vertical: Column | None,
        eccentric: Column | None,
        pitch: Column | None,
        roll: Column | None,
        position: list[str] | None = None,
    ) -> tuple[Column]:
        count = len(points)
        origin = _one_isocenter(planned)
        moved = np.concatenate([_travel(axis, count) for axis in (lateral, longitudinal, vertical)], axis=1)
        if not moved.any():
            return (np.tile(origin, (count, 1)),)
        axes = PATIENT_AXES.get(position[0] if position else "")
        if axes is None:
            raise Refused("T042", "the table top moves and no axes are defined for this Patient Position")
        turns = [_constant(angle) for angle in (eccentric, pitch, roll)]
        if turns[0]:
            raise Refused("T142", "the table top moves while it is turned about its eccentric axis")
        rotation = (rotation_x(turns[1]) @ rotation_y(turns[2])) @ np.array(axes, dtype=float)
        return (np.round(origin - moved @ rotation, DECIMALS) + 0.0,)


def _one_isocenter(planned: Column | None) -> Column:
    if planned is None:
        return np.zeros(3)
    stated = planned[~np.isnan(planned).any(axis=1)]
    if not len(stated):
        return np.zeros(3)
    if (stated != stated[0]).any() or stated.shape[1] != 3:
        raise Refused(
            "T142", "the planned isocenter changes within the beam, and the record does not tell where it was"
        )
    first: Column = stated[0]
    return first


def _travel(position: Column | None, count: int) -> Column:
    """How far an axis (n, 1) is from where it was at the first point; mm."""
    if position is None:
        return np.zeros((count, 1))
    stated = ~np.isnan(position[:, 0])
    if not stated[0]:
        raise Refused("T142", "the table top moves from a place that is not stated (C.8.8.21.1)")
    last = np.maximum.accumulate(np.where(stated, np.arange(count), 0))
    travel: Column = position[last] - position[0]
    return travel


def _constant(angle: Column | None) -> float:
    if angle is None:
        return 0.0
    if (angle != angle[0]).any():
        raise Refused("T142", "the table top moves while it turns, pitches or rolls")
    return float(angle[0, 0])


@codec("only", first="sparse", second="number", required=1, one_way="one value stands for several that are equal")
class Only:
    """The values (m, k) that several items state -> the one that all of them agree on (k,), none where they differ."""

    @staticmethod
    def forward(values: Column) -> tuple[Column | None]:
        stated = values[~np.isnan(values).any(axis=1)]
        if not len(stated) or (stated != stated[0]).any():
            return (None,)
        return (stated[0],)


@codec("spent", first="number", second="number", one_way="what was delivered does not tell where it began")
class Spent:
    """The metersets (n, k) of the control points -> what was delivered from the first to the last (k,).

    Only a salvage record may begin at another meterset than 0 (C.36.23).
    """

    @staticmethod
    def forward(values: Column) -> tuple[Column]:
        if np.isnan(values[0]).any():
            raise Refused("T221", "the first control point has no Cumulative Meterset")
        return (np.round(values[-1] - values[0], DECIMALS),)


@codec("began", first="stated", second="text text", one_way="the first of several moments does not tell the others")
class Began:
    """The date-time of each control point -> date and time of the first one; its offset is judged with all of them."""

    @staticmethod
    def forward(moments: list[str]) -> tuple[list[str], list[str]]:
        return _split(_without_offset(moments[:1]))


@codec(
    "specified_meterset",
    first="number sparse text",
    second="number",
    required=2,
    one_way="it is told from the points that were reached",
)
class SpecifiedMeterset:
    """Delivered meterset and planned index (n, 1), continuation flag -> the specified meterset (n, 1) as far as known.

    A planned point that was delivered was reached at its specified meterset (C.8.8.21.2.2). Where a delivery was
    resumed its record counts from 0, and the meterset from which it was resumed is not known.
    """

    @staticmethod
    def forward(delivered: Column, index: Column, continued: list[str] | None = None) -> tuple[Column | None]:
        if continued == ["YES"]:
            return (None,)
        return (np.where(np.isnan(index), np.nan, delivered),)


@codec(
    "specified_total",
    first="number sparse text text",
    second="number",
    required=2,
    one_way="it is told from the points that were reached",
)
class SpecifiedTotal:
    """Delivered meterset and planned index (n, 1), continuation flag, termination status -> the specified one (1,).

    Only a delivery from the start that ended as expected at a planned point delivered what was specified (C.36.22).
    """

    @staticmethod
    def forward(
        delivered: Column, index: Column, continued: list[str] | None = None, status: list[str] | None = None
    ) -> tuple[Column | None]:
        whole = continued != ["YES"] and status == ["NORMAL"] and not np.isnan(index[-1, 0])
        return (delivered[-1] if whole else None,)


@codec(
    "completion",
    first="stated stated sparse sparse sparse stated",
    second="text",
    required=1,
    one_way="the status of a fraction follows from its records",
)
class Completion:
    """How the beams of a fraction ended, and which are due -> COMPLETE or PARTIAL (C.36.20.1.3).

    first: termination status, delivery type and beam number (m, 1) of the items recorded; numbers (k, 1) of the beams
    that the fraction group uses; number (p, 1) and delivery type of all planned beams. Without the plan a fraction of
    which every beam ended normally may be either, and there is no answer.
    """

    @staticmethod
    def forward(
        status: list[str],
        kinds: list[str] | None,
        recorded: Column | None,
        due: Column | None,
        planned: Column | None,
        planned_kinds: list[str] | None,
    ) -> tuple[list[str] | None]:
        if any(each != "NORMAL" for each in status) or "CONTINUATION" in (kinds or []):
            return (["PARTIAL"],)
        if due is None or recorded is None:
            return (None,)
        others = _numbers(planned, planned_kinds, {"SETUP", "OPEN_PORTFILM", "TRMT_PORTFILM"})
        missing = set(due[:, 0].tolist()) - others - set(recorded[:, 0].tolist())
        return (["PARTIAL" if missing else "COMPLETE"],)


def _numbers(planned: Column | None, kinds: list[str] | None, wanted: set[str]) -> set[float]:
    if planned is None or kinds is None:
        return set()
    return {number for number, kind in zip(planned[:, 0].tolist(), kinds, strict=True) if kind in wanted}
