"""A whole call: files in and verdicts out, in order, with any number of processes; the command around it."""

from __future__ import annotations

import gc
import json
import os
import tracemalloc
from pathlib import Path

import pytest
from build import CLASS, bundle, make, put, radiation, uid
from click.testing import CliRunner
from files import samples

from transcoder.cli.validate import validate
from transcoder.dicom.elements import Item, encode, scan, tag_of
from transcoder.dicom.files import EXPLICIT, IMPLICIT, encode_file, find_files
from transcoder.findings import Finding
from transcoder.validator import check_bundle
from transcoder.validator.run import judge_files

CP = "CArmPhotonElectronControlPointSequence"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    items = bundle()
    put(items[3], "UserContentLabel", "A1")
    put(items[1][tag_of("RTRadiationSequence")].items[0], "ReferencedSOPClassUID", CLASS + "14")
    for number, item in enumerate(items):
        (tmp_path / f"{number}.dcm").write_bytes(encode(item))
    return tmp_path


def listed(folder: Path) -> list[Path]:
    return list(find_files([folder]))


def test_verdicts_equal_the_library_whatever_the_number_of_processes(folder: Path) -> None:
    files = listed(folder)
    items = [scan(file.read_bytes(), implicit=False) for file in files]
    expected = [sorted(map(str, findings)) for findings in check_bundle(items)]
    for jobs in (1, 2):
        done: list[int] = []
        verdicts = list(judge_files(files, jobs, done.append))
        assert [verdict.path for verdict in verdicts] == [str(file) for file in files]
        assert [sorted(map(str, verdict.findings)) for verdict in verdicts] == expected
        assert sum(done) == len(files)
    codes = [line.split()[0] for findings in expected for line in findings]
    assert {"V302", "V310"} <= set(codes)
    assert "V291" not in codes  # V302, which needs the instance, speaks for it


def test_an_unreadable_file_is_named_and_does_not_stop_the_others(folder: Path) -> None:
    (folder / "5.dcm").write_bytes(b"\x08\0\x16\0UI\xff\0")
    verdicts = list(judge_files(listed(folder)))
    assert [verdict.findings[0].code for verdict in verdicts if verdict.path.endswith("5.dcm")] == ["S003"]
    assert len(verdicts) == 9


def test_a_file_that_is_not_dicom_is_named_and_not_blamed(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not DICOM")
    (tmp_path / "plan.dcm").write_bytes(samples("first")[0].read_bytes())
    result = CliRunner().invoke(validate, [str(tmp_path), "--json", "-"])
    junk, _ = json.loads(result.stdout)
    assert [finding["severity"] for finding in junk["findings"]] == ["info"]
    assert result.exit_code == 0


@pytest.mark.parametrize("names", [(), ("notes.txt",), ("notes.txt", "more.txt")])
def test_a_call_that_judges_nothing_is_a_wrong_one(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (tmp_path / name).write_text("not DICOM")
    result = CliRunner().invoke(validate, [str(tmp_path), "--json", "-"])
    assert [Path(entry["path"]).name for entry in json.loads(result.stdout)] == sorted(names)
    assert "SOURCE holds no DICOM file" in result.stderr
    assert result.exit_code == 2


def test_a_file_name_that_is_no_text_stops_no_report(tmp_path: Path) -> None:
    name = b"plan \xff.dcm"
    (tmp_path / os.fsdecode(name)).write_bytes(samples("first")[0].read_bytes())
    out = {kind: tmp_path / f"report.{kind}" for kind in ("json", "html", "sarif")}
    options = [part for kind, path in out.items() for part in (f"--{kind}", str(path))]
    result = CliRunner().invoke(validate, [str(tmp_path), *options])
    assert result.exit_code == 0, result.output
    paths = [os.fsencode(entry["path"]) for entry in json.loads(out["json"].read_text())]
    assert any(path.endswith(name) for path in paths)


def test_a_bottomless_file_is_a_finding(tmp_path: Path) -> None:
    start = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff"
    (tmp_path / "deep.dcm").write_bytes(b"\x08\0\x16\0UI\0\0" + start * 5000)
    (verdict,) = judge_files(listed(tmp_path))
    # The reader itself gives up on it, as on any file that is not encoded as PS3.5 demands.
    assert [finding.code for finding in verdict.findings] == ["S003"]


def filed(folder: Path, item: Item, *, sop_class: str = "", instance: str = "", syntax: str = EXPLICIT) -> set[str]:
    """The codes told of an instance behind a header that says so."""
    own = [item[tag_of(word)].raw.rstrip(b"\0").decode() for word in ("SOPClassUID", "SOPInstanceUID")]
    whole = encode_file(encode(item), sop_class or own[0], instance or own[1])
    padded = syntax.encode() + b"\0" * (len(syntax) % 2)
    said, due = (len(text).to_bytes(2, "little") + text for text in (EXPLICIT.encode() + b"\0", padded))
    assert whole.count(said) == 1
    (folder / "filed.dcm").write_bytes(whole.replace(said, due))
    (verdict,) = judge_files(listed(folder))
    return {each.code for each in verdict.findings}


HEADER = {"V296", "V297", "S003"}


def test_a_header_of_the_instance_itself_is_good(tmp_path: Path) -> None:
    assert not filed(tmp_path, radiation()) & HEADER


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"sop_class": CLASS + "5"}, "V296"),
        ({"instance": uid("another")}, "V296"),
        ({"syntax": "1.2.3.4"}, "V297"),
        ({"syntax": ""}, "V297"),
        ({"syntax": IMPLICIT}, "S003"),
    ],
)
def test_a_header_of_something_else_is_told(tmp_path: Path, said: dict[str, str], code: str) -> None:
    assert filed(tmp_path, radiation(), **said) & HEADER == {code}


def test_elements_out_of_order_are_told_at_the_first_of_them(tmp_path: Path) -> None:
    item = radiation()
    raw = encode_file(encode(item), CLASS + "13", item[tag_of("SOPInstanceUID")].raw.rstrip(b"\0").decode())
    label = encode(make(DeviceLabel="L1"))
    serial = encode(make(DeviceSerialNumber="1"))
    assert raw.count(serial + label) == 1
    last, first = encode(make(UserContentLabel="A1")), b"\x08\0\x16\0UI"
    assert raw.count(last) == 1
    moved = raw.replace(serial + label, label + serial)
    for whole, path, more in (
        (raw, "", ""),
        (moved, "TreatmentDeviceIdentificationSequence[0]/DeviceLabel", ""),
        (moved.replace(last, b"").replace(first, last + first), "UserContentLabel", "; such are in 2 items"),
    ):
        (tmp_path / "plan.dcm").write_bytes(whole)
        (verdict,) = judge_files(listed(tmp_path))
        told = [(each.path, each.message) for each in verdict.findings if each.code == "V298"]
        message = "it stands before an element with a smaller tag" + more
        assert told == ([(path, message)] if path else [])


def test_a_wrong_transfer_syntax_is_named(tmp_path: Path) -> None:
    filed(tmp_path, radiation(), syntax=IMPLICIT)
    (verdict,) = judge_files(listed(tmp_path))
    assert "says implicit VR, the data set is encoded with explicit VR" in verdict.findings[0].message


def test_a_data_set_without_header_is_not_blamed_for_one(tmp_path: Path) -> None:
    (tmp_path / "bare.dcm").write_bytes(encode(radiation()))
    (verdict,) = judge_files(listed(tmp_path))
    assert not {each.code for each in verdict.findings} & HEADER


# Bytes for each file. Its summary, its path and its verdict take about 2,000, the instances below 240,000 each.
FLAT = 20_000


def grown(folder: Path) -> float:
    """By how many bytes the peak grows for each further file, all tables loaded and all files seen before."""
    item = radiation()
    points = item[tag_of(CP)]
    points.value = points.items * 20
    files = []
    for number in range(50):
        put(item, "SOPInstanceUID", uid(f"r{number}"))
        files.append(folder / f"{number:03}.dcm")
        files[-1].write_bytes(encode(item))
    list(judge_files(files))
    return (peak(files) - peak(files[:10])) / 40


def peak(files: list[Path]) -> int:
    """The most memory that a call takes, above what was taken before it."""
    gc.collect()
    tracemalloc.start()
    for _ in judge_files(files):
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_memory_stays_flat_over_many_files(tmp_path: Path) -> None:
    """A further file costs its summary and its path, not its instance."""
    assert grown(tmp_path) < FLAT


def test_the_measure_of_memory_would_notice_instances_that_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Item] = []

    def keep(item: Item) -> list[Finding]:
        kept.append(item)
        return []

    monkeypatch.setattr("transcoder.validator.instance.CHECKS", (keep,))
    assert grown(tmp_path) > 5 * FLAT


def test_the_command_writes_reports_and_tells_by_its_status(folder: Path, tmp_path: Path) -> None:
    out = {kind: tmp_path / f"report.{kind}.out" for kind in ("json", "html", "sarif")}
    options = [part for kind, path in out.items() for part in (f"--{kind}", str(path))]
    result = CliRunner().invoke(validate, [str(folder / "0.dcm"), *options])
    assert result.exit_code == 1
    assert "0.dcm: V" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("1 file:")
    (entry,) = json.loads(out["json"].read_text())
    assert set(entry) == {"path", "sop_class_uid", "findings"}
    assert json.loads(out["sarif"].read_text())["version"] == "2.1.0"
    assert out["html"].read_text().startswith("<!DOCTYPE html>")
    assert result.stderr == ""


def test_json_on_standard_output_stands_alone(folder: Path) -> None:
    result = CliRunner().invoke(validate, [str(folder), "--json", "-"])
    assert len(json.loads(result.stdout)) == 9


def test_a_wrong_call_has_status_two(tmp_path: Path) -> None:
    assert CliRunner().invoke(validate, []).exit_code == 2
    assert CliRunner().invoke(validate, [str(tmp_path / "nowhere")]).exit_code == 2
    assert CliRunner().invoke(validate, [str(tmp_path), "--jobs", "0"]).exit_code == 2
    assert CliRunner().invoke(validate, [str(tmp_path), "--json", "-", "--sarif", "-"]).exit_code == 2


def test_no_findings_of_severity_error_is_status_zero() -> None:
    assert CliRunner().invoke(validate, [str(samples("first")[0])]).exit_code == 0
