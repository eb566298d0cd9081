"""Copied answers are marked for whoever judges them, and nobody else learns of another's text."""

from typing import Any

import pytest

from cxloop.models.notice import Notice
from cxloop.models.user import User
from cxloop.queries import tasks, trail
from tests.cast import ANALYST, BRANCH, CHEN, WU, ZHAO
from tests.domain.test_likeness import HERE, OLT, TARIFF, THERE
from tests.factories import Story, fresh, lead_of, play

NUMBERS = (11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61)
PROVINCES = [f"P{n}" for n in (*NUMBERS, 62, 63, 64, 65)]


def said(result: str, measure: str = "升级前灰度检查并逐户回访") -> dict[str, Any]:
    measures = [{"kind": "corrective", "text": measure}]
    return {"outcome": "resolved", "cause": "割接后参数错误", "result": result, "measures": measures}


def own(n: int) -> str:
    """A text of one province's own."""
    return "".join(chr(0x4E00 + (n * 131 + k * 17 + k * k) % 5000) for k in range(200))


def likeness(task: str, by: str, story: Story) -> list[Any]:
    person = fresh().get_one(User, by).person()
    view = tasks.find(no=task, person=person, at=story.now)
    return [] if view is None else [answer.get("like", "untold") for answer in view["feedback"]]


def test_two_of_thirty_one_copy(story: Story) -> None:
    _no, numbers = story.dispatched(dict.fromkeys(PROVINCES, "separate"))
    by_unit = dict(zip(PROVINCES, numbers, strict=True))
    for n, unit in enumerate(PROVINCES):
        copied = {"P44": OLT.format(**HERE), "P51": OLT.format(**THERE)}.get(unit, own(n))
        measure = "升级前灰度检查并逐户回访" if unit in {"P44", "P51"} else own(n + 40)[:30]
        story.answer(by_unit[unit], **said(copied, measure))
    marked = {unit: likeness(no, ANALYST, story) for unit, no in by_unit.items()}
    [found] = marked.pop("P51")
    assert found["task"] == by_unit["P44"]
    assert found["share"] >= 80
    assert set(map(str, marked.values())) == {"[None]"}
    assert story.told("notice.task_answered_alike") == [ANALYST]
    notice = fresh().query(Notice).filter_by(code="notice.task_answered_alike").one()
    assert notice.params["other"] == by_unit["P44"]
    assert story.task(by_unit["P51"]).state == "submitted"


def test_units_learn_nothing_of_it(story: Story) -> None:
    no, [first, second] = story.dispatched({"P44": "separate", "P51": "separate"})
    story.answer(first, **said(OLT.format(**HERE)))
    story.answer(second, **said(OLT.format(**THERE)))
    assert likeness(second, WU, story) == ["untold"]
    assert likeness(second, ZHAO, story)[0]["task"] == first
    person = fresh().get_one(User, WU).person()
    told = str(trail.timeline(issue_no=no, person=person))
    assert "like_no" not in told
    assert first not in told
    everything = str(trail.timeline(issue_no=no, person=fresh().get_one(User, ANALYST).person()))
    assert "like_no" in everything


def test_what_was_withdrawn_or_is_ones_own_counts_for_nothing(story: Story) -> None:
    _no, [first, second] = story.dispatched({"P44": "separate", "P51": "separate"})
    story.answer(first, **said(TARIFF))
    story.do("feedback.withdraw", CHEN, first)
    story.answer(second, **said(TARIFF))
    assert likeness(second, ANALYST, story) == [None]
    story.do("review.send_back", ANALYST, second, reason="no_evidence")
    story.do("feedback.submit", WU, second, **said(TARIFF))
    assert likeness(second, ANALYST, story) == [None, None]


def test_gathering_is_no_copying_but_branches_may_copy_each_other(story: Story) -> None:
    task = story.one_task()
    story.do("task.sign", CHEN, task)
    share = {"title": "片区", "wanted": "逐户回访"}
    story.do("task.split", CHEN, task, tasks=[{"unit": unit, **share} for unit in ("P4401", "P4403")])
    for child, lead in ((f"{task}.01", BRANCH), (f"{task}.02", lead_of("P4403"))):
        story.answer(child, lead, **said(TARIFF))
        story.do("review.accept", CHEN, child)
    assert likeness(f"{task}.02", CHEN, story)[0] == {"task": f"{task}.01", "share": 100}
    assert likeness(f"{task}.02", lead_of("P4403"), story) == ["untold"]
    story.do("feedback.submit", CHEN, task, **said(TARIFF))
    assert likeness(task, ANALYST, story) == [None]


@pytest.mark.parametrize(("least", "marked"), [(100, False), (50, True)])
def test_the_policy_says_from_what_share_on(story: Story, least: int, marked: bool) -> None:
    from cxloop.seeds.base import base_lines
    from tests.factories import FOUNDED

    [sla] = [line for line in base_lines(at=FOUNDED) if line["act"] == "policy.publish" and line["on"] == "sla"]
    body = {**sla["body"], "limits": {**sla["body"]["limits"], "likeness": least}}
    at = "2026-08-21T09:00:00+08:00"
    play({**sla, "at": at, "effective_from": at, "body": body})
    _no, [first, second] = story.dispatched({"P44": "separate", "P51": "separate"})
    story.answer(first, **said(OLT.format(**HERE)))
    story.answer(second, **said(OLT.format(**THERE)))
    assert (likeness(second, ANALYST, story) != [None]) == marked
