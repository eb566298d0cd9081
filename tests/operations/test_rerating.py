"""Rating an issue anew while units work on it (K11): consumed time, pauses and extensions count."""

from typing import Any

import pytest

from cxloop.operations.act import Forbidden, Invalid, WrongState
from tests.cast import ANALYST, CHEN, LIN
from tests.factories import EFFECT, Story, local, shown


def rerate(story: Story, no: str, severity: int, at: str, **said: Any) -> None:
    story.do("issue.rerate", LIN, no, at=at, severity=severity, reason="影响范围扩大", **said)


def working(story: Story, *, severity: int = 3) -> tuple[str, str]:
    no, [task] = story.dispatched({"P44": "separate"}, severity=severity)
    story.do("task.sign", CHEN, task)
    return no, task


def test_a_harsher_rating_brings_the_dues_nearer(story: Story) -> None:
    no, task = working(story)
    assert (story.due(no, "issue"), story.due(task, "feedback")) == ("2026-09-03 18:00", "2026-09-01 18:00")
    rerate(story, no, 2, "2026-08-25 10:00", effect=EFFECT)
    # As if it had been of severity 2 from the start: five working days, the answer one before.
    assert (story.due(no, "issue"), story.due(task, "feedback")) == ("2026-08-31 18:00", "2026-08-28 18:00")
    issue = story.the_issue(no)
    assert (issue.severity, issue.rerated, story.task(task).due_at) == (2, True, story.clock(task, "feedback").due_at)
    assert [plan.why for plan in story.clock(task, "feedback").plans] == ["start", "rerate"]
    assert story.told("notice.rerated", no) == [CHEN]


def test_to_severity_1_the_calendar_changes_and_consumed_is_counted_in_it(story: Story) -> None:
    no, task = working(story)
    rerate(story, no, 1, "2026-08-24 20:00")
    # Ten of 24 hours are gone on the clock that never rests.
    assert (story.due(no, "issue"), story.due(task, "feedback")) == ("2026-08-25 10:00", "2026-08-25 08:00")
    assert story.clock(task, "feedback").calendar == "ALWAYS"


def test_late_by_the_rating_alone_is_not_the_units(story: Story) -> None:
    no, task = working(story)
    rerate(story, no, 1, "2026-08-25 11:00")
    clock = story.clock(task, "feedback")
    # More than the whole is gone: four hours are left at least.
    assert (shown(clock.due_at), shown(clock.rerated_until)) == ("2026-08-25 15:00", "2026-09-01 18:00")
    story.pass_time("2026-08-25 16:00")
    [breach] = story.clock(task, "feedback").breaches
    assert (breach.holder, breach.cause) == ("CENTER", "rerated")


def test_a_pause_survives_a_rating_while_it_lasts_and_after(story: Story) -> None:
    no, task = working(story)
    said = {"reason": "third_party", "text": "等物业", "until": local("2026-09-04 18:00")}
    story.do("pause.request", CHEN, task, at="2026-08-24 11:00", **said)
    story.do("pause.grant", ANALYST, task, at="2026-08-24 11:00")
    rerate(story, no, 2, "2026-08-25 10:00")
    clock = story.clock(task, "feedback")
    assert (clock.state, clock.due_at) == ("paused", None)
    story.do("clock.resume", CHEN, task, at="2026-08-26 11:00")
    # 28 August 18:00, and two working days that were paused.
    assert story.due(task, "feedback") == "2026-09-01 18:00"
    rerate(story, no, 3, "2026-08-26 12:00", longer=True)
    assert story.due(task, "feedback") == "2026-09-03 18:00"
    story.pass_time("2026-09-03 17:00")
    assert story.clock(task, "feedback").breaches == []


def test_an_extension_survives_a_rating(story: Story) -> None:
    no, task = working(story)
    due = local("2026-09-03 18:00")
    story.do("extension.request", CHEN, task, at="2026-08-25 10:00", reason="site_work", text="x", due_at=due)
    story.do("extension.grant", LIN, task)
    rerate(story, no, 2, "2026-08-25 12:00")
    # Two days later than without it, as granted.
    assert story.due(task, "feedback") == "2026-09-01 18:00"


def test_a_milder_rating_moves_nothing_without_consent(story: Story) -> None:
    no, task = working(story, severity=2)
    before = story.due(no, "issue"), story.due(task, "feedback")
    rerate(story, no, 4, "2026-08-25 10:00")
    assert (story.due(no, "issue"), story.due(task, "feedback")) == before
    rerate(story, no, 3, "2026-08-25 10:30")
    assert story.the_issue(no).severity == 3
    again, other = working(story, severity=2)
    rerate(story, again, 3, "2026-08-25 11:00", longer=True)
    assert story.due(other, "feedback") > before[1]


def test_what_is_stopped_is_left_alone(story: Story) -> None:
    no, task = working(story)
    story.answer(task)
    due = story.due(task, "feedback")
    rerate(story, no, 2, "2026-08-25 10:00")
    clock = story.clock(task, "feedback")
    assert (clock.state, shown(clock.due_at), len(clock.plans)) == ("stopped", due, 1)


def test_only_the_manager_and_only_another_severity(story: Story) -> None:
    no, _task = working(story)
    with pytest.raises(Forbidden):
        story.do("issue.rerate", ANALYST, no, severity=2, reason="x")
    with pytest.raises(Invalid):
        rerate(story, no, 3, "2026-08-25 10:00")
    with pytest.raises(WrongState):
        rerate(story, story.issue(at="2026-08-25 11:00"), 2, "2026-08-25 11:30")


def test_a_rerated_issue_is_drawn_for_audit(story: Story) -> None:
    no, task = working(story)
    rerate(story, no, 4, "2026-08-25 10:00")
    story.answer(task)
    story.accept(task)
    story.verdict(no)
    story.close(no)
    assert (story.report(no).drawn, "rerated" in story.report(no).drawn_why) == (True, True)
