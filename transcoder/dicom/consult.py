"""Which instances of many files belong to one: found by what they name, and read only when they are needed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from transcoder.dicom.elements import Item, tag_of
from transcoder.dicom.files import read_file
from transcoder.dicom.instance import Instance

__all__ = ["Shelf", "class_in", "named_by"]

_INSTANCE = tag_of("ReferencedSOPInstanceUID")
# SOP Class UID stands among the first elements of a data set, behind preamble and file meta information.
_HEAD = 4096
_CLASS_TAG = b"\x08\x00\x16\x00"
# How many instances a shelf keeps at hand.
_KEPT = 8


def class_in(path: Path) -> str:
    """The SOP Class UID that a file shows in its first bytes, empty where they do not (deflated, big endian)."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except OSError:
        return ""
    start = head.find(_CLASS_TAG)
    if start < 0:
        return ""
    explicit = head[start + 4 : start + 6] == b"UI"
    length = int.from_bytes(head[start + 6 : start + 8] if explicit else head[start + 4 : start + 8], "little")
    return head[start + 8 : start + 8 + length].rstrip(b"\0 ").decode("ascii", "replace")


def named_by(item: Item) -> Iterator[str]:
    """The UID of every instance that an item names, at any depth."""
    element = item.get(_INSTANCE)
    if element is not None:
        yield element.raw.rstrip(b"\0 ").decode("ascii", "replace")
    for each in item.values():
        if isinstance(each.value, list):
            for child in each.value:
                yield from named_by(child)


class Shelf:
    """The files of a run that others may consult: their names and what they name are kept, their content is not."""

    def __init__(
        self, paths: Iterable[Path], classes: Collection[str], shared: Mapping[str, str] | None = None
    ) -> None:
        self._shared = shared or {}
        self._sharing: dict[tuple[str, bytes], list[str]] = {}
        self._paths: dict[str, Path] = {}
        self._names: dict[str, frozenset[str]] = {}
        # The other way round: what names an instance.
        self._naming: dict[str, list[str]] = {}
        self._read: dict[str, Instance] = {}
        for path in paths:
            shown = class_in(path)
            if shown and shown not in classes:
                continue
            read = read_file(path)
            if isinstance(read, Instance) and read.sop_class_uid in classes:
                self._paths.setdefault(read.sop_instance_uid, path)
                if read.sop_instance_uid not in self._names:
                    self._note_names(read)
                if key := self._key(read):
                    self._sharing.setdefault(key, []).append(read.sop_instance_uid)

    def _note_names(self, instance: Instance) -> None:
        uid = instance.sop_instance_uid
        self._names[uid] = frozenset(named_by(instance.item))
        for named in sorted(self._names[uid]):
            self._naming.setdefault(named, []).append(uid)

    def of_class(self, sop_class_uid: str) -> list[Instance]:
        """Every instance of one class, in the order of their UIDs."""
        read = [read_file(path) for _, path in sorted(self._paths.items())]
        return [each for each in read if isinstance(each, Instance) and each.sop_class_uid == sop_class_uid]

    def _key(self, instance: Instance) -> tuple[str, bytes] | None:
        word = self._shared.get(instance.sop_class_uid)
        element = instance.item.get(tag_of(word)) if word else None
        return (instance.sop_class_uid, element.raw.rstrip(b"\0 ")) if element is not None else None

    def sharing(self, instance: Instance) -> list[Instance]:
        """The other instances of its class that share what the shelf was told to go by (``shared``)."""
        key = self._key(instance)
        named = {uid: None for uid in (self._sharing.get(key, ()) if key else ()) if uid != instance.sop_instance_uid}
        return [read for uid in named if (read := self._instance(uid)) is not None]

    def beside(self, instance: Instance) -> list[Instance]:
        """What the instance names, what names it, and what stands in such a relation to those."""
        named = frozenset(named_by(instance.item))
        # What it names need not be at hand: a set names the plan that a record names.
        found = {instance.sop_instance_uid, *named}
        for _ in range(2):
            names = [named if uid == instance.sop_instance_uid else self._names.get(uid, ()) for uid in found]
            found |= {each for part in names for each in part if each in self._names}
            found |= {uid for each in found for uid in self._naming.get(each, ())}
        wanted = sorted((found - {instance.sop_instance_uid}) & self._paths.keys())
        return [read for uid in wanted if (read := self._instance(uid)) is not None]

    def _instance(self, uid: str) -> Instance | None:
        """One of the files, read; the last few are kept, because a plan has many records."""
        held = self._read.pop(uid, None)
        if held is None:
            read = read_file(self._paths[uid])
            if not isinstance(read, Instance):
                return None
            held = read
        while len(self._read) >= _KEPT:
            del self._read[next(iter(self._read))]
        self._read[uid] = held
        return held
