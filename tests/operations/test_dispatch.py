"""Dispatch: N tasks in one act, all or nothing, with due times from the issue's (K5, K6)."""

from typing import Any

import pytest

from cxloop.extensions import db
from cxloop.models.task import Task
from cxloop.operations.act import Forbidden, Invalid, Unseen
from tests.cast import ANALYST, BRANCH, CHEN, HANDLER, LIN, MANY, WU
from tests.factories import Story, fresh, shown


def row(unit: str, duty: str = "separate", **fields: Any) -> dict[str, Any]:
    return {"unit": unit, "duty": duty, "title": "排查", "wanted": "回访", **fields}


SIX = {"P44": "main", "P51": "support", "P11": "support", "P31": "separate", "P33": "separate", "P65": "separate"}


def test_six_units_in_one_act(story: Story) -> None:
    no, tasks = story.dispatched(SIX)
    assert tasks == [f"{no}-T{n:02d}" for n in range(1, 7)]
    assert {story.task(task).state for task in tasks} == {"dispatched"}
    assert [entry.act for entry in story.entries("issue", no)] == ["issue.open", "issue.analyse", "issue.dispatch"]
    assert story.clock(no, "triage").state == "ended"


def test_the_units_people_are_told(story: Story) -> None:
    _no, [task, *_rest] = story.dispatched(SIX)
    assert story.told("notice.task_dispatched", task) == ["44handler", "44lead", "chen", "tang"]


@pytest.mark.parametrize(
    ("severity", "whole", "end", "support"),
    [
        (1, "2026-08-25 22:00", "2026-08-25 20:00", "2026-08-25 18:00"),
        (2, "2026-09-02 18:00", "2026-09-01 18:00", "2026-08-31 18:00"),
        (3, "2026-09-07 18:00", "2026-09-03 18:00", "2026-09-02 18:00"),
        (4, "2026-09-20 18:00", "2026-09-16 18:00", "2026-09-14 18:00"),  # Sunday the 20th is worked
    ],
)
def test_a_wave_ends_at_one_instant_and_supports_before_it(
    story: Story, severity: int, whole: str, end: str, support: str
) -> None:
    no, tasks = story.dispatched(SIX, severity=severity)
    dues = {duty: {story.due(t, "feedback") for t in tasks if story.task(t).duty == duty} for duty in SIX.values()}
    assert story.due(no, "issue") == whole
    assert dues == {"main": {end}, "support": {support}, "separate": {end}}


def test_the_due_people_read_is_the_clocks(story: Story) -> None:
    _no, tasks = story.dispatched(SIX)
    assert all(story.task(task).due_at == story.clock(task, "feedback").due_at for task in tasks)


def test_for_one_unit_the_promise_is_shorter(story: Story) -> None:
    no, [task] = story.dispatched({"P44": "separate"})
    assert (story.due(no, "issue"), story.due(task, "feedback")) == ("2026-09-03 18:00", "2026-09-01 18:00")


def test_two_tasks_for_one_unit_are_still_for_one_unit(story: Story) -> None:
    no = story.issue(at="2026-08-24 10:00")
    story.do("issue.dispatch", ANALYST, no, at="2026-08-24 10:00", tasks=[row("P44"), row("P44")])
    assert story.due(no, "issue") == "2026-09-03 18:00"


def test_a_second_wave_to_another_unit_makes_it_several(story: Story) -> None:
    no, [first] = story.dispatched({"P44": "separate"})
    [second] = story.dispatch(no, {"P51": "separate"}, at="2026-08-25 10:00")
    assert story.due(no, "issue") == "2026-09-07 18:00"
    assert (story.due(first, "feedback"), story.due(second, "feedback")) == ("2026-09-01 18:00", "2026-09-03 18:00")


def test_more_than_ten_units_leave_the_center_a_day_more_for_its_review(story: Story) -> None:
    _no, ten = story.dispatched(dict.fromkeys(MANY[:10], "separate"))
    assert {story.due(task, "feedback") for task in ten} == {"2026-09-03 18:00"}
    _no, eleven = story.dispatched(dict.fromkeys(MANY, "separate"))
    assert {story.due(task, "feedback") for task in eleven} == {"2026-09-02 18:00"}
    story.answer(eleven[0], at="2026-08-24 11:00")
    assert story.due(eleven[0], "review") == "2026-08-27 18:00"


def test_a_large_wave_stays_large_when_a_small_one_follows(story: Story) -> None:
    no, eleven = story.dispatched(dict.fromkeys(MANY, "separate"))
    story.dispatch(no, {"P44": "separate"})
    story.answer(eleven[0], at="2026-08-24 11:00")
    assert story.due(eleven[0], "review") == "2026-08-27 18:00"


def test_a_late_center_never_starves_a_unit(story: Story) -> None:
    no = story.issue(at="2026-08-24 10:00")
    [task] = story.dispatch(no, {"P44": "separate"}, at="2026-09-02 10:00")
    assert (story.due(no, "issue"), story.due(task, "feedback")) == ("2026-09-03 18:00", "2026-09-04 18:00")


def test_a_unit_works_its_own_hours(story: Story) -> None:
    _no, [task] = story.dispatched({"P65": "separate"}, severity=2)
    # Four hours from 10:00, in summer 10:00-14:00 and 16:00-20:00: the first interval's end, not the next opening.
    assert story.due(task, "sign") == "2026-08-24 14:00"
    assert shown(story.task(task).decline_until) == "2026-08-24 14:00"


def test_departments_have_a_day_to_sign(story: Story) -> None:
    _no, tasks = story.dispatched({"P44": "separate", "D03": "separate"}, severity=2)
    assert [story.due(task, "sign") for task in tasks] == ["2026-08-24 15:30", "2026-08-25 18:00"]


def test_a_saturday_alarm_is_not_due_on_monday(story: Story) -> None:
    no, [task] = story.dispatched({"P44": "separate"}, severity=1, at="2026-08-29 22:00")
    assert (story.due(no, "issue"), story.due(task, "sign")) == ("2026-08-30 22:00", "2026-08-29 22:30")
    assert story.due(task, "feedback") == "2026-08-30 20:00"


def test_holidays_and_make_up_days_count(story: Story) -> None:
    # Mid-autumn is the 25th to the 27th, National Day the 1st to the 7th; Saturday the 10th is worked.
    no, [task] = story.dispatched({"P44": "separate"}, at="2026-09-24 10:00")
    assert (story.due(no, "issue"), story.due(task, "feedback")) == ("2026-10-13 18:00", "2026-10-10 18:00")


def test_a_due_beyond_the_official_calendar_is_provisional(story: Story) -> None:
    near, far = story.issue(at="2026-12-01 10:00"), story.issue(at="2026-12-28 10:00")
    assert (story.clock(near, "issue").provisional, story.clock(far, "issue").provisional) == (False, True)


# All or nothing


@pytest.mark.parametrize(
    ("tasks", "field", "code"),
    [
        ([row("P44"), row("P99")], "tasks.1.unit", "error.unknown_unit"),
        ([row("CENTER")], "tasks.0.unit", "error.not_dispatchable"),
        ([row("P4401")], "tasks.0.unit", "error.not_dispatchable"),
        ([row("P44", "main"), row("P51", "main")], "tasks.1.duty", "error.second_main"),
        ([row("P44"), row("P51", "support")], "tasks.1.duty", "error.support_without_main"),
        ([row("P44", after=[1])], "tasks.0.after", "error.unknown_predecessor"),
        ([row("P44", after=[0])], "tasks.0.after", "error.unknown_predecessor"),
        ([row("P44", after=[-1]), row("P51")], "tasks.0.after", "error.unknown_predecessor"),
        ([row("P44", after=[1]), row("P51", after=[0])], "tasks.0.after", "error.predecessor_circle"),
    ],
)
def test_one_wrong_task_refuses_the_whole_wave(story: Story, tasks: list[Any], field: str, code: str) -> None:
    no = story.issue()
    with pytest.raises(Invalid) as refused:
        story.do("issue.dispatch", ANALYST, no, tasks=tasks)
    [(wrong, (why, _params))] = refused.value.errors.items()
    assert why == code
    assert wrong == field or code == "error.predecessor_circle"
    assert fresh().scalar(db.select(db.func.count()).select_from(Task)) == 0
    assert (story.the_issue(no).state, story.clock(no, "triage").state) == ("analysing", "running")


def test_a_support_may_follow_its_main_in_a_later_wave(story: Story) -> None:
    no, [_main] = story.dispatched({"P44": "main"})
    assert len(story.dispatch(no, {"P51": "support"})) == 1


def test_a_second_main_waits_until_the_first_is_cancelled(story: Story) -> None:
    no, [main, _other] = story.dispatched({"P44": "main", "P51": "separate"})
    with pytest.raises(Invalid):
        story.dispatch(no, {"P11": "main"})
    story.do("task.cancel", ANALYST, main, reason="wrong_dispatch")
    assert len(story.dispatch(no, {"P11": "main"})) == 1


def test_the_database_refuses_a_second_main_too(story: Story) -> None:
    _no, tasks = story.dispatched({"P44": "main", "P51": "separate"})
    with pytest.raises(Exception, match=r"uq_tasks_one_main|UNIQUE"):
        fresh().execute(db.text(f"update tasks set duty = 'main' where no = '{tasks[1]}'"))


def test_only_the_center_dispatches(story: Story) -> None:
    no, _tasks = story.dispatched({"P44": "separate"})
    with pytest.raises(Forbidden):
        story.do("issue.dispatch", CHEN, no, tasks=[row("P44")])
    with pytest.raises(Unseen):
        story.do("issue.dispatch", WU, no, tasks=[row("P44")])


# Predecessors


def chain(story: Story) -> tuple[str, list[str]]:
    no = story.issue(at="2026-08-24 10:00")
    story.do("issue.dispatch", ANALYST, no, at="2026-08-24 10:00", tasks=[row("P44"), row("P51", after=[0])])
    return no, story.task_numbers(no)


def test_a_planned_task_waits_without_clocks_and_unseen(story: Story) -> None:
    _no, [_first, second] = chain(story)
    assert story.task(second).state == "planned"
    assert (story.clocks(second, "sign"), story.clocks(second, "feedback")) == ([], [])
    with pytest.raises(Unseen):
        story.do("task.sign", WU, second)


@pytest.mark.parametrize("how", ["accepted", "following", "cancelled"])
def test_it_goes_out_when_its_predecessor_is_done_with(story: Story, how: str) -> None:
    from tests.factories import planned

    _no, [first, second] = chain(story)
    if how == "cancelled":
        story.do("task.cancel", ANALYST, first, reason="covered", at="2026-08-27 10:00")
    else:
        story.answer(first, at="2026-08-27 09:00", **(planned("2026-10-30 18:00") if how == "following" else {}))
        assert story.task(second).state == "planned"
        story.accept(first, at="2026-08-27 10:00")
    task = story.task(second)
    assert (story.task(first).state, task.state, shown(task.dispatched_at)) == (how, "dispatched", "2026-08-27 10:00")
    assert (story.due(second, "sign"), story.due(second, "feedback")) == ("2026-08-28 18:00", "2026-09-03 18:00")


def test_it_waits_for_all_of_them(story: Story) -> None:
    no = story.issue()
    story.do("issue.dispatch", ANALYST, no, tasks=[row("P44"), row("P51"), row("P11", after=[0, 1])])
    first, second, third = story.task_numbers(no)
    story.settle(first)
    assert story.task(third).state == "planned"
    story.settle(second)
    assert story.task(third).state == "dispatched"


def test_an_issue_with_a_planned_task_does_not_advance(story: Story) -> None:
    no, [first, second] = chain(story)
    story.settle(first)
    assert story.the_issue(no).state == "in_progress"
    story.settle(second)
    assert story.the_issue(no).state == "verifying"


# Seeing


def test_units_see_their_own_tasks_and_a_main_its_supports(story: Story) -> None:
    _no, tasks = story.dispatched({"P44": "main", "P51": "support", "P11": "separate"})
    main, support, separate = tasks
    for name, task, refusal in (
        (CHEN, support, Forbidden),
        (CHEN, separate, Unseen),
        (WU, main, Unseen),
        (WU, separate, Unseen),
        (HANDLER, support, Forbidden),
        (BRANCH, main, Unseen),
    ):
        with pytest.raises(refusal):
            story.do("task.cancel", name, task, reason="covered")


def test_in_a_joint_issue_all_see_all(story: Story) -> None:
    _no, tasks = story.dispatched({"P44": "separate", "P51": "separate"})
    assert story.the_issue(_no).joint is False
    with pytest.raises(Unseen):
        story.do("task.nudge", WU, tasks[0])
    story.dispatch(_no, {"P11": "separate"}, joint=True)
    with pytest.raises(Forbidden):
        story.do("task.nudge", WU, tasks[0])


def test_a_copied_unit_reads_the_issue_and_owes_nothing(story: Story) -> None:
    no = story.issue()
    [task] = story.dispatch(no, {"P44": "separate"}, copies=["P51"])
    with pytest.raises(Forbidden):
        story.do("issue.dismiss", WU, no, reason="duplicate")
    with pytest.raises(Unseen):
        story.do("task.nudge", WU, task)
    with pytest.raises(Invalid):
        story.dispatch(no, {"P11": "separate"}, copies=["P99"])


def test_a_manager_dispatches_as_well_as_an_analyst(story: Story) -> None:
    no = story.issue()
    story.do("issue.dispatch", LIN, no, tasks=[row("P44")])
    assert story.the_issue(no).state == "in_progress"
