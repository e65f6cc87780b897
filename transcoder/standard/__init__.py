"""The standard as data: IODs, modules, conditions, context groups (PS3.3 Annex A, C; PS3.16 Annex B)."""

from transcoder.standard.model import Attribute, ContextGroup, Iod, Module, ModuleUse
from transcoder.standard.tables import (
    attributes,
    code_groups,
    code_meaning,
    code_meanings,
    context_group,
    edition,
    iod,
    iod_for,
    iods,
    module,
    modules,
    positions,
    template,
)

__all__ = [
    "Attribute",
    "ContextGroup",
    "Iod",
    "Module",
    "ModuleUse",
    "attributes",
    "code_groups",
    "code_meaning",
    "code_meanings",
    "context_group",
    "edition",
    "iod",
    "iod_for",
    "iods",
    "module",
    "modules",
    "positions",
    "template",
]
