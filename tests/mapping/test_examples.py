"""Every example of the sheets, run in the directions that its rule allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.mapping.fragments import item_of, plain
from tests.mapping.stage import Stage, backward, forward, runs_back
from transcoder.mapping.catalog import load
from transcoder.mapping.check_roles import visits
from transcoder.mapping.model import Each, Rule

MAPPING = load()


def _stages() -> Iterator[Stage]:
    block: Each | None = None
    inside: set[int] = set()
    seen: set[str] = set()
    for visit in visits(MAPPING):
        node = visit.node
        if isinstance(node, Each):
            block, inside = node, {id(rule) for rule in node.rules}
        if isinstance(node, Rule) and node.example and node.id not in seen:
            seen.add(node.id)
            yield Stage.of(visit, block if id(node) in inside else None, node, MAPPING)


def _opened(stage: Stage) -> Iterator[Stage]:
    """An example of a list of keywords stands for a rule each."""
    if not stage.example.get("all"):
        yield stage
        return
    prefix = stage.rule.id.rpartition(".")[0]
    rules = MAPPING.rules()
    for word in stage.example["first"]:
        rule = rules[f"{prefix}.{word}"]
        part = {side: {word: stage.example[side][word]} for side in ("first", "second")}
        yield Stage(rule, part, None, stage.first_points, stage.second_points, MAPPING)


STAGES = [each for stage in _stages() for each in _opened(stage)]
FORWARD = [stage for stage in STAGES if stage.rule.one_way != "backward"]
BACK = [stage for stage in STAGES if runs_back(stage.rule) and stage.example.get("forward_only") is not True]


def _name(stage: Stage) -> str:
    return stage.rule.id


@pytest.mark.parametrize("stage", FORWARD, ids=_name)
def test_forward(stage: Stage) -> None:
    assert _matches(forward(stage), _canonical(stage.example["second"]))


@pytest.mark.parametrize("stage", BACK, ids=_name)
def test_backward(stage: Stage) -> None:
    told, bound = backward(stage)
    expected = _canonical(stage.example.get("back", stage.example["first"]))
    for word in stage.example.get("forward_only", []):
        expected.pop(word, None)
    assert told == expected
    names = {path.name for path in stage.rule.first} - {path.name for path in stage.rule.second}
    names -= set(stage.example.get("forward_only", []))
    wanted = {name: _one(value) for name, value in stage.example.get("bound", {}).items() if name in names}
    assert {name: value for name, value in bound.items() if name in wanted} == wanted


def test_every_rule_with_a_codec_has_an_example() -> None:
    missing = [
        rule.id
        for rule in MAPPING.rules().values()
        if rule.via and rule.via[0].codec and not rule.example and rule.one_way != "backward"
    ]
    assert missing == []


def _canonical(fragment: dict[str, Any]) -> dict[str, Any]:
    return plain(item_of(fragment, MAPPING), MAPPING)


def _one(value: Any) -> Any:
    if isinstance(value, list):
        values = [float(each) if not isinstance(each, str) else each for each in value]
        return values[0] if len(values) == 1 else values
    return value if isinstance(value, str) else float(value)


def _matches(told: Any, expected: Any) -> bool:
    """Equal, where a text that ends in ``*`` stands for any with this beginning."""
    if isinstance(expected, dict):
        same = told.keys() == expected.keys()
        assert same, (told, expected)
        return all(_matches(told[word], expected[word]) for word in expected)
    if isinstance(expected, list) and isinstance(told, list) and len(told) == len(expected):
        return all(_matches(here, there) for here, there in zip(told, expected, strict=True))
    if isinstance(expected, str) and expected.endswith("*"):
        return isinstance(told, str) and told.startswith(expected[:-1])
    assert told == expected, (told, expected)
    return True
