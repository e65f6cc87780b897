"""The command group; each command is imported when it is called, so that ``--help`` is quick."""

from __future__ import annotations

from importlib import import_module

import click

from transcoder import __version__

__all__ = ["group"]

# Name of the command: its module and the line that --help shows.
_COMMANDS = {
    "convert": "Convert instances to the other generation.",
    "validate": "Say what breaks the standard in instances.",
    "roundtrip": "Convert there and back and tell what differs.",
    "explain": "Explain a rule of the mapping or the code of a finding.",
    "check": "Check the mapping sheets, or show what they cover.",
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"transcoder.cli.{cmd_name}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = click.utils.make_str(args[0])
        if name not in _COMMANDS:
            import difflib

            near = difflib.get_close_matches(name, _COMMANDS, n=1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"No such command '{name}'.{hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="transcoder")
def group() -> None:
    """Transcode DICOM radiotherapy objects between their two generations.

    First generation: RT Plan and RT Beams Treatment Record. Second generation: RT Radiation Set and RT Radiation Record
    Set, with their C-Arm Photon-Electron Radiations and records. Exit status: 0 all well, 1 an input was refused,
    failed or is invalid, 2 wrong call, 3 bad mapping sheet.
    """
