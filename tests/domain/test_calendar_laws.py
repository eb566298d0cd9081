"""What holds of every calendar: the laws of DESIGN section 4, and no difference from walking minute by minute.

`CXLOOP_TEST_CASES=10000` walks the long way.
"""

import os
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cxloop.domain.calendar import Target, WorkCalendar, read_days
from tests.domain.oracle import Walker

Definition = dict[str, Any]

CASES = int(os.environ.get("CXLOOP_TEST_CASES", "100"))
many = settings(
    max_examples=CASES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)

# Beijing; half-hour and 45-minute offsets; the hour, half hour and one minute past midnight at which clocks change.
ZONES = (
    "Asia/Shanghai",
    "UTC",
    "Asia/Kathmandu",
    "America/New_York",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "America/St_Johns",
    "America/Havana",
    "Pacific/Apia",
)
# Chinese holidays, year ends, clock changes in those zones, the day Samoa left out.
ANCHORS = tuple(
    date.fromisoformat(text)
    for text in (
        "2025-09-26", "2026-02-14", "2020-01-31", "2026-12-31", "2024-02-29", "2026-03-08", "2026-11-01",
        "2026-03-29", "2026-10-25", "2026-04-05", "2026-10-04", "2010-11-07", "2011-12-30", "2004-10-31",
    )
)  # fmt: skip


@st.composite
def intervals(draw: st.DrawFn) -> list[list[str]]:
    step = draw(st.sampled_from([1, 15, 60]))
    count = 2 * draw(st.integers(1, 3))
    bounds = sorted(draw(st.sets(st.integers(0, 24 * 60 // step), min_size=count, max_size=count)))
    clock = [f"{bound * step // 60:02}:{bound * step % 60:02}" for bound in bounds]
    return [clock[place : place + 2] for place in range(0, count, 2)]


weeks = st.dictionaries(st.sampled_from("0123456"), intervals(), min_size=1)


@st.composite
def definitions(draw: st.DrawFn, *, anchor: date, zones: tuple[str, ...] = ZONES) -> Definition:
    chosen = draw(st.dictionaries(st.integers(-15, 15), st.sampled_from(["holiday", "workday"]), max_size=8))
    days = [{"date": str(anchor + timedelta(days=n)), "kind": kind} for n, kind in chosen.items()]
    definition = {"tz": draw(st.sampled_from(zones)), "week": draw(weeks), "days": days, "national": False}
    seasons = [
        {"valid_from": "05-01", "valid_until": "09-30"},
        {"valid_from": "11-15", "valid_until": "02-10"},
        {"valid_from": str(anchor + timedelta(days=2))},
        {"valid_from": str(anchor - timedelta(days=3)), "valid_until": str(anchor + timedelta(days=3))},
    ]
    chosen_seasons = draw(st.lists(st.sampled_from(seasons), max_size=2))
    return definition | {"weeks": [{**season, "week": draw(weeks)} for season in chosen_seasons]}


@st.composite
def cases(draw: st.DrawFn) -> tuple[Definition, datetime]:
    """A definition and a minute near the days it speaks of."""
    anchor = draw(st.sampled_from(ANCHORS))
    minute = draw(st.integers(-5 * 1440, 5 * 1440))
    noon = datetime(anchor.year, anchor.month, anchor.day, 12, tzinfo=UTC)
    return draw(definitions(anchor=anchor)), noon + timedelta(minutes=minute)


def made(definition: Definition) -> WorkCalendar:
    return WorkCalendar.from_definition(definition)


def hours(minutes: int) -> Target:
    return Target("hours", Fraction(minutes, 60))


def days(count: int) -> Target:
    return Target("days", Fraction(count))


@many
@given(cases(), st.integers(0, 20 * 1440))
def test_worked_equals_the_walk(case: tuple[Definition, datetime], length: int) -> None:
    definition, start = case
    end = start + timedelta(minutes=length)
    assert made(definition).worked(start, end) == Walker(definition).worked(start, end)


@many
@given(cases(), st.integers(0, 10 * 1440))
def test_due_and_before_in_hours_equal_the_walk(case: tuple[Definition, datetime], length: int) -> None:
    definition, at = case
    calendar, walker = made(definition), Walker(definition)
    # A length that is worked within the ten days around, so that the walk ends.
    ahead = calendar.worked(at, at + timedelta(minutes=length)) // 60
    behind = calendar.worked(at - timedelta(minutes=length), at) // 60
    assert calendar.due(at, hours(ahead)) == walker.due(at, ahead)
    assert calendar.before(at, hours(behind)) == walker.before(at, behind)


@many
@given(cases(), st.integers(1, 6))
def test_due_and_before_in_days_equal_the_walk(case: tuple[Definition, datetime], count: int) -> None:
    definition, at = case
    calendar, walker = made(definition), Walker(definition)
    assert calendar.due(at, days(count)) == walker.due_days(at, count)
    assert calendar.before(at, days(count)) == walker.before_days(at, count)


@many
@given(cases(), st.timedeltas(timedelta(0), timedelta(minutes=1)), st.integers(0, 200_000), st.integers(0, 200_000))
def test_hours_add_up(case: tuple[Definition, datetime], within: timedelta, x: int, y: int) -> None:
    definition, start = case
    calendar, a = made(definition), start + within
    due = calendar.advance(a, x)
    assert a <= due
    assert calendar.worked(a, due) == x
    assert calendar.advance(a, x + y) == calendar.advance(due, y)
    assert calendar.worked(a, due) + calendar.worked(due, calendar.advance(due, y)) == x + y


@many
@given(cases(), st.integers(1, 200_000))
def test_due_is_the_earliest_and_before_the_latest_instant(case: tuple[Definition, datetime], x: int) -> None:
    definition, at = case
    calendar, second = made(definition), timedelta(seconds=1)
    due, begin = calendar.advance(at, x), calendar.retreat(at, x)
    assert calendar.worked(at, max(at, due - second)) == x - 1, "a second earlier it is not yet done"
    assert calendar.worked(begin, at) == x
    assert calendar.worked(begin + second, at) == x - 1, "a second later it would no longer do"
    assert calendar.is_open(due - second)
    assert calendar.is_open(begin), "an opening, never the evening before"


@many
@given(cases(), st.integers(-2, 12), st.integers(1, 100_000), st.integers(1, 8))
def test_a_holiday_never_moves_a_due_earlier(
    case: tuple[Definition, datetime], offset: int, x: int, count: int
) -> None:
    definition, at = case
    day = str((at + timedelta(days=offset)).date())
    others = [other for other in definition["days"] if other["date"] != day]
    calendar = made(definition | {"days": others})
    more = made(definition | {"days": [*others, {"date": day, "kind": "holiday"}]})
    assert more.advance(at, x) >= calendar.advance(at, x)
    assert more.due(at, days(count)) >= calendar.due(at, days(count))


@many
@given(cases(), st.integers(-2, 12), st.integers(1, 100_000), st.integers(1, 8))
def test_a_make_up_day_never_moves_a_due_later(
    case: tuple[Definition, datetime], offset: int, x: int, count: int
) -> None:
    """A make-up workday is a day off that is worked; one on a day worked anyway would only change its hours."""
    definition, at = case
    calendar = made(definition)
    day = (at + timedelta(days=offset)).date()
    assume(not calendar.explain(day).working)
    others = [other for other in definition["days"] if other["date"] != str(day)]
    more = made(definition | {"days": [*others, {"date": str(day), "kind": "workday"}]})
    assert more.advance(at, x) <= calendar.advance(at, x)
    assert more.due(at, days(count)) <= calendar.due(at, days(count))


@many
@given(cases())
def test_next_opening_is_the_earliest_open_instant(case: tuple[Definition, datetime]) -> None:
    definition, at = case
    calendar = made(definition)
    opening = calendar.next_opening(at)
    assert opening >= at
    assert calendar.is_open(opening)
    assert calendar.worked(at, opening) == 0
    assert calendar.is_open(at) == (opening == at) == Walker(definition).open(at)


@many
@given(cases(), cases())
def test_what_was_asked_before_changes_no_answer(
    case: tuple[Definition, datetime], other: tuple[Definition, datetime]
) -> None:
    definition, at = case
    warm = made(definition)
    warm.advance(other[1], 30_000)
    warm.retreat(other[1], 30_000)
    warm.worked(min(at, other[1]), max(at, other[1]))
    assert warm.advance(at, 12_345) == made(definition).advance(at, 12_345)
    assert warm.retreat(at, 12_345) == made(definition).retreat(at, 12_345)
    assert warm.due(at, days(3)) == made(definition).due(at, days(3))


@many
@given(st.data())
def test_the_calendar_s_own_days_overrule_the_national_ones(data: st.DataObject) -> None:
    anchor = date(2025, 9, 26)
    definition = data.draw(definitions(anchor=anchor, zones=("Asia/Shanghai",))) | {"national": True}
    national = data.draw(definitions(anchor=anchor))["days"]
    at = datetime(2025, 9, 20, tzinfo=UTC)
    end = at + timedelta(days=14)
    calendar = WorkCalendar.from_definition(definition, national=read_days(national))
    assert calendar.worked(at, end) == Walker(definition, national).worked(at, end)
