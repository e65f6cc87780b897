"""Control points: each rule is met by the good instances and broken by a named mutation."""

from __future__ import annotations

import build
import pytest
from build import at, code, make, opening, plan, put, radiation, record, treatment_record
from hypothesis import given
from hypothesis import strategies as st
from mutate import Mutation, add, both, drop, remove, repeat, swap, write

from transcoder.dicom.elements import Item, encode, scan, tag_of
from transcoder.validator import points

CP = "CArmPhotonElectronControlPointSequence"
OPENING = "RTBeamLimitingDeviceOpeningSequence"
POSITIONS = "ParallelRTBeamDelimiterPositions"
DEVICES = "RTBeamLimitingDeviceDefinitionSequence"
PARALLEL = "ParallelRTBeamDelimiterDeviceSequence"
BEAM = "BeamSequence[0]"
FIRST = f"{BEAM}/ControlPointSequence"
BLD = "BeamLimitingDevicePositionSequence"
GROUP = "FractionGroupSequence[0]/ReferencedBeamSequence[0]"
SESSION = "TreatmentSessionBeamSequence[0]/ControlPointDeliverySequence"

ION = "IonBeamSequence[0]/IonControlPointSequence"


def ion_plan() -> Item:
    """An ion beam of two control points."""
    points_ = [
        make(ControlPointIndex=place, CumulativeMetersetWeight=place, GantryAngle=180, PatientSupportAngle=0)
        for place in range(2)
    ]
    beam = make(NumberOfControlPoints=2, FinalCumulativeMetersetWeight=1, IonControlPointSequence=points_)
    return make(IonBeamSequence=[beam])


TABLE: list[tuple[object, str, Mutation, str]] = [
    # second generation: unchanged values are not repeated
    (radiation, "angle repeated", write(f"{CP}[2]", "SourceRollAngle", 200), "V201"),
    (radiation, "collimator angle repeated", write(f"{CP}[1]", "RTBeamLimitingDeviceAngle", 10), "V201"),
    (radiation, "rate repeated", write(f"{CP}[1]", "DeliveryRate", 10), "V201"),
    (radiation, "null repeated", write(f"{CP}[1]", "SourceToExternalContourDistance", None), "V201"),
    (radiation, "distance repeated", write(f"{CP}[1]", "SourceToPatientSurfaceDistance", 900), "V201"),
    (radiation, "mode repeated", write(f"{CP}[1]", "ReferencedRadiationGenerationModeIndex", 1), "V201"),
    (radiation, "position repeated", write(f"{CP}[2]", "ReferencedTreatmentPositionIndex", 1), "V201"),
    (radiation, "meterset repeated", write(f"{CP}[2]", "CumulativeMeterset", 60), "V201"),
    (radiation, "leaves repeated", write(f"{CP}[2]/{OPENING}[0]", POSITIONS, (-6, -6, 6, 6)), "V201"),
    (radiation, "offset repeated", write(f"{CP}[1]/{OPENING}[0]", "RTBeamLimitingDeviceOffset", (0, 0)), "V201"),
    (radiation, "negative zero", write(f"{CP}[1]/{OPENING}[0]", "RTBeamLimitingDeviceOffset", (-0.0, 0)), "V201"),
    (radiation, "wedge repeated", write(f"{CP}[2]/WedgePositionSequence[0]", "WedgePosition", "IN"), "V201"),
    (record, "recorded angle repeated", write(f"{CP}[2]", "SourceRollAngle", 200), "V201"),
    # second generation: complete at the first point
    (radiation, "no angle", drop(f"{CP}[0]", "SourceRollAngle"), "V202"),
    (radiation, "no collimator angle", drop(f"{CP}[0]", "RTBeamLimitingDeviceAngle"), "V202"),
    (radiation, "no rate", drop(f"{CP}[0]", "DeliveryRate"), "V202"),
    (radiation, "no contour distance", drop(f"{CP}[0]", "SourceToExternalContourDistance"), "V202"),
    (radiation, "no surface distance", drop(f"{CP}[0]", "SourceToPatientSurfaceDistance"), "V202"),
    (radiation, "no mode", drop(f"{CP}[0]", "ReferencedRadiationGenerationModeIndex"), "V202"),
    (radiation, "no treatment position", drop(f"{CP}[0]", "ReferencedTreatmentPositionIndex"), "V202"),
    (radiation, "no meterset", drop(f"{CP}[0]", "CumulativeMeterset"), "V202"),
    (radiation, "no opening", remove(f"{CP}[0]", OPENING, 0), "V202"),
    (radiation, "no leaves", drop(f"{CP}[0]/{OPENING}[1]", POSITIONS), "V202"),
    (radiation, "no offset", drop(f"{CP}[0]/{OPENING}[0]", "RTBeamLimitingDeviceOffset"), "V202"),
    (radiation, "no wedge", drop(f"{CP}[0]", "WedgePositionSequence"), "V202"),
    (record, "no recorded angle", drop(f"{CP}[0]", "SourceRollAngle"), "V202"),
    # second generation: items and counts of devices
    (radiation, "idle item", drop(f"{CP}[1]/{OPENING}[0]", POSITIONS), "V203"),
    (radiation, "no count of openings", drop(f"{CP}[1]", "NumberOfRTBeamLimitingDeviceOpenings"), "V204"),
    (radiation, "no count of wedges", drop(f"{CP}[1]", "NumberOfWedgePositions"), "V204"),
    (radiation, "opening not counted", write(f"{CP}[1]", "NumberOfRTBeamLimitingDeviceOpenings", 0), "V205"),
    (radiation, "wedge not counted", write(f"{CP}[2]", "NumberOfWedgePositions", 2), "V205"),
    # axis
    (radiation, "one point", both(remove("", CP, 2), remove("", CP, 1)), "V206"),
    (radiation, "count too great", write("", "NumberOfRTControlPoints", 4), "V206"),
    (radiation, "index from zero", write(f"{CP}[0]", "RTControlPointIndex", 0), "V207"),
    (radiation, "index gap", write(f"{CP}[2]", "RTControlPointIndex", 4), "V207"),
    (radiation, "points exchanged", swap("", CP), "V207"),
    (radiation, "meterset from one", write(f"{CP}[0]", "CumulativeMeterset", 1), "V208"),
    (radiation, "meterset falls", write(f"{CP}[2]", "CumulativeMeterset", 50), "V209"),
    (plan, "one point", both(remove(BEAM, "ControlPointSequence", 2), remove(BEAM, "ControlPointSequence", 1)), "V206"),
    (plan, "count too small", write(BEAM, "NumberOfControlPoints", 2), "V206"),
    (plan, "index from one", write(f"{FIRST}[0]", "ControlPointIndex", 1), "V207"),
    (plan, "index gap", write(f"{FIRST}[2]", "ControlPointIndex", 3), "V207"),
    (plan, "points exchanged", swap(BEAM, "ControlPointSequence"), "V207"),
    (plan, "weight from one", write(f"{FIRST}[0]", "CumulativeMetersetWeight", 1), "V208"),
    (plan, "weight falls", write(f"{FIRST}[1]", "CumulativeMetersetWeight", 1.5), "V209"),
    (plan, "final weight", write(BEAM, "FinalCumulativeMetersetWeight", 100), "V210"),
    # first generation: what changes stands everywhere
    (plan, "angle missing", drop(f"{FIRST}[1]", "GantryAngle"), "V211"),
    (plan, "direction missing", drop(f"{FIRST}[1]", "GantryRotationDirection"), "V211"),
    (plan, "angle appears", write(f"{FIRST}[2]", "BeamLimitingDeviceAngle", 20), "V211"),
    (plan, "table appears", write(f"{FIRST}[2]", "TableTopVerticalPosition", 20), "V211"),
    (plan, "isocentre appears", write(f"{FIRST}[1]", "IsocenterPosition", (1, 0, 0)), "V211"),
    (plan, "leaves missing", drop(f"{FIRST}[1]", BLD), "V211"),
    (plan, "wedge moves once", write(f"{FIRST}[1]", "WedgePositionSequence",
                                     [make(ReferencedWedgeNumber=1, WedgePosition="OUT")]), "V211"),
    (plan, "rate appears", write(f"{FIRST}[1]", "DoseRateSet", 500), "V212"),
    (plan, "energy appears", write(f"{FIRST}[1]", "NominalBeamEnergy", 10), "V212"),
    (treatment_record, "recorded angle missing", drop(f"{SESSION}[1]", "GantryAngle"), "V212"),
    (plan, "device never positioned", remove(f"{FIRST}[0]", BLD, 0), "V225"),
    (plan, "resting device repeated", add(f"{FIRST}[1]", BLD, make(RTBeamLimitingDeviceType="ASYMY",
                                                                   LeafJawPositions=(-50, 50))), "V226"),
    # leaves
    (radiation, "too few leaves", write(f"{CP}[1]/{OPENING}[0]", POSITIONS, (-6, 6)), "V213"),
    (radiation, "too few extents", write(f"{DEVICES}[1]/{PARALLEL}[0]", "ParallelRTBeamDelimiterOpeningExtents",
                                         (0, 1)), "V213"),
    (radiation, "three jaws", write(f"{CP}[0]/{OPENING}[0]", POSITIONS, (-6, 6, 7)), "V213"),
    (radiation, "single leaves", write(f"{DEVICES}[1]", "DeviceTypeCodeSequence", code("130333")), "V213"),
    (plan, "too few leaves", write(f"{FIRST}[1]/{BLD}[0]", "LeafJawPositions", (-6, 6)), "V213"),
    (radiation, "too few boundaries", write(f"{DEVICES}[1]/{PARALLEL}[0]", "ParallelRTBeamDelimiterBoundaries",
                                            (-10, 10)), "V214"),
    (plan, "too many boundaries", write(f"{BEAM}/BeamLimitingDeviceSequence[1]", "LeafPositionBoundaries",
                                        (-10, 0, 10, 20)), "V214"),
    (radiation, "boundaries reversed", write(f"{DEVICES}[1]/{PARALLEL}[0]", "ParallelRTBeamDelimiterBoundaries",
                                             (10, 0, -10)), "V215"),
    (radiation, "boundary twice", write(f"{DEVICES}[1]/{PARALLEL}[0]", "ParallelRTBeamDelimiterBoundaries",
                                        (-10, 0, 0)), "V215"),
    (plan, "boundaries reversed", write(f"{BEAM}/BeamLimitingDeviceSequence[1]", "LeafPositionBoundaries",
                                        (10, 0, -10)), "V216"),
    (radiation, "banks exchanged", write(f"{CP}[1]/{OPENING}[0]", POSITIONS, (6, 6, -6, -6)), "V217"),
    (radiation, "jaws exchanged", write(f"{CP}[0]/{OPENING}[0]", POSITIONS, (50, -50)), "V217"),
    (plan, "one pair crosses", write(f"{FIRST}[2]/{BLD}[0]", "LeafJawPositions", (-7, 8, 7, 7)), "V217"),
    (radiation, "leaf in micrometres", write(f"{CP}[1]/{OPENING}[0]", POSITIONS, (-6000, -6, 6, 6)), "V218"),
    (plan, "leaf in micrometres", write(f"{FIRST}[1]/{BLD}[0]", "LeafJawPositions", (-6, -6, 6000, 6)), "V218"),
    # plausible values
    (radiation, "MU/min as MU/s", write(f"{CP}[0]", "DeliveryRate", 600), "V219"),
    (radiation, "Gy/s of 3333", both(write(f"{CP}[0]", "DeliveryRate", 3333.33),
                                     write(f"{CP}[0]", "DeliveryRateUnitSequence", code("Gy/s", "UCUM"))), "V219"),
    (radiation, "negative rate", write(f"{CP}[0]", "DeliveryRate", -1), "V219"),
    (plan, "rate", write(f"{FIRST}[0]", "DoseRateSet", 60000), "V219"),
    (treatment_record, "rate", write(f"{SESSION}[0]", "DoseRateDelivered", 60000), "V219"),
    (radiation, "kV as MV", write("RadiationGenerationModeSequence[0]", "NominalEnergy", 6000), "V220"),
    (radiation, "MV as kV", write("RadiationGenerationModeSequence[0]", "EnergyUnitCodeSequence", code("kV", "UCUM")),
     "V220"),
    (radiation, "minimum above maximum", both(write("RadiationGenerationModeSequence[0]", "MinimumNominalEnergy", 9),
                                              write("RadiationGenerationModeSequence[0]", "MaximumNominalEnergy", 8)),
     "V220"),
    (plan, "keV", write(f"{FIRST}[0]", "NominalBeamEnergy", 6000), "V220"),
    (radiation, "meterset", write(f"{CP}[2]", "CumulativeMeterset", 120000), "V221"),
    (plan, "meterset", write(GROUP, "BeamMeterset", 120000), "V221"),
    (plan, "negative meterset", write(GROUP, "BeamMeterset", -1), "V221"),
    (radiation, "more than a turn", write(f"{CP}[1]", "SourceRollAngle", 900), "V222"),
    (plan, "gantry beyond a turn", write(f"{FIRST}[1]", "GantryAngle", 400), "V228"),
    (plan, "collimator beyond a turn", write(f"{FIRST}[0]", "BeamLimitingDeviceAngle", 400), "V228"),
    (plan, "couch beyond a turn", write(f"{FIRST}[0]", "PatientSupportAngle", -400), "V228"),
    (plan, "eccentric beyond a turn", write(f"{FIRST}[0]", "TableTopEccentricAngle", 400), "V228"),
    (plan, "pitch beyond a turn", write(f"{FIRST}[0]", "TableTopPitchAngle", 400), "V228"),
    (plan, "roll beyond a turn", write(f"{FIRST}[0]", "TableTopRollAngle", -361), "V228"),
    (plan, "gantry pitch beyond a turn", write(f"{FIRST}[0]", "GantryPitchAngle", 400), "V228"),
    (treatment_record, "recorded gantry beyond a turn", write(f"{SESSION}[1]", "GantryAngle", 400), "V228"),
    (ion_plan, "ion gantry beyond a turn", write(f"{ION}[1]", "GantryAngle", 400), "V228"),
    (plan, "more than a turn", write(f"{FIRST}[1]", "GantryAngle", 541), "V222"),
    (treatment_record, "more than a recorded turn", write(f"{SESSION}[1]", "GantryAngle", 541), "V222"),
    (ion_plan, "more than a turn of the couch", write(f"{ION}[1]", "PatientSupportAngle", -361), "V222"),
    (plan, "turns without direction", write(f"{FIRST}[1]", "GantryRotationDirection", "NONE"), "V222"),
    (plan, "static arc", write(BEAM, "BeamType", "STATIC"), "V223"),
    (record, "times run backwards", write(f"{CP}[2]", "RecordedRTControlPointDateTime", "20231231"), "V224"),
    (treatment_record, "times run backwards", write(f"{SESSION}[2]", "TreatmentControlPointTime", "090000"), "V224"),
    (treatment_record, "meterset falls", write(f"{SESSION}[2]", "DeliveredMeterset", 10), "V227"),
    (treatment_record, "half of it", write("TreatmentSessionBeamSequence[0]", "DeliveredPrimaryMeterset", 60), "V231"),
    (treatment_record, "count", write("TreatmentSessionBeamSequence[0]", "NumberOfControlPoints", 2), "V206"),
]  # fmt: skip


NAMES = [f"{row[3]} {row[1]}" for row in TABLE]


def codes(item: Item) -> set[str]:
    return {finding.code for finding in points.check(item)}


@pytest.mark.parametrize("build_good", [plan, radiation, record, treatment_record, ion_plan])
def test_good_instances_have_no_findings(build_good) -> None:
    assert list(points.check(build_good())) == []


@pytest.mark.parametrize(("build_good", "name", "mutation", "code_"), TABLE, ids=NAMES)
def test_mutation_is_found(build_good, name, mutation, code_) -> None:
    item = build_good()
    mutation(item)
    assert code_ in codes(item)


@pytest.mark.parametrize("angle", [-360, -180, 0, 359.9, 360])
def test_an_angle_within_a_turn_is_not_reported(angle: float) -> None:
    """The standard restricts no angle (C.8.8.14.13); only one beyond a turn is told, and as no more than that."""
    item = plan()
    for word in ("BeamLimitingDeviceAngle", "PatientSupportAngle", "TableTopPitchAngle"):
        put(at(item, f"{FIRST}[0]"), word, angle)
    assert codes(item) == set()


@pytest.mark.parametrize("total", [60, 120, 119.6, 120.4])
def test_a_resumed_delivery_is_counted_from_its_start_or_from_zero(total: float) -> None:
    item = treatment_record()
    put(at(item, f"{SESSION}[0]"), "DeliveredMeterset", 60)
    put(at(item, "TreatmentSessionBeamSequence[0]"), "DeliveredPrimaryMeterset", total)
    assert codes(item) == set()


def test_an_angle_beyond_a_turn_is_no_fault() -> None:
    item = plan()
    put(at(item, f"{FIRST}[0]"), "PatientSupportAngle", 400)
    assert [finding.severity for finding in points.check(item)] == ["info"]


def test_a_fault_at_many_points_is_one_finding() -> None:
    item = radiation()
    for place in (1, 2):
        put(at(item, f"{CP}[{place}]"), "RTBeamLimitingDeviceAngle", 10)
    (finding,) = list(points.check(item))
    assert finding.path == f"{CP}[1]/RTBeamLimitingDeviceAngle"
    assert "2 control point(s)" in finding.message


def test_binary_collimator_has_no_positions_and_one_duration_for_each_leaf() -> None:
    leaf = at(radiation(), f"{DEVICES}[1]")
    put(at(leaf, f"{PARALLEL}[0]"), "ParallelRTBeamDelimiterOpeningMode", "BINARY")
    points_ = [
        make(RTControlPointIndex=1, CumulativeMeterset=0, NumberOfRTBeamLimitingDeviceOpenings=1, DeliveryRate=1,
             SourceRollAngle=0, TomotherapeuticLeafOpenDurations=(0.1, 0.2),
             RTBeamLimitingDeviceOpeningSequence=[make(ReferencedDeviceIndex=2, RTBeamLimitingDeviceOffset=(0, 0))]),
        make(RTControlPointIndex=2, CumulativeMeterset=9, NumberOfRTBeamLimitingDeviceOpenings=0, SourceRollAngle=800,
             TomotherapeuticLeafOpenDurations=(0.3, 0.2)),
    ]  # fmt: skip
    item = make(
        RTRecordFlag="NO",
        NumberOfRTBeamLimitingDevices=1,
        RTBeamLimitingDeviceDefinitionSequence=[leaf],
        NumberOfRTControlPoints=2,
        TomotherapeuticControlPointSequence=points_,
    )
    assert codes(item) == set()
    put(points_[1], "TomotherapeuticLeafOpenDurations", (0.3,))
    assert codes(item) == {"V213"}


def test_robotic_points_need_coordinates_in_a_plan_only() -> None:
    first = make(RTControlPointIndex=1, DeliveryRate=1, RoboticNodeIdentifier=7)
    second = make(RTControlPointIndex=2, RoboticNodeIdentifier=8)
    item = make(RTRecordFlag="YES", NumberOfRTControlPoints=2, RoboticPathControlPointSequence=[first, second])
    put(first, "CumulativeMeterset", 0)
    assert codes(item) == set()
    put(item, "RTRecordFlag", "NO")
    assert codes(item) == {"V202"}
    put(second, "RoboticNodeIdentifier", 7)
    assert codes(item) == {"V201", "V202"}


def test_a_resumed_salvage_record_may_start_above_zero() -> None:
    points_ = [make(RTControlPointIndex=1, CumulativeMeterset=40), make(RTControlPointIndex=2, CumulativeMeterset=60)]
    item = make(RTRecordFlag="YES", NumberOfRTControlPoints=2, RTRadiationSalvageRecordControlPointSequence=points_)
    assert codes(item) == set()


def two_layers() -> Item:
    """A beam whose second layer, of one pair, bears the type of the first and is placed before it."""
    item = plan()
    add(BEAM, "BeamLimitingDeviceSequence", make(RTBeamLimitingDeviceType="MLCX", NumberOfLeafJawPairs=1))(item)
    layer = make(RTBeamLimitingDeviceType="MLCX", LeafJawPositions=(-4, 4))
    at(item, f"{FIRST}[0]")[tag_of(BLD)].items.insert(0, layer)
    return item


def test_two_layers_of_one_type_are_told_apart_by_their_number_of_leaves() -> None:
    item = two_layers()
    assert codes(item) == set()
    put(at(item, f"{FIRST}[0]/{BLD}[0]"), "LeafJawPositions", (4, -4))
    assert codes(item) == {"V217"}


def test_two_layers_alike_are_told_apart_by_their_order() -> None:
    item = plan()
    twin = make(RTBeamLimitingDeviceType="MLCX", NumberOfLeafJawPairs=2)
    add(BEAM, "BeamLimitingDeviceSequence", twin)(item)
    for place in range(3):
        layer = make(RTBeamLimitingDeviceType="MLCX", LeafJawPositions=(-4, -4, 4, 4))
        add(f"{FIRST}[{place}]", BLD, layer)(item)
    assert codes(item) == {"V226"}


def test_a_jaw_under_its_other_name_is_still_checked() -> None:
    item = plan()
    put(at(item, f"{FIRST}[0]/{BLD}[0]"), "RTBeamLimitingDeviceType", "Y")
    assert codes(item) == set()
    put(at(item, f"{FIRST}[0]/{BLD}[0]"), "LeafJawPositions", (50, -50))
    assert codes(item) == {"V217"}


def test_brachytherapy_times_follow_the_axis_rules() -> None:
    points_ = [make(ControlPointIndex=0, CumulativeTimeWeight=0), make(ControlPointIndex=1, CumulativeTimeWeight=100)]
    channel = make(NumberOfControlPoints=2, FinalCumulativeTimeWeight=100, BrachyControlPointSequence=points_)
    item = make(ApplicationSetupSequence=[make(ChannelSequence=[channel])])
    assert codes(item) == set()
    put(channel, "FinalCumulativeTimeWeight", 50)
    assert codes(item) == {"V210"}


@given(st.lists(st.sampled_from([0.0, 1.0, 2.5, -3.0]), min_size=2, max_size=12))
def test_writing_only_what_changes_is_never_reported(angles: list[float]) -> None:
    """The law of C.36.2.2.5.1.1: present at the first point, then present iff changed."""
    rows, last = [], None
    for place, angle in enumerate(angles):
        row = build.radiation_point(place + 1, float(place), [], SourceRollAngle=angle)
        if place == 0:
            for word in ("DeliveryRate", "RTBeamLimitingDeviceAngle"):
                put(row, word, 1.0)
            for word in ("SourceToPatientSurfaceDistance", "SourceToExternalContourDistance"):
                put(row, word, None)
        if angle == last:
            del row[tag_of("SourceRollAngle")]
        last = angle
        rows.append(row)
    item = make(NumberOfRTControlPoints=len(rows), CArmPhotonElectronControlPointSequence=rows)
    assert codes(item) == set()
    repeated = next((row for row in rows[1:] if tag_of("SourceRollAngle") not in row), None)
    if repeated is not None:
        held = [angle for angle, row in zip(angles, rows, strict=True) if row is repeated]
        put(repeated, "SourceRollAngle", held[0])
        assert codes(item) == {"V201"}


@given(
    st.lists(st.floats(-100, 100, allow_nan=False), min_size=2, max_size=2),
    st.lists(st.floats(0, 50, allow_nan=False), min_size=2, max_size=2),
)
def test_pairs_that_do_not_cross_are_never_reported(left: list[float], gap: list[float]) -> None:
    item = radiation()
    positions = [*left, *(one + two for one, two in zip(left, gap, strict=True))]
    put(item[tag_of(CP)].items[1], OPENING, [opening(2, positions)])
    put(at(item, f"{CP}[2]/{OPENING}[0]"), POSITIONS, (-7.5, -7.5, 7.5, 7.5))
    assert "V217" not in codes(item)


@pytest.mark.parametrize("build_good", [plan, radiation, record, treatment_record])
def test_a_data_set_read_back_from_bytes_is_judged_alike(build_good) -> None:
    item = scan(encode(build_good()), implicit=False)
    assert list(points.check(item)) == []


def test_repeating_a_point_breaks_the_index() -> None:
    item = radiation()
    repeat("", CP, 2)(item)
    assert {"V206", "V207"} <= codes(item)
