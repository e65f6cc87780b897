"""Read the tables of PS3.3 as plain text and write down what the validator's tables are held to.

    python .ci/read_text.py FOLDER

FOLDER holds one text file for each section of PS3.3 2024c, tables as ``a | b | c`` rows. The text is no part of this
repository; what is made from it is:

- ``.ci/standard/invocations.tsv``: every context group and template that the text names, with each place of the tables
  where it holds, or with the reason why it holds at none;
- ``.ci/standard/editions.tsv``: every attribute position that differs between this edition and highdicom's tables.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import yaml
from pydicom.datadict import keyword_for_tag

SHEETS = Path(__file__).resolve().parent / "standard"
CAPTION = re.compile(r"Table ([A-Z0-9][\w.\-]*?)\. (.*)")
INCLUDE = re.compile(r"(>*)\s*Include\s+Table ([A-Z0-9][\w.\-]*?)[,.]?\s*“[^”]*”\.?\s*(?:\|\s*(.*))?")
ATTRIBUTE = re.compile(r"(>*)\s*(.*?) \| \(([0-9A-F]{4}),([0-9A-F]{4})\) \| (1C|2C|1|2|3)\s*(?:\|\s*(.*))?")
TAG = re.compile(r"\(([0-9A-F]{4}),([0-9A-F]{4})\)")
MENTION = re.compile(r"\b(?:(B|D|Defined |Baseline )(?=[CT]ID))?([CT]ID)(?: is)? (\d+)")
KINDS = {"B": "baseline", "D": "defined", "": "named"}
CODE_MACROS = frozenset(["8.8-1", "8.8-1a", "8.8-1b"])
# Where an invocation names a group and no sequence, the one sequence of codes that the macro leaves open.
OPEN = {
    "10.36-1": "DeviceTypeCodeSequence",
    "C.36.2.2.3-1": "DeviceTypeCodeSequence",
    "C.36.2.2.22-1": "DeviceTypeCodeSequence",
    "10.39-1": "PatientLocationCoordinatesCodeSequence",
    "C.36.2.2.6-1": "DeliveryRateUnitSequence",
    "10.37-1": "PurposeOfReferenceCodeSequence",
    "10-2": "ConceptNameCodeSequence",
    "10.2.1-1": "ConceptNameCodeSequence",
    "10.40-1": "ConceptNameCodeSequence",
    "C.17-3b": "OrganizationalRoleCodeSequence",
}
# A macro whose own section is not among the text, with the code sequence that invocations of it speak about.
UNSEEN = {"C.17-3b": "OrganizationalRoleCodeSequence"}
# Tables that choose a group by another code, and the attribute of the macro or module that they choose for.
CHOICES = {
    "C.36.2.1.4-2": ("C.36.2.1.4-1", "DosimetricObjectiveParameterSequence/ConceptNameCodeSequence"),
    "C.36.2.1.5-2": ("C.36.2.1.5-1", "EffectiveDoseCalculationMethodCodeSequence"),
    "C.36.2.3.4.1.1-1": (
        "C.36.2.3.4-1",
        "PatientTreatmentPreparationProcedureParameterSequence/ConceptNameCodeSequence",
    ),
    "C.36.6-3": ("C.36.6-1", "ConceptualVolumeTypeCodeSequence"),
}
# Functional groups of the Enhanced RT Image (A.86.1.14.5, A.86.1.15.5), which no module table includes by number.
GROUPS = ("C.36.2.4.8-1", "C.36.2.4.9-1", "C.36.2.4.10-1", "C.36.2.4.11-1")
GROUP_MODULE = "enhanced-rt-image-multi-frame-functional-groups"
# What is said outside attribute tables, by section: why it is no demand on one code sequence of its own.
SAID = {
    "10.20": "names examples of coded views",
    "10.40.1": "lets vendors add codes: why templates count as extensible",
    "10.5": "names examples of laterality",
    "A.19.4": "IOD of Surface Segmentation, not covered",
    "C.12.1": "refers to structured reports, which are not covered",
    "C.36.2.2.19": "part of a condition (code_in_cid)",
    "C.36.6.1.1": "the groups by category stand in CID 9503: rules group_by_code",
    "C.36.8.1.1": "the groups by category stand in CID 9502: rules group_by_code",
    "C.7.1": "names examples of breeds",
    "C.7.5": "refers to structured reports, which are not covered",
    "C.8.8.8.3": "the groups by category stand in CID 9580: rules group_by_code",
    "C.8.8.8.3.1": "maps the interpreted type to codes; the groups by category are demanded by CID 9580",
}
UNREAD = "the rows of the template are not at hand"
UNREAD_TEMPLATES = frozenset([8182, 15307, 15308, 15309, 15310])


@dataclass(frozen=True)
class Row:
    """One row of a table: an attribute with its type, or an included macro; ``text`` is the last cell."""

    depth: int
    keyword: str
    kind: str
    macro: str
    text: str


@dataclass(frozen=True)
class Table:
    """One attribute table."""

    number: str
    name: str
    rows: tuple[Row, ...]


class Mention(NamedTuple):
    """A group named in the text: where it stands, how it is meant, which one."""

    source: str
    kind: str
    group: str


Path_ = tuple[str, ...]
Reached = dict[Path_, tuple[str, str]]  # path: type, table
Named = dict[Path_, list[Mention]]


def row_of(line: str) -> Row | None:
    """A line of a table as a row; None for headings inside it and for rows without a tag."""
    if match := INCLUDE.fullmatch(line):
        return Row(len(match[1]), "", "", match[2], match[3] or "")
    if match := ATTRIBUTE.fullmatch(line):
        return Row(len(match[1]), keyword_for_tag(int(match[3] + match[4], 16)), match[5], "", match[6] or "")
    return None


def sections(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Every section of the text with its lines."""
    for path in sorted(folder.glob("*.txt")):
        held: list[str] = []
        number = ""
        for line in path.read_text("utf-8").splitlines():
            if line.startswith("## ") and line[3:4].isalnum() and re.match(r"[A-Z0-9]+[.\d]", line[3:]):
                yield number, held
                number, held = line.split()[1], []
            held.append(line)
        yield number, held


def read(folder: Path) -> tuple[dict[str, Table], list[tuple[str, str, str]]]:
    """The attribute tables by number, and all other lines that name a group: section, table, line."""
    tables: dict[str, Table] = {}
    others: list[tuple[str, str, str]] = []
    for section, lines in sections(folder):
        number, name, rows, within = "", "", [], False
        for at, line in enumerate(lines):
            if match := CAPTION.fullmatch(line):
                number, name, rows = match[1], match[2], []
                within = lines[at + 1 : at + 2] != [] and lines[at + 1].startswith("Attribute Name")
            elif within and line.strip() and not line.startswith("## "):
                row = row_of(line)
                rows += [row] if row else []
                tables[number] = Table(number, name, tuple(rows))
                if (row is None or row.keyword) and MENTION.search(line):
                    others.append((section, number, line))
            else:
                within, number = False, number if line.strip() else ""
                if MENTION.search(line):
                    others.append((section, number, line))
    return tables, others


def mentions(source: str, text: str) -> Iterator[tuple[Mention, str]]:
    """The groups that a cell names, each with the code sequence it is for where the cell says so."""
    for part in text.split("¶"):
        words = (keyword_for_tag(int("".join(tag), 16)) for tag in TAG.findall(part))
        sequence = next((word for word in words if word.endswith("CodeSequence")), "")
        for match in MENTION.finditer(part):
            yield Mention(source, KINDS[(match[1] or "")[:1]], f"{match[2]} {match[3]}"), sequence


class Reader:
    """The tables with their macros put in."""

    def __init__(self, tables: dict[str, Table]) -> None:
        self.tables = tables

    def expand(self, number: str, above: Path_ = (), seen: Path_ = ()) -> tuple[Reached, Named]:
        """Every position below a table and the groups that hold there; an invocation is stronger than its macro."""
        reached: Reached = {}
        named: Named = {}
        stack: list[str] = []
        if number not in self.tables:
            reached[(*above, UNSEEN.get(number, "?"))] = ("", number)
        for row in self.tables[number].rows if number in self.tables else ():
            stack = stack[: row.depth]
            place = (*above, *stack)
            if row.keyword:
                reached[(*place, row.keyword)] = (row.kind, number)
                stack.append(row.keyword)
            elif row.macro in CODE_MACROS:
                named |= {place: found} if (found := [each for each, _ in mentions(number, row.text)]) else {}
            elif row.macro not in seen:
                inner, groups = self.expand(row.macro, place, (*seen, number))
                reached = inner | reached
                named |= groups | self._invoked(number, row, inner)
        return reached, named

    @staticmethod
    def _invoked(number: str, row: Row, inner: Reached) -> Named:
        found: Named = {}
        for mention, sequence in mentions(number, row.text):
            word = sequence or OPEN[row.macro]
            place = min((path for path in inner if path[-1] == word), key=len)
            found.setdefault(place, []).append(mention)
        return found


def key_of(name: str) -> str:
    """The key that highdicom gives a module of this name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace(" module attributes", "")).strip("-")


def expanded(tables: dict[str, Table]) -> dict[str, tuple[Reached, Named]]:
    """Every covered module with a table in the text, expanded."""
    reader = Reader(tables)
    numbers = {key_of(table.name): number for number, table in tables.items() if "Module Attributes" in table.name}
    found = {key: reader.expand(numbers[key]) for key in covered() if key in numbers}
    places = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
    parts = [reader.expand(number, (place,)) for number in GROUPS for place in places]
    found[GROUP_MODULE] = (
        {path: kind for reached, _ in parts for path, kind in reached.items()},
        {path: groups for _, named in parts for path, groups in named.items()},
    )
    return found


def highdicom_table(name: str) -> dict[str, list[dict[str, object]]]:
    """One of highdicom's private JSON tables."""
    return json.loads(resources.files("highdicom").joinpath("_standard", name).read_text("utf-8"))


def iods() -> dict[str, dict[str, object]]:
    """Our sheet of IODs."""
    return yaml.safe_load((SHEETS / "iods.yaml").read_text("utf-8"))


def covered() -> list[str]:
    """The modules of all IODs covered."""
    lists = highdicom_table("iod_module_map.json")
    return sorted({str(entry["key"]) for iod in iods() for entry in lists[iod]})


def by_module(found: dict[str, tuple[Reached, Named]]) -> Iterator[tuple[str, str, str, str]]:
    """The rows of invocations that attribute tables give: source, kind, group, place."""
    for key, (_, named) in found.items():
        for path, groups in named.items():
            for mention in groups:
                yield mention.source, mention.kind, mention.group, f"module:{key}:{'/'.join(path)}"


def by_iod(section: str, line: str) -> str:
    """The place that a line of Annex A narrows, empty when it is of no covered IOD."""
    owner = max(
        (key for key, iod in iods().items() if f"{section}.".startswith(f"{iod['section']}.")),
        key=lambda key: len(str(iods()[key]["section"])),
        default="",
    )
    words = [keyword_for_tag(int("".join(tag), 16)) for tag in TAG.findall(line)]
    return f"iod:{owner}:{'/'.join(words)}" if owner and words else ""


def by_choice(number: str, found: dict[str, tuple[Reached, Named]]) -> Iterator[str]:
    """The places that a table of choices is about."""
    macro, tail = CHOICES[number]
    first = tail.split("/")[0]
    for key, (reached, _) in found.items():
        for path, (_, source) in reached.items():
            if "/".join(path).endswith(tail) and (*path[: path.index(first) + 1],) in reached:
                owner = reached[path[: path.index(first) + 1]][1]
                if owner == macro or (source == macro and owner == macro):
                    yield f"module:{key}:{'/'.join(path)}"


def said(section: str) -> str:
    """Why a line outside attribute tables asks for nothing by itself; stops for a section nobody has read."""
    for known in sorted(SAID, key=len, reverse=True):
        if section == known or section.startswith(f"{known}."):
            return SAID[known]
    raise SystemExit(f"{section}: names a group, and nobody has said what follows")


def beside(others: list[tuple[str, str, str]], found: dict[str, tuple[Reached, Named]]) -> Iterator[tuple[str, ...]]:
    """The rows of invocations that stand outside attribute tables."""
    for section, number, line in others:
        for mention, _ in mentions(number or section, line):
            places = list(by_choice(number, found)) if number in CHOICES else []
            places += [by_iod(section, line)] if section.startswith("A.86") else []
            for place in places:
                yield mention.source, mention.kind, mention.group, place, ""
            if not places:
                yield mention.source, mention.kind, mention.group, "", said(section)


def unused(tables: dict[str, Table], rows: set[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """What attribute tables name and no covered module reaches."""
    reached = {(source, group) for source, _, group, *_ in rows}
    for number, table in tables.items():
        for row in table.rows:
            for mention, _ in mentions(number, row.text) if row.macro else ():
                if (number, mention.group) not in reached:
                    yield number, mention.kind, mention.group, "", "no IOD covered includes this table"


def invocations(tables: dict[str, Table], others: list[tuple[str, str, str]]) -> list[str]:
    """All rows of invocations, in order."""
    found = expanded(tables)
    rows: set[tuple[str, ...]] = {(*row, "") for row in by_module(found)}
    rows.update(beside(others, found))
    rows.update(unused(tables, rows))
    told = {(*row[:4], UNREAD if unread(row) else row[4]) for row in rows}
    return ["\t".join(row) for row in sorted(told)]


def unread(row: tuple[str, ...]) -> bool:
    """Whether the row is about a template whose rows nobody could read."""
    return bool(row[3]) and row[2].startswith("TID") and int(row[2][4:]) in UNREAD_TEMPLATES


def editions(tables: dict[str, Table]) -> Iterator[str]:
    """The positions that the text and highdicom's tables have differently: module, path, type here, type there."""
    theirs = highdicom_table("module_attribute_map.json")
    for key, (reached, _) in sorted(expanded(tables).items()):
        rows = {(*row["path"], row["keyword"]): row["type"] for row in theirs[key]}
        coded = {path[:-1] for path in rows if path[-1] == "CodeMeaning"}
        unseen = {path[:-1] for path, (kind, _) in reached.items() if not kind}
        for path in sorted(reached.keys() | rows.keys()):
            here, there = reached.get(path, ("", ""))[0], rows.get(path, "")
            hidden = path[:-1] in unseen or any(path[:at] in coded | unseen for at in range(1, len(path)))
            outside = key == GROUP_MODULE and not any(path[:2] == known[:2] for known in reached)
            if here != there and not hidden and not outside and (len(path) == 1 or path[:-1] in reached):
                yield "\t".join((key, "/".join(path), here or "-", str(there) or "-"))


def main() -> int:
    """Write both tables."""
    tables, others = read(Path(sys.argv[1]))
    for name, head, rows in (
        ("invocations.tsv", "source\tkind\tgroup\tplace\treason", invocations(tables, others)),
        ("editions.tsv", "module\tpath\t2024c\t2026b", list(editions(tables))),
    ):
        (SHEETS / name).write_text("\n".join([head, *rows]) + "\n", "utf-8")
        sys.stdout.write(f"{name}: {len(rows)} rows\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
