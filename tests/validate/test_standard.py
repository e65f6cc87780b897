"""The tables of the standard: equal to their sources, sane, small and fast to load."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from transcoder.standard import context_group, iod, iod_for, iods, module, modules, positions
from transcoder.validator.conditions import compile_condition
from transcoder.validator.multiplicity import fits, range_of
from transcoder.validator.rules import compile_rule

ROOT = Path(__file__).parents[2]
SECOND = {f"1.2.840.10008.5.1.4.1.1.481.{number}" for number in range(10, 26)}
FIRST = {f"1.2.840.10008.5.1.4.1.1.481.{number}" for number in (4, 5, 6, 8)}
PRIVATE = ("1.2.246.352.70.1.70", "2.16.840.1.114493.1.2.1.4.1.1.481.5")


@cache
def highdicom_table(name: str) -> Any:
    return json.loads(resources.files("highdicom").joinpath("_standard", name).read_text("utf-8"))


def sheet(name: str) -> list[dict[str, str]]:
    """One of the tables that .ci/read_text.py made from the text of PS3.3."""
    with (ROOT / ".ci" / "standard" / f"{name}.tsv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))


def kept(row: dict[str, str], module_key: str) -> bool:
    """Whether a row of editions is of the module and of our edition only."""
    return row["module"] == module_key and row["2026b"] == "-"


@pytest.mark.parametrize("key", iods())
def test_nesting_and_types_equal_highdicoms(key: str) -> None:
    """The modules, usages, positions and types are highdicom's, and those that only our edition has; none else."""
    theirs = highdicom_table("iod_module_map.json")[key]
    assert [(use.key, use.usage) for use in iod(key).modules] == [(each["key"], each["usage"]) for each in theirs]
    table = highdicom_table("module_attribute_map.json")
    for each in modules(key):
        expected = {"/".join([*row["path"], row["keyword"]]): row["type"] for row in table[each.key]}
        expected |= {row["path"]: row["2024c"] for row in sheet("editions") if kept(row, each.key)}
        mine = {path: attribute.type for path, attribute, holder in positions(key) if holder.key == each.key}
        assert mine == expected, each.key


def test_differences_of_the_editions_are_those_of_the_tables() -> None:
    """A position of either edition is known; where both have it, the newer type holds."""
    rows = sheet("editions")
    assert len(rows) > 20
    for row in rows:
        held = {
            path: each.type for key in iods() for path, each, holder in positions(key) if holder.key == row["module"]
        }
        assert held[row["path"]] == (row["2024c"] if row["2026b"] == "-" else row["2026b"]), row


def test_a_condition_is_only_missing_where_its_text_is() -> None:
    """Rows that became conditional in the newer edition are the only ones that nobody could read."""
    newer = {(row["module"], row["path"]) for row in sheet("editions") if row["2026b"] in ("1C", "2C")}
    missing = {
        (holder.key, path)
        for key in iods()
        for path, attribute, holder in positions(key)
        if attribute.type in ("1C", "2C") and attribute.condition is None
    }
    assert missing == newer


def test_all_classes_asked_for_are_covered() -> None:
    covered = {uid for key in iods() for uid in iod(key).sop_classes}
    assert covered >= SECOND | FIRST
    assert {iod_for(uid).key for uid in PRIVATE} == {"rt-plan"}  # type: ignore[union-attr]
    assert iod_for("1.2.840.10008.5.1.4.1.1.2") is None


def test_sop_classes_are_those_of_highdicom() -> None:
    theirs = highdicom_table("sop_class_iod_map.json")
    for key in iods():
        for uid in iod(key).sop_classes:
            assert uid in PRIVATE or theirs[uid] == key


def test_every_row_has_a_known_form() -> None:
    """Types, multiplicities, item counts, conditions and rules can all be compiled, groups exist."""
    seen = set()
    for key in iods():
        for _, attribute, _ in positions(key):
            if id(attribute) in seen:
                continue
            seen.add(id(attribute))
            assert attribute.type in ("1", "1C", "2", "2C", "3")
            fits(attribute.vm)(1)
            assert not attribute.items or range_of(attribute.items) or attribute.items.startswith("= ")
            for rule in attribute.rules:
                compile_rule(rule)
            if attribute.condition is not None:
                assert attribute.type in ("1C", "2C"), attribute.keyword
                compile_condition(attribute.condition)
            assert not (set(attribute.enumerated_values) and attribute.vr == "SQ")
            assert all(kind in ("defined", "baseline") for _, kind in attribute.context_groups)


def test_context_groups_of_the_second_generation_have_codes() -> None:
    rows = (attribute for key in iods() for _, attribute, _ in positions(key))
    numbers = {cid for attribute in rows for cid, _ in attribute.context_groups if 9500 <= cid < 9600}
    assert len(numbers) > 40
    for cid in numbers:
        group = context_group(cid)
        assert group is not None, cid
        assert group.codes, cid


def test_every_section_can_be_looked_up() -> None:
    form = re.compile(r"(?:[AC]|8|10)\.[\d.]+[a-z]?")
    for key in iods():
        assert form.fullmatch(iod(key).section)
        for each in modules(key):
            assert form.fullmatch(each.section), each.key
        for path, attribute, _ in positions(key):
            parts = filter(None, attribute.section.split(", "))
            assert all(map(form.fullmatch, parts)), (path, attribute.section)


def test_narrowed_places_exist() -> None:
    for key in iods():
        paths = {path for path, _, _ in positions(key)}
        assert set(iod(key).narrowed) <= paths


def test_module_names_read_well() -> None:
    assert module("rt-general-plan").name == "RT General Plan"
    assert module("c-arm-photon-electron-beam").name == "C Arm Photon Electron Beam"


def test_data_is_what_the_sources_give() -> None:
    """The generator finds nothing to change; needs nothing outside the repository."""
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(ROOT / ".ci" / "build_standard.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_cold_load_is_fast() -> None:
    """A new process has all modules of the RT Plan in less than 0.15 s of its own time (best of three)."""
    code = (
        "import time; start = time.process_time(); from transcoder import standard; "
        "[m.attributes for m in standard.modules('rt-plan')]; print(time.process_time() - start)"
    )
    runs = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout)  # noqa: S603
        for _ in range(3)
    ]
    assert min(runs) < 0.15, runs
