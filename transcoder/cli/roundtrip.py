"""``transcoder roundtrip``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from transcoder.cli.options import delivered_by_option, overlay_option, policy_option

__all__ = ["roundtrip"]


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="SOURCE...")
@click.option("--json", "as_json", metavar="FILE|-", help="Write the differences as JSON.")
@overlay_option
@policy_option
@delivered_by_option
@click.pass_context
def roundtrip(
    context: click.Context,
    sources: tuple[Path, ...],
    as_json: str | None,
    overlays: tuple[Path, ...],
    policy: str,
    delivered_by: str,
) -> None:
    """Convert each source there and back and print what differs, with the reason.

    SOURCE is a file, a folder or a DICOMDIR. Nothing is written. Exit status 1 if a difference has no reason.
    """
    from transcoder.batch import round_trips
    from transcoder.mapping.catalog import load
    from transcoder.report.roundtrip import lines

    trips = list(round_trips(sources, load(overlays), lenient=policy == "warn", delivered_by=delivered_by))
    if as_json:
        text = json.dumps([trip.as_dict() for trip in trips], indent=1, ensure_ascii=False) + "\n"
        if as_json == "-":
            click.echo(text, nl=False)
        else:
            Path(as_json).write_text(text, encoding="utf-8")
    if as_json != "-":
        for line in lines(trips):
            click.echo(line)
    context.exit(1 if not trips or any(trip.unexplained for trip in trips) else 0)
