"""Close an issue: what must be there, what becomes of it, and whether it is drawn for audit."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from ...domain.canonical import canonical, digest
from ...domain.numbers import report_no
from ...domain.sampling import Draw, draw
from ...domain.vocabulary import Duty, IssueState, MeasureKind, ReportState, Role, TaskState, Verdict
from ...extensions import db
from ...models.clock import Breach, Clock, Waiver
from ...models.closure import ClosureReport, Control, Liability, Opinion
from ...models.issue import Issue, Verification
from ...models.measure import Measure
from ...models.policy import SLA, sla_policy, version_in_force
from ...models.task import Task
from ..act import Invalid, act
from ..clocks import step
from ..issues import check_code, is_parked, last_feedback
from ..notices import people, tell
from .report import compose


@act("closure.close")
def close(
    *, issue: Issue, by: str, at: datetime, summary: str, cause: Mapping[str, str],
    liability: Sequence[Mapping[str, str]] = (), controls: Sequence[Mapping[str, Any]] = (),
    no_controls_reason: str | None = None, answers: Sequence[str] = (), reason: str | None = None,
) -> Issue:  # fmt: skip
    """Close with final cause, liability and the checks left behind; freezes the report and draws it for audit or not.

    Invalid names what is missing: an effective verdict of this cycle, controls, a real measure at severity 1.
    """
    tasks = list(db.session.scalars(select(Task).where(Task.issue_no == issue.no).order_by(Task.n, Task.child_n)))
    _check_verdict(issue, answers, reason)
    own = [task for task in tasks if task.parent is None]
    _check_fields(issue, own, cause, liability, controls, no_controls_reason)
    head = issue.head_hash
    issue.final_cause_class, issue.final_cause_text = cause["class"], cause["text"]
    issue.closed_at, issue.closed_by = at, by
    _end_parked(issue, tasks, at)
    report = _report(issue, tasks, head, by, at)
    db.session.add_all(Liability(report_no=report.no, unit=row["unit"], code=row["code"]) for row in liability)
    _leave_controls(issue, report, controls)
    db.session.flush()
    said = {"summary": summary, "no_controls_reason": no_controls_reason, "answers": list(answers), "reason": reason}
    report.body = canonical(compose(issue, tasks, report, said))
    report.sha256 = digest(report.body)
    step(issue, act=f"closure.close:{'drawn' if report.drawn else 'undrawn'}", at=at, to=IssueState.CLOSED)
    if issue.review_at is not None:
        step(issue, act="closure.close:parked", at=at)
    told = people(None, Role.AUDITOR) if report.drawn else []
    tell([*told, issue.opened_by], code="notice.closed", subject=issue.no, at=at, but=by, title=issue.title)
    return issue


def _check_verdict(issue: Issue, answers: Sequence[str], reason: str | None) -> None:
    last = db.session.scalar(
        select(Verification)
        .where(Verification.issue_no == issue.no, Verification.cycle == issue.cycle)
        .order_by(Verification.n.desc())
    )
    if last is None or last.verdict == Verdict.INEFFECTIVE:
        raise Invalid("verdict", "error.verdict_wanted")
    if last.verdict == Verdict.INCONCLUSIVE and not reason:
        raise Invalid("reason", "error.inconclusive_reason")
    returned = db.session.scalar(
        select(Opinion)
        .join(ClosureReport, ClosureReport.no == Opinion.report_no)
        .where(ClosureReport.issue_no == issue.no, ClosureReport.state == ReportState.RETURNED)
        .order_by(Opinion.at.desc())
    )
    if returned is not None and not answers and last.at <= returned.at:
        raise Invalid("answers", "error.findings_unanswered")


def _check_fields(
    issue: Issue, tasks: Sequence[Task], cause: Mapping[str, str], liability: Sequence[Mapping[str, str]],
    controls: Sequence[Mapping[str, Any]], no_controls_reason: str | None,
) -> None:  # fmt: skip
    check_code("cause", cause["class"], "cause.class")
    took_part = {task.unit for task in tasks if task.state != TaskState.CANCELLED}
    for n, row in enumerate(liability):
        check_code("liability", row["code"], f"liability.{n}.code")
        if row["unit"] not in took_part:
            raise Invalid(f"liability.{n}.unit", "error.unit_without_task", code=row["unit"])
        if row["unit"] in {other["unit"] for other in liability[:n]}:
            raise Invalid(f"liability.{n}.unit", "error.twice", code=row["unit"])
    for n, control in enumerate(controls):
        if control["unit"] not in took_part:
            raise Invalid(f"controls.{n}.unit", "error.unit_without_task", code=control["unit"])
    owe = {task.unit for task in tasks if task.state != TaskState.CANCELLED and task.duty != Duty.SUPPORT}
    without = sorted(owe - {control["unit"] for control in controls})
    if without and not no_controls_reason:
        raise Invalid("controls", "error.controls_wanted", units=", ".join(without))
    if issue.severity == 1 and not _has_real_measure(issue):
        raise Invalid("measures", "error.only_corrections")


def _has_real_measure(issue: Issue) -> bool:
    found = (
        select(Measure.id)
        .join(Task, Task.no == Measure.task_no)
        .where(Task.issue_no == issue.no, Measure.dropped.is_(False), Measure.kind != MeasureKind.CORRECTION)
    )
    return db.session.scalar(found.limit(1)) is not None


def _end_parked(issue: Issue, tasks: Sequence[Task], at: datetime) -> None:
    # 挂账结案: what is parked ends with the issue, which comes back at the earliest date of re-examination.
    parked = [task for task in tasks if is_parked(task)]
    dates = [date for task in parked if (date := last_feedback(task).review_at) is not None]
    issue.review_at = min(dates) if dates else None
    for task in parked:
        task.accepted_at = at
        step(task, act="task.follow", at=at, to=TaskState.ACCEPTED)


def _report(issue: Issue, tasks: Sequence[Task], head: str, by: str, at: datetime) -> ClosureReport:
    earlier = list(db.session.scalars(select(ClosureReport).where(ClosureReport.issue_no == issue.no)))
    for report in earlier:
        if report.state == ReportState.RETURNED:
            report.state = ReportState.SUPERSEDED
    no = report_no(issue=issue.no, n=len(earlier) + 1)
    result = _draw(issue, tasks, no, head, at)
    report = ClosureReport(
        no=no, issue_no=issue.no, n=len(earlier) + 1, cycle=issue.cycle, state=ReportState.PENDING, body="", sha256="",
        drawn=result.drawn, drawn_why=result.why, drawn_roll=result.roll, closed_by=by, closed_at=at,
    )  # fmt: skip
    db.session.add(report)
    db.session.flush()
    return report


def _draw(issue: Issue, tasks: Sequence[Task], no: str, head: str, at: datetime) -> Draw:
    policy = sla_policy(version_in_force(SLA, at))
    share = policy.audit_share(issue.severity)
    always = ["severity"] if share >= 100 else []
    if any(task.send_backs >= policy.send_backs for task in tasks):
        always.append("send_backs")
    if _has_waiver(issue):
        always.append("waiver")
    if issue.rerated:
        always.append("rerated")
    returned = db.session.scalar(
        select(func.count())
        .select_from(ClosureReport)
        .where(ClosureReport.issue_no == issue.no, ClosureReport.state == ReportState.SUPERSEDED)
    )
    if returned:
        # Whoever returned a report sees its successor: chance does not let it slip by.
        always.append("returned")
    return draw(report=no, head=head, share=share, always=tuple(always))


def _has_waiver(issue: Issue) -> bool:
    found = select(Waiver.id).join(Waiver.breach).join(Breach.clock)
    return db.session.scalar(found.where(Clock.chain_kind == "issue", Clock.chain_no == issue.no).limit(1)) is not None


def _leave_controls(issue: Issue, report: ClosureReport, controls: Sequence[Mapping[str, Any]]) -> None:
    for old in db.session.scalars(select(Control).where(Control.issue_no == issue.no, Control.active.is_(True))):
        old.active = False
    db.session.add_all(
        Control(
            report_no=report.no,
            n=n,
            issue_no=issue.no,
            unit=row["unit"],
            item=row["item"],
            rounds=row["rounds"],
            active=True,
        )
        for n, row in enumerate(controls, 1)
    )
