"""The way back over whole bundles: which instance answers a set, what is restored, joined or made anew."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pydicom
import pytest
from click.testing import CliRunner

import transcoder
from transcoder.batch import Input, Options, convert_folder
from transcoder.cli.convert import convert
from transcoder.dicom.difference import Matching, differences
from transcoder.dicom.elements import encode, scan, tag_of
from transcoder.dicom.files import read_file
from transcoder.dicom.instance import Instance
from transcoder.mapping.catalog import load

from ..conftest import SAMPLES, sample_names
from .test_roundtrip import REFUSED

FIRST = SAMPLES / "first"


def made(tmp_path: Path, *names: str, preserve: bool = False) -> Path:
    """The sets of some samples, below one folder."""
    out = tmp_path / "second"
    convert_folder([FIRST / f"{name}.dcm" for name in names], out, load(), Options(preserve=preserve))
    return out


def back(sources: list[Path], out: Path, **options: bool) -> list[Input]:
    """What a run of the way back says of its inputs."""
    return convert_folder(sources, out, load(), Options(to="first", **options))


def codes(line: Input) -> set[str]:
    return {finding.code for finding in line.findings}


def test_a_set_becomes_a_plan_with_its_sources_named(tmp_path: Path) -> None:
    """PS3.3 C.8.8.13.2: the group names the set, each beam its radiation, all are listed, none is copied through."""
    source = made(tmp_path, "vmat-two-arcs")
    lines = back([source], tmp_path / "first")
    assert {line.status for line in lines if line.path.endswith(".dcm")} == {"converted"}
    (path,) = (tmp_path / "first").rglob("*.dcm")
    plan = pydicom.dcmread(path)
    held = {pydicom.dcmread(each).SOPInstanceUID: pydicom.dcmread(each) for each in source.rglob("*.dcm")}
    (group,) = plan.FractionGroupSequence
    (named,) = group.DefinitionSourceSequence
    assert held[named.ReferencedSOPInstanceUID].SOPClassUID == named.ReferencedSOPClassUID
    for beam in plan.BeamSequence:
        (named,) = beam.DefinitionSourceSequence
        assert held[named.ReferencedSOPInstanceUID].SOPClassUID == named.ReferencedSOPClassUID
        assert "ReferencedBeamNumber" not in named
    listed = {
        each.ReferencedSOPInstanceUID for series in plan.ReferencedSeriesSequence
        for each in series.ReferencedInstanceSequence
    }  # fmt: skip
    assert listed == set(held)
    assert "ApprovalStatus" not in plan


# pydicom counts the bytes of a label; PS3.5 6.2 counts its characters.
@pytest.mark.filterwarnings("ignore:The value length:UserWarning")
@pytest.mark.parametrize("name", sample_names())
def test_the_ledger_of_the_way_back_closes(name: str) -> None:
    """Every element of the set and its radiations has a fate, every element of the plan an origin."""
    bundle = transcoder.transcode(transcoder.read([FIRST / f"{name}.dcm"])).bundle
    sets = [each for each in bundle.instances if each.SOPClassUID.endswith(".12")]
    if len(sets) > 1:
        pytest.skip("several sets of one plan are joined by test_joined_sets_become_groups")
    if name in REFUSED:
        with pytest.raises(transcoder.ConversionError) as refused:
            transcoder.transcode(bundle, to="first")
        assert {finding.code for finding in refused.value.findings if finding.severity == "error"} == {"T010"}
        return
    result = transcoder.transcode(bundle, to="first")
    source, target = result.account.source, result.account.target
    assert source.elements == sum(sum(1 for _ in each.iterall()) for each in bundle.instances)
    assert source.elements == source.carried + source.derived + source.declared + source.unaccounted
    assert source.unaccounted == 0
    (plan,) = result.bundle.instances
    assert target.elements == sum(1 for _ in plan.iterall())
    assert not [each for each in transcoder.validate(result.bundle) if each.severity is transcoder.Severity.ERROR]


def test_the_plan_at_hand_is_the_answer(tmp_path: Path) -> None:
    """A set whose plan is among the sources is not converted; --remake makes a new plan, the same each time."""
    source = made(tmp_path, "static-jaws")
    lines = back([source, FIRST / "static-jaws.dcm"], tmp_path / "first")
    (line,) = [line for line in lines if line.path.endswith("01-RTRadiationSet.dcm")]
    assert (line.status, line.outputs, codes(line)) == ("converted", [], {"T240"})
    uids = set()
    for run in ("a", "b"):
        back([source, FIRST / "static-jaws.dcm"], tmp_path / run, remake=True)
        (path,) = (tmp_path / run).rglob("*.dcm")
        uids.add(pydicom.dcmread(path).SOPInstanceUID)
    assert len(uids) == 1
    assert uids != {pydicom.dcmread(FIRST / "static-jaws.dcm").SOPInstanceUID}


def test_the_library_answers_with_the_plan() -> None:
    plan = transcoder.read([FIRST / "static-jaws.dcm"])
    both = transcoder.Bundle([*plan.members(), *transcoder.transcode(plan).bundle.members()])
    (found,) = transcoder.transcode(both, to="first").bundle.instances
    assert found.SOPInstanceUID == plan.instances[0].SOPInstanceUID


@pytest.mark.parametrize("name", sample_names())
def test_a_preserved_plan_comes_back_byte_for_byte(name: str, tmp_path: Path) -> None:
    """The file itself: UID, private elements and whatever a vendor hashed."""
    back([made(tmp_path, name, preserve=True)], tmp_path / "first")
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / "first").rglob("*.dcm")}
    assert digests == {hashlib.sha256((FIRST / f"{name}.dcm").read_bytes()).hexdigest()}


def test_a_set_that_was_changed_gives_no_old_plan_back(tmp_path: Path) -> None:
    source = made(tmp_path, "static-jaws", preserve=True)
    (path,) = source.rglob("02-*.dcm")
    radiation = pydicom.dcmread(path)
    radiation.CArmPhotonElectronControlPointSequence[0].SourceRollAngle += 1
    radiation.save_as(path)
    lines = back([source], tmp_path / "first")
    assert {line.status for line in lines if line.path.endswith(".dcm")} == {"refused"}
    assert any("T241" in codes(line) for line in lines)
    assert not list((tmp_path / "first").rglob("*.dcm"))
    back([source], tmp_path / "again", remake=True)
    (path,) = (tmp_path / "again").rglob("*.dcm")
    assert pydicom.dcmread(path).BeamSequence[0].ControlPointSequence[0].GantryAngle == 1


def test_an_altered_preserved_plan_is_refused(tmp_path: Path) -> None:
    source = made(tmp_path, "static-jaws", preserve=True)
    (path,) = source.rglob("01-*.dcm")
    path.write_bytes(path.read_bytes().replace(b"SAMPLES_1", b"SAMPLES_2"))
    lines = back([source], tmp_path / "first")
    assert any("T241" in codes(line) for line in lines)


def test_a_radiation_without_its_set_is_refused(tmp_path: Path) -> None:
    source = made(tmp_path, "static-jaws")
    next(iter(source.rglob("01-*.dcm"))).unlink()
    lines = [line for line in back([source], tmp_path / "first") if line.path.endswith(".dcm")]
    assert [(line.status, codes(line)) for line in lines] == [("refused", {"T245"})] * 2


def test_a_set_without_a_radiation_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    source = made(tmp_path, "static-jaws", "fff")
    (source / "static-jaws" / "02-CArmPhotonElectronRadiation.dcm").unlink()
    lines = {Path(line.path).parent.name: line for line in back([source], tmp_path / "first") if "01-" in line.path}
    assert (lines["static-jaws"].status, codes(lines["static-jaws"])) == ("refused", {"T200"})
    assert lines["fff"].status == "converted"
    assert [path.parent.name for path in (tmp_path / "first").rglob("*.dcm")] == ["fff"]


def test_joined_sets_become_groups(tmp_path: Path) -> None:
    """Only where the caller asks: each set is a plan of its own otherwise."""
    source = made(tmp_path, "two-fraction-groups")
    back([source], tmp_path / "alone")
    assert [len(pydicom.dcmread(path).FractionGroupSequence) for path in (tmp_path / "alone").rglob("*.dcm")] == [1, 1]
    lines = back([source], tmp_path / "joined", join=True)
    (path,) = (tmp_path / "joined").rglob("*.dcm")
    plan = pydicom.dcmread(path)
    assert [group.FractionGroupNumber for group in plan.FractionGroupSequence] == [1, 2]
    numbers = [beam.BeamNumber for beam in plan.BeamSequence]
    assert len(set(numbers)) == len(numbers) == 4
    used = [use.ReferencedBeamNumber for group in plan.FractionGroupSequence for use in group.ReferencedBeamSequence]
    assert sorted(used) == sorted(numbers)
    names = [group.DefinitionSourceSequence[0].ReferencedSOPInstanceUID for group in plan.FractionGroupSequence]
    assert len(set(names)) == 2
    assert {line.status for line in lines if line.path.endswith(".dcm")} == {"converted"}
    assert len({tuple(line.outputs) for line in lines if line.path.endswith(".dcm")}) == 1


def test_sets_of_different_plans_are_not_joined(tmp_path: Path) -> None:
    back([made(tmp_path, "static-jaws", "fff")], tmp_path / "joined", join=True)
    assert len(list((tmp_path / "joined").rglob("*.dcm"))) == 2


def test_two_runs_of_the_way_back_are_byte_identical(tmp_path: Path) -> None:
    source = made(tmp_path, "vmat-two-arcs", "couch-kicks", "dose-references")
    for run in ("a", "b"):
        back([source], tmp_path / run)
    files = [sorted(path.relative_to(tmp_path / run) for path in (tmp_path / run).rglob("*.*")) for run in ("a", "b")]
    assert files[0] == files[1]
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files[0])


def test_the_direction_is_taken_from_what_is_found(tmp_path: Path) -> None:
    source = made(tmp_path, "static-jaws")
    result = CliRunner().invoke(convert, [str(source), "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert json.loads((tmp_path / "out" / "report.json").read_text())["to"] == "first"
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == 1


def test_a_plan_is_consulted_and_not_converted_on_the_way_back(tmp_path: Path) -> None:
    (line,) = back([FIRST / "static-jaws.dcm"], tmp_path / "out")
    assert (line.status, codes(line)) == ("skipped", {"S004"})


def test_a_full_turn_comes_back_as_one(tmp_path: Path) -> None:
    """PS3.3 C.8.8.14.8: an angle that is stated again with a direction; so both stand at the same points."""
    back([made(tmp_path, "full-turn-arc")], tmp_path / "first")
    (path,) = (tmp_path / "first").rglob("*.dcm")
    for beam in pydicom.dcmread(path).BeamSequence:
        for point in beam.ControlPointSequence:
            assert ("GantryAngle" in point) == ("GantryRotationDirection" in point)


def test_a_difference_is_shown_without_a_name() -> None:
    one, other = (read_file(FIRST / f"{name}.dcm") for name in ("names-utf8", "names-cyrillic"))
    assert isinstance(one, Instance)
    assert isinstance(other, Instance)
    shown = [each for each in differences(one.item, other.item) if each.plain == "PatientName"]
    assert [(each.before.split(",")[0], each.after.split(",")[0]) for each in shown] == [("PN", "PN")]
    assert scan(b"", implicit=False) == {}


def test_a_meterset_without_unit_is_refused(tmp_path: Path) -> None:
    """PS3.3 C.8.8.14: Beam Meterset is in the Primary Dosimeter Unit, and without one it says nothing."""
    source = made(tmp_path, "static-jaws")
    path = next(iter(source.rglob("02-*.dcm")))
    radiation = pydicom.dcmread(path)
    del radiation.RadiationDosimeterUnitSequence
    radiation.save_as(path)
    lines = back([source], tmp_path / "first")
    assert any("T010" in codes(line) for line in lines)
    assert not list((tmp_path / "first").rglob("*.dcm"))


def test_items_are_matched_by_their_number() -> None:
    """Two tolerance tables in another order are the same tables; two that changed places are not."""
    read = read_file(FIRST / "tolerance-tables.dcm")
    assert isinstance(read, Instance)
    turned = scan(encode(read.item), implicit=False)
    tables = turned[tag_of("ToleranceTableSequence")].items
    tables.reverse()
    keys = {"ToleranceTableSequence": "ToleranceTableNumber"}
    assert list(differences(read.item, turned, Matching(keys=keys))) == []
    number = tag_of("ToleranceTableNumber")
    tables[0][number], tables[1][number] = tables[1][number], tables[0][number]
    assert list(differences(read.item, turned, Matching(keys=keys)))
