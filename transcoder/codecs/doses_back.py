"""A meterset to dose mapping -> beam dose, dose references and coefficients (PS3.3 C.36.11, C.8.8.10, C.8.8.14.7)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from transcoder.codecs.doses import BEAM_DOSE, REFERENCE
from transcoder.codecs.registry import Assumed, Cell, Refused, disassembler
from transcoder.codecs.scalars import DeriveUid, Numbered

__all__ = ["dose_contribution_back"]

Array = NDArray[np.float64]
Record = dict[str, Any]
NONE = Cell(None)


@disassembler("dose_contribution")
def dose_contribution_back(
    identifications: list[Record], radiations: list[Record], known: dict[str, Record]
) -> dict[str, Any]:
    """What the beams, dose references and the fraction group say of the doses of a set.

    ``known`` has the cumulative meterset (n, 1) of each radiation by its UID. A beam has one dose (two flavours of
    it); the doses to all other places are factors of it. What is more than a beam dose or a point gets a dose
    reference. Raises :class:`~transcoder.codecs.registry.Refused` where a beam has no one dose to take.
    """
    places = _places(identifications)
    doses = [_doses(each, places) for each in radiations]
    named = _named(identifications, doses)
    references = {
        place: _reference(identifications[place], number, [row[place] for row in doses if place in row])
        for place, number in named.items()
    }
    notes: list[str] = []
    beams = [
        _beam(radiation, row, identifications, references, known, notes)
        for radiation, row in zip(radiations, doses, strict=True)
    ]
    return {
        "beams": [beam for beam in beams if beam],
        "references": list(references.values()),
        "group": [{"meaning": _meaning(identifications, doses, notes)}],
        "notes": notes,
    }


def _places(identifications: list[Record]) -> dict[int, int]:
    """The places of the identifications by their index."""
    numbers = [each["number"].value for each in identifications]
    found = {int(each[0]): place for place, each in enumerate(numbers) if each is not None}
    if len(found) < len(numbers):
        raise Refused("T210", "an item of Radiation Dose Identification Sequence has no index of its own")
    return found


def _doses(radiation: Record, places: dict[int, int]) -> dict[int, Record]:
    """The parameters that hold doses, by the place of their identification."""
    found: dict[int, Record] = {}
    for each in radiation["parameters"]:
        number = each["identification"].value
        place = None if number is None else places.get(int(number[0]))
        if place is None:
            raise Refused("T210", "a dose names no item of Radiation Dose Identification Sequence")
        if each["values"]:
            found[place] = each
    return found


def _primary(row: dict[int, Record]) -> int | None:
    """The place whose dose is the beam's: the primary one, or the only one."""
    if not row:
        return None
    chosen = [place for place, each in row.items() if each["primary"].value == ["YES"]]
    if len(chosen) == 1 or len(row) == 1:
        return chosen[0] if chosen else next(iter(row))
    raise Refused("T210", "none or several of the doses of a radiation are primary (C.36.11.1.3)")


def _plain(identification: Record) -> bool:
    """Whether an identification says no more than a beam dose, or a beam dose point, says by itself."""
    return str((identification["label"].value or [""])[0]).startswith(BEAM_DOSE)


def _named(identifications: list[Record], doses: list[dict[int, Record]]) -> dict[int, int]:
    """The places that need a dose reference, each with its number."""
    wanted: set[int] = set()
    for row in doses:
        primary = _primary(row)
        for place, each in row.items():
            if place != primary or not _plain(identifications[place]) or _mapping(each).shape[0] > 2:
                wanted.add(place)
    numbers: dict[int, int] = {}
    for place in sorted(wanted):
        _, number = Numbered.backward(identifications[place]["label"].value or [""], REFERENCE)
        if number is not None and int(number[0]) not in numbers.values():
            numbers[place] = int(number[0])
    for place in sorted(wanted - numbers.keys()):
        numbers[place] = next(each for each in range(1, len(wanted) + 99) if each not in numbers.values())
    return dict(sorted(numbers.items()))


def _reference(identification: Record, number: int, doses: list[Record]) -> Record:
    label = identification["label"]
    text, _ = Numbered.backward(label.value, REFERENCE) if label.value else (None, None)
    at_point = bool(identification["coordinates"])
    volume = identification["volume_uid"]
    uid = None
    if volume.value:
        uid = DeriveUid.forward(volume.value, role="dose_reference", key=(), edition="", stable=True)[0]
    return {
        "number": Cell(np.array([float(number)])),
        "uid": Cell(uid, volume.sources),
        "structure": Cell(["COORDINATES" if at_point else "SITE"]),
        "description": Cell(text, label.sources),
        "coordinates": identification["coordinates"],
        "kind": Cell(Assumed(["TARGET"])),
        "purpose": next((value["purpose"] for each in doses for value in each["values"] if value["purpose"]), NONE),
    }


def _mapping(parameter: Record) -> Array:
    columns = parameter["values"][0]["mapping"]
    if not columns["meterset"] or not columns["dose"]:
        raise Refused("T211", "Meterset to Dose Mapping Sequence has no values")
    return np.concatenate([columns["meterset"].value, columns["dose"].value], axis=1)


def _beam(
    radiation: Record,
    row: dict[int, Record],
    identifications: list[Record],
    references: dict[int, Record],
    known: dict[str, Record],
    notes: list[str],
) -> Record | None:
    primary = _primary(row)
    if primary is None:
        return None
    meterset = known[radiation["radiation"].value[0]]["meterset"].value
    chosen = row[primary]
    dose, other = _flavours(chosen, meterset)
    beam: Record = {
        "radiation": radiation["radiation"],
        "dose": dose[0],
        "type": dose[1],
        "other_dose": other[0],
        "other_type": other[1],
        "point": NONE if primary in references else identifications[primary]["coordinates"],
        "reference": references[primary]["uid"] if primary in references else NONE,
        "coefficients": NONE,
    }
    columns = {}
    for place, each in row.items():
        mapping = _mapping(each)
        if place not in references or (place == primary and mapping.shape[0] == 2):
            continue
        columns[int(references[place]["number"].value[0])] = _coefficients(each, mapping, meterset, dose[0], notes)
    if columns and other[0]:
        notes.append("an alternate beam dose beside coefficients, which are factors of Beam Dose only (C.8.8.14.7)")
        beam["other_dose"] = beam["other_type"] = NONE
    beam["coefficients"] = Cell(columns or None)
    return beam


def _flavours(parameter: Record, meterset: Array | None) -> tuple[tuple[Cell, Cell], tuple[Cell, Cell]]:
    """Beam dose with its type, and the alternate one: the dose at the end of the radiation."""
    found = []
    for each in parameter["values"]:
        columns = each["mapping"]
        if not columns["dose"] or not columns["meterset"]:
            raise Refused("T211", "Meterset to Dose Mapping Sequence has no values")
        if meterset is None or columns["meterset"].value[-1, 0] != meterset[-1, 0]:
            raise Refused("T211", "a dose is not mapped up to the last meterset of its radiation (C.36.11.1.1)")
        end = Cell(columns["dose"].value[-1], (*columns["dose"].sources, *columns["meterset"].sources))
        found.append((end, each["type"]))
    if len(found) > 2:
        raise Refused("T211", "more than two flavours of the dose of one radiation")
    return found[0], (found[1] if len(found) > 1 else (NONE, NONE))


def _coefficients(parameter: Record, mapping: Array, meterset: Array, dose: Cell, notes: list[str]) -> Cell:
    if dose.value[0] <= 0:
        raise Refused("T211", "a beam dose of 0 has no factors")
    share, end = np.interp(meterset[:, 0], mapping[:, 0], mapping[:, 1]), float(dose.value[0])
    if not np.isin(mapping[:, 0], meterset[:, 0]).all():
        notes.append("points of a dose mapping that lie between control points")
    sources = [*parameter["values"][0]["mapping"]["dose"].sources]
    return Cell((share / end)[:, None], tuple(sources))


def _meaning(identifications: list[Record], doses: list[dict[int, Record]], notes: list[str]) -> Cell:
    used = {place for row in doses for place in row}
    cells = [identifications[place]["meaning"] for place in sorted(used)]
    terms = {tuple(cell.value or ()) for cell in cells}
    if len(terms) > 1:
        notes.append("doses of several meanings; a fraction group has one (C.8.8.13)")
        return NONE
    return Cell(cells[0].value, tuple(source for cell in cells for source in cell.sources)) if cells else NONE
