"""``transcoder explain`` knows every code and every rule, and says what is near an unknown word."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from transcoder import catalogue
from transcoder.cli.main import group
from transcoder.mapping.catalog import load
from transcoder.mapping.model import Mapping
from transcoder.report.pages import names, page

ROOT = Path(__file__).parents[2]


@cache
def sheets() -> Mapping:
    return load()


def explain(*words: str) -> Result:
    return CliRunner().invoke(group, ["explain", *words])


@pytest.mark.parametrize("code", ["S003", "T010", "t010", "M111", "V217"])
def test_a_code_prints_its_page(code: str) -> None:
    result = explain(code)
    assert result.exit_code == 0
    assert result.output == catalogue.page(code.upper())


def test_all_pages_are_known() -> None:
    assert set(catalogue.CODES) <= set(catalogue.pages())
    with pytest.raises(KeyError):
        catalogue.page("T000")


@pytest.mark.parametrize("name", names(load()))
def test_a_rule_or_block_has_a_page(name: str) -> None:
    text = page(sheets(), name)
    assert text.startswith(f"# {name}\n\n")
    assert not re.search(r"[:=(] ?None\b", text)
    if name not in ("not_carried", "private"):
        place = re.search(r"(mappings/\S+\.yaml):(\d+)\n", text)
        assert place, text
        lines = (ROOT / place[1]).read_text("utf-8").splitlines()
        word = name.rpartition(".")[2]
        assert word in lines[int(place[2]) - 1], (name, place[0])


def test_the_page_of_a_rule_says_what_is_in_the_sheet() -> None:
    text = explain("beam.sad").output
    for part in (
        "BeamSequence/SourceAxisDistance  (300A,00B4) DS Type 3, RT Plan",
        "RTBeamModifierDefinitionDistance  (300A,0688) FD Type 1, C-Arm Photon-Electron Radiation",
        "<->",
        "Codec axis_distance:",
        "the site value source_axis_distance",
        "the source is refused (T010)",
        "PS3.3 C.8.8.14, C.36.14, C.36.12.2.1",
        '{"SourceAxisDistance": 1000}',
    ):
        assert part in text, part


def test_tables_conditions_losses_and_reasons_are_shown() -> None:
    text = explain("device.type").output
    assert 'ASYMX <-> (130330, DCM, "Jaw Pair"), 0, (130334, DCM, "X Orientation")' in text
    assert 'X -> (130330, DCM, "Jaw Pair")' in text
    text = explain("set.pattern").output
    assert "- forward: FractionGroupSequence/RepeatFractionCycleLength has a value" in text
    assert "Without its two counters a pattern cannot be read" in text
    text = explain("series.uid").output
    assert "\n  ->\n" in text
    assert "## Why one way only" in text


def test_an_overlay_shows(tmp_path: Path) -> None:
    overlay = tmp_path / "site.yaml"
    overlay.write_text("overlay: clinic\nrules:\n  set.intent: {otherwise: [refuse]}\n", encoding="utf-8")
    assert "assumed" not in explain("set.intent", "--overlay", str(overlay)).output


@pytest.mark.parametrize(("word", "near"), [("beam.sda", "beam.sad"), ("T0999", "T099"), ("t011x", ""), ("zzzz", "")])
def test_an_unknown_word_is_a_wrong_call(word: str, near: str) -> None:
    result = explain(word)
    assert result.exit_code == 2
    assert f"'{word}' is neither a code of a finding nor the id of a rule" in result.output
    assert (f"did you mean '{near}'?" in result.output) == bool(near)


def test_no_word_is_a_wrong_call() -> None:
    assert explain().exit_code == 2


def test_the_wheel_ships_the_pages() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        settings = tomllib.load(file)
    assert settings["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]["docs/findings"] == (
        "transcoder/_findings"
    )


def test_help_and_codes_load_no_sheets() -> None:
    program = (
        "import sys; from transcoder.cli.main import group\n"
        "for words in (['--help'], ['explain', '--help'], ['explain', 'T010']):\n"
        "    group.main(words, standalone_mode=False)\n"
        "print([name for name in ('numpy', 'yaml', 'pydicom', 'jsonschema') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    assert run.stdout.splitlines()[-1] == "[]"
