"""Every attribute position of the RT Plan IOD has a rule or a reason, and every one of its modules is looked at."""

from __future__ import annotations

import sys

import pytest
from click.testing import CliRunner

from transcoder.cli.check import check, table
from transcoder.mapping.catalog import load
from transcoder.mapping.coverage import FATES, coverage
from transcoder.standard import iod, positions

COVERED = coverage(load())


def test_every_position_is_accounted_for(capsys: pytest.CaptureFixture[str]) -> None:
    total = COVERED.total()
    with capsys.disabled():
        lines = ["", *table(COVERED), f"not built yet: {total['notyet']} of {total['positions']} positions", ""]
        sys.stdout.write("\n".join(lines))
    assert COVERED.uncovered() == []
    assert sum(total[kind] for kind in FATES) == total["positions"] == len(list(positions("rt-plan")))


def test_every_module_is_listed() -> None:
    assert {module.key for module in COVERED.modules} == {use.key for use in iod("rt-plan").modules}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("PatientName", "rule"),
        ("BeamSequence/ControlPointSequence/GantryAngle", "rule"),
        ("BeamSequence/RTTreatmentTechniqueCodeSequence/CodeValue", "rule"),
        ("BeamSequence/BeamType", "derived"),
        ("ApprovalStatus", "never"),
        ("PatientSetupSequence/SetupTechnique", "notyet"),
        ("ApplicationSetupSequence/ApplicationSetupType", "never"),
    ],
)
def test_fate(path: str, kind: str) -> None:
    fates = {fate.path: fate for module in COVERED.modules for fate in module.fates}
    assert fates[path].kind == kind
    assert fates[path].rule or fates[path].reason


def test_an_entry_with_where_covers_nothing_below() -> None:
    """BeamSequence has one for beams that make no radiation; it must not hide attributes of those that do."""
    entries = {entry.path: entry for sheet in load().sheets.values() for entry in sheet.declared}
    assert entries["BeamSequence"].where
    fates = [fate for module in COVERED.modules for fate in module.fates if fate.path.startswith("BeamSequence/")]
    assert not any(fate.reason == entries["BeamSequence"].reason for fate in fates)


def test_command_prints_the_table() -> None:
    result = CliRunner().invoke(check, ["--coverage"])
    assert result.exit_code == 0
    assert result.output.splitlines() == table(COVERED)


def test_command_lists_one_kind() -> None:
    result = CliRunner().invoke(check, ["--list", "derived"])
    assert "BeamSequence/BeamType  STATIC or DYNAMIC" in result.output


def test_command_says_that_all_is_well() -> None:
    result = CliRunner().invoke(check, [])
    assert result.exit_code == 0
    assert result.output.endswith(": no faults\n")
