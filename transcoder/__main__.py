"""Entry point: the only place that leaves the interpreter."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with its status."""
    from transcoder.cli.main import group
    from transcoder.errors import TranscoderError

    try:
        group.main(prog_name="transcoder", standalone_mode=True)
    except TranscoderError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()
