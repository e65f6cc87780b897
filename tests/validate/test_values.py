"""Values by their representation: what is accepted, what is not and why; and nothing makes the validator stumble."""

from __future__ import annotations

import random
import struct

import pytest
from files import load, samples
from hypothesis import given, settings
from hypothesis import strategies as st
from minimal import minimal

from transcoder.dicom.elements import Damaged, Item, encode, scan
from transcoder.standard import iods
from transcoder.validator import charsets, check_bundle, check_instance
from transcoder.validator.multiplicity import fits, range_of
from transcoder.validator.values import BINARY, count, fault

GOOD = [
    ("AE", b"STORE_SCP "), ("AS", b"018M"), ("CS", b"A_1 "), ("CS", b"A\\\\B"), ("DA", b"20240229"),
    ("DS", b"-1.5e-3 "), ("DS", b"1\\2\\3 "), ("DS", b" 1. "), ("DS", b".5"), ("DS", b""), ("DT", b"2024"),
    ("DT", b"20240229120000.123456+0100"), ("IS", b"-2147483648 "), ("IS", b"+7"), ("LO", b"a" * 64),
    ("LO", b"a" * 64 + b"\\" + b"b" * 64), ("PN", b"A^B^C^D^E=F=G "), ("PN", b"a" * 64 + b"=" + b"b" * 64),
    ("SH", b"a" * 16), ("ST", b"a\r\nb\t"), ("LT", b"a\x0cb "), ("TM", b"23"), ("TM", b"235960.1"),
    ("UI", b"1.2.0.3\0"), ("UI", b"1.2\\1.3\0"), ("UR", b"http://host/a b"), ("FD", struct.pack("<d", 1.5)),
    ("OW", b"1234"),
]  # fmt: skip
BAD = [
    ("AE", b"A" * 17, "V123"), ("AE", b"A\x07", "V124"), ("AS", b"18M ", "V122"), ("CS", b"a ", "V124"),
    ("CS", b"A" * 18, "V123"), ("CS", b"A\0", "V128"), ("DA", b"20240230", "V122"), ("DA", b"2024.02.29", "V123"),
    ("DA", b"20241301", "V122"), ("DS", b"66 .0 ", "V122"), ("DS", b"1,0 ", "V124"),
    ("DS", b"0.12345678901234567", "V123"),
    ("DS", b"1e", "V122"), ("DS", b"NaN ", "V124"), ("DT", b"20240230", "V122"), ("DT", b"202413", "V122"),
    ("IS", b"1.0 ", "V124"), ("IS", b"2147483648", "V122"), ("LO", b"a" * 66, "V123"), ("LO", b"a\nb ", "V124"),
    ("PN", b"A^B^C^D^E^F ", "V122"), ("PN", b"A=B=C=D ", "V122"), ("PN", b"a" * 66, "V123"), ("SH", b"a" * 18, "V123"),
    ("SH", b"a\0", "V128"), ("SH", b"\xc3\xa9", "V125"), ("ST", b"a" * 1026, "V123"), ("ST", b"a\x01", "V124"),
    ("TM", b"2400", "V122"), ("TM", b"12:00:00", "V124"), ("UI", b"1.02", "V122"), ("UI", b"1..2", "V122"),
    ("UI", b"1.2 ", "V128"), ("UI", b"1." * 33 + b"1\0", "V123"), ("UI", b"1.2a", "V124"), ("UI", b"12345678", "V122"),
    ("UI", b"3.2 "[:3], "V122"), ("UR", b" http", "V122"),
    ("FD", b"1234", "V122"), ("US", b"1", "V122"), ("ZZ", b"", "V120"),
]  # fmt: skip


@pytest.mark.parametrize(("vr", "raw"), GOOD)
def test_good_values(vr: str, raw: bytes) -> None:
    assert fault(vr, raw) is None


@pytest.mark.parametrize(("vr", "raw", "code"), BAD)
def test_bad_values(vr: str, raw: bytes, code: str) -> None:
    wrong = fault(vr, raw)
    assert wrong is not None
    assert wrong.code == code


@pytest.mark.parametrize(
    ("vr", "raw", "number"),
    [
        ("DS", b"1\\2", 2),
        ("DS", b"  ", 0),
        ("ST", b"a\\b ", 1),
        ("FD", bytes(24), 3),
        ("LO", b"a\\\\b ", 3),
        ("OB", b"ab", 1),
    ],
)
def test_number_of_values(vr: str, raw: bytes, number: int) -> None:
    assert count(vr, raw) == number


@pytest.mark.parametrize(
    ("vm", "good", "bad"),
    [
        ("1", [1], [0, 2]), ("1-3", [1, 3], [4]), ("2-n", [2, 9], [1]), ("2-2n", [2, 4], [1, 3]), ("3-3n", [3, 6], [4]),
        ("1-n or 1", [1, 5], [0]),
    ],
)  # fmt: skip
def test_multiplicity(vm: str, good: list[int], bad: list[int]) -> None:
    assert all(map(fits(vm), good))
    assert not any(map(fits(vm), bad))


def test_item_ranges() -> None:
    assert range_of("0-1") == (0, 1)
    assert range_of("2") == (2, 2)
    assert range_of("= NumberOfWedges") is None


@pytest.mark.parametrize(
    ("sets", "raw", "length"),
    [
        ((), b"abc", 3),
        (("ISO_IR 192",), "Ж日é".encode(), 3),
        (("ISO_IR 100",), "é".encode("latin-1"), 1),
        (("ISO_IR 144",), "Жук".encode("iso8859_5"), 3),
        (("GB18030",), "王".encode("gb18030"), 1),
        (("", "ISO 2022 IR 87"), b"Yamada=\x1b$B;3ED\x1b(B", 10),
        (("ISO_IR 192",), b"\xff\xfe", None),
        ((), b"\xe9", None),
    ],
)
def test_character_sets(sets: tuple[str, ...], raw: bytes, length: int | None) -> None:
    text = charsets.decode(raw, sets)
    assert (text is None) == (length is None)
    assert text is None or abs(len(text) - (length or 0)) <= 3  # what escape sequences hide is not counted exactly


@pytest.mark.parametrize(
    ("raw", "faulty"),
    [
        (b"ISO_IR 192", 0), (b"UTF-8 ", 1), (b"\\ISO 2022 IR 87", 0), (b"ISO_IR 192\\ISO 2022 IR 87", 1),
        (b"ISO 2022 IR 6\\ISO 2022 IR 149", 0), (b"ISO_IR 100\\ISO_IR 192 ", 1),
    ],
)  # fmt: skip
def test_terms_of_character_sets(raw: bytes, faulty: int) -> None:
    assert len(charsets.faulty_terms(charsets.terms(raw))) == faulty


@given(
    st.sampled_from([*BINARY, "DS", "IS", "DA", "TM", "DT", "UI", "CS", "AE", "AS", "LO", "PN", "ST", "UR"]),
    st.binary(max_size=40),
)
@settings(max_examples=400, deadline=None)
def test_any_bytes_are_judged_without_a_traceback(vr: str, raw: bytes) -> None:
    for sets in ((), ("ISO_IR 192",), ("", "ISO 2022 IR 87"), ("nonsense",)):
        wrong = fault(vr, raw, sets)
        assert wrong is None or raw not in wrong.message.encode() or len(raw) < 4


def _broken(rng: random.Random, whole: bytes) -> bytes:
    body = bytearray(whole)
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(body))
        kind = rng.randrange(12)
        if kind == 0:
            del body[place : place + rng.randint(1, 9)]
        elif kind == 1:
            other = rng.randrange(len(body))
            body[place : place + 8] = body[other : other + 8]
        else:
            body[place] = rng.randrange(256)
    return bytes(body)


@pytest.mark.parametrize("seed", range(10))
def test_broken_bytes_bring_findings_and_no_traceback(seed: int) -> None:
    """Bytes of good instances, changed at random: either they cannot be read, or they are judged."""
    rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
    sources = [encode(minimal(key)) for key in iods()]
    sources += [encode(load(path)) for path in samples("first")[::9] if path.stat().st_size < 20_000]
    judged = 0
    for _ in range(150):
        try:
            item = scan(_broken(rng, rng.choice(sources)), implicit=False)
        except Damaged:
            continue
        judged += 1
        check_instance(item)
    assert judged > 20


@pytest.mark.parametrize("seed", range(5))
def test_exchanged_elements_bring_no_traceback(seed: int) -> None:
    """Elements moved to places where they do not belong, with values of other representations."""
    rng = random.Random(seed)  # noqa: S311
    for _ in range(60):
        left, right = (minimal(rng.choice(iods())) for _ in range(2))
        items = [left, *_items(left)]
        elements = [element for item in (right, *_items(right)) for element in item.values()]
        for _ in range(3):
            target, element = rng.choice(items), rng.choice(elements)
            tag = rng.choice([element.tag, *target])
            target.put(tag, rng.choice([element.vr, "LO", "UN", "SQ"]), element.value)
        check_bundle([left, right])


def _items(item: Item) -> list[Item]:
    found: list[Item] = []
    for element in item.values():
        if isinstance(element.value, list):
            for child in element.value:
                found += [child, *_items(child)]
    return found


@pytest.mark.parametrize(
    ("vr", "good"), [("DS", b"123.4567"), ("IS", b"1234567"), ("TM", b"120000.123"), ("UI", b"1.2.3")]
)
def test_a_fault_behind_many_values_is_found_at_once(vr: str, good: bytes) -> None:
    """Backtracking over the values in front would take longer than the universe has left."""
    wrong = fault(vr, b"\\".join([good] * 400) + b"\\?")
    assert wrong is not None
    assert wrong.code == "V124"
