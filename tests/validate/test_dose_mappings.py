"""Doses of a set that are told twice (PS3.3 C.36.11)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest

import transcoder

SET = Path(__file__).parents[2] / "samples" / "second" / "dose-references" / "01-RTRadiationSet.dcm"
Change = Callable[[pydicom.Dataset], object]


def values(item: pydicom.Dataset) -> pydicom.Sequence:
    return item.RadiationDoseSequence[0].RadiationDoseValuesParametersSequence[0].DoseValuesSequence


def share_a_volume(item: pydicom.Dataset) -> None:
    first, second = item.RadiationDoseIdentificationSequence[:2]
    second.ConceptualVolumeSequence = first.ConceptualVolumeSequence


FAULTS: list[tuple[str, Change, str, str]] = [
    ("two of one kind", lambda s: values(s).append(values(s)[0]), "V241", "RadiobiologicalDoseEffectFlag"),
    ("one volume twice", share_a_volume, "V241", "ConceptualVolumeUID"),
]


@pytest.mark.parametrize(("title", "change", "code", "word"), FAULTS, ids=[row[0] for row in FAULTS])
def test_fault(title: str, change: Change, code: str, word: str) -> None:
    found = pydicom.dcmread(SET)
    assert not errors(found), title
    change(found)
    assert [(f.code, f.path.rpartition("/")[2]) for f in errors(found)] == [(code, word)], title


def errors(item: pydicom.Dataset) -> list[transcoder.Finding]:
    findings = transcoder.validate(transcoder.read([item]))
    return [finding for finding in findings if finding.severity is transcoder.Severity.ERROR]
