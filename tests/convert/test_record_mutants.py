"""Every mutant of a treatment record and of a record set is converted lawfully, or refused with a code."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import pytest

from transcoder.dicom.elements import Damaged
from transcoder.dicom.files import decode
from transcoder.dicom.instance import Instance

from . import wild

# Together these have every kind of item that the sheets of records read.
SAMPLES = {"first": ("interrupted-fraction", "overrides", "wedge-record"), "second": ("interrupted-fraction",)}
# They put an element into an item where no IOD has one: it is told of as unaccounted for (T100).
STRAY = frozenset(["misplaced", "extended", "unheard_of", "foreign_group"])
LEAST = 700


def bundles(side: str) -> list[wild.Bundle]:
    return [getattr(wild, side)(name) for name in SAMPLES[side]]


_STATUS: Counter[str] = Counter()


@pytest.mark.parametrize("side", SAMPLES)
@pytest.mark.parametrize("mutator", wild.MUTATORS, ids=lambda mutator: mutator.__name__)
def test_every_mutant_is_lawful(mutator: wild.mutants.Mutator, side: str) -> None:
    seen: set[str] = set()
    unlawful = []
    for bundle in bundles(side):
        for path, source in wild.rows(bundle, mutator, seen):
            found = wild.fate(source, bundle.others)
            _STATUS[found.status] += 1
            if found.unlawful or found.unaccounted > (mutator.__name__ in STRAY):
                unlawful.append(f"{bundle.name} {path}: {found}")
    assert unlawful == []


def test_there_are_enough_mutants_of_each_fate() -> None:
    """Runs after those above; alone it has nothing to count."""
    if _STATUS:
        assert sum(_STATUS.values()) >= LEAST
        assert set(_STATUS) == {"converted", "refused", "kept back"}


@pytest.mark.parametrize("whole", [True, False], ids=["bytes", "elements"])
@pytest.mark.parametrize("side", SAMPLES)
def test_damaged_files_never_end_in_an_exception(side: str, whole: bool) -> None:
    """What is damaged in several places may come out with another fault than it went in with; it is kept back."""
    chance = random.Random(20261124)  # noqa: S311 - repeatable, not secret
    counts: Counter[str] = Counter()
    for _ in range(wild.RUNS):
        bundle = chance.choice(bundles(side))
        place, raw = wild.damaged(bundle, chance, whole=whole)
        found = _fate_of_file(bundle, place, raw)
        assert not found.unlawful or found.status == "kept back", (bundle.name, found)
        counts[found.status] += 1
    assert sum(counts.values()) == wild.RUNS
    assert counts["converted"] > 0 < counts["refused"], counts


def _fate_of_file(bundle: wild.Bundle, place: int, raw: bytes) -> wild.Fate:
    members: Sequence[Instance] = (bundle.source, *bundle.others)
    try:
        own = Instance(decode(raw), "damaged", raw)
    except (Damaged, ValueError, LookupError, RecursionError):  # what reading a file makes S003 of
        return wild.Fate("refused", ("S003",))
    held = [own if number == place else each for number, each in enumerate(members)]
    return wild.fate(held[0], held[1:])
