"""One line of a batch's report. It travels and waits as text, and becomes objects where somebody looks at them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from transcoder.findings import Account, Finding

__all__ = ["Input"]

_json = json.JSONEncoder(ensure_ascii=False).encode


class Input:
    """An input and what became of it.

    A sealed line holds findings and account as the text of the report: a process makes it, and the one that writes
    the report of thousands of inputs only copies it.
    """

    __slots__ = ("_account", "_findings", "outputs", "path", "sop_class_uid", "sop_instance_uid", "status")

    def __init__(
        self,
        path: str,
        status: str,
        sop_class_uid: str = "",
        sop_instance_uid: str = "",
        outputs: Iterable[str] = (),
        findings: Iterable[Finding] = (),
    ) -> None:
        self.path = path
        self.status = status
        self.sop_class_uid = sop_class_uid
        self.sop_instance_uid = sop_instance_uid
        self.outputs = list(outputs)
        self._findings: list[Finding] | str = list(findings)
        self._account: Account | str = Account()

    @property
    def findings(self) -> list[Finding]:
        """What was noticed."""
        if isinstance(self._findings, str):
            self._findings = [Finding.of(each) for each in json.loads(self._findings)]
        return self._findings

    @findings.setter
    def findings(self, findings: list[Finding]) -> None:
        self._findings = findings

    @property
    def account(self) -> Account:
        """The ledger of its elements."""
        if isinstance(self._account, str):
            self._account = Account.of(json.loads(self._account))
        return self._account

    @account.setter
    def account(self, account: Account) -> None:
        self._account = account

    def seal(self) -> None:
        """Turn findings and account into text."""
        self._findings, self._account = self._told(), self._accounted()

    def _told(self) -> str:
        if isinstance(self._findings, str):
            return self._findings
        return _rows([finding.as_dict() for finding in self._findings], 4)

    def _accounted(self) -> str:
        if isinstance(self._account, str):
            return self._account
        account = self._account.as_dict()
        entries = _rows(account.pop("entries"), 5)
        head = "".join(f"\n    {_json(word)}: {_json(value)}," for word, value in account.items())
        return f'{{{head}\n    "entries": {entries}\n   }}'

    def text(self) -> str:
        """The input as a JSON object of the report: a line for each word, finding and entry of the account."""
        words = {
            "path": self.path,
            "sop_class_uid": self.sop_class_uid,
            "sop_instance_uid": self.sop_instance_uid,
            "status": self.status,
            "outputs": self.outputs,
        }
        head = "".join(f"\n   {_json(word)}: {_json(value)}," for word, value in words.items())
        return f'{{{head}\n   "findings": {self._told()},\n   "account": {self._accounted()}\n  }}'


def _rows(rows: list[Mapping[str, Any]] | list[dict[str, str]], indent: int) -> str:
    """A JSON array with a row in each line."""
    if not rows:
        return "[]"
    margin = "\n" + " " * indent
    return "[" + ",".join(margin + _json(row) for row in rows) + margin[:-1] + "]"
