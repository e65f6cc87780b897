"""The pages of docs/ say what the code does: generated parts are fresh, names exist, examples run."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.docs.cases import sample
from transcoder import catalogue
from transcoder.api import convert_instance
from transcoder.dicom.elements import Item, scan, tag_of
from transcoder.engine.preserve import CREATOR, embed, restore
from transcoder.findings import Severity
from transcoder.mapping.catalog import load
from transcoder.mapping.model import Mapping
from transcoder.report.pages import names
from transcoder.standard import iod, iods

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = ("architecture", "both-ways", "decisions", "overlays", "preserve", "conformance")


@cache
def sheets() -> Mapping:
    return load()


@cache
def generator() -> ModuleType:
    spec = spec_from_file_location("build_docs", ROOT / ".ci" / "build_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def text_of(page: str) -> str:
    return (DOCS / f"{page}.md").read_text("utf-8")


def test_generated_parts_are_fresh() -> None:
    """Run ``python .ci/build_docs.py`` where this fails."""
    assert generator().stale(write=False) == []


def test_each_part_stands_in_a_page() -> None:
    found = {name for page in PAGES for name in re.findall(r"<!-- ([a-z-]+): begin -->", text_of(page))}
    assert found == set(generator().PARTS)


@pytest.mark.parametrize("page", PAGES)
def test_lines_are_wrapped(page: str) -> None:
    """Prose fits on a screen; rows of tables may be long."""
    assert [line for line in text_of(page).splitlines() if len(line) > 120 and not line.startswith("|")] == []


@pytest.mark.parametrize("page", PAGES)
def test_codes_exist(page: str) -> None:
    assert set(re.findall(r"\b[STMUV]\d{3}\b", text_of(page))) <= set(catalogue.pages())


@pytest.mark.parametrize("page", PAGES)
def test_links_and_files_exist(page: str) -> None:
    text = text_of(page)
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (DOCS / target).exists(), target
    for word in re.findall(r"`((?:transcoder|mappings|docs|samples|tests|\.ci)/[\w./-]+)`", text):
        assert (ROOT / word).exists(), word
    for word in re.findall(r"`((?:api|batch|cli|codecs|dicom|engine|validator|report)/?[\w/]*\.py)`", text):
        assert (ROOT / "transcoder" / word).exists(), word


def test_rules_named_in_decisions_exist() -> None:
    known = {*names(sheets()), *sheets().site_values, *sheets().tables, "sop_classes", "as_noted"}
    told = set(re.findall(r"`([a-z_]+(?:\.[A-Za-z_]+)+|[a-z]+_[a-z_]+)`", text_of("decisions")))
    assert {word for word in told if not word.endswith((".yaml", ".py", ".md"))} <= known


def test_every_cited_decision_is_explained() -> None:
    """Sheets and messages cite decisions by number."""
    numbers = set(map(int, re.findall(r"^### (\d+)\. ", text_of("decisions"), re.M)))
    cited: set[int] = set()
    for path in (*(ROOT / "mappings").rglob("*.yaml"), *(ROOT / "transcoder").rglob("*.py")):
        for found in re.findall(r"\bdecisions? (\d+(?:, \d+)*(?: and \d+)?)", path.read_text("utf-8")):
            cited.update(map(int, re.findall(r"\d+", found)))
    assert cited <= numbers
    assert numbers == set(range(1, len(numbers) + 1))


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text_of(page), re.M | re.S)


@pytest.mark.parametrize("place", range(len(blocks("overlays", "yaml"))))
def test_overlay_examples_load(place: int, tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(blocks("overlays", "yaml")[place], encoding="utf-8")
    assert load([file]).digest != sheets().digest


def test_the_first_overlay_example_makes_content_full(tmp_path: Path) -> None:
    """With the machine data of the example nothing is assumed any more."""
    file = tmp_path / "site.yaml"
    file.write_text(blocks("overlays", "yaml")[0], encoding="utf-8")
    outcome = convert_instance(sample("first/static-jaws"), [], load([file]))
    assert [finding for finding in outcome.findings if finding.severity is not Severity.INFO] == []
    radiation = scan(outcome.made[1].data, implicit=False)
    assert radiation[tag_of("RTRadiationPhysicalAndGeometricContentDetailFlag")].raw.strip() == b"FULL"


def test_every_word_of_an_overlay_is_explained() -> None:
    from transcoder.mapping.catalog import schema

    words: dict[str, Any] = schema()["$defs"]["overlay"]["properties"]
    page = text_of("overlays")
    shown = {key for block in blocks("overlays", "yaml") for key in yaml.safe_load(block)}
    assert set(words) <= shown
    assert [word for word in words if f"| `{word}`" not in page] == []


def test_the_private_block_is_as_documented() -> None:
    source = sample("first/static-jaws")
    root = Item()
    count = embed(root, source)
    page = text_of("preserve")
    rows = re.findall(r"^\| \(0099,(?:xx|00)([0-9A-Fx]{2})\) \| ([A-Z]{2}) \|", page, re.M)
    assert [(tag & 0xFF, element.vr) for tag, element in sorted(root.items())] == [
        (0x10 if low == "xx" else int(low, 16), vr) for low, vr in rows
    ]
    assert count == len(rows)
    assert f"`{CREATOR}`" in page
    assert restore(root) == source.raw


def test_conformance_names_the_objects_that_are_judged() -> None:
    page = " ".join(text_of("conformance").split())
    assert [iod(key).name for key in iods() if iod(key).name not in page] == []
