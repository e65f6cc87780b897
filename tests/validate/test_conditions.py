"""Conditions: the algebra by itself, and every condition of the tables killed by what it says."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import pytest
from minimal import add, text_value
from solve import scope_at, solve, write

from transcoder.dicom.elements import Item, tag_of
from transcoder.standard import Attribute, iod, iods, module, positions
from transcoder.validator.conditions import Decided, compile_condition
from transcoder.validator.iod import check_tables
from transcoder.validator.scope import Run, Scope

TRUE: dict[str, Any] = {"all": []}
FALSE: dict[str, Any] = {"any": []}
UNKNOWN: dict[str, Any] = {"external": "the world"}
VALUES: dict[Decided, dict[str, Any]] = {True: TRUE, False: FALSE, None: UNKNOWN}


def decide(condition: dict[str, Any], **values: object) -> Decided:
    scope = Scope(Item(), Run())
    for word, value in values.items():
        write(scope, word, value)
    return compile_condition(condition)(scope)


@pytest.mark.parametrize("left", VALUES)
@pytest.mark.parametrize("right", VALUES)
def test_three_values(left: Decided, right: Decided) -> None:
    """Kleene's tables: unknown gives way to what decides, and to nothing else."""
    pair = [VALUES[left], VALUES[right]]
    known = {left, right}
    assert decide({"all": pair}) is (False if False in known else None if None in known else True)
    assert decide({"any": pair}) is (True if True in known else None if None in known else False)
    assert decide({"not": VALUES[left]}) is (None if left is None else not left)


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        ({"present": "BeamName"}, {"BeamName": "x"}, True),
        ({"present": "BeamName"}, {}, False),
        ({"absent": "BeamName"}, {}, True),
        ({"nonempty": "BeamName"}, {"BeamName": ""}, False),
        ({"empty": "BeamName"}, {}, True),
        ({"equals": ["FluenceMode", "STANDARD"]}, {"FluenceMode": "STANDARD"}, True),
        ({"equals": ["FluenceMode", "STANDARD"]}, {}, False),
        ({"not_equals": ["FluenceMode", "STANDARD"]}, {}, False),
        ({"not_equals": ["FluenceMode", "STANDARD"]}, {"FluenceMode": "NON_STANDARD"}, True),
        ({"in": ["ApprovalStatus", ["APPROVED", "REJECTED"]]}, {"ApprovalStatus": "REJECTED"}, True),
        ({"greater_than": ["NumberOfBeams", 0]}, {"NumberOfBeams": 0}, False),
        ({"greater_than": ["NumberOfBeams", 0]}, {"NumberOfBeams": 2}, True),
        ({"greater_than": ["NumberOfRTControlPoints", 1]}, {"NumberOfRTControlPoints": 2}, True),
        ({"code_in": ["DeviceTypeCodeSequence", [["1", "DCM"]]]}, {"DeviceTypeCodeSequence": ("1", "DCM")}, True),
        ({"code_in": ["DeviceTypeCodeSequence", [["1", "DCM"]]]}, {"DeviceTypeCodeSequence": ("1", "SCT")}, False),
        ({"sop_class_not_in": ["1.2.3"]}, {"SOPClassUID": "1.2.3"}, False),
        ({"changes_within": {"sequence": "ControlPointSequence", "attribute": "GantryAngle"}}, {}, None),
        ({"references_instances_in": "same_study"}, {}, None),
    ],
)
def test_operator(condition: dict[str, Any], values: dict[str, object], expected: Decided) -> None:
    assert decide(condition, **values) is expected


def test_a_damaged_number_decides_nothing_and_does_not_stop() -> None:
    scope = Scope(Item(), Run())
    scope.item.put(tag_of("NumberOfBeams"), "IS", b"two ")
    assert compile_condition({"greater_than": ["NumberOfBeams", 0]})(scope) is False


def test_an_unknown_operator_is_refused() -> None:
    with pytest.raises(KeyError):
        compile_condition({"sometimes": "BeamName"})


@cache
def curated() -> list[tuple[str, str, str, Attribute]]:
    """Each condition of the tables once: IOD, module, path, attribute; control points of plans before shared ones."""
    rows: dict[int, tuple[str, str, str, Attribute]] = {}
    for key in iods():
        for path, attribute, holder in positions(key):
            is_group = path.count("/") == 1 and "FunctionalGroupsSequence/" in path  # may stand in either place
            if attribute.condition is not None and id(attribute) not in rows and not is_group:
                rows[id(attribute)] = (key, holder.key, path, attribute)
    return list(rows.values())


def root_of(key: str, name: str, own: str) -> Item:
    """A bare data set of an IOD in which a module is present by another of its own attributes."""
    root = Item()
    root.put(tag_of("SOPClassUID"), "UI", text_value("UI", iod(key).sop_classes[0]))
    others = {row.tag for use in iod(key).modules if use.key != name for row in module(use.key).attributes}
    asked = repr([row.condition for row in module(name).attributes if row.keyword == own])
    rows = [row for row in module(name).attributes if row.keyword != own and row.tag not in others]
    for attribute in sorted(rows, key=lambda row: (row.condition is not None, f"'{row.keyword}'" in asked))[:1]:
        add(root, attribute)
    return root


def told(root: Item, path: str) -> set[str]:
    """The codes about presence at a path."""
    codes = {"V110", "V112", "V113", "V115", "V116"}
    return {each.code for each in check_tables(root) if each.code in codes and each.path == path}


def milder(key: str, path: str) -> bool:
    """Whether another module of the IOD has the attribute at the same place without a condition."""
    return any(place == path and row.type in ("1", "2", "3") for place, row, _ in positions(key))


def arranged(key: str, name: str, path: str, attribute: Attribute, want: bool) -> tuple[Item, Scope, Decided]:
    """A data set in which the condition at a path has the value wanted, if the file can say so."""
    *above, word = path.split("/")
    root = root_of(key, name, word if not above else above[0])
    scope = scope_at(root, above)
    condition = attribute.condition
    assert condition is not None
    solve(scope, condition, want)
    return root, scope, compile_condition(condition)(scope)


def test_every_condition_is_killed() -> None:
    """Met and absent is told; met and present is not; not met and present is told unless permitted."""
    count: Counter[str] = Counter()
    alive: list[str] = []
    for key, name, path, attribute in curated():
        for want in (True, False):
            root, scope, verdict = arranged(key, name, path, attribute, want)
            if verdict is not want:
                count["open"] += 1
                continue
            scope.item.pop(attribute.tag, None)
            place = scope.place(attribute.tag)
            absent = told(root, place)
            add(scope.item, attribute)
            present = told(root, place)
            good = not (want and "V116" in present)
            if not milder(key, path):
                good = good and bool(absent) is want and (want or attribute.otherwise is not False or "V116" in present)
            count["rows"] += 1
            if not good:
                alive.append(f"{key} {path} {want}: absent {absent}, present {present}")
    assert not alive, "\n".join([f"{len(alive)} of {count['rows']}", *alive[:40]])
    assert count["rows"] >= 2000, count


def test_every_permission_is_killed() -> None:
    """Where presence is permitted under a second condition only, it is told when neither of the two is met."""
    count: Counter[bool] = Counter()
    alive: list[str] = []
    for key, name, path, attribute in curated():
        if isinstance(attribute.otherwise, bool) or attribute.condition is None or milder(key, path):
            continue
        required, permitted = compile_condition(attribute.condition), attribute.otherwise["only_if"]
        for want in (True, False):
            *above, word = path.split("/")
            root = root_of(key, name, word if not above else above[0])
            scope = scope_at(root, above)
            solve(scope, attribute.condition, False)
            solve(scope, permitted, want)
            if required(scope) is not False or compile_condition(permitted)(scope) is not want:
                continue
            add(scope.item, attribute)
            if ("V116" in told(root, scope.place(attribute.tag))) is want:
                alive.append(f"{key} {path} {want}")
            count[want] += 1
    assert not alive, alive
    assert min(count.values()) > 10, count
