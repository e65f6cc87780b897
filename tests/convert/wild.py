"""Broken inputs in numbers: the mutators and mutations of the validator's tests, turned on conversions.

Lawful is an input that is converted with an account that closes, one that is refused with a code, and one whose
output the validator keeps back for what was wrong with the source before; TRANSCODER_FUZZ_RECORDS sets how many are
damaged at random.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from transcoder.api import convert_instance
from transcoder.dicom.elements import Damaged, Item, encode, scan
from transcoder.dicom.files import decode, encode_file, read_file
from transcoder.dicom.instance import Instance
from transcoder.findings import Finding, Severity
from transcoder.mapping.catalog import load
from transcoder.standard import iod_for
from transcoder.validator import check_bundle

ROOT = Path(__file__).parents[2]
RECORDS = ROOT / "samples" / "records"
sys.path.insert(0, str(ROOT / "tests" / "validate"))
import mutants  # noqa: E402 - a plain module beside the tests of the validator
from test_fuzz_state import mutate_bytes, mutate_element  # noqa: E402

MUTATORS = mutants.MUTATORS
RUNS = int(os.environ.get("TRANSCODER_FUZZ_RECORDS", "200"))


class Fate(NamedTuple):
    """What became of a broken input: its status, the codes of its errors, and what breaks the law of the house."""

    status: str
    codes: tuple[str, ...]
    unlawful: str = ""
    unaccounted: int = 0


class Bundle(NamedTuple):
    """A good source and what stands beside it."""

    name: str
    source: Instance
    others: tuple[Instance, ...]


@cache
def first(name: str) -> Bundle:
    """A sample record, with its plan where it has one."""
    return _bundle(name, [path for path in sorted((RECORDS / "first").glob(f"{name}*.dcm"))
                          if path.name.partition(".")[0] == name])  # fmt: skip


@cache
def second(name: str) -> Bundle:
    """The record set made of a sample, with its records."""
    return _bundle(name, sorted((RECORDS / "second" / name).glob("*.dcm")))


def _bundle(name: str, paths: Sequence[Path]) -> Bundle:
    held = [read for path in paths if isinstance(read := read_file(path), Instance)]
    assert len(held) == len(paths) > 0
    return Bundle(name, held[0], tuple(held[1:]))


def fate(source: Instance | None, others: Sequence[Instance]) -> Fate:
    """Convert and judge; whatever is raised is a fault of ours."""
    if source is None:
        return Fate("refused", ("S003",))
    outcome = convert_instance(source, others, load())
    errors = tuple(dict.fromkeys(each.code for each in outcome.findings if each.severity is Severity.ERROR))
    if not outcome.made:
        return Fate("refused", errors, "" if errors else "nothing was made, and nobody says why")
    lost = outcome.account.source.unaccounted
    told = sum(int(each.message.split()[0]) for each in outcome.findings if each.code == "T100")
    judged = check_bundle([scan(made.data, implicit=False) for made in outcome.made if not made.file])
    wrong = tuple(sorted({each.code for each in errors_of(judged)}))
    if wrong:
        before = [each for found in check_bundle([source.item, *(other.item for other in others)]) for each in found]
        named = {each.code for each in before} | {word(each.path) for each in before}
        new = [each for each in errors_of(judged) if each.code not in named and word(each.path) not in named]
        return Fate("kept back", wrong, f"faults that the source has not: {new}" if new else "")
    unlawful = f"errors, and yet made: {errors}" if errors else ""
    return Fate("converted", errors, unlawful or ("" if lost == told else "the account does not close"), lost)


def errors_of(judged: Sequence[Sequence[Finding]]) -> list[Finding]:
    """The errors among the findings on several instances."""
    return [each for found in judged for each in found if each.severity is Severity.ERROR]


def word(path: str) -> str:
    """The attribute that a path leads to."""
    return path.rsplit("/", 1)[-1].partition("[")[0]


def rows(bundle: Bundle, mutator: mutants.Mutator, seen: set[str]) -> Iterator[tuple[str, Instance | None]]:
    """The mutants of a source by one mutator, one for each attribute position not seen yet."""
    iod = iod_for(bundle.source.sop_class_uid)
    assert iod is not None
    for row in mutants.rows(bundle.name, iod.key, encode(bundle.source.item), mutator, seen):
        yield row.path, read_again(row.mutant, bundle)


def read_again(item: Item, bundle: Bundle) -> Instance | None:
    """The mutant as it comes from a file; None where the file is damaged, which ends its way (S003)."""
    own = bundle.source
    try:
        raw = encode_file(encode(item), own.sop_class_uid, own.sop_instance_uid)
        return Instance(decode(raw), bundle.name, raw)
    except Damaged:
        return None


def damaged(bundle: Bundle, chance: random.Random, *, whole: bool) -> tuple[int, bytes]:
    """One member of a bundle, mostly the source, and its file: damaged anywhere, or written with damaged elements."""
    members = (bundle.source, *bundle.others)
    place = chance.randrange(len(members)) if chance.randrange(4) == 0 else 0
    own = members[place]
    item = scan(encode(own.item), implicit=False)
    if not whole:
        mutate_element(item, chance)
    raw = encode_file(encode(item), own.sop_class_uid, own.sop_instance_uid)
    return place, mutate_bytes(raw, chance) if whole else raw
