"""The tables of one IOD compiled into look-ups by tag, once per process.

A level holds the attributes of the data set root or of the items of a sequence. Where several modules name the same
attribute, the strictest type holds and presence is forbidden only if every one of them forbids it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from transcoder.standard import Attribute
from transcoder.standard.model import Facts
from transcoder.standard.tables import narrow
from transcoder.validator.codes import CodeCheck, chooses_codes, compile_codes
from transcoder.validator.conditions import Verdict, compile_condition, conditional, is_worldly
from transcoder.validator.multiplicity import fits
from transcoder.validator.rules import Check, compile_rule, counted

__all__ = ["Level", "Need", "Spec", "compile_level"]

Sources = tuple[tuple[Attribute, str], ...]
Narrowed = Mapping[str, Facts]

# A functional group may stand in either place (C.7.6.16.1.1), so neither place demands it by itself.
_EITHER_PLACE = frozenset(["SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"])


@dataclass(frozen=True, slots=True)
class Need:
    """One condition on the presence of an attribute."""

    code: str
    verdict: Verdict
    allowed: bool | Verdict
    worldly: bool


@dataclass(slots=True, eq=False)
class Spec:
    """One attribute at one place, ready to be checked."""

    tag: int
    word: str
    vr: str
    vrs: frozenset[str]
    vm: str
    section: str
    always: str
    filled: str
    needs: tuple[Need, ...]
    permitted: bool
    enumerated: frozenset[str]
    defined: frozenset[str]
    rules: tuple[Check, ...]
    codes: CodeCheck | None
    sources: Sources
    narrowed: Narrowed
    good: set[bytes] = field(default_factory=set)
    level: Level | None = None

    def takes(self, number: int) -> bool:
        """Whether so many values fit the value multiplicity."""
        return fits(self.vm)(number)

    def below(self) -> Level:
        """The attributes of the items of this sequence."""
        if self.level is None:
            children = tuple(
                (child, child.section or section) for attribute, section in self.sources for child in attribute.children
            )
            inner = {path.partition("/")[2]: facts for path, facts in self.narrowed.items() if "/" in path}
            self.level = compile_level(children, inner, relaxed=self.word in _EITHER_PLACE)
        return self.level


@dataclass(slots=True, eq=False)
class Level:
    """The attributes of one place: those always required, those under conditions, and all by tag."""

    by_tag: dict[int, Spec]
    always: tuple[Spec, ...]
    conditional: tuple[Spec, ...]


_LEVELS: dict[tuple[tuple[tuple[int, str], ...], tuple[str, ...], bool], Level] = {}


def compile_level(sources: Iterable[tuple[Attribute, str]], narrowed: Narrowed, *, relaxed: bool = False) -> Level:
    """The level that the attributes of several modules make together, each given with its section."""
    rows = tuple(sources)
    facts = tuple(sorted(map(repr, narrowed.items())))
    key = (tuple((id(attribute), section) for attribute, section in rows), facts, relaxed)
    level = _LEVELS.get(key)
    if level is None:
        level = _LEVELS[key] = _compile(rows, narrowed, relaxed)
    return level


def _compile(rows: Sources, narrowed: Narrowed, relaxed: bool) -> Level:
    grouped: dict[int, list[tuple[Attribute, str]]] = {}
    for attribute, section in rows:
        facts = narrowed.get(attribute.keyword)
        used = narrow(attribute, facts) if facts else attribute
        grouped.setdefault(attribute.tag, []).append((used, used.section or section))
    specs = {tag: _spec(tuple(sources), narrowed, relaxed) for tag, sources in sorted(grouped.items())}
    return Level(
        specs,
        tuple(spec for spec in specs.values() if spec.always),
        tuple(spec for spec in specs.values() if spec.needs and not spec.always),
    )


def _strictest(sources: Sources) -> tuple[Attribute, str]:
    order = {"1": 0, "1C": 1, "2": 2, "2C": 3, "3": 4}
    return min(sources, key=lambda source: order[source[0].type])


def _spec(sources: Sources, narrowed: Narrowed, relaxed: bool) -> Spec:
    kinds = {attribute.type for attribute, _ in sources}
    first, section = _strictest(sources)
    told = next((attribute for attribute, _ in sources if attribute.enumerated_values), None)
    terms = next((attribute for attribute, _ in sources if attribute.defined_terms), None)
    coded = next((attribute for attribute, _ in sources if chooses_codes(attribute)), first)
    word = first.keyword
    below = {path: facts for path, facts in narrowed.items() if path.startswith(f"{word}/")}
    rules = [check for attribute, _ in sources for rule in attribute.rules if (check := compile_rule(rule)) is not None]
    return Spec(
        tag=first.tag,
        word=word,
        vr=first.vr[:2],
        vrs=frozenset(first.vr.split(" or ")),
        vm=first.vm,
        section=section,
        always="" if relaxed else _always(kinds),
        filled="V111" if "1" in kinds else "V114" if kinds == {"1C"} else "",
        needs=() if relaxed else tuple(_need(attribute) for attribute, _ in sources if conditional(attribute)),
        permitted=not kinds <= {"1C", "2C"},
        enumerated=frozenset(told.enumerated_values) if told else frozenset(),
        defined=frozenset(terms.defined_terms) if terms and not told else frozenset(),
        rules=(*rules, *_counts([attribute for attribute, _ in sources])),
        codes=compile_codes(coded),
        sources=sources,
        narrowed=below,
    )


def _always(kinds: set[str]) -> str:
    return "V110" if "1" in kinds else "V112" if "2" in kinds else ""


def _counts(attributes: Sequence[Attribute]) -> list[Check]:
    return next((list(counted(attribute)) for attribute in attributes if attribute.items), [])


def _need(attribute: Attribute) -> Need:
    code = "V113" if attribute.type == "1C" else "V115"
    if attribute.condition is None:  # nobody has curated it: open, and counted
        return Need(code, lambda scope: None, allowed=True, worldly=True)
    allowed = attribute.otherwise
    return Need(
        code,
        compile_condition(attribute.condition),
        allowed if isinstance(allowed, bool) else compile_condition(allowed["only_if"]),
        is_worldly(attribute.condition),
    )
