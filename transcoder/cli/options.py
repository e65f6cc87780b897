"""Options that several commands share, with one meaning everywhere."""

from __future__ import annotations

from pathlib import Path

import click

__all__ = ["delivered_by_option", "output_file", "overlay_option", "policy_option"]

# Opened with the call, so that a file that cannot be written is a fault of the call; - is standard output.
output_file = click.File("w", encoding="utf-8", lazy=False)

delivered_by_option = click.option(
    "--delivered-by",
    type=click.Choice(["plan", "set"]),
    default="plan",
    show_default=True,
    help="What gave the machine the instructions for what treatment records tell of: the RT Plan, or its "
    "RT Radiation Set, which is among the sources.",
)
overlay_option = click.option(
    "--overlay",
    "overlays",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Site values and changed rules; may be given several times.",
)
policy_option = click.option(
    "--policy",
    type=click.Choice(["raise", "warn"]),
    default="raise",
    show_default=True,
    help="warn also reads values that are illegal and yet unambiguous.",
)
