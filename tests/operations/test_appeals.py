"""What is held against a unit can be contested once, in time, before somebody who did not decide first."""

from typing import Any

import pytest

from cxloop.extensions import db
from cxloop.models.appeal import Appeal
from cxloop.operations.act import Forbidden, Invalid, Unseen, WrongState
from tests.cast import ANALYST, CHEN, HANDLER, LIN, WU
from tests.factories import RESOLVED, Story, fresh, shown

HE = "he"
STORM = {"matter": "breach", "text": "台风停工"}


def late(story: Story) -> str:
    task = story.one_task()
    story.do("task.sign", CHEN, task)
    story.pass_time("2026-09-02 10:00")
    return task


def appeals() -> list[Appeal]:
    return list(fresh().scalars(db.select(Appeal).order_by(Appeal.id)))


def decide(story: Story, act: str, by: str, **said: Any) -> None:
    story.do(act, by, str(appeals()[-1].id), **said)


def test_an_upheld_breach_is_excused_and_stays(story: Story) -> None:
    task = late(story)
    story.do("appeal.file", CHEN, task, **STORM)
    [row] = appeals()
    owed = story.clock(row.trail_name(), "decide")
    assert (owed.owner, shown(owed.due_at)) == ("CENTER", "2026-09-09 18:00")
    with pytest.raises(Invalid) as refused:
        decide(story, "appeal.uphold", LIN, text="属实")
    assert refused.value.errors["reason"][0] == "error.required"
    decide(story, "appeal.uphold", LIN, text="属实", reason="disaster")
    [breach] = story.clock(task, "feedback").breaches
    assert (breach.waiver.reason, breach.waiver.by) == ("disaster", LIN)
    assert story.clock(row.trail_name(), "decide").state == "ended"
    assert CHEN in story.told("notice.appeal_upheld", task)
    with pytest.raises(WrongState, match="without_undecided"):
        decide(story, "appeal.refuse", LIN, text="x")


def test_once_and_in_time(story: Story) -> None:
    task = late(story)
    with pytest.raises(Invalid) as refused:
        story.do("appeal.file", CHEN, task, at="2026-09-05 10:00", **STORM)
    assert refused.value.errors["matter"][0] == "error.appealed_late"
    other = story.one_task(at="2026-09-07 10:00")
    story.do("task.sign", CHEN, other)
    story.pass_time("2026-09-16 10:00")
    story.do("appeal.file", CHEN, other, **STORM)
    decide(story, "appeal.refuse", LIN, text="当日未停工")
    with pytest.raises(Invalid) as refused:
        story.do("appeal.file", CHEN, other, **STORM)
    assert refused.value.errors["matter"][0] == "error.appealed_already"
    assert story.clock(other, "feedback").breaches[0].waiver is None


def test_another_than_who_decided_first(story: Story) -> None:
    task = story.one_task()
    story.answer(task)
    story.do("review.send_back", LIN, task, reason="copied", text="雷同")
    story.do("appeal.file", CHEN, task, matter="send_back", text="已附本地排查清单")
    with pytest.raises(Forbidden, match="segregation"):
        decide(story, "appeal.uphold", LIN, text="x")
    with pytest.raises(Forbidden):
        decide(story, "appeal.uphold", ANALYST, text="x")
    decide(story, "appeal.uphold", HE, text="确已结合本地")


def test_a_quality_mark_and_a_liability(story: Story) -> None:
    no, [task] = story.dispatched({"P44": "separate"})
    for _ in range(2):
        with pytest.raises(WrongState, match="without_contestable"):
            story.do("appeal.file", CHEN, task, matter="quality", text="x")
        if story.task(task).state == "dispatched":
            story.settle(task, **RESOLVED)
    story.verdict(no)
    story.close(no)
    story.do("appeal.file", CHEN, task, matter="liability", text="责任在设备厂商")
    with pytest.raises(Forbidden, match="segregation"):
        decide(story, "appeal.refuse", LIN, text="x")
    decide(story, "appeal.refuse", HE, text="维持")
    assert [row.decision for row in appeals()] == ["refused"]


def test_only_the_units_lead_contests_and_only_its_own(story: Story) -> None:
    task = late(story)
    for name, refusal in ((HANDLER, Forbidden), (ANALYST, Forbidden), (WU, Unseen)):
        with pytest.raises(refusal):
            story.do("appeal.file", name, task, **STORM)
    fine = story.one_task(at="2026-09-02 11:00")
    with pytest.raises(WrongState, match="without_contestable"):
        story.do("appeal.file", CHEN, fine, **STORM)
    with pytest.raises(Invalid) as refused:
        story.do("appeal.file", CHEN, task, matter="send_back", text="x")
    assert refused.value.errors["feedback"][0] == "error.nothing_to_appeal"
