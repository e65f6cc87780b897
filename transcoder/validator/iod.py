"""One instance against the IOD of its SOP Class: modules, then everything below them (PS3.3 Annex A)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from transcoder.dicom.elements import Item, keyword, tag_of
from transcoder.findings import Finding
from transcoder.standard import Iod, ModuleUse, iod_for, module
from transcoder.validator.catalogue import found
from transcoder.validator.conditions import Decided, Verdict, compile_condition
from transcoder.validator.judge import judge
from transcoder.validator.level import Level, compile_level
from transcoder.validator.raw import items_of, text
from transcoder.validator.scope import Run, Scope

__all__ = ["check_tables"]


def check_tables(item: Item) -> list[Finding]:
    """All findings of the tables about one data set; an unknown SOP Class is reported, never passed."""
    uid = text(item, "SOPClassUID")
    iod = iod_for(uid)
    if iod is None:
        what = f"SOP Class {uid} is not covered" if uid and uid.isascii() and uid.isprintable() else "no SOP Class UID"
        return [found("V100", f"{what}: nothing was checked", "SOPClassUID", "PS3.4 B.5")]
    run = Run()
    scope = Scope(item, run)
    present = frozenset(_judge_modules(iod, scope))
    judge(_level(iod.key, present), scope)
    run.findings.extend(_functional_groups(iod, item))
    run.findings.extend(_shared_identifiers(item))
    if run.undecided:
        message = f"{len(run.undecided)} conditions not decidable from the file"
        run.findings.append(found("V119", message, "", "PS3.5 7.4.2"))
    return run.told()


@cache
def _own_tags(iod_key: str) -> dict[str, frozenset[int]]:
    """For each module the root attributes that no other module of the IOD has: they show that it is there."""
    uses = _uses(iod_key)
    tags = {use.key: {attribute.tag for attribute in module(use.key).attributes} for use in uses}
    return {
        key: frozenset(own.difference(*(other for name, other in tags.items() if name != key)))
        for key, own in tags.items()
    }


@cache
def _uses(iod_key: str) -> tuple[ModuleUse, ...]:
    from transcoder.standard import iod

    return iod(iod_key).modules


def _judge_modules(iod: Iod, scope: Scope) -> Iterator[str]:
    """The keys of the modules that hold for this instance, their presence judged on the way."""
    own = _own_tags(iod.key)
    for use in iod.modules:
        there = not own[use.key].isdisjoint(scope.item)
        if use.usage == "M":
            if not there and own[use.key] and _demands(use.key, own[use.key]):
                _tell(scope, "V101", use, iod, "is mandatory and absent")
            yield use.key
        elif use.usage == "U":
            if there:
                yield use.key
        else:
            needed = _decide(use, scope, iod)
            _judge_conditional(use, scope, iod, needed, there)
            if there or needed:
                yield use.key


def _demands(key: str, own: frozenset[int]) -> bool:
    return any(attribute.tag in own and attribute.type in ("1", "2") for attribute in module(key).attributes)


@cache
def _conditions(iod_key: str) -> dict[str, tuple[Verdict, Verdict]]:
    """When each conditional module is needed and when prohibited; compiled once, since every instance asks."""
    return {
        use.key: (_compiled(use.condition), _compiled(use.prohibited))
        for use in _uses(iod_key)
        if use.usage not in ("M", "U")
    }


def _compiled(condition: Any) -> Verdict:
    return compile_condition(condition) if condition is not None else lambda _scope: None


def _decide(use: ModuleUse, scope: Scope, iod: Iod) -> Decided:
    return _conditions(iod.key)[use.key][0](scope)


def _judge_conditional(use: ModuleUse, scope: Scope, iod: Iod, needed: Decided, there: bool) -> None:
    prohibited = _conditions(iod.key)[use.key][1](scope) is True
    if there and (prohibited or (needed is False and use.otherwise is False)):
        _tell(scope, "V103", use, iod, "is present where it shall not be")
    elif not there and needed and not prohibited:
        _tell(scope, "V102", use, iod, "is absent though its condition is met")
    elif needed is None and not there:
        scope.run.undecided.add((id(use), 0))


def _tell(scope: Scope, code: str, use: ModuleUse, iod: Iod, what: str) -> None:
    name = module(use.key).name
    scope.run.findings.append(found(code, f"{name} Module {what}", "", iod.section))


@cache
def _level(iod_key: str, present: frozenset[str]) -> Level:
    from transcoder.standard import iod

    used = iod(iod_key)
    rows = [
        (attribute, attribute.section or module(use.key).section)
        for use in used.modules
        if use.key in present
        for attribute in module(use.key).attributes
    ]
    return compile_level(rows, used.narrowed)


_SHARED, _PER_FRAME = tag_of("SharedFunctionalGroupsSequence"), tag_of("PerFrameFunctionalGroupsSequence")


def _functional_groups(iod: Iod, item: Item) -> Iterator[Finding]:
    """Each mandatory functional group stands in the shared item or in every frame (C.7.6.16.1.1)."""
    frames = items_of(item.get(_PER_FRAME))
    shared = items_of(item.get(_SHARED))
    for word in iod.functional_groups if frames or shared else ():
        tag = tag_of(word)
        if any(tag in entry for entry in shared) or (frames and all(tag in frame for frame in frames)):
            continue
        yield found("V143", f"{word} is neither shared nor in every frame", "", iod.section)


_IDENTIFIERS = tuple(
    map(
        tag_of,
        (
            "SOPInstanceUID",
            "StudyInstanceUID",
            "SeriesInstanceUID",
            "FrameOfReferenceUID",
            "SynchronizationFrameOfReferenceUID",
        ),
    )
)


def _shared_identifiers(item: Item) -> Iterator[Finding]:
    """Instance, study, series and frame of reference are different things (PS3.5 section 9)."""
    seen: dict[bytes, int] = {}
    for tag in _IDENTIFIERS:
        value = item[tag].raw.rstrip(b"\0 ") if tag in item else b""
        if value and value in seen:
            yield found("V135", f"value is also that of {keyword(seen[value])}", keyword(tag), "PS3.5 9")
        seen.setdefault(value, tag)
