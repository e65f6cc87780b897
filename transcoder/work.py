"""One source of a batch, from its file to its outputs: what a process of a pool does, told in a record that travels."""

from __future__ import annotations

import gc
import hashlib
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from transcoder.api import (
    class_name,
    convert_instance,
    convert_sets,
    direction_of,
    is_companion,
    is_member,
    joined,
    joining,
)
from transcoder.dicom.consult import Shelf
from transcoder.dicom.elements import encode, scan
from transcoder.dicom.files import Unread, encode_file, read_file
from transcoder.dicom.instance import Instance
from transcoder.engine.split import Outcome
from transcoder.findings import Finding, Severity
from transcoder.line import Input
from transcoder.mapping.model import Mapping

__all__ = ["Done", "Input", "Options", "Worker", "settle", "unwritten", "work_chunk"]

# How many objects a process makes before cycles are looked for: a conversion leaves next to none.
_COLLECT_AFTER = 50_000


@dataclass(frozen=True, slots=True)
class Options:
    """How a batch converts: direction, leniency, what to embed, join or make anew, and invalid output to keep.

    ``delivered_by`` says what gave the instructions for the deliveries that records tell of, ``plan`` or ``set``.
    """

    to: str = ""
    preserve: bool = False
    lenient: bool = False
    force: bool = False
    join: bool = False
    remake: bool = False
    surrogate: bool = False
    delivered_by: str = "plan"


@dataclass(slots=True)
class Done:
    """What became of one file, before it is known which names are taken and which instances were seen.

    ``digest`` is that of a source, empty for what is none; ``part`` is converted with another source. ``files`` lie in
    ``folder`` until their place is known, which ``bundle`` names.
    """

    line: Input
    digest: bytes = b""
    part: bool = False
    parts: list[str] = field(default_factory=list)
    group: list[str] = field(default_factory=list)
    bundle: Path = field(default_factory=Path)
    folder: Path = field(default_factory=Path)
    files: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Worker:
    """What a process needs to convert any file of a run."""

    mapping: Mapping
    options: Options
    shelf: Shelf
    folder: Path
    # Classes of the other generation that are consulted for sources of this run, on the way that `to` names.
    aside: frozenset[str] = frozenset()

    def work(self, number: int, path: Path) -> Done:
        """Convert one file into a folder of its own."""
        read = read_file(path)
        if isinstance(read, Unread):
            return Done(Input(read.path, read.status, findings=[read.finding]))
        line = Input(read.path, "skipped", read.sop_class_uid, read.sop_instance_uid)
        if (aside := self._aside(read)) is not None:
            line.findings.append(aside)
            return Done(line)
        done = Done(line, hashlib.sha256(encode(read.item)).digest()[:16])
        if is_member(read, self.mapping):
            done.part = True
            return done
        self._one(done, read, number)
        several = direction_of(read, self.mapping) == "first" and path.parent.name
        done.bundle = path.parent if several else path
        return done

    def _aside(self, read: Instance) -> Finding | None:
        """Why an instance is no source itself, if it is none."""
        direction = direction_of(read, self.mapping)
        other = self.options.to == "second" and read.sop_class_uid in self.aside
        if is_companion(read) or other or (self.options.to == "first" and direction == "second"):
            return Finding("S004", Severity.INFO, "consulted for the instances that name it")
        if not direction:
            message = "no sheets convert instances of this SOP Class"
            return Finding("S005", Severity.INFO, message, "SOPClassUID")
        return None

    def _one(self, done: Done, read: Instance, number: int) -> None:
        outcome = self._outcome(read, done)
        line = done.line
        line.findings, line.account = outcome.findings, outcome.account
        done.parts = list(outcome.parts)
        if outcome.answer is not None:
            line.status = "converted"
            return
        if not outcome.made:
            line.status = "failed" if any(finding.code == "T099" for finding in line.findings) else "refused"
            return
        try:
            _guard_and_write(done, outcome, self.options, self.folder / str(number))
        except OSError as error:
            unwritten(line, error)
        except Exception as error:  # see _outcome: what cannot be judged is not written
            line.status = "failed"
            line.findings.append(_internal(error))
            done.files = []

    def _outcome(self, read: Instance, done: Done) -> Outcome:
        options = self.options
        try:
            others = self.shelf.beside(read)
            group = self._joined(read)
            if len(group) > 1:
                done.group = [each.sop_instance_uid for each in group if each is not read]
                beside = [other for each in group for other in self.shelf.beside(each)]
                return convert_sets(
                    group,
                    beside,
                    self.mapping,
                    lenient=options.lenient,
                    remake=options.remake,
                    surrogate=options.surrogate,
                )
            return convert_instance(
                read,
                others,
                self.mapping,
                to=options.to,
                preserve=options.preserve,
                lenient=options.lenient,
                remake=options.remake,
                surrogate=options.surrogate,
                delivered_by=options.delivered_by,
            )
        except Exception as error:  # a fault of ours in one input must not stop a migration of thousands
            return Outcome(findings=[_internal(error)])

    def _joined(self, read: Instance) -> list[Instance]:
        """The set with those that make one instance with it: of its session, or where asked for of its source."""
        if direction_of(read, self.mapping) != "first":
            return [read]
        if joining(self.mapping).get(read.sop_class_uid):
            return next(group for group in joined([read, *self.shelf.sharing(read)], [], self.mapping) if read in group)
        if not self.options.join:
            return [read]
        sets = [
            each for each in self.shelf.of_class(read.sop_class_uid) if each.sop_instance_uid != read.sop_instance_uid
        ]
        others = [other for each in (read, *sets) for other in self.shelf.beside(each)]
        return next(group for group in joined([read, *sets], others, self.mapping) if read in group)


def _internal(error: Exception) -> Finding:
    # The type only: a message could repeat a value of the source.
    message = f"internal error {type(error).__name__}: please report it with the version and the kind of source"
    return Finding("T099", Severity.ERROR, message)


def unwritten(line: Input, error: OSError) -> None:
    """Say that the outputs of an input could not be written."""
    line.status = "failed"
    line.outputs = []
    message = f"the output cannot be written: {type(error).__name__}"
    line.findings.append(Finding("S008", Severity.ERROR, message))


def _guard_and_write(done: Done, outcome: Outcome, options: Options, folder: Path) -> None:
    """Validate what was made; write it, or keep it back."""
    from transcoder.validator import check_bundle

    line = done.line
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
    done.folder, done.files = folder, files
    folder.mkdir()
    for file, made in zip(files, outcome.made, strict=True):
        # Nobody looks into this folder before all of it is written, so that each file need not come whole by itself.
        path = folder / file
        path.write_bytes(made.file or encode_file(made.data, made.sop_class_uid, made.sop_instance_uid))
        path.chmod(0o644)


@cache
def _worker(setup: Path) -> Worker:
    """The worker that a run left in a file for its processes; read once in each."""
    held: Worker = pickle.loads(setup.read_bytes())  # noqa: S301 - written by this run, in a folder of its own
    return held


def work_chunk(setup: Path, first: int, paths: Sequence[str]) -> list[Done]:
    """Convert some files in a row; a module-level function, so that it travels to a process."""
    worker = _worker(setup)
    chunk = [worker.work(number, Path(path)) for number, path in enumerate(paths, start=first)]
    for done in chunk:
        done.line.seal()
    return chunk


def settle() -> None:
    """Let the memory of a process rest that converts and does nothing else.

    Sheets and tables are made once and never freed; without this the collector of cycles visits all of them again
    and again for the few objects that a conversion leaves.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 50, 100)
