"""What a C-Arm Photon-Electron Radiation must hold, section by section of PS3.3."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pydicom
import pytest

from ..conftest import Converted, sample_names

Convert = Callable[[str], Converted]


def code(sequence: pydicom.Sequence) -> str:
    """The code value of a code sequence's only item."""
    (item,) = sequence
    return str(item.CodeValue)


def points(radiation: pydicom.Dataset) -> pydicom.Sequence:
    return radiation.CArmPhotonElectronControlPointSequence


def held(radiation: pydicom.Dataset, keyword: str) -> list[float]:
    """An attribute at every control point, carried forward (C.36.2.2.5.1.1)."""
    values, last = [], None
    for point in points(radiation):
        last = point.get(keyword, last)
        values.append(last)
    return values


@pytest.mark.parametrize("name", sample_names())
def test_definition_source_and_references(name: str, converted: Convert) -> None:
    """C.36.2.1.6.1.4, C.36.10, C.8.8.13.2, C.12.2: what was transcoded, and both listed."""
    found = converted(name)
    standard = found.plan.SOPClassUID == "1.2.840.10008.5.1.4.1.1.481.5"
    beams = {beam.BeamNumber for beam in found.plan.BeamSequence}
    for instance in (*found.sets, *found.radiations):
        assert ("DefinitionSourceSequence" in instance) == standard
        listed = {
            (item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID)
            for series in instance.get("ReferencedSeriesSequence", [])
            for item in series.ReferencedInstanceSequence
        }
        if standard:
            (source,) = instance.DefinitionSourceSequence
            pair = (source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID)
            assert pair == (found.plan.SOPClassUID, found.plan.SOPInstanceUID)
            assert pair in listed
            assert ("ReferencedBeamNumber" in source) == ("RTRecordFlag" in instance)
            assert source.get("ReferencedBeamNumber", min(beams)) in beams
    # The plan names no second-generation instance: no links both ways.
    made = {instance.SOPInstanceUID for instance in (*found.sets, *found.radiations)}
    assert not made & {element.value for element in found.plan.iterall() if element.VR == "UI"}


# pydicom counts the bytes of a label; PS3.5 6.2 counts its characters.
@pytest.mark.filterwarnings("ignore:The value length:UserWarning")
@pytest.mark.parametrize("name", sample_names())
def test_one_radiation_for_each_treatment_beam_of_a_group(name: str, converted: Convert) -> None:
    """C.36.10: radiations in beam order, one set for each fraction group, labels unique within 16 characters."""
    found = converted(name)
    kinds = {beam.BeamNumber: beam.get("TreatmentDeliveryType", "TREATMENT") for beam in found.plan.BeamSequence}
    by_uid = {radiation.SOPInstanceUID: radiation for radiation in found.radiations}
    assert len(found.sets) == len(found.plan.FractionGroupSequence)
    for group, target in zip(found.plan.FractionGroupSequence, found.sets, strict=True):
        wanted = [
            use.ReferencedBeamNumber
            for use in group.ReferencedBeamSequence
            if kinds[use.ReferencedBeamNumber] in ("TREATMENT", "CONTINUATION", "", None)
        ]
        chosen = [by_uid[item.ReferencedSOPInstanceUID] for item in target.RTRadiationSequence]
        if "DefinitionSourceSequence" in target:
            assert [each.DefinitionSourceSequence[0].ReferencedBeamNumber for each in chosen] == wanted
        assert len(chosen) == len(wanted)
        labels = [each.UserContentLabel for each in chosen]
        assert len(set(labels)) == len(labels)
        assert all(len(label) <= 16 for label in labels)
        assert {each.FrameOfReferenceUID for each in chosen} == {target.FrameOfReferenceUID}


@pytest.mark.parametrize("name", sample_names())
def test_metersets_are_absolute(name: str, converted: Convert) -> None:
    """C.8.8.14.1, C.36.2.2.5: Beam Meterset x weight / final weight, 0.0 at index 1, indices from 1."""
    found = converted(name)
    uses = [use for group in found.plan.FractionGroupSequence for use in group.ReferencedBeamSequence]
    beams = {beam.BeamNumber: beam for beam in found.plan.BeamSequence}
    treated = [use for use in uses if beams[use.ReferencedBeamNumber].get("TreatmentDeliveryType") in
               (None, "", "TREATMENT", "CONTINUATION")]  # fmt: skip
    assert len(treated) == len(found.radiations)
    for use, radiation in zip(treated, found.radiations, strict=True):
        beam = beams[use.ReferencedBeamNumber]
        assert [point.RTControlPointIndex for point in points(radiation)] == list(range(1, len(points(radiation)) + 1))
        assert radiation.NumberOfRTControlPoints == len(beam.ControlPointSequence)
        if use.get("BeamMeterset") is None:
            assert all("CumulativeMeterset" not in point for point in points(radiation))
            assert radiation.RTRadiationPhysicalAndGeometricContentDetailFlag == "GEOMETRY_ONLY"
            continue
        final = float(beam.FinalCumulativeMetersetWeight or 1)
        wanted = [
            float(use.BeamMeterset) * float(p.CumulativeMetersetWeight) / final for p in beam.ControlPointSequence
        ]
        np.testing.assert_allclose(held(radiation, "CumulativeMeterset"), wanted, rtol=1e-12, atol=1e-12)
        assert points(radiation)[0].CumulativeMeterset == 0.0


def test_gantry_turns_through_zero_and_round(converted: Convert) -> None:
    """C.8.8.14.8, C.36.1.1.5: continuous angles, CW increases, a repeated angle with a direction is a full turn."""
    arcs = [held(radiation, "SourceRollAngle") for radiation in converted("full-turn-arc").radiations]
    turns = [arc[-1] - arc[0] for arc in arcs]
    assert turns == [-358.0, 360.0, 360.0, 2.0, 358.0]


def test_dose_rate_is_per_second(converted: Convert) -> None:
    """C.36.2.2.6, CID 9550: MU/min becomes {MU}/s, the unit beside each rate."""
    found = converted("vmat-two-arcs")
    plan_rates = {
        float(p.DoseRateSet) for b in found.plan.BeamSequence for p in b.ControlPointSequence if "DoseRateSet" in p
    }
    rates = {float(p.DeliveryRate) for r in found.radiations for p in points(r) if "DeliveryRate" in p}
    assert rates == {rate / 60 for rate in plan_rates}
    for radiation in found.radiations:
        for point in points(radiation):
            assert ("DeliveryRateUnitSequence" in point) == (point.get("DeliveryRate") is not None)
            if "DeliveryRateUnitSequence" in point:
                assert code(point.DeliveryRateUnitSequence) == "{MU}/s"


def test_mlcy_is_turned_by_geometry(converted: Convert) -> None:
    """C.36.2.2.19/20 at +90 degrees: boundaries negated and reversed, both banks reversed (decision 1)."""
    found = converted("mlcy")
    plan_device = next(
        d for d in found.plan.BeamSequence[0].BeamLimitingDeviceSequence if d.RTBeamLimitingDeviceType == "MLCY"
    )
    device = next(d for d in found.radiation.RTBeamLimitingDeviceDefinitionSequence if d.DeviceLabel == "MLCY")
    parallel = device.ParallelRTBeamDelimiterDeviceSequence[0]
    assert device.BeamModifierOrientationAngle == 90
    assert list(parallel.ParallelRTBeamDelimiterBoundaries) == [
        -v for v in reversed(plan_device.LeafPositionBoundaries)
    ]
    opening = next(
        o
        for o in points(found.radiation)[0].RTBeamLimitingDeviceOpeningSequence
        if o.ReferencedDeviceIndex == device.DeviceIndex
    )
    positions = next(
        p.LeafJawPositions
        for p in found.plan.BeamSequence[0].ControlPointSequence[0].BeamLimitingDevicePositionSequence
        if p.RTBeamLimitingDeviceType == "MLCY"
    )
    half = len(positions) // 2
    assert list(opening.ParallelRTBeamDelimiterPositions) == [*reversed(positions[:half]), *reversed(positions[half:])]


@pytest.mark.parametrize(("name", "leaves"), [("dual-layer", 2), ("duplicate-mlcx", 2)])
def test_every_leaf_layer_arrives(name: str, leaves: int, converted: Convert) -> None:
    """Two leaf devices of one beam: each has its own boundaries and its own openings."""
    found = converted(name)
    beam = found.plan.BeamSequence[-1]
    devices = [
        d
        for d in found.radiations[-1].RTBeamLimitingDeviceDefinitionSequence
        if code(d.DeviceTypeCodeSequence) == "130331"
    ]
    assert len(devices) == leaves
    plan_boundaries = [
        list(d.LeafPositionBoundaries) for d in beam.BeamLimitingDeviceSequence if "MLC" in d.RTBeamLimitingDeviceType
    ]
    assert [
        list(d.ParallelRTBeamDelimiterDeviceSequence[0].ParallelRTBeamDelimiterBoundaries) for d in devices
    ] == plan_boundaries
    opened = {
        o.ReferencedDeviceIndex: list(o.ParallelRTBeamDelimiterPositions)
        for o in points(found.radiations[-1])[0].RTBeamLimitingDeviceOpeningSequence
    }
    plan_openings = sorted(
        list(p.LeafJawPositions)
        for p in beam.ControlPointSequence[0].BeamLimitingDevicePositionSequence
        if "MLC" in p.RTBeamLimitingDeviceType
    )
    assert sorted(opened[d.DeviceIndex] for d in devices) == plan_openings


def test_energies_are_modes(converted: Convert) -> None:
    """C.36.2.2.7: one mode for each energy, named by index from the control points."""
    found = converted("energy-switch")
    radiation = found.radiation
    energies = [float(mode.NominalEnergy) for mode in radiation.RadiationGenerationModeSequence]
    assert len(energies) == len(set(energies)) == radiation.NumberOfRadiationGenerationModes == 2
    chosen = [energies[index - 1] for index in held(radiation, "ReferencedRadiationGenerationModeIndex")]
    planned, last = [], None
    for point in found.plan.BeamSequence[0].ControlPointSequence:
        last = float(point.get("NominalBeamEnergy", last))
        planned.append(last)
    assert chosen == planned


def test_electrons_have_their_own_unit_and_holder(converted: Convert) -> None:
    """CID 9525, 9521, 9519, C.36.2.2.13/14: electrons in MeV, the applicator a holder, the cutout an aperture block."""
    radiation = converted("electron-applicator-cutout").radiation
    mode = radiation.RadiationGenerationModeSequence[0]
    assert (code(mode.RadiationTypeCodeSequence), code(mode.EnergyUnitCodeSequence)) == ("46602004", "MeV")
    assert "130125" in [code(each.DeviceTypeCodeSequence) for each in radiation.RTAccessoryHolderDefinitionSequence]
    (block,) = radiation.BlockDefinitionSequence
    assert code(block.DeviceTypeCodeSequence) == "130123"
    source = converted("electron-applicator-cutout").plan.BeamSequence[0].BlockSequence[0].BlockData
    np.testing.assert_allclose(np.frombuffer(block.BlockEdgeDataSequence[0].BlockEdgeData, "<f4"), source, rtol=1e-6)


def test_positions_are_distinct_and_referenced(converted: Convert) -> None:
    """C.36.2.2.4, C.36.2.2.5: one treatment position for each distinct couch position, named by index."""
    turning = converted("dynamic-couch").radiations[0]
    assert held(turning, "ReferencedTreatmentPositionIndex") == list(range(1, len(points(turning)) + 1))
    assert len(turning.TreatmentPositionSequence) == len(points(turning))
    still = converted("static-jaws").radiation
    assert held(still, "ReferencedTreatmentPositionIndex") == [1, 1]


@pytest.mark.parametrize(
    ("name", "posture", "first"),
    [
        ("hfp", "1240000", "102540008"),
        ("ffs", "40199007", "102541007"),
        ("ffp", "1240000", "102541007"),
        ("hfdr", "102535000", "102540008"),
    ],
)
def test_orientation_codes(name: str, posture: str, first: str, converted: Convert) -> None:
    """10.12, CID 19, 20, 21."""
    radiation = converted(name).radiation
    (orientation,) = radiation.PatientOrientationCodeSequence
    assert orientation.CodeValue == "102538003"
    assert code(orientation.PatientOrientationModifierCodeSequence) == posture
    assert code(radiation.PatientEquipmentRelationshipCodeSequence) == first


def test_wedge_position_follows_the_presence_rule(converted: Convert) -> None:
    """C.36.2.2.11: positions where they change, a count at every point, 0 where nothing changes (decision 10)."""
    listed = points(converted("wedge-motorized").radiation)
    assert [point.NumberOfWedgePositions for point in listed] == [1, 0, 1, 0]
    assert [p.WedgePositionSequence[0].WedgePosition for p in listed if "WedgePositionSequence" in p] == ["IN", "OUT"]


def test_compensator_map(converted: Convert) -> None:
    """C.36.2.2.12: triplets x, y, thickness, rows along +x and columns along -y."""
    found = converted("compensator")
    for beam, radiation in zip(found.plan.BeamSequence, found.radiations, strict=True):
        source = beam.CompensatorSequence[0]
        target = radiation.CompensatorDefinitionSequence[0]
        if "CompensatorShapeSequence" not in target:
            assert source.get("CompensatorMountingPosition") not in ("PATIENT_SIDE", "SOURCE_SIDE") or not source.get(
                "CompensatorDivergence"
            )
            continue
        shape = target.CompensatorShapeSequence[0]
        raw = shape.get("CompensatorDistalThicknessMap") or shape.get("CompensatorProximalThicknessMap")
        grid = np.frombuffer(raw, "<f4").reshape(-1, 3)
        np.testing.assert_allclose(grid[:, 2], np.array(source.CompensatorThicknessData, dtype=float), rtol=1e-6)
        np.testing.assert_allclose(grid[0, :2], source.CompensatorPosition, rtol=1e-6)


def test_tolerances_stand_in_the_radiation_that_names_them(converted: Convert) -> None:
    """C.36.2.2.17: selectors for angles, content items for the couch."""
    found = converted("tolerance-tables")
    tables = {table.ToleranceTableNumber: table for table in found.plan.ToleranceTableSequence}
    for beam, radiation in zip(found.plan.BeamSequence, found.radiations, strict=True):
        number = beam.get("ReferencedToleranceTableNumber")
        if number is None:
            assert "RTToleranceSetSequence" not in radiation
            continue
        (tolerance,) = radiation.RTToleranceSetSequence
        by_attribute = {
            int(item.SelectorAttribute): item.ToleranceValue for item in tolerance.AttributeToleranceValuesSequence
        }
        assert by_attribute.get(0x300A067A) == tables[number].get("GantryAngleTolerance")


@pytest.mark.parametrize(
    ("name", "techniques"),
    [
        ("static-jaws", ["130102"]), ("conformal-arc", ["130104"]), ("vmat-two-arcs", ["130107"]),
        ("step-and-shoot", ["130105"]), ("sliding-window", ["130106"]),
    ],
)  # fmt: skip
def test_technique_is_derived_and_marked(name: str, techniques: list[str], converted: Convert) -> None:
    """C.36.2.1.6, CID 9511: derived from the motion where the plan has none, and told."""
    found = converted(name)
    assert sorted({code(r.RTTreatmentTechniqueCodeSequence) for r in found.radiations}) == techniques
    assert any(f.code == "T103" and f.rule == "beam.technique" for f in found.result.findings)


def test_shared_beam_gives_two_radiations(converted: Convert) -> None:
    """C.8.8.13: the meterset belongs to the group, so a shared beam becomes one radiation in each set."""
    found = converted("two-fraction-groups")
    numbers = [r.DefinitionSourceSequence[0].ReferencedBeamNumber for r in found.radiations]
    shared = next(number for number in numbers if numbers.count(number) == 2)
    ends = [
        held(r, "CumulativeMeterset")[-1]
        for r in found.radiations
        if r.DefinitionSourceSequence[0].ReferencedBeamNumber == shared
    ]
    assert ends[0] != ends[1]


def test_setup_and_portal_beams_are_declared(converted: Convert) -> None:
    """Setup and portal image beams make no radiation, beams in no group neither; both are told."""
    found = converted("setup-beams")
    codes = [finding.code for finding in found.result.findings]
    assert codes.count("T110") == 2
    assert codes.count("T111") >= 1
    assert len(found.radiations) == 1


def test_enhanced_devices_are_copied_device_by_device(converted: Convert) -> None:
    """C.8.8.14.17: the same macros in both generations."""
    found = converted("enhanced-devices")
    for beam, radiation in zip(found.plan.BeamSequence, found.radiations, strict=True):
        pairs = zip(
            beam.EnhancedRTBeamLimitingDeviceSequence, radiation.RTBeamLimitingDeviceDefinitionSequence, strict=True
        )
        for source, target in pairs:
            assert [e for e in source if e.keyword != "DeviceIndex"] == [
                e for e in target if e.keyword != "DeviceIndex"
            ]


@pytest.mark.parametrize("name", ["names-japanese", "names-cyrillic", "names-utf8"])
def test_names_keep_their_characters(name: str, converted: Convert) -> None:
    """C.12.1.1.2: the character set of the source, the name byte for byte."""
    found = converted(name)
    for instance in (*found.sets, *found.radiations):
        assert instance.SpecificCharacterSet == found.plan.SpecificCharacterSet
        assert instance.PatientName == found.plan.PatientName
