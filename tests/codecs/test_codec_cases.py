"""The tables of cases.yaml, row by row, both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from transcoder.codecs import CODECS, Refused
from transcoder.dicom.values import ValueFault, decimal, parse_decimals

TABLES = yaml.safe_load((Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8"))
NEAR = 1e-9


def value(entry: Any) -> Any:
    """A value as a codec takes it."""
    if isinstance(entry, dict):
        return (
            np.array(entry["points"], dtype=float)[:, None]
            if "points" in entry
            else np.array(entry["rows"], dtype=float)
        )
    if isinstance(entry, list) and entry and isinstance(entry[0], dict):
        return [value(each) for each in entry]
    if isinstance(entry, list):
        return entry if entry and isinstance(entry[0], str) else np.array(entry, dtype=float)
    return entry


def argument(entry: Any) -> Any:
    return value(entry) if isinstance(entry, list) else entry


def codec_of(row: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    if isinstance(row["codec"], str):
        return row["codec"], {}
    ((name, arguments),) = row["codec"].items()
    return name, {key: argument(entry) for key, entry in arguments.items()}


def assert_near(found: Any, expected: Any) -> None:
    if isinstance(expected, np.ndarray):
        assert isinstance(found, np.ndarray)
        assert found.shape == expected.shape
        assert np.allclose(found, expected, rtol=0, atol=NEAR, equal_nan=True)
    else:
        assert found == expected


def titles(rows: list[dict[str, Any]]) -> list[str]:
    return [f"{codec_of(row)[0]}: {row['title']}" for row in rows]


@pytest.mark.parametrize("row", TABLES["cases"], ids=titles(TABLES["cases"]))
def test_case(row: dict[str, Any]) -> None:
    name, arguments = codec_of(row)
    info = CODECS[name]
    assert row["cite"]
    if "refuses" in row:
        side = row.get("from", "first")
        run: Any = info.forward if side == "first" else info.backward
        with pytest.raises(Refused) as refusal:
            run(*map(value, row[side]), **arguments)
        assert refusal.value.code == row["refuses"]
        return
    if "first" in row:
        _check(info.forward(*map(value, row["first"]), **arguments), row["second"])
    back = row.get("back", row.get("first"))
    if back == "none" or info.backward is None:
        assert back == "none"
        return
    _check(info.backward(*map(value, row["second"]), **arguments), back)


def _check(found: tuple[Any, ...], expected: list[Any]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert_near(one, value(other))


def test_every_title_is_used_once() -> None:
    names = titles(TABLES["cases"])
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("row", TABLES["decimals"], ids=lambda row: row["text"])
def test_decimal_is_written(row: dict[str, Any]) -> None:
    text = decimal(float(row["number"]))
    assert text == row["text"]
    assert len(text) <= 16
    assert float(text) == pytest.approx(float(row["number"]), rel=1e-10)


@pytest.mark.parametrize("row", TABLES["read"], ids=lambda row: row["text"])
def test_decimal_is_read(row: dict[str, Any]) -> None:
    if "refuses" not in row:
        assert parse_decimals(row["text"].encode(), "DS") == [row["number"]]
        return
    with pytest.raises(ValueFault) as fault:
        parse_decimals(row["text"].encode(), "DS")
    assert fault.value.code == row["refuses"]
