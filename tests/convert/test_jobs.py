"""A batch over several processes: the same bytes and the same report as one process gives, in the same order."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from transcoder.batch import Options, convert_each, convert_folder
from transcoder.mapping.catalog import load

from ..conftest import SAMPLES

RECORDS = SAMPLES / "records" / "first"


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its place."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What one process makes of the folder."""
    out = tmp_path_factory.mktemp("alone")
    convert_folder([RECORDS, SAMPLES / "bad"], out, load(), Options())
    return tree(out)


@pytest.mark.parametrize("jobs", [2, 3])
def test_any_number_of_processes_gives_the_same_bytes(jobs: int, alone: dict[str, bytes], tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    lines = convert_folder(
        [RECORDS, SAMPLES / "bad"], tmp_path, load(), Options(), lambda *count: seen.append(count), jobs=jobs
    )
    assert tree(tmp_path) == alone
    assert seen == [(number, len(lines)) for number in range(1, len(lines) + 1)]


def test_any_executor_may_be_given(alone: dict[str, bytes], tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        convert_folder([RECORDS, SAMPLES / "bad"], tmp_path, load(), Options(), executor=pool)
    assert tree(tmp_path) == alone


def test_a_plan_in_another_folder_is_consulted(tmp_path: Path) -> None:
    """The record needs the leaf boundaries of a plan that comes much later in the walk."""
    (tmp_path / "in" / "a").mkdir(parents=True)
    (tmp_path / "in" / "z").mkdir()
    shutil.copy(RECORDS / "vmat-record.dcm", tmp_path / "in" / "a" / "record.dcm")
    shutil.copy(RECORDS / "vmat-record.plan.dcm", tmp_path / "in" / "z" / "plan.dcm")
    lines = convert_folder([tmp_path / "in"], tmp_path / "out", load(), Options())
    assert [line.status for line in lines] == ["converted", "converted"]
    assert lines[0].outputs[0] == "record/01-RTRadiationRecordSet.dcm"


def test_copies_and_other_contents_are_told_by_their_order(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        shutil.copy(RECORDS / "without-plan.dcm", tmp_path / f"{name}.dcm")
    for number in range(20):
        shutil.copy(RECORDS / "arc-record.dcm", tmp_path / f"x{number:02d}.dcm")
    for jobs in (1, 2):
        out = tmp_path.parent / f"out-{jobs}"
        status = [line.status for line in convert_folder([tmp_path], out, load(), Options(), jobs=jobs)]
        assert status == ["converted", "skipped", "skipped", "converted", *["skipped"] * 19]
        assert sorted(path.name for path in out.iterdir()) == ["a", "report.json", "x00"]


def test_what_cannot_be_judged_is_not_written_and_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_items: object) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr("transcoder.validator.check_bundle", fail)
    lines = convert_folder([RECORDS / "without-plan.dcm", RECORDS / "no-beam-number.dcm"], tmp_path, load(), Options())
    assert [(line.status, line.findings[-1].code) for line in lines] == [("failed", "T099")] * 2
    assert list(tree(tmp_path)) == ["report.json"]


def test_a_line_tells_the_same_before_and_after_its_travel(tmp_path: Path) -> None:
    """Findings and account are text while a line waits; opened they are what the report says."""
    (line,) = convert_folder([RECORDS / "without-plan.dcm"], tmp_path, load(), Options())
    (told,) = json.loads((tmp_path / "report.json").read_text("utf-8"))["inputs"]
    assert told["findings"] == [finding.as_dict() for finding in line.findings]
    assert told["account"] == line.account.as_dict()
    opened = json.loads(line.text())
    assert opened == told


def test_lines_come_one_by_one(tmp_path: Path) -> None:
    """Nothing of an input is held but its line, and those are read back from a file."""
    lines = convert_each([RECORDS], tmp_path, load(), Options())
    first = next(lines)
    assert first.path.endswith("arc-record.dcm")
    assert (tmp_path / "report.json").exists()
    assert len([first, *lines]) > 10
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
