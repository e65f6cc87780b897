"""``transcoder explain``."""

from __future__ import annotations

import re
from pathlib import Path

import click

__all__ = ["explain"]

_CODE = re.compile(r"[STMUV][0-9]{3}\Z", re.IGNORECASE)


@click.command()
@click.argument("word", metavar="CODE|RULE-ID")
@click.option(
    "--overlay",
    "overlays",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Show rules as this overlay changes them; may be given several times.",
)
def explain(word: str, overlays: tuple[Path, ...]) -> None:
    """Explain the code of a finding (T010), or a rule of the mapping (beam.sad).

    Rules are named in the findings and in the ledger of report.json.
    """
    from transcoder import catalogue

    if _CODE.match(word) and word.upper() in catalogue.pages():
        click.echo(catalogue.page(word.upper()), nl=False)
        return
    from transcoder.mapping.catalog import load
    from transcoder.mapping.suggest import suggestion
    from transcoder.report.pages import names, page

    mapping = load(overlays)
    known = names(mapping)
    if word not in known:
        near = suggestion(word.upper() if _CODE.match(word) else word, [*known, *catalogue.pages()])
        raise click.UsageError(f"'{word}' is neither a code of a finding nor the id of a rule.{near}")
    click.echo(page(mapping, word))
