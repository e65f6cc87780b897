"""Named mutators of the table-driven part, and the rows they make from good instances.

A mutator looks at one element of a good instance and says which codes its mutation shall bring, or that it has nothing
to do there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from struct import pack
from typing import NamedTuple

from minimal import at, is_code, plain, table, text_value

from transcoder.dicom.elements import Element, Item, scan, tag_of, walk
from transcoder.standard import Attribute, ContextGroup, code_groups, iod, module
from transcoder.validator.rules import JUDGED_WITH_POINTS
from transcoder.validator.values import BINARY, MULTI

Codes = frozenset[str]
NOTHING: Codes = frozenset()
Mutator = Callable[[Item, Element, Attribute], Codes]

WRONG = {
    "DS": (b"1,5 ", "V124"), "IS": (b"1.5 ", "V124"), "DA": (b"20240230", "V122"), "TM": (b"2561", "V122"),
    "DT": (b"20241301", "V122"), "UI": (b"1.02", "V122"), "CS": (b"lower ", "V124"), "AS": (b"40Y ", "V124"),
    "SH": (b"seventeen letters ", "V123"), "LO": (b"x" * 66, "V123"), "PN": (b"a^b^c^d^e^f ", "V122"),
    "ST": (b"\0\x01", "V124"), "LT": (b"a\x02", "V124"), "UT": (b"a\x03", "V124"), "FD": (b"1234", "V122"),
    "FL": (b"12", "V122"), "US": (b"123 "[:3] + b"4", ""), "UL": (b"12", "V122"), "AE": (b"a" * 18, "V123"),
}  # fmt: skip


NOT_FINITE = {"FD": pack("<d", math.nan), "FL": pack("<f", math.inf), "OF": pack("<f", math.nan)}


def codes(*names: str) -> Codes:
    return frozenset(names)


def drop(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Remove the attribute."""
    expected = {"1": "V110", "2": "V112", "1C": "V113", "2C": "V115"}.get(attribute.type)
    if expected is None:
        return NOTHING
    del item[element.tag]
    return codes(expected)


def empty(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Remove the value or all items."""
    expected = {"1": "V111", "1C": "V114"}.get(attribute.type)
    if expected is None:
        return NOTHING
    element.value = [] if element.vr == "SQ" else b""
    return codes(expected)


def other_vr(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Encode the value in another representation."""
    if element.vr == "SQ":
        element.vr, element.value = "LO", b"text"
    else:
        element.vr = "UT" if attribute.vr != "UT" else "LO"
    return codes("V120")


def as_unknown(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Encode the value as UN."""
    if element.vr == "SQ":
        return NOTHING
    element.vr = "UN"
    return codes("V121")


def wrong_text(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Write a value that its representation does not allow."""
    value, code = WRONG.get(element.vr, (b"", ""))
    if not code:
        return NOTHING
    element.value = value
    return codes(code)


def not_finite(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Write a number that cannot be compared as the last value."""
    if element.is_empty() or element.vr not in ("DS", *NOT_FINITE):
        return NOTHING
    if element.vr == "DS":
        element.value = text_value("DS", "\\".join([*element.raw.decode().strip().split("\\")[:-1], "1e999"]))
    else:
        element.value = element.raw[: -len(NOT_FINITE[element.vr])] + NOT_FINITE[element.vr]
    return codes("V122")


def not_finite_unknown(item: Item, element: Element, attribute: Attribute) -> Codes:
    """The same in an element that hides its representation."""
    told = not_finite(item, element, attribute)
    element.vr = "UN" if told else element.vr
    return told


def odd_length(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Take the last byte away."""
    if not isinstance(element.value, bytes) or not element.value:
        return NOTHING
    element.value = element.value[:-1]
    return codes("V129")


def other_term(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Write a term that is not listed."""
    if element.vr != "CS" or element.is_empty():
        return NOTHING
    element.value = text_value("CS", "NO_SUCH_TERM")
    if attribute.enumerated_values:
        return codes("V130")
    return codes("V131") if attribute.defined_terms else NOTHING


def twice(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Write one value more than the multiplicity allows."""
    value = element.value
    single = attribute.vm.isdigit() and (attribute.vr in MULTI or attribute.vr in ("FD", "FL", "US", "UL", "DS"))
    if not single or not isinstance(value, bytes) or element.is_empty():
        return NOTHING
    element.value = value + value if element.vr in BINARY else _doubled(element.vr, value)
    return codes("V127")


def _doubled(vr: str, value: bytes) -> bytes:
    stripped = value.rstrip(b" \0").decode("latin-1")
    return text_value(vr, f"{stripped}\\{stripped}")


def one_item_more(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Repeat the last item where only one is permitted."""
    if element.vr != "SQ" or not element.items or attribute.items not in ("1", "0-1"):
        return NOTHING
    element.items.append(element.items[-1])
    return codes("V140")


def listed(attribute: Attribute) -> list[ContextGroup]:
    """The groups and templates that a code must be in; none when one of them lists no codes."""
    groups = [group for group, _ in code_groups(attribute) if group is not None and group.codes]
    return groups if len(groups) == len(code_groups(attribute)) else []


def one_item_uncounted(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Repeat the last item of a sequence whose items an attribute or another sequence counts."""
    counted = attribute.items.startswith("= ") and attribute.items.removeprefix("= ") not in JUDGED_WITH_POINTS
    if element.vr != "SQ" or not counted or not element.items:
        return NOTHING
    element.items.append(element.items[-1])
    return codes("V141")


def foreign_code(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Replace a code by one of another scheme."""
    groups = listed(attribute)
    if not is_code(attribute) or not element.items or not groups:
        return NOTHING
    _put(element.items[0], "CodeValue", "4711")
    _put(element.items[0], "CodingSchemeDesignator", "99LOCAL")
    if {kind for _, kind in code_groups(attribute)} != {"defined"}:
        return codes("V152")
    return codes("V151") if any(group.extensible for group in groups) else codes("V150")


def other_scheme(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Keep the code value and name another coding scheme."""
    groups = listed(attribute)
    if not is_code(attribute) or not element.items or not groups:
        return NOTHING
    _put(element.items[0], "CodingSchemeDesignator", "99LOCAL")
    return codes("V154")


def other_meaning(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Give a listed code another meaning."""
    if not is_code(attribute) or not element.items:
        return NOTHING
    if not any(group.codes for group, _ in code_groups(attribute) if group is not None):
        return NOTHING
    _put(element.items[0], "CodeMeaning", "something else")
    return codes("V153")


def fixed_code(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Replace the code that the IOD asks for."""
    if not attribute.codes or not element.items:
        return NOTHING
    _put(element.items[0], "CodeValue", "4711")
    return codes("V155")


def _put(item: Item, word: str, value: str) -> None:
    item.put(tag_of(word), "LO" if word == "CodeMeaning" else "SH", text_value("SH", value))


def other_class(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Refer to an instance of a class that does not belong here."""
    if not any(rule["kind"] == "class_in" for rule in attribute.rules) or not element.items:
        return NOTHING
    element.items[0].put(tag_of("ReferencedSOPClassUID"), "UI", text_value("UI", "1.2.840.10008.5.1.4.1.1.2"))
    return codes("V136")


def utf8_unannounced(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Write a letter that is not in the default repertoire."""
    if element.vr not in ("SH", "LO", "PN", "ST", "LT", "UT", "UC"):
        return NOTHING
    element.value = "é".encode()
    return codes("V125")


def padded_with_space(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Pad a UID with a space."""
    if element.vr != "UI":
        return NOTHING
    element.value = b"1.2.3.4.56"[:9] + b" "
    return codes("V128", "V130") if attribute.enumerated_values else codes("V128")


def _inside(element: Element, tag: int, vr: str, value: bytes, code: str) -> Codes:
    """What an element in the first item brings."""
    if element.vr != "SQ" or not element.items:
        return NOTHING
    element.items[0].put(tag, vr, value)
    return codes(code)


def private_alone(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Add a private element without its creator to each first item."""
    return _inside(element, 0x00991001, "LO", b"text", "V162")


def misplaced(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Put an attribute of the root into an item."""
    return _inside(element, tag_of("StudyID"), "SH", b"1 ", "V161")


def extended(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Put an attribute of another IOD into an item."""
    return _inside(element, tag_of("EchoTime"), "DS", b"1 ", "V160")


def unheard_of(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Put an even tag that no dictionary has into an item."""
    return _inside(element, 0x300AFFF0, "LO", b"text", "V163")


def foreign_group(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Put an element of the file meta information into an item."""
    return _inside(element, 0x00020010, "UI", b"1.2.3\0", "V164")


def broken_sequence(item: Item, element: Element, attribute: Attribute) -> Codes:
    """Replace the items by bytes that are none."""
    if element.vr != "SQ":
        return NOTHING
    element.value = b"\x01\x02\x03\x04\x05\x06\x07\x08"
    return codes("V142")


MUTATORS: tuple[Mutator, ...] = (
    drop, empty, other_vr, as_unknown, wrong_text, not_finite, not_finite_unknown, odd_length, other_term, twice,
    one_item_more, one_item_uncounted, foreign_code, other_scheme, other_meaning, fixed_code, other_class,
    utf8_unannounced, padded_with_space, private_alone, misplaced, extended, unheard_of, foreign_group, broken_sequence,
)  # fmt: skip


class Row(NamedTuple):
    """One mutant: the instance it comes from, who made it where, what it shall bring, and itself."""

    source: str
    mutator: str
    path: str
    expected: Codes
    mutant: Item


def _may_go(key: str, source: str, place: str, attribute: Attribute) -> bool:
    """Whether removing the attribute leaves the instance good, or not decidable."""
    if "FunctionalGroupsSequence/" in place and place.count("/") == 1:
        return True  # judged as functional groups (V143)
    if attribute.type in ("1C", "2C"):
        return source != key  # in the least instance every condition is met, in a sample nobody knows
    holders = [use for use in iod(key).modules if attribute in module(use.key).attributes]
    return bool(holders) and all(use.usage != "M" for use in holders)  # the module may go with it


def rows(source: str, key: str, encoded: bytes, mutator: Mutator, seen: set[str]) -> Iterator[Row]:
    """The mutants of one good instance by one mutator, one for each attribute position not seen yet."""
    attributes = table(key)
    for path, _ in list(walk(scan(encoded, implicit=False))):
        place = plain(path)
        attribute = attributes.get(place)
        if attribute is None or place == "SOPClassUID" or place in seen:
            continue
        if mutator is drop and _may_go(key, source, place, attribute):
            continue
        mutant = scan(encoded, implicit=False)
        item, word = at(mutant, path)
        expected = mutator(item, item[tag_of(word)], attribute)
        if expected:
            seen.add(place)
            yield Row(source, mutator.__name__, path, expected, mutant)
