"""Named mutators: each takes an item and breaks it in one way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from build import Value, at, put

from transcoder.dicom.elements import Item, tag_of

Mutation: TypeAlias = Callable[[Item], None]


def write(path: str, word: str, value: Value) -> Mutation:
    """Give an attribute another value."""
    return lambda item: put(at(item, path), word, value)


def drop(path: str, word: str) -> Mutation:
    """Remove an attribute."""
    return lambda item: at(item, path).pop(tag_of(word)) and None  # type: ignore[func-returns-value]


def add(path: str, word: str, extra: Item) -> Mutation:
    """Append an item to a sequence."""
    return lambda item: at(item, path)[tag_of(word)].items.append(extra)


def remove(path: str, word: str, place: int) -> Mutation:
    """Take an item out of a sequence."""
    return lambda item: at(item, path)[tag_of(word)].items.pop(place) and None  # type: ignore[func-returns-value]


def repeat(path: str, word: str, place: int = 0) -> Mutation:
    """Append an item that is there already."""

    def apply(item: Item) -> None:
        items = at(item, path)[tag_of(word)].items
        items.append(items[place])

    return apply


def swap(path: str, word: str) -> Mutation:
    """Exchange the last two items of a sequence."""

    def apply(item: Item) -> None:
        items = at(item, path)[tag_of(word)].items
        items[-1], items[-2] = items[-2], items[-1]

    return apply


def both(*mutations: Mutation) -> Mutation:
    """Several at once."""

    def apply(item: Item) -> None:
        for mutation in mutations:
            mutation(item)

    return apply
