"""TMR-11: what ends a second before a timer silences it: nothing fires any more, and the timer shows as cancelled."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from cxloop.extensions import db
from cxloop.models.clock import Clock, ClockRung
from cxloop.models.notice import Notice
from cxloop.models.user import User
from cxloop.queries import clocks
from tests.cast import ANALYST, CHEN, LIN
from tests.factories import RESOLVED, Story, fresh, local

SECOND = timedelta(seconds=1)
LATER = "2027-06-30 18:00"


def _issue(story: Story) -> str:
    return story.issue(at="2026-08-24 10:00")


def _task(story: Story) -> str:
    return story.one_task()


def _held(story: Story) -> str:
    task = story.one_task()
    story.do("task.sign", CHEN, task)
    return task


def _paused(story: Story) -> str:
    task = _held(story)
    wish = {"reason": "third_party", "text": "等物业函件", "until": local("2026-08-28 18:00")}
    story.do("pause.request", CHEN, task, **wish)
    story.do("pause.grant", ANALYST, task)
    return task


def _answered(story: Story) -> str:
    task = _held(story)
    story.do("feedback.submit", CHEN, task, **RESOLVED)
    return task


def _waiting(story: Story) -> str:
    no = story.verifying()
    story.verdict(no)
    return no


def _merge(story: Story, no: str, at: datetime) -> None:
    into = story.issue(at="2026-08-24 10:00")
    story.do("issue.merge", ANALYST, no, at=at, into=into)


def _act(act: str, by: str, **fields: Any) -> Callable[[Story, str, datetime], None]:
    return lambda story, no, at: story.do(act, by, no, at=at, **fields)


def _close(story: Story, no: str, at: datetime) -> None:
    story.close(no, at=at)  # type: ignore[arg-type]


# What stands, what ends it, and the kinds of clock that end with it.
ENDINGS: dict[str, tuple[Callable[[Story], str], Callable[[Story, str, datetime], None], set[str]]] = {
    "an issue is merged": (_issue, _merge, {"triage", "issue"}),
    "an issue is dismissed": (_issue, _act("issue.dismiss", LIN, reason="single_voice", text="x"), {"triage", "issue"}),
    "an unsigned task is cancelled": (_task, _act("task.cancel", LIN, reason="no_longer_needed"), {"sign", "feedback"}),
    "a task is cancelled": (_held, _act("task.cancel", LIN, reason="no_longer_needed"), {"feedback"}),
    "a paused task is cancelled": (_paused, _act("task.cancel", LIN, reason="no_longer_needed"), {"feedback"}),
    "an answer is withdrawn": (_answered, _act("feedback.withdraw", CHEN), {"review"}),
    "an issue is closed": (_waiting, _close, {"verify"}),
}


def _timers(subject: str, kinds: set[str]) -> list[tuple[str, str, datetime]]:
    rows = (
        db.select(Clock.kind, ClockRung.code, ClockRung.moment)
        .join(Clock, Clock.id == ClockRung.clock_id)
        .where(Clock.subject == subject, Clock.kind.in_(kinds), ClockRung.state == "armed")
        .order_by(ClockRung.moment)
    )
    return [tuple(row) for row in fresh().execute(rows)]


@pytest.mark.parametrize("what", ENDINGS)
def test_what_ends_a_second_before_a_timer_silences_it(group: Flask, story: Story, what: str) -> None:
    begin, end, kinds = ENDINGS[what]
    found = [row for row in _timers(begin(story), kinds) if row[2] > story.now]
    assert {kind for kind, _code, _moment in found} == kinds
    for kind, code, moment in found:
        again = Story()
        subject = begin(again)
        again.pass_time(moment - SECOND)
        end(again, subject, moment - SECOND)
        _says_nothing_more(again, subject, kind, code, moment)


def _says_nothing_more(story: Story, subject: str, kind: str, code: str, moment: datetime) -> None:
    ended = story.clock(subject, kind)
    before = {rung.code for rung in ended.rungs if rung.fired_at is not None}
    story.sweep(LATER)
    clock = story.clock(subject, kind)
    assert clock.state in {"ended", "cancelled"}
    assert {rung.code for rung in clock.rungs if rung.fired_at is not None} == before
    assert not [row for row in clock.breaches if row.at >= moment - SECOND]
    told = fresh().scalars(db.select(Notice).where(Notice.subject == subject, Notice.at >= moment))
    assert not [row for row in told if row.params.get("kind") == kind and row.params.get("rung")]
    seen = clocks.find(id_=clock.id, person=db.session.get_one(User, LIN).person(), at=story.now)
    assert seen is not None
    assert [row["state"] for row in seen["rungs"] if (row["code"], row["plan"]) == (code, clock.plan)] == ["cancelled"]
