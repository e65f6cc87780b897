"""What a run has met, kept on disk, so that memory does not grow with the folder."""

from __future__ import annotations

import sqlite3
from types import TracebackType

__all__ = ["Register"]

# Pages are held up to this many KiB, the rest goes to a file that vanishes with the register.
_CACHE = 1024
_TABLES = (
    f"pragma cache_size = -{_CACHE}",
    "pragma synchronous = off",
    "pragma journal_mode = off",
    "create table met (name text primary key, content blob) without rowid",
    "create table counted (name text primary key, number integer) without rowid",
)


class Register:
    """Names with the content first met under each, and how often names were asked for; used with ``with``."""

    def __init__(self) -> None:
        self._base = sqlite3.connect("", isolation_level=None)
        for statement in _TABLES:
            self._base.execute(statement)

    def __enter__(self) -> Register:
        """The register itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Forget everything."""
        self._base.close()

    def meet(self, name: str, content: bytes) -> bytes | None:
        """Note a name with its content; what was noted under this name before, or None."""
        if self._base.execute("insert or ignore into met values (?, ?)", (name, content)).rowcount:
            return None
        (held,) = self._base.execute("select content from met where name = ?", (name,)).fetchone()
        return bytes(held)

    def count(self, name: str) -> int:
        """How often this name has been asked for, this time included."""
        statement = "insert into counted values (?, 1) on conflict (name) do update set number = number + 1"
        self._base.execute(statement, (name,))
        (number,) = self._base.execute("select number from counted where name = ?", (name,)).fetchone()
        return int(number)
