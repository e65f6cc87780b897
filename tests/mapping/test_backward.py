"""Rules run from their second side: what the examples of the sheets do not show."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.mapping.fragments import item_of, plain
from transcoder.codecs.registry import Cell
from transcoder.dicom.columns import Column
from transcoder.dicom.elements import Item, encode_element, scan_items, tag_of
from transcoder.dicom.held import HeldRowWriter
from transcoder.dicom.values import Texts
from transcoder.engine.backward import run_rule_back
from transcoder.engine.ledger import Ledger
from transcoder.engine.scope import Run, Scope
from transcoder.engine.tree import TargetTree
from transcoder.mapping.catalog import load
from transcoder.mapping.model import Condition, Rule, Via
from transcoder.paths import parse

MAPPING = load()
RULES = MAPPING.rules()


def _run(rule: Rule, second: dict[str, Any], **bound: Any) -> tuple[dict[str, Any], Scope]:
    root = item_of(second, MAPPING)
    tree = TargetTree()
    paths = [*rule.first, *rule.second, *(each.path for each in rule.when_second)]
    roles = {path.role for path in paths if not path.name}
    scope = Scope(
        run=Run(MAPPING, Ledger(root, {}), Texts(), lenient=False),
        items=dict.fromkeys(roles, root),
        places={},
        tables={},
        target=tree,
        targets=dict.fromkeys(roles, tree.root),
        writers={},
        bound={name: Cell(value) for name, value in bound.items()},
        incomplete=[],
    )
    run_rule_back(scope, rule)
    return plain(tree.root, MAPPING), scope


def _codes(scope: Scope) -> list[str]:
    return [finding.code for finding in scope.run.findings]


def test_a_term_that_no_row_has_is_refused() -> None:
    told, scope = _run(RULES["set.intent"], {"RTRadiationSetIntent": "NOTHING"})
    assert told == {}
    assert _codes(scope) == ["T018"]


def test_a_term_that_several_share_is_not_guessed() -> None:
    """TREATMENT may be CURATIVE, PALLIATIVE or PROPHYLACTIC: Plan Intent is left out."""
    told, scope = _run(RULES["set.intent"], {"RTRadiationSetIntent": "TREATMENT"})
    assert told == {}
    assert _codes(scope) == []


def test_an_open_table_says_nothing_of_other_terms() -> None:
    told, scope = _run(RULES["beam.special_mode"], {"TreatmentMachineSpecialModeCodeSequence": ["photon"]})
    assert (told, _codes(scope)) == ({}, [])


def test_a_rule_that_runs_forward_only_does_nothing() -> None:
    assert _run(RULES["sop.instance"], {"SOPInstanceUID": "2.25.1"})[0] == {}


def test_a_constant_does_nothing() -> None:
    assert _run(RULES["beam.record_flag"], {"RTRecordFlag": "NO"})[0] == {}


def test_a_constant_of_the_way_back_is_written() -> None:
    rule = Rule(
        id="back.geometry",
        mark=RULES["beam.sad"].mark,
        first=(parse("@plan/RTPlanGeometry"),),
        value="PATIENT",
        one_way="backward",
        reason="always with a frame of reference",
        when_second=(Condition("present", parse("@set/FrameOfReferenceUID")),),
    )
    assert _run(rule, {"FrameOfReferenceUID": "1.2"})[0] == {"RTPlanGeometry": "PATIENT"}
    assert _run(rule, {})[0] == {}


def test_an_absent_value_brings_nothing_back() -> None:
    told, scope = _run(RULES["beam.sad"], {"RTBeamModifierDefinitionDistance": 1000})
    assert (told, _codes(scope)) == ({}, [])


def test_a_second_value_that_a_codec_only_reads_changes_nothing() -> None:
    second = {"RadiationSourceAxisDistance": 1000, "RTBeamModifierDefinitionDistance": 999}
    told, scope = _run(RULES["beam.sad"], second)
    assert (told, _codes(scope)) == ({"SourceAxisDistance": 1000.0}, [])


def test_an_illegal_value_is_a_finding() -> None:
    rule = replace(RULES["beam.time_limit"], second=(parse("@radiation/UserContentLabel"),))
    told, scope = _run(rule, {"UserContentLabel": "x"})
    assert told == {}
    assert _codes(scope) == ["T003"]


def test_codecs_of_a_chain_run_in_reverse() -> None:
    chain = (Via("offset", (("by", 1),)), Via("scale", (("by", "10"),)))
    rule = replace(RULES["beam.time_limit"], via=chain)
    assert _run(rule, {"TreatmentTimeLimit": 50})[0] == {"BeamDeliveryDurationLimit": 4.0}


def test_a_value_for_a_name_is_bound_with_its_source() -> None:
    _, scope = _run(RULES["mode.energy"], {"NominalEnergy": 6})
    assert scope.bound["energy"].value.tolist() == [6.0]
    assert len(scope.bound["energy"].sources) == 1


def test_a_selected_item_is_found_by_its_code() -> None:
    rule = RULES["tolerance.pitch"]
    items = [
        {"ConceptNameCodeSequence": ["couch_yaw"], "NumericValue": 1},
        {"ConceptNameCodeSequence": ["couch_pitch"], "NumericValue": 2},
    ]
    second = {"PatientSupportPositionDeviceToleranceSequence": [{"PatientSupportPositionToleranceSequence": items}]}
    assert _run(rule, second)[0] == {"TableTopPitchAngleTolerance": 2.0}


def test_a_selected_item_is_found_by_its_tag() -> None:
    second = {
        "AttributeToleranceValuesSequence": [
            {"SelectorAttribute": "RTBeamLimitingDeviceAngle", "ToleranceValue": 3},
            {"SelectorAttribute": "SourceRollAngle", "ToleranceValue": 4},
        ]
    }
    assert _run(RULES["tolerance.gantry"], second)[0] == {"GantryAngleTolerance": 4.0}


@pytest.mark.parametrize(
    ("values", "stated"),
    [
        ([1, 1, 1], [1, None, None]),
        ([1, 1, 2], [1, 1, 2]),
        ([1, 2, 2], [1, 2, 2]),
        ([float("nan"), 2, 2], [None, 2, 2]),
    ],
)
def test_what_changes_anywhere_stands_everywhere(values: list[float], stated: list[float | None]) -> None:
    """PS3.3 C.8.8.14.5."""
    column = Column.held("GantryAngle", np.array(values, dtype=float)[:, None], "mapped")
    expected = [None if each is None else encode_element(tag_of("GantryAngle"), "DS", b"%d" % each) for each in stated]
    assert column.rows == expected


def test_the_item_of_a_device_is_complete() -> None:
    """PS3.3 C.8.8.14.18: an offset that does not change stands beside the leaves that do."""
    writer = HeldRowWriter(3)
    name = "EnhancedRTBeamLimitingOpeningSequence"
    for device, leaves in ((1, [[-1, 1], [-1, 1], [-2, 1]]), (2, [[-5, 5], [-5, 5], [-5, 5]])):
        writer.announce(name, "ReferencedDeviceIndex", device, "US", device.to_bytes(2, "little"))
        for word, values in (
            ("ParallelRTBeamDelimiterPositions", leaves),
            ("RTBeamLimitingDeviceOffset", [[0, 0]] * 3),
        ):
            column = writer.column(word, np.array(values, dtype=float), "mapped")
            writer.add_nested(name, "ReferencedDeviceIndex", "", device, column)
    points = [plain(item, MAPPING) for item in _items(writer)]
    assert [[each["ReferencedDeviceIndex"] for each in point[name]] for point in points] == [[1, 2], [1], [1]]
    assert all(len(each) == 3 for point in points for each in point[name])


def _items(writer: HeldRowWriter) -> list[Item]:
    data = writer.encode()
    return scan_items(data, 0, len(data), implicit=False)[0]
