"""A publication re-plans running clocks: who moves, who stays, with which entry, plan, rungs and notice (K12)."""

import json
import threading
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from cxloop.extensions import db
from cxloop.models.calendar import Calendar
from cxloop.models.clock import Breach, Clock, ClockRung
from cxloop.models.entry import Entry
from cxloop.operations import escalation
from cxloop.operations.clocks import recalendar
from cxloop.operations.clocks.recalendar import replan_all
from cxloop.queries.trail import verify
from tests.cast import ANALYST, WU
from tests.factories import RESOLVED, Story, fresh, local, planned, shown
from tests.operations.publishing import FRIDAY, holiday, publish, replan, signed


def replanned(story: Story, task: str) -> list[Entry]:
    return [entry for entry in story.entries("issue", task[:14]) if entry.act == "clock.replan"]


def is_done(code: str) -> bool:
    row = fresh().get_one(Calendar, code)
    return bool(row.replanned == row.revision)


def test_a_holiday_moves_what_crosses_it_by_one_working_day(story: Story) -> None:
    task = signed(story)
    assert story.due(task, "feedback") == "2026-09-01 18:00"
    publish(story, "CN", holiday(FRIDAY), at="2026-08-25 10:00")
    assert replan(story) > 0
    assert story.due(task, "feedback") == "2026-09-02 18:00"
    assert shown(story.task(task).due_at) == "2026-09-02 18:00"


def test_each_clock_that_moves_has_an_entry_a_plan_and_new_rungs(story: Story) -> None:
    task = signed(story)
    publish(story, "CN", holiday(FRIDAY), at="2026-08-25 10:00")
    replan(story)
    found = replanned(story, task)
    assert sorted(entry.subject for entry in found) == sorted([task, task[:14]])
    [mine] = [json.loads(entry.body) for entry in found if entry.subject == task]
    told = {(change["subject"].removeprefix(task), change["field"]) for change in mine["changes"]}
    assert told == {("", "due_at"), ("/clock.feedback.1", "due_at"), ("/clock.feedback.1", "calendar_revision")}
    clock = story.clock(task, "feedback")
    assert [(plan.n, plan.why, plan.act, plan.calendar_revision) for plan in clock.plans[1:]] == [
        (2, "calendar", "calendar.publish", 2)
    ]
    assert {rung.code: shown(rung.moment) for rung in clock.rungs if rung.state == "armed"} == {
        "p75": "2026-09-01 11:07:30",
        "before_1d": "2026-09-01 18:00",
        "due": "2026-09-02 18:00",
        "over_3d": "2026-09-07 18:00",
        "over_5d": "2026-09-09 18:00",
    }
    assert story.told("notice.due_moved", task) == ["51lead"]
    assert verify()[3] == []


def test_who_crosses_nothing_is_only_noted(story: Story) -> None:
    task = signed(story)
    before = story.entries("issue", task[:14])
    publish(story, "CN", holiday("2026-12-11"), at="2026-08-25 10:00")
    assert replan(story) == 0
    assert story.entries("issue", task[:14])[-1].seq == before[-1].seq
    clock = story.clock(task, "feedback")
    assert (clock.calendar_revision, clock.checked_revision, len(clock.plans)) == (1, 2, 1)


def test_a_second_look_finds_nothing(story: Story) -> None:
    task = signed(story)
    publish(story, "CN", holiday(FRIDAY), at="2026-08-25 10:00")
    replan(story)
    assert replan(story) == 0
    assert len(replanned(story, task)) == 2


def test_a_publication_is_done_two_minutes_later(story: Story) -> None:
    task = signed(story)
    publish(story, "CN", holiday(FRIDAY), at="2026-08-25 10:00")
    replan(story, "2026-08-25 10:01")
    assert not is_done("CN")
    # An act that read the older revision ends only now.
    db.session.execute(db.update(Clock).where(Clock.subject == task).values(checked_revision=1, calendar_revision=1))
    db.session.commit()
    replan(story, "2026-08-25 10:02")
    assert story.clock(task, "feedback").checked_revision == 2
    assert is_done("CN")
    assert not is_done("CN-65") or fresh().get_one(Calendar, "CN-65").revision == 1


def test_a_make_up_day_taken_back_and_forth_gives_the_old_due_again(story: Story) -> None:
    task = signed(story)
    publish(story, "CN", holiday(FRIDAY), at="2026-08-25 10:00")
    replan(story)
    publish(story, "CN", at="2026-08-25 11:00")
    replan(story)
    assert story.due(task, "feedback") == "2026-09-01 18:00"
    assert [plan.why for plan in story.clock(task, "feedback").plans] == ["start", "calendar", "calendar"]


def test_stopped_clocks_stay_and_adopt_the_calendar_when_they_run_on(story: Story) -> None:
    task = signed(story)
    story.do("feedback.submit", WU, task, at="2026-08-25 10:00", **RESOLVED)
    publish(story, "CN", holiday(FRIDAY), at="2026-08-25 11:00")
    replan(story)
    assert story.clock(task, "feedback").calendar_revision == 1
    assert story.due(task, "feedback") == "2026-09-01 18:00"
    story.do("review.send_back", ANALYST, task, at="2026-08-26 10:00", reason="no_evidence")
    # 44 h were left on the 25th at ten; the 28th is off by now.
    assert story.clock(task, "feedback").calendar_revision == 2
    assert story.due(task, "feedback") == "2026-09-03 18:00"


def test_what_ended_does_not_move(story: Story) -> None:
    task = signed(story)
    story.settle(task, at="2026-08-25 10:00", **RESOLVED)
    before = [(clock.subject, clock.kind, clock.due_at, clock.plan) for clock in _over(story)]
    publish(story, "CN", holiday(FRIDAY), at="2026-08-25 11:00")
    replan(story)
    assert [(clock.subject, clock.kind, clock.due_at, clock.plan) for clock in _over(story)] == before


def _over(story: Story) -> list[Clock]:
    return list(fresh().scalars(db.select(Clock).where(Clock.ended_at.is_not(None)).order_by(Clock.id)))


def test_agreed_dates_stay(story: Story) -> None:
    task = signed(story)
    story.settle(task, at="2026-08-25 10:00", **planned("2026-09-30 18:00"))
    publish(story, "CN", holiday("2026-09-16"), at="2026-08-25 11:00")
    replan(story)
    assert story.due(f"{task}/1", "measure") == "2026-09-30 18:00"


def test_severity_one_runs_around_the_clock_and_stays(story: Story) -> None:
    task = signed(story, severity=1)
    publish(story, "CN", holiday("2026-08-25"), at="2026-08-24 10:30")
    assert replan(story) == 0
    assert story.due(task, "feedback") == story.due(task, "feedback")


def test_the_effect_wait_keeps_its_beginning(story: Story) -> None:
    no = story.verifying()
    begin = story.the_issue(no).wait_until
    publish(story, "CN", holiday(shown(begin + timedelta(days=1))[:10]))
    was = story.due(no, "verify")
    assert replan(story) == 1
    clock = story.clock(no, "verify")
    assert shown(clock.due_at) > was
    assert [rung.moment for rung in clock.rungs if rung.code == "start" and rung.state == "armed"] == [begin]


# Late already (TMR-12)


def test_a_breach_stays_and_the_new_due_gets_its_warning(story: Story) -> None:
    task = signed(story)
    story.sweep("2026-09-01 18:00")
    assert story.clock(task, "feedback").breaches
    publish(story, "CN", holiday("2026-09-01"), at="2026-09-01 20:00")
    replan(story)
    clock = story.clock(task, "feedback")
    assert (shown(clock.due_at), len(clock.breaches)) == ("2026-09-02 18:00", 1)
    story.sweep("2026-09-02 18:00")
    assert [breach.plan for breach in story.clock(task, "feedback").breaches] == [1, 2]


def test_a_worker_that_was_down_fires_nothing_that_is_no_longer_due(story: Story) -> None:
    task = signed(story)
    publish(story, "CN", holiday(FRIDAY), at="2026-08-27 10:00")
    replan(story, "2026-09-01 19:00")
    story.sweep("2026-09-01 19:00")
    clock = story.clock(task, "feedback")
    assert (shown(clock.due_at), clock.breaches) == ("2026-09-02 18:00", [])


def test_what_had_passed_before_the_publication_stays_on_record(story: Story) -> None:
    task = signed(story)
    publish(story, "CN", holiday("2026-09-01"), at="2026-09-01 20:00")
    replan(story, "2026-09-01 21:00")
    clock = story.clock(task, "feedback")
    assert (shown(clock.due_at), [shown(row.due_at) for row in clock.breaches]) == (
        "2026-09-02 18:00",
        ["2026-09-01 18:00"],
    )


def test_a_due_that_is_past_and_stays_past_does_not_move(story: Story) -> None:
    task = signed(story)
    story.sweep("2026-09-02 10:00")
    publish(story, "CN", holiday("2026-09-10"), at="2026-09-03 10:00")
    replan(story)
    assert (story.due(task, "feedback"), len(story.clock(task, "feedback").plans)) == ("2026-09-01 18:00", 1)


def test_a_workday_found_in_hindsight_ends_nothing_before_now(story: Story) -> None:
    task = signed(story)
    publish(story, "CN", {"date": "2026-08-29", "kind": "workday"}, {"date": "2026-08-30", "kind": "workday"},
            at="2026-09-01 10:00")  # fmt: skip
    replan(story)
    clock = story.clock(task, "feedback")
    assert clock.due_at == story.now + timedelta(seconds=1)
    assert {rung.code for rung in clock.rungs if rung.state == "armed"} >= {"due"}


# Many


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.torture)])
def test_many_open_tasks_move_by_one_working_day(story: Story, count: int) -> None:
    """CAL-10: those whose window crosses the new holiday, each with one entry, in under 60 s for 1,000."""
    units = ["P11", "P12", "P13", "P14", "P31", "P32", "P33", "P34", "P36", "P51"]
    crossing, others = [], []
    for n in range(count // len(units)):
        at, found = ("2026-08-24 10:00", crossing) if n % 2 else ("2026-08-21 09:00", others)
        found += story.dispatched(dict.fromkeys(units, "separate"), severity=3 if n % 2 else 2, at=at)[1]
    done = story.dispatched({"P51": "separate"})[1][0]
    story.settle(done, at="2026-08-24 11:00")
    before = _dues()
    publish(story, "CN", holiday("2026-09-02"), at="2026-08-24 12:00")
    began = time.monotonic()
    stated = replan(story)
    took = time.monotonic() - began
    after = _dues()
    moved = {key for key in before if before[key] != after[key]}
    assert {subject for subject, kind in moved if kind == "feedback"} == set(crossing)
    assert {(shown(before[no, "feedback"]), shown(after[no, "feedback"])) for no in crossing} == {
        ("2026-09-03 18:00", "2026-09-04 18:00")
    }
    assert not moved & {(no, "feedback") for no in [*others, done]}
    entries = db.select(Entry.subject).where(Entry.act == "clock.replan")
    assert Counter(fresh().scalars(entries)) == Counter(subject for subject, _kind in moved)
    assert stated == len(moved)
    warned = db.select(Clock.subject).join(ClockRung, ClockRung.clock_id == Clock.id)
    warned = warned.where(ClockRung.state == "armed", ClockRung.plan == 2, ClockRung.code == "before_1d")
    assert set(crossing) <= set(fresh().scalars(warned.where(Clock.kind == "feedback")))
    assert took < 60
    print(f"{count} open tasks, {stated} clocks moved in {took:.1f} s")


def _dues() -> dict[tuple[str, str], Any]:
    rows = db.select(Clock.subject, Clock.kind, Clock.due_at).order_by(Clock.cycle)
    return {(subject, kind): due for subject, kind, due in fresh().execute(rows)}


def test_batches_take_the_soonest_due_first_and_end(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = [signed(story) for _ in range(5)]
    publish(story, "CN", holiday(FRIDAY), at="2026-08-25 10:00")
    monkeypatch.setattr(recalendar, "BATCH", 2)
    assert replan_all(at=local("2026-08-25 10:00"), batches=1) == 4
    assert replan_all(at=local("2026-08-25 10:00")) == 6
    assert {story.due(task, "feedback") for task in tasks} == {"2026-09-02 18:00"}


def test_many_workers_move_each_clock_once(group: Flask, story: Story) -> None:
    tasks = [signed(story) for _ in range(12)]
    publish(story, "CN", holiday(FRIDAY), at="2026-08-25 10:00")
    stated, errors = list[int](), list[Exception]()

    def work() -> None:
        with group.app_context():
            try:
                stated.append(replan_all(at=local("2026-08-25 10:00:01")))
            except Exception as error:
                errors.append(error)
            db.session.remove()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
    replan(story)
    entries = db.select(Entry.subject).where(Entry.act == "clock.replan")
    assert set(Counter(fresh().scalars(entries)).values()) == {1}
    assert {len(story.clock(task, "feedback").plans) for task in tasks} == {2}
    assert verify()[3] == []


def test_a_damaged_chain_keeps_its_due_and_the_others_move(story: Story) -> None:
    bad, good = signed(story), signed(story)
    db.session.execute(db.update(Clock).where(Clock.subject == bad).values(policy_version=99))
    db.session.commit()
    publish(story, "CN", holiday(FRIDAY), at="2026-08-25 10:00")
    replan(story, "2026-08-25 10:05")
    assert (story.due(bad, "feedback"), story.due(good, "feedback")) == ("2026-09-01 18:00", "2026-09-02 18:00")
    assert not is_done("CN")


def test_nothing_published_costs_one_statement(story: Story) -> None:
    signed(story)
    replan(story)
    replan(story, "2026-08-25 10:05")
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    db.event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert replan_all(at=story.now) == 0
    finally:
        db.event.remove(db.engine, "before_cursor_execute", note)
    assert len([statement for statement in sent if statement.startswith("SELECT")]) == 1


def test_every_due_can_be_derived_again(story: Story) -> None:
    for unit in ("P51", "P65", "P54"):
        signed(story, unit=unit)
    publish(story, "CN", holiday(FRIDAY), at="2026-08-25 10:00")
    replan(story)
    publish(story, "CN-65", holiday("2026-08-31"), at="2026-08-26 10:00")
    replan(story)
    from cxloop.models.calendar import work_calendar

    moved = 0
    for clock in fresh().scalars(db.select(Clock)):
        for plan in clock.plans[1:]:
            value = work_calendar(plan.calendar, plan.calendar_revision, plan.national_revision)
            assert value.advance(plan.at, plan.remaining) == plan.due_at
            moved += plan.why == "calendar"
    assert moved > 4
    assert fresh().scalar(db.select(db.func.count()).select_from(Breach)) == 0
    assert escalation is not None
