"""How long validating takes, against pydicom's visit of every element and against dciodvfy; JSON on stdout.

    python tests/bench/validate.py [--repeat 7] [FILE ...]

Both sides start from the bytes of the file in memory, in one warm process; the best of several runs counts, since the
machine may be shared. dicom-validator needs the DocBook of an edition, which it downloads: it is not measured.
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "validate")]

from files import load_bytes, samples  # noqa: E402 - after the path is set

from transcoder.validator import check_bundle, check_instance  # noqa: E402 - after the path is set


def best(run: Callable[[], object], repeat: int) -> float:
    """The shortest of several runs in milliseconds, after one that warms up."""
    run()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times) * 1000


def visit(content: bytes) -> int:
    """pydicom's visit of every element: read, convert, walk through all sequences."""
    dataset = pydicom.dcmread(io.BytesIO(content), force=True)
    return sum(1 for element in dataset.iterall() if element.value is not None)


def against_visit(path: Path, repeat: int) -> dict[str, Any]:
    """One file: our time from bytes to findings, pydicom's from bytes to the last element visited."""
    content = path.read_bytes()
    ours = best(lambda: check_instance(load_bytes(content)), repeat)
    item = load_bytes(content)
    judged = best(lambda: check_instance(item), repeat)
    theirs = best(lambda: visit(content), repeat)
    return {
        "file": path.name,
        "bytes": len(content),
        "elements": visit(content),
        "validate_ms": round(ours, 2),
        "validate_without_reading_ms": round(judged, 2),
        "pydicom_visit_ms": round(theirs, 2),
        "ratio": round(ours / theirs, 2),
    }


def bundle(paths: list[Path], repeat: int) -> dict[str, Any]:
    """All files of a folder as one call."""
    contents = [path.read_bytes() for path in paths]
    ours = best(lambda: check_bundle([load_bytes(content) for content in contents]), repeat)
    theirs = best(lambda: [visit(content) for content in contents], repeat)
    return {
        "files": len(paths),
        "validate_ms": round(ours, 2),
        "pydicom_visit_ms": round(theirs, 2),
        "ratio": round(ours / theirs, 2),
    }


def against_dciodvfy(paths: list[Path], number: int) -> dict[str, Any]:
    """A batch of files: one process of ours for all, one process of dciodvfy for each."""
    batch = [paths[place % len(paths)] for place in range(number)]
    code = (
        "import sys; from pathlib import Path; from files import load_bytes; from transcoder.validator import "
        "check_instance; [check_instance(load_bytes(Path(p).read_bytes())) for p in sys.argv[1:]]"
    )
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'validate'}", "PATH": "/usr/bin"}
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code, *map(str, batch)], check=True, env=environment)  # noqa: S603
    ours = (time.perf_counter() - start) / number * 1000
    result: dict[str, Any] = {"files": number, "validate_ms_per_file_whole_process": round(ours, 2)}
    tool = shutil.which("dciodvfy")
    if tool is None:
        return {**result, "dciodvfy": "not installed"}
    start = time.perf_counter()
    for path in batch:
        subprocess.run([tool, str(path)], capture_output=True, check=False)  # noqa: S603
    theirs = (time.perf_counter() - start) / number * 1000
    return {**result, "dciodvfy_ms_per_file": round(theirs, 2), "ratio": round(ours / theirs, 2)}


def main() -> int:
    """Measure and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("files", nargs="*", type=Path)
    arguments = parser.parse_args()
    first, second = samples("first"), samples("second")
    chosen = arguments.files or [path for path in first + second if "vmat-two-arcs" in str(path)]
    result = {
        "single": [against_visit(path, arguments.repeat) for path in chosen],
        "dicom-validator": "not measured: it downloads the DocBook of an edition",
    }
    arcs = [path for path in second if "vmat-two-arcs" in str(path)]
    if arcs:
        result["bundle"] = bundle(arcs, arguments.repeat)
    if first:
        result["batch"] = against_dciodvfy(first + second, 100)
    json.dump(result, sys.stdout, indent=2)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
