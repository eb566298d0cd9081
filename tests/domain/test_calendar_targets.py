"""Targets: read, written, refused."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxloop.domain.calendar import Target


@pytest.mark.parametrize(
    ("text", "unit", "amount"),
    [
        ("4 h", "hours", 4),
        ("0.5 h", "hours", Fraction(1, 2)),
        ("7/60 h", "hours", Fraction(7, 60)),
        ("2 d", "days", 2),
        ("24 nh", "natural_hours", 24),
        ("3 nd", "natural_days", 3),
        ("0 h", "hours", 0),
        (" 10d ", "days", 10),
    ],
)
def test_parse(text: str, unit: str, amount: Fraction) -> None:
    target = Target.parse(text)
    assert (target.unit, target.amount) == (unit, amount)
    assert Target.parse(str(target)) == target


@pytest.mark.parametrize(
    "text",
    ["", "h", "4", "4 x", "-1 h", "+1 h", "1e3 h", "4 h 30", "4 hours", "1.5 d", "0.5 nd", "1/0 h", "nan h", "inf d",
     "0.0001 h", "1/3 d", "1000001 h", "9" * 5000 + " h", "٤ h", "1_0 h", "4h2d", "1/7 h"],
)  # fmt: skip
def test_parse_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r"target|fractions"):
        Target.parse(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"hours": 7.5}, "7.5 h"),
        ({"hours": "7.5"}, "7.5 h"),
        ({"hours": Decimal("7.50")}, "7.5 h"),
        ({"hours": 7 / 60}, "7/60 h"),  # a JSON number is the nearest there is to 420 s
        ({"hours": "0.11666666666666667"}, "7/60 h"),
        ({"hours": 0.1}, "0.1 h"),
        ({"days": 3}, "3 d"),
        ({"days": 3.0}, "3 d"),
        ({"natural_hours": 24}, "24 nh"),
        ({"natural_days": 30}, "30 nd"),
        ({"hours": 0}, "0 h"),
    ],
)
def test_from_json(value: dict[str, Any], text: str) -> None:
    assert str(Target.from_json(value)) == text


@pytest.mark.parametrize(
    "value",
    [
        {}, {"hours": 1, "days": 1}, {"weeks": 1}, {"hours": None}, {"hours": True}, {"hours": -1}, {"days": 1.5},
        {"hours": float("nan")}, {"hours": float("inf")}, {"hours": 1e300}, {"hours": 1e-300}, {"hours": 10**5000},
        {"hours": Decimal("1e-999999999")}, {"hours": Decimal("1e999999999")}, {"hours": Decimal("sNaN")},
        {"hours": "1e9"}, {"hours": []}, {"hours": 0.0001}, {"hours": 0.1166667}, [], "4 h", None,
        {"days": "3 d"}, {1: 2},
    ],
)  # fmt: skip
def test_from_json_refuses(value: Any) -> None:
    with pytest.raises(ValueError, match=r"target|fractions"):
        Target.from_json(value)


@given(st.integers(0, 3_600_000_000))
def test_any_whole_number_of_seconds_survives_text_and_json(seconds: int) -> None:
    target = Target("hours", Fraction(seconds, 3600))
    assert target.seconds == seconds
    assert Target.parse(str(target)) == target
    assert Target.from_json(target.to_json()) == target


def test_days_have_no_length_in_seconds() -> None:
    with pytest.raises(ValueError, match="no length"):
        _ = Target.parse("2 d").seconds


def test_units_never_equal_one_another() -> None:
    assert len({Target.parse(text) for text in ("24 h", "24 nh", "1 d", "1 nd")}) == 4
