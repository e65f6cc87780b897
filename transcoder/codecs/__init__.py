"""Pairs of pure functions between first- and second-generation values; importing this package registers them."""

from transcoder.codecs import (
    angles,
    apertures,
    blocks,
    delivered_doses,
    delivered_doses_back,
    deliveries,
    described,
    doses,
    doses_back,
    frames,
    metersets,
    scalars,
    techniques,
)
from transcoder.codecs.registry import CODECS, Code, CodecInfo, Refused, codec

__all__ = [
    "CODECS",
    "Code",
    "CodecInfo",
    "Refused",
    "angles",
    "apertures",
    "blocks",
    "codec",
    "delivered_doses",
    "delivered_doses_back",
    "deliveries",
    "described",
    "doses",
    "doses_back",
    "frames",
    "metersets",
    "scalars",
    "techniques",
]
