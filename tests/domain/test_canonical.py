"""Canonical text: one text for one content, on every machine, for ever."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxloop.domain.canonical import canonical, decimal_text, digest, stamp
from cxloop.domain.masking import mask
from cxloop.domain.numbers import issue_no, issue_of, issue_year, letter_no, report_no, signal_no, task_no
from cxloop.domain.sampling import draw

JSONABLE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",))), inner),
    max_leaves=8,
)


@given(JSONABLE)
def test_what_was_written_reads_back_and_writes_the_same(value: Any) -> None:
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text


@given(st.dictionaries(st.text(max_size=4), st.integers()))
def test_the_order_of_keys_does_not_matter(value: dict[str, int]) -> None:
    assert canonical(dict(reversed(value.items()))) == canonical(value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_equal_decimals_have_one_text(value: Decimal) -> None:
    text = decimal_text(value)
    assert Decimal(text) == value
    assert decimal_text(value.normalize()) == text
    assert "E" not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0.310", "0.31"),
        ("3.1E-1", "0.31"),
        ("-0.0", "0"),
        ("100", "100"),
        ("1E+2", "100"),
        ("0.00", "0"),
        ("-5.50", "-5.5"),
    ],
)
def test_decimals_have_no_exponent_and_no_tail(value: str, text: str) -> None:
    assert decimal_text(Decimal(value)) == text


def test_a_moment_is_utc_with_microseconds_wherever_it_was() -> None:
    here = datetime(2026, 8, 24, 10, 0, 0, 5, tzinfo=timezone(timedelta(hours=8)))
    assert stamp(here) == stamp(here.astimezone(UTC)) == "2026-08-24T02:00:00.000005Z"
    assert canonical({"at": here, "on": date(2026, 8, 24)}) == (
        '{"at":"2026-08-24T02:00:00.000005Z","on":"2026-08-24"}'
    )


def test_what_has_no_one_text_is_refused() -> None:
    for value in (0.1, {1, 2}, b"x", object()):
        with pytest.raises(TypeError):
            canonical({"x": value})
    with pytest.raises(ValueError, match="offset"):
        canonical(datetime(2026, 8, 24))  # noqa: DTZ001


def test_text_stays_as_it_is_written() -> None:
    assert canonical({"b": True, "a": "掉线 🙂\n", "c": (1, None)}) == '{"a":"掉线 🙂\\n","b":true,"c":[1,null]}'
    assert (len(digest("掉线")), digest("a") == digest("a ")) == (64, False)


# Numbers that people read aloud


def test_numbers() -> None:
    issue = issue_no(year=2026, n=123)
    assert (signal_no(n=123), issue) == ("SG-00000123", "CX-2026-000123")
    assert (task_no(issue=issue, n=2), report_no(issue=issue, n=1)) == ("CX-2026-000123-T02", "CX-2026-000123-R01")
    assert letter_no(year=2026, n=123) == "体验督办〔2026〕123号"


@pytest.mark.parametrize(
    "number", ["CX-2026-000123", "CX-2026-000123-T02", "CX-2026-000123-T02/1", "CX-2026-000123-R01"]
)
def test_every_number_knows_its_issue(number: str) -> None:
    assert issue_of(no=number) == "CX-2026-000123"


def test_years_are_shanghais() -> None:
    assert issue_year(at=datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)) == 2026
    assert issue_year(at=datetime(2026, 12, 31, 16, 0, tzinfo=UTC)) == 2027


# Draws and masks


def test_a_draw_can_be_redone_and_is_fair_enough() -> None:
    rolls = [draw(report=f"R{n}", head="0" * 64, share=20, always=()) for n in range(2000)]
    assert 300 < sum(one.drawn for one in rolls) < 500
    assert all(one.drawn == (one.roll is not None and one.roll < 20) and one.why == "sample" for one in rolls)
    assert not any(draw(report=f"R{n}", head="x", share=0, always=()).drawn for n in range(100))
    assert all(draw(report=f"R{n}", head="x", share=100, always=()).drawn for n in range(100))


def test_a_reason_goes_before_chance() -> None:
    found = draw(report="R", head="x", share=0, always=("severity", "send_backs"))
    assert (found.drawn, found.why, found.roll) == (True, "severity", None)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("13812341234", "138****1234"),
        ("12345678", "123****5678"),
        ("1234567", "1******"),
        ("李雷", "李**"),
        ("", ""),
        (None, None),
    ],
)
def test_masks(text: str | None, shown: str | None) -> None:
    assert mask(text) == shown
