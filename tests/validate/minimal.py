"""The least instance of an IOD that the tables accept, grown from the findings about an empty one.

It shows that the tables can be satisfied at all, and gives mutants of every IOD something to start from. What the
values mean is nobody's business here.
"""

from __future__ import annotations

import re
from functools import cache
from struct import pack

from transcoder.dicom.elements import Item, encode, scan, tag_of
from transcoder.findings import Finding
from transcoder.standard import Attribute, ContextGroup, code_groups, context_group, iod, module, positions
from transcoder.validator.iod import check_tables

ABSENT = frozenset(["V110", "V112", "V113", "V115"])
EMPTY = frozenset(["V111", "V114"])
_FORMATS = {"US": "<H", "SS": "<h", "UL": "<L", "SL": "<l", "FL": "<f", "FD": "<d"}
_TEXTS = {
    "AE": "TITLE ", "AS": "040Y", "CS": "TEXT", "DA": "20240229", "DS": "1.5 ", "DT": "20240229120000", "IS": "1 ",
    "LO": "text", "LT": "text", "PN": "A^B ", "SH": "text", "ST": "text", "TM": "120000", "UC": "text", "UT": "text",
    "UI": "1.2.3.4\0", "UR": "http://host/",
}  # fmt: skip
LOCAL = ("99LOCAL", "1", "meaning")


def text_value(vr: str, value: str) -> bytes:
    """A text value with its padding."""
    raw = value.encode()
    return raw + (b"\0" if vr == "UI" else b" ") * (len(raw) % 2)


def number_value(vr: str, value: int) -> bytes:
    """A number in a binary or text representation."""
    return pack(_FORMATS[vr], value) if vr in _FORMATS else text_value(vr, str(value))


def value_of(attribute: Attribute) -> bytes:
    """A value that the tables accept."""
    vr = attribute.vr[:2]
    least = next((rule["value"] for rule in attribute.rules if rule["kind"] == "value_min"), None)
    listed = attribute.enumerated_values or attribute.defined_terms
    if least is not None:
        return number_value(vr, least)
    if any(rule["kind"] == "regex" for rule in attribute.rules):
        return text_value(vr, "1" * 7)
    number = int(attribute.vm.split("-")[0].split(" ")[0])
    if listed:
        return text_value(vr, "\\".join([listed[0]] * number)) if vr in _TEXTS else number_value(vr, int(listed[0]))
    if vr == "UI":
        return text_value(vr, "\\".join([f"1.2.3.{attribute.tag}"] * number))
    if vr in _FORMATS:
        return pack(_FORMATS[vr], 1) * number
    if vr in _TEXTS:
        return text_value(vr, "\\".join([_TEXTS[vr].strip(" \0")] * number))
    return b"\0" * (4 if vr == "AT" else 8)


def code_item(attribute: Attribute, holder: Item) -> Item:
    """A coded entry that the context group of the attribute holds, a local one where there is none."""
    scheme, value, meaning = LOCAL
    if attribute.codes:
        scheme, value = attribute.codes[0]
        meaning = ""
    for group in [group for group, _ in code_groups(attribute)] + chosen(attribute, holder):
        if group and group.codes:
            (scheme, value), meaning = next(iter(group.codes.items()))
            break
    item = Item()
    for word, text in (("CodeValue", value), ("CodingSchemeDesignator", scheme), ("CodeMeaning", meaning or "meaning")):
        item.put(tag_of(word), "SH" if word != "CodeMeaning" else "LO", text_value("LO", text))
    return item


def chosen(attribute: Attribute, holder: Item) -> list[ContextGroup | None]:
    """The context groups that a code beside the attribute chooses."""
    for rule in attribute.rules:
        if rule["kind"] == "group_by_code" and rule["attribute"].isalpha() and tag_of(rule["attribute"]) in holder:
            items = holder[tag_of(rule["attribute"])].items
            words = (tag_of("CodingSchemeDesignator"), tag_of("CodeValue"))
            keys = [" ".join(item[word].raw.decode().strip() for word in words if word in item) for item in items]
            return [context_group(rule["cids"][key][0]) for key in keys if key in rule["cids"]]
    return []


def is_code(attribute: Attribute) -> bool:
    """Whether the items of the sequence are coded entries."""
    return any(child.keyword == "CodeMeaning" for child in attribute.children)


def add(item: Item, attribute: Attribute) -> None:
    """Give the item the attribute: a value, or as many items as its table asks for."""
    if attribute.vr != "SQ":
        item.put(attribute.tag, attribute.vr[:2], value_of(attribute))
        return
    number = int(attribute.items[0]) if attribute.items[:1].isdigit() and attribute.items[0] != "0" else 1
    items = [code_item(attribute, item) if is_code(attribute) else Item() for _ in range(number)]
    item.put(attribute.tag, "SQ", items)


def at(root: Item, path: str) -> tuple[Item, str]:
    """The item that holds the last attribute of a path, and its keyword."""
    *above, word = path.split("/")
    for part in above:
        name, number = re.fullmatch(r"(\w+)\[(\d+)\]", part).groups()  # type: ignore[union-attr]
        root = root[tag_of(name)].items[int(number)]
    return root, word


def plain(path: str) -> str:
    """The path without item numbers."""
    return re.sub(r"\[\d+\]", "", path)


@cache
def table(key: str) -> dict[str, Attribute]:
    """The attributes of an IOD by path; the strictest where several modules name one."""
    order = {"1": 0, "1C": 1, "2": 2, "2C": 3, "3": 4}
    result: dict[str, Attribute] = {}
    for path, attribute, _ in positions(key):
        held = result.get(path)
        if held is None or (order[attribute.type], not attribute.enumerated_values) < (
            order[held.type],
            not held.enumerated_values,
        ):
            result[path] = attribute
    return result


def mend(root: Item, finding: Finding, attributes: dict[str, Attribute]) -> bool:
    """Mend one finding; whether that was possible."""
    path = plain(finding.path)
    if finding.code == "V143":
        word = finding.message.split()[0]
        shared = root[tag_of("SharedFunctionalGroupsSequence")].items[0]
        add(shared, attributes[f"SharedFunctionalGroupsSequence/{word}"])
        return True
    if finding.code == "V136":
        rules = attributes[path.rpartition("/")[0]].rules
        permitted = next(rule["values"] for rule in rules if rule["kind"] == "class_in")
        item, word = at(root, finding.path)
        item.put(tag_of(word), "UI", text_value("UI", permitted[0]))
        return True
    if path not in attributes:
        return False
    item, _ = at(root, finding.path)
    attribute = attributes[path]
    if finding.code in ABSENT or finding.code in EMPTY:
        add(item, attribute)
    elif finding.code == "V116":
        del item[attribute.tag]
    elif finding.code == "V127":
        counts = re.match(r"\d+ values, (\d+)", finding.message)
        if not counts:
            return False
        item[attribute.tag].value = value_of(attribute)[:8] * int(counts[1])
    elif finding.code == "V141":
        counts = re.search(r"items, (\d+)", finding.message)
        if not counts:
            return False
        item[attribute.tag].value = [Item() for _ in range(int(counts[1]))]
    elif finding.code == "V132" and (fixed := _fixed(attribute)):
        for child in item[attribute.tag].items:
            child.put(tag_of(fixed[0]), "CS", text_value("CS", fixed[1]))
    else:
        return False
    return True


def _fixed(attribute: Attribute) -> tuple[str, str] | None:
    for rule in attribute.rules:
        if rule["kind"] == "child_fixed":
            return rule["attribute"], rule["value"]
    return None


@cache
def _grown(key: str, extra: tuple[str, ...]) -> bytes:
    root = Item()
    attributes = table(key)
    root.put(tag_of("SOPClassUID"), "UI", text_value("UI", iod(key).sop_classes[0]))
    for name in extra:
        for attribute in module(name).attributes:
            if attribute.type in ("1", "2"):
                add(root, attribute)
    for _ in range(3000):
        errors = [each for each in check_tables(root) if each.severity == "error"]
        done = [each for each in errors if each.code in ("V110", "V112", "V111") and mend(root, each, attributes)]
        if not done and not any(mend(root, each, attributes) for each in errors):
            break
    return encode(root)


def minimal(key: str, *modules: str) -> Item:
    """The least instance of an IOD, with further modules where named."""
    return scan(_grown(key, modules), implicit=False)
