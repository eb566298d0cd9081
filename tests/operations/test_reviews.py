"""The dispatcher's verdicts: accepted, sent back under the original limit (K9), followed until all is confirmed."""

import pytest

from cxloop.operations.act import Forbidden, Invalid, WrongState
from tests.cast import ANALYST, BRANCH, CHEN, HANDLER, LIN, TANG, WU
from tests.factories import RESOLVED, Story, local, parked, planned, shown


def test_accepting_ends_both_clocks_the_units_when_it_stopped(story: Story) -> None:
    task = story.one_task()
    story.answer(task, at="2026-08-26 10:00")
    story.accept(task, at="2026-08-27 10:00", quality=4, cause="network.fault", liability="liable", remark="好")
    row, feedback, review = story.task(task), story.clock(task, "feedback"), story.clock(task, "review")
    assert (row.state, row.quality, row.liability, row.accepted_by) == ("accepted", 4, "liable", ANALYST)
    assert (feedback.ended_at, review.ended_at) == (local("2026-08-26 10:00"), local("2026-08-27 10:00"))
    assert story.measure(f"{task}/1").state == "confirmed"


def test_a_verdict_after_the_units_due_does_not_make_the_unit_late(story: Story) -> None:
    task = story.one_task()
    story.answer(task, at="2026-09-01 18:00")
    story.accept(task, at="2026-09-04 10:00")
    assert (story.clock(task, "feedback").breaches, story.clock(task, "feedback").overrun) == ([], None)
    assert [breach.holder for breach in story.clock(task, "review").breaches] == ["CENTER"]


@pytest.mark.parametrize("severity", [1, 2])
def test_a_severe_issue_needs_its_effect_criterion_first(story: Story, severity: int) -> None:
    no = story.issue(severity=severity, effect=None)
    [task] = story.dispatch(no, {"P44": "separate"})
    story.answer(task)
    with pytest.raises(Invalid) as refused:
        story.accept(task)
    assert list(refused.value.errors) == ["effect"]
    from tests.factories import EFFECT

    story.do("issue.analyse", ANALYST, no, effect=EFFECT)
    story.accept(task)


def test_a_common_issue_does_without(story: Story) -> None:
    no = story.issue(severity=3, effect=None)
    story.settle(story.dispatch(no, {"P44": "separate"})[0])
    assert story.the_issue(no).state == "verifying"


def test_unknown_codes_of_cause_and_liability_are_refused(story: Story) -> None:
    task = story.one_task()
    story.answer(task)
    for field in ("cause", "liability"):
        with pytest.raises(Invalid) as refused:
            story.accept(task, **{field: "x"})
        assert list(refused.value.errors) == [field]


def test_units_accept_nothing(story: Story) -> None:
    task = story.one_task()
    story.answer(task)
    for name in (CHEN, HANDLER):
        with pytest.raises(Forbidden):
            story.accept(task, name)


def test_who_submitted_does_not_judge_whatever_else_he_is(story: Story) -> None:
    task = story.one_task()
    story.answer(task, TANG)  # lead of Guangdong, and analyst of the center
    for act, fields in (("review.accept", {}), ("review.send_back", {"reason": "no_evidence"})):
        with pytest.raises(Forbidden) as refused:
            story.do(act, TANG, task, **fields)
        assert refused.value.why == "segregation"
    story.accept(task)


def test_the_same_person_judges_what_another_submitted(story: Story) -> None:
    task = story.one_task()
    story.answer(task, CHEN)
    story.accept(task, TANG)


# Sending back


def test_what_was_left_is_left_whatever_the_review_took(story: Story) -> None:
    task = story.one_task()
    story.answer(task, at="2026-08-26 10:00")
    story.do("review.send_back", ANALYST, task, at="2026-08-28 10:00", reason="shallow_cause", text="再查")
    # 36.5 of 51.5 hours were left.
    assert story.due(task, "feedback") == "2026-09-03 18:00"
    clock = story.clock(task, "feedback")
    assert [(plan.why, plan.n) for plan in clock.plans] == [("start", 1), ("send_back", 2)]
    assert [(span.state, span.holder) for span in clock.spans] == [
        ("running", "P44"),
        ("stopped", "CENTER"),
        ("running", "P44"),
    ]
    assert (story.task(task).due_at, clock.floor_given) == (clock.due_at, False)


def test_the_floor_is_given_once(story: Story) -> None:
    task = story.one_task()
    story.answer(task, at="2026-09-01 17:00")
    story.do("review.send_back", ANALYST, task, at="2026-09-02 10:00", reason="no_evidence")
    assert story.due(task, "feedback") == "2026-09-02 15:30"  # four hours instead of one
    story.do("feedback.submit", CHEN, task, at="2026-09-02 15:00", **RESOLVED)
    story.do("review.send_back", ANALYST, task, at="2026-09-02 16:00", reason="no_evidence")
    assert story.due(task, "feedback") == "2026-09-02 16:30"  # the half hour that was left


def test_sent_back_with_nothing_left_after_the_floor_it_is_late(story: Story) -> None:
    task = story.one_task()
    story.answer(task, at="2026-09-01 17:00")
    story.do("review.send_back", ANALYST, task, at="2026-09-02 10:00", reason="no_evidence")
    story.do("feedback.submit", CHEN, task, at="2026-09-02 15:30", **RESOLVED)
    story.do("review.send_back", ANALYST, task, at="2026-09-02 16:00", reason="no_evidence")
    assert story.clock(task, "feedback").breaches == []
    story.sweep("2026-09-02 16:01")
    clock = story.clock(task, "feedback")
    assert (story.due(task, "feedback"), len(clock.breaches)) == ("2026-09-02 15:30", 1)


def test_answered_late_and_sent_back_the_breach_stays_and_the_floor_is_given(story: Story) -> None:
    task = story.one_task()
    story.answer(task, at="2026-09-02 09:30")
    story.do("review.send_back", ANALYST, task, at="2026-09-02 10:00", reason="no_evidence")
    clock = story.clock(task, "feedback")
    assert (story.due(task, "feedback"), [breach.plan for breach in clock.breaches]) == ("2026-09-02 15:30", [1])


def test_at_severity_one_the_floor_is_no_more_than_the_target(story: Story) -> None:
    no = story.issue(severity=1, at="2026-08-24 10:00")
    [task] = story.dispatch(no, {"P44": "separate"}, at="2026-08-24 10:00")
    story.answer(task, at="2026-08-25 07:59")
    story.do("review.send_back", ANALYST, task, at="2026-08-25 08:30", reason="no_evidence")
    assert story.due(task, "feedback") == "2026-08-25 12:30"


def test_the_others_and_the_issue_do_not_move(story: Story) -> None:
    no, [task, other] = story.dispatched({"P44": "separate", "P51": "separate"})
    before = (story.due(other, "feedback"), story.due(no, "issue"))
    story.answer(task, at="2026-08-26 10:00")
    story.do("review.send_back", ANALYST, task, at="2026-08-31 10:00", reason="no_evidence")
    assert (story.due(other, "feedback"), story.due(no, "issue")) == before
    assert story.due(task, "feedback") > before[0]


def test_a_sent_back_task_is_not_re_armed_for_what_is_behind(story: Story) -> None:
    task = story.one_task()
    story.answer(task, at="2026-09-01 17:00")  # 75 % and the day before are long past
    story.do("review.send_back", ANALYST, task, at="2026-09-02 10:00", reason="no_evidence")
    ahead = [rung.code for rung in story.clock(task, "feedback").rungs if rung.plan == 2]
    assert set(ahead) == {"due", "over_3d", "over_5d"}


def test_the_third_time_supervises(story: Story) -> None:
    task = story.one_task()
    story.do("task.sign", CHEN, task)
    for count in (1, 2, 3):
        story.do("feedback.submit", CHEN, task, **RESOLVED)
        story.do("review.send_back", ANALYST, task, reason="no_evidence", text="x")
        row = story.task(task)
        assert (row.send_backs, row.supervision) == (count, "yellow" if count == 3 else None)
    assert row.supervision_number == "体验督办〔2026〕1号"
    assert story.told("notice.third_send_back", task) == ["44lead", "chen", "he", "lin", "sun", "tang"]


def test_the_third_time_does_not_lower_an_attention_that_is_higher(story: Story) -> None:
    task = story.one_task()
    story.do("task.sign", CHEN, task)
    story.do("task.supervise", LIN, task, level="red", text="挂牌督办")
    for _ in range(3):
        story.do("feedback.submit", CHEN, task, **RESOLVED)
        story.do("review.send_back", ANALYST, task, reason="no_evidence")
    row = story.task(task)
    assert (row.supervision, row.supervision_number) == ("red", "体验督办〔2026〕1号")


def test_a_send_back_needs_a_known_reason(story: Story) -> None:
    task = story.one_task()
    story.answer(task)
    with pytest.raises(Invalid):
        story.do("review.send_back", ANALYST, task, reason="mood")


# Following measures


def followed(story: Story, *dates: str) -> str:
    task = story.one_task()
    story.settle(task, **planned(*(dates or ("2026-10-30 18:00",))))
    assert story.task(task).state == "following"
    return task


def test_each_measure_has_its_clock_to_the_agreed_date(story: Story) -> None:
    task = followed(story, "2026-10-30 18:00", "2026-11-20 12:00")
    assert [story.due(f"{task}/{n}", "measure") for n in (1, 2)] == ["2026-10-30 18:00", "2026-11-20 12:00"]
    assert story.clock(f"{task}/1", "measure").owner == "P44"
    assert story.clock(task, "feedback").state == "ended"


def test_the_last_confirmed_makes_it_accepted(story: Story) -> None:
    task = followed(story, "2026-10-30 18:00", "2026-11-20 12:00")
    for n, state in ((2, "following"), (1, "accepted")):
        story.do("measure.complete", CHEN, f"{task}/{n}", text="已更换")
        assert story.clock(f"{task}/{n}", "measure").state == "stopped"
        assert story.clock(f"{task}/{n}", "review").state == "running"
        story.do("measure.confirm", ANALYST, f"{task}/{n}")
        assert story.task(task).state == state
    assert story.task(task).accepted_at is not None


def test_a_measure_sent_back_in_time_keeps_its_date(story: Story) -> None:
    task = followed(story)
    story.do("measure.complete", CHEN, f"{task}/1", at="2026-10-12 10:00", text="已更换")
    story.do("measure.send_back", ANALYST, f"{task}/1", at="2026-10-14 10:00", reason="no_evidence")
    assert (story.measure(f"{task}/1").state, story.due(f"{task}/1", "measure")) == ("open", "2026-10-30 18:00")


def test_a_measure_sent_back_near_its_date_has_the_floor_each_time(story: Story) -> None:
    task = followed(story)
    for at, due in (("2026-10-30 17:00", "2026-11-02 12:00"), ("2026-11-02 10:00", "2026-11-02 15:30")):
        story.do("measure.complete", CHEN, f"{task}/1", at="2026-10-30 16:00" if "30" in at[:10] else at, text="x")
        story.do("measure.send_back", ANALYST, f"{task}/1", at=at, reason="no_evidence")
        assert story.due(f"{task}/1", "measure") == due


def test_a_measure_that_is_late_is_the_units_breach(story: Story) -> None:
    task = followed(story)
    story.pass_time("2026-10-31 10:00")
    assert [breach.holder for breach in story.clock(f"{task}/1", "measure").breaches] == ["P44"]


def test_who_completes_and_who_confirms(story: Story) -> None:
    task = followed(story)
    for name in (ANALYST, HANDLER):
        with pytest.raises(Forbidden):
            story.do("measure.complete", name, f"{task}/1", text="x")
    story.do("measure.complete", TANG, f"{task}/1", text="x")
    with pytest.raises(Forbidden) as refused:
        story.do("measure.confirm", TANG, f"{task}/1")
    assert refused.value.why == "segregation"
    with pytest.raises(Forbidden):
        story.do("measure.confirm", CHEN, f"{task}/1")
    story.do("measure.confirm", LIN, f"{task}/1")


def test_a_measures_own_handler_carries_it_out(story: Story) -> None:
    answer = planned("2026-10-30 18:00")
    answer["measures"][0]["handler"] = BRANCH
    task = story.one_task()
    story.settle(task, **answer)
    story.do("measure.complete", BRANCH, f"{task}/1", text="已更换")
    assert story.measure(f"{task}/1").done_by == BRANCH


def test_measures_move_only_while_the_task_is_followed(story: Story) -> None:
    task = story.one_task()
    story.answer(task, **planned("2026-10-30 18:00"))
    with pytest.raises(WrongState) as refused:
        story.do("measure.complete", CHEN, f"{task}/1", text="x")
    assert refused.value.why == "without_following"


def test_a_parked_answer_is_followed_without_a_clock(story: Story) -> None:
    no, [task] = story.dispatched({"P44": "separate"})
    story.settle(task, **parked())
    assert (story.task(task).state, story.the_issue(no).state) == ("following", "verifying")
    assert story.the_issue(no).wait_until is not None


def test_a_date_that_passed_before_the_verdict_is_not_broken_by_it(story: Story) -> None:
    task = story.one_task()
    story.answer(task, at="2026-08-26 10:00", **planned("2026-08-27 18:00"))
    story.accept(task, at="2026-08-28 10:00")
    assert story.due(f"{task}/1", "measure") == "2026-08-28 15:30"


def test_a_measure_that_is_not_there_is_unseen(story: Story) -> None:
    from cxloop.operations.act import Unseen

    task = followed(story)
    for number in (f"{task}/9", f"{task}/x", f"{task}/", task, f"{task}/99999999999999999999", "/", "x/1"):
        with pytest.raises(Unseen):
            story.do("measure.complete", CHEN, number, text="x")


def test_the_outsider_sees_no_measure(story: Story) -> None:
    from cxloop.operations.act import Unseen

    task = followed(story)
    with pytest.raises(Unseen):
        story.do("measure.complete", WU, f"{task}/1", text="x")


def test_shown_times_are_beijings() -> None:
    assert shown(local("2026-08-24 10:00")) == "2026-08-24 10:00"
