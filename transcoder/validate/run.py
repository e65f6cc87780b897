"""A whole call of the validator: files in any number, several processes, flat memory.

Workers read and judge file by file and hand back findings and summaries. Findings wait in a temporary file until the
rules across instances, which need all summaries, have spoken; then each input leaves complete and in order.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple, TypeAlias

from transcoder.dicom.instance import Instance
from transcoder.findings import Finding, Severity
from transcoder.standard import tables
from transcoder.validate import points, references
from transcoder.validate.bundle import check_summaries
from transcoder.validate.catalogue_state import found
from transcoder.validate.iod import check_tables
from transcoder.validate.summary import Summary, summarise

__all__ = ["Reader", "Verdict", "judge_files", "list_files"]

# An input that cannot be read comes as its path and the finding that says why.
Outcome: TypeAlias = "Instance | tuple[str, Finding]"
Reader: TypeAlias = Callable[[Iterable[Path]], Iterator[Outcome]]
# How many files a worker takes at once: enough to hide the cost of a message, few enough for a smooth bar.
CHUNK = 8
DIRECTORY = "DICOMDIR"


class Verdict(NamedTuple):
    """One input and everything found in it."""

    path: str
    sop_class_uid: str
    sop_class: str
    findings: tuple[Finding, ...]


class Judgement(NamedTuple):
    """What a worker hands back for one input; without a summary when it could not be read.

    The verdict comes as a line of text: it goes to the temporary file anyway, and text travels fastest.
    """

    line: str
    summary: Summary | None


def list_files(sources: Iterable[Path]) -> list[Path]:
    """The files to read: folders searched recursively in the order of names, each file once.

    A DICOMDIR met in a folder is left out, because the files it lists are found there anyway.
    """
    found_: dict[Path, None] = {}
    for source in sources:
        if source.is_dir():
            inside = (path for path in sorted(source.rglob("*")) if path.is_file() and path.name != DIRECTORY)
            found_.update(dict.fromkeys(inside))
        else:
            found_[source] = None
    return list(found_)


def judge_files(
    files: Sequence[Path], read: Reader, jobs: int = 1, tell: Callable[[int], object] = lambda count: None
) -> Iterator[Verdict]:
    """The verdict on every instance in the files, in their order; ``tell`` hears of files done."""
    summaries: list[Summary] = []
    numbers: list[int] = []
    with TemporaryFile("w+", encoding="utf-8") as spool:
        total = 0
        for done, judgements in _judge_all(files, read, jobs):
            for judgement in judgements:
                if judgement.summary is not None:
                    numbers.append(total)
                    summaries.append(judgement.summary)
                spool.write(judgement.line)
                total += 1
            tell(done)
        across: dict[int, list[Finding]] = defaultdict(list)
        for place, finding in check_summaries(summaries):
            across[numbers[place]].append(finding)
        spool.seek(0)
        for number, line in enumerate(spool):
            verdict = _thaw(line)
            yield verdict._replace(findings=(*verdict.findings, *across.pop(number, ())))


def _judge_all(files: Sequence[Path], read: Reader, jobs: int) -> Iterator[tuple[int, list[Judgement]]]:
    chunks = [files[place : place + CHUNK] for place in range(0, len(files), CHUNK)]
    judge = partial(judge_chunk, read)
    if jobs <= 1 or len(chunks) <= 1:
        for file in files:
            yield 1, judge([file])
        return
    with ProcessPoolExecutor(min(jobs, len(chunks))) as pool:
        for chunk, judgements in zip(chunks, pool.map(judge, chunks), strict=True):
            yield len(chunk), judgements


def judge_chunk(read: Reader, files: Sequence[Path]) -> list[Judgement]:
    """The judgements on some files; a module-level function, so that it travels to a worker."""
    return [judgement for file in files for judgement in _judge_file(read, file)]


def _judge_file(read: Reader, file: Path) -> list[Judgement]:
    try:
        return [_judge(outcome) for outcome in read([file])]
    except RecursionError:
        # Sequences nested hundreds of levels deep are made to break readers; no IOD needs more than a dozen.
        finding = found("V292", "sequences nest too deep to be judged", "", "PS3.5 7.5")
        return [Judgement(_freeze(Verdict(str(file), "", "", (finding,))), None)]


def _judge(outcome: Outcome) -> Judgement:
    if not isinstance(outcome, Instance):
        path, finding = outcome
        return Judgement(_freeze(Verdict(path, "", "", (finding,))), None)
    item, sop_class = outcome.item, outcome.sop_class_uid
    findings = (*check_tables(item), *points.check(item), *references.check(item))
    verdict = Verdict(outcome.path, sop_class, class_name(sop_class), findings)
    return Judgement(_freeze(verdict), summarise(item))


def class_name(sop_class_uid: str) -> str:
    """The name of the IOD, empty when the class is not covered."""
    iod = tables.iod_for(sop_class_uid)
    return iod.name if iod else ""


def _freeze(verdict: Verdict) -> str:
    findings = [finding.as_dict() for finding in verdict.findings]
    return json.dumps([verdict.path, verdict.sop_class_uid, verdict.sop_class, findings]) + "\n"


def _thaw(line: str) -> Verdict:
    path, sop_class_uid, sop_class, findings = json.loads(line)
    thawed = (Finding(**{**each, "severity": Severity(each["severity"])}) for each in findings)
    return Verdict(path, sop_class_uid, sop_class, tuple(thawed))
