"""Treatment records: how many a second, against pydicom alone, and a large folder in one and in two processes.

``python tests/bench/records.py`` prints JSON. Records a second go through read, transcode, validate and write in one
process; the ratio is against pydicom's read, visit of every element and write of the same file. ``--folder N`` is the
size of the large folder (20000, 0 for none), ``--runs N`` the number of runs of the ratio (7). ``serial_share`` is what
of the processor time the parent of two processes takes alone.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pydicom

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "samples"))
SMALL_FOLDER = 2000
SECONDS = 3.0


def records() -> dict[str, list[bytes]]:
    """The two records of the benchmark, each followed by its plan where it needs one."""
    from plans import encode, with_meta
    from plans.dynamic import vmat_plan
    from plans.records import two_beams
    from plans.session import delivered, record, whole_fraction

    static, arc = two_beams("bench-static"), vmat_plan(1, 178, "bench-arc")
    one = record("bench-static", static, [delivered(static.BeamSequence[0], 100)])
    many = record("bench-arc", arc, whole_fraction(arc))
    return {
        "static_2": [encode(with_meta(one))],
        "vmat_178": [encode(with_meta(each)) for each in (many, arc)],
    }


def pydicom_alone(files: Sequence[bytes]) -> None:
    """Read the record, visit every element, write it."""
    dataset = pydicom.dcmread(io.BytesIO(files[0]))
    for _ in dataset.iterall():
        pass
    dataset.save_as(io.BytesIO())


def ours(files: Sequence[bytes], *, judge: bool = True) -> None:
    """Read the record, transcode, validate, write every instance; the plan is at hand, as it is in a batch."""
    from transcoder.api import convert_instance
    from transcoder.dicom.elements import scan
    from transcoder.dicom.files import decode, encode_file
    from transcoder.dicom.instance import Instance
    from transcoder.mapping.catalog import load
    from transcoder.validator import check_bundle

    beside = [_plan(raw) for raw in files[1:]]
    outcome = convert_instance(Instance(decode(files[0]), "record", files[0]), beside, load())
    if not outcome.made:
        raise SystemExit("the benchmark's record was refused")
    if judge:
        check_bundle([scan(made.data, implicit=False) for made in outcome.made])
    for made in outcome.made:
        io.BytesIO().write(encode_file(made.data, made.sop_class_uid, made.sop_instance_uid))


_PLANS: dict[int, object] = {}


def _plan(raw: bytes):  # type: ignore[no-untyped-def]  # an Instance, whose module is loaded when it is needed
    from transcoder.dicom.files import decode
    from transcoder.dicom.instance import Instance

    if id(raw) not in _PLANS:
        _PLANS[id(raw)] = Instance(decode(raw), "plan", raw)
    return _PLANS[id(raw)]


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def rates(files: Sequence[bytes], runs: int) -> dict[str, float]:
    """Records a second, and the ratio of medians of alternating runs, with and without the validator."""
    ours(files)
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < SECONDS:
        ours(files)
        done += 1
    rate = done / (time.perf_counter() - start)
    works = (lambda: pydicom_alone(files), lambda: ours(files), lambda: ours(files, judge=False))
    rows = [[_seconds(work) for work in works] for _ in range(runs)]
    alone, judged, plain = (statistics.median(column) for column in zip(*rows, strict=True))
    return {
        "records_per_s": round(rate, 1),
        "pydicom_s": round(alone, 4),
        "ratio": round(plain / alone, 3),
        "ratio_with_validation": round(judged / alone, 3),
    }


def fill(folder: Path, count: int) -> None:
    """As many small records, each with a name of its own."""
    (raw,) = records()["static_2"]
    uid = str(pydicom.dcmread(io.BytesIO(raw)).SOPInstanceUID).encode()
    for number in range(count):
        name = b"2.25." + str(number + 10**30).encode()
        content = raw.replace(uid, name.ljust(len(uid), b"0"))
        place = folder / f"{number // 1000:03d}"
        place.mkdir(exist_ok=True)
        (place / f"{number:06d}.dcm").write_bytes(content)


def batch(folder: Path, count: int, jobs: int) -> dict[str, float]:
    """Seconds, peak resident memory in MiB and processor seconds of one call: of the parent, and of its workers.

    The peak is that of the program itself (Linux): ru_maxrss counts what the caller held before it.
    """
    with TemporaryDirectory() as out:
        code = (
            "import resource, sys\n"
            "from transcoder.cli.main import group\n"
            "try:\n"
            "    group.main(sys.argv[1:], standalone_mode=False)\n"
            "finally:\n"
            "    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)\n"
            "    used = [resource.getrusage(kind) for kind in kinds]\n"
            "    cpu = [each.ru_utime + each.ru_stime for each in used]\n"
            "    lines = open('/proc/self/status').read().splitlines()\n"
            "    (peak,) = [line.split()[1] for line in lines if line.startswith('VmHWM')]\n"
            "    print(peak, cpu[0], used[1].ru_maxrss, cpu[1], file=sys.stderr)\n"
        )
        call = [sys.executable, "-c", code, "convert", str(folder), "-o", out, "--jobs", str(jobs), "-q"]
        start = time.perf_counter()
        result = subprocess.run(call, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
        seconds = time.perf_counter() - start
        own, own_cpu, children, workers_cpu = map(float, result.stderr.split()[-4:])
        return {
            "seconds": round(seconds, 2),
            "records_per_s": round(count / seconds, 1),
            "peak_mib": round(own / 1024, 1),
            "peak_of_a_worker_mib": round(children / 1024, 1),
            "cpu_s": round(own_cpu, 2),
            "workers_cpu_s": round(workers_cpu, 2),
        }


def folders(count: int) -> dict[str, object]:
    """A small and a large folder, in one process and in two."""
    found: dict[str, object] = {}
    with TemporaryDirectory() as place:
        small, large = Path(place, "small"), Path(place, "large")
        for folder, number in ((small, min(SMALL_FOLDER, count)), (large, count)):
            folder.mkdir()
            fill(folder, number)
        fewer = min(SMALL_FOLDER, count)
        few, one, two = batch(small, fewer, 2), batch(large, count, 1), batch(large, count, 2)
    found |= {"small_folder": fewer, "large_folder": count}
    found |= {"small_jobs_2": few, "large_jobs_1": one, "large_jobs_2": two}
    found["speedup"] = round(one["seconds"] / two["seconds"], 2)
    # What one process alone does of the work, and what two could gain at best by Amdahl's law.
    whole = two["cpu_s"] + two["workers_cpu_s"]
    found["serial_share"] = round(two["cpu_s"] / whole, 3)
    found["attainable_speedup"] = round(whole / (two["cpu_s"] + two["workers_cpu_s"] / 2), 2)
    found["growth_of_peak"] = round(two["peak_mib"] / few["peak_mib"], 3)
    found["growth_of_peak_of_a_worker"] = round(two["peak_of_a_worker_mib"] / few["peak_of_a_worker_mib"], 3)
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--folder", type=int, default=20000)
    arguments = parser.parse_args()
    figures: dict[str, object] = {name: rates(files, arguments.runs) for name, files in records().items()}
    if arguments.folder:
        figures["folder"] = folders(arguments.folder)
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
