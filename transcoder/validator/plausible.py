"""Values that no treatment machine can mean: a rate, an energy or a meterset in the wrong unit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from transcoder.dicom.elements import Element, Item, tag_of
from transcoder.findings import Finding
from transcoder.validator.catalogue_state import found
from transcoder.validator.raw import children, code, columns, number, text

__all__ = [
    "HALF_UNIT",
    "LEAST_ENERGY",
    "check_energies",
    "check_limit",
    "check_meterset",
    "check_rates",
    "dosimeter_unit",
]

# A meterset is rounded to the resolution of the dosimeter (C.8.8.14.1): two that mean the same differ by half a unit.
HALF_UNIT = 0.5
# Greatest rate a machine can reach, by unit: 6000 MU/min is more than twice the fastest linac on the market, and
# 10 Gy/s more than ten times the fastest that delivers by control points.
RATE_LIMITS = {"{MU}/s": 100.0, "MU/s": 100.0, "Gy/s": 10.0, "{MU}/min": 6000.0, "Gy/min": 600.0}
# Smallest and greatest nominal energy, by unit, for photons and electrons; no C-arm works below 20 kV.
LEAST_ENERGY = 0.02  # MeV, as an RT Plan has it
ENERGY_LIMITS = {"MV": (0.1, 50.0), "MeV": (0.1, 50.0), "kV": (20.0, 50000.0)}
# Greatest meterset of one delivery, by dosimeter unit: MU and seconds (ten hours).
METERSET_LIMITS = {"{MU}": 50000.0, "MU": 50000.0, "s": 36000.0, "MINUTE": 600.0}


def check_rates(points: Sequence[Item], path: str) -> Iterator[Finding]:
    """Delivery Rate against the unit that stands beside it (C.36.2.2.6)."""
    wrong: list[tuple[int, float, str]] = []
    for place, point in enumerate(points):
        rate = number(point, "DeliveryRate")
        if rate is None:
            continue
        unit = code(point, "DeliveryRateUnitSequence")
        if rate < 0 or rate > RATE_LIMITS.get(unit, float("inf")):
            wrong.append((place, rate, unit))
    if wrong:
        place, rate, unit = wrong[0]
        message = f"{rate:g} {unit} at {len(wrong)} control point(s) is beyond any machine; is the unit right?"
        yield found("V219", message, f"{path}[{place}]/DeliveryRate", "PS3.3 C.36.2.2.6")


def check_energies(item: Item) -> Iterator[Finding]:
    """Energies of the generation modes against their unit, and minimum against maximum (C.36.2.2.7)."""
    for place, mode in enumerate(children(item, "RadiationGenerationModeSequence")):
        limits = ENERGY_LIMITS.get(code(mode, "EnergyUnitCodeSequence"))
        path = f"RadiationGenerationModeSequence[{place}]"
        for word in ("NominalEnergy", "MinimumNominalEnergy", "MaximumNominalEnergy"):
            energy = number(mode, word)
            if energy is not None and limits and not limits[0] <= energy <= limits[1]:
                message = f"{word} {energy:g} is implausible in {code(mode, 'EnergyUnitCodeSequence')}"
                yield found("V220", message, f"{path}/{word}", "PS3.3 C.36.2.2.7")
        low, high = number(mode, "MinimumNominalEnergy"), number(mode, "MaximumNominalEnergy")
        if low is not None and high is not None and low > high:
            message = "MinimumNominalEnergy exceeds MaximumNominalEnergy"
            yield found("V220", message, f"{path}/MinimumNominalEnergy", "PS3.3 C.36.2.2.7.1.1")


def check_meterset(value: float | None, unit: str, path: str, cite: str) -> Iterator[Finding]:
    """The meterset of one delivery against its unit."""
    limit = METERSET_LIMITS.get(unit)
    if value is not None and limit is not None and (value < 0 or value > limit):
        yield found("V221", f"a meterset of {value:g} is implausible in {unit}", path, cite)


def check_limit(
    points: Sequence[Item], word: str, limit: float, code_: str, path: str, cite: str, least: float = 0
) -> Iterator[Finding]:
    """One attribute of the control points against its limits."""
    tag = tag_of(word)
    held: list[tuple[int, Element]] = []
    for place, point in enumerate(points):
        element = point.get(tag)
        if element is not None and not element.is_empty():
            held.append((place, element))
    table = columns([element for _, element in held])
    if table is None:
        return
    wrong = np.flatnonzero((table[:, 0] < least) | (table[:, 0] > limit))
    if wrong.size:
        place = held[int(wrong[0])][0]
        value = table[int(wrong[0]), 0]
        message = f"{word} {value:g} at {wrong.size} control point(s) is implausible"
        yield found(code_, message, f"{path}[{place}]/{word}", cite)


def dosimeter_unit(item: Item) -> str:
    """The unit of the meterset in either generation; MU where an RT Plan does not say."""
    return code(item, "RadiationDosimeterUnitSequence") or text(item, "PrimaryDosimeterUnit") or "MU"
