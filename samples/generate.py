"""Write the corpus: `python samples/generate.py` rewrites first/, bad/ and the tables of README.md.

With --check nothing is written; the exit status tells whether the files are those that would be written.
"""

import sys
from pathlib import Path

import pydicom
from plans import BAD, GOOD, Sample, encode, with_meta
from plans.dynamic import sliding_window_plan, vmat_plan

__all__ = ["build_all", "build_bad", "main", "sliding_window_plan", "vmat_plan"]

HERE = Path(__file__).resolve().parent


def build_all() -> dict[str, pydicom.Dataset]:
    """The first-generation samples by name, each with its file meta information."""
    return {name: with_meta(sample.build(), sample.encoding) for name, sample in GOOD.items()}


def build_bad() -> dict[str, bytes]:
    """The files that must be refused, by file name."""
    return {name if "." in name else f"{name}.dcm": sample.build() for name, sample in BAD.items()}


def files() -> dict[Path, bytes]:
    """Everything the corpus consists of, by path."""
    first = {HERE / "first" / f"{name}.dcm": encode(dataset) for name, dataset in build_all().items()}
    bad = {HERE / "bad" / name: content for name, content in build_bad().items()}
    return first | bad | {HERE / "README.md": _readme().encode()}


def main(arguments: list[str]) -> int:
    """Write the files, or with --check compare them; return the exit status."""
    wanted = files()
    stale = [path for path, content in wanted.items() if not path.exists() or path.read_bytes() != content]
    extra = [path for folder in ("first", "bad") for path in (HERE / folder).glob("*") if path not in wanted]
    if "--check" in arguments:
        for path in sorted(stale + extra):
            print(f"differs: {path.relative_to(HERE)}")
        return 1 if stale or extra else 0
    for path in extra:
        path.unlink()
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(wanted[path])
    print(f"{len(wanted)} files, {len(stale)} written, {len(extra)} removed")
    return 0


def _readme() -> str:
    text = (HERE / "README.md").read_text(encoding="utf-8")
    text = _filled(text, "first", ("Sample", "Shows", "Trap", "See"), _rows(GOOD, "Trap"))
    return _filled(text, "bad", ("File", "Shows", "Wrong", "See"), _rows(BAD, "Wrong"))


def _rows(samples: dict[str, Sample[pydicom.Dataset]] | dict[str, Sample[bytes]], label: str) -> list[list[str]]:
    return [[f"`{s.name}`", *(s.explanation(part) for part in ("Shows", label, "See"))] for s in samples.values()]


def _filled(text: str, mark: str, head: tuple[str, ...], rows: list[list[str]]) -> str:
    """The text with the table between the marks replaced."""
    begin, end = f"<!-- {mark}: begin -->\n", f"<!-- {mark}: end -->"
    before, _, rest = text.partition(begin)
    lines = [head, ["---"] * len(head), *rows]
    table = "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)
    return before + begin + table + end + rest.partition(end)[2]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
