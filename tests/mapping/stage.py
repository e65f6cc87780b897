"""Puts the example of a rule on stage: a scope made from its fragments, run in one direction, told as a fragment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tests.mapping.fragments import item_of, plain
from transcoder.codecs.registry import CODECS, Cell
from transcoder.dicom.columns import RowWriter
from transcoder.dicom.elements import Item, tag_of, vr_of
from transcoder.dicom.held import HeldRowWriter
from transcoder.dicom.values import Texts, encode_numbers
from transcoder.engine.backward import run_rule_back
from transcoder.engine.ledger import Ledger
from transcoder.engine.rules import run_rule
from transcoder.engine.scope import DeviceRows, DeviceWriter, PointRows, Run, Scope
from transcoder.engine.tree import TargetTree
from transcoder.engine.writing import finish_points
from transcoder.findings import Severity
from transcoder.mapping.check_roles import Visit
from transcoder.mapping.model import Each, Mapping, Openings, Rule
from transcoder.mapping.targets import Points
from transcoder.paths import Path, parse

__all__ = ["Stage", "backward", "forward", "runs_back"]

# These names hold a bare text, as the engine binds them.
_BARE = frozenset(["role", "edition", "volume"])


@dataclass(frozen=True)
class Stage:
    """A rule, its example, and where in a sheet it stands."""

    rule: Rule
    example: dict[str, Any]
    openings: Openings | None
    first_points: Points
    second_points: Points
    mapping: Mapping

    @classmethod
    def of(cls, visit: Visit, block: Each | None, rule: Rule, mapping: Mapping) -> Stage:
        """The stage of a rule inside a block."""
        family = visit.family
        site = (rule.example or {}).get("site", {})
        return cls(
            rule,
            rule.example or {},
            block.openings if block else None,
            family.first_points,
            family.second_points,
            replace(mapping, site=site),
        )


def runs_back(rule: Rule) -> bool:
    """Whether the example of a rule is to be run from its second side as well."""
    if (
        rule.one_way == "forward"
        or rule.value is not None
        or not rule.first
        or (rule.example or {}).get("forward_only") is True
    ):
        return False
    return all(via.codec == "table" or CODECS[via.codec].backward is not None for via in rule.via if via.codec)


def forward(stage: Stage) -> dict[str, Any]:
    """What the rule makes of the first fragment."""
    scope, tree = _scope(stage, back=False)
    run_rule(scope, stage.rule)
    _no_errors(scope)
    return _told(scope, tree, stage.second_points, stage)


def backward(stage: Stage) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the rule makes of the second fragment, and the names that it binds."""
    scope, tree = _scope(stage, back=True)
    before = set(scope.bound)
    run_rule_back(scope, stage.rule)
    _no_errors(scope)
    bound = {name: _shown(cell.value) for name, cell in scope.bound.items() if name not in before}
    return _told(scope, tree, stage.first_points, stage), bound


def _scope(stage: Stage, *, back: bool) -> tuple[Scope, TargetTree]:
    rule, example = stage.rule, stage.example
    source_points, target_points = stage.first_points, stage.second_points
    fragment = {**example["second" if back else "first"], **example.get("given", {})}
    if back:
        source_points, target_points = target_points, source_points
    root = item_of(fragment, stage.mapping)
    tree = TargetTree()
    roles = _roles(rule)
    places = root.pop(tag_of(source_points.path.keyword), None)
    points = places.items if places is not None else [Item(), Item()]
    writer = HeldRowWriter(len(points)) if back else RowWriter(len(points))
    _prefill(writer, root.pop(tag_of(target_points.path.keyword), None))
    names = {name: _cell(name, value) for name, value in example.get("bound", {}).items()}
    outputs = {path.name for path in rule.first} - {path.name for path in rule.second}
    scope = Scope(
        run=Run(stage.mapping, Ledger(root, {}), Texts(), lenient=False),
        items=dict.fromkeys(roles, root),
        places={},
        tables={source_points.role: PointRows(points, source_points.path.plain)},
        target=tree,
        targets=dict.fromkeys(roles, tree.root),
        writers={target_points.role: writer},
        bound={name: cell for name, cell in names.items() if not back or name not in outputs},
        incomplete=[],
    )
    for role in (source_points.role, target_points.role):
        scope.items.pop(role, None)
        scope.targets.pop(role, None)
    if stage.openings is not None and stage.openings.role in roles:
        _open(scope, stage.openings, points, writer, back=back)
    return scope, tree


def _roles(rule: Rule) -> set[str]:
    paths: list[Path] = [*rule.first, *rule.second]
    paths.extend(path for each in rule.otherwise for path in each.first)
    paths.extend(condition.path for condition in (*rule.when_first, *rule.when_second))
    chosen = [parse(step.value) for path in paths for step in path.steps if step.value.startswith("@")]
    return {path.role for path in (*paths, *chosen) if not path.name}


def _prefill(writer: RowWriter, written: Any) -> None:
    """Columns of the target that other rules have written already, as an example gives them among its first side."""
    for item in [written.items] if written is not None else []:
        for word, rows in _columns(item).items():
            writer.values[word] = rows


def _columns(items: list[Item]) -> dict[str, Any]:
    from transcoder.dicom.columns import elements_of, fill, number_column
    from transcoder.dicom.elements import keyword

    found = {}
    for tag in {tag for item in items for tag in item}:
        word = keyword(tag)
        if vr_of(tag) == "SQ":
            nested = [(element.items or [Item()])[0] if (element := item.get(tag)) else Item() for item in items]
            found |= {f"{word}/{inner}#1": column for inner, column in _columns(nested).items()}
        else:
            found[word] = fill(number_column(elements_of(items, word))[0])
    return found


def _open(scope: Scope, openings: Openings, points: list[Item], writer: RowWriter, *, back: bool) -> None:
    source, target = (openings.second, openings.first) if back else (openings.first, openings.second)
    tag = tag_of(source)
    items = [element.items[0] if (element := item.get(tag)) is not None and element.items else None for item in points]
    scope.tables[openings.role] = DeviceRows(items, source)
    scope.items.pop(openings.role, None)
    scope.targets.pop(openings.role, None)
    if isinstance(writer, HeldRowWriter):
        vr = vr_of(tag_of(openings.first_key))
        writer.announce(target, openings.first_key, 1, vr, _key(vr))
        scope.writers[openings.role] = DeviceWriter(writer, target, openings.first_key, "", 1)
    else:
        scope.writers[openings.role] = DeviceWriter(writer, target, openings.second_key, openings.count, 1)


def _key(vr: str) -> bytes:
    return b"MLCX" if vr == "CS" else encode_numbers(np.array([1.0]), vr)


def _told(scope: Scope, tree: TargetTree, points: Points, stage: Stage) -> dict[str, Any]:
    writer = scope.writers[points.role]
    assert isinstance(writer, RowWriter)
    if writer.columns or writer.nested:
        role = points.path.role
        holder = scope.targets.setdefault(role, tree.root)
        finish_points(scope, holder, tag_of(points.path.keyword), writer)
    told = plain(tree.root, stage.mapping)
    opened = stage.openings is not None and stage.openings.role in scope.writers
    return _without_keys(told, stage.openings) if opened and stage.openings else told


def _without_keys(value: Any, openings: Openings) -> Any:
    """What the block around a rule writes of itself is no part of the example."""
    own = {openings.first_key, openings.second_key, openings.count}
    if isinstance(value, dict):
        return {word: _without_keys(each, openings) for word, each in value.items() if word not in own}
    return [_without_keys(each, openings) for each in value] if isinstance(value, list) else value


def _cell(name: str, value: Any) -> Cell:
    if isinstance(value, str):
        return Cell(value if name in _BARE else [value])
    values = value if isinstance(value, list) else [value]
    if not values or isinstance(values[0], str):
        return Cell(values)
    return Cell(np.array([float(each) for each in values]))


def _shown(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        values = [round(each, 9) + 0.0 for each in value.ravel().tolist()]
        return values[0] if len(values) == 1 else values
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _no_errors(scope: Scope) -> None:
    errors = [str(finding) for finding in scope.run.findings if finding.severity is Severity.ERROR]
    assert not errors, errors
