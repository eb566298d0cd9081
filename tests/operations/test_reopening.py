"""Opening again what was over, with clocks of its own; and what was parked comes back by itself."""

import pytest

from cxloop.operations.act import Forbidden, Invalid, WrongState
from tests.cast import ANALYST, CHEN, LIN, ZHAO
from tests.factories import Story, parked, shown


def reopen(story: Story, no: str, at: str | None = None) -> None:
    story.do("issue.reopen", LIN, no, at=at, reason="recurred", text="客户再次反映")


def test_a_closed_issue_begins_a_new_cycle(story: Story) -> None:
    no = story.closed()
    report = story.report(no).no
    reopen(story, no)
    issue = story.the_issue(no)
    assert (issue.state, issue.cycle, issue.closed_at, issue.wait_until) == ("analysing", 2, None, None)
    assert story.clock(no, "audit").state == "cancelled"
    for kind in ("triage", "issue"):
        first, second = story.clocks(no, kind)
        assert (first.state, second.state, second.started_at) == ("ended", "running", story.now)
    assert (story.report(no).no, story.report(no).state) == (report, "superseded")
    assert CHEN in story.told("notice.reopened", no)


def test_the_new_cycle_closes_with_a_second_report(story: Story) -> None:
    no = story.closed()
    reopen(story, no)
    [task] = story.dispatch(no, {"P44": "separate"})
    story.settle(task)
    with pytest.raises(Invalid) as refused:
        story.close(no)
    assert "verdict" in refused.value.errors
    story.verdict(no)
    story.close(no)
    assert (story.report(no).no[-3:], story.the_issue(no).state) == ("R02", "closed")


def test_old_breaches_stay_and_none_comes_at_once(story: Story) -> None:
    no = story.issue(severity=3)
    story.pass_time("2026-08-28 10:00")
    assert len(story.clock(no, "triage").breaches) == 1
    story.do("issue.dismiss", ANALYST, no, reason="enquiry_only", text="纯咨询")
    reopen(story, no, "2026-08-31 10:00")
    story.sweep("2026-08-31 10:01")
    first, second = story.clocks(no, "triage")
    assert (len(first.breaches), second.breaches, shown(second.due_at)) == (1, [], "2026-09-01 18:00")


def test_an_archived_one_too_and_by_the_manager_alone(story: Story) -> None:
    no = story.closed()
    story.do("audit.approve", ZHAO, no, opinion="同意")
    with pytest.raises(Forbidden):
        story.do("issue.reopen", ANALYST, no, reason="recurred")
    with pytest.raises(Invalid):
        story.do("issue.reopen", LIN, no, reason="no_such")
    reopen(story, no)
    assert story.report(no).state == "approved"
    with pytest.raises(WrongState):
        reopen(story, no)


def test_what_was_parked_comes_back_at_its_date(story: Story) -> None:
    no, [task] = story.dispatched({"P44": "separate"})
    story.answer(task, **parked("2026-12-01 10:00"))
    story.accept(task)
    story.verdict(no)
    story.close(no)
    clock = story.clock(no, "reexamine")
    assert (clock.state, shown(clock.due_at), [rung.code for rung in clock.rungs]) == (
        "running", "2026-12-01 10:00", ["recheck"],
    )  # fmt: skip
    story.pass_time("2026-12-01 10:05")
    clock = story.clock(no, "reexamine")
    assert (clock.state, clock.breaches) == ("ended", [])
    assert LIN in story.told("notice.recheck", no)
    reopen(story, no, "2026-12-01 11:00")
    assert story.the_issue(no).review_at is None


def test_opened_before_its_date_nothing_comes_back(story: Story) -> None:
    no, [task] = story.dispatched({"P44": "separate"})
    story.answer(task, **parked("2026-12-01 10:00"))
    story.accept(task)
    story.verdict(no)
    story.close(no)
    reopen(story, no)
    story.pass_time("2026-12-02 10:00")
    assert story.clock(no, "reexamine").state == "cancelled"
    assert story.told("notice.recheck", no) == []
