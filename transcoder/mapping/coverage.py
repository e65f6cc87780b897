"""What becomes of every attribute position of a first-generation IOD: a rule, or a declared reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from collections.abc import Mapping as Lookup
from dataclasses import dataclass, field

from transcoder.codecs.registry import CODECS
from transcoder.mapping.check_roles import FIRST, Base, Visit, bases_of_family, in_block, in_input, visits
from transcoder.mapping.model import Assemble, Bind, Declared, Distinct, Each, Family, Mapping, Rule, Via
from transcoder.paths import Path
from transcoder.standard import positions

__all__ = ["FATES", "Coverage", "Fate", "ModuleCoverage", "coverage", "rule_reads"]

RULE, DERIVED, NEVER, NOTYET, UNCOVERED = "rule", "derived", "never", "notyet", "uncovered"
FATES = (RULE, DERIVED, NEVER, NOTYET, UNCOVERED)


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one position: by which rule, or by which kind of declaration and for what reason."""

    path: str
    kind: str
    rule: str = ""
    reason: str = ""


@dataclass(slots=True)
class ModuleCoverage:
    """The positions of one module and their fates."""

    key: str
    name: str
    section: str
    fates: list[Fate] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """How many positions have each fate, and all together."""
        tally = Counter(fate.kind for fate in self.fates)
        return {"positions": len(self.fates), **{kind: tally[kind] for kind in FATES}}


@dataclass(frozen=True, slots=True)
class Coverage:
    """The modules of one IOD."""

    iod: str
    modules: tuple[ModuleCoverage, ...]

    def total(self) -> dict[str, int]:
        """The counts of all modules together."""
        total: Counter[str] = Counter()
        for module in self.modules:
            total.update(module.counts())
        return {"positions": total["positions"], **{kind: total[kind] for kind in FATES}}

    def uncovered(self) -> list[str]:
        """The positions that nobody accounts for."""
        return [fate.path for module in self.modules for fate in module.fates if fate.kind == UNCOVERED]


def coverage(mapping: Mapping, family: str = "plan") -> Coverage:
    """The fate of every position of the root IOD of a family."""
    chosen = mapping.families[family]
    root = bases_of_family(chosen)[chosen.root].iod
    carried = _carried(mapping, chosen, root)
    declared = {each.path: each for sheet in mapping.sheets_of(chosen) for each in sheet.declared}
    modules: dict[str, ModuleCoverage] = {}
    for path, _, module in positions(root):
        entry = modules.setdefault(module.key, ModuleCoverage(module.key, module.name, module.section))
        entry.fates.append(_fate(path, carried, declared))
    return Coverage(root, tuple(modules.values()))


@dataclass(slots=True)
class _Carried:
    """Positions that rules read, those they take with all that stands below, and those on the way to either."""

    read: dict[str, str] = field(default_factory=dict)
    whole: dict[str, str] = field(default_factory=dict)
    above: dict[str, str] = field(default_factory=dict)

    def take(self, path: str, rule: str, *, whole: bool) -> None:
        """Note a position."""
        (self.whole if whole else self.read).setdefault(path, rule)
        while "/" in path:
            path = path.rpartition("/")[0]
            self.above.setdefault(path, rule)

    def rule(self, path: str) -> str:
        """The rule that accounts for a position, or nothing."""
        found = self.read.get(path) or self.whole.get(path) or self.above.get(path)
        while not found and "/" in path:
            path = path.rpartition("/")[0]
            found = self.whole.get(path)
        return found or ""


def _fate(path: str, carried: _Carried, declared: Lookup[str, Declared]) -> Fate:
    own = declared.get(path)
    if rule := carried.rule(path):
        return Fate(path, RULE, rule, f"{own.kind}: {own.reason} ({own.where})" if own and own.where else "")
    above = path
    while own is None or own.where:
        # An entry that holds in some cases only (where) speaks neither for the other cases nor for what is below.
        if "/" not in above:
            return Fate(path, UNCOVERED)
        above = above.rpartition("/")[0]
        own = declared.get(above)
    return Fate(path, own.kind, reason=own.reason)


def _carried(mapping: Mapping, family: Family, iod: str) -> _Carried:
    carried = _Carried()
    for rule, base, whole in reads(mapping, family):
        if base.iod == iod and base.prefix:
            carried.take(base.prefix, rule, whole=whole)
    return carried


def rule_reads(mapping: Mapping, family: str = "plan") -> dict[str, str]:
    """Each position of the root IOD that a rule reads itself, with the rule."""
    if family not in mapping.families:
        return {}
    chosen = mapping.families[family]
    carried = _carried(mapping, chosen, bases_of_family(chosen)[chosen.root].iod)
    return carried.whole | carried.read


def reads(mapping: Mapping, family: Family) -> Iterator[tuple[str, Base, bool]]:
    """Every first-generation position that a rule or block of a family reads: who, where, and with all below or not."""
    seen: set[str] = set()
    for visit in visits(mapping):
        node = visit.node
        if visit.family is not family:
            continue
        if visit.sheet.name not in seen:
            seen.add(visit.sheet.name)
            yield from _by_binds(visit, visit.sheet.name, visit.sheet.binds)
        if isinstance(node, Rule):
            yield from _by_rule(visit, node)
        elif isinstance(node, Each):
            yield from _by_each(visit, node)
        elif isinstance(node, Distinct):
            inner = in_block(visit)
            if node.over is not None:
                yield from _each_base(visit, node.id, node.over)
            yield from _by_binds(inner, node.id, node.columns)
        elif isinstance(node, Assemble):
            for each in node.inputs:
                yield from _each_base(visit, node.id, each.over)
                inner = in_input(visit, each.role, each.over, each.when_item)
                for _, path in each.fields:
                    yield from _each_base(inner, node.id, path)


def _by_rule(visit: Visit, rule: Rule) -> Iterator[tuple[str, Base, bool]]:
    if rule.one_way == "backward":
        return
    for number, path in enumerate(rule.first):
        yield from _each_base(visit, rule.id, path, whole=_takes_all(rule.via, number))
    for otherwise in rule.otherwise:
        for number, path in enumerate(otherwise.first):
            yield from _each_base(visit, rule.id, path, whole=_takes_all(otherwise.via, number))


def _takes_all(vias: tuple[Via, ...], number: int) -> bool:
    """Whether a rule takes a sequence with its content: it copies the element, or reads a code from it."""
    if not vias or not vias[0].codec:
        return True
    kinds = CODECS[vias[0].codec].first if vias[0].codec in CODECS else ()
    return number < len(kinds) and kinds[number] == "code"


def _by_each(visit: Visit, block: Each) -> Iterator[tuple[str, Base, bool]]:
    if block.one_way == "backward":
        return
    yield from _each_base(visit, block.id, block.first)
    inner = in_block(visit)
    yield from _by_binds(inner, block.id, block.binds)
    if block.openings is not None:
        points = visit.family.first_points
        for base in visit.roles.get((FIRST, points.role), ()):
            yield block.id, base.below(block.openings.first), False


def _by_binds(visit: Visit, rule: str, binds: tuple[Bind, ...]) -> Iterator[tuple[str, Base, bool]]:
    for bind in binds:
        for path in bind.first:
            yield from _each_base(visit, rule, path)


def _each_base(visit: Visit, rule: str, path: Path, *, whole: bool = False) -> Iterator[tuple[str, Base, bool]]:
    if not path.name:
        for base in visit.bases(path, FIRST) or ():
            yield rule, base, whole
