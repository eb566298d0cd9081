"""The trials of bench/trials at a size that a merge can wait for; the full ones are `make clockwork-trial`."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response
from sqlalchemy import create_engine, text

from bench.trials import downtime, events, kills, outage
from bench.trials.ledger import Verdict, compare, read
from bench.trials.show import own_group
from cxloop import settings
from cxloop.extensions import db
from cxloop.operations import sessions
from tests.conftest import build_app, dispose


def test_workers_that_are_killed_fire_everything_once(group: Flask) -> None:
    events.prepare(100)
    row = kills.measure(events=100, kills=3, seed=1, within=4)
    assert row.verdict.holds(), row
    assert (row.events.total(), row.deaths.kills) == (100, 3)
    # All kinds are among them, and some that a higher rung overtakes.
    kinds = {events.WARNING, events.BREACH, events.ESCALATION, events.DEEMED, events.RESUMED}
    assert set(row.events) == kinds
    assert row.collapsed > 0
    # The promise is a second's beat and the sweep; with workers dying, what it takes to start another one.
    assert row.late.most < 30


def test_what_passed_while_nothing_ran_fires_once_late_and_in_order(group: Flask) -> None:
    events.prepare(60)
    row = downtime.measure(events=60, seed=2)
    assert row.verdict.holds(), row
    assert (row.fired, row.late, row.true_moment, row.out_of_order) == (60, 60, 60, 0)
    assert row.seconds < 60


def test_a_database_that_goes_away_is_said_and_comes_back_without_a_restart() -> None:
    with own_group(30) as server:
        row = outage.measure(server, how=outage.STOPPED, seconds=3, events=30)
    assert row.holds(), row


@pytest.mark.torture
@pytest.mark.parametrize("how", [outage.STOPPED, outage.TERMINATED])
def test_half_a_minute_without_the_database(how: str) -> None:
    with own_group(200) as server:
        row = outage.measure(server, how=how, seconds=30, events=200)
    assert row.holds(), row


def test_an_answer_stands_when_the_connection_dies_behind_it(group_url: str, tmp_path: Path) -> None:
    house = build_app(group_url, data_dir=tmp_path)

    @house.after_request
    def cut(response: Response) -> Response:
        if db.engine.dialect.name == "postgresql":
            mine = db.session.scalar(text("select pg_backend_pid()"))
            with create_engine(db.engine.url).connect() as other:
                other.execute(text("select pg_terminate_backend(:mine)"), {"mine": mine})
        return response

    for _ in range(2):
        assert house.test_client().get("/metrics").status_code == 200
    dispose(house)


def test_the_page_of_an_error_asks_the_database_nothing(group: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_given: object) -> None:
        raise db.exc.OperationalError("select", {}, Exception("gone"))

    monkeypatch.setattr(sessions, "session_user", away)
    browser = group.test_client()
    with browser.session_transaction() as cookie:
        cookie["_user_id"] = "secret"
    for path in ("/issues", "/", "/api/v1/issues", "/nowhere"):
        answer = browser.get(path)
        assert answer.status_code == (404 if path == "/nowhere" else 503), path
        assert ("Retry-After" in answer.headers) == (answer.status_code == 503)


def test_who_waits_for_a_database_does_not_wait_for_minutes() -> None:
    far = "postgresql://cxloop@far/cxloop"
    assert settings._engine_options(far)["connect_args"]["connect_timeout"] == 5
    assert "connect_timeout" not in settings._engine_options(f"{far}?connect_timeout=30")["connect_args"]


@pytest.mark.torture
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_two_thousand_events_and_twenty_kills(group: Flask, seed: int) -> None:
    events.prepare(2_000)
    row = kills.measure(events=2_000, kills=20, seed=seed)
    assert row.verdict.holds(), row
    assert row.late.most < 30


def test_the_comparison_sees_what_is_missing_double_or_of_nobodys_making(group: Flask) -> None:
    events.prepare(10)
    alone = read()
    assert compare(alone, alone).holds()
    some = next(iter(alone.notices))
    other = Counter({("chen", "notice.rung", "CX-2026-000099-T01", "{}"): 1})
    more = Counter({some: 1})
    empty: Counter[object] = Counter()

    def seen(**changed: Any) -> Verdict:
        return compare(replace(alone, **changed), alone)

    assert seen(notices=alone.notices + more).double == 1
    assert seen(notices=alone.notices - more).missing == 1
    assert seen(notices=alone.notices + other).phantom == 1
    assert seen(rungs=empty).rungs == alone.rungs.total() > 0
    assert seen(breaches=empty).breaches == alone.breaches.total() > 0
    assert seen(told=alone.told + alone.told).told == alone.told.total() > 0
    db.session.remove()
