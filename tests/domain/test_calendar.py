"""The calendar by example: both sides of each boundary, in the hours of the group and in harder zones."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from cxloop.domain.calendar import CalendarError, Explanation, Target, WorkCalendar, read_days

BEIJING = timezone(timedelta(hours=8))
OFFICE = [["09:00", "12:00"], ["13:30", "18:00"]]
AUTUMN_2025 = [
    {"date": "2025-09-28", "kind": "workday", "name": "国庆节调休上班", "source": "notice"},
    *({"date": f"2025-10-{day:02}", "kind": "holiday", "name": "国庆节", "source": "notice"} for day in range(1, 9)),
    {"date": "2025-10-11", "kind": "workday", "name": "国庆节调休上班", "source": "notice"},
    {"date": "2026-02-14", "kind": "workday", "name": "春节调休上班", "source": "notice"},
]


def calendar(**changes: Any) -> WorkCalendar:
    week = {str(weekday): OFFICE for weekday in range(5)}
    definition = {"tz": "Asia/Shanghai", "week": week, "national": True} | changes
    return WorkCalendar.from_definition(
        definition, national=read_days(AUTUMN_2025), official_until=date(2026, 12, 31), code="CN"
    )


def everyday(*hours: list[str], tz: str = "Asia/Shanghai") -> WorkCalendar:
    return WorkCalendar.from_definition({"tz": tz, "week": {str(weekday): list(hours) for weekday in range(7)}})


def at(text: str) -> datetime:
    """Beijing time."""
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


CN = calendar()
ALWAYS = everyday(["00:00", "24:00"])


@pytest.mark.parametrize(
    ("start", "target", "due"),
    [
        ("2025-09-24 09:00", "3 h", "2025-09-24 12:00"),  # the end of the interval, not 13:30
        ("2025-09-24 12:00", "1 h", "2025-09-24 14:30"),
        ("2025-09-24 12:10", "1 h", "2025-09-24 14:30"),  # the gap is not worked
        ("2025-09-24 11:59", "1 h", "2025-09-24 14:29"),
        ("2025-09-24 16:00", "2 h", "2025-09-24 18:00"),  # the closing, not the next opening
        ("2025-09-24 18:00", "0.5 h", "2025-09-25 09:30"),
        ("2025-09-26 17:00", "2 h", "2025-09-28 10:00"),  # Sunday is worked, Saturday is not
        ("2025-09-30 17:30", "1 h", "2025-10-09 09:30"),  # over the National Day week
        ("2025-10-03 11:00", "7.5 h", "2025-10-09 18:00"),  # begun on a holiday
        ("2025-09-26 16:00", "1 d", "2025-09-28 18:00"),
        ("2025-09-26 16:00", "3 d", "2025-09-30 18:00"),  # the example of DESIGN K2
        ("2025-09-26 00:00", "3 d", "2025-09-30 18:00"),  # whatever the hour
        ("2025-09-26 23:59", "3 d", "2025-09-30 18:00"),
        ("2025-09-27 00:00", "3 d", "2025-09-30 18:00"),  # a Saturday off: the same three dates follow
        ("2025-09-28 00:00", "3 d", "2025-10-09 18:00"),
        ("2025-10-04 12:00", "3 d", "2025-10-11 18:00"),
        ("2025-09-30 22:00", "24 nh", "2025-10-01 22:00"),
        ("2025-09-30 22:00", "3 nd", "2025-10-03 22:00"),
        ("2025-09-27 22:00", "0 h", "2025-09-27 22:00"),
        ("2025-09-27 22:00", "0 d", "2025-09-27 22:00"),
        ("2025-12-31 17:00", "2 h", "2026-01-01 10:00"),  # over the year's end
    ],
)
def test_due(start: str, target: str, due: str) -> None:
    assert CN.due(at(start), Target.parse(target)) == at(due)


@pytest.mark.parametrize(
    ("end", "target", "start"),
    [
        ("2025-09-24 18:00", "4.5 h", "2025-09-24 13:30"),  # an opening, not 12:00
        ("2025-09-24 18:00", "7.5 h", "2025-09-24 09:00"),  # an opening, never the evening before
        ("2025-09-24 12:00", "3 h", "2025-09-24 09:00"),
        ("2025-09-24 13:30", "3 h", "2025-09-24 09:00"),
        ("2025-09-24 13:31", "3 h", "2025-09-24 09:01"),
        ("2025-10-09 09:00", "0.5 h", "2025-09-30 17:30"),
        ("2025-10-09 18:00", "1 d", "2025-09-30 18:00"),
        ("2025-10-09 00:00", "1 d", "2025-09-30 18:00"),
        ("2025-10-08 23:59", "1 d", "2025-09-30 18:00"),
        ("2025-09-29 10:00", "2 d", "2025-09-26 18:00"),
        ("2025-10-03 22:00", "3 nd", "2025-09-30 22:00"),
        ("2025-10-03 22:00", "3 nh", "2025-10-03 19:00"),
        ("2025-10-03 22:00", "0 d", "2025-10-03 22:00"),
        ("2026-01-01 10:00", "2 h", "2025-12-31 17:00"),
    ],
)
def test_before(end: str, target: str, start: str) -> None:
    assert CN.before(at(end), Target.parse(target)) == at(start)


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [
        ("2025-09-24 08:00:00", "2025-09-24 09:00:00", 0),
        ("2025-09-24 08:00:00", "2025-09-24 09:00:01", 1),
        ("2025-09-24 11:59:59", "2025-09-24 13:30:00", 1),
        ("2025-09-24 12:00:00", "2025-09-24 13:30:01", 1),
        ("2025-09-24 17:59:59", "2025-09-25 09:00:00", 1),
        ("2025-09-26 18:00:00", "2025-09-28 09:00:00", 0),
        ("2025-09-22 00:00:00", "2025-09-29 00:00:00", 6 * 27_000),
        ("2025-10-01 00:00:00", "2025-10-09 00:00:00", 0),
    ],
)
def test_worked(start: str, end: str, seconds: int) -> None:
    assert CN.worked(at(start), at(end)) == seconds


def test_an_interval_is_half_open() -> None:
    second = timedelta(seconds=1)
    for opening, closing in [("09:00", "12:00"), ("13:30", "18:00")]:
        begin, end = at(f"2025-09-24 {opening}"), at(f"2025-09-24 {closing}")
        assert not CN.is_open(begin - second)
        assert CN.is_open(begin)
        assert CN.is_open(end - second)
        assert not CN.is_open(end)


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2025-09-24 08:59", "2025-09-24 09:00"),
        ("2025-09-24 10:17", "2025-09-24 10:17"),
        ("2025-09-24 12:00", "2025-09-24 13:30"),
        ("2025-09-26 18:00", "2025-09-28 09:00"),
        ("2025-09-30 18:00", "2025-10-09 09:00"),
    ],
)
def test_next_opening(moment: str, opening: str) -> None:
    assert CN.next_opening(at(moment)) == at(opening)


def test_around_the_clock() -> None:
    """Severity 1: a Saturday alarm is not due on Monday, and a closing at 24:00 belongs to its day."""
    saturday = at("2025-10-04 22:40")
    assert ALWAYS.due(saturday, Target.parse("0.5 h")) == at("2025-10-04 23:10")
    assert ALWAYS.due(saturday, Target.parse("24 h")) == at("2025-10-05 22:40")
    assert ALWAYS.due(saturday, Target.parse("1 d")) == at("2025-10-06 00:00"), "24:00 of Sunday"
    assert ALWAYS.before(at("2025-10-06 00:00"), Target.parse("1 d")) == at("2025-10-05 00:00"), "of Saturday"
    assert ALWAYS.before(at("2025-10-06 00:01"), Target.parse("1 d")) == at("2025-10-06 00:00"), "of Sunday"
    assert ALWAYS.before(at("2025-10-06 00:00"), Target.parse("24 h")) == at("2025-10-05 00:00")


def test_midnight_that_closes_nothing_belongs_to_the_new_day() -> None:
    early = everyday(["00:00", "06:00"])
    assert early.before(at("2025-10-06 00:00"), Target.parse("1 d")) == at("2025-10-05 06:00")
    assert CN.before(at("2025-09-25 00:00"), Target.parse("1 d")) == at("2025-09-24 18:00")


def test_provisional_is_what_lies_past_the_official_days() -> None:
    assert not CN.is_provisional(at("2026-12-31 23:59:59"))
    assert CN.is_provisional(at("2027-01-01 00:00"))
    assert not CN.is_provisional(datetime(2026, 12, 31, 15, 59, tzinfo=UTC)), "the local date decides"
    assert CN.is_provisional(datetime(2026, 12, 31, 16, 0, tzinfo=UTC))
    assert not ALWAYS.is_provisional(at("2090-01-01 00:00")), "no national days, nothing to wait for"
    nights = calendar(week={"3": [["20:00", "24:00"]]})
    assert not nights.is_provisional(at("2027-01-01 00:00")), "the closing of 31 December belongs to it"
    unknown = WorkCalendar.from_definition({"tz": "UTC", "week": {"0": OFFICE}, "national": True})
    assert unknown.is_provisional(at("2020-01-01 00:00")), "where no table is loaded nothing is official"


@pytest.mark.parametrize("year", [2000, 2027, 2050, 2100])
def test_beyond_the_national_days_the_week_alone_decides(year: int) -> None:
    """CAL-06: the library of the national days fails for an unknown year; the calendar never does."""
    monday = next(day for day in (date(year, 9, n) for n in range(1, 8)) if day.weekday() == 0)
    start = datetime(monday.year, monday.month, monday.day, 16, tzinfo=BEIJING)
    assert CN.due(start, Target.parse("4 d")) == start + timedelta(days=4, hours=2)
    assert CN.due(start, Target.parse("3 h")) == start + timedelta(hours=18)


def test_explain_names_what_decides_a_date() -> None:
    local = calendar(days=[{"date": "2025-09-24", "kind": "holiday", "name": "台风停工"}])
    assert CN.explain(date(2025, 9, 25)) == Explanation(True, "week")
    assert CN.explain(date(2025, 9, 27)) == Explanation(False, "weekend")
    assert CN.explain(date(2025, 9, 28)) == Explanation(True, "workday", "国庆节调休上班", "notice")
    assert CN.explain(date(2025, 10, 1)) == Explanation(False, "holiday", "国庆节", "notice")
    assert local.explain(date(2025, 9, 24)) == Explanation(False, "local", "台风停工")
    assert CN.hours_on(date(2025, 9, 28)) == (("09:00", "12:00"), ("13:30", "18:00"))
    assert ALWAYS.hours_on(date(2025, 9, 28)) == (("00:00", "24:00"),)


def test_whole_seconds_only() -> None:
    """The fraction of a second is dropped before counting, so that stretches of time add up exactly."""
    start = at("2025-09-24 10:00:00.900000")
    assert CN.due(start, Target.parse("1 h")) == at("2025-09-24 11:00:00")
    assert CN.due(start, Target.parse("0 h")) == start
    assert CN.worked(start, at("2025-09-24 10:00:01.100000")) == 1
    assert CN.worked(start, start) == 0


def test_instants_come_in_with_any_offset_and_go_out_in_utc() -> None:
    due = CN.due(datetime(2025, 9, 24, 1, tzinfo=UTC), Target.parse("1 h"))
    assert due == CN.due(at("2025-09-24 09:00"), Target.parse("1 h"))
    assert due.tzinfo is UTC
    assert CN.due(at("2025-09-24 09:00"), Target.parse("0 h")).tzinfo is UTC


@pytest.mark.parametrize(
    ("question", "rest"),
    [
        ("due", (Target.parse("1 h"),)),
        ("before", (Target.parse("1 d"),)),
        ("worked", (at("2025-09-24 12:00"),)),
        ("advance", (1,)),
        ("retreat", (0,)),
        ("is_open", ()),
        ("next_opening", ()),
    ],
)
def test_naive_times_are_refused(question: str, rest: tuple[Any, ...]) -> None:
    naive = datetime(2025, 9, 24, 9)  # noqa: DTZ001
    with pytest.raises(CalendarError, match="naive"):
        getattr(CN, question)(naive, *rest)


def test_what_cannot_be_meant_is_refused_by_name() -> None:
    noon = at("2025-09-24 12:00")
    with pytest.raises(CalendarError, match="end: reversed"):
        CN.worked(noon, noon - timedelta(seconds=1))
    with pytest.raises(CalendarError, match="target: negative"):
        CN.advance(noon, -1)
    for target in ("900000 h", "400000 d", "1000000 nd", "1000000 nh"):
        for question in (CN.due, CN.before) if target != "1000000 nh" else (CN.before,):
            with pytest.raises(CalendarError, match="target: beyond_horizon"):
                question(noon, Target.parse(target))
    with pytest.raises(CalendarError, match="start: beyond_horizon"):
        CN.due(datetime(1, 1, 1, tzinfo=BEIJING), Target.parse("1 h"))
