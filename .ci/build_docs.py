"""Writes the parts of docs/ that follow from the code and the sheets: ``python .ci/build_docs.py [--check]``.

A part stands between ``<!-- NAME: begin -->`` and ``<!-- NAME: end -->``; everything else in the page is written by
hand. With ``--check`` nothing is written and the exit status is 1 where a page is not what it should be; a test does
the same.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from pydicom.uid import UID

from transcoder.dicom.files import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT
from transcoder.mapping.catalog import load
from transcoder.mapping.coverage import coverage
from transcoder.mapping.model import Family, Mapping, Otherwise, Rule, SiteValue, Via

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
_PART = re.compile(r"(?P<begin><!-- (?P<name>[a-z-]+): begin -->\n)(?P<text>.*?)(?P<end><!-- (?P=name): end -->)", re.S)


def table(head: str, rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; ``head`` has its columns separated by ``|``."""
    columns = head.split("|")
    lines = [f"| {' | '.join(columns)} |", f"| {' | '.join('---' for _ in columns)} |"]
    lines.extend(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows)
    return "\n".join(lines) + "\n"


def law(_: Mapping) -> str:
    """The import law as the test has it."""
    spec = spec_from_file_location("test_layers", ROOT / "tests" / "test_layers.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError("tests/test_layers.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return table("part|may import|and of other packages", (_law_row(part, *row) for part, row in module.LAW.items()))


def _law_row(part: str, inner: str, outer: str) -> Iterator[str]:
    yield f"`{part}`"
    for words in (inner, outer):
        yield ", ".join(f"`{word}`" for word in words.split()) or "nothing"


def site_values(mapping: Mapping) -> str:
    """The site values with the rules that ask for them."""
    used: dict[str, list[str]] = {name: [] for name in mapping.site_values}
    for rule in mapping.rules().values():
        for name in dict.fromkeys(_asked(rule)):
            used[name].append(f"`{rule.id}`")
    rows = ((f"`{value.name}`", value.kind, value.meaning, ", ".join(used[value.name])) for value in _site(mapping))
    return table("site value|kind|meaning|rules", rows)


def _site(mapping: Mapping) -> Iterable[SiteValue]:
    return mapping.site_values.values()


def _asked(rule: Rule) -> Iterator[str]:
    yield from (str(each.value) for each in rule.otherwise if each.action in ("site", "plan_site"))
    for via in rule.via:
        yield from (value[5:] for _, value in via.arguments if isinstance(value, str) and value.startswith("site:"))


def classes_read(mapping: Mapping) -> str:
    """The SOP Classes that are converted, refused or consulted."""
    rows = []
    for family in mapping.families.values():
        for uid, kind in family.sop_classes:
            told = "converted" if kind == "standard" else "converted; a private class with plain RT Plan content"
            rows.append((_name(uid), f"`{uid}`", told))
        rows.extend((_name(uid), f"`{uid}`", f"refused: {text}") for uid, _, text in family.refused_classes)
    structures = "1.2.840.10008.5.1.4.1.1.481.3"
    rows.append((_name(structures), f"`{structures}`", "consulted for the frame of reference of a plan that names it"))
    return table("SOP Class|UID|what happens", list(dict.fromkeys(rows)))


def classes_written(mapping: Mapping) -> str:
    """The SOP Classes that are made."""
    made = {
        "set": "one for each fraction group with a treatment beam",
        "radiation": "one for each treatment beam of each fraction group",
    }
    instead = "in place of each record of a session that was entered by hand, where the record of a C-arm needs more"
    rows = {
        target.sop_class: (
            _name(target.sop_class),
            f"`{target.sop_class}`",
            instead if family.instead_of and target.role == "radiation" else made.get(target.role, ""),
        )
        for family in mapping.families.values()
        for target in family.targets
    }
    return table("SOP Class|UID|instances", rows.values())


def _name(uid: str) -> str:
    name = UID(uid).name
    return "private" if name == uid else name


def syntaxes(_: Mapping) -> str:
    """The transfer syntaxes."""
    rows = (
        (UID(uid).name, f"`{uid}`", "read and written" if uid == EXPLICIT else "read")
        for uid in (IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN)
    )
    return table("transfer syntax|UID|use", rows)


def covered(mapping: Mapping) -> str:
    """What becomes of the positions of the RT Plan IOD, by module."""
    found = coverage(mapping)
    rows = []
    for module in found.modules:
        counts = module.counts()
        rows.append((module.name, module.section, *(str(counts[word]) for word in _COUNTED)))
    total = found.total()
    rows.append(("all", "", *(str(total[word]) for word in _COUNTED)))
    return table("module|section|positions|by rule|derived|never|not yet", rows)


_COUNTED = ("positions", "rule", "derived", "never", "notyet")


def _sheets(family: Family) -> Iterable[str]:
    return (name for target in family.targets for name in target.sheets)


def _told_by(sheet: str, plain: set[str], instead: set[str]) -> str:
    return "a salvage record is made" if sheet in instead - plain else ""


def lost(mapping: Mapping) -> str:
    """What no rule carries, and what rules cannot always carry."""
    used = [
        {name for family in mapping.families.values() if bool(family.instead_of) is instead for name in _sheets(family)}
        for instead in (False, True)
    ]
    declared = sorted(
        (
            (entry.path, entry.kind, entry.where or _told_by(sheet.name, *used), entry.reason)
            for sheet in mapping.sheets.values()
            for entry in sheet.declared
        ),
        key=lambda row: row[0],
    )
    rows: list[tuple[str, str, str]] = []
    for path, kind, where, reason in declared:
        if kind != "derived":
            rows.append((f"`{path}`", where or "always", f"{'not yet: ' if kind == 'notyet' else ''}{reason}"))
    for rule in sorted(mapping.rules().values(), key=lambda rule: rule.id):
        paths = ", ".join(f"`{path.keyword}`" for path in rule.first if path.keyword)
        if rule.lost and paths:
            rows.append((paths, f"where rule `{rule.id}` cannot carry it", rule.lost))
    return table("attribute of the RT Plan|when|reason", rows)


def assumed(mapping: Mapping) -> str:
    """The values that may be assumed."""
    rows = []
    for rule in mapping.rules().values():
        told = [_assumption(mapping, each) for each in rule.otherwise if each.action == "assume"]
        site = [f"`{each.value}`" for each in rule.otherwise if each.action in ("site", "plan_site")]
        if told:
            rows.append((f"`{rule.second[0].plain}`", "; ".join(told), f"`{rule.id}`", ", ".join(site)))
    return table("attribute of the target|assumed|rule|site value instead", rows)


def _assumption(mapping: Mapping, each: Otherwise) -> str:
    if each.first:
        return f"from {', '.join(path.keyword for path in each.first)} by {_via(each.via)}"
    if isinstance(each.value, str) and each.value in mapping.concepts:
        value, scheme, meaning = mapping.concepts[each.value]
        return f"({value}, {scheme}, {meaning})"
    values = each.value if isinstance(each.value, (list, tuple)) else [each.value]
    return "\\".join(map(str, values))


def _via(vias: tuple[Via, ...]) -> str:
    return " and ".join(
        f"table `{dict(via.arguments)['name']}`" if via.codec == "table" else f"`{via.codec}`" for via in vias
    )


def walk(mapping: Mapping) -> str:
    """The worked example: one plan, its set and first radiation, and what comes back."""
    return table("RT Plan|value|RT Radiation Set, radiation|value|comes back as", _example().walk(mapping))


def changes(mapping: Mapping) -> str:
    """What the round trip of the worked example changes."""
    return table("path|before|after|reason", _example().changes(mapping))


def _example() -> ModuleType:
    spec = spec_from_file_location("worked_example", ROOT / ".ci" / "worked_example.py")
    if spec is None or spec.loader is None:
        raise RuntimeError("the worked example is not where it should be")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PARTS: dict[str, Callable[[Mapping], str]] = {
    "law": law,
    "site-values": site_values,
    "classes-read": classes_read,
    "classes-written": classes_written,
    "transfer-syntaxes": syntaxes,
    "coverage": covered,
    "lost": lost,
    "assumed": assumed,
    "walk": walk,
    "changes": changes,
}


def fresh(text: str, mapping: Mapping) -> str:
    """A page with its generated parts as they should be."""
    return _PART.sub(lambda part: part["begin"] + PARTS[part["name"]](mapping) + part["end"], text)


def stale(*, write: bool) -> list[str]:
    """The pages whose generated parts are out of date; mended with ``write``."""
    mapping = load()
    found = []
    for path in sorted(DOCS.glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if (wanted := fresh(text, mapping)) != text:
            found.append(path.name)
            if write:
                path.write_text(wanted, encoding="utf-8")
    return found


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit with 1 where a page is out of date")
    check = parser.parse_args().check
    found = stale(write=not check)
    for name in found:
        sys.stdout.write(f"docs/{name} {'is out of date' if check else 'written'}\n")
    return int(check and bool(found))


if __name__ == "__main__":
    sys.exit(main())
