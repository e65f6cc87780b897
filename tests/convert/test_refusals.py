"""Bad input: each fault is a finding with a code and a path, nothing is written for it, and the rest goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import transcoder
from transcoder.batch import Options, convert_folder
from transcoder.mapping.catalog import load

from ..conftest import SAMPLES

# File of samples/bad: status and the code of the first error.
EXPECTED = {
    "accessory-without-type.dcm": ("refused", "T010"),
    "ambiguous-devices.dcm": ("refused", "T054"),
    "brachy-plan.dcm": ("refused", "T013"),
    "decreasing-weights.dcm": ("refused", "T023"),
    "duplicate-beam-numbers.dcm": ("refused", "T019"),
    "embedded-space-decimal.dcm": ("refused", "T003"),
    "final-weight-mismatch.dcm": ("refused", "T024"),
    "first-weight-not-zero.dcm": ("refused", "T022"),
    "ion-plan.dcm": ("refused", "T011"),
    "jaws-cross.dcm": ("failed", "V217"),
    "minute-dosimeter.dcm": ("refused", "T016"),
    "missing-beam.dcm": ("refused", "T017"),
    "missing-isocenter.dcm": ("refused", "T010"),
    "missing-weights.dcm": ("refused", "T021"),
    "nan-decimal.dcm": ("refused", "T001"),
    "neutron-beam.dcm": ("refused", "T015"),
    "no-machine-no-setup.dcm": ("refused", "T010"),
    "not-dicom.txt": ("skipped", ""),
    "one-control-point.dcm": ("refused", "T020"),
    "overflow-decimal.dcm": ("refused", "T004"),
    "private-leaves.dcm": ("refused", "T150"),
    "proton-beam.dcm": ("refused", "T015"),
    "too-long-decimal.dcm": ("refused", "T002"),
    "truncated.dcm": ("refused", "S003"),
    "two-machines.dcm": ("refused", "T070"),
    "undefined-device.dcm": ("refused", "T051"),
    "wrong-leaf-count.dcm": ("refused", "T052"),
    "wrong-vr-value.dcm": ("refused", "T001"),
    "zero-control-points.dcm": ("refused", "T020"),
}


def test_table_names_every_bad_sample() -> None:
    assert set(EXPECTED) == {path.name for path in (SAMPLES / "bad").iterdir()}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_bad_sample(name: str, tmp_path: Path) -> None:
    status, code = EXPECTED[name]
    (line,) = convert_folder([SAMPLES / "bad" / name], tmp_path, load(), Options())
    errors = [finding for finding in line.findings if finding.severity is transcoder.Severity.ERROR]
    assert line.status == status
    assert [finding.code for finding in errors[:1]] == ([code] if code else [])
    assert all(finding.path or finding.code[0] == "S" for finding in errors)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["report.json"]


def test_others_go_on(tmp_path: Path) -> None:
    """A folder with junk in it: good plans are converted, the report holds every file, sums close."""
    folder = tmp_path / "in"
    folder.mkdir()
    for path in (SAMPLES / "bad").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "empty.dcm").write_bytes(b"")
    (folder / "good.dcm").write_bytes((SAMPLES / "first" / "static-jaws.dcm").read_bytes())
    lines = convert_folder([folder], tmp_path / "out", load(), Options())
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert len(report["inputs"]) == len(lines) == len(EXPECTED) + 2
    assert [line.status for line in lines].count("converted") == 1
    assert sorted(path.parent.name for path in (tmp_path / "out").rglob("*.dcm")) == ["good"] * 3
    for entry in report["inputs"]:
        source, target = entry["account"]["source"], entry["account"]["target"]
        assert source["elements"] == sum(source[fate] for fate in ("carried", "derived", "declared", "unaccounted"))
        assert target["elements"] == sum(target[origin] for origin in ("mapped", "set", "generated", "assumed"))


def test_unambiguous_values_on_request(tmp_path: Path) -> None:
    """Decision 16: --policy warn reads '66 .0' and says so."""
    (line,) = convert_folder([SAMPLES / "bad" / "embedded-space-decimal.dcm"], tmp_path, load(), Options(lenient=True))
    assert line.status == "converted"
    assert "T101" in [finding.code for finding in line.findings]


def test_invalid_output_is_kept_back_or_quarantined(tmp_path: Path) -> None:
    source = SAMPLES / "bad" / "jaws-cross.dcm"
    (line,) = convert_folder([source], tmp_path, load(), Options(force=True))
    assert line.status == "failed"
    assert {Path(path).parts[0] for path in line.outputs} == {"quarantine"}
    assert all((tmp_path / path).is_file() for path in line.outputs)


def test_library_raises_with_findings() -> None:
    bundle = transcoder.read([SAMPLES / "bad" / "undefined-device.dcm"])
    with pytest.raises(transcoder.ConversionError) as caught:
        transcoder.transcode(bundle, to="second")
    assert "T051" in [finding.code for finding in caught.value.findings]
    with pytest.raises(transcoder.SourceError):
        transcoder.read([SAMPLES / "bad" / "truncated.dcm"])
    with pytest.raises(transcoder.UsageError):
        transcoder.transcode(bundle, to="third")


def test_no_identifying_value_in_messages(tmp_path: Path) -> None:
    """Neither findings nor the report repeat a patient's name or ID."""
    convert_folder([SAMPLES / "bad", SAMPLES / "first"], tmp_path, load(), Options())
    report = (tmp_path / "report.json").read_text(encoding="utf-8")
    assert "Phantom^" not in report
    assert "SAMPLE-" not in report
