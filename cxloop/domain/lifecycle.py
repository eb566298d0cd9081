"""The lifecycles as one table: buttons, API, documentation and tests read it, and nothing else decides.

A row says on which object an act works, its path verb, from which states, to which states, and which named facts it
needs (`given`) or is barred by (`barred`). An empty `to` leaves the state alone. Rows with `by_itself` happen as the
consequence of another act or of time, and are no button.
"""

from dataclasses import dataclass

from .vocabulary import IssueState as I
from .vocabulary import MeasureState as M
from .vocabulary import SignalState as S
from .vocabulary import TaskState as T


@dataclass(frozen=True, slots=True)
class Act:
    """One row of the lifecycle table."""

    name: str
    on: str
    verb: str
    frm: frozenset[str] = frozenset()
    to: tuple[str, ...] = ()
    given: frozenset[str] = frozenset()
    barred: frozenset[str] = frozenset()
    creates: bool = False
    by_itself: bool = False


def _row(
    name: str,
    on: str,
    verb: str,
    frm: set[str] | frozenset[str] = frozenset(),
    to: tuple[str, ...] = (),
    *,
    given: set[str] | None = None,
    barred: set[str] | None = None,
    creates: bool = False,
    by_itself: bool = False,
) -> Act:
    return Act(name, on, verb, frozenset(frm), to, frozenset(given or ()), frozenset(barred or ()), creates, by_itself)


_OPEN: set[str] = {T.PLANNED, T.DISPATCHED, T.WORKING, T.SIGNING, T.SUBMITTED, T.FOLLOWING, T.DECLINED}
_LIVE_ISSUE: set[str] = {I.NEW, I.ANALYSING, I.IN_PROGRESS, I.VERIFYING}
# While a unit works on it: its answer, or the measures that it has promised.
_HELD: set[str] = {T.WORKING, T.FOLLOWING}

TABLE: tuple[Act, ...] = (
    _row("signal.register", "signal", "register", to=(S.NEW,), creates=True),
    _row("signal.import", "signal", "import", to=(S.NEW,), creates=True),
    _row("signal.link", "signal", "link", {S.NEW, S.RETURNED}, (S.LINKED,)),
    _row("signal.return", "signal", "return", {S.NEW, S.RETURNED}, (S.RETURNED,)),
    _row("signal.set_aside", "signal", "set-aside", {S.NEW, S.RETURNED}, (S.SET_ASIDE,)),
    _row("signal.complete", "signal", "complete", {S.RETURNED}, (S.NEW,)),
    _row("signal.reveal", "signal", "reveal", set(S), given={"contact"}),
    _row("signal.contact", "signal", "contact", {S.LINKED}, given={"contact"}),
    _row("signal.answer", "signal", "answer", {S.LINKED}, given={"contact"}),
    _row("issue.open", "issue", "open", to=(I.NEW,), creates=True),
    _row("issue.take_over", "issue", "ledger", to=(I.IN_PROGRESS,), creates=True),
    _row(
        "issue.analyse",
        "issue",
        "analyse",
        {I.NEW, I.ANALYSING, I.IN_PROGRESS, I.VERIFYING},
        (I.ANALYSING, I.IN_PROGRESS, I.VERIFYING),
    ),
    _row("issue.dispatch", "issue", "dispatch", {I.NEW, I.ANALYSING, I.IN_PROGRESS}, (I.IN_PROGRESS,)),
    _row("issue.rerate", "issue", "rerate", {I.IN_PROGRESS, I.VERIFYING}),
    _row("issue.instruct", "issue", "instruct", _LIVE_ISSUE),
    _row("issue.brief", "issue", "brief", _LIVE_ISSUE),
    _row("issue.set_outside_due", "issue", "set-outside-due", _LIVE_ISSUE),
    _row("issue.confer", "issue", "confer", _LIVE_ISSUE),
    _row("issue.dismiss", "issue", "dismiss", {I.NEW, I.ANALYSING}, (I.DISMISSED,)),
    _row("issue.merge", "issue", "merge", {I.NEW, I.ANALYSING}, (I.MERGED,)),
    _row("issue.advance", "issue", "advance", {I.IN_PROGRESS}, (I.VERIFYING, I.ANALYSING), by_itself=True),
    _row("verification.record", "issue", "verify", {I.VERIFYING}, (I.VERIFYING, I.IN_PROGRESS)),
    _row("closure.close", "issue", "close", {I.VERIFYING}, (I.CLOSED,), barred={"following"}),
    _row("closure.archive", "issue", "archive", {I.CLOSED}, (I.ARCHIVED,), by_itself=True),
    _row("audit.approve", "issue", "approve", {I.CLOSED}, (I.ARCHIVED,), given={"drawn"}),
    _row("audit.return", "issue", "return", {I.CLOSED}, (I.VERIFYING,), given={"drawn"}),
    _row("issue.reopen", "issue", "reopen", {I.CLOSED, I.ARCHIVED, I.DISMISSED}, (I.ANALYSING,)),
    _row("task.release", "task", "release", {T.PLANNED}, (T.DISPATCHED,), by_itself=True),
    _row("task.sign", "task", "sign", {T.DISPATCHED}, (T.WORKING,)),
    _row("task.assign", "task", "assign", {T.DISPATCHED, T.WORKING, T.SUBMITTED}),
    _row("task.split", "task", "split", {T.WORKING}, barred={"child"}),
    _row("task.decline", "task", "decline", {T.DISPATCHED, T.WORKING}, (T.DECLINED,), barred={"bound", "window_over"}),
    _row("task.redispatch", "task", "redispatch", {T.DECLINED}, (T.DISPATCHED,), barred={"declined_twice"}),
    _row("task.adjudicate", "task", "adjudicate", {T.DECLINED}, (T.DISPATCHED,), given={"declined_twice"}),
    _row("task.transfer", "task", "transfer", {T.WORKING}, (T.DISPATCHED,)),
    _row(
        "transfer.request",
        "task",
        "request-transfer",
        {T.WORKING},
        given={"window_over"},
        barred={"bound", "child", "transfer_asked"},
    ),
    _row("transfer.grant", "task", "grant-transfer", {T.WORKING}, (T.DISPATCHED,), given={"transfer_asked"}),
    _row("transfer.refuse", "task", "refuse-transfer", {T.WORKING}, given={"transfer_asked"}),
    _row("progress.report", "task", "report", {T.WORKING}),
    _row("task.ask", "task", "ask", {T.WORKING}),
    _row("task.answer", "task", "answer", _OPEN, given={"question_asked"}),
    _row("task.redo", "task", "redo", {T.ACCEPTED, T.FOLLOWING}, (T.WORKING,), given={"redoable"}),
    _row("extension.request", "task", "request-extension", _HELD, barred={"extension_asked", "is_paused"}),
    _row("extension.grant", "task", "grant-extension", _HELD, given={"extension_asked"}),
    _row("extension.refuse", "task", "refuse-extension", _HELD, given={"extension_asked"}),
    _row("pause.request", "task", "pause", _HELD, barred={"pause_asked", "is_paused"}),
    _row("pause.grant", "task", "grant-pause", _HELD, given={"pause_asked"}),
    _row("pause.refuse", "task", "refuse-pause", _HELD, given={"pause_asked"}),
    _row("clock.resume", "task", "resume", _HELD, given={"paused"}),
    _row("feedback.submit", "task", "feedback", {T.WORKING}, (T.SUBMITTED, T.SIGNING)),
    _row("feedback.sign", "task", "sign-feedback", {T.SIGNING}, (T.SUBMITTED,)),
    _row("feedback.return", "task", "return-feedback", {T.SIGNING}, (T.WORKING,)),
    _row("feedback.withdraw", "task", "withdraw", {T.SUBMITTED}, (T.WORKING,)),
    _row("review.accept", "task", "accept", {T.SUBMITTED}, (T.ACCEPTED, T.FOLLOWING)),
    _row("review.send_back", "task", "send-back", {T.SUBMITTED}, (T.WORKING,)),
    _row("task.nudge", "task", "nudge", _OPEN),
    _row("task.supervise", "task", "supervise", _OPEN, barred={"child"}),
    _row("task.cancel", "task", "cancel", _OPEN, (T.CANCELLED,)),
    _row("task.follow", "task", "follow", {T.FOLLOWING}, (T.ACCEPTED,), by_itself=True),
    _row("measure.complete", "measure", "complete", {M.OPEN}, (M.DONE,), given={"following"}),
    _row("measure.confirm", "measure", "confirm", {M.DONE}, (M.CONFIRMED,), given={"following"}),
    _row("measure.send_back", "measure", "send-back", {M.DONE}, (M.OPEN,), given={"following"}),
    _row("appeal.file", "task", "appeal", {*_OPEN, T.ACCEPTED, T.CANCELLED} - {T.PLANNED}, given={"contestable"}),
    _row("appeal.uphold", "appeal", "uphold", given={"undecided"}),
    _row("appeal.refuse", "appeal", "refuse", given={"undecided"}),
    _row("clock.fire", "clock", "fire", by_itself=True),
    _row("breach.waive", "clock", "waive", given={"breached"}),
    _row("clock.replan", "clock", "replan", by_itself=True),
    _row("unit.add", "unit", "add", creates=True),
    _row("unit.set_days", "unit", "set-days"),
    _row("unit.set_sign_off", "unit", "set-sign-off"),
    _row("user.add", "user", "add", creates=True),
    _row("unit.set_duty", "unit", "set-duty"),
    _row("delegation.set", "user", "delegate"),
    _row("delegation.end", "user", "end-delegation"),
    _row("user.set_password", "user", "set-password"),
    _row("token.issue", "user", "issue-token"),
    _row("token.revoke", "user", "revoke-token"),
    _row("policy.publish", "policy", "publish", creates=True),
    _row("policy.apply", "policy", "apply"),
    _row("calendar.publish", "calendar", "publish", creates=True),
    _row("calendar.import_days", "calendar", "import"),
    _row("calendar.withdraw", "calendar", "retire"),
)
ACTS: dict[str, Act] = {row.name: row for row in TABLE}


def refusal(*, act: str, state: str, facts: frozenset[str]) -> str | None:
    """Why the act is refused in this state with these facts: `state`, a missing or a barring fact; else None."""
    row = ACTS[act]
    if row.frm and state not in row.frm:
        return "state"
    missing = sorted(row.given - facts)
    if missing:
        return f"without_{missing[0]}"
    barring = sorted(row.barred & facts)
    return barring[0] if barring else None


def acts_on(kind: str) -> tuple[Act, ...]:
    """The acts a person may ask for on a living object of this kind, in the table's order."""
    return tuple(row for row in TABLE if row.on == kind and not row.creates and not row.by_itself)
