"""Plans and what the converter makes of them, as pydicom data sets paired beam by beam."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pydicom
from first_model import Beam
from pydicom import Dataset
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from second_model import Radiation

from transcoder.dicom.elements import Damaged, scan
from transcoder.dicom.instance import Instance
from transcoder.engine.split import Outcome, split
from transcoder.mapping.catalog import load
from transcoder.mapping.model import Mapping

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = sorted((ROOT / "samples" / "first").glob("*.dcm"))
REAL = ROOT.parent / "shared" / "data" / "first-generation"
IMPLICIT = "1.2.840.10008.1.2"
DEFLATED = "1.2.840.10008.1.2.1.99"
RT_PLAN = "1.2.840.10008.5.1.4.1.1.481.5"
NOT_TREATMENT = ("SETUP", "OPEN_PORTFILM", "TRMT_PORTFILM")


class UnusableError(Exception):
    """There is nothing to compare: the reason says why."""


@dataclass(frozen=True)
class Pair:
    """A beam of a plan and the radiation made from it, each as its own model sees it."""

    name: str
    plan: Dataset
    use: Dataset
    first: Beam
    second: Radiation
    set: Dataset


@cache
def sheets() -> Mapping:
    """The mapping sheets of this repository."""
    return load()


def convert_file(path: Path) -> tuple[Dataset, Outcome]:
    """The plan in a file and what became of it; raises :class:`UnusableError`."""
    raw = path.read_bytes()
    headed = raw[128:132] == b"DICM"
    start = 132 + 12 + struct.unpack_from("<L", raw, 140)[0] if headed else 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        head = pydicom.dcmread(path, specific_tags=["SOPClassUID"], force=True)
        syntax = str(head.file_meta.TransferSyntaxUID) if headed else IMPLICIT
        body = zlib.decompress(raw[start:], -15) if syntax == DEFLATED else raw[start:]
        try:
            item = scan(body, implicit=syntax == IMPLICIT)
        except Damaged as damage:
            raise UnusableError(str(damage)) from None
        plan = pydicom.dcmread(path, force=True)
    if "BeamSequence" not in plan:
        raise UnusableError("no RT Plan with beams")
    return plan, split(Instance(item, str(path)), [], sheets(), sheets().families["plan"], software="test")


def convert(plan: Dataset) -> Outcome:
    """What becomes of a plan that is at hand."""
    return split(
        Instance(scan(encoded(plan), implicit=False)), [], sheets(), sheets().families["plan"], software="test"
    )


def encoded(dataset: Dataset) -> bytes:
    """A data set in explicit VR little endian."""
    buffer = pydicom.filebase.DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_dataset(buffer, dataset)
    return bytes(buffer.getvalue())


def decoded(data: bytes) -> Dataset:
    """A data set from explicit VR little endian."""
    return read_dataset(io.BytesIO(data), is_implicit_VR=False, is_little_endian=True)


def refusals(outcome: Outcome) -> list[str]:
    """The codes of the errors that stopped a conversion."""
    return sorted({finding.code for finding in outcome.findings if str(finding.severity) == "error"})


def pairs(plan: Dataset, outcome: Outcome) -> Iterator[Pair]:
    """Each treatment beam of each fraction group with its radiation, in the order of the set's references."""
    made = {instance.sop_instance_uid: decoded(instance.data) for instance in outcome.made}
    sets = [made[instance.sop_instance_uid] for instance in outcome.made if instance.role == "set"]
    groups = [group for group in plan.FractionGroupSequence if _uses(plan, group)]
    assert len(sets) == len(groups)
    for group, target in zip(groups, sets, strict=True):
        uses = _uses(plan, group)
        assert len(target.RTRadiationSequence) == len(uses)
        for use, reference in zip(uses, target.RTRadiationSequence, strict=True):
            radiation = made[reference.ReferencedSOPInstanceUID]
            beam = _beam(plan, use)
            source = radiation.get("DefinitionSourceSequence")
            assert bool(source) == (plan.SOPClassUID == RT_PLAN)
            if source:
                assert source[0].ReferencedBeamNumber == beam.BeamNumber
                assert source[0].ReferencedSOPInstanceUID == plan.SOPInstanceUID
            name = f"{group.FractionGroupNumber}.{beam.BeamNumber}"
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                first = Beam(beam, _position(plan, beam))
            yield Pair(name, plan, use, first, Radiation(radiation), target)


def _uses(plan: Dataset, group: Dataset) -> list[Dataset]:
    uses = group.get("ReferencedBeamSequence") or []
    return [use for use in uses if _beam(plan, use).get("TreatmentDeliveryType") not in NOT_TREATMENT]


def _beam(plan: Dataset, use: Dataset) -> Dataset:
    (beam,) = [beam for beam in plan.BeamSequence if beam.BeamNumber == use.ReferencedBeamNumber]
    return beam


def _position(plan: Dataset, beam: Dataset) -> str:
    wanted = beam.ReferencedPatientSetupNumber
    (setup,) = [setup for setup in plan.PatientSetupSequence if setup.PatientSetupNumber == wanted]
    return str(setup.PatientPosition)
