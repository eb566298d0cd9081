"""What a closure report says: the whole case, as it stood when it was closed."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from ...extensions import db
from ...models.clock import Breach, Clock
from ...models.closure import ClosureReport, Control, Liability
from ...models.issue import Issue, Verification
from ...models.signal import Signal
from ...models.task import Decline, Feedback, Task

VERSION = 1


def _names(text: str) -> list[str]:
    return text.split()


_ISSUE = _names(
    "no title description channel severity urgency category touchpoint product reach opened_by opened_at analyst "
    "cause_class cause_text final_cause_class final_cause_text effect_metric effect_value effect_n effect_target "
    "effect_window_days cycle waves joint review_at closed_at closed_by"
)
_TASK = _names(
    "no unit dispatcher duty state title wanted criterion cycle wave handler dispatched_at signed_at signed_by deemed "
    "binding declines send_backs accepted_at accepted_by quality cause liability supervision_number"
)
_FEEDBACK = _names(
    "n cycle unit outcome cause result reply reason review_at submitted_by submitted_at withdrawn_at verdict "
    "verdict_reason verdict_text reviewed_by reviewed_at"
)
_MEASURE = _names("n feedback_n kind text agreed_at state dropped done_at done_by evidence confirmed_at confirmed_by")
_DECLINE = _names("n unit reason text proof proposed_unit by at decided_at decided_by upheld")
_VERDICT = _names("n cycle verdict method text after_value after_n meets_target early by at")
_CLOCK = _names("subject kind cycle owner target calendar started_at due_at ended_at state overrun")


def _pick(record: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


def compose(issue: Issue, tasks: Sequence[Task], report: ClosureReport, said: Mapping[str, Any]) -> dict[str, Any]:
    """The report's content: plain values, signals by number and digest, no personal data."""
    verdicts = select(Verification).where(Verification.issue_no == issue.no).order_by(Verification.n)
    liable = select(Liability).where(Liability.report_no == report.no).order_by(Liability.unit)
    controls = select(Control).where(Control.report_no == report.no).order_by(Control.n)
    return {
        "v": VERSION,
        "no": report.no,
        "issue": _pick(issue, _ISSUE),
        "signals": _signals(issue),
        "tasks": [_task(task) for task in tasks],
        "verifications": [_pick(row, _VERDICT) for row in db.session.scalars(verdicts)],
        "clocks": _clocks(issue),
        "breaches": _breaches(issue),
        "liability": [{"unit": row.unit, "code": row.code} for row in db.session.scalars(liable)],
        "controls": [{"unit": r.unit, "item": r.item, "rounds": r.rounds} for r in db.session.scalars(controls)],
        "draw": {"drawn": report.drawn, "why": report.drawn_why, "roll": report.drawn_roll},
        **said,
    }


def _signals(issue: Issue) -> list[dict[str, Any]]:
    rows = select(Signal.no, Signal.channel, Signal.text_sha256).where(Signal.issue_no == issue.no).order_by(Signal.no)
    return [{"no": no, "channel": channel, "text_sha256": text} for no, channel, text in db.session.execute(rows)]


def _task(task: Task) -> dict[str, Any]:
    declines = select(Decline).where(Decline.task_no == task.no).order_by(Decline.n)
    feedbacks = select(Feedback).where(Feedback.task_no == task.no).order_by(Feedback.n)
    return {
        **_pick(task, _TASK),
        "declines_made": [_pick(row, _DECLINE) for row in db.session.scalars(declines)],
        "feedbacks": [_pick(row, _FEEDBACK) for row in db.session.scalars(feedbacks)],
        "measures": [_pick(row, _MEASURE) for row in task.measures],
    }


def _clocks(issue: Issue) -> list[dict[str, Any]]:
    rows = (
        select(Clock)
        .where(Clock.chain_kind == "issue", Clock.chain_no == issue.no)
        .order_by(Clock.subject, Clock.kind, Clock.cycle)
    )
    return [_pick(row, _CLOCK) for row in db.session.scalars(rows)]


def _breaches(issue: Issue) -> list[dict[str, Any]]:
    rows = (
        select(Breach, Clock)
        .join(Clock, Clock.id == Breach.clock_id)
        .where(Clock.chain_kind == "issue", Clock.chain_no == issue.no)
        .order_by(Breach.due_at, Clock.subject, Clock.kind)
    )
    return [
        {"subject": clock.subject, "kind": clock.kind, "due_at": breach.due_at, "holder": breach.holder}
        for breach, clock in db.session.execute(rows)
    ]
