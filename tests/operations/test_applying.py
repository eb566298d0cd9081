"""A version is applied to clocks that run already, each in its own chain; the preview says the same before."""

import json
from dataclasses import replace
from typing import Any

import pytest

from cxloop.extensions import db
from cxloop.models.clock import Clock, ClockPlan
from cxloop.models.entry import Entry
from cxloop.models.issue import Participant
from cxloop.models.user import User
from cxloop.operations import policies
from cxloop.operations.act import Forbidden, Invalid, Unseen
from cxloop.operations.policies import applying
from tests.cast import ANALYST, CHEN, LIN, OPS, ZHAO
from tests.factories import Story, eventful, fresh, local
from tests.operations.test_policies import with_figure

WHY = "全年考核口径调整"


def publish(story: Story, *figures: tuple[str, Any]) -> int:
    body = with_figure(*figures[0])
    for place, value in figures[1:]:
        row = body["severity"][place.split(".")[1]]
        row[place.split(".")[2]] = value
    return int(story.do("policy.publish", OPS, "sla", body=body).current)


def preview(story: Story, user: str = OPS, code: str = "sla", **fields: Any) -> Any:
    person = db.session.get_one(User, user).person()
    return policies.preview(on=code, person=person, at=story.now, text=WHY, **fields)


def as_told(applied: Any) -> tuple[list[Any], list[Any]]:
    return applied.moved, applied.skipped


def count(cls: type[Any]) -> int:
    return int(fresh().scalar(db.select(db.func.count()).select_from(cls)) or 0)


def test_a_running_clock_goes_by_the_new_version(story: Story) -> None:
    no = story.issue(at="2026-08-24 10:00")
    version = publish(story, ("severity.3.triage", "7 h"))
    story.do("policy.apply", OPS, "sla", at="2026-08-24 11:00", to_version=version, among={"kind": "triage"}, text=WHY)
    clock = story.clock(no, "triage")
    # One hour of the seven is gone; the lunch break does not count.
    assert (story.due(no, "triage"), clock.policy_version, clock.target) == ("2026-08-25 09:30", 2, "7 h")
    assert [(plan.why, plan.act, plan.policy_version) for plan in clock.plans][-1] == ("policy", "policy.apply", 2)
    assert story.clock(no, "issue").policy_version == 1


def test_what_was_consumed_counts_and_the_floor_is_left(story: Story) -> None:
    task = story.one_task(at="2026-08-24 10:00")
    story.do("task.sign", CHEN, task)
    version = publish(story, ("severity.3.issue_single", "5 d"))
    issue = task.rsplit("-", 1)[0]
    # Five days were over on the 31st, the unit's part of them on the 27th: four working hours are left to both.
    story.do("policy.apply", OPS, "sla", at="2026-09-02 15:00", to_version=version, among={}, text=WHY)
    assert (story.due(issue, "issue"), story.due(task, "feedback")) == ("2026-09-03 10:00", "2026-09-03 10:00")
    assert story.task(task).due_at == story.clock(task, "feedback").due_at
    assert story.told("notice.due_by_policy", task) == [CHEN]


def test_one_entry_a_chain_and_nobody_takes_part_by_it(story: Story) -> None:
    first, second = story.issue(), story.issue()
    version = publish(story, ("severity.3.triage", "7 h"))
    before = {no: len(story.entries("issue", no)) for no in (first, second)}
    story.do("policy.apply", OPS, "sla", to_version=version, among={}, text=WHY)
    for no, known in before.items():
        [entry] = story.entries("issue", no)[known:]
        told = json.loads(entry.body)
        assert (entry.act, entry.actor, told["said"]) == ("policy.apply", OPS, {"text": WHY, "to_version": 2})
        moved = {row["subject"] for row in told["changes"] if row["field"] == "policy_version"}
        assert moved == {f"{no}/clock.triage.1"}
    [last] = story.entries("policy", "sla")[-1:]
    assert (last.act, json.loads(last.body)["changes"]) == ("policy.apply", [])
    assert fresh().get(Participant, (first, OPS)) is None


def test_the_preview_is_what_then_happens(story: Story) -> None:
    eventful(story)
    for severity in (1, 2, 4):
        story.dispatched({"P44": "main", "P51": "support", "D01": "separate"}, severity=severity, at="2026-11-02 10:00")
    story.pass_time("2026-11-02 16:00")
    figures = [(f"severity.{s}.{key}", value) for s, key, value in (
        (2, "issue_several", "6 d"), (4, "issue_several", "18 d"), (4, "sign", "8 h"), (1, "units_min", "5 h"),
        (1, "issue_several", "30 h"), (3, "verify", "4 d"), (3, "review", "1 d"),
    )]  # fmt: skip
    version = publish(story, *figures)
    before = {cls: count(cls) for cls in (Clock, ClockPlan, Entry)}
    clocks = [clock.id for clock in fresh().scalars(db.select(Clock))]
    foreseen = preview(story, to_version=version, clocks=clocks)
    assert len(foreseen.moved) > 12
    assert {row.why for row in foreseen.skipped} >= {"ended", "moved"}
    assert {cls: count(cls) for cls in before} == before
    assert not db.session.new
    assert not db.session.dirty
    done = story.do("policy.apply", OPS, "sla", at=story.now, to_version=version, clocks=clocks, text=WHY)
    assert as_told(done) == as_told(foreseen)
    dues = {clock.id: clock.due_at for clock in fresh().scalars(db.select(Clock))}
    assert all(dues[row.clock] == row.due for row in foreseen.moved)
    again = preview(story, to_version=version, among={})
    assert (again.moved, {row.why for row in again.skipped}) == ([], {"same"})


def test_a_filter_takes_the_running_ones_it_names(story: Story) -> None:
    _no, [main, support] = story.dispatched({"P44": "main", "P51": "support"}, at="2026-08-24 10:00")
    version = publish(story, ("severity.3.sign", "7 h"))
    for among, wanted in (
        ({"owner": "P44"}, {(main, "sign")}),
        ({"owner": "P44", "kind": "sign"}, {(main, "sign")}),
        ({"severity": 3, "kind": "sign"}, {(main, "sign"), (support, "sign")}),
        # A version that says nothing new of a clock does not move it: nobody who is late gets the floor once more.
        ({"severity": 3, "kind": "issue"}, set()),
    ):
        found = preview(story, to_version=version, among=among)
        assert {(row.subject, row.kind) for row in found.moved} == wanted


def test_clocks_that_do_not_run_are_skipped_by_name(story: Story) -> None:
    task = story.one_task()
    story.answer(task)
    version = publish(story, ("severity.3.sign", "7 h"))
    clocks = {row.kind: row for row in fresh().scalars(db.select(Clock))}
    ids = [clocks[kind].id for kind in ("sign", "feedback", "triage")]
    chain = len(story.entries("issue", task.rsplit("-", 1)[0]))
    done = story.do("policy.apply", OPS, "sla", to_version=version, clocks=ids, text=WHY)
    assert done.moved == []
    assert {(row.kind, row.why) for row in done.skipped} == {
        ("sign", "ended"),
        ("feedback", "stopped"),
        ("triage", "ended"),
    }
    assert len(story.entries("issue", task.rsplit("-", 1)[0])) == chain


def test_an_effect_wait_still_ends(story: Story) -> None:
    no = story.verifying()
    version = publish(story, ("severity.3.verify", "4 d"))
    waits = story.clock(no, "verify").started_at
    story.do("policy.apply", OPS, "sla", to_version=version, among={"kind": "verify"}, text=WHY)
    clock = story.clock(no, "verify")
    assert (clock.started_at, clock.target) == (waits, "4 d")
    assert [rung.moment for rung in clock.rungs if rung.code == "start" and rung.state == "armed"] == [waits]


def refusal(story: Story, **fields: Any) -> Any:
    with pytest.raises(Invalid) as refused:
        story.do("policy.apply", OPS, fields.pop("code", "sla"), **{"to_version": 1, "text": WHY, **fields})
    with pytest.raises(Invalid) as foreseen:
        preview(story, **{"to_version": 1, **fields})
    assert foreseen.value.errors == refused.value.errors
    [(field, (key, _params))] = refused.value.errors.items()
    return field, key


def test_what_makes_no_sense_is_refused_by_both(story: Story) -> None:
    story.issue()
    later = local("2027-01-01 00:00")
    story.do("policy.publish", OPS, "sla", body=with_figure("severity.3.triage", "7 h"), effective_from=later)
    assert refusal(story) == ("clocks", "error.policy_which")
    assert refusal(story, clocks=[1], among={}) == ("clocks", "error.policy_which")
    assert refusal(story, clocks=[1, 4711]) == ("clocks", "error.policy_clocks")
    assert refusal(story, among={"owner": "P44"}) == ("filter", "error.policy_none")
    assert refusal(story, among={}, to_version=3) == ("version", "error.policy_version")
    assert refusal(story, among={}, to_version=2) == ("version", "error.policy_not_yet")


def test_at_most_a_thousand_in_one_act(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.issue()
    story.issue()
    monkeypatch.setattr(applying, "MOST", 3)
    with pytest.raises(Invalid) as refused:
        story.do("policy.apply", OPS, "sla", to_version=1, among={}, text=WHY)
    assert refused.value.errors == {"filter": ("error.policy_too_many", {"found": 4, "max": 3})}
    with pytest.raises(Invalid) as refused:
        preview(story, to_version=1, clocks=[1, 2, 3, 4])
    assert refused.value.errors == {"clocks": ("error.policy_too_many", {"found": 4, "max": 3})}


@pytest.mark.parametrize("user", [ANALYST, LIN, CHEN, ZHAO])
def test_nobody_but_the_admin_applies_or_asks(story: Story, user: str) -> None:
    story.issue()
    with pytest.raises(Forbidden):
        story.do("policy.apply", user, "sla", to_version=1, among={}, text=WHY)
    with pytest.raises(Forbidden):
        preview(story, user, to_version=1, among={})


def test_a_policy_without_clocks_or_none_at_all(story: Story) -> None:
    story.issue()
    with pytest.raises(Invalid) as refused:
        story.do("policy.apply", OPS, "codes", to_version=1, among={}, text=WHY)
    assert list(refused.value.errors) == ["version"]
    for call in (lambda: story.do("policy.apply", OPS, "mood", to_version=1, among={}, text=WHY),
                 lambda: preview(story, code="mood", to_version=1, among={})):  # fmt: skip
        with pytest.raises(Unseen):
            call()


def test_a_preview_leaves_what_was_read_before_as_it_was(story: Story) -> None:
    no = story.issue(at="2026-08-24 10:00")
    version = publish(story, ("severity.3.triage", "7 h"))
    clock = db.session.scalars(db.select(Clock).where(Clock.subject == no, Clock.kind == "triage")).one()
    due = clock.due_at
    [moved] = preview(story, to_version=version, clocks=[clock.id]).moved
    assert moved == replace(moved, was=due)
    assert (clock.due_at, clock.policy_version, len(clock.plans)) == (due, 1, 1)
