"""A round trip with one thing broken in one direction is found: no reason is wide enough to hide it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from transcoder import roundtrip
from transcoder.dicom.elements import Element, Item, encode, scan, tag_of
from transcoder.dicom.files import read_file
from transcoder.dicom.instance import Instance
from transcoder.dicom.values import encode_numbers, numbers
from transcoder.engine import blocks, blocks_back
from transcoder.engine.split import Outcome
from transcoder.mapping.catalog import load
from transcoder.mapping.model import Rule
from transcoder.roundtrip import Trip, round_trip

from ..conftest import SAMPLES

# Of the rules every so many are broken in a run of the tests; 1 breaks each of them.
EVERY = int(os.environ.get("TRANSCODER_BROKEN", "24"))
WAYS = ("forward", "backward")
_NOTHING_OF_THE_SOURCE = "names who converted, when and from what; the source says nothing of it"
_DEFAULT = "adds what the source leaves unsaid and means all the same"
_SHOWN = "the matrix gives the angle, and what is displayed only its turns"
_COUNT = "a count of 0 that is demanded of FULL content only"
# The rules whose loss in one direction is nothing that a trip could tell.
EXPLICABLE = {
    "forward": {
        "accessory.none": _COUNT,
        "block.none": _COUNT,
        "block.slabs": _COUNT,
        "bolus.none": _COUNT,
        "compensator.none": _COUNT,
        "holder.none": _COUNT,
        "wedge.none": _COUNT,
        "block_tray.code": "without a tray it is declared as lost, and the sheet tells that condition in words",
        "converter.description": _NOTHING_OF_THE_SOURCE,
        "converter.model": _NOTHING_OF_THE_SOURCE,
        "converter.software": _NOTHING_OF_THE_SOURCE,
    },
    "backward": {
        "beam.technique": _DEFAULT,
        "dose.effect": _DEFAULT,
        "machine.manufacturer": _DEFAULT,
        "machine.model": _DEFAULT,
        "machine.serial": _DEFAULT,
        "mode.fluence": _DEFAULT,
        "position.pitch": _SHOWN,
        "position.roll": _SHOWN,
        "set.description": "one of several texts is carried, and which one it was is not known",
        "modified.description": _NOTHING_OF_THE_SOURCE,
        "modified.model": _NOTHING_OF_THE_SOURCE,
        "modified.software": _NOTHING_OF_THE_SOURCE,
        "series.date": _NOTHING_OF_THE_SOURCE,
        "series.time": _NOTHING_OF_THE_SOURCE,
        "sop.ContributingEquipmentSequence": _NOTHING_OF_THE_SOURCE,
    },
}


@dataclass
class Watch:
    """What is broken, which rules ran, and what the way that is watched made first."""

    way: str
    lost: str = ""
    ran: set[str] = field(default_factory=set)
    made: list[bytes] | None = None


@pytest.fixture
def watch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Watch:
    """A watch over one direction; without effect as long as nothing is broken."""
    held = Watch(request.param)
    module, name, convert = {
        "forward": (blocks, "run_rule", "convert_instance"),
        "backward": (blocks_back, "run_rule_back", "convert_sets"),
    }[held.way]
    run, make = getattr(module, name), getattr(roundtrip, convert)

    def watched(scope: Any, rule: Rule) -> None:
        held.ran.add(rule.id)
        if rule.id != held.lost:
            run(scope, rule)

    def noted(*sources: Any, **more: Any) -> Outcome:
        outcome: Outcome = make(*sources, **more)
        held.made = [made.data for made in outcome.made] if held.made is None else held.made
        return outcome

    monkeypatch.setattr(module, name, watched)
    monkeypatch.setattr(roundtrip, convert, noted)
    return held


@cache
def _source(name: str) -> Instance:
    read = read_file(SAMPLES / "first" / f"{name}.dcm")
    assert isinstance(read, Instance)
    return read


def _trip(name: str) -> Trip:
    beside = [_source("no-frame-of-reference.structures")] if name == "no-frame-of-reference" else []
    trip = round_trip(_source(name), beside, load(), lenient=True)
    assert trip is not None
    return trip


def _is_found(trip: Trip) -> bool:
    return trip.status != "returned" or bool(trip.unexplained)


# Together they use every rule of the plan sheets that any sample returns by.
NAMES = (
    "static-jaws-symmetric", "wedge-motorized", "general-accessories", "electron-applicator-cutout", "dual-layer",
    "dose-references", "tolerance-tables",
)  # fmt: skip


def _content(data: bytes) -> bytes:
    """What is made, without elements that are empty: whether they must be there the validator knows."""

    def told(item: Item) -> Item:
        kept = Item()
        for tag, element in item.items():
            items = [inner for inner in map(told, element.items) if inner]
            if items or (not element.items and not element.is_empty()):
                kept[tag] = Element(tag, "SQ", items) if items else element
        return kept

    return encode(told(scan(data, implicit=False)))


def _goes_unnoticed(watch: Watch, rule: str, known: dict[str, dict[str, list[bytes]]]) -> bool:
    """Whether any sample comes out otherwise without the rule, and no trip says so."""
    watch.lost = rule
    differs = False
    for name, made in known[rule].items():
        watch.made = None
        try:
            if _is_found(_trip(name)):
                return False
        except (KeyError, IndexError, TypeError):
            # What breaks off does not pass.
            return False
        differs = differs or list(map(_content, watch.made or [])) != list(map(_content, made))
    return differs


@pytest.mark.parametrize("watch", WAYS, indirect=True)
def test_a_lost_rule_is_found(watch: Watch) -> None:
    """Each rule in turn does nothing in one direction; what goes unnoticed stands in the table with its reason."""
    known: dict[str, dict[str, list[bytes]]] = {}
    for name in NAMES:
        watch.ran, watch.made = set(), None
        assert not _is_found(_trip(name))
        for rule in watch.ran:
            known.setdefault(rule, {})[name] = watch.made or []
    explicable = EXPLICABLE[watch.way]
    assert explicable.keys() <= known.keys()
    broken = [rule for rule in sorted(known) if rule not in explicable][::EVERY]
    assert [rule for rule in broken if _goes_unnoticed(watch, rule, known)] == []


# Rules of the table above that carry what only some sources say: there their loss is found.
TOLD = {
    "beam.technique": ("treatment-technique", "", ""),
    "machine.manufacturer": ("static-jaws", "Manufacturer", "LO"),
    "machine.model": ("static-jaws", "ManufacturerModelName", "LO"),
    "machine.serial": ("static-jaws", "DeviceSerialNumber", "LO"),
    "mode.fluence": ("fff", "", ""),
}


@pytest.mark.parametrize("watch", ["backward"], indirect=True)
@pytest.mark.parametrize("rule", TOLD)
def test_an_explicable_rule_is_missed_where_the_source_speaks(watch: Watch, rule: str) -> None:
    name, word, vr = TOLD[rule]
    root = scan(encode(_source(name).item), implicit=False)
    for beam in root[tag_of("BeamSequence")].items if word else ():
        beam.put(tag_of(word), vr, b"Acme")
    source = Instance(root)
    whole = round_trip(source, [], load(), lenient=True)
    assert whole is not None
    assert not _is_found(whole)
    watch.lost = rule
    broken = round_trip(source, [], load(), lenient=True)
    assert broken is not None
    assert _is_found(broken)


def _each(item: Item, word: str) -> Iterator[Item]:
    """Every item at any depth that holds an attribute."""
    if tag_of(word) in item:
        yield item
    for element in item.values():
        for inner in element.items:
            yield from _each(inner, word)


def _numbers(word: str, change: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]) -> Callable[[Item], None]:
    def apply(root: Item) -> None:
        for item in _each(root, word):
            element = item[tag_of(word)]
            held = numbers(element)
            if held is not None:
                item[tag_of(word)] = Element(element.tag, element.vr, encode_numbers(change(held), element.vr))

    return apply


def _without(word: str, number: int | None = None) -> Callable[[Item], None]:
    """Without an attribute in the first item that has it, or without one item of a sequence."""

    def apply(root: Item) -> None:
        item = next(_each(root, word), None)
        if item is not None and number is not None and len(item[tag_of(word)].items) > 1:
            del item[tag_of(word)].items[number]
        elif item is not None:
            del item[tag_of(word)]

    return apply


def _swapped(sequence: str, word: str) -> Callable[[Item], None]:
    """The values of two items of a sequence in each other's place."""

    def apply(root: Item) -> None:
        for item in _each(root, sequence):
            one, other, *_ = [each for each in item[tag_of(sequence)].items if tag_of(word) in each] + [Item(), Item()]
            if one and other:
                one[tag_of(word)], other[tag_of(word)] = other[tag_of(word)], one[tag_of(word)]

    return apply


def _said(word: str, now: str) -> Callable[[Item], None]:
    def apply(root: Item) -> None:
        for item in _each(root, word):
            item.put(tag_of(word), item[tag_of(word)].vr, now.encode())

    return apply


def _moved(matrix: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return matrix + np.where(np.arange(16) == 3, 1.0, 0.0)


def _mirrored(positions: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return -positions[::-1]


BACK = {
    "leaves aside": ("static-mlc", _numbers("LeafJawPositions", lambda each: each + 0.1)),
    "leaf banks mirrored": ("static-mlc", _numbers("LeafJawPositions", _mirrored)),
    "leaves aside where another device is offset": (
        "enhanced-devices",
        _numbers("LeafJawPositions", lambda each: each + 0.1),
    ),
    "leaves of two layers aside": (
        "dual-layer",
        _numbers("ParallelRTBeamDelimiterPositions", lambda each: each + 0.1),
    ),
    "two devices swapped": (
        "static-jaws",
        _swapped("BeamLimitingDevicePositionSequence", "LeafJawPositions"),
    ),
    "a device lost": ("static-mlc", _without("BeamLimitingDeviceSequence", 0)),
    "the positions of a device lost": ("static-mlc", _without("BeamLimitingDevicePositionSequence", 0)),
    "isocenter moved": ("static-jaws", _numbers("IsocenterPosition", lambda each: each + 1.0)),
    "gantry turned": ("conformal-arc", _numbers("GantryAngle", lambda each: each + 0.5)),
    "the other way round": ("conformal-arc", _said("GantryRotationDirection", "NONE")),
    "table moved": ("couch-kicks", _numbers("TableTopLateralPosition", lambda each: each + 1.0)),
    "table turned": ("couch-kicks", _numbers("PatientSupportAngle", lambda each: each + 1.0)),
    "more meterset": ("static-jaws", _numbers("BeamMeterset", lambda each: each + 1.0)),
    "weights": ("conformal-arc", _numbers("CumulativeMetersetWeight", lambda each: each * 0.5)),
    "one name lost": ("couch-kicks", _without("BeamName")),
    "another number": ("couch-kicks", _numbers("BeamNumber", lambda each: each + 1)),
    "numbers swapped": ("couch-kicks", _swapped("BeamSequence", "BeamNumber")),
    "a beam lost": ("couch-kicks", _without("BeamSequence", 1)),
    "a control point lost": ("conformal-arc", _without("ControlPointSequence", 3)),
    "a wedge lost": ("wedge-standard", _without("WedgeSequence", 0)),
    "a block aside": ("block-aperture", _numbers("BlockData", lambda each: each + 1.0)),
    "another energy": ("static-jaws", _numbers("NominalBeamEnergy", lambda each: each + 4)),
    "another machine": ("static-jaws", _said("TreatmentMachineName", "OTHER")),
    "type of the beam lost": ("static-jaws", _without("BeamType")),
    "patient position": ("static-jaws", _said("PatientPosition", "HFP")),
    "fewer fractions": ("static-jaws", _numbers("NumberOfFractionsPlanned", lambda each: each - 1)),
}
OUT = {
    "leaves aside": ("static-mlc", _numbers("ParallelRTBeamDelimiterPositions", lambda each: each + 0.1)),
    "leaf banks mirrored": ("static-mlc", _numbers("ParallelRTBeamDelimiterPositions", _mirrored)),
    "two devices swapped": (
        "static-jaws",
        _swapped("RTBeamLimitingDeviceOpeningSequence", "ParallelRTBeamDelimiterPositions"),
    ),
    "a device lost": ("static-mlc", _without("RTBeamLimitingDeviceDefinitionSequence", 0)),
    "isocenter moved": ("static-jaws", _numbers("ImageToEquipmentMappingMatrix", _moved)),
    "gantry turned": ("conformal-arc", _numbers("SourceRollAngle", lambda each: each + 0.5)),
    "more meterset": ("static-jaws", _numbers("CumulativeMeterset", lambda each: each * 1.01)),
    "one name lost": ("couch-kicks", _without("UserContentLabel")),
    "a control point lost": ("conformal-arc", _without("CArmPhotonElectronControlPointSequence", 3)),
    "a wedge lost": ("wedge-standard", _without("WedgeDefinitionSequence", 0)),
    "a block aside": ("block-aperture", _numbers("BlockEdgeData", lambda each: each + 1.0)),
    "another energy": ("static-jaws", _numbers("NominalEnergy", lambda each: each + 4)),
    "fewer fractions": ("static-jaws", _numbers("IntendedNumberOfFractions", lambda each: each - 1)),
}


def _break(monkeypatch: pytest.MonkeyPatch, convert: str, edit: Callable[[Item], None]) -> list[bool]:
    """Edit all that one direction makes; returns whether that changed anything."""
    right = getattr(roundtrip, convert)
    changed = []

    def broken(*sources: Any, **more: Any) -> Outcome:
        outcome: Outcome = right(*sources, **more)
        for number, made in enumerate(outcome.made):
            root = scan(made.data, implicit=False)
            edit(root)
            outcome.made[number] = replace(made, data=encode(root))
            changed.append(outcome.made[number].data != made.data)
        return outcome

    monkeypatch.setattr(roundtrip, convert, broken)
    return changed


@pytest.mark.parametrize("what", BACK)
def test_what_the_way_back_breaks_is_found(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    name, edit = BACK[what]
    changed = _break(monkeypatch, "convert_sets", edit)
    assert _is_found(_trip(name))
    assert any(changed)


@pytest.mark.parametrize("what", OUT)
def test_what_the_way_out_breaks_is_found(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    name, edit = OUT[what]
    changed = _break(monkeypatch, "convert_instance", edit)
    assert _is_found(_trip(name))
    assert any(changed)
