"""Dose mappings inside one instance: where they begin, that they rise, which dose is the primary one (C.36.11)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from transcoder.dicom.elements import Item, tag_of
from transcoder.findings import Finding
from transcoder.validator.catalogue_state import found
from transcoder.validator.raw import children, column, each_item, text

__all__ = ["check"]

DOSES, PARAMETERS = "RadiationDoseSequence", "RadiationDoseValuesParametersSequence"
MAPPING, METERSET, DOSE = "MetersetToDoseMappingSequence", "CumulativeMeterset", "RadiationDoseValue"
PRIMARY = "PrimaryDoseValueIndicator"
IDENTIFICATIONS, VOLUMES = "RadiationDoseIdentificationSequence", "ConceptualVolumeSequence"
_CITE = "PS3.3 C.36.11.1.1"


def check(root: Item) -> Iterator[Finding]:
    """Findings about the doses of one set or record set; in-vivo values are single points and no mapping from 0."""
    for place, dose in enumerate(children(root, DOSES)):
        told = children(dose, PARAMETERS)
        if any(tag_of(PRIMARY) in each for each in told) and [text(each, PRIMARY) for each in told].count("YES") != 1:
            yield found("V234", "not exactly one item is YES", f"{DOSES}[{place}]/{PARAMETERS}", "PS3.3 C.36.11")
        for number, parameters in enumerate(told):
            for path, holder in each_item(parameters, f"{DOSES}[{place}]/{PARAMETERS}[{number}]"):
                if tag_of(MAPPING) in holder:
                    yield from _mapping(children(holder, MAPPING), f"{path}/{MAPPING}")
    yield from _volumes(root)


def _volumes(root: Item) -> Iterator[Finding]:
    """Each conceptual volume receives one of the doses."""
    seen: set[str] = set()
    for place, told in enumerate(children(root, IDENTIFICATIONS)):
        for number, volume in enumerate(children(told, VOLUMES)):
            uid = text(volume, "ConceptualVolumeUID")
            if uid and uid in seen:
                path = f"{IDENTIFICATIONS}[{place}]/{VOLUMES}[{number}]/ConceptualVolumeUID"
                yield found("V241", "ConceptualVolumeUID occurs more than once", path, "PS3.3 C.36.11")
            seen.add(uid)


def _mapping(items: list[Item], path: str) -> Iterator[Finding]:
    for word, strictly in ((METERSET, True), (DOSE, False)):
        read = column(items, word)
        if read is None or len(read[0]) != len(items):
            continue
        values = read[1]
        if values[0] != 0:
            yield found("V232", f"the first value is {values[0]:g}", f"{path}[0]/{word}", _CITE)
        steps = np.diff(values)
        wrong = np.flatnonzero(steps <= 0 if strictly else steps < 0)
        if wrong.size:
            message = "the value does not exceed the one before it" if strictly else "the value falls"
            yield found("V233", message, f"{path}[{wrong[0] + 1}]/{word}", _CITE)
