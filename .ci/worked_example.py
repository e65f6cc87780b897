"""One plan walked both ways, as docs/both-ways.md shows it: what stands where, and what a round trip changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset

import transcoder
from transcoder.dicom.files import read_file
from transcoder.dicom.instance import Instance
from transcoder.mapping.model import Mapping
from transcoder.roundtrip import round_trip

__all__ = ["changes", "walk"]

PLAN = Path(__file__).resolve().parents[1] / "samples" / "first" / "collimator-rotation.dcm"
BEAM, RADIATION = "BeamSequence[0]", "radiation"
POINTS, POINTS_2 = "ControlPointSequence", "CArmPhotonElectronControlPointSequence"
OPENING, OPENING_2 = "BeamLimitingDevicePositionSequence", "RTBeamLimitingDeviceOpeningSequence"
# What a reader looks for first: the path in the plan, and the instance and path of the other generation.
ROWS = (
    ("RTPlanLabel", "set", "UserContentLabel"),
    ("FractionGroupSequence[0]/NumberOfFractionsPlanned", "set", "IntendedNumberOfFractions"),
    (f"{BEAM}/BeamName", RADIATION, "UserContentLabel"),
    (f"{BEAM}/BeamNumber", RADIATION, "DefinitionSourceSequence[0]/ReferencedBeamNumber"),
    (f"{BEAM}/BeamType", RADIATION, "RTTreatmentTechniqueCodeSequence[0]/CodeMeaning"),
    (f"{BEAM}/TreatmentMachineName", RADIATION, "TreatmentDeviceIdentificationSequence[0]/DeviceLabel"),
    (f"{BEAM}/SourceAxisDistance", RADIATION, "RadiationSourceAxisDistance"),
    (f"{BEAM}/{POINTS}[0]/NominalBeamEnergy", RADIATION, "RadiationGenerationModeSequence[0]/NominalEnergy"),
    (f"{BEAM}/{POINTS}[0]/DoseRateSet", RADIATION, f"{POINTS_2}[0]/DeliveryRate"),
    (f"{BEAM}/{POINTS}[0]/GantryAngle", RADIATION, f"{POINTS_2}[0]/SourceRollAngle"),
    (f"{BEAM}/{POINTS}[0]/BeamLimitingDeviceAngle", RADIATION, f"{POINTS_2}[0]/RTBeamLimitingDeviceAngle"),
    (f"{BEAM}/{POINTS}[0]/BeamLimitingDeviceRotationDirection", RADIATION, f"{POINTS_2}[1]/RTBeamLimitingDeviceAngle"),
    (f"{BEAM}/{POINTS}[1]/CumulativeMetersetWeight", RADIATION, f"{POINTS_2}[1]/CumulativeMeterset"),
    (f"{BEAM}/{POINTS}[0]/{OPENING}[0]/LeafJawPositions", RADIATION,
     f"{POINTS_2}[0]/{OPENING_2}[0]/ParallelRTBeamDelimiterPositions"),
    (f"{BEAM}/{POINTS}[0]/IsocenterPosition", RADIATION,
     "TreatmentPositionSequence[0]/ImageToEquipmentMappingMatrix"),
    ("PatientSetupSequence[0]/PatientPosition", RADIATION, "PatientOrientationCodeSequence[0]/CodeMeaning"),
)  # fmt: skip


def walk(_: Mapping) -> Iterator[tuple[str, str, str, str, str]]:
    """Path and value in the plan, path and value in the set or first radiation, value in the plan that comes back."""
    plan = pydicom.dcmread(PLAN)
    second = transcoder.transcode(transcoder.read([PLAN])).bundle
    home = transcoder.transcode(second, to="first").bundle.instances[0]
    there = dict(zip(("set", RADIATION), second.instances, strict=False))
    for path, role, other in ROWS:
        yield f"`{path}`", _shown(plan, path), f"{role}: `{other}`", _shown(there[role], other), _shown(home, path)


def changes(mapping: Mapping) -> Iterator[tuple[str, str, str, str]]:
    """What differs between the plan and the one that comes back, with the reason."""
    source = read_file(PLAN)
    if not isinstance(source, Instance):
        raise TypeError("the sample of the worked example cannot be read")
    trip = round_trip(source, [], mapping)
    for row in trip.rows if trip else []:
        yield f"`{row.path}`", row.before, row.after, row.reason


def _shown(dataset: Dataset, path: str) -> str:
    held: object = dataset
    for step in path.split("/"):
        word, _, number = step.rstrip("]").partition("[")
        held = getattr(held, word, None)
        if held is None:
            return "-"
        held = held[int(number)] if number else held  # type: ignore[index]
    if isinstance(held, (list, pydicom.multival.MultiValue)):
        return " ".join(f"{float(value):g}" for value in held)
    return f"{held:g}" if isinstance(held, float) else str(held)
