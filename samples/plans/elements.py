"""The smallest builders: data sets, codes, numbers and identifiers."""

import hashlib
from collections.abc import Iterable
from typing import Any

from pydicom import DataElement, Dataset
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.uid import UID

Values = dict[str, Any]  # DICOM keywords and what they are set to


def uid(*parts: str) -> UID:
    """The identifier of a thing named by its sample and its role, below the root 2.25 (PS3.5 B.2)."""
    digest = hashlib.sha256("/".join(("transcoder samples", *parts)).encode()).digest()
    return UID(f"2.25.{int.from_bytes(digest[:16], 'big')}")


def number(value: float) -> str:
    """A decimal string of at most 16 bytes, without negative zero."""
    return format(round(value, 6) + 0.0, ".10g")


def item(**values: object) -> Dataset:
    """A data set of DICOM keywords and values: None is left out, "" is present with zero length."""
    return put(Dataset(), **values)


def put(target: Dataset, **values: object) -> Dataset:
    """Set DICOM keywords on a data set and return it."""
    for keyword, value in values.items():
        if tag_for_keyword(keyword) is None:
            raise KeyError(keyword)
        if value is not None:
            setattr(target, keyword, _decimals(value) if dictionary_VR(keyword) == "DS" else value)
    return target


def put_raw(target: Dataset, keyword: str, text: str) -> Dataset:
    """Set a value by its text, which the file carries as it stands, legal or not."""
    target[keyword] = DataElement(keyword, dictionary_VR(keyword), text, already_converted=True)
    return target


def code(value: str, meaning: str, scheme: str = "DCM") -> Dataset:
    """An item of the Code Sequence Macro (PS3.3 8.8)."""
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def reference(sop_class: str, sop_instance: str, **more: object) -> Dataset:
    """An item of the SOP Instance Reference Macro (PS3.3 10.8)."""
    return item(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=sop_instance, **more)


def _decimals(value: object) -> object:
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [number(v) if isinstance(v, int | float) else v for v in value]
    return value
