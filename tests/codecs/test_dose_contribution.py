"""The dose contribution of a set, assembled from beam doses, dose references and coefficients (C.36.11)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transcoder.codecs import Refused
from transcoder.codecs.doses import dose_contribution
from transcoder.codecs.registry import Assumed, Cell

LIMITS = settings(derandomize=True, deadline=None, max_examples=80, database=None)
METERSET = np.array([[0.0], [40.0], [40.0], [100.0]])


def cells(**values: Any) -> dict[str, Cell]:
    return {name: value if isinstance(value, Cell) else Cell(value) for name, value in values.items()}


def beam(number: int = 1, **more: Any) -> dict[str, Cell]:
    """A beam of 2 Gy in 100 MU."""
    values: dict[str, Any] = {
        "radiation": [f"2.25.{number}"], "dose": np.array([2.0]), "type": None, "other_dose": None, "other_type": None,
        "point": None, "reference": None, "meterset": METERSET, "coefficients": None,
    }  # fmt: skip
    return cells(**(values | more))


def reference(number: int, **more: Any) -> dict[str, Cell]:
    values: dict[str, Any] = {
        "number": np.array([float(number)]), "uid": None, "structure": ["SITE"], "description": None,
        "coordinates": None, "kind": ["TARGET"], "purpose": None,
    }  # fmt: skip
    return cells(**(values | more))


def coefficients(**columns: list[float]) -> dict[int, Cell]:
    return {int(name[1:]): Cell(np.array(values)[:, None]) for name, values in columns.items()}


def curves(made: dict[str, Any], radiation: int = 0) -> list[list[list[float]] | None]:
    """For each identification the mapping of a radiation as rows of meterset and dose, None where there is none."""
    return [
        [
            [*row]
            for row in np.hstack([each["values"][0]["mapping"][word].value for word in ("meterset", "dose")]).tolist()
        ]
        if each["values"]
        else None
        for each in made["radiations"][radiation]["parameters"]
    ]


def test_a_plain_beam_dose_has_two_ends() -> None:
    made = dose_contribution([beam()], [], [])
    assert [item["label"].value for item in made["identifications"]] == [["Beam dose"]]
    assert curves(made) == [[[0, 0], [100, 2]]]


def test_coefficients_multiply_the_beam_dose() -> None:
    # C.8.8.14.7: 0.5 x 2 Gy at 40 MU; of two points at 40 MU the later counts.
    made = dose_contribution([beam(coefficients=coefficients(n1=[0, 0.4, 0.5, 1.1]))], [reference(1)], [])
    assert curves(made) == [[[0, 0], [40, 1.0], [100, 2.2]]]


def test_the_example_of_the_standard() -> None:
    # Table C.8.8.14.7-1: 1.2 Gy and 0.8 Gy; target 1 by 1.0, target 2 by 1.1476 and 1.00175.
    references = [
        reference(1, description=["Tumor"]),
        reference(2, structure=["COORDINATES"], coordinates=np.array([3.1, 4.2, 5.3])),
    ]
    beams = [
        beam(
            1,
            dose=np.array([1.2]),
            coefficients=coefficients(n1=[0, np.nan, np.nan, 1], n2=[0, np.nan, np.nan, 1.1476]),
        ),
        beam(
            2,
            dose=np.array([0.8]),
            coefficients=coefficients(n1=[0, np.nan, np.nan, 1], n2=[0, np.nan, np.nan, 1.00175]),
        ),
    ]
    made = dose_contribution(beams, references, [])
    ends = [[rows[-1][1] for rows in curves(made, number) if rows] for number in (0, 1)]
    assert np.allclose(ends, [[1.2, 1.3771], [0.8, 0.8014]], atol=1e-4)
    assert np.allclose(np.sum(ends, axis=0), [2.0, 2.1785], atol=1e-4)
    assert made["identifications"][1]["coordinates"].value.tolist() == [3.1, 4.2, 5.3]


def test_a_uid_names_the_dose_reference_of_the_beam_dose() -> None:
    made = dose_contribution([beam(reference=["1.2.3"])], [reference(4, uid=["1.2.3"])], [])
    assert curves(made) == [[[0, 0], [100, 2]]]
    assert made["radiations"][0]["parameters"][0]["primary"].value == ["YES"]


def test_a_dose_whose_reference_is_not_there_is_still_a_beam_dose() -> None:
    for lost in (beam(reference=["1.2.9"]), beam(coefficients=coefficients(n9=[0, 0.4, 0.5, 1]))):
        made = dose_contribution([lost], [reference(1)], [])
        assert curves(made) == [[[0, 0], [100, 2]]]


def test_a_reference_without_beam_dose_is_a_goal_and_not_identified() -> None:
    assert dose_contribution([beam(dose=None, coefficients=coefficients(n1=[0, 0, 0, 1]))], [reference(1)], []) == {}


def test_without_a_meterset_nothing_is_mapped() -> None:
    assert dose_contribution([beam(meterset=None)], [], []) == {}
    assert dose_contribution([beam(meterset=METERSET * 0)], [], []) == {}


def test_falling_coefficients_are_refused() -> None:
    with pytest.raises(Refused) as refusal:
        dose_contribution([beam(coefficients=coefficients(n1=[0, 0.6, 0.5, 0.4]))], [reference(1)], [])
    assert refusal.value.code == "T071"


RISING = st.lists(st.integers(0, 9), min_size=3, max_size=3).map(lambda steps: np.cumsum([0, *steps]) / 10)


@st.composite
def beams(draw: st.DrawFn) -> list[dict[str, Cell]]:
    found = []
    for number in range(draw(st.integers(1, 4))):
        held = draw(st.dictionaries(st.integers(1, 3), RISING, max_size=3))
        # A step that delivers nothing gives no dose.
        columns = {
            key: Cell(np.array([values[0], values[1], values[1], values[3]])[:, None]) for key, values in held.items()
        }
        found.append(
            beam(
                number,
                dose=draw(st.sampled_from([None, np.array([1.5])])),
                coefficients=columns or None,
                reference=draw(st.sampled_from([None, ["1.1"], ["1.9"]])),
                point=draw(st.sampled_from([None, np.array([1.0, 2, 3])])),
                meterset=draw(st.sampled_from([None, METERSET])),
            )
        )
    return found


@LIMITS
@given(beams(), st.integers(0, 3))
def test_what_c_36_11_demands(drawn: list[dict[str, Cell]], count: int) -> None:
    references = [reference(number, uid=[f"1.{number}"]) for number in range(1, count + 1)]
    made = dose_contribution(drawn, references, [])
    mapped = [each for each in drawn if each["dose"] and each["meterset"]]
    assert bool(made) == bool(mapped)
    if not made:
        return
    assert [each["radiation"].value for each in made["radiations"]] == [each["radiation"].value for each in drawn]
    uids = [each["volume"].value for each in made["identifications"]]
    assert len(set(uids)) == len(uids)
    for source, radiation in zip(drawn, made["radiations"], strict=True):
        parameters = radiation["parameters"]
        assert [int(each["identification"].value[0]) for each in parameters] == list(range(1, len(uids) + 1))
        # One YES; where the beam does not say which of several, the choice is an assumption.
        marks = [each["primary"].value for each in parameters]
        assert len([mark for mark in marks if mark in (["YES"], Assumed(["YES"]))]) == 1
        named = source["reference"] and any(each["uid"].value == source["reference"].value for each in references)
        assert (["YES"] in marks) == (bool(named and count) or len(uids) == 1)
        assert any(each["values"] for each in parameters) == any(source is each for each in mapped)
        for each in parameters:
            for value in each["values"]:
                units, doses = (value["mapping"][word].value[:, 0] for word in ("meterset", "dose"))
                assert [units[0], doses[0], units[-1]] == [0, 0, 100]
                assert (np.diff(units) > 0).all()
                assert (np.diff(doses) >= 0).all()
