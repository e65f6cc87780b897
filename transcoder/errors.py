"""The exceptions, when nothing can go on.

::

    TranscoderError
    +-- UsageError          the call is wrong                               exit status 2
    +-- MappingError        a sheet is wrong; file:line:col for each fault  exit status 3
    +-- SourceError         an input cannot be read                         status failed
    +-- ConversionError     a source cannot be converted                    status refused
    +-- ValidationFailed    an output breaks the standard                   status failed

Everything else is a :class:`~transcoder.findings.Finding`.
"""

from __future__ import annotations

from collections.abc import Iterable

from transcoder.findings import Finding

__all__ = ["ConversionError", "MappingError", "SourceError", "TranscoderError", "UsageError", "ValidationFailed"]


class TranscoderError(Exception):
    """Root of all exceptions of this package; carries the findings that explain it."""

    exit_status = 1

    def __init__(self, message: str, findings: Iterable[Finding] = ()) -> None:
        super().__init__(message)
        self.findings: list[Finding] = list(findings)


class UsageError(TranscoderError):
    """The call is wrong: unknown direction, nothing to convert, a file where a folder is needed."""

    exit_status = 2


class MappingError(TranscoderError):
    """A mapping sheet or an overlay is wrong; the message holds one ``file:line:col CODE`` line per fault."""

    exit_status = 3


class SourceError(TranscoderError):
    """An input cannot be read: not DICOM, damaged, or of a transfer syntax that holds no RT object."""


class ConversionError(TranscoderError):
    """A source was read but cannot be converted; ``findings`` says why, attribute by attribute."""


class ValidationFailed(TranscoderError):  # noqa: N818 - what it is, in plain words
    """An output breaks the standard; ``findings`` holds what the validator found."""
