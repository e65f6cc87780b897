"""Whole folders through the converter: one bundle for each source, a report of every input, atomic output."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transcoder import __version__
from transcoder.api import (
    class_direction,
    class_name,
    consulted_classes,
    convert_instance,
    convert_sets,
    direction_of,
    is_companion,
    is_member,
    joined,
)
from transcoder.dicom.consult import Shelf, class_in
from transcoder.dicom.elements import encode, scan
from transcoder.dicom.files import Unread, encode_file, find_files, read_file, write_file
from transcoder.dicom.instance import Instance
from transcoder.engine.split import Outcome
from transcoder.findings import Account, Finding, Severity
from transcoder.mapping.model import Mapping
from transcoder.roundtrip import Trip, round_trip

__all__ = ["Input", "Options", "convert_folder", "round_trips"]

QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class Options:
    """How a batch converts: direction, leniency, what to embed, join or make anew, and invalid output to keep."""

    to: str = ""
    preserve: bool = False
    lenient: bool = False
    force: bool = False
    join: bool = False
    remake: bool = False


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

    What a source names, or what names it, is consulted: RT Structure Sets for plans, radiations for sets. ``progress``
    is called with the number of files done and of all files.
    """
    # What an earlier run wrote is no source, even where the output folder lies inside a source folder.
    own = out.resolve()
    paths = [path for path in dict.fromkeys(find_files(sources)) if not path.resolve().is_relative_to(own)]
    run = _Run(paths, out, mapping, options)
    inputs: list[Input] = []
    for number, path in enumerate(paths):
        inputs.append(run.convert(path))
        if progress:
            progress(number + 1, len(paths))
    run.close()
    report = {
        "transcoder": __version__,
        "mapping_digest": mapping.digest,
        "to": options.to or _direction(inputs, mapping),
        "inputs": [each.as_dict() for each in inputs],
    }
    write_file(out / "report.json", (json.dumps(report, indent=1, ensure_ascii=False) + "\n").encode())
    return inputs


def round_trips(sources: Iterable[Path], mapping: Mapping, *, lenient: bool = False) -> Iterator[Trip]:
    """The way there and back of every source found; files that cannot be read are refused trips."""
    paths = list(dict.fromkeys(find_files(sources)))
    shelf = Shelf(paths, consulted_classes({class_in(path) for path in paths}, mapping))
    for path in paths:
        read = read_file(path)
        if isinstance(read, Unread):
            if read.status != "skipped":
                yield Trip(read.path, "refused", findings=[read.finding])
            continue
        trip = round_trip(read, shelf.beside(read), mapping, lenient=lenient)
        if trip is not None:
            yield trip


def _direction(inputs: Iterable[Input], mapping: Mapping) -> str:
    """The one generation that was converted to, empty where there were two or none."""
    found = {class_direction(each.sop_class_uid, mapping) for each in inputs if each.status == "converted"}
    return found.pop() if len(found) == 1 else ""


class _Run:
    """One run over a folder: what may be consulted, the names that are taken, the instances that were seen."""

    def __init__(self, paths: list[Path], out: Path, mapping: Mapping, options: Options) -> None:
        self.out, self.mapping, self.options = out, mapping, options
        self.shelf = Shelf(paths, consulted_classes({class_in(path) for path in paths}, mapping))
        self.names = _Names()
        self.seen: dict[str, str] = {}
        self.parts: list[tuple[Input, str]] = []
        self.owners: dict[str, Input] = {}

    def convert(self, path: Path) -> Input:
        """Convert one file; a part of another source gets its line when that one is done."""
        read = read_file(path)
        if isinstance(read, Unread):
            return Input(read.path, read.status, findings=[read.finding])
        line = Input(read.path, "skipped", read.sop_class_uid, read.sop_instance_uid)
        if (aside := self._aside(read)) is not None:
            line.findings.append(aside)
            return line
        if repeated := _repeated(read, self.seen):
            line.findings.append(repeated)
            line.status = "skipped" if repeated.severity is Severity.INFO else "refused"
            return line
        if is_member(read, self.mapping) or read.sop_instance_uid in self.owners:
            self.parts.append((line, read.sop_instance_uid))
            return line
        self._one(line, read, path)
        return line

    def _aside(self, read: Instance) -> Finding | None:
        """Why an instance is no source itself, if it is none."""
        direction = direction_of(read, self.mapping)
        if is_companion(read) or (self.options.to == "first" and direction == "second"):
            return Finding("S004", Severity.INFO, "consulted for the instances that name it")
        if not direction:
            message = "no sheets convert instances of this SOP Class"
            return Finding("S005", Severity.INFO, message, "SOPClassUID")
        return None

    def _one(self, line: Input, read: Instance, path: Path) -> None:
        outcome = self._outcome(read, line)
        line.findings, line.account = outcome.findings, outcome.account
        self.owners.update(dict.fromkeys(outcome.parts, line))
        if outcome.answer is not None:
            line.status = "converted"
            line.outputs = []
            return
        if not outcome.made:
            line.status = "failed" if any(finding.code == "T099" for finding in line.findings) else "refused"
            return
        try:
            _guard_and_write(line, outcome, self.out, self.options, self.names.folder(self._bundle(read, path)))
        except OSError as error:
            line.status = "failed"
            message = f"the output cannot be written: {type(error).__name__}"
            line.findings.append(Finding("S008", Severity.ERROR, message))

    def _bundle(self, read: Instance, path: Path) -> Path:
        """What names the outputs of a source: the file, or the folder that holds a set with its radiations."""
        several = direction_of(read, self.mapping) == "first" and path.parent.name
        return path.parent if several else path

    def _outcome(self, read: Instance, line: Input) -> Outcome:
        options = self.options
        try:
            others = self.shelf.beside(read)
            group = self._joined(read) if options.join else [read]
            if len(group) > 1:
                self.owners.update({each.sop_instance_uid: line for each in group if each is not read})
                beside = [other for each in group for other in self.shelf.beside(each)]
                return convert_sets(group, beside, self.mapping, lenient=options.lenient, remake=options.remake)
            return convert_instance(
                read,
                others,
                self.mapping,
                to=options.to,
                preserve=options.preserve,
                lenient=options.lenient,
                remake=options.remake,
            )
        except Exception as error:  # a fault of ours in one input must not stop a migration of thousands
            # The type only: a message could repeat a value of the source.
            message = f"internal error {type(error).__name__}: please report it with the version and the kind of source"
            return Outcome(findings=[Finding("T099", Severity.ERROR, message)])

    def _joined(self, read: Instance) -> list[Instance]:
        """The set with those that share its source, in the order of their names."""
        if direction_of(read, self.mapping) != "first":
            return [read]
        sets = [
            each for each in self.shelf.of_class(read.sop_class_uid) if each.sop_instance_uid != read.sop_instance_uid
        ]
        others = [other for each in (read, *sets) for other in self.shelf.beside(each)]
        return next(group for group in joined([read, *sets], others, self.mapping) if read in group)

    def close(self) -> None:
        """Say of each part what became of the source that it belongs to."""
        for line, uid in self.parts:
            owner = self.owners.get(uid)
            if owner is None:
                line.status = "refused"
                message = "no RT Radiation Set among the sources names this instance, and it is converted with its set"
                line.findings.append(Finding("T245", Severity.ERROR, message, cite="PS3.3 A.86.1.4"))
                continue
            line.status, line.outputs = owner.status, list(owner.outputs)
            line.findings.append(Finding("S009", Severity.INFO, "converted, or not, with the set that names it"))


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


def _guard_and_write(line: Input, outcome: Outcome, out: Path, options: Options, name: str) -> None:
    """Validate what was made; write it, or keep it back."""
    from transcoder.validator import check_bundle

    # What is given back byte for byte is not ours to judge: a plan may have come with faults of its own.
    made_here = [made for made in outcome.made if not made.file]
    judged = check_bundle([scan(made.data, implicit=False) for made in made_here]) or [[] for _ in outcome.made]
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
        content = made.file or encode_file(made.data, made.sop_class_uid, made.sop_instance_uid)
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
