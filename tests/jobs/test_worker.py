"""The clockwork: what is due fires once, however many workers look and whenever one dies."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from cxloop.extensions import db
from cxloop.jobs.scheduler import make_scheduler
from cxloop.jobs.tick import beat, name_of_this_worker, tick
from cxloop.models.beat import Beat
from cxloop.models.clock import Breach, ClockRung
from cxloop.models.idempotency import IdempotencyKey
from cxloop.models.notice import Notice
from cxloop.operations import escalation
from cxloop.operations.clocks import recalendar
from cxloop.queries.trail import verify
from cxloop.settings import hold_alone
from tests.factories import Story, fresh, stop_reading

ROOT = Path(__file__).parents[2]


@pytest.fixture
def overdue(group: Flask, story: Story) -> Flask:
    """Ten tasks whose dues have long passed by the system's clock."""
    for _ in range(2):
        story.dispatched(dict.fromkeys(("P44", "P51", "P11", "P31", "P33"), "separate"))
    return group


def _fired() -> tuple[int, int, int]:
    session = fresh()
    rungs = session.scalar(db.select(db.func.count()).where(ClockRung.fired_at.is_not(None)))
    doubles = session.execute(
        db.select(Notice.user_name, Notice.code, Notice.subject, Notice.at)
        .group_by(Notice.user_name, Notice.code, Notice.subject, Notice.at)
        .having(db.func.count() > 1)
    ).all()
    breaches = session.scalar(db.select(db.func.count()).select_from(Breach))
    stop_reading()
    return int(rungs or 0), int(breaches or 0), len(doubles)


def test_a_beat_fires_what_is_due_once(overdue: Flask) -> None:
    while tick(overdue):
        pass
    first = _fired()
    assert first[0] > 0
    assert first[1] >= 10
    assert tick(overdue) == 0
    assert _fired() == first


def test_two_workers_at_once_fire_once(overdue: Flask) -> None:
    counts: list[int] = []

    def work() -> None:
        for _ in range(6):
            counts.append(tick(overdue))

    both = [threading.Thread(target=work) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    while left := tick(overdue):
        counts.append(left)
    rungs, breaches, doubles = _fired()
    # Overtaken rungs are counted with the one that fired for them.
    assert sum(counts) >= rungs > 0
    assert (breaches >= 10, doubles) == (True, 0)
    assert not verify()[3]


def test_a_database_that_is_away_is_tried_again(overdue: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_kwargs: object) -> int:
        raise db.exc.OperationalError("select", {}, Exception("gone"))

    with monkeypatch.context() as patch:
        patch.setattr(escalation, "sweep", away)
        assert tick(overdue) == 0
    assert tick(overdue) > 0


def test_a_fault_while_re_planning_does_not_hold_up_the_sweep(overdue: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_kwargs: object) -> int:
        raise ValueError("a damaged row")

    monkeypatch.setattr(recalendar, "replan_all", broken)
    assert tick(overdue) > 0


def test_workers_long_gone_are_forgotten(group: Flask) -> None:
    now = datetime.now(UTC)
    with group.app_context():
        db.session.add(Beat(worker="old:1", at=now - timedelta(days=8)))
        db.session.add(Beat(worker="killed:2", at=now - timedelta(days=6)))
        db.session.commit()
    beat(group)
    assert set(fresh().scalars(db.select(Beat.worker))) == {"killed:2", name_of_this_worker()}


def test_a_beat_is_seen_and_drops_old_keys(group: Flask) -> None:
    old = datetime.now(UTC) - timedelta(hours=25)
    row = {"user_name": "lin", "method": "POST", "path": "/x", "body_sha256": "0", "answer_code": 200, "headers": []}
    with group.app_context():
        db.session.add(IdempotencyKey(**row, key="old", body="{}", at=old))
        db.session.add(IdempotencyKey(**row, key="new", body="{}", at=datetime.now(UTC)))
        db.session.commit()
    beat(group)
    beat(group)
    session = fresh()
    assert [row.worker for row in session.scalars(db.select(Beat))] == [name_of_this_worker()]
    assert list(session.scalars(db.select(IdempotencyKey.key))) == ["new"]


def test_missed_beats_become_one_and_none_overlaps(group: Flask) -> None:
    jobs = {job.id: job for job in make_scheduler(group).get_jobs()}
    assert set(jobs) == {"sweep", "beat"}
    for job in jobs.values():
        assert (job.coalesce, job.max_instances, job.misfire_grace_time) == (True, 1, None)


def test_a_second_worker_on_sqlite_refuses(group: Flask, tmp_path: Path) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("over PostgreSQL any number may run")
    first = hold_alone(tmp_path, "worker")
    told = group.test_cli_runner().invoke(args=["worker"])
    assert told.exit_code == 1
    assert "a worker runs already" in told.output
    first.close()
    hold_alone(tmp_path, "worker").close()


def _worker(group: Flask, folder: Path) -> "subprocess.Popen[bytes]":
    given = {
        "CXLOOP_PROFILE": "testing", "CXLOOP_DATA_DIR": str(folder), "CXLOOP_SWEEP_SECONDS": "0.2",
        "CXLOOP_DATABASE_URL": group.config["SQLALCHEMY_DATABASE_URI"].replace("+psycopg", ""),
    }  # fmt: skip
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **given}, stderr=subprocess.DEVNULL)


def _workers() -> int:
    count = fresh().scalar(db.select(db.func.count()).select_from(Beat))
    stop_reading()
    return int(count or 0)


def _wait(done: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


def test_a_worker_that_is_killed_between_loses_and_repeats_nothing(overdue: Flask, tmp_path: Path) -> None:
    db.session.rollback()
    first = _worker(overdue, tmp_path)
    try:
        _wait(lambda: _fired()[0] > 0)
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    second = _worker(overdue, tmp_path)
    try:
        _wait(lambda: _workers() == 2)
        _wait(lambda: escalation.next_moment(before=datetime.now(UTC)) is None and not db.session.rollback())
    finally:
        second.terminate()
        assert second.wait(20) == 0
    rungs, breaches, doubles = _fired()
    assert breaches >= 10
    assert doubles == 0
    assert tick(overdue) == 0
    assert _fired() == (rungs, breaches, doubles)
