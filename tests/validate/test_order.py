"""What one file holds says nothing of another: no order and no number of repeats changes a verdict."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRBigEndian

from transcoder.dicom.elements import Item
from transcoder.dicom.files import decode
from transcoder.validator import check_instance
from transcoder.validator.bundle import check_across

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "first"


def plan(name: str = "static-jaws") -> pydicom.Dataset:
    return pydicom.dcmread(SAMPLES / f"{name}.dcm")


def item(dataset: pydicom.Dataset) -> Item:
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return decode(buffer.getvalue())


def codes(dataset: pydicom.Dataset) -> list[str]:
    return [finding.code for finding in check_instance(item(dataset))]


def turned(word: str, points: int) -> pydicom.Dataset:
    """A plan in whose first control points the gantry turns in a direction that does not exist."""
    dataset = plan("vmat-two-arcs")
    for point in dataset.BeamSequence[0].ControlPointSequence[:points]:
        point.GantryRotationDirection = word
    return dataset


@pytest.mark.parametrize("order", [(40, 1), (1, 40)])
def test_many_faults_of_one_file_do_not_hide_that_of_another(order: tuple[int, int]) -> None:
    word = f"ODD{order[0]}"
    for points in order:
        assert "V130" in codes(turned(word, points))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 2])
def test_what_is_no_finite_number_is_found(value: float, place: int) -> None:
    dataset = pydicom.dcmread(next((SAMPLES.parent / "second" / "vmat-two-arcs").glob("*CArm*")))
    points = dataset.CArmPhotonElectronControlPointSequence
    points[place].CumulativeMeterset = value
    assert "V122" in codes(dataset)


def test_big_endian_is_read() -> None:
    dataset = plan()
    list(dataset.iterall())
    dataset.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    buffer = BytesIO()
    pydicom.dcmwrite(buffer, dataset, implicit_vr=False, little_endian=False, force_encoding=True)
    assert buffer.getvalue()[128:132] == b"DICM"
    read = decode(buffer.getvalue())
    assert {tag for tag in read if tag >> 16 != 2} == {tag for tag in item(plan()) if tag >> 16 != 2}
    assert [found.code for found in check_instance(read)] == codes(plan())


@pytest.mark.parametrize(("first", "second", "strangers"), [("A", "", 0), ("", "A", 0), ("A", "B", 1), ("A", "A", 0)])
def test_an_issuer_that_is_left_out_says_nothing(first: str, second: str, strangers: int) -> None:
    instances = [
        item(pydicom.dcmread(path)) for path in sorted((SAMPLES.parent / "second" / "static-jaws").glob("*.dcm"))
    ]
    for instance, issuer in zip(instances, (first, second), strict=False):
        changed = pydicom.Dataset()
        changed.IssuerOfPatientID = issuer
        buffer = BytesIO()
        pydicom.dcmwrite(buffer, changed, implicit_vr=False, little_endian=True)
        instance.update(decode(buffer.getvalue()))
    told = [finding.code for _, finding in check_across(instances)]
    assert min(told.count("V305"), 1) == strangers
