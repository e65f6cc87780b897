"""Stand-ins for radiations that no RT Plan can hold: only when asked for, marked, and never taken for the plan."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from pydicom import Dataset

import transcoder
from transcoder.api import convert_instance
from transcoder.cli.main import group
from transcoder.engine.split import Outcome
from transcoder.findings import Severity
from transcoder.mapping.catalog import load

from ..conftest import SAMPLES

sys.path.insert(0, str(SAMPLES))
from plans.elements import code
from plans.foreign import build_foreign, encoded
from plans.other_arms import ROBOTIC, TOMOTHERAPEUTIC, other_arms

E = Severity.ERROR
CLASSES = pytest.mark.parametrize("sop_class", [TOMOTHERAPEUTIC, ROBOTIC])


def brought(datasets: list[Dataset], *, surrogate: bool) -> Outcome:
    whole, *others = list(transcoder.read(datasets).members())
    return convert_instance(whole, others, load(), to="first", surrogate=surrogate)


def plan_of(outcome: Outcome) -> Dataset:
    (made,) = outcome.made
    return transcoder.Bundle(encoded=[made.data]).instances[0]


@CLASSES
def test_refused_unless_asked_for(sop_class: str) -> None:
    outcome = brought(other_arms(sop_class), surrogate=False)
    assert outcome.made == []
    assert [finding.code for finding in outcome.findings] == ["T214"]


@CLASSES
def test_one_marked_static_beam(sop_class: str) -> None:
    datasets = other_arms(sop_class)
    assert [str(found) for found in transcoder.validate(transcoder.read(datasets)) if found.severity is E] == []
    outcome = brought(datasets, surrogate=True)
    assert [finding.code for finding in outcome.findings if finding.severity is not Severity.INFO] == ["T223"]
    plan = plan_of(outcome)
    assert [str(found) for found in transcoder.validate(transcoder.read([plan])) if found.severity is E] == []
    assert plan.RTPlanLabel == "SURROGATE"
    (group,), (beam,) = plan.FractionGroupSequence, plan.BeamSequence
    assert group.FractionGroupDescription == beam.BeamDescription
    assert group.FractionGroupDescription.startswith("SURROGATE")
    assert beam.BeamName == "SURROGATE"
    assert beam.BeamType == "STATIC"
    assert len(beam.ControlPointSequence) == 2
    assert group.ReferencedBeamSequence[0].BeamMeterset == 181.5
    named = [each.DefinitionSourceSequence[0] for each in (group, beam)]
    assert [str(each.ReferencedSOPInstanceUID) for each in named] == [str(each.SOPInstanceUID) for each in datasets]
    assert [str(each.ReferencedSOPClassUID) for each in named] == [str(each.SOPClassUID) for each in datasets]
    assert plan.get("ApprovalStatus", "UNAPPROVED") == "UNAPPROVED"


def test_seconds_become_minutes() -> None:
    """CID 9557 knows seconds, and Primary Dosimeter Unit MU and MINUTE (C.8.8.14)."""
    datasets = other_arms(TOMOTHERAPEUTIC)
    datasets[1].RadiationDosimeterUnitSequence = [code("s", "s", "UCUM")]
    assert [str(found) for found in transcoder.validate(transcoder.read(datasets)) if found.severity is E] == []
    plan = plan_of(brought(datasets, surrogate=True))
    assert [str(found) for found in transcoder.validate(transcoder.read([plan])) if found.severity is E] == []
    (group,), (beam,) = plan.FractionGroupSequence, plan.BeamSequence
    assert beam.PrimaryDosimeterUnit == "MINUTE"
    assert float(group.ReferencedBeamSequence[0].BeamMeterset) == 181.5 / 60
    assert [float(point.CumulativeMetersetWeight) for point in beam.ControlPointSequence] == [0, 181.5 / 60]


@CLASSES
def test_everything_is_accounted_for(sop_class: str) -> None:
    outcome = brought(other_arms(sop_class), surrogate=True)
    assert outcome.account is not None
    source = outcome.account.source
    assert source.unaccounted == 0
    assert source.elements == source.carried + source.derived + source.declared
    points = [entry for entry in outcome.account.entries if "ControlPointSequence/" in entry.path]
    assert {entry.fate for entry in points} == {"carried", "declared"}
    assert {entry.path.rpartition("/")[2] for entry in points if entry.fate == "carried"} == {"CumulativeMeterset"}


@CLASSES
def test_a_stand_in_is_not_taken_for_the_plan(sop_class: str) -> None:
    plan = plan_of(brought(other_arms(sop_class), surrogate=True))
    (instance,) = transcoder.read([plan]).members()
    outcome = convert_instance(instance, [], load(), to="second")
    assert outcome.made == []
    assert {finding.code for finding in outcome.findings if finding.severity is E} == {"T224"}
    # Its mark is enough, and so is its source.
    for each in (plan.FractionGroupSequence[0], plan.BeamSequence[0]):
        each.pop("DefinitionSourceSequence", None)
    (instance,) = transcoder.read([plan]).members()
    assert {finding.code for finding in convert_instance(instance, [], load()).findings} == {"T224"}


def test_a_plan_that_names_a_robotic_source_is_a_stand_in() -> None:
    """As other makers write them, without our marks."""
    plan = plan_of(brought(other_arms(ROBOTIC), surrogate=True))
    plan.RTPlanLabel, plan.BeamSequence[0].BeamDescription = "PLAN", "Beam"
    del plan.FractionGroupSequence[0].FractionGroupDescription
    (instance,) = transcoder.read([plan]).members()
    codes = {finding.code for finding in convert_instance(instance, [], load()).findings}
    assert "T224" in codes


def test_the_same_twice() -> None:
    one, other = (brought(other_arms(ROBOTIC), surrogate=True).made[0].data for _ in range(2))
    assert one == other


def test_a_c_arm_is_converted_as_ever() -> None:
    datasets = build_foreign("turned-devices")
    with_, without = (brought(datasets, surrogate=each).made[0].data for each in (True, False))
    assert with_ == without


def test_on_the_command_line(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for number, each in enumerate(other_arms(TOMOTHERAPEUTIC)):
        (source / f"{number}.dcm").write_bytes(encoded(each))
    call = ["convert", str(source), "--to", "first", "-q", "-o"]
    assert CliRunner().invoke(group, [*call, str(tmp_path / "refused")]).exit_code == 1
    assert not list((tmp_path / "refused").rglob("*.dcm"))
    assert CliRunner().invoke(group, [*call, str(tmp_path / "out"), "--surrogate"]).exit_code == 0
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == 1


def test_in_the_library() -> None:
    result = transcoder.transcode(transcoder.read(other_arms(ROBOTIC)), to="first", surrogate=True)
    assert [finding.code for finding in result.findings] == ["T223"]
