"""The fields that everything coming in is made of: both sides of each boundary."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import ValidationError

from cxloop.operations.act import ACTS
from cxloop.schemas.acts import SCHEMAS, load_fields
from cxloop.schemas.fields import Figure, Invalid, Moment, Text, Truth, Whole, flat, parse_moment
from tests.api.bodies import BODIES


@pytest.mark.parametrize(
    ("field", "given", "read"),
    [
        (Text(most=3), " abc ", "abc"), (Text(most=3), "😡😡😡", "😡😡😡"), (Text(blank=True), "  ", ""),
        (Text(line=True), "a b\r\n", "a b"), (Text(), "a\n\tb", "a\n\tb"), (Whole(), 2_000_000_000, 2_000_000_000),
        (Whole(low=1, high=4), 1, 1), (Whole(low=1, high=4), 4, 4), (Whole(), Decimal("2.0"), 2),
        (Figure(), "0.000001", Decimal("0.000001")), (Figure(), 999_999_999_999, Decimal(999_999_999_999)),
        (Figure(), Decimal("-1.5"), Decimal("-1.5")), (Truth(), False, False),
        (Moment(), "2026-09-01 10:00+0800", datetime(2026, 9, 1, 2, tzinfo=UTC)),
        (Moment(), "1971-01-01T00:00:00Z", datetime(1971, 1, 1, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_what_is_taken(field: Any, given: Any, read: Any) -> None:
    assert field.deserialize(given) == read


@pytest.mark.parametrize(
    ("field", "given"),
    [
        (Text(most=3), "abcd"), (Text(), ""), (Text(), "\0"), (Text(), "\udc00"), (Text(line=True), "a\nb"),
        (Text(), 1), (Text(line=True), "a\u2028b"), (Text(line=True), "a\x1bb"),
        (Whole(low=1, high=4), 0), (Whole(low=1, high=4), 5), (Whole(), True), (Whole(), "1"), (Whole(), 1.0),
        (Whole(), 2_000_000_001), (Whole(), Decimal("1e999999999")), (Whole(), Decimal("1.5")),
        (Whole(), Decimal("NaN")),
        (Figure(), "0.0000001"), (Figure(), 10**12), (Figure(), "Infinity"), (Figure(), ""), (Figure(), True),
        (Figure(), Decimal("1e-999999999")), (Truth(), 0), (Truth(), "true"),
        (Moment(), "2026-09-01T10:00:00"), (Moment(), "1970-12-31T23:59:59Z"), (Moment(), "2199-01-01T00:00:00Z"),
        (Moment(), "2026-02-30T10:00:00Z"), (Moment(), "2026-09-01T25:00:00Z"), (Moment(), "２026-09-01T10:00:00Z"),
    ],
)  # fmt: skip
def test_what_is_refused(field: Any, given: Any) -> None:
    with pytest.raises(ValidationError):
        field.deserialize(given)


def test_a_moment_without_its_offset_is_told_so() -> None:
    for text in ("2026-09-01", "2026-09-01T10:00", "2026-09-01 10:00:00.5"):
        with pytest.raises(Invalid) as refused:
            parse_moment(text)
        assert refused.value.messages == ["error.naive_time"]


def test_errors_are_named_by_their_place() -> None:
    messages = {"tasks": {1: {"unit": ["a"]}, "_schema": ["b"]}, "_schema": ["c"]}
    assert flat(messages) == {"tasks.1.unit": ["a"], "tasks": ["b"], "": ["c"]}


@pytest.mark.parametrize("act", sorted(BODIES))
def test_every_act_refuses_what_it_does_not_know(act: str) -> None:
    load_fields(act, BODIES[act])
    with pytest.raises(ValidationError) as refused:
        load_fields(act, {**BODIES[act], "role": "admin"})
    assert set(refused.value.messages) == {"role"}


def test_every_act_has_a_schema() -> None:
    assert set(ACTS) == set(SCHEMAS)
