"""Why an element may differ after a way there and back: from the rules themselves and from what a ledger declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from transcoder.codecs.registry import CODECS
from transcoder.mapping.check_roles import FIRST, SECOND, Visit, visits
from transcoder.mapping.model import Assemble, Distinct, Each, Family, Rule, Table
from transcoder.mapping.model import Mapping as Sheets
from transcoder.paths import Path

__all__ = ["Causes", "Reasons", "reasons_of"]

_SUPPLIED = "a value that the other generation must have and the source does not say comes back"
PRIVATE = "private: private elements are not copied; --preserve keeps them"
HOLLOW = "an empty element says as much as none"
_LEFT = "it is part of an item that was left behind"
_ONCE_FOR_EACH = "an item that several name comes back once for each"
_NUMBERED = "counted or numbered anew"


ALWAYS = frozenset({"lost", "new", "changed"})
_WRITTEN = frozenset({"new", "changed"})
_LOST = frozenset({"lost"})
_MOVED = frozenset({"lost", "new"})


class _Note(Protocol):
    """What a ledger says of one element."""

    @property
    def fate(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def reason(self) -> str: ...


class _Difference(Protocol):
    @property
    def plain(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def subject(self) -> tuple[str, ...]: ...
    @property
    def added(self) -> str: ...
    @property
    def left(self) -> bool: ...


# The things of which an attribute differs, by its keyword; behind an @ what is known of the whole trip, of no thing:
# a rule that lost something on the second leg, a sequence of which several name one item.
Causes = Mapping[str, Set[tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class _Said:
    """What one node of a sheet says of a position."""

    by: str
    reason: str
    # Of what kinds of difference; and of those of what was carried on the way out.
    kinds: frozenset[str] = ALWAYS
    carried: frozenset[str] = _WRITTEN
    # Attributes of the same thing of which one must differ, too.
    beside: tuple[str, ...] = ()
    # Whether it lets go only of what it read itself.
    read: bool = False

    def explains(self, each: _Difference, causes: Causes, note: _Note | None = None) -> bool:
        """Whether the reason is one for this difference."""
        carried = note is not None and note.fate == "carried"
        if each.kind != "hollow" and each.kind not in (self.kinds & self.carried if carried else self.kinds):
            return False
        if self.read and each.kind == "lost" and note is not None and note.rule != self.by:
            return False
        return not self.beside or any(
            _is_around(each.subject, subject) for word in self.beside for subject in causes.get(word, ())
        )


def _is_around(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two things are the same, or one holds the other."""
    least = min(len(one), len(other))
    return one[:least] == other[:least]


class _Same:
    """A mapping as a key: it is the same only as itself, and lives as long as what was made of it."""

    __slots__ = ("mapping",)

    def __init__(self, mapping: Sheets) -> None:
        self.mapping = mapping

    def __hash__(self) -> int:
        return id(self.mapping)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.mapping is self.mapping


def reasons_of(mapping: Sheets, family: Family, side: str) -> Reasons:
    """The reasons that the sheets give for one side, made once for each mapping that was loaded; read-only."""
    return _reasons_of(_Same(mapping), family.root, side)


@lru_cache(maxsize=16)
def _reasons_of(same: _Same, root: str, side: str) -> Reasons:
    family = next(each for each in same.mapping.families.values() if each.root == root)
    return Reasons(same.mapping, family, side)


class Reasons:
    """The reasons that the sheets give for the positions of one side."""

    def __init__(self, mapping: Sheets, family: Family, side: str) -> None:
        self.mapping, self.family, self.side = mapping, family, side
        points = family.first_points if side == FIRST else family.second_points
        # What a control point says of itself alone; the rest holds until another one says otherwise.
        self.own = frozenset([points.index] if points.index else [points.delivered, *points.apart])
        self._said: dict[str, list[_Said]] = {}
        self._settled: dict[str, list[_Said]] = {}
        self._keys: dict[str, str] = {}
        # Of what the items of a sequence tell; those of the control points tell of what the item around them does.
        self.subjects: dict[str, str] = {points.path.keyword: ""}
        seen = [visit for visit in visits(mapping) if visit.family is family]
        self._returned = _returned(seen) if side == FIRST else frozenset()
        self._constant = _returned([visit for visit in seen if _always(visit)]) if side == FIRST else frozenset()
        for visit in seen:
            self._take(visit)
        self._forms(seen)
        self._anew = {
            each.path: f"{each.kind}: {each.reason}"
            for sheet in mapping.sheets_of(family)
            for each in (sheet.declared if side == FIRST else sheet.declared_second)
            if each.kind == "derived"
        }
        group = family.targets[0]
        if side == FIRST and group.number:
            self._note(f"{group.per.plain}/{group.number.plain}", _Said("group", _NUMBERED, _WRITTEN))
        # The numbers by which items are looked up, so that their order is no content.
        self.numbers: dict[str, str] = {}
        for _, path in (each for target in family.targets for each in target.lookups):
            self.numbers[path.steps[-1].keyword] = path.steps[-1].key.partition("&")[0]
            if path.role == family.root and path.steps[-1].key:
                self._note(f"{path.plain}/{path.steps[-1].key}", _Said("lookup", _NUMBERED, _WRITTEN))

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
                for base in (visit.bases(path, self.side) or ()) if not path.name else ():
                    for said in _of_rule(node, path, self.mapping, self.side, returned=base.prefix in self._returned):
                        self._note(base.prefix, said)
                    if settled := _settles(node):
                        self._settle(base.prefix, path, node, settled)
        elif isinstance(node, Each):
            self._take_each(visit, node)
        elif isinstance(node, Distinct):
            for column in node.columns:
                for path in column.first if self.side == FIRST else ():
                    texts = [CODECS[via.codec].normalises for via in column.via if via.codec in CODECS]
                    for base in visit.bases(path, FIRST) or ():
                        for text in filter(None, texts):
                            self._note(base.prefix, _Said(node.id, text))
                        self._note(base.prefix, _Said(node.id, _SUPPLIED, frozenset({"new"})))
        elif isinstance(node, Assemble):
            self._take_assemble(visit, node)

    def _forms(self, seen: list[Visit]) -> None:
        """Devices that two blocks know come back in the form of one, which a flag outside of them tells."""
        blocks = [(visit, visit.node) for visit in seen if isinstance(visit.node, Each)]
        flags = tuple(
            rule.first[0].keyword
            for _, block in blocks
            for rule in (block.rules if block.openings is not None else ())
            if isinstance(rule, Rule) and rule.one_way == "backward" and rule.value is not None
        )
        points = self.family.first_points.role
        for visit, block in blocks if self.side == FIRST and flags else ():
            if block.openings is not None:
                said = _Said(block.id, "devices come back in the form that fits them all", _MOVED, _MOVED, flags)
                words = [base.prefix for base in visit.bases(block.first, FIRST) or ()]
                words += [base.below(block.openings.first).prefix for base in visit.roles.get((FIRST, points), ())]
                for prefix in words:
                    self._note(prefix, said)

    def _settle(self, prefix: str, path: Path, rule: Rule, reason: str) -> None:
        """Note the reason for a value, and for what a rule writes beside it."""
        words = [word for word, _ in rule.companions] + [step.key for step in path.steps if step.key]
        outer = prefix.rpartition("/")[0]
        for place in (prefix, *(f"{outer}/{word}" for word in words)):
            beside, absent = _bounds(rule)
            # At the root only references are constants: empty, because the way out makes nothing to refer to.
            absent = absent and (rule.value is None or "/" in prefix)
            kinds = frozenset({"new"}) if absent else ALWAYS
            self._settled.setdefault(place, []).append(_Said(rule.id, reason, kinds, beside=beside))

    def _take_each(self, visit: Visit, node: Each) -> None:
        openings = node.openings
        if openings is not None:
            self._keys |= {openings.first: openings.first_key, openings.second: openings.second_key}
            first = (node.first.keyword, node.first_number or openings.first_key)
            for sequence, key in (first, (node.second.keyword, node.number), *self._keys.items()):
                self.subjects[sequence] = key
            points = self.family.second_points.role
            for base in visit.roles.get((SECOND, points), ()):
                for word in (openings.count, f"{openings.second}/{openings.second_key}"):
                    # Names and counts of items only: what an item says differs by itself.
                    said = _Said(node.id, "items are counted and named, and hold what is told beside")
                    self._settled.setdefault(base.below(word).prefix, []).append(said)
        path, number = (node.first, node.first_number) if self.side == FIRST else (node.second, node.number)
        for base in visit.bases(path, self.side) or ():
            if number:
                self._note(base.below(number).prefix, _Said(node.id, _NUMBERED, _WRITTEN))
            if node.lost_back and self.side == FIRST:
                self._note(base.prefix, _Said(node.id, node.lost_back, _LOST, _LOST, (f"@{node.id}",)))
        count = node.first_count if self.side == FIRST else node.count
        for base in (visit.bases(count, self.side) or ()) if count is not None else ():
            self._note(base.prefix, _Said(node.id, _NUMBERED, _WRITTEN))

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
                    reason = f"doses come back as they are mapped ({node.cite.removeprefix('PS3.3 ')})"
                    self._note(base.prefix, _Said(node.id, reason, carried=ALWAYS))

    def _note(self, plain: str, said: _Said) -> None:
        self._said.setdefault(plain, []).append(said)

    def of(self, each: _Difference, note: _Note | None, causes: Causes) -> str:
        """The reason for a difference, empty where nobody gives one.

        ``note`` is what the ledger of the way out says of the element that was there before, ``causes`` what differs
        in the instance. What was carried out is lost for no other reason than that a rule has no way back.
        """
        if any(part.startswith("(") for part in each.plain.split("/")):
            return PRIVATE
        if note is not None and each.kind not in ("new", "hollow"):
            if note.reason and not self._comes_back(each, note):
                return f"{note.rule}: {note.reason}"
            if note.fate == "unaccounted":
                return ""
            if each.left:
                return _LEFT
        for path in _upwards(each.plain):
            for said in self._said.get(path, ()):
                if said.explains(each, causes, note):
                    return f"{said.by}: {said.reason}"
        if each.added and f"@{each.added}" in causes:
            return _ONCE_FOR_EACH
        if each.kind == "new":
            return next((self._anew[path] for path in _upwards(each.plain) if path in self._anew), "")
        return HOLLOW if each.kind == "hollow" else ""

    def _comes_back(self, each: _Difference, note: _Note) -> bool:
        """Whether a rule makes anew what follows from other content, so that it cannot be lost."""
        return note.fate == "derived" and each.kind == "lost" and not each.left and each.plain in self._constant

    def settled(self, each: _Difference, note: _Note | None, causes: Causes) -> str:
        """The reason for a difference between two ways out, of the narrow kinds that change no meaning."""
        if note is not None and note.fate == "declared":
            return f"{note.rule}: {note.reason}"
        for path in _upwards(each.plain):
            for said in self._settled.get(path, ()):
                if said.explains(each, causes):
                    return f"{said.by}: {said.reason}"
        return ""


def _returned(seen: list[Visit]) -> frozenset[str]:
    """The positions of the first side to which a rule brings something back."""
    return frozenset(
        base.prefix
        for visit in seen
        if isinstance(visit.node, Rule) and visit.node.one_way != "forward"
        for path in visit.node.first
        for base in (visit.bases(path, FIRST) or ())
    )


def _always(visit: Visit) -> bool:
    """Whether the node writes a constant of the first side on every way back."""
    rule = visit.node
    if not isinstance(rule, Rule) or rule.value is None or rule.one_way != "backward":
        return False
    return rule in visit.sheet.rules and not rule.when_first and not rule.when_second


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


def _leaves_out(table: Table) -> bool:
    """Whether a term has a meaning that no row brings back."""
    back = [row[len(table.first) :] for row in (*table.rows, *table.back)]
    return any(row[len(table.first) :] not in back for row in table.aliases)


def _settles(rule: Rule) -> str:
    if rule.one_way == "forward" and rule.via and all(each.action == "refuse" for each in rule.otherwise):
        return rule.reason
    if rule.value is not None and not rule.first:
        return "a constant that stands beside what it belongs to"
    return "; ".join(filter(None, (CODECS[via.codec].settles for via in rule.via if via.codec in CODECS)))


def _of_rule(rule: Rule, path: Path, mapping: Sheets, side: str, *, returned: bool) -> Iterator[_Said]:
    """What a rule says about a value that does not come back as it was; ``returned`` where another brings one."""
    beside, _ = _bounds(rule)
    if rule.one_way:
        out = rule.one_way == ("forward" if side == FIRST else "backward")
        kinds = ALWAYS if out and not returned else frozenset({"changed"}) if out else _WRITTEN
        yield _Said(rule.id, rule.reason, kinds, kinds, beside)
        return
    for via in rule.via:
        if via.codec == "table":
            table = mapping.tables[str(dict(via.arguments)["name"])]
            if table.aliases or table.back:
                kinds = frozenset({"changed", *(["lost"] if _leaves_out(table) else [])})
                yield _Said(rule.id, "several terms have one meaning", kinds, kinds)
            if table.open:
                yield _Said(rule.id, "a term without counterpart is left out", frozenset({"lost"}))
        elif via.codec in CODECS and CODECS[via.codec].normalises:
            info = CODECS[via.codec]
            omits = side == FIRST and rule.first.index(path) in info.omits
            yield _Said(rule.id, info.normalises, carried=ALWAYS if omits else _WRITTEN, beside=beside, read=not omits)
            if side == FIRST and info.first[-1].endswith("*"):
                # A value that comes back comes back in another place.
                yield _Said(rule.id, info.normalises, _MOVED, _MOVED, tuple(each.keyword for each in rule.first))
    if rule.generated:
        yield _Said(rule.id, "a name that is made", _WRITTEN)
    if any(each.action != "refuse" for each in rule.otherwise):
        yield _Said(rule.id, _SUPPLIED, frozenset({"new"}))
