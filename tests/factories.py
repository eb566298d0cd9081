"""Histories told act by act: what a test needs before its own part begins."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session, selectinload

from cxloop.extensions import db
from cxloop.models.clock import Clock
from cxloop.models.closure import ClosureReport
from cxloop.models.entry import Entry
from cxloop.models.issue import Issue
from cxloop.models.measure import Measure
from cxloop.models.notice import Notice
from cxloop.models.signal import Signal
from cxloop.models.task import Task
from cxloop.operations.act import Call, perform
from cxloop.operations.escalation import next_moment, sweep
from cxloop.seeds.base import base_lines
from tests.cast import ANALYST, LIN, TWO_HATS, lead_of

BEIJING_TIME = ZoneInfo("Asia/Shanghai")
FOUNDED = "2026-08-20T09:00:00+08:00"
# A plain Monday: the working week before and after it has no holiday.
MONDAY = "2026-08-24 10:00"

EFFECT = {
    "metric": "repeat_repair_rate",
    "baseline": {"value": Decimal("0.31"), "n": 900},
    "target": Decimal("0.10"),
    "window_days": 14,
}
RESOLVED = {
    "outcome": "resolved",
    "cause": "参数错误",
    "result": "已恢复",
    "measures": [{"kind": "corrective", "text": "回退并复核配置"}],
}


def local(text: str) -> datetime:
    """A Beijing wall-clock time, like "2026-08-24 10:00", as a moment."""
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING_TIME)


def planned(*dates: str) -> dict[str, Any]:
    """An answer that promises one measure for each date."""
    measures = [
        {"kind": "corrective", "text": f"更换设备{n}", "due_at": local(date)} for n, date in enumerate(dates, 1)
    ]
    return {**RESOLVED, "outcome": "planned", "measures": measures}


def parked(until: str = "2026-12-01 18:00") -> dict[str, Any]:
    """An answer that nothing can be done for now."""
    return {**RESOLVED, "outcome": "parked", "measures": [], "reason": "no_resource", "review_at": local(until)}


def found_group() -> None:
    """Play the demo's base lines and add the people with two hats: half a second, so once a session is enough."""
    for line in base_lines(at=FOUNDED):
        play(line)
    for name, hats in TWO_HATS.items():
        memberships = [{"unit": unit, "role": role} for unit, role in hats]
        play({"at": FOUNDED, "by": "system", "act": "user.add", "on": name, "name": name, "memberships": memberships})


def play(line: Mapping[str, Any]) -> Any:
    """Perform one line of base data."""
    fields = dict(line)
    at, by, act, on = (fields.pop(name, None) for name in ("at", "by", "act", "on"))
    if "effective_from" in fields:
        fields["effective_from"] = datetime.fromisoformat(fields["effective_from"])
    return perform(Call(act, by, datetime.fromisoformat(at), on=on, fields=fields, origin="replay"))


class Story:
    """A history being told. Each act happens a minute after the last one, unless it says when."""

    def __init__(self, start: str = MONDAY) -> None:
        self.now = local(start)

    def do(
        self, act: str, by: str, number: str | None = None, /, *, at: str | datetime | None = None, **fields: Any
    ) -> Any:
        """Perform an act; `version` among the fields is the one its caller read."""
        version = fields.pop("version", None)
        self.now = _moment(at) if at is not None else self.now + timedelta(minutes=1)
        return perform(Call(act, by, self.now, on=number, fields=fields, version=version))

    def sweep(self, at: str | datetime) -> int:
        """Let the clockwork look once, at this moment."""
        self.now = _moment(at)
        return sweep(at=self.now)

    def pass_time(self, until: str | datetime) -> None:
        """Let the clockwork look at every moment at which something falls due, as a living worker does."""
        end = _moment(until)
        while (moment := next_moment(before=end)) is not None:
            sweep(at=max(moment, self.now))
            self.now = max(moment, self.now)
        self.now = end

    def signal(self, by: str = ANALYST, **fields: Any) -> str:
        """Register a voice and give its number."""
        told = {"source": "hotline", "channel": "hotline", "text": "宽带反复掉线", **fields}
        return str(self.do("signal.register", by, **told).no)

    def issue(self, *, severity: int = 3, effect: Mapping[str, Any] | None = EFFECT, at: str | None = None) -> str:
        """Open an issue and rate it at the same moment."""
        no = self.do("issue.open", ANALYST, at=at, title="掉线", description="多省", channel="hotline").no
        said: dict[str, Any] = {"severity": severity, "category": "home.fault_repair"}
        if effect is not None:
            said["effect"] = effect
        self.do("issue.analyse", ANALYST, no, at=self.now, **said)
        return str(no)

    def dispatch(self, issue: str, units: Mapping[str, str], *, at: str | None = None, **fields: Any) -> list[str]:
        """Dispatch one task a unit (unit → duty) as one wave; gives the tasks' numbers in that order."""
        rows = [{"unit": unit, "duty": duty, "title": "排查", "wanted": "逐户回访"} for unit, duty in units.items()]
        before = self.task_numbers(issue)
        self.do("issue.dispatch", ANALYST, issue, at=at, tasks=rows, **fields)
        return [no for no in self.task_numbers(issue) if no not in before]

    def dispatched(self, units: Mapping[str, str], *, severity: int = 3, at: str = MONDAY) -> tuple[str, list[str]]:
        """An issue that went out to these units the moment it was opened."""
        no = self.issue(severity=severity, at=at)
        return no, self.dispatch(no, units, at=at)

    def one_task(self, unit: str = "P44", *, severity: int = 3, at: str = MONDAY) -> str:
        """An issue with one separate task; gives the task's number."""
        return self.dispatched({unit: "separate"}, severity=severity, at=at)[1][0]

    def answer(self, task: str, by: str | None = None, *, at: str | datetime | None = None, **fields: Any) -> None:
        """Sign where nobody has, and submit feedback (`resolved` unless told otherwise)."""
        row = self.task(task)
        by = by or lead_of(row.unit)
        if row.state == "dispatched":
            self.do("task.sign", by, task, at=at)
        self.do("feedback.submit", by, task, at=at, **(fields or RESOLVED))

    def accept(self, task: str, by: str = ANALYST, *, at: str | datetime | None = None, **fields: Any) -> None:
        """Accept an answer."""
        self.do("review.accept", by, task, at=at, **fields)

    def settle(self, task: str, **fields: Any) -> None:
        """Answer and accept."""
        self.answer(task, **fields)
        self.accept(task)

    def verifying(self, units: Mapping[str, str] | None = None, *, severity: int = 3) -> str:
        """An issue whose tasks are all answered and accepted."""
        no, tasks = self.dispatched(units or {"P44": "separate"}, severity=severity)
        for task in tasks:
            self.settle(task)
        return no

    def verdict(self, issue: str, verdict: str = "effective", by: str = ANALYST, **fields: Any) -> None:
        """Record a verdict with numbers that fit it."""
        value = {"effective": "0.08", "ineffective": "0.25", "inconclusive": "0.15"}[verdict]
        said = {"method": "metric", "text": "复测", "after": {"value": Decimal(value), "n": 400}, **fields}
        self.do("verification.record", by, issue, verdict=verdict, **said)

    def close(self, issue: str, by: str = LIN, *, at: str | None = None, **fields: Any) -> None:
        """Close, with a control for every unit that had a main or separate task."""
        owe = sorted({task.unit for task in self.tasks(issue) if task.duty != "support" and task.state != "cancelled"})
        said: dict[str, Any] = {
            "summary": "更换设备",
            "cause": {"class": "network.fault", "text": "升级缺陷"},
            "liability": [{"unit": owe[0], "code": "liable"}],
            "controls": [{"unit": unit, "item": "升级前灰度检查", "rounds": 3} for unit in owe],
        }
        self.do("closure.close", by, issue, at=at, **{**said, **fields})

    def closed(self, *, severity: int = 2, units: Mapping[str, str] | None = None) -> str:
        """A closed issue; at severity 1-2 it is drawn for audit."""
        no = self.verifying(units, severity=severity)
        self.verdict(no)
        self.close(no)
        return no

    # What is stored now, read afresh.

    def fresh(self, cls: type[Any], number: str) -> Any:
        """A record by its number."""
        return fresh().get_one(cls, number)

    def the_issue(self, no: str) -> Issue:
        """An issue as it is now."""
        return self.fresh(Issue, no)

    def task(self, no: str) -> Task:
        """A task as it is now."""
        return self.fresh(Task, no)

    def the_signal(self, no: str) -> Signal:
        """A signal as it is now."""
        return self.fresh(Signal, no)

    def tasks(self, issue: str) -> list[Task]:
        """The tasks of an issue, by number."""
        return list(fresh().scalars(db.select(Task).where(Task.issue_no == issue).order_by(Task.n)))

    def task_numbers(self, issue: str) -> list[str]:
        """Their numbers."""
        return [task.no for task in self.tasks(issue)]

    def measure(self, number: str) -> Measure:
        """A measure by its number, like …-T01/1."""
        task, _, n = number.rpartition("/")
        return fresh().scalars(db.select(Measure).where(Measure.task_no == task, Measure.n == int(n))).one()

    def clocks(self, subject: str, kind: str) -> list[Clock]:
        """The clocks of a subject and kind, by cycle."""
        found = db.select(Clock).where(Clock.subject == subject, Clock.kind == kind).order_by(Clock.cycle)
        whole = [selectinload(part) for part in (Clock.rungs, Clock.spans, Clock.plans, Clock.breaches)]
        return list(fresh().scalars(found.options(*whole)))

    def clock(self, subject: str, kind: str) -> Clock:
        """The last cycle of a clock."""
        return self.clocks(subject, kind)[-1]

    def due(self, subject: str, kind: str) -> str:
        """When the last cycle of a clock is due, as Beijing wall-clock time."""
        return shown(self.clock(subject, kind).due_at)

    def report(self, issue: str) -> ClosureReport:
        """The last closure report of an issue."""
        found = db.select(ClosureReport).where(ClosureReport.issue_no == issue).order_by(ClosureReport.n.desc())
        return fresh().scalars(found).first()

    def entries(self, kind: str, number: str) -> list[Entry]:
        """A chain's entries, in order."""
        found = db.select(Entry).where(Entry.chain_kind == kind, Entry.chain_no == number).order_by(Entry.seq)
        return list(fresh().scalars(found))

    def told(self, code: str, subject: str | None = None) -> list[str]:
        """Who was sent a notice of this code, by name, once for each notice."""
        found = db.select(Notice.user_name).where(Notice.code == code).order_by(Notice.user_name)
        return list(fresh().scalars(found if subject is None else found.where(Notice.subject == subject)))


_readers: list[Session] = []


def fresh() -> Session:
    """A session of the test's own that sees what is stored now; what earlier ones gave stays readable."""
    stop_reading()
    _readers.append(Session(db.engine))
    return _readers[-1]


def stop_reading() -> None:
    """Give back the connection that `fresh` took."""
    while _readers:
        _readers.pop().close()


def shown(moment: datetime | None) -> str:
    """A moment as Beijing wall-clock time to the minute, or to the second where there are any."""
    if moment is None:
        return "-"
    here = moment.astimezone(BEIJING_TIME)
    return here.strftime("%Y-%m-%d %H:%M:%S" if here.second or here.microsecond else "%Y-%m-%d %H:%M")


def _moment(at: str | datetime) -> datetime:
    return local(at) if isinstance(at, str) else at


def eventful(story: Story) -> str:
    """Everything that can happen to clocks, in one issue."""
    units = {"P44": "main", "P51": "support", "P65": "separate", "P11": "separate", "P31": "separate"}
    no, [main, support, declined, moved, plan] = story.dispatched(units)
    story.do("task.decline", "65lead", declined, at="2026-08-24 16:00", reason="not_our_region", text="x")
    story.answer(main, at="2026-08-26 10:00")
    story.do("feedback.withdraw", lead_of("P44"), main, at="2026-08-26 15:00")
    story.do("task.redispatch", ANALYST, declined, at="2026-08-27 10:00", unit="P54")
    story.do("feedback.submit", lead_of("P44"), main, at="2026-08-28 12:00", **RESOLVED)
    story.do("review.send_back", ANALYST, main, at="2026-08-31 12:00", reason="no_evidence")
    story.do("task.sign", "11lead", moved, at="2026-08-31 12:10")
    story.do("task.transfer", ANALYST, moved, at="2026-08-31 14:00", unit="P12", reason="duty_moved")
    story.pass_time("2026-09-08 10:00")
    for task in (main, support, declined, moved):
        story.settle(task)
    story.settle(plan, **planned("2026-10-30 18:00"))
    story.do("measure.complete", "31lead", f"{plan}/1", at="2026-10-29 10:00", text="x")
    story.do("measure.send_back", ANALYST, f"{plan}/1", at="2026-10-30 17:00", reason="no_evidence")
    story.do("measure.complete", "31lead", f"{plan}/1", at="2026-11-02 10:00", text="x")
    story.do("measure.confirm", ANALYST, f"{plan}/1", at="2026-11-03 10:00")
    story.verdict(no, "ineffective", at="2026-11-04 10:00")
    story.settle(story.dispatch(no, {"P44": "main"})[0], **parked())
    story.verdict(no)
    story.close(no)
    return no
