"""Every attribute position of the source IODs has a rule or a reason, and every one of their modules is looked at."""

from __future__ import annotations

import sys

import pytest
from click.testing import CliRunner

from transcoder.cli.check import check, table
from transcoder.mapping.catalog import load
from transcoder.mapping.check_roles import iod_of, visits
from transcoder.mapping.check_writes import writes_of
from transcoder.mapping.coverage import FATES, Coverage, coverage
from transcoder.standard import iod, positions

COVERED = coverage(load())
RECORDED = coverage(load(), "record")


@pytest.mark.parametrize("covered", [COVERED, RECORDED], ids=lambda covered: covered.iod)
def test_every_position_is_accounted_for(covered: Coverage, capsys: pytest.CaptureFixture[str]) -> None:
    total = covered.total()
    with capsys.disabled():
        lines = ["", *table(covered), f"not built yet: {total['notyet']} of {total['positions']} positions", ""]
        sys.stdout.write("\n".join(lines))
    assert covered.uncovered() == []
    assert sum(total[kind] for kind in FATES) == total["positions"] == len(list(positions(covered.iod)))


@pytest.mark.parametrize("covered", [COVERED, RECORDED], ids=lambda covered: covered.iod)
def test_every_module_is_listed(covered: Coverage) -> None:
    assert {module.key for module in covered.modules} == {use.key for use in iod(covered.iod).modules}


def test_what_stands_in_for_another_family_accounts_for_the_same() -> None:
    assert coverage(load(), "salvage").uncovered() == []


def test_every_family_has_its_table() -> None:
    assert {COVERED.iod, RECORDED.iod} == {coverage(load(), family).iod for family in load().families}


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
    _is_fate(COVERED, path, kind)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("TreatmentSessionBeamSequence/ControlPointDeliverySequence/DeliveredMeterset", "rule"),
        ("TreatmentSessionBeamSequence/ControlPointDeliverySequence/OverrideSequence/OverrideReason", "rule"),
        ("TreatmentSessionBeamSequence/ControlPointDeliverySequence/DoseRateDelivered", "never"),
        ("TreatmentMachineSequence/DeviceSerialNumber", "rule"),
        ("TreatmentSessionBeamSequence/TreatmentVerificationStatus", "derived"),
        ("CurrentTreatmentStatus", "never"),
    ],
)
def test_fate_of_a_record(path: str, kind: str) -> None:
    _is_fate(RECORDED, path, kind)


def _is_fate(covered: Coverage, path: str, kind: str) -> None:
    fates = {fate.path: fate for module in covered.modules for fate in module.fates}
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
    assert result.output.splitlines() == ["rt-plan", *table(COVERED), "rt-beams-treatment-record", *table(RECORDED)]


def test_command_lists_one_kind() -> None:
    result = CliRunner().invoke(check, ["--list", "derived"])
    assert "BeamSequence/BeamType  STATIC or DYNAMIC" in result.output


def test_command_says_that_all_is_well() -> None:
    result = CliRunner().invoke(check, [])
    assert result.exit_code == 0
    assert result.output.endswith(": no faults\n")


# What stands below these is accounted for where the rule of the sequence runs.
SHAPE = "CompensatorDefinitionSequence/CompensatorShapeSequence"
WITH_ALL_BELOW = (
    "AuthorIdentificationSequence",
    "EquipmentReferencePointCoordinatesSequence",
    "ReferencedRTPhysicianIntentSequence",
    f"{SHAPE}/CompensatorShapeFabricationCodeSequence",
)


@pytest.mark.parametrize("number", [0, 1], ids=["set", "radiation"])
def test_every_position_of_the_second_side_is_accounted_for(number: int) -> None:
    """A set of another maker may hold any of them, and its ledger knows what becomes of it."""
    mapping = load()
    family = mapping.families["plan"]
    target = family.targets[number]
    key = iod_of(target.sop_class)
    written = [
        each
        for visit in visits(mapping)
        if visit.family is family
        for each in writes_of(visit, mapping, family)
        if each.base.iod == key
    ]
    whole = {each.base.prefix for each in written if each.whole} | set(WITH_ALL_BELOW)
    known = {each.base.prefix for each in written} | whole
    known |= {"/".join(path.split("/")[:depth]) for path in known for depth in range(1, path.count("/") + 1)}
    sheets = [mapping.sheets[name] for name in target.sheets]
    whole |= {each.path for sheet in sheets if sheet.second not in family_roles() for each in sheet.declared_second
              if not each.where}  # fmt: skip
    assert [path for path, _, _ in positions(key) if path not in known and not _above(path) & whole] == []


def family_roles() -> set[str]:
    """The roles of what is consulted beside a set, whose declarations are about itself."""
    return {entry.role for entry in load().families["plan"].beside}


def _above(path: str) -> set[str]:
    steps = path.split("/")
    return {"/".join(steps[:depth]) for depth in range(1, len(steps) + 1)}
