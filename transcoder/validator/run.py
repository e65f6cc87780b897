"""A whole call of the validator: files in any number, several processes, flat memory.

Workers read and judge file by file and hand back findings and summaries. Findings wait in a temporary file until the
rules across instances, which need all summaries, have spoken; then each input leaves complete and in order.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

from transcoder.dicom.files import Unread, read_file
from transcoder.dicom.instance import Instance
from transcoder.findings import Finding
from transcoder.standard import tables
from transcoder.validator import meta
from transcoder.validator.bundle import check_summaries
from transcoder.validator.catalogue_state import found
from transcoder.validator.instance import check_instance
from transcoder.validator.once import told_once
from transcoder.validator.summary import Pool, Summary, summarise

__all__ = ["Verdict", "judge_files"]

# How many files a worker takes at once: enough to hide the cost of a message, few enough for a smooth bar.
CHUNK = 8
# How many chunks wait for each worker: it is never idle, and neither orders nor answers pile up.
WAITING = 4


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


def judge_files(
    files: Sequence[Path], jobs: int = 1, tell: Callable[[int], object] = lambda count: None
) -> Iterator[Verdict]:
    """The verdict on every file, in their order; ``tell`` hears of files done."""
    summaries: list[Summary] = []
    pool = Pool()
    numbers: list[int] = []
    with TemporaryFile("w+", encoding="utf-8") as spool:
        total = 0
        for done, judgements in _judge_all(files, jobs):
            for judgement in judgements:
                if judgement.summary is not None:
                    numbers.append(total)
                    summaries.append(pool.share(judgement.summary))
                spool.write(judgement.line)
                total += 1
            tell(done)
        across: dict[int, list[Finding]] = defaultdict(list)
        for place, finding in check_summaries(summaries):
            across[numbers[place]].append(finding)
        spool.seek(0)
        for number, line in enumerate(spool):
            verdict = _thaw(line)
            if number in across:
                verdict = verdict._replace(findings=tuple(told_once((*verdict.findings, *across.pop(number)))))
            yield verdict


def _judge_all(files: Sequence[Path], jobs: int) -> Iterator[tuple[int, list[Judgement]]]:
    if jobs <= 1 or len(files) <= CHUNK:
        for file in files:
            yield 1, judge_chunk([file])
        return
    chunks = (files[place : place + CHUNK] for place in range(0, len(files), CHUNK))
    with ProcessPoolExecutor(min(jobs, -(-len(files) // CHUNK))) as pool:
        waiting = deque(pool.submit(judge_chunk, chunk) for chunk in islice(chunks, jobs * WAITING))
        while waiting:
            judgements = waiting.popleft().result()
            waiting.extend(pool.submit(judge_chunk, chunk) for chunk in islice(chunks, 1))
            yield len(judgements), judgements


def judge_chunk(files: Sequence[Path]) -> list[Judgement]:
    """The judgements on some files; a module-level function, so that it travels to a worker."""
    return [_judge_file(file) for file in files]


def _judge_file(file: Path) -> Judgement:
    try:
        return _judge(read_file(file))
    except RecursionError:
        # Sequences nested hundreds of levels deep are made to break readers; no IOD needs more than a dozen.
        finding = found("V292", "sequences nest too deep to be judged", "", "PS3.5 7.5")
        return Judgement(_freeze(Verdict(file.as_posix(), "", "", (finding,))), None)


def _judge(read: Instance | Unread) -> Judgement:
    if isinstance(read, Unread):
        return Judgement(_freeze(Verdict(read.path, "", "", (read.finding,))), None)
    item, sop_class = read.item, read.sop_class_uid
    of_the_file = (*meta.check(read.raw, item), *meta.check_order(item))
    verdict = Verdict(read.path, sop_class, class_name(sop_class), (*of_the_file, *check_instance(item)))
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
    return Verdict(path, sop_class_uid, sop_class, tuple(map(Finding.of, findings)))
