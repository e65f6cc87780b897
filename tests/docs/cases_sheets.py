"""One small case for each fault of sheets and overlays; :mod:`tests.docs.cases` takes them in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

from transcoder import catalogue
from transcoder.errors import MappingError
from transcoder.mapping.catalog import load
from transcoder.mapping.check import check

__all__ = ["sheet_cases"]

ROOT = Path(__file__).parents[2]

_OVERLAYS = {
    "M100": "site: {fractions: 25\n",
    "M101": "sites: {fractions: 25}\n",
    "M102": "rules:\n  beam.sad: {first: source axis distance}\n",
    "M103": "add:\n  plan.radiation:\n  - {id: beam.sad, first: SourceAxisDistance, second: ContentDescription, "
    "cite: PS3.3 C.8.8.14}\n",
    "M104": "site:\n  fractions: 25\n  fractions: 30\n",
    "M106": "add:\n  plan.radiation:\n  - {use: device_modell, as: machine}\n",
    "M107": "tables:\n  special_mode:\n    rows: [[TBI, total_body_irradiation, TBI]]\n",
    "M108": "tables:\n  special_mode:\n    rows: [[TBI, total_body_iradiation]]\n",
    "M109": "tables:\n  special_mode:\n    rows: [[TSI, total_body_irradiation]]\n",
    "M110": "site:\n  fraction: 25\n",
    "M111": "rules:\n  beam.sda: {lost: nothing}\n",
}
# --- what the static check of the sheets finds -----------------------------------------------------------

_CHECKED = {
    "M200": "rules:\n  beam.sad: {first: SourceAxisDistanc}\n",
    "M201": "rules:\n  beam.sad: {first: PatientWeight}\n",
    "M202": "rules:\n  beam.sad: {first: '@baem/SourceAxisDistance'}\n",
    "M203": "rules:\n  beam.sad: {via: axis_distanc}\n",
    "M204": "rules:\n  beam.sad: {via: number}\n",
    "M205": "rules:\n  beam.sad: {first: BeamName}\n",
    "M206": "rules:\n  beam.record_flag: {value: [NO, NO]}\n",
    "M207": "rules:\n  mode.energy: {first: $enrgy}\n",
    "M208": "rules:\n  beam.sad: {otherwise: [{site: source_axis}, refuse]}\n",
    "M209": "rules:\n  machine.type: {code: treatment_devise}\n",
    "M211": "rules:\n  set.label: {via: {derive_uid: {role: label, key: []}}}\n",
    "M212": "rules:\n  beam.sad: {cite: see the standard}\n",
    "M213": "rules:\n  beam.record_flag: {second: ContentDescription}\n",
    "M214": "rules:\n  set.label: {otherwise: [omit]}\n",
    "M220": "rules:\n  beam.record_flag: {value: MAYBE}\n",
    "M221": "rules:\n  point.rate_unit: {code: photon}\n",
    "M222": "rules:\n  beam.sad: {otherwise: [refuse, {site: source_axis_distance}]}\n",
}
# Faults that an overlay cannot make: a sheet, what stands in it, and what stands there instead.
_EDITED = {
    "M210": ("plan/accessories.yaml", "code: T064", "code: T0644"),
    "M215": (
        "plan/closing.yaml",
        "rules:\n",
        "not_written: {second: [{keywords: [UserContentLabel], reason: nothing to say (10.9.1)}]}\nrules:\n",
    ),
    "M216": ("plan/not_carried.yaml", "    TreatmentSite:", "    RTPlanLabel: [never, no place]\n    TreatmentSite:"),
    "M217": ("plan/not_carried.yaml", "    TreatmentSite:", "    TreatmentSit:"),
    "M218": ("plan/closing.yaml", "rules:\n", "not_carried: {first: {BeamType: [derived, from motion]}}\nrules:\n"),
    "M219": ("plan/family.yaml", "plan.points,", "plan.pionts,"),
}


def checked(text: str) -> list[str]:
    """What ``transcoder check`` says with an overlay ``site.yaml`` of this content."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "site.yaml")
        path.write_text("overlay: clinic\n" + text, encoding="utf-8")
        return [str(fault) for fault in check(load([path]), catalogue.CODES)]


def edited(sheet: str, old: str, new: str) -> list[str]:
    """What ``transcoder check`` says when a shipped sheet is edited."""
    with TemporaryDirectory() as folder:
        root = Path(folder, "mappings")
        copytree(ROOT / "mappings", root)
        path = root / sheet
        text = path.read_text(encoding="utf-8")
        assert old in text, (sheet, old)
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return [str(fault) for fault in check(load(root=root), catalogue.CODES)]


def in_overlay(text: str) -> list[str]:
    """What is printed of an overlay ``site.yaml`` with this content."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "site.yaml")
        path.write_text("overlay: clinic\n" + text, encoding="utf-8")
        try:
            load([path])
        except MappingError as error:
            return str(error).splitlines()
    return []


def sheet_cases() -> dict[str, Callable[[], list[str]]]:
    """What loading says of an overlay, and the static check of an overlay or of a shipped sheet that was edited."""
    return {
        **{code: lambda text=text: in_overlay(text) for code, text in _OVERLAYS.items()},  # type: ignore[misc]
        **{code: lambda text=text: checked(text) for code, text in _CHECKED.items()},  # type: ignore[misc]
        **{code: lambda edit=edit: edited(*edit) for code, edit in _EDITED.items()},  # type: ignore[misc]
    }
