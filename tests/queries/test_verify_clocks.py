"""Every stored due time is what its history says, whatever happened; tampering with any is found (F-11)."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from cxloop.extensions import db
from cxloop.models.clock import Clock, ClockPlan, ClockRung
from cxloop.models.task import Task
from cxloop.queries.verification import verify_clocks
from tests.cast import ANALYST, CHEN
from tests.factories import Story, eventful, local
from tests.queries.lively import Lively


def test_an_eventful_history_is_borne_out(story: Story) -> None:
    eventful(story)
    found = verify_clocks()
    assert found.clocks > 20
    assert found.plans > found.clocks
    assert found.differences == ()


# The last one resumes and pauses an issue twice within an instant.
@pytest.mark.parametrize("seed", [*range(6), 2013])
def test_whatever_happens_is_borne_out(story: Story, seed: int) -> None:
    Lively(story, seed).live()
    assert verify_clocks().differences == ()


def _paused_and_extended(story: Story) -> tuple[str, str]:
    """A task that was extended, paused, resumed; and one that still is paused."""
    _no, [one, two] = story.dispatched({"P44": "separate", "P31": "separate"})
    story.do("task.sign", CHEN, one)
    story.do("task.sign", "31lead", two)
    wait = {"reason": "third_party", "text": "等物业函件"}
    due = story.clock(one, "feedback").due_at
    assert due is not None
    later = {"due_at": due + timedelta(days=1), "reason": "site_work", "text": "光缆敷设"}
    story.do("extension.request", CHEN, one, at="2026-08-25 10:00", **later)
    story.do("extension.grant", "lin", one, at="2026-08-25 11:00")
    story.do("pause.request", CHEN, one, at="2026-08-26 10:00", until=local("2026-08-28 18:00"), **wait)
    story.do("pause.grant", ANALYST, one, at="2026-08-26 11:00")
    story.pass_time("2026-08-31 10:00")
    story.do("pause.request", "31lead", two, until=local("2026-09-08 18:00"), **wait)
    story.do("pause.grant", ANALYST, two)
    return one, two


def _tamper(cls: type[Any], where: Any, **values: Any) -> None:
    db.session.execute(update(cls).where(where).values(**values))
    db.session.commit()


def _found() -> list[str]:
    return [difference.field for difference in verify_clocks().differences]


def test_tampering_with_any_of_it_is_found(story: Story) -> None:
    one, two = _paused_and_extended(story)
    assert _found() == []
    running, paused = story.clock(one, "feedback"), story.clock(two, "feedback")
    later = timedelta(hours=1)
    due, held = running.due_at, paused.remaining
    assert due is not None
    assert held is not None
    assert [plan.why for plan in running.plans] == ["start", "extension", "pause", "resume"]
    _tamper(Clock, Clock.id == running.id, due_at=due + later)
    assert _found() == ["due_at"]
    _tamper(Clock, Clock.id == running.id, due_at=due)
    _tamper(Clock, Clock.id == paused.id, remaining=held + 3600)
    assert _found() == ["remaining"]
    _tamper(Clock, Clock.id == paused.id, remaining=held)
    for plan in running.plans:
        if plan.due_at is not None:
            _tamper(ClockPlan, ClockPlan.id == plan.id, due_at=plan.due_at + later)
            assert _found() == [f"plan.{plan.n}.due_at"]
            _tamper(ClockPlan, ClockPlan.id == plan.id, due_at=plan.due_at)
        _tamper(ClockPlan, ClockPlan.id == plan.id, consumed=plan.consumed + 1)
        assert _found() == [f"plan.{plan.n}.consumed"]
        _tamper(ClockPlan, ClockPlan.id == plan.id, consumed=plan.consumed)


def test_a_rung_that_was_moved_removed_or_added_is_found(story: Story) -> None:
    one, two = _paused_and_extended(story)
    running, later = story.clock(one, "feedback"), timedelta(hours=1)
    [resume] = [rung for rung in story.clock(two, "feedback").rungs if rung.code == "resume"]
    for rung in [*running.rungs, resume]:
        _tamper(ClockRung, ClockRung.id == rung.id, moment=rung.moment + later)
        assert _found() == [f"rung.{rung.plan}.{rung.code}"]
        _tamper(ClockRung, ClockRung.id == rung.id, moment=rung.moment, code="other")
        assert sorted(_found()) == sorted([f"rung.{rung.plan}.{rung.code}", f"rung.{rung.plan}.other"])
        _tamper(ClockRung, ClockRung.id == rung.id, code=rung.code)
    _tamper(Task, Task.no == one, due_at=local("2026-10-01 10:00"))
    assert _found() == ["task.due_at"]


def test_a_wrong_due_of_the_issue_does_not_hide_a_wrong_due_of_its_tasks(story: Story) -> None:
    """The tasks' dues come from the issue's as it is derived, not as it is stored."""
    task = story.one_task()
    [whole], [mine] = story.clocks(task[:14], "issue"), story.clocks(task, "feedback")
    for clock in (whole, mine):
        for plan in clock.plans:
            assert plan.due_at is not None
            _tamper(ClockPlan, ClockPlan.id == plan.id, due_at=plan.due_at + timedelta(days=7))
    assert sorted(_found()) == ["plan.1.due_at", "plan.1.due_at"]
