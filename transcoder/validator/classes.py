"""SOP Class UIDs that rules about references name (PS3.6 Annex A)."""

from __future__ import annotations

__all__ = [
    "DELIVERY_INSTRUCTION",
    "ENHANCED_IMAGES",
    "MEMBERS",
    "PERMITTED_SOURCES",
    "PLAN",
    "RADIATIONS",
    "RADIATION_RECORDS",
    "RADIATION_RECORD_SET",
    "RADIATION_SET",
    "SALVAGE_RECORD",
    "SECOND",
    "TREATMENT_RECORD",
    "TREATMENT_RECORDS",
]

_RT = "1.2.840.10008.5.1.4.1.1.481."
PLAN = f"{_RT}5"
TREATMENT_RECORD = f"{_RT}4"
TREATMENT_RECORDS = frozenset(f"{_RT}{number}" for number in (4, 6, 9))
PHYSICIAN_INTENT = f"{_RT}10"
RADIATION_SET = f"{_RT}12"
RADIATIONS = frozenset(f"{_RT}{number}" for number in (13, 14, 15))
RADIATION_RECORD_SET = f"{_RT}16"
SALVAGE_RECORD = f"{_RT}17"
RADIATION_RECORDS = frozenset(f"{_RT}{number}" for number in (17, 18, 19, 20))
DELIVERY_INSTRUCTION = f"{_RT}21"
ENHANCED_IMAGES = frozenset(f"{_RT}{number}" for number in (23, 24))
SECOND = frozenset(f"{_RT}{number}" for number in range(10, 26))

# What a set is made of: the sequence, and the classes of its members (C.36.10.1.2, C.36.20.1.1).
MEMBERS = {
    RADIATION_SET: ("RTRadiationSequence", RADIATIONS),
    RADIATION_RECORD_SET: ("ReferencedRTRadiationRecordSequence", RADIATION_RECORDS),
}

# Permitted classes of a Definition Source by the place that holds it (C.8.8.13, C.8.8.14.19, C.8.8.21.3, C.36.10,
# Table C.36.2.1.6-2).
PERMITTED_SOURCES: dict[str, frozenset[str]] = {
    "FractionGroupSequence": frozenset([RADIATION_SET]),
    "BeamSequence": RADIATIONS,
    "TreatmentSessionBeamSequence": RADIATION_RECORDS,
    "set": frozenset([PLAN]),
    "radiation": frozenset([PLAN]),
    "record": frozenset([TREATMENT_RECORD]),
}
