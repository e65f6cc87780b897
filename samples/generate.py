"""Write the corpus: `python samples/generate.py` rewrites its folders and the tables of README.md.

second/ (and records/second/) holds what the transcoder makes of first/, so its files change with the mapping sheets;
beside/ holds some of those sets with a preparation or an intent.
With --check nothing is written; the exit status tells whether the files are those that would be written.
"""

import io
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pydicom
from plans import BAD, BAD_RECORDS, GOOD, RECORDS, Sample, encode, with_meta
from plans.beside import BESIDE
from plans.dynamic import sliding_window_plan, vmat_plan
from plans.elements import uid
from plans.foreign import FOREIGN, build_foreign, encoded

import transcoder

__all__ = ["build_all", "build_bad", "built_foreign", "main", "sliding_window_plan", "vmat_plan"]

HERE = Path(__file__).resolve().parent
FOLDERS = ("first", "second", "foreign", "beside", "bad", "records")
# RT Radiation Record Set, Salvage Record, C-Arm Photon-Electron Radiation Record.
RECORD_CLASSES = tuple(f"1.2.840.10008.5.1.4.1.1.481.{number}" for number in (16, 17, 19))


def build_all() -> dict[str, pydicom.Dataset]:
    """The first-generation samples by name, each with its file meta information."""
    return {name: with_meta(sample.build(), sample.encoding) for name, sample in GOOD.items()}


def build_bad() -> dict[str, bytes]:
    """The files that must be refused, by file name."""
    return {name if "." in name else f"{name}.dcm": sample.build() for name, sample in BAD.items()}


def transcoded(first: dict[str, bytes]) -> dict[str, list[bytes]]:
    """The second-generation instances of each plan among these files, encoded as files, by the plan's name.

    A companion such as an RT Structure Set is named after its plan and read together with it.
    """
    found: dict[str, list[bytes]] = {}
    with TemporaryDirectory() as folder:
        for name in first:
            if "." not in name:
                parts = [Path(folder) / f"{each}.dcm" for each in first if each.partition(".")[0] == name]
                for part in parts:
                    part.write_bytes(first[part.name.removesuffix(".dcm")])
                result = transcoder.transcode(transcoder.read(parts), to="second")
                paths = transcoder.write(result.bundle, Path(folder) / name)
                found[name] = [path.read_bytes() for path in paths]
                NAMES[name] = [path.name for path in paths]
    return found


def built_foreign() -> dict[Path, bytes]:
    """The sets and radiations of other makers, by path."""
    found = {}
    for name in FOREIGN:
        for number, dataset in enumerate(build_foreign(name)):
            file = "set" if not number else f"radiation-{number}"
            found[HERE / "foreign" / name / f"{file}.dcm"] = encoded(dataset)
    return found


NAMES: dict[str, list[str]] = {}


def record_files(register: dict[str, Sample[dict[str, pydicom.Dataset]]]) -> dict[str, dict[str, bytes]]:
    """The treatment records of a register, each with what is given beside it, encoded, by file name."""
    found = {}
    for name, sample in register.items():
        parts = sample.build().items()
        found[name] = {
            f"{name}.{word}.dcm" if word else f"{name}.dcm": encode(with_meta(part, sample.encoding))
            for word, part in parts
        }
    return found


def transcoded_record(parts: dict[str, bytes], delivered_by: str) -> dict[str, bytes]:
    """The second-generation instances of one record, encoded as files; what its plan becomes is left out."""
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / file for file in parts]
        for path in paths:
            path.write_bytes(parts[path.name])
        made = transcoder.transcode(transcoder.read(paths), to="second", delivered_by=delivered_by).bundle.instances
        kept = [each for each in made if each.SOPClassUID in RECORD_CLASSES]
        written = transcoder.write(transcoder.read(kept), Path(folder) / "second")
        return {path.name: path.read_bytes() for path in written}


def _renamed(members: list[pydicom.Dataset], folder: str) -> list[pydicom.Dataset]:
    """A set and its radiations as other instances, because what is added to a set makes another one of it (PS3.5 9)."""
    names = {str(each.SOPInstanceUID): uid(str(each.SOPInstanceUID), folder) for each in members}
    for each in members:
        for element in each.iterall():
            if element.VR == "UI" and str(element.value) in names:
                element.value = names[str(element.value)]
    return members


def beside(second: dict[str, list[bytes]]) -> dict[Path, bytes]:
    """Sets of the second generation with what stands beside them, by path."""
    found: dict[Path, bytes] = {}
    for folder, (name, makers) in BESIDE.items():
        members = _renamed([pydicom.dcmread(io.BytesIO(content)) for content in second[name]], folder)
        members += [maker(members) for maker in makers]
        for number, each in enumerate(members, start=1):
            kind = transcoder.api.class_name(str(each.SOPClassUID))
            found[HERE / "beside" / folder / f"{number:02d}-{kind}.dcm"] = encode(with_meta(each))
    return found


def files() -> dict[Path, bytes]:
    """Everything the corpus consists of, by path."""
    plans = {name: encode(dataset) for name, dataset in build_all().items()}
    second = transcoded(plans)
    paths = {HERE / "first" / f"{name}.dcm": content for name, content in plans.items()}
    for name, contents in second.items():
        paths |= {HERE / "second" / name / file: content for file, content in zip(NAMES[name], contents, strict=True)}
    paths |= built_foreign()
    paths |= beside(second)
    paths |= {HERE / "bad" / name: content for name, content in build_bad().items()}
    records = {
        name: transcoded_record(parts, RECORDS[name].delivered_by) for name, parts in record_files(RECORDS).items()
    }
    for folder, register in (("first", RECORDS), ("bad", BAD_RECORDS)):
        for parts in record_files(register).values():
            paths |= {HERE / "records" / folder / file: content for file, content in parts.items()}
    for name, made in records.items():
        paths |= {HERE / "records" / "second" / name / file: content for file, content in made.items()}
    return paths | {HERE / "README.md": _readme(second, records).encode()}


def main(arguments: list[str]) -> int:
    """Write the files, or with --check compare them; return the exit status."""
    wanted = files()
    stale = [path for path, content in wanted.items() if not path.exists() or path.read_bytes() != content]
    held = [path for folder in FOLDERS for path in (HERE / folder).rglob("*") if path.is_file()]
    extra = [path for path in held if path not in wanted]
    if "--check" in arguments:
        for path in sorted(stale + extra):
            print(f"differs: {path.relative_to(HERE)}")
        return 1 if stale or extra else 0
    for path in extra:
        path.unlink()
    for path in stale:
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(wanted[path])
    print(f"{len(wanted)} files, {len(stale)} written, {len(extra)} removed")
    return 0


def _readme(second: dict[str, list[bytes]], records: dict[str, dict[str, bytes]]) -> str:
    text = (HERE / "README.md").read_text(encoding="utf-8")
    text = _filled(text, "first", ("Sample", "Shows", "Trap", "See"), _rows(GOOD, "Trap"))
    text = _filled(text, "second", ("Folder", "Instances", "Techniques", "Detail"), _second_rows(second))
    text = _filled(text, "foreign", ("Folder", "Shows", "From"), _foreign_rows())
    text = _filled(text, "bad", ("File", "Shows", "Wrong", "See"), _rows(BAD, "Wrong"))
    text = _filled(text, "records", ("Sample", "Shows", "Trap", "See"), _rows(RECORDS, "Trap"))
    text = _filled(text, "record sets", ("Folder", "Instances", "Fractions"), _record_rows(records))
    return _filled(text, "bad records", ("File", "Shows", "Wrong", "See"), _rows(BAD_RECORDS, "Wrong"))


def _record_rows(records: dict[str, dict[str, bytes]]) -> list[list[str]]:
    rows = []
    for name, made in records.items():
        instances = [pydicom.dcmread(io.BytesIO(content)) for content in made.values()]
        sets = [each for each in instances if "RTTreatmentFractionCompletionStatus" in each]
        count = f"{len(sets)} set{'s' * (len(sets) > 1)}, {len(instances) - len(sets)} in them"
        rows.append([f"`{name}`", count, ", ".join(each.RTTreatmentFractionCompletionStatus for each in sets)])
    return rows


def _second_rows(second: dict[str, list[bytes]]) -> list[list[str]]:
    rows = []
    for name, contents in second.items():
        instances = [pydicom.dcmread(io.BytesIO(content)) for content in contents]
        radiations = [each for each in instances if "RTRecordFlag" in each]
        sets = len(instances) - len(radiations)
        techniques = dict.fromkeys(each.RTTreatmentTechniqueCodeSequence[0].CodeMeaning for each in radiations)
        details = dict.fromkeys(each.RTRadiationPhysicalAndGeometricContentDetailFlag for each in radiations)
        count = f"{sets} set{'s' * (sets > 1)}, {len(radiations)} radiation{'s' * (len(radiations) > 1)}"
        rows.append([f"`{name}`", count, ", ".join(techniques), ", ".join(details)])
    return rows


def _foreign_rows() -> list[list[str]]:
    return [
        [f"`{name}`", " ".join((change.__doc__ or "").split()), f"`{base}`"] for name, (base, change) in FOREIGN.items()
    ]


def _rows(samples: Mapping[str, Sample[Any]], label: str) -> list[list[str]]:
    return [[f"`{s.name}`", *(s.explanation(part) for part in ("Shows", label, "See"))] for s in samples.values()]


def _filled(text: str, mark: str, head: tuple[str, ...], rows: list[list[str]]) -> str:
    """The text with the table between the marks replaced."""
    begin, end = f"<!-- {mark}: begin -->\n", f"<!-- {mark}: end -->"
    before, _, rest = text.partition(begin)
    lines = [head, ["---"] * len(head), *rows]
    table = "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
    return before + begin + table + end + rest.partition(end)[2]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
