"""Transcoder between the two generations of DICOM radiotherapy objects.

::

    bundle = transcoder.read(["plan.dcm"])
    result = transcoder.transcode(bundle, to="second")
    findings = transcoder.validate(result.bundle)
    paths = transcoder.write(result.bundle, "out/")

Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transcoder.api import Bundle, Result, read, transcode, validate, write
    from transcoder.errors import (
        ConversionError,
        MappingError,
        SourceError,
        TranscoderError,
        UsageError,
        ValidationFailed,
    )
    from transcoder.findings import Account, Finding, Severity

__version__ = "0.1.0"

__all__ = [
    "Account",
    "Bundle",
    "ConversionError",
    "Finding",
    "MappingError",
    "Result",
    "Severity",
    "SourceError",
    "TranscoderError",
    "UsageError",
    "ValidationFailed",
    "read",
    "transcode",
    "validate",
    "write",
]

_HOMES = {
    **dict.fromkeys(["Bundle", "Result", "read", "transcode", "validate", "write"], "transcoder.api"),
    **dict.fromkeys(["Account", "Finding", "Severity"], "transcoder.findings"),
    **dict.fromkeys(
        ["ConversionError", "MappingError", "SourceError", "TranscoderError", "UsageError", "ValidationFailed"],
        "transcoder.errors",
    ),
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'transcoder' has no attribute '{name}'")
    from importlib import import_module

    # The package's own sub-modules may bear a verb's name once imported, so the name is bound here for good.
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
