"""Look-ups in the tables of the standard; read once per process (provenance: PROVENANCE.md in this package)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from transcoder.standard.model import Attribute, ContextGroup, Facts, Iod, Module, ModuleUse

__all__ = [
    "attributes",
    "code_groups",
    "code_meaning",
    "code_meanings",
    "context_group",
    "edition",
    "iod",
    "iod_for",
    "iods",
    "module",
    "modules",
    "narrow",
    "positions",
    "template",
]


@cache
def _raw() -> dict[str, Any]:
    packed = resources.files("transcoder.standard").joinpath("data", "standard.json.gz").read_bytes()
    tables: dict[str, Any] = json.loads(gzip.decompress(packed))
    return tables


def edition() -> str:
    """The edition of the standard that the tables follow."""
    return str(_raw()["edition"])


def _freeze(value: Any) -> Any:
    return tuple(_freeze(each) for each in value) if isinstance(value, list) else value


@cache
def _group(number: int) -> tuple[Attribute, ...]:
    if number < 0:
        return ()
    tables = _raw()
    words, facts = tables["words"], tables["facts"]
    return tuple(
        _attribute(keyword, words[keyword], kind, facts[known] if known >= 0 else {}, _group(below))
        for keyword, kind, known, below in tables["groups"][number]
    )


def _attribute(keyword: str, word: list[Any], kind: str, facts: Facts, children: tuple[Attribute, ...]) -> Attribute:
    cite = facts.get("cite", "")
    return Attribute(
        keyword=keyword,
        tag=word[0],
        vr=word[1],
        vm=word[2],
        type=kind,
        section=cite if isinstance(cite, str) else ", ".join(cite),
        condition=facts.get("required_if"),
        otherwise=facts.get("otherwise", True),
        items=facts.get("items", ""),
        enumerated_values=tuple(facts.get("enum", ())),
        defined_terms=tuple(facts.get("terms", ())),
        context_groups=_freeze(facts.get("cids", [])),
        templates=_freeze(facts.get("tids", [])),
        codes=_freeze(facts.get("codes", [])),
        rules=tuple(facts.get("rules", ())),
        children=children,
    )


def narrow(attribute: Attribute, facts: Facts) -> Attribute:
    """The attribute as an IOD narrows it: other terms, codes or context groups (PS3.3 section A.1.3)."""
    return Attribute(
        keyword=attribute.keyword,
        tag=attribute.tag,
        vr=attribute.vr,
        vm=attribute.vm,
        type=attribute.type,
        section=facts.get("cite", attribute.section),
        condition=attribute.condition,
        otherwise=attribute.otherwise,
        items=attribute.items,
        enumerated_values=tuple(facts.get("enum", attribute.enumerated_values)),
        defined_terms=() if "enum" in facts else attribute.defined_terms,
        context_groups=_freeze(facts["cids"]) if "cids" in facts else attribute.context_groups,
        templates=attribute.templates,
        codes=_freeze(facts["codes"]) if "codes" in facts else attribute.codes,
        rules=attribute.rules,
        children=attribute.children,
    )


@cache
def module(key: str) -> Module:
    """The module of a key such as ``rt-beams``; raises KeyError when there is none."""
    entry = _raw()["modules"][key]
    return Module(key, entry["section"], _group(entry["group"]))


def attributes(key: str) -> tuple[Attribute, ...]:
    """The attributes of a module at the root of the data set."""
    return module(key).attributes


@cache
def iod(key: str) -> Iod:
    """The IOD of a key such as ``rt-plan``; raises KeyError when it is not covered."""
    entry = _raw()["iods"][key]
    conditions = entry.get("conditions", {})
    uses = []
    for name, usage in entry["modules"]:
        facts = conditions.get(name, {})
        uses.append(
            ModuleUse(name, usage, facts.get("required_if"), facts.get("otherwise", True), facts.get("prohibited_if"))
        )
    return Iod(
        key=key,
        name=entry["name"],
        section=entry["section"],
        sop_classes=tuple(entry["sop_classes"]),
        modules=tuple(uses),
        narrowed=entry.get("narrow", {}),
        functional_groups=tuple(entry.get("functional_groups", ())),
    )


@cache
def iods() -> tuple[str, ...]:
    """The keys of all IODs covered."""
    return tuple(_raw()["iods"])


@cache
def _sop_classes() -> dict[str, str]:
    return {uid: key for key, entry in _raw()["iods"].items() for uid in entry["sop_classes"]}


def iod_for(sop_class_uid: str) -> Iod | None:
    """The IOD of a SOP Class, None when it is not covered; vendors' private RT Plan classes are RT Plans."""
    key = _sop_classes().get(sop_class_uid)
    return iod(key) if key else None


def modules(key: str) -> tuple[Module, ...]:
    """The modules of an IOD in the order of its table."""
    return tuple(module(use.key) for use in iod(key).modules)


def positions(key: str) -> Iterator[tuple[str, Attribute, Module]]:
    """Every attribute position of an IOD: path of keywords, attribute, module."""
    narrowed = iod(key).narrowed
    for each in modules(key):
        for path, attribute in _walk(each.attributes, ""):
            facts = narrowed.get(path)
            yield path, narrow(attribute, facts) if facts else attribute, each


def _walk(level: tuple[Attribute, ...], above: str) -> Iterator[tuple[str, Attribute]]:
    for attribute in level:
        path = f"{above}/{attribute.keyword}" if above else attribute.keyword
        yield path, attribute
        yield from _walk(attribute.children, path)


@cache
def context_group(cid: int) -> ContextGroup | None:
    """The context group of a number, None when the tables do not hold it."""
    return _listed("context_groups", cid, "CID")


@cache
def template(tid: int) -> ContextGroup | None:
    """The concept names that the rows of a template permit, None when the tables do not hold it."""
    return _listed("templates", tid, "TID")


def _listed(table: str, number: int, kind: str) -> ContextGroup | None:
    entry = _raw()[table].get(str(number))
    if entry is None:
        return None
    codes = {(scheme, value): meaning for scheme, value, meaning in entry["codes"]}
    return ContextGroup(number, entry["name"], entry["extensible"], entry.get("uid", ""), codes, kind)


def code_groups(attribute: Attribute) -> tuple[tuple[ContextGroup | None, str], ...]:
    """The context groups and templates of a code sequence, each with its kind; None for one without tables."""
    groups = tuple((context_group(cid), kind) for cid, kind in attribute.context_groups)
    return groups + tuple((template(tid), kind) for tid, kind in attribute.templates)


@cache
def _meanings() -> dict[tuple[str, str], tuple[str, ...]]:
    meanings: dict[tuple[str, str], tuple[str, ...]] = {}
    for entry in (*_raw()["context_groups"].values(), *_raw()["templates"].values()):
        for scheme, value, meaning in entry["codes"]:
            known = meanings.get((scheme, value), ())
            if meaning not in known:
                meanings[scheme, value] = (*known, meaning)
    return meanings


def code_meanings(scheme: str, value: str) -> tuple[str, ...]:
    """The meanings that the context groups held here give a code; groups may word it differently."""
    return _meanings().get((scheme, value), ())


def code_meaning(scheme: str, value: str) -> str | None:
    """The meaning that the first of the context groups gives a code, None when none holds it."""
    return next(iter(code_meanings(scheme, value)), None)
