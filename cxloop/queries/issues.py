"""Issues as they are read: the head that all concerned share, and within it what one may see."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

from ..domain.clocks import LIVE
from ..domain.permissions import Person
from ..extensions import db
from ..models.clock import Clock
from ..models.issue import Issue, Verification
from ..models.scope import issues_seen, signals_seen, tasks_seen
from ..models.signal import Signal
from ..models.task import Task
from . import guidance, signals, tasks
from .acts import verbs_of
from .listing import Listing, is_number, is_one_of, is_true

_HEAD = (
    "no",
    "state",
    "version",
    "title",
    "description",
    "channel",
    "severity",
    "urgency",
    "cycle",
    "waves",
    "joint",
    "analyst",
    "category",
    "touchpoint",
    "product",
    "reach",
    "opened_by",
    "opened_at",
    "wait_until",
    "merged_into",
    "dismiss_reason",
    "closed_at",
    "closed_by",
    "review_at",
)


def views(issues: Sequence[Issue], person: Person, at: datetime) -> list[dict[str, Any]]:
    """A page of issues, each with its total due and the acts the person may use."""
    acts = verbs_of(kind="issue", records=issues, person=person, at=at)
    dues = _dues([issue.no for issue in issues])
    return [_head(issue, dues.get(issue.no), at) | {"acts": acts[issue.no]} for issue in issues]


def _dues(numbers: Sequence[str]) -> dict[str, datetime | None]:
    rows = select(Clock.subject, Clock.due_at).where(
        Clock.subject.in_(numbers), Clock.kind == "issue", Clock.state.in_(LIVE)
    )
    return dict(db.session.execute(rows).all())


def _head(issue: Issue, due: datetime | None, at: datetime) -> dict[str, Any]:
    view = {name: getattr(issue, name) for name in _HEAD}
    view["due_at"], view["overdue"] = due, due is not None and at > due
    view["root_cause"] = _cause(issue.cause_class, issue.cause_text)
    view["cause"] = _cause(issue.final_cause_class, issue.final_cause_text)
    view["effect"] = None if issue.effect_metric is None else _effect(issue)
    return view


def _cause(code: str | None, text: str | None) -> dict[str, Any] | None:
    return None if code is None else {"class": code, "text": text}


def _effect(issue: Issue) -> dict[str, Any]:
    return {
        "metric": issue.effect_metric,
        "baseline": {"value": issue.effect_value, "n": issue.effect_n},
        "target": issue.effect_target,
        "window_days": issue.effect_window_days,
    }


def find(*, no: str, person: Person, at: datetime) -> dict[str, Any] | None:
    """One issue with its tasks, signals, copies and verdicts as far as the person may see them, or None."""
    issue = db.session.scalar(select(Issue).where(Issue.no == no, issues_seen(person)))
    if issue is None:
        return None
    view = views([issue], person, at)[0]
    rows = select(Task).where(Task.issue_no == no, tasks_seen(person)).order_by(Task.n, Task.child_n)
    view["tasks"] = tasks.views(list(db.session.scalars(rows)), person, at)
    voices = select(Signal.no).where(Signal.issue_no == no, signals_seen(person)).order_by(Signal.no)
    view["signals"] = list(db.session.scalars(voices))
    view["callbacks"] = signals.callbacks(issue=no, person=person)
    view["copies"] = [copy.unit for copy in issue.copies]
    view["verifications"] = _verdicts(no) if person.reads_all() else []
    view |= guidance.of_issue(issue, person=person)
    return view


def _verdicts(no: str) -> list[dict[str, Any]]:
    return [
        {
            "n": row.n,
            "cycle": row.cycle,
            "verdict": row.verdict,
            "method": row.method,
            "text": row.text,
            "after": None if row.after_value is None else {"value": row.after_value, "n": row.after_n},
            "meets_target": row.meets_target,
            "early": row.early,
            "by": row.by,
            "at": row.at,
        }
        for row in db.session.scalars(select(Verification).where(Verification.issue_no == no).order_by(Verification.n))
    ]


def _has_task_of(text: str, person: Person) -> ColumnElement[bool]:
    # Only through tasks that the person sees: which other units work on an issue is not everybody's to know.
    return Issue.no.in_(select(Task.issue_no).where(Task.unit.in_(text.split(",")), tasks_seen(person)))


LISTING = Listing(
    name="issues",
    entity=Issue,
    seen=issues_seen,
    view=views,
    filters={
        "state": is_one_of(Issue.state),
        "channel": is_one_of(Issue.channel),
        "category": is_one_of(Issue.category),
        "analyst": is_one_of(Issue.analyst),
        "severity": is_number(Issue.severity, low=1, high=4),
        "joint": is_true(Issue.joint),
    },
    scoped={"unit": _has_task_of},
    search=(Issue.no, Issue.title, Issue.description),
    sorts={"no": Issue.no, "opened_at": Issue.opened_at, "severity": Issue.severity, "closed_at": Issue.closed_at},
    order="-no",
)
