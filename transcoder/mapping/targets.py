"""What the second generation is made of: kinds of instances, and the control points of either side."""

from __future__ import annotations

from dataclasses import dataclass, field

from transcoder.mapping.demands import Need, Skip
from transcoder.mapping.marks import NOWHERE, Mark
from transcoder.paths import Path

__all__ = ["Points", "Target"]


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of second-generation instance: made for each item of ``per``, by these sheets.

    With ``group_by`` one instance is made for all items that agree in these values; ``number`` tells the instances of
    one source apart, the place of the item where it is None; ``count`` is where the first side counts the items.
    """

    role: str
    sop_class: str
    per: Path
    item_role: str
    lookups: tuple[tuple[str, Path], ...]
    sheets: tuple[str, ...]
    skips: tuple[Skip, ...]
    mark: Mark = field(default_factory=NOWHERE.at)
    group_by: tuple[Path, ...] = ()
    number: Path | None = None
    needs: tuple[tuple[str, Need], ...] = ()
    count: Path | None = None


@dataclass(frozen=True, slots=True)
class Points:
    """The control points of one side: their sequence, its index and from which number it counts;
    ``delivered`` and ``specified`` tell the points not reached; ``devices`` are nested sequences and their keys.
    ``meterset`` is what rises while a beam radiates, ``apart`` what changes without being a motion, and ``discrete``
    what has no values between two others, so that it changes only where nothing radiates."""

    role: str
    path: Path
    index: str
    start: int
    count: Path
    delivered: str = ""
    specified: str = ""
    devices: tuple[tuple[str, str], ...] = ()
    meterset: str = ""
    apart: tuple[str, ...] = ()
    discrete: tuple[str, ...] = ()
