"""``transcoder check``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from transcoder.mapping.coverage import Coverage

__all__ = ["check", "table"]

_FAULTY = 3
_LONGEST_REASON = 100


@click.command()
@click.option(
    "--overlay",
    "overlays",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Check the sheets as this file changes them; may be given several times.",
)
@click.option(
    "--coverage", "show", is_flag=True, help="Show what becomes of every attribute of the sources, by IOD and module."
)
@click.option(
    "--list", "listed", metavar="KIND", help="With --coverage also list the attributes of one kind: notyet, never ..."
)
@click.pass_context
def check(context: click.Context, overlays: tuple[Path, ...], show: bool, listed: str | None) -> None:
    """Check the mapping sheets against the standard and the codecs.

    Each fault is a line FILE:LINE:COLUMN CODE and what is wrong; with any fault the exit status is 3.
    """
    from transcoder.catalogue import CODES
    from transcoder.mapping.catalog import load
    from transcoder.mapping.check import check as check_mapping
    from transcoder.mapping.coverage import coverage

    mapping = load(overlays)
    faults = check_mapping(mapping, CODES)
    for fault in faults:
        click.echo(str(fault))
    if show or listed:
        # A family that stands in for another one takes the same sources.
        for family in sorted(name for name, each in mapping.families.items() if not each.instead_of):
            covered = coverage(mapping, family)
            click.echo(covered.iod)
            for line in table(covered):
                click.echo(line)
            for line in _of_kind(covered, listed) if listed else ():
                click.echo(line)
    elif not faults:
        click.echo(
            f"{len(mapping.sheets)} sheets, {len(mapping.rules())} rules, {len(mapping.tables)} tables: no faults"
        )
    context.exit(_FAULTY if faults else 0)


def table(covered: Coverage) -> list[str]:
    """The lines of the coverage table: one row for each module, and their sum."""
    from transcoder.mapping.coverage import FATES

    columns = ("positions", *FATES)
    width = max(len(module.name) for module in covered.modules)
    lines = ["  ".join([f"{'module':<{width}}", *(f"{word:>9}" for word in columns)])]
    for name, counts in (*((module.name, module.counts()) for module in covered.modules), ("all", covered.total())):
        lines.append("  ".join([f"{name:<{width}}", *(f"{counts[word]:>9}" for word in columns)]))
    return lines


def _of_kind(covered: Coverage, kind: str) -> list[str]:
    fates = [fate for module in covered.modules for fate in module.fates if fate.kind == kind]
    return [f"{fate.path}  {fate.rule or fate.reason}"[: _LONGEST_REASON * 2] for fate in fates]
