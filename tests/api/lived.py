"""A group with some weeks behind it: objects in many states, some of Guangdong's, some of Sichuan's, some of both.

What only Sichuan may read bears SICHUAN_SAYS, what only Guangdong may read GUANGDONG_SAYS.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update

from cxloop.extensions import db
from cxloop.models.user import User
from cxloop.operations.act import Call, perform
from tests.cast import ANALYST, BRANCH, CHEN, HANDLER, LEADER, LIN, OPS, SUN, TANG, WU, XU, ZHAO
from tests.factories import RESOLVED, Story, local

SICHUAN_SAYS, GUANGDONG_SAYS = "川密QZ51", "粤密QZ44"
DISABLED = "31lead"
CALLERS = (LIN, ANALYST, XU, CHEN, WU, HANDLER, LEADER, BRANCH, ZHAO, OPS, TANG, SUN, "11lead", "65lead", DISABLED)
# Later than everything below, and a working hour.
NOW = local("2026-09-16 10:00")


@dataclass
class Lived:
    """What stands in such a database: who may call with which token, and the numbers by their names here."""

    tokens: dict[str, str] = field(default_factory=dict)
    no: dict[str, str] = field(default_factory=dict)


def live(start: str = "2026-09-07 09:30") -> Lived:
    """Tell the history and issue everybody's token."""
    story, lived = Story(start), Lived()
    for part in (_signals, _shared, _of_sichuan, _moved, _declined, _following, _ended, _young):
        part(story, lived.no)
    _tokens(lived, story.now + timedelta(minutes=1))
    db.session.execute(update(User).where(User.name == DISABLED).values(active=False))
    db.session.commit()
    return lived


def _answer(word: str, **more: Any) -> dict[str, Any]:
    measures = [{"kind": "corrective", "text": f"{word}措施"}]
    return {
        **RESOLVED,
        "cause": f"{word}原因",
        "result": f"{word}结果",
        "reply": f"{word}答复",
        "measures": measures,
        **more,
    }


def _signals(story: Story, no: dict[str, str]) -> None:
    contact = {"name": "王小明", "phone": "13812341234", "account": "A-100200"}
    no["signal_of_sichuan"] = story.signal(WU, text=f"{SICHUAN_SAYS}网速", title=SICHUAN_SAYS, contact=contact)
    no["signal_of_guangdong"] = story.signal(CHEN, text=f"{GUANGDONG_SAYS}账单", external_id="G-1", contact=contact)
    no["signal_of_center"] = story.signal(text="无归属", external_id="C-1")
    # About no unit: Guangdong, that is told to call, sees it; the other units of its issue do not.
    no["signal_to_call"] = story.signal(text=f"{GUANGDONG_SAYS}回电", external_id="C-2", contact=contact)


def _shared(story: Story, no: dict[str, str]) -> None:
    """One issue for Guangdong (main), Beijing (support) and Sichuan (separate), still under way."""
    issue = story.issue()
    story.do("signal.link", ANALYST, no["signal_to_call"], issue=issue)
    wanted = {"wanted": f"{GUANGDONG_SAYS}回访", "contact_wanted": True}
    rows = [
        {"unit": "P44", "duty": "main", "title": "排查", **wanted},
        {"unit": "P11", "duty": "support", "title": "协查", "wanted": "配合"},
        {"unit": "P51", "duty": "separate", "title": f"{SICHUAN_SAYS}排查", "wanted": f"{SICHUAN_SAYS}回访"},
        {"unit": "P31", "duty": "separate", "title": f"{SICHUAN_SAYS}后续", "wanted": "等", "after": [2]},
    ]
    story.do("issue.dispatch", ANALYST, issue, tasks=rows)
    main, support, separate, waiting = story.task_numbers(issue)
    no.update(shared=issue, main=main, support=support, separate=separate, planned=waiting)
    story.do("task.sign", CHEN, main, handler=HANDLER)
    missed = {"method": "phone", "reached": False, "note": f"{GUANGDONG_SAYS}未接"}
    story.do("signal.contact", HANDLER, no["signal_to_call"], **missed)
    story.answer(separate, **_answer(SICHUAN_SAYS))
    story.do("review.send_back", ANALYST, separate, reason="no_evidence", text=f"{SICHUAN_SAYS}缺数据")
    story.do("feedback.submit", WU, separate, **_answer(SICHUAN_SAYS))


def _of_sichuan(story: Story, no: dict[str, str]) -> None:
    """One issue that is nobody's but Sichuan's."""
    issue = str(
        story.do(
            "issue.open", ANALYST, title=f"{SICHUAN_SAYS}资费", description=SICHUAN_SAYS, channel="hotline",
            signals=[no["signal_of_sichuan"]],
        ).no
    )  # fmt: skip
    no["of_sichuan"] = issue
    no["task_of_sichuan"] = story.dispatch(issue, {"P51": "separate"})[0]
    story.do("task.sign", WU, no["task_of_sichuan"])
    voice = no["signal_of_sichuan"]
    story.do("signal.contact", WU, voice, method="phone", reached=True, note=f"{SICHUAN_SAYS}已接")
    said = {"satisfied": "dissatisfied", "why": "unit_fault"}
    story.do("signal.answer", WU, voice, text=f"{SICHUAN_SAYS}已告知", method="phone", **said)


def _moved(story: Story, no: dict[str, str]) -> None:
    """A task that Sichuan answered once and that Guangdong has now: of the answer it may read nothing."""
    task = story.one_task("P51", at="2026-09-07 14:00")
    story.answer(task, **_answer(SICHUAN_SAYS))
    story.do("review.send_back", ANALYST, task, reason="no_evidence", text="缺数据")
    story.do("task.transfer", ANALYST, task, unit="P44", reason="cause_found_elsewhere")
    no["moved"] = task


def _declined(story: Story, no: dict[str, str]) -> None:
    task = story.one_task("P65", at="2026-09-07 14:30")
    story.do("task.decline", "65lead", task, reason="not_our_region", text="不在本省", proposed_unit="P44")
    no["declined"] = task


def _following(story: Story, no: dict[str, str]) -> None:
    issue, tasks = story.dispatched({"P44": "separate", "P51": "separate"}, at="2026-09-07 15:00")
    for task, word, kind in zip(tasks, (GUANGDONG_SAYS, SICHUAN_SAYS), ("guangdong", "sichuan"), strict=True):
        promised = {"kind": "corrective", "text": f"{word}更换", "due_at": local("2026-12-01 18:00")}
        story.answer(task, **_answer(word, outcome="planned", measures=[promised]))
        story.accept(task, remark=f"{word}同意")
        no[f"following_{kind}"], no[f"measure_{kind}"] = task, f"{task}/1"
    no["followed"] = issue


def _ended(story: Story, no: dict[str, str]) -> None:
    issue, tasks = story.dispatched({"P44": "main", "P51": "separate"}, severity=2, at="2026-09-08 09:30")
    for task, word in zip(tasks, (GUANGDONG_SAYS, SICHUAN_SAYS), strict=True):
        story.answer(task, **_answer(word))
        story.accept(task)
    story.verdict(issue, text=f"{SICHUAN_SAYS}{GUANGDONG_SAYS}复测")
    story.close(issue, summary=f"{SICHUAN_SAYS}{GUANGDONG_SAYS}总结")
    no["closed"], no["report"] = issue, f"{issue}-R01"
    no["verifying"] = story.verifying({"P51": "separate"})


def _young(story: Story, no: dict[str, str]) -> None:
    story.now = local("2026-09-08 15:00")
    no["new"] = str(story.do("issue.open", ANALYST, title="新问题", description="待研判", channel="hotline").no)
    again = str(story.do("issue.open", ANALYST, title="重复", description="重复", channel="hotline").no)
    story.do("issue.merge", ANALYST, again, into=no["new"])
    no["merged"] = again


def _tokens(lived: Lived, at: datetime) -> None:
    for name in CALLERS:
        _row, plain = perform(Call("token.issue", "system", at, on=name))
        lived.tokens[name] = plain
