"""Items that stand inside the control points of the first generation, brought back to the point of their time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from transcoder.codecs.registry import Refused
from transcoder.dicom.columns import Column
from transcoder.dicom.elements import Item, encode, encode_element, encode_item, tag_of
from transcoder.dicom.held import HeldRowWriter
from transcoder.engine.reading import find, read
from transcoder.engine.scope import Scope
from transcoder.findings import Origin
from transcoder.mapping.model import Each, Node
from transcoder.paths import Path, Step

__all__ = ["run_at_points"]

Runner = Callable[[Scope, Sequence[Node]], None]


def run_at_points(scope: Scope, block: Each, items: Sequence[tuple[Item, str]], run: Runner) -> None:
    """Run the rules for each item, into the first control point that was not reached before the item's moment."""
    assert block.moment is not None  # noqa: S101 - asked for only where the block has one
    of_item, of_point = block.moment
    role = f"{block.id}_item"
    points = read(scope, Path("rt_control_points", (Step(of_point),)), "stated")
    moments = [_comparable(each) for each in points.value or []]
    rows: list[list[Item]] = [[] for _ in moments]
    for item, place in items:
        inner = scope.child(items={role: item}, places={role: place}, targets={block.role: Item()})
        element = find(inner, Path(role, (Step(of_item),)))
        moment = _comparable("".join(scope.run.texts.decode(element)[:1]) if element is not None else "")
        if not moment or not rows:
            raise Refused("T137", "neither the violation nor its control points tell their time")
        scope.run.ledger.derive([element] if element is not None else [], block.id)
        run(inner, block.rules)
        rows[_place(moments, moment)].append(inner.targets[block.role])
    _write(scope, tag_of(block.first.keyword), rows)


def _comparable(moment: str) -> tuple[str, str]:
    """A date-time of PS3.5 6.2 as digits that compare; nothing where there is none."""
    whole, _, rest = moment.partition("+")[0].partition("-")[0].partition(".")
    return (whole.ljust(14, "0"), rest.ljust(6, "0")) if whole else ("", "")


def _place(moments: Sequence[tuple[str, str]], moment: tuple[str, str]) -> int:
    """The control point behind the segment in which something happened (C.8.8.21, Override Sequence)."""
    return next((place for place, each in enumerate(moments) if each >= moment), len(moments) - 1)


def _write(scope: Scope, tag: int, rows: Sequence[Sequence[Item]]) -> None:
    if not any(rows):
        return
    writer = scope.writers["control_points"]
    assert isinstance(writer, HeldRowWriter)  # noqa: S101 - the join makes it one
    encoded = [
        encode_element(tag, "SQ", b"".join(encode_item(encode(item)) for item in row)) if row else None for row in rows
    ]
    # Rows differ in how many elements they hold, so these are counted here and not by the column.
    writer.add(Column(tag, encoded, Origin.MAPPED, 0))
    count = sum(map(_count, (item for row in rows for item in row))) + sum(map(bool, rows))
    writer.tally[Origin.MAPPED] = writer.tally.get(Origin.MAPPED, 0) + count


def _count(item: Item) -> int:
    return sum(1 + sum(map(_count, element.items)) for element in item.values())
