"""The main job as five people, through acts: from one signal to an archived closure report (issue 2, point 3)."""

from decimal import Decimal

import pytest

from cxloop.operations.act import Forbidden, Unseen, WrongState
from tests.cast import ANALYST, CHEN, LIN, WU, ZHAO, lead_of
from tests.factories import RESOLVED, Story, planned
from tests.operations.test_trail import roots, verify

UNITS = {"P44": "main", "P51": "support", "P11": "support", "P31": "separate", "P33": "separate", "P65": "separate"}
EFFECT = {
    "metric": "repeat_repair_rate",
    "baseline": {"value": Decimal("0.31"), "n": 900},
    "target": Decimal("0.1"),
    "window_days": 30,
}


def opened_and_dispatched(story: Story) -> tuple[str, dict[str, str]]:
    """The center takes in two voices, opens, analyses and dispatches to six units in one act."""
    voices = [story.signal(external_id=n, text=f"掉线{n}", unit="P44") for n in ("1", "2")]
    no = story.do("issue.open", ANALYST, title="掉线", description="多省", channel="hotline", signals=voices).no
    analysis = {"severity": 2, "category": "home.fault_repair", "touchpoint": "help.repair_visit", "reach": 1200}
    cause = {"class": "network.fault", "text": "OLT 升级后丢包"}
    story.do("issue.analyse", ANALYST, no, **analysis, root_cause=cause, effect=EFFECT)
    tasks = dict(zip(UNITS, story.dispatch(no, UNITS), strict=True))
    assert (story.the_issue(no).state, len({story.due(tasks[u], "feedback") for u in UNITS})) == ("in_progress", 2)
    return no, tasks


def declined_and_redispatched(story: Story, task: str) -> None:
    """Xinjiang says "not ours" and proposes Tibet; the center agrees."""
    story.do("task.decline", "65lead", task, reason="not_our_region", text="不在本省", proposed_unit="P54")
    story.do("task.redispatch", ANALYST, task, unit="P54")
    with pytest.raises(Unseen):
        story.do("task.sign", "65lead", task)


def answered_and_judged(story: Story, tasks: dict[str, str]) -> None:
    """All answer; Guangdong's is sent back once; Shanghai's plan is followed until its measure is confirmed."""
    for unit, task in tasks.items():
        by = lead_of("P54" if unit == "P65" else unit)
        story.answer(task, by, **(planned("2026-10-30 18:00") if unit == "P31" else RESOLVED))
    story.do("review.send_back", ANALYST, tasks["P44"], reason="no_evidence", text="缺少数据")
    with pytest.raises(Forbidden):
        story.accept(tasks["P44"], CHEN)
    story.do("feedback.submit", CHEN, tasks["P44"], **RESOLVED)
    for task in tasks.values():
        story.accept(task, quality=4)
    assert story.task(tasks["P31"]).state == "following"
    story.do("measure.complete", "31lead", f"{tasks['P31']}/1", text="已更换")
    story.do("measure.confirm", ANALYST, f"{tasks['P31']}/1")
    assert story.task(tasks["P31"]).state == "accepted"


def a_second_wave(story: Story, no: str) -> None:
    """The effect does not show; Guangdong changes the equipment; then it shows."""
    story.verdict(no, "ineffective")
    [task] = story.dispatch(no, {"P44": "main"})
    story.settle(task)
    story.verdict(no)


def test_the_loop_closes(story: Story) -> None:
    no, tasks = opened_and_dispatched(story)
    declined_and_redispatched(story, tasks["P65"])
    answered_and_judged(story, tasks)
    assert story.the_issue(no).state == "verifying"
    a_second_wave(story, no)
    with pytest.raises(Forbidden):
        story.close(no, ANALYST)
    story.close(no)
    assert (story.report(no).no, story.report(no).drawn) == (f"{no}-R01", True)
    story.do("audit.return", ZHAO, no, findings=["样本量说明不足"])
    story.verdict(no)
    story.close(no)
    story.do("audit.approve", ZHAO, no, opinion="同意")
    assert (story.the_issue(no).state, story.report(no).no) == ("archived", f"{no}-R02")
    for kind, number, root in roots():
        verify(kind, number, root)


def test_nothing_moves_any_more_when_it_is_archived(story: Story) -> None:
    no = story.closed()
    story.do("audit.approve", ZHAO, no, opinion="同意")
    head = story.the_issue(no).head_seq
    story.pass_time("2027-06-01 10:00")
    assert story.the_issue(no).head_seq == head
    for act, fields in (("issue.analyse", {"reach": 1}), ("verification.record", {"verdict": "effective"})):
        with pytest.raises(WrongState) as refused:
            story.do(act, ANALYST, no, method="metric", text="x", **fields)
        assert (refused.value.state, refused.value.allowed) == ("archived", [])


def test_left_alone_the_clocks_tell_the_story(story: Story) -> None:
    no, tasks = opened_and_dispatched(story)
    story.pass_time("2026-09-30 18:00")
    assert {story.task(task).deemed for task in tasks.values()} == {True}
    late = [story.clock(task, "feedback").breaches for task in tasks.values()]
    assert [len(breaches) for breaches in late] == [1] * 6
    assert [breach.holder for breach in story.clock(no, "issue").breaches] == ["CENTER"]
    assert {CHEN, WU} <= set(story.told("notice.breach"))
    assert LIN in story.told("notice.rung")
