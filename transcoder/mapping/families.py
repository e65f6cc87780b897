"""Plain data of a family file -> its record."""

from __future__ import annotations

from typing import Any

from transcoder.mapping.build import Builder
from transcoder.mapping.demands import Beside, Companion, Need, Require, Skip
from transcoder.mapping.model import Family
from transcoder.mapping.targets import Points, Target
from transcoder.mapping.yamlmarks import Marked
from transcoder.paths import Path

__all__ = ["family"]


def family(marked: Marked) -> Family:
    """The family that a file describes; raises ``SheetFault`` where a path is wrong."""
    data = marked.data
    build = Builder(marked)
    return Family(
        name=data["family"],
        root=data["root"],
        sop_classes=tuple(data["sop_classes"].items()),
        refused_classes=tuple((uid, code, text) for uid, (code, text) in data.get("refused_classes", {}).items()),
        targets=tuple(_target(build, entry, number) for number, entry in enumerate(data["targets"])),
        other_members=tuple((uid, code, text) for uid, (code, text) in data.get("other_members", {}).items()),
        members=build.path(data["members"], ("members",), ""),
        first_points=_points(build, data["points"]["first"]),
        second_points=_points(build, data["points"]["second"]),
        requires=tuple(
            Require(
                entry["code"],
                entry["scope"],
                build.condition(entry["when"], ("requires", number), entry["scope"]),
                entry["message"],
                entry["cite"],
                entry.get("optional", False),
                entry.get("severity", "error"),
                build.condition(entry["given"], ("requires", number), entry["scope"]) if "given" in entry else None,
            )
            for number, entry in enumerate(data.get("requires", []))
        ),
        machine=build.path(data["machine"], ("machine",), ""),
        companions=_companions(build, "companions"),
        instructions=_companions(build, "instructions"),
        checks=tuple(data.get("checks", ())),
        one_way=data.get("one_way", ""),
        instead_of=data.get("instead_of", ""),
        beside=tuple(_beside(build, role, entry) for role, entry in data.get("beside", {}).items()),
        refused_creators=tuple((name, code, text) for name, (code, text) in data.get("refused_creators", {}).items()),
        joined_by=build.path(data["joined_by"], ("joined_by",), "") if "joined_by" in data else None,
    )


def _companions(build: Builder, word: str) -> tuple[Companion, ...]:
    return tuple(
        Companion(role, entry["iod"], entry["sop_class"], build.path(entry["named"], (word, role), ""))
        for role, entry in build.marked.data.get(word, {}).items()
    )


def _beside(build: Builder, role: str, entry: dict[str, Any]) -> Beside:
    def path(word: str) -> Path | None:
        return build.path(entry[word], ("beside", role), "") if word in entry else None

    parts = {name: build.path(text, ("beside", role), role) for name, text in entry.get("parts", {}).items()}
    return Beside(role, entry["sop_class"], path("named"), path("scope"), tuple(parts.items()), entry["cite"])


def _points(build: Builder, entry: dict[str, Any]) -> Points:
    return Points(
        entry["role"],
        build.path(entry["path"], ("points",), ""),
        entry.get("index", ""),
        entry.get("start", 0),
        build.path(entry["count"], ("points",), ""),
        entry.get("delivered", ""),
        entry.get("specified", ""),
        tuple(entry.get("devices", {}).items()),
        entry.get("meterset", entry.get("delivered", "")),
        tuple(entry.get("apart", ())),
        tuple(entry.get("discrete", ())),
    )


def _target(build: Builder, entry: dict[str, Any], number: int) -> Target:
    return Target(
        role=entry["role"],
        sop_class=entry["sop_class"],
        per=build.path(entry["per"], ("targets",), ""),
        item_role=entry["as"],
        lookups=tuple(
            (name, path)
            for name, texts in entry.get("lookups", {}).items()
            for path in build.paths(texts, ("targets",), "")
        ),
        sheets=tuple(entry["sheets"]),
        skips=tuple(
            Skip(build.conditions(skip["when"], ("targets",), "beam"), skip["kind"], skip["reason"], skip["finding"])
            for skip in entry.get("skips", [])
        ),
        mark=build.marked.mark(("targets", number)),
        group_by=build.paths(entry.get("group_by", []), ("targets", number), entry["as"]),
        number=build.path(entry["number"], ("targets", number), entry["as"]) if "number" in entry else None,
        needs=tuple((name, Need(**need)) for name, need in entry.get("needs", {}).items()),
        count=build.path(entry["count"], ("targets", number), entry["as"]) if "count" in entry else None,
    )
