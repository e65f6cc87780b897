"""One DICOM instance as the stages hand it on: its tree of undecoded elements and where it came from."""

from __future__ import annotations

from dataclasses import dataclass

from transcoder.dicom.elements import Item

__all__ = ["Instance"]

_SOP_CLASS_UID = 0x00080016
_SOP_INSTANCE_UID = 0x00080018


@dataclass(eq=False)
class Instance:
    """A data set (without file meta information) with the path it was read from, empty when it was made here."""

    item: Item
    path: str = ""

    @property
    def sop_class_uid(self) -> str:
        """SOP Class UID, empty when the data set has none."""
        return self._uid(_SOP_CLASS_UID)

    @property
    def sop_instance_uid(self) -> str:
        """SOP Instance UID, empty when the data set has none."""
        return self._uid(_SOP_INSTANCE_UID)

    def _uid(self, tag: int) -> str:
        element = self.item.get(tag)
        return element.raw.rstrip(b"\0 ").decode("ascii", "replace") if element else ""
