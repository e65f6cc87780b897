"""The import law, the length of modules, and ``__all__``: the architecture as a failing test (docs/architecture.md)."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "transcoder"
MOST_LINES = 400

# Which part may import which other parts, and which packages of others. A part is a module or folder of transcoder;
# "" is the package itself, which has the version and hands out the public names when they are asked for.
LAW: dict[str, tuple[str, str]] = {
    # plain records: the standard library only
    "findings": ("", ""),
    "errors": ("findings", ""),
    "catalogue": ("findings", ""),
    "paths": ("", ""),
    # facts and bytes
    "standard": ("", "pydicom"),
    "dicom": ("findings", "pydicom numpy"),
    # values and rules
    "codecs": ("errors", "numpy"),
    "mapping": ("errors paths standard codecs", "yaml jsonschema"),
    # the two workers: they do not know each other
    "engine": ("findings errors paths dicom codecs mapping", "numpy"),
    "validator": ("findings standard dicom", "numpy"),
    # the library
    "api": ("(root) findings errors dicom mapping engine validator", "pydicom"),
    # the shells
    "report": ("findings paths standard codecs mapping", "jinja2"),
    "roundtrip": ("findings api dicom engine mapping validator", ""),
    "line": ("findings", ""),
    "register": ("", ""),
    "work": ("findings line api dicom mapping engine validator", ""),
    "batch": ("(root) findings api register work dicom mapping roundtrip", ""),
    "cli": ("(root) catalogue dicom mapping report validator batch", "click rich"),
    "__init__": ("api errors findings", ""),
    "__main__": ("errors cli", ""),
}

MODULES = sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    """The part of the package that a module belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def name_of(path: Path) -> str:
    """The dotted name of a module."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text("utf-8"))


def imports_of(path: Path) -> Iterator[tuple[str, str]]:
    """Every import of a module, those inside functions too: the module and the name taken from it."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} has a relative import"
            yield from ((node.module or "", alias.name) for alias in node.names)


@cache
def exported(path: Path) -> list[str] | None:
    """The names in ``__all__``, None where a module has none."""
    for node in tree_of(path).body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]:
            return [str(ast.literal_eval(each)) for each in getattr(node.value, "elts", [])]
    return None


def test_every_part_has_its_law() -> None:
    assert {part_of(path) for path in MODULES} == set(LAW)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_follow_the_law(path: Path) -> None:
    part = part_of(path)
    inner, outer = (set(words.split()) for words in LAW[part])
    for module, name in imports_of(path):
        first, _, rest = module.partition(".")
        if first != "transcoder":
            assert first in sys.stdlib_module_names or first in outer, f"{part} may not import {first}"
            continue
        # `from transcoder import batch` names a part; `from transcoder import __version__` the package itself.
        whole = rest or (name if name in LAW else "(root)")
        other = whole.partition(".")[0]
        assert other in inner | {part}, f"{part} may not import {other}"


def test_the_law_holds_no_dead_letter() -> None:
    used: dict[str, set[str]] = {part: set() for part in LAW}
    for path in MODULES:
        for module, name in imports_of(path):
            first, _, rest = module.partition(".")
            whole = (rest or (name if name in LAW else "(root)")) if first == "transcoder" else first
            used[part_of(path)].add(whole.partition(".")[0])
    unused = {part: set(" ".join(LAW[part]).split()) - used[part] for part in LAW}
    assert not {part: words for part, words in unused.items() if words}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_is_a_page(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_all_is_present_and_exists(path: Path) -> None:
    names = exported(path)
    if names is None:
        body = tree_of(path).body
        assert all(isinstance(node, ast.Expr) for node in body), "a module with content has __all__"
        return
    assert len(names) == len(set(names))
    module = import_module(name_of(path))
    assert not [name for name in names if not hasattr(module, name)]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_what_is_imported_is_exported(path: Path) -> None:
    known = {name_of(each): exported(each) for each in MODULES}
    for module, name in imports_of(path):
        if module in known and name and f"{module}.{name}" not in known and name != "__version__":
            assert name in (known[module] or ()), f"{module} does not list {name} in __all__"
