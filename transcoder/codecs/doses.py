"""Beam dose and dose reference coefficients <-> a meterset to dose mapping (PS3.3 C.8.8.14.7, C.36.11.1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from transcoder.codecs.registry import Assumed, Cell, Refused, assembler, codec

__all__ = ["BEAM_DOSE", "REFERENCE", "DoseMapping", "require_unique"]

Column = NDArray[np.float64]
# Labels of what a plan has no name for: the dose of a beam, at its point or nowhere in particular; a dose reference.
BEAM_DOSE, REFERENCE = "Beam dose", "Dose reference"
PHYSICAL = ["PHYSICAL"]


@codec(
    "dose_mapping",
    first="number number number",
    second="number",
    required=1,
    normalises="points at which no meterset is delivered are left out, and points between control points too; "
    "the coefficients belong to the end dose",
)
class DoseMapping:
    """Beam dose (1,) Gy, coefficients (n, 1), metersets (n, 1) <-> mapping (m, 2): meterset, dose in Gy.

    Starts at (0, 0), metersets strictly increase (C.36.11.1.1). Without coefficients the mapping has its two ends.
    """

    @staticmethod
    def forward(dose: Column, coefficient: Column | None, meterset: Column | None) -> tuple[Column | None]:
        if meterset is None or meterset[-1, 0] <= 0:
            return (None,)
        units = meterset[:, 0]
        if dose[0] < 0:
            raise Refused("T071", "the dose does not rise from 0")
        if coefficient is None:
            return (np.array([[0.0, 0.0], [units[-1], dose[0]]]),)
        share = coefficient[:, 0]
        known = ~np.isnan(share)
        units, share = units[known], share[known]
        if share.size == 0:
            return (None,)
        # Of points with one meterset the last counts: the dose after the step that delivers nothing.
        last = np.append(np.diff(units) > 0, True)
        units, values = units[last], share[last] * dose[0]
        if units[0] > 0:
            units, values = np.insert(units, 0, 0.0), np.insert(values, 0, 0.0)
        if units[-1] < meterset[-1, 0] or len(units) < 2:
            return (None,)
        if values[0] != 0 or (np.diff(values) < 0).any():
            raise Refused("T071", "the dose reference coefficients do not rise from 0")
        return (np.stack([units, values], axis=1),)

    @staticmethod
    def backward(mapping: Column, meterset: Column | None = None) -> tuple[Column, Column | None, None]:
        end = mapping[-1, 1:]
        if meterset is None or end[0] == 0:
            return end, None, None
        share = np.interp(meterset[:, 0], mapping[:, 0], mapping[:, 1]) / end[0]
        return end, share[:, None], None


Record = dict[str, Cell]


@assembler(
    "dose_contribution",
    identifications="label coordinates? volume volume_uid? purpose? meaning?",
    radiations="radiation parameters",
    parameters="identification primary values?",
    values="type? purpose? mapping",
    mapping="meterset dose",
)
def dose_contribution(beams: list[Record], references: list[Record], group: list[Record]) -> dict[str, list[Any]]:
    """The dose identifications of a set and, for each radiation, its doses (C.36.11).

    A dose is identified by the dose reference that coefficients or a UID name (C.8.8.14.7), by the point a beam
    dose is specified at, or, where neither is given, as the beam dose itself. Radiations come in beam order and
    hold one record for each identification.
    """
    require_unique(references)
    targets = _targets(beams, references)
    doses = [[_values(beam, target, targets) for target in targets] for beam in beams]
    kept = [place for place, _ in enumerate(targets) if any(row[place] for row in doses)]
    if not kept:
        return {}
    meaning = group[0]["meaning"] if group else Cell(None)
    identifications = [{**targets[place].fields, "meaning": meaning} for place in kept]
    radiations = []
    for beam, row in zip(beams, doses, strict=True):
        chosen = [targets[place] for place in kept]
        primary = _primary(beam, chosen, [row[place] for place in kept])
        parameters = [
            {
                "identification": Cell(np.array([number + 1.0])),
                "primary": _indicator(beam, chosen, number, primary),
                "values": row[place],
            }
            for number, place in enumerate(kept)
        ]
        radiations.append({"radiation": beam["radiation"], "parameters": parameters})
    return {"identifications": identifications, "radiations": radiations}


@dataclass(frozen=True, slots=True)
class _Target:
    """What receives dose: a dose reference by number, a point by its coordinates, or the beam dose itself."""

    number: int | None
    point: tuple[float, ...] | None
    uid: str
    is_target: bool
    fields: Record


def _targets(beams: list[Record], references: list[Record]) -> list[_Target]:
    named = {uid for beam in beams if beam["dose"] for uid in _text(beam, "reference")}
    counted = {
        number for beam in beams if beam["dose"] and beam["coefficients"] for number in beam["coefficients"].value
    }
    found = []
    for reference in references:
        number = int(reference["number"].value[0])
        uid = next(iter(_text(reference, "uid")), "")
        if number in counted or uid in named:
            found.append(_reference_target(reference, number, uid))
    points = {tuple(beam["point"].value.tolist()): beam for beam in beams if beam["dose"] and beam["point"]}
    for place, (point, beam) in enumerate(points.items()):
        label = f"{BEAM_DOSE} point" if len(points) == 1 else f"{BEAM_DOSE} point {place + 1}"
        fields = {
            "label": Cell([label]),
            "coordinates": beam["point"],
            "volume": Cell("point " + " ".join(map(str, point))),
            "volume_uid": Cell(None),
            "purpose": Cell(None),
        }
        found.append(_Target(None, point, "", True, fields))
    if any(beam["dose"] and not beam["point"] and not _reached(beam, found) for beam in beams):
        plain = {
            "label": Cell([BEAM_DOSE]),
            "coordinates": Cell(None),
            "volume": Cell("beam dose"),
            "volume_uid": Cell(None),
            "purpose": Cell(None),
        }
        found.append(_Target(None, None, "", True, plain))
    return found


def _reference_target(reference: Record, number: int, uid: str) -> _Target:
    label = _text(reference, "description") or [f"{REFERENCE} {number}"]
    at_coordinates = "COORDINATES" in _text(reference, "structure")
    fields = {
        "label": Cell(label[:1], (*_of(reference, "description"), *_of(reference, "number"))),
        "coordinates": Cell(reference["coordinates"].value if at_coordinates else None, _of(reference, "coordinates")),
        "volume": Cell(f"dose reference {number}", _all_of(reference, "uid", "structure", "kind")),
        "volume_uid": Cell([uid] if uid else None, _all_of(reference, "uid", "structure", "kind")),
        "purpose": reference["purpose"],
    }
    return _Target(number, None, uid, "TARGET" in _text(reference, "kind"), fields)


def _reached(beam: Record, targets: list[_Target]) -> bool:
    """Whether coefficients or a UID lead from the beam to a dose reference that is there."""
    numbers = set(beam["coefficients"].value) if beam["coefficients"] else set()
    known = {target.number for target in targets if target.number is not None}
    uids = {target.uid for target in targets if target.uid}
    return bool(numbers & known) or bool(uids & set(_text(beam, "reference")))


def _values(beam: Record, target: _Target, targets: list[_Target]) -> list[dict[str, Any]]:
    """One record for each flavour of the beam's dose to this target, empty where there is none."""
    if not beam["dose"] or not beam["meterset"]:
        return []
    coefficient, sources = None, ()
    if target.number is not None:
        held = beam["coefficients"].value.get(target.number) if beam["coefficients"] else None
        if held is not None:
            coefficient, sources = held.value, held.sources
        elif target.uid not in _text(beam, "reference") or not target.uid:
            return []
    elif target.point is not None:
        if not beam["point"] or tuple(beam["point"].value.tolist()) != target.point:
            return []
        sources = beam["point"].sources
    elif beam["point"] or _reached(beam, targets):
        return []
    # A dose without a type counts as physical (dose.effect), and so do two of which one is.
    if beam["other_dose"] and (_text(beam, "type") or PHYSICAL) == (_text(beam, "other_type") or PHYSICAL):
        raise Refused("T072", "Beam Dose Type and Alternate Beam Dose Type do not tell the two doses apart")
    found = []
    for dose, kind in (("dose", "type"), ("other_dose", "other_type")):
        # Coefficients are factors of Beam Dose and of nothing else (C.8.8.14.7).
        if not beam[dose] or (coefficient is not None and dose == "other_dose"):
            continue
        mapping = DoseMapping.forward(beam[dose].value, coefficient, beam["meterset"].value)[0]
        if mapping is None:
            continue
        columns = {
            "meterset": Cell(mapping[:, :1], beam["meterset"].sources),
            "dose": Cell(mapping[:, 1:], (*beam[dose].sources, *sources)),
        }
        found.append({"type": beam[kind], "purpose": target.fields["purpose"], "mapping": columns})
    return found


def require_unique(references: list[Record]) -> None:
    """Refuse dose references that their numbers or UIDs do not tell apart."""
    if not all(reference["number"] for reference in references):
        raise Refused("T073", "an item of Dose Reference Sequence has no number")
    for field in ("number", "uid"):
        values = [tuple(np.ravel(reference[field].value)) for reference in references if reference[field]]
        if len(set(values)) != len(values):
            raise Refused("T073", "two items of Dose Reference Sequence have the same number or UID")


def _indicator(beam: Record, targets: list[_Target], number: int, primary: int) -> Cell:
    """YES for the primary dose: named by the beam, or the only one; a choice among several is assumed."""
    if number != primary:
        return Cell(["NO"])
    named = bool(targets[number].uid) and targets[number].uid in _text(beam, "reference")
    if named or len(targets) == 1:
        return Cell(["YES"], _of(beam, "reference") if named else ())
    return Cell(Assumed(["YES"]))


def _primary(beam: Record, targets: list[_Target], rows: list[list[Any]]) -> int:
    named = _text(beam, "reference")
    ranks = [
        (bool(target.uid) and target.uid in named, bool(row) and target.is_target, bool(row), -place)
        for place, (target, row) in enumerate(zip(targets, rows, strict=True))
    ]
    return ranks.index(max(ranks))


def _text(record: Record, field: str) -> list[str]:
    return record[field].value or []


def _all_of(record: Record, *fields: str) -> tuple[Any, ...]:
    return tuple(source for field in fields for source in record[field].sources)


def _of(record: Record, field: str) -> tuple[Any, ...]:
    return record[field].sources
