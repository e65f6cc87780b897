"""One DICOM instance as the stages hand it on: its tree of undecoded elements and where it came from."""

from __future__ import annotations

from dataclasses import dataclass

from transcoder.dicom.elements import Item

__all__ = ["Instance"]

_SOP_CLASS_UID = 0x00080016
_SOP_INSTANCE_UID = 0x00080018


@dataclass(eq=False)
class Instance:
    """A data set (without file meta information), the path it was read from, and the file's bytes.

    Path and bytes are empty for an instance that did not come from a file.
    """

    item: Item
    path: str = ""
    raw: bytes = b""

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
