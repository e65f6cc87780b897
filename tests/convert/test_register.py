"""What a run keeps of its inputs: the content first met under a name, and folder names that are free."""

from __future__ import annotations

from pathlib import Path

from transcoder.batch import _Names
from transcoder.register import Register


def test_a_name_keeps_what_was_first_met_under_it() -> None:
    with Register() as register:
        assert register.meet("1.2", b"one") is None
        assert register.meet("1.3", b"other") is None
        assert register.meet("1.2", b"two") == b"one"
        assert register.meet("1.2", b"three") == b"one"


def test_equal_file_names_get_folders_of_their_own() -> None:
    """As on a disk that does not tell upper from lower case; a number that a file has by itself is left to it."""
    paths = ["x/a.dcm", "y/a-2.dcm", "y/A.dcm", "z/a.DCM", "quarantine", "q/.dcm", "p/a-2.dcm"]
    with Register() as register:
        names = _Names(register)
        found = [names.folder(Path(path)) for path in paths]
    assert len({each.casefold() for each in found}) == len(found)
    assert found[:5] == ["a", "a-2", "A-3", "a-4", "quarantine-2"]
    assert found[6].startswith("a-2-")
