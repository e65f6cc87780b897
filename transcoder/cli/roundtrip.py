"""``transcoder roundtrip``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO

import click

from transcoder.cli.options import delivered_by_option, output_file, overlay_option, policy_option

__all__ = ["roundtrip"]


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="SOURCE...")
@click.option("--json", "as_json", type=output_file, metavar="FILE|-", help="Write the differences as JSON.")
@overlay_option
@policy_option
@delivered_by_option
@click.pass_context
def roundtrip(
    context: click.Context,
    sources: tuple[Path, ...],
    as_json: IO[str] | None,
    overlays: tuple[Path, ...],
    policy: str,
    delivered_by: str,
) -> None:
    """Convert each source there and back and print what differs, with the reason.

    SOURCE is a file, a folder or a DICOMDIR. Nothing is written. Exit status 1 if a difference has no reason.
    """
    from transcoder.batch import round_trips
    from transcoder.mapping.proven import load_proven
    from transcoder.report.roundtrip import lines

    trips = list(round_trips(sources, load_proven(overlays), lenient=policy == "warn", delivered_by=delivered_by))
    if as_json:
        text = json.dumps([trip.as_dict() for trip in trips], indent=1, ensure_ascii=False) + "\n"
        as_json.write(text)
    if as_json is None or as_json.name != "<stdout>":
        for line in lines(trips):
            click.echo(line)
    context.exit(1 if not trips or any(trip.unexplained for trip in trips) else 0)
