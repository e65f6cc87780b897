"""Instances that belong together, as pydicom data sets for callers and as bytes or trees for the stages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from transcoder.dicom.elements import Item, encode, scan
from transcoder.dicom.instance import Instance

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["Bundle", "dataset_of", "instance_of"]


class Bundle:
    """Instances that are converted, validated or written together.

    Instances made here are kept as bytes; :attr:`instances` gives pydicom data sets, which from then on are what
    counts: changes made to them are validated and written.
    """

    def __init__(self, sources: Iterable[Instance] = (), encoded: Iterable[bytes] = ()) -> None:
        self._sources = list(sources)
        self._encoded = list(encoded)
        self._datasets: list[Dataset] | None = None

    def __len__(self) -> int:
        return len(self._sources) + len(self._encoded)

    @property
    def instances(self) -> list[Dataset]:
        """The instances as pydicom data sets, ready to write or to send (explicit VR little endian)."""
        if self._datasets is None:
            self._datasets = [dataset_of(data) for data in self.encoded()]
        return self._datasets

    def members(self) -> Sequence[Instance]:
        """The instances as trees of undecoded elements."""
        if self._datasets is not None:
            return [instance_of(dataset) for dataset in self._datasets]
        return [*self._sources, *(Instance(scan(data, implicit=False)) for data in self._encoded)]

    def items(self) -> list[Item]:
        """The data sets of the members."""
        return [member.item for member in self.members()]

    def encoded(self) -> list[bytes]:
        """The instances as encoded data sets (explicit VR little endian)."""
        if self._datasets is not None:
            return [_encoded(dataset) for dataset in self._datasets]
        return [*(encode(source.item) for source in self._sources), *self._encoded]


def dataset_of(data: bytes) -> Dataset:
    """A pydicom data set of an encoded one (explicit VR little endian), with file meta information."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.filereader import dcmread
    from pydicom.uid import UID, ExplicitVRLittleEndian

    from transcoder.dicom.files import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION, encode_file

    item = scan(data, implicit=False)
    names = Instance(item)
    dataset = dcmread(BytesIO(encode_file(data, names.sop_class_uid, names.sop_instance_uid)))
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(names.sop_class_uid)
    meta.MediaStorageSOPInstanceUID = UID(names.sop_instance_uid)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION
    dataset.file_meta = meta
    return dataset


def instance_of(dataset: Dataset) -> Instance:
    """A tree of a pydicom data set."""
    return Instance(scan(_encoded(dataset), implicit=False))


def _encoded(dataset: Dataset) -> bytes:
    from pydicom.dataset import Dataset
    from pydicom.filewriter import dcmwrite

    # A plain copy without file meta: writing must not change the caller's data set.
    plain = Dataset(dataset)
    implicit, little = dataset.original_encoding
    plain.set_original_encoding(implicit, little, dataset.original_character_set)
    buffer = BytesIO()
    dcmwrite(buffer, plain, implicit_vr=False, little_endian=True, force_encoding=True)
    return buffer.getvalue()
