"""Calendars over the API: days that answer, the year's notice, previews, and what makes no sense."""

import io
import json
from typing import Any

import pytest

from cxloop.models.entry import Entry
from tests.api.world import World
from tests.cast import ANALYST, CHEN, OPS

HOURS = {str(n): [["09:00", "12:00"], ["13:30", "18:00"]] for n in range(5)}
NOTICE = {
    "year": 2027,
    "papers": ["https://example.org/notice"],
    "days": [
        {"name": "元旦", "date": "2026-12-31", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-03", "isOffDay": False},
    ],
}
CSV = "日期,类型,名称,来源\n2027/1/1,放假,元旦,国办发明电〔2026〕1号\n2027年1月3日,调休上班,元旦,\n"


def told(world: World, first: str, last: str, code: str = "CN", language: str = "en") -> list[dict[str, Any]]:
    found = world.get(CHEN, f"/calendars/{code}/days?from={first}&to={last}", headers={"Accept-Language": language})
    assert found.status_code == 200
    return list(found.json["items"])


def test_every_date_says_why_it_is_worked_or_not(still_world: World) -> None:
    days = {day["date"]: day for day in told(still_world, "2026-09-25", "2026-10-11")}
    off = ["09-25", "09-26", "09-27", *(f"10-0{n}" for n in range(1, 8))]
    assert {date[5:]: day["why"] for date, day in days.items() if day["why"] != "week"} == {
        **dict.fromkeys(off, "holiday"), "10-10": "workday", "10-11": "weekend",
    }  # fmt: skip
    assert days["2026-10-10"]["hours"] == [["09:00", "12:00"], ["13:30", "18:00"]]
    assert "国办发明电〔2025〕7号" in days["2026-10-10"]["source"]
    assert days["2026-10-09"]["text"] == "working day; hours 09:00-12:00, 13:30-18:00"
    assert days["2026-09-28"]["freeze"] == "国庆重要通信保障封网"
    assert [day["provisional"] for day in told(still_world, "2026-12-31", "2027-01-01")] == [False, True]


def test_a_date_answers_in_the_readers_language(still_world: World) -> None:
    [day] = told(still_world, "2026-10-10", "2026-10-10", language="zh")
    parts = day["text"].split("；")
    assert parts[:2] == ["调休上班：国庆节调休上班", "工作时间 09:00-12:00、13:30-18:00"]
    assert parts[2].startswith("依据 国办发明电〔2025〕7号")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-01-01", "to"), ("from=2026-01-01&to=2025-12-31", "to"), ("from=2026-01-01&to=2027-02-05", "to"),
        ("from=x&to=2026-01-01", "from"), ("from=1969-12-31&to=1970-01-01", "from"),
        ("from=2026-01-01&to=20260102", "to"),
    ],
)  # fmt: skip
def test_days_that_cannot_be_asked_for(still_world: World, query: str, field: str) -> None:
    answer = still_world.get(CHEN, f"/calendars/CN/days?{query}")
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_400_dates_and_no_hours_without_a_week(still_world: World) -> None:
    assert len(told(still_world, "2026-01-01", "2027-02-04")) == 400
    assert still_world.get(CHEN, "/calendars/CN-DAYS/days?from=2026-01-01&to=2026-01-02").status_code == 404


def test_the_list_warns_from_november_on(world: World) -> None:
    def warnings() -> dict[str, Any]:
        return {row["code"]: row["warning"] for row in world.get(OPS, "/calendars").json["items"]}

    world.now = world.now.replace(year=2026, month=10, day=31, hour=12)
    assert set(warnings().values()) == {None}
    world.now = world.now.replace(month=11, day=1)
    found = warnings()
    assert "2027" in found["CN-DAYS"]
    assert "2027" in found["CN"]
    assert found["ALWAYS"] is None


@pytest.mark.parametrize("shape", ["json", "file", "csv", "gbk", "bom"])
def test_a_notice_replaces_its_year_and_nothing_else(world: World, shape: str) -> None:
    before = world.get(OPS, "/calendars/CN-DAYS").json["definition"]["days"]
    if shape == "json":
        answer = world.post(OPS, "/calendars/CN-DAYS/import", NOTICE)
    else:
        raw = {"file": json.dumps(NOTICE).encode(), "csv": CSV.encode(), "gbk": CSV.encode("gbk")}.get(
            shape, CSV.encode("utf-8-sig")
        )
        form = {"file": (io.BytesIO(raw), "notice.csv")}
        answer = world.call(OPS, "POST", "/calendars/CN-DAYS/import", data=form, content_type="multipart/form-data")
    assert answer.status_code == 200, answer.json
    assert answer.json["official_until"] == "2027-12-31"
    assert "2027-01-03" in answer.json["added"]
    assert answer.json["removed"] == []
    after = {day["date"]: day for day in world.get(OPS, "/calendars/CN-DAYS").json["definition"]["days"]}
    assert all(after[day["date"]] == day for day in before if day["date"] != "2026-12-31")
    source = "国办发明电〔2026〕1号" if shape in {"csv", "gbk", "bom"} else "https://example.org/notice"
    assert after["2027-01-01"]["source"] == source
    assert told(world, "2027-01-03", "2027-01-03")[0]["working"]


def test_the_same_notice_again_publishes_nothing(world: World) -> None:
    first = world.post(OPS, "/calendars/CN-DAYS/import", NOTICE).json
    again = world.post(OPS, "/calendars/CN-DAYS/import", NOTICE).json
    assert (again["added"], again["changed"], again["removed"]) == ([], [], [])
    assert again["revision"] == first["revision"]


def test_bad_rows_are_named_by_row_and_field_and_nothing_is_half_done(world: World) -> None:
    rows = ["date,kind,name", "2027-02-30,holiday,x", "2027-01-01,feast,x", "2027-01-02,holiday,x"]
    text = "\n".join([*rows, "2027-01-02,workday,y", ",holiday,", ""])
    entries = world.count(Entry)
    form = {"file": (io.BytesIO(text.encode()), "notice.csv")}
    answer = world.call(OPS, "POST", "/calendars/CN-DAYS/import", data=form, content_type="multipart/form-data")
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"rows.2.date", "rows.3.kind", "rows.5.date", "rows.6.date"}
    assert world.count(Entry) == entries


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**NOTICE, "year": 2028}, "rows.1.date"),
        ({"year": 2028, "days": [{"name": "元旦", "date": "2028-01-01", "isOffDay": True}]}, "year"),
        ({"days": []}, "file"), ({"days": 3}, "days"), ({"year": "2027", "days": NOTICE["days"]}, "year"),
        ({**NOTICE, "official_until": "2027-13-01"}, "official_until"), ({"days": [7]}, "rows.1.date"),
        ({"days": [{**NOTICE["days"][0], "name": "\u0000"}]}, "rows.1.name"),
    ],
)  # fmt: skip
def test_a_notice_without_sense(world: World, body: Any, field: str) -> None:
    answer = world.post(OPS, "/calendars/CN-DAYS/import", body)
    assert answer.status_code == 422
    assert field in answer.json["errors"]


def test_a_preview_moves_nothing_and_tells_what_would(world: World) -> None:
    entries = world.count(Entry)
    week = [f"2026-{month:02}-{day:02}" for month in range(8, 13) for day in range(1, 29)]
    days = [{"date": date, "kind": "holiday", "name": "台风"} for date in week]
    found = world.post(OPS, "/calendars/CN/preview", {"days": days, "page_size": 2}).json
    assert found["count"] > 2
    assert len(found["items"]) == 2
    assert found["count"] + found["official"] >= 2 + found["more"] > 0
    assert all(item["from"] < item["to"] for item in found["items"] if item["moves"])
    assert world.count(Entry) == entries
    second = world.post(OPS, "/calendars/CN/preview", {"days": days, "page_size": 2, "page": 2}).json
    assert not {item["clock"] for item in second["items"]} & {item["clock"] for item in found["items"]}


def test_a_national_notice_previews_over_all_calendars_that_ask_for_it(world: World) -> None:
    body = {"days": [{"date": "2027-01-01", "kind": "holiday", "name": "元旦"}]}
    found = world.post(OPS, "/calendars/CN-DAYS/preview", body).json
    assert {"CN", "CN-65", "CN-54"} <= set(found["calendars"])
    assert "ALWAYS" not in found["calendars"]
    assert found["days"]["added"] == ["2027-01-01"]


@pytest.mark.parametrize("user", [ANALYST, CHEN])
def test_who_does_not_publish_does_not_preview(still_world: World, user: str) -> None:
    assert still_world.post(user, "/calendars/CN/preview", {"days": []}).status_code == 403
    assert still_world.post(user, "/calendars/CN/publish", {"definition": {}}).status_code == 403


BAD = [
    ({"0": [["09:00", "12:00"], ["11:00", "13:00"]]}, "definition.week.0", "overlap"),
    ({"0": []}, "definition.week", "needs working hours"),
    ({"0": [["12:00", "09:00"]]}, "definition.week.0.0", "after"),
    ({"0": [["9", "12:00"]]}, "definition.week.0.0", "00:00"),
]


@pytest.mark.parametrize(("week", "field", "word"), BAD)
def test_a_week_without_sense_is_refused_at_its_field(still_world: World, week: Any, field: str, word: str) -> None:
    answer = still_world.post(OPS, "/calendars/X/publish", {"definition": {"tz": "Asia/Shanghai", "week": week}})
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert word in answer.json["errors"][field][0]


TWICE = [{"date": "2026-10-01", "kind": "holiday"}, {"date": "2026-10-01", "kind": "workday"}]


@pytest.mark.parametrize(
    ("code", "definition", "field"),
    [
        ("X", {"tz": "Mars/Base", "week": HOURS}, "definition.tz"),
        ("X", {"tz": "Asia/Shanghai", "week": HOURS, "days": TWICE}, "definition.days.1.date"),
        ("X", {"base": "NOWHERE"}, "definition.base"), ("X", {"base": "CN-DAYS"}, "definition.base"),
        ("X", {"base": 7}, "definition.base"), ("X", {"base": "CN", "own": {}}, "definition.own"),
        ("X", {"base": "CN", "days": 7}, "definition.days"), ("X", {"base": "CN", "name": "\ud800"}, "definition.name"),
        ("CN", {"base": "CN"}, "definition.base"), ("X Y", {"base": "CN"}, "code"), ("X", 7, "definition"),
        ("X", {"base": "CN", "weeks": [{"valid_from": "2026-05-01", "valid_until": "2026-04-01", "week": HOURS}]},
         "definition.weeks.0.valid_until"),
        ("CN-DAYS", {"official_until": "2027-12-31", "days": [], "colour": "red"}, "definition.colour"),
    ],
)  # fmt: skip
def test_a_calendar_without_sense_is_refused_at_its_field(
    still_world: World, code: str, definition: Any, field: str
) -> None:
    answer = still_world.post(OPS, f"/calendars/{code}/publish", {"definition": definition})
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_a_calendar_that_somebody_needs_stays_and_says_who(world: World) -> None:
    answer = world.post(OPS, "/calendars/CN/retire", {})
    assert answer.status_code == 422
    assert {"units", "clocks"} <= set(answer.json["errors"])
    assert "CENTER" in answer.json["errors"]["units"][0]
    assert set(world.post(OPS, "/calendars/ALWAYS/retire", {}).json["errors"]) >= {"policies"}
    assert set(world.post(OPS, "/calendars/CN-DAYS/retire", {}).json["errors"]) == {"calendars"}


def test_what_nobody_needs_can_be_withdrawn_and_is_no_base_any_more(world: World) -> None:
    assert world.post(OPS, "/calendars/SPARE/publish", {"definition": {"base": "CN"}}).json["base"] == "CN"
    assert world.post(OPS, "/calendars/SPARE/retire", {}).json["withdrawn"]
    assert world.post(OPS, "/calendars/SPARE/retire", {}).status_code == 404
    refused = world.post(OPS, "/calendars/OTHER/publish", {"definition": {"base": "SPARE"}})
    assert list(refused.json["errors"]) == ["definition.base"]
    assert not world.post(OPS, "/calendars/SPARE/publish", {"definition": {"base": "CN"}}).json["withdrawn"]


def test_a_unit_gets_days_of_its_own(world: World) -> None:
    days = [{"date": "2026-09-11", "kind": "holiday", "name": "台风停工"}]
    answer = world.post(OPS, "/units/P51/set-days", {"days": days})
    assert (answer.status_code, answer.json["calendar"]) == (200, "CN.P51")
    [day] = told(world, "2026-09-11", "2026-09-11", "CN.P51")
    assert (day["working"], day["why"], day["text"]) == (False, "local", "own holiday (台风停工)")
    assert told(world, "2026-09-11", "2026-09-11")[0]["working"]
    for body, field in (({}, "days"), ({"drop": ["2026-09-12"]}, "drop.0"), ({"week": {"0": []}}, "week")):
        assert list(world.post(OPS, "/units/P51/set-days", body).json["errors"]) == [field]
    assert world.post(ANALYST, "/units/P51/set-days", {"days": days}).status_code == 403
