"""Did the customer feel it? Verdicts on the effect."""

from decimal import Decimal

import pytest

from cxloop.extensions import db
from cxloop.models.issue import Verification
from cxloop.operations.act import Forbidden, Invalid, Stale, WrongState
from tests.cast import ANALYST, CHEN, LIN, ZHAO
from tests.factories import EFFECT, Story, fresh, planned


def verdicts() -> list[Verification]:
    return list(fresh().scalars(db.select(Verification).order_by(Verification.n)))


@pytest.mark.parametrize(("at", "early"), [("2026-09-07 10:01:59", True), ("2026-09-07 10:03", False)])
def test_before_the_wait_ends_a_verdict_is_early(story: Story, at: str, early: bool) -> None:
    no = story.verifying()  # answered at 10:02 on August 24th or so; 14 natural days
    story.do("verification.record", ANALYST, no, at=at, verdict="effective", method="callback", text="x")
    assert [(row.verdict, row.early) for row in verdicts()] == [("effective", early)]


def test_numbers_are_needed_at_severity_one_and_two(story: Story) -> None:
    no = story.verifying(severity=2)
    with pytest.raises(Invalid) as refused:
        story.do("verification.record", ANALYST, no, verdict="effective", method="metric", text="x")
    assert list(refused.value.errors) == ["after"]


def test_nobody_closes_over_a_verdict_they_have_not_read(story: Story) -> None:
    no = story.verifying()
    story.verdict(no)
    read = story.the_issue(no).version
    story.verdict(no, "inconclusive")
    assert story.the_issue(no).version == read + 1
    with pytest.raises(Stale):
        story.do("closure.close", LIN, no, version=read, summary="x", cause={"class": "network.fault", "text": "x"})


def test_the_method_must_be_known(story: Story) -> None:
    with pytest.raises(Invalid) as refused:
        story.verdict(story.verifying(), method="feeling")
    assert list(refused.value.errors) == ["method"]


@pytest.mark.parametrize(
    ("baseline", "target", "value", "meets"),
    [
        ("0.31", "0.10", "0.10", True),  # less is better: at the target it is met
        ("0.31", "0.10", "0.1000001", False),
        ("60", "80", "80", True),  # more is better
        ("60", "80", "79.9", False),
        ("0.31", "0.31", "0.31", True),
    ],
)
def test_whether_the_target_is_met(story: Story, baseline: str, target: str, value: str, meets: bool) -> None:
    no = story.verifying()
    effect = {**EFFECT, "baseline": {"value": Decimal(baseline), "n": 10}, "target": Decimal(target)}
    story.do("issue.analyse", ANALYST, no, effect=effect)
    story.verdict(no, after={"value": Decimal(value), "n": 9})
    assert [row.meets_target for row in verdicts()] == [meets]


def test_effective_that_misses_the_target_says_why(story: Story) -> None:
    no = story.verifying(severity=2)
    missed = {"value": Decimal("0.20"), "n": 400}
    with pytest.raises(Invalid) as refused:
        story.verdict(no, after=missed, text=" ")
    assert list(refused.value.errors) == ["text"]
    story.verdict(no, after=missed, text="样本含新装用户")
    assert [row.meets_target for row in verdicts()] == [False]


def test_inconclusive_leaves_the_clock_running(story: Story) -> None:
    no = story.verifying()
    story.verdict(no, "inconclusive")
    assert (story.the_issue(no).state, story.clock(no, "verify").state) == ("verifying", "running")


def test_ineffective_opens_a_new_cycle(story: Story) -> None:
    no = story.verifying({"P44": "separate", "P51": "separate"})
    story.verdict(no, "ineffective")
    issue = story.the_issue(no)
    assert (issue.state, issue.cycle, issue.wait_until, issue.several) == ("in_progress", 2, None, False)
    for kind in ("triage", "issue"):
        assert [(clock.cycle, clock.state) for clock in story.clocks(no, kind)] == [(1, "ended"), (2, "running")]
    assert story.clock(no, "verify").state == "ended"


def test_the_new_cycle_needs_its_own_answers_and_verdict(story: Story) -> None:
    no = story.verifying({"P44": "main"})
    story.verdict(no, "ineffective")
    [task] = story.dispatch(no, {"P44": "main"})  # a main of its own
    assert (story.task(task).cycle, story.task(task).wave, story.clock(no, "triage").state) == (2, 2, "ended")
    story.settle(task)
    assert story.the_issue(no).state == "verifying"
    with pytest.raises(Invalid) as refused:
        story.close(no)
    assert list(refused.value.errors) == ["verdict"]
    story.verdict(no)
    story.close(no)
    assert [(row.cycle, row.verdict) for row in verdicts()] == [(1, "ineffective"), (2, "effective")]


def test_a_support_of_the_new_cycle_needs_a_main_of_the_new_cycle(story: Story) -> None:
    no = story.verifying({"P44": "main"})
    story.verdict(no, "ineffective")
    with pytest.raises(Invalid):
        story.dispatch(no, {"P51": "support"})


def test_what_is_followed_keeps_following_outside_the_new_cycle(story: Story) -> None:
    no, [plain, plan] = story.dispatched({"P44": "separate", "P51": "separate"})
    story.settle(plain)
    story.settle(plan, **planned("2026-10-30 18:00"))
    story.verdict(no, "ineffective")
    assert story.clock(f"{plan}/1", "measure").state == "running"
    story.settle(story.dispatch(no, {"P44": "separate"})[0])
    issue = story.the_issue(no)
    assert (issue.state, issue.wait_until) == ("verifying", None)  # the wait waits for the measure of the first cycle
    story.verdict(no)
    with pytest.raises(WrongState) as refused:
        story.close(no)
    assert refused.value.why == "following"
    story.do("measure.complete", "wu", f"{plan}/1", text="x")
    story.do("measure.confirm", ANALYST, f"{plan}/1")
    story.close(no)


def test_who_judges_the_effect(story: Story) -> None:
    no = story.verifying()
    for name in (CHEN, ZHAO):
        with pytest.raises(Forbidden):
            story.verdict(no, by=name)
    story.verdict(no, by=LIN)


def test_no_verdict_while_units_are_at_work(story: Story) -> None:
    no, _tasks = story.dispatched({"P44": "separate"})
    with pytest.raises(WrongState):
        story.verdict(no)
