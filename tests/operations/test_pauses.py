"""What pauses have got wrong in other systems (class PAU of the failures), as acts on both databases."""

from cxloop.extensions import db
from cxloop.models.clock import ClockRung
from cxloop.models.notice import Notice
from tests.cast import ANALYST, CHEN, LIN
from tests.factories import Story, fresh, local, shown

HOUR = 3600


def signed(story: Story, *, severity: int, at: str, dispatched: str | None = None) -> str:
    """A task of Guangdong's that is signed a minute after it was dispatched."""
    no = story.issue(severity=severity, at=at)
    [task] = story.dispatch(no, {"P44": "separate"}, at=dispatched or at)
    story.do("task.sign", CHEN, task)
    return task


def pause(story: Story, task: str, begin: str, until: str) -> None:
    said = {"reason": "third_party", "text": "等物业函件"}
    story.do("pause.request", CHEN, task, at=begin, until=local(until), **said)
    story.do("pause.grant", ANALYST, task, at=begin)


def paused(story: Story, task: str, begin: str, end: str) -> None:
    pause(story, task, begin, end)
    story.do("clock.resume", CHEN, task, at=end)


def test_pau_01_three_working_hours_paused_move_the_due_by_three(story: Story) -> None:
    task = signed(story, severity=3, at="2026-08-24 10:00")
    assert story.due(task, "feedback") == "2026-09-01 18:00"
    # Two hours before lunch and one after.
    pause(story, task, "2026-08-25 10:00", "2026-08-25 14:30")
    before = story.clock(task, "feedback").remaining
    story.do("clock.resume", CHEN, task, at="2026-08-25 14:30")
    clock = story.clock(task, "feedback")
    assert (shown(clock.due_at), clock.paused) == ("2026-09-02 12:00", 3 * HOUR)
    assert before == clock.plans[-1].remaining == (6.5 + 5 * 7.5) * HOUR


def test_pau_02_a_re_rating_forgets_no_pause(story: Story) -> None:
    task = signed(story, severity=4, at="2026-08-24 10:00")
    pause(story, task, "2026-08-24 11:00", "2026-08-26 11:00")
    story.do("issue.rerate", LIN, task[:-4], at="2026-08-25 11:00", severity=3, reason="重大客户")
    clock = story.clock(task, "feedback")
    assert (clock.state, clock.due_at, clock.plans[-1].consumed) == ("paused", None, HOUR)
    story.do("clock.resume", CHEN, task, at="2026-08-26 11:00")
    # At severity 3 it was due on 1 September, and two working days were paused.
    assert story.due(task, "feedback") == "2026-09-03 18:00"
    story.do("issue.rerate", LIN, task[:-4], at="2026-08-26 12:00", severity=2, reason="重大客户")
    # At severity 2 on 28 August, the issue on the 31st; and two working days.
    assert story.due(task, "feedback") == "2026-09-01 18:00"
    assert story.due(task[:-4], "issue") == "2026-09-02 18:00"
    story.pass_time("2026-09-01 18:00")
    assert story.clock(task, "feedback").breaches == []


def test_pau_03_a_weekend_paused_grants_its_two_working_hours(story: Story) -> None:
    # Dispatched so late that one working day is left, the least a unit gets at severity 2.
    task = signed(story, severity=2, at="2026-08-24 10:00", dispatched="2026-08-27 16:00")
    assert (story.due(task, "feedback"), story.clock(task, "feedback").target) == ("2026-08-28 18:00", "1 d")
    paused(story, task, "2026-08-28 17:00", "2026-08-31 10:00")
    clock = story.clock(task, "feedback")
    assert (shown(clock.due_at), clock.paused) == ("2026-08-31 11:00", 2 * HOUR)


def test_pau_08_paused_a_minute_before_its_due_nothing_happens(story: Story) -> None:
    task = signed(story, severity=3, at="2026-08-24 10:00")
    story.pass_time("2026-09-01 17:59")
    pause(story, task, "2026-09-01 17:59", "2026-09-04 09:00")
    # The requests' own clocks, and what was said of them, are over.
    before = events(task)
    story.pass_time("2026-09-03 17:59")
    assert (events(task), story.clock(task, "feedback").breaches) == (before, [])
    assert story.clock(task[:-4], "issue").breaches == []
    story.do("clock.resume", CHEN, task, at="2026-09-03 17:59")
    clock = story.clock(task, "feedback")
    assert (clock.plans[-1].remaining, shown(clock.due_at)) == (60, "2026-09-03 18:00")


def events(task: str) -> tuple[int, int]:
    """How many rungs of the issue's have fired, and how many notices have been left."""
    session = fresh()
    fired = db.select(ClockRung.id).where(ClockRung.chain_no == task[:-4], ClockRung.fired_at.is_not(None))
    notices = db.select(Notice.id).where(Notice.subject.startswith(task[:-4]))
    return len(session.scalars(fired).all()), len(session.scalars(notices).all())


def test_pau_09_a_pause_inside_a_holiday_grants_nothing(story: Story) -> None:
    task = signed(story, severity=4, at="2026-09-21 10:00")
    assert story.due(task, "feedback") == "2026-10-14 18:00"
    paused(story, task, "2026-10-02 10:00", "2026-10-05 15:00")
    clock = story.clock(task, "feedback")
    assert (shown(clock.due_at), clock.paused) == ("2026-10-14 18:00", 0)


def test_pau_09_a_pause_into_a_holiday_grants_its_working_part(story: Story) -> None:
    task = signed(story, severity=4, at="2026-09-21 10:00")
    paused(story, task, "2026-09-30 16:00", "2026-10-03 12:00")
    clock = story.clock(task, "feedback")
    assert (shown(clock.due_at), clock.paused) == ("2026-10-15 11:00", 2 * HOUR)
