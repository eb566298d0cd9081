"""The seeded national days against the State Council's notices and against a second library."""

import re
from datetime import date, timedelta
from typing import Any

import holidays
import pytest

from cxloop.domain.calendar import WorkCalendar, read_days
from cxloop.seeds.national import national_days

# The make-up workdays of the notices for 2024, 2025 and 2026.
MADE_UP = {
    2024: ["02-04", "02-18", "04-07", "04-28", "05-11", "09-14", "09-29", "10-12"],
    2025: ["01-26", "02-08", "04-27", "09-28", "10-11"],
    2026: ["01-04", "02-14", "02-28", "05-09", "09-20", "10-10"],
}
DAYS = read_days(national_days()["days"])


def dates(year: int, kind: str) -> list[date]:
    return [day.date for day in DAYS if day.date.year == year and day.kind == kind]


def told_by_the_other_library(year: int) -> Any:
    return holidays.country_holidays("CN", years=year, language="en_US")


@pytest.mark.parametrize("year", MADE_UP)
def test_make_up_workdays_are_those_of_the_notice(year: int) -> None:
    assert [f"{day:%m-%d}" for day in dates(year, "workday")] == MADE_UP[year]
    assert all(day.weekday() >= 5 for day in dates(year, "workday"))


@pytest.mark.parametrize("year", MADE_UP)
def test_two_libraries_agree_on_days_off_and_make_up_days(year: int) -> None:
    other = told_by_the_other_library(year)
    off = {day for day in other if day.weekday() < 5}
    assert {day for day in dates(year, "holiday") if day.weekday() < 5} == off
    made_up = {found[1] for name in other.values() if (found := re.search(r"substituted from (\d\d/\d\d)/\d{4}", name))}
    assert {f"{day:%m/%d}" for day in dates(year, "workday")} == made_up


@pytest.mark.parametrize("year", MADE_UP)
def test_a_day_off_in_lieu_is_named_as_such(year: int) -> None:
    """As many as make-up workdays: each of them pays for one."""
    in_lieu = [day for day in DAYS if day.date.year == year and day.name.endswith("调休放假")]
    assert len(in_lieu) == len(MADE_UP[year])
    assert all(day.date.weekday() < 5 for day in in_lieu)


@pytest.mark.parametrize("year", MADE_UP)
def test_every_date_can_be_explained(year: int) -> None:
    definition = {"tz": "Asia/Shanghai", "week": {str(n): [["09:00", "18:00"]] for n in range(5)}, "national": True}
    calendar = WorkCalendar.from_definition(definition, national=DAYS, official_until=date(2026, 12, 31))
    day = date(year, 1, 1)
    while day.year == year:
        told = calendar.explain(day)
        assert told.working == (told.why in ("week", "workday"))
        assert bool(told.name and told.source) == (told.why in ("holiday", "workday"))
        day += timedelta(days=1)


def test_the_table_says_how_far_it_is_official_and_where_it_comes_from() -> None:
    table = national_days()
    assert table["official_until"] == "2026-12-31"
    assert re.fullmatch(r"chinesecalendar \d+\.\d+\.\d+", table["source"])
    assert table["days"][0]["date"] == "2024-01-01"
    source = f"国办发明电〔2024〕12号 ({table['source']})"
    assert {"date": "2025-09-28", "kind": "workday", "name": "国庆节调休上班", "source": source} in table["days"]


def test_every_seeded_day_names_its_notice_and_its_library() -> None:
    for day in national_days()["days"]:
        assert re.fullmatch(r"国办发明电〔20\d\d〕\d+号 \(chinesecalendar \d+\.\d+\.\d+\)", day["source"]), day["date"]
        assert f"〔{int(day['date'][:4]) - 1}〕" in day["source"]


def test_earlier_years_can_be_had() -> None:
    """2004-2026; 2020 as its second notice changed it: a Monday worked after an extended holiday is a plain Monday."""
    days = {day.date: day for day in read_days(national_days(first=2004)["days"])}
    assert min(days) == date(2004, 1, 1)
    assert days[date(2019, 4, 28)].kind == days[date(2019, 5, 5)].kind == days[date(2017, 9, 30)].kind == "workday"
    assert days[date(2020, 1, 31)].kind == "holiday"
    assert date(2020, 2, 3) not in days
