"""One small case for each finding code that a folder of sources brings; :mod:`tests.docs.cases` takes them in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import pydicom

from transcoder.batch import Options, convert_folder
from transcoder.mapping.catalog import load

__all__ = ["folder_cases"]

FIRST = Path(__file__).parents[2] / "samples" / "first"
Edit = Callable[[Path], object]


def _there_and_back(
    name: str, *edits: Edit, preserve: bool = False, beside: Iterable[Path] = (), join: bool = False
) -> list[str]:
    """What the way back says of the set of a sample, after these changes of the folder that holds it."""
    with TemporaryDirectory() as place:
        second = Path(place, "second")
        convert_folder([FIRST / f"{name}.dcm"], second, load(), Options(preserve=preserve))
        for edit in edits:
            edit(second / name)
        lines = convert_folder([second, *beside], Path(place, "out"), load(), Options(to="first", join=join))
        return [str(finding) for line in lines for finding in line.findings]


def _put(file: str, word: str, value: object) -> Edit:
    def edit(folder: Path) -> None:
        dataset = pydicom.dcmread(folder / file)
        setattr(dataset, word, value)
        dataset.save_as(folder / file)

    return edit


def _as_of_another_edition(folder: Path) -> None:
    """Other names for the same content, as another edition of the sheets would give."""
    path = folder / "01-RTRadiationSet.dcm"
    dataset = pydicom.dcmread(path)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "2.25.99"
    dataset.save_as(path)


def folder_cases() -> dict[str, Callable[[], list[str]]]:
    """The cases by code."""
    plan = FIRST / "static-jaws.dcm"
    label = _put("04-RTRadiationSet.dcm", "UserContentLabel", "Other")
    return {
        "S009": lambda: _there_and_back("static-jaws"),
        "T240": lambda: _there_and_back("static-jaws", beside=[plan]),
        "T241": lambda: _there_and_back(
            "static-jaws", _put("01-RTRadiationSet.dcm", "UserContentLabel", "Other"), preserve=True
        ),
        "T242": lambda: _there_and_back("static-jaws", _as_of_another_edition, preserve=True),
        "T243": lambda: _there_and_back("static-jaws", preserve=True),
        "T245": lambda: _there_and_back("static-jaws", lambda folder: (folder / "01-RTRadiationSet.dcm").unlink()),
        "T246": lambda: _there_and_back("two-fraction-groups", label, join=True),
    }
