"""What has failed in other systems (class CAL), and the cases that others have published."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cxloop.domain.calendar import Target, WorkCalendar, read_days
from cxloop.seeds.national import national_days

BEIJING = ZoneInfo("Asia/Shanghai")
VECTORS = Path(__file__).parents[3] / "shared" / "data" / "working_time_vectors.json"


def calendar(*hours: list[str], weekdays: str = "01234", national: bool = False) -> WorkCalendar:
    definition = {"tz": "Asia/Shanghai", "week": {weekday: list(hours) for weekday in weekdays}, "national": national}
    return WorkCalendar.from_definition(definition, national=read_days(national_days()["days"]))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


def h(text: str) -> Target:
    return Target.parse(f"{text} h")


def test_cal_01_a_warning_before_due_follows_the_intervals() -> None:
    straight = calendar(["08:00", "18:00"])
    due = straight.due(at("2026-03-02 17:00"), h("4"))
    assert due == at("2026-03-03 11:00")
    assert straight.before(due, h("1")) == at("2026-03-03 10:00")

    lunch = calendar(["09:00", "12:00"], ["13:30", "18:00"])
    due = lunch.due(at("2026-03-02 11:30"), h("4"))
    assert due == at("2026-03-02 17:00")
    assert lunch.before(due, h("1")) == at("2026-03-02 16:00")


def test_cal_03_a_start_on_a_day_off_counts_from_the_opening() -> None:
    office = calendar(["09:00", "12:00"], ["13:30", "18:00"])
    assert office.worked(at("2026-03-07 15:00"), at("2026-03-09 09:10")) == 10 * 60
    assert office.due(at("2026-03-07 15:00"), h("0.5")) == at("2026-03-09 09:30")


@pytest.mark.parametrize("mask", range(1, 128))
def test_cal_04_any_weekdays_may_be_missing(mask: int) -> None:
    weekdays = "".join(str(weekday) for weekday in range(7) if mask >> weekday & 1)
    office = calendar(["09:00", "12:00"], ["13:30", "18:00"], weekdays=weekdays)
    start = at("2026-03-02 00:00")  # a Monday
    dates = [start + timedelta(days=n) for n in range(60) if str((start + timedelta(days=n)).weekday()) in weekdays]
    for count in range(1, 8):
        assert office.due(start, h(str(7.5 * count))) == dates[count - 1] + timedelta(hours=18)
        later = [day for day in dates if day > start]
        assert office.due(start, Target.parse(f"{count} d")) == later[count - 1] + timedelta(hours=18)


def test_cal_07_make_up_days_are_worked() -> None:
    office = calendar(["09:00", "12:00"], ["13:30", "18:00"], national=True)
    made_up = [date.fromisoformat(f"2026-{day}") for day in ("01-04", "02-14", "02-28", "05-09", "09-20", "10-10")]
    year = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    assert [day for day in year if day.weekday() >= 5 and office.explain(day).working] == made_up
    assert office.due(at("2026-02-13 10:00"), Target.parse("1 d")) == at("2026-02-14 18:00")


def test_cal_13_lunch_is_not_worked() -> None:
    office = calendar(["09:00", "12:00"], ["13:30", "18:00"])
    created = at("2026-03-02 12:10")
    assert office.worked(created, at("2026-03-02 13:30")) == 0
    assert office.worked(created, at("2026-03-02 13:30:01")) == 1


def test_a_monday_listed_as_a_workday_after_an_extended_holiday() -> None:
    """2020-02-03 in the second notice of 2020."""
    definition = {"tz": "Asia/Shanghai", "week": {str(weekday): [["09:00", "18:00"]] for weekday in range(5)}}
    days = [
        *({"date": f"2020-01-{day}", "kind": "holiday"} for day in range(24, 32)),
        *({"date": f"2020-02-0{day}", "kind": "holiday"} for day in (1, 2)),
        {"date": "2020-02-03", "kind": "workday"},
    ]
    extended = WorkCalendar.from_definition(definition | {"days": days})
    assert extended.due(at("2020-01-23 17:00"), h("2")) == at("2020-02-03 10:00")
    assert extended.due(at("2020-01-23 17:00"), Target.parse("2 d")) == at("2020-02-04 18:00")


def _vectors() -> list[Any]:
    if not VECTORS.exists():
        return [
            pytest.param({}, {}, marks=pytest.mark.skip(reason="the shared data folder is not beside the repository"))
        ]
    document = json.loads(VECTORS.read_text("utf-8"))
    return [
        pytest.param(
            vector
            if isinstance(vector["calendar"], dict)
            else vector | {"calendar": document["calendars"][vector["calendar"]]},
            vector["brute_force_agrees"],
            id=f"{place}-{vector['kind']}",
        )
        for place, vector in enumerate(document["vectors"])
    ]


@pytest.mark.parametrize(("vector", "agreed"), _vectors())
def test_published_cases(vector: dict[str, Any], agreed: bool) -> None:
    told = vector["calendar"]
    days = [{"date": day, "kind": "holiday"} for day in told["holidays"]]
    office = WorkCalendar.from_definition({"tz": told["tz"], "week": told["hours"], "days": days})
    start = datetime.fromisoformat(vector["start"]).replace(tzinfo=UTC)
    if vector["kind"] == "elapsed":
        end = datetime.fromisoformat(vector["end"]).replace(tzinfo=UTC)
        assert office.worked(start, end) == vector["expect_minutes"] * 60
    elif vector["kind"] == "due":
        due = datetime.fromisoformat(vector["expect_due"]).replace(tzinfo=UTC)
        assert office.due(start, Target.parse(f"{vector['sla_minutes']}/60 h")) == due
    else:
        step = office.due if vector["days"] > 0 else office.before
        found = step(start, Target.parse(f"{abs(vector['days'])} d")).date()
        # That library first moves a start on a holiday to the next working day. Ours is the n-th working date after
        # the start's (K2), as the walk that the file itself took: there the two must differ.
        assert (found == date.fromisoformat(vector["expect"])) is agreed
