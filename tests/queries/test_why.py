"""`/clocks/<id>/why`: the account of a clock, whose sums lead to its due (K16)."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from cxloop.domain.explanation import Step
from cxloop.extensions import db
from cxloop.models.clock import Clock
from cxloop.queries import why
from cxloop.queries.history import Chain, chains
from tests.cast import ANALYST, CHEN, LIN
from tests.factories import Story, eventful, local
from tests.queries.lively import Lively


def _adds_up(clock: Clock, steps: tuple[Step, ...], at: datetime) -> None:
    """Each day into its stretch, each stretch into what was consumed, and consumed + left into the whole."""
    consumed = left = 0
    for step in steps:
        if step.code == "start":
            consumed, left = step.consumed, step.left
        elif step.code == "worked":
            assert sum(row.seconds for row in step.days) == step.seconds
            consumed, left = consumed + step.seconds, left - step.seconds
        elif step.code == "left":
            assert sum(row.seconds for row in step.days) == step.seconds == left
        elif "consumed_before" in step.told:
            assert step.left_before == left, (clock.trail_name(), step.code)
            consumed, left = step.consumed, step.left
        assert (step.consumed, step.left) == (consumed, left), (clock.trail_name(), step.code)
    assert steps[-1].due == clock.due_at
    if clock.state == "running" and clock.due_at is not None and clock.due_at > max(at, clock.started_at):
        calendar = why._calendar(clock.plans[-1])
        assert calendar.worked(max(at, clock.plans[-1].at), clock.due_at) == left
    if clock.state == "paused":
        assert clock.remaining == left


def _accounts(story: Story, numbers: list[str]) -> list[tuple[Chain, Clock, tuple[Step, ...]]]:
    return [
        (chain, clock, why.account(chain, clock, at=story.now)) for chain in chains(numbers) for clock in chain.clocks
    ]


def test_an_eventful_history_adds_up(story: Story) -> None:
    for _chain, clock, steps in _accounts(story, [eventful(story)]):
        _adds_up(clock, steps, story.now)


@pytest.mark.parametrize("seed", range(20, 26))
def test_whatever_happens_adds_up(story: Story, seed: int) -> None:
    for _chain, clock, steps in _accounts(story, Lively(story, seed).live()):
        _adds_up(clock, steps, story.now)


def _told(story: Story, subject: str, kind: str) -> dict[str, Any]:
    from cxloop.models.user import User

    db.session.rollback()
    person = db.session.get_one(User, ANALYST).person()
    found = why.find(id_=story.clock(subject, kind).id, person=person, at=story.now)
    assert found is not None
    return found


def _sentences(told: dict[str, Any]) -> list[str]:
    return [step["text"] for step in told["why"]]


WAIT = {"reason": "third_party", "text": "等物业函件"}


def test_each_thing_that_happened_is_told_in_words(story: Story) -> None:
    _no, [task, _other] = story.dispatched({"P44": "separate", "P31": "separate"})
    story.do("task.sign", CHEN, task)
    due = story.clock(task, "feedback").due_at
    assert due is not None
    story.do("extension.request", CHEN, task, at="2026-08-25 10:00", due_at=due + timedelta(days=1),
             reason="site_work", text="x")  # fmt: skip
    story.do("extension.grant", LIN, task, at="2026-08-25 11:00")
    story.do("pause.request", CHEN, task, at="2026-08-26 10:00", until=local("2026-08-28 18:00"), **WAIT)
    story.do("pause.grant", ANALYST, task, at="2026-08-26 10:30")
    assert _sentences(_told(story, task, "feedback"))[-1] == "所以仍在挂起，剩 58.5 小时，没有截止时间。"
    story.do("clock.resume", CHEN, task, at="2026-08-27 10:30")
    story.answer(task, at="2026-08-28 10:00")
    story.do("review.send_back", ANALYST, task, at="2026-08-31 10:00", reason="no_evidence")
    story.now = local("2026-08-31 12:00")
    told = _told(story, task, "feedback")
    assert [step["step"] for step in told["why"]] == [
        "start", "worked", "extension", "worked", "pause", "paused", "resume", "worked", "stopped", "send_back",
        "worked", "left", "due",
    ]  # fmt: skip
    first, *_others, last = _sentences(told)
    assert first.startswith("2026-08-24 10:00 开始计时，时限 ")
    assert "总时限截止" in first
    assert last.startswith("所以截止 2026-09-0")
    everything = json.dumps(told["why"], default=str, ensure_ascii=False)
    assert not re.search(r"UTC|—|\bd\b|None 小时", " ".join(_sentences(told)))
    assert "third_party" in everything


def test_a_rerating_and_a_calendar_say_what_they_changed(story: Story) -> None:
    no, [task] = story.dispatched({"P44": "separate"})
    story.do("task.sign", CHEN, task)
    story.do("issue.rerate", LIN, no, at="2026-08-25 10:00", severity=2, reason="x")
    [restated] = [text for text in _sentences(_told(story, no, "issue")) if "级别调整" in text]
    assert "8 个工作日改为5 个工作日" in restated


def test_a_clock_that_is_over_and_one_that_waits(story: Story) -> None:
    no = story.verifying()
    story.now += timedelta(hours=1)
    assert _sentences(_told(story, no, "issue"))[-1].startswith("2026-08-24 10:0")
    waiting = _told(story, no, "verify")
    assert [step["step"] for step in waiting["why"]] == ["start", "left", "due"]
