"""The shipped sheets: they load, check clean, name every rule once and cite it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from transcoder.catalogue import CODES
from transcoder.mapping.catalog import folder, load
from transcoder.mapping.check import check
from transcoder.mapping.model import flatten

MAPPING = load()
CITED = re.compile(r"PS3\.\d+|CID \d+|TID \d+|decision|\d+\.\d+")


def test_check_finds_no_fault() -> None:
    assert [str(fault) for fault in check(MAPPING, CODES)] == []


def test_ids_are_unique() -> None:
    counts = Counter(rule.id for sheet in MAPPING.sheets.values() for rule in flatten(sheet.rules))
    assert [name for name, count in counts.items() if count > 1] == []


def test_every_rule_cites_a_section() -> None:
    assert [rule.id for rule in MAPPING.rules().values() if not CITED.search(rule.cite)] == []


def test_every_sheet_cites_a_section() -> None:
    assert [sheet.name for sheet in MAPPING.sheets.values() if not CITED.search(sheet.cite)] == []


def test_one_way_rules_give_a_reason() -> None:
    assert [rule.id for rule in MAPPING.rules().values() if rule.one_way and not rule.reason] == []


def test_reasons_are_sentences() -> None:
    reasons = [entry.reason for sheet in MAPPING.sheets.values() for entry in (*sheet.declared, *sheet.not_written)]
    assert all(len(reason.split()) >= 3 for reason in reasons)


def test_every_table_and_concept_is_used() -> None:
    text = "\n".join(path.read_text("utf-8") for path in sorted(folder().rglob("*.yaml")))
    assert [name for name in MAPPING.tables if f"table: {name}" not in text] == []
    # A whole context group stands here, so that an overlay can name each of its codes.
    groups = {"partially_flattened"}
    unused = {name for name in MAPPING.concepts if len(re.findall(rf"\b{name}\b", text)) < 2}
    assert unused <= groups


def test_every_site_value_is_used() -> None:
    sheets = [path for path in sorted(folder().rglob("*.yaml")) if path.name != "site.yaml"]
    text = "\n".join(path.read_text("utf-8") for path in sheets)
    assert [name for name in MAPPING.site_values if name not in text] == []


def test_the_readme_names_every_word_of_a_rule() -> None:
    from transcoder.mapping.catalog import schema

    text = Path(folder() / "README.md").read_text("utf-8")
    words = schema()["$defs"]["rule"]["properties"]
    assert [word for word in words if f"`{word}`" not in text] == []
