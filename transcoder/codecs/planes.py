"""The plane in which beam modifiers are described, and the one through the isocenter (PS3.3 C.36.12.2.1, C.8.8.14)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transcoder.codecs.registry import Refused

__all__ = ["at_isocenter"]

Array = NDArray[np.float64]


def at_isocenter(values: Array, sad: Array | None, plane: Array | None) -> Array:
    """Lengths in the definition plane, scaled to the isocenter plane; both distances (1,) mm from the source."""
    if sad is None or plane is None or sad[0] == plane[0]:
        return values
    if not (sad[0] > 0 and plane[0] > 0):
        raise Refused("T034", "a distance from the source that is not positive")
    scaled: Array = values * sad[0] / plane[0]
    return scaled
