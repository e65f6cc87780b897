"""The command line as a user meets it: exit statuses, messages, overlays; the installed package, not the checkout."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import SAMPLES


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command from a folder that holds no checkout, so that the installed package is found."""
    command = [sys.executable, "-m", "transcoder", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)  # noqa: S603 - our own command


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["--help"], 0),
        (["--version"], 0),
        ([], 2),
        (["convrt"], 2),
        (["convert"], 2),
        (["convert", "nowhere.dcm", "-o", "out"], 2),
        (["convert", str(SAMPLES / "first" / "static-jaws.dcm")], 2),
        (["convert", str(SAMPLES / "first" / "static-jaws.dcm"), "-o", "out", "--to", "third"], 2),
        (["validate", str(SAMPLES / "first" / "static-jaws.dcm"), "--json", "/proc/x"], 2),
        (["roundtrip", str(SAMPLES / "first" / "static-jaws.dcm"), "--json", "/proc/x"], 2),
        (["convert", str(SAMPLES / "first" / "static-jaws.dcm"), "-o", "out"], 0),
        (["convert", str(SAMPLES / "first" / "static-jaws.dcm"), "-o", "out", "--to", "first"], 1),
        (["convert", str(SAMPLES / "bad" / "ion-plan.dcm"), "-o", "out"], 1),
        (["convert", str(SAMPLES / "bad" / "not-dicom.txt"), "-o", "out"], 1),
    ],
)
def test_exit_status(arguments: list[str], status: int, tmp_path: Path) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_command_is_guessed(tmp_path: Path) -> None:
    assert "Did you mean 'convert'?" in run("convrt", cwd=tmp_path).stderr


def test_report_and_layout(tmp_path: Path) -> None:
    done = run("convert", SAMPLES / "first" / "static-jaws.dcm", "-o", "out", cwd=tmp_path)
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    (entry,) = report["inputs"]
    assert (report["to"], entry["status"]) == ("second", "converted")
    assert sorted(entry["outputs"]) == sorted(
        p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.dcm")
    )
    assert done.stderr == ""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_bar_shows_on_a_terminal_and_nowhere_else(jobs: str, tmp_path: Path) -> None:
    source = (SAMPLES / "records" / "first" / "without-plan.dcm").read_bytes()
    (tmp_path / "in").mkdir()
    for number in range(12):
        (tmp_path / "in" / f"{number:02d}.dcm").write_bytes(source)
    arguments = ("convert", "in", "-o", "out", "--jobs", jobs, "-q")
    assert run(*arguments, cwd=tmp_path).stderr == ""
    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "transcoder", *arguments]
    done = subprocess.run(command, cwd=tmp_path, stderr=end, stdout=subprocess.DEVNULL, check=False)  # noqa: S603 - our own
    os.close(end)
    shown = os.read(terminal, 100_000)
    os.close(terminal)
    assert done.returncode == 0
    assert b"converting" in shown


def test_overlay_gives_site_values(tmp_path: Path) -> None:
    """Machine data make the radiation FULL: nothing is assumed any more (decision 4)."""
    (tmp_path / "site.yaml").write_text(
        """
overlay: example
concepts:
  mode_6x: [6X, 99EXAMPLE, Six megavolt]
machines:
  Linac A:
    jaw_boundaries: [-210, 210]
tables:
  generation_mode: {rows: [[Linac A, PHOTON, 6, "", mode_6x]]}
  dose_meaning: {rows: [[BEAM_LEVEL, PER_RADIATION]]}
""",
        encoding="utf-8",
    )
    done = run("convert", SAMPLES / "first" / "static-jaws.dcm", "-o", "out", "--overlay", "site.yaml", cwd=tmp_path)
    assert done.returncode == 0, done.stdout
    import pydicom

    radiation = pydicom.dcmread(tmp_path / "out" / "static-jaws" / "02-CArmPhotonElectronRadiation.dcm")
    device = radiation.RTBeamLimitingDeviceDefinitionSequence[0]
    assert list(device.ParallelRTBeamDelimiterDeviceSequence[0].ParallelRTBeamDelimiterBoundaries) == [-210, 210]
    assert radiation.RadiationGenerationModeSequence[0].RadiationGenerationModeMachineCodeSequence[0].CodeValue == "6X"


def test_overlay_is_proved_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("overlay: x\nrules:\n  set.intent: {via: tabel}\n", encoding="utf-8")
    done = run("convert", SAMPLES / "first" / "static-jaws.dcm", "-o", "out", "--overlay", "site.yaml", cwd=tmp_path)
    assert (done.returncode, "set.intent" in done.stderr or "tabel" in done.stderr) == (3, True), done.stderr
    assert not (tmp_path / "out").exists()


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A call that cannot give what it is asked for is a wrong one; nobody is shown a traceback."""
    for out in ("/proc", tmp_path / "plan.dcm"):
        (tmp_path / "plan.dcm").write_bytes(b"")
        done = run("convert", SAMPLES / "first" / "static-jaws.dcm", "-o", out, cwd=tmp_path)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)


def test_a_pipe_among_the_sources_stops_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    os.mkfifo(folder / "a.dcm")
    (folder / "b.dcm").write_bytes((SAMPLES / "first" / "static-jaws.dcm").read_bytes())
    done = run("convert", folder, "-o", "out", cwd=tmp_path)
    report = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    pipe, plan = report["inputs"]
    assert (pipe["status"], pipe["findings"][0]["code"]) == ("skipped", "S002")
    assert (plan["status"], done.returncode) == ("converted", 0)


def test_bad_overlay(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text("overlay: example\nsite:\n  jaw_bondaries: [1, 2]\n", encoding="utf-8")
    done = run("convert", SAMPLES / "first" / "static-jaws.dcm", "-o", "out", "--overlay", "site.yaml", cwd=tmp_path)
    assert done.returncode == 3
    assert "site.yaml:3:18: M110" in done.stderr
    assert "did you mean 'jaw_boundaries'?" in done.stderr
    assert not (tmp_path / "out").exists()


def test_import_is_light(tmp_path: Path) -> None:
    """Neither the package nor --help loads pydicom, numpy or highdicom."""
    heavy = "{'pydicom', 'numpy', 'highdicom', 'rich'}"
    code = f"import sys, transcoder, transcoder.cli.main; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"
