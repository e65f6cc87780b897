"""Speed and memory as ratios: our read + transcode + write against pydicom's read + visit + write of the same source.

``python tests/bench/speed.py`` prints JSON. Medians of alternating runs in one process, warm; both sides work in
memory on the same bytes (implicit VR little endian). ``--runs N`` changes the number of runs (7).
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ImplicitVRLittleEndian

Source = Any
ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "samples"))


def plans() -> dict[str, bytes]:
    """The two plans of the benchmark as files."""
    from plans.dynamic import sliding_window_plan, vmat_plan

    return {"vmat_2x178": _file(vmat_plan(2, 178)), "sliding_window_9x166": _file(sliding_window_plan(9, 166))}


def _file(dataset: pydicom.Dataset) -> bytes:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()


def pydicom_alone(raw: bytes) -> None:
    """Read, visit every element, write."""
    dataset = pydicom.dcmread(io.BytesIO(raw))
    for _ in dataset.iterall():
        pass
    dataset.save_as(io.BytesIO())


def ours(raw: bytes) -> None:
    """Read, transcode, write every instance."""
    from transcoder.api import convert_instance
    from transcoder.dicom.files import decode, encode_file
    from transcoder.dicom.instance import Instance
    from transcoder.mapping.catalog import load

    outcome = convert_instance(Instance(decode(raw), "plan", raw), [], load())
    if not outcome.made:
        raise SystemExit("the benchmark's plan was refused")
    for made in outcome.made:
        io.BytesIO().write(encode_file(made.data, made.sop_class_uid, made.sop_instance_uid))


def second_of(raw: bytes) -> list[bytes]:
    """The set that a plan becomes, with its radiations, each as a file."""
    from transcoder.api import convert_instance
    from transcoder.dicom.files import decode, encode_file
    from transcoder.dicom.instance import Instance
    from transcoder.mapping.catalog import load

    made = convert_instance(Instance(decode(raw), "plan", raw), [], load()).made
    return [encode_file(each.data, each.sop_class_uid, each.sop_instance_uid) for each in made]


def pydicom_on_all(files: list[bytes]) -> None:
    """Read every instance of the set, visit every element, write them back."""
    for raw in files:
        pydicom_alone(raw)


def ours_back(files: list[bytes]) -> None:
    """Read every instance of the set, transcode, write the plan."""
    from transcoder.api import convert_instance
    from transcoder.dicom.files import decode, encode_file
    from transcoder.dicom.instance import Instance
    from transcoder.mapping.catalog import load

    source, *others = [Instance(decode(raw), "set", raw) for raw in files]
    outcome = convert_instance(source, others, load())
    if not outcome.made:
        raise SystemExit("the benchmark's set was refused")
    for made in outcome.made:
        io.BytesIO().write(encode_file(made.data, made.sop_class_uid, made.sop_instance_uid))


def _seconds(work: Callable[[Source], None], raw: Source) -> float:
    start = time.perf_counter()
    work(raw)
    return time.perf_counter() - start


def ratio(
    raw: Source,
    runs: int,
    theirs: Callable[[Source], None] = pydicom_alone,
    own: Callable[[Source], None] = ours,
) -> dict[str, float]:
    """Medians of alternating runs, and their ratio."""
    for work in (theirs, own):
        work(raw)
    pairs = [(_seconds(theirs, raw), _seconds(own, raw)) for _ in range(runs)]
    alone, mine = (statistics.median(column) for column in zip(*pairs, strict=True))
    return {"pydicom_s": round(alone, 4), "transcoder_s": round(mine, 4), "ratio": round(mine / alone, 3)}


def peak_memory(repeats: int) -> int:
    """Peak resident memory in MiB of a process that converts the VMAT plan so many times."""
    result = subprocess.run(  # noqa: S603 - this very file
        [sys.executable, __file__, "--child", str(repeats)], capture_output=True, text=True, check=True
    )
    return int(result.stdout)


def _child(repeats: int) -> int:
    raw = plans()["vmat_2x178"]
    for _ in range(repeats):
        ours(raw)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        sys.stdout.write(str(_child(arguments.child)))
        return
    figures: dict[str, object] = {name: ratio(raw, arguments.runs) for name, raw in plans().items()}
    for name, raw in plans().items():
        figures[f"{name}_back"] = ratio(second_of(raw), arguments.runs, pydicom_on_all, ours_back)
    figures["peak_memory_mib"] = {str(count): peak_memory(count) for count in (1, 100)}
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
