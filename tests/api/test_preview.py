"""`POST /clocks/preview`: what would be due when, before anybody promises it."""

import json
from datetime import datetime
from typing import Any

import pytest

from cxloop.models.clock import Clock, ClockPlan
from cxloop.models.entry import Entry
from tests.api.world import World
from tests.cast import CHEN, OPS, ZHAO

HOURS = [["09:00", "12:00"], ["13:30", "18:00"]]
WEEK = {str(day): HOURS if day < 5 else [] for day in range(7)}
OWN = {"tz": "Asia/Shanghai", "week": WEEK}


def _body(**more: Any) -> dict[str, Any]:
    return {"calendar": "CN", "start": "2025-09-26T16:00:00+08:00", "target": {"days": 3}, **more}


def _ask(world: World, user: str = CHEN, /, **more: Any) -> Any:
    answer = world.post(user, "/clocks/preview", _body(**more))
    assert answer.status_code == 200, answer.text
    return answer.json


def test_three_working_days_over_a_make_up_sunday(still_world: World) -> None:
    told = _ask(still_world, at="2025-09-29T10:00:00+08:00")
    assert told["due_at"] == "2025-09-30T10:00:00Z"
    assert (told["provisional"], told["breached"]) == (False, False)
    assert (told["worked"], told["left"]) == ((2 + 7.5 + 1) * 3600, (6.5 + 7.5) * 3600)
    assert [rung["code"] for rung in told["rungs"]] == ["before_1d", "p75", "due", "over_3d", "over_5d"]
    sunday = [day for step in told["why"] for day in step["days"] if day["date"] == "2025-09-28"]
    assert sunday
    assert sunday[0]["why"] == "workday"
    assert "make-up workday" in sunday[0]["text"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sentences_end_with_the_due(still_world: World, language: str) -> None:
    pauses = [{"from": "2025-09-28T10:00:00+08:00", "to": "2025-09-29T10:00:00+08:00"}]
    extensions = [{"at": "2025-09-29T11:00:00+08:00", "hours": 3}]
    body = _body(pauses=pauses, extensions=extensions)
    told = still_world.post(ZHAO, "/clocks/preview", body, headers={"Accept-Language": language}).json
    sentences = [step["text"] for step in told["why"]]
    assert sentences[-1] == {"zh": "所以截止 2025-10-10 12:00。", "en": "So due at 2025-10-10 12:00."}[language]
    assert {"zh": "3 个工作日", "en": "3 working days"}[language] in sentences[0]
    everything = json.dumps([sentences, [day["text"] for step in told["why"] for day in step["days"]]])
    assert "UTC" not in everything
    assert "—" not in everything


def test_a_definition_of_ones_own(still_world: World) -> None:
    alone = _ask(still_world, calendar={**OWN, "national": False}, start="2026-09-30T16:00:00+08:00")
    assert alone["due_at"] == "2026-10-05T10:00:00Z"
    national = _ask(still_world, calendar={**OWN, "national": True}, start="2026-09-30T16:00:00+08:00")
    assert national["due_at"] == "2026-10-10T10:00:00Z"
    assert _ask(still_world, calendar={**OWN, "national": True}, start="2027-01-05T16:00:00+08:00")["provisional"]


def test_a_pause_that_lasts_has_no_due(still_world: World) -> None:
    still = [{"from": "2025-09-29T10:00:00+08:00", "to": None}]
    told = _ask(still_world, pauses=still, at="2025-12-01T10:00:00+08:00")
    assert (told["due_at"], told["left"], told["breached"]) == (None, 14 * 3600, False)
    assert told["why"][-1]["text"] == "So paused, 14 h left, without a due time."


def test_nothing_is_created(world: World) -> None:
    before = [world.count(cls) for cls in (Clock, ClockPlan, Entry)]
    for _ in range(2):
        headers = {"Idempotency-Key": "once", "If-Match": '"7"'}
        assert world.post(OPS, "/clocks/preview", _body(), headers=headers).status_code == 200
    assert [world.count(cls) for cls in (Clock, ClockPlan, Entry)] == before


BAD: list[tuple[dict[str, Any], str]] = [
    ({"calendar": "NONE"}, "calendar"),
    ({"calendar": "CN-DAYS"}, "calendar"),
    ({"calendar": 5}, "calendar"),
    ({"calendar": "\x00"}, "calendar"),
    ({"calendar": {"tz": "Asia/Shanghai", "week": {str(day): [] for day in range(7)}}}, "calendar.week"),
    ({"calendar": {**OWN, "week": {**WEEK, "0": [["09:00", "12:00"], ["11:00", "13:00"]]}}}, "calendar.week"),
    ({"calendar": {**OWN, "week": {**WEEK, "0": [["12:00", "09:00"]]}}}, "calendar.week"),
    ({"calendar": {**OWN, "tz": "Mars/Olympus"}}, "calendar.tz"),
    ({"start": "2025-09-26T16:00:00"}, "start"),
    ({"start": None}, "start"),
    ({"target": {"days": 1.5}}, "target"),
    ({"target": {"days": 1, "hours": 1}}, "target"),
    ({"target": {}}, "target"),
    ({"target": {"hours": -1}}, "target"),
    ({"target": {"days": 900_000}}, "target"),
    ({"target": "3 d"}, "target"),
    ({"pauses": [{"from": "2025-09-28T10:00:00+08:00"}]}, "pauses.0.to"),
    ({"pauses": [{"from": "2025-09-28T10:00:00+08:00", "to": "2025-09-28T09:00:00+08:00"}]}, "pauses.0.to"),
    ({"pauses": [{"from": "2025-09-25T10:00:00+08:00", "to": "2025-09-28T09:00:00+08:00"}]}, "pauses.0.from"),
    ({"pauses": [{"from": "2025-09-28T10:00:00+08:00", "to": "2025-09-28T12:00:00+08:00"},
                 {"from": "2025-09-28T11:00:00+08:00", "to": "2025-09-28T13:00:00+08:00"}]}, "pauses.1.from"),
    ({"pauses": [{"from": "2025-09-28T10:00:00+08:00", "to": None},
                 {"from": "2025-09-28T11:00:00+08:00", "to": "2025-09-28T13:00:00+08:00"}]}, "pauses.0.to"),
    ({"extensions": [{"at": "2025-10-28T10:00:00+08:00", "hours": 1}]}, "extensions.0.at"),
    ({"extensions": [{"at": "2025-09-28T10:00:00+08:00", "hours": 1, "days": 1}]}, "extensions.0"),
    ({"extensions": [{"at": "2025-09-28T10:00:00+08:00", "days": 0.5}]}, "extensions.0.days"),
    ({"extensions": [{"at": "2025-09-28T10:00:00+08:00"}]}, "extensions.0"),
    ({"colour": "red"}, "colour"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "field"), BAD, ids=[f"{n}-{field}" for n, (_more, field) in enumerate(BAD)])
def test_what_cannot_be_is_named_in_words(still_world: World, more: dict[str, Any], field: str) -> None:
    answer = still_world.post(CHEN, "/clocks/preview", _body(**more))
    assert answer.status_code == 422, answer.text
    [found] = [name for name in answer.json["errors"] if name == field or name.startswith(f"{field}.")]
    assert all(text and text != "—" for text in answer.json["errors"][found])


def test_nobody_asks_without_a_name(still_world: World) -> None:
    assert still_world.post(None, "/clocks/preview", _body()).status_code == 401


def test_moments_are_answered_with_an_offset(still_world: World) -> None:
    for step in _ask(still_world)["why"]:
        assert datetime.fromisoformat(step["at"]).utcoffset() is not None
