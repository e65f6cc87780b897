"""Synthetic RT Plans and treatment records: a small vocabulary of builders, then one function for each sample."""

from . import (  # noqa: F401 - importing registers the samples
    broken,
    broken_records,
    couch,
    delivered_doses,
    dynamic,
    labels,
    machines,
    modifying,
    planwide,
    records,
    records_by_hand,
    records_of_sets,
    static,
)
from .corpus import BAD, BAD_RECORDS, GOOD, RECORDS, Encoding, Sample, encode, with_meta

__all__ = ["BAD", "BAD_RECORDS", "GOOD", "RECORDS", "Encoding", "Sample", "encode", "with_meta"]
