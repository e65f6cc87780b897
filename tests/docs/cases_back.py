"""One small case for each finding code of the way back; :mod:`tests.docs.cases` takes them in."""

from __future__ import annotations

import struct
from collections.abc import Callable
from copy import deepcopy

from transcoder.api import convert_instance
from transcoder.dicom.elements import Item, scan, tag_of
from transcoder.dicom.instance import Instance
from transcoder.engine.split import Outcome
from transcoder.mapping.catalog import load

__all__ = ["back_cases", "bring_back", "bundle"]

Change = Callable[[Item], object]
Changes = dict[int, list[Change]]


def bundle(plan: Instance) -> list[Instance]:
    """The set of a plan and its radiations, read again."""
    made = convert_instance(plan, [], load()).made
    return [Instance(scan(each.data, implicit=False)) for each in made]


def bring_back(instances: list[Instance], changes: Changes, *, surrogate: bool = False) -> Outcome:
    """What becomes of a set, which is the first instance, after these changes of instances by their place."""
    for number, row in changes.items():
        for change in row:
            change(instances[number].item)
    read_again = [Instance(each.item) for each in instances]
    return convert_instance(read_again[0], read_again[1:], load(), to="first", surrogate=surrogate)


def _number(*values: float) -> bytes:
    return struct.pack(f"<{len(values)}d", *values)


def back_cases(
    sample: Callable[[str], Instance],
    at: Callable[[Item, str], Item],
    put: Callable[[str, str | bytes], Change],
    drop: Callable[[str], Change],
) -> dict[str, Callable[[], list[str]]]:
    """The cases by code, in the small tools of the other ones."""

    def told(name: str, changes: Changes) -> list[str]:
        outcome = bring_back(bundle(sample(f"first/{name}")), changes)
        return [str(finding) for finding in outcome.findings]

    def twice(path: str, word: str) -> Change:
        def change(root: Item) -> None:
            items = (at(root, path) if path else root)[tag_of(word)].items
            items.append(deepcopy(items[0]))

        return change

    def no_display(root: Item) -> None:
        for position in root[tag_of("TreatmentPositionSequence")].items:
            position.put(tag_of("PatientSupportPositionSequence"), "SQ", [])

    def no_radiation() -> list[str]:
        instances = bundle(sample("first/static-jaws"))[:-1]
        return [str(finding) for finding in bring_back(instances, {}).findings]

    def named_back() -> list[str]:
        instances = bundle(sample("first/static-jaws"))
        uid = bring_back(bundle(sample("first/static-jaws")), {}).made[0].sop_instance_uid
        named = put("DefinitionSourceSequence[0]/ReferencedSOPInstanceUID", uid)
        return [str(finding) for finding in bring_back(instances, {0: [named]}).findings]

    def stood_in() -> Outcome:
        instances = bundle(sample("first/static-jaws"))
        points, helix = "CArmPhotonElectronControlPointSequence", "TomotherapeuticControlPointSequence"

        def change(root: Item) -> None:
            root.put(tag_of("SOPClassUID"), "UI", b"1.2.840.10008.5.1.4.1.1.481.14")
            root.put(tag_of(helix), "SQ", root.pop(tag_of(points)).items)

        return bring_back(instances, {1: [change], 2: [change]}, surrogate=True)

    def taken_for_the_plan() -> list[str]:
        plan = Instance(scan(stood_in().made[0].data, implicit=False))
        return [str(finding) for finding in convert_instance(plan, [], load()).findings]

    def primary(root: Item) -> None:
        for row in root[tag_of("RadiationDoseSequence")].items:
            for each in row[tag_of("RadiationDoseValuesParametersSequence")].items:
                each.put(tag_of("PrimaryDoseValueIndicator"), "CS", b"YES ")

    points = "CArmPhotonElectronControlPointSequence"
    mode = "RadiationGenerationModeSequence"
    shown = (
        "TreatmentPositionSequence[0]/PatientSupportPositionSequence[0]/"
        "PatientSupportPositionDeviceParameterSequence[0]/PatientSupportPositionParameterSequence"
    )
    mapping = (
        "RadiationDoseSequence[0]/RadiationDoseValuesParametersSequence[0]/DoseValuesSequence[0]/"
        "MetersetToDoseMappingSequence[1]"
    )
    treated = "TreatmentPositionSequence[0]/PatientLocationCoordinatesSequence[0]"
    source = "DefinitionSourceSequence[0]/ReferencedSOPClassUID"
    upright = "0\\0\\-1\\0\\1\\0\\0\\0\\0\\-1\\0\\0\\0\\0\\0\\1"
    rows: dict[str, tuple[str, Changes]] = {
        "T201": ("static-jaws", {2: [put("DefinitionSourceSequence[0]/ReferencedBeamNumber", "1")]}),
        "T202": ("static-jaws", {1: [put("FrameOfReferenceUID", "2.25.1")]}),
        "T203": ("tolerance-tables", {1: [twice("", "RTToleranceSetSequence")]}),
        "T205": ("energy-switch", {1: [put(f"{mode}[1]/RadiationFluenceModifierCodeSequence[0]/CodeValue", "130356")]}),
        "T206": ("static-jaws", {1: [put(f"{points}[0]/ReferencedRadiationGenerationModeIndex", b"\4\0")]}),
        "T207": ("dynamic-couch", {1: [drop(f"{shown}[1]/NumericValue")]}),
        "T208": ("dynamic-couch", {1: [no_display]}),
        "T209": ("static-jaws", {1: [put(f"{shown}[0]/MeasurementUnitsCodeSequence[0]/CodeValue", "rad")]}),
        "T210": ("dose-references", {0: [primary]}),
        "T211": ("dose-references", {0: [put(f"{mapping}/CumulativeMeterset", _number(1))]}),
        "T212": ("static-jaws", {1: [put("PatientID", "OTHER")]}),
        "T213": ("static-jaws", {1: [put(source, "1.2.840.10008.5.1.4.1.1.481.2")]}),
        "T214": ("static-jaws", {1: [put("SOPClassUID", "1.2.840.10008.5.1.4.1.1.481.14")]}),
        "T215": ("static-jaws", {1: [put("TreatmentPositionSequence[0]/ImageToEquipmentMappingMatrix", upright)]}),
        "T217": ("block-aperture", {1: [put("BlockDefinitionSequence[0]/BeamModifierOrientationAngle", _number(30))]}),
        "T218": ("static-jaws", {1: [put(f"{mode}[0]/MinimumNominalEnergy", _number(6))]}),
        "T219": ("static-jaws", {1: [twice(f"{mode}[0]", "RadiationFluenceModifierCodeSequence")]}),
        "T220": ("wedge-motorized", {1: [put(f"{points}[0]/WedgePositionSequence[0]/WedgePosition", "PARTIAL ")]}),
        "T221": ("static-jaws", {1: [drop(f"{points}[{number}]/CumulativeMeterset") for number in (0, 1)]}),
        "T222": ("static-mlc", {1: [put("RTBeamModifierDefinitionDistance", _number(500)),
            put("RTBeamLimitingDeviceDefinitionSequence[2]/BeamModifierOrientationAngle", _number(45))]}),
        "T290": ("energy-switch", {1: [put(f"{points}[2]/CumulativeMeterset", _number(80))]}),
        "T291": ("static-jaws", {1: [put(f"{treated}/ThreeDPointCoordinates", _number(0, 0, 5))]}),
    }  # fmt: skip

    def told_of_record(name: str, changes: Changes) -> list[str]:
        outcome = bring_back(bundle(sample(f"records/first/{name}")), changes)
        return [str(finding) for finding in outcome.findings]

    records: dict[str, tuple[str, Changes]] = {
        "T250": ("arc-record", {1: [put("SOPClassUID", "1.2.840.10008.5.1.4.1.1.481.18")]}),
        "T271": ("entered-by-hand", {}),
        "T251": ("arc-record", {1: [put("TreatmentSessionUID", "2.25.1")]}),
        "T252": ("arc-record", {1: [put("RTRecordFlag", "NO")]}),
        "T253": ("overrides", {}),
    }
    found: dict[str, Callable[[], list[str]]] = {"T200": no_radiation, "T204": named_back, "T224": taken_for_the_plan}
    found["T223"] = lambda: [str(finding) for finding in stood_in().findings]
    found |= {
        code: (lambda name=name, changes=changes: told_of_record(name, changes))
        for code, (name, changes) in records.items()
    }
    found |= {code: (lambda name=name, changes=changes: told(name, changes)) for code, (name, changes) in rows.items()}
    return found
