"""Whether codecs, tables, constants and site values exist and fit the attributes they stand between."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from transcoder.codecs import CODECS
from transcoder.codecs.registry import ASSEMBLERS, CodecInfo
from transcoder.mapping.check_fault import Fault, fault
from transcoder.mapping.check_roles import SECOND, Visit, index
from transcoder.mapping.marks import Mark
from transcoder.mapping.model import Assemble, Bind, Distinct, Each, Mapping, Otherwise, Rule, Via
from transcoder.paths import Path
from transcoder.standard import context_group, dictionary

__all__ = ["bind_faults", "value_faults"]

_NUMERIC = frozenset(["DS", "IS", "FD", "FL", "US", "UL", "SS", "SL", "OF", "OD", "OW"])
_TEXT = frozenset(["AE", "AS", "AT", "CS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT"])
_FITTING = {
    "number": _NUMERIC,
    "sparse": _NUMERIC,
    "columns": _NUMERIC,
    "text": _TEXT,
    "stated": _TEXT,
    "code": frozenset(["SQ"]),
}
# These carry a value as it is, so that the number of values must fit as well.
_UNCHANGED = frozenset(["", "number", "text", "code", "scale", "offset"])
Kinds = tuple[str, ...]


def value_faults(visit: Visit, mapping: Mapping) -> Iterator[Fault]:
    """The faults of the codecs and values of one node."""
    node = visit.node
    if isinstance(node, Rule):
        yield from _of_rule(visit, node, mapping)
    elif isinstance(node, (Each, Distinct)):
        binds = node.binds if isinstance(node, Each) else node.columns
        yield from bind_faults(visit, binds, node.place.at, mapping)
    elif isinstance(node, Assemble) and node.via not in ASSEMBLERS:
        yield fault(node.place.at("via"), "M203", f"no assembler is called '{node.via}'", node.via, ASSEMBLERS)


def bind_faults(visit: Visit, binds: tuple[Bind, ...], at: Callable[..., Mark], mapping: Mapping) -> Iterator[Fault]:
    """The faults of the codecs of bindings or columns."""
    for bind in binds:
        mark = at("columns", bind.name) if isinstance(visit.node, Distinct) else at("bind", bind.name)
        if bind.via and bind.via[0].codec:
            yield from _of_vias(visit, bind.via, bind.first, mark, mapping)


def _of_rule(visit: Visit, rule: Rule, mapping: Mapping) -> Iterator[Fault]:
    at = rule.place.at
    if rule.value is not None:
        yield from _of_constant(visit, rule, rule.value, mapping)
    if rule.first and rule.via and rule.via[0].codec:
        first, second = (rule.second, rule.first) if _runs_forward(rule) else (rule.first, rule.second)
        faults = list(_of_vias(visit, rule.via, first, at("via"), mapping, second))
        yield from faults or _of_backward(rule)
    elif rule.first:
        yield from _of_copy(rule)
    yield from _of_multiplicity(rule)
    for number, each in enumerate(rule.otherwise):
        yield from _of_otherwise(visit, rule, each, at("otherwise", number), mapping)
    for word, value in rule.companions:
        if dictionary.vr_of(word) == "SQ" and value not in mapping.concepts:
            yield fault(at("with", word), "M209", f"'{value}' is no concept", str(value), mapping.concepts)


def _runs_forward(rule: Rule) -> bool:
    """Whether a rule of the way back alone runs a codec that has one direction, from its second side to its first."""
    info = CODECS.get(rule.via[0].codec)
    return rule.one_way == "backward" and bool(rule.second) and info is not None and bool(info.one_way)


def _of_copy(rule: Rule) -> Iterator[Fault]:
    """A rule without codec copies an element, so it has one source of the same VR."""
    if len(rule.first) != 1:
        yield Fault(rule.place.at("first"), "M204", f"without a codec a rule has one first path, not {len(rule.first)}")
        return
    source = dictionary.vr_of(rule.first[0].keyword)
    for number, path in enumerate(rule.second):
        vr = dictionary.vr_of(path.keyword)
        if source and vr and source != vr:
            mark = rule.place.at("second", number)
            yield Fault(mark, "M205", f"an element of VR {source} cannot be copied to {path.keyword}, which is {vr}")


def _of_vias(
    visit: Visit,
    vias: tuple[Via, ...],
    first: tuple[Path, ...],
    mark: Mark,
    mapping: Mapping,
    second: tuple[Path, ...] | None = None,
) -> Iterator[Fault]:
    found = [_signature(via, mapping) for via in vias]
    for via, kinds in zip(vias, found, strict=True):
        if kinds is None:
            yield _unknown(via, mark, mapping)
        else:
            yield from _of_arguments(visit, via, mark, mapping)
    if None in found:
        return
    chain = [kinds for kinds in found if kinds is not None]
    yield from _fits(chain[0][0], first, mark, "first")
    for before, after in pairwise(chain):
        if len(before[1]) != len(after[0]):
            yield Fault(mark, "M204", f"a codec gives {len(before[1])} values and the next takes {len(after[0])}")
    if second is not None:
        yield from _fits(chain[-1][1], second, mark, "second")


def _signature(via: Via, mapping: Mapping) -> tuple[Kinds, Kinds] | None:
    if via.codec == "table":
        table = mapping.tables.get(str(dict(via.arguments)["name"]))
        return None if table is None else (table.first, table.second)
    info = CODECS.get(via.codec)
    return None if info is None else (info.first, info.second)


def _unknown(via: Via, mark: Mark, mapping: Mapping) -> Fault:
    if via.codec == "table":
        name = str(dict(via.arguments)["name"])
        return fault(mark, "M203", f"no table is called '{name}'", name, mapping.tables)
    return fault(mark, "M203", f"no codec is called '{via.codec}'", via.codec, [*CODECS, "table"])


def _of_arguments(visit: Visit, via: Via, mark: Mark, mapping: Mapping) -> Iterator[Fault]:
    if via.codec == "table":
        return
    allowed = _arguments(CODECS[via.codec])
    given = dict(via.arguments)
    for name, value in given.items():
        if name not in allowed:
            yield fault(mark, "M204", f"codec '{via.codec}' has no argument '{name}'", name, allowed)
        for each in value if isinstance(value, tuple) else (value,):
            yield from _of_reference(visit, each, mark, mapping)
    for name, needed in allowed.items():
        if needed and name not in given and name != "edition":
            yield Fault(mark, "M204", f"codec '{via.codec}' needs the argument '{name}'")


def _of_reference(visit: Visit, value: Any, mark: Mark, mapping: Mapping) -> Iterator[Fault]:
    if isinstance(value, str) and value.startswith("$") and value[1:] not in visit.names:
        yield fault(mark, "M207", f"'{value}' is bound by nothing around it", value[1:], visit.names)
    if isinstance(value, str) and value.startswith("site:"):
        yield from _of_site(value.removeprefix("site:"), mark, mapping)


def _of_site(name: str, mark: Mark, mapping: Mapping) -> Iterator[Fault]:
    if name not in mapping.site_values:
        yield fault(mark, "M208", f"no site value is called '{name}'", name, mapping.site_values)


def _arguments(info: CodecInfo) -> dict[str, bool]:
    """The arguments of a codec by name, and whether each must be given."""
    parameters = list(inspect.signature(info.forward).parameters.values())
    if info.first and info.first[-1].endswith("*"):
        named = [each for each in parameters if each.kind is each.KEYWORD_ONLY]
    else:
        named = parameters[len(info.first) :]
    return {each.name: each.default is each.empty for each in named}


def _fits(kinds: Kinds, paths: tuple[Path, ...], mark: Mark, side: str) -> Iterator[Fault]:
    repeats = bool(kinds) and kinds[-1].endswith("*")
    if len(paths) != len(kinds) and not (repeats and len(paths) >= len(kinds) - 1):
        yield Fault(mark, "M204", f"the codec has {len(kinds)} {side} values and the rule {len(paths)} paths")
        return
    for number, path in enumerate(paths):
        kind = kinds[min(number, len(kinds) - 1)].rstrip("*")
        vr = dictionary.vr_of(path.keyword)
        if vr and vr not in _FITTING.get(kind, {vr}):
            yield Fault(mark, "M205", f"{path.keyword} is of VR {vr}, and the codec's {side} value is a {kind}")


def _of_backward(rule: Rule) -> Iterator[Fault]:
    """A rule that cannot run backward says so."""
    stuck = [via.codec for via in rule.via if via.codec in CODECS and CODECS[via.codec].backward is None]
    if stuck and not rule.one_way:
        reason = CODECS[stuck[0]].one_way
        yield Fault(rule.mark, "M211", f"codec '{stuck[0]}' has no way back ({reason}): say one_way and the reason")


def _of_multiplicity(rule: Rule) -> Iterator[Fault]:
    codec = rule.via[0].codec if rule.via else ""
    if codec not in _UNCHANGED or len(rule.via) > 1 or not rule.first or rule.first[0].name:
        return
    source = _bounds(dictionary.vm_of(rule.first[0].keyword))
    for number, path in enumerate(rule.second):
        target = _bounds(dictionary.vm_of(path.keyword))
        if source[0] < target[0] or source[1] > target[1]:
            vms = f"{dictionary.vm_of(rule.first[0].keyword)} values do not fit {dictionary.vm_of(path.keyword)}"
            yield Fault(rule.place.at("second", number), "M206", f"{rule.first[0].keyword} -> {path.keyword}: {vms}")


def _bounds(vm: str) -> tuple[float, float]:
    low, _, high = vm.partition("-")
    if not low:
        return 0, math.inf
    if not high:
        return float(low), float(low)
    return float(low), math.inf if high.endswith("n") else float(high)


def _of_otherwise(visit: Visit, rule: Rule, each: Otherwise, mark: Mark, mapping: Mapping) -> Iterator[Fault]:
    if each.action in ("site", "plan_site"):
        yield from _of_site(str(each.value), mark, mapping)
    elif each.first and each.via and each.via[0].codec:
        yield from _of_vias(visit, each.via, each.first, mark, mapping, rule.second)
    elif each.action == "assume" and not each.first:
        value = {"code": each.value} if dictionary.vr_of(rule.second[0].keyword) == "SQ" else each.value
        yield from _permitted(visit, rule.second[0], value, mark, mapping)
    final = each.action in ("refuse", "empty", "omit") or (each.action == "assume" and not each.first)
    if final and each is not rule.otherwise[-1]:
        yield Fault(mark, "M222", f"nothing behind '{each.action}' is ever reached")


def _of_constant(visit: Visit, rule: Rule, value: Any, mapping: Mapping) -> Iterator[Fault]:
    path, mark = rule.second[0] if rule.second else rule.first[0], rule.place.at("value")
    if value == "empty":
        return
    yield from _permitted(visit, path, value, rule.place.at("code") if isinstance(value, dict) else mark, mapping)
    count = len(value) if isinstance(value, list) else 1
    low, high = _bounds(dictionary.vm_of(path.keyword))
    if not low <= count <= high:
        yield Fault(
            mark, "M206", f"{count} values do not fit the VM {dictionary.vm_of(path.keyword)} of {path.keyword}"
        )


def _permitted(visit: Visit, path: Path, value: Any, mark: Mark, mapping: Mapping) -> Iterator[Fault]:
    """Whether the standard permits a constant: a term among the enumerated values, a code of the context group."""
    if isinstance(value, dict) and value["code"] not in mapping.concepts:
        yield fault(mark, "M209", f"'{value['code']}' is no concept", str(value["code"]), mapping.concepts)
        return
    for base in visit.bases(path, SECOND) or ():
        for row in index(base.iod).get(base.prefix, ()):
            terms = row.enumerated_values
            if isinstance(value, str) and terms and value not in terms:
                yield fault(mark, "M220", f"{path.keyword} has no enumerated value '{value}'", value, terms)
            if isinstance(value, dict) and (cid := _excluded(row.context_groups, mapping.concepts[value["code"]])):
                yield Fault(mark, "M221", f"concept '{value['code']}' is not in CID {cid} of {path.keyword}")


def _excluded(groups: tuple[tuple[int, str], ...], code: tuple[str, str, str]) -> int:
    """The context group that shuts a code out, 0 where none does."""
    held = [found for cid, _ in groups if (found := context_group(cid)) is not None]
    if not held or len(held) < len(groups) or any(group.extensible or not group.codes for group in held):
        return 0
    return 0 if any((code[1], code[0]) in group.codes for group in held) else held[0].cid
