"""Common Instance Reference: every instance a target names, by study and series (PS3.3 C.12.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from transcoder.dicom.elements import Item, children_of, keyword, plain_text, tag_of
from transcoder.dicom.instance import Instance
from transcoder.engine.scope import Run
from transcoder.engine.tree import TargetTree
from transcoder.findings import Origin, Severity

__all__ = ["Directory", "check_links", "write_references"]

_CLASS, _INSTANCE = tag_of("ReferencedSOPClassUID"), tag_of("ReferencedSOPInstanceUID")
_STUDY, _SERIES = tag_of("StudyInstanceUID"), tag_of("SeriesInstanceUID")
_SERIES_LIST, _STUDY_LIST = (
    tag_of("ReferencedSeriesSequence"),
    tag_of("StudiesContainingOtherReferencedInstancesSequence"),
)
_INSTANCE_LIST = tag_of("ReferencedInstanceSequence")
# These name no composite instances (C.7.1.1, C.7.2.1, C.7.3.1, C.12.1), so they are not listed.
_NOT_COMPOSITE = frozenset(
    map(
        tag_of,
        [
            "ReferencedPatientSequence",
            "ReferencedStudySequence",
            "ReferencedPerformedProcedureStepSequence",
            "RequestAttributesSequence",
            "ReferencedDefinedProtocolSequence",
            "ReferencedPerformedProtocolSequence",
        ],
    )
)
Home = tuple[str, str]


class Directory:
    """Study and series of each instance that is known: the sources, what they list, and what was made."""

    def __init__(
        self, source: Instance, others: Sequence[Instance], made: Sequence[Item], listing: Sequence[Instance] = ()
    ) -> None:
        self.homes: dict[str, Home] = {}
        for each in (*listing, source):
            self._listed(each.item)
        for item in (source.item, *(other.item for other in others), *made):
            uid = plain_text(item, tag_of("SOPInstanceUID"))
            self.homes[uid] = (plain_text(item, _STUDY), plain_text(item, _SERIES))

    def _listed(self, item: Item) -> None:
        study = plain_text(item, _STUDY)
        for holder, home in (
            (item, study),
            *((each, plain_text(each, _STUDY)) for each in children_of(item, _STUDY_LIST)),
        ):
            for series in children_of(holder, _SERIES_LIST):
                for instance in children_of(series, _INSTANCE_LIST):
                    self.homes[plain_text(instance, _INSTANCE)] = (home, plain_text(series, _SERIES))


def write_references(run: Run, tree: TargetTree, directory: Directory) -> None:
    """List what the target names; an instance of unknown series cannot be listed and is a warning."""
    own = plain_text(tree.root, _STUDY)
    studies: dict[str, dict[str, dict[str, str]]] = {}
    for sop_class, uid in _named_instances(tree.root):
        home = directory.homes.get(uid)
        if home is None:
            run.tell("T105", Severity.WARNING, "a referenced instance cannot be listed: its series is not known",
                     "ReferencedSeriesSequence", cite="PS3.3 C.12.2")  # fmt: skip
            continue
        studies.setdefault(home[0], {}).setdefault(home[1], {})[uid] = sop_class
    if own in studies:
        tree.put(tree.root, _SERIES_LIST, "SQ", _series_items(studies.pop(own)), Origin.GENERATED)
    if studies:
        items = []
        for study, series in sorted(studies.items()):
            item = Item()
            item.put(_STUDY, "UI", study.encode())
            item.put(_SERIES_LIST, "SQ", _series_items(series))
            items.append(item)
        tree.put(tree.root, _STUDY_LIST, "SQ", items, Origin.GENERATED)


def _series_items(series: dict[str, dict[str, str]]) -> list[Item]:
    items = []
    for uid, instances in sorted(series.items()):
        item = Item()
        item.put(_SERIES, "UI", uid.encode())
        item.put(_INSTANCE_LIST, "SQ", [_reference(name, sop_class) for name, sop_class in sorted(instances.items())])
        items.append(item)
    return items


def _reference(uid: str, sop_class: str) -> Item:
    item = Item()
    item.put(_CLASS, "UI", sop_class.encode())
    item.put(_INSTANCE, "UI", uid.encode())
    return item


def _named_instances(item: Item) -> Iterator[tuple[str, str]]:
    """Class and UID of every composite instance that an item names, at any depth."""
    if _CLASS in item and _INSTANCE in item:
        yield plain_text(item, _CLASS), plain_text(item, _INSTANCE)
    for tag, element in item.items():
        if isinstance(element.value, list) and tag not in _NOT_COMPOSITE:
            for child in element.value:
                yield from _named_instances(child)


def check_links(run: Run, sources: Sequence[Instance], uid: str) -> None:
    """The source must not reference what is made of it (C.8.8.13.2)."""
    for source in sources:
        if uid in {name for _, name in _named_instances(source.item)}:
            message = "the source names the instance that would be made of it; no link goes both ways"
            run.tell("T204", Severity.ERROR, message, next(_naming(source.item, uid)), cite="PS3.3 C.8.8.13.2")


def _naming(item: Item, uid: str) -> Iterator[str]:
    """The paths of the attributes of an item that name an instance."""
    if plain_text(item, _INSTANCE) == uid:
        yield keyword(_INSTANCE)
    for tag, element in item.items():
        if isinstance(element.value, list):
            for number, child in enumerate(element.value):
                yield from (f"{keyword(tag)}[{number}]/{path}" for path in _naming(child, uid))
