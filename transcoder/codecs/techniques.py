"""What a beam does, told from its motion (CID 9511), where the plan does not say so."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transcoder.codecs.registry import codec

__all__ = ["Technique", "technique_of"]

Column = NDArray[np.float64]


def technique_of(meterset: Column | None, gantry: Column, apertures: list[Column]) -> str:
    """The technique's name in ``mappings/codes/technique.yaml`` from columns (n, k) over the control points.

    STATIC nothing moves; STEP_AND_SHOOT the aperture changes only while no meterset is delivered; SLIDING_WINDOW
    it changes under radiation; ARC the source turns; CONFORMAL_ARC the aperture follows it; VMAT the meterset per
    degree changes as well. Without metersets every segment counts as delivered, each with the same share.
    """
    units = np.arange(len(gantry), dtype=float) if meterset is None else meterset[:, 0]
    delivered = np.diff(units) > 0
    turned = np.abs(np.diff(gantry[:, 0]))
    moved = np.zeros(len(delivered), dtype=bool)
    for aperture in apertures:
        moved |= (np.diff(aperture, axis=0) != 0).any(axis=1)
    if (turned[delivered] > 0).any():
        if not moved.any():
            return "ARC"
        active = delivered & (turned > 0)
        ratio = np.diff(units)[active] / turned[active]
        steady = np.ptp(ratio) <= 0.01 * ratio.max() and bool(np.all(delivered == (turned > 0)))
        return "CONFORMAL_ARC" if steady else "VMAT"
    if not moved.any():
        return "STATIC"
    return "SLIDING_WINDOW" if (moved & delivered).any() else "STEP_AND_SHOOT"


@codec(
    "technique",
    first="number number columns number",
    second="text",
    required=0,
    one_way="a technique does not say how the beam moves",
)
class Technique:
    """Metersets or weights (n, 1), source roll angle (n, 1), all openings (n, k), treatment position (n, 1) -> a name.

    Where the patient is moved under radiation no technique of CID 9511 fits, and there is none.
    """

    @staticmethod
    def forward(
        meterset: Column | None, gantry: Column | None, apertures: list[Column], position: Column | None = None
    ) -> tuple[list[str] | None]:
        if gantry is None or (position is not None and _is_moved(meterset, position)):
            return (None,)
        return ([technique_of(meterset, gantry, apertures)],)


def _is_moved(meterset: Column | None, position: Column) -> bool:
    moved = np.diff(position[:, 0]) != 0
    return bool(moved.any() if meterset is None else (moved & (np.diff(meterset[:, 0]) > 0)).any())
