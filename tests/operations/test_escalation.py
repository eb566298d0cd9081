"""Time acts: each rung once, a breach for ever, and what was overtaken collapses (K13, K14)."""

import json

import pytest

from cxloop.extensions import db
from cxloop.models.clock import Breach, Clock, ClockRung
from cxloop.models.notice import Notice
from cxloop.operations.escalation import next_moment, special, sweep, what_is_due
from tests.cast import ANALYST, CHEN, MARKET
from tests.factories import Story, fresh, local, planned, shown


def rungs(story: Story, subject: str, kind: str) -> dict[str, str]:
    return {rung.code: rung.state for rung in story.clock(subject, kind).rungs if rung.plan == 1}


def moments(story: Story, subject: str, kind: str) -> dict[str, str]:
    return {rung.code: shown(rung.moment) for rung in story.clock(subject, kind).rungs}


def signed(story: Story) -> str:
    task = story.one_task()
    story.do("task.sign", CHEN, task)
    return task


def test_the_long_ladder_of_a_unit(story: Story) -> None:
    # 51.5 hours from Monday 10:00: three quarters of them are over a week later.
    assert moments(story, signed(story), "feedback") == {
        "p75": "2026-08-31 11:07:30",
        "before_1d": "2026-08-31 18:00",
        "due": "2026-09-01 18:00",
        "over_3d": "2026-09-04 18:00",
        "over_5d": "2026-09-08 18:00",
    }


def test_a_department_stands_on_its_own_ladder(story: Story) -> None:
    task = story.one_task(MARKET)
    assert set(moments(story, task, "feedback")) == {"p75", "before_1d", "due", "over_3d"}
    story.do("task.sign", "d01lead", task)
    story.pass_time("2026-09-08 10:00")
    told = [notice for notice in story.told("notice.rung", task) if notice.startswith("d01")]
    assert {"d01liaison", "d01leader"} <= set(told)


def test_each_rung_fires_once(story: Story) -> None:
    task = signed(story)
    assert (story.sweep("2026-09-01 17:59"), story.sweep("2026-09-01 18:00"), story.sweep("2026-09-01 18:00")) == (
        3,
        1,
        0,
    )
    assert story.told("notice.breach", task) == ["44lead", "analyst", "chen", "tang"]
    assert fresh().scalar(db.select(db.func.count()).select_from(Breach)) == 1


def test_a_second_sweep_emits_nothing(story: Story) -> None:
    signed(story)
    story.sweep("2026-09-30 10:00")
    heads = [entry.hash for entry in story.entries("issue", "CX-2026-000001")]
    assert sweep(at=local("2026-09-30 10:00")) == 0
    assert [entry.hash for entry in story.entries("issue", "CX-2026-000001")] == heads


def test_passed_rungs_collapse_into_the_highest_and_are_marked_late(story: Story) -> None:
    task = signed(story)
    story.sweep("2026-09-05 10:00")
    assert rungs(story, task, "feedback") == {
        "p75": "collapsed",
        "before_1d": "collapsed",
        "due": "collapsed",
        "over_3d": "fired",
        "over_5d": "armed",
    }
    clock = story.clock(task, "feedback")
    assert all(rung.late for rung in clock.rungs if rung.fired_at)
    assert [breach.due_at for breach in clock.breaches] == [clock.due_at]  # collapsed, the due still is a breach
    assert story.told("notice.breach", task) == []
    assert set(story.told("notice.rung", task)) == {"he", "lin", "sun"}


def test_late_means_more_than_a_minute(story: Story) -> None:
    one, other = signed(story), signed(story)
    sweep(at=local("2026-08-31 11:08:30"))
    assert [r.late for task in (one, other) for r in story.clock(task, "feedback").rungs if r.code == "p75"] == [
        False
    ] * 2
    sweep(at=local("2026-08-31 18:01:01"))
    assert [r.late for r in story.clock(one, "feedback").rungs if r.code == "before_1d"] == [True]


def test_swept_too_late_a_deemed_signature_still_tells_its_breach(story: Story) -> None:
    task = story.one_task()
    story.sweep("2026-08-31 10:00")
    states = rungs(story, task, "sign")
    assert (states["p75"], states["due"], states["over_1d"], states["over_3d"]) == (
        "collapsed",
        "fired",
        "cancelled",
        "cancelled",
    )
    assert story.task(task).deemed
    assert "chen" in story.told("notice.breach", task)


def test_one_sweep_is_one_entry_a_chain(story: Story) -> None:
    task = signed(story)
    story.sweep("2026-09-05 10:00")
    fired = [entry for entry in story.entries("issue", task[:14]) if entry.act == "clock.fire"]
    assert [(entry.actor, entry.origin, entry.at) for entry in fired] == [
        ("system", "worker", local("2026-09-05 10:00"))
    ]
    named = {change["subject"] for change in json.loads(fired[0].body)["changes"]}
    assert f"{task}/clock.feedback.1/breach.1" in named


def test_a_sweep_that_dies_leaves_all_or_nothing(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    task = story.one_task()

    def die(*_args: object, **_fields: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(special, "take_by_default", die)
        with pytest.raises(KeyboardInterrupt):
            story.sweep("2026-08-25 18:00")
    assert (story.task(task).state, story.clock(task, "sign").breaches) == ("dispatched", [])
    assert story.told("notice.breach", task) == []
    story.sweep("2026-08-25 18:00")
    assert (story.task(task).deemed, len(story.clock(task, "sign").breaches)) == (True, 1)


def test_acts_come_before_the_sweep_at_one_instant(story: Story) -> None:
    task = signed(story)
    story.answer(task, at="2026-09-01 18:00")
    story.sweep("2026-09-01 18:00")
    assert story.clock(task, "feedback").breaches == []


def test_what_ended_fires_nothing_more(story: Story) -> None:
    task = signed(story)
    story.settle(task)
    story.pass_time("2026-10-30 18:00")
    assert story.clock(task, "feedback").breaches == []
    assert {rung.state for rung in story.clock(task, "feedback").rungs} == {"cancelled"}


def test_the_effect_wait_ends_with_a_word_to_the_center(story: Story) -> None:
    no = story.verifying()
    story.sweep(story.the_issue(no).wait_until)
    assert story.told("notice.wait_over", no) == ["analyst", "he", "lin", "sun"]
    assert story.clock(no, "verify").breaches == []


def test_a_late_verification_is_the_centers_breach(story: Story) -> None:
    no = story.verifying()
    story.pass_time("2026-09-30 18:00")
    assert [breach.holder for breach in story.clock(no, "verify").breaches] == ["CENTER"]


def test_what_is_due_changes_nothing(story: Story) -> None:
    task = signed(story)
    found = what_is_due(at=local("2026-08-31 12:00"))
    assert [(due.subject, due.kind, due.code) for due in found if due.subject == task] == [(task, "feedback", "p75")]
    assert rungs(story, task, "feedback")["p75"] == "armed"


def test_the_next_moment_is_the_earliest_ahead(story: Story) -> None:
    story.issue(at="2026-08-24 10:00")
    # 75 % of the 14 hours until tomorrow's closing: 6.5 today, 3 before lunch, 1 after it.
    assert shown(next_moment(before=local("2026-09-30 10:00"))) == "2026-08-25 14:30"
    assert next_moment(before=local("2026-08-24 10:00")) is None


def test_many_issues_are_swept_in_one_go(story: Story) -> None:
    tasks = [signed(story) for _ in range(5)]
    story.sweep("2026-09-01 18:00")
    assert all(story.clock(task, "feedback").breaches for task in tasks)


def test_a_living_worker_and_a_late_one_agree_on_the_breaches(story: Story) -> None:
    living, late = signed(story), signed(story)
    for task in (living, late):
        story.do("task.nudge", ANALYST, task)
    story.pass_time("2026-09-10 10:00")
    breaches = {
        (clock.subject, clock.kind): breach.due_at
        for breach, clock in fresh().execute(db.select(Breach, Clock).join(Clock, Clock.id == Breach.clock_id))
    }
    assert breaches[living, "feedback"] == breaches[late, "feedback"] == local("2026-09-01 18:00")


def test_nothing_is_armed_for_clocks_that_are_over(story: Story) -> None:
    no, tasks = story.dispatched({"P44": "main", "P51": "support"})
    story.settle(tasks[0], **planned("2026-10-30 18:00"))
    story.do("task.cancel", ANALYST, tasks[1], reason="covered")
    assert no
    armed = db.select(Clock.state).join(ClockRung, ClockRung.clock_id == Clock.id).where(ClockRung.state == "armed")
    assert set(fresh().scalars(armed)) == {"running"}


def test_a_damaged_chain_stays_armed_and_the_others_fire(story: Story) -> None:
    bad, good = story.issue(), story.issue()
    db.session.execute(db.update(Clock).where(Clock.subject == bad, Clock.kind == "triage").values(policy_version=99))
    db.session.commit()
    assert sweep(at=local("2026-09-30 18:00"), apart=True) > 0
    fresh()
    assert rungs(story, bad, "triage")["due"] == "armed"
    assert rungs(story, good, "triage")["due"] != "armed"


def test_what_runs_out_while_a_decline_waits_is_told_to_the_center(story: Story) -> None:
    task = story.one_task()
    story.do("task.decline", CHEN, task, reason="not_our_duty", text="职责在市场部", proposed_unit="D01")
    story.pass_time("2026-10-30 18:00")
    breach = story.clock(task, "feedback").breaches[0]
    assert breach.holder == "CENTER"
    told = story.told("notice.breach", task)
    assert ANALYST in told
    assert CHEN not in told


def test_the_end_of_a_pause_is_told_to_the_holders_people_with_the_new_due(story: Story) -> None:
    task = signed(story)
    said = {"reason": "third_party", "text": "等函件", "until": local("2026-08-28 10:00")}
    story.do("pause.request", CHEN, task, at="2026-08-25 10:00", **said)
    story.do("pause.grant", ANALYST, task, at="2026-08-25 11:00")
    story.sweep("2026-08-28 10:00")
    clock = story.clock(task, "feedback")
    assert clock.state == "running"
    rows = fresh().scalars(db.select(Notice).where(Notice.code == "notice.resumed", Notice.subject == task)).all()
    assert {row.user_name for row in rows} == {"44lead", CHEN, "tang"}
    assert {row.params["due_at"] for row in rows} == {clock.due_at.isoformat()}
    assert (story.sweep("2026-08-28 10:00"), rungs(story, task, "feedback").get("due")) == (0, "cancelled")
