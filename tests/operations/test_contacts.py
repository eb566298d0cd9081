"""The customer: called, not reached with proof, answered, heard again; and who may look at the number."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cxloop.extensions import db
from cxloop.models.signal import ContactTry
from cxloop.operations.act import Forbidden, Invalid, Unseen, WrongState
from cxloop.queries.verification import verify_clocks
from tests.cast import ANALYST, BRANCH, CHEN, HANDLER, LEADER, LIN, OPS, WU, ZHAO
from tests.factories import Story, fresh, local, shown

WANG = {"name": "王小明", "phone": "13812341234"}
SAID: dict[str, Any] = {"method": "phone", "reached": False, "note": "无人接听,家人称在外地"}


@pytest.fixture(autouse=True)
def borne_out(story: Story) -> Iterator[None]:
    """Whatever is told here, every due time can be derived again."""
    yield
    assert verify_clocks().differences == ()


def complaint(story: Story, **fields: Any) -> str:
    """A voice about Guangdong with a number."""
    return story.signal(**{"unit": "P44", "contact": WANG, **fields})


def dispatched(story: Story, *signals: str, unit: str = "P44", severity: int = 3, wanted: bool = True) -> str:
    """An issue made of these voices, sent to a unit that is to call; gives the task."""
    no = story.issue(severity=severity)
    for signal in signals:
        story.do("signal.link", ANALYST, signal, issue=no)
    row = {"unit": unit, "duty": "separate", "title": "排查", "wanted": "逐户回访", "contact_wanted": wanted}
    story.do("issue.dispatch", ANALYST, no, at="2026-08-24 11:00", tasks=[row])
    return story.task_numbers(no)[-1]


def tries(story: Story, signal: str, *moments: str, by: str = CHEN, **fields: Any) -> None:
    for moment in moments:
        story.do("signal.contact", by, signal, at=f"2026-08-{moment}", **{**SAID, **fields})


# The clock


@pytest.mark.parametrize(("severity", "due"), [(3, "2026-08-25 11:00"), (1, "2026-08-24 13:00")])
def test_calling_is_owed_in_natural_time_from_the_landing_on(story: Story, severity: int, due: str) -> None:
    task = dispatched(story, complaint(story), severity=severity)
    clock = story.clock(task, "contact")
    assert (clock.owner, clock.holder, clock.state, clock.calendar) == ("P44", "P44", "running", "ALWAYS")
    assert shown(clock.due_at) == due


def test_a_weekend_counts_for_a_customer(story: Story) -> None:
    no = story.issue(at="2026-08-28 17:00")
    story.do("signal.link", ANALYST, complaint(story), issue=no)
    row = {"unit": "P44", "duty": "separate", "title": "t", "wanted": "w", "contact_wanted": True}
    story.do("issue.dispatch", ANALYST, no, at="2026-08-28 17:30", tasks=[row])
    task = story.task_numbers(no)[0]
    assert story.due(task, "contact") == "2026-08-29 17:30"
    story.pass_time("2026-08-29 18:00")
    assert [(b.holder, b.cause) for b in story.clock(task, "contact").breaches] == [("P44", None)]


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [({"contact": None}, True), ({"contact": {"name": "王小明"}}, True), ({"unit": "P51"}, True), ({}, False)],
    ids=["no contact", "a name alone", "another province's", "not asked to call"],
)
def test_nothing_is_owed_without_number_concern_or_wish(story: Story, fields: dict[str, Any], wanted: bool) -> None:
    assert story.clocks(dispatched(story, complaint(story, **fields), wanted=wanted), "contact") == []


def test_a_voice_about_no_unit_is_called_by_whoever_was_told_to(story: Story) -> None:
    signal = complaint(story, unit=None)
    task = dispatched(story, signal)
    assert story.clock(task, "contact").state == "running"
    tries(story, signal, "24 11:30", reached=True)
    assert story.clock(task, "contact").state == "ended"


def test_three_tries_at_different_times_are_proof(story: Story) -> None:
    signal = complaint(story)
    task = dispatched(story, signal)
    tries(story, signal, "24 14:00", "24 14:10", "24 14:20", "24 16:10")
    assert story.clock(task, "contact").state == "running"
    tries(story, signal, "24 18:30")
    clock = story.clock(task, "contact")
    assert (clock.state, shown(clock.ended_at), clock.breaches) == ("ended", "2026-08-24 18:30", [])
    tries(story, signal, "25 09:00", reached=True)
    rows = fresh().scalars(db.select(ContactTry).order_by(ContactTry.n)).all()
    assert [row.n for row in rows] == [1, 2, 3, 4, 5, 6]


def test_every_customer_counts_and_a_later_voice_starts_it_again(story: Story) -> None:
    first, second = complaint(story), complaint(story, contact={"phone": "13900001111"})
    task = dispatched(story, first, second)
    tries(story, first, "24 14:00", reached=True)
    assert story.clock(task, "contact").state == "running"
    tries(story, second, "24 14:10", reached=True)
    assert story.clock(task, "contact").state == "ended"
    third = complaint(story, contact={"phone": "13700002222"})
    story.do("signal.link", ANALYST, third, at="2026-08-26 09:00", issue=story.task(task).issue_no)
    again = story.clock(task, "contact")
    assert (again.cycle, again.state, shown(again.due_at)) == (2, "running", "2026-08-27 09:00")


def test_the_clock_goes_with_its_task(story: Story) -> None:
    signal = complaint(story, unit=None)
    task = dispatched(story, signal)
    story.do("task.decline", CHEN, task, reason="not_our_region", text="x")
    assert story.clock(task, "contact").holder == "CENTER"
    story.do("task.redispatch", ANALYST, task, unit="P51")
    assert [(row.state, row.owner) for row in story.clocks(task, "contact")] == [("moved", "P44"), ("running", "P51")]
    story.do("task.cancel", ANALYST, task, reason="covered")
    assert story.clock(task, "contact").state == "cancelled"


def test_whoever_accepts_asks_for_no_call_any_more_and_a_breach_stays(story: Story) -> None:
    task = dispatched(story, complaint(story))
    story.answer(task, at="2026-08-25 12:00")
    story.accept(task)
    clock = story.clock(task, "contact")
    assert (clock.state, len(clock.breaches)) == ("cancelled", 1)


def test_done_again_it_is_owed_again(story: Story) -> None:
    task = dispatched(story, complaint(story))
    story.settle(task)
    story.verdict(story.task(task).issue_no, "ineffective")
    story.do("task.redo", ANALYST, task, reason="unit_fault", text="未联系客户")
    assert [row.state for row in story.clocks(task, "contact")] == ["cancelled", "running"]


def test_a_harsher_rating_is_a_shorter_call(story: Story) -> None:
    task = dispatched(story, complaint(story))
    no = story.task(task).issue_no
    story.do("issue.rerate", LIN, no, at="2026-08-24 12:00", severity=1, reason="扩大")
    # Consumed time counts, but the floor or the whole target is left (K11).
    assert story.due(task, "contact") == "2026-08-24 14:00"
    story.do("issue.rerate", LIN, no, at="2026-08-24 12:30", severity=3, reason="复核", longer=True)
    assert story.due(task, "contact") == "2026-08-25 11:00"


def test_what_a_province_hands_down_may_say_so_too(story: Story) -> None:
    signal = complaint(story, unit="P4401")
    task = dispatched(story, signal, wanted=False)
    story.do("task.sign", CHEN, task)
    rows = [{"unit": "P4401", "title": "t", "wanted": "w", "contact_wanted": True}]
    story.do("task.split", CHEN, task, tasks=rows)
    [child] = [row.no for row in story.tasks(story.task(task).issue_no) if row.parent == task]
    assert story.clock(child, "contact").owner == "P4401"
    story.do("signal.contact", BRANCH, signal, **{**SAID, "reached": True})
    assert story.clock(child, "contact").state == "ended"


# Tries and answers


def test_a_try_is_written_down_within_a_day_and_never_ahead(story: Story) -> None:
    signal = complaint(story)
    dispatched(story, signal)
    at = "2026-08-25 10:00"
    for moment, key in (("25 10:01", "error.in_the_future"), ("24 09:59", "error.too_long_ago")):
        with pytest.raises(Invalid) as refused:
            story.do("signal.contact", CHEN, signal, at=at, tried_at=local(f"2026-08-{moment}"), **SAID)
        assert refused.value.errors["tried_at"][0] == key
    story.do("signal.contact", CHEN, signal, at=at, tried_at=local("2026-08-24 10:00"), **SAID)


def test_only_a_linked_voice_with_a_number_is_called(story: Story) -> None:
    with pytest.raises(WrongState, match="state"):
        story.do("signal.contact", ANALYST, complaint(story), **SAID)
    bare = complaint(story, contact=None)
    dispatched(story, bare)
    with pytest.raises(WrongState, match="without_contact"):
        story.do("signal.contact", ANALYST, bare, **SAID)


def test_the_last_answer_counts_and_the_words_stay_out_of_the_trail(story: Story) -> None:
    signal = complaint(story)
    dispatched(story, signal)
    told: tuple[tuple[str, str, dict[str, str]], ...] = (
        (CHEN, "费用已退还", {}),
        (ANALYST, "客户称退费未到账", {"satisfied": "dissatisfied", "why": "unit_fault"}),
    )
    for by, text, more in told:
        story.do("signal.answer", by, signal, text=text, method="phone", **more)
    row = story.the_signal(signal)
    assert (row.answer, row.satisfied, row.dissatisfied_why, row.answered_by) == (
        "客户称退费未到账", "dissatisfied", "unit_fault", ANALYST,
    )  # fmt: skip
    entries = [entry for entry in story.entries("signal", signal) if entry.act == "signal.answer"]
    assert len(entries) == 2
    digests = [c["after"] for e in entries for c in json.loads(e.body)["changes"] if c["field"] == "answer_sha256"]
    assert len(set(digests)) == 2


def test_a_reason_goes_with_a_dissatisfied_customer(story: Story) -> None:
    signal = complaint(story)
    dispatched(story, signal)
    said = {"text": "x", "method": "phone"}
    wrong: tuple[tuple[dict[str, str], str], ...] = (
        ({"satisfied": "delighted"}, "satisfied"),
        ({"satisfied": "dissatisfied", "why": "weather"}, "why"),
        ({"satisfied": "fairly", "why": "unit_fault"}, "why"),
        ({"why": "unit_fault"}, "why"),
    )
    for more, field in wrong:
        with pytest.raises(Invalid) as refused:
            story.do("signal.answer", CHEN, signal, **said, **more)
        assert list(refused.value.errors) == [field]


# Heard again


def test_a_customer_who_speaks_up_again_is_counted_and_the_third_time_proposes_supervision(story: Story) -> None:
    task = dispatched(story, complaint(story))
    no = story.task(task).issue_no
    story.do("task.sign", CHEN, task)
    story.do("task.assign", CHEN, task, handler=HANDLER)
    for n in range(1, 5):
        story.do("signal.link", ANALYST, complaint(story), issue=no)
        assert story.task(task).repeats == n
        assert story.told("notice.repeated", task) == [HANDLER] * n
        assert story.told("notice.supervision_proposed", task) == ([ANALYST] if n >= 3 else [])


def test_another_customer_another_province_or_a_task_that_is_over_counts_nothing(story: Story) -> None:
    task = dispatched(story, complaint(story))
    no = story.task(task).issue_no
    for fields in ({"contact": {"phone": "13900001111"}}, {"contact": None}, {"unit": "P51"}):
        story.do("signal.link", ANALYST, complaint(story, **fields), issue=no)
    assert story.task(task).repeats == 0
    story.do("task.cancel", ANALYST, task, reason="covered")
    other = story.dispatch(no, {"P44": "separate"})[0]
    story.do("signal.link", ANALYST, complaint(story), issue=no)
    assert (story.task(task).repeats, story.task(other).repeats) == (0, 1)


def test_voices_that_come_with_a_merged_issue_are_heard_too(story: Story) -> None:
    task = dispatched(story, complaint(story))
    twin = complaint(story)
    again = story.do("issue.open", ANALYST, title="t", description="d", channel="hotline", signals=[twin]).no
    story.do("issue.merge", ANALYST, again, into=story.task(task).issue_no)
    assert story.task(task).repeats == 1
    story.do("signal.contact", CHEN, twin, **{**SAID, "reached": True})
    assert story.clock(task, "contact").state == "running", "the first voice's customer is still to be called"


# Who may


def mine(story: Story, **fields: Any) -> str:
    """A voice for the province whose task somebody of a city branch handles."""
    signal = complaint(story, **fields)
    task = dispatched(story, signal)
    story.do("task.sign", CHEN, task)
    story.do("task.assign", CHEN, task, handler=BRANCH)
    return signal


@pytest.mark.parametrize("unit", ["P44", None])
def test_the_tasks_handler_looks_and_calls_and_nobody_else_of_the_unit_but_the_lead(
    story: Story, unit: str | None
) -> None:
    signal = mine(story, unit=unit)
    for name in (BRANCH, CHEN, ANALYST):
        story.do("signal.reveal", name, signal, reason="contact_customer")
        story.do("signal.contact", name, signal, **SAID)
        story.do("signal.answer", name, signal, text="x", method="phone")
    # The unit's liaison notes what was tried, but looks at no number.
    story.do("signal.contact", HANDLER, signal, **SAID)
    with pytest.raises(Forbidden):
        story.do("signal.reveal", HANDLER, signal, reason="contact_customer")
    for name in (LEADER, ZHAO):
        with pytest.raises(Forbidden):
            story.do("signal.reveal", name, signal, reason="contact_customer")
        with pytest.raises(Forbidden):
            story.do("signal.contact", name, signal, **SAID)
    for name in (WU, OPS, "11lead"):
        with pytest.raises(Unseen):
            story.do("signal.reveal", name, signal, reason="contact_customer")


def test_a_handler_without_a_task_on_it_does_not_look(story: Story) -> None:
    signal = complaint(story)
    with pytest.raises(Forbidden):
        story.do("signal.reveal", HANDLER, signal, reason="contact_customer")
    story.do("signal.reveal", CHEN, signal, reason="contact_customer")


def test_with_the_issue_the_reason_to_look_is_over(story: Story) -> None:
    signal = mine(story, unit=None)
    no = str(story.the_signal(signal).issue_no)
    task = story.task_numbers(no)[0]
    story.do("feedback.submit", CHEN, task, outcome="explained", cause="x", result="x", reply="x")
    story.accept(task)
    story.do("signal.reveal", BRANCH, signal, reason="contact_customer")
    story.verdict(no)
    story.close(no)
    for name in (BRANCH, CHEN):
        with pytest.raises(Unseen):
            story.do("signal.reveal", name, signal, reason="contact_customer")


def test_a_voice_about_no_unit_shows_to_those_who_are_to_call_only(story: Story) -> None:
    signal = complaint(story, unit=None)
    dispatched(story, signal, wanted=False)
    with pytest.raises(Unseen):
        story.do("signal.reveal", CHEN, signal, reason="contact_customer")


def test_no_number_name_or_note_is_on_any_trail(story: Story) -> None:
    signal = complaint(story)
    task = dispatched(story, signal)
    tries(story, signal, "24 14:00")
    story.do("signal.reveal", CHEN, signal, reason="contact_customer")
    story.do("signal.answer", CHEN, signal, text="已告知王小明退费时间", method="phone", satisfied="fairly")
    story.do("signal.link", ANALYST, complaint(story), issue=story.task(task).issue_no)
    bodies = [e.body for kind in ("signal", "issue") for e in all_entries(story, kind)]
    assert any('"signal.contact"' in body for body in bodies)
    for secret in ("13812341234", "王小明", "无人接听", "退费时间"):
        assert not any(secret in body for body in bodies), secret
    [revealed] = [e for e in story.entries("signal", signal) if e.act == "signal.reveal"]
    assert "contact_customer" in revealed.body


def all_entries(story: Story, kind: str) -> list[Any]:
    numbers = {"signal": ["SG-00000001", "SG-00000002"], "issue": ["CX-2026-000001"]}[kind]
    return [entry for no in numbers for entry in story.entries(kind, no)]
