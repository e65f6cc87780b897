"""What must hold before a plan is converted, beyond what single rules see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from transcoder.dicom.elements import Item, tag_of
from transcoder.engine.conditions import TESTS
from transcoder.engine.deliveries import check_deliveries
from transcoder.engine.reading import items_at, shown, value_of
from transcoder.engine.scope import Scope
from transcoder.engine.surrogate import is_stand_in
from transcoder.findings import Severity
from transcoder.mapping.model import Condition, Family
from transcoder.paths import parse

__all__ = ["check_machines", "check_requires", "run_checks"]

# Elements of a private group that name the creator of a block (PS3.5 7.8.1).
_CREATORS = 0x10, 0xFF


def run_checks(scope: Scope, family: Family) -> None:
    """The checks of the whole source that a family names; others run where their instances are at hand."""
    for name in family.checks:
        if name in _CHECKS:
            _CHECKS[name](scope)
    _check_creators(scope, family)


def _check_creators(scope: Scope, family: Family) -> None:
    """Beams of which private elements tell what the radiation cannot do without."""
    refused = {creator: (code, message) for creator, code, message in family.refused_creators}
    if not refused:
        return
    beams, _ = items_at(scope, parse("@plan/BeamSequence[]"))
    for number, beam in enumerate(beams):
        points = beam.get(tag_of("ControlPointSequence"))
        for creator in sorted({name for item in (beam, *(points.items if points else ())) for name in _creators(item)}):
            if creator in refused:
                code, message = refused[creator]
                scope.run.tell(code, Severity.ERROR, message, f"BeamSequence[{number}]", cite="PS3.5 7.8.1")


def _creators(item: Item) -> Iterable[str]:
    """The private creators of an item."""
    for tag, element in item.items():
        if tag >> 16 & 1 and _CREATORS[0] <= tag & 0xFFFF <= _CREATORS[1]:
            yield element.raw.decode("ascii", "replace").strip(" \0")


def check_requires(scope: Scope, family: Family, kind: str) -> None:
    """The requirements of the family file for this scope; each that fails is an error."""
    for require in family.requires:
        if require.scope != kind:
            continue
        if require.given is not None and not TESTS[require.given.test](scope, require.given):
            continue
        if require.optional and TESTS["absent"](scope, Condition("absent", require.when.path)):
            continue
        if not TESTS[require.when.test](scope, require.when):
            path = require.when.path
            table = scope.tables.get(path.role)
            place = f"{table.path}/{path.plain}" if table else scope.place(path.role, path.plain)
            scope.run.tell(require.code, Severity(require.severity), require.message, place, cite=require.cite)


def _check_lineage(scope: Scope) -> None:
    """A plan made from an RT Radiation Set is not converted back: the set is the truth (C.8.8.13.2)."""
    groups, _ = items_at(scope, parse("@plan/FractionGroupSequence[]"))
    beams, _ = items_at(scope, parse("@plan/BeamSequence[]"))
    tag = tag_of("DefinitionSourceSequence")
    for name, items in (("FractionGroupSequence", groups), ("BeamSequence", beams)):
        for number, item in enumerate(items):
            if is_stand_in(item, scope.run.mapping):
                message = "a stand-in for radiations that no RT Plan can hold; convert nothing of it"
                scope.run.tell("T224", Severity.ERROR, message, f"{name}[{number}]", cite="PS3.3 C.8.8.13.2")
            elif tag in item and item[tag].items:
                message = "this plan was made from a second-generation instance; convert that one instead"
                place = f"{name}[{number}]/DefinitionSourceSequence"
                scope.run.tell("T113", Severity.ERROR, message, place, cite="PS3.3 C.8.8.13.2")


def _check_beams(scope: Scope) -> None:
    """Beam numbers are unique, and beams that no fraction group uses are told."""
    beams, _ = items_at(scope, parse("@plan/BeamSequence[]"))
    numbers = [_beam_number(scope, beam, place) for place, beam in enumerate(beams)]
    for number, count in Counter(numbers).items():
        if count > 1 or number is None:
            place = f"BeamSequence[{numbers.index(number)}]/BeamNumber"
            scope.run.tell("T019", Severity.ERROR, "Beam Number is missing or not unique", place, cite="PS3.3 C.8.8.14")
    used: set[str | None] = set()
    groups, _ = items_at(scope, parse("@plan/FractionGroupSequence[]"))
    named = [_number(scope, group, "FractionGroupNumber") for group in groups]
    if len(set(named)) != len(named):
        message = "Fraction Group Number is not unique"
        scope.run.tell("T029", Severity.ERROR, message, "FractionGroupSequence", cite="PS3.3 C.8.8.13")
    for number_of_group, group in enumerate(groups):
        element = group.get(tag_of("ReferencedBeamSequence"))
        uses = [_number(scope, item, "ReferencedBeamNumber") for item in (element.items if element else [])]
        if len(set(uses)) != len(uses):
            message = "a fraction group names one beam twice"
            where = f"FractionGroupSequence[{number_of_group}]/ReferencedBeamSequence"
            scope.run.tell("T030", Severity.ERROR, message, where, cite="PS3.3 C.8.8.13")
        used.update(uses)
    for position, number in enumerate(numbers):
        if number not in used:
            message = "never: no fraction group uses this beam, so it has no meterset and belongs to no set"
            scope.run.tell("T111", Severity.INFO, message, f"BeamSequence[{position}]", cite="PS3.3 C.8.8.13")


def _beam_number(scope: Scope, beam: Item, place: int) -> str | None:
    element = beam.get(tag_of("BeamNumber"))
    if element is None:
        return None
    value = value_of(scope.run, element, "number", f"BeamSequence[{place}]/BeamNumber")
    return None if value is None else f"{value[0]:g}"


def check_machines(scope: Scope, beams: list[Item]) -> None:
    """All radiations of a set are delivered by one device (C.36.10.1.2)."""
    for word in ("TreatmentMachineName", "DeviceSerialNumber", "Manufacturer", "ManufacturerModelName"):
        names = {_number(scope, beam, word) for beam in beams} - {None}
        if len(names) > 1:
            message = f"the beams of one fraction group differ in {word}; a set has one treatment device"
            scope.run.tell("T070", Severity.ERROR, message, scope.places["group"], cite="PS3.3 C.36.10.1.2")
            return


def _number(scope: Scope, item: Item, word: str) -> str | None:
    element = item.get(tag_of(word))
    return None if element is None or element.is_empty() else shown(scope.run, element)


_CHECKS: dict[str, Callable[[Scope], None]] = {
    "lineage": _check_lineage,
    "beams": _check_beams,
    "deliveries": check_deliveries,
}
