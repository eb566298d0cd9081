"""A province hands a task down to its branches, reviews them itself, and answers when they have."""

from typing import Any

import pytest

from cxloop.operations.act import Forbidden, Invalid, Unseen, WrongState
from tests.cast import ANALYST, BRANCH, CHEN, LIN, WU
from tests.factories import RESOLVED, Story, local, shown

OTHER = "P4403"
SHARE = {"title": "广州片区", "wanted": "逐户回访"}


def split(story: Story, task: str, *units: str, at: str | None = None) -> list[str]:
    before = {row.no for row in story.tasks(task[:-4])}
    story.do("task.split", CHEN, task, at=at, tasks=[{"unit": unit, **SHARE} for unit in units])
    return sorted({row.no for row in story.tasks(task[:-4])} - before)


def held(story: Story, **more: Any) -> str:
    task = story.one_task(**more)
    story.do("task.sign", CHEN, task)
    return task


def test_children_are_numbered_below_and_due_before(story: Story) -> None:
    task = held(story)
    children = split(story, task, "P4401", OTHER)
    assert children == [f"{task}.01", f"{task}.02"]
    rows = [story.task(no) for no in children]
    assert [(row.unit, row.dispatcher, row.parent, row.state) for row in rows] == [
        ("P4401", "P44", task, "dispatched"), (OTHER, "P44", task, "dispatched"),
    ]  # fmt: skip
    # A working day before the province's own due, so that it can gather.
    assert (story.due(task, "feedback"), story.due(children[0], "feedback")) == ("2026-09-01 18:00", "2026-08-31 18:00")
    assert story.clock(task, "feedback").plans[-1].why == "start"
    assert story.entries("issue", task[:-4])[-1].act == "task.split"


def test_the_unit_reviews_in_its_own_time(story: Story) -> None:
    task = held(story)
    [child] = split(story, task, "P4401")
    story.do("task.sign", BRANCH, child)
    story.do("feedback.submit", BRANCH, child, **RESOLVED)
    review = story.clock(child, "review")
    assert (review.owner, review.calendar) == ("P44", story.clock(task, "feedback").calendar)
    for name in (ANALYST, LIN):
        with pytest.raises(Forbidden):
            story.do("review.accept", name, child)
    story.do("review.send_back", CHEN, child, reason="no_evidence")
    story.do("feedback.submit", BRANCH, child, **RESOLVED)
    story.do("review.accept", CHEN, child)
    assert story.task(child).state == "accepted"
    assert story.the_issue(task[:-4]).state == "in_progress"


def test_an_answer_waits_for_the_children_or_says_why_not(story: Story) -> None:
    task = held(story)
    [child] = split(story, task, "P4401")
    with pytest.raises(WrongState, match="children_open") as refused:
        story.do("feedback.submit", CHEN, task, **RESOLVED)
    assert "feedback" in refused.value.allowed
    story.do("feedback.submit", CHEN, task, without_children="深圳不涉及", **RESOLVED)
    assert story.task(task).state == "submitted"
    assert story.task(child).state == "dispatched"


def test_the_center_reads_children_and_acts_on_none(story: Story) -> None:
    task = held(story)
    [child] = split(story, task, "P4401")
    acts: dict[str, Any] = {
        "task.nudge": {},
        "task.supervise": {"level": "red", "text": "x"},
        "task.cancel": {"reason": "covered"},
    }
    for act, said in acts.items():
        with pytest.raises((Forbidden, WrongState)):
            story.do(act, LIN, child, **said)
    for name in (WU, "31lead"):
        with pytest.raises(Unseen):
            story.do("task.sign", name, child)


def test_a_branch_sees_neither_its_sibling_nor_the_task_above(story: Story) -> None:
    task = held(story)
    _mine, other = split(story, task, "P4401", OTHER)
    for number in (task, other):
        with pytest.raises(Unseen):
            story.do("task.sign", BRANCH, number)


@pytest.mark.parametrize(
    ("unit", "code"),
    [
        ("P44", "error.not_below"),
        ("P51", "error.not_below"),
        ("CENTER", "error.not_below"),
        ("P9999", "error.unknown_unit"),
    ],
)
def test_only_downward_and_all_or_nothing(story: Story, unit: str, code: str) -> None:
    task = held(story)
    with pytest.raises(Invalid) as refused:
        split(story, task, "P4401", unit)
    assert refused.value.errors["tasks.1.unit"][0] == code
    assert len(story.tasks(task[:-4])) == 1


def test_a_child_is_not_split_again(story: Story) -> None:
    task = held(story)
    [child] = split(story, task, "P4401")
    story.do("task.sign", BRANCH, child)
    with pytest.raises(WrongState, match="child"):
        story.do("task.split", BRANCH, child, tasks=[{"unit": "P4401", **SHARE}])


def test_moving_or_cancelling_takes_the_children_along(story: Story) -> None:
    for act, said in (
        ("task.cancel", {"reason": "covered"}),
        ("task.transfer", {"unit": "P51", "reason": "duty_moved"}),
    ):
        task = held(story, at="2026-08-24 10:00")
        [child] = split(story, task, "P4401")
        story.do(act, ANALYST, task, **said)
        assert story.task(child).state == "cancelled"
        assert story.clock(child, "feedback").state == "cancelled"


def test_a_late_branch_is_the_provinces_to_hear_of(story: Story) -> None:
    task = held(story)
    [child] = split(story, task, "P4401")
    story.do("task.sign", BRANCH, child)
    story.pass_time("2026-09-01 10:00")
    [breach] = story.clock(child, "feedback").breaches
    assert breach.holder == "P4401"
    assert CHEN in story.told("notice.breach", child)
    assert not {ANALYST, LIN} & set(story.told("notice.breach", child))


def test_a_branch_asks_its_province_for_time_within_the_provinces_own(story: Story) -> None:
    task = held(story)
    [child] = split(story, task, "P4401")
    story.do("task.sign", BRANCH, child)
    said = {"reason": "site_work", "text": "x"}
    with pytest.raises(Invalid) as refused:
        story.do("extension.request", BRANCH, child, at="2026-08-26 10:00", due_at=local("2026-09-02 18:00"), **said)
    assert refused.value.errors["due_at"][0] == "error.past_parent_due"
    story.do("extension.request", BRANCH, child, at="2026-08-26 10:00", due_at=local("2026-09-01 12:00"), **said)
    story.do("extension.grant", CHEN, child)
    assert story.due(child, "feedback") == "2026-09-01 12:00"
    assert story.due(task, "feedback") == shown(local("2026-09-01 18:00"))


def test_a_paused_branch_does_not_pause_the_issue(story: Story) -> None:
    task = held(story)
    [child] = split(story, task, "P4401")
    story.do("task.sign", BRANCH, child)
    until = local("2026-08-28 18:00")
    story.do("pause.request", BRANCH, child, reason="third_party", text="x", until=until)
    story.do("pause.grant", CHEN, child)
    assert story.clock(child, "feedback").state == "paused"
    assert story.clock(task[:-4], "issue").state == "running"
