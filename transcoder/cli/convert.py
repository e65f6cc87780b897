"""``transcoder convert``."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

import click

from transcoder.cli.options import delivered_by_option, overlay_option, policy_option

if TYPE_CHECKING:
    from transcoder.batch import Input

__all__ = ["convert"]

_FEW = 3


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="SOURCE...")
@click.option(
    "-o",
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the outputs and report.json.",
)
@click.option(
    "--to",
    type=click.Choice(["second", "first"]),
    help="Generation to convert to; taken from the SOP Classes by default.",
)
@click.option(
    "--preserve", is_flag=True, help="Embed the whole source in the set, so that the way back restores it exactly."
)
@overlay_option
@policy_option
@delivered_by_option
@click.option("--join", is_flag=True, help="Way back: sets that share their source become fraction groups of one plan.")
@click.option("--remake", is_flag=True, help="Way back: make a new plan even where the one of the set is at hand.")
@click.option(
    "--surrogate", is_flag=True, help="Way back: stand in for radiations that no plan can hold, marked as SURROGATE."
)
@click.option("--force", is_flag=True, help="Write outputs that fail validation to OUT/quarantine/.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Number of processes.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors of the call.")
@click.pass_context
def convert(
    context: click.Context,
    sources: tuple[Path, ...],
    out: Path,
    to: str | None,
    preserve: bool,
    overlays: tuple[Path, ...],
    policy: str,
    delivered_by: str,
    join: bool,
    remake: bool,
    surrogate: bool,
    force: bool,
    jobs: int,
    quiet: bool,
) -> None:
    """Convert the instances that SOURCE... hold: files, folders or DICOMDIRs.

    Each source gets a folder of its own below OUT; OUT/report.json says what became of every input.
    """
    from transcoder.batch import Options, convert_each, settle
    from transcoder.mapping.proven import load_proven

    mapping = load_proven(overlays)
    settle()
    try:
        out.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise click.UsageError(f"the folder {out} cannot be made or written: {type(error).__name__}") from None
    options = Options(to or "", preserve, policy == "warn", force, join, remake, surrogate, delivered_by)
    with _Progress() as progress:
        seen: set[str] = set()
        inputs = _counted(convert_each(sources, out, mapping, options, progress, jobs=jobs), seen)
        first = next(inputs, None)
    shown = inputs if first is None else chain([first], inputs)
    if quiet:
        deque(shown, maxlen=0)
    else:
        from transcoder.report.conversion import lines

        for line in lines(shown):
            click.echo(line)
    context.exit(0 if "converted" in seen and not seen & {"refused", "failed"} else 1)


def _counted(inputs: Iterable[Input], seen: set[str]) -> Iterator[Input]:
    """The lines as they are; ``seen`` gets the status of each."""
    for each in inputs:
        seen.add(each.status)
        yield each


class _Progress:
    """A bar on stderr for more than a few files, and only on a terminal."""

    def __init__(self) -> None:
        self._update: Callable[[int, int], None] | None = None
        self._stop: Callable[[], None] = lambda: None

    def __enter__(self) -> Callable[[int, int], None]:
        return self._tell

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _tell(self, done: int, total: int) -> None:
        import sys

        if total <= _FEW or not sys.stderr.isatty():
            return
        if self._update is None:
            from rich.console import Console
            from rich.progress import Progress

            bar = Progress(console=Console(stderr=True), transient=True)
            task = bar.add_task("converting", total=total)
            bar.start()
            self._stop = bar.stop
            self._update = lambda number, _total: bar.update(task, completed=number)
        self._update(done, total)
