"""Issues: opened, rated, going on by themselves; and the center's first promises."""

import pytest

from cxloop.operations.act import Forbidden, Invalid, Unseen, WrongState
from tests.cast import ANALYST, CHEN, OPS, WU, XU, ZHAO
from tests.factories import EFFECT, RESOLVED, Story, planned


def opened(story: Story, **fields: object) -> str:
    told = {"title": "t", "description": "d", "channel": "hotline", **fields}
    return str(story.do("issue.open", ANALYST, at="2026-08-24 10:00", **told).no)


@pytest.mark.parametrize(("channel", "severity"), [("hotline", 3), ("regulator", 2)])
def test_the_provisional_severity_is_the_channels(story: Story, channel: str, severity: int) -> None:
    assert story.the_issue(opened(story, channel=channel)).severity == severity
    assert story.the_issue(opened(story, channel=channel, severity=1)).severity == 1


def test_only_the_center_opens_issues(story: Story) -> None:
    for name in (CHEN, ZHAO, OPS):
        with pytest.raises(Forbidden):
            story.do("issue.open", name, title="t", description="d", channel="hotline")


def test_numbers_follow_the_year_in_shanghai_without_gaps(story: Story) -> None:
    numbers = [
        story.do("issue.open", ANALYST, at=at, title="t", description="d", channel="hotline").no
        for at in ("2026-12-31 23:58", "2026-12-31 23:59", "2027-01-01 00:00", "2027-01-01 00:01")
    ]
    assert numbers == ["CX-2026-000001", "CX-2026-000002", "CX-2027-000001", "CX-2027-000002"]


@pytest.mark.parametrize(
    ("severity", "triage", "issue"),
    [
        (1, "2026-08-24 10:30", "2026-08-25 10:00"),  # 7×24
        (2, "2026-08-24 15:30", "2026-08-31 18:00"),  # four hours with lunch between, five working days
        (3, "2026-08-25 18:00", "2026-09-03 18:00"),
        (4, "2026-08-26 18:00", "2026-09-14 18:00"),
    ],
)
def test_opening_starts_two_clocks(story: Story, severity: int, triage: str, issue: str) -> None:
    no = opened(story, severity=severity)
    assert (story.due(no, "triage"), story.due(no, "issue")) == (triage, issue)


def test_the_first_analysis_rates_and_states_the_dues_anew(story: Story) -> None:
    no = opened(story)
    story.do("issue.analyse", ANALYST, no, at="2026-08-24 11:00", severity=2)
    # Of four hours one is consumed, but never less than the floor is left, which is four hours too.
    assert (story.due(no, "triage"), story.due(no, "issue")) == ("2026-08-24 16:30", "2026-08-31 18:00")
    assert [plan.why for plan in story.clock(no, "triage").plans] == ["start", "rated"]


def test_rating_late_leaves_the_floor(story: Story) -> None:
    no = opened(story)
    # At severity 2 the four hours would have been over at 15:30; the floor is those four hours.
    story.do("issue.analyse", ANALYST, no, at="2026-08-24 16:00", severity=2)
    assert story.due(no, "triage") == "2026-08-25 11:00"


def test_rating_after_the_due_keeps_the_breach(story: Story) -> None:
    no = opened(story, severity=2)
    story.do("issue.analyse", ANALYST, no, at="2026-08-24 16:00", severity=3)
    [breach] = story.clock(no, "triage").breaches
    assert (breach.plan, breach.holder) == (1, "CENTER")


def test_the_rating_stands_once_units_are_at_work(story: Story) -> None:
    no, _tasks = story.dispatched({"P44": "separate"})
    with pytest.raises(Invalid) as refused:
        story.do("issue.analyse", ANALYST, no, severity=2)
    assert refused.value.errors["severity"][0] == "error.rated_already"
    story.do("issue.analyse", ANALYST, no, severity=3, reach=700)
    issue = story.the_issue(no)
    assert (issue.state, issue.severity, issue.reach) == ("in_progress", 3, 700)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"category": "x"}, "category"),
        ({"touchpoint": "x"}, "touchpoint"),
        ({"product": "x"}, "product"),
        ({"root_cause": {"class": "x", "text": "t"}}, "root_cause.class"),
        ({"analyst": CHEN}, "analyst"),
        ({"analyst": "nobody"}, "analyst"),
    ],
)
def test_what_makes_no_sense_names_its_field(story: Story, fields: dict[str, object], field: str) -> None:
    no = opened(story)
    with pytest.raises(Invalid) as refused:
        story.do("issue.analyse", ANALYST, no, **fields)
    assert list(refused.value.errors) == [field]
    assert story.the_issue(no).state == "new"


def test_whoever_analyses_becomes_the_analyst_unless_one_is_named(story: Story) -> None:
    no = opened(story)
    story.do("issue.analyse", ANALYST, no, reach=1)
    assert story.the_issue(no).analyst == ANALYST
    story.do("issue.analyse", ANALYST, no, analyst=XU)
    assert story.the_issue(no).analyst == XU


def test_analysing_while_verifying_changes_no_state(story: Story) -> None:
    no = story.verifying()
    story.do("issue.analyse", ANALYST, no, effect={**EFFECT, "window_days": 30})
    assert (story.the_issue(no).state, story.the_issue(no).effect_window_days) == ("verifying", 30)


def test_an_issue_is_unseen_by_units_without_a_part_in_it(story: Story) -> None:
    no, _tasks = story.dispatched({"P44": "separate"})
    for name, refusal in ((WU, Unseen), (OPS, Unseen), (CHEN, Forbidden)):
        with pytest.raises(refusal):
            story.do("issue.dismiss", name, no, reason="duplicate")


# Going on by itself


def test_the_last_acceptance_moves_the_issue_on(story: Story) -> None:
    no, tasks = story.dispatched({"P44": "main", "P51": "support", "P11": "separate"})
    for n, task in enumerate(tasks):
        assert story.the_issue(no).state == "in_progress", n
        story.settle(task)
    issue, clock = story.the_issue(no), story.clock(no, "issue")
    assert (issue.state, clock.state, clock.ended_at) == ("verifying", "ended", story.task(tasks[-1]).accepted_at)


def test_one_advance_writes_one_change_of_state(story: Story) -> None:
    no, [first, second] = story.dispatched({"P44": "separate", "P51": "separate"})
    story.settle(first)
    story.settle(second)
    bodies = [entry.body for entry in story.entries("issue", no)]
    assert sum('"after":"verifying"' in body for body in bodies) == 1


def test_a_cancelled_rest_moves_an_answered_issue_on(story: Story) -> None:
    no, [answered, other] = story.dispatched({"P44": "separate", "P51": "separate"})
    story.settle(answered)
    story.do("task.cancel", ANALYST, other, reason="covered")
    assert story.the_issue(no).state == "verifying"


def test_nothing_answered_goes_back_to_analysing_with_a_new_triage(story: Story) -> None:
    no, tasks = story.dispatched({"P44": "separate", "P51": "separate"})
    for task in tasks:
        story.do("task.cancel", ANALYST, task, reason="wrong_dispatch")
    triage = story.clocks(no, "triage")
    assert story.the_issue(no).state == "analysing"
    assert [(clock.cycle, clock.state) for clock in triage] == [(1, "ended"), (2, "running")]
    assert story.clock(no, "issue").state == "running"
    story.settle(story.dispatch(no, {"P11": "separate"})[0])
    assert story.the_issue(no).state == "verifying"


def test_a_further_wave_belongs_to_the_same_cycle(story: Story) -> None:
    no, [first] = story.dispatched({"P44": "separate"})
    [second] = story.dispatch(no, {"P51": "separate"})
    rows = [story.task(task) for task in (first, second)]
    assert [(row.wave, row.cycle) for row in rows] == [(1, 1), (2, 1)]
    story.settle(first)
    assert story.the_issue(no).state == "in_progress"


# The effect wait


def test_the_wait_begins_with_the_last_answer(story: Story) -> None:
    no = story.verifying(severity=3)
    issue, clock = story.the_issue(no), story.clock(no, "verify")
    # 14 natural days: the category's and the criterion's.
    assert (issue.wait_until - story.clock(no, "issue").ended_at).days == 14
    assert clock.started_at == issue.wait_until
    assert "start" in [rung.code for rung in clock.rungs]


def test_the_longer_of_category_and_window_is_waited(story: Story) -> None:
    no = story.issue(effect={**EFFECT, "window_days": 45})
    story.settle(story.dispatch(no, {"P44": "separate"})[0])
    assert (story.the_issue(no).wait_until - story.clock(no, "issue").ended_at).days == 45


def test_while_measures_are_followed_the_wait_is_not_planned(story: Story) -> None:
    no, [plain, plan] = story.dispatched({"P44": "separate", "P51": "separate"})
    story.settle(plain)
    story.settle(plan, **planned("2026-10-30 18:00"))
    assert (story.the_issue(no).state, story.the_issue(no).wait_until) == ("verifying", None)
    assert story.clocks(no, "verify") == []
    story.do("measure.complete", WU, f"{plan}/1", text="已更换")
    story.do("measure.confirm", ANALYST, f"{plan}/1")
    assert story.the_issue(no).wait_until is not None


def test_cancelling_the_last_followed_task_plans_the_wait(story: Story) -> None:
    no, [plain, plan] = story.dispatched({"P44": "separate", "P51": "separate"})
    story.settle(plain)
    story.settle(plan, **planned("2026-10-30 18:00"))
    story.do("task.cancel", ANALYST, plan, reason="no_longer_needed")
    assert story.clock(plan + "/1", "measure").state == "cancelled"
    assert story.clock(no, "verify").state == "running"


def test_dismissing_and_dispatching_are_refused_in_the_wrong_state(story: Story) -> None:
    no = story.verifying()
    for act, fields in (("issue.dismiss", {"reason": "duplicate"}), ("issue.dispatch", {"tasks": [RESOLVED]})):
        with pytest.raises(WrongState) as refused:
            story.do(act, ANALYST, no, **fields)
        assert refused.value.state == "verifying"
        assert {"analyse", "verify"} <= set(refused.value.allowed)


def test_a_milder_second_rating_gives_nobody_more_time(story: Story) -> None:
    no = story.issue(severity=2)
    due = story.due(no, "issue")
    story.do("issue.analyse", ANALYST, no, severity=4)
    assert (story.the_issue(no).severity, story.due(no, "issue")) == (4, due)
    story.do("issue.analyse", ANALYST, no, severity=1)
    assert story.due(no, "issue") < due
