"""Codes, their tables and their pages are the same; each page has one shape and quotes the program truly."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.cases import CASES, run, without_lines
from transcoder import catalogue
from transcoder.findings import Severity
from transcoder.validator import catalogue as tables
from transcoder.validator import catalogue_state as states

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "findings"
VALIDATOR = {code: (entry.severity, entry.title) for code, entry in (tables.CODES | states.CODES).items()}
CODES: dict[str, tuple[Severity, str]] = {**catalogue.CODES, **VALIDATOR}
HEADINGS = ["What", "Why", "How to mend", "Example"]
CODE = re.compile(r"\b[STMUV][0-9]{3}\b")
# Where codes are told, not defined.
_DEFINING = {"catalogue.py", "catalogue_state.py"}


def _strings(path: Path) -> Iterator[str]:
    """The string literals of a module without its docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def _used() -> set[str]:
    modules = [path for path in (ROOT / "transcoder").rglob("*.py") if path.name not in _DEFINING]
    texts = [text for path in modules for text in _strings(path)]
    sheets = [re.sub(r"#.*", "", path.read_text("utf-8")) for path in (ROOT / "mappings").rglob("*.yaml")]
    return {code for text in (*texts, *sheets) for code in CODE.findall(text)}


def test_the_tables_hold_the_codes_that_are_used() -> None:
    assert set(CODES) == _used()


def test_each_code_has_a_page() -> None:
    assert {path.stem for path in PAGES.iterdir()} == set(CODES)


def test_the_tables_share_no_code() -> None:
    assert len(CODES) == len(catalogue.CODES) + len(tables.CODES) + len(states.CODES)
    assert not [code for code in catalogue.CODES if code[0] not in "STMU"]


@pytest.mark.parametrize("code", sorted(CODES))
def test_page_has_the_shape(code: str) -> None:
    severity, title = CODES[code]
    text = (PAGES / f"{code}.md").read_text("utf-8")
    assert text.startswith(f"# {code} {title}\n\nSeverity: {severity.value}\n\n## What\n\n")
    assert re.findall(r"^#+ (.+)$", text, re.M)[1:] == HEADINGS
    assert all(part.strip() for part in re.split(r"^## .+$", text, flags=re.M)[1:])
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("code", sorted(catalogue.CODES))
def test_page_is_wrapped(code: str) -> None:
    lines = (PAGES / f"{code}.md").read_text("utf-8").splitlines()
    assert all(len(line) <= 120 for line in lines if not line.startswith("    "))


@pytest.mark.parametrize("code", sorted(catalogue.CODES))
def test_why_cites_the_standard_or_says_that_it_is_silent(code: str) -> None:
    text = (PAGES / f"{code}.md").read_text("utf-8")
    why = " ".join(text.partition("## Why")[2].partition("## How")[0].split())
    assert re.search(r"PS3\.\d|section cited|context group or section|YAML 1\.2|Not a matter of the standard", why)


@pytest.mark.parametrize("code", sorted(catalogue.CODES))
def test_example_is_what_the_program_says(code: str) -> None:
    """The last lines of a page that are set in are a line of the program, letter by letter."""
    text = (PAGES / f"{code}.md").read_text("utf-8")
    quoted = [line.removeprefix("    ") for line in text.partition("## Example")[2].splitlines() if line[:4] == "    "]
    assert without_lines(run(code)) in map(without_lines, quoted)


def test_each_case_belongs_to_a_code() -> None:
    assert set(CASES) == set(catalogue.CODES)
    # A fault of a sheet is told by its place; anything else by its weight.
    for code, entry in catalogue.CODES.items():
        told = run(code)
        assert f": {code} " in told if code.startswith("M") else told.startswith(f"{code} {entry.severity.value}  ")
