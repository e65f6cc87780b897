"""Relative meterset weights <-> absolute metersets (PS3.3 C.8.8.14.1, C.36.2.2.5.1.3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transcoder.codecs.registry import Refused, codec

__all__ = ["Meterset"]

Column = NDArray[np.float64]


@codec(
    "meterset",
    first="sparse number number",
    second="number",
    required=0,
    normalises="weights are written as metersets, their final value as the beam meterset",
)
class Meterset:
    """Cumulative weights, final weight, beam meterset <-> absolute cumulative meterset.

    first: weight (n, 1), final (1,), beam meterset (1,) in the dosimeter unit; second: meterset (n, 1), the unit of
    Radiation Dosimeter Unit Sequence, 0.0 at the first point. Without a beam meterset there is none, and then
    weights may be missing too.
    """

    @staticmethod
    def forward(weight: Column | None, final: Column | None, total: Column | None) -> tuple[Column | None]:
        if total is None and (weight is None or np.isnan(weight).any()):
            return (None,)
        if weight is None or final is None:
            raise Refused(
                "T021", "Cumulative Meterset Weight or its final value is missing although there is a meterset"
            )
        values = weight[:, 0]
        if np.isnan(values).any():
            missing = int(np.flatnonzero(np.isnan(values))[0])
            raise Refused("T021", f"Cumulative Meterset Weight has no value at control point {missing}")
        if values[0] != 0:
            raise Refused("T022", "Cumulative Meterset Weight is not 0 at the first control point")
        if (np.diff(values) < 0).any():
            falls = int(np.flatnonzero(np.diff(values) < 0)[0])
            raise Refused("T023", f"Cumulative Meterset Weight falls behind control point {falls}")
        if abs(values[-1] - final[0]) > 1e-6 * max(1.0, abs(final[0])):
            raise Refused("T024", "Final Cumulative Meterset Weight is not the weight of the last control point")
        if total is None:
            return (None,)
        if total[0] < 0:
            raise Refused("T025", "the beam meterset is negative")
        if final[0] <= 0:
            if total[0] == 0:
                return (np.zeros_like(weight),)
            raise Refused("T025", "a beam meterset cannot be shared out over a final weight of 0")
        # Multiplying first keeps a final weight that equals the meterset, or is 1 or 100, exact.
        # The last weight may exceed the final one by its tolerance, a meterset never the whole one.
        meterset = np.minimum(weight * total[0] / final[0], total[0])
        meterset[values == values[-1]] = total[0]
        return (meterset,)

    @staticmethod
    def backward(meterset: Column) -> tuple[Column, Column, Column]:
        values = meterset[:, 0]
        if values[0] != 0 or (np.diff(values) < 0).any() or np.isnan(values).any():
            raise Refused("T023", "Cumulative Meterset does not rise from 0.0 (C.36.2.2.5)")
        total = values[-1:]
        return meterset, total, total
