"""Samples after small changes, and what is said of them: what the cases of the finding codes are made with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from transcoder.api import convert_instance
from transcoder.dicom.elements import Item, tag_of, vr_of
from transcoder.dicom.files import read_file
from transcoder.dicom.instance import Instance
from transcoder.engine.split import Outcome
from transcoder.mapping.catalog import load

__all__ = ["SAMPLES", "Change", "at", "converted", "drop", "lines_of", "put", "sample"]

SAMPLES = Path(__file__).parents[2] / "samples"
Change = Callable[[Item], object]


def at(item: Item, path: str) -> Item:
    """The item that ``Sequence[n]/Sequence[n]`` names."""
    for step in path.split("/"):
        word, _, number = step.partition("[")
        item = item[tag_of(word)].items[int(number.rstrip("]") or 0)]
    return item


def put(path: str, value: str | list[Item] | bytes) -> Change:
    """A change that sets one attribute by its text."""
    outer, _, word = path.rpartition("/")
    raw = value.encode() if isinstance(value, str) else value
    return lambda root: (at(root, outer) if outer else root).put(tag_of(word), vr_of(tag_of(word)), raw)


def drop(path: str) -> Change:
    """A change that takes one attribute away."""
    outer, _, word = path.rpartition("/")
    return lambda root: (at(root, outer) if outer else root).pop(tag_of(word), None)


def sample(name: str) -> Instance:
    """A sample file, read."""
    found = read_file(SAMPLES / f"{name}.dcm")
    assert isinstance(found, Instance)
    return found


def converted(name: str, *changes: Change, lenient: bool = False) -> list[str]:
    """The findings of converting a sample after these changes."""
    source = sample(name)
    for change in changes:
        change(source.item)
    return lines_of(convert_instance(source, [], load(), lenient=lenient))


def lines_of(outcome: Outcome) -> list[str]:
    """Its findings, as they are printed."""
    return [str(finding) for finding in outcome.findings]
