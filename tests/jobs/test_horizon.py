"""F-12, CAL-06: past the national table nothing fails, nothing is guessed in silence: no 2027, then no 2026."""

from datetime import date, datetime
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from cxloop.api import door
from cxloop.extensions import db
from cxloop.jobs.tick import tick
from cxloop.models.clock import Clock
from cxloop.operations import escalation
from cxloop.operations.act import Call, perform
from cxloop.seeds.national import national_days
from tests.cast import ANALYST, CHEN, LIN, OPS, WU
from tests.conftest import build_app, dispose
from tests.factories import BEIJING_TIME, RESOLVED, fresh, local, stop_reading

START = "2026-12-28 10:00"
EFFECT = {"metric": "repeat_repair_rate", "baseline": {"value": "0.31", "n": 900}, "target": "0.10", "window_days": 14}


class Walk:
    """People at work through the doors, at a time that the walk decides; every answer is kept."""

    def __init__(self, app: Flask, patch: pytest.MonkeyPatch) -> None:
        self.app, self.now, self.codes = app, local(START), list[tuple[str, int]]()
        patch.setattr(door, "now", lambda: self.now)
        with app.app_context():
            at = local("2026-12-27 10:00")
            calls = [Call("token.issue", "system", at, on=name) for name in (ANALYST, CHEN, WU, LIN, OPS)]
            self.tokens = {call.on: perform(call)[1] for call in calls}

    def ask(self, method: str, by: str, path: str, body: Any = None) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.tokens[by]}"}
        answer = self.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, json=body)
        self.codes.append((f"{method} {path}", answer.status_code))
        return answer

    def do(self, by: str, path: str, at: str | None = None, /, **body: Any) -> Any:
        self.now = local(at) if at else self.now
        answer = self.ask("POST", by, path, body)
        assert answer.status_code in {200, 201}, (path, answer.text)
        return answer.json

    def sweep(self, at: str) -> None:
        self.now = local(at)
        with self.app.app_context():
            escalation.sweep(at=self.now)


def _without_2026(app: Flask) -> None:
    table = national_days()
    kept = [row for row in table["days"] if row["date"] < "2026-01-01"]
    definition = {**table, "official_until": "2025-12-31", "days": kept}
    with app.app_context():
        perform(
            Call(
                "calendar.publish", "system", local("2026-12-27 11:00"), on="CN-DAYS", fields={"definition": definition}
            )
        )


def _work(walk: Walk) -> list[str]:
    """An issue from its opening over the turn of the year: what can be asked of clocks, once each."""
    rows = [{"unit": unit, "duty": "separate", "title": "排查", "wanted": "逐户回访"} for unit in ("P44", "P51", "P65")]
    no = walk.do(ANALYST, "/issues", title="掉线", description="多省", channel="hotline")["no"]
    walk.do(ANALYST, f"/issues/{no}/analyse", severity=3, category="home.fault_repair", effect=EFFECT)
    walk.do(ANALYST, f"/issues/{no}/dispatch", tasks=rows)
    one, two = f"{no}-T01", f"{no}-T02"
    walk.do(CHEN, f"/tasks/{one}/sign", "2026-12-28 11:00")
    walk.do(CHEN, f"/tasks/{one}/feedback", "2026-12-29 11:00", **RESOLVED)
    walk.do(ANALYST, f"/tasks/{one}/send-back", "2026-12-30 11:00", reason="no_evidence")
    walk.sweep("2026-12-31 18:00")
    walk.do(CHEN, f"/tasks/{one}/feedback", "2027-01-04 11:00", **RESOLVED)
    walk.do(ANALYST, f"/tasks/{one}/accept", "2027-01-05 11:00")
    walk.do(WU, f"/tasks/{two}/feedback", "2027-01-06 11:00", **RESOLVED)
    walk.sweep("2027-02-20 18:00")
    return [no, one, two]


def _read(walk: Walk, numbers: list[str]) -> None:
    issue, one, two = numbers
    paths = [f"/issues/{issue}", f"/tasks/{one}", f"/tasks/{two}", f"/tasks/{one}/clocks", f"/tasks/{two}/clocks"]
    paths += ["/clocks", "/issues", "/tasks", "/calendars", "/calendars/CN", "/calendars/CN-DAYS"]
    paths += ["/calendars/CN/days?from=2026-12-20&to=2027-03-01"]
    for path in paths:
        walk.ask("GET", ANALYST, path)
    with walk.app.app_context():
        ids = list(fresh().scalars(db.select(Clock.id)))
        stop_reading()
    for id_ in ids:
        walk.ask("GET", ANALYST, f"/clocks/{id_}")


@pytest.mark.parametrize("horizon", [date(2026, 12, 31), date(2025, 12, 31)])
def test_past_the_table_nothing_fails_and_every_due_says_that_it_is_provisional(
    group_url: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, horizon: date
) -> None:
    app = build_app(group_url, data_dir=tmp_path)
    if horizon.year == 2025:
        _without_2026(app)
    walk = Walk(app, monkeypatch)
    _read(walk, _work(walk))
    assert [found for found in walk.codes if found[1] >= 400] == []
    tick(app)
    listed = walk.ask("GET", ANALYST, "/clocks?page_size=100").json["items"]
    told = {row["id"]: row["provisional"] for row in listed}
    with app.app_context():
        clocks = list(fresh().scalars(db.select(Clock).where(Clock.due_at.is_not(None))))
        stop_reading()
    past = {clock.id: _day(clock.due_at) > horizon for clock in clocks}
    assert {id_: told[id_] for id_ in past} == past
    assert sum(past.values()) >= 5
    dispose(app)


def _day(moment: datetime | None) -> date:
    assert moment is not None
    return moment.astimezone(BEIJING_TIME).date()
