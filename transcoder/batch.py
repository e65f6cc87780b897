"""Whole folders through the converter: one bundle for each source, a report of every input, atomic output.

Workers, in this process or in others, convert file by file; what they made is put in place here, in the order of the
files, because names and copies depend on it. Nothing is held of an input but its line, and that in a temporary file.
"""

from __future__ import annotations

import json
import pickle
import shutil
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any

from transcoder import __version__
from transcoder.api import class_direction, consulted_classes, instruction_classes, joining
from transcoder.dicom.consult import Shelf, class_in
from transcoder.dicom.files import Unread, find_files, read_file, replacing
from transcoder.findings import Account, Finding, Severity
from transcoder.mapping.model import Mapping
from transcoder.register import Register
from transcoder.roundtrip import Trip, round_trip
from transcoder.work import Done, Input, Options, Worker, settle, unwritten, work_chunk

__all__ = ["Input", "Options", "convert_each", "convert_folder", "round_trips", "settle"]

QUARANTINE = "quarantine"
# How many files a process takes at once: enough to hide the cost of a message, few enough for a smooth bar.
CHUNK = 8
# How many chunks wait for each process, so that none stands idle and memory does not grow with the folder.
AHEAD = 4
Progress = Callable[[int, int], None]


def convert_folder(
    sources: Iterable[Path],
    out: Path,
    mapping: Mapping,
    options: Options,
    progress: Progress | None = None,
    *,
    jobs: int = 1,
    executor: Executor | None = None,
) -> list[Input]:
    """Convert every source found; the lines of :func:`convert_each` in a list."""
    return list(convert_each(sources, out, mapping, options, progress, jobs=jobs, executor=executor))


def convert_each(
    sources: Iterable[Path],
    out: Path,
    mapping: Mapping,
    options: Options,
    progress: Progress | None = None,
    *,
    jobs: int = 1,
    executor: Executor | None = None,
) -> Iterator[Input]:
    """Convert every source found, write the outputs and ``report.json`` below ``out``; one input stops no other.

    What a source names, or what names it, is consulted: RT Structure Sets for plans, plans for treatment records,
    radiations for sets. ``progress`` is called with the number of files done and of all files. The work is shared out
    over ``jobs`` processes, or over any ``executor``; the outputs are the same for any number. The lines come in the
    order of the files, when all is done.
    """
    paths = _inputs(sources, out)
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        folder = Path(held.enter_context(TemporaryDirectory(dir=out, prefix=".work-")))
        spool = held.enter_context(TemporaryFile("w+b"))
        classes = _classes(paths)
        shelf = _shelf(paths, classes, mapping)
        worker = Worker(mapping, options, shelf, folder, frozenset(instruction_classes(set(classes), mapping)))
        run = _Run(out, spool, held.enter_context(Register()))
        for number, done in enumerate(_all(worker, paths, jobs, executor, held), start=1):
            run.take(done)
            if progress:
                progress(number, len(paths))
        run.close()
        to = options.to or run.direction(mapping)
        _write_report(out / "report.json", mapping, to, run.lines())
        yield from run.lines()


def _inputs(sources: Iterable[Path], out: Path) -> list[str]:
    """Every file of the sources once, as text, which takes a fraction of the memory of paths.

    What an earlier run wrote is no source, even where the output folder lies inside a source folder.
    """
    own, folders = out.resolve(), _Folders()
    found = (path for path in find_files(sources) if not folders.resolved(path).is_relative_to(own))
    return list(dict.fromkeys(map(str, found)))


class _Folders:
    """Where files really are; folders are followed once and not for each of their files."""

    def __init__(self) -> None:
        self._last, self._real = Path(), Path().resolve()

    def resolved(self, path: Path) -> Path:
        """The path without links."""
        if path.is_symlink():
            return path.resolve()
        if path.parent != self._last:
            self._last, self._real = path.parent, path.parent.resolve()
        return self._real / path.name


def _classes(paths: Sequence[str]) -> list[str]:
    """The SOP Class that each file shows; every file is looked into once."""
    return [sys.intern(class_in(Path(path))) for path in paths]


def _shelf(paths: Sequence[str], classes: Sequence[str], mapping: Mapping) -> Shelf:
    """The files that others may consult, read only where they may be one of them."""
    wanted = consulted_classes(set(classes), mapping)
    kept = [Path(path) for path, shown in zip(paths, classes, strict=True) if not shown or shown in wanted]
    return Shelf(kept, wanted, joining(mapping))


def _all(worker: Worker, paths: Sequence[str], jobs: int, executor: Executor | None, held: ExitStack) -> Iterator[Done]:
    """What became of each file, in their order."""
    if executor is None and (jobs <= 1 or len(paths) <= CHUNK):
        for number, path in enumerate(paths):
            done = worker.work(number, Path(path))
            done.line.seal()
            yield done
        return
    pool = executor or held.enter_context(ProcessPoolExecutor(jobs, initializer=settle))
    setup = worker.folder / "setup"
    setup.write_bytes(pickle.dumps(worker))
    waiting: deque[Future[list[Done]]] = deque()
    for first in range(0, len(paths), CHUNK):
        waiting.append(pool.submit(work_chunk, setup, first, paths[first : first + CHUNK]))
        if len(waiting) >= AHEAD * max(jobs, 2):
            yield from waiting.popleft().result()
    while waiting:
        yield from waiting.popleft().result()


def _write_report(path: Path, mapping: Mapping, to: str, lines: Iterable[Input]) -> None:
    """The report as one JSON object, input by input."""
    head = {"transcoder": __version__, "mapping_digest": mapping.digest, "to": to}
    with replacing(path) as file:
        file.write(json.dumps(head, indent=1, ensure_ascii=False).removesuffix("\n}") + ',\n "inputs": [')
        comma = ""
        for line in lines:
            file.write(f"{comma}\n  {line.text()}")
            comma = ","
        file.write("\n ]\n}\n" if comma else "]\n}\n")


def round_trips(
    sources: Iterable[Path], mapping: Mapping, *, lenient: bool = False, delivered_by: str = "plan"
) -> Iterator[Trip]:
    """The way there and back of every source found; files that cannot be read are refused trips."""
    paths = list(dict.fromkeys(map(str, find_files(sources))))
    shelf = _shelf(paths, _classes(paths), mapping)
    for path in paths:
        read = read_file(Path(path))
        if isinstance(read, Unread):
            if read.status != "skipped":
                yield Trip(read.path, "refused", findings=[read.finding])
            continue
        trip = round_trip(read, shelf.beside(read), mapping, lenient=lenient, delivered_by=delivered_by)
        if trip is not None:
            yield trip


class _Run:
    """What depends on the order of the files: names that are taken, instances that were seen, parts of others."""

    def __init__(self, out: Path, spool: IO[bytes], register: Register) -> None:
        self.out, self.spool, self.register = out, spool, register
        self.names = _Names(register)
        self.owners: dict[str, _Owner] = {}
        self.parts: dict[int, tuple[Input, str]] = {}
        self.classes: set[str] = set()
        self.total = 0

    def take(self, done: Done) -> None:
        """Put in place what was made of one file, and note its line."""
        line = done.line
        repeated = self._repeated(done)
        if repeated is not None:
            line.status = "skipped" if repeated.severity is Severity.INFO else "refused"
            self._drop(done, [repeated])
        elif done.part or line.sop_instance_uid in self.owners:
            line.status = "skipped"
            self._drop(done, [])
            self.parts[self.total] = line, line.sop_instance_uid
        else:
            self._place(done)
            self.owners.update(dict.fromkeys((*done.group, *done.parts), _Owner(line.status, line.outputs)))
            if line.status == "converted":
                self.classes.add(line.sop_class_uid)
        if self.total not in self.parts:
            pickle.dump(line, self.spool)
        self.total += 1

    def _repeated(self, done: Done) -> Finding | None:
        """A finding for an instance that an earlier input held: a copy is skipped, another content is refused."""
        if not done.digest:
            return None
        earlier = self.register.meet(done.line.sop_instance_uid, done.digest)
        if earlier is None:
            return None
        if earlier == done.digest:
            return Finding("S006", Severity.INFO, "a copy of an earlier input", "SOPInstanceUID")
        message = "another content under the SOP Instance UID of an earlier input"
        return Finding("S007", Severity.ERROR, message, "SOPInstanceUID", cite="PS3.5 9")

    def _drop(self, done: Done, findings: list[Finding]) -> None:
        """Forget what was made of an input that is no source after all."""
        done.line.findings, done.line.account, done.line.outputs = findings, Account(), []
        done.line.seal()
        if done.files:
            shutil.rmtree(done.folder, ignore_errors=True)

    def _place(self, done: Done) -> None:
        """Move the files to the folder that the source names, or into quarantine."""
        if not done.files:
            return
        name = self.names.folder(done.bundle)
        folder = Path(name) if done.line.status == "converted" else Path(QUARANTINE) / name
        try:
            _move(done, self.out / folder)
            done.line.outputs = [(folder / file).as_posix() for file in done.files]
        except OSError as error:
            unwritten(done.line, error)
            done.line.seal()
            shutil.rmtree(done.folder, ignore_errors=True)

    def close(self) -> None:
        """Say of each part what became of the source that it belongs to."""
        for line, uid in self.parts.values():
            owner = self.owners.get(uid)
            if owner is None:
                line.status = "refused"
                message = "no RT Radiation Set among the sources names this instance, and it is converted with its set"
                line.findings.append(Finding("T245", Severity.ERROR, message, cite="PS3.3 A.86.1.4"))
                continue
            line.status, line.outputs = owner.status, list(owner.outputs)
            line.findings.append(Finding("S009", Severity.INFO, "converted, or not, with the set that names it"))

    def direction(self, mapping: Mapping) -> str:
        """The one generation that was converted to, empty where there were two or none."""
        found = {class_direction(uid, mapping) for uid in self.classes}
        found |= {class_direction(line.sop_class_uid, mapping) for line, _ in self.parts.values() if line.outputs}
        return found.pop() if len(found) == 1 else ""

    def lines(self) -> Iterator[Input]:
        """Every line, in the order of the files."""
        self.spool.seek(0)
        for number in range(self.total):
            held: Any = self.parts[number][0] if number in self.parts else pickle.load(self.spool)  # noqa: S301 - ours
            yield held


@dataclass(frozen=True, slots=True)
class _Owner:
    """What the parts of a source share with it."""

    status: str
    outputs: list[str]


def _move(done: Done, folder: Path) -> None:
    """Put the files into their folder: the whole folder at once, but for one that an earlier run has made."""
    if not folder.exists():
        folder.parent.mkdir(exist_ok=True)
        done.folder.rename(folder)
        return
    folder.mkdir(exist_ok=True)
    for file in done.files:
        (done.folder / file).replace(folder / file)
    done.folder.rmdir()


class _Names:
    """Folder names from file names, told apart by a number where two are equal."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._number(QUARANTINE)

    def folder(self, path: Path) -> str:
        """A free folder name for this source."""
        stem = (path.stem if path.suffix.lower() == ".dcm" else path.name) or "source"
        name, number = stem, self._number(stem)
        while number > 1:
            name = f"{stem}-{number}"
            if self._number(name) == 1:
                break
            number = self._number(stem)
        return name

    def _number(self, name: str) -> int:
        """How often a name was wanted; some file systems do not tell upper from lower case."""
        return self._register.count(name.casefold())


def failures(inputs: Iterable[Input]) -> Iterator[Input]:
    """The inputs that were refused or failed."""
    return (each for each in inputs if each.status in ("refused", "failed"))
