"""A breach is excused by a second row; the first one stays (K14)."""

from typing import Any

import pytest

from cxloop.extensions import db
from cxloop.models.clock import Waiver
from cxloop.operations.act import Forbidden, Invalid, Unseen, WrongState
from tests.cast import ANALYST, CHEN, LIN, WU
from tests.factories import Story, fresh

STORM = {"reason": "disaster", "text": "台风停工"}


def late(story: Story) -> tuple[str, str]:
    task = story.one_task()
    story.do("task.sign", CHEN, task)
    story.pass_time("2026-09-02 10:00")
    return task, str(story.clock(task, "feedback").id)


def waivers() -> list[tuple[Any, ...]]:
    return [(row.reason, row.text, row.by) for row in fresh().scalars(db.select(Waiver))]


def test_the_manager_excuses_a_breach_and_it_stays(story: Story) -> None:
    task, clock = late(story)
    story.do("breach.waive", LIN, clock, **STORM)
    assert waivers() == [("disaster", "台风停工", LIN)]
    assert len(story.clock(task, "feedback").breaches) == 1
    entry = story.entries("issue", task[:-4])[-1]
    assert (entry.act, entry.subject) == ("breach.waive", task)
    assert CHEN in story.told("notice.waived", task)
    with pytest.raises(WrongState, match="without_breached"):
        story.do("breach.waive", LIN, clock, **STORM)


def test_nobody_else_does_and_not_without_a_reason(story: Story) -> None:
    _task, clock = late(story)
    for name, refusal in ((ANALYST, Forbidden), (CHEN, Forbidden), (WU, Unseen)):
        with pytest.raises(refusal):
            story.do("breach.waive", name, clock, **STORM)
    with pytest.raises(Invalid):
        story.do("breach.waive", LIN, clock, reason="kindness", text="x")
    for nothing in ("999999", "x", "0"):
        with pytest.raises(Unseen):
            story.do("breach.waive", LIN, nothing, **STORM)
    assert waivers() == []


def test_a_clock_that_was_in_time_has_nothing_to_excuse(story: Story) -> None:
    task = story.one_task()
    with pytest.raises(WrongState):
        story.do("breach.waive", LIN, str(story.clock(task, "feedback").id), **STORM)


def test_an_excused_issue_is_drawn_for_audit(story: Story) -> None:
    task, clock = late(story)
    story.do("breach.waive", LIN, clock, **STORM)
    story.answer(task)
    story.accept(task)
    story.verdict(task[:-4])
    story.close(task[:-4])
    assert "waiver" in story.report(task[:-4]).drawn_why
