"""Whole conversions: the ledger against an independent count, determinism, preservation, threads, public plans."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pydicom
import pytest

import transcoder
from transcoder.batch import Options, convert_folder
from transcoder.dicom.elements import scan
from transcoder.engine.preserve import restore
from transcoder.mapping.catalog import load

from ..conftest import PUBLIC, SAMPLES, convert_sample, public_plans, sample_names

# Of the public plans these cannot be converted; the README beside them says why.
REFUSED = {"pydicom-rtplan-truncated.dcm": "S003", "pydicom-ion-plan-no-meta.dcm": "T011"}


def count(dataset: pydicom.Dataset) -> int:
    """Elements of a data set at every depth, counted by pydicom; unknown private sequences stay what they are."""
    return sum(1 for _ in dataset.iterall())


# pydicom counts the bytes of a label; PS3.5 6.2 counts its characters.
@pytest.mark.filterwarnings("ignore:The value length:UserWarning")
@pytest.mark.parametrize("name", sample_names())
def test_ledger_closes(name: str) -> None:
    """Every element of the source has a fate, every element of the targets an origin: counted independently."""
    found = convert_sample(name)
    source, target = found.result.account.source, found.result.account.target
    assert source.unaccounted == 0
    assert source.elements == source.carried + source.derived + source.declared
    assert target.elements == target.mapped + target.set + target.generated + target.assumed
    assert target.elements == sum(map(count, found.result.bundle.instances))
    if not found.result.account.private:
        assert source.elements == count(found.plan)


def test_ledger_sees_what_no_rule_knows() -> None:
    """An attribute that belongs to no rule is reported, wherever it stands."""
    plan = pydicom.dcmread(SAMPLES / "first" / "static-jaws.dcm")
    plan.RescaleSlope = "1"
    plan.BeamSequence[0].ControlPointSequence[1].ImageType = ["ORIGINAL"]
    result = transcoder.transcode(transcoder.read([plan]))
    assert result.account.source.unaccounted == 2
    paths = {finding.path for finding in result.findings if finding.code == "T100"}
    assert paths == {"RescaleSlope", "BeamSequence/ControlPointSequence/ImageType"}


def test_private_elements_are_counted_and_not_copied() -> None:
    found = convert_sample("private-elements")
    assert sum(found.result.account.private.values()) > 0
    for instance in found.result.bundle.instances:
        assert not [element for element in instance.iterall() if element.tag.is_private]


@pytest.mark.parametrize("name", ["vmat-two-arcs", "private-elements", "compensator", "names-japanese"])
def test_preserved_source_comes_back_byte_for_byte(name: str) -> None:
    raw = (SAMPLES / "first" / f"{name}.dcm").read_bytes()
    result = transcoder.transcode(transcoder.read([SAMPLES / "first" / f"{name}.dcm"]), preserve=True)
    restored = [content for data in result.bundle.encoded() if (content := restore(scan(data, implicit=False)))]
    assert [hashlib.sha256(content).hexdigest() for content in restored] == [hashlib.sha256(raw).hexdigest()]
    assert not [f for f in transcoder.validate(result.bundle) if f.severity is transcoder.Severity.ERROR]


def test_two_runs_are_byte_identical(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        convert_folder([SAMPLES / "first"], tmp_path / folder, load(), Options())
    one = {p.relative_to(tmp_path / "one"): p.read_bytes() for p in (tmp_path / "one").rglob("*") if p.is_file()}
    two = {p.relative_to(tmp_path / "two"): p.read_bytes() for p in (tmp_path / "two").rglob("*") if p.is_file()}
    assert one == two


def test_committed_samples_are_those_made_now() -> None:
    """samples/second is what the present sheets make of samples/first."""
    for name in sample_names():
        made = convert_sample(name).result.bundle.encoded()
        held = sorted((SAMPLES / "second" / name).glob("*.dcm"))
        assert [path.read_bytes()[-len(data) :] for path, data in zip(held, made, strict=True)] == made


def test_encodings_give_the_same_result() -> None:
    """Implicit, explicit, deflated, undefined lengths, with and without a header: the same instances."""
    plan = pydicom.dcmread(SAMPLES / "first" / "step-and-shoot.dcm")
    wanted = transcoder.transcode(transcoder.read([SAMPLES / "first" / "step-and-shoot.dcm"])).bundle.encoded()
    assert transcoder.transcode(transcoder.read([plan])).bundle.encoded() == wanted


@pytest.mark.parametrize("implicit", [True, False])
def test_file_without_header(implicit: bool, tmp_path: Path) -> None:
    plan = pydicom.dcmread(SAMPLES / "first" / "static-mlc.dcm")
    wanted = transcoder.transcode(transcoder.read([plan])).bundle.encoded()
    del plan.file_meta
    pydicom.dcmwrite(tmp_path / "bare", plan, implicit_vr=implicit, little_endian=True, force_encoding=True)
    assert transcoder.transcode(transcoder.read([tmp_path / "bare"])).bundle.encoded() == wanted


def test_threads_agree() -> None:
    path = SAMPLES / "first" / "vmat-two-arcs.dcm"

    def work(_: int) -> list[bytes]:
        return transcoder.transcode(transcoder.read([path])).bundle.encoded()

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(8)))
    assert all(result == results[0] for result in results)


def test_written_files_are_read_by_pydicom(tmp_path: Path) -> None:
    result = transcoder.transcode(transcoder.read([SAMPLES / "first" / "static-jaws.dcm"]))
    for path, instance in zip(transcoder.write(result.bundle, tmp_path), result.bundle.instances, strict=True):
        assert pydicom.dcmread(path) == instance


@pytest.mark.parametrize("path", public_plans() or [None], ids=lambda path: path.name if path else "none")
def test_public_plans(path: Path | None, tmp_path: Path) -> None:
    """The public plans beside the project have the outcome that their README expects, with nothing unaccounted."""
    if path is None:
        pytest.skip(f"the public plans are not at hand ({PUBLIC.name} beside the project)")
    (line,) = convert_folder([path], tmp_path, load(), Options())
    errors = [finding.code for finding in line.findings if finding.severity is transcoder.Severity.ERROR]
    if path.name in REFUSED:
        assert errors == [REFUSED[path.name]]
        return
    assert line.status == "converted", line.findings
    assert not errors
    assert line.account.source.unaccounted == 0


def test_no_two_samples_share_an_identifier_and_differ() -> None:
    """The corpus is one archive: all of it can be given at once (PS3.5 9)."""
    content: dict[str, bytes] = {}
    for path in sorted(SAMPLES.rglob("*.dcm")):
        if "bad" in path.parts:
            continue
        name = str(pydicom.dcmread(path, stop_before_pixels=True, force=True).SOPInstanceUID)
        held = path.read_bytes()
        assert content.setdefault(name, held) == held, path.relative_to(SAMPLES)
