"""Seeded mutations of whole sample files, byte by byte and element by element: a verdict on each, and soon.

TRANSCODER_FUZZ sets the number of runs; the default keeps the test short.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest
from files import load_bytes, samples
from test_fuzz_state import RUNS, SLOWEST, mutate_bytes, mutate_element

from transcoder.dicom.elements import encode, tag_of
from transcoder.dicom.files import encode_file
from transcoder.validator.run import judge_files

LARGEST = 40_000  # bytes; larger samples have the same elements more often
SMALL = [path for path in samples("first") + samples("second") if path.stat().st_size < LARGEST]


def mutated(path: Path, chance: random.Random, *, whole: bool) -> bytes:
    """The bytes of a sample, damaged anywhere, or written with damaged elements."""
    content = path.read_bytes()
    if whole:
        return mutate_bytes(content, chance)
    item = load_bytes(content)
    own = [item[tag_of(word)].raw.rstrip(b"\0").decode() for word in ("SOPClassUID", "SOPInstanceUID")]
    mutate_element(item, chance)
    return encode_file(encode(item), *own)


@pytest.mark.parametrize("whole", [True, False], ids=["bytes", "elements"])
def test_every_damaged_file_has_a_verdict(tmp_path: Path, whole: bool) -> None:
    chance = random.Random(20261123)  # noqa: S311 - repeatable, not secret
    file = tmp_path / "mutant.dcm"
    slowest, judged = 0.0, 0
    for _ in range(max(RUNS // 2, 1)):
        file.write_bytes(mutated(chance.choice(SMALL), chance, whole=whole))
        start = time.process_time()
        (verdict,) = judge_files([file])
        slowest = max(slowest, time.process_time() - start)
        assert verdict.findings
        judged += all(finding.code[0] != "S" for finding in verdict.findings)
    assert judged > RUNS // 20, "most mutants must get as far as the rules"
    assert slowest < SLOWEST
