"""Whole folders through the converter: one bundle for each source, a report of every input, atomic output."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transcoder import __version__
from transcoder.api import class_name, convert_instance, direction_of, is_companion
from transcoder.dicom.elements import encode, scan
from transcoder.dicom.files import Unread, encode_file, find_files, read_file, write_file
from transcoder.dicom.instance import Instance
from transcoder.engine.split import Outcome
from transcoder.findings import Account, Finding, Severity
from transcoder.mapping.model import Mapping

__all__ = ["Input", "Options", "convert_folder"]

QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class Options:
    """How a batch converts: direction, whether to embed the source, leniency, and what to do with invalid output."""

    to: str = ""
    preserve: bool = False
    lenient: bool = False
    force: bool = False


@dataclass(slots=True)
class Input:
    """One line of the report: an input and what became of it."""

    path: str
    status: str
    sop_class_uid: str = ""
    sop_instance_uid: str = ""
    outputs: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    account: Account = field(default_factory=Account)

    def as_dict(self) -> dict[str, Any]:
        """The input as the JSON object of the report."""
        return {
            "path": self.path,
            "sop_class_uid": self.sop_class_uid,
            "sop_instance_uid": self.sop_instance_uid,
            "status": self.status,
            "outputs": self.outputs,
            "findings": [finding.as_dict() for finding in self.findings],
            "account": self.account.as_dict(),
        }


def convert_folder(
    sources: Iterable[Path],
    out: Path,
    mapping: Mapping,
    options: Options,
    progress: Callable[[int, int], None] | None = None,
) -> list[Input]:
    """Convert every source found, write the outputs and ``report.json`` below ``out``; one input stops no other.

    RT Structure Sets among the sources are consulted for the plans that name them. ``progress`` is called with
    the number of files done and of all files.
    """
    # What an earlier run wrote is no source, even where the output folder lies inside a source folder.
    own = out.resolve()
    paths = [path for path in dict.fromkeys(find_files(sources)) if not path.resolve().is_relative_to(own)]
    companions = _companions(paths)
    names = _Names()
    seen: dict[str, str] = {}
    inputs: list[Input] = []
    for number, path in enumerate(paths):
        inputs.append(_convert_file(path, companions, out, mapping, options, names, seen))
        if progress:
            progress(number + 1, len(paths))
    report = {
        "transcoder": __version__,
        "mapping_digest": mapping.digest,
        "to": options.to or _direction(inputs),
        "inputs": [each.as_dict() for each in inputs],
    }
    write_file(out / "report.json", (json.dumps(report, indent=1, ensure_ascii=False) + "\n").encode())
    return inputs


def _direction(inputs: Iterable[Input]) -> str:
    return "second" if any(each.status == "converted" for each in inputs) else ""


def _companions(paths: Iterable[Path]) -> list[Instance]:
    # A structure set names its class in the first kilobyte; only those files are read twice.
    return [each for path in paths if _names_structures(path) and isinstance(each := read_file(path), Instance)]


def _names_structures(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return b"1.2.840.10008.5.1.4.1.1.481.3\0" in file.read(1024)
    except OSError:
        return False


def _convert_file(
    path: Path,
    companions: list[Instance],
    out: Path,
    mapping: Mapping,
    options: Options,
    names: _Names,
    seen: dict[str, str],
) -> Input:
    read = read_file(path)
    if isinstance(read, Unread):
        return Input(read.path, read.status, findings=[read.finding])
    line = Input(read.path, "skipped", read.sop_class_uid, read.sop_instance_uid)
    if is_companion(read):
        line.findings.append(Finding("S004", Severity.INFO, "consulted for the plans that name it"))
        return line
    if not direction_of(read, mapping):
        line.findings.append(
            Finding("S005", Severity.INFO, "no sheets convert instances of this SOP Class", "SOPClassUID")
        )
        return line
    if repeated := _repeated(read, seen):
        line.findings.append(repeated)
        line.status = "skipped" if repeated.severity is Severity.INFO else "refused"
        return line
    outcome = _convert(read, companions, mapping, options)
    line.findings, line.account = outcome.findings, outcome.account
    if not outcome.made:
        line.status = "failed" if any(finding.code == "T099" for finding in line.findings) else "refused"
        return line
    try:
        _guard_and_write(line, outcome, out, options, names.folder(path))
    except OSError as error:
        line.status = "failed"
        message = f"the output cannot be written: {type(error).__name__}"
        line.findings.append(Finding("S008", Severity.ERROR, message))
    return line


def _repeated(read: Instance, seen: dict[str, str]) -> Finding | None:
    """A finding for an instance that an earlier input held: a copy is skipped, another content is refused."""
    digest = hashlib.sha256(encode(read.item)).hexdigest()
    earlier = seen.get(read.sop_instance_uid)
    if earlier is None:
        seen[read.sop_instance_uid] = digest
        return None
    if earlier == digest:
        return Finding("S006", Severity.INFO, "a copy of an earlier input", "SOPInstanceUID")
    message = "another content under the SOP Instance UID of an earlier input"
    return Finding("S007", Severity.ERROR, message, "SOPInstanceUID", cite="PS3.5 9")


def _convert(read: Instance, companions: list[Instance], mapping: Mapping, options: Options) -> Outcome:
    try:
        return convert_instance(
            read, companions, mapping, to=options.to, preserve=options.preserve, lenient=options.lenient
        )
    except Exception as error:  # a fault of ours in one input must not stop a migration of thousands
        # The type only: a message could repeat a value of the source.
        message = f"internal error {type(error).__name__}: please report it with the version and the kind of source"
        return Outcome(findings=[Finding("T099", Severity.ERROR, message)])


def _guard_and_write(line: Input, outcome: Outcome, out: Path, options: Options, name: str) -> None:
    """Validate what was made; write it, or keep it back."""
    from transcoder.validator import check_bundle

    judged = check_bundle([scan(made.data, implicit=False) for made in outcome.made])
    files = [f"{number:02d}-{class_name(made.sop_class_uid)}.dcm" for number, made in enumerate(outcome.made, start=1)]
    valid = True
    for file, findings in zip(files, judged, strict=True):
        for finding in findings:
            if finding.severity is Severity.INFO:
                continue
            valid = valid and finding.severity is not Severity.ERROR
            place = f"{file}:{finding.path}"
            line.findings.append(
                Finding(finding.code, finding.severity, finding.message, place, finding.rule, finding.cite)
            )
    line.status = "converted" if valid else "failed"
    if not valid and not options.force:
        return
    folder = Path(name) if valid else Path(QUARANTINE) / name
    for file, made in zip(files, outcome.made, strict=True):
        content = encode_file(made.data, made.sop_class_uid, made.sop_instance_uid)
        write_file(out / folder / file, content)
        line.outputs.append((folder / file).as_posix())


class _Names:
    """Folder names from file names, told apart by a number where two are equal."""

    def __init__(self) -> None:
        self._taken: set[str] = {QUARANTINE}

    def folder(self, path: Path) -> str:
        """A free folder name for this source."""
        stem = path.stem if path.suffix.lower() == ".dcm" else path.name
        name, number = stem or "source", 1
        while name.casefold() in self._taken:
            number += 1
            name = f"{stem}-{number}"
        self._taken.add(name.casefold())
        return name


def failures(inputs: Iterable[Input]) -> Iterator[Input]:
    """The inputs that were refused or failed."""
    return (each for each in inputs if each.status in ("refused", "failed"))
