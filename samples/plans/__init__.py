"""Synthetic first-generation RT Plans: a small vocabulary of builders, then one function for each sample."""

from . import broken, couch, dynamic, labels, machines, modifying, planwide, static  # noqa: F401 - importing registers the samples
from .corpus import BAD, GOOD, Encoding, Sample, encode, with_meta

__all__ = ["BAD", "GOOD", "Encoding", "Sample", "encode", "with_meta"]
