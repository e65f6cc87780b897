"""Context groups and templates: every place where the text names one has it, and a foreign code there is told."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Any

import pytest
from files import load, samples
from minimal import at, code_item, text_value
from solve import scope_at, write
from test_conditions import root_of
from test_standard import sheet

from transcoder.dicom.elements import Item, encode, scan, tag_of, walk
from transcoder.standard import Attribute, ContextGroup, code_groups, context_group, iod, iods, positions, template
from transcoder.validator.iod import check_tables
from transcoder.validator.scope import Scope

CHOSEN = ("group_by_code", "group_by_value")
# Groups of the tables that stand in no text at hand, by a part of their path: the macro of C.17-3b, a module newer
# than 2024c, the real world values of images.
UNREAD = {
    ("InstitutionalDepartmentTypeCodeSequence", "CID 7030"),
    ("RTTreatmentTerminationReasonCodeSequence", "CID 9561"),
    ("QuantityDefinitionSequence/", "CID 82"),
}
INVOCATIONS = sheet("invocations")


@cache
def at_module() -> dict[str, dict[str, Attribute]]:
    """The attributes of every module by path, as the module says it, whatever an IOD narrows."""
    found: dict[str, dict[str, Attribute]] = {}
    for key in iods():
        narrowed = iod(key).narrowed
        for path, attribute, holder in positions(key):
            if path not in narrowed or "cids" not in narrowed[path]:
                found.setdefault(holder.key, {})[path] = attribute
    return found


def named(attribute: Attribute) -> set[tuple[str, str]]:
    """The groups of an attribute as (kind, group), those chosen by a rule included."""
    found = {(kind, f"CID {cid}") for cid, kind in attribute.context_groups}
    found |= {(kind, f"TID {tid}") for tid, kind in attribute.templates}
    for rule in attribute.rules:
        if rule["kind"] in CHOSEN:
            found |= {(kind, f"CID {cid}") for cid, kind in rule.get("cids", {}).values()}
            found |= {(kind, f"TID {tid}") for tid, kind in rule.get("tids", {}).values()}
        elif rule["kind"] == "codes_by_group":
            found |= {("named", f"CID {key}") for key in rule["by"] if key.isdigit()}
    return found


def groups_at(place: str) -> set[tuple[str, str]]:
    """The groups that the tables hold at a place of the sheet of invocations."""
    where, key, path = place.split(":")
    if where == "iod":
        return {(kind, f"CID {cid}") for cid, kind in iod(key).narrowed[path]["cids"]}
    return named(at_module()[key][path])


def by_category(attribute: Attribute) -> bool:
    """Whether a column of a context group chooses the group, which is no invocation of its own."""
    categories = ("TherapeuticRoleCategory", "SegmentAnnotationCategory", "SegmentedPropertyCategory")
    return any(str(rule.get("attribute", "")).startswith(categories) for rule in attribute.rules)


def test_every_group_that_the_text_names_is_in_the_tables() -> None:
    rows = [row for row in INVOCATIONS if not row["reason"]]
    missing = [row for row in rows if (row["kind"], row["group"]) not in groups_at(row["place"])]
    assert not missing, missing[:5]
    assert len(rows) > 350


def test_what_the_text_names_and_the_tables_do_not_hold_has_a_reason() -> None:
    for row in INVOCATIONS:
        assert row["reason"] or row["place"], row
        if row["reason"] and row["place"]:
            assert (row["kind"], row["group"]) not in groups_at(row["place"]), row


def test_the_tables_hold_no_group_that_the_text_does_not_name() -> None:
    told = {(row["place"], row["group"]) for row in INVOCATIONS}
    invented = [
        (key, path, group)
        for key, rows in at_module().items()
        for path, attribute in rows.items()
        for _, group in named(attribute)
        if (f"module:{key}:{path}", group) not in told
        and not any(part in path and group == other for part, other in UNREAD)
        and not by_category(attribute)
    ]
    assert not invented, invented[:5]


@cache
def coded() -> list[tuple[str, str, str, Attribute]]:
    """Each code sequence with a group once: IOD, module, path, attribute."""
    rows: dict[int, tuple[str, str, str, Attribute]] = {}
    for key in iods():
        for path, attribute, holder in positions(key):
            if named(attribute) and id(attribute) not in rows:
                rows[id(attribute)] = (key, holder.key, path, attribute)
    return list(rows.values())


def placed(key: str, name: str, path: str) -> Scope:
    """A bare data set with an item at a path, where the module is present."""
    *above, word = path.split("/")
    return scope_at(root_of(key, name, above[0] if above else word), above)


def codes_told(scope: Scope, attribute: Attribute, code: tuple[str, str]) -> set[str]:
    """The codes about a coded entry when it stands in the sequence."""
    entry = Item()
    for word, text in (("CodeValue", code[1]), ("CodingSchemeDesignator", code[0]), ("CodeMeaning", "")):
        entry.put(tag_of(word), "SH", text_value("SH", text))
    scope.item.put(attribute.tag, "SQ", [entry])
    place = f"{scope.place(attribute.tag)}[0]"
    return {each.code for each in check_tables(scope.root.item) if each.path == place}


def expected(group: ContextGroup, kind: str) -> str:
    """The code that a foreign code in this group brings."""
    return "V152" if kind != "defined" else "V151" if group.extensible else "V150"


# Groups without a list of codes: units and organizations, and three that pydicom does not have.
WITHOUT_CODES = {82, 101, 5001, 5002, 7007}


def test_the_groups_that_the_tables_name_have_codes() -> None:
    used = {cid for *_, attribute in coded() for cid, _ in attribute.context_groups}
    used |= {group.cid for *_, attribute in coded() for *_, group, _ in choices(attribute) if group.kind == "CID"}
    held = {cid: context_group(cid) for cid in used}
    assert {cid for cid, group in held.items() if group is None or not group.codes} == WITHOUT_CODES


FOREIGN = ("99LOCAL", "4711")


def test_a_foreign_code_is_told_wherever_a_group_holds() -> None:
    count: Counter[str] = Counter()
    for key, name, path, attribute in coded():
        held = [(group, kind) for group, kind in code_groups(attribute) if group is not None]
        if (
            not held
            or not all(group.codes for group, _ in held)
            or any(rule["kind"] in CHOSEN for rule in attribute.rules)
        ):
            continue
        scope = placed(key, name, path)
        kinds = {kind for _, kind in held}
        kind = "defined" if kinds == {"defined"} else "baseline"
        told = codes_told(scope, attribute, FOREIGN)
        wanted = {expected(group, kind) for group, _ in held}
        assert told & wanted, (key, path, told)
        good = codes_told(scope, attribute, next(iter(held[0][0].codes)))
        assert not good & {"V150", "V151", "V152", "V154"}, (key, path, good)
        count[kind] += 1
    assert count["defined"] > 100, count
    assert count["baseline"] > 50, count


def choices(attribute: Attribute) -> list[tuple[str, str, str, ContextGroup, str]]:
    """Each choice of the rules of an attribute: kind of rule, what it looks at, key, group, kind of group."""
    found = []
    for rule in attribute.rules:
        if rule["kind"] in CHOSEN:
            pairs: dict[str, Any] = {
                key: (context_group(cid), kind) for key, (cid, kind) in rule.get("cids", {}).items()
            }
            pairs |= {key: (template(tid), kind) for key, (tid, kind) in rule.get("tids", {}).items()}
            found += [(rule["kind"], rule["attribute"], key, group, kind) for key, (group, kind) in pairs.items()]
    return found


def choose(scope: Scope, kind: str, word: str, key: str) -> None:
    """Write the code or the value that makes a rule choose."""
    scheme, _, value = key.partition(" ")
    if kind == "group_by_value":
        write(scope, word, key)
    elif word == ".":
        scope.item.put(tag_of("CodingSchemeDesignator"), "SH", text_value("SH", scheme))
        scope.item.put(tag_of("CodeValue"), "SH", text_value("SH", value))
    else:
        write(scope, word, (value, scheme))


def test_a_foreign_code_is_told_for_each_choice_of_a_group() -> None:
    number = 0
    for key, name, path, attribute in coded():
        for rule, word, chosen, group, kind in choices(attribute):
            scope = placed(key, name, path)
            choose(scope, rule, word, chosen)
            assert expected(group, kind) in codes_told(scope, attribute, FOREIGN), (path, chosen)
            assert not codes_told(scope, attribute, next(iter(group.codes))) & {"V150", "V151", "V152"}, (path, chosen)
            choose(scope, rule, word, "OTHER" if rule == "group_by_value" else "99LOCAL 1")
            assert not codes_told(scope, attribute, FOREIGN), (path, chosen)
            number += 1
    assert number > 35


TYPE = "../DosimetricObjectiveTypeCodeSequence"


@pytest.mark.parametrize(
    ("kind", "parameter", "told"),
    [
        ("130003", "130019", False),  # CID 9529: one dose
        ("130003", "130021", True),
        ("130014", "130021", False),  # CID 9530: percentage and dose
        ("130014", "130020", True),
        ("130016", "130020", False),  # CID 9531: volume and dose
        ("130018", "130019", True),  # CID 9532: no parameter
        ("130010", "130074", False),  # a conformity index
        ("130010", "130077", True),
    ],
)
def test_parameters_of_a_dosimetric_objective(kind: str, parameter: str, told: bool) -> None:
    """Table C.36.2.1.4-2."""
    path = "DosimetricObjectiveSequence/DosimetricObjectiveParameterSequence/ConceptNameCodeSequence"
    scope = placed("rt-physician-intent", "rt-enhanced-prescription", path)
    write(scope, TYPE, (kind, "DCM"))
    attribute = at_module()["rt-enhanced-prescription"][path]
    assert ("V155" in codes_told(scope, attribute, ("DCM", parameter))) is told


def test_a_code_in_the_right_group_by_category_stands_in_the_least_instance() -> None:
    """The good instances that mutants start from fill chosen groups as well."""
    attribute = at_module()["rt-segment-annotation"]["RTSegmentAnnotationSequence/SegmentAnnotationTypeCodeSequence"]
    scope = placed(
        "rt-segment-annotation",
        "rt-segment-annotation",
        "RTSegmentAnnotationSequence/SegmentAnnotationTypeCodeSequence",
    )
    write(scope, "SegmentAnnotationCategoryCodeSequence", ("130047", "DCM"))
    entry = code_item(attribute, scope.item)
    assert entry[tag_of("CodeValue")].raw.strip() in (b"130067", b"130068")


COUCH = "PatientSupportPositionDeviceParameterSequence[0]/PatientSupportPositionParameterSequence[0]"


@cache
def radiation_with(path: str) -> bytes:
    """The first C-arm radiation of the samples that has an item at a path."""
    for file in samples("second"):
        item = load(file)
        if any(f"{path}/CodeValue" == place for place, _ in walk(item)):
            return encode(item)
    raise LookupError(path)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("TreatmentDeviceIdentificationSequence[0]/DeviceTypeCodeSequence[0]", "V151"),
        (
            "TreatmentPositionSequence[0]/PatientLocationCoordinatesSequence[0]/PatientLocationCoordinatesCodeSequence[0]",
            "V151",
        ),
        (f"TreatmentPositionSequence[0]/PatientSupportPositionSequence[0]/{COUCH}/ConceptNameCodeSequence[0]", "V151"),
    ],
)
def test_a_foreign_code_in_a_sample_is_told(path: str, told: str) -> None:
    """What passed while groups given at an invocation were not in the tables."""
    radiation = scan(radiation_with(path), implicit=False)
    before = {each.code for each in check_tables(radiation) if each.path == path}
    entry, _ = at(radiation, f"{path}/CodeValue")
    for word, text in (("CodeValue", "4711"), ("CodingSchemeDesignator", "99LOCAL")):
        entry.put(tag_of(word), "SH", text_value("SH", text))
    assert {each.code for each in check_tables(radiation) if each.path == path} - before == {told}
