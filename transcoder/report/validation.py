"""How the results of the validator are shown: text lines, JSON, one HTML page, SARIF 2.1.0.

Every renderer takes results one by one and keeps no instance, so that ten thousand files fit in flat memory: text,
JSON and SARIF are written as they come, the page keeps one record for each kind of finding and each file.
"""

from __future__ import annotations

import json
import os
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import count, groupby
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from transcoder.findings import Finding, Severity

__all__ = ["HtmlReport", "JsonReport", "Judged", "Report", "SarifReport", "Tally", "TextReport", "render"]

VALID, INVALID, NOT_DICOM = "valid", "invalid", "not DICOM"
ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFO)
# How many places of one kind of finding the page lists; all of them are in the JSON report.
SHOWN = 40
_ITEM = re.compile(r"\[\d+\]")
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
# What relative paths are relative to; the log does not tell the folder, which is the reader's own matter.
SARIF_BASE = "CALL"
SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True, slots=True)
class Judged:
    """One input with what was found in it; ``sop_class`` is the name of its class, where one is known."""

    path: str
    sop_class_uid: str
    findings: tuple[Finding, ...] = ()
    sop_class: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The object of the JSON report."""
        findings = [finding.as_dict() for finding in self.findings]
        return {"path": self.path, "sop_class_uid": self.sop_class_uid, "findings": findings}

    def counts(self) -> Counter[Severity]:
        """How many findings of each severity."""
        return Counter(finding.severity for finding in self.findings)

    @property
    def result(self) -> str:
        """What became of the input: invalid with an error, not DICOM where the reader said so, else valid."""
        if any(finding.severity is Severity.ERROR for finding in self.findings):
            return INVALID
        # The reader's codes start with S.
        return NOT_DICOM if any(finding.code[0] == "S" for finding in self.findings) else VALID


class Writer(Protocol):
    """Where a report goes: anything with ``write``."""

    def write(self, text: str, /) -> object:
        """Take a piece of text."""
        ...


@dataclass(slots=True)
class Tally:
    """Counts over all inputs, the last line of every report."""

    results: Counter[str] = field(default_factory=Counter)
    severities: Counter[Severity] = field(default_factory=Counter)

    def add(self, judged: Judged) -> None:
        """Count one input."""
        self.results[judged.result] += 1
        self.severities.update(judged.counts())

    @property
    def files(self) -> int:
        """All inputs."""
        return self.results.total()

    @property
    def valid(self) -> int:
        """Inputs that were judged, without a finding of severity error."""
        return self.results[VALID]

    @property
    def invalid(self) -> int:
        """Inputs with a finding of severity error; a damaged file is one of them."""
        return self.results[INVALID]

    @property
    def skipped(self) -> int:
        """Inputs that are not DICOM: neither valid nor invalid."""
        return self.results[NOT_DICOM]

    def __str__(self) -> str:
        found = ", ".join(_count(self.severities[severity], severity.value) for severity in ORDER)
        skipped = f", {self.skipped} not DICOM" if self.skipped else ""
        return f"{_count(self.files, 'file')}: {self.valid} valid, {self.invalid} invalid{skipped}; {found}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 or noun == "info" else f"{number} {noun}s"


class TextReport:
    """One line for each finding, led by the input, so that lines can be searched and sorted."""

    def __init__(self, stream: Writer) -> None:
        self._stream = stream
        self._tally = Tally()

    def add(self, judged: Judged) -> None:
        """Write the lines of one input."""
        self._tally.add(judged)
        for finding in sorted(judged.findings, key=_weight):
            self._stream.write(f"{judged.path}: {finding}\n")

    def close(self) -> None:
        """Write the last line."""
        self._stream.write(f"{self._tally}\n")


class JsonReport:
    """An array with one object for each input, written as the inputs come."""

    def __init__(self, stream: Writer) -> None:
        self._stream = stream
        self._lead = "[\n"

    def add(self, judged: Judged) -> None:
        """Write the object of one input."""
        self._stream.write(self._lead + json.dumps(judged.as_dict(), ensure_ascii=False))
        self._lead = ",\n"

    def close(self) -> None:
        """Write the end of the array."""
        self._stream.write("[]\n" if self._lead == "[\n" else "\n]\n")


class SarifReport:
    """A SARIF 2.1.0 log with one result for each finding; rules come last, when all codes are known."""

    def __init__(self, stream: Writer, titles: Mapping[str, str], version: str) -> None:
        self._stream = stream
        self._titles = titles
        self._version = version
        self._codes: dict[str, int] = {}
        self._lead = "\n"
        stream.write(f'{{"$schema": {json.dumps(SARIF_SCHEMA)}, "version": "2.1.0", "runs": [{{"results": [')

    def add(self, judged: Judged) -> None:
        """Write the results of one input."""
        for finding in judged.findings:
            rule = self._codes.setdefault(finding.code, len(self._codes))
            self._stream.write(self._lead + json.dumps(_result(judged, finding, rule), ensure_ascii=False))
            self._lead = ",\n"

    def close(self) -> None:
        """Write the tool with the rules that occurred, and the end of the log."""
        rules = [
            {"id": code, "shortDescription": {"text": self._titles[code]}, "help": {"text": _help(code)}}
            for code in self._codes
        ]
        tool = {"driver": {"name": "transcoder validate", "version": self._version, "rules": rules}}
        bases = {SARIF_BASE: {"description": {"text": "The folder in which transcoder was called."}}}
        self._stream.write(
            f'\n], "columnKind": "utf16CodeUnits", "originalUriBaseIds": {json.dumps(bases)}, '
            f'"tool": {json.dumps(tool)}}}]}}\n'
        )


def _help(code: str) -> str:
    return f"transcoder explain {code}"


def _location(path: str) -> dict[str, str]:
    """A path as a URI: of its own when absolute, else relative to the folder of the call (SARIF 2.1.0, 3.4)."""
    if Path(path).is_absolute():
        return {"uri": Path(path).as_uri()}
    return {"uri": quote(os.fsencode(path)), "uriBaseId": SARIF_BASE}


def _result(judged: Judged, finding: Finding, rule: int) -> dict[str, Any]:
    place: dict[str, Any] = {"physicalLocation": {"artifactLocation": _location(judged.path)}}
    if finding.path:
        place["logicalLocations"] = [{"fullyQualifiedName": finding.path, "kind": "element"}]
    text = f"{finding.message} ({finding.cite})" if finding.cite else finding.message
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [place],
    }


@dataclass(slots=True)
class Group:
    """All findings of one code at one place of the IOD, item numbers left out."""

    finding: Finding
    title: str
    place: str
    count: int = 0
    numbers: array[int] = field(default_factory=lambda: array("L"))
    messages: set[str] = field(default_factory=set)
    shown: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, number: int, path: str, finding: Finding) -> None:
        """Count one occurrence in the file of this number and keep it while there is room."""
        self.count += 1
        if not self.numbers or self.numbers[-1] != number:
            self.numbers.append(number)
        if len(self.messages) <= 1:
            self.messages.add(finding.message)
        if len(self.shown) < SHOWN:
            self.shown.append((path, finding.path, finding.message))

    @property
    def files(self) -> int:
        """How many files have the finding."""
        return len(self.numbers)

    @property
    def runs(self) -> str:
        """The numbers of the files, neighbours as a range: ``0-7 9``."""
        steps = groupby(zip(self.numbers, count(), strict=False), key=lambda pair: pair[0] - pair[1])
        ends = ([number for number, _ in run] for _, run in steps)
        return " ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in ends)

    @property
    def above(self) -> str:
        """The path that leads to the attribute."""
        head, slash, _ = self.place.rpartition("/")
        return head + slash

    @property
    def attribute(self) -> str:
        """The attribute, the last part of the path."""
        return self.place.rpartition("/")[2]

    @property
    def says_more(self) -> bool:
        """Whether the message tells what the title does not."""
        return self.finding.message.casefold() != self.title.casefold()

    @property
    def more(self) -> int:
        """Occurrences that are counted and not listed."""
        return self.count - len(self.shown)


class HtmlReport:
    """One self-contained page: findings grouped over all inputs, then the inputs."""

    def __init__(self, stream: Writer, titles: Mapping[str, str], version: str) -> None:
        self._stream = stream
        self._titles = titles
        self._version = version
        self._tally = Tally()
        self._groups: dict[tuple[str, str, str], Group] = {}
        self._files: list[tuple[str, str, str, int, int, int]] = []

    def add(self, judged: Judged) -> None:
        """Take one input into the groups."""
        self._tally.add(judged)
        counts = judged.counts()
        name = judged.sop_class or judged.sop_class_uid
        errors, warnings, infos = (counts[severity] for severity in ORDER)
        number = len(self._files)
        self._files.append((judged.path, name, judged.result, errors, warnings, infos))
        for finding in judged.findings:
            place = _ITEM.sub("", finding.path)
            key = (finding.code, place, finding.cite)
            if key not in self._groups:
                self._groups[key] = Group(finding, self._titles[finding.code], place)
            self._groups[key].add(number, judged.path, finding)

    def close(self) -> None:
        """Render the page."""
        groups = sorted(self._groups.values(), key=lambda group: (*_weight(group.finding), -group.count, group.place))
        page = template("validation.html.j2").stream(
            tally=self._tally, groups=groups, files=self._files, version=self._version, order=ORDER
        )
        page.enable_buffering(64)
        for part in page:
            self._stream.write(part)


def _weight(finding: Finding) -> tuple[int, str]:
    return ORDER.index(finding.severity), finding.code


@cache
def template(name: str) -> Template:
    """A template of this package; every value is escaped and an unknown name is an error."""
    loader = FileSystemLoader(Path(__file__).parent / "templates")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(name)


class Report(Protocol):
    """What all renderers share."""

    def add(self, judged: Judged) -> None:
        """Take one result."""
        ...

    def close(self) -> None:
        """Write what can be written only at the end."""
        ...


def render(report: Report, judged: Iterable[Judged]) -> None:
    """Send all results to one report and close it."""
    for each in judged:
        report.add(each)
    report.close()
