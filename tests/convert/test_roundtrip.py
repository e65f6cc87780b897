"""There and back: every difference between what went out and what came home has a reason."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.geometry.random_plans import random_plan
from transcoder.cli.roundtrip import roundtrip
from transcoder.codecs import CODECS
from transcoder.codecs.apertures import LeafPositions
from transcoder.dicom.bundle import instance_of
from transcoder.dicom.consult import Shelf
from transcoder.dicom.elements import Item, tag_of
from transcoder.dicom.files import read_file
from transcoder.dicom.instance import Instance
from transcoder.engine import blocks_back
from transcoder.mapping.catalog import load
from transcoder.roundtrip import Trip, round_trip

from ..conftest import PUBLIC, SAMPLES, public_plans, sample_names

Column = NDArray[np.float64]
PLANS = int(os.environ.get("TRANSCODER_TRIPS", "500"))
# What a set cannot hold and an RT Plan must have (T010): the way back is refused and says which attribute.
REFUSED = {
    "bolus": "ReferencedROINumber",
    "compensator": "CompensatorRows",
}


def trip_of(path: Path, *others: Path) -> Trip | None:
    read = read_file(path)
    if not isinstance(read, Instance):
        return None
    beside = [each for each in map(read_file, others) if isinstance(each, Instance)]
    return round_trip(read, beside, load(), lenient=True)


@pytest.mark.parametrize("name", sample_names())
def test_every_sample_returns(name: str) -> None:
    trip = trip_of(SAMPLES / "first" / f"{name}.dcm", SAMPLES / "first" / "no-frame-of-reference.structures.dcm")
    assert trip is not None
    if name in REFUSED:
        assert trip.status == "refused on the way back"
        (error,) = [finding for finding in trip.findings if finding.severity == "error"]
        assert error.code == "T010"
        assert REFUSED[name] in error.message
        return
    assert trip.status == "returned"
    assert [row for row in trip.rows if not row.reason] == []


SETS = sorted(
    f"{kind}/{path.name}"
    for kind in ("second", "foreign", "beside")
    for path in (SAMPLES / kind).iterdir()
    if path.is_dir()
)


@pytest.mark.parametrize("folder", SETS)
def test_every_set_returns(folder: str) -> None:
    """The other way round: set to plan to set."""
    paths = sorted((SAMPLES / folder).glob("*.dcm"))
    shelf = Shelf(paths, {f"1.2.840.10008.5.1.4.1.1.481.{number}" for number in range(10, 26)})
    for path in paths:
        if path.name not in ("set.dcm", "01-RTRadiationSet.dcm", "04-RTRadiationSet.dcm"):
            continue
        read = read_file(path)
        assert isinstance(read, Instance)
        trip = round_trip(read, shelf.beside(read), load())
        assert trip is not None
        if folder.removeprefix("second/") in REFUSED:
            assert trip.status == "refused"
            continue
        assert trip.status == "returned"
        assert [row for row in trip.rows if not row.reason] == []


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public plans are not part of the project")
@pytest.mark.parametrize("path", public_plans(), ids=lambda path: path.name)
def test_every_public_plan_returns(path: Path) -> None:
    trip = trip_of(path)
    if trip is None or trip.status == "refused":
        pytest.skip("not converted on the way out; tests/convert/test_whole.py says why")
    if trip.status != "returned":
        assert {finding.code for finding in trip.findings if finding.severity == "error"} == {"T010"}
        return
    assert [row for row in trip.rows if not row.reason] == []


@settings(max_examples=PLANS, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(seed=st.integers(0, 2**24), draw=st.randoms(use_true_random=False))
def test_any_plan_returns(seed: int, draw: random.Random) -> None:
    """Random devices, turns, couch positions in every patient position, uneven metersets, omitted repeats."""
    trip = round_trip(instance_of(random_plan(seed, eccentric=False, draw=draw)), [], load())
    assert trip is not None
    assert trip.status == "returned", [str(finding) for finding in trip.findings if finding.severity == "error"]
    assert [row for row in trip.rows if not row.reason] == []


def _aside(positions: Column) -> Column:
    return positions + 0.1


def _mirrored(positions: Column) -> Column:
    return -positions


def _other_bank(positions: Column) -> Column:
    return positions[:, ::-1]


def _anything(positions: Column) -> Column:
    return np.full_like(positions, 5.0)


@pytest.mark.parametrize("wrong", [_aside, _mirrored, _other_bank, _anything])
@pytest.mark.parametrize("way", ["forward", "backward"])
def test_leaves_that_come_home_elsewhere_are_found(
    monkeypatch: pytest.MonkeyPatch, way: str, wrong: Callable[[Column], Column]
) -> None:
    """An offset or a turned device is the one reason for other positions, and here is neither."""
    info = CODECS["leaf_positions"]
    right = getattr(info, way)

    def broken(*values: object, **more: object) -> tuple[object, ...]:
        positions, *rest = right(*values, **more)
        return wrong(positions), *rest

    monkeypatch.setitem(CODECS, "leaf_positions", replace(info, **{way: broken}))
    trip = trip_of(SAMPLES / "first" / "static-mlc.dcm")
    assert trip is not None
    assert trip.unexplained


@pytest.mark.parametrize("sample", ["static-mlc", "enhanced-devices"])
def test_sets_whose_leaves_come_home_elsewhere_are_found(monkeypatch: pytest.MonkeyPatch, sample: str) -> None:
    """A set is held to it by a second way home, which finds nothing left to normalise."""
    info = CODECS["leaf_positions"]
    wrong = lambda *values, **more: (-LeafPositions.backward(*values, **more)[0], None)  # noqa: E731
    monkeypatch.setitem(CODECS, "leaf_positions", replace(info, backward=wrong))
    folder = SAMPLES / "second" / sample
    (path,) = folder.glob("*RTRadiationSet*.dcm")
    trip = trip_of(path, *(each for each in sorted(folder.glob("*.dcm")) if each != path))
    assert trip is not None
    assert trip.unexplained


@pytest.mark.parametrize("lost", ["block.edge", "block.thickness"])
def test_a_block_that_comes_home_without_its_shape_is_found(monkeypatch: pytest.MonkeyPatch, lost: str) -> None:
    """What a block without shape is given on the way out is no reason for having lost one."""
    right = blocks_back.run_rule_back
    monkeypatch.setattr(blocks_back, "run_rule_back", lambda scope, rule: rule.id == lost or right(scope, rule))
    trip = trip_of(SAMPLES / "first" / "block-aperture.dcm")
    assert trip is not None
    assert trip.unexplained


def test_a_lost_beam_name_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from transcoder import roundtrip as module

    home = module._unlinked

    def nameless(item: Item) -> Item:
        copy = home(item)
        for beam in copy[tag_of("BeamSequence")].items:
            beam.pop(tag_of("GantryAngle"), None)
            for point in beam[tag_of("ControlPointSequence")].items:
                point.pop(tag_of("GantryAngle"), None)
        return copy

    monkeypatch.setattr(module, "_unlinked", nameless)
    trip = trip_of(SAMPLES / "first" / "static-jaws.dcm")
    assert trip is not None
    assert trip.unexplained


def test_the_command_prints_a_table_and_tells_by_its_status(tmp_path: Path) -> None:
    plan = str(SAMPLES / "first" / "static-jaws.dcm")
    result = CliRunner().invoke(roundtrip, [plan, "--json", str(tmp_path / "trip.json")])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1].endswith("0 unexplained")
    (trip,) = json.loads((tmp_path / "trip.json").read_text())
    assert (trip["status"], trip["unexplained"]) == ("returned", 0)
    assert trip["differences"] == len(trip["rows"])
    assert {"path", "before", "after", "reason"} == set(trip["rows"][0])


def test_a_folder_with_nothing_to_take_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    assert CliRunner().invoke(roundtrip, [str(tmp_path)]).exit_code == 1
