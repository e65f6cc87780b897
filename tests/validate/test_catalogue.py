"""Codes of findings and their pages are the same; each page has one shape."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from transcoder.validator import catalogue, catalogue_state

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "findings"
# All tables of codes of the validator; a new table is named here.
TABLES = (catalogue.CODES, catalogue_state.CODES)
CODES = {code: entry for table in TABLES for code, entry in table.items()}
HEADINGS = ["What", "Why", "How to mend", "Example"]


def test_no_code_stands_in_two_tables() -> None:
    assert len(CODES) == sum(map(len, TABLES))


def test_codes_and_pages_are_the_same() -> None:
    assert {path.stem for path in PAGES.glob("V*.md")} == set(CODES)


@pytest.mark.parametrize("code", sorted(CODES))
def test_page_has_the_shape(code: str) -> None:
    text = (PAGES / f"{code}.md").read_text("utf-8")
    assert text.startswith(f"# {code} {CODES[code].title}\n")
    assert re.findall(r"^## (.+)$", text, re.M) == HEADINGS
    assert all(part.strip() for part in re.split(r"^## .+$", text, flags=re.M)[1:])


@pytest.mark.parametrize("code", sorted(CODES))
def test_why_cites_a_section(code: str) -> None:
    text = (PAGES / f"{code}.md").read_text("utf-8")
    why = text.partition("## Why")[2].partition("## How")[0]
    assert re.search(r"PS3\.\d+|section cited|\b[AC]\.\d|CID \d+", why), why


@pytest.mark.parametrize("code", sorted(CODES))
def test_code_is_used(code: str) -> None:
    """A code that no part of the validator tells is no code."""
    sources = (
        path for path in (ROOT / "transcoder" / "validator").glob("*.py") if not path.name.startswith("catalogue")
    )
    assert any(f'"{code}"' in path.read_text("utf-8") for path in sources)
