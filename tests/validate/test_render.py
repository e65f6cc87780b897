"""How results are shown: lines, JSON of the contract, one safe page, SARIF."""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from transcoder import catalogue
from transcoder.findings import Finding, Severity
from transcoder.report.validation import (
    SHOWN,
    HtmlReport,
    JsonReport,
    Judged,
    SarifReport,
    Tally,
    TextReport,
    render,
)
from transcoder.validator.catalogue_state import CODES

TITLES = {code: entry.title for code, entry in (catalogue.CODES | CODES).items()}
EVIL = '<script>alert("x")</script>&\'"'


def finding(
    place: int = 0, message: str = "repeats", severity: Severity = Severity.ERROR, code: str = "V201"
) -> Finding:
    return Finding(code, severity, message, f"PointSequence[{place}]/SourceRollAngle", "", "PS3.3 C.36.2.2.5.1.1")


RESULTS = [
    Judged("a/one.dcm", "1.2.3", (finding(), finding(4)), "RT Plan"),
    Judged("a/two æ.dcm", "1.2.3", (finding(severity=Severity.WARNING, code="V226"),)),
    Judged("b/three.dcm", "", ()),
]


def shown(kind, results=RESULTS) -> str:
    stream = io.StringIO()
    report = kind(stream) if kind in (TextReport, JsonReport) else kind(stream, TITLES, "0.1.0")
    render(report, results)
    return stream.getvalue()


class Tags(HTMLParser):
    """Collects what a page consists of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.attributes.extend(attrs)
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    return tags


def test_text_has_one_line_for_each_finding_and_a_sum() -> None:
    lines = shown(TextReport).splitlines()
    assert lines[0].startswith("a/one.dcm: V201 error  repeats @ PointSequence[0]/SourceRollAngle")
    assert lines[-1] == "3 files: 2 valid, 1 invalid; 2 errors, 1 warning, 0 info"
    assert len(lines) == 4


def test_json_is_the_shape_of_the_contract() -> None:
    report = json.loads(shown(JsonReport))
    assert [list(each) for each in report] == [["path", "sop_class_uid", "findings"]] * 3
    first = report[0]["findings"][0]
    assert set(first) == {"code", "severity", "message", "path", "rule", "cite"}
    assert first["severity"] == "error"
    assert report[1]["path"] == "a/two æ.dcm"


def test_json_of_nothing_is_an_empty_array() -> None:
    assert json.loads(shown(JsonReport, [])) == []


def test_sarif_has_results_rules_and_places() -> None:
    log = json.loads(shown(SarifReport))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["V201", "V226"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert [result["level"] for result in run["results"]] == ["error", "error", "warning"]
    place = run["results"][2]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": "a/two%20%C3%A6.dcm", "uriBaseId": "CALL"}
    assert "CALL" in run["originalUriBaseIds"]
    assert all(rule["shortDescription"]["text"] == TITLES[rule["id"]] for rule in rules)
    assert json.loads(shown(SarifReport, []))["runs"][0]["results"] == []


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("/plans/a b.dcm", "file:///plans/a%20b.dcm"),
        ("c:d/100%.dcm", "c%3Ad/100%25.dcm"),
        ("../up.dcm", "../up.dcm"),
        ("no\udcfftext.dcm", "no%FFtext.dcm"),
    ],
)
def test_sarif_names_files_by_valid_uris(path: str, uri: str) -> None:
    (result,) = json.loads(shown(SarifReport, [Judged(path, "1.2.3", (finding(),))]))["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == uri
    assert ("uriBaseId" in place) is not uri.startswith("file:")


def test_page_groups_alike_findings_over_files() -> None:
    page = shown(HtmlReport, [*RESULTS, Judged("c.dcm", "1.2.3", (finding(9),))])
    tags = parsed(page)
    assert tags.tags.count("details") == 2
    assert "3&times; in 2 files" in page
    assert page.index("V201") < page.index("V226")


def test_page_loads_nothing_and_escapes_everything() -> None:
    page = shown(HtmlReport, [Judged(EVIL, EVIL, (finding(message=EVIL),), EVIL)])
    tags = parsed(page)
    assert tags.tags.count("script") == 1
    assert not any(name in ("src", "href", "action") or name.startswith("on") for name, _ in tags.attributes)
    assert not re.search(r"https?://", page)
    assert EVIL not in page


def test_page_lists_a_part_of_very_many_places() -> None:
    many = [Judged(f"{number}.dcm", "1.2.3", (finding(),)) for number in range(SHOWN + 25)]
    page = shown(HtmlReport, many)
    assert "and 25 more" in page
    assert f"{SHOWN + 25}&times; in {SHOWN + 25} files" in page


def test_page_of_a_clean_call() -> None:
    page = shown(HtmlReport, [Judged("x.dcm", "1.2.3")])
    assert "Nothing to report." in page
    assert "The file is valid." in page
    assert "invalid</span>" not in page
    assert "not DICOM" not in page


def test_page_counts_what_is_not_dicom_apart() -> None:
    junk = Judged("notes.txt", "", (Finding("S002", Severity.INFO, "not a DICOM file"),))
    page = shown(HtmlReport, [*RESULTS, junk])
    assert "1 of 3 files is not valid." in page
    assert "<b>1</b>not DICOM" in page
    assert '<span class="badge plain">not DICOM</span>' in page
    assert "File is not DICOM" in page
    assert "Nothing was judged" in shown(HtmlReport, [junk])


def test_page_tells_for_each_group_the_files_that_have_it() -> None:
    files = [Judged(f"{number}.dcm", "1.2.3", (finding(),) if number in (0, 1, 2, 5) else ()) for number in range(7)]
    assert ("data-files", "0-2 5") in parsed(shown(HtmlReport, files)).attributes


def test_tally_counts_files_and_severities() -> None:
    tally = Tally()
    for each in RESULTS:
        tally.add(each)
    assert (tally.files, tally.valid, tally.invalid) == (3, 2, 1)


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_a_page_of_one_shape(code) -> None:
    page = (Path(__file__).parents[2] / "docs" / "findings" / f"{code}.md").read_text("utf-8")
    headings = re.findall(r"^#.*$", page, re.MULTILINE)
    assert headings == [f"# {code} {CODES[code].title}", "## What", "## Why", "## How to mend", "## Example"]
    assert f"Severity: {CODES[code].severity}" in page
    assert re.search(r"\b(PS3\.\d+|C\.\d)", page)


def test_every_page_of_a_state_code_has_its_code() -> None:
    pages = (Path(__file__).parents[2] / "docs" / "findings").glob("V[23]*.md")
    assert sorted(page.stem for page in pages) == sorted(CODES)
