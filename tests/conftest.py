"""What the tests share: the sample plans, their conversions, and the public plans beside the project."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pydicom
import pytest

import transcoder

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "samples"
# The builders of the samples serve tests that draw plans of their own.
sys.path.insert(0, str(SAMPLES))
PUBLIC = ROOT.parent / "shared" / "data" / "first-generation"


@dataclass(frozen=True)
class Converted:
    """A sample plan and what the transcoder made of it."""

    plan: pydicom.Dataset
    sets: list[pydicom.Dataset]
    radiations: list[pydicom.Dataset]
    result: transcoder.Result

    @property
    def radiation(self) -> pydicom.Dataset:
        """The only radiation, or the first."""
        return self.radiations[0]


@cache
def convert_sample(name: str, *, preserve: bool = False) -> Converted:
    """Convert a sample of ``samples/first``; companions named after it are read with it."""
    paths = sorted(path for path in (SAMPLES / "first").glob(f"{name}*.dcm") if path.name.partition(".")[0] == name)
    result = transcoder.transcode(transcoder.read(paths), to="second", preserve=preserve)
    instances = result.bundle.instances
    radiations = [each for each in instances if "RTRecordFlag" in each]
    sets = [each for each in instances if "RTRecordFlag" not in each]
    return Converted(pydicom.dcmread(SAMPLES / "first" / f"{name}.dcm"), sets, radiations, result)


@pytest.fixture
def converted() -> Callable[[str], Converted]:
    """Converts a sample by name."""
    return convert_sample


def sample_names() -> list[str]:
    """All samples that are plans."""
    return sorted(path.stem for path in (SAMPLES / "first").glob("*.dcm") if "." not in path.stem)


def public_plans() -> list[Path]:
    """Public plans beside the project; empty where they are not at hand."""
    return sorted(PUBLIC.glob("*.dcm"))
