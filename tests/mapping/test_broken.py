"""The small wrong sheets of ``broken.yaml``, each with the one line that it leads to."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from transcoder.cli.check import check as command
from transcoder.errors import MappingError
from transcoder.mapping.catalog import folder, load
from transcoder.mapping.check import check
from transcoder.mapping.yamlmarks import read

CASES: dict[str, dict[str, dict[str, str]]] = read(Path(__file__).with_name("broken.yaml")).data


def _each(part: str) -> Any:
    return pytest.mark.parametrize("case", CASES[part].values(), ids=list(CASES[part]))


@_each("while_loading")
def test_while_loading(case: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(MappingError) as caught:
        load([_written(tmp_path, case["overlay"])])
    assert caught.value.exit_status == 3
    assert case["fault"] in _shortened(str(caught.value).splitlines())


@_each("checked")
def test_by_the_check(case: dict[str, str], tmp_path: Path) -> None:
    """Further faults may follow from the same slip."""
    assert case["fault"] in _shortened(map(str, check(load([_written(tmp_path, case["overlay"])]))))


@_each("shipped")
def test_in_a_shipped_sheet(case: dict[str, str], tmp_path: Path) -> None:
    root = tmp_path / "mappings"
    shutil.copytree(folder(), root)
    path = root / case["file"]
    text = path.read_text("utf-8")
    assert case["old"] in text
    path.write_text(text.replace(case["old"], case["new"], 1), "utf-8")
    assert case["fault"] in _shortened(map(str, check(load(root=root))))


def test_unknown_finding_code() -> None:
    faults = [str(fault) for fault in check(load(), ["T110", "T011"])]
    assert any("M210 no finding has the code 'T012'" in fault for fault in faults)


def test_command_prints_faults_and_exits_with_3(tmp_path: Path) -> None:
    case = CASES["checked"]["role"]
    result = CliRunner().invoke(command, ["--overlay", str(_written(tmp_path, case["overlay"]))])
    assert result.exit_code == 3
    assert result.output == case["fault"] + "\n"


def test_a_fault_of_a_row_stands_at_its_own_place(tmp_path: Path) -> None:
    """Lines and columns of shipped sheets change, so `broken.yaml` leaves them out; here is one counted."""
    root = tmp_path / "mappings"
    shutil.copytree(folder(), root)
    path = root / "plan" / "modes.yaml"
    text = path.read_text("utf-8").replace("second: NominalEnergy,", "second: NominalEnrgy,")
    path.write_text(text, "utf-8")
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "NominalEnrgy" in each)
    column = text.splitlines()[line - 1].index("NominalEnrgy") + 1
    faults = [str(fault) for fault in check(load(root=root))]
    wanted = "M200 PS3.6 has no keyword 'NominalEnrgy'  did you mean 'NominalEnergy'?"
    assert f"mappings/plan/modes.yaml:{line}:{column}: {wanted}" in faults


def _written(folder: Path, text: str) -> Path:
    path = folder / "broken.yaml"
    path.write_text(text, "utf-8")
    return path


def _shortened(lines: Any) -> list[str]:
    return [re.sub(r"(mappings/[^:]+\.yaml):\d+:\d+", r"\1", line) for line in lines]
