"""Build transcoder/standard/data/standard.json.gz from highdicom's tables and the sheets in .ci/standard.

Structure (modules of an IOD, nesting, types) comes from highdicom, with what only our edition has (editions.tsv, made
by read_text.py); conditions, terms, counts, context groups and templates from the sheets; tags, VR and VM, and codes
of large context groups, from pydicom. Run with ``--check`` to compare only.
The result is the same bytes on every machine: sorted keys, no time stamp.
"""

from __future__ import annotations

import gzip
import io
import json
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydicom.datadict import dictionary_VM, dictionary_VR, tag_for_keyword
from pydicom.sr._cid_dict import cid_concepts, name_for_cid
from pydicom.sr._concepts_dict import concepts

HERE = Path(__file__).resolve().parent
SHEETS = HERE / "standard"
TARGET = HERE.parent / "transcoder" / "standard" / "data" / "standard.json.gz"
EDITION = "PS3.3 and PS3.16 2024c; structure of the edition in highdicom's tables (2026b)"
CODE_MACRO = "8.8-1b"  # Enhanced Code Sequence Macro: the longest form, its rows are a superset of the others

Facts = dict[str, Any]
Row = list[Any]  # keyword, type, facts index or -1, group index or -1


def highdicom_table(name: str) -> Any:
    """One of highdicom's private JSON tables."""
    return json.loads(resources.files("highdicom").joinpath("_standard", name).read_text("utf-8"))


def sheet(name: str) -> dict[Any, Any]:
    """One of our own sheets."""
    return yaml.safe_load((SHEETS / name).read_text("utf-8")) or {}


def only_here() -> dict[str, list[dict[str, Any]]]:
    """Rows of modules that our edition has and highdicom's newer tables have no more."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for line in (SHEETS / "editions.tsv").read_text("utf-8").splitlines()[1:]:
        module, path, here, there = line.split("\t")
        if there == "-":
            *above, keyword = path.split("/")
            rows.setdefault(module, []).append({"keyword": keyword, "type": here, "path": above})
    return rows


class Sheets:
    """The curated facts by module and path, macros put in their places."""

    def __init__(self) -> None:
        self.macros = sheet("macros.yaml")
        self.modules: dict[str, Facts] = {}
        for part in ("common", "first", "second"):
            self.modules.update(sheet(f"modules-{part}.yaml"))

    def facts(self, module: str) -> dict[str, Facts]:
        """Facts of a module by path, those of the module itself over those of its macros."""
        entry = self.modules.get(module)
        return dict(self._expand(entry, "", ())) if entry else {}

    def _expand(self, entry: Facts, at: str, seen: tuple[str, ...]) -> Iterator[tuple[str, Facts]]:
        for use in entry.get("uses", []):
            name = use["macro"]
            if name in seen:
                continue
            below = "/".join(part for part in (at, use.get("at", "")) if part)
            found = dict(self._expand(self.macros[name], below, (*seen, name)))
            for fact in ("cids", "tids"):
                for keyword, groups in use.get(fact, {}).items():
                    place = min((p for p in self._paths(found, below, keyword)), key=lambda p: p.count("/"))
                    found[place] = {**_cited(found.get(place, {}), entry["section"]), fact: groups}
            yield from found.items()
        for path, facts in entry.get("attributes", {}).items():
            full = f"{at}/{path}" if at else path
            yield full, {"cite": entry["section"], **facts}

    @staticmethod
    def _paths(found: dict[str, Facts], below: str, keyword: str) -> list[str]:
        paths = [path for path in found if path.rsplit("/", 1)[-1] == keyword]
        return paths or [f"{below}/{keyword}" if below else keyword]


def _cited(facts: Facts, section: str) -> Facts:
    """Facts with the section that invokes their macro cited as well."""
    known = facts.get("cite", [])
    sections = [known] if isinstance(known, str) else known
    return {**facts, "cite": [*sections, section] if section not in sections else known}


class Pool:
    """Equal things once: facts and groups of rows are numbered in the order they are first met."""

    def __init__(self) -> None:
        self.things: list[Any] = []
        self._numbers: dict[str, int] = {}

    def add(self, thing: Any) -> int:
        """The number of a thing."""
        key = json.dumps(thing, sort_keys=True)
        if key not in self._numbers:
            self._numbers[key] = len(self.things)
            self.things.append(thing)
        return self._numbers[key]


def tree_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """highdicom's flat rows as nested ``{keyword: [type, {children}]}``."""
    root: dict[str, Any] = {}
    for row in sorted(rows, key=lambda row: len(row["path"])):
        level = root
        for keyword in row["path"]:
            level = level[keyword][1]
        level[row["keyword"]] = [row["type"], {}]
    return root


def group_rows(
    level: dict[str, Any], path: str, facts: dict[str, Facts], code: dict[str, Facts], pools: tuple[Pool, Pool]
) -> int:
    """The number of the group of rows of one level; marks the facts it used."""
    is_code = {"CodeMeaning", "CodeValue"} <= level.keys()
    rows: list[Row] = []
    for keyword in sorted(level):
        kind, children = level[keyword]
        place = f"{path}/{keyword}" if path else keyword
        own = facts.pop(place, None)
        if is_code and keyword in code:
            own = {**code[keyword], **(own or {})}
        below = group_rows(children, place, facts, code, pools) if children else -1
        rows.append([keyword, kind, pools[0].add(own) if own else -1, below])
    return pools[1].add(rows)


def words(rows: list[list[Row]]) -> dict[str, list[Any]]:
    """Tag, VR and VM of every keyword used."""
    found = sorted({row[0] for group in rows for row in group})
    result = {}
    for word in found:
        tag = tag_for_keyword(word)
        if tag is None:
            raise SystemExit(f"{word}: not in pydicom's dictionary")
        result[word] = [tag, dictionary_VR(tag), dictionary_VM(tag)]
    return result


def context_groups(used: set[int]) -> dict[str, Any]:
    """Context groups with the codes of those they include; codes missing in the sheet come from pydicom.

    Groups that are used and not in the sheet count as extensible: pydicom does not say.
    """
    groups = sheet("context-groups.yaml")
    for cid in sorted(used - groups.keys()):
        if cid in name_for_cid:
            groups[cid] = {"name": name_for_cid[cid], "extensible": True}

    def codes(cid: int, seen: frozenset[int]) -> list[list[str]]:
        group = groups.get(cid, {})
        found = [list(code) for code in group.get("codes", [])]
        if not found:
            for scheme, names in cid_concepts.get(cid, {}).items():
                for name in names:
                    for value, (meaning, cids) in concepts[scheme][name].items():
                        if cid in cids:
                            found.append([scheme, value, meaning])
        for other in group.get("includes", []):
            if other not in seen:
                found += codes(other, seen | {other})
        return found

    result = {}
    for cid, group in groups.items():
        listed = sorted({(scheme, value): meaning for scheme, value, meaning in codes(cid, frozenset([cid]))}.items())
        result[str(cid)] = {
            "name": group["name"],
            "extensible": group["extensible"],
            "uid": group.get("uid", ""),
            "codes": [[scheme, value, meaning] for (scheme, value), meaning in listed],
        }
    return result


def groups_used(facts: list[Facts]) -> set[int]:
    """The context groups that the facts name."""
    static = {cid for each in facts for cid, _ in each.get("cids", [])}
    chosen = (rule for each in facts for rule in each.get("rules", []) if rule["kind"].startswith("group_by"))
    return static.union(cid for rule in chosen for cid, _ in rule.get("cids", {}).values())


def templates() -> dict[str, Any]:
    """The concept names that the rows of templates permit."""
    return {
        str(tid): {"name": entry["name"], "extensible": entry["extensible"], "codes": sorted(entry["codes"])}
        for tid, entry in sheet("templates.yaml").items()
    }


def build() -> dict[str, Any]:
    """All tables as one JSON object; stops when a sheet names a place that the structure does not have."""
    sheets = Sheets()
    iods = sheet("iods.yaml")
    lists = highdicom_table("iod_module_map.json")
    attributes = highdicom_table("module_attribute_map.json")
    kept = only_here()
    code = dict(sheets._expand(sheets.macros[CODE_MACRO], "", ()))
    pools = (Pool(), Pool())
    modules: dict[str, Any] = {}
    faults: list[str] = []
    for key in sorted({entry["key"] for iod in iods for entry in lists[iod]}):
        facts = sheets.facts(key)
        group = group_rows(tree_of(attributes[key] + kept.get(key, [])), "", facts, code, pools)
        faults += [f"{key}: {path}: no such place" for path in facts]
        modules[key] = {"section": sheets.modules.get(key, {}).get("section", ""), "group": group}
    if faults:
        raise SystemExit("\n".join(faults))
    for key, iod in iods.items():
        iod["modules"] = [[entry["key"], entry["usage"]] for entry in lists[key]]
    return {
        "edition": EDITION,
        "words": words(pools[1].things),
        "facts": pools[0].things,
        "groups": pools[1].things,
        "modules": modules,
        "iods": iods,
        "context_groups": context_groups(groups_used(pools[0].things)),
        "templates": templates(),
    }


def packed(tables: dict[str, Any]) -> bytes:
    """The tables as gzipped JSON without name and time."""
    text = json.dumps(tables, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0, compresslevel=9) as stream:
        stream.write(text)
    return buffer.getvalue()


def main() -> int:
    """Write the tables, or with ``--check`` say whether they are what the sources give."""
    tables = build()
    if "--check" in sys.argv[1:]:
        # zlib versions differ in their bytes: what counts is the content
        same = json.loads(gzip.decompress(TARGET.read_bytes())) == json.loads(json.dumps(tables))
        sys.stdout.write("up to date\n" if same else "out of date: run .ci/build_standard.py\n")
        return 0 if same else 1
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(packed(tables))
    rows = sum(map(len, tables["groups"]))
    sys.stdout.write(
        f"{TARGET.name}: {len(tables['iods'])} IODs, {len(tables['modules'])} modules, {rows} rows, "
        f"{len(tables['facts'])} facts, {TARGET.stat().st_size} bytes\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
