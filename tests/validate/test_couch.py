"""The displayed couch against the matrix: what the text ties together is compared, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from build import IDENTITY, at, code, fresh, make, parameter, put, radiation, record
from hypothesis import given
from hypothesis import strategies as st
from mutate import Mutation, add, both, drop, write

from transcoder.dicom.elements import Item, tag_of
from transcoder.validator import couch
from transcoder.validator.couch import IEC, ISOCENTRIC, couch_rotation
from transcoder.validator.raw import Numbers

POSITION = "TreatmentPositionSequence[0]"
SECOND = "TreatmentPositionSequence[1]"
DEVICE = "PatientSupportPositionSequence[0]/PatientSupportPositionDeviceParameterSequence[0]"
PARAMETERS = "PatientSupportPositionParameterSequence"
LIST = f"{DEVICE}/{PARAMETERS}"
LOCATION = "PatientLocationCoordinatesSequence[0]"
TOLERANCES = "PatientSupportPositionDeviceToleranceSequence"
SUPINE = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0]], dtype=np.float64)
TABLE_TOP = "1.2.840.10008.1.4.3.3"


def shown(values: dict[str, float]) -> list[Item]:
    """Displayed parameters in the order given, each in its unit."""
    return [parameter(place + 1, value, name) for place, (name, value) in enumerate(values.items())]


def position(index: int, matrix: Numbers, values: dict[str, float]) -> Item:
    """A treatment position with a treatment location at the isocentre."""
    device = make(ReferencedDeviceIndex=1, DeviceOrderIndex=1, PatientSupportPositionParameterSequence=shown(values))
    isocenter = -matrix[:3, :3].T @ matrix[:3, 3]
    return make(
        TreatmentPositionIndex=index,
        ImageToEquipmentMappingMatrix=tuple(matrix.flatten().tolist()),
        PatientLocationCoordinatesSequence=[
            make(ThreeDPointCoordinates=tuple(isocenter), PatientLocationCoordinatesCodeSequence=code("130073"))
        ],
        PatientSupportPositionSequence=[make(PatientSupportPositionDeviceParameterSequence=[device])],
    )


def placed(values: dict[str, float], offset: tuple[float, float, float], patient: Numbers = SUPINE) -> Numbers:
    """The matrix that a couch makes of a patient who lies so on the table top (C.8.8.14.12)."""
    yaw, pitch, roll = (values.get(name, 0.0) for name in (IEC[0], *IEC[4:]))
    matrix = np.eye(4)
    matrix[:3, :3] = couch_rotation(yaw, pitch, roll) @ patient
    shift = np.array([values.get(name, 0.0) for name in IEC[1:4]])
    inner = couch_rotation(0, pitch, roll) @ np.array(offset)
    matrix[:3, 3] = couch_rotation(yaw, 0, 0) @ (shift + inner)
    return matrix


def support(yaw: float, x: float, y: float, z: float, pitch: float = 0.0, roll: float = 0.0) -> dict[str, float]:
    return dict(zip(IEC, (yaw, x, y, z, pitch, roll), strict=True))


OFFSET = (5.0, -300.0, 120.0)


def two_positions() -> Item:
    """A radiation whose couch turns and moves between two positions."""
    item = radiation()
    first, second = support(0, 0, 300, -120), support(30, 4, 310, -125)
    positions = [position(1, placed(first, OFFSET), first), position(2, placed(second, OFFSET), second)]
    put(item, "TreatmentPositionSequence", positions)
    put(item, "RTToleranceSetSequence", [make(PatientSupportPositionDeviceToleranceSequence=[
        make(PatientSupportPositionToleranceSequence=shown({IEC[4]: 1, IEC[0]: 2}))])])  # fmt: skip
    return fresh(item)


def units(name: str) -> list[Item]:
    return code(name, "UCUM")


TABLE: list[tuple[object, str, Mutation, str]] = [
    (two_positions, "yaw of another sign", write(f"{SECOND}/{LIST}[0]", "NumericValue", -30), "V271"),
    (two_positions, "turn not displayed", write(f"{SECOND}/{LIST}[0]", "NumericValue", 29), "V271"),
    (two_positions, "lateral", write(f"{SECOND}/{LIST}[1]", "NumericValue", 14), "V271"),
    (two_positions, "longitudinal", write(f"{SECOND}/{LIST}[2]", "NumericValue", -310), "V271"),
    (two_positions, "vertical in cm", write(f"{SECOND}/{LIST}[3]", "NumericValue", -12.5), "V271"),
    (two_positions, "matrix stays", write(SECOND, "ImageToEquipmentMappingMatrix",
                                          tuple(placed(support(30, 0, 300, -120), OFFSET).flatten())), "V271"),
    (radiation, "feet first", write("", "PatientEquipmentRelationshipCodeSequence", code("102541007", "SCT")), "V271"),
    (radiation, "a table as the patient", both(write("", "FrameOfReferenceUID", TABLE_TOP),
                                               write(POSITION, "ImageToEquipmentMappingMatrix",
                                                     tuple(placed(support(1, 0, 0, 0), OFFSET, np.eye(3)).flatten()))),
     "V271"),
    (radiation, "couch turned", write(f"{POSITION}/{LIST}[0]", "NumericValue", 30), "V275"),
    (two_positions, "couch turned at both", both(write(f"{POSITION}/{LIST}[0]", "NumericValue", 2),
                                                 write(f"{SECOND}/{LIST}[0]", "NumericValue", 32)), "V275"),
    (record, "recorded couch turned", write(f"{POSITION}/{LIST}[0]", "NumericValue", 10), "V275"),
    (two_positions, "yaw in mm", write(f"{POSITION}/{LIST}[0]", "MeasurementUnitsCodeSequence", units("mm")), "V276"),
    (two_positions, "roll in rad", write(f"{SECOND}/{LIST}[5]", "MeasurementUnitsCodeSequence", units("rad")), "V276"),
    (two_positions, "lateral in deg", write(f"{SECOND}/{LIST}[1]", "MeasurementUnitsCodeSequence", units("deg")),
     "V276"),
    (two_positions, "vertical in cm", write(f"{SECOND}/{LIST}[3]", "MeasurementUnitsCodeSequence", units("cm")),
     "V276"),
    (two_positions, "tolerance in mm", write(f"RTToleranceSetSequence[0]/{TOLERANCES}[0]/"
                                             "PatientSupportPositionToleranceSequence[1]",
                                             "MeasurementUnitsCodeSequence", units("mm")), "V276"),
    (two_positions, "yaw twice", add(f"{POSITION}/{DEVICE}", PARAMETERS, parameter(7, 0, IEC[0])), "V277"),
    (two_positions, "vertical twice", add(f"{SECOND}/{DEVICE}", PARAMETERS, parameter(7, -125, IEC[3])), "V277"),
    (two_positions, "tolerance twice", add(f"RTToleranceSetSequence[0]/{TOLERANCES}[0]",
                                           "PatientSupportPositionToleranceSequence", parameter(3, 1, IEC[0])), "V277"),
    (two_positions, "pitch before yaw", write(f"{POSITION}/{DEVICE}", PARAMETERS, shown({IEC[4]: 0, IEC[0]: 0})),
     "V277"),
    (two_positions, "isocentric, yaw last", write(f"{POSITION}/{DEVICE}", PARAMETERS,
                                                  shown({ISOCENTRIC[1]: 0, ISOCENTRIC[0]: 0})), "V277"),
    (two_positions, "treatment location", write(f"{POSITION}/{LOCATION}", "ThreeDPointCoordinates", (0, 9, 0)), "V278"),
    (two_positions, "isocentre elsewhere", write("", "EquipmentReferencePointCoordinatesSequence", [
        make(ThreeDPointCoordinates=(0, 0, 10), EquipmentReferencePointCodeSequence=code("130359"))]), "V278"),
]  # fmt: skip


def codes(item: Item) -> set[str]:
    return {finding.code for finding in couch.check(item)}


@pytest.mark.parametrize("build_good", [radiation, record, two_positions])
def test_good_instances_have_no_findings(build_good) -> None:
    assert list(couch.check(build_good())) == []


@pytest.mark.parametrize(
    ("build_good", "name", "mutation", "code_"), TABLE, ids=[f"{row[3]} {row[1]}" for row in TABLE]
)
def test_mutation_is_found(build_good, name, mutation, code_) -> None:
    item = build_good()
    mutation(item)
    assert code_ in codes(item)


angle, length = st.floats(-40, 40), st.floats(-400, 400)
couches = st.builds(support, angle, length, length, length)


@given(st.lists(couches, min_size=2, max_size=4), st.tuples(length, length, length), st.floats(0, 0.4))
def test_couches_that_move_as_their_matrices_do_are_never_reported(values, offset, askew: float) -> None:
    item = two_positions()
    patient = couch_rotation(askew, 0, 0) @ SUPINE
    positions = [position(place + 1, placed(each, offset, patient), each) for place, each in enumerate(values)]
    put(item, "TreatmentPositionSequence", positions)
    assert codes(item) == set()


@given(couches, couches, st.integers(0, 2), st.sampled_from([-1, 1]), st.floats(2.1, 500))
def test_a_table_top_that_moves_by_itself_is_always_reported(here, there, axis: int, sign: int, by: float) -> None:
    item = two_positions()
    matrices = [placed(each, OFFSET) for each in (here, there)]
    told = {**there, IEC[1 + axis]: there[IEC[1 + axis]] + sign * by}
    put(item, "TreatmentPositionSequence", [position(1, matrices[0], here), position(2, matrices[1], told)])
    assert codes(item) == {"V271"}


def test_positions_of_another_pitch_are_compared_by_their_angles_only() -> None:
    item = two_positions()
    tilted = support(0, 0, 500, -120, pitch=2)
    put(at(item, f"{SECOND}/{DEVICE}"), PARAMETERS, shown(tilted))
    put(at(item, SECOND), "ImageToEquipmentMappingMatrix", tuple(placed(tilted, (0, 0, 0)).flatten()))
    drop(SECOND, "PatientLocationCoordinatesSequence")(item)
    assert codes(item) == set()


@pytest.mark.parametrize(
    "mutation",
    [
        both(write("", "RTRecordFlag", "YES"), write(f"{SECOND}/{LIST}[1]", "NumericValue", 100)),
        write("", "EquipmentFrameOfReferenceUID", "1.2.840.10008.1.4.3.2"),
        drop(f"{SECOND}/{DEVICE}", PARAMETERS),
        write(f"{SECOND}/{LIST}[1]", "NumericValue", None),
        write(f"{SECOND}/{LIST}[1]", "ConceptNameCodeSequence", code("126806", "99VENDOR")),
        both(write(f"{SECOND}/{LIST}[1]", "NumericValue", 100), write(f"{SECOND}/{LIST}[2]", "ConceptNameCodeSequence",
                                                                      code("LONG", "99VENDOR"))),
        add(f"{SECOND}/{DEVICE}", PARAMETERS, parameter(7, 10, "126805")),
    ],
)  # fmt: skip
def test_what_the_text_does_not_tie_together_is_not_compared(mutation) -> None:
    """A record, another equipment frame, parameters that are absent, empty or a vendor's, an eccentric table top."""
    item = two_positions()
    write(f"{SECOND}/{LIST}[3]", "NumericValue", -125)(item)
    mutation(item)
    assert codes(item) == set()


def test_a_vendor_may_order_and_repeat_its_own_parameters() -> None:
    item = two_positions()
    parameters = [parameter(1, 0, IEC[4]), parameter(2, 0, IEC[0]), parameter(3, 0, "A"), parameter(4, 0, "A")]
    for entry in parameters[2:]:
        put(entry, "ConceptNameCodeSequence", code("A", "99VENDOR"))
    put(at(item, f"{POSITION}/{DEVICE}"), PARAMETERS, parameters)
    assert codes(item) == set()


def test_a_matrix_of_no_rotation_is_not_compared() -> None:
    item = two_positions()
    put(at(item, SECOND), "ImageToEquipmentMappingMatrix", tuple(2.0 * value for value in IDENTITY))
    assert codes(item) == set()
    del at(item, SECOND)[tag_of("ImageToEquipmentMappingMatrix")]
    assert codes(item) == set()
