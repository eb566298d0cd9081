"""Letters, instructions, conferences, what the front line says, and who waits outside."""

from typing import Any

import pytest

from cxloop.extensions import db
from cxloop.models.attention import Brief, Conference, Instruction, Supervision
from cxloop.models.notice import Notice
from cxloop.operations.act import Forbidden, Invalid
from cxloop.operations.guidance import note_read
from tests.cast import ANALYST, CHEN, HANDLER, LEADER, LIN, WU
from tests.factories import Story, fresh, local, shown


def rows(cls: type[Any]) -> list[Any]:
    return list(fresh().scalars(db.select(cls).order_by(cls.id)))


def test_a_letter_says_what_is_wanted_by_when_and_when_it_ended(story: Story) -> None:
    task = story.one_task()
    said = {"level": "red", "text": "逾期", "wanted": "三日内书面说明", "due_at": local("2026-08-27 18:00")}
    story.do("task.supervise", LIN, task, **said)
    story.do("task.supervise", LIN, task, level="red", text="已说明", on=False)
    [letter] = rows(Supervision)
    assert (letter.level, letter.wanted, letter.number, letter.ended_by) == (
        "red", "三日内书面说明", "体验督办〔2026〕1号", LIN,
    )  # fmt: skip
    assert story.task(task).supervision is None
    with pytest.raises(Invalid):
        story.do("task.supervise", LIN, task, level="red", text="x", due_at=local("2026-08-01 10:00"))


def test_a_new_level_ends_the_old_letter(story: Story) -> None:
    task = story.one_task()
    for level in ("blue", "yellow", "red"):
        story.do("task.supervise", LIN, task, level=level, text=level)
    letters = rows(Supervision)
    assert [(row.level, row.ended_at is None) for row in letters] == [("blue", False), ("yellow", False), ("red", True)]


def test_an_instruction_reaches_every_unit_at_work(story: Story) -> None:
    no, _tasks = story.dispatched({"P44": "main", "P51": "support"})
    story.do("issue.instruct", ANALYST, no, office="集团分管领导", text="一周内拿出方案")
    assert {CHEN, LEADER, WU} <= set(story.told("notice.instructed", no))
    assert [(row.office, row.n) for row in rows(Instruction)] == [("集团分管领导", 1)]


def test_a_conference_names_known_units(story: Story) -> None:
    no = story.issue()
    said = {"minutes": "……", "decisions": "上海牵头"}
    with pytest.raises(Invalid) as refused:
        story.do("issue.confer", ANALYST, no, units=["P31", "P99"], **said)
    assert "units.1" in refused.value.errors
    story.do("issue.confer", ANALYST, no, units=["P31", "P11"], **said)
    assert rows(Conference)[0].units == ["P31", "P11"]


def test_a_brief_is_versioned_and_says_who_has_read_it(story: Story) -> None:
    no, _tasks = story.dispatched({"P44": "separate", "P51": "separate"})
    until = local("2026-08-31 18:00")
    story.do("issue.brief", ANALYST, no, text="款项是安全的", internal="不承诺到账时间", valid_until=until)
    story.do("issue.brief", ANALYST, no, text="已恢复", valid_until=until, units=["P44"])
    first, second = rows(Brief)
    assert (first.n, first.units, second.n, second.units) == (1, ["P44", "P51"], 2, ["P44"])
    assert {CHEN, HANDLER} <= {row.user_name for row in second.receipts}
    assert WU not in {row.user_name for row in second.receipts}
    assert note_read(issue_no=no, n=1, name=CHEN, at=local("2026-08-24 11:00"))
    assert not note_read(issue_no=no, n=2, name=WU, at=local("2026-08-24 11:00"))
    read = {row.user_name for row in rows(Brief)[0].receipts if row.read_at is not None}
    assert read == {CHEN}
    with pytest.raises(Invalid):
        story.do("issue.brief", ANALYST, no, text="x", valid_until=local("2026-08-01 10:00"))
    with pytest.raises(Forbidden):
        story.do("issue.brief", CHEN, no, text="x", valid_until=until)


def test_nothing_of_ours_passes_an_outside_due(story: Story) -> None:
    no, [task] = story.dispatched({"P44": "separate"})
    story.do("issue.set_outside_due", ANALYST, no, due_at=local("2026-08-31 12:00"), who="省管局", number="〔2026〕7号")
    assert story.due(no, "issue") == "2026-08-31 12:00"
    assert story.clock(no, "issue").plans[-1].why == "outside"
    [more] = story.dispatch(no, {"P51": "separate"})
    assert story.clock(more, "feedback").due_at <= local("2026-08-31 12:00")
    story.pass_time("2026-08-30 13:00")
    assert len([name for name in story.told("notice.outside", no) if name == LIN]) == 2
    assert shown(story.clock(task, "feedback").due_at) == "2026-08-31 12:00"


def test_its_warnings_survive_new_plans_and_go_with_it(story: Story) -> None:
    no, _tasks = story.dispatched({"P44": "separate"})
    story.do("issue.set_outside_due", ANALYST, no, due_at=local("2026-09-20 12:00"), who="省管局")
    story.do("issue.rerate", LIN, no, severity=2, reason="扩大")
    rungs = story.clock(no, "issue").rungs
    armed = [rung for rung in rungs if rung.code.startswith("outside") and rung.state == "armed"]
    assert len(armed) == 3
    story.do("issue.set_outside_due", ANALYST, no)
    assert story.the_issue(no).external_due_at is None
    assert not [r for r in story.clock(no, "issue").rungs if r.code.startswith("outside") and r.state == "armed"]
    for said in ({"due_at": local("2026-08-01 10:00"), "who": "x"}, {"due_at": local("2026-09-20 12:00")}):
        with pytest.raises(Invalid):
            story.do("issue.set_outside_due", ANALYST, no, **said)


def test_what_is_urgent_rings_the_center_and_is_triaged_around_the_clock(story: Story) -> None:
    saturday = "2026-08-29 20:10"
    story.do("signal.register", CHEN, at=saturday, source="x", channel="frontline", text="充值异常", urgency="extra")
    [first, *_] = fresh().scalars(db.select(Notice).where(Notice.code == "notice.urgent"))
    assert first.visible_at == first.at
    assert {ANALYST, LIN} <= set(story.told("notice.urgent"))
    said = {"title": "充值异常", "description": "全国", "channel": "frontline", "urgency": "extra"}
    no = story.do("issue.open", ANALYST, at=saturday, **said).no
    assert (story.clock(no, "triage").calendar, story.due(no, "triage")) == ("ALWAYS", "2026-08-29 20:40")
