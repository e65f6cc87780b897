"""The register of samples and how each becomes a file."""

import inspect
import io
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from .elements import uid

Result = TypeVar("Result")
Build = Callable[[str], Result]


class Encoding(Enum):
    """Transfer syntax, and whether sequences and items have undefined length."""

    EXPLICIT = (ExplicitVRLittleEndian, False)
    EXPLICIT_UNDEFINED_LENGTH = (ExplicitVRLittleEndian, True)
    IMPLICIT = (ImplicitVRLittleEndian, False)
    IMPLICIT_UNDEFINED_LENGTH = (ImplicitVRLittleEndian, True)
    DEFLATED = (DeflatedExplicitVRLittleEndian, False)


@dataclass(frozen=True)
class Sample(Generic[Result]):
    """A named sample; its explanation is the docstring of the function that builds it."""

    name: str
    function: Build[Result]
    encoding: Encoding
    # Of treatment records: what gave the machine its instructions.
    delivered_by: str = "plan"

    def build(self) -> Result:
        """The sample itself."""
        return self.function(self.name)

    def explanation(self, label: str) -> str:
        """The part of the docstring after "label:"; the label of its first paragraph is "Shows"."""
        text = "Shows: " + inspect.cleandoc(self.function.__doc__ or "")
        found = re.search(rf"^{label}: (.*?)(?=\n\n|\n[A-Z][a-z]+: |\Z)", text, re.DOTALL | re.MULTILINE)
        return " ".join(found[1].split()) if found else ""


GOOD: dict[str, Sample[Dataset]] = {}
BAD: dict[str, Sample[bytes]] = {}
# Of treatment records: the record under "", what is given beside it under the word of its file name.
Given = dict[str, Dataset]
RECORDS: dict[str, Sample[Given]] = {}
BAD_RECORDS: dict[str, Sample[Given]] = {}


def sample(
    encoding: Encoding = Encoding.EXPLICIT, name: str | None = None
) -> Callable[[Build[Dataset]], Build[Dataset]]:
    """Register a plan that can be converted, under the name of its function with dashes."""
    return lambda function: _enter(GOOD, function, encoding, name)


def bad(name: str | None = None) -> Callable[[Build[bytes]], Build[bytes]]:
    """Register a file that must be refused."""
    return lambda function: _enter(BAD, function, Encoding.EXPLICIT, name)


def recorded(
    encoding: Encoding = Encoding.EXPLICIT, *, delivered_by: str = "plan"
) -> Callable[[Build[Given]], Build[Given]]:
    """Register a treatment record that can be converted."""
    return lambda function: _enter(RECORDS, function, encoding, None, delivered_by)


def bad_record(*, delivered_by: str = "plan") -> Callable[[Build[Given]], Build[Given]]:
    """Register a treatment record that must be refused."""
    return lambda function: _enter(BAD_RECORDS, function, Encoding.EXPLICIT, None, delivered_by)


def _enter(
    register: dict[str, Sample[Result]],
    function: Build[Result],
    encoding: Encoding,
    name: str | None,
    delivered_by: str = "plan",
) -> Build[Result]:
    key = name or function.__name__.replace("_", "-")
    register[key] = Sample(key, function, encoding, delivered_by)
    return function


def with_meta(dataset: Dataset, encoding: Encoding = Encoding.EXPLICIT) -> Dataset:
    """Give a data set its file meta information and the kind of its lengths."""
    syntax, undefined = encoding.value
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.ImplementationClassUID = uid("implementation")
    meta.ImplementationVersionName = "SAMPLES_1"
    dataset.file_meta = meta
    if undefined:
        _leave_lengths_open(dataset)
    return dataset


def encode(dataset: Dataset) -> bytes:
    """The Part 10 file of a data set that has its file meta information."""
    buffer = io.BytesIO()
    if dataset.file_meta.TransferSyntaxUID != DeflatedExplicitVRLittleEndian:
        dcmwrite(buffer, dataset, enforce_file_format=True)
        return buffer.getvalue()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    # The group length element follows the prefix: 132 + 8 bytes, then its value (PS3.10 7.1).
    length = int.from_bytes(buffer.getvalue()[140:144], "little")
    head = buffer.getvalue()[: 144 + length]
    plain = zlib.decompress(buffer.getvalue()[len(head) :], -zlib.MAX_WBITS)
    return head + _stored(plain)


def _stored(data: bytes) -> bytes:
    """A deflate stream of one stored block (RFC 1951 3.2.4): compressors differ, this is the same everywhere."""
    size = len(data)
    stream = b"\x01" + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little") + data
    return stream + b"\0" * (len(stream) % 2)


def _leave_lengths_open(dataset: Dataset) -> None:
    for element in dataset:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for item in element.value:
                item.is_undefined_length_sequence_item = True
                _leave_lengths_open(item)
