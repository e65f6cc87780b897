"""One small case for each finding code: what makes the program print it, so that the pages quote it truly.

A case returns the lines that the program gives; the page of the code holds the first that bears its code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tests.docs.cases_back import back_cases
from tests.docs.cases_beside import BESIDE
from tests.docs.cases_folder import folder_cases
from tests.docs.cases_records import record_cases
from tests.docs.cases_sheets import sheet_cases
from tests.docs.samples import SAMPLES, Change, at, converted, drop, lines_of, put, sample
from transcoder import batch
from transcoder.api import convert_instance
from transcoder.codecs import CODECS, Refused
from transcoder.dicom.elements import Item, encode, scan, tag_of
from transcoder.dicom.files import Unread, encode_file, read_file
from transcoder.dicom.instance import Instance
from transcoder.mapping.catalog import load
from transcoder.work import Worker

__all__ = ["CASES", "run", "without_lines"]

ROOT = Path(__file__).parents[2]
Case = Callable[[], list[str]]
CASES: dict[str, Case] = {}


@cache
def run(code: str) -> str:
    """The first line of the case that bears its code."""
    lines = CASES[code]()
    return next(line for line in lines if f"{code} " in line)


def without_lines(line: str) -> str:
    """A line without the numbers of lines in the shipped sheets, which move with every edit of a sheet."""
    return re.sub(r"(mappings/\S+\.yaml):\d+:\d+", r"\1:", line)


def refused(codec: str, *values: Any, **arguments: Any) -> list[str]:
    """What a codec says on the way back, in the shape of a finding."""
    backward = CODECS[codec].backward
    assert backward is not None
    try:
        backward(*values, **arguments)
    except Refused as refusal:
        return [f"{refusal.code} error  {refusal}"]
    return []


def case(code: str) -> Callable[[Case], Case]:
    """Register a case."""

    def register(function: Case) -> Case:
        CASES[code] = function
        return function

    return register


BEAM = "BeamSequence[0]"
POINT = f"{BEAM}/ControlPointSequence[0]"
GROUP = "FractionGroupSequence[0]"


def _sample_cases() -> Iterator[tuple[str, str]]:
    yield from (
        ("T001", "bad/nan-decimal"),
        ("T002", "bad/too-long-decimal"),
        ("T003", "bad/embedded-space-decimal"),
        ("T004", "bad/overflow-decimal"),
        ("T010", "bad/missing-isocenter"),
        ("T011", "bad/ion-plan"),
        ("T013", "bad/brachy-plan"),
        ("T015", "bad/neutron-beam"),
        ("T016", "bad/minute-dosimeter"),
        ("T017", "bad/missing-beam"),
        ("T018", "bad/accessory-without-type"),
        ("T019", "bad/duplicate-beam-numbers"),
        ("T020", "bad/one-control-point"),
        ("T021", "bad/missing-weights"),
        ("T022", "bad/first-weight-not-zero"),
        ("T023", "bad/decreasing-weights"),
        ("T024", "bad/final-weight-mismatch"),
        ("T051", "bad/undefined-device"),
        ("T052", "bad/wrong-leaf-count"),
        ("T054", "bad/ambiguous-devices"),
        ("T070", "bad/two-machines"),
        ("T150", "bad/private-leaves"),
        ("T103", "first/static-jaws"),
        ("T104", "first/jaw-named-otherwise"),
        ("T106", "first/general-accessories"),
        ("T110", "first/setup-beams"),
        ("T111", "first/setup-beams"),
        ("T112", "first/private-class-viewray"),
        ("T107", "first/mlcy"),
    )


for _code, _name in _sample_cases():
    CASES[_code] = lambda name=_name: converted(name)  # type: ignore[misc]

_CHANGED: dict[str, tuple[str, list[Change]]] = {
    "T005": ("static-jaws", [put(f"{GROUP}/NumberOfFractionsPlanned", "70000")]),
    "T006": ("static-jaws", [put("SpecificCharacterSet", "ISO_IR 999")]),
    "T007": ("names-utf8", [put(f"{BEAM}/BeamName", b"Gl\xfchen ")]),
    "T008": ("static-jaws", [put("RTPlanLabel", "a label of twenty-six letters")]),
    "T012": ("static-jaws", [drop("FractionGroupSequence")]),
    "T014": ("static-jaws", [put(f"{GROUP}/NumberOfBrachyApplicationSetups", "1")]),
    "T025": (
        "static-jaws",
        [
            put(f"{BEAM}/ControlPointSequence[1]/CumulativeMetersetWeight", "0"),
            put(f"{BEAM}/FinalCumulativeMetersetWeight", "0"),
        ],
    ),
    "T029": ("two-fraction-groups", [put("FractionGroupSequence[1]/FractionGroupNumber", "1")]),
    "T030": ("static-jaws", [put(f"{GROUP}/ReferencedBeamSequence[1]/ReferencedBeamNumber", "1")]),
    "T038": ("static-jaws", [put("PatientSetupSequence[0]/PatientPosition", "HFS\\FFS")]),
    "T039": ("wedge-standard", [put(f"{BEAM}/NumberOfWedges", "2")]),
    "T059": ("enhanced-devices", [put(f"{BEAM}/EnhancedRTBeamLimitingDeviceDefinitionFlag", "NO")]),
    "T060": ("static-jaws", [drop(f"{BEAM}/BeamLimitingDeviceSequence")]),
    "T073": ("dose-references", [put("DoseReferenceSequence[1]/DoseReferenceNumber", "1")]),
    "T116": ("tolerance-tables", [put(f"{BEAM}/ReferencedToleranceTableNumber", "77")]),
    "T117": ("static-jaws", [put(f"{BEAM}/TreatmentDeliveryType", "VERIFICATION")]),
    "T026": ("static-jaws", [put(f"{BEAM}/NumberOfControlPoints", "3")]),
    "T027": ("static-jaws", [put(f"{BEAM}/ControlPointSequence[1]/ControlPointIndex", "2")]),
    "T028": ("conformal-arc", [put(f"{BEAM}/ControlPointSequence[1]/GantryAngle", "182\\183")]),
    "T031": ("conformal-arc", [drop(f"{POINT}/GantryAngle")]),
    "T032": ("conformal-arc", [put(f"{POINT}/GantryRotationDirection", "NONE")]),
    "T035": ("conformal-arc", [put(f"{POINT}/GantryRotationDirection", "UP")]),
    "T036": ("conformal-arc", [drop(f"{BEAM}/ControlPointSequence[1]/GantryAngle")]),
    "T041": ("static-jaws", [put(f"{POINT}/IsocenterPosition", "0\\0")]),
    "T042": ("static-jaws", [put("PatientSetupSequence[0]/PatientPosition", "SITTING")]),
    "T045": ("static-jaws", [put(f"{POINT}/GantryPitchAngle", b"\0\0\xa0\x40")]),
    "T053": (
        "static-mlc",
        [put(f"{BEAM}/BeamLimitingDeviceSequence[2]/LeafPositionBoundaries", "\\".join(["0", "5", "3", *["9"] * 38]))],
    ),
    "T058": ("static-mlc", [put(f"{BEAM}/BeamLimitingDeviceSequence[2]/LeafPositionBoundaries", "0\\5\\10")]),
    "T056": ("compensator", [put(f"{BEAM}/CompensatorSequence[0]/CompensatorType", "DYNAMIC")]),
    "T061": ("block-aperture", [put(f"{BEAM}/BlockSequence[0]/BlockNumberOfPoints", "3")]),
    "T062": (
        "block-aperture",
        [
            put(f"{BEAM}/BlockSequence[0]/BlockNumberOfPoints", "4"),
            put(f"{BEAM}/BlockSequence[0]/BlockData", "0\\0\\10\\10\\10\\0\\0\\10"),
        ],
    ),
    "T063": ("compensator", [put(f"{BEAM}/CompensatorSequence[0]/CompensatorRows", "2")]),
    "T100": ("static-jaws", [put("ImageComments", "x")]),
    "T113": ("static-jaws", [put(f"{BEAM}/DefinitionSourceSequence", [Item()])]),
    "T114": (
        "static-jaws",
        [put(f"BeamSequence[{beam}]/TreatmentDeliveryType", "SETUP") for beam in range(2)],
    ),
    "T115": ("static-jaws", [put(f"{BEAM}/TreatmentDeliveryType", "CONTINUATION")]),
    "T140": (
        "sliding-window-9-beams",
        [put(f"BeamSequence[{beam}]/BeamName", name) for beam, name in enumerate(["Field~3", "Field", "Field"])],
    ),
}
for _code, (_name, _changes) in _CHANGED.items():
    CASES[_code] = lambda name=_name, changes=_changes: converted(f"first/{name}", *changes)  # type: ignore[misc]


# --- sources that cannot be read or are no plan ----------------------------------------------------------


def _of_file(content: bytes, name: str) -> list[str]:
    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        return _of_batch([path], Path(folder, "out"))


def _of_batch(paths: list[Path], out: Path) -> list[str]:
    return [str(each) for line in batch.convert_folder(paths, out, load(), batch.Options()) for each in line.findings]


@case("S001")
def _not_there() -> list[str]:
    found = read_file(ROOT / "samples" / "no-such-file.dcm")
    assert isinstance(found, Unread)
    return [str(found.finding)]


@case("S002")
def _not_dicom() -> list[str]:
    return _of_file((SAMPLES / "bad" / "not-dicom.txt").read_bytes(), "not-dicom.txt")


@case("S003")
def _damaged() -> list[str]:
    return _of_file((SAMPLES / "bad" / "truncated.dcm").read_bytes(), "truncated.dcm")


@case("S004")
def _companion() -> list[str]:
    return _of_file((SAMPLES / "first" / "no-frame-of-reference.structures.dcm").read_bytes(), "structures.dcm")


@case("S005")
def _other_class() -> list[str]:
    source = sample("first/static-jaws")
    dose = "1.2.840.10008.5.1.4.1.1.481.2"
    source.item.put(tag_of("SOPClassUID"), "UI", dose.encode())
    return _of_file(encode_file(encode(source.item), dose, source.sop_instance_uid), "dose.dcm")


@case("S006")
def _copies() -> list[str]:
    content = (SAMPLES / "first" / "static-jaws.dcm").read_bytes()
    return _of_two(content, content)


@case("S007")
def _two_contents() -> list[str]:
    source = sample("first/static-jaws")
    put("RTPlanLabel", "other")(source.item)
    other = encode_file(encode(source.item), source.sop_class_uid, source.sop_instance_uid)
    return _of_two((SAMPLES / "first" / "static-jaws.dcm").read_bytes(), other)


def _of_two(one: bytes, two: bytes) -> list[str]:
    with TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("one.dcm", "two.dcm")]
        for path, content in zip(paths, (one, two), strict=True):
            path.write_bytes(content)
        return _of_batch(paths, Path(folder, "out"))


@case("S008")
def _no_room() -> list[str]:
    with TemporaryDirectory() as folder:
        out = Path(folder, "out")
        out.mkdir()
        # A file stands where the folder of the plan would be.
        (out / "static-jaws").write_bytes(b"")
        return _of_batch([SAMPLES / "first" / "static-jaws.dcm"], out)


# --- what one change of an attribute does not reach ------------------------------------------------------


@case("T009")
def _second_generation() -> list[str]:
    made = convert_instance(sample("first/static-jaws"), [], load()).made[0]
    return lines_of(convert_instance(Instance(scan(made.data, implicit=False)), [], load(), to="second"))


@case("T055")
def _opening_twice() -> list[str]:
    def double(root: Item) -> None:
        openings = at(root, POINT)[tag_of("BeamLimitingDevicePositionSequence")].items
        openings.append(openings[-1])

    return converted("first/static-mlc", double)


@case("T064")
def _two_apertures() -> list[str]:
    def another(root: Item) -> None:
        blocks = at(root, BEAM)[tag_of("BlockSequence")].items
        second = Item(blocks[0])
        put("BlockThickness", "12")(second)
        blocks.append(second)
        put(f"{BEAM}/NumberOfBlocks", "2")(root)

    return converted("first/block-aperture", another)


@case("T071")
def _falling_dose() -> list[str]:
    place = f"{POINT}/ReferencedDoseReferenceSequence[0]/CumulativeDoseReferenceCoefficient"
    return converted("first/dose-references", put(place, "0.5"))


@case("T072")
def _same_doses() -> list[str]:
    place = f"{GROUP}/ReferencedBeamSequence[0]/AlternateBeamDoseType"
    return converted("first/dose-references", put(place, "PHYSICAL"))


@case("T099")
def _internal() -> list[str]:
    """A shelf that cannot be asked stands for a fault of ours."""
    broken: Any = None
    with TemporaryDirectory() as folder:
        done = Worker(load(), batch.Options(), broken, Path(folder)).work(0, SAMPLES / "first" / "static-jaws.dcm")
    return [str(finding) for finding in done.line.findings]


@case("T101")
def _lenient() -> list[str]:
    return converted("bad/embedded-space-decimal", lenient=True)


@case("T102")
def _assumed() -> list[str]:
    return [line for line in converted("first/no-plan-intent") if "Intent" in line]


@case("T105")
def _unknown_series() -> list[str]:
    image = Item()
    image.put(tag_of("ReferencedSOPClassUID"), "UI", b"1.2.840.10008.5.1.4.1.1.2")
    image.put(tag_of("ReferencedSOPInstanceUID"), "UI", b"2.25.1")
    return converted("first/static-jaws", put("ReferencedImageSequence", [image]))


# --- the way back ----------------------------------------------------------------------------------------


@case("T033")
def _more_than_a_turn() -> list[str]:
    return refused("continuous_angle", np.array([[0.0], [400.0]]), increasing="CW")


@case("T034")
def _plane_at_the_source() -> list[str]:
    distances = {"sad": np.array([1000.0]), "plane": np.array([0.0])}
    return refused("leaf_boundaries", np.array([-10.0, 10.0]), angle=np.array([0.0]), **distances)


@case("T216")
def _moved_across() -> list[str]:
    positions, offset = np.array([[-10.0, 10.0]] * 2), np.array([[0.0, 0.0], [0.0, 5.0]])
    return refused("leaf_positions", positions, offset, angle=np.array([0.0]))


@case("T043")
def _not_rigid() -> list[str]:
    return refused("treatment_position", np.diag([1.0, 1.0, 2.0, 1.0]).ravel(), None, ["HFS"])


@case("T044")
def _upright() -> list[str]:
    # Head first supine with the couch at zero maps (x, y, z) to (x, z, -y); a pitch of 90 degrees then to (x, y, z).
    return refused("treatment_position", np.eye(4).ravel(), None, ["HFS"])


@case("T057")
def _skew_device() -> list[str]:
    return refused("leaf_boundaries", np.array([-10.0, 0.0, 10.0]), angle=np.array([45.0]))


CASES.update(back_cases(sample, at, put, drop))
CASES.update(folder_cases())
CASES.update(record_cases())
CASES.update(sheet_cases())
CASES.update(BESIDE)
