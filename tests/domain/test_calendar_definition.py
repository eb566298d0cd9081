"""What a definition may say, and what is refused with the place and the reason."""

import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from cxloop.domain.calendar import CalendarError, Target, WorkCalendar, read_days
from cxloop.seeds.national import national_days

CALENDARS = Path(__file__).parents[2] / "config" / "calendars"
WEEK = {"0": [["09:00", "18:00"]], "1": [["10:00", "15:00"]]}


def calendar(**changes: Any) -> WorkCalendar:
    return WorkCalendar.from_definition({"tz": "Asia/Shanghai", "week": WEEK} | changes)


def configured(code: str) -> WorkCalendar:
    with (CALENDARS / f"{code}.toml").open("rb") as file:
        return WorkCalendar.from_definition(tomllib.load(file), national=read_days(national_days()["days"]), code=code)


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"week": {"0": [["09:00", "12:00"], ["11:59", "18:00"]]}}, "week.0", "overlap"),
        ({"week": {"0": [["13:00", "18:00"], ["09:00", "14:00"]]}}, "week.0", "overlap"),
        ({"week": {"0": [["18:00", "09:00"]]}}, "week.0.0", "reversed"),
        ({"week": {"0": [["09:00", "09:00"]]}}, "week.0.0", "reversed"),
        ({"week": {"0": [["22:00", "06:00"]]}}, "week.0.0", "reversed"),
        ({"week": {}}, "week", "empty_week"),
        ({"week": {"0": [], "6": []}}, "week", "empty_week"),
        ({"week": {"7": [["09:00", "12:00"]]}}, "week.7", "unknown_key"),
        ({"week": {"monday": [["09:00", "12:00"]]}}, "week.monday", "unknown_key"),
        ({"week": {0: [], "0": [["09:00", "12:00"]]}}, "week", "duplicate"),
        ({"week": [["09:00", "12:00"]]}, "week", "not_an_object"),
        ({"week": {"0": "09:00-12:00"}}, "week.0", "not_a_list"),
        ({"week": {"0": ["09:00", "12:00"]}}, "week.0.0", "not_an_interval"),
        ({"week": {"0": [["09:00"]]}}, "week.0.0", "not_an_interval"),
        ({"week": {"0": [["9:00", "12:00"]]}}, "week.0.0", "bad_time"),
        ({"week": {"0": [["09:00", "24:01"]]}}, "week.0.0", "bad_time"),
        ({"week": {"0": [["09:60", "12:00"]]}}, "week.0.0", "bad_time"),
        ({"week": {"0": [[9, 12]]}}, "week.0.0", "bad_time"),
        ({"week": {"0": [["09:00", "12:00\n"]]}}, "week.0.0", "bad_time"),
        ({"week": {"0": [["24:00", "24:00"]]}}, "week.0.0", "reversed"),
        ({"tz": "Asia/Nowhere"}, "tz", "bad_zone"),
        ({"tz": "Asia"}, "tz", "bad_zone"),
        ({"tz": "../../etc/passwd"}, "tz", "bad_zone"),
        ({"tz": "a\0b"}, "tz", "bad_zone"),
        ({"tz": ""}, "tz", "bad_zone"),
        ({"tz": 8}, "tz", "bad_zone"),
        ({"tz": "x" * 5000}, "tz", "bad_zone"),
        ({"national": "yes"}, "national", "not_a_boolean"),
        ({"name": 1}, "name", "not_a_text"),
        ({"holidays": []}, "holidays", "unknown_key"),
        ({"days": {}}, "days", "not_a_list"),
        ({"days": ["2026-01-01"]}, "days.0", "not_an_object"),
        ({"days": [{"date": "2026-01-01"}]}, "days.0.kind", "required"),
        ({"days": [{"kind": "holiday"}]}, "days.0.date", "required"),
        ({"days": [{"date": "2026-02-30", "kind": "holiday"}]}, "days.0.date", "bad_date"),
        ({"days": [{"date": "20260230", "kind": "holiday"}]}, "days.0.date", "bad_date"),
        ({"days": [{"date": 20260101, "kind": "holiday"}]}, "days.0.date", "bad_date"),
        ({"days": [{"date": datetime(2026, 1, 1, tzinfo=UTC), "kind": "holiday"}]}, "days.0.date", "bad_date"),
        ({"days": [{"date": "2026-01-01", "kind": "off"}]}, "days.0.kind", "bad_kind"),
        ({"days": [{"date": "2026-01-01", "kind": ["holiday"]}]}, "days.0.kind", "bad_kind"),
        ({"days": [{"date": "2026-01-01", "kind": "holiday", "hours": 4}]}, "days.0.hours", "unknown_key"),
        (
            {"days": [{"date": "2026-01-01", "kind": "holiday", "intervals": [["09:00", "12:00"]]}]},
            "days.0.intervals",
            "bad_hours",
        ),
        ({"days": [{"date": "2026-01-03", "kind": "workday", "intervals": []}]}, "days.0.intervals", "bad_hours"),
        (
            {"days": [{"date": "2026-01-01", "kind": "holiday"}, {"date": "2026-01-01", "kind": "workday"}]},
            "days.1.date",
            "duplicate",
        ),
        ({"weeks": [{"week": WEEK}]}, "weeks.0.valid_from", "required"),
        ({"weeks": [{"valid_from": "05-01", "week": WEEK}]}, "weeks.0.valid_until", "required"),
        ({"weeks": [{"valid_from": "05-32", "valid_until": "09-30", "week": WEEK}]}, "weeks.0.valid_from", "bad_date"),
        (
            {"weeks": [{"valid_from": "05-01", "valid_until": "2026-09-30", "week": WEEK}]},
            "weeks.0.valid_until",
            "bad_date",
        ),
        (
            {"weeks": [{"valid_from": "2026-05-02", "valid_until": "2026-05-01", "week": WEEK}]},
            "weeks.0.valid_until",
            "reversed",
        ),
        ({"weeks": [{"valid_from": "2026-05-01", "week": {}}]}, "weeks.0.week", "empty_week"),
        ({"workday_week": {"5": []}}, "workday_week", "empty_week"),
        ({"freezes": [{"name": "x", "from": "2026-05-02", "to": "2026-05-01"}]}, "freezes.0.to", "reversed"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_place(changes: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(CalendarError) as refusal:
        calendar(**changes)
    assert (refusal.value.field, refusal.value.message) == (field, message)
    assert isinstance(refusal.value, ValueError)


@pytest.mark.parametrize("definition", [None, [], "CN", {"week": WEEK}, {"tz": "UTC"}])
def test_a_definition_needs_a_zone_and_a_week(definition: Any) -> None:
    with pytest.raises(CalendarError):
        WorkCalendar.from_definition(definition)


def test_intervals_may_touch_and_come_in_any_order() -> None:
    told = calendar(week={"0": [["12:00", "24:00"], ["00:00", "12:00"]]})
    assert told.hours_on(date(2026, 3, 2)) == (("00:00", "12:00"), ("12:00", "24:00"))
    assert told.due(datetime(2026, 3, 1, tzinfo=UTC), Target.parse("24 h")) == datetime(2026, 3, 2, 16, tzinfo=UTC)


def test_the_same_day_told_twice_alike_is_no_contradiction() -> None:
    assert len(read_days([{"date": "2026-01-01", "kind": "holiday"}] * 2)) == 1


def test_a_make_up_workday_takes_mondays_hours_unless_the_calendar_says_otherwise() -> None:
    saturday = {"date": "2026-03-07", "kind": "workday"}
    day = date(2026, 3, 7)
    assert calendar(days=[saturday]).hours_on(day) == (("09:00", "18:00"),)
    otherwise = {"5": [["09:00", "12:00"]]}
    assert calendar(days=[saturday], workday_week=otherwise).hours_on(day) == (("09:00", "12:00"),)
    assert calendar(days=[saturday], workday_week={"6": [["10:00", "11:00"]]}).hours_on(day) == (("09:00", "18:00"),)
    own = saturday | {"intervals": [["13:00", "14:00"]]}
    assert calendar(days=[own], workday_week=otherwise).hours_on(day) == (("13:00", "14:00"),)


def test_a_local_day_overrules_the_national_one_both_ways() -> None:
    national = read_days([{"date": "2026-10-01", "kind": "holiday"}, {"date": "2026-10-10", "kind": "workday"}])
    local = [{"date": "2026-10-01", "kind": "workday"}, {"date": "2026-10-10", "kind": "holiday"}]
    definition = {"tz": "Asia/Shanghai", "week": WEEK, "days": local, "national": True}
    both = WorkCalendar.from_definition(definition, national=national)
    assert both.explain(date(2026, 10, 1)) == (True, "local", "", "")
    assert both.explain(date(2026, 10, 10)) == (False, "local", "", "")
    alone = WorkCalendar.from_definition(definition | {"days": [], "national": False}, national=national)
    assert alone.explain(date(2026, 10, 1)).why == "weekend", "a calendar that does not ask for national days has none"


def test_a_pattern_holds_from_its_date_on_or_between_two() -> None:
    short = {"0": [["09:00", "12:00"]]}
    changed = calendar(
        weeks=[
            {"valid_from": "2026-06-01", "week": {"0": [["08:00", "18:00"]]}},
            {"valid_from": "2026-07-06", "valid_until": "2026-07-13", "week": short},
        ]
    )
    mondays = {
        "05-25": "18:00",
        "06-01": "18:00",
        "06-29": "18:00",
        "07-06": "12:00",
        "07-13": "12:00",
        "07-20": "18:00",
    }
    for day, closing in mondays.items():
        [(opening, end)] = changed.hours_on(date.fromisoformat(f"2026-{day}"))
        assert end == closing
        assert opening == ("08:00" if day in ("06-01", "06-29", "07-20") else "09:00")


def test_a_yearly_season_may_cross_the_new_year() -> None:
    winter = {str(weekday): [["10:00", "11:00"]] for weekday in range(7)}
    seasonal = calendar(weeks=[{"valid_from": "11-15", "valid_until": "02-29", "week": winter}])
    inside = ("2026-11-15", "2026-12-31", "2027-01-01", "2027-02-28", "2028-02-29")
    assert all(seasonal.hours_on(date.fromisoformat(day)) == (("10:00", "11:00"),) for day in inside)
    assert seasonal.hours_on(date(2026, 11, 14)) == ()
    assert seasonal.hours_on(date(2027, 3, 1)) == (("09:00", "18:00"),)


def test_freezes_are_labels_and_stop_nothing() -> None:
    frozen = calendar(freezes=[{"name": "封网", "from": "2026-03-01", "to": "2026-03-08"}])
    start, target = datetime(2026, 3, 1, tzinfo=UTC), Target.parse("9 h")
    assert frozen.due(start, target) == calendar().due(start, target)
    assert [freeze.name for freeze in frozen.freezes] == ["封网"]


@pytest.mark.parametrize(
    ("code", "day", "hours"),
    [
        ("CN", "2026-03-02", (("09:00", "12:00"), ("13:30", "18:00"))),
        ("CN-54", "2026-03-02", (("09:30", "13:00"), ("15:30", "18:30"))),
        ("CN-65", "2026-04-30", (("10:00", "14:00"), ("15:30", "19:30"))),
        ("CN-65", "2026-05-06", (("10:00", "14:00"), ("16:00", "20:00"))),
        ("CN-65", "2026-05-09", (("10:00", "14:00"), ("16:00", "20:00"))),  # a make-up Saturday in summer
        ("CN-65", "2026-09-30", (("10:00", "14:00"), ("16:00", "20:00"))),
        ("CN-65", "2026-10-10", (("10:00", "14:00"), ("15:30", "19:30"))),  # a make-up Saturday in winter
        ("CN-65", "2027-05-03", (("10:00", "14:00"), ("16:00", "20:00"))),
        ("CN-65", "2026-10-01", ()),
        ("CN", "2026-10-10", (("09:00", "12:00"), ("13:30", "18:00"))),
        ("ALWAYS", "2026-10-01", (("00:00", "24:00"),)),
    ],
)
def test_the_groups_calendars(code: str, day: str, hours: tuple[tuple[str, str], ...]) -> None:
    assert configured(code).hours_on(date.fromisoformat(day)) == hours


def test_every_configured_calendar_can_be_read() -> None:
    codes = {path.stem for path in CALENDARS.glob("*.toml")}
    assert codes == {"CN", "CN-65", "CN-54", "ALWAYS"}
    assert {configured(code).tz.key for code in codes} == {"Asia/Shanghai"}
