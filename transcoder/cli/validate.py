"""``transcoder validate``: judge files and folders; exit status 0 all valid, 1 an error found, 2 wrong call.

A call that finds nothing to judge is a wrong one: a status of 0 would say that something is valid.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO

import click

from transcoder import __version__
from transcoder.cli.options import output_file

__all__ = ["validate"]

# A bar for fewer files would only flicker.
FEW = 3


@click.command()
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--json", "json_file", type=output_file, metavar="FILE", help="Write findings as JSON; - is standard output."
)
@click.option("--html", "html_file", type=output_file, metavar="FILE", help="Write one self-contained page.")
@click.option("--sarif", "sarif_file", type=output_file, metavar="FILE", help="Write a SARIF 2.1.0 log.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Number of processes.")
@click.pass_context
def validate(
    context: click.Context,
    sources: tuple[Path, ...],
    json_file: IO[str] | None,
    html_file: IO[str] | None,
    sarif_file: IO[str] | None,
    jobs: int,
) -> None:
    """Say what breaks the standard in SOURCE: files, folders (searched recursively) or DICOMDIRs.

    Findings go to standard output, one a line, unless a report is written there. The exit status is 0 when all
    inputs are valid, 1 when one has an error, 2 when nothing was judged.
    """
    # Heavy imports here, so that `transcoder --help` stays fast.
    from transcoder import catalogue as reader
    from transcoder.dicom.files import find_files
    from transcoder.report.validation import HtmlReport, JsonReport, Judged, Report, SarifReport, Tally, TextReport
    from transcoder.validator import catalogue, catalogue_state
    from transcoder.validator.run import judge_files

    tables = (reader.CODES, catalogue.CODES, catalogue_state.CODES)
    titles = {code: entry.title for table in tables for code, entry in table.items()}
    files = (json_file, html_file, sarif_file)
    if sum(file is not None and file.name == "<stdout>" for file in files) > 1:
        raise click.UsageError("Only one report can go to standard output.")
    for file in files:
        if isinstance(file, TextIOWrapper):  # a file name that is no text is shown by escapes, which are those of JSON
            file.reconfigure(errors="backslashreplace")
    reports: list[Report] = []
    if json_file:
        reports.append(JsonReport(json_file))
    if html_file:
        reports.append(HtmlReport(html_file, titles, __version__))
    if sarif_file:
        reports.append(SarifReport(sarif_file, titles, __version__))
    if not any(file is not None and file.name == "<stdout>" for file in files):
        reports.append(TextReport(_Echo()))
    tally = Tally()
    paths = list(dict.fromkeys(find_files(sources)))
    with progress(len(paths)) as tell:
        for verdict in judge_files(paths, jobs, tell):
            judged = Judged(verdict.path, verdict.sop_class_uid, verdict.findings, verdict.sop_class)
            tally.add(judged)
            for report in reports:
                report.add(judged)
    for report in reports:
        report.close()
    if tally.files == tally.skipped:
        raise click.UsageError("Nothing was judged: SOURCE holds no DICOM file.")
    context.exit(1 if tally.invalid else 0)


class _Echo:
    """Standard output by way of click; what the encoding of the terminal lacks is shown by escapes."""

    def write(self, text: str, /) -> None:
        encoding = sys.stdout.encoding or "utf-8"
        click.echo(text.encode(encoding, "backslashreplace").decode(encoding), nl=False)


@contextmanager
def progress(total: int) -> Iterator[Callable[[int], object]]:
    """A bar on standard error while files are read, when it is a terminal and there are more than a few."""
    if total <= FEW or not sys.stderr.isatty():
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("judging", total=total)
        yield lambda count: bar.advance(task, count)
