"""Why an element may differ after a way there and back: from the rules themselves and from what a ledger declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Protocol

from transcoder.codecs.registry import CODECS
from transcoder.mapping.check_roles import FIRST, SECOND, Visit, visits
from transcoder.mapping.model import Assemble, Distinct, Each, Family, Rule
from transcoder.mapping.model import Mapping as Sheets
from transcoder.paths import Path

__all__ = ["Reasons"]

_SUPPLIED = "a value that the other generation must have and the source does not say comes back"
PRIVATE = "private: private elements are not copied; --preserve keeps them"
_NUMBERED = "counted or numbered anew"


class _Entry(Protocol):
    @property
    def fate(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def reason(self) -> str: ...


@dataclass(frozen=True, slots=True)
class _Said:
    """What one node of a sheet says of a position."""

    by: str
    reason: str
    # Attributes of which one must differ, too; and whether it is a reason only for what was absent.
    beside: tuple[str, ...] = ()
    absent: bool = False


class Reasons:
    """The reasons that the sheets give for the positions of one side."""

    def __init__(self, mapping: Sheets, family: Family, side: str) -> None:
        self.mapping, self.family, self.side = mapping, family, side
        points = family.first_points if side == FIRST else family.second_points
        self.own = {points.index}
        self._said: dict[str, list[_Said]] = {}
        self._settled: dict[str, list[_Said]] = {}
        self._keys: dict[str, str] = {}
        for visit in visits(mapping):
            if visit.family is family:
                self._take(visit)
        self._declared = {
            each.path: f"{each.kind}: {each.reason}"
            for sheet in mapping.sheets_of(family)
            if sheet.second not in {beside.role for beside in family.beside}
            for each in (sheet.declared if side == FIRST else sheet.declared_second)
        }
        # The numbers by which items are looked up, so that their order is no content.
        self.numbers: dict[str, str] = {}
        for _, path in (each for target in family.targets for each in target.lookups):
            self.numbers[path.steps[-1].keyword] = path.steps[-1].key.partition("&")[0]
            if path.role == family.root and path.steps[-1].key:
                self._note(f"{path.plain}/{path.steps[-1].key}", "lookup", _NUMBERED)

    def points(self) -> tuple[tuple[str, ...], Mapping[str, str]]:
        """The way from a root to its control points, and the keys of the sequences in them."""
        points = self.family.first_points if self.side == FIRST else self.family.second_points
        role = points.path.role
        opened = [each for target in self.family.targets for each in (*target.lookups, (target.item_role, target.per))]
        outer = next((path for name, path in opened if name == role), None)
        words = (outer.plain.split("/") if outer is not None and self.side == FIRST else []) + [points.path.plain]
        return tuple(words), self._keys

    def turning(self) -> tuple[str, list[str]]:
        """The control points of the second side, and their angles that count turns."""
        points = self.family.second_points
        words = [
            rule.second[0].keyword
            for rule in self.mapping.rules().values()
            if any(via.codec == "continuous_angle" for via in rule.via) and rule.second[0].role == points.role
        ]
        return points.path.keyword, sorted(set(words))

    def _take(self, visit: Visit) -> None:
        node = visit.node
        if isinstance(node, Rule):
            for path in node.first if self.side == FIRST else node.second:
                reason = _of_rule(node, self.mapping, self.side)
                for base in (visit.bases(path, self.side) or ()) if not path.name else ():
                    beside, _ = _bounds(node)
                    self._note(base.prefix, node.id, reason, beside)
                    if settled := _settles(node):
                        self._settle(base.prefix, path, node, settled)
        elif isinstance(node, Each):
            self._take_each(visit, node)
        elif isinstance(node, Distinct):
            for column in node.columns:
                for path in column.first if self.side == FIRST else ():
                    texts = [CODECS[via.codec].normalises for via in column.via if via.codec in CODECS]
                    for base in visit.bases(path, FIRST) or ():
                        self._note(base.prefix, node.id, "; ".join(filter(None, texts)) or _SUPPLIED)
        elif isinstance(node, Assemble):
            self._take_assemble(visit, node)

    def _settle(self, prefix: str, path: Path, rule: Rule, reason: str) -> None:
        """Note the reason for a value, and for what a rule writes beside it."""
        words = [word for word, _ in rule.companions] + [step.key for step in path.steps if step.key]
        outer = prefix.rpartition("/")[0]
        for place in (prefix, *(f"{outer}/{word}" for word in words)):
            beside, absent = _bounds(rule)
            # At the root only references are constants: empty, because the way out makes nothing to refer to.
            absent = absent and (rule.value is None or "/" in prefix)
            self._settled.setdefault(place, []).append(_Said(rule.id, reason, beside, absent))

    def _take_each(self, visit: Visit, node: Each) -> None:
        openings = node.openings
        if openings is not None:
            self._keys |= {openings.first: openings.first_key, openings.second: openings.second_key}
            points = self.family.second_points.role
            for base in visit.roles.get((SECOND, points), ()):
                for word in (openings.count, f"{openings.second}/{openings.second_key}"):
                    # Names and counts of items only: what an item says differs by itself.
                    said = _Said(node.id, "items are counted and named, and hold what is told beside")
                    self._settled.setdefault(base.below(word).prefix, []).append(said)
        path, number = (node.first, node.first_number) if self.side == FIRST else (node.second, node.number)
        for base in visit.bases(path, self.side) or ():
            if number:
                self._note(base.below(number).prefix, node.id, _NUMBERED)
        count = node.first_count if self.side == FIRST else node.count
        for base in (visit.bases(count, self.side) or ()) if count is not None else ():
            self._note(base.prefix, node.id, _NUMBERED)

    def _take_assemble(self, visit: Visit, node: Assemble) -> None:
        from transcoder.mapping.check_roles import in_input

        if self.side == SECOND:
            return
        for each in node.inputs:
            inner = in_input(visit, each.role, each.over, each.when_item)
            for _, path in each.fields:
                for step in path.steps:
                    if step.key:
                        self._keys[step.keyword] = step.key
                for base in (inner.bases(path, FIRST) or ()) if not path.name else ():
                    self._note(
                        base.prefix, node.id, f"doses come back as they are mapped ({node.cite.removeprefix('PS3.3 ')})"
                    )

    def _note(self, plain: str, by: str, reason: str, beside: tuple[str, ...] = ()) -> None:
        self._said.setdefault(plain, []).append(_Said(by, reason, beside))

    def of(self, plain: str, entries: Mapping[str, _Entry], differing: Set[str], *, absent: bool, changed: bool) -> str:
        """The reason for a difference at a position, empty where nobody gives one; ``absent`` before the trip.

        ``differing`` are the keywords of all that differs in the instance; ``changed`` is a value that is there
        before and after.
        """
        if any(part.startswith("(") for part in plain.split("/")):
            return PRIVATE
        for path in _upwards(plain):
            entry = entries.get(path)
            if entry is not None and entry.fate == "declared" and not absent:
                return f"{entry.rule}: {entry.reason}" if entry.reason else ""
        said = [each for path in _upwards(plain) for each in self._said.get(path, ()) if each.reason]
        meant = [each for each in said if not each.beside or differing & set(each.beside)]
        if meant:
            return f"{meant[0].by}: {meant[0].reason}"
        if said and changed:
            # What is declared of an outer position, as of setup beams, is no reason for another value inside.
            return ""
        for path in _upwards(plain):
            if path in self._declared:
                return self._declared[path]
        return ""

    def settled(self, plain: str, entries: Mapping[str, _Entry], differing: Set[str], *, absent: bool) -> str:
        """The reason for a difference between two ways out, of the narrow kinds that change no meaning.

        ``differing`` are the keywords of all that differs in the instance.
        """
        for path in _upwards(plain):
            entry = entries.get(path)
            if entry is not None and entry.fate == "declared":
                return f"{entry.rule}: {entry.reason}"
        for path in _upwards(plain):
            for each in self._settled.get(path, ()):
                if (absent or not each.absent) and (not each.beside or differing & set(each.beside)):
                    return f"{each.by}: {each.reason}"
        return ""


def _upwards(plain: str) -> Iterator[str]:
    while plain:
        yield plain
        plain = plain.rpartition("/")[0]


def _bounds(rule: Rule) -> tuple[tuple[str, ...], bool]:
    """Where what the codecs of a rule settle is no reason."""
    infos = [CODECS[via.codec] for via in rule.via if via.codec in CODECS and CODECS[via.codec].settles]
    if rule.one_way == "forward":
        return (), False
    if rule.value is not None:
        return (), True
    return tuple(word for info in infos for word in info.settles_beside), any(info.eager for info in infos)


def _settles(rule: Rule) -> str:
    if rule.one_way == "forward" and rule.via and all(each.action == "refuse" for each in rule.otherwise):
        return rule.reason
    if rule.value is not None and not rule.first:
        return "a constant that stands beside what it belongs to"
    return "; ".join(filter(None, (CODECS[via.codec].settles for via in rule.via if via.codec in CODECS)))


def _of_rule(rule: Rule, mapping: Sheets, side: str) -> str:
    """What a rule says about a value that does not come back as it was."""
    if rule.one_way:
        return rule.reason
    texts = []
    for via in rule.via:
        if via.codec == "table":
            table = mapping.tables[str(dict(via.arguments)["name"])]
            texts.append("several terms have one meaning" if table.aliases or table.back else "")
            texts.append("a term without counterpart is left out" if table.open else "")
        elif via.codec in CODECS:
            texts.append(CODECS[via.codec].normalises)
    if rule.generated:
        texts.append("a name that is made")
    if rule.lost or rule.lost_back:
        texts.append(rule.lost if side == FIRST else rule.lost_back)
    if any(each.action != "refuse" for each in rule.otherwise):
        texts.append(_SUPPLIED)
    return "; ".join(dict.fromkeys(filter(None, texts)))
