"""Clock changes: an instant is open when the clock on the wall says so, whatever the wall clock has just done."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from cxloop.domain.calendar import Target, WorkCalendar

NEW_YORK = ZoneInfo("America/New_York")  # 2026: forward on 8 March at 02:00, back on 1 November at 02:00


def everyday(*hours: list[str], tz: str = "America/New_York") -> WorkCalendar:
    return WorkCalendar.from_definition({"tz": tz, "week": {str(weekday): list(hours) for weekday in range(7)}})


def local(text: str, *, fold: int = 0) -> datetime:
    """An instant by the clock on a wall in New York; in UTC, as times that come twice equal none of another zone."""
    return wall(text, fold=fold).astimezone(UTC)


def wall(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK, fold=fold)


@pytest.mark.parametrize(
    ("hours", "day", "worked"),
    [
        (["00:00", "24:00"], "2026-03-08", 23),
        (["00:00", "24:00"], "2026-11-01", 25),
        (["01:00", "04:00"], "2026-03-08", 2),
        (["02:00", "03:00"], "2026-03-08", 0),  # an hour that does not exist
        (["02:30", "03:30"], "2026-03-08", 0.5),
        (["01:00", "02:00"], "2026-11-01", 2),  # an hour that comes twice
        (["01:00", "04:00"], "2026-11-01", 4),
    ],
)
def test_worked_on_a_day_of_change(hours: list[str], day: str, worked: float) -> None:
    start = local(f"{day} 00:00")
    end = local(f"{date.fromisoformat(day) + timedelta(days=1)} 00:00")
    assert everyday(hours).worked(start, end) == worked * 3600


def test_a_half_hour_that_comes_twice_is_open_twice_with_a_gap_between() -> None:
    calendar = everyday(["01:00", "01:30"])
    start = local("2026-11-01 01:10")
    assert calendar.due(start, Target.parse("0.5 h")) == local("2026-11-01 01:10", fold=1)
    assert not calendar.is_open(local("2026-11-01 01:40"))
    assert calendar.next_opening(local("2026-11-01 01:40")) == local("2026-11-01 01:00", fold=1)
    assert calendar.due(local("2026-10-31 12:00"), Target.parse("1 d")) == local("2026-11-01 01:30", fold=1)
    assert calendar.is_open(wall("2026-11-01 01:10", fold=1)), "asked in the zone's own time"
    assert calendar.worked(wall("2026-11-01 01:20"), wall("2026-11-01 01:10", fold=1)) == 20 * 60


def test_days_end_at_the_local_closing_on_both_sides_of_a_change() -> None:
    calendar = everyday(["09:00", "17:00"])
    assert calendar.due(local("2026-03-07 10:00"), Target.parse("1 d")) == local("2026-03-08 17:00")
    assert calendar.due(local("2026-10-31 10:00"), Target.parse("1 d")) == local("2026-11-01 17:00")
    assert calendar.before(local("2026-11-02 10:00"), Target.parse("1 d")) == local("2026-11-01 17:00")
    assert calendar.due(local("2026-03-07 16:00"), Target.parse("2 h")) == local("2026-03-08 10:00")


def test_natural_days_keep_the_wall_time_and_natural_hours_do_not() -> None:
    calendar = everyday(["09:00", "17:00"])
    eve = local("2026-03-07 02:30")
    assert calendar.due(eve, Target.parse("1 nd")) == local("2026-03-08 03:30"), "02:30 does not exist: on by the gap"
    assert calendar.due(eve, Target.parse("2 nd")) == local("2026-03-09 02:30")
    assert calendar.due(eve, Target.parse("48 nh")) == local("2026-03-09 03:30")
    assert calendar.due(local("2026-10-31 01:30"), Target.parse("1 nd")) == local("2026-11-01 01:30"), "the first"
    assert calendar.before(local("2026-11-02 12:00"), Target.parse("2 nd")) == local("2026-10-31 12:00")


def test_a_date_that_a_zone_left_out_is_no_working_date() -> None:
    """Samoa had no 30 December 2011."""
    apia = ZoneInfo("Pacific/Apia")
    calendar = everyday(["09:00", "17:00"], tz="Pacific/Apia")
    due = calendar.due(datetime(2011, 12, 29, 10, tzinfo=apia), Target.parse("1 d"))
    assert due == datetime(2011, 12, 31, 17, tzinfo=apia)
