"""TMR-03: one timer that is damaged keeps nobody else's from firing; it stays armed and is shown."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from bench.trials import events
from cxloop.extensions import db
from cxloop.jobs.tick import tick
from cxloop.models.clock import Clock, ClockRung
from tests.factories import fresh, stop_reading

COUNT = 30
# What is damaged, and whether only the clock's own rungs may stay behind, or its whole issue's.
CLOCK, ISSUE = "clock", "issue"
OF_THE_RUNG = "(select chain_no from clock_rungs where id = :rung)"
DAMAGES = {
    "a chain of nobody": (CLOCK, "update clock_rungs set chain_no = 'CX-2020-999999' where id = :rung"),
    "a target nobody can read": (CLOCK, "update clocks set target = 'soon' where id = :clock"),
    "a policy that was never published": (CLOCK, "update clocks set policy_version = 99 where id = :clock"),
    "a moment nobody can read": (CLOCK, "update clock_rungs set moment = '-infinity' where id = :rung"),
    "a head that is behind": (ISSUE, f"update issues set head_seq = head_seq - 1 where no = {OF_THE_RUNG}"),
}


def _armed(chosen: list[events.Event]) -> list[events.Event]:
    found = set(fresh().scalars(db.select(ClockRung.id).where(ClockRung.state == "armed")))
    stop_reading()
    return [event for event in chosen if event.rung in found]


def _damaged(sql: str) -> tuple[list[events.Event], events.Event, str]:
    """All events, the one that is damaged, and the name under which it is shown."""
    events.prepare(COUNT)
    chosen = events.choose(COUNT, seed=3, first=datetime.now(UTC) - timedelta(hours=1), seconds=60)
    events.arm(chosen)
    hurt = next(event for event in chosen if event.kind == events.BREACH)
    subject, kind = db.session.execute(db.select(Clock.subject, Clock.kind).where(Clock.id == hurt.clock)).one()
    db.session.execute(text(sql), {name: value for name, value in _ids(hurt).items() if f":{name}" in sql})
    db.session.commit()
    db.session.remove()
    return chosen, hurt, f"{subject} {kind} due"


def _ids(event: events.Event) -> dict[str, int]:
    return {"rung": event.rung, "clock": event.clock}


@pytest.mark.parametrize("what", DAMAGES)
def test_one_damaged_timer_is_kept_and_shown_and_the_others_fire(group: Flask, what: str) -> None:
    reach, sql = DAMAGES[what]
    chosen, hurt, name = _damaged(sql)
    for _ in range(2):
        tick(group)
        left = _armed(chosen)
        assert hurt.rung in {event.rung for event in left}
        allowed = (lambda event: event.clock == hurt.clock) if reach == CLOCK else (lambda e: e.chain == hurt.chain)
        assert [event for event in left if not allowed(event)] == []
    told = group.test_cli_runner().invoke(args=["doctor"])
    assert told.exit_code == 1
    assert "!! clock backlog" in told.output
    assert reach == ISSUE or name in told.output
    lines = group.test_client().get("/metrics").text.splitlines()
    [stuck] = [line for line in lines if line.startswith("cxloop_rungs_stuck ")]
    assert float(stuck.split()[-1]) == len(left)


def test_a_moment_that_never_comes_is_shown(group: Flask) -> None:
    never = "soon" if db.engine.dialect.name == "sqlite" else "infinity"
    _chosen, _hurt, name = _damaged(f"update clock_rungs set moment = '{never}' where id = :rung")
    tick(group)
    assert name in group.test_cli_runner().invoke(args=["doctor"]).output
