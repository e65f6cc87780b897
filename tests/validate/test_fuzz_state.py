"""Seeded mutations of bytes and elements: the checks of state, references and bundles never raise.

TRANSCODER_FUZZ sets the number of runs; the default keeps the test short.
"""

from __future__ import annotations

import os
import random
import time

from build import bundle

from transcoder.dicom.elements import Damaged, Element, Item, encode, scan, walk
from transcoder.validator.bundle import check_across
from transcoder.validator.instance import CHECKS

RUNS = int(os.environ.get("TRANSCODER_FUZZ", "600"))
SLOWEST = 2.0
JUNK = (b"", b"\0", b"\\", b"x", b"1e999", b"nan", b"-0", b"\xff\xff\xff\xff", b"1\\2\\x", b" 7 ", bytes(16))


def judge(items: list[Item]) -> None:
    for item in items:
        for check in CHECKS[1:]:
            list(check(item))
    check_across(items)


def mutate_bytes(raw: bytes, chance: random.Random) -> bytes:
    data = bytearray(raw)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(data))
        kind = chance.randrange(4)
        if kind == 0:
            data[place] = chance.randrange(256)
        elif kind == 1:
            del data[place : place + chance.randint(1, 8)]
        elif kind == 2:
            data[place:place] = chance.randbytes(chance.randint(1, 8))
        else:
            data[place : place + 4] = chance.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xfe\xff\0\xe0"))
    return bytes(data)


def mutate_element(item: Item, chance: random.Random) -> None:
    holders = [item] + [child for _, element in walk(item) if element.vr == "SQ" for child in element.items]
    for _ in range(chance.randint(1, 5)):
        holder = chance.choice(holders)
        if not holder:
            continue
        tag = chance.choice(list(holder))
        kind = chance.randrange(5)
        if kind == 0:
            del holder[tag]
        elif kind == 1:
            holder[tag] = Element(tag, chance.choice(("DS", "FD", "SQ", "UN", "US", "LO", "??")), chance.choice(JUNK))
        elif kind == 2:
            holder[tag] = Element(tag, holder[tag].vr, chance.choice(JUNK))
        elif kind == 3:
            other = chance.choice(holders)
            if other:
                source = chance.choice(list(other.values()))
                holder[source.tag] = Element(source.tag, source.vr, source.raw)
        else:
            # Leaves only: no bytes can describe an item that holds itself.
            leaves = [each for each in holders if all(element.vr != "SQ" for element in each.values())]
            holder[tag] = Element(tag, "SQ", [Item(chance.choice(leaves)) for _ in range(chance.randrange(3))])
            return


def test_mutations_leave_no_traceback() -> None:
    chance = random.Random(20240623)  # noqa: S311 - repeatable, not secret
    raw = [encode(item) for item in bundle()]
    slowest = 0.0
    damaged = 0
    for run in range(RUNS):
        items = [scan(each, implicit=False) for each in raw]
        place = chance.randrange(len(items))
        if run % 2:
            try:
                items[place] = scan(mutate_bytes(raw[place], chance), implicit=False)
            except Damaged:
                damaged += 1
                continue
        else:
            mutate_element(items[place], chance)
        start = time.process_time()
        judge(items if run % 10 == 0 else items[place : place + 1])
        slowest = max(slowest, time.process_time() - start)
    assert damaged < RUNS / 2
    assert slowest < SLOWEST
